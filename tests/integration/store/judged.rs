//! Checks and loans that nobody checked, as statistics of a month count them, on any engine.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::reservation::ReservationState;
use tallystick::domain::statistics::{Axis, Indicator, Statistics};
use tallystick::domain::unit::Administration;

use super::engine::Engine;
use super::market::{Loan, Market, OPERATOR, administer, day, mobile, national_id, today};
use super::offline::{backfill, issue, made};
use super::reservations::{check, held};
use super::statistics::{ask, count, publish};

const DAY: i64 = 86_400;

/// The first column of a table's rows that are not nothing, by their keys.
fn counts(statistics: &Statistics, indicator: Indicator, cuts: &[Axis]) -> BTreeMap<String, i128> {
    let found = statistics
        .tables
        .iter()
        .find(|table| table.published.indicator == indicator && table.published.cuts == cuts);
    let table = found.expect("every table is there");
    let rows = table.rows.iter().filter(|row| row.values[0] != 0);
    rows.map(|row| (table.keys(row, statistics.as_of).join(" "), row.values[0]))
        .collect()
}

fn unchecked(statistics: &Statistics) -> Vec<i128> {
    let found = statistics.tables.iter().find(|table| {
        table.published.indicator == Indicator::UncheckedLoans && table.published.cuts.is_empty()
    });
    found.expect("it is there").rows[0].values.clone()
}

fn expected(rows: &[(&str, i128)]) -> BTreeMap<String, i128> {
    rows.iter()
        .map(|(key, value)| ((*key).to_owned(), *value))
        .collect()
}

/// A loan opened and reported today.
fn opened_today(name: &str, person: u32) -> Loan {
    made(name, &[national_id(person)]).said(today(), 1)
}

async fn counted(market: &Market<'_>, as_of: NaiveDate) -> Statistics {
    ask(market, as_of).await;
    let (task, statistics) = count(market).await;
    assert!(publish(market, task.key).await);
    statistics
}

pub async fn checks_are_counted_once_under_their_first_reason(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let [ann, bob, cat] = [[national_id(1)], [national_id(2)], [national_id(3)]];
    // Only what another lender holds stands in the way of the second, a loan in that of the third.
    held(&market, market.a, check(1, 1, &[&ann])).await;
    market.accept(market.b, check(2, 1, &[&ann])).await;
    let reserved = opened_today("ann-1", 1).with(|facts| facts.original_amount = 400_000);
    market.report(market.a, &reserved).await;
    market.accept(market.b, check(3, 1, &[&ann])).await;
    // Of nobody who is known well enough.
    market.accept(market.c, check(4, 1, &[&[mobile(7)]])).await;
    // Each of two joint borrowers is the first of a check: it stands with that one.
    held(&market, market.a, check(5, 1, &[&bob, &cat])).await;
    market.accept(market.b, check(6, 1, &[&cat, &bob])).await;
    let statistics = counted(&market, today()).await;
    let findings = [
        ("ELIGIBLE", 2),
        ("LENDER_COUNT", 1),
        ("REFER", 1),
        ("RESERVED", 2),
    ];
    let blocked = counts(&statistics, Indicator::BlockedStacking, &[]);
    assert_eq!(blocked, expected(&findings));
    let by_group = counts(&statistics, Indicator::BlockedStacking, &[Axis::LenderGroup]);
    assert_eq!(by_group.values().sum::<i128>(), 6);
    // A sixth of the income is due, and more where a loan is on file.
    let burden = counts(&statistics, Indicator::DstiDistribution, &[]);
    assert_eq!(
        burden.values().sum::<i128>(),
        5,
        "all but the one left to a person"
    );
    assert!(burden["0-30"] >= 3, "{burden:?}");
    // The two become one, whose looks at both are one: none is lost and none counted twice.
    let one = Administration::MergeSubjects {
        keep: bob[0].clone(),
        merge: cat[0].clone(),
        reason: "one person".to_owned(),
    };
    market.accept(OPERATOR, administer(one)).await;
    market.restart().await;
    let again = counted(&market, today()).await;
    assert_eq!(
        counts(&again, Indicator::BlockedStacking, &[]),
        expected(&findings)
    );
    assert_eq!(counts(&again, Indicator::DstiDistribution, &[]), burden);
    // Of another month are none of them.
    for another in [day(2026, 2, 28), day(2026, 4, 30)] {
        let statistics = counted(&market, another).await;
        assert_eq!(
            counts(&statistics, Indicator::BlockedStacking, &[]),
            expected(&[])
        );
    }
}

pub async fn a_check_belongs_to_the_civil_day_on_which_it_was_made(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    held(&market, market.a, check(1, 1, &[&[national_id(1)]])).await;
    market.wait(DAY);
    held(&market, market.b, check(2, 1, &[&[national_id(2)]])).await;
    for (as_of, checks) in [(day(2026, 3, 1), 0), (today(), 1), (day(2026, 3, 3), 2)] {
        let statistics = counted(&market, as_of).await;
        let blocked = counts(&statistics, Indicator::BlockedStacking, &[]);
        assert_eq!(blocked.values().sum::<i128>(), checks, "{as_of}");
    }
}

pub async fn loans_that_nobody_checked_are_counted_and_those_of_outages(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let reservation = held(&market, market.a, check(1, 9, &[&[national_id(1)]])).await;
    assert_eq!(reservation.state, ReservationState::Active);
    let checked = opened_today("checked", 1).with(|facts| facts.original_amount = 400_000);
    market.report(market.a, &checked).await;
    market.report(market.b, &opened_today("unchecked", 2)).await;
    // Opened a month ago.
    market
        .report(market.b, &Loan::new("old", &[national_id(2)]))
        .await;
    market.accept(market.b, issue(1, 2)).await;
    market.wait(60);
    let used_at = engine.clock().now();
    market.wait(60);
    // The rules of back-fills allow one lender.
    for (place, person) in [(0, 1), (1, 3)] {
        let loan = opened_today(&format!("outage-{person}"), person);
        market.accept(market.b, backfill(1, place, used_at, &loan)).await;
    }
    let statistics = counted(&market, today()).await;
    assert_eq!(unchecked(&statistics), [4, 3, 2, 1]);
    let blocked = counts(&statistics, Indicator::BlockedStacking, &[]);
    assert_eq!(blocked, expected(&[("ELIGIBLE", 1)]), "a back-fill is no check");
    // What was reported since then for a later day leaves the loan one that was checked.
    let later = checked.said(day(2026, 3, 5), 2).owing(300_000);
    market.wait(5 * DAY);
    market.report(market.a, &later).await;
    let again = counted(&market, today()).await;
    assert_eq!(unchecked(&again), [4, 3, 2, 1]);
}
