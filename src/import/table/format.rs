//! Which format a file is in, and how it is compressed: by its name, unless somebody says otherwise.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// A tabular format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, UTF-8, commas, a header.
    Csv,
    /// One flat object a line.
    JsonLines,
    /// Apache Parquet, flat.
    Parquet,
}

/// How a file is compressed. Of a Parquet file: its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// The format and compression that a file's name tells: `.csv`, `.jsonl`, `.ndjson` or `.parquet`, then `.gz` or `.zst`,
/// of any case.
pub fn guess(path: &Path) -> Option<(Format, Compression)> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let (stem, compression) = if let Some(stem) = name.strip_suffix(".gz") {
        (stem, Compression::Gzip)
    } else if let Some(stem) = name.strip_suffix(".zst") {
        (stem, Compression::Zstd)
    } else {
        (name.as_str(), Compression::None)
    };
    let format = match stem.rsplit_once('.')?.1 {
        "csv" => Format::Csv,
        "jsonl" | "ndjson" => Format::JsonLines,
        "parquet" => Format::Parquet,
        _ => return None,
    };
    Some((format, compression))
}

/// Creates or empties a file that only its owner may read: it will hold identifiers.
///
/// # Errors
/// The system says so.
pub fn create_private(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // One that was there keeps its mode when it is emptied.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_format_and_compression() {
        for (name, expected) in [
            ("a.csv", Some((Format::Csv, Compression::None))),
            ("/x.y/A.CSV.GZ", Some((Format::Csv, Compression::Gzip))),
            ("a.jsonl.zst", Some((Format::JsonLines, Compression::Zstd))),
            ("a.ndjson", Some((Format::JsonLines, Compression::None))),
            ("a.parquet", Some((Format::Parquet, Compression::None))),
            ("a.txt", None),
            ("a.gz", None),
            ("csv", None),
            ("", None),
        ] {
            assert_eq!(guess(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn files_are_created_for_their_owner_alone_even_over_open_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rejects.csv");
        std::fs::write(&path, "old").expect("written");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("set");
        let file = create_private(&path).expect("created");
        let metadata = file.metadata().expect("known");
        assert_eq!(
            (metadata.len(), metadata.permissions().mode() & 0o777),
            (0, 0o600)
        );
    }
}
