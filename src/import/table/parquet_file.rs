//! Parquet files: flat, of texts, whole numbers, decimals and days.
//!
//! One row group is read at a time, its pages as they are needed. The library trusts what a file says of its own sizes, so
//! `pages` looks at every page before the library does; where it panics on a damaged file, the panic is caught and the file
//! is damaged. Its errors are never passed on: some hold values.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::{ReaderIter, TreeBuilder};
use zeroize::Zeroizing;

use super::header::{COLUMNS_MAX, Header};
use super::input::{Damage, RECORD_BYTES_MAX, broken, file_error};
use super::pages::{check_footer, check_row_group};
use super::parquet_types::{Written, written};
use super::rows::RowParser;
use crate::import::{Circumstances, FileError, Parser, Raw, Reader};

/// The most rows of one row group that are read.
pub const ROW_GROUP_ROWS_MAX: i64 = 20_000_000;
/// Values that the library decodes of a column at once.
const BATCH_VALUES: usize = 256;

/// Reads rows.
pub(super) struct ParquetReader {
    file: SerializedFileReader<File>,
    pages: File,
    types: Vec<Written>,
    parser: Arc<RowParser>,
    group: usize,
    rows: Option<ReaderIter>,
    row: u64,
    ended: bool,
}

impl ParquetReader {
    /// Reads the footer and judges the columns.
    pub(super) fn open(file: File, circumstances: &Circumstances) -> Result<(Self, Arc<Header>), FileError> {
        check_footer(&file)?;
        let pages = file.try_clone()?;
        let file = guarded(1, || SerializedFileReader::new(file).ok())?;
        let (header, types) = guarded(1, || Some(columns(file.metadata())))??;
        let header = Arc::new(header);
        let reader = Self {
            file,
            pages,
            types,
            parser: Arc::new(RowParser::new(Arc::clone(&header), circumstances.clone())),
            group: 0,
            rows: None,
            row: 0,
            ended: false,
        };
        Ok((reader, header))
    }

    /// Begins the next row group; false when there is none.
    fn next_group(&mut self) -> Result<bool, FileError> {
        let line = self.row + 1;
        let metadata = self.file.metadata();
        let Some(group) = metadata.row_groups().get(self.group) else {
            return Ok(false);
        };
        if !are_rows(group.num_rows()) {
            let text = format!("a row group has more than {ROW_GROUP_ROWS_MAX} rows; write smaller ones");
            return Err(broken(line, text));
        }
        guarded(line, || Some(check_row_group(&self.pages, group, line)))??;
        let schema = metadata.file_metadata().schema_descr_ptr();
        let rows = guarded(line, || {
            let group = self.file.get_row_group(self.group).ok()?;
            TreeBuilder::new()
                .with_batch_size(BATCH_VALUES)
                .as_iter(schema, group.as_ref())
                .ok()
        })?;
        self.rows = Some(rows);
        self.group += 1;
        Ok(true)
    }

    fn record(&mut self) -> Result<Option<Raw>, FileError> {
        loop {
            let line = self.row + 1;
            if let Some(rows) = &mut self.rows {
                // `None` within is the end of the row group.
                let row = guarded(line, || rows.next().map_or(Some(None), |row| row.ok().map(Some)))?;
                if let Some(row) = row {
                    self.row = line;
                    return self.raw(row, line).map(Some);
                }
                self.rows = None;
            }
            if !self.next_group()? {
                return Ok(None);
            }
        }
    }

    fn raw(&self, row: parquet::record::Row, line: u64) -> Result<Raw, FileError> {
        let fields = row.into_columns();
        if fields.len() != self.types.len() {
            return Err(damaged(line));
        }
        let mut bytes = 0;
        let mut cells = Vec::with_capacity(fields.len());
        for ((_, field), written) in fields.into_iter().zip(&self.types) {
            let cell: Zeroizing<String> = written.text(field).ok_or_else(|| {
                broken(
                    line,
                    "a value is not of its column's type, or a text is not UTF-8; write the file again",
                )
            })?;
            bytes += cell.len();
            if bytes > RECORD_BYTES_MAX {
                return Err(file_error(std::io::Error::other(Damage::TooLong), line));
            }
            cells.push(cell);
        }
        Ok(Raw { line, cells })
    }
}

impl Reader for ParquetReader {
    fn next(&mut self) -> Result<Option<Raw>, FileError> {
        if self.ended {
            return Ok(None);
        }
        let record = self.record();
        self.ended = !matches!(record, Ok(Some(_)));
        record
    }

    fn parser(&self) -> Arc<dyn Parser> {
        Arc::clone(&self.parser) as Arc<dyn Parser>
    }
}

/// The columns of a file and how each is written.
fn columns(metadata: &ParquetMetaData) -> Result<(Header, Vec<Written>), FileError> {
    let schema = metadata.file_metadata().schema_descr();
    let fields = schema.root_schema().get_fields();
    let refused = |problem: String| FileError::Header { problem };
    if fields.len() > COLUMNS_MAX {
        return Err(refused(format!(
            "has {} columns; at most {COLUMNS_MAX}",
            fields.len()
        )));
    }
    let nested = fields.iter().position(|field| !field.is_primitive());
    if let Some(index) = nested {
        let place = index + 1;
        return Err(refused(format!(
            "has a column {place} that holds other columns or a list; flatten it"
        )));
    }
    let names = fields.iter().map(|field| field.name().to_owned()).collect();
    let header = Header::read(names)?;
    let types = schema
        .columns()
        .iter()
        .enumerate()
        .map(|(index, column)| {
            written(column).map_err(|advice| refused(format!("has a column {} {advice}", index + 1)))
        })
        .collect::<Result<_, _>>()?;
    Ok((header, types))
}

/// Whether a row group may have so many rows.
fn are_rows(count: i64) -> bool {
    (0..=ROW_GROUP_ROWS_MAX).contains(&count)
}

fn damaged(line: u64) -> FileError {
    broken(
        line,
        "the Parquet file is damaged or ends too early; make or send it again",
    )
}

/// Runs the library on what may be damaged: nothing, an error and a panic all mean that it is.
fn guarded<T>(line: u64, run: impl FnOnce() -> Option<T>) -> Result<T, FileError> {
    // What a panic leaves half done is dropped with the reader, which reads nothing more after an error.
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Some(value)) => Ok(value),
        Ok(None) | Err(_) => Err(damaged(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_groups_have_a_limit() {
        for (count, fits) in [
            (-1, false),
            (0, true),
            (ROW_GROUP_ROWS_MAX - 1, true),
            (ROW_GROUP_ROWS_MAX, true),
            (ROW_GROUP_ROWS_MAX + 1, false),
        ] {
            assert_eq!(are_rows(count), fits, "{count}");
        }
    }

    #[test]
    fn whatever_the_library_does_wrong_is_damage_of_the_file() {
        assert!(guarded(7, || Some(1)).is_ok());
        let failures: [fn() -> Option<u8>; 2] = [|| None, || panic!("as on damaged files")];
        for failure in failures {
            assert!(matches!(
                guarded(7, failure),
                Err(FileError::Broken { line: 7, .. })
            ));
        }
    }
}
