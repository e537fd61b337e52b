//! Reads a table row by row, each bounded: a quote that never closes must not draw the file into memory.
//!
//! The source gives at most [`RECORD_BYTES_MAX`] bytes for a row, then fails; the CSV reader's own buffer comes on top.
//! Invariant: after an error nothing more is read.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use csv::ByteRecord;
use zeroize::Zeroizing;

use super::PbocDefaults;
use super::columns::Columns;
use super::parse::PbocParser;
use crate::import::csv_lines::{self, Lined};
use crate::import::{Circumstances, FileError, Parser, Raw, Reader};

/// The most bytes of a row, the header included.
pub const RECORD_BYTES_MAX: usize = 65_536;

/// A source that fails instead of giving more than was allowed.
struct Rationed<R> {
    source: R,
    left: Arc<AtomicUsize>,
}

/// The row took everything that was allowed.
#[derive(Debug, thiserror::Error)]
#[error("a row is longer than {RECORD_BYTES_MAX} bytes; a quote may not be closed")]
struct TooLong;

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other(TooLong));
        }
        let room = buffer.len().min(left);
        let taken = self.source.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.left.store(left.saturating_sub(taken), Ordering::Relaxed);
        Ok(taken)
    }
}

fn is_too_long(error: &io::Error) -> bool {
    match error.get_ref() {
        Some(inner) => inner.is::<TooLong>(),
        None => false,
    }
}

/// One table.
pub struct PbocReader<R> {
    rows: csv::Reader<Lined<Rationed<R>>>,
    left: Arc<AtomicUsize>,
    row: ByteRecord,
    header: Vec<String>,
    is_over: bool,
    parser: Arc<PbocParser>,
}

impl<R: Read + Send> PbocReader<R> {
    /// Opens a file: reads its header.
    ///
    /// # Errors
    /// The file cannot be read, or its header is not one of this format.
    pub fn new(source: R, circumstances: &Circumstances, defaults: PbocDefaults) -> Result<Self, FileError> {
        let left = Arc::new(AtomicUsize::new(RECORD_BYTES_MAX));
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(Lined::of(Rationed {
                source,
                left: Arc::clone(&left),
            }));
        let mut row = ByteRecord::new();
        let raw = read_row(&mut rows, &left, &mut row)?.ok_or_else(|| FileError::Header {
            problem: "is missing: the file is empty".to_owned(),
        })?;
        let header: Vec<String> = raw.cells.iter().map(|cell| cell.to_string()).collect();
        let columns = Columns::parse(header.iter().map(String::as_str))
            .map_err(|problem| FileError::Header { problem })?;
        Ok(Self {
            rows,
            left,
            row,
            header,
            is_over: false,
            parser: Arc::new(PbocParser::new(columns, circumstances, defaults)),
        })
    }

    /// The header as it stands, for the file of rejects.
    pub fn header(&self) -> &[String] {
        &self.header
    }
}

fn read_row<R: Read>(
    rows: &mut csv::Reader<Lined<Rationed<R>>>,
    left: &AtomicUsize,
    row: &mut ByteRecord,
) -> Result<Option<Raw>, FileError> {
    left.store(RECORD_BYTES_MAX, Ordering::Relaxed);
    let (there, line) = csv_lines::read_row(rows, row);
    let broken = |line, problem: &str| FileError::Broken {
        line,
        problem: problem.to_owned(),
    };
    match there {
        Ok(false) => return Ok(None),
        Ok(true) => {}
        Err(error) => {
            return Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if is_too_long(&error) => broken(line, &TooLong.to_string()),
                csv::ErrorKind::Io(error) => FileError::Io(error),
                _ => broken(line, "is no row of a CSV file"),
            });
        }
    }
    if row.as_slice().len() > RECORD_BYTES_MAX {
        return Err(broken(line, &TooLong.to_string()));
    }
    let cells: Option<Vec<Zeroizing<String>>> = row
        .iter()
        .map(|cell| {
            std::str::from_utf8(cell)
                .ok()
                .map(|text| Zeroizing::new(text.to_owned()))
        })
        .collect();
    match cells {
        Some(cells) => Ok(Some(Raw { line, cells })),
        None => Err(broken(
            line,
            "is not UTF-8; save the file in UTF-8, it may be in GB 18030",
        )),
    }
}

impl<R: Read + Send> Reader for PbocReader<R> {
    fn next(&mut self) -> Result<Option<Raw>, FileError> {
        if self.is_over {
            return Ok(None);
        }
        let next = read_row(&mut self.rows, &self.left, &mut self.row);
        self.is_over = !matches!(next, Ok(Some(_)));
        next
    }

    fn parser(&self) -> Arc<dyn Parser> {
        Arc::<PbocParser>::clone(&self.parser)
    }
}
