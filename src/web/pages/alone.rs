//! The chart of a table that stands alone in a file: each table has one that fits it.

use chrono::NaiveDate;

use super::sketch::Sketch;
use crate::domain::currency::Currency;
use crate::domain::language::Language;
use crate::domain::statistics::{Axis, Indicator, Published, ShownTable, SnapshotKey};
use crate::web::chart::{Setting, Shape};
use crate::web::listing::Listing;
use crate::web::names;

/// Draws a published table over time, or its last date where it has places; `None` when nothing of it can be drawn.
pub fn chart_alone(
    published: Published,
    currency: Option<Currency>,
    tables: Vec<(SnapshotKey, ShownTable)>,
    language: Language,
) -> Option<String> {
    let dates = tables.iter().map(|(key, _)| key.as_of);
    let listing = Listing {
        published,
        currency,
        from: dates.clone().min().unwrap_or(NaiveDate::MIN),
        to: dates.max().unwrap_or(NaiveDate::MIN),
        tables,
    };
    let columns = told(published, currency);
    let first = *columns.first()?;
    let sketch = Sketch {
        listing: &listing,
        id: published.indicator.name().replace('_', "-"),
        title: titled(published, language),
        measure: names::column(first, language).to_owned(),
        language,
        setting: Setting::Alone,
    };
    let axes = listing.axes();
    let drawn = match axes.as_slice() {
        [] if published.indicator == Indicator::Flow => sketch.columns_across(&columns, Shape::League),
        [] => sketch.columns_over_time(&columns, Shape::Lines),
        [Axis::Lenders] => sketch.places_over_time(Axis::Lenders, first, Shape::Stack),
        [axis @ (Axis::FewLenders | Axis::ExposureBand)] => {
            sketch.columns_by_place(*axis, &columns, Shape::Bars)
        }
        [axis] => sketch.columns_by_place(*axis, &[first], Shape::League),
        [down, across, ..] => sketch.grid(*down, *across, first),
    };
    (!drawn.is_empty()).then_some(drawn)
}

/// The columns that are drawn: shares, all of one unit, or what there is.
fn told(published: Published, currency: Option<Currency>) -> Vec<&'static str> {
    let columns = published.shown_columns(currency.is_some());
    let share = columns
        .iter()
        .find(|column| column.of.is_some())
        .or(columns.first());
    let unit = share.map(|column| names::unit(column, currency));
    let drawn = columns.iter().filter(|column| {
        column.of.is_some() == share.is_some_and(|share| share.of.is_some())
            && Some(names::unit(column, currency)) == unit
    });
    drawn.map(|column| column.name).collect()
}

fn titled(published: Published, language: Language) -> String {
    let title = published.indicator.title(language);
    let cuts: Vec<&str> = published
        .cuts
        .iter()
        .map(|axis| names::axis(*axis, language))
        .collect();
    match cuts.is_empty() {
        true => title.to_owned(),
        false => format!("{title}: {}", cuts.join(" × ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{InventedMarket, Window as _};

    #[tokio::test]
    async fn every_published_table_can_be_drawn_alone() {
        let last = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let market = InventedMarket::until(last);
        for published in Published::every() {
            for currency in [None, Some(Currency::CNY)] {
                let tables = market.series(published, currency, first, last).await.unwrap();
                let has_columns = !published.shown_columns(currency.is_some()).is_empty();
                for language in [Language::English, Language::Chinese] {
                    let drawn = chart_alone(published, currency, tables.clone(), language);
                    assert_eq!(drawn.is_some(), has_columns, "{published:?}");
                    if let Some(svg) = drawn {
                        assert!(svg.starts_with("<svg xmlns=") && svg.contains("<style>"), "{svg}");
                    }
                }
                assert_eq!(
                    chart_alone(published, currency, Vec::new(), Language::English),
                    None
                );
            }
        }
    }
}
