//! The sample file, record by record, and the days past due that follow from it.

use super::super::layout::base;
use super::*;
use crate::domain::position::{
    AccountStatus, AccountType, ClosureReason, CollectionStage, DeletionReason, ProductType,
    RepaymentFrequency,
};

#[test]
fn an_instalment_loan_is_read_field_by_field() {
    let records = read_good(SAMPLE.as_bytes());
    assert_eq!(records.len(), 7);
    let position = position_of(&records[0]);
    let facts = &position.facts;
    assert_eq!(position.account_ref, account("LOAN-0001"));
    assert_eq!(
        (facts.account_type, facts.product_type),
        (AccountType::NonRevolving, ProductType::CashInstalment)
    );
    assert_eq!(facts.opened_on, date("2025-01-15"));
    assert_eq!(facts.matures_on, Some(date("2028-01-15")));
    assert_eq!((facts.original_amount, facts.credit_limit), (1_000_000, 0));
    assert_eq!(
        (facts.repayment_frequency, facts.scheduled_payment),
        (RepaymentFrequency::Month, 34_000)
    );
    assert_eq!(
        (facts.outstanding_total, facts.outstanding_principal),
        (650_000, 650_000)
    );
    assert_eq!((facts.status, facts.days_past_due), (AccountStatus::Open, 0));
    assert_eq!(
        (facts.last_payment_on, facts.last_payment_amount),
        (Some(date("2026-05-10")), 34_000)
    );
    assert_eq!(
        (facts.region_code.as_str(), facts.currency.as_str()),
        ("US-NY", "USD")
    );
    assert_eq!(facts.consent_reference, "consent-0001");
    assert_eq!(facts.adverse_notice_reference, None, "nothing is late");
    assert_eq!(
        (position.order.as_of, position.order.sequence),
        (date("2026-05-31"), 1)
    );
    assert_eq!(position.liabilities.len(), 1);
    assert_eq!(position.liabilities[0].role, PRIMARY);
    let expected = vec![
        presented(us_number("219099999")),
        presented(mobile("+12125550123")),
    ];
    assert!(position.liabilities[0].tokens == expected);
}

#[test]
fn associated_consumers_come_with_their_roles_and_the_days_from_the_first_delinquency() {
    let records = read_good(SAMPLE.as_bytes());
    let position = position_of(&records[1]);
    let facts = &position.facts;
    assert_eq!(
        (facts.account_type, facts.product_type),
        (AccountType::CreditCard, ProductType::CreditCard)
    );
    assert_eq!(
        (facts.credit_limit, facts.original_amount, facts.matures_on),
        (500_000, 0, None)
    );
    // Reported as 30 days late on 15 May: due on 15 April, 46 days before the end of May.
    assert_eq!(facts.first_delinquent_on, Some(date("2026-04-15")));
    assert_eq!((facts.days_past_due, facts.overdue.principal), (46, 15_000));
    assert_eq!(facts.adverse_notice_reference.as_deref(), Some("notice"));
    let roles: Vec<_> = position
        .liabilities
        .iter()
        .map(|liability| liability.role)
        .collect();
    assert_eq!(roles, [PRIMARY, LiabilityRole::Joint, LiabilityRole::Guarantor]);
    assert!(
        position.liabilities[1].tokens
            == [
                presented(us_number("219099998")),
                presented(mobile("+12125550124"))
            ]
    );
    assert!(position.liabilities[2].tokens == [presented(mobile("+12125550125"))]);
}

#[test]
fn charge_offs_paid_loans_deletions_collections_and_corrections_are_told_apart() {
    let records = read_good(SAMPLE.as_bytes());
    let charged_off = &position_of(&records[2]).facts;
    assert_eq!(
        (charged_off.status, charged_off.closed_on),
        (AccountStatus::BadDebt, None)
    );
    assert_eq!(charged_off.days_past_due, 364);
    // 30 years, as mortgages count.
    assert_eq!(charged_off.matures_on, Some(date("2028-06-01")));
    let paid = &position_of(&records[3]).facts;
    assert_eq!(
        (
            paid.status,
            paid.closure_reason,
            paid.closed_on,
            paid.days_past_due
        ),
        (
            AccountStatus::Closed,
            Some(ClosureReason::PaidAsAgreed),
            Some(date("2026-05-20")),
            0
        )
    );
    assert_eq!(
        records[4],
        FileRecord::Deletion {
            account_ref: account("OOPS-0005"),
            reason: DeletionReason::ReportedInError
        }
    );
    let collection = &position_of(&records[5]).facts;
    assert_eq!(
        (
            collection.account_type,
            collection.status,
            collection.collection_stage
        ),
        (
            AccountType::Collection,
            AccountStatus::Open,
            Some(CollectionStage::Agency)
        )
    );
    assert_eq!(collection.days_past_due, 212);
    assert_eq!(collection.matures_on, Some(date("2026-03-02")));
    let FileRecord::Position(corrected) = &records[6] else {
        panic!()
    };
    assert_eq!(
        corrected.correction_reason.as_deref(),
        Some("Metro 2 correction indicator")
    );
    assert_eq!(
        corrected.position.facts.days_past_due, 180,
        "no first delinquency: the fewest days"
    );
    assert_eq!(
        corrected.position.facts.product_type,
        ProductType::PersonalBusiness
    );
}

#[test]
fn days_are_counted_when_they_fit_the_status_and_its_fewest_otherwise() {
    // Status, first delinquency as written, days: as of 31 May 2026.
    let cases = [
        ("71", "05312026", 30),
        ("71", "05022026", 59),
        ("71", "05012026", 30),
        ("71", "00000000", 30),
        ("78", "05012026", 60),
        ("80", "04012026", 90),
        ("82", "03022026", 120),
        ("83", "01312026", 150),
        ("83", "01302026", 151),
        ("84", "01012026", 180),
        ("84", "01012024", 911),
    ];
    for (status, first, days) in cases {
        let record = parse_changed(2, |record| {
            base::ACCOUNT_STATUS.put(record, status);
            base::DATE_FIRST_DELINQUENCY.put(record, first);
        });
        assert_eq!(
            position_of(&record.unwrap()).facts.days_past_due,
            days,
            "{status} {first}"
        );
    }
    // A current account is not late, unless something is past due all the same.
    for (past_due, days) in [("000000000", 0), ("000000001", 1)] {
        let record = with(1, base::AMOUNT_PAST_DUE, past_due).unwrap();
        assert_eq!(position_of(&record).facts.days_past_due, days);
    }
}

#[test]
fn the_due_date_may_stand_for_the_first_delinquency() {
    let mut defaults = defaults();
    defaults.conventions.first_delinquency = FirstDelinquency::DueDate;
    let raw = Raw {
        line: 3,
        cells: vec![layout::to_text(&sample_record(2))],
    };
    let mut record = sample_record(2);
    base::DATE_FIRST_DELINQUENCY.put(&mut record, "04152026");
    let raw = Raw {
        cells: vec![layout::to_text(&record)],
        ..raw
    };
    let parsed = crate::import::Parser::parse(&Metro2Parser::new(today(), defaults), &raw).unwrap();
    let facts = &position_of(&parsed).facts;
    assert_eq!(
        (facts.days_past_due, facts.first_delinquent_on),
        (46, Some(date("2026-04-15")))
    );
}
