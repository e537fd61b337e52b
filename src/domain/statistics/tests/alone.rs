//! Who stands behind a cell, against what stands there without everybody else: a cell is a sum over subjects, so that a
//! subject's part is the cell in a market of nobody else; of tables that look at one loan at a time, it is a sum over lenders,
//! too.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{Indicator, Kind, LENDERS_TOLD, Loan, Row, Scan, Statistics, Table};
use super::market::{Market, market};
use crate::domain::names::MemberNo;

/// What stands in each cell of a row: its columns, the differences of them and, of a vintage, what is new in the month;
/// nothing in those that are no sums.
fn cells(table: &Table, number: usize) -> Vec<i128> {
    let row = &table.rows[number];
    let of_column = table.columns().iter().zip(&row.values);
    let of_column =
        of_column.map(|(column, value)| value * i128::from(column.is_additive || column.is_whole()));
    let differences = table.published.indicator.differences(table.currency.is_some());
    let of_difference = differences
        .iter()
        .map(|of| row.values[of.whole] - row.values[of.part]);
    let before = |column: usize| match row.places[..] {
        [_, 0] => 0,
        _ => table.rows[number - 1].values[column],
    };
    let is_vintage = table.published.indicator == Indicator::Vintage;
    let cumulated = [1, 2].into_iter().filter(|_| is_vintage);
    let new = cumulated.map(|column| row.values[column] - before(column));
    of_column.chain(of_difference).chain(new).collect()
}

/// For each cell of a row what each of the markets adds, the largest first, those left out that add nothing.
fn parts(alone: &[&Table], number: usize, width: usize) -> Vec<Vec<i128>> {
    let mut parts = vec![Vec::new(); width];
    for table in alone {
        for (parts, cell) in parts.iter_mut().zip(cells(table, number)) {
            parts.extend((cell != 0).then_some(cell));
        }
    }
    for parts in &mut parts {
        parts.sort_unstable_by(|one, other| other.cmp(one));
    }
    parts
}

/// Whether what is kept is not of the month itself: who is never late until the end is behind all months, of whom there are
/// no more than are not yet late.
fn is_of_the_end(table: &Table, number: usize, cell: usize) -> bool {
    if table.published.indicator != Indicator::Vintage || table.currency.is_some() || cell != 3 {
        return false;
    }
    let next = table.rows.get(number + 1);
    next.is_some_and(|next| next.places[0] == table.rows[number].places[0])
}

/// Calls with each cell of each table, the parts of the markets in it, and whether it is an amount.
fn each_cell(
    whole: &Statistics,
    alone: &[Statistics],
    mut check: impl FnMut(&Table, &Row, usize, &[i128], bool),
) {
    for table in &whole.tables {
        let is_it = |found: &&Table| (found.published, found.currency) == (table.published, table.currency);
        let alone: Vec<&Table> = alone
            .iter()
            .filter_map(|of| of.tables.iter().find(is_it))
            .collect();
        for (number, row) in table.rows.iter().enumerate() {
            let parts = parts(&alone, number, row.contributors.len());
            for (cell, parts) in parts
                .iter()
                .enumerate()
                .filter(|(cell, _)| !is_of_the_end(table, number, *cell))
            {
                let column = table.columns().get(cell);
                let is_amount =
                    table.currency.is_some() && column.is_none_or(|column| column.kind == Kind::Amount);
                check(table, row, cell, parts, is_amount);
            }
        }
    }
}

fn largest_two(parts: &[i128]) -> [i128; 2] {
    [0, 1].map(|place| parts.get(place).copied().unwrap_or_default())
}

fn assert_subjects_behind(market: &Market) {
    let alone = |subjects, looks| {
        let terms = market.terms.clone();
        let market = Market {
            terms,
            subjects,
            looks,
        };
        market.statistics()
    };
    let loans = market
        .subjects
        .iter()
        .map(|loans| alone(vec![loans.clone()], Vec::new()));
    let looks = market
        .looks
        .iter()
        .map(|looks| alone(Vec::new(), vec![looks.clone()]));
    let alone: Vec<Statistics> = loans.chain(looks).collect();
    each_cell(
        &market.statistics(),
        &alone,
        |table, row, cell, parts, is_amount| {
            if table.published.indicator == Indicator::Concentration {
                return;
            }
            let (behind, name) = (
                &row.contributors[cell],
                (table.published, table.currency, &row.places, cell),
            );
            assert_eq!(behind.subjects, u64::try_from(parts.len()).unwrap(), "{name:?}");
            if is_amount {
                assert_eq!(behind.largest_subjects, largest_two(parts), "{name:?}");
            }
        },
    );
}

/// Those whose tables look at each loan or look by itself.
const BY_ITSELF: [Indicator; 7] = [
    Indicator::BlockedStacking,
    Indicator::DstiDistribution,
    Indicator::Delinquency,
    Indicator::RollRate,
    Indicator::Vintage,
    Indicator::Flow,
    Indicator::Restructuring,
];

fn assert_lenders_behind(market: &Market) {
    let loans = market.subjects.iter().flatten().map(|loan| loan.member_no);
    let looks = market.looks.iter().flatten().map(|look| look.member_no);
    let lenders: BTreeSet<MemberNo> = loans.chain(looks).collect();
    let alone = |lender: MemberNo| {
        let mut market = market.clone();
        let is_its = |loan: &Loan<'_>| loan.member_no == lender;
        for loans in &mut market.subjects {
            loans.retain(is_its);
        }
        for looks in &mut market.looks {
            looks.retain(|look| look.member_no == lender);
        }
        market.statistics()
    };
    let alone: Vec<Statistics> = lenders.into_iter().map(alone).collect();
    each_cell(
        &market.statistics(),
        &alone,
        |table, row, cell, parts, is_amount| {
            if !BY_ITSELF.contains(&table.published.indicator) {
                return;
            }
            let (behind, name) = (
                &row.contributors[cell],
                (table.published, table.currency, &row.places, cell),
            );
            if is_amount {
                assert_eq!(behind.lenders, parts.len(), "{name:?}");
                assert_eq!(behind.largest_lenders, largest_two(parts), "{name:?}");
            } else {
                assert_eq!(behind.lenders, parts.len().min(LENDERS_TOLD), "{name:?}");
            }
        },
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn behind_every_cell_are_the_subjects_that_add_to_it(market in market(0..8)) {
        assert_subjects_behind(&market);
    }

    #[test]
    fn behind_every_cell_are_the_lenders_that_add_to_it(market in market(0..8)) {
        assert_lenders_behind(&market);
    }

    #[test]
    fn counted_in_two_and_merged_is_counted_in_one(
        (market, place) in (market(0..24), any::<prop::sample::Index>()),
    ) {
        let parts = market.subjects.split_at(place.index(market.subjects.len() + 1));
        let mut scans = [parts.0, parts.1].map(|subjects| {
            let mut scan = Scan::new(market.terms.clone());
            for loans in subjects {
                scan.add_subject(loans);
            }
            scan
        });
        for looks in &market.looks {
            scans[1].add_looks(looks);
        }
        let [mut scan, other] = scans;
        scan.merge(other);
        prop_assert_eq!(scan.finish(), market.statistics());
    }
}
