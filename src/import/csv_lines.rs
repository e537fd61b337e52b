//! On which line a row of a CSV file begins.
//!
//! The reader below counts a line when it meets its LF. Of CR LF it leaves the LF for the next row, and blank lines belong to
//! the row behind them: what it says of where a row begins is a line or more too early.

use csv::ByteRecord;

/// Follows the lines of a file, row by row.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Whether rows end in CR LF; unknown before the first.
    crlf: Option<bool>,
}

impl Lines {
    /// The line on which the next row begins, if no blank ones come before it.
    pub(super) fn expected(&self, before: u64) -> u64 {
        before + u64::from(self.crlf == Some(true))
    }

    /// The line on which a row began that was just read; `before` and `after` it the reader counted so many.
    pub(super) fn of(&mut self, before: u64, after: u64, row: &ByteRecord) -> u64 {
        let lines = row.as_slice().split(|byte| *byte == b'\n').count();
        let inside = u64::try_from(lines - 1).unwrap_or(u64::MAX);
        let last = after.saturating_sub(inside);
        let Some(crlf) = self.crlf else {
            self.crlf = Some(last <= before);
            return before;
        };
        // A last row without an end of line is counted as one of CR LF is.
        self.expected(before).max(last.saturating_sub(u64::from(!crlf)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<u64> {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let (mut lines, mut row, mut told) = (Lines::default(), ByteRecord::new(), Vec::new());
        loop {
            let before = rows.position().line();
            if !rows.read_byte_record(&mut row).unwrap() {
                return told;
            }
            told.push(lines.of(before, rows.position().line(), &row));
        }
    }

    #[test]
    fn rows_begin_where_an_editor_shows_them() {
        let cases: [(&str, &[u64]); 8] = [
            ("", &[]),
            ("a,b", &[1]),
            ("a,b\n1,2\n3,4\n", &[1, 2, 3]),
            ("a,b\n1,2\n3,4", &[1, 2, 3]),
            ("a,b\n\n1,2\n\n\n3,4\n", &[1, 3, 6]),
            ("a,b\n\"1\n1\",2\n3,4\n", &[1, 2, 4]),
            ("\"a\na\",b\n1,2\n", &[1, 3]),
            ("a,b\n\"\n\n\"\n3,4", &[1, 2, 5]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(text), expected, "{text:?}");
            let crlf = text.replace('\n', "\r\n");
            assert_eq!(lines(&crlf), expected, "{crlf:?}");
        }
    }
}
