//! Days at the ends of months, spans and bands, one at a time.

use super::super::axis::rate_place;
use super::super::stacking::Days;
use super::super::{Axis, FirstLate, Indicator, Loan, Past, Region};
use super::market::{Market, loan, terms};
use super::{figures, shown};
use crate::domain::currency::Currency;
use crate::domain::member::LenderGroup;
use crate::domain::position::{AccountStatus, AccountType, ClosureReason, DeletionReason, LiabilityRole};
use crate::domain::testing;
use crate::domain::validation::samples::date;

fn opened(member_no: i64, day: &str) -> Loan<'static> {
    Loan {
        opened_on: date(day),
        ..loan(member_no)
    }
}

/// One subject at a date.
fn of_one(as_of: &str, loans: Vec<Loan<'static>>) -> Market {
    Market {
        terms: terms(as_of),
        subjects: vec![loans],
        looks: Vec::new(),
    }
}

fn new_stacking(as_of: &str, openings: &[(i64, &str)]) -> Vec<i128> {
    let loans = openings.iter().map(|(member_no, day)| opened(*member_no, day));
    let statistics = of_one(as_of, loans.collect()).statistics();
    figures(&statistics, Indicator::NewStacking, false)
}

#[test]
fn a_span_has_thirty_days_and_ends_in_the_month() {
    type Case<'a> = (&'a str, &'a [(i64, &'a str)], [i128; 3]);
    let cases: [Case; 14] = [
        ("nobody", &[], [0, 0, 0]),
        ("first day", &[(1, "2026-03-01")], [1, 0, 0]),
        ("last day", &[(1, "2026-03-31")], [1, 0, 0]),
        ("the day after", &[(1, "2026-04-01")], [0, 0, 0]),
        ("a span's first day", &[(1, "2026-01-31")], [1, 0, 0]),
        ("a day before it", &[(1, "2026-01-30")], [0, 0, 0]),
        ("thirty days", &[(1, "2026-01-31"), (2, "2026-03-01")], [1, 1, 0]),
        (
            "thirty-one days",
            &[(1, "2026-01-31"), (2, "2026-03-02")],
            [1, 0, 0],
        ),
        ("both before", &[(1, "2026-02-01"), (2, "2026-02-27")], [1, 1, 0]),
        ("same lender", &[(1, "2026-03-03"), (1, "2026-03-04")], [1, 0, 0]),
        ("within", &[(1, "2026-03-02"), (2, "2026-03-31")], [1, 1, 0]),
        (
            "a day too far",
            &[(1, "2026-03-01"), (2, "2026-03-31")],
            [1, 0, 0],
        ),
        (
            "three",
            &[(1, "2026-03-02"), (2, "2026-03-05"), (3, "2026-03-31")],
            [1, 1, 1],
        ),
        (
            "two and two",
            &[(1, "2026-02-10"), (2, "2026-03-11"), (3, "2026-03-12")],
            [1, 1, 0],
        ),
    ];
    for (name, openings, expected) in cases {
        assert_eq!(new_stacking("2026-03-31", openings), expected, "{name}");
    }
}

#[test]
fn the_month_of_a_snapshot_ends_with_its_date() {
    for (as_of, first) in [
        ("2026-03-31", "2026-03-01"),
        ("2024-02-29", "2024-02-01"),
        ("2026-06-15", "2026-06-01"),
        ("2026-06-01", "2026-06-01"),
    ] {
        assert_eq!(Days::until(date(as_of)).first, date(first));
    }
    assert_eq!(
        new_stacking("2026-06-15", &[(1, "2026-06-15"), (2, "2026-06-16")]),
        [1, 0, 0]
    );
    assert_eq!(
        new_stacking("2024-02-29", &[(1, "2024-01-03"), (2, "2024-02-01")]),
        [1, 1, 0]
    );
    assert_eq!(
        new_stacking("2024-02-29", &[(1, "2024-01-02"), (2, "2024-02-01")]),
        [1, 0, 0]
    );
}

#[test]
fn a_loan_funded_together_stacks_nothing() {
    let together = |member_no| Loan {
        funding_group_ref: Some("joint"),
        ..opened(member_no, "2026-03-05")
    };
    let statistics = of_one("2026-03-31", vec![together(1), together(2)]).statistics();
    assert_eq!(figures(&statistics, Indicator::NewStacking, false), [1, 0, 0]);
    assert_eq!(figures(&statistics, Indicator::SameDayStacking, false), [1, 0]);
    assert_eq!(
        figures(&statistics, Indicator::MultiLenderRate, false),
        [1, 1, 0, 0]
    );
}

#[test]
fn openings_stack_on_their_own_day_alone() {
    let same_day = |openings: &[(i64, &str)]| {
        let loans = openings.iter().map(|(member_no, day)| opened(*member_no, day));
        let statistics = of_one("2026-03-31", loans.collect()).statistics();
        figures(&statistics, Indicator::SameDayStacking, false)
    };
    assert_eq!(same_day(&[(1, "2026-03-05"), (2, "2026-03-05")]), [2, 2]);
    assert_eq!(same_day(&[(1, "2026-03-05"), (1, "2026-03-05")]), [2, 0]);
    assert_eq!(same_day(&[(1, "2026-03-05"), (2, "2026-03-06")]), [2, 0]);
    assert_eq!(same_day(&[(1, "2026-02-28"), (2, "2026-02-28")]), [0, 0]);
    assert_eq!(same_day(&[(1, "2026-03-01"), (2, "2026-03-31")]), [2, 0]);
}

#[test]
fn what_was_taken_over_or_never_was_is_no_opening() {
    for (status, reason, expected) in [
        (AccountStatus::TransferredOut, None, [1, 0, 0]),
        (
            AccountStatus::Closed,
            Some(ClosureReason::ReportedInError),
            [1, 0, 0],
        ),
        (AccountStatus::Closed, Some(ClosureReason::PaidEarly), [1, 1, 0]),
    ] {
        let mut ended = opened(2, "2026-03-06");
        let now = ended.now.as_mut().unwrap();
        (now.status, now.closure_reason) = (status, reason);
        let statistics = of_one("2026-03-31", vec![opened(1, "2026-03-05"), ended]).statistics();
        assert_eq!(
            figures(&statistics, Indicator::NewStacking, false),
            expected,
            "{status:?}"
        );
    }
}

#[test]
fn lenders_fall_into_their_bins() {
    for (lenders, bin, few) in [
        (1, "1", "1"),
        (4, "4", "4"),
        (5, "5", "5+"),
        (6, "6-9", "5+"),
        (9, "6-9", "5+"),
        (10, "10+", "5+"),
        (14, "10+", "5+"),
    ] {
        let statistics = of_one("2026-03-31", (1..=lenders).map(loan).collect()).statistics();
        let bin_of = |indicator| {
            let table = statistics
                .tables
                .iter()
                .find(|table| table.published.indicator == indicator && table.published.cuts.is_empty());
            let rows = shown(&statistics, table.unwrap());
            let filled = rows.into_iter().find(|(_, values)| values[0] > 0);
            filled.unwrap().0.concat()
        };
        assert_eq!(bin_of(Indicator::MultiLenderHistogram), bin);
        assert_eq!(bin_of(Indicator::DelinquencyByLenders), few);
        let spread = figures(&statistics, Indicator::LendersPerSubject, false);
        let lenders = i128::from(lenders);
        assert_eq!(spread, [1, lenders, lenders, lenders]);
    }
}

#[test]
fn days_past_due_count_from_each_edge_on() {
    for (days, expected) in [
        (0, [1, 0, 0, 0, 0, 0]),
        (1, [1, 1, 0, 0, 0, 0]),
        (3, [1, 1, 0, 0, 0, 0]),
        (4, [1, 1, 0, 0, 0, 1]),
        (30, [1, 1, 0, 0, 0, 1]),
        (31, [1, 1, 1, 0, 0, 1]),
        (60, [1, 1, 1, 0, 0, 1]),
        (61, [1, 1, 1, 1, 0, 1]),
        (91, [1, 1, 1, 1, 1, 1]),
    ] {
        let mut late = loan(1);
        late.now.as_mut().unwrap().days_past_due = days;
        let statistics = of_one("2026-03-31", vec![late]).statistics();
        assert_eq!(
            figures(&statistics, Indicator::Delinquency, false),
            expected,
            "{days}"
        );
        let balances = expected.map(|count: i128| count * 80_000);
        assert_eq!(
            figures(&statistics, Indicator::Delinquency, true),
            balances,
            "{days}"
        );
    }
}

#[test]
fn a_vintage_is_late_from_the_month_on_in_which_it_first_was() {
    let first_late = |day: &str| FirstLate {
        on: date(day),
        outstanding_total: 70_000,
    };
    let mut late = opened(1, "2025-12-31");
    late.past.first_31 = Some(first_late("2026-02-28"));
    late.past.first_91 = Some(first_late("2026-03-01"));
    let statistics = of_one("2026-03-31", vec![late]).statistics();
    let vintage = |in_currency: bool| {
        let table = statistics.tables.iter().find(|table| {
            table.published.indicator == Indicator::Vintage && table.currency.is_some() == in_currency
        });
        let rows = shown(&statistics, table.unwrap());
        rows.into_iter()
            .map(|(keys, values)| (keys.join(" "), values))
            .collect::<Vec<_>>()
    };
    let row = |months: &str, values: [i128; 3]| (format!("2025-12 {months}"), values.to_vec());
    let counts = [row("1", [1, 0, 0]), row("2", [1, 1, 0]), row("3", [1, 1, 1])];
    assert_eq!(vintage(false), counts);
    let amounts = [
        row("1", [100_000, 0, 0]),
        row("2", [100_000, 70_000, 0]),
        row("3", [100_000, 70_000, 70_000]),
    ];
    assert_eq!(vintage(true), amounts);
}

#[test]
fn vintages_follow_the_twenty_four_months_before() {
    for (day, rows) in [
        ("2026-03-01", 0),
        ("2026-02-28", 1),
        ("2024-03-01", 24),
        ("2024-02-29", 0),
    ] {
        let statistics = of_one("2026-03-31", vec![opened(1, day)]).statistics();
        let table = statistics
            .tables
            .iter()
            .find(|table| table.published.indicator == Indicator::Vintage && table.currency.is_none());
        assert_eq!(shown(&statistics, table.unwrap()).len(), rows, "{day}");
    }
}

#[test]
fn a_row_on_file_becomes_a_loan_unless_it_is_no_own_debt() {
    let of = |row: &_| {
        Loan::of_row(row, LenderGroup::Bank, false, Past::default())
            .map(|loan| (loan.is_primary, loan.granted, loan.now.is_some(), loan.region))
    };
    let guangdong = Region::of("440000");
    let position = testing::position;
    assert_eq!(of(&position().build()), Some((true, 1_000_000, true, guangdong)));
    let card = position()
        .revolving(AccountType::CreditCard, 7)
        .role(LiabilityRole::Joint);
    assert_eq!(of(&card.build()), Some((false, 7, true, guangdong)));
    assert_eq!(of(&position().role(LiabilityRole::Guarantor).build()), None);
    let hidden = position().row(|row| row.suppressed = true);
    assert_eq!(of(&hidden.build()), Some((true, 1_000_000, false, guangdong)));
    let deleted = position().row(|row| row.deleted = Some(DeletionReason::Fraud));
    assert_eq!(of(&deleted.build()), Some((true, 1_000_000, false, guangdong)));
}

#[test]
fn a_joint_borrower_counts_as_a_subject_and_brings_no_second_position() {
    let joint = Loan {
        is_primary: false,
        ..loan(1)
    };
    let market = Market {
        terms: terms("2026-03-31"),
        subjects: vec![vec![loan(1)], vec![joint]],
        looks: Vec::new(),
    };
    let statistics = market.statistics();
    assert_eq!((statistics.subjects, statistics.positions), (2, 1));
    assert_eq!(
        figures(&statistics, Indicator::MultiLenderRate, false),
        [2, 0, 0, 0]
    );
    assert_eq!(figures(&statistics, Indicator::Delinquency, true)[0], 80_000);
    assert_eq!(
        figures(&statistics, Indicator::ExposurePerSubject, true),
        [2, 160_000, 1, 1]
    );
}

#[test]
fn a_subject_speaks_for_the_active_position_that_it_opened_last() {
    let mut closed = opened(3, "2026-03-20");
    closed.now.as_mut().unwrap().status = AccountStatus::Closed;
    let loans = vec![opened(1, "2026-03-01"), opened(2, "2026-03-10"), closed];
    let statistics = of_one("2026-03-31", loans).statistics();
    let table = statistics.tables.iter().find(|table| {
        table.published.indicator == Indicator::MultiLenderHistogram
            && table.currency.is_none()
            && table.published.cuts.len() == 1
            && table.published.cuts[0].name() == "lender_group"
    });
    let rows = shown(&statistics, table.unwrap());
    assert_eq!(rows.keys().next().unwrap()[0], "ONLINE_MICROLOAN");
}

#[test]
fn bands_of_amounts_begin_where_the_operator_says() {
    for (lowest, band) in [(None, "x1"), (Some(500), "x2"), (Some(600), "x1")] {
        let mut market = of_one(
            "2026-03-31",
            vec![Loan {
                granted: 60_000,
                ..loan(1)
            }],
        );
        let edges = lowest.map(|units| (Currency::CNY, units));
        market.terms.lowest_edges = edges.into_iter().collect();
        let statistics = market.statistics();
        let table = statistics.tables.iter().find(|table| {
            table
                .published
                .cuts
                .iter()
                .any(|axis| axis.name() == "amount_band")
                && table.currency.is_none()
        });
        let rows = shown(&statistics, table.unwrap());
        assert_eq!(rows.keys().next().unwrap().concat(), band, "{lowest:?}");
    }
}

#[test]
fn a_rate_on_an_edge_is_the_last_of_its_band() {
    for (basis_points, band) in [
        (0, "NOT_STATED"),
        (1, "0-6"),
        (600, "0-6"),
        (601, "6-12"),
        (1_800, "12-18"),
        (2_400, "18-24"),
        (3_600, "24-36"),
        (3_601, "36+"),
    ] {
        let place = rate_place(basis_points);
        assert_eq!(
            Axis::RateBand.label(place, date("2026-03-31")),
            band,
            "{basis_points}"
        );
    }
}
