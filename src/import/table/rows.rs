//! Rows of cells under a header, as CSV and Parquet have them.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::header::{Header, Meaning};
use super::input::broken;
use super::parse::{Row, read_row};
use crate::domain::violation::{Code, Violation};
use crate::import::{Circumstances, FileError, FileRecord, Parser, Raw, Unreadable};

/// Understands rows whose cells stand in the header's order.
#[derive(Debug)]
pub(super) struct RowParser {
    header: Arc<Header>,
    circumstances: Circumstances,
}

impl RowParser {
    pub(super) fn new(header: Arc<Header>, circumstances: Circumstances) -> Self {
        Self {
            header,
            circumstances,
        }
    }
}

impl Parser for RowParser {
    fn parse(&self, raw: &Raw) -> Result<FileRecord, Unreadable> {
        let meanings = self.header.meanings();
        if raw.cells.len() != meanings.len() {
            let text = format!(
                "the row has {} cells but the header {}; look for a comma or line end that is not in quotation marks",
                raw.cells.len(),
                meanings.len()
            );
            // Nothing is known of which cell is which.
            return Err(Unreadable {
                account_ref: None,
                violations: vec![Violation::new(Code::Format, "position", text)],
            });
        }
        let cells = meanings
            .iter()
            .zip(&raw.cells)
            .filter_map(|(meaning, cell)| match meaning {
                Meaning::Known(column) => Some((*column, cell.as_str())),
                Meaning::Foreign | Meaning::Reject => None,
            });
        read_row(&Row::new(cells), Vec::new(), &self.circumstances)
    }
}

/// A cell as text.
pub(super) fn cell_text(bytes: &[u8], line: u64) -> Result<Zeroizing<String>, FileError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(broken(line, "the text is not UTF-8; save the file as UTF-8")),
    }
}
