//! Where a file's bytes go: compressed as asked, whole only when it was finished.

use std::io::{self, BufWriter, Write};

use super::format::Compression;

/// Anything that takes bytes.
pub type Output = Box<dyn Write + Send>;

/// Compresses what is written to it.
pub(super) enum Sink {
    Plain(BufWriter<Output>),
    Gzip(flate2::write::GzEncoder<BufWriter<Output>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<Output>>),
}

impl Sink {
    pub(super) fn new(output: Output, compression: Compression) -> io::Result<Self> {
        let output = BufWriter::new(output);
        Ok(match compression {
            Compression::None => Self::Plain(output),
            Compression::Gzip => Self::Gzip(flate2::write::GzEncoder::new(
                output,
                flate2::Compression::default(),
            )),
            Compression::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(
                output,
                zstd::DEFAULT_COMPRESSION_LEVEL,
            )?),
        })
    }

    /// Writes what the compression puts at the end.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut output = match self {
            Self::Plain(output) => output,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        output.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
