//! A member's files: reading them into domain records, and writing what was wrong, or the member's book, in their formats.
//!
//! Runs at the member: files hold identifiers in clear, the service never sees one. A file is read in constant memory, one
//! [`Raw`] record after another; parsing one into a [`BatchRecord`] is pure, so that many are parsed at once. What cannot be
//! represented is rejected here with the contract's own codes; whatever can be represented is the service's to judge.
//! Invariant: no error or violation of this module repeats a value of the file.

pub mod advice;
pub mod crosswalk;
mod csv_lines;
pub mod metro2;
pub mod pboc;
mod reading;
pub mod table;

use std::sync::Arc;

use chrono::NaiveDate;
use zeroize::Zeroizing;

use crate::domain::batch::BatchRecord;
use crate::domain::names::AccountRef;
use crate::domain::violation::Violation;
use crate::identity::named::Named;
use crate::identity::normalise::CallingCode;

/// A record of a file that names people as the file does.
pub type FileRecord = BatchRecord<Named>;

/// One record as it stands in its file; holds identifiers, so it is zeroized and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    /// Where it begins: the line, counted from 1, or the row of a file without lines.
    pub line: u64,
    /// Its cells in the order of the file's columns, or its one line if the format has no columns.
    pub cells: Vec<Zeroizing<String>>,
}

crate::redacted_debug!(Raw);

/// Why a record of a file cannot be represented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its account, when that could be read.
    pub account_ref: Option<AccountRef>,
    /// Everything that is wrong with it, that which the rules of the message find included.
    pub violations: Vec<Violation>,
}

/// What readers must know beside the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// Today, in the member's business zone.
    pub today: NaiveDate,
    /// For mobile numbers written without one.
    pub default_calling_code: Option<CallingCode>,
}

/// Why a file cannot be read on: nothing behind this place is known.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system says so.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// It is not what it says it is.
    #[error("line {line}: {problem}")]
    Broken {
        /// Where.
        line: u64,
        /// What is wrong and how to mend it; no value of the file.
        problem: String,
    },
    /// Its header names no column that is known, or lacks one that every record needs.
    #[error("the header {problem}")]
    Header {
        /// What is wrong and how to mend it.
        problem: String,
    },
}

/// Reads a file record by record.
pub trait Reader: Send {
    /// The next record, `None` at the end. After an error there is nothing more.
    ///
    /// # Errors
    /// The file cannot be read on.
    fn next(&mut self) -> Result<Option<Raw>, FileError>;

    /// Understands this file's records.
    fn parser(&self) -> Arc<dyn Parser>;
}

/// Understands the records of one file.
pub trait Parser: Send + Sync {
    /// A record in the domain's terms.
    ///
    /// # Errors
    /// What of it cannot be represented.
    fn parse(&self, raw: &Raw) -> Result<FileRecord, Unreadable>;
}

/// Writes records of the member's book in a file's format.
pub trait Writer: Send {
    /// Adds a record.
    ///
    /// # Errors
    /// The file cannot be written.
    fn write(&mut self, record: &FileRecord) -> std::io::Result<()>;

    /// Writes what belongs at the end. A file that was not finished is not whole.
    ///
    /// # Errors
    /// The file cannot be written.
    fn finish(self: Box<Self>) -> std::io::Result<()>;
}

/// One thing that is wrong with a record, for the file that goes back to whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The rule.
    pub code: String,
    /// Path into the record, such as `position.outstanding_total`.
    pub field: String,
    /// What is wrong, in the language asked for.
    pub text: String,
    /// How to mend it, in the language asked for.
    pub fix: String,
}

/// Writes rejected records as they stood in their file, with what is wrong, ready to be mended and sent again.
pub trait RejectWriter: Send {
    /// Adds a rejected record.
    ///
    /// # Errors
    /// The file cannot be written.
    fn reject(&mut self, raw: &Raw, reasons: &[Reason]) -> std::io::Result<()>;

    /// Writes what belongs at the end.
    ///
    /// # Errors
    /// The file cannot be written.
    fn finish(self: Box<Self>) -> std::io::Result<()>;
}
