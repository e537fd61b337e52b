use std::collections::BTreeSet;

use super::*;
use crate::import::table::REASON_SEPARATOR;

/// Rules about calls, batches, checks and administration: no record can break them.
const NOT_OF_RECORDS: [Code; 35] = [
    Code::AlreadyReviewedToday,
    Code::RequestIdReused,
    Code::PageSize,
    Code::PageToken,
    Code::PurposeNotAllowed,
    Code::QuotaExceeded,
    Code::MemberUnknown,
    Code::MemberExists,
    Code::CertificateUnknown,
    Code::CertificateTaken,
    Code::SecondOperatorRequired,
    Code::SubjectUnknown,
    Code::FileHeader,
    Code::FileTrailer,
    Code::FileControlTotal,
    Code::FileRejectRate,
    Code::FileCountSwing,
    Code::BatchUnknown,
    Code::BatchIdReused,
    Code::BatchTakenOver,
    Code::BatchFinished,
    Code::BatchNotHeld,
    Code::ReservationLifetime,
    Code::ExtensionsUsedUp,
    Code::IndicatorUnknown,
    Code::SnapshotUnknown,
    Code::SnapshotNotPublished,
    Code::OfflineCodeUnknown,
    Code::OfflineCodeUsed,
    Code::OfflineCodePeriod,
    Code::ReservationsUsedUp,
    Code::ApplicationChanged,
    Code::AmountsUsedUp,
    Code::RulePackUnknown,
    Code::AnswerUnknown,
];

#[test]
fn every_rule_that_a_record_can_break_is_explained_in_both_languages() {
    for code in Code::ALL.iter().copied() {
        let exempt = NOT_OF_RECORDS.contains(&code) || code == Code::ResumePoint;
        for language in [Language::English, Language::Chinese] {
            let advice = advice(code, language);
            assert_eq!(advice.is_none(), exempt, "{code:?} {language:?}");
            let Some(advice) = advice else { continue };
            assert!(!advice.text.is_empty() && !advice.fix.is_empty(), "{code:?}");
            let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            for text in [advice.text, advice.fix] {
                assert_eq!(is_chinese(text), language == Language::Chinese, "{text}");
                // Several reasons of one record are joined with it.
                assert!(!text.contains(REASON_SEPARATOR), "{text}");
            }
        }
    }
}

#[test]
fn no_two_rules_read_the_same() {
    for language in [Language::English, Language::Chinese] {
        let texts: Vec<&str> = Code::ALL
            .iter()
            .filter_map(|code| Some(advice(*code, language)?.text))
            .collect();
        let distinct: BTreeSet<&str> = texts.iter().copied().collect();
        assert_eq!(distinct.len(), texts.len());
    }
}

#[test]
fn what_the_service_saw_stands_behind_the_english_text_alone() {
    let english = reason(
        "CURRENCY",
        "position.currency",
        "three letters",
        Language::English,
    );
    assert!(english.text.ends_with(": three letters"), "{}", english.text);
    let chinese = reason(
        "CURRENCY",
        "position.currency",
        "three letters",
        Language::Chinese,
    );
    assert!(!chinese.text.contains("three letters"), "{}", chinese.text);
    assert_eq!(
        (chinese.code.as_str(), chinese.field.as_str()),
        ("CURRENCY", "position.currency")
    );
}

#[test]
fn a_rule_of_a_later_service_is_told_in_its_own_words() {
    let later = reason("NEW_RULE", "position", "mend this", Language::Chinese);
    assert_eq!(
        (later.code.as_str(), later.text.as_str()),
        ("NEW_RULE", "mend this")
    );
}
