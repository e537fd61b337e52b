//! What must hold of everything that is published, whatever the market is.
#![allow(clippy::unwrap_used, reason = "helpers are not marked as tests")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "figures of small markets"
)]

mod attack;
mod leaves;
mod market;
mod planted;
mod versions;

use super::*;
use crate::domain::statistics::{Axis, Indicator, Published, Shown};
use attack::{Attack, secrets};
use market::{Market, generated};

/// Protects a market that nothing was published of.
fn first(market: &Market) -> (Statistics, ShownStatistics) {
    let statistics = market.statistics();
    let shown = protect(&statistics, &[], &Budget::default());
    (statistics, shown)
}

/// Of so many secrets one is attacked, unless `TALLYSTICK_TEST_SECRETS` says otherwise: 1 attacks them all.
const ONE_OF: usize = 16;

fn one_of() -> usize {
    std::env::var("TALLYSTICK_TEST_SECRETS").map_or(ONE_OF, |text| text.parse().unwrap())
}

/// Nobody learns what he must not, from one snapshot; tried for one of every few secrets.
#[track_caller]
fn assert_withstands(statistics: &Statistics, shown: &ShownStatistics) {
    assert_withstands_some(statistics, shown, one_of());
}

/// Likewise, for one of so many.
#[track_caller]
fn assert_withstands_some(statistics: &Statistics, shown: &ShownStatistics, of: usize) {
    let mut secrets = secrets(statistics, shown);
    let mut number = 0;
    secrets.retain(|_| {
        number += 1;
        number % of == 0
    });
    let learned = Attack::of(shown).learned(&secrets);
    let some: Vec<_> = learned.iter().take(5).collect();
    assert!(
        learned.is_empty(),
        "{} of {} learned: {some:?}",
        learned.len(),
        secrets.len()
    );
}

/// How many of a table's cells are hidden, and of how many.
fn hidden(shown: &ShownStatistics, indicator: Indicator, cuts: &[Axis]) -> (usize, usize) {
    let mut tables = shown.tables.iter();
    let table = tables.find(|table| table.published.indicator == indicator && table.published.cuts == cuts);
    let cells = table.unwrap().rows.iter().flat_map(|row| &row.values);
    (
        cells.clone().filter(|shown| **shown == Shown::Hidden).count(),
        cells.count(),
    )
}

#[test]
fn an_attack_on_a_small_market_learns_nothing() {
    let (statistics, shown) = first(&generated(60, 5, 1));
    assert_withstands(&statistics, &shown);
}

#[test]
fn an_attack_on_a_large_market_learns_nothing_and_most_of_it_is_shown() {
    let market = generated(20_000, 30, 1);
    let (statistics, shown) = first(&market);
    assert_withstands_some(&statistics, &shown, 4 * one_of());
    for (indicator, cuts) in [
        (Indicator::MultiLenderRate, &[][..]),
        (Indicator::MultiLenderHistogram, &[]),
        (Indicator::Delinquency, &[]),
        (Indicator::Restructuring, &[]),
        (Indicator::Flow, &[]),
        (Indicator::BlockedStacking, &[]),
        (Indicator::DstiDistribution, &[]),
    ] {
        assert_eq!(hidden(&shown, indicator, cuts).0, 0, "{indicator:?} {cuts:?}");
    }
}

#[test]
fn the_order_of_subjects_changes_no_byte() {
    let mut market = generated(300, 9, 7);
    let (_, shown) = first(&market);
    market.subjects.reverse();
    market.looks.reverse();
    for loans in &mut market.subjects {
        loans.reverse();
    }
    assert_eq!(first(&market).1.encode(), shown.encode());
}

#[test]
fn what_is_not_proved_within_the_budget_is_hidden_with_the_finest_tables() {
    let statistics = generated(300, 9, 3).statistics();
    let budget = Budget { work_max: 400_000 };
    let shown = protect(&statistics, &[], &budget);
    assert_withstands_some(&statistics, &shown, 8 * one_of());
    let fine = [Axis::Region, Axis::ProductType];
    let mut tables = shown.tables.iter();
    let table = tables.find(|table| {
        table.published.indicator == Indicator::MultiLenderRate && table.published.cuts == fine
    });
    let cells = table.unwrap().rows.iter().flat_map(|row| &row.values);
    let told: Vec<_> = cells
        .map(Shown::encode)
        .filter(|told| told != "c" && told != "0")
        .collect();
    assert_eq!(
        told, [""; 0],
        "of the finest table only zeros that follow from others are told"
    );
}
