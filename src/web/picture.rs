//! The chart of any published table, to stand alone in a file.

use super::chart::{Setting, Shape};
use super::listing::Listing;
use super::names;
use super::pages::Sketch;
use crate::domain::language::Language;
use crate::domain::statistics::ShownKind;

/// Its shares where it has any, else its figures: over time when there are several snapshots, else by the table's places.
/// A text without a chart when there is nothing to draw.
pub fn to_svg(listing: &Listing, language: Language) -> String {
    let columns = listing.columns();
    let first = columns
        .iter()
        .find(|column| column.kind == ShownKind::Ratio)
        .or(columns.first());
    let Some(first) = first else {
        return String::new();
    };
    let unit = names::unit(first, listing.currency);
    let alike = columns
        .iter()
        .filter(|column| names::unit(column, listing.currency) == unit);
    let alike: Vec<&'static str> = alike.map(|column| column.name).collect();
    let sketch = Sketch {
        listing,
        id: listing.published.indicator.name().replace('_', "-"),
        title: listing.published.indicator.title(language).to_owned(),
        measure: names::column(first.name, language).to_owned(),
        language,
        setting: Setting::Alone,
    };
    let axes = listing.axes();
    match (axes.as_slice(), listing.tables.len()) {
        ([], 0 | 1) => sketch.columns_across(&alike, Shape::Bars),
        ([], _) => sketch.columns_over_time(&alike, Shape::Lines),
        ([axis], 0 | 1) => sketch.columns_by_place(*axis, &alike, Shape::Bars),
        ([axis], _) => sketch.places_over_time(*axis, first.name, Shape::Lines),
        ([down, across, ..], _) => sketch.grid(*down, *across, first.name),
    }
}
