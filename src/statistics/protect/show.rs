//! From cells to what people see: rounding, shares, percentiles, and figures that are kept as they were told.

use super::primary::{LENDERS_MIN, SUBJECTS_MIN, TOTAL_SUBJECTS_MIN};
use super::system::{CellNo, System};
use super::time::{Told, told};
use crate::domain::statistics::{
    Column, Indicator, Kind, Published, Shown, ShownColumn, ShownKind, ShownRow, ShownStatistics, ShownTable,
};

/// What counts are rounded to.
const COUNT_UNIT: i128 = 5;
/// Digits of an amount that are shown.
const AMOUNT_DIGITS: u32 = 3;
/// Thousandths of 1.
const SHARE_UNIT: i128 = 1_000;
/// A count that moved by less than this from a near snapshot is told as it was: a change of ten and what rounding adds.
const MOVE_MIN: i128 = 12;
/// An amount that moved by less than so many times its largest subject's part likewise: as many subjects moved at least.
const MOVE_SUBJECTS_MIN: i128 = 10;
/// Beyond this a share tells less of its parts than their rounding.
const SHARP_MAX: i128 = 4_000;
/// Lenders from which it is told how much the largest of them hold.
const CONCENTRATION_LENDERS_MIN: i128 = 6;
/// Percentiles of lenders are shown within the part of the histogram where each number has a bar of its own.
const EXACT_LENDERS: i128 = 5;

/// A figure that people see.
#[derive(Debug, Clone, Copy)]
struct Figure {
    shown: i128,
    kept: Kept,
}

/// How a figure came to be.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// Rounded from the true one.
    Fresh,
    /// As it was told, with the share that was told with it, if any.
    Told(Option<Shown>),
}

/// Everything as it is published.
pub(super) fn show(system: &System<'_>, before: &[&ShownStatistics]) -> ShownStatistics {
    let statistics = system.statistics;
    let tables: Vec<ShownTable> = (0..statistics.tables.len())
        .map(|table| show_table(system, before, table))
        .collect();
    let head = |indicator: Indicator| {
        let mut found = tables
            .iter()
            .filter(|table| table.published.indicator == indicator && table.published.cuts.is_empty());
        match found
            .next()
            .and_then(|table| table.rows.first()?.values.first().copied())
        {
            Some(Shown::Count(count)) => u64::try_from(count).unwrap_or(0),
            _ => 0,
        }
    };
    let [subjects, positions] = [Indicator::MultiLenderRate, Indicator::Delinquency].map(head);
    let lenders = if positions > 0 { statistics.lenders } else { 0 };
    ShownStatistics {
        as_of: statistics.as_of,
        subjects,
        positions,
        lenders: u32::try_from(lenders).unwrap_or(u32::MAX),
        tables,
    }
}

fn show_table(system: &System<'_>, before: &[&ShownStatistics], number: usize) -> ShownTable {
    let table = &system.statistics.tables[number];
    let columns = table.published.shown_columns(table.currency.is_some());
    let rows = (0..table.rows.len()).map(|row| ShownRow {
        places: table.rows[row].places.clone(),
        values: show_row(system, before, (number, row), &columns),
    });
    ShownTable {
        published: table.published,
        currency: table.currency,
        members: Vec::new(),
        rows: rows.collect(),
    }
}

fn show_row(
    system: &System<'_>,
    before: &[&ShownStatistics],
    (number, row): (usize, usize),
    columns: &[ShownColumn],
) -> Vec<Shown> {
    let table = &system.statistics.tables[number];
    let places = &table.rows[row].places;
    let is_compared = before.iter().any(|other| super::time::is_near(system, other));
    let figures: Vec<Option<Figure>> = (0..table.columns().len())
        .map(|column| {
            let cell = system.cell_at((number, row, column))?;
            let told = told(system, before, (number, places, column));
            figure(system, cell, &told)
        })
        .collect();
    columns
        .iter()
        .map(|shown| {
            let column = &table.columns()[shown.column];
            let value = match shown.of {
                None if column.is_additive || column.is_whole() => {
                    figures[shown.column].map(|figure| figure.shown)
                }
                None => show_figure(system, (number, row), shown.column, column),
                Some(of) => {
                    let parts = (shown.column, of);
                    return show_share(system, (number, row), parts, shown.kind, &figures, is_compared);
                }
            };
            value.map_or(Shown::Hidden, |value| as_shown(shown.kind, value))
        })
        .collect()
}

fn as_shown(kind: ShownKind, value: i128) -> Shown {
    let Ok(value) = i64::try_from(value) else {
        return Shown::Hidden;
    };
    match kind {
        ShownKind::Count => Shown::Count(value),
        ShownKind::Amount => Shown::Amount(value),
        ShownKind::Ratio => Shown::Ratio(value),
    }
}

/// A sum, rounded, or as it was told when it has hardly moved.
fn figure(system: &System<'_>, cell: CellNo, told: &[Told]) -> Option<Figure> {
    let cell = &system.cells[cell];
    if cell.is_open() {
        return None;
    }
    let kept = told.iter().find_map(|told| match told.shown {
        Shown::Count(was) if !cell.is_amount => {
            let was = i128::from(was);
            ((cell.value - was).abs() < MOVE_MIN).then_some((was, told.share))
        }
        Shown::Amount(was) if cell.is_amount => {
            let was = i128::from(was);
            let [largest, _] = cell.contributors.largest_subjects;
            let least = largest * MOVE_SUBJECTS_MIN + amount_unit(cell.value.max(was));
            ((cell.value - was).abs() < least).then_some((was, told.share))
        }
        _ => None,
    });
    Some(match kept {
        Some((shown, share)) => Figure {
            shown,
            kept: Kept::Told(share),
        },
        None if cell.is_amount => Figure {
            shown: round(cell.value, amount_unit(cell.value)),
            kept: Kept::Fresh,
        },
        None => Figure {
            shown: round(cell.value, COUNT_UNIT),
            kept: Kept::Fresh,
        },
    })
}

/// To the nearest multiple, halves up.
fn round(value: i128, unit: i128) -> i128 {
    (2 * value + unit).div_euclid(2 * unit) * unit
}

/// What an amount is rounded to, so that [`AMOUNT_DIGITS`] of it are left.
fn amount_unit(value: i128) -> i128 {
    let mut unit = 1;
    while value / unit >= 10_i128.pow(AMOUNT_DIGITS) {
        unit *= 10;
    }
    unit
}

/// A share of two columns, from unrounded figures; from those that are shown where it could sharpen a comparison in time.
fn show_share(
    system: &System<'_>,
    (number, row): (usize, usize),
    (column, of): (usize, usize),
    kind: ShownKind,
    figures: &[Option<Figure>],
    is_compared: bool,
) -> Shown {
    let table = &system.statistics.tables[number];
    let values = &table.rows[row].values;
    let Some(whole) = figures[of] else {
        return Shown::Hidden;
    };
    let whole_cell = system.cell_at((number, row, of)).map(|cell| &system.cells[cell]);
    let behind = whole_cell.map_or(0, |cell| cell.contributors.subjects);
    let is_inner = table.columns()[column].kind == Kind::Inner;
    let parts = match (figures[column], is_inner) {
        (Some(part), _) => Some(part),
        (None, true) => figures[of],
        (None, false) => None,
    };
    let Some(part) = parts else {
        return Shown::Hidden;
    };
    let many = i128::from(TOTAL_SUBJECTS_MIN);
    let is_small = behind < TOTAL_SUBJECTS_MIN || (!is_amount(table.columns(), of) && values[of] < many);
    if is_small || values[of] == 0 || (is_inner && !may_tell_largest(values)) {
        return Shown::Hidden;
    }
    if let (Kept::Told(Some(kept)), Kept::Told(_)) = (part.kept, whole.kept) {
        return kept;
    }
    let exact = !is_compared || i128::from(behind) >= SHARP_MAX;
    let (part, whole) = match (exact || is_inner, part.shown, whole.shown) {
        (true, _, _) => (values[column], values[of]),
        (false, part, whole) => (part, whole),
    };
    let value = match kind {
        ShownKind::Amount => {
            let mean = part / whole.max(1);
            round(mean, amount_unit(mean))
        }
        ShownKind::Count | ShownKind::Ratio => quotient(part, whole),
    };
    as_shown(kind, value)
}

/// In thousandths, halves up.
pub(in crate::statistics) fn quotient(part: i128, whole: i128) -> i128 {
    (part.saturating_mul(2 * SHARE_UNIT).saturating_add(whole)).div_euclid(whole.max(1).saturating_mul(2))
}

fn is_amount(columns: &[Column], column: usize) -> bool {
    matches!(columns[column].kind, Kind::Amount | Kind::Inner)
}

/// Whether there are so many lenders that what the largest hold tells of none of them.
fn may_tell_largest(values: &[i128]) -> bool {
    values[0] >= CONCENTRATION_LENDERS_MIN
}

/// A figure that is no sum.
fn show_figure(
    system: &System<'_>,
    (number, row): (usize, usize),
    column: usize,
    of: &Column,
) -> Option<i128> {
    let table = &system.statistics.tables[number];
    let value = table.rows[row].values[column];
    let is_shown = |cell: Option<CellNo>| cell.is_some_and(|cell| !system.cells[cell].is_open());
    match of.kind {
        // How many lenders have a balance.
        Kind::Count => {
            let balance = system.cell_at((number, row, 1));
            let enough = i128::try_from(LENDERS_MIN).unwrap_or(i128::MAX);
            (is_shown(balance) && value >= enough).then(|| round(value, COUNT_UNIT))
        }
        Kind::Number => {
            let subjects = system.cell_at((number, row, 0));
            let many = table.rows[row].values[0] >= i128::from(TOTAL_SUBJECTS_MIN);
            let Published { indicator, cuts } = table.published;
            let (from, most) = match indicator {
                Indicator::LendersPerSubject => (Indicator::MultiLenderHistogram, EXACT_LENDERS),
                _ => (Indicator::ExposureDistribution, i128::MAX),
            };
            // A percentile follows from the bars up to it, and may be told when they are.
            let bars = if from == Indicator::MultiLenderHistogram {
                value - 1
            } else {
                value
            };
            let places = &table.rows[row].places;
            let mut bars = 0..=usize::try_from(bars.max(0)).unwrap_or(0);
            let all = bars.all(|bar| {
                let places = [&places[..], &[bar]].concat();
                is_shown(system.find((from, cuts, table.currency), &places, 0))
            });
            (is_shown(subjects) && many && value <= most && all).then_some(value)
        }
        Kind::Amount | Kind::Inner => None,
    }
}

const _: () = assert!(SUBJECTS_MIN * 5 == TOTAL_SUBJECTS_MIN);
