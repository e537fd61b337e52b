//! Parts of the snapshot before meet positions wherever they are now.

use super::*;
use crate::domain::currency::Currency;
use crate::domain::date::BusinessZone;
use crate::domain::position::{AccountStatus, ProductType};
use crate::domain::statistics::{Indicator, Table};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn terms(as_of: &str, previous: Option<&str>) -> Terms {
    Terms {
        as_of: day(as_of),
        previous: previous.map(day),
        zone: BusinessZone::default(),
        lowest_edges: BTreeMap::new(),
    }
}

fn row(subject: i64, account: i64, opened_on: &str, outstanding_total: i64, days_past_due: u32) -> LoanRow {
    LoanRow {
        subject_id: SubjectId(subject),
        role: LiabilityRole::Primary,
        counts: true,
        was_checked: false,
        version: InForce {
            begins_on: day(opened_on),
            loan: Loan {
                member_no: MemberNo(1),
                lender_group: LenderGroup::ALL[0],
                account_no: AccountNo(account),
                is_primary: false,
                region: Region::of("440300"),
                product_type: ProductType::CashInstalment,
                currency: Currency::parse("CNY").unwrap(),
                opened_on: day(opened_on),
                is_revolving: false,
                granted: 1_000,
                annual_percentage_rate_bp: 1_200,
                grace_days: 0,
                is_restructured: false,
                was_checked: false,
                funding_group_ref: None,
                now: Some(Standing {
                    status: AccountStatus::Open,
                    closure_reason: None,
                    outstanding_total,
                    days_past_due,
                }),
                past: Past::default(),
            },
            funding_group_ref: None,
        },
    }
}

/// Counts as an engine does; `again` gives the rows of a subject once more. Tells the tables, the parts that were kept and
/// the subjects that were read twice.
fn count(terms: Terms, parts: &[Vec<u8>], rows: &[LoanRow]) -> (Statistics, Vec<Vec<u8>>, Vec<SubjectId>) {
    let mut helper = Helper::begin(Scan::new(terms.clone()));
    let mut count = MarketCount::new(terms, BTreeMap::new(), !parts.is_empty());
    let mut parts = parts.iter();
    let mut kept = Vec::new();
    for row in rows {
        while count.wants_part(row.subject_id) {
            assert!(count.push_part(parts.next().map(Vec::as_slice)));
        }
        count.add(row.clone());
        count.count_full(&mut helper);
        kept.extend(count.take_part());
    }
    // An engine reads no part after the last row: they are pushed when the pass ends.
    while count.wants_more_parts() {
        assert!(count.push_part(parts.next().map(Vec::as_slice)));
    }
    let again = count.end_pass();
    for subject in &again {
        for row in rows.iter().filter(|row| row.subject_id == *subject) {
            count.add(row.clone());
        }
    }
    count.join(&mut helper);
    let (statistics, rest) = count.finish();
    kept.push(rest);
    (statistics, kept, again)
}

fn flow(statistics: &Statistics) -> BTreeMap<&'static str, i128> {
    let is_flow = |table: &&Table| {
        table.published.indicator == Indicator::Flow
            && table.published.cuts.is_empty()
            && table.currency.is_some()
    };
    let table = statistics.tables.iter().find(is_flow).unwrap();
    let names = table.columns().iter().map(|column| column.name);
    names.zip(table.rows[0].values.iter().copied()).collect()
}

const MARCH: &str = "2026-03-31";
const APRIL: &str = "2026-04-30";

fn in_march(rows: &[LoanRow]) -> Vec<Vec<u8>> {
    count(terms(MARCH, None), &[], rows).1
}

#[test]
fn what_was_kept_is_what_a_balance_opens_with() {
    let parts = in_march(&[row(1, 10, "2026-01-05", 900, 0), row(2, 20, "2026-01-05", 500, 0)]);
    let april = [
        row(1, 10, "2026-01-05", 600, 0),
        row(2, 20, "2026-01-05", 500, 0),
        row(3, 30, "2026-04-02", 1_000, 0),
    ];
    let (statistics, _, again) = count(terms(APRIL, Some(MARCH)), &parts, &april);
    let flow = flow(&statistics);
    assert_eq!(again, vec![], "nobody's positions are in doubt");
    assert_eq!(
        (
            flow["opening"],
            flow["originations"],
            flow["repayments"],
            flow["closing"]
        ),
        (1_400, 1_000, 300, 2_100)
    );
}

#[test]
fn an_account_that_moved_to_another_subject_is_found_there_whichever_comes_first() {
    let parts = in_march(&[row(5, 10, "2026-01-05", 900, 0), row(6, 11, "2026-01-05", 100, 0)]);
    for moved_to in [2, 9] {
        let mut april = vec![
            row(moved_to, 10, "2026-01-05", 900, 0),
            row(6, 11, "2026-01-05", 100, 0),
        ];
        april.sort_by_key(|row| row.subject_id);
        let (statistics, _, again) = count(terms(APRIL, Some(MARCH)), &parts, &april);
        let flow = flow(&statistics);
        assert_eq!(again, vec![SubjectId(moved_to)]);
        assert_eq!(
            (flow["opening"], flow["arrivals"], flow["withdrawals"]),
            (1_000, 0, 0)
        );
        assert_eq!(statistics.subjects, 2);
    }
}

#[test]
fn what_is_gone_was_withdrawn_and_what_appears_late_arrived() {
    let parts = in_march(&[row(5, 10, "2026-01-05", 900, 0)]);
    let (statistics, _, again) = count(
        terms(APRIL, Some(MARCH)),
        &parts,
        &[row(7, 12, "2026-02-01", 300, 0)],
    );
    let flow = flow(&statistics);
    assert_eq!(again, vec![SubjectId(7)]);
    assert_eq!(
        (flow["opening"], flow["withdrawals"], flow["arrivals"]),
        (900, 900, 300)
    );
}

#[test]
fn a_position_that_does_not_count_any_more_was_withdrawn() {
    let parts = in_march(&[row(5, 10, "2026-01-05", 900, 0)]);
    let hidden = LoanRow {
        counts: false,
        ..row(5, 10, "2026-01-05", 900, 0)
    };
    let (statistics, kept, _) = count(terms(APRIL, Some(MARCH)), &parts, &[hidden]);
    assert_eq!(flow(&statistics)["withdrawals"], 900);
    assert_eq!(statistics.positions, 0);
    assert_eq!(kept, vec![Kept::default().take_rest()], "nothing is kept of it");
}

#[test]
fn once_late_is_late_ever_after_though_it_was_paid() {
    let parts = in_march(&[row(5, 10, "2026-01-05", 900, 40)]);
    let (_, parts, _) = count(
        terms(APRIL, Some(MARCH)),
        &parts,
        &[row(5, 10, "2026-01-05", 0, 0)],
    );
    let mut paid = row(5, 10, "2026-01-05", 0, 0);
    paid.version.loan.now = paid.version.loan.now.map(|now| Standing {
        status: AccountStatus::Closed,
        ..now
    });
    let (statistics, kept, _) = count(terms("2026-05-31", Some(APRIL)), &parts, &[paid]);
    let is_vintage =
        |table: &&Table| table.published.indicator == Indicator::Vintage && table.currency.is_some();
    let table = statistics.tables.iter().find(is_vintage).unwrap();
    let late: i128 = table.rows.iter().map(|row| row.values[1]).max().unwrap();
    assert_eq!(late, 900, "what it owed when it was late first");
    assert_ne!(
        kept,
        vec![Kept::default().take_rest()],
        "kept for the months that follow"
    );
}

#[test]
fn many_parts_are_read_in_turn_and_the_same_market_is_told_in_the_same_bytes() {
    let rows: Vec<LoanRow> = (1..=10_000)
        .map(|number| row(number, number, "2026-01-05", 100, 0))
        .collect();
    let parts = in_march(&rows);
    assert_eq!(parts.len(), 3);
    let once = count(terms(APRIL, Some(MARCH)), &parts, &rows);
    let twice = count(terms(APRIL, Some(MARCH)), &parts, &rows);
    assert_eq!(once.0.encode(), twice.0.encode());
    assert_eq!(once.1, twice.1);
    assert_eq!(flow(&once.0)["opening"], 1_000_000);
    assert!(once.2.is_empty());
}

#[test]
fn a_part_that_cannot_be_read_is_told() {
    let mut count = MarketCount::new(terms(APRIL, Some(MARCH)), BTreeMap::new(), true);
    assert!(!count.push_part(Some(b"nothing")));
}

#[test]
fn what_several_lenders_fund_together_is_one_opening() {
    let opened = |subject: i64, lender: i64, group: Option<&str>| {
        let mut row = row(subject, subject * 10 + lender, "2026-03-05", 500, 0);
        row.version.loan.member_no = MemberNo(lender);
        row.version.funding_group_ref = group.map(str::to_owned);
        row
    };
    // Whoever is counted before and after with nothing in common.
    let rows = [
        opened(1, 1, None),
        opened(1, 2, None),
        opened(2, 1, Some("joint")),
        opened(2, 2, Some("joint")),
        opened(3, 1, Some("one")),
        opened(3, 2, Some("other")),
    ];
    let (statistics, ..) = count(terms(MARCH, None), &[], &rows);
    let is_same_day = |table: &&Table| {
        table.published.indicator == Indicator::SameDayStacking && table.published.cuts.is_empty()
    };
    let table = statistics.tables.iter().find(is_same_day).unwrap();
    assert_eq!(
        table.rows[0].values,
        [5, 4],
        "openings, and those of a day with another lender's"
    );
}
