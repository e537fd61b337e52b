use super::*;
use crate::domain::validation::samples::today;

#[test]
fn personal_data_is_seen() {
    use PersonalData::{EmailAddress, Mobile, ResidentNumber};
    for (text, kind) in [
        ("13812345678", Some(Mobile)),
        ("loan13012345678x", Some(Mobile)),
        ("a-19912345678", Some(Mobile)),
        ("\u{ff11}\u{ff13}812345678", Some(Mobile)),
        ("12812345678", None),
        ("1381234567", None),
        ("138123456789", None),
        ("213812345678", None),
        ("138-1234-5678", None),
        ("11010519491231002X", Some(ResidentNumber)),
        ("11010519491231002x", Some(ResidentNumber)),
        ("ref 11010519491231002X.", Some(ResidentNumber)),
        ("0011010519491231002X9", Some(ResidentNumber)),
        ("110105194912310021", None),
        ("650101198502300011", None),
        ("11010518491231002X", None),
        ("a@example.com", Some(EmailAddress)),
        ("write to x.y+z@mail.example.cn, please", Some(EmailAddress)),
        ("a@example", None),
        ("a@example.c", None),
        ("@example.com", None),
        ("a @example.com", None),
        ("a@.com", None),
        ("", None),
        ("贷款 4711", None),
        ("123e4567-e89b-12d3-a456-13812345678a", None),
    ] {
        assert_eq!(find_personal_data(text, today()), kind, "{text}");
    }
}

#[test]
fn a_resident_number_of_the_future_is_no_date_of_birth() {
    // Born 2026-06-15 and a day later: division 110105, serial 001, check digits computed by the standard.
    let number = |born: &str| {
        (b"0123456789X")
            .iter()
            .map(|check| format!("110105{born}001{}", char::from(*check)))
            .filter(|text| find_personal_data(text, today()).is_some())
            .count()
    };
    assert_eq!(number("20260615"), 1);
    assert_eq!(number("20260616"), 0);
}

#[test]
fn regions_follow_one_of_two_standards() {
    for text in ["CN-44", "US-CA", "FR-75", "GB-ENG", "440300", "SG-01"] {
        assert!(is_region_code(text), "{text}");
    }
    for text in [
        "", "CN", "CN-", "cn-44", "CN-44AB", "CN-4!", "44030", "4403001", "040300", "44030a", "CHN-44",
        "CN_44",
    ] {
        assert!(!is_region_code(text), "{text}");
    }
}

#[test]
fn reasons_are_short_and_clean() {
    let codes = |text: &str| -> Vec<Code> {
        let found = check_reason(text, "reason", today());
        assert!(found.iter().all(|violation| violation.field == "reason"));
        found.into_iter().map(|violation| violation.code).collect()
    };
    for (text, expected) in [
        ("typed the wrong amount", vec![]),
        ("录入错误", vec![]),
        ("", vec![Code::FieldRequired]),
        ("  ", vec![Code::FieldRequired]),
        ("two\nlines", vec![Code::Format]),
        ("of 13812345678", vec![Code::PiiInFreeText]),
        ("general generosity of the agenda", vec![]),
        ("wrong Blood Type", vec![Code::ProhibitedAttribute]),
        ("his religion", vec![Code::ProhibitedAttribute]),
        ("gene", vec![Code::ProhibitedAttribute]),
        ("客户病史有误", vec![Code::ProhibitedAttribute]),
        (
            "illness of 13812345678",
            vec![Code::PiiInFreeText, Code::ProhibitedAttribute],
        ),
    ] {
        assert_eq!(codes(text), expected, "{text}");
    }
    assert_eq!(codes(&"错".repeat(REASON_CHARS_MAX)), vec![]);
    assert_eq!(codes(&"错".repeat(REASON_CHARS_MAX + 1)), vec![Code::Format]);
}
