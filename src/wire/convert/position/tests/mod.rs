mod properties;

use super::*;
use crate::domain::validation::samples;
use crate::wire::convert::samples::{TestTokens, reading, sendable, wire_position, wire_token};

type Case = (
    &'static str,
    fn(&mut pb::Position),
    &'static [(Code, &'static str)],
);

fn found(violations: &[Violation]) -> Vec<(Code, &str)> {
    violations
        .iter()
        .map(|violation| (violation.code, violation.field.as_str()))
        .collect()
}

fn all_violations(wire: Option<&pb::Position>) -> Vec<Violation> {
    match read_position(wire, &reading()) {
        Ok(read) => read.findings.violations,
        Err(violations) => violations,
    }
}

fn check(cases: &[Case]) {
    for (name, change, expected) in cases {
        let mut wire = wire_position();
        change(&mut wire);
        let violations = all_violations(Some(&wire));
        let expected: Vec<_> = expected
            .iter()
            .map(|(code, field)| (*code, format!("position.{field}")))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(code, field)| (*code, field.as_str()))
            .collect();
        assert_eq!(found(&violations), expected, "{name}");
    }
}

const BAD_DATE: pb::Date = pb::Date {
    year: 2026,
    month: 2,
    day: 30,
};

#[test]
fn an_absent_position_is_one_violation() {
    assert_eq!(found(&all_violations(None)), [(Code::FieldRequired, "position")]);
}

#[test]
fn an_empty_position_names_every_required_field() {
    let violations = all_violations(Some(&pb::Position::default()));
    let missing = [
        "account_ref",
        "liabilities",
        "account_type",
        "product_type",
        "loan_purpose",
        "guarantee_type",
        "funding_role",
        "currency",
        "opened_on",
        "repayment_frequency",
        "status",
        "as_of",
        "region_code",
        "consent_reference",
        "sequence",
    ];
    for field in missing {
        let field = format!("position.{field}");
        assert!(
            found(&violations).contains(&(Code::FieldRequired, field.as_str())),
            "{field}"
        );
    }
    assert_eq!(violations.len(), missing.len());
}

const REQUIRED: &[Case] = &[
    (
        "account_ref",
        |p| p.account_ref.clear(),
        &[(Code::FieldRequired, "account_ref")],
    ),
    (
        "liabilities",
        |p| p.liabilities.clear(),
        &[(Code::FieldRequired, "liabilities")],
    ),
    (
        "role",
        |p| p.liabilities[0].role = 0,
        &[(Code::FieldRequired, "liabilities[0].role")],
    ),
    (
        "tokens",
        |p| p.liabilities[0].tokens.clear(),
        &[(Code::FieldRequired, "liabilities[0].tokens")],
    ),
    (
        "account_type",
        |p| p.account_type = 0,
        &[(Code::FieldRequired, "account_type")],
    ),
    (
        "product_type",
        |p| p.product_type = 0,
        &[(Code::FieldRequired, "product_type")],
    ),
    (
        "loan_purpose",
        |p| p.loan_purpose = 0,
        &[(Code::FieldRequired, "loan_purpose")],
    ),
    (
        "guarantee_type",
        |p| p.guarantee_type = 0,
        &[(Code::FieldRequired, "guarantee_type")],
    ),
    (
        "funding_role",
        |p| p.funding_role = 0,
        &[(Code::FieldRequired, "funding_role")],
    ),
    (
        "region_code",
        |p| p.region_code.clear(),
        &[(Code::FieldRequired, "region_code")],
    ),
    (
        "currency",
        |p| p.currency.clear(),
        &[(Code::FieldRequired, "currency")],
    ),
    (
        "opened_on",
        |p| p.opened_on = None,
        &[(Code::FieldRequired, "opened_on")],
    ),
    (
        "matures_on",
        |p| p.matures_on = None,
        &[(Code::FieldRequired, "matures_on")],
    ),
    (
        "original_amount",
        |p| p.original_amount = 0,
        &[(Code::FieldRequired, "original_amount")],
    ),
    (
        "frequency",
        |p| p.repayment_frequency = 0,
        &[(Code::FieldRequired, "repayment_frequency")],
    ),
    ("status", |p| p.status = 0, &[(Code::FieldRequired, "status")]),
    ("as_of", |p| p.as_of = None, &[(Code::FieldRequired, "as_of")]),
    (
        "sequence",
        |p| p.sequence = 0,
        &[(Code::FieldRequired, "sequence")],
    ),
    (
        "consent",
        |p| p.consent_reference.clear(),
        &[(Code::FieldRequired, "consent_reference")],
    ),
];

#[test]
fn every_required_field_is_asked_for() {
    check(REQUIRED);
}

#[test]
fn fields_that_may_be_absent_are_not_asked_for() {
    check(&[(
        "all of them",
        |p| {
            p.closed_on = None;
            p.next_due_on = None;
            p.overdue = None;
            p.first_delinquent_on = None;
            p.last_payment_on = None;
            p.asset_classification = 0;
            p.collection_stage = 0;
            p.hardship_code = 0;
            p.closure_reason = 0;
            p.funding_group_ref.clear();
            p.adverse_notice_reference.clear();
            p.adverse_notice_sent_on = None;
            p.reservation_id.clear();
        },
        &[],
    )]);
}

#[test]
fn unknown_numbers_are_told_apart_from_missing_ones() {
    use Code::EnumUnknown;
    check(&[
        (
            "role",
            |p| p.liabilities[0].role = 5,
            &[(EnumUnknown, "liabilities[0].role")],
        ),
        (
            "type",
            |p| p.liabilities[0].tokens[0].r#type = 5,
            &[(EnumUnknown, "liabilities[0].tokens[0].type")],
        ),
        (
            "account_type",
            |p| p.account_type = 5,
            &[(EnumUnknown, "account_type")],
        ),
        (
            "product_type",
            |p| p.product_type = 14,
            &[(EnumUnknown, "product_type")],
        ),
        (
            "loan_purpose",
            |p| p.loan_purpose = 8,
            &[(EnumUnknown, "loan_purpose")],
        ),
        (
            "guarantee_type",
            |p| p.guarantee_type = 7,
            &[(EnumUnknown, "guarantee_type")],
        ),
        (
            "funding_role",
            |p| p.funding_role = 5,
            &[(EnumUnknown, "funding_role")],
        ),
        (
            "frequency",
            |p| p.repayment_frequency = 10,
            &[(EnumUnknown, "repayment_frequency")],
        ),
        ("status", |p| p.status = 7, &[(EnumUnknown, "status")]),
        (
            "closure_reason",
            |p| p.closure_reason = 15,
            &[(EnumUnknown, "closure_reason")],
        ),
        (
            "classification",
            |p| p.asset_classification = 6,
            &[(EnumUnknown, "asset_classification")],
        ),
        (
            "collection_stage",
            |p| p.collection_stage = -1,
            &[(EnumUnknown, "collection_stage")],
        ),
        (
            "hardship_code",
            |p| p.hardship_code = 98,
            &[(EnumUnknown, "hardship_code")],
        ),
    ]);
}

#[test]
fn what_is_no_date_or_pattern_is_a_format() {
    use Code::Format;
    check(&[
        (
            "account_ref",
            |p| p.account_ref = "a b".into(),
            &[(Format, "account_ref")],
        ),
        (
            "opened_on",
            |p| p.opened_on = Some(BAD_DATE),
            &[(Format, "opened_on")],
        ),
        (
            "matures_on",
            |p| p.matures_on = Some(BAD_DATE),
            &[(Format, "matures_on")],
        ),
        (
            "closed_on",
            |p| p.closed_on = Some(BAD_DATE),
            &[(Format, "closed_on")],
        ),
        (
            "next_due_on",
            |p| p.next_due_on = Some(BAD_DATE),
            &[(Format, "next_due_on")],
        ),
        (
            "delinquent",
            |p| p.first_delinquent_on = Some(BAD_DATE),
            &[(Format, "first_delinquent_on")],
        ),
        (
            "last_payment_on",
            |p| p.last_payment_on = Some(BAD_DATE),
            &[(Format, "last_payment_on")],
        ),
        (
            "sent_on",
            |p| p.adverse_notice_sent_on = Some(BAD_DATE),
            &[(Format, "adverse_notice_sent_on")],
        ),
        ("as_of", |p| p.as_of = Some(BAD_DATE), &[(Format, "as_of")]),
        (
            "currency",
            |p| p.currency = "cny".into(),
            &[(Code::Currency, "currency")],
        ),
    ]);
}

#[test]
fn liabilities_have_a_limit() {
    for (count, fits) in [(7, true), (8, true), (9, false)] {
        let mut wire = wire_position();
        for number in 1..count {
            let mut joint = wire.liabilities[0].clone();
            joint.role = pb::LiabilityRole::Joint.into();
            joint.tokens[0].value = vec![number; 32];
            wire.liabilities.push(joint);
        }
        let expected: &[_] = if fits {
            &[]
        } else {
            &[(Code::Format, "position.liabilities")]
        };
        assert_eq!(found(&all_violations(Some(&wire))), expected, "{count}");
    }
}

#[test]
fn tokens_leave_in_type_order_and_violations_keep_the_callers() {
    let mut wire = wire_position();
    wire.liabilities[0].tokens = vec![
        wire_token(pb::IdentifierType::Mobile),
        wire_token(pb::IdentifierType::Passport),
        wire_token(pb::IdentifierType::NationalId),
    ];
    let read = read_position(Some(&wire), &reading()).unwrap();
    let tokens = &read.position.liabilities[0].tokens;
    assert!(tokens.is_sorted_by_key(|presented| presented.token.identifier_type));
    wire.liabilities[0].tokens[0].value = vec![7; 31];
    let expected = [(Code::TokenInvalid, "position.liabilities[0].tokens[0].value")];
    assert_eq!(found(&all_violations(Some(&wire))), expected);
}

#[test]
fn what_cannot_be_read_and_what_breaks_a_rule_come_in_one_answer() {
    check(&[(
        "four mistakes",
        |p| {
            p.product_type = 77;
            p.liabilities[0].role = pb::LiabilityRole::Joint.into();
            p.liabilities[0].tokens[0].value.clear();
            p.outstanding_total = -1;
        },
        &[
            (Code::TokenInvalid, "liabilities[0].tokens[0].value"),
            (Code::EnumUnknown, "product_type"),
            (Code::AmountNegative, "outstanding_total"),
            (Code::LiabilityRoles, "liabilities"),
        ],
    )]);
}

#[test]
fn warnings_come_with_what_was_read() {
    let mut wire = wire_position();
    wire.outstanding_principal = wire.original_amount + 1;
    let read = read_position(Some(&wire), &reading()).unwrap();
    assert!(read.findings.violations.is_empty());
    let expected = [(Code::BalanceOverOriginal, "position.outstanding_principal")];
    assert_eq!(found(&read.findings.warnings), expected);
}

#[test]
fn violations_are_capped() {
    let liability = pb::Liability {
        role: 9,
        tokens: vec![pb::SubjectToken::default(); 4],
    };
    let wire = pb::Position {
        liabilities: vec![liability; 8],
        ..pb::Position::default()
    };
    assert_eq!(all_violations(Some(&wire)).len(), Violation::COUNT_MAX);
}

#[test]
fn a_stored_position_is_not_judged_again() {
    let mut wire = wire_position();
    wire.as_of = Some(pb::Date {
        year: 2030,
        month: 1,
        day: 1,
    });
    wire.days_past_due = 5;
    assert!(read_stored_position(&wire, &TestTokens).is_ok());
    wire.status = 0;
    let violations = read_stored_position(&wire, &TestTokens).unwrap_err();
    assert_eq!(found(&violations), [(Code::FieldRequired, "position.status")]);
}

#[test]
fn the_sample_survives_the_wire() {
    let position = sendable(samples::position());
    let read = read_position(Some(&position_to_wire(&position)), &reading()).unwrap();
    assert_eq!(read.position, position);
    assert_eq!(read.findings, Findings::default());
}
