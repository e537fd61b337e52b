//! Reject files: what did not pass, as it stood, with what is wrong, in the format and columns that it came in.
//!
//! The reject columns come first, so that a row whose cells are too many or too few still lines up under them. Several
//! reasons of one record are joined with `"; "` in each column, in the same order. Mended in place and sent again, the
//! columns are ignored. Invariant: nothing else of a record is changed.

use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::columns::REJECT_COLUMNS;
use super::format::{Compression, Format};
use super::header::{Header, Meaning};
use super::json::members;
use super::sink::{Output, Sink};
use super::write::{CellWriter, member, write_object};
use crate::import::{Raw, Reason, RejectWriter};

/// What stands between the reasons of one record.
pub const REASON_SEPARATOR: &str = "; ";
/// The key under which a line goes back that is no object.
pub const BROKEN_LINE_KEY: &str = "x_line";

/// The form of a file: what its reject file must look like.
#[derive(Debug, Clone)]
pub struct Layout {
    format: Format,
    /// Of a format with columns.
    header: Option<Arc<Header>>,
}

impl Layout {
    pub(super) fn with_columns(format: Format, header: Arc<Header>) -> Self {
        Self {
            format,
            header: Some(header),
        }
    }

    pub(super) fn of_lines() -> Self {
        Self {
            format: Format::JsonLines,
            header: None,
        }
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Begins a reject file. It will hold identifiers: see [`super::format::create_private`].
    ///
    /// # Errors
    /// The output fails.
    pub fn rejects(&self, output: Output, compression: Compression) -> io::Result<Box<dyn RejectWriter>> {
        let Some(header) = &self.header else {
            return Ok(Box::new(LineRejects(Sink::new(output, compression)?)));
        };
        let names = header
            .names()
            .iter()
            .enumerate()
            .filter(|(index, _)| !header.is_reject(*index))
            .map(|(_, name)| name.clone());
        let names = REJECT_COLUMNS
            .into_iter()
            .map(str::to_owned)
            .chain(names)
            .collect();
        Ok(Box::new(RowRejects {
            header: Arc::clone(header),
            cells: CellWriter::new(output, self.format, compression, names)?,
        }))
    }
}

/// The cells of [`REJECT_COLUMNS`].
fn verdict(raw: &Raw, reasons: &[Reason]) -> [String; 5] {
    let joined = |part: fn(&Reason) -> &str| {
        let parts: Vec<&str> = reasons.iter().map(part).collect();
        parts.join(REASON_SEPARATOR)
    };
    [
        raw.line.to_string(),
        joined(|reason| &reason.code),
        joined(|reason| &reason.field),
        joined(|reason| &reason.text),
        joined(|reason| &reason.fix),
    ]
}

struct RowRejects {
    header: Arc<Header>,
    cells: CellWriter,
}

impl RejectWriter for RowRejects {
    fn reject(&mut self, raw: &Raw, reasons: &[Reason]) -> io::Result<()> {
        let verdict = verdict(raw, reasons);
        let kept = raw
            .cells
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.header.is_reject(*index))
            .map(|(_, cell)| cell.as_str());
        let cells: Vec<&str> = verdict.iter().map(String::as_str).chain(kept).collect();
        self.cells.write_any(&cells)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.cells.finish()
    }
}

struct LineRejects(Sink);

impl RejectWriter for LineRejects {
    fn reject(&mut self, raw: &Raw, reasons: &[Reason]) -> io::Result<()> {
        let line = raw.cells.first().map_or("", |line| line.as_str());
        let mut object = REJECT_COLUMNS
            .into_iter()
            .zip(verdict(raw, reasons))
            .map(|(key, text)| member(key, &text))
            .collect::<io::Result<Vec<_>>>()?;
        match members(line) {
            Ok(members) => {
                let kept = members
                    .iter()
                    .filter(|member| Meaning::of(&member.key) != Some(Meaning::Reject));
                object.extend(kept.map(|member| Zeroizing::new(member.raw.to_owned())));
            }
            Err(_) => object.push(member(BROKEN_LINE_KEY, line)?),
        }
        write_object(&mut self.0, &object)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.0.finish()
    }
}
