use proptest::prelude::*;

use super::*;
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::names::Sha256;
use crate::domain::position::{LiabilityRole, ProductType};
use crate::domain::reservation::{Eligibility, PackVersion};
use crate::domain::rules::ReasonCode;
use crate::domain::validation::samples::{consent, date};
use crate::wire::convert::samples::{REQUEST_ID, reading, sendable_presented, wire_token};

fn check() -> pb::CheckAndReserveRequest {
    pb::CheckAndReserveRequest {
        liabilities: vec![liability(
            pb::LiabilityRole::Primary,
            pb::IdentifierType::NationalId,
        )],
        consent: Some(consent_to_wire(&consent())),
        application_id: "A-2026-7".into(),
        rule_pack: String::new(),
        product_type: pb::ProductType::CashInstalment.into(),
        currency: "CNY".into(),
        amount: 500_000,
        term_days: 90,
        monthly_payment: 170_000,
        monthly_income: 0,
        request_id: REQUEST_ID.into(),
        purpose: pb::Purpose::NewCredit.into(),
    }
}

fn liability(role: pb::LiabilityRole, identifier_type: pb::IdentifierType) -> pb::Liability {
    pb::Liability {
        role: role.into(),
        tokens: vec![wire_token(identifier_type)],
    }
}

type Case = (
    &'static str,
    fn(&mut pb::CheckAndReserveRequest),
    &'static [(Code, &'static str)],
);

const CASES: &[Case] = &[
    ("valid", |_| {}, &[]),
    (
        "nobody",
        |c| c.liabilities.clear(),
        &[(Code::FieldRequired, "liabilities")],
    ),
    (
        "nine",
        |c| c.liabilities = vec![c.liabilities[0].clone(); 9],
        &[(Code::Format, "liabilities")],
    ),
    (
        "no primary",
        |c| c.liabilities[0].role = pb::LiabilityRole::Joint.into(),
        &[(Code::LiabilityRoles, "liabilities")],
    ),
    (
        "the primary last",
        |c| {
            c.liabilities.insert(
                0,
                liability(pb::LiabilityRole::Joint, pb::IdentifierType::Passport),
            );
        },
        &[(Code::LiabilityRoles, "liabilities[0].role")],
    ),
    (
        "a role that is none",
        |c| c.liabilities[0].role = 99,
        &[(Code::EnumUnknown, "liabilities[0].role")],
    ),
    (
        "a token cut",
        |c| c.liabilities[0].tokens[0].value.truncate(31),
        &[(Code::TokenInvalid, "liabilities[0].tokens[0].value")],
    ),
    (
        "a person and an enterprise in one",
        |c| {
            c.liabilities[0]
                .tokens
                .push(wire_token(pb::IdentifierType::EnterpriseCode));
        },
        &[(Code::IdentityKindMixed, "liabilities[0].tokens")],
    ),
    (
        "its own guarantor",
        |c| {
            c.liabilities.push(liability(
                pb::LiabilityRole::Guarantor,
                pb::IdentifierType::NationalId,
            ));
        },
        &[(Code::GuarantorIsBorrower, "liabilities[1].tokens")],
    ),
    (
        "a soft purpose",
        |c| {
            c.purpose = pb::Purpose::AccountReview.into();
            c.consent.as_mut().unwrap().purposes = vec![pb::Purpose::AccountReview.into()];
        },
        &[(Code::PurposeNotAllowed, "purpose")],
    ),
    (
        "no consent",
        |c| c.consent = None,
        &[(Code::ConsentMissing, "consent")],
    ),
    (
        "no application",
        |c| c.application_id.clear(),
        &[(Code::FieldRequired, "application_id")],
    ),
    (
        "an application with a space",
        |c| c.application_id = "A 7".into(),
        &[(Code::Format, "application_id")],
    ),
    (
        "an application that is a mobile number",
        |c| c.application_id = "13800138000".into(),
        &[(Code::PiiInFreeText, "application_id")],
    ),
    (
        "no currency",
        |c| c.currency.clear(),
        &[(Code::FieldRequired, "currency")],
    ),
    (
        "no product",
        |c| c.product_type = 0,
        &[(Code::FieldRequired, "product_type")],
    ),
    ("nothing", |c| c.amount = 0, &[(Code::FieldRequired, "amount")]),
    (
        "less than nothing",
        |c| c.amount = -1,
        &[(Code::AmountNegative, "amount")],
    ),
    ("the most", |c| c.amount = AMOUNT_MAX, &[]),
    (
        "too much",
        |c| c.amount = AMOUNT_MAX + 1,
        &[(Code::AmountOverflow, "amount")],
    ),
    (
        "a payment below zero",
        |c| c.monthly_payment = -1,
        &[(Code::AmountNegative, "monthly_payment")],
    ),
    (
        "an income below zero",
        |c| c.monthly_income = -1,
        &[(Code::AmountNegative, "monthly_income")],
    ),
    ("no term", |c| c.term_days = 0, &[(Code::Format, "term_days")]),
    ("the longest term", |c| c.term_days = TERM_DAYS_MAX, &[]),
    (
        "longer",
        |c| c.term_days = TERM_DAYS_MAX + 1,
        &[(Code::Format, "term_days")],
    ),
    (
        "no name",
        |c| c.request_id.clear(),
        &[(Code::FieldRequired, "request_id")],
    ),
];

#[test]
fn every_field_of_a_check_is_checked() {
    for (name, change, expected) in CASES {
        let mut wire = check();
        change(&mut wire);
        let violations = read_check(&wire, &reading()).err().unwrap_or_default();
        let found: Vec<(Code, &str)> = violations.iter().map(|v| (v.code, v.field.as_str())).collect();
        assert_eq!(found, *expected, "{name}");
    }
}

#[test]
fn an_empty_check_names_all_that_is_missing() {
    let violations = read_check(&pb::CheckAndReserveRequest::default(), &reading()).unwrap_err();
    let fields: Vec<&str> = violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    let all = [
        "liabilities",
        "purpose",
        "consent",
        "application_id",
        "product_type",
        "currency",
        "amount",
        "term_days",
        "request_id",
    ];
    assert_eq!(fields, all);
}

#[test]
fn a_ruling_is_told_in_the_language_asked_for() {
    let ruled = Ruled {
        answer_id: AnswerId([7; 16]),
        decided_at: Timestamp::from_micros(1),
        ruling: Ruling {
            eligibility: Eligibility::Ineligible,
            reasons: vec![ReasonCode::LenderCount, ReasonCode::CoolingOff],
            max_additional_amount: 0,
            retry_on: Some(date("2026-07-01")),
            pack: PackVersion {
                name: "cn-consortium".to_owned(),
                version: 3,
                sha256: Sha256([9; 32]),
            },
        },
    };
    for language in [Language::English, Language::Chinese] {
        let wire = explained_to_wire(&ruled, language);
        assert_eq!(wire.rule_pack_sha256, [9; 32]);
        let decision = wire.decision.unwrap();
        assert_eq!(decision.rule_pack, "cn-consortium 3");
        assert_eq!(decision.eligibility(), pb::Eligibility::Ineligible);
        assert_eq!(decision.retry_on.unwrap().day, 1);
        let told: Vec<(&str, &str)> = decision
            .reasons
            .iter()
            .map(|reason| (reason.code.as_str(), reason.description.as_str()))
            .collect();
        let expected = [
            ("LENDER_COUNT", ReasonCode::LenderCount.text(language)),
            ("COOLING_OFF", ReasonCode::CoolingOff.text(language)),
        ];
        assert_eq!(told, expected);
    }
}

proptest! {
    #[test]
    fn checks_survive_the_wire(
        amount in 1..=AMOUNT_MAX,
        payment in 0..=AMOUNT_MAX,
        income in proptest::option::of(1..=AMOUNT_MAX),
        term_days in 1..=TERM_DAYS_MAX,
        pack in proptest::option::of("[a-z]{1,20}"),
        application in "[A-Za-z._:-]{1,64}",
        joint in any::<bool>(),
    ) {
        use crate::domain::token::IdentifierType;
        use crate::domain::validation::samples::token;

        let tokens = |number| vec![sendable_presented(&token(IdentifierType::NationalId, number))];
        let mut liabilities = vec![Liability { role: LiabilityRole::Primary, tokens: tokens(1) }];
        if joint {
            liabilities.push(Liability { role: LiabilityRole::Joint, tokens: tokens(2) });
        }
        let asked = CheckRequest {
            liabilities,
            purpose: Purpose::NewCredit,
            consent: consent(),
            application_id: ApplicationId::parse(&application).unwrap(),
            rule_pack: pack,
            product_type: ProductType::Payday,
            currency: Currency::CNY,
            amount,
            term_days,
            monthly_payment: payment,
            monthly_income: income,
        };
        let wire = check_to_wire(&asked, RequestId([5; 16]));
        let (read, request) = read_check(&wire, &reading()).unwrap();
        prop_assert_eq!(read, asked);
        prop_assert_eq!(request.id, RequestId([5; 16]));
    }
}
