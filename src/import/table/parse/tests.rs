use proptest::prelude::*;

use super::*;
use crate::domain::position::LiabilityRole;
use crate::domain::token::{IdentifierType, Token};
use crate::import::table::columns::{self, Part, cells_of};
use crate::import::table::samples::{circumstances, record, records};

/// Reads the sample with some cells changed: ("", "") leaves out nothing.
fn read(changes: &[(&str, &str)]) -> Result<FileRecord, Unreadable> {
    read_from(&record(), changes)
}

fn read_from(record: &FileRecord, changes: &[(&str, &str)]) -> Result<FileRecord, Unreadable> {
    let columns = columns::all();
    let cells = cells_of(record, &columns).expect("all columns say all");
    let mut row: BTreeMap<Column, &str> = columns
        .into_iter()
        .zip(cells.iter().map(|cell| cell.as_str()))
        .collect();
    for (name, cell) in changes {
        row.insert(Column::parse(name).expect("a column"), cell);
    }
    read_row(&Row::new(row), Vec::new(), &circumstances())
}

/// Code and field of everything that is wrong.
fn wrong(changes: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let violations = read(changes)
        .err()
        .map_or_else(Vec::new, |unreadable| unreadable.violations);
    violations
        .into_iter()
        .map(|violation| (violation.code.as_str(), violation.field))
        .collect()
}

#[track_caller]
fn check(changes: &[(&str, &str)], expected: &[(&'static str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(code, field)| (*code, (*field).to_owned()))
        .collect();
    assert_eq!(wrong(changes), expected, "{changes:?}");
}

fn position(record: FileRecord) -> Position<Named> {
    match record {
        BatchRecord::Position(record) => record.position,
        BatchRecord::Deletion { .. } => panic!("a position"),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(record in records()) {
        prop_assert_eq!(read_from(&record, &[]), Ok(record));
    }

    #[test]
    fn no_cell_panics(column in proptest::sample::select(columns::all()), cell in "\\PC{0,40}") {
        let _ = read(&[(&column.name(), &cell)]);
    }

    /// Whatever is planted, wherever: what is said of it never repeats it. Twelve letters and digits that are no word.
    #[test]
    fn nothing_that_is_said_repeats_a_cell(
        column in proptest::sample::select(columns::all()),
        canary in "Q[0-9]{3}QX[0-9]{3}ZQZ",
        tail in prop_oneof![Just(""), Just("@example.org"), Just(" 13800138000"), Just("\u{1}")],
    ) {
        let cell = format!("{canary}{tail}");
        let minor = column.name();
        if let Err(unreadable) = read(&[(&minor, &cell), ("status", &canary), ("delete_reason", "")]) {
            for violation in unreadable.violations {
                prop_assert!(!violation.description.contains(&canary), "{:?}", violation);
                prop_assert!(!violation.field.contains(&canary), "{:?}", violation);
            }
        }
    }

    /// A file whose columns were shifted holds identity numbers where amounts and counters belong.
    #[test]
    fn an_identity_number_in_another_column_is_never_repeated(
        column in proptest::sample::select(columns::all()),
    ) {
        let number = "110105194912310021";
        if let Err(unreadable) = read(&[(&column.name(), number), ("as_of", "never")]) {
            for violation in unreadable.violations {
                prop_assert!(!violation.description.contains(number), "{:?}", violation);
            }
        }
    }
}

/// A column, what stands in it, and what is said of it.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("account_ref", "", "FIELD_REQUIRED", "position.account_ref"),
    ("account_ref", "a b", "FORMAT", "position.account_ref"),
    ("account_type", "", "FIELD_REQUIRED", "position.account_type"),
    ("account_type", "0", "FIELD_REQUIRED", "position.account_type"),
    ("account_type", "LOAN", "ENUM_UNKNOWN", "position.account_type"),
    ("product_type", "14", "ENUM_UNKNOWN", "position.product_type"),
    (
        "collection_stage",
        "POLITE",
        "ENUM_UNKNOWN",
        "position.collection_stage",
    ),
    ("currency", "", "FIELD_REQUIRED", "position.currency"),
    ("currency", "XXX", "CURRENCY", "position.currency"),
    ("opened_on", "", "FIELD_REQUIRED", "position.opened_on"),
    ("opened_on", "10.01.2026", "FORMAT", "position.opened_on"),
    ("matures_on", "2027-02-30", "FORMAT", "position.matures_on"),
    ("closed_on", "x", "FORMAT", "position.closed_on"),
    ("as_of", "yesterday", "FORMAT", "position.as_of"),
    ("sequence", "-1", "FORMAT", "position.sequence"),
    ("sequence", "9223372036854775808", "FORMAT", "position.sequence"),
    (
        "original_amount",
        "1,000.00",
        "FORMAT",
        "position.original_amount",
    ),
    (
        "outstanding_total",
        "5050.001",
        "FORMAT",
        "position.outstanding_total",
    ),
    (
        "outstanding_total",
        "",
        "FIELD_REQUIRED",
        "position.outstanding_total",
    ),
    (
        "outstanding_principal",
        "",
        "FIELD_REQUIRED",
        "position.outstanding_principal",
    ),
    (
        "outstanding_total_minor",
        "1",
        "FORMAT",
        "position.outstanding_total",
    ),
    (
        "credit_limit",
        "10000000000000.01",
        "AMOUNT_OVERFLOW",
        "position.credit_limit",
    ),
    (
        "credit_limit",
        "-10000000000000.01",
        "AMOUNT_NEGATIVE",
        "position.credit_limit",
    ),
    ("overdue_fees", "free", "FORMAT", "position.overdue.fees"),
    ("days_past_due", "4294967296", "FORMAT", "position.days_past_due"),
    ("grace_days", "three", "FORMAT", "position.grace_days"),
    ("remaining_terms", "7.0", "FORMAT", "position.remaining_terms"),
    ("event", "PARTY", "ENUM_UNKNOWN", "event"),
    (
        "liability_1_role",
        "FRIEND",
        "ENUM_UNKNOWN",
        "position.liabilities[0].role",
    ),
    (
        "national_id",
        "110105194912310021",
        "FORMAT",
        "position.liabilities[0].tokens[0].value",
    ),
    (
        "national_id_country",
        "China",
        "FORMAT",
        "position.liabilities[0].tokens[0].value",
    ),
    (
        "verified_on",
        "soon",
        "FORMAT",
        "position.liabilities[0].tokens[0].verified_on",
    ),
    (
        "passport",
        "E1234567",
        "FORMAT",
        "position.liabilities[0].tokens[1].value",
    ),
    (
        "mobile",
        "13800138",
        "FORMAT",
        "position.liabilities[0].tokens[1].value",
    ),
    ("delete_reason", "BOREDOM", "ENUM_UNKNOWN", "deletion_reason"),
    ("delete_reason", "0", "FIELD_REQUIRED", "deletion_reason"),
];

#[test]
fn one_mistake_is_told_once_and_as_the_service_would() {
    check(&[], &[]);
    for (column, cell, code, field) in MISTAKES {
        check(&[(column, cell)], &[(code, field)]);
    }
}

#[test]
fn every_mistake_of_a_row_is_told_with_those_that_the_rules_find() {
    check(
        &[
            ("status", "CLOSED"),
            ("opened_on", "?"),
            ("currency", "euro"),
            ("region_code", "here"),
            ("correction_reason", "call 13800138000"),
        ],
        &[
            ("CURRENCY", "position.currency"),
            ("FORMAT", "position.opened_on"),
            ("PII_IN_FREE_TEXT", "correction_reason"),
            ("FORMAT", "position.region_code"),
            ("FIELD_REQUIRED", "position.closed_on"),
            ("FIELD_REQUIRED", "position.closure_reason"),
        ],
    );
}

#[test]
fn what_can_be_represented_is_the_services_to_judge() {
    for changes in [
        [("outstanding_total", "-1.00"), ("sequence", "")],
        [("region_code", "here"), ("consent_reference", "")],
        [("as_of", "2030-01-01"), ("verified_on", "2030-01-01")],
        [
            ("days_past_due", "9"),
            ("annual_percentage_rate_bp", "4294967295"),
        ],
        [
            ("correction_reason", "13800138000"),
            ("funding_group_ref", "short"),
        ],
        [
            ("liability_2_role", "PRIMARY"),
            ("liability_2_mobile", "+8619900000001"),
        ],
    ] {
        assert!(read(&changes).is_ok(), "{changes:?}");
    }
}

#[test]
fn rules_do_not_speak_of_figures_that_could_not_be_read() {
    let late = [("days_past_due", "9"), ("overdue_principal", "many")];
    check(
        &late,
        &[
            ("FORMAT", "position.overdue.principal"),
            ("ADVERSE_WITHOUT_NOTICE", "position.adverse_notice_reference"),
            ("ADVERSE_WITHOUT_NOTICE", "position.adverse_notice_sent_on"),
        ],
    );
    check(
        &[
            ("days_past_due", "9"),
            ("overdue_principal", "1"),
            ("grace_days", "?"),
        ],
        &[("FORMAT", "position.grace_days")],
    );
    check(
        &[("days_past_due", "?"), ("overdue_principal", "1")],
        &[("FORMAT", "position.days_past_due")],
    );
    check(
        &[("status", "BAD_DEBT"), ("overdue_fees", "?")],
        &[("FORMAT", "position.overdue.fees")],
    );
}

#[test]
fn cells_of_a_long_text_are_refused_above_their_limit() {
    for (bytes, expected) in [
        (CELL_BYTES_MAX - 1, 0),
        (CELL_BYTES_MAX, 0),
        (CELL_BYTES_MAX + 1, 1),
    ] {
        let cell = "x".repeat(bytes);
        let found = wrong(&[("correction_reason", &cell)]);
        let limit = found.iter().filter(|(code, _)| *code == "FORMAT").count();
        assert!(limit >= expected, "{bytes}");
        assert_eq!(found.is_empty(), expected == 0, "{bytes}");
    }
}

#[test]
fn liabilities_close_up_and_default_as_the_guide_says() {
    let loan = position(
        read(&[
            ("liability_1_role", ""),
            ("national_id_country", ""),
            ("liability_2_national_id_country", "CN"),
            ("liability_2_verified_on", "2026-01-01"),
            ("liability_5_role", "guarantor"),
            ("liability_5_passport", "e 123-456-7"),
            ("liability_5_passport_country", "sg"),
            ("liability_5_mobile", "(+86) 138 0013 8000"),
            ("liability_5_mobile_verified_on", "2026-02-01"),
        ])
        .expect("readable"),
    );
    let roles: Vec<_> = loan.liabilities.iter().map(|liability| liability.role).collect();
    assert_eq!(roles, [LiabilityRole::Primary, LiabilityRole::Guarantor]);
    let second = &loan.liabilities[1].tokens;
    assert_eq!(second[0].verified_on, None);
    assert_eq!(second[1].verified_on, scalar::date("2026-02-01"));
    assert_eq!(second[1].token.identifier_type(), IdentifierType::Mobile);
    check(
        &[
            ("liability_3_role", "JOINT"),
            ("liability_5_mobile", "+8619900000001"),
        ],
        &[
            ("FIELD_REQUIRED", "position.liabilities[1].tokens"),
            ("FIELD_REQUIRED", "position.liabilities[2].role"),
        ],
    );
    check(
        &[("liability_1_role", ""), ("national_id", "")],
        &[("FIELD_REQUIRED", "position.liabilities")],
    );
}

#[test]
fn tokens_are_judged_as_the_service_would() {
    let base64 = |byte: u8, count| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(vec![byte; count])
    };
    let value = "position.liabilities[0].tokens[1].value";
    let version = "position.liabilities[0].tokens[1].key_version";
    let identity = base64(0, 32);
    let short = base64(1, 31);
    let wild = base64(255, 32);
    for (cell, key_version, expected) in [
        (identity.as_str(), "1", vec![("TOKEN_INVALID", value)]),
        (&short, "1", vec![("TOKEN_INVALID", value)]),
        (&wild, "1", vec![("TOKEN_INVALID", value)]),
        ("not base64", "1", vec![("TOKEN_INVALID", value)]),
        (
            &short,
            "",
            vec![("KEY_VERSION_UNKNOWN", version), ("TOKEN_INVALID", value)],
        ),
        (
            &short,
            "65536",
            vec![("KEY_VERSION_UNKNOWN", version), ("TOKEN_INVALID", value)],
        ),
        (
            &short,
            "0",
            vec![("KEY_VERSION_UNKNOWN", version), ("TOKEN_INVALID", value)],
        ),
    ] {
        check(
            &[("mobile_token", cell), ("token_key_version", key_version)],
            &expected,
        );
    }
    check(
        &[("mobile_token", &short), ("mobile", "+8619900000001")],
        &[("TOKEN_TYPE_REPEATED", "position.liabilities[0].tokens[1].type")],
    );
}

#[test]
fn a_default_calling_code_completes_mobile_numbers() {
    let mut circumstances = circumstances();
    let row = || {
        Row::new([(
            Column::Liability(0, Part::Identifier(IdentifierType::Mobile)),
            "91234567",
        )])
    };
    let refused = |result: Result<FileRecord, Unreadable>| {
        let violations = result.expect_err("most is missing").violations;
        violations
            .iter()
            .any(|violation| violation.description.starts_with("ID_CALLING_CODE_MISSING: "))
    };
    assert!(refused(read_row(&row(), Vec::new(), &circumstances)));
    circumstances.default_calling_code = crate::identity::normalise::CallingCode::parse("65");
    assert!(!refused(read_row(&row(), Vec::new(), &circumstances)));
}

#[test]
fn a_deletion_ignores_every_other_cell() {
    let deletion = read(&[
        ("delete_reason", "fraud"),
        ("status", "nonsense"),
        ("national_id", "1"),
    ]);
    assert!(matches!(
        deletion,
        Ok(BatchRecord::Deletion {
            reason: DeletionReason::Fraud,
            ..
        })
    ));
    check(
        &[("delete_reason", "FRAUD"), ("account_ref", "a/b")],
        &[("FORMAT", "delete_account_ref")],
    );
}

#[test]
fn what_was_wrong_before_refuses_the_row() {
    let before = vec![Violation::new(Code::Format, "position", "odd")];
    let row = Row::new([(Column::Field(Field::AccountRef), "A-1")]);
    let unreadable = read_row(&row, before, &circumstances()).expect_err("refused");
    assert_eq!(unreadable.violations[0].description, "odd");
    assert_eq!(unreadable.account_ref, AccountRef::parse("A-1"));
    assert_eq!(format!("{row:?}"), "Row(…)");
}
