//! On which line a row of a CSV file begins.
//!
//! The reader of rows counts an end of line when it meets its LF. Of CR LF it leaves the LF for the next row, blank lines belong to
//! the row behind them, and a bare CR counts nothing: what it says of where a row begins is off by a line or more. Where a
//! row begins in bytes it does know, give or take ends of lines before it.

use std::collections::VecDeque;
use std::io::Read;

use csv::ByteRecord;

/// Passes a text on and notes on which lines it has something.
#[derive(Debug)]
pub(super) struct Lined<R> {
    source: R,
    /// Bytes passed on.
    passed: u64,
    /// The line of the next byte, from 1.
    line: u64,
    /// Whether nothing of that line was passed on.
    is_fresh: bool,
    /// Whether the last byte was a CR, which ends a line with the LF behind it or without.
    after_cr: bool,
    /// Lines that are not blank and not given up yet: where each begins, and its number.
    begun: VecDeque<(u64, u64)>,
}

impl<R> Lined<R> {
    /// From the beginning of a text.
    pub(super) fn of(source: R) -> Self {
        Self {
            source,
            passed: 0,
            line: 1,
            is_fresh: true,
            after_cr: false,
            begun: VecDeque::new(),
        }
    }

    /// The line of the row that begins at `byte` or behind ends of lines there. Gives up the lines before it.
    fn line_at(&mut self, byte: u64) -> u64 {
        while self.begun.pop_front_if(|(begin, _)| *begin < byte).is_some() {}
        self.begun.front().map_or(self.line, |(_, line)| *line)
    }

    fn note(&mut self, passed: &[u8]) {
        for (at, byte) in (self.passed..).zip(passed) {
            let ends = std::mem::replace(&mut self.after_cr, *byte == b'\r') || *byte == b'\n';
            if ends {
                self.line += 1;
                self.is_fresh = true;
            }
            if self.is_fresh && !matches!(byte, b'\r' | b'\n') {
                self.is_fresh = false;
                self.begun.push_back((at, self.line));
            }
        }
        self.passed += u64::try_from(passed.len()).unwrap_or(0);
    }
}

impl<R: Read> Read for Lined<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.note(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Reads a row, and says where it begins or where that failed.
pub(super) fn read_row<R: Read>(
    rows: &mut csv::Reader<Lined<R>>,
    row: &mut ByteRecord,
) -> (csv::Result<bool>, u64) {
    let begin = rows.position().byte();
    let there = rows.read_byte_record(row);
    (there, rows.get_mut().line_at(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<u64> {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(5)
            .from_reader(Lined::of(text.as_bytes()));
        let (mut row, mut told) = (ByteRecord::new(), Vec::new());
        loop {
            let (there, line) = read_row(&mut rows, &mut row);
            if !there.unwrap() {
                return told;
            }
            told.push(line);
        }
    }

    #[test]
    fn rows_begin_where_an_editor_shows_them() {
        let cases: [(&str, &[u64]); 10] = [
            ("", &[]),
            ("a,b", &[1]),
            ("a,b\n1,2\n3,4\n", &[1, 2, 3]),
            ("a,b\n1,2\n3,4", &[1, 2, 3]),
            ("a,b\n\n1,2\n\n\n3,4\n", &[1, 3, 6]),
            ("a,b\n1,2\n\n3,4", &[1, 2, 4]),
            ("\n\na,b\n1,2\n", &[3, 4]),
            ("a,b\n\"1\n1\",2\n3,4\n", &[1, 2, 4]),
            ("\"a\na\",b\n1,2\n", &[1, 3]),
            ("a,b\n\"\n\n\"\n3,4", &[1, 2, 5]),
        ];
        for (text, expected) in cases {
            for end in ["\n", "\r\n", "\r"] {
                let text = text.replace('\n', end);
                assert_eq!(lines(&text), expected, "{text:?}");
                assert_eq!(lines(&format!("\u{feff}{text}")).len(), expected.len());
            }
        }
    }

    #[test]
    fn ends_of_lines_may_differ_within_a_file() {
        for text in ["a,b\r\n1,2\n3,4\n", "a,b\n1,2\r\n3,4\r\n", "a,b\r1,2\r\n3,4"] {
            assert_eq!(lines(text), [1, 2, 3], "{text:?}");
        }
        assert_eq!(lines("\u{feff}a,b\r\n\n1,2\r\n"), [1, 3]);
    }
}
