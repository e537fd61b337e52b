//! Whom a look is about (semantics 1.2 to 1.5).

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::CALLER;
use crate::domain::exposure::resolve::{About, Resolution, Shown, resolve};
use crate::domain::names::{MemberNo, SubjectId, TokenId};
use crate::domain::testing::ago;
use crate::domain::token::IdentifierType::{self, EnterpriseCode, Mobile, NationalId, Passport};
use crate::domain::token::TokenRow;
use crate::domain::unit::rows::LinkRow;
use crate::domain::validation::samples::today;

const NUMBER: i64 = 90;

fn shown(identifier_type: IdentifierType, subject: Option<i64>) -> Shown {
    Shown {
        identifier_type,
        verified_on: None,
        row: subject.map(|subject| TokenRow {
            token_id: TokenId(subject),
            identifier_type,
            subject_id: SubjectId(subject),
        }),
    }
}

fn link(subject: i64, member: i64, last_seen: NaiveDate) -> LinkRow {
    LinkRow {
        mobile_subject: SubjectId(NUMBER),
        subject_id: SubjectId(subject),
        member_no: MemberNo(member),
        last_seen,
    }
}

fn resolved(shown: &[Shown], links: &[LinkRow]) -> Resolution {
    resolve(shown, links, MemberNo(CALLER), today())
}

fn about(shown: &[Shown], links: &[LinkRow]) -> About {
    match resolved(shown, links) {
        Resolution::About(about) => about,
        Resolution::Conflict { .. } => panic!("a conflict"),
    }
}

fn conflict(subjects: &[i64], shared_mobile: bool) -> Resolution {
    Resolution::Conflict {
        subjects: subjects.iter().copied().map(SubjectId).collect::<BTreeSet<_>>(),
        shared_mobile,
    }
}

#[test]
fn strong_tokens_of_one_subject_name_it_and_unknown_ones_are_ignored() {
    let cases: [(&[Shown], Option<i64>); 5] = [
        (&[shown(NationalId, Some(1))], Some(1)),
        (&[shown(NationalId, Some(1)), shown(Passport, Some(1))], Some(1)),
        (&[shown(NationalId, None), shown(Passport, Some(1))], Some(1)),
        (&[shown(EnterpriseCode, Some(3))], Some(3)),
        (&[shown(NationalId, None)], None),
    ];
    for (tokens, subject) in cases {
        let about = about(tokens, &[]);
        assert_eq!(about.subject, subject.map(SubjectId), "{tokens:?}");
        assert!(about.strong && !about.linked && !about.shared_mobile && about.joined.is_none());
    }
}

#[test]
fn strong_tokens_of_different_subjects_are_a_conflict_whatever_the_mobile_says() {
    let tokens = [
        shown(NationalId, Some(1)),
        shown(Passport, Some(2)),
        shown(Mobile, Some(NUMBER)),
    ];
    assert_eq!(
        resolved(&tokens, &[link(3, 2, today())]),
        conflict(&[1, 2], false)
    );
}

/// The rows of the table in 1.5, with who else is linked and who reported it.
#[test]
fn a_strong_token_with_a_mobile_follows_the_links_of_the_number() {
    // (links, number joins, linked, shared)
    let cases: [(&str, Vec<LinkRow>, bool, bool, bool); 6] = [
        ("none", vec![], true, false, false),
        ("A only", vec![link(1, 2, today())], true, true, false),
        (
            "A only, by two members",
            vec![link(1, 2, today()), link(1, CALLER, today())],
            true,
            true,
            false,
        ),
        (
            "another, by another",
            vec![link(2, 2, today())],
            false,
            false,
            true,
        ),
        (
            "another, by the caller",
            vec![link(2, CALLER, today())],
            false,
            false,
            false,
        ),
        (
            "A and another, by both",
            vec![link(1, 2, today()), link(2, CALLER, today()), link(2, 3, today())],
            false,
            false,
            true,
        ),
    ];
    for (name, links, joins, linked, shared) in cases {
        let about = about(&[shown(NationalId, Some(1)), shown(Mobile, Some(NUMBER))], &links);
        assert_eq!(about.subject, Some(SubjectId(1)), "{name}");
        assert_eq!(about.joined, joins.then_some(SubjectId(NUMBER)), "{name}");
        assert_eq!((about.linked, about.shared_mobile), (linked, shared), "{name}");
    }
}

#[test]
fn an_unknown_strong_token_leaves_a_linked_number_to_its_subject() {
    let tokens = [shown(NationalId, None), shown(Mobile, Some(NUMBER))];
    let about = about(&tokens, &[link(2, 2, today())]);
    assert_eq!(
        (about.subject, about.joined, about.shared_mobile),
        (None, None, true)
    );
}

#[test]
fn a_mobile_alone_names_its_only_subject_its_own_or_nobody() {
    let number = [shown(Mobile, Some(NUMBER))];
    let linked = about(&number, &[link(1, CALLER, today()), link(1, 2, today())]);
    assert_eq!(
        (linked.subject, linked.joined),
        (Some(SubjectId(1)), Some(SubjectId(NUMBER)))
    );
    assert!(linked.linked && !linked.strong && !linked.shared_mobile);
    let alone = about(&number, &[]);
    assert_eq!(
        (alone.subject, alone.joined, alone.linked),
        (Some(SubjectId(NUMBER)), None, false)
    );
    let unknown = about(&[shown(Mobile, None)], &[]);
    assert_eq!((unknown.subject, unknown.joined), (None, None));
}

#[test]
fn a_mobile_alone_with_two_subjects_is_a_conflict() {
    let number = [shown(Mobile, Some(NUMBER))];
    let by_caller = [link(1, CALLER, today()), link(2, CALLER, today())];
    assert_eq!(resolved(&number, &by_caller), conflict(&[1, 2], false));
    let by_another = [link(1, CALLER, today()), link(2, 3, today())];
    assert_eq!(resolved(&number, &by_another), conflict(&[1, 2], true));
}

#[test]
fn links_are_current_for_180_days_and_the_latest_stays_when_none_is() {
    let number = [shown(Mobile, Some(NUMBER))];
    let cases: [(&[LinkRow], Option<i64>); 4] = [
        (&[link(1, 2, ago(179)), link(2, 2, ago(180))], Some(1)),
        (&[link(1, 2, ago(179)), link(2, 2, ago(179))], None),
        (&[link(1, 2, ago(300)), link(2, 2, ago(301))], Some(1)),
        (&[link(1, 2, ago(300)), link(2, 2, ago(300))], None),
    ];
    for (links, expected) in cases {
        match (resolved(&number, links), expected) {
            (Resolution::About(about), Some(subject)) => assert_eq!(about.subject, Some(SubjectId(subject))),
            (Resolution::Conflict { .. }, None) => {}
            (other, _) => panic!("{links:?}: {other:?}"),
        }
    }
}

#[test]
fn the_proof_of_a_mobile_travels_with_the_resolution() {
    let mut mobile = shown(Mobile, Some(NUMBER));
    mobile.verified_on = Some(ago(3));
    assert_eq!(
        about(&[shown(NationalId, Some(1)), mobile], &[]).mobile_verified_on,
        Some(ago(3))
    );
    assert_eq!(about(&[mobile], &[]).mobile_verified_on, Some(ago(3)));
}
