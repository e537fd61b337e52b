use proptest::prelude::*;

use super::*;
use crate::domain::batch::{BatchType, PositionRecord};
use crate::domain::validation::{samples, strategies};
use crate::wire::convert::samples::{reading, sendable, wire_position};

fn header() -> pb::BatchHeader {
    pb::BatchHeader {
        batch_id: "night-2026-06-14".into(),
        r#type: pb::BatchType::Full.into(),
        as_of: Some(date_to_wire(samples::today())),
        dry_run: false,
        resume_from: 12,
        content_sha256: vec![7; 32],
        resends_batch_id: String::new(),
    }
}

#[test]
fn each_part_of_a_header_has_its_violation() {
    type Case = (
        &'static str,
        fn(&mut pb::BatchHeader),
        &'static [(Code, &'static str)],
    );
    let cases: [Case; 11] = [
        ("valid", |_| {}, &[]),
        (
            "no name",
            |h| h.batch_id.clear(),
            &[(Code::FieldRequired, "header.batch_id")],
        ),
        (
            "a space in the name",
            |h| h.batch_id = "night 1".into(),
            &[(Code::Format, "header.batch_id")],
        ),
        (
            "the longest name and one more",
            |h| h.batch_id = "n".repeat(65),
            &[(Code::Format, "header.batch_id")],
        ),
        (
            "a telephone number as a name",
            |h| h.batch_id = "13800138000".into(),
            &[(Code::PiiInFreeText, "header.batch_id")],
        ),
        (
            "no type",
            |h| h.r#type = 0,
            &[(Code::FieldRequired, "header.type")],
        ),
        (
            "unknown type",
            |h| h.r#type = 9,
            &[(Code::EnumUnknown, "header.type")],
        ),
        (
            "no date",
            |h| h.as_of = None,
            &[(Code::FieldRequired, "header.as_of")],
        ),
        (
            "tomorrow",
            |h| h.as_of = Some(date_to_wire(samples::date("2026-06-16"))),
            &[(Code::DateInFuture, "header.as_of")],
        ),
        (
            "half a digest",
            |h| h.content_sha256 = vec![7; 16],
            &[(Code::Format, "header.content_sha256")],
        ),
        (
            "another name that names somebody",
            |h| h.resends_batch_id = "a@b.example".into(),
            &[(Code::Format, "header.resends_batch_id")],
        ),
    ];
    for (name, spoil, expected) in cases {
        let mut wire = header();
        spoil(&mut wire);
        let found = read_header(&wire, samples::today()).err().unwrap_or_default();
        let found: Vec<(Code, &str)> = found
            .iter()
            .map(|broken| (broken.code, broken.field.as_str()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_header_survives_the_wire() {
    for (resends, dry_run, batch_type) in [
        (None, false, BatchType::Full),
        (BatchId::parse("n-1"), true, BatchType::Incremental),
    ] {
        let header = BatchHeader {
            batch_id: BatchId::parse("n-2").unwrap(),
            batch_type,
            as_of: samples::date("2026-06-14"),
            dry_run,
            content_sha256: Sha256([9; 32]),
            resends,
            resume_from: 1_000,
        };
        assert_eq!(
            read_header(&header_to_wire(&header), samples::today()),
            Ok(header)
        );
    }
}

fn record(position: pb::Position) -> pb::BatchRecord {
    pb::BatchRecord {
        action: Some(Action::Position(position)),
        event: 0,
        correction_reason: String::new(),
        deletion_reason: 0,
    }
}

fn broken(record: &pb::BatchRecord) -> Vec<(Code, String)> {
    let violations = match read_record(record, &reading()).asks {
        Asks::Unreadable(violations) => violations,
        Asks::Position { findings, .. } => findings.violations,
        Asks::Delete(_) => Vec::new(),
    };
    violations
        .into_iter()
        .map(|broken| (broken.code, broken.field))
        .collect()
}

#[test]
fn each_part_of_a_record_has_its_violation() {
    let deletion = |name: &str, reason| pb::BatchRecord {
        action: Some(Action::DeleteAccountRef(name.into())),
        deletion_reason: reason,
        ..record(wire_position())
    };
    let spoilt = |spoil: fn(&mut pb::BatchRecord)| {
        let mut wire = record(wire_position());
        spoil(&mut wire);
        wire
    };
    let cases: [(pb::BatchRecord, &[(Code, &str)]); 9] = [
        (record(wire_position()), &[]),
        (spoilt(|r| r.action = None), &[(Code::FieldRequired, "position")]),
        (spoilt(|r| r.event = 99), &[(Code::EnumUnknown, "event")]),
        (
            spoilt(|r| r.deletion_reason = 1),
            &[(Code::Format, "deletion_reason")],
        ),
        (
            spoilt(|r| r.correction_reason = "call 13800138000".into()),
            &[(Code::PiiInFreeText, "correction_reason")],
        ),
        (deletion("A-1", 1), &[]),
        (deletion("A-1", 0), &[(Code::FieldRequired, "deletion_reason")]),
        (deletion("A 1", 1), &[(Code::Format, "delete_account_ref")]),
        (
            deletion("13800138000", 1),
            &[(Code::PiiInFreeText, "delete_account_ref")],
        ),
    ];
    for (wire, expected) in cases {
        let expected: Vec<(Code, String)> = expected
            .iter()
            .map(|(code, field)| (*code, (*field).to_owned()))
            .collect();
        assert_eq!(broken(&wire), expected, "{wire:?}");
    }
}

#[test]
fn a_name_that_may_name_a_person_goes_nowhere() {
    let mut wire = record(wire_position());
    if let Some(Action::Position(position)) = &mut wire.action {
        position.account_ref = "13800138000".into();
    }
    let read = read_record(&wire, &reading());
    assert_eq!(read.account_ref, None);
    assert!(matches!(read.asks, Asks::Unreadable(violations) if violations[0].code == Code::PiiInFreeText));
    // Nor when so much else is wrong that nothing more is listed.
    let mut worse = wire.clone();
    if let Some(Action::Position(position)) = &mut worse.action {
        let liability = position.liabilities[0].clone();
        position.liabilities = vec![
            pb::Liability {
                role: 99,
                ..liability
            };
            Violation::COUNT_MAX + 1
        ];
    }
    assert_eq!(read_record(&worse, &reading()).account_ref, None);
    let deletion = pb::BatchRecord {
        action: Some(Action::DeleteAccountRef("13800138000".into())),
        deletion_reason: 1,
        ..wire
    };
    assert_eq!(read_record(&deletion, &reading()).account_ref, None);
}

#[test]
fn amounts_count_as_sent_wherever_the_currency_is_known() {
    let sent = |spoil: fn(&mut pb::Position)| {
        let mut position = wire_position();
        position.outstanding_total = -5;
        position.overdue = Some(pb::OverdueAmounts {
            principal: 1,
            interest: 2,
            penalty: 3,
            fees: 4,
        });
        spoil(&mut position);
        read_record(&record(position), &reading()).amounts
    };
    let amounts = sent(|position| position.status = 99).unwrap();
    assert_eq!((amounts.outstanding_total, amounts.overdue), (-5, [1, 2, 3, 4]));
    assert_eq!(sent(|position| position.currency = "XXQ".into()), None);
}

#[test]
fn a_trailer_has_one_total_for_each_currency() {
    let total = |currency: &str| pb::ControlTotal {
        currency: currency.into(),
        outstanding_total: 5,
        overdue_total: 1,
    };
    let trailer = |totals: &[&str]| pb::BatchTrailer {
        record_count: 7,
        totals: totals.iter().map(|currency| total(currency)).collect(),
    };
    let read = read_trailer(&trailer(&["CNY", "USD"])).unwrap();
    assert_eq!((read.record_count, read.totals.0.len()), (7, 2));
    assert_eq!(trailer_to_wire(&read), trailer(&["CNY", "USD"]));
    for (totals, code, field) in [
        (&["CNY", "CNY"][..], Code::Format, "trailer.totals[1].currency"),
        (&["cny"][..], Code::Currency, "trailer.totals[0].currency"),
        (&[""][..], Code::FieldRequired, "trailer.totals[0].currency"),
    ] {
        let found = read_trailer(&trailer(totals)).unwrap_err();
        assert_eq!((found[0].code, found[0].field.as_str()), (code, field));
    }
}

proptest! {
    #[test]
    fn positions_survive_the_wire(position in strategies::position(), corrected in any::<bool>()) {
        let position = sendable(position);
        let reason = corrected.then(|| "typing error".to_owned());
        let sent = BatchRecord::Position(PositionRecord {
            position: position.clone(),
            event: corrected.then_some(EventType::Payment),
            correction_reason: reason.clone(),
        });
        let read = read_record(&record_to_wire(&sent), &reading());
        prop_assert_eq!(read.account_ref, Some(position.account_ref.clone()));
        match read.asks {
            Asks::Position { position: back, event, correction_reason, .. } => {
                prop_assert_eq!(*back, position);
                prop_assert_eq!(event, corrected.then_some(EventType::Payment));
                prop_assert_eq!(correction_reason, reason);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
