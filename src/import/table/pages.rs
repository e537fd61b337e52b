//! The sizes that a Parquet file says of itself, looked at before the library believes them.
//!
//! A page's header says how large it is, compressed and not, and how many values a dictionary has; the library makes room
//! for as much. So every page header of a row group is read here first, by a small reader of Thrift's compact protocol, and
//! held against named limits. Pages of GZIP are inflated once more than needed, because the library inflates them without
//! bound. Invariant: what passes takes at most [`ROW_GROUP_MEMORY_MAX`], and some small multiple while it is decoded.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::input::{broken, file_error};
use super::thrift::{PageHeader, read_page_header};
use crate::import::FileError;

/// The most bytes of the footer, which describes the columns of every row group.
pub const FOOTER_BYTES_MAX: u64 = 16 * 1_024 * 1_024;
/// The most bytes of one page, compressed or not.
pub const PAGE_BYTES_MAX: u64 = 16 * 1_024 * 1_024;
/// The most bytes that the largest pages and the dictionaries of a row group take together.
pub const ROW_GROUP_MEMORY_MAX: u64 = 256 * 1_024 * 1_024;
/// What an entry of a dictionary takes beside its bytes, in the library.
const DICTIONARY_ENTRY_BYTES: u64 = 64;
/// The length of the footer and the magic at the end.
const TAIL_BYTES: u64 = 8;

/// Encodings whose size follows from the page's: PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY. The delta encodings take
/// whatever a few bytes say.
const ENCODINGS: [i64; 4] = [0, 2, 3, 8];

/// Refuses a file whose footer is too large.
pub(super) fn check_footer(mut file: &File) -> Result<(), FileError> {
    let no_parquet = || {
        broken(
            1,
            "this is not a Parquet file, or not all of it; it does not end as one",
        )
    };
    let length = file.metadata()?.len();
    let start = length.checked_sub(TAIL_BYTES).ok_or_else(no_parquet)?;
    file.seek(SeekFrom::Start(start))?;
    let mut tail = [0; 8];
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    if &magic != b"PAR1" {
        return Err(no_parquet());
    }
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if footer > FOOTER_BYTES_MAX {
        let text = format!(
            "the footer has {footer} bytes; at most {FOOTER_BYTES_MAX}: write fewer row groups a file"
        );
        return Err(broken(1, text));
    }
    Ok(())
}

/// Refuses a row group that would take too much memory.
pub(super) fn check_row_group(file: &File, group: &RowGroupMetaData, line: u64) -> Result<(), FileError> {
    let length = file.metadata()?.len();
    let mut memory = 0_u64;
    for column in group.columns() {
        let taken = check_column(file, length, column).map_err(|fault| match fault {
            Fault::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => file_error(error, line),
            Fault::Io(_) | Fault::Damaged => broken(
                line,
                "the Parquet file is damaged or ends too early; make or send it again",
            ),
            Fault::Refused(what) => broken(line, what),
        })?;
        memory = memory.saturating_add(taken);
    }
    if memory > ROW_GROUP_MEMORY_MAX {
        let text = format!(
            "the pages and dictionaries of a row group take {memory} bytes; at most {ROW_GROUP_MEMORY_MAX}: write smaller \
             pages or fewer rows a group"
        );
        return Err(broken(line, text));
    }
    Ok(())
}

/// Why a column cannot be read.
enum Fault {
    Io(io::Error),
    Damaged,
    Refused(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a column of a row group takes: its dictionary and its largest page.
fn check_column(mut file: &File, length: u64, column: &ColumnChunkMetaData) -> Result<u64, Fault> {
    let start = column
        .dictionary_page_offset()
        .unwrap_or_else(|| column.data_page_offset());
    let start = u64::try_from(start).map_err(|_| Fault::Damaged)?;
    let bytes = u64::try_from(column.compressed_size()).map_err(|_| Fault::Damaged)?;
    let end = start
        .checked_add(bytes)
        .filter(|end| *end <= length)
        .ok_or(Fault::Damaged)?;
    let gzip = matches!(column.compression(), Compression::GZIP(_));
    let (mut at, mut dictionary, mut largest) = (start, 0_u64, 0_u64);
    while at < end {
        file.seek(SeekFrom::Start(at))?;
        let mut reader = BufReader::with_capacity(512, file.take(end - at));
        let (header, header_bytes) = read_page_header(&mut reader)?.ok_or(Fault::Damaged)?;
        let (inflated, deflated) = sizes(&header)?;
        let data = at + header_bytes;
        at = data
            .checked_add(deflated)
            .filter(|at| *at <= end)
            .ok_or(Fault::Damaged)?;
        if header
            .encoding
            .is_some_and(|encoding| !ENCODINGS.contains(&encoding))
        {
            return Err(Fault::Refused(
                "a column is written with a delta or other unusual encoding; write PLAIN or dictionary pages (version 1)",
            ));
        }
        if gzip {
            file.seek(SeekFrom::Start(data))?;
            inflates_as_told(file.take(deflated), &header, inflated)?;
        }
        match header.dictionary_values {
            Some(values) => {
                let values = u64::try_from(values).map_err(|_| Fault::Damaged)?;
                if values > inflated {
                    return Err(Fault::Damaged);
                }
                dictionary = dictionary.max(inflated + values * DICTIONARY_ENTRY_BYTES);
            }
            None => largest = largest.max(inflated),
        }
    }
    Ok(dictionary + largest)
}

/// The page's bytes, inflated and as they stand.
fn sizes(header: &PageHeader) -> Result<(u64, u64), Fault> {
    let size = |size: i64| {
        let size = u64::try_from(size).map_err(|_| Fault::Damaged)?;
        if size > PAGE_BYTES_MAX {
            return Err(Fault::Refused(
                "a page has more than 16 MiB; write smaller pages, 1 MiB is usual",
            ));
        }
        Ok(size)
    };
    Ok((size(header.uncompressed_bytes)?, size(header.compressed_bytes)?))
}

/// Inflates a page of GZIP to see that it has not more bytes than its header says. Levels before the data of a version 2
/// page are not compressed.
fn inflates_as_told(mut page: impl Read, header: &PageHeader, inflated: u64) -> Result<(), Fault> {
    let levels = u64::try_from(header.level_bytes).map_err(|_| Fault::Damaged)?;
    io::copy(&mut page.by_ref().take(levels), &mut io::sink())?;
    let room = inflated.checked_sub(levels).ok_or(Fault::Damaged)?;
    if !header.is_compressed || room == 0 {
        return Ok(());
    }
    let decoder = flate2::read::MultiGzDecoder::new(page);
    let bytes = io::copy(&mut decoder.take(room + 1), &mut io::sink()).map_err(|_| Fault::Damaged)?;
    if bytes == room {
        Ok(())
    } else {
        Err(Fault::Damaged)
    }
}
