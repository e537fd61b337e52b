use std::collections::BTreeSet;

use super::*;
use crate::domain::language::Language;

#[test]
fn names_and_numbers_of_reasons_are_found_again() {
    for code in ReasonCode::ALL.iter().copied() {
        assert_eq!(ReasonCode::parse(code.as_str()), Some(code));
        assert_eq!(ReasonCode::from_code(code.code()), Some(code));
    }
    assert_eq!(ReasonCode::ALL.len(), 12);
    assert_eq!(ReasonCode::parse("DSTI"), None);
}

#[test]
fn each_reason_has_one_sentence_of_its_own_in_both_languages() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (language, stop) in [(Language::English, '.'), (Language::Chinese, '。')] {
        let texts: BTreeSet<&str> = ReasonCode::ALL.iter().map(|code| code.text(language)).collect();
        assert_eq!(texts.len(), ReasonCode::ALL.len());
        for text in texts {
            assert_eq!(chinese(text), language == Language::Chinese, "{text}");
            assert!(text.ends_with(stop), "{text}");
            assert_eq!(text.matches(stop).count(), 1, "{text}");
            // No amount, count or date of anybody.
            assert!(!text.chars().any(char::is_numeric), "{text}");
        }
    }
}

#[test]
fn each_condition_has_the_reason_of_its_name_and_says_whether_it_needs_an_income() {
    let cap = |income_percent, bracket| {
        Condition::AmountCap(AmountCap {
            maximum: Some(1),
            income_percent,
            bracket,
            extent: Extent::Total,
        })
    };
    let bracket = IncomeBracket {
        from: Some(1),
        below: None,
    };
    let ratio = |if_income_is_stated| Condition::ObligationRatio {
        maximum_percent: 50,
        if_income_is_stated,
    };
    for (condition, reason, needs_income) in [
        (
            Condition::LenderCount { maximum: 1 },
            ReasonCode::LenderCount,
            false,
        ),
        (cap(None, None), ReasonCode::AmountCap, false),
        (cap(Some(30), None), ReasonCode::AmountCap, true),
        (cap(None, Some(bracket)), ReasonCode::AmountCap, true),
        (ratio(false), ReasonCode::ObligationRatio, true),
        (ratio(true), ReasonCode::ObligationRatio, false),
        (
            Condition::CoolingOff(Pause::Days(1)),
            ReasonCode::CoolingOff,
            false,
        ),
        (Condition::InstalmentPlan, ReasonCode::InstalmentPlan, false),
        (Condition::SelfExclusion, ReasonCode::SelfExclusion, false),
    ] {
        assert_eq!(condition.reason(), reason);
        // One rule is enough to make a pack need it.
        let pack = pack(vec![Condition::InstalmentPlan, condition]);
        assert_eq!(pack.needs_income(), needs_income, "{reason:?}");
    }
}

#[test]
fn a_pack_is_in_force_from_its_first_day_to_its_last() {
    let (first_day, last_day) = (day("2026-03-01"), day("2026-03-31"));
    let until = |last_day| Effective { first_day, last_day };
    for (effective, text, holds) in [
        (until(None), "2026-02-28", false),
        (until(None), "2026-03-01", true),
        (until(None), "2099-01-01", true),
        (until(Some(last_day)), "2026-03-31", true),
        (until(Some(last_day)), "2026-04-01", false),
    ] {
        assert_eq!(effective.holds(day(text)), holds, "{text}");
    }
}
