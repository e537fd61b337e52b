use proptest::prelude::*;

use super::*;
use crate::domain::validation::{samples, strategies};
use crate::domain::violation::Code;
use crate::wire::convert::samples::{REQUEST_ID, reading, sendable, wire_position};

fn codes<T>(read: Result<T, Vec<Violation>>) -> Vec<(Code, String)> {
    let violations = read.err().unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| (violation.code, violation.field))
        .collect()
}

fn expected(list: &[(Code, &str)]) -> Vec<(Code, String)> {
    list.iter()
        .map(|(code, field)| (*code, (*field).to_owned()))
        .collect()
}

fn report() -> pb::ReportPositionRequest {
    pb::ReportPositionRequest {
        position: Some(wire_position()),
        event: pb::EventType::PeriodClose.into(),
        request_id: REQUEST_ID.into(),
    }
}

fn correction() -> pb::CorrectPositionRequest {
    pb::CorrectPositionRequest {
        position: Some(wire_position()),
        corrects_version: 3,
        reason: "wrong amount".into(),
        request_id: REQUEST_ID.into(),
    }
}

#[test]
fn each_part_of_a_report_has_its_violation() {
    type Case = (
        &'static str,
        fn(&mut pb::ReportPositionRequest),
        &'static [(Code, &'static str)],
    );
    let cases: [Case; 7] = [
        ("valid", |_| {}, &[]),
        (
            "no position",
            |r| r.position = None,
            &[(Code::FieldRequired, "position")],
        ),
        ("no event", |r| r.event = 0, &[(Code::FieldRequired, "event")]),
        ("unknown event", |r| r.event = 19, &[(Code::EnumUnknown, "event")]),
        (
            "no request id",
            |r| r.request_id.clear(),
            &[(Code::FieldRequired, "request_id")],
        ),
        (
            "no UUID",
            |r| r.request_id = "1".into(),
            &[(Code::Format, "request_id")],
        ),
        (
            "everything",
            |r| {
                let position = r.position.as_mut().unwrap();
                position.status = 9;
                position.grace_days = 0;
                position.outstanding_total = -1;
                r.event = 0;
                r.request_id.clear();
            },
            &[
                (Code::EnumUnknown, "position.status"),
                (Code::AmountNegative, "position.outstanding_total"),
                (Code::FieldRequired, "event"),
                (Code::FieldRequired, "request_id"),
            ],
        ),
    ];
    for (name, change, wanted) in cases {
        let mut wire = report();
        change(&mut wire);
        assert_eq!(codes(read_report(&wire, &reading())), expected(wanted), "{name}");
    }
}

#[test]
fn a_broken_rule_waits_for_what_is_on_file_unless_the_request_is_broken_too() {
    let mut wire = report();
    wire.position.as_mut().unwrap().outstanding_total = -1;
    let wanted = (Code::AmountNegative, "position.outstanding_total");
    let read = read_report(&wire, &reading()).unwrap();
    let found: Vec<_> = read
        .findings
        .violations
        .iter()
        .map(|one| (one.code, one.field.as_str()))
        .collect();
    assert_eq!(found, [wanted]);
    wire.event = 0;
    let found = codes(read_report(&wire, &reading()));
    assert_eq!(found, expected(&[wanted, (Code::FieldRequired, "event")]));
}

#[test]
fn each_part_of_a_correction_has_its_violation() {
    type Case = (
        &'static str,
        fn(&mut pb::CorrectPositionRequest),
        &'static [(Code, &'static str)],
    );
    let cases: [Case; 7] = [
        ("valid", |_| {}, &[]),
        (
            "no position",
            |r| r.position = None,
            &[(Code::FieldRequired, "position")],
        ),
        (
            "no version",
            |r| r.corrects_version = 0,
            &[(Code::FieldRequired, "corrects_version")],
        ),
        (
            "no reason",
            |r| r.reason.clear(),
            &[(Code::FieldRequired, "reason")],
        ),
        (
            "long reason",
            |r| r.reason = "a".repeat(201),
            &[(Code::Format, "reason")],
        ),
        (
            "personal reason",
            |r| r.reason = "of 13812345678".into(),
            &[(Code::PiiInFreeText, "reason")],
        ),
        (
            "no request id",
            |r| r.request_id.clear(),
            &[(Code::FieldRequired, "request_id")],
        ),
    ];
    for (name, change, wanted) in cases {
        let mut wire = correction();
        change(&mut wire);
        assert_eq!(
            codes(read_correction(&wire, &reading())),
            expected(wanted),
            "{name}"
        );
    }
}

#[test]
fn each_part_of_a_deletion_has_its_violation() {
    let all = pb::DeletePositionRequest::default();
    let wanted = [
        (Code::FieldRequired, "account_ref"),
        (Code::FieldRequired, "reason"),
        (Code::FieldRequired, "request_id"),
    ];
    assert_eq!(codes(read_deletion(&all)), expected(&wanted));
    let bad = pb::DeletePositionRequest {
        account_ref: "a b".into(),
        reason: 3,
        request_id: "x".into(),
    };
    let wanted = [
        (Code::Format, "account_ref"),
        (Code::EnumUnknown, "reason"),
        (Code::Format, "request_id"),
    ];
    assert_eq!(codes(read_deletion(&bad)), expected(&wanted));
}

#[test]
fn questions_about_an_account_name_it() {
    assert_eq!(
        read_account("A-1").map(|account| account.as_str().to_owned()),
        Ok("A-1".to_owned())
    );
    assert_eq!(
        codes(read_account("")),
        expected(&[(Code::FieldRequired, "account_ref")])
    );
    assert_eq!(
        codes(read_account("ä")),
        expected(&[(Code::Format, "account_ref")])
    );
}

#[test]
fn answers_carry_version_instant_and_warnings() {
    let warning = Violation::new(Code::ClassDpd, "position.asset_classification", "check it");
    let instant = Timestamp::from_micros(1_500_000);
    let reported = reported_to_wire(4, instant, std::slice::from_ref(&warning));
    let corrected = corrected_to_wire(4, instant, &[warning]);
    assert_eq!(
        (reported.version, reported.received_at.unwrap().nanos),
        (4, 500_000_000)
    );
    assert_eq!(reported.warnings[0].code, "CLASS_DPD");
    assert_eq!(reported.received_at, corrected.received_at);
    assert_eq!(reported.warnings, corrected.warnings);
}

#[test]
fn a_version_repeats_its_order_and_reason() {
    let view = VersionView {
        number: 2,
        event: None,
        received_at: Timestamp::from_micros(0),
        correction_reason: Some("wrong amount".into()),
        position: sendable(samples::position()),
    };
    let wire = version_to_wire(&view);
    assert_eq!((wire.version, wire.event, wire.sequence), (2, 0, 1));
    assert_eq!(wire.as_of, wire.position.as_ref().unwrap().as_of);
    assert_eq!(wire.correction_reason, "wrong amount");
    let first = VersionView {
        event: Some(EventType::Opened),
        correction_reason: None,
        ..view
    };
    let wire = version_to_wire(&first);
    assert_eq!((wire.event, wire.correction_reason.as_str()), (1, ""));
}

proptest! {
    #[test]
    fn reports_survive_the_wire(position in strategies::position(), id in any::<[u8; 16]>()) {
        let position = sendable(position);
        let wire = report_to_wire(&position, EventType::Payment, RequestId(id));
        let read = read_report(&wire, &reading()).unwrap();
        prop_assert_eq!(read.position, position);
        prop_assert_eq!((read.event, read.request.id), (EventType::Payment, RequestId(id)));
    }

    #[test]
    fn corrections_survive_the_wire(position in strategies::position(), version in 1_u64.., id in any::<[u8; 16]>()) {
        let position = sendable(position);
        let wire = correction_to_wire(&position, version, "wrong amount", RequestId(id));
        let read = read_correction(&wire, &reading()).unwrap();
        prop_assert_eq!(read.position, position);
        prop_assert_eq!((read.corrects_version, read.reason.as_str()), (version, "wrong amount"));
        prop_assert_eq!(read.request.id, RequestId(id));
    }

    #[test]
    fn deletions_survive_the_wire(account in "[A-Za-z0-9._:-]{1,60}", fraud: bool, id in any::<[u8; 16]>()) {
        let account_ref = AccountRef::parse(&account).unwrap();
        let reason = if fraud { DeletionReason::Fraud } else { DeletionReason::ReportedInError };
        let read = read_deletion(&deletion_to_wire(&account_ref, reason, RequestId(id))).unwrap();
        prop_assert_eq!((read.account_ref, read.reason, read.request.id), (account_ref, reason, RequestId(id)));
    }
}
