//! Opening files by what they are.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::csv_file::CsvReader;
use super::format::{Compression, Format, guess};
use super::input::{broken, text_of};
use super::json_lines::LineReader;
use super::parquet_file::ParquetReader;
use super::rejects::Layout;
use crate::import::{Circumstances, FileError, Reader};

/// A file that is being read.
pub struct Opened {
    /// Reads its records.
    pub reader: Box<dyn Reader>,
    /// Its form, for its reject file.
    pub layout: Layout,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("format", &self.layout.format())
            .finish_non_exhaustive()
    }
}

/// Opens the file at `path` as its name says, or as `format` and `compression` do. The header is read and judged.
///
/// # Errors
/// [`FileError`]: the system, the bytes, or the header.
pub fn open(
    path: &Path,
    format: Option<Format>,
    compression: Option<Compression>,
    circumstances: &Circumstances,
) -> Result<Opened, FileError> {
    let guessed = guess(path);
    let Some(format) = format.or(guessed.map(|(format, _)| format)) else {
        let text = "its name does not end in .csv, .jsonl, .ndjson or .parquet, perhaps with .gz or .zst behind; rename it \
                    or say which format it is in";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text).into());
    };
    let compression = compression
        .or(guessed.map(|(_, compression)| compression))
        .unwrap_or_default();
    let file = File::open(path)?;
    match format {
        Format::Csv | Format::JsonLines => open_stream(Box::new(file), format, compression, circumstances),
        Format::Parquet if compression != Compression::None => {
            let text = "a Parquet file is compressed inside; decompress it and send the .parquet file";
            Err(broken(1, text))
        }
        Format::Parquet => {
            let (reader, header) = ParquetReader::open(file, circumstances)?;
            Ok(Opened {
                reader: Box::new(reader),
                layout: Layout::with_columns(format, header),
            })
        }
    }
}

/// Reads a stream, such as standard input. Parquet cannot be read so: it begins at its end.
///
/// # Errors
/// [`FileError`]: the system, the bytes, or the header.
pub fn open_stream(
    source: Box<dyn Read + Send>,
    format: Format,
    compression: Compression,
    circumstances: &Circumstances,
) -> Result<Opened, FileError> {
    match format {
        Format::Csv => {
            let (reader, header) = CsvReader::open(text_of(source, compression)?, circumstances)?;
            Ok(Opened {
                reader: Box::new(reader),
                layout: Layout::with_columns(format, header),
            })
        }
        Format::JsonLines => Ok(Opened {
            reader: Box::new(LineReader::open(text_of(source, compression)?, circumstances)),
            layout: Layout::of_lines(),
        }),
        Format::Parquet => Err(broken(1, "Parquet cannot be read from a stream; name the file")),
    }
}
