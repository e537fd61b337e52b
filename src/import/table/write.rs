//! Writing files: cells under names, and records as cells.
//!
//! A file that was not finished is not whole. Invariant: a record that the columns cannot say whole is an error, never a
//! shorter record.

use std::io::{self, Write};

use serde_json::to_string;
use zeroize::Zeroizing;

use super::columns::{Column, cells_of, names_of};
use super::format::{Compression, Format};
use super::parquet_write::ParquetRows;
use super::sink::{Output, Sink};
use crate::import::{FileRecord, Writer};

/// Writes rows of cells as they are given, right or wrong.
pub struct CellWriter {
    names: Vec<String>,
    body: Body,
}

enum Body {
    Csv(Box<csv::Writer<Sink>>),
    Lines(Box<Sink>),
    Parquet(Box<ParquetRows>),
}

impl CellWriter {
    /// Begins a file whose columns have these names. Of Parquet the compression is that of its pages.
    ///
    /// # Errors
    /// The output fails.
    pub fn new(
        output: Output,
        format: Format,
        compression: Compression,
        names: Vec<String>,
    ) -> io::Result<Self> {
        let body = match format {
            Format::Csv => {
                // Rows of another length than the header's go back as they came.
                let mut rows = csv::WriterBuilder::new()
                    .flexible(true)
                    .from_writer(Sink::new(output, compression)?);
                rows.write_record(&names)?;
                Body::Csv(Box::new(rows))
            }
            Format::JsonLines => Body::Lines(Box::new(Sink::new(output, compression)?)),
            Format::Parquet => Body::Parquet(Box::new(ParquetRows::new(output, compression, &names)?)),
        };
        Ok(Self { names, body })
    }

    /// Adds a row: a cell for each name. JSON Lines leaves empty ones out.
    ///
    /// # Errors
    /// The output fails, or there are more or fewer cells than names.
    pub fn write<S: AsRef<str>>(&mut self, cells: &[S]) -> io::Result<()> {
        if cells.len() != self.names.len() {
            let text = format!("{} cells for {} columns", cells.len(), self.names.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.write_any(cells)
    }

    /// The same for a row that may be longer or shorter, where the format has such rows.
    pub(super) fn write_any<S: AsRef<str>>(&mut self, cells: &[S]) -> io::Result<()> {
        match &mut self.body {
            Body::Csv(rows) => Ok(rows.write_record(cells.iter().map(|cell| cell.as_ref().as_bytes()))?),
            Body::Lines(sink) => {
                let members = self
                    .names
                    .iter()
                    .zip(cells)
                    .filter(|(_, cell)| !cell.as_ref().is_empty())
                    .map(|(name, cell)| member(name, cell.as_ref()))
                    .collect::<io::Result<Vec<_>>>()?;
                write_object(sink, &members)
            }
            Body::Parquet(rows) => rows.write(cells),
        }
    }

    /// Writes what belongs at the end.
    ///
    /// # Errors
    /// The output fails.
    pub fn finish(self) -> io::Result<()> {
        match self.body {
            Body::Csv(rows) => rows
                .into_inner()
                .map_err(csv::IntoInnerError::into_error)?
                .finish(),
            Body::Lines(sink) => sink.finish(),
            Body::Parquet(rows) => rows.finish(),
        }
    }
}

/// A member of a JSON object as text.
pub(super) fn member(key: &str, text: &str) -> io::Result<Zeroizing<String>> {
    let (key, text) = (to_string(key)?, Zeroizing::new(to_string(text)?));
    Ok(Zeroizing::new(format!("{key}:{}", text.as_str())))
}

/// Writes an object of members that are text already, and ends the line.
pub(super) fn write_object<S: AsRef<str>>(sink: &mut impl Write, members: &[S]) -> io::Result<()> {
    let mut before = "{";
    for member in members {
        sink.write_all(before.as_bytes())?;
        sink.write_all(member.as_ref().as_bytes())?;
        before = ",";
    }
    let end = if members.is_empty() { "{}\n" } else { "}\n" };
    sink.write_all(end.as_bytes())
}

/// Writes records.
pub struct TableWriter {
    columns: Vec<Column>,
    cells: CellWriter,
}

impl TableWriter {
    /// Begins a file with these columns: `columns::template()` for ordinary books, `columns::all()` for any.
    ///
    /// # Errors
    /// The output fails.
    pub fn new(
        output: Output,
        format: Format,
        compression: Compression,
        columns: Vec<Column>,
    ) -> io::Result<Self> {
        let cells = CellWriter::new(output, format, compression, names_of(&columns))?;
        Ok(Self { columns, cells })
    }
}

impl Writer for TableWriter {
    fn write(&mut self, record: &FileRecord) -> io::Result<()> {
        let Some(cells) = cells_of(record, &self.columns) else {
            let text =
                "a record does not fit into the file's columns; write all columns instead of the template's";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        };
        let cells: Vec<&str> = cells.iter().map(|cell| cell.as_str()).collect();
        self.cells.write(&cells)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.cells.finish()
    }
}
