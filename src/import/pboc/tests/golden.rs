//! The sample table, and every code of the lists.

use super::*;
use crate::domain::position::{
    AccountStatus as S, AccountType, AssetClassification, ClosureReason as Why, DeletionReason, EventType,
    GuaranteeType, LiabilityRole, OverdueAmounts, ProductType, RepaymentFrequency, RepaymentFrequency as F,
};

fn event_of(record: &FileRecord) -> Option<EventType> {
    match record {
        FileRecord::Position(record) => record.event,
        FileRecord::Deletion { .. } => panic!("a deletion"),
    }
}

#[test]
fn a_loan_is_read_cell_by_cell() {
    let records = read_good(SAMPLE.as_bytes());
    assert_eq!(records.len(), 5);
    let position = position_of(&records[0]);
    let facts = &position.facts;
    assert_eq!(position.account_ref, account("LOAN-0001"));
    assert_eq!(
        (facts.account_type, facts.product_type),
        (AccountType::NonRevolving, ProductType::CashInstalment)
    );
    assert_eq!(
        (
            facts.original_amount,
            facts.outstanding_total,
            facts.outstanding_principal
        ),
        (1_000_000, 505_000, 505_000)
    );
    assert_eq!(
        (facts.repayment_frequency, facts.scheduled_payment),
        (RepaymentFrequency::Month, 90_000)
    );
    assert_eq!(
        (facts.opened_on, facts.matures_on),
        (date("2026-01-10"), Some(date("2027-01-10")))
    );
    assert_eq!(
        (facts.status, facts.days_past_due, facts.overdue),
        (S::Open, 0, OverdueAmounts::default())
    );
    assert_eq!(
        (facts.currency.as_str(), facts.region_code.as_str()),
        ("CNY", "440300")
    );
    assert_eq!(facts.asset_classification, Some(AssetClassification::Normal));
    assert_eq!(
        (facts.last_payment_on, facts.last_payment_amount),
        (Some(date("2026-05-10")), 90_000)
    );
    assert_eq!(facts.consent_reference, "consent-0001");
    assert_eq!(
        (position.order.as_of, position.order.sequence),
        (date("2026-05-31"), 1)
    );
    assert_eq!(event_of(&records[0]), Some(EventType::Payment));
    let expected = [
        presented(&Identifier::national_id(
            Country::CHINA,
            "11010519491231002X".to_owned(),
        )),
        presented(&Identifier::mobile("+8613800138000".to_owned())),
    ];
    assert!(position.liabilities[0].tokens == expected);
}

#[test]
fn late_cards_firms_settled_loans_and_bad_debts_are_read() {
    let records = read_good(SAMPLE.as_bytes());
    let card = &position_of(&records[1]).facts;
    assert_eq!(
        (card.status, card.days_past_due, card.overdue.principal),
        (S::Open, 45, 120_050)
    );
    assert_eq!(
        (card.credit_limit, card.adverse_notice_sent_on),
        (5_000_000, Some(date("2026-05-01")))
    );
    let firm = position_of(&records[2]);
    // Five months late by the state; the days are left out, so the fewest stand.
    assert_eq!(
        (firm.facts.days_past_due, firm.facts.guarantee_type),
        (121, GuaranteeType::Combined)
    );
    assert_eq!(
        firm.liabilities[0].tokens[0].token.identifier_type(),
        IdentifierType::EnterpriseCode
    );
    assert_eq!(firm.liabilities[1].role, LiabilityRole::Guarantor);
    assert_eq!(event_of(&records[2]), None);
    let paid = position_of(&records[3]);
    assert_eq!(
        (paid.facts.status, paid.facts.closure_reason),
        (S::Closed, Some(Why::PaidAsAgreed))
    );
    assert_eq!(paid.facts.closed_on, Some(date("2026-05-20")));
    let passport = |country: &str, number: &str| {
        presented(&Identifier::passport(
            Country::parse(country).unwrap(),
            number.to_owned(),
        ))
    };
    assert!(paid.liabilities[0].tokens == [passport("CN", "E12345678")]);
    assert!(paid.liabilities[1].tokens == [passport("US", "C0123456")]);
    assert_eq!(paid.liabilities[1].role, LiabilityRole::Joint);
    let bad = &position_of(&records[4]).facts;
    assert_eq!((bad.status, bad.days_past_due), (S::BadDebt, 1));
}

#[test]
fn every_account_status_has_its_meaning_for_its_type() {
    let cases = [
        ("D1", "1", "N", S::Open, None),
        ("D1", "2", "1", S::Open, None),
        ("D1", "3", "C", S::Closed, Some(Why::PaidAsAgreed)),
        ("D1", "3", "D", S::Closed, Some(Why::PaidByGuarantor)),
        ("D1", "3", "Z", S::Closed, Some(Why::AssetsInLieu)),
        ("D1", "3", "G", S::Closed, Some(Why::WrittenOff)),
        ("D1", "4", "B", S::BadDebt, None),
        ("D1", "5", "N", S::TransferredOut, None),
        ("D1", "6", "N", S::Open, None),
        ("D1", "7", "3", S::Open, None),
        ("D1", "8", "7", S::LegalAction, None),
        ("R4", "1", "*", S::Open, None),
        ("R4", "4", "B", S::BadDebt, None),
        ("R4", "6", "N", S::Open, None),
        ("R4", "8", "2", S::LegalAction, None),
        ("R1", "5", "N", S::Open, None),
        ("R1", "6", "N", S::Open, None),
        ("R2", "1", "M", S::Open, None),
        ("R2", "1", "3", S::Open, None),
        ("R2", "2", "A", S::Open, None),
        ("R2", "3", "1", S::Open, None),
        ("R2", "31", "N", S::Open, None),
        ("R2", "4", "C", S::Closed, Some(Why::PaidAsAgreed)),
        ("R3", "5", "B", S::BadDebt, None),
        ("R3", "6", "*", S::PendingDisbursement, None),
        ("R3", "8", "7", S::LegalAction, None),
        ("C1", "1", "N", S::Open, None),
        ("C1", "1", "B", S::BadDebt, None),
        ("C1", "2", "G", S::Closed, Some(Why::WrittenOff)),
    ];
    for (kind, status, state, expected, reason) in cases {
        let cells = [
            ("account_type", kind),
            ("account_status", status),
            ("repayment_state", state),
        ];
        let record = with(1, &cells).unwrap();
        let facts = &position_of(&record).facts;
        assert_eq!(
            (facts.status, facts.closure_reason),
            (expected, reason),
            "{kind} {status} {state}"
        );
        let closed_on = (expected == S::Closed).then(|| date("2026-05-31"));
        assert_eq!(facts.closed_on, closed_on, "the report date stands for it");
    }
    for (kind, status) in [
        ("D1", "9"),
        ("D1", "31"),
        ("D1", ""),
        ("R1", "7"),
        ("R4", "5"),
        ("R4", "7"),
        ("R2", "7"),
        ("R2", "32"),
        ("C1", "3"),
    ] {
        let record = with(1, &[("account_type", kind), ("account_status", status)]);
        assert_eq!(
            record.unwrap_err().violations[0].field,
            "position.status",
            "{kind} {status}"
        );
    }
}

#[test]
fn the_states_of_lateness_give_their_fewest_days_when_no_days_are_given() {
    for (state, days) in [
        ("1", 1),
        ("2", 31),
        ("3", 61),
        ("4", 91),
        ("5", 121),
        ("6", 151),
        ("7", 181),
    ] {
        let record = with(1, &[("account_status", "2"), ("repayment_state", state)]).unwrap();
        assert_eq!(position_of(&record).facts.days_past_due, days, "{state}");
    }
}

#[test]
fn days_and_state_must_agree_to_the_day() {
    for (state, days, good) in [
        ("N", "0", true),
        ("N", "1", false),
        ("1", "0", false),
        ("1", "1", true),
        ("1", "30", true),
        ("1", "31", false),
        ("2", "30", false),
        ("2", "31", true),
        ("2", "60", true),
        ("2", "61", false),
        ("6", "180", true),
        ("6", "181", false),
        ("7", "180", false),
        ("7", "181", true),
        ("7", "4000", true),
    ] {
        let status = if state == "N" { "1" } else { "2" };
        let cells = [
            ("account_status", status),
            ("repayment_state", state),
            ("days_past_due", days),
        ];
        match with(1, &cells) {
            Ok(record) => {
                assert!(good, "{state} {days}");
                assert_eq!(position_of(&record).facts.days_past_due.to_string(), days);
            }
            Err(unreadable) => {
                assert!(!good, "{state} {days}");
                let text = &unreadable.violations[0].description;
                assert!(
                    text.contains("days_past_due") && text.contains("repayment_state"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn every_business_type_has_its_meaning() {
    let products = [
        ("11", ProductType::Housing),
        ("12", ProductType::Other),
        ("13", ProductType::Housing),
        ("21", ProductType::Auto),
        ("31", ProductType::Student),
        ("32", ProductType::Student),
        ("33", ProductType::Student),
        ("41", ProductType::PersonalBusiness),
        ("42", ProductType::PersonalBusiness),
        ("51", ProductType::Farmer),
        ("52", ProductType::Farmer),
        ("53", ProductType::Farmer),
        ("61", ProductType::Other),
        ("64", ProductType::Other),
        ("71", ProductType::CreditCard),
        ("81", ProductType::CreditCard),
        ("82", ProductType::CreditCard),
        ("91", ProductType::CashInstalment),
        ("92", ProductType::Leasing),
        ("99", ProductType::Other),
        ("A1", ProductType::Other),
        ("B1", ProductType::Other),
        ("", ProductType::Other),
    ];
    for (code, product) in products {
        let record = with(1, &[("business_type", code)]).unwrap();
        assert_eq!(position_of(&record).facts.product_type, product, "{code}");
    }
}

#[test]
fn every_repayment_frequency_has_its_meaning() {
    let frequencies = [
        ("01", F::Day, 90_000),
        ("02", F::Week, 90_000),
        ("03", F::Month, 90_000),
        ("04", F::Quarter, 90_000),
        ("05", F::HalfYear, 90_000),
        ("06", F::Year, 90_000),
        ("07", F::Single, 90_000),
        ("08", F::Irregular, 90_000),
        ("12", F::Irregular, 270_000),
        ("13", F::Fortnight, 90_000),
        ("14", F::Irregular, 45_000),
        ("99", F::Irregular, 90_000),
    ];
    for (code, frequency, payment) in frequencies {
        let record = with(1, &[("repayment_frequency", code)]).unwrap();
        let facts = &position_of(&record).facts;
        assert_eq!(
            (facts.repayment_frequency, facts.scheduled_payment),
            (frequency, payment),
            "{code}"
        );
    }
}

#[test]
fn every_guarantee_report_time_and_class_has_its_meaning() {
    let guarantees = [
        ("1", GuaranteeType::Pledge),
        ("2", GuaranteeType::Mortgage),
        ("3", GuaranteeType::Guarantee),
        ("4", GuaranteeType::Unsecured),
        ("5", GuaranteeType::Combined),
        ("6", GuaranteeType::Mortgage),
        ("7", GuaranteeType::Guarantee),
        ("9", GuaranteeType::CreditInsurance),
    ];
    for (code, guarantee) in guarantees {
        let record = with(1, &[("guarantee_type", code)]).unwrap();
        assert_eq!(position_of(&record).facts.guarantee_type, guarantee, "{code}");
    }
    let events = [
        ("10", Some(EventType::Opened)),
        ("20", Some(EventType::Closed)),
        ("31", Some(EventType::Drawdown)),
        ("32", Some(EventType::PeriodClose)),
        ("33", Some(EventType::Payment)),
        ("41", Some(EventType::Reclassified)),
        ("42", Some(EventType::Extension)),
        ("49", None),
        ("", None),
    ];
    for (code, event) in events {
        assert_eq!(
            event_of(&with(1, &[("report_time_code", code)]).unwrap()),
            event,
            "{code}"
        );
    }
    let classes = [None, Some(1), Some(2), Some(3), Some(4), Some(5)];
    for (code, class) in ["9", "1", "2", "3", "4", "5"].into_iter().zip(classes) {
        let record = with(1, &[("five_tier_class", code)]).unwrap();
        let found = position_of(&record).facts.asset_classification;
        assert_eq!(found, class.and_then(AssetClassification::from_code), "{code}");
    }
}

#[test]
fn rows_delete_and_correct() {
    let account_ref = account("LOAN-0001");
    for (operation, reason) in [
        ("3", DeletionReason::ReportedInError),
        ("4", DeletionReason::Fraud),
    ] {
        let record = with(1, &[("operation", operation), ("report_date", "")]).unwrap();
        assert_eq!(
            record,
            FileRecord::Deletion {
                account_ref: account_ref.clone(),
                reason
            }
        );
    }
    let record = with(1, &[("operation", "2"), ("correction_reason", "wrong amount")]).unwrap();
    let FileRecord::Position(record) = record else {
        panic!()
    };
    assert_eq!(record.correction_reason.as_deref(), Some("wrong amount"));
    assert_eq!(record.event, None);
    for cells in [
        [("operation", "2"), ("correction_reason", "")],
        [("operation", "1"), ("correction_reason", "why")],
    ] {
        assert_eq!(
            with(1, &cells).unwrap_err().violations[0].field,
            "correction_reason"
        );
    }
    assert_eq!(
        with(1, &[("operation", "5")]).unwrap_err().violations[0].field,
        "operation"
    );
}
