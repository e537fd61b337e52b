//! From bytes on disk to text: decompression and the byte order mark, as a stream.
//!
//! Nothing here holds more than a buffer and, of zstd, a window of [`ZSTD_WINDOW_LOG_MAX`]: what a file inflates to passes
//! by and is measured by whoever reads it. Invariant: an error tells a damaged file from a failing system.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::format::Compression;
use crate::import::FileError;

/// The largest window of a zstd file, as a power of two: 128 MiB, what `zstd` takes unless told otherwise.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;
/// The most bytes of one row or line.
pub const RECORD_BYTES_MAX: usize = 64 * 1_024;
/// The most bytes that are read for one row, quotes, line ends and blank lines included, before it is given up.
pub(super) const RECORD_RAW_BYTES_MAX: usize = 4 * RECORD_BYTES_MAX;

/// What is wrong with a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    /// It cannot be decompressed.
    #[error("the compressed file is damaged or ends too early; make or send it again")]
    Compressed,
    /// A row does not end.
    #[error(
        "a record is longer than {RECORD_BYTES_MAX} bytes; look for a quotation mark that is never closed"
    )]
    TooLong,
}

/// An input error as the reader of a file tells it.
pub(super) fn file_error(error: io::Error, line: u64) -> FileError {
    let damage = error.get_ref().and_then(|inner| inner.downcast_ref::<Damage>());
    match damage {
        Some(damage) => broken(line, damage.to_string()),
        None => FileError::Io(error),
    }
}

/// A file that cannot be read on.
pub(super) fn broken(line: u64, problem: impl Into<String>) -> FileError {
    FileError::Broken {
        line,
        problem: problem.into(),
    }
}

/// The text of a file: decompressed, without byte order mark.
pub(super) fn text_of(
    source: Box<dyn Read + Send>,
    compression: Compression,
) -> Result<Box<dyn Read + Send>, FileError> {
    let mut inflated: Box<dyn Read + Send> = match compression {
        Compression::None => source,
        Compression::Gzip => Box::new(Inflating(flate2::read::MultiGzDecoder::new(source))),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(source)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(Inflating(decoder))
        }
    };
    let mut start = Vec::with_capacity(4);
    inflated
        .by_ref()
        .take(4)
        .read_to_end(&mut start)
        .map_err(|error| file_error(error, 1))?;
    let looks_like = match start.as_slice() {
        [0x1f, 0x8b, ..] => Some("compressed with gzip; name it with .gz"),
        [0x28, 0xb5, 0x2f, 0xfd] => Some("compressed with zstd; name it with .zst"),
        b"PAR1" => Some("a Parquet file; name it with .parquet"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("in UTF-16; save it as UTF-8"),
        _ => None,
    };
    if let Some(what) = looks_like {
        return Err(broken(1, format!("the file is {what}, or say so")));
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        start.drain(..3);
    }
    Ok(Box::new(io::Cursor::new(start).chain(inflated)))
}

/// Tells what the decoder finds wrong from what the system does.
struct Inflating<R>(R);

impl<R: Read> Read for Inflating<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let from_system = error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted;
            if from_system {
                error
            } else {
                io::Error::other(Damage::Compressed)
            }
        })
    }
}

/// Lets so many bytes pass, until it is refilled.
pub(super) struct Meter<R> {
    inner: R,
    left: Arc<AtomicUsize>,
}

impl<R> Meter<R> {
    /// A meter, and what refills it.
    pub(super) fn new(inner: R) -> (Self, Refill) {
        let left = Arc::new(AtomicUsize::new(0));
        let refill = Refill(Arc::clone(&left));
        (Self { inner, left }, refill)
    }
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other(Damage::TooLong));
        }
        let room = buffer.len().min(left);
        let read = self.inner.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.left.store(left.saturating_sub(read), Ordering::Relaxed);
        Ok(read)
    }
}

/// Refills a [`Meter`].
pub(super) struct Refill(Arc<AtomicUsize>);

impl Refill {
    /// Lets the bytes of one more row pass.
    pub(super) fn for_one_row(&self) {
        self.0.store(RECORD_RAW_BYTES_MAX, Ordering::Relaxed);
    }
}
