//! Hides everything: what may be shown is not decided here yet.

use crate::domain::statistics::{Shown, ShownRow, ShownStatistics, ShownTable, Statistics};

/// The tables without a figure.
pub fn protect(statistics: &Statistics, _before: &[&ShownStatistics]) -> ShownStatistics {
    let tables = statistics.tables.iter().map(|table| ShownTable {
        published: table.published,
        currency: table.currency,
        rows: table
            .rows
            .iter()
            .map(|row| ShownRow {
                places: row.places.clone(),
                values: vec![Shown::Hidden; table.published.shown_columns(table.currency.is_some()).len()],
            })
            .collect(),
    });
    ShownStatistics {
        as_of: statistics.as_of,
        subjects: statistics.subjects / 5 * 5,
        positions: statistics.positions / 5 * 5,
        lenders: u32::try_from(statistics.lenders).unwrap_or(u32::MAX),
        tables: tables.collect(),
    }
}
