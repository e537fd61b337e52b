//! Rows on their way from one engine to the other, and what proves that they arrived.
//!
//! Knows no table by name: an engine tells its tables, columns and keys from its own catalogue, so that no table can be
//! forgotten. Rows travel in the order of their keys; what is there already is a beginning of them.

use sha2::{Digest as _, Sha256};

/// What a column holds, in whichever width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Number,
    /// Texts.
    Text,
    /// Bytes.
    Bytes,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A table as its engine describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns that its rows are ordered by, as places in `columns`; together unique.
    pub key: Vec<usize>,
}

impl Table {
    /// Whether it has one row, which the schema itself makes.
    pub fn is_singleton(&self) -> bool {
        self.columns.iter().any(|column| column.name == "singleton")
    }

    /// The key of a row.
    pub fn key_of(&self, row: &Row) -> Row {
        self.key
            .iter()
            .filter_map(|place| row.get(*place).cloned())
            .collect()
    }

    /// Names of its columns, parted by commas.
    pub fn column_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    }

    /// The columns of its key.
    pub fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().filter_map(|place| self.columns.get(*place))
    }
}

/// A cell of a row.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

crate::redacted_debug!(Cell);

/// The cells of a row, in the order of the table's columns.
pub type Row = Vec<Cell>;

/// How many rows a table has, and a hash over all of them in order: equal for equal contents on either engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// Rows.
    pub rows: u64,
    /// SHA-256 over every cell of every row, each with its kind and length.
    pub sha256: [u8; 32],
}

/// Adds up [`Contents`].
#[derive(Debug, Clone, Default)]
pub struct Tally {
    rows: u64,
    hash: Sha256,
}

impl Tally {
    /// The next row.
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        for cell in row {
            let (kind, bytes): (u8, &[u8]) = match cell {
                Cell::Null => (0, &[]),
                Cell::Number(number) => {
                    self.hash.update([1]);
                    self.hash.update(number.to_be_bytes());
                    continue;
                }
                Cell::Text(text) => (2, text.as_bytes()),
                Cell::Bytes(bytes) => (3, bytes),
            };
            self.hash.update([kind]);
            self.hash
                .update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.hash.update(bytes);
        }
        self.hash.update([255]);
    }

    /// What was added.
    pub fn contents(self) -> Contents {
        Contents {
            rows: self.rows,
            sha256: self.hash.finalize().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(rows: &[Row]) -> Contents {
        let mut tally = Tally::default();
        for row in rows {
            tally.add(row);
        }
        tally.contents()
    }

    #[test]
    fn contents_differ_whenever_a_cell_its_kind_or_its_place_does() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let all = [
            vec![],
            vec![vec![]],
            vec![vec![Cell::Null]],
            vec![vec![Cell::Number(0)]],
            vec![vec![text("")]],
            vec![vec![Cell::Bytes(Vec::new())]],
            vec![vec![text("ab"), text("c")]],
            vec![vec![text("a"), text("bc")]],
            vec![vec![text("ab")], vec![text("c")]],
            vec![vec![text("c")], vec![text("ab")]],
        ];
        for (place, one) in all.iter().enumerate() {
            for other in &all[..place] {
                assert_ne!(contents(one), contents(other));
            }
        }
        assert_eq!(contents(&all[6]), contents(&all[6].clone()));
    }
}
