//! JSON Lines: one flat object a line.
//!
//! Lines stand for themselves: one that is no object is a rejected record, not the end of the file. Invariant: memory is
//! one line of [`RECORD_BYTES_MAX`] and a buffer, whatever the file holds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::columns::Column;
use super::header::{COLUMNS_MAX, Meaning};
use super::input::{Damage, RECORD_BYTES_MAX, file_error};
use super::json::{Member, Value, members};
use super::parse::{Row, path_of, read_row};
use super::rows::cell_text;
use crate::domain::violation::{Code, Violation};
use crate::import::{Circumstances, FileError, FileRecord, Parser, Raw, Reader, Unreadable};

/// Reads lines.
pub(super) struct LineReader {
    text: BufReader<Box<dyn Read + Send>>,
    line: u64,
    parser: Arc<LineParser>,
    ended: bool,
}

impl LineReader {
    pub(super) fn open(text: Box<dyn Read + Send>, circumstances: &Circumstances) -> Self {
        Self {
            text: BufReader::new(text),
            line: 0,
            parser: Arc::new(LineParser(circumstances.clone())),
            ended: false,
        }
    }

    /// The next line that is not blank.
    fn record(&mut self) -> Result<Option<Raw>, FileError> {
        loop {
            self.line += 1;
            let Some(bytes) = self.bytes()? else {
                return Ok(None);
            };
            if bytes.iter().any(|byte| !byte.is_ascii_whitespace()) {
                let line = self.line;
                let cells = vec![cell_text(&bytes, line)?];
                return Ok(Some(Raw { line, cells }));
            }
        }
    }

    /// The bytes of one line without its end; `None` behind the last.
    fn bytes(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
        let mut bytes = Zeroizing::new(Vec::new());
        // The line, CR and LF.
        let most = RECORD_BYTES_MAX + 2;
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        let line = self.line;
        let failed = |error| file_error(error, line);
        self.text
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut bytes)
            .map_err(failed)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        for end in [b'\n', b'\r'] {
            if bytes.last() == Some(&end) {
                bytes.pop();
            }
        }
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(failed(std::io::Error::other(Damage::TooLong)));
        }
        Ok(Some(bytes))
    }
}

impl Reader for LineReader {
    fn next(&mut self) -> Result<Option<Raw>, FileError> {
        if self.ended {
            return Ok(None);
        }
        let record = self.record();
        self.ended = !matches!(record, Ok(Some(_)));
        record
    }

    fn parser(&self) -> Arc<dyn Parser> {
        Arc::clone(&self.parser) as Arc<dyn Parser>
    }
}

/// Understands lines.
#[derive(Debug)]
struct LineParser(Circumstances);

impl Parser for LineParser {
    fn parse(&self, raw: &Raw) -> Result<FileRecord, Unreadable> {
        let line = raw.cells.first().map_or("", |line| line.as_str());
        let members = match members(line) {
            Ok(members) if members.len() <= COLUMNS_MAX => members,
            Ok(members) => {
                return Err(unreadable(format!(
                    "the object has {} members; at most {COLUMNS_MAX}",
                    members.len()
                )));
            }
            Err(problem) => return Err(unreadable(problem.to_owned())),
        };
        let (cells, before) = cells_of(&members);
        let cells = cells.iter().map(|(column, cell)| (*column, *cell));
        read_row(&Row::new(cells), before, &self.0)
    }
}

fn unreadable(problem: String) -> Unreadable {
    Unreadable {
        account_ref: None,
        violations: vec![Violation::new(Code::Format, "position", problem)],
    }
}

/// What an object says, and what is wrong with its members.
fn cells_of<'m>(members: &'m [Member<'_>]) -> (BTreeMap<Column, &'m str>, Vec<Violation>) {
    let mut cells = BTreeMap::new();
    let mut before = Vec::new();
    for member in members {
        let column = match Meaning::of(&member.key) {
            Some(Meaning::Known(column)) => column,
            Some(Meaning::Foreign | Meaning::Reject) => continue,
            None => {
                // Looking for the nearest name costs time: as often as it can be told.
                if before.len() < Violation::COUNT_MAX {
                    before.push(unknown_key(&member.key));
                }
                continue;
            }
        };
        let cell = match &member.value {
            Value::Text(text) => text.as_str(),
            Value::Number(number) => number,
            Value::Null => "",
            Value::Truth => {
                let text = "it is true or false; no column holds a truth value, write a text or a number";
                before.push(Violation::new(Code::Format, path_of(column), text));
                continue;
            }
        };
        if cells.insert(column, cell).is_some() {
            let text = "it is given twice; leave one of them out";
            before.push(Violation::new(Code::Format, path_of(column), text));
        }
    }
    (cells, before)
}

/// A key that is no column. It is not repeated: a broken exporter may have put a value there.
fn unknown_key(key: &str) -> Violation {
    let text = match Column::nearest(key) {
        Some(near) => format!("a key is not known; is it {near}? Keys of your own begin with x_"),
        None => "a key is not known; see docs/files.md, keys of your own begin with x_".to_owned(),
    };
    Violation::new(Code::Format, "position", text)
}
