//! Rules about text: patterns (V03), personal data (V33) and prohibited attributes (V34) where they do not belong.
//!
//! The scanners are simple on purpose and catch carelessness, not intent: a mobile number written with spaces, a name, an
//! address or a word outside the short list passes. What must never enter has no field at all.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use crate::domain::violation::{Code, Violation};

/// The most characters of a reason.
pub const REASON_CHARS_MAX: usize = 200;

/// Attributes that may not be collected (China's Regulation on the Administration of the Credit Reporting Industry, 2013,
/// article 14: religion, genes, fingerprints, blood type, illness and medical history), as whole words.
const PROHIBITED_WORDS: [&str; 19] = [
    "religion",
    "religious",
    "faith",
    "gene",
    "genes",
    "genetic",
    "dna",
    "fingerprint",
    "fingerprints",
    "blood type",
    "blood group",
    "illness",
    "illnesses",
    "disease",
    "diseases",
    "diagnosis",
    "medical history",
    "medical record",
    "medical records",
];
/// The same in Chinese, where words have no bounds.
const PROHIBITED_TERMS: [&str; 10] = [
    "宗教", "信仰", "基因", "指纹", "指紋", "血型", "疾病", "病史", "病历", "患病",
];

/// Checks the reason of a correction or of an operator's act: required, at most [`REASON_CHARS_MAX`] characters, no
/// control characters, no personal data, no prohibited attribute. At most one violation of each code.
pub fn check_reason(text: &str, field: &str, today: NaiveDate) -> Vec<Violation> {
    if text.trim().is_empty() {
        let description = "the reason is empty; say in a few words why, without personal data";
        return vec![Violation::new(Code::FieldRequired, field, description)];
    }
    let mut found = check_reference(text, field, 1..=REASON_CHARS_MAX, today);
    if found.iter().all(|violation| violation.code != Code::Format) && names_prohibited_attribute(text) {
        found.push(Violation::new(
            Code::ProhibitedAttribute,
            field,
            "it speaks of religion, genes, fingerprints, blood type, illness or medical history; the law forbids to \
             record them, leave them out",
        ));
    }
    found
}

/// Checks a reference: its length in characters, no control characters, no personal data. An empty one passes when the
/// bounds allow it.
pub fn check_reference(
    text: &str,
    field: &str,
    chars: RangeInclusive<usize>,
    today: NaiveDate,
) -> Vec<Violation> {
    // Bytes bound characters from above: a text of megabytes is not counted.
    let too_long = text.len() > chars.end().saturating_mul(4);
    if too_long || !chars.contains(&text.chars().count()) {
        let description = format!("it must have {} to {} characters", chars.start(), chars.end());
        return vec![Violation::new(Code::Format, field, description)];
    }
    if text.chars().any(char::is_control) {
        let description = "it holds control characters; remove them";
        return vec![Violation::new(Code::Format, field, description)];
    }
    match find_personal_data(text, today) {
        Some(kind) => {
            let description = format!(
                "it holds what looks like {}; use an opaque name that tells nothing about the person",
                kind.as_str()
            );
            vec![Violation::new(Code::PiiInFreeText, field, description)]
        }
        None => Vec::new(),
    }
}

/// Whether a text is a region: ISO 3166-2 (`CN-44`) or a GB/T 2260 division of 6 digits.
pub fn is_region_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let division = bytes.len() == 6 && bytes.iter().all(u8::is_ascii_digit) && bytes.first() != Some(&b'0');
    division
        || match text.split_once('-') {
            Some((country, part)) => {
                country.len() == 2
                    && country.bytes().all(|byte| byte.is_ascii_uppercase())
                    && (1..=3).contains(&part.len())
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            }
            None => false,
        }
}

/// What kind of personal data a scanner saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalData {
    /// A Chinese mobile number.
    Mobile,
    /// A resident identity number (GB 11643).
    ResidentNumber,
    /// An e-mail address.
    EmailAddress,
}

impl PersonalData {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "a mobile number",
            Self::ResidentNumber => "a resident identity number",
            Self::EmailAddress => "an e-mail address",
        }
    }
}

/// The first kind of personal data in a text: a run of exactly 11 digits that starts 13 to 19, a resident number with a
/// real date and check digit anywhere, or an e-mail address. Full-width forms count. UUIDs are opaque and pass.
pub fn find_personal_data(text: &str, today: NaiveDate) -> Option<PersonalData> {
    let folded = fold_width(text);
    if is_uuid(&folded) {
        return None;
    }
    if has_resident_number(&folded, today) {
        Some(PersonalData::ResidentNumber)
    } else if has_mobile(&folded) {
        Some(PersonalData::Mobile)
    } else if has_email_address(&folded) {
        Some(PersonalData::EmailAddress)
    } else {
        None
    }
}

/// ASCII as it is, full-width forms (U+FF01 to U+FF5E) as their ASCII twins, everything else as one byte that matches
/// nothing.
fn fold_width(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| {
            let code = u32::from(character);
            let folded = if (0xFF01..=0xFF5E).contains(&code) {
                code - 0xFEE0
            } else {
                code
            };
            u8::try_from(folded).ok().filter(u8::is_ascii).unwrap_or(0)
        })
        .collect()
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn has_mobile(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| !byte.is_ascii_digit())
        .any(|run| run.len() == 11 && matches!(run, [b'1', b'3'..=b'9', ..]))
}

fn has_resident_number(bytes: &[u8], today: NaiveDate) -> bool {
    bytes.windows(18).any(|window| {
        window
            .split_last()
            .is_some_and(|(check, body)| is_resident_number(body, *check, today))
    })
}

/// GB 11643: 6 digits of a division, 8 of a date of birth, 3 of a serial number, a check digit (ISO 7064 MOD 11-2).
fn is_resident_number(body: &[u8], check: u8, today: NaiveDate) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    if !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |digits: &[u8]| {
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    };
    let sum: u32 = body
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let right = CHECKS
        .iter()
        .zip(0_u32..)
        .any(|(expected, rest)| rest == sum % 11 && *expected == check.to_ascii_uppercase());
    let born = match (body.get(6..10), body.get(10..12), body.get(12..14)) {
        (Some(year), Some(month), Some(day)) => i32::try_from(number(year))
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, number(month), number(day))),
        _ => None,
    };
    right && born.is_some_and(|date| date.year() >= 1900 && date <= today)
}

fn has_email_address(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'@'
            && at
                .checked_sub(1)
                .and_then(|before| bytes.get(before))
                .is_some_and(|local| local.is_ascii_alphanumeric() || b"._%+-".contains(local))
            && bytes.get(at + 1..).is_some_and(starts_with_domain)
    })
}

/// Whether bytes begin with a host name of at least two labels, the last of at least two letters.
fn starts_with_domain(bytes: &[u8]) -> bool {
    let end = bytes
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"-.".contains(byte)))
        .unwrap_or(bytes.len());
    let host = bytes.get(..end).unwrap_or_default();
    let host = host.strip_suffix(b".").unwrap_or(host);
    let mut labels = host.split(|byte| *byte == b'.').rev();
    let top = labels.next().unwrap_or_default();
    top.len() >= 2
        && top.iter().all(u8::is_ascii_alphabetic)
        && labels.next().is_some_and(|label| !label.is_empty())
}

fn names_prohibited_attribute(text: &str) -> bool {
    let lower = text.to_lowercase();
    let whole_word = |word: &str| {
        lower.match_indices(word).any(|(start, _)| {
            let before = lower.get(..start).and_then(|part| part.chars().next_back());
            let after = lower
                .get(start + word.len()..)
                .and_then(|part| part.chars().next());
            [before, after]
                .into_iter()
                .flatten()
                .all(|neighbour| !neighbour.is_ascii_alphanumeric())
        })
    };
    PROHIBITED_TERMS.iter().any(|term| lower.contains(term))
        || PROHIBITED_WORDS.iter().any(|word| whole_word(word))
}

#[cfg(test)]
mod tests;
