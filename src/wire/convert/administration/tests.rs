use proptest::prelude::*;

use super::*;
use crate::domain::validation::samples::today;
use crate::domain::validation::strategies;
use crate::wire::convert::samples::{REQUEST_ID, reading, sendable_presented, wire_token};

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

fn grant() -> pb::GrantEvaluationsRequest {
    pb::GrantEvaluationsRequest {
        member_id: "alpha".into(),
        evaluations: 1,
        expires_at: Some(timestamp_to_wire(Timestamp::from_micros(0))),
        reason: "first load".into(),
        request_id: REQUEST_ID.into(),
    }
}

#[test]
fn each_part_of_a_grant_has_its_violation() {
    type Case = (
        &'static str,
        fn(&mut pb::GrantEvaluationsRequest),
        &'static [(Code, &'static str)],
    );
    let cases: [Case; 9] = [
        ("valid", |_| {}, &[]),
        (
            "no member",
            |g| g.member_id.clear(),
            &[(Code::FieldRequired, "member_id")],
        ),
        (
            "no such name",
            |g| g.member_id = "A".into(),
            &[(Code::Format, "member_id")],
        ),
        (
            "nothing",
            |g| g.evaluations = 0,
            &[(Code::FieldRequired, "evaluations")],
        ),
        ("the most", |g| g.evaluations = i64::MAX.unsigned_abs(), &[]),
        (
            "more",
            |g| g.evaluations = i64::MAX.unsigned_abs() + 1,
            &[(Code::Format, "evaluations")],
        ),
        (
            "no end",
            |g| g.expires_at = None,
            &[(Code::FieldRequired, "expires_at")],
        ),
        (
            "no reason",
            |g| g.reason.clear(),
            &[(Code::FieldRequired, "reason")],
        ),
        (
            "no request id",
            |g| g.request_id.clear(),
            &[(Code::FieldRequired, "request_id")],
        ),
    ];
    for (name, change, wanted) in cases {
        let mut wire = grant();
        change(&mut wire);
        assert_eq!(codes(read_grant(&wire, today())), expected(wanted), "{name}");
    }
}

#[test]
fn merges_and_splits_name_their_tokens_and_reason() {
    let wanted = |fields: &[&'static str]| -> Vec<(Code, String)> {
        fields
            .iter()
            .map(|field| (Code::FieldRequired, (*field).to_owned()))
            .collect()
    };
    let found = codes(read_merge(&pb::MergeSubjectsRequest::default(), &reading()));
    assert_eq!(found, wanted(&["keep", "merge", "reason", "request_id"]));
    let found = codes(read_split(&pb::SplitSubjectRequest::default(), &reading()));
    assert_eq!(found, wanted(&["token", "reason", "request_id"]));
    let mut wire = pb::MergeSubjectsRequest {
        keep: Some(wire_token(pb::IdentifierType::NationalId)),
        merge: Some(wire_token(pb::IdentifierType::Passport)),
        reason: "one person".into(),
        request_id: REQUEST_ID.into(),
    };
    assert!(read_merge(&wire, &reading()).is_ok());
    wire.merge.as_mut().unwrap().value.clear();
    wire.reason = "of 13812345678".into();
    let wanted = expected(&[
        (Code::TokenInvalid, "merge.value"),
        (Code::PiiInFreeText, "reason"),
    ]);
    assert_eq!(codes(read_merge(&wire, &reading())), wanted);
}

proptest! {
    #[test]
    fn grants_survive_the_wire(evaluations in 1..=i64::MAX.unsigned_abs(), micros in 0_i64..4_000_000_000_000_000) {
        let grant = Grant {
            member_id: MemberId::parse("alpha").unwrap(),
            evaluations,
            expires_at: Timestamp::from_micros(micros),
            reason: "first load".into(),
        };
        let (read, request) = read_grant(&grant_to_wire(&grant, RequestId([5; 16])), today()).unwrap();
        prop_assert_eq!((read, request.id), (grant, RequestId([5; 16])));
    }

    #[test]
    fn merges_and_splits_survive_the_wire(keep in strategies::tokens(1), merge in strategies::tokens(2)) {
        let (keep, merge) = (sendable_presented(&keep[0]), sendable_presented(&merge[0]));
        let split = Split { token: keep.clone(), reason: "two persons".into() };
        let merge = Merge { keep, merge, reason: "one person".into() };
        let id = RequestId([6; 16]);
        prop_assert_eq!(read_merge(&merge_to_wire(&merge, id), &reading()).map(|read| read.0), Ok(merge));
        prop_assert_eq!(read_split(&split_to_wire(&split, id), &reading()).map(|read| read.0), Ok(split));
    }
}
