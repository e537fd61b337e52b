//! Balances and buckets from one snapshot to the next.

use proptest::prelude::*;

use super::super::{Indicator, Loan, Past, Standing, Statistics, Table};
use super::market::{Market, loan, market, terms};
use super::{figures, large_market};
use crate::domain::position::{AccountStatus, ClosureReason};
use crate::domain::validation::samples::date;

fn tables(statistics: &Statistics, indicator: Indicator) -> impl Iterator<Item = &Table> {
    let of_indicator = move |table: &&Table| table.published.indicator == indicator;
    statistics.tables.iter().filter(of_indicator)
}

fn assert_flows_reconcile(statistics: &Statistics) {
    for table in tables(statistics, Indicator::Flow) {
        for row in &table.rows {
            let [opening, originations, arrivals, increases, out @ .., closing] = &row.values[..] else {
                panic!("nine columns");
            };
            let left = opening + originations + arrivals + increases - out.iter().sum::<i128>();
            assert_eq!(left, *closing, "{:?}", row.places);
            assert!(row.values.iter().all(|value| *value >= 0));
        }
        // What is left is what the table of delinquency calls the balance.
        let balances = tables(statistics, Indicator::Delinquency)
            .find(|of| of.published.cuts == table.published.cuts && of.currency == table.currency)
            .unwrap();
        for (flow, balance) in table.rows.iter().zip(&balances.rows) {
            assert_eq!(flow.values[8], balance.values[0]);
        }
    }
}

fn assert_rolls_are_whole(market: &Market, statistics: &Statistics) {
    for table in tables(statistics, Indicator::RollRate) {
        for bucket in table.rows.chunks(12) {
            let rolled: i128 = bucket.iter().map(|row| row.values[0]).sum();
            assert!(bucket.iter().all(|row| row.values[1] == rolled));
        }
    }
    let before = market
        .subjects
        .iter()
        .flatten()
        .filter(|loan| loan.is_primary)
        .filter_map(|loan| loan.past.before.filter(Standing::is_active));
    let counts = tables(statistics, Indicator::RollRate).find(|table| table.currency.is_none());
    let rolled: i128 = counts.unwrap().rows.iter().map(|row| row.values[0]).sum();
    assert_eq!(rolled, i128::try_from(before.count()).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn flows_reconcile_to_the_unit_and_rolls_are_whole(market in market(0..9)) {
        let statistics = market.statistics();
        assert_flows_reconcile(&statistics);
        assert_rolls_are_whole(&market, &statistics);
    }
}

#[test]
fn flows_of_a_large_market_reconcile() {
    let market = large_market();
    let statistics = market.statistics();
    assert_flows_reconcile(&statistics);
    assert_rolls_are_whole(&market, &statistics);
}

#[test]
fn the_next_snapshot_opens_with_what_this_one_closed_with() {
    let first = large_market();
    let mut next = first.clone();
    next.terms.previous = Some(first.terms.as_of);
    next.terms.as_of = crate::domain::date::days_after(first.terms.as_of, 30);
    for loan in next.subjects.iter_mut().flatten() {
        loan.past.before = loan.now;
    }
    let closed = tables(&first.statistics(), Indicator::Flow)
        .map(|table| table.rows.iter().map(|row| row.values[8]).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    let opened = tables(&next.statistics(), Indicator::Flow)
        .map(|table| table.rows.iter().map(|row| row.values[0]).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    assert_eq!(closed, opened);
}

/// Where it stands, or that it counts no longer.
#[expect(clippy::unnecessary_wraps, reason = "a loan's standing is optional")]
fn standing(status: AccountStatus, reason: Option<ClosureReason>, owed: i64) -> Option<Standing> {
    Some(Standing {
        status,
        closure_reason: reason,
        outstanding_total: owed,
        days_past_due: 0,
    })
}

/// A standing now and the columns that are not zero.
type Case = (Option<Standing>, Vec<(&'static str, i128)>);

/// The columns of one loan that are not zero.
fn flow(loan: Loan<'static>) -> Vec<(&'static str, i128)> {
    let market = Market {
        terms: terms("2026-03-31"),
        subjects: vec![vec![loan]],
        looks: Vec::new(),
    };
    let statistics = market.statistics();
    assert_flows_reconcile(&statistics);
    let columns = Indicator::Flow.amounts().iter().map(|column| column.name);
    let figures = figures(&statistics, Indicator::Flow, true);
    columns.zip(figures).filter(|(_, value)| *value != 0).collect()
}

#[test]
fn what_becomes_of_a_balance_is_told_apart() {
    use AccountStatus::{Closed, Open, TransferredOut};
    use ClosureReason as Reason;
    let closed = |reason, owed| standing(Closed, Some(reason), owed);
    let opening = ("opening", 80_000);
    let cases: [Case; 10] = [
        (
            standing(Open, None, 50_000),
            vec![("repayments", 30_000), ("closing", 50_000)],
        ),
        (
            standing(Open, None, 90_000),
            vec![("increases", 10_000), ("closing", 90_000)],
        ),
        (closed(Reason::PaidAsAgreed, 0), vec![("repayments", 80_000)]),
        (closed(Reason::WrittenOff, 0), vec![("write_offs", 80_000)]),
        (
            closed(Reason::SettledForLess, 30_000),
            vec![("repayments", 50_000), ("write_offs", 30_000)],
        ),
        (closed(Reason::Bankruptcy, 90_000), vec![("write_offs", 80_000)]),
        (closed(Reason::Sold, 80_000), vec![("transfers", 80_000)]),
        (standing(TransferredOut, None, 0), vec![("transfers", 80_000)]),
        (closed(Reason::ReportedInError, 0), vec![("withdrawals", 80_000)]),
        (None, vec![("withdrawals", 80_000)]),
    ];
    for (now, expected) in cases {
        let shown = flow(Loan { now, ..loan(1) });
        assert_eq!(shown, [vec![opening], expected].concat(), "{now:?}");
    }
}

#[test]
fn a_loan_is_new_if_it_was_opened_or_paid_out_since() {
    use AccountStatus::{Closed, Open, PendingDisbursement};
    let pending = standing(PendingDisbursement, None, 0);
    let open = standing(Open, None, 80_000);
    let lent = vec![
        ("originations", 100_000),
        ("repayments", 20_000),
        ("closing", 80_000),
    ];
    let cases = [
        ("2026-03-01", None, open, lent.clone()),
        (
            "2026-03-01",
            None,
            standing(Closed, Some(ClosureReason::PaidEarly), 0),
            vec![("originations", 100_000), ("repayments", 100_000)],
        ),
        (
            "2026-02-28",
            None,
            open,
            vec![("arrivals", 80_000), ("closing", 80_000)],
        ),
        ("2026-02-28", pending, open, lent),
        ("2026-03-01", None, pending, vec![]),
        ("2026-02-28", pending, pending, vec![]),
    ];
    for (day, before, now, expected) in cases {
        let past = Past {
            before,
            ..Past::default()
        };
        let opened_on = date(day);
        let shown = flow(Loan {
            opened_on,
            now,
            past,
            ..loan(1)
        });
        assert_eq!(shown, expected, "{day} {before:?} {now:?}");
    }
}
