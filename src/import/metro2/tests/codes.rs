//! Every code of the format's lists.

use super::super::layout::{Person, base};
use super::*;
use crate::domain::position::{
    AccountStatus as S, AccountType, ClosureReason, ClosureReason as Why, CollectionStage, DeletionReason,
    ProductType, RepaymentFrequency,
};
use crate::domain::violation::Code;
use crate::import::metro2::kinds::Portfolio;

/// Status, rating, comment, indicator, date closed; status, reason.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    S,
    Option<ClosureReason>,
);

/// The format's list, with what stands beside each status.
const STATUSES: [Row; 40] = [
    ("05", "0", "", "", "", S::TransferredOut, None),
    ("05", "2", "", "", "", S::TransferredOut, None),
    ("11", "", "", "", "", S::Open, None),
    ("11", "", "AM", "", "", S::LegalAction, None),
    ("11", "", "O", "", "05202026", S::TransferredOut, None),
    ("11", "", "AH", "", "05202026", S::Closed, Some(Why::Sold)),
    ("13", "0", "", "", "05202026", S::Closed, Some(Why::PaidAsAgreed)),
    (
        "13",
        "1",
        "",
        "",
        "05202026",
        S::Closed,
        Some(Why::PaidAfterOverdue),
    ),
    (
        "13",
        "G",
        "",
        "",
        "05202026",
        S::Closed,
        Some(Why::PaidAfterOverdue),
    ),
    (
        "13",
        "L",
        "",
        "",
        "05202026",
        S::Closed,
        Some(Why::PaidAfterOverdue),
    ),
    (
        "13",
        "0",
        "AU",
        "",
        "05202026",
        S::Closed,
        Some(Why::SettledForLess),
    ),
    (
        "13",
        "0",
        "AS",
        "",
        "05202026",
        S::Closed,
        Some(Why::RefinancedSameLender),
    ),
    (
        "13",
        "0",
        "C",
        "",
        "05202026",
        S::Closed,
        Some(Why::PaidByGuarantor),
    ),
    (
        "13",
        "0",
        "AX",
        "",
        "05202026",
        S::Closed,
        Some(Why::AssetsInLieu),
    ),
    ("13", "0", "", "E", "05202026", S::Closed, Some(Why::Bankruptcy)),
    ("13", "0", "", "A", "05202026", S::Closed, Some(Why::PaidAsAgreed)),
    ("13", "0", "AT", "", "05202026", S::TransferredOut, None),
    ("61", "", "", "", "", S::Closed, Some(Why::PaidAfterOverdue)),
    ("62", "", "", "", "", S::Closed, Some(Why::PaidAfterOverdue)),
    ("63", "", "", "", "", S::Closed, Some(Why::PaidAfterOverdue)),
    ("64", "", "", "", "", S::Closed, Some(Why::PaidAfterOverdue)),
    ("65", "0", "", "", "", S::Closed, Some(Why::PaidAfterOverdue)),
    ("71", "", "", "", "", S::Open, None),
    ("78", "", "", "", "", S::Open, None),
    ("80", "", "", "", "", S::Open, None),
    ("82", "", "", "", "", S::Open, None),
    ("83", "", "", "", "", S::Open, None),
    ("84", "", "AM", "", "", S::LegalAction, None),
    ("84", "", "", "", "", S::Open, None),
    ("88", "6", "", "", "", S::BadDebt, None),
    ("89", "6", "", "", "", S::BadDebt, None),
    ("93", "", "", "", "", S::Open, None),
    ("94", "6", "", "", "", S::BadDebt, None),
    ("95", "6", "", "", "", S::BadDebt, None),
    ("96", "", "", "", "", S::BadDebt, None),
    ("97", "", "", "", "", S::BadDebt, None),
    ("97", "", "", "", "05202026", S::Closed, Some(Why::WrittenOff)),
    ("97", "", "", "H", "05202026", S::Closed, Some(Why::Bankruptcy)),
    ("97", "", "AH", "", "05202026", S::Closed, Some(Why::Sold)),
    (
        "97",
        "",
        "AU",
        "",
        "05202026",
        S::Closed,
        Some(Why::SettledForLess),
    ),
];

#[test]
fn every_account_status_has_its_meaning() {
    for (status, rating, comment, indicator, closed, expected, reason) in STATUSES {
        let record = parse_changed(1, |record| {
            base::ACCOUNT_STATUS.put(record, status);
            base::PAYMENT_RATING.put(record, rating);
            base::SPECIAL_COMMENT.put(record, comment);
            Person::BASE.information_indicator.put(record, indicator);
            base::DATE_CLOSED.put(record, closed);
        })
        .unwrap();
        let facts = &position_of(&record).facts;
        assert_eq!(
            (facts.status, facts.closure_reason),
            (expected, reason),
            "{status} {rating} {comment}"
        );
        let stage = (status == "93").then_some(CollectionStage::Internal);
        assert_eq!(facts.collection_stage, stage, "{status}");
    }
    for (status, reason) in [
        ("DA", DeletionReason::ReportedInError),
        ("DF", DeletionReason::Fraud),
    ] {
        let account_ref = account("LOAN-0001");
        let record = with(1, base::ACCOUNT_STATUS, status).unwrap();
        assert_eq!(record, FileRecord::Deletion { account_ref, reason });
    }
}

#[test]
fn what_was_given_up_without_a_debt_left_is_settled_by_assets() {
    for (status, rating) in [("89", "0"), ("94", "3"), ("95", "0"), ("96", "")] {
        let record = parse_changed(1, |record| {
            base::ACCOUNT_STATUS.put(record, status);
            base::PAYMENT_RATING.put(record, rating);
            base::CURRENT_BALANCE.put(record, "000000000");
        })
        .unwrap();
        let facts = &position_of(&record).facts;
        assert_eq!(
            facts.closure_reason,
            Some(ClosureReason::AssetsInLieu),
            "{status}"
        );
        assert_eq!(
            (facts.closed_on, facts.days_past_due),
            (Some(date("2026-05-31")), 0)
        );
    }
    let dead = parse_changed(1, |record| {
        base::ACCOUNT_STATUS.put(record, "13");
        base::PAYMENT_RATING.put(record, "0");
        Person::BASE.ecoa.put(record, "X");
    });
    assert_eq!(
        position_of(&dead.unwrap()).facts.closure_reason,
        Some(ClosureReason::Deceased)
    );
}

#[test]
fn portfolio_and_account_type_tell_what_kind_of_account_it_is() {
    use AccountType::{Collection, CreditCard, NonRevolving, Revolving};
    let cases = [
        ("I", "00", NonRevolving, ProductType::Auto),
        ("L", "3A", NonRevolving, ProductType::Leasing),
        ("M", "19", NonRevolving, ProductType::Housing),
        ("C", "89", Revolving, ProductType::Housing),
        ("C", "15", Revolving, ProductType::Other),
        ("C", "18", Revolving, ProductType::CreditCard),
        ("R", "18", CreditCard, ProductType::CreditCard),
        ("R", "07", CreditCard, ProductType::BuyNowPayLater),
        ("R", "47", Revolving, ProductType::Other),
        ("O", "18", CreditCard, ProductType::CreditCard),
        ("O", "92", NonRevolving, ProductType::Other),
        ("O", "48", Collection, ProductType::Other),
        ("I", "0C", Collection, ProductType::Other),
        ("I", "12", NonRevolving, ProductType::Student),
    ];
    for (portfolio, code, account_type, product) in cases {
        let (_, read_type, read_product) = kinds::read(portfolio, code).unwrap();
        assert_eq!(
            (read_type, read_product),
            (account_type, product),
            "{portfolio} {code}"
        );
    }
    for (portfolio, code) in [("X", "00"), ("", "00"), ("I", "76"), ("I", ""), ("I", "99")] {
        assert_eq!(kinds::read(portfolio, code).unwrap_err().code, Code::EnumUnknown);
    }
    // Whatever is written is a code of the lists, and comes back as the same kind of account.
    for account_type in AccountType::ALL {
        for product in ProductType::ALL {
            let (portfolio, code) = kinds::written(*account_type, *product);
            let (read_portfolio, read_type, _) = kinds::read(portfolio.as_str(), code).unwrap();
            assert_eq!(
                (read_portfolio, read_type),
                (portfolio, *account_type),
                "{product:?}"
            );
        }
    }
    let written: Vec<&str> = ProductType::ALL
        .iter()
        .map(|product| kinds::written(NonRevolving, *product).1)
        .collect();
    assert_eq!(
        written,
        [
            "26", "00", "12", "10", "7B", "20", "01", "06", "06", "01", "91", "6A", "13", "20"
        ]
    );
    assert_eq!(Portfolio::ALL.len(), 6);
}

#[test]
fn frequencies_turn_monthly_payments_into_those_of_each_date() {
    use RepaymentFrequency as F;
    let cases = [
        ("P", F::Single, 120_000),
        ("W", F::Week, 27_692),
        ("B", F::Fortnight, 55_384),
        ("M", F::Month, 120_000),
        (" ", F::Month, 120_000),
        ("Q", F::Quarter, 360_000),
        ("S", F::HalfYear, 720_000),
        ("Y", F::Year, 1_440_000),
        ("D", F::Irregular, 120_000),
        ("E", F::Irregular, 120_000),
        ("L", F::Irregular, 120_000),
        ("T", F::Irregular, 120_000),
    ];
    for (code, frequency, payment) in cases {
        assert_eq!(
            terms::read_payment(code.as_bytes(), 120_000),
            Ok((frequency, payment)),
            "{code}"
        );
    }
    let written: Vec<(&str, i64)> = F::ALL
        .iter()
        .map(|frequency| terms::written_payment(*frequency, 12_000))
        .collect();
    let expected = [
        ("M", 360_000),
        ("W", 52_000),
        ("B", 26_000),
        ("M", 12_000),
        ("Q", 4_000),
        ("S", 2_000),
        ("Y", 1_000),
        ("P", 12_000),
        ("M", 12_000),
    ];
    assert_eq!(written, expected);
}
