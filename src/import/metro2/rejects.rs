//! Rejected records of a Metro 2 file, as a Metro 2 file that can be mended and sent again, and a CSV of the reasons.
//!
//! Each record stands as it came, byte for byte, on a line of its own between the file's own header and a trailer counted
//! anew. The CSV names the line of the *rejected file's original*, so that a record can be found in either.

use std::io::{self, Write};

use super::layout::to_bytes;
use super::parse::account_ref;
use super::totals::Totals;
use super::write::write_line;
use crate::import::{Raw, Reason, RejectWriter};

/// The columns of the reasons.
const COLUMNS: [&str; 6] = ["line", "account_ref", "code", "field", "text", "fix"];

/// Two files being written: the rejected records, and why each was rejected.
pub struct Metro2Rejects<W: Write, V: Write> {
    records: W,
    reasons: csv::Writer<V>,
    totals: Totals,
}

impl<W: Write + Send, V: Write + Send> Metro2Rejects<W, V> {
    /// Begins both files; `header` is the one of the file that is rejected from.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn new(mut records: W, reasons: V, header: &Raw) -> io::Result<Self> {
        write_line(&mut records, &bytes_of(header)?)?;
        let mut reasons = csv::Writer::from_writer(reasons);
        reasons.write_record(COLUMNS)?;
        Ok(Self {
            records,
            reasons,
            totals: Totals::default(),
        })
    }
}

fn bytes_of(raw: &Raw) -> io::Result<zeroize::Zeroizing<Vec<u8>>> {
    let bytes = match raw.cells.as_slice() {
        [cell] => to_bytes(cell),
        _ => None,
    };
    bytes.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the record was not read from a Metro 2 file",
        )
    })
}

impl<W: Write + Send, V: Write + Send> RejectWriter for Metro2Rejects<W, V> {
    fn reject(&mut self, raw: &Raw, reasons: &[Reason]) -> io::Result<()> {
        let record = bytes_of(raw)?;
        write_line(&mut self.records, &record)?;
        self.totals.count(&record);
        let account_ref = account_ref(&record);
        let account_ref = account_ref
            .as_ref()
            .map_or("", |account_ref| account_ref.as_str());
        let line = raw.line.to_string();
        for reason in reasons {
            self.reasons.write_record([
                line.as_str(),
                account_ref,
                &reason.code,
                &reason.field,
                &reason.text,
                &reason.fix,
            ])?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        write_line(&mut self.records, &self.totals.trailer())?;
        self.records.flush()?;
        self.reasons.flush()
    }
}
