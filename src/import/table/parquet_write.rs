//! Parquet files of text: every column an optional string.
//!
//! Rows are gathered into a row group and written when it is full: memory is one row group. No statistics are written:
//! their smallest and largest values would be identifiers, outside the pages.

use std::io;
use std::sync::Arc;

use parquet::basic::{
    Compression as PageCompression, ConvertedType, GzipLevel, LogicalType, Repetition, Type as Physical,
    ZstdLevel,
};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use zeroize::Zeroizing;

use super::format::Compression;
use super::sink::{Output, Sink};

/// The most rows of a row group that we write.
pub const WRITTEN_ROWS_MAX: usize = 50_000;
/// The bytes of cells at which a row group is written although it has fewer rows.
pub const WRITTEN_BYTES_MAX: usize = 32 * 1_024 * 1_024;

/// Gathers rows and writes them as row groups.
pub(super) struct ParquetRows {
    file: SerializedFileWriter<Sink>,
    /// By column.
    cells: Vec<Vec<Zeroizing<String>>>,
    rows: usize,
    bytes: usize,
}

impl ParquetRows {
    pub(super) fn new(output: Output, compression: Compression, names: &[String]) -> io::Result<Self> {
        let pages = match compression {
            Compression::None => PageCompression::UNCOMPRESSED,
            Compression::Gzip => PageCompression::GZIP(GzipLevel::default()),
            Compression::Zstd => PageCompression::ZSTD(ZstdLevel::default()),
        };
        let properties = WriterProperties::builder()
            .set_compression(pages)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_created_by("tallystick".to_owned())
            .build();
        let sink = Sink::new(output, Compression::None)?;
        let schema = schema(names).map_err(failed)?;
        let file = SerializedFileWriter::new(sink, schema, Arc::new(properties)).map_err(failed)?;
        Ok(Self {
            file,
            cells: names.iter().map(|_| Vec::new()).collect(),
            rows: 0,
            bytes: 0,
        })
    }

    pub(super) fn write<S: AsRef<str>>(&mut self, cells: &[S]) -> io::Result<()> {
        if cells.len() != self.cells.len() {
            let text = format!("{} cells for {} columns", cells.len(), self.cells.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        for (column, cell) in self.cells.iter_mut().zip(cells) {
            self.bytes += cell.as_ref().len();
            column.push(Zeroizing::new(cell.as_ref().to_owned()));
        }
        self.rows += 1;
        if self.rows >= WRITTEN_ROWS_MAX || self.bytes >= WRITTEN_BYTES_MAX {
            self.write_group()?;
        }
        Ok(())
    }

    fn write_group(&mut self) -> io::Result<()> {
        let mut group = self.file.next_row_group().map_err(failed)?;
        for cells in &mut self.cells {
            let Some(mut column) = group.next_column().map_err(failed)? else {
                return Err(io::Error::other("the schema has fewer columns than the rows"));
            };
            let present: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
            let values: Vec<ByteArray> = cells
                .iter()
                .filter(|cell| !cell.is_empty())
                .map(|cell| ByteArray::from(cell.as_str()))
                .collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, Some(&present), None)
                .map_err(failed)?;
            column.close().map_err(failed)?;
            cells.clear();
        }
        group.close().map_err(failed)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.file.into_inner().map_err(failed)?.finish()
    }
}

fn schema(names: &[String]) -> Result<TypePtr, ParquetError> {
    let column = |name: &String| {
        let column = Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(ConvertedType::UTF8)
            .with_logical_type(Some(LogicalType::String))
            .build()?;
        Ok(Arc::new(column))
    };
    let columns = names
        .iter()
        .map(column)
        .collect::<Result<Vec<_>, ParquetError>>()?;
    let root = Type::group_type_builder("positions")
        .with_fields(columns)
        .build()?;
    Ok(Arc::new(root))
}

/// The library's error without its text, which may hold values.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(_) => io::Error::other("the Parquet file cannot be written"),
        },
        _ => io::Error::other("the Parquet file cannot be written"),
    }
}
