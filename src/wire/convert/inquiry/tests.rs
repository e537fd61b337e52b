use proptest::prelude::*;

use super::*;
use crate::domain::currency::Currency;
use crate::domain::token::IdentifierType;
use crate::domain::validation::samples::{consent, token};
use crate::domain::validation::strategies;
use crate::domain::violation::Code;
use crate::wire::convert::samples::{REQUEST_ID, reading, sendable_inquiry, wire_token};

const QUERY: &[Purpose] = &[
    Purpose::NewCredit,
    Purpose::CreditCard,
    Purpose::GuaranteeReview,
    Purpose::LimitIncrease,
    Purpose::AccountReview,
    Purpose::Collection,
    Purpose::Quotation,
];
const REVIEW: &[Purpose] = &[Purpose::AccountReview, Purpose::Collection, Purpose::Quotation];

fn query() -> pb::QueryExposureRequest {
    pb::QueryExposureRequest {
        tokens: vec![
            wire_token(pb::IdentifierType::Mobile),
            wire_token(pb::IdentifierType::NationalId),
        ],
        purpose: pb::Purpose::NewCredit.into(),
        consent: Some(consent_to_wire(&consent())),
        currency: "CNY".into(),
        request_id: REQUEST_ID.into(),
    }
}

fn codes<T>(read: Result<T, Vec<Violation>>) -> Vec<(Code, String)> {
    let violations = read.err().unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| (violation.code, violation.field))
        .collect()
}

type Case = (
    &'static str,
    fn(&mut pb::QueryExposureRequest),
    &'static [(Code, &'static str)],
);

const CASES: &[Case] = &[
    ("valid", |_| {}, &[]),
    (
        "no tokens",
        |q| q.tokens.clear(),
        &[(Code::FieldRequired, "tokens")],
    ),
    (
        "bad token",
        |q| q.tokens[1].value.clear(),
        &[(Code::TokenInvalid, "tokens[1].value")],
    ),
    (
        "person and enterprise",
        |q| q.tokens.push(wire_token(pb::IdentifierType::EnterpriseCode)),
        &[(Code::IdentityKindMixed, "tokens")],
    ),
    (
        "no purpose",
        |q| q.purpose = 0,
        &[(Code::FieldRequired, "purpose")],
    ),
    (
        "unknown purpose",
        |q| q.purpose = 15,
        &[(Code::EnumUnknown, "purpose")],
    ),
    (
        "reporting",
        |q| q.purpose = 19,
        &[(Code::PurposeNotAllowed, "purpose")],
    ),
    (
        "not covered",
        |q| q.purpose = 2,
        &[(Code::ConsentPurpose, "consent.purposes")],
    ),
    (
        "no consent",
        |q| q.consent = None,
        &[(Code::ConsentMissing, "consent")],
    ),
    (
        "no currency",
        |q| q.currency.clear(),
        &[(Code::FieldRequired, "currency")],
    ),
    (
        "unknown currency",
        |q| q.currency = "XXX".into(),
        &[(Code::Currency, "currency")],
    ),
    (
        "no request id",
        |q| q.request_id.clear(),
        &[(Code::FieldRequired, "request_id")],
    ),
];

#[test]
fn each_part_of_a_query_has_its_violation() {
    for (name, change, expected) in CASES {
        let mut wire = query();
        change(&mut wire);
        let expected: Vec<_> = expected
            .iter()
            .map(|(code, field)| (*code, (*field).to_owned()))
            .collect();
        assert_eq!(codes(read_query(&wire, &reading())), expected, "{name}");
    }
}

#[test]
fn an_empty_query_names_all_that_is_missing() {
    let found = codes(read_query(&pb::QueryExposureRequest::default(), &reading()));
    let fields: Vec<_> = found.iter().map(|(_, field)| field.as_str()).collect();
    assert_eq!(fields, ["tokens", "purpose", "consent", "currency", "request_id"]);
}

#[test]
fn a_query_is_read_with_its_name() {
    let (inquiry, request) = read_query(&query(), &reading()).unwrap();
    assert_eq!(inquiry.purpose, Purpose::NewCredit);
    assert_eq!(inquiry.currency, Currency::CNY);
    assert_eq!(inquiry.consent, consent());
    let mut other = query();
    other.currency = "USD".into();
    let (_, other) = read_query(&other, &reading()).unwrap();
    assert_eq!(request.id, other.id);
    assert_ne!(request.body, other.body);
}

#[test]
fn a_review_has_a_soft_purpose() {
    for purpose in Purpose::ALL {
        let mut inquiry = sendable_inquiry(Inquiry {
            tokens: vec![token(IdentifierType::NationalId, 1)],
            purpose: *purpose,
            consent: consent(),
            currency: Currency::CNY,
        });
        inquiry.consent.purposes = Purpose::ALL.to_vec();
        let found = codes(read_review(&review_to_wire(&inquiry), &reading()));
        let expected: &[_] = if REVIEW.contains(purpose) {
            &[]
        } else {
            &[(Code::PurposeNotAllowed, "purpose".to_owned())]
        };
        assert_eq!(found, expected, "{purpose:?}");
    }
}

proptest! {
    #[test]
    fn queries_survive_the_wire(inquiry in strategies::inquiry(QUERY), id in any::<[u8; 16]>()) {
        let inquiry = sendable_inquiry(inquiry);
        let wire = query_to_wire(&inquiry, RequestId(id));
        let (read, request) = read_query(&wire, &reading()).unwrap();
        prop_assert_eq!(read, inquiry);
        prop_assert_eq!(request.id, RequestId(id));
    }

    #[test]
    fn reviews_survive_the_wire(inquiry in strategies::inquiry(REVIEW)) {
        let inquiry = sendable_inquiry(inquiry);
        prop_assert_eq!(read_review(&review_to_wire(&inquiry), &reading()), Ok(inquiry));
    }
}
