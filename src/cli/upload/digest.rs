//! The first look at a file: what names its content, and about how many records it has.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256 as Hasher};
use zeroize::Zeroizing;

use crate::domain::names::Sha256;
use crate::import::table::Compression;
use crate::import::table::input::ZSTD_WINDOW_LOG_MAX;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// What a file is, by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    /// Of the uncompressed content.
    pub(super) sha256: Sha256,
    /// Line ends of the content: about its records, where a record is a line.
    pub(super) lines: u64,
    /// What the system says of the file.
    pub(super) state: FileState,
}

/// What the system says of a file: tells cheaply that somebody wrote to it since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl FileState {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Reads the whole file as a stream. `tell` hears how many of its bytes, compressed ones, were read so far.
pub(super) fn digest(
    path: &Path,
    compression: Compression,
    tell: impl FnMut(u64) + Send + 'static,
) -> io::Result<Digest> {
    let state = FileState::of(path)?;
    let file = Counted {
        file: File::open(path)?,
        read: 0,
        tell,
    };
    let mut content = inflated(file, compression)?;
    let mut hasher = Hasher::new();
    let mut lines = 0;
    let mut buffer = Zeroizing::new(vec![0; BUFFER_BYTES]);
    loop {
        let read = match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        hasher.update(bytes);
        lines += bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
    }
    Ok(Digest {
        sha256: Sha256(hasher.finalize().into()),
        lines,
        state,
    })
}

/// The uncompressed content of a file.
pub(super) fn inflated(
    file: impl Read + Send + 'static,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(file)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
    })
}

/// Tells how far a file was read.
struct Counted<F> {
    file: File,
    read: u64,
    tell: F,
}

impl<F: FnMut(u64)> Read for Counted<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read += u64::try_from(read).unwrap_or_default();
        (self.tell)(self.read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn content_is_named_alike_however_it_is_compressed() {
        let folder = tempfile::tempdir().expect("a folder");
        let content = "a\nb\nc\n".repeat(100_000);
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("plain"), &content).expect("written");
        let file = File::create(path("gz")).expect("created");
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(content.as_bytes()).expect("written");
        gzip.finish().expect("finished");
        let packed = zstd::encode_all(content.as_bytes(), 1).expect("packed");
        std::fs::write(path("zst"), packed).expect("written");
        let named = |name: &str, compression| {
            let digest = digest(&path(name), compression, |_| {}).expect("read");
            (digest.sha256, digest.lines)
        };
        let plain = named("plain", Compression::None);
        assert_eq!(plain.1, 300_000);
        assert_eq!(plain.0, Sha256(Hasher::digest(&content).into()));
        assert_eq!(named("gz", Compression::Gzip), plain);
        assert_eq!(named("zst", Compression::Zstd), plain);
    }

    #[test]
    fn a_file_that_was_written_to_is_told_from_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "a").expect("written");
        let before = FileState::of(&path).expect("there");
        assert_eq!(FileState::of(&path).expect("there"), before);
        std::fs::write(&path, "ab").expect("written");
        assert_ne!(FileState::of(&path).expect("there"), before);
    }
}
