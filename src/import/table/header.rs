//! A file's header: which of its columns means what.
//!
//! Read once, before any row. Invariant: every column is known, meant to be ignored, or refused; no two mean the same.
//! A file without header has a row of values in its place: no error repeats a name that is not one of ours.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{Column, FOREIGN_PREFIX, Field, Need, Part, REJECT_COLUMNS};
use crate::import::FileError;

/// The most columns of a file.
pub const COLUMNS_MAX: usize = 512;
/// The most bytes of a column's name.
pub const NAME_BYTES_MAX: usize = 128;

/// What a column is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It says something of the record.
    Known(Column),
    /// It is the maker's own.
    Foreign,
    /// A reject file had it: replaced when the row is rejected again.
    Reject,
}

impl Meaning {
    /// What a name means; `None` when it is none of ours.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        if REJECT_COLUMNS.contains(&name.as_str()) {
            Some(Self::Reject)
        } else if name.starts_with(FOREIGN_PREFIX) {
            Some(Self::Foreign)
        } else {
            Column::parse(&name).map(Self::Known)
        }
    }
}

/// The columns of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
    meanings: Vec<Meaning>,
}

impl Header {
    /// Understands the names of a file's columns.
    ///
    /// # Errors
    /// [`FileError::Header`]: one is unknown or there twice, or one is missing that every record needs.
    pub fn read(names: Vec<String>) -> Result<Self, FileError> {
        Self::understand(names).map_err(|problem| FileError::Header { problem })
    }

    fn understand(names: Vec<String>) -> Result<Self, String> {
        if names.len() > COLUMNS_MAX {
            return Err(format!("has {} columns; at most {COLUMNS_MAX}", names.len()));
        }
        if names.iter().all(|name| name.trim().is_empty()) {
            return Err(
                "is missing; the first line names the columns, see `tallystick upload --template csv`"
                    .to_owned(),
            );
        }
        let mut meanings = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let meaning = Some(name)
                .filter(|name| name.len() <= NAME_BYTES_MAX)
                .and_then(|name| Meaning::of(name));
            meanings.push(meaning.ok_or_else(|| unknown(name, index, names.len()))?);
        }
        let header = Self { names, meanings };
        header.refuse_doubles()?;
        header.refuse_gaps()?;
        Ok(header)
    }

    fn refuse_doubles(&self) -> Result<(), String> {
        let mut seen = BTreeMap::new();
        let mut foreign = BTreeSet::new();
        for (index, (name, meaning)) in self.names.iter().zip(&self.meanings).enumerate() {
            let place = index + 1;
            match meaning {
                Meaning::Known(column) => {
                    if let Some(first) = seen.insert(*column, place) {
                        let name = column.name();
                        return Err(format!(
                            "names {name} twice, in columns {first} and {place}; leave one out"
                        ));
                    }
                }
                Meaning::Foreign | Meaning::Reject => {
                    if !foreign.insert(name.trim().to_ascii_lowercase()) {
                        return Err(format!(
                            "repeats the name of column {place}; rename one of the two"
                        ));
                    }
                }
            }
        }
        for column in seen.keys() {
            if let Column::Minor(field) = column
                && seen.contains_key(&Column::Field(*field))
            {
                let name = field.name();
                return Err(format!("has both {name} and {name}_minor; leave one of them out"));
            }
        }
        Ok(())
    }

    fn refuse_gaps(&self) -> Result<(), String> {
        let has = |column| self.meanings.contains(&Meaning::Known(column));
        let has_field = |field| has(Column::Field(field)) || has(Column::Minor(field));
        // A file of deletions alone needs nothing else; rows that delete nothing are told what they lack one by one.
        let may_delete = has_field(Field::DeleteReason);
        let mut missing: Vec<&str> = Field::ALL
            .iter()
            .filter(|field| match field.need() {
                Need::Row => true,
                Need::Position => !may_delete,
                Need::Sometimes => false,
            })
            .filter(|field| !has_field(**field))
            .map(|field| field.name())
            .collect();
        let names_somebody = self.meanings.iter().any(|meaning| {
            matches!(
                meaning,
                Meaning::Known(Column::Liability(0, Part::Identifier(_) | Part::Token(_)))
            )
        });
        if !names_somebody && !may_delete {
            missing.push("an identifier such as national_id or mobile");
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("lacks {}; every record needs it", missing.join(", ")))
    }

    /// The names, as the file spells them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the columns mean, in order.
    pub(super) fn meanings(&self) -> &[Meaning] {
        &self.meanings
    }

    /// Whether a column came from a reject file.
    pub(super) fn is_reject(&self, index: usize) -> bool {
        self.meanings.get(index) == Some(&Meaning::Reject)
    }
}

fn unknown(name: &str, index: usize, count: usize) -> String {
    let place = index + 1;
    let separator = [(';', "semicolons"), ('\t', "tabs")]
        .into_iter()
        .find(|(mark, _)| count == 1 && name.contains(*mark));
    if let Some((_, what)) = separator {
        return format!("separates columns with {what}; use commas");
    }
    match Column::nearest(name) {
        Some(near) => format!(
            "has a column {place} that is not known; is it {near}? Columns of your own begin with {FOREIGN_PREFIX}"
        ),
        None => format!(
            "has a column {place} that is not known; see docs/files.md, columns of your own begin with {FOREIGN_PREFIX}"
        ),
    }
}

#[cfg(test)]
mod tests;
