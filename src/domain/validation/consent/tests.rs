use super::*;
use crate::domain::validation::samples::{consent, date, today};

type Case = (&'static str, fn(&mut Consent), &'static [(Code, &'static str)]);

#[test]
fn a_consent_covers_the_purpose_and_the_day() {
    let cases: [Case; 12] = [
        ("valid", |_| {}, &[]),
        (
            "no reference",
            |c| c.reference.clear(),
            &[(Code::ConsentMissing, "consent.reference")],
        ),
        ("reference of 64", |c| c.reference = "c".repeat(64), &[]),
        (
            "of 65",
            |c| c.reference = "c".repeat(65),
            &[(Code::Format, "consent.reference")],
        ),
        (
            "personal",
            |c| c.reference = "13812345678".into(),
            &[(Code::PiiInFreeText, "consent.reference")],
        ),
        ("granted today", |c| c.granted_on = today(), &[]),
        (
            "granted tomorrow",
            |c| c.granted_on = date("2026-06-16"),
            &[(Code::DateInFuture, "consent.granted_on")],
        ),
        ("expires today", |c| c.expires_on = today(), &[]),
        (
            "expired yesterday",
            |c| c.expires_on = date("2026-06-14"),
            &[(Code::ConsentExpired, "consent.expires_on")],
        ),
        (
            "expired before it was granted",
            |c| c.expires_on = date("2026-05-31"),
            &[(Code::DateOrder, "consent.expires_on")],
        ),
        (
            "for one day",
            |c| (c.granted_on, c.expires_on) = (today(), today()),
            &[],
        ),
        (
            "for another purpose",
            |c| c.purposes = vec![Purpose::Collection],
            &[(Code::ConsentPurpose, "consent.purposes")],
        ),
    ];
    for (name, change, expected) in cases {
        let mut changed = consent();
        change(&mut changed);
        let found = check_consent(&changed, Purpose::NewCredit, today());
        let found: Vec<_> = found.iter().map(|one| (one.code, one.field.as_str())).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn purposes_fit_the_kind_of_look() {
    for purpose in Purpose::ALL {
        let reporting = *purpose == Purpose::Reporting;
        let allowed = |look| check_purpose(*purpose, look).is_none();
        assert_eq!(allowed(LookUse::Query), !reporting, "{purpose:?}");
        assert_eq!(
            allowed(LookUse::Review),
            !reporting && !purpose.is_hard(),
            "{purpose:?}"
        );
        assert_eq!(allowed(LookUse::Check), purpose.is_hard(), "{purpose:?}");
    }
    let refusal = check_purpose(Purpose::Reporting, LookUse::Query).unwrap();
    assert_eq!(
        (refusal.code, refusal.field.as_str()),
        (Code::PurposeNotAllowed, "purpose")
    );
}

#[test]
fn a_purpose_that_nobody_may_name_is_not_called_uncovered() {
    assert!(check_consent(&consent(), Purpose::Reporting, today()).is_empty());
}
