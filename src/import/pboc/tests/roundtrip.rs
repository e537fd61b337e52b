//! A position that goes through a table comes back as the projection says.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::domain::batch::PositionRecord;
use crate::domain::currency::Currency;
use crate::domain::position::{
    AccountStatus as S, AccountType, ClosureReason as Why, DeletionReason, EventType, OverdueAmounts,
};
use crate::domain::validation::{samples, strategies};

fn fitting(mut position: Position<TokenRef>) -> Position<Named> {
    if position.facts.currency.exponent() != 2 {
        position.facts.currency = Currency::CNY;
    }
    named(position)
}

fn record(position: Position<Named>) -> FileRecord {
    FileRecord::Position(PositionRecord {
        position,
        event: None,
        correction_reason: None,
    })
}

proptest! {
    #[test]
    fn a_position_comes_back_as_the_projection_says(
        position in strategies::position(),
        event in option::of(select(EventType::ALL)),
        correction_reason in option::of("[a-z]([a-z ,\"]{0,40}[a-z])?"),
    ) {
        let record = FileRecord::Position(PositionRecord { position: fitting(position), event, correction_reason });
        let file = written(std::slice::from_ref(&record)).unwrap();
        let back = read_good(&file);
        let carried = as_carried_by_pboc(&record, &defaults());
        prop_assert!(back == [carried.clone()], "{back:?}\n{carried:?}");
        // What was carried once is carried unchanged from then on.
        let steady = read_good(&written(&back).unwrap());
        prop_assert!(steady == back, "{steady:?}");
        prop_assert!(as_carried_by_pboc(&carried, &defaults()) == carried);
    }
}

/// A valid position with this standing.
fn standing(kind: AccountType, status: S, reason: Option<Why>, days: u32) -> Position<Named> {
    let mut position = samples::late_position(days);
    let facts = &mut position.facts;
    facts.account_type = kind;
    (facts.status, facts.closure_reason) = (status, reason);
    facts.closed_on = reason.map(|_| date("2026-06-10"));
    if days == 0 {
        facts.overdue = OverdueAmounts::default();
    }
    named(position)
}

fn back(position: Position<Named>) -> Option<(S, Option<Why>, u32)> {
    match read_good(&written(&[record(position)]).unwrap()).remove(0) {
        FileRecord::Position(record) => {
            let facts = record.position.facts;
            Some((facts.status, facts.closure_reason, facts.days_past_due))
        }
        FileRecord::Deletion { .. } => None,
    }
}

#[test]
fn every_status_comes_back_for_its_type_or_as_what_is_nearest() {
    use AccountType::{Collection, CreditCard, NonRevolving, Revolving};
    let ended = (S::Closed, Some(Why::WrittenOff));
    let same = |status| (status, None);
    let cases = [
        (S::PendingDisbursement, NonRevolving, same(S::Open)),
        (S::PendingDisbursement, Revolving, same(S::Open)),
        (S::PendingDisbursement, CreditCard, same(S::PendingDisbursement)),
        (S::PendingDisbursement, Collection, same(S::Open)),
        (S::Open, NonRevolving, same(S::Open)),
        (S::Open, Revolving, same(S::Open)),
        (S::Open, CreditCard, same(S::Open)),
        (S::Open, Collection, same(S::Open)),
        (S::BadDebt, NonRevolving, same(S::BadDebt)),
        (S::BadDebt, Revolving, same(S::BadDebt)),
        (S::BadDebt, CreditCard, same(S::BadDebt)),
        (S::BadDebt, Collection, same(S::BadDebt)),
        (S::LegalAction, NonRevolving, same(S::LegalAction)),
        (S::LegalAction, Revolving, same(S::LegalAction)),
        (S::LegalAction, CreditCard, same(S::LegalAction)),
        (S::LegalAction, Collection, same(S::Open)),
        (S::TransferredOut, NonRevolving, same(S::TransferredOut)),
        (S::TransferredOut, Revolving, ended),
        (S::TransferredOut, CreditCard, ended),
        (S::TransferredOut, Collection, ended),
    ];
    for (status, kind, (back_status, back_reason)) in cases {
        for days in [0, 1, 30, 31, 60, 61, 90, 91, 120, 121, 150, 151, 180, 181] {
            if status == S::BadDebt && days == 0 {
                continue;
            }
            let found = back(standing(kind, status, None, days));
            assert_eq!(
                found,
                Some((back_status, back_reason, days)),
                "{status:?} {kind:?} {days}"
            );
        }
    }
}

#[test]
fn every_closure_reason_comes_back_or_as_what_is_nearest() {
    let cases = [
        (Why::PaidAsAgreed, Some(Why::PaidAsAgreed)),
        (Why::PaidEarly, Some(Why::PaidAsAgreed)),
        (Why::PaidAfterOverdue, Some(Why::PaidAsAgreed)),
        (Why::PaidByGuarantor, Some(Why::PaidByGuarantor)),
        (Why::AssetsInLieu, Some(Why::AssetsInLieu)),
        (Why::SettledForLess, Some(Why::WrittenOff)),
        (Why::WrittenOff, Some(Why::WrittenOff)),
        (Why::Sold, Some(Why::WrittenOff)),
        (Why::RefinancedSameLender, Some(Why::PaidAsAgreed)),
        (Why::Rescinded, Some(Why::PaidAsAgreed)),
        (Why::Bankruptcy, Some(Why::WrittenOff)),
        (Why::Deceased, Some(Why::WrittenOff)),
        (Why::Fraud, None),
        (Why::ReportedInError, None),
    ];
    assert_eq!(cases.len(), Why::ALL.len(), "every one");
    for kind in AccountType::ALL {
        for (reason, expected) in cases {
            for days in [0, 45] {
                let found = back(standing(*kind, S::Closed, Some(reason), days));
                let expected = expected.map(|reason| (S::Closed, Some(reason), days));
                assert_eq!(found, expected, "{kind:?} {reason:?} {days}");
            }
        }
    }
}

#[test]
fn deletions_come_back() {
    for reason in [DeletionReason::ReportedInError, DeletionReason::Fraud] {
        let record = FileRecord::Deletion {
            account_ref: account("A-1"),
            reason,
        };
        assert!(read_good(&written(std::slice::from_ref(&record)).unwrap()) == [record]);
    }
}

#[test]
fn a_token_leaves_its_cells_empty_and_its_row_is_refused_when_read() {
    let mut position = standing(AccountType::NonRevolving, S::Open, None, 0);
    let point = curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED.0;
    let token = crate::identity::token::SubjectToken::parse(IdentifierType::NationalId, 1, &point).unwrap();
    position.liabilities[0].tokens = vec![Presented {
        token: Named::Token(token),
        verified_on: None,
    }];
    let record = record(position);
    let file = written(std::slice::from_ref(&record)).unwrap();
    let (_, parsed) = read_all(&file).unwrap().remove(0);
    let unreadable = parsed.unwrap_err();
    assert_eq!(unreadable.account_ref, Some(account("A-1")));
    assert_eq!(unreadable.violations[0].field, "position.liabilities[0].tokens");
    let carried = as_carried_by_pboc(&record, &defaults());
    assert!(position_of(&carried).liabilities[0].tokens.is_empty());
}

#[test]
fn what_the_table_cannot_hold_is_refused_and_leaves_nothing() {
    let mut foreign = standing(AccountType::NonRevolving, S::Open, None, 0);
    foreign.facts.currency = Currency::parse("JPY").unwrap();
    let mut early = standing(AccountType::NonRevolving, S::Open, None, 0);
    early.facts.opened_on = chrono::NaiveDate::MIN;
    for (position, advice) in [(foreign, "two decimals"), (early, "years 1 to 9999")] {
        let sink = Shared::default();
        let mut writer = Box::new(PbocWriter::new(sink.clone()).unwrap());
        let error = writer.write(&record(position)).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(advice), "{error}");
        writer.finish().unwrap();
        assert_eq!(read_good(&sink.bytes()).len(), 0);
    }
}
