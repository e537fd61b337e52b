//! Who stands behind a cell, against a count by hand.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::{Axis, Contributors, Indicator, Kind, Loan, Scan, Standing, Statistics, Table};
use super::large_market;
use super::market::{Market, loan, look, market, terms};
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

/// What stands in each cell of a row: its columns and the differences of them; nothing in those that are no sums.
fn cells(table: &Table, row: &[i128]) -> Vec<i128> {
    let columns = table.columns();
    let of_column = columns.iter().zip(row).map(|(column, value)| {
        if column.is_additive || column.is_whole() {
            *value
        } else {
            0
        }
    });
    let differences = table.published.indicator.differences(table.currency.is_some());
    let of_difference = differences.iter().map(|of| row[of.whole] - row[of.part]);
    of_column.chain(of_difference).collect()
}

/// What is new in each month of a vintage, of the columns that cumulate.
fn new_in_month(table: &Table, number: usize) -> Vec<i128> {
    if table.published.indicator != Indicator::Vintage {
        return Vec::new();
    }
    let row = &table.rows[number];
    let before = |column: usize| {
        let is_first = row.places[1] == 0;
        if is_first {
            0
        } else {
            table.rows[number - 1].values[column]
        }
    };
    [1, 2].map(|column| row.values[column] - before(column)).to_vec()
}

/// Every cell is a sum over subjects: a subject's part is what stands there in a market of nobody else.
fn assert_subjects_behind(market: &Market) {
    let whole = market.statistics();
    let alone = |subjects: Vec<Vec<Loan<'static>>>, looks| {
        let terms = market.terms.clone();
        Market {
            terms,
            subjects,
            looks,
        }
        .statistics()
    };
    let of_loans = market
        .subjects
        .iter()
        .map(|loans| alone(vec![loans.clone()], Vec::new()));
    let of_looks = market
        .looks
        .iter()
        .map(|looks| alone(Vec::new(), vec![looks.clone()]));
    let alone: Vec<Statistics> = of_loans.chain(of_looks).collect();
    for table in &whole.tables {
        let name = (table.published, table.currency);
        let has_none = table.published.indicator == Indicator::Concentration;
        let of_subjects: Vec<&Table> = alone
            .iter()
            .filter_map(|of| {
                of.tables
                    .iter()
                    .find(|found| (found.published, found.currency) == name)
            })
            .collect();
        for (number, row) in table.rows.iter().enumerate().filter(|_| !has_none) {
            let mut parts = vec![Vec::new(); row.contributors.len()];
            for of in &of_subjects {
                let cells = cells(of, &of.rows[number].values).into_iter();
                let cells = cells.chain(new_in_month(of, number));
                parts
                    .iter_mut()
                    .zip(cells)
                    .for_each(|(parts, cell)| parts.push(cell));
            }
            for (cell, (mut parts, behind)) in parts.into_iter().zip(&row.contributors).enumerate() {
                parts.retain(|part| *part != 0);
                parts.sort_unstable_by(|one, other| other.cmp(one));
                // Who is never late until the end is behind all months, of whom there are no more than are not yet late.
                let until_the_end = name.0.indicator == Indicator::Vintage && cell == 3 && name.1.is_none();
                let next = table.rows.get(number + 1);
                if until_the_end && next.is_some_and(|next| next.places[0] == row.places[0]) {
                    continue;
                }
                let subjects = u64::try_from(parts.len()).unwrap();
                assert_eq!(behind.subjects, subjects, "{name:?} {:?} {cell}", row.places);
                let is_amount = table
                    .columns()
                    .get(cell)
                    .is_none_or(|column| column.kind == Kind::Amount);
                if table.currency.is_some() && is_amount {
                    parts.resize(2, 0);
                    assert_eq!(
                        behind.largest_subjects[..],
                        parts[..],
                        "{name:?} {:?} {cell}",
                        row.places
                    );
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn behind_every_cell_are_the_subjects_that_add_to_it(market in market(0..8)) {
        assert_subjects_behind(&market);
    }

    #[test]
    fn counted_in_two_and_merged_is_counted_in_one((market, place) in (market(0..24), any::<prop::sample::Index>())) {
        let parts = market.subjects.split_at(place.index(market.subjects.len() + 1));
        let mut scans = [parts.0, parts.1].map(|subjects| {
            let mut scan = Scan::new(market.terms.clone());
            subjects.iter().for_each(|loans| scan.add_subject(loans));
            scan
        });
        market.looks.iter().for_each(|looks| scans[1].add_looks(looks));
        let [mut scan, other] = scans;
        scan.merge(&other);
        prop_assert_eq!(scan.finish(), market.statistics());
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
