//! What the floors under every engine have in common, for `tallystick bench`: which rows a unit of work needs, and the shape
//! in which they are read and written without the product.
//!
//! A floor decides and checks nothing. Invariant: it works on a copy of the database, never on one that serves.

use super::StoreError;
use crate::domain::names::{MemberNo, SubjectId};
use crate::domain::token::Pseudonym;

/// A kind of unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A query: inquiry, frozen figures, request, audit entry.
    Query,
    /// An answer of a review: inquiry and audit entry.
    Review,
    /// A report of a new account: account, position, request, audit entry.
    Open,
    /// A report that changes a known account: account, position, past version, history, request, audit entry.
    Update,
    /// A check that may lend: inquiry, application, reservation, ruling, request, audit entry.
    Check,
    /// A report in a batch that changes an account whose tokens are recognised: account, position, past version, history.
    Batch,
}

impl Work {
    /// The rpc whose requests it remembers.
    pub(super) const fn rpc(self) -> &'static str {
        match self {
            Self::Query => "QueryExposure",
            Self::Review => "ReviewPortfolio",
            Self::Open | Self::Update => "ReportPosition",
            Self::Check => "CheckAndReserve",
            Self::Batch => "UploadBatch",
        }
    }

    /// Whether it is remembered by a request id.
    pub(super) const fn has_request(self) -> bool {
        matches!(self, Self::Query | Self::Open | Self::Update | Self::Check)
    }

    /// Whether its tokens are looked up.
    pub(super) const fn has_tokens(self) -> bool {
        !matches!(self, Self::Batch)
    }

    /// Whether it looks at a subject, and leaves an inquiry.
    pub(super) const fn is_look(self) -> bool {
        matches!(self, Self::Query | Self::Review | Self::Check)
    }
}

/// What one unit of work is about.
#[derive(Clone)]
pub struct Target {
    /// The tokens shown, the strong one first.
    pub tokens: Vec<Pseudonym>,
    /// Who asks or reports.
    pub member_no: MemberNo,
    /// The member's name of the account or application; empty for looks that are no checks.
    pub name: String,
    /// Set by [`Floor::resolve`].
    pub(super) subject_id: SubjectId,
    /// Set by [`Floor::resolve`].
    pub(super) account_no: i64,
}

crate::redacted_debug!(Target);

impl Target {
    /// Brings what each member's batch writes into the order of the widest table, as a bulk load would.
    pub fn sort_windows(targets: &mut [Self]) {
        targets.sort_by_key(|target| (target.member_no, target.subject_id, target.account_no));
    }

    /// Something about the subject that tokens name.
    pub fn new(tokens: Vec<Pseudonym>, member_no: MemberNo, name: String) -> Self {
        Self {
            tokens,
            member_no,
            name,
            subject_id: SubjectId(0),
            account_no: 0,
        }
    }
}

/// The driver of an engine on a copy of a database. Its methods block, and work on the thread that calls them.
pub trait Floor: Send {
    /// Takes the latest rows of a kind of work from the live database, which must have done one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it did none.
    fn learn(&mut self, work: Work) -> Result<(), StoreError>;

    /// Looks up the numbers that targets are known by, outside of what is measured.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a token or account that is not on file.
    fn resolve(&mut self, work: Work, targets: &mut [Target]) -> Result<(), StoreError>;

    /// Reads what a group of units of work needs, in one transaction; tells how many rows it read.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    fn read_group(&mut self, work: Work, targets: &[Target]) -> Result<usize, StoreError>;

    /// Writes what a group of units of work leaves behind, in one durable transaction.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    fn write_group(&mut self, work: Work, targets: &[Target]) -> Result<(), StoreError>;

    /// Does what the product leaves to a thread or process of its own, so that it disturbs no measurement.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    fn checkpoint(&mut self) -> Result<(), StoreError>;

    /// Reads every position once, as plainly as the engine can.
    ///
    /// # Errors
    /// [`StoreError`] of the engine.
    fn scan(&mut self) -> Result<(), StoreError>;

    /// What a scan is, and how many of it a snapshot's raw figures may take.
    fn scan_goal(&self) -> ScanGoal;

    /// The process of the database that does the work of this floor, if that is another one.
    fn process(&self) -> Option<u32>;
}

/// What raw figures are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanGoal {
    /// What a scan is.
    pub of: &'static str,
    /// The goal, for people.
    pub text: &'static str,
}

/// Table and columns that an INSERT of the catalogue names.
pub(super) fn named_by(insert: &str) -> Option<(&str, Vec<&str>)> {
    let (head, rest) = insert.split_once('(')?;
    let (columns, _) = rest.split_once(')')?;
    let table = head.split_whitespace().last()?;
    Some((table, columns.split(',').map(str::trim).collect()))
}

/// A query of some row that an INSERT of the catalogue would write.
pub(super) fn pattern_of(insert: &str) -> String {
    let (table, columns) = named_by(insert).unwrap_or_default();
    format!("SELECT {} FROM {table} LIMIT 1", columns.join(", "))
}

/// Sixteen bytes that fall anywhere in an index, as a UUID does: a multiplication by an odd constant.
pub(super) fn random_looking(counter: i64) -> [u8; 16] {
    i128::from(counter)
        .wrapping_mul(0x5851_F42D_4C95_7F2D_1405_7B7E_F767_814F)
        .to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_the_columns_of_its_insert() {
        let insert = "-- put_thing\n INSERT INTO thing (one,\n two) SELECT k.one, k.two FROM unnest($1, $2)";
        assert_eq!(named_by(insert), Some(("thing", vec!["one", "two"])));
        assert_eq!(pattern_of(insert), "SELECT one, two FROM thing LIMIT 1");
    }
}
