//! Two snapshots subtracted: of one date, of two days, of two months.

use super::market::{Market, generated};
use super::*;
use crate::domain::date::days_before;
use crate::domain::statistics::Shown;

/// Cells of two publications of the same tables, side by side.
fn pairs<'s>(
    one: &'s ShownStatistics,
    other: &'s ShownStatistics,
) -> impl Iterator<Item = (&'static str, Shown, Shown)> + 's {
    one.tables.iter().zip(&other.tables).flat_map(|(one, other)| {
        let columns = one.columns();
        let rows = one.rows.iter().zip(&other.rows);
        rows.flat_map(move |(one, other)| {
            let cells = columns
                .clone()
                .into_iter()
                .zip(one.values.iter().zip(&other.values));
            cells
                .map(|(column, (one, other))| (column.name, *one, *other))
                .collect::<Vec<_>>()
        })
        .collect::<Vec<_>>()
    })
}

/// The same market without some people.
fn without(market: &Market, people: std::ops::Range<usize>) -> Market {
    let mut market = market.clone();
    market.subjects.drain(people.clone());
    market.looks.drain(people);
    market
}

#[test]
fn another_version_without_one_person_changes_no_figure_and_one_without_many_does() {
    let market = generated(300, 9, 8);
    let (_, published) = first(&market);
    for people in [0..1, 200..203] {
        let corrected = without(&market, people).statistics();
        let again = protect(&corrected, &[&published], &Budget::default());
        for (name, before, after) in pairs(&published, &again) {
            match (before, after) {
                (Shown::Hidden, after) => assert_eq!(after, Shown::Hidden, "{name}"),
                (Shown::Count(before), Shown::Count(after))
                | (Shown::Amount(before), Shown::Amount(after)) => {
                    assert_eq!(before, after, "{name}");
                }
                (_, _) => {}
            }
        }
    }
    let corrected = without(&market, 0..150).statistics();
    let again = protect(&corrected, &[&published], &Budget::default());
    assert_eq!(again.subjects, (corrected.subjects + 2) / 5 * 5);
    for (name, before, after) in pairs(&published, &again) {
        if let (Shown::Count(before), Shown::Count(after)) = (before, after) {
            let moved = (before - after).abs();
            assert!(
                moved == 0 || moved >= 10 || matches!(name, "median" | "p90" | "lenders"),
                "{name}"
            );
        }
    }
}

#[test]
fn the_next_day_tells_nothing_of_the_one_who_came() {
    let mut market = generated(300, 9, 9);
    let newcomer = market.subjects.pop().unwrap();
    // The same loans a day earlier, in the same month.
    let mut before = market.statistics();
    before.as_of = days_before(before.as_of, 1);
    let published = protect(&before, &[], &Budget::default());
    market.subjects.push(newcomer);
    let statistics = market.statistics();
    let next = protect(&statistics, &[&published], &Budget::default());
    for (name, before, after) in pairs(&published, &next) {
        if let (Shown::Count(before), Shown::Count(after)) = (before, after) {
            assert_eq!(before, after, "{name}");
        }
    }
}

#[test]
fn what_was_hidden_at_the_snapshot_before_stays_out_of_flows_and_roll_rates() {
    let market = generated(300, 9, 10);
    let mut before = market.clone();
    before.terms.as_of = market.terms.previous.unwrap();
    before.terms.previous = None;
    let (_, mut published) = first(&before);
    // As if the balance and the positions of a group had been hidden then.
    let tables = published.tables.iter_mut().filter(|table| {
        table.published.indicator == Indicator::Delinquency && table.published.cuts == [Axis::LenderGroup]
    });
    for table in tables {
        table.rows[2].values.fill(Shown::Hidden);
    }
    let statistics = market.statistics();
    let next = protect(&statistics, &[&published], &Budget::default());
    for table in &next.tables {
        let Published { indicator, cuts } = table.published;
        if cuts == [Axis::LenderGroup] && matches!(indicator, Indicator::Flow | Indicator::RollRate) {
            for row in table.rows.iter().filter(|row| row.places[0] == 2) {
                let spans = if indicator == Indicator::Flow {
                    8
                } else {
                    row.values.len()
                };
                let shown = row
                    .values
                    .iter()
                    .take(spans)
                    .filter(|shown| **shown != Shown::Hidden);
                assert_eq!(shown.count(), 0, "{indicator:?} {row:?}");
            }
        }
    }
    assert_withstands(&statistics, &next);
}
