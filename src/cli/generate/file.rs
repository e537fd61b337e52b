//! One file of the market with what is expected of it beside: the rows that are not plainly accepted, and the sums.
//!
//! Written in one pass and constant memory. Invariant: the same arguments give the same bytes, in every format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::book::{Book, Planting};
use super::mistakes::{Fate, Scripted};
use super::months::Month;
use super::population::{Population, member_id};
use crate::domain::batch::{BatchRecord, ControlTotals};
use crate::domain::token::IdentifierType;
use crate::import::table::cells::cell;
use crate::import::table::columns::{Column, Field, Part, names_of, template};
use crate::import::table::{CellWriter, Compression, Format, create_private};

/// Columns of a truth file.
const TRUTH_COLUMNS: [&str; 6] = ["file", "row", "account_ref", "fate", "codes", "warnings"];
/// Subjects after which progress is told.
const PROGRESS_SUBJECTS: u64 = 1_024;

/// What all files of a market have in common.
#[derive(Debug, Clone)]
pub(super) struct Market {
    pub population: Population,
    pub planting: Planting,
    pub format: Format,
    pub compression: Compression,
    /// As they were given, for whoever finds the files.
    pub arguments: Value,
}

/// What is expected of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub records: u64,
    pub fates: BTreeMap<Fate, u64>,
    /// Records that are accepted with a warning.
    pub warnings: u64,
    /// Over the positions that can be sent.
    pub totals: ControlTotals,
}

impl Expected {
    fn count(&mut self, row: &Scripted) {
        let fate = fate_of(row);
        self.records += 1;
        *self.fates.entry(fate).or_default() += 1;
        self.warnings += u64::from(row.mistake.is_some() && fate == Fate::Accepted);
        if let (BatchRecord::Position(record), true) = (&row.record, fate != Fate::Unreadable) {
            let facts = &record.position.facts;
            let overdue = &facts.overdue;
            let parts = [overdue.principal, overdue.interest, overdue.penalty, overdue.fees];
            self.totals.add(facts.currency, facts.outstanding_total, parts);
        }
    }

    /// Of one fate.
    pub fn of(&self, fate: Fate) -> u64 {
        self.fates.get(&fate).copied().unwrap_or_default()
    }

    /// Adds what is expected of another file.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.warnings += other.warnings;
        for (fate, count) in &other.fates {
            *self.fates.entry(*fate).or_default() += count;
        }
        for (currency, sums) in &other.totals.0 {
            let parts = [sums.overdue_total, 0, 0, 0];
            self.totals.add(*currency, sums.outstanding_total, parts);
        }
    }
}

fn fate_of(row: &Scripted) -> Fate {
    row.mistake.map_or(Fate::Accepted, |mistake| mistake.fate)
}

impl Market {
    /// The columns of its files: the template's, and those of tokens where a mistake needs them.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = template();
        if self.planting.per_mille > 0 {
            columns.push(Column::Liability(0, Part::Token(IdentifierType::NationalId)));
            columns.push(Column::Liability(0, Part::TokenKeyVersion));
        }
        columns
    }

    /// The name of a file without its ending.
    pub fn stem(member: u64, month: Month) -> String {
        format!("{}_{}", member_id(member), month.end.format("%Y-%m-%d"))
    }

    /// The ending that readers tell the format by.
    pub fn ending(&self) -> &'static str {
        match (self.format, self.compression) {
            (Format::Csv, Compression::None) => "csv",
            (Format::Csv, Compression::Gzip) => "csv.gz",
            (Format::Csv, Compression::Zstd) => "csv.zst",
            (Format::JsonLines, Compression::None) => "jsonl",
            (Format::JsonLines, Compression::Gzip) => "jsonl.gz",
            (Format::JsonLines, Compression::Zstd) => "jsonl.zst",
            // Compressed inside.
            (Format::Parquet, _) => "parquet",
        }
    }

    /// Writes the file of a member and a month into a folder. `progress` is told how many subjects more are done.
    pub fn write(
        &self,
        folder: &Path,
        member: u64,
        month: Month,
        progress: &dyn Fn(u64),
    ) -> anyhow::Result<Expected> {
        let stem = Self::stem(member, month);
        let name = format!("{stem}.{}", self.ending());
        let columns = self.columns();
        let output = create(&folder.join(&name))?;
        let mut rows = CellWriter::new(
            Box::new(output),
            self.format,
            self.compression,
            names_of(&columns),
        )?;
        let mut truth = Truth::begin(folder.join(format!("{stem}_truth.csv")), &name)?;
        let mut expected = Expected::default();
        let book = Book {
            population: &self.population,
            planting: &self.planting,
            member,
            month,
        };
        let mut planted = 0;
        let mut told = 0;
        let mut cells = Vec::with_capacity(columns.len());
        for number in 0..self.population.subjects {
            let subject = self.population.subject(number);
            book.rows_of(&subject, &mut planted, &mut |row| {
                expected.count(&row);
                truth.tell(expected.records, &row)?;
                cells.clear();
                cells.extend(columns.iter().map(|column| cell(&row.record, *column)));
                for (column, text) in &row.overwritten {
                    let place = columns.iter().position(|known| known == column);
                    let place = place.context("a mistake writes into a column that the file lacks")?;
                    text.clone_into(&mut cells[place]);
                }
                Ok(rows.write(&cells)?)
            })
            .with_context(|| format!("cannot write {name}"))?;
            if number - told >= PROGRESS_SUBJECTS {
                progress(number - told);
                told = number;
            }
        }
        rows.finish().with_context(|| format!("cannot write {name}"))?;
        truth.finish()?;
        progress(self.population.subjects - told);
        let totals = serde_json::to_vec_pretty(&self.totals(&name, member, month, &expected))?;
        let path = folder.join(format!("{stem}_totals.json"));
        std::fs::write(&path, totals).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(expected)
    }

    fn totals(&self, name: &str, member: u64, month: Month, expected: &Expected) -> Value {
        let totals: BTreeMap<&str, Value> = expected
            .totals
            .0
            .iter()
            .map(|(currency, sums)| {
                let sums = json!({
                    "outstanding_total_minor": sums.outstanding_total,
                    "overdue_total_minor": sums.overdue_total,
                });
                (currency.as_str(), sums)
            })
            .collect();
        json!({
            "file": name,
            "member_id": member_id(member),
            "as_of": month.end.to_string(),
            "records": expected.records,
            "sendable": expected.records - expected.of(Fate::Unreadable),
            "accepted": expected.of(Fate::Accepted),
            "accepted_with_warnings": expected.warnings,
            "superseded": expected.of(Fate::Superseded),
            "rejected": expected.of(Fate::Rejected),
            "unreadable": expected.of(Fate::Unreadable),
            "control_totals": totals,
            "arguments": self.arguments,
        })
    }
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    create_private(path).with_context(|| format!("cannot write {}", path.display()))
}

/// The rows of a file that are not plainly accepted.
struct Truth {
    rows: csv::Writer<std::fs::File>,
    path: PathBuf,
    file: String,
}

impl Truth {
    fn begin(path: PathBuf, file: &str) -> anyhow::Result<Self> {
        let mut rows = csv::Writer::from_writer(create(&path)?);
        rows.write_record(TRUTH_COLUMNS)?;
        Ok(Self {
            rows,
            path,
            file: file.to_owned(),
        })
    }

    fn tell(&mut self, number: u64, row: &Scripted) -> anyhow::Result<()> {
        let Some(mistake) = row.mistake else {
            return Ok(());
        };
        let overwritten = row.overwritten.iter();
        let account = overwritten
            .filter(|(column, _)| *column == Column::Field(Field::AccountRef))
            .map(|(_, text)| text.as_str())
            .next();
        let account = account.unwrap_or_else(|| row.record.account_ref().as_str());
        let code = mistake.code.as_str();
        let (codes, warnings) = match mistake.fate {
            Fate::Accepted => ("", code),
            Fate::Superseded | Fate::Rejected | Fate::Unreadable => (code, ""),
        };
        let number = number.to_string();
        let fate = mistake.fate.as_str();
        self.rows
            .write_record([&self.file, &number, account, fate, codes, warnings])?;
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<()> {
        let path = self.path;
        self.rows
            .flush()
            .with_context(|| format!("cannot write {}", path.display()))
    }
}
