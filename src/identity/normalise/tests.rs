//! The published vectors, properties that hold for all spellings, and limits.

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
}

fn mobile(text: &str) -> Result<String, NormaliseError> {
    let rules = Rules {
        default_calling_code: CallingCode::parse("86"),
        ..Rules::on(today())
    };
    Identifier::mobile(text.to_owned())
        .normalise(&rules)
        .map(|done| done.identifier.expose_value().to_owned())
}

fn national_id(text: &str, today: NaiveDate) -> Result<String, NormaliseError> {
    let normalised = Identifier::national_id(Country::CHINA, text.to_owned()).normalise(&Rules::on(today));
    normalised.map(|done| done.identifier.expose_value().to_owned())
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/identity.json")).unwrap()
}

fn kind(name: &str) -> IdentifierType {
    IdentifierType::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .unwrap()
}

#[test]
fn every_published_vector_holds() {
    let vectors = vectors();
    assert_eq!(vectors["normalisation_version"], u64::from(RULES_VERSION));
    assert_eq!(vectors["today"], today().to_string());
    let cases = vectors["normalise"].as_array().unwrap();
    assert!(cases.len() > 120);
    for case in cases {
        let rules = Rules {
            today: today(),
            default_calling_code: case["default_calling_code"]
                .as_str()
                .map(|code| CallingCode::parse(code).unwrap()),
            enterprise_check: match case["enterprise_check"].as_str() {
                Some("refuse") => EnterpriseCheck::Refuse,
                _ => EnterpriseCheck::Warn,
            },
        };
        let country = Country::parse(case["country"].as_str().unwrap());
        let input = case["input"].as_str().unwrap().to_owned();
        let identifier = Identifier::new(kind(case["type"].as_str().unwrap()), country, input).unwrap();
        match identifier.normalise(&rules) {
            Ok(done) => {
                assert_eq!(case["value"], done.identifier.expose_value(), "{case}");
                assert_eq!(
                    case["warning"].as_str(),
                    done.warning.map(Warning::code),
                    "{case}"
                );
            }
            Err(error) => assert_eq!(case["error"], error.code(), "{case}"),
        }
    }
}

#[test]
fn token_inputs_are_those_of_the_protocol_vectors() {
    let vectors = vectors();
    for case in vectors["protocol"]["cases"].as_array().unwrap() {
        let country = Country::parse(case["country"].as_str().unwrap());
        let value = case["value"].as_str().unwrap().to_owned();
        let identifier = Identifier::new(kind(case["type"].as_str().unwrap()), country, value).unwrap();
        let input = identifier
            .normalise(&Rules::on(today()))
            .unwrap()
            .identifier
            .oprf_input();
        assert_eq!(case["input"], crate::identity::test_support::hex(&input));
    }
    let input = Identifier::mobile("13800138000".to_owned())
        .normalise(&Rules::on(today()))
        .unwrap();
    assert_eq!(
        input.identifier.oprf_input().as_slice(),
        b"tallystick/v1\x1fMOBILE\x1f\x1f+8613800138000"
    );
}

#[test]
fn a_person_can_be_born_today_and_not_tomorrow() {
    let born_on_the_25th = "110105202611250016";
    assert!(national_id(born_on_the_25th, today()).is_ok());
    let yesterday = today().pred_opt().unwrap();
    assert_eq!(
        national_id(born_on_the_25th, yesterday),
        Err(NormaliseError::BirthDate)
    );
}

#[test]
fn one_wrong_digit_or_two_swapped_neighbours_never_pass() {
    let number = "11010519491231002X";
    for at in 0..17 {
        for digit in '0'..='9' {
            let mut changed: Vec<char> = number.chars().collect();
            if changed[at] != digit {
                changed[at] = digit;
                assert!(national_id(&String::from_iter(changed), today()).is_err());
            }
        }
        let mut swapped: Vec<char> = number.chars().collect();
        swapped.swap(at, at + 1);
        if swapped[at] != swapped[at + 1] {
            assert!(national_id(&String::from_iter(swapped), today()).is_err());
        }
    }
}

#[test]
fn identifiers_are_at_most_128_bytes() {
    let padded = |spaces: usize| mobile(&format!("13800138000{}", " ".repeat(spaces)));
    assert!(padded(116).is_ok());
    assert!(padded(117).is_ok());
    assert_eq!(padded(118), Err(NormaliseError::TooLong));
}

#[test]
fn countries_and_calling_codes_are_parsed_strictly() {
    assert_eq!(Country::parse("cn"), Some(Country::CHINA));
    for text in ["", "C", "CHN", "C1", "中", "C "] {
        assert_eq!(Country::parse(text), None, "{text}");
    }
    for text in ["1", "86", "852", "+86"] {
        assert!(CallingCode::parse(text).is_some(), "{text}");
    }
    for text in ["", "+", "0", "086", "1234", "8a", "++1", "٨٦"] {
        assert_eq!(CallingCode::parse(text), None, "{text}");
    }
    let missing = Identifier::new(IdentifierType::Passport, None, "E12345678".to_owned());
    assert_eq!(missing.err(), Some(NormaliseError::CountryMissing));
}

#[test]
fn the_growth_of_folding_never_outgrows_its_buffer() {
    // U+FDFA grows most under NFKC, U+0390 and U+1FB7 most under upper-casing after it.
    for text in [
        "\u{fdfa}".repeat(42),
        "\u{390}".repeat(64),
        "\u{1fb7}".repeat(42),
        "ﬃ".repeat(42),
    ] {
        let capacity = text.len() * 33;
        let folded = text::fold_upper(&text, |_| Ok(true)).unwrap();
        assert!(folded.len() <= capacity && folded.capacity() == capacity);
    }
}

#[test]
fn errors_and_warnings_tell_how_to_mend_and_never_the_value() {
    let planted = ["13800138", "1101051949", "E1234567", "91350100"];
    let errors = [
        mobile("13800138").unwrap_err().to_string(),
        national_id("110105194912310021", today())
            .unwrap_err()
            .to_string(),
        NormaliseError::Empty.to_string(),
        NormaliseError::TooLong.to_string(),
        NormaliseError::CountryMissing.to_string(),
        NormaliseError::CallingCodeMissing.to_string(),
        NormaliseError::Character.to_string(),
        NormaliseError::Length.to_string(),
        NormaliseError::BirthDate.to_string(),
        NormaliseError::Region.to_string(),
        Warning::EnterpriseCheckDigit.advice().to_owned(),
        Warning::OrganisationCheckDigit.advice().to_owned(),
        Warning::PassportLettersDropped.advice().to_owned(),
    ];
    for text in errors {
        assert!(planted.iter().all(|secret| !text.contains(secret)), "{text}");
        assert!(text.contains(':') && text.len() > 40, "{text}");
    }
}

proptest! {
    /// However a Chinese number is spaced, widened and prefixed, it is the same number.
    #[test]
    fn spellings_of_a_mobile_number_agree(
        number in "1[3-9][0-9]{9}",
        prefix in prop_oneof![Just(""), Just("86"), Just("+86"), Just("0086"), Just("0"), Just("(+86)")],
        gaps in proptest::collection::vec(prop_oneof![Just(""), Just(" "), Just("-"), Just("\u{3000}"), Just("."), Just("\u{2011}")], 11),
        wide in any::<bool>(),
    ) {
        let widen = |c: char| match c.to_digit(10) {
            Some(digit) if wide => char::from_u32(0xff10 + digit).unwrap(),
            _ => c,
        };
        let body: String = number.chars().zip(&gaps).flat_map(|(c, gap)| [gap.to_string(), widen(c).to_string()]).collect();
        prop_assert_eq!(mobile(&format!("{prefix}{body}")), Ok(format!("+86{number}")));
    }

    /// What normalisation gives it gives again: the rules have one fixed form.
    #[test]
    fn normalisation_is_idempotent(text in "\\PC{0,40}", which in 0..4_usize, china in any::<bool>()) {
        let country = if china { Country::CHINA } else { Country::parse("DE").unwrap() };
        let rules = Rules { default_calling_code: CallingCode::parse("49"), ..Rules::on(today()) };
        let again = |text: String| {
            Identifier::new(IdentifierType::ALL[which], Some(country), text).unwrap().normalise(&rules)
                .map(|done| done.identifier.expose_value().to_owned())
        };
        if let Ok(once) = again(text) {
            prop_assert_eq!(again(once.clone()), Ok(once));
        }
    }

    /// The 15-digit form of a number of the last century is the number.
    #[test]
    fn old_and_new_form_agree(year in 0..100_u32, month in 1..13_u32, day in 1..29_u32, serial in 0..1000_u32) {
        let old = format!("440305{year:02}{month:02}{day:02}{serial:03}");
        let new = national_id(&old, today()).unwrap();
        prop_assert_eq!(&new[..8], "44030519");
        prop_assert_eq!(&new[8..17], &old[6..]);
        prop_assert_eq!(national_id(&new, today()), Ok(new.clone()));
    }
}
