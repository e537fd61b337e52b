//! Mobile numbers: E.164 with `+`, and the rule of Chinese numbers.

use zeroize::Zeroizing;

use super::text::{fold, is_hyphen, is_white_space, keep};
use super::{CallingCode, NormaliseError};

/// Digits of an E.164 number, country code included.
const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;

/// See the module's rules: `+` and `00` say that the country code is there; otherwise a number that looks Chinese is, and
/// any other gets the default code.
pub(super) fn normalise(
    text: &str,
    default_calling_code: Option<&CallingCode>,
) -> Result<Zeroizing<String>, NormaliseError> {
    let written = fold(text, |c| match c {
        '0'..='9' | '+' => Ok(true),
        '.' | '(' | ')' | '[' | ']' | '{' | '}' | '/' | '\\' => Ok(false),
        _ if is_white_space(c) || is_hyphen(c) => Ok(false),
        _ => Err(NormaliseError::MobileInvalid),
    })?;
    let digits = written.strip_prefix('+').unwrap_or(&written);
    if digits.is_empty() || digits.contains('+') {
        return Err(NormaliseError::MobileInvalid);
    }
    let international = written.strip_prefix('+').or_else(|| written.strip_prefix("00"));
    let number = match international {
        Some(digits) => keep(&["+", digits]),
        None if is_chinese_mobile(&written) => keep(&["+86", &written]),
        None if written.strip_prefix("86").is_some_and(is_chinese_mobile) => keep(&["+", &written]),
        None => {
            let code = default_calling_code.ok_or(NormaliseError::CallingCodeMissing)?;
            keep(&["+", code.as_str(), written.trim_start_matches('0')])
        }
    };
    if is_e164(&number) {
        Ok(number)
    } else {
        Err(NormaliseError::MobileInvalid)
    }
}

/// `^1[3-9]\d{9}$`.
fn is_chinese_mobile(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'1', b'3'..=b'9', rest @ ..] => rest.len() == 9 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_e164(number: &str) -> bool {
    let digits = number.trim_start_matches('+');
    let shaped = number.len() == digits.len() + 1
        && (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0');
    shaped && digits.strip_prefix("86").is_none_or(is_chinese_mobile)
}
