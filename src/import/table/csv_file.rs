//! Comma-separated values (RFC 4180) in UTF-8.
//!
//! Knows rows and cells, nothing of what they mean. Invariant: memory is one row of [`RECORD_BYTES_MAX`] and a buffer,
//! whatever the file holds.

use std::io::Read;
use std::sync::Arc;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use zeroize::Zeroizing;

use super::header::Header;
use super::input::{Meter, RECORD_BYTES_MAX, Refill, broken, file_error};
use super::rows::{RowParser, cell_text};
use crate::import::csv_lines::{self, Lined};
use crate::import::{Circumstances, FileError, Parser, Raw, Reader};

type Rows = csv::Reader<Lined<Meter<Box<dyn Read + Send>>>>;

/// Reads rows.
pub(super) struct CsvReader {
    rows: Rows,
    refill: Refill,
    record: ByteRecord,
    parser: Arc<RowParser>,
    ended: bool,
}

impl CsvReader {
    /// Reads the header of a text.
    pub(super) fn open(
        text: Box<dyn Read + Send>,
        circumstances: &Circumstances,
    ) -> Result<(Self, Arc<Header>), FileError> {
        let (meter, refill) = Meter::new(text);
        // Rows of another length than the header's are told one by one.
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(Lined::of(meter));
        let mut record = ByteRecord::new();
        let names = match read(&mut rows, &refill, &mut record)? {
            Some(line) => cells(&record, line)?
                .iter()
                .map(|cell| cell.to_string())
                .collect(),
            None => Vec::new(),
        };
        let header = Arc::new(Header::read(names)?);
        let reader = Self {
            rows,
            refill,
            record,
            parser: Arc::new(RowParser::new(Arc::clone(&header), circumstances.clone())),
            ended: false,
        };
        Ok((reader, header))
    }

    fn row(&mut self) -> Result<Option<Raw>, FileError> {
        let Some(line) = read(&mut self.rows, &self.refill, &mut self.record)? else {
            return Ok(None);
        };
        let cells = cells(&self.record, line)?;
        Ok(Some(Raw { line, cells }))
    }
}

impl Reader for CsvReader {
    fn next(&mut self) -> Result<Option<Raw>, FileError> {
        if self.ended {
            return Ok(None);
        }
        let row = self.row();
        self.ended = !matches!(row, Ok(Some(_)));
        row
    }

    fn parser(&self) -> Arc<dyn Parser> {
        Arc::clone(&self.parser) as Arc<dyn Parser>
    }
}

/// Reads one row and says where it begins; `None` at the end.
fn read(rows: &mut Rows, refill: &Refill, record: &mut ByteRecord) -> Result<Option<u64>, FileError> {
    refill.for_one_row();
    let (there, line) = csv_lines::read_row(rows, record);
    let there = there.map_err(|error| match error.into_kind() {
        ErrorKind::Io(error) => file_error(error, line),
        // The other kinds are of rows of unlike length, of UTF-8 and of typed rows: none is asked for.
        _ => broken(line, "this is not CSV as RFC 4180 describes it"),
    })?;
    let bytes = record.as_slice().len() + record.len().saturating_sub(1);
    if bytes > RECORD_BYTES_MAX {
        return Err(file_error(
            std::io::Error::other(super::input::Damage::TooLong),
            line,
        ));
    }
    Ok(there.then_some(line))
}

fn cells(record: &ByteRecord, line: u64) -> Result<Vec<Zeroizing<String>>, FileError> {
    record.iter().map(|cell| cell_text(cell, line)).collect()
}
