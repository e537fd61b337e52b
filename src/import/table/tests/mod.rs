//! Whole files: written, read back, damaged, rejected.

mod damage;
mod guide_page;
mod limits;
mod parquet_files;
mod rejects;
mod round_trips;

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::columns::{self, Column};
use super::samples::circumstances;
use super::*;
use crate::import::{FileError, FileRecord, Raw, Unreadable, Writer};

pub(super) const FORMATS: [Format; 3] = [Format::Csv, Format::JsonLines, Format::Parquet];
pub(super) const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

/// Bytes that are looked at when the writer is gone.
#[derive(Clone, Default)]
pub(super) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(super) fn output(&self) -> Output {
        Box::new(self.clone())
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no writer panicked").clone()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panicked")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file of records.
pub(super) fn written(
    records: &[FileRecord],
    format: Format,
    compression: Compression,
    columns: Vec<Column>,
) -> Vec<u8> {
    let buffer = Buffer::default();
    let writer = TableWriter::new(buffer.output(), format, compression, columns);
    let mut writer = Box::new(writer.expect("begun"));
    for record in records {
        writer.write(record).expect("written");
    }
    writer.finish().expect("finished");
    buffer.bytes()
}

/// A file of cells.
pub(super) fn cells(format: Format, compression: Compression, names: &[&str], rows: &[Vec<&str>]) -> Vec<u8> {
    let buffer = Buffer::default();
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let mut writer = CellWriter::new(buffer.output(), format, compression, names).expect("begun");
    for row in rows {
        writer.write(row).expect("written");
    }
    writer.finish().expect("finished");
    buffer.bytes()
}

/// Opens bytes as a file.
pub(super) fn opened(bytes: &[u8], format: Format, compression: Compression) -> Result<Opened, FileError> {
    match format {
        Format::Csv | Format::JsonLines => {
            let source = Box::new(std::io::Cursor::new(bytes.to_vec()));
            open_stream(source, format, compression, &circumstances())
        }
        // What compresses a Parquet file is inside it.
        Format::Parquet => {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("file.parquet");
            std::fs::write(&path, bytes).expect("written");
            open(&path, None, None, &circumstances())
        }
    }
}

/// Everything in a file, as far as it can be read, and why no further.
pub(super) fn raws(bytes: &[u8], format: Format, compression: Compression) -> (Vec<Raw>, Option<FileError>) {
    let mut opened = match opened(bytes, format, compression) {
        Ok(opened) => opened,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut raws = Vec::new();
    loop {
        match opened.reader.next() {
            Ok(Some(raw)) => raws.push(raw),
            Ok(None) => return (raws, None),
            Err(error) => {
                assert!(
                    matches!(opened.reader.next(), Ok(None)),
                    "nothing follows an error"
                );
                return (raws, Some(error));
            }
        }
    }
}

/// Every record of a whole file.
pub(super) fn records(
    bytes: &[u8],
    format: Format,
    compression: Compression,
) -> Vec<Result<FileRecord, Unreadable>> {
    let mut opened = opened(bytes, format, compression).expect("opened");
    let parser = opened.reader.parser();
    let mut records = Vec::new();
    while let Some(raw) = opened.reader.next().expect("read") {
        records.push(parser.parse(&raw));
    }
    records
}

/// The sample as a text of one row under the template's header.
pub(super) fn sample(format: Format) -> Vec<u8> {
    written(
        &[samples::record()],
        format,
        Compression::None,
        columns::template(),
    )
}
