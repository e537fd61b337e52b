//! Finished tables, before anything is protected or rounded: for the disclosure control, never for people.
//!
//! Invariant: the same rows give the same tables and the same bytes of [`Statistics::encode`], whatever their order was.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::axis::{Axis, age_of};
use super::columns::Column;
use super::contributors::Contributors;
use super::indicator::{Indicator, Published};
use super::scan::Scan;
use super::spread::{by_band, concentration};
use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;

/// A table of one snapshot: its counts, or its amounts in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Which one.
    pub published: Published,
    /// Of its amounts; `None` where it counts.
    pub currency: Option<Currency>,
    /// In the order of its axes.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place on each axis.
    pub places: Vec<usize>,
    /// Its values.
    pub values: Vec<i128>,
    /// Who stands behind each of its cells: its columns, then [`Indicator::differences`] and, of a vintage, what is new in
    /// the month. Nobody behind a column that is neither a sum nor a whole.
    pub contributors: Vec<Contributors>,
}

impl Table {
    /// What its values mean.
    pub fn columns(&self) -> &'static [Column] {
        self.published.indicator.columns(self.currency.is_some())
    }

    /// The names of a row's keys in a snapshot of a date.
    pub fn keys(&self, row: &Row, as_of: NaiveDate) -> Vec<Cow<'static, str>> {
        self.published
            .axes()
            .zip(&row.places)
            .map(|(axis, place)| axis.label(*place, as_of))
            .collect()
    }
}

/// Every table of a snapshot, with every digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The snapshot's date.
    pub as_of: NaiveDate,
    /// The date of the snapshot that it was compared with.
    pub previous: Option<NaiveDate>,
    /// Subjects with active own debt.
    pub subjects: u64,
    /// Active positions, each account once.
    pub positions: u64,
    /// Lenders of these.
    pub lenders: usize,
    /// The edges of exposure bands in each currency of the tables, minor units: everybody knows them.
    pub band_edges: BTreeMap<Currency, Vec<i64>>,
    /// What each lender's active positions come to in each currency, by the lenders' numbers.
    pub balances: BTreeMap<Currency, Vec<(MemberNo, i128)>>,
    /// The tables, in the order of [`Published::all`], counts before amounts by currency.
    pub tables: Vec<Table>,
}

/// The table whose first column are the balances of active positions, whether late or not.
const fn balances(cuts: &'static [Axis]) -> Published {
    Published {
        indicator: Indicator::Delinquency,
        cuts,
    }
}

impl Statistics {
    pub(super) fn of(scan: &Scan) -> Self {
        let mut tables = Vec::new();
        for published in Published::all() {
            let currencies = scan.ledger.currencies().map(Some);
            for currency in std::iter::once(None).chain(currencies) {
                let table = Table {
                    published,
                    currency,
                    rows: Vec::new(),
                };
                if !table.columns().is_empty() {
                    let rows = rows(scan, &table, &values(scan, &table));
                    tables.push(Table { rows, ..table });
                }
            }
        }
        Self {
            as_of: scan.terms.as_of,
            previous: scan.terms.previous,
            subjects: scan.subjects,
            positions: scan.positions,
            lenders: scan.active_lenders.len(),
            band_edges: scan
                .ledger
                .currencies()
                .map(|currency| (currency, scan.terms.bands(currency).edges()))
                .collect(),
            balances: scan
                .ledger
                .currencies()
                .map(|currency| (currency, scan.ledger.by_lender(balances(&[]), currency, 0, 0)))
                .collect(),
            tables,
        }
    }

    /// The one text of these tables for a digest: a line for each row, its keys and values apart by tabs.
    pub fn encode(&self) -> String {
        let previous = self.previous.map_or("-".to_owned(), |date| date.to_string());
        let mut text = format!(
            "tallystick statistics 1\n{}\t{previous}\n{}\t{}\t{}\n",
            self.as_of, self.subjects, self.positions, self.lenders
        );
        for table in &self.tables {
            let axes = table.published.axes().map(Axis::name);
            let columns = table.columns().iter().map(|column| column.name);
            text.push_str(table.published.indicator.name());
            text.push('\t');
            text.push_str(table.currency.as_ref().map_or("-", Currency::as_str));
            push_line(&mut text, axes.chain(columns).map(Cow::Borrowed));
            for row in &table.rows {
                let values = row.values.iter().map(|value| Cow::Owned(value.to_string()));
                push_line(&mut text, table.keys(row, self.as_of).into_iter().chain(values));
            }
        }
        text
    }
}

fn push_line(text: &mut String, parts: impl Iterator<Item = Cow<'static, str>>) {
    for part in parts {
        text.push('\t');
        text.push_str(&part);
    }
    text.push('\n');
}

/// The values of a table, row by row, with the figures that are no sums.
fn values(scan: &Scan, table: &Table) -> Vec<i128> {
    let Published { indicator, cuts } = table.published;
    let rows = table.published.rows();
    match (indicator, table.currency) {
        (Indicator::LendersPerSubject, _) => scan.lender_numbers.values(table.published.number(), rows),
        // Who has how much of all that is owed: the lenders of balances, whether late or not.
        (Indicator::Concentration, Some(currency)) => {
            let of_lenders = |row| {
                let found = scan.ledger.by_lender(balances(cuts), currency, row, 0);
                found.into_iter().map(|(_, balance)| balance).collect()
            };
            (0..rows).flat_map(|row| concentration(of_lenders(row))).collect()
        }
        (Indicator::ExposurePerSubject, Some(_)) => {
            let distribution = Published {
                indicator: Indicator::ExposureDistribution,
                cuts,
            };
            let columns = distribution.indicator.amounts().len();
            let bands = Axis::ExposureBand.places();
            by_band(&scan.ledger.values(distribution, table.currency), columns, bands)
        }
        _ => with_wholes(table, scan.ledger.values(table.published, table.currency)),
    }
}

/// The same with the columns `of_…`: the sums of the other columns over the last axis, which a share is a share of.
fn with_wholes(table: &Table, mut values: Vec<i128>) -> Vec<i128> {
    let columns = table.columns().len();
    let sums = table.columns().iter().filter(|column| column.is_additive).count();
    let Some(last) = table.published.axes().last().filter(|_| sums < columns) else {
        return values;
    };
    for whole in values.chunks_mut(columns * last.places()) {
        for column in 0..columns - sums {
            let sum = whole.iter().skip(column).step_by(columns).sum();
            whole
                .iter_mut()
                .skip(sums + column)
                .step_by(columns)
                .for_each(|cell| *cell = sum);
        }
    }
    values
}

/// The rows of a table, those left out that cannot be.
fn rows(scan: &Scan, table: &Table, values: &[i128]) -> Vec<Row> {
    let axes: Vec<Axis> = table.published.axes().collect();
    values
        .chunks(table.columns().len())
        .enumerate()
        .map(|(number, values)| Row {
            places: places(&axes, number),
            values: values.to_vec(),
            contributors: scan.ledger.row(table.published, table.currency, number),
        })
        .filter(|row| can_be(table.published.indicator, &row.places))
        .collect()
}

/// The places of a row on each axis, from its number.
fn places(axes: &[Axis], mut number: usize) -> Vec<usize> {
    let mut places: Vec<usize> = axes
        .iter()
        .rev()
        .map(|axis| {
            let place = number % axis.places();
            number /= axis.places();
            place
        })
        .collect();
    places.reverse();
    places
}

/// Whether anything can ever be in a row: no month of origination has more months on book than have passed.
fn can_be(indicator: Indicator, places: &[usize]) -> bool {
    match (indicator, places) {
        (Indicator::Vintage, [.., origination, months]) => *months < age_of(*origination),
        _ => true,
    }
}
