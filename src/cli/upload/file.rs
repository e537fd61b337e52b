//! The file to upload: its format, opened as often as it must be read, and the form of its reject file.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::digest::{FileState, inflated};
use super::foreign::Foreign;
use crate::import::metro2::{Metro2Reader, Metro2Rejects};
use crate::import::pboc::{PbocReader, PbocRejects};
use crate::import::table::{self, Compression, Format, Layout};
use crate::import::{Circumstances, FileError, Raw, Reader, RejectWriter};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// Metro 2 in its character format.
    Metro2,
    /// A table in the codes of the People's Bank of China.
    PbocCodes,
}

impl FileFormat {
    /// The tabular format, if it is one.
    pub fn table(self) -> Option<Format> {
        match self {
            Self::Csv => Some(Format::Csv),
            Self::Jsonl => Some(Format::JsonLines),
            Self::Parquet => Some(Format::Parquet),
            Self::Metro2 | Self::PbocCodes => None,
        }
    }

    /// The format of a table.
    pub fn of_table(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::JsonLines => Self::Jsonl,
            Format::Parquet => Self::Parquet,
        }
    }

    /// Whether a reject file has no room for the reasons, so that they stand in a file beside it.
    pub(super) fn has_reasons_apart(self) -> bool {
        self == Self::Metro2
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileCompression {
    /// Not at all.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl From<FileCompression> for Compression {
    fn from(compression: FileCompression) -> Self {
        match compression {
            FileCompression::None => Self::None,
            FileCompression::Gzip => Self::Gzip,
            FileCompression::Zstd => Self::Zstd,
        }
    }
}

/// A file that is read several times.
#[derive(Debug, Clone)]
pub(super) struct InputFile {
    pub(super) path: PathBuf,
    pub(super) format: FileFormat,
    pub(super) compression: Compression,
    pub(super) circumstances: Circumstances,
    /// What a foreign format does not say.
    pub(super) foreign: Foreign,
    /// As it was when its content was named.
    pub(super) state: Option<FileState>,
}

/// A file that is being read.
pub(super) struct OpenFile {
    pub(super) reader: Box<dyn Reader>,
    form: Form,
}

/// What a file of rejects must look like.
enum Form {
    Table(Layout),
    /// With the file's own header.
    Metro2(Raw),
    /// With the file's own columns.
    PbocCodes(Vec<String>),
}

impl InputFile {
    /// A file in a format, by its name unless told.
    pub(super) fn of(
        path: &Path,
        format: Option<FileFormat>,
        compression: Option<FileCompression>,
        circumstances: Circumstances,
        foreign: Foreign,
    ) -> anyhow::Result<Self> {
        let guessed = table::guess(path);
        let format = format.or_else(|| guessed.map(|(format, _)| FileFormat::of_table(format)));
        let Some(format) = format else {
            anyhow::bail!(
                "{} does not end in .csv, .jsonl, .ndjson or .parquet, perhaps with .gz or .zst behind: say --format",
                path.display()
            );
        };
        if format.table().is_none() {
            foreign.check()?;
        }
        let compression = compression.map(Compression::from);
        let compression = compression.or(guessed.map(|(_, compression)| compression));
        Ok(Self {
            path: path.to_owned(),
            format,
            compression: compression.unwrap_or_default(),
            circumstances,
            foreign,
            state: None,
        })
    }

    /// Opens it from its beginning.
    pub(super) fn open(&self) -> Result<OpenFile, FileError> {
        self.refuse_changes()?;
        let circumstances = &self.circumstances;
        let (reader, form): (Box<dyn Reader>, Form) = match self.format {
            FileFormat::Csv | FileFormat::Jsonl | FileFormat::Parquet => {
                let opened = table::open(
                    &self.path,
                    self.format.table(),
                    Some(self.compression),
                    circumstances,
                )?;
                (opened.reader, Form::Table(opened.layout))
            }
            FileFormat::Metro2 => {
                let defaults = self.foreign.metro2(circumstances.default_calling_code.as_ref());
                let reader = Metro2Reader::new(self.content()?, circumstances, defaults)?;
                let form = Form::Metro2(reader.header().clone());
                (Box::new(reader), form)
            }
            FileFormat::PbocCodes => {
                let reader = PbocReader::new(self.content()?, circumstances, self.foreign.pboc())?;
                let form = Form::PbocCodes(reader.header().to_vec());
                (Box::new(reader), form)
            }
        };
        Ok(OpenFile { reader, form })
    }

    fn content(&self) -> io::Result<Box<dyn Read + Send>> {
        inflated(BufReader::new(File::open(&self.path)?), self.compression)
    }

    /// Records are numbered by where they stand: a file that changes under way would be told of other records.
    pub(super) fn refuse_changes(&self) -> Result<(), FileError> {
        let Some(before) = self.state else {
            return Ok(());
        };
        if FileState::of(&self.path)? == before {
            return Ok(());
        }
        let text = "it was written to while it was uploaded: begin again with the whole file";
        Err(io::Error::other(text).into())
    }
}

impl OpenFile {
    /// Begins a file for what is rejected of this one; `reasons` takes them where the format has no room.
    pub(super) fn rejects(
        &self,
        output: table::Output,
        compression: Compression,
        reasons: impl Write + Send + 'static,
    ) -> io::Result<Box<dyn RejectWriter>> {
        match &self.form {
            Form::Table(layout) => layout.rejects(output, compression),
            Form::Metro2(header) => Ok(Box::new(Metro2Rejects::new(output, reasons, header)?)),
            Form::PbocCodes(header) => Ok(Box::new(PbocRejects::new(output, header)?)),
        }
    }
}
