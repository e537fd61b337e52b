//! Who stands behind a cell, against a count by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Axis, Contributors, Indicator, Loan, Standing, Statistics, Table};
use super::large_market;
use super::market::{Market, loan, look, terms};
use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;
use crate::domain::rules::{Burden, Finding};

/// What each subject and each lender adds, as told by a rule for one loan.
fn by_hand(market: &Market, amount: impl Fn(&Loan<'_>, Standing) -> i128) -> Contributors {
    let mut subjects: BTreeMap<usize, i128> = BTreeMap::new();
    let mut lenders: BTreeMap<MemberNo, i128> = BTreeMap::new();
    for (subject, loans) in market.subjects.iter().enumerate() {
        for loan in loans.iter().filter(|loan| loan.is_primary) {
            let Some(now) = loan.active() else { continue };
            let amount = amount(loan, now);
            if amount != 0 {
                *subjects.entry(subject).or_default() += amount;
                *lenders.entry(loan.member_no).or_default() += amount;
            }
        }
    }
    let largest = |parts: Vec<i128>| {
        let mut parts = parts;
        parts.sort_unstable();
        parts.reverse();
        parts.resize(2, 0);
        [parts[0], parts[1]]
    };
    Contributors {
        subjects: u64::try_from(subjects.len()).unwrap(),
        lenders: lenders.len(),
        largest_lenders: largest(lenders.into_values().collect()),
        largest_subjects: largest(subjects.into_values().collect()),
    }
}

fn table(statistics: &Statistics, indicator: Indicator, cuts: &[Axis], currency: Option<Currency>) -> Table {
    let found = statistics.tables.iter().find(|table| {
        table.published.indicator == indicator && table.published.cuts == cuts && table.currency == currency
    });
    found.unwrap().clone()
}

#[test]
fn subjects_lenders_and_the_largest_of_them_are_those_of_the_loans() {
    let market = large_market();
    let statistics = market.statistics();
    for cuts in [&[] as &[Axis], &[Axis::ProductType]] {
        assert_delinquency_behind(&market, &statistics, cuts);
    }
}

fn assert_delinquency_behind(market: &Market, statistics: &Statistics, cuts: &[Axis]) {
    let counts = table(statistics, Indicator::Delinquency, cuts, None);
    let amounts = table(statistics, Indicator::Delinquency, cuts, Some(Currency::CNY));
    // A column, and the difference of two: 1 day late and more, and 1 to 30 days late.
    let ranges: [(usize, std::ops::RangeInclusive<u32>); 2] = [(1, 1..=u32::MAX), (7, 1..=30)];
    for (counts, amounts) in counts.rows.iter().zip(&amounts.rows) {
        for (cell, days) in &ranges {
            let is_in = |loan: &Loan<'_>, now: Standing| {
                let product = super::super::axis::product_place(loan.product_type);
                (cuts.is_empty() || counts.places == [product]) && days.contains(&now.days_past_due)
            };
            let mut expected = by_hand(market, |loan, now| i128::from(is_in(loan, now)));
            expected.lenders = expected.lenders.min(super::super::LENDERS_TOLD);
            (expected.largest_lenders, expected.largest_subjects) = ([0; 2], [0; 2]);
            assert_eq!(counts.contributors[*cell], expected, "{:?} {cell}", counts.places);
            let expected = by_hand(market, |loan, now| {
                let counts = is_in(loan, now) && loan.currency == Currency::CNY;
                i128::from(now.outstanding_total) * i128::from(counts)
            });
            assert_eq!(
                amounts.contributors[*cell], expected,
                "{:?} {cell}",
                amounts.places
            );
        }
    }
}

#[test]
fn a_count_of_subjects_is_its_own_number_of_subjects() {
    let statistics = large_market().statistics();
    for indicator in [
        Indicator::MultiLenderHistogram,
        Indicator::MultiLenderRate,
        Indicator::LendersPerSubject,
        Indicator::NewStacking,
        Indicator::DelinquencyByLenders,
    ] {
        for cuts in indicator.cuts() {
            let table = table(&statistics, indicator, cuts, None);
            let columns = table.columns().iter().enumerate();
            let subjects: Vec<usize> = columns
                .filter(|(_, column)| column.is_additive && column.name != "lenders")
                .map(|(number, _)| number)
                .collect();
            for row in &table.rows {
                for column in &subjects {
                    let behind = row.contributors[*column];
                    assert_eq!(
                        i128::from(behind.subjects),
                        row.values[*column],
                        "{indicator:?} {row:?}"
                    );
                    assert_eq!(behind.lenders == 0, behind.subjects == 0);
                }
            }
        }
    }
}

#[test]
fn two_loans_of_one_subject_are_one_subject_behind_a_column_and_a_whole() {
    let mut late = loan(2);
    late.now = late.now.map(|now| Standing {
        days_past_due: 40,
        ..now
    });
    let market = Market {
        terms: terms("2026-03-31"),
        subjects: vec![vec![loan(1), late], vec![loan(1)]],
        looks: Vec::new(),
    };
    let statistics = market.statistics();
    let delinquency = table(&statistics, Indicator::Delinquency, &[], None);
    let behind = |cell: usize| {
        let behind = delinquency.rows[0].contributors[cell];
        (behind.subjects, behind.lenders)
    };
    // All, 1 day late and more, not late.
    assert_eq!([behind(0), behind(1), behind(6)], [(2, 2), (1, 1), (2, 1)]);
    let rolls = table(&statistics, Indicator::RollRate, &[], None);
    let whole: BTreeSet<(u64, usize)> = rolls
        .rows
        .iter()
        .filter(|row| row.places[0] == 0)
        .map(|row| (row.contributors[1].subjects, row.contributors[1].lenders))
        .collect();
    assert_eq!(whole, BTreeSet::from([(2, 2)]));
}

#[test]
fn who_was_late_in_a_vintage_stands_behind_every_later_month() {
    let mut late = loan(1);
    late.opened_on = crate::domain::validation::samples::date("2025-10-10");
    late.past.first_31 = Some(super::super::FirstLate {
        on: crate::domain::validation::samples::date("2025-12-20"),
        outstanding_total: 70_000,
    });
    let market = Market {
        terms: terms("2026-03-31"),
        subjects: vec![vec![late]],
        looks: Vec::new(),
    };
    let vintage = table(&market.statistics(), Indicator::Vintage, &[], None);
    let month = |months: usize| {
        let rows = vintage.rows.iter().filter(|row| row.values[0] > 0);
        let row = rows.into_iter().find(|row| row.places[1] == months).unwrap();
        [0, 1, 3, 5].map(|cell| row.contributors[cell].subjects)
    };
    assert_eq!(
        [month(0), month(1), month(2)],
        [[1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 0, 0]]
    );
}

#[test]
fn ten_checks_of_one_person_are_one_subject_behind_them() {
    let asked = |member_no: i64| look(member_no, Finding::LenderCount, Some(Burden::Below30));
    let allowed = look(3, Finding::Eligible, None);
    let market = Market {
        terms: terms("2026-03-31"),
        subjects: vec![vec![loan(1)]],
        looks: vec![vec![asked(1); 10], vec![asked(2), allowed]],
    };
    let statistics = market.statistics();
    let cells = |indicator, row: usize| {
        let found = &table(&statistics, indicator, &[], None).rows[row];
        let behind = |cell: usize| {
            let behind = found.contributors[cell];
            (found.values[cell], behind.subjects, behind.lenders)
        };
        [behind(0), behind(1)]
    };
    // Refused for too many lenders, of all; with an income, of all with one.
    assert_eq!(cells(Indicator::BlockedStacking, 2), [(11, 2, 2), (12, 2, 3)]);
    assert_eq!(cells(Indicator::BlockedStacking, 0), [(1, 1, 1), (12, 2, 3)]);
    assert_eq!(cells(Indicator::DstiDistribution, 0), [(11, 2, 2), (11, 2, 2)]);
    assert_eq!(cells(Indicator::DstiDistribution, 3), [(0, 0, 0), (11, 2, 2)]);
}
