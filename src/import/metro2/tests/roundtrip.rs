//! A position that goes through a file comes back as the projection says, and the trailer counts what was written.

use proptest::prelude::*;

use super::super::totals::Totals;
use super::*;
use crate::domain::batch::PositionRecord;
use crate::domain::currency::Currency;
use crate::domain::position::{
    AccountStatus, AccountType, ClosureReason, DeletionReason, Facts, OverdueAmounts, RepaymentFrequency,
};
use crate::domain::validation::{samples, strategies};

/// What nine digits of dollars hold after a payment by the day became one by the month.
const MINOR_MAX: i64 = 3_000_000_000;

/// The position as the format can hold it: dollars of nine digits, 30 characters of account number.
fn fitting(mut position: Position<TokenRef>) -> Position<Named> {
    let text: String = position.account_ref.as_str().chars().take(30).collect();
    position.account_ref = account(&text);
    let facts = &mut position.facts;
    facts.currency = Currency::parse("USD").unwrap();
    for amount in [
        &mut facts.original_amount,
        &mut facts.credit_limit,
        &mut facts.outstanding_principal,
        &mut facts.outstanding_total,
        &mut facts.scheduled_payment,
        &mut facts.last_payment_amount,
        &mut facts.overdue.principal,
        &mut facts.overdue.interest,
        &mut facts.overdue.penalty,
        &mut facts.overdue.fees,
    ] {
        *amount %= MINOR_MAX;
    }
    if facts.remaining_terms.is_multiple_of(2) {
        facts.region_code = "US-CA".to_owned();
    }
    named(position)
}

fn record(position: Position<Named>, correction_reason: Option<String>) -> FileRecord {
    FileRecord::Position(PositionRecord {
        position,
        event: None,
        correction_reason,
    })
}

proptest! {
    #[test]
    fn a_position_comes_back_as_the_projection_says(
        position in strategies::position(),
        is_correction in any::<bool>(),
    ) {
        let record = record(fitting(position), is_correction.then(|| "wrong".to_owned()));
        let file = written(std::slice::from_ref(&record)).unwrap();
        let back = read_good(&file);
        let carried = as_carried_by_metro2(&record, &defaults());
        prop_assert!(back == [carried.clone()], "{back:?}\n{carried:?}");
        // What was carried once is carried unchanged from then on.
        let again = as_carried_by_metro2(&carried, &defaults());
        let steady = read_good(&written(&back).unwrap());
        prop_assert!(steady == [again], "{steady:?}");
    }

    #[test]
    fn the_trailer_counts_what_was_written(positions in proptest::collection::vec(strategies::position(), 0..6)) {
        let records: Vec<FileRecord> = positions.into_iter().map(|position| record(fitting(position), None)).collect();
        let file = written(&records).unwrap();
        let lines: Vec<&[u8]> = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        prop_assert_eq!(lines.len(), records.len() + 2);
        let mut totals = Totals::default();
        for line in &lines[1..lines.len() - 1] {
            totals.count(line);
        }
        prop_assert_eq!(totals.trailer(), lines[lines.len() - 1].to_vec());
    }
}

#[test]
fn the_trailer_of_the_sample_is_counted_as_it_was_laid_out_by_hand() {
    let mut totals = Totals::default();
    let lines: Vec<&str> = SAMPLE.lines().collect();
    for line in &lines[1..8] {
        totals.count(line.as_bytes());
    }
    assert_eq!(String::from_utf8(totals.trailer()).unwrap(), lines[8]);
}

/// A valid position with this standing, made from the sample.
fn standing(status: AccountStatus, reason: Option<ClosureReason>, days: u32, owed: i64) -> Position<Named> {
    let mut position = samples::late_position(days);
    position.facts.currency = Currency::parse("USD").unwrap();
    let facts = &mut position.facts;
    (facts.status, facts.closure_reason) = (status, reason);
    facts.closed_on = reason.map(|_| date("2026-06-10"));
    (facts.outstanding_principal, facts.outstanding_total) = (owed, owed);
    let first = date("2026-06-14") - chrono::Days::new(u64::from(days));
    (facts.first_delinquent_on, facts.overdue) = if days > 0 {
        (
            Some(first),
            OverdueAmounts {
                principal: 90_099,
                ..OverdueAmounts::default()
            },
        )
    } else {
        (None, OverdueAmounts::default())
    };
    named(position)
}

fn facts_back(position: Position<Named>) -> Option<Facts> {
    let written = written(&[record(position, None)]).unwrap();
    match read_good(&written).remove(0) {
        FileRecord::Position(record) => Some(record.position.facts),
        FileRecord::Deletion { .. } => None,
    }
}

#[test]
fn every_status_and_closure_reason_comes_back_or_as_what_is_nearest() {
    use AccountStatus as S;
    use ClosureReason as Why;
    let closed = |reason, back| (S::Closed, Some(reason), Some((S::Closed, Some(back))));
    let cases = [
        (S::PendingDisbursement, None, Some((S::Open, None))),
        (S::Open, None, Some((S::Open, None))),
        (S::BadDebt, None, Some((S::BadDebt, None))),
        (S::LegalAction, None, Some((S::Open, None))),
        (S::TransferredOut, None, Some((S::TransferredOut, None))),
        closed(Why::PaidAsAgreed, Why::PaidAsAgreed),
        closed(Why::PaidEarly, Why::PaidAsAgreed),
        closed(Why::PaidAfterOverdue, Why::PaidAfterOverdue),
        closed(Why::PaidByGuarantor, Why::PaidByGuarantor),
        closed(Why::AssetsInLieu, Why::AssetsInLieu),
        closed(Why::SettledForLess, Why::SettledForLess),
        closed(Why::WrittenOff, Why::WrittenOff),
        closed(Why::Sold, Why::Sold),
        closed(Why::RefinancedSameLender, Why::RefinancedSameLender),
        (S::Closed, Some(Why::Rescinded), None),
        closed(Why::Bankruptcy, Why::Bankruptcy),
        closed(Why::Deceased, Why::Deceased),
        (S::Closed, Some(Why::Fraud), None),
        (S::Closed, Some(Why::ReportedInError), None),
    ];
    assert_eq!(cases.len(), S::ALL.len() - 1 + Why::ALL.len(), "every one");
    for (status, reason, expected) in cases {
        for (days, owed) in [(0, 0), (0, 500_000), (45, 500_000), (200, 500_000)] {
            let facts = facts_back(standing(status, reason, days, owed));
            let found = facts.map(|facts| (facts.status, facts.closure_reason));
            assert_eq!(found, expected, "{status:?} {reason:?} {days} {owed}");
        }
    }
    let fraud = record(standing(S::Closed, Some(Why::Fraud), 0, 0), None);
    let deleted = read_good(&written(&[fraud]).unwrap()).remove(0);
    assert_eq!(
        deleted,
        FileRecord::Deletion {
            account_ref: account("A-1"),
            reason: DeletionReason::Fraud
        }
    );
}

#[test]
fn days_come_back_from_the_30th_on() {
    for account_type in AccountType::ALL {
        for days in [
            0, 1, 29, 30, 31, 59, 60, 61, 89, 90, 91, 119, 120, 121, 149, 150, 151, 179, 180, 181, 400,
        ] {
            let mut position = standing(AccountStatus::Open, None, days, 500_000);
            position.facts.account_type = *account_type;
            let facts = facts_back(position).unwrap();
            let is_collection = *account_type == AccountType::Collection;
            let expected = match days {
                // Collectors say what is past due from the first day, but not since when.
                1..=29 if is_collection => 1,
                0..=29 => 0,
                _ => days,
            };
            assert_eq!(facts.days_past_due, expected, "{account_type:?} {days}");
            assert_eq!(facts.overdue.principal, if expected > 0 { 90_000 } else { 0 });
        }
    }
}

#[test]
fn amounts_are_rounded_down_to_whole_dollars() {
    for (minor, back) in [
        (0, 0),
        (1, 0),
        (99, 0),
        (100, 100),
        (199, 100),
        (99_999_999_999, 99_999_999_900),
    ] {
        let facts = facts_back(standing(AccountStatus::Open, None, 0, minor)).unwrap();
        assert_eq!(facts.outstanding_total, back, "{minor}");
    }
}

#[test]
fn what_the_format_cannot_hold_is_refused_and_leaves_nothing() {
    let base = || standing(AccountStatus::Open, None, 0, 0);
    let cases: [(&str, Position<Named>); 6] = [
        ("30 characters", {
            let mut position = base();
            position.account_ref = account(&"A".repeat(31));
            position
        }),
        ("currency", {
            let mut position = base();
            position.facts.currency = Currency::CNY;
            position
        }),
        (
            "nine digits",
            standing(AccountStatus::Open, None, 0, 100_000_000_000),
        ),
        ("nine digits", {
            let mut position = base();
            position.facts.repayment_frequency = RepaymentFrequency::Day;
            position.facts.scheduled_payment = 99_999_999_999;
            position
        }),
        ("999 months", {
            let mut position = base();
            position.facts.matures_on = Some(date("2126-01-10"));
            position
        }),
        ("years 1 to 9999", {
            let mut position = base();
            position.facts.opened_on = chrono::NaiveDate::MIN;
            position.facts.account_type = AccountType::Revolving;
            position
        }),
    ];
    for (advice, position) in cases {
        let error = written(&[record(position, None)]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(advice), "{error}");
    }
    let sink = Shared::default();
    let mut writer =
        Box::new(Metro2Writer::new(sink.clone(), sender(), Metro2Conventions::default()).unwrap());
    let mut foreign = base();
    foreign.facts.currency = Currency::CNY;
    assert!(writer.write(&record(foreign, None)).is_err());
    writer.write(&record(base(), None)).unwrap();
    writer.finish().unwrap();
    assert_eq!(read_good(&sink.bytes()).len(), 1);
}

#[test]
fn nothing_but_numbers_of_a_person_is_written() {
    let position = standing(AccountStatus::Open, None, 0, 0);
    let file = written(&[record(position, None)]).unwrap();
    let line = file.split(|byte| *byte == b'\n').nth(1).unwrap();
    // Names; the date of birth; both lines of the address and the city; the postal code.
    assert!(line[231..297].iter().all(|byte| *byte == b' '));
    assert_eq!(&line[306..314], b"00000000");
    assert!(line[329..413].iter().all(|byte| *byte == b' '));
    assert!(line[415..426].iter().all(|byte| *byte == b' '));
    assert_eq!(&line[297..306], b"219090001");
}

#[test]
fn a_token_is_not_written_and_an_account_without_identifiers_is_refused_when_read() {
    let mut position = standing(AccountStatus::Open, None, 0, 0);
    let point = curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED.0;
    let token = crate::identity::token::SubjectToken::parse(IdentifierType::NationalId, 1, &point).unwrap();
    position.liabilities[0].tokens = vec![presented(Named::Token(token))];
    let record = record(position, None);
    let file = written(std::slice::from_ref(&record)).unwrap();
    assert!(file.windows(9).any(|window| window == b"000000000"));
    let carried = as_carried_by_metro2(&record, &defaults());
    assert!(position_of(&carried).liabilities[0].tokens.is_empty());
    let (_, parsed) = read_all(&file).unwrap().remove(0);
    assert_eq!(
        parsed.unwrap_err().violations[0].field,
        "position.liabilities[0].tokens"
    );
}
