use proptest::prelude::*;

use super::*;
use crate::domain::validation::samples::{consent, today};
use crate::domain::validation::strategies;

type Case = (
    &'static str,
    fn(&mut pb::Consent),
    &'static [(Code, &'static str)],
);

fn codes(wire: Option<&pb::Consent>, purpose: Option<Purpose>) -> Vec<(Code, String)> {
    let mut out = Collector::default();
    let _ = read_consent(wire, purpose, today(), &mut out);
    out.into_violations()
        .into_iter()
        .map(|violation| (violation.code, violation.field))
        .collect()
}

const CASES: &[Case] = &[
    ("valid", |_| {}, &[]),
    (
        "no reference",
        |c| c.reference.clear(),
        &[(Code::ConsentMissing, "consent.reference")],
    ),
    (
        "no hash",
        |c| c.text_sha256.clear(),
        &[(Code::ConsentMissing, "consent.text_sha256")],
    ),
    (
        "short hash",
        |c| c.text_sha256 = vec![1; 31],
        &[(Code::Format, "consent.text_sha256")],
    ),
    (
        "long hash",
        |c| c.text_sha256 = vec![1; 33],
        &[(Code::Format, "consent.text_sha256")],
    ),
    (
        "no purposes",
        |c| c.purposes.clear(),
        &[(Code::ConsentPurpose, "consent.purposes")],
    ),
    (
        "other purpose",
        |c| c.purposes = vec![17],
        &[(Code::ConsentPurpose, "consent.purposes")],
    ),
    (
        "unspecified purpose",
        |c| c.purposes.push(0),
        &[(Code::FieldRequired, "consent.purposes[2]")],
    ),
    (
        "unknown purpose",
        |c| c.purposes.insert(0, 5),
        &[(Code::EnumUnknown, "consent.purposes[0]")],
    ),
    ("repeated purposes", |c| c.purposes = vec![16, 1, 1, 16], &[]),
    ("as many as may be", |c| c.purposes = vec![1; PURPOSES_MAX], &[]),
    (
        "too many",
        |c| c.purposes = vec![1; PURPOSES_MAX + 1],
        &[(Code::Format, "consent.purposes")],
    ),
    (
        "no start",
        |c| c.granted_on = None,
        &[(Code::FieldRequired, "consent.granted_on")],
    ),
    (
        "no date",
        |c| c.expires_on = Some(pb::Date::default()),
        &[(Code::Format, "consent.expires_on")],
    ),
    (
        "nothing",
        |c| *c = pb::Consent::default(),
        &[
            (Code::FieldRequired, "consent.granted_on"),
            (Code::FieldRequired, "consent.expires_on"),
            (Code::ConsentMissing, "consent.text_sha256"),
            (Code::ConsentMissing, "consent.reference"),
        ],
    ),
];

#[test]
fn each_part_of_a_consent_has_its_violation() {
    for (name, change, expected) in CASES {
        let mut wire = consent_to_wire(&consent());
        change(&mut wire);
        let expected: Vec<_> = expected
            .iter()
            .map(|(code, field)| (*code, (*field).to_owned()))
            .collect();
        assert_eq!(codes(Some(&wire), Some(Purpose::NewCredit)), expected, "{name}");
    }
}

#[test]
fn an_absent_consent_is_missing() {
    assert_eq!(
        codes(None, Some(Purpose::NewCredit)),
        [(Code::ConsentMissing, "consent".to_owned())]
    );
}

#[test]
fn a_purpose_that_was_not_read_is_not_called_uncovered() {
    assert_eq!(codes(Some(&consent_to_wire(&consent())), None), []);
}

proptest! {
    #[test]
    fn consents_survive_the_wire(consent in strategies::consent(Purpose::Quotation)) {
        let mut out = Collector::default();
        let read = read_consent(Some(&consent_to_wire(&consent)), Some(Purpose::Quotation), today(), &mut out);
        prop_assert_eq!(out.finish(read), Ok(consent));
    }
}
