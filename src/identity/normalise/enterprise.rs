//! Enterprise codes. China's unified social credit code (GB 32100-2015) is checked, with the organisation code inside it
//! (GB 11714-1997); a wrong check character is a warning as a rule, since some of the first codes issued have one.

use zeroize::Zeroizing;

use super::text::{code_characters, keep};
use super::{Country, EnterpriseCheck, NormaliseError, Warning};

/// Characters of GB 32100 by value: no I, O, S, V, Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of GB 32100, for the 17 characters before the check character.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Weights of GB 11714, for the 8 characters before the organisation code's check character.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// Characters of a code whose country's rules are not known here.
const FOREIGN_LENGTHS: std::ops::RangeInclusive<usize> = 4..=32;

pub(super) fn normalise(
    text: &str,
    country: Country,
    on_wrong_check: EnterpriseCheck,
) -> Result<(Zeroizing<String>, Option<Warning>), NormaliseError> {
    let code = keep(&[&code_characters(text)?]);
    if country != Country::CHINA {
        return if FOREIGN_LENGTHS.contains(&code.len()) {
            Ok((code, None))
        } else {
            Err(NormaliseError::Length)
        };
    }
    if code.len() != 18 {
        return Err(NormaliseError::Length);
    }
    if !code.chars().all(|c| ALPHABET.contains(c)) {
        return Err(NormaliseError::Character);
    }
    match (wrong_check(&code), on_wrong_check) {
        (None, _) => Ok((code, None)),
        (Some(warning), EnterpriseCheck::Warn) => Ok((code, Some(warning))),
        (Some(_), EnterpriseCheck::Refuse) => Err(NormaliseError::CheckDigit),
    }
}

fn wrong_check(code: &str) -> Option<Warning> {
    if !ends_with_check(code, check_character) {
        return Some(Warning::EnterpriseCheckDigit);
    }
    let organisation = code.get(8..17).unwrap_or_default();
    (!ends_with_check(organisation, organisation_check_character)).then_some(Warning::OrganisationCheckDigit)
}

fn ends_with_check(code: &str, check: impl Fn(&str) -> Option<char>) -> bool {
    let mut characters = code.chars();
    let last = characters.next_back();
    last.is_some() && last == check(characters.as_str())
}

/// `31 − (Σ value · weight mod 31)`, where 31 is written 0.
fn check_character(body: &str) -> Option<char> {
    let mut sum = 0;
    for (c, weight) in body.chars().zip(WEIGHTS) {
        sum += u32::try_from(ALPHABET.find(c)?).ok()? * weight;
    }
    let value = (31 - sum % 31) % 31;
    ALPHABET.chars().nth(usize::try_from(value).ok()?)
}

/// `11 − (Σ value · weight mod 11)`, where 10 is written X and 11 is written 0; letters count from A = 10.
fn organisation_check_character(body: &str) -> Option<char> {
    let mut sum = 0;
    for (c, weight) in body.chars().zip(ORGANISATION_WEIGHTS) {
        sum += c.to_digit(36)? * weight;
    }
    match (11 - sum % 11) % 11 {
        10 => Some('X'),
        value => char::from_digit(value, 10),
    }
}
