//! The fold against the definitions, and what must hold of its tables whatever the market is.
#![allow(clippy::unwrap_used, reason = "helpers are not marked as tests")]

mod alone;
mod behind;
mod edges;
mod flows;
mod held;
mod lists;
mod market;
mod model;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::{Axis, Indicator, Statistics, Table};
use market::{Market, market};

/// Subjects of the large market.
const SUBJECTS: usize = 2_500;

/// A market of a few thousand subjects, the same on every run.
fn large_market() -> Market {
    let mut runner = TestRunner::deterministic();
    let tree = market(SUBJECTS).new_tree(&mut runner);
    tree.unwrap().current()
}

/// The rows of a table that are not all zeros, by their keys.
fn shown(statistics: &Statistics, table: &Table) -> model::Rows {
    let keys = |row| table.keys(row, statistics.as_of);
    let rows = table
        .rows
        .iter()
        .filter(|row| row.values.iter().any(|value| *value != 0));
    rows.map(|row| {
        let keys = keys(row).into_iter().map(std::borrow::Cow::into_owned).collect();
        (keys, row.values.clone())
    })
    .collect()
}

fn assert_as_defined(market: &Market) {
    let statistics = market.statistics();
    for table in &statistics.tables {
        let mut expected = model::rows(market, table.published, table.currency);
        expected.retain(|_, values| values.iter().any(|value| *value != 0));
        let shown = shown(&statistics, table);
        assert_eq!(shown, expected, "{:?} {:?}", table.published, table.currency);
    }
    let mut balances = statistics.balances.clone();
    balances.retain(|_, of_lenders| !of_lenders.is_empty());
    assert_eq!(balances, model::balances(market));
}

/// Every table that is another one cut further adds up to it.
fn assert_adds_up(statistics: &Statistics) {
    for fine in &statistics.tables {
        let coarser = statistics.tables.iter().filter(|coarse| {
            coarse.published.indicator == fine.published.indicator
                && coarse.currency == fine.currency
                && coarse.published.cuts.len() < fine.published.cuts.len()
                && coarse
                    .published
                    .cuts
                    .iter()
                    .all(|axis| fine.published.cuts.contains(axis))
        });
        for coarse in coarser {
            assert_eq!(summed(fine, coarse), sums(coarse), "{:?}", fine.published);
        }
    }
}

/// The additive values of a table by the places of its rows.
type Sums = BTreeMap<Vec<usize>, Vec<i128>>;

fn sums(table: &Table) -> Sums {
    summed(table, table)
}

/// The rows of a table, added up over those of its axes that another does not have.
fn summed(fine: &Table, coarse: &Table) -> Sums {
    let axes: Vec<Axis> = fine.published.axes().collect();
    let mut sums = Sums::new();
    for row in &fine.rows {
        let kept = coarse
            .published
            .axes()
            .map(|axis| row.places[axes.iter().position(|of_fine| *of_fine == axis).unwrap()]);
        let additive = fine.columns().iter().zip(&row.values);
        let additive = additive
            .filter(|(column, _)| column.is_additive)
            .map(|(_, value)| *value);
        let cell = sums.entry(kept.collect()).or_default();
        let additive: Vec<i128> = additive.collect();
        cell.resize(additive.len(), 0);
        cell.iter_mut()
            .zip(additive)
            .for_each(|(cell, value)| *cell += value);
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_table_of_a_small_market_is_as_defined(market in market(0..9)) {
        assert_as_defined(&market);
    }

    #[test]
    fn margins_of_a_small_market_add_up(market in market(0..9)) {
        assert_adds_up(&market.statistics());
    }

    #[test]
    fn the_order_of_subjects_and_of_their_loans_changes_no_byte(mut market in market(0..9)) {
        let text = market.statistics().encode();
        market.subjects.reverse();
        market.looks.reverse();
        for looks in &mut market.looks {
            looks.reverse();
        }
        for loans in &mut market.subjects {
            loans.reverse();
        }
        prop_assert_eq!(market.statistics().encode(), text);
    }
}

#[test]
fn every_table_of_a_large_market_is_as_defined_and_adds_up() {
    let market = large_market();
    assert_as_defined(&market);
    let statistics = market.statistics();
    assert_adds_up(&statistics);
    for table in &statistics.tables {
        let filled = shown(&statistics, table).len();
        assert!(filled > 0, "nothing to see in {:?}", table.published);
    }
}

#[test]
fn the_head_counts_what_is_active() {
    let market = large_market();
    let statistics = market.statistics();
    let active = |loan: &&super::Loan<'_>| loan.active().is_some();
    let subjects = market
        .subjects
        .iter()
        .filter(|loans| loans.iter().any(|loan| active(&loan)));
    let positions = || {
        market
            .subjects
            .iter()
            .flatten()
            .filter(|loan| loan.is_primary)
            .filter(active)
    };
    let lenders: std::collections::BTreeSet<_> = positions().map(|loan| loan.member_no).collect();
    assert_eq!(statistics.subjects, u64::try_from(subjects.count()).unwrap());
    assert_eq!(statistics.positions, u64::try_from(positions().count()).unwrap());
    assert_eq!(statistics.lenders, lenders.len());
}

/// The only row of an uncut table of an indicator with no axes of its own.
fn figures(statistics: &Statistics, indicator: Indicator, in_currency: bool) -> Vec<i128> {
    let table = statistics.tables.iter().find(|table| {
        table.published.indicator == indicator
            && table.published.cuts.is_empty()
            && table.currency.is_some() == in_currency
    });
    table.unwrap().rows[0].values.clone()
}
