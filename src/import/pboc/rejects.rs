//! Rejected rows with what is wrong in front of them, ready to be mended and sent again.
//!
//! The file has the same columns as the one it rejects from, cells as they stood; before them stand columns that begin
//! with `reject_`, which the reader passes over. They come first so that a row with too many cells stays as it was.

use std::io::{self, Write};

use super::columns::REJECT_PREFIX;
use crate::import::{Raw, Reason, RejectWriter};

/// What is added, in order.
const ADDED: [&str; 5] = [
    "reject_line",
    "reject_code",
    "reject_field",
    "reject_text",
    "reject_fix",
];
/// Between the reasons of one row.
const BETWEEN: &str = " | ";

/// A file of rejects being written.
pub struct PbocRejects<W: Write> {
    rows: csv::Writer<W>,
    /// Which cells were added by an earlier file of rejects.
    dropped: Vec<bool>,
}

impl<W: Write + Send> PbocRejects<W> {
    /// Begins the file; `header` is that of the file that is rejected from.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(sink: W, header: &[String]) -> io::Result<Self> {
        let mut rows = csv::WriterBuilder::new().flexible(true).from_writer(sink);
        let dropped: Vec<bool> = header
            .iter()
            .map(|name| name.trim().starts_with(REJECT_PREFIX))
            .collect();
        let kept = header
            .iter()
            .zip(&dropped)
            .filter(|(_, dropped)| !**dropped)
            .map(|(name, _)| name.as_str());
        rows.write_record(ADDED.into_iter().chain(kept))?;
        Ok(Self { rows, dropped })
    }
}

impl<W: Write + Send> RejectWriter for PbocRejects<W> {
    fn reject(&mut self, raw: &Raw, reasons: &[Reason]) -> io::Result<()> {
        let joined = |part: fn(&Reason) -> &str| reasons.iter().map(part).collect::<Vec<_>>().join(BETWEEN);
        let added = [
            raw.line.to_string(),
            joined(|reason| &reason.code),
            joined(|reason| &reason.field),
            joined(|reason| &reason.text),
            joined(|reason| &reason.fix),
        ];
        let kept = raw
            .cells
            .iter()
            .zip(self.dropped.iter().copied().chain(std::iter::repeat(false)))
            .filter(|(_, dropped)| !dropped)
            .map(|(cell, _)| cell.as_bytes());
        self.rows
            .write_record(added.iter().map(String::as_bytes).chain(kept))?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.rows.flush()
    }
}
