//! National identity numbers. China's (GB 11643-1999) are checked whole; others only for their characters and length.

use chrono::{Datelike as _, NaiveDate};
use zeroize::Zeroizing;

use super::text::{code_characters, keep};
use super::{Country, NormaliseError};

/// Weights of GB 11643, for the 17 digits before the check character.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by the weighted sum modulo 11.
const CHECK_CHARACTERS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// Nobody living was born earlier.
const BIRTH_YEAR_MIN: i32 = 1900;
/// The century of all 15-digit numbers, which ended in 1999.
const OLD_FORM_CENTURY: &str = "19";
/// Characters of a number whose country's rules are not known here.
const FOREIGN_LENGTHS: std::ops::RangeInclusive<usize> = 4..=32;

pub(super) fn normalise(
    text: &str,
    country: Country,
    today: NaiveDate,
) -> Result<Zeroizing<String>, NormaliseError> {
    let written = code_characters(text)?;
    if country != Country::CHINA {
        return if FOREIGN_LENGTHS.contains(&written.len()) {
            Ok(keep(&[&written]))
        } else {
            Err(NormaliseError::Length)
        };
    }
    let number = match written.len() {
        15 => lengthen(&written)?,
        18 => keep(&[&written]),
        _ => return Err(NormaliseError::Length),
    };
    check(&number, today)?;
    Ok(number)
}

/// The 18-character form of a 15-digit number: the century inserted, the check character appended.
fn lengthen(old: &str) -> Result<Zeroizing<String>, NormaliseError> {
    let (region, rest) = old.split_at_checked(6).ok_or(NormaliseError::Length)?;
    let body = keep(&[region, OLD_FORM_CENTURY, rest]);
    let check = check_character(&body)?;
    Ok(keep(&[&body, check.encode_utf8(&mut [0; 4])]))
}

fn check(number: &str, today: NaiveDate) -> Result<(), NormaliseError> {
    let (body, last) = number.split_at_checked(17).ok_or(NormaliseError::Length)?;
    if !body.bytes().all(|digit| digit.is_ascii_digit())
        || !last.chars().all(|c| c.is_ascii_digit() || c == 'X')
    {
        return Err(NormaliseError::Character);
    }
    if !is_region(body) {
        return Err(NormaliseError::Region);
    }
    let born = body
        .get(6..14)
        .and_then(|digits| NaiveDate::parse_from_str(digits, "%Y%m%d").ok())
        .filter(|born| born.year() >= BIRTH_YEAR_MIN && *born <= today);
    if born.is_none() {
        return Err(NormaliseError::BirthDate);
    }
    if last.chars().eq([check_character(body)?]) {
        Ok(())
    } else {
        Err(NormaliseError::CheckDigit)
    }
}

/// The first two digits of GB/T 2260; the foreigner's permanent residence card of 2023 begins with 9 instead.
fn is_region(body: &str) -> bool {
    body.starts_with('9')
        || body
            .get(..2)
            .and_then(|digits| digits.parse::<u8>().ok())
            .is_some_and(|region| matches!(region, 11..=65 | 71 | 81..=83))
}

fn check_character(body: &str) -> Result<char, NormaliseError> {
    let mut sum = 0;
    for (digit, weight) in body.chars().zip(WEIGHTS) {
        sum += digit.to_digit(10).ok_or(NormaliseError::Character)? * weight;
    }
    usize::try_from(sum % 11)
        .ok()
        .and_then(|remainder| CHECK_CHARACTERS.get(remainder).copied())
        .ok_or(NormaliseError::CheckDigit)
}
