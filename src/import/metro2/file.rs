//! Reads a Metro 2 file record by record, each bounded, whatever the bytes.
//!
//! Where a record ends: at the length that its descriptor word tells, or at a line end before; segments that follow and
//! were not counted in the word belong to it (a segment begins with a letter, the next record with a digit). Records
//! that are too short still go to the parser, which rejects them one by one. The reader holds one record at a time.
//! Invariant: after the trailer, or an error, nothing more is read.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::layout::{BASE_BYTES, Kind, SEGMENTS_MAX, WORD_BYTES, ends, to_text};
use super::parse::Metro2Parser;
use super::totals::Totals;
use super::{Metro2Defaults, values};
use crate::import::{Circumstances, FileError, Parser, Raw, Reader};

/// The most bytes of a record: what the four digits of its descriptor word can tell.
pub const RECORD_BYTES_MAX: usize = 9_999;
/// What some systems write behind the last line.
const END_OF_TEXT: u8 = 0x1a;

/// One Metro 2 file.
pub struct Metro2Reader<R> {
    source: BufReader<R>,
    line: u64,
    header: Raw,
    totals: Totals,
    is_over: bool,
    parser: Arc<Metro2Parser>,
}

/// Why filling a record stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Full,
    LineEnd,
    End,
}

impl<R: Read + Send> Metro2Reader<R> {
    /// Opens a file: reads its header.
    ///
    /// # Errors
    /// The file cannot be read, or does not begin with the header of a Metro 2 file in character format.
    pub fn new(
        source: R,
        circumstances: &Circumstances,
        defaults: Metro2Defaults,
    ) -> Result<Self, FileError> {
        let mut reader = Self {
            source: BufReader::new(source),
            line: 0,
            header: Raw {
                line: 0,
                cells: Vec::new(),
            },
            totals: Totals::default(),
            is_over: false,
            parser: Arc::new(Metro2Parser::new(circumstances.today, defaults)),
        };
        let first = reader
            .read_record()?
            .ok_or_else(|| no_header("is missing: the file is empty"))?;
        if ends::HEADER_IN_BLOCK.of(&first) == b"HEADER" {
            return Err(no_header(
                "stands behind a block descriptor word; export the file without blocks, in records of fixed length",
            ));
        }
        if ends::HEADER.of(&first) != b"HEADER" {
            return Err(no_header(
                "is missing: a Metro 2 file begins with a record that holds HEADER in positions 5 to 10",
            ));
        }
        reader.header = reader.raw(&first);
        Ok(reader)
    }

    /// The header record as it stands, for the file of rejects.
    pub fn header(&self) -> &Raw {
        &self.header
    }

    fn raw(&self, record: &[u8]) -> Raw {
        Raw {
            line: self.line,
            cells: vec![to_text(record)],
        }
    }

    fn broken<T>(&self, problem: &str) -> Result<T, FileError> {
        Err(FileError::Broken {
            line: self.line,
            problem: problem.to_owned(),
        })
    }

    /// Skips line ends, and counts the line on which the next record stands. Records side by side count as lines.
    fn skip_line_ends(&mut self) -> std::io::Result<()> {
        let mut lines: u64 = 0;
        while let Some(byte) = self.peek()? {
            match byte {
                b'\n' => lines = lines.saturating_add(1),
                b'\r' | END_OF_TEXT => {}
                _ => break,
            }
            self.source.consume(1);
        }
        let first = self.line == 0;
        let step = if first {
            lines.saturating_add(1)
        } else {
            lines.max(1)
        };
        self.line = self.line.saturating_add(step);
        Ok(())
    }

    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        loop {
            match self.source.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Fills a record up to a length; a line end stops it and stays.
    fn fill(&mut self, record: &mut Vec<u8>, length: usize) -> std::io::Result<Stop> {
        while record.len() < length {
            let Some(byte) = self.peek()? else {
                return Ok(Stop::End);
            };
            if byte == b'\n' || byte == b'\r' {
                return Ok(Stop::LineEnd);
            }
            record.push(byte);
            self.source.consume(1);
        }
        Ok(Stop::Full)
    }

    fn read_record(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
        self.skip_line_ends()?;
        let mut record = Zeroizing::new(Vec::with_capacity(RECORD_BYTES_MAX));
        let stop = self.fill(&mut record, WORD_BYTES)?;
        if record.is_empty() {
            return Ok(None);
        }
        let Some(length) = descriptor(&record).filter(|_| stop == Stop::Full) else {
            return self.broken(
                "the record does not begin with four digits that tell its length; packed files and other codes than \
                 ASCII are not read: export the character format with records of 426 bytes",
            );
        };
        if length < BASE_BYTES {
            return self.broken("the record descriptor word tells less than the 426 bytes of a base segment");
        }
        if self.fill(&mut record, length)? == Stop::Full {
            self.read_uncounted(&mut record)?;
        }
        Ok(Some(record))
    }

    /// Segments and filling behind the length that the descriptor word told.
    fn read_uncounted(&mut self, record: &mut Vec<u8>) -> Result<(), FileError> {
        let mut segments = 0;
        loop {
            match self.peek()? {
                None | Some(b'\n' | b'\r' | END_OF_TEXT | b'0'..=b'9') => return Ok(()),
                Some(b' ') if record.len() < RECORD_BYTES_MAX => {
                    record.push(b' ');
                    self.source.consume(1);
                }
                Some(b'J' | b'K' | b'L' | b'N') if segments < SEGMENTS_MAX => {
                    segments += 1;
                    self.read_segment(record)?;
                }
                Some(_) => {
                    return self.broken(
                        "what follows the record is neither a line end, a segment nor another record; check that its \
                         descriptor word tells its length and that no segment was added beyond the limits",
                    );
                }
            }
        }
    }

    fn read_segment(&mut self, record: &mut Vec<u8>) -> Result<(), FileError> {
        let start = record.len();
        self.fill(record, start + 2)?;
        let kind = record.get(start..).and_then(Kind::of);
        let Some(end) = kind
            .map(|kind| start + kind.bytes())
            .filter(|end| *end <= RECORD_BYTES_MAX)
        else {
            return self
                .broken("a segment behind the record is not known, or makes it longer than 9999 bytes");
        };
        // A segment that is cut is the parser's to reject.
        self.fill(record, end)?;
        Ok(())
    }

    fn read_next(&mut self) -> Result<Option<Raw>, FileError> {
        let Some(record) = self.read_record()? else {
            return self
                .broken("the file ends without a trailer record; it may have been cut off: send it whole");
        };
        if ends::HEADER.of(&record) == b"HEADER" {
            return self.broken("a second header record; send one file at a time");
        }
        if ends::TRAILER.of(&record) == b"TRAILER" {
            if !self.totals.agree_with(&record) {
                return self.broken(
                    "the trailer's totals of records, statuses or segments are not those of the file; it may lack records",
                );
            }
            self.skip_line_ends()?;
            return match self.peek()? {
                None => Ok(None),
                Some(_) => self.broken("something follows the trailer record; send one file at a time"),
            };
        }
        self.totals.count(&record);
        Ok(Some(self.raw(&record)))
    }
}

impl<R: Read + Send> Reader for Metro2Reader<R> {
    fn next(&mut self) -> Result<Option<Raw>, FileError> {
        if self.is_over {
            return Ok(None);
        }
        let next = self.read_next();
        self.is_over = !matches!(next, Ok(Some(_)));
        next
    }

    fn parser(&self) -> Arc<dyn Parser> {
        Arc::<Metro2Parser>::clone(&self.parser)
    }
}

fn descriptor(record: &[u8]) -> Option<usize> {
    let digits = record.get(..WORD_BYTES)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    values::number(digits)
        .ok()
        .and_then(|length| usize::try_from(length).ok())
}

fn no_header(problem: &str) -> FileError {
    FileError::Header {
        problem: problem.to_owned(),
    }
}
