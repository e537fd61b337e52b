//! What earlier snapshots have told already: nobody may learn of somebody by comparing.
//!
//! Four rules, argued in the module above. `before` are published tables, not raw ones: what they hide is not known here
//! either.

use chrono::Datelike as _;

use super::primary::{SUBJECTS_MIN, is_sensitive, need};
use super::system::{CellNo, Need, System};
use crate::domain::statistics::{Indicator, Shown, ShownStatistics, ShownTable};

/// Days within which the same people make up the market: what changes between is few of them.
pub const NEAR_DAYS: i64 = 28;
/// Subjects from which a cell that was hidden shortly before may be shown.
const SUBJECTS_AGAIN: u64 = 2 * SUBJECTS_MIN;

/// Whether two snapshots are of nearly the same people.
pub(super) fn is_near(system: &System<'_>, other: &ShownStatistics) -> bool {
    let days = (system.statistics.as_of - other.as_of).num_days();
    days.abs() < NEAR_DAYS
}

/// What an earlier snapshot showed of a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub shown: Shown,
    /// The share that stood behind it.
    pub share: Option<Shown>,
}

/// What near snapshots showed at a place, the newest first.
pub(super) fn told(
    system: &System<'_>,
    before: &[&ShownStatistics],
    (table, places, column): (usize, &[usize], usize),
) -> Vec<Told> {
    let of = &system.statistics.tables[table];
    let near = before.iter().rev().filter(|other| is_near(system, other));
    near.filter_map(|by| {
        let theirs = by.table(of.published.indicator, of.published.cuts, of.currency)?;
        let places = shifted(of.published.indicator, places, system, by)?;
        let row = theirs.rows.iter().find(|row| row.places == places)?;
        let columns = theirs.columns();
        let at = |is_share: bool| {
            let same = columns
                .iter()
                .position(|shown| shown.column == column && shown.of.is_some() == is_share);
            same.and_then(|same| row.values.get(same).copied())
        };
        Some(Told {
            shown: at(false)?,
            share: at(true),
        })
    })
    .collect()
}

/// The places of the same row in an earlier snapshot: months of origination are counted from its date.
fn shifted(
    indicator: Indicator,
    places: &[usize],
    system: &System<'_>,
    other: &ShownStatistics,
) -> Option<Vec<usize>> {
    let mut places = places.to_vec();
    if indicator == Indicator::Vintage {
        let month = |date: chrono::NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
        let passed = month(system.statistics.as_of) - month(other.as_of);
        let place = i64::try_from(places[0]).ok()? + passed;
        places[0] = usize::try_from(place).ok()?;
    }
    Some(places)
}

/// Keeps hidden what must stay hidden.
pub(super) fn guard(system: &mut System<'_>, before: &[&ShownStatistics]) {
    for other in before {
        stay_hidden(system, other);
        if system.statistics.previous == Some(other.as_of) {
            keep_out_of_rolls(system, other);
            keep_out_of_flows(system, other);
        }
    }
}

/// Cells that were hidden: those of the same date stay so, as do those of vintages, which are told again and again; those of
/// a near date as long as few stand behind them.
fn stay_hidden(system: &mut System<'_>, other: &ShownStatistics) {
    let is_same_date = system.statistics.as_of == other.as_of;
    let near = is_near(system, other);
    for theirs in &other.tables {
        let published = theirs.published;
        let Some(table) = system.table(published.indicator, published.cuts, theirs.currency) else {
            continue;
        };
        let is_vintage = published.indicator == Indicator::Vintage;
        if !(near || is_vintage) {
            continue;
        }
        let columns = theirs.columns();
        for row in 0..system.statistics.tables[table].rows.len() {
            let places = &system.statistics.tables[table].rows[row].places;
            let places = shifted(published.indicator, places, system, other);
            let Some(hidden) = theirs
                .rows
                .iter()
                .find(|row| Some(&row.places) == places.as_ref())
            else {
                continue;
            };
            for (column, shown) in columns.iter().zip(&hidden.values) {
                if *shown != Shown::Hidden || column.of.is_some() {
                    continue;
                }
                let cell = system.cell_at((table, row, column.column));
                if is_same_date || is_vintage {
                    keep_secret(system, cell);
                } else {
                    keep_small(system, cell);
                }
            }
        }
    }
}

/// Hides a cell whatever it holds, and protects it as if it were a secret of its own.
fn keep_secret(system: &mut System<'_>, cell: Option<CellNo>) {
    let Some(cell) = cell.map(|cell| &mut system.cells[cell]) else {
        return;
    };
    let wide = if cell.value == 0 {
        Need {
            low: 0,
            high: if cell.is_amount { 1 } else { 10 },
        }
    } else {
        need(cell)
    };
    // What was hidden might have been of anybody: where few stand behind it, from none.
    let is_few = cell.contributors.subjects < SUBJECTS_AGAIN && !cell.is_amount;
    cell.demand(Need {
        low: if is_few { 0 } else { wide.low.max(0) },
        ..wide
    });
}

/// Hides a cell that was hidden while few stand behind it.
fn keep_small(system: &mut System<'_>, cell: Option<CellNo>) {
    let Some(number) = cell else { return };
    let cell = &system.cells[number];
    let is_small = cell.value > 0 && (cell.contributors.subjects < SUBJECTS_AGAIN || is_sensitive(cell));
    if is_small {
        keep_secret(system, Some(number));
    }
}

/// Whether a table of theirs hides one of some columns of a row.
fn hides(theirs: Option<&ShownTable>, places: &[usize], columns: &[usize]) -> bool {
    let Some(theirs) = theirs else {
        return false;
    };
    let shown = theirs.columns();
    let row = theirs.rows.iter().find(|row| row.places == places);
    row.is_some_and(|row| {
        let mut cells = shown.iter().zip(&row.values);
        cells.any(|(column, value)| {
            column.of.is_none() && columns.contains(&column.column) && *value == Shown::Hidden
        })
    })
}

/// The columns of delinquency of which a bucket of days past due is the difference.
const fn bucket_columns(bucket: usize) -> &'static [usize] {
    match bucket {
        0 => &[0, 1],
        1 => &[1, 2],
        2 => &[2, 3],
        3 => &[3, 4],
        _ => &[4],
    }
}

/// Buckets that were hidden then stay out of what became of them.
fn keep_out_of_rolls(system: &mut System<'_>, other: &ShownStatistics) {
    for table in 0..system.statistics.tables.len() {
        let of = &system.statistics.tables[table];
        let published = of.published;
        if published.indicator != Indicator::RollRate {
            continue;
        }
        let delinquency = other.table(Indicator::Delinquency, published.cuts, of.currency);
        for row in 0..of.rows.len() {
            let places = &of.rows[row].places;
            let [own @ .., before, _] = places.as_slice() else {
                continue;
            };
            if hides(delinquency, own, bucket_columns(*before)) {
                let whole = system.cell_at((table, row, 1));
                keep_secret(system, whole);
                if let Some(part) = system.cell_at((table, row, 0)) {
                    system.cells[part].is_hidden = true;
                }
            }
        }
    }
}

/// Balances that were hidden then stay out of the flow that begins with them.
fn keep_out_of_flows(system: &mut System<'_>, other: &ShownStatistics) {
    for table in 0..system.statistics.tables.len() {
        let of = &system.statistics.tables[table];
        let published = of.published;
        if published.indicator != Indicator::Flow {
            continue;
        }
        let delinquency = other.table(Indicator::Delinquency, published.cuts, of.currency);
        for row in 0..of.rows.len() {
            if hides(delinquency, &of.rows[row].places, &[0]) {
                let opening = system.cell_at((table, row, 0));
                keep_secret(system, opening);
                for column in 1..8 {
                    if let Some(flow) = system.cell_at((table, row, column)) {
                        system.cells[flow].is_hidden = true;
                    }
                }
            }
        }
    }
}
