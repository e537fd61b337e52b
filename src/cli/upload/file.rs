//! The file to upload: its format, opened as often as it must be read, and the form of its reject file.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::digest::FileState;
use crate::import::table::{self, Compression, Format, Layout};
use crate::import::{Circumstances, FileError, Reader, RejectWriter};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

impl FileFormat {
    /// The tabular format.
    pub fn table(self) -> Format {
        match self {
            Self::Csv => Format::Csv,
            Self::Jsonl => Format::JsonLines,
            Self::Parquet => Format::Parquet,
        }
    }

    fn of_table(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::JsonLines => Self::Jsonl,
            Format::Parquet => Self::Parquet,
        }
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
    /// As it was when its content was named.
    pub(super) state: Option<FileState>,
}

/// A file that is being read.
pub(super) struct OpenFile {
    pub(super) reader: Box<dyn Reader>,
    form: Layout,
}

impl InputFile {
    /// A file in a format, by its name unless told.
    pub(super) fn of(
        path: &Path,
        format: Option<FileFormat>,
        compression: Option<FileCompression>,
        circumstances: Circumstances,
    ) -> anyhow::Result<Self> {
        let guessed = table::guess(path);
        let format = format.or_else(|| guessed.map(|(format, _)| FileFormat::of_table(format)));
        let Some(format) = format else {
            anyhow::bail!(
                "{} does not end in .csv, .jsonl, .ndjson or .parquet, perhaps with .gz or .zst behind: say --format",
                path.display()
            );
        };
        let compression = compression.map(Compression::from);
        let compression = compression.or(guessed.map(|(_, compression)| compression));
        Ok(Self {
            path: path.to_owned(),
            format,
            compression: compression.unwrap_or_default(),
            circumstances,
            state: None,
        })
    }

    /// Opens it from its beginning.
    pub(super) fn open(&self) -> Result<OpenFile, FileError> {
        self.refuse_changes()?;
        let opened = table::open(
            &self.path,
            Some(self.format.table()),
            Some(self.compression),
            &self.circumstances,
        )?;
        Ok(OpenFile {
            reader: opened.reader,
            form: opened.layout,
        })
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
        Err(std::io::Error::other(text).into())
    }
}

impl OpenFile {
    /// Begins a file for what is rejected of this one.
    pub(super) fn rejects(
        &self,
        output: table::Output,
        compression: Compression,
    ) -> std::io::Result<Box<dyn RejectWriter>> {
        self.form.rejects(output, compression)
    }
}
