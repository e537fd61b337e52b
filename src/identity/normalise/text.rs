//! The text operations that all identifier rules share. Every buffer is zeroized and never grows, so that no copy of an
//! identifier stays behind in freed memory.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::NormaliseError;

/// Most bytes that one byte of UTF-8 can become: NFKC makes 33 bytes of the 3 of U+FDFA, upper-casing at most triples.
const GROWTH_MAX: usize = 33;

/// White space after NFKC, listed so that every language agrees.
pub(super) const fn is_white_space(c: char) -> bool {
    matches!(
        c,
        '\u{9}'..='\u{d}' | ' ' | '\u{85}' | '\u{1680}' | '\u{2028}' | '\u{2029}'
    )
}

/// White space before NFKC: also what NFKC turns into U+0020.
pub(super) fn is_white_space_or_fold(c: char) -> bool {
    c.is_whitespace()
}

/// Hyphens and what looks like them after NFKC.
pub(super) const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// NFKC, keeping of each character what `keep` says.
pub(super) fn fold(
    text: &str,
    mut keep: impl FnMut(char) -> Result<bool, NormaliseError>,
) -> Result<Zeroizing<String>, NormaliseError> {
    let mut folded = Zeroizing::new(String::with_capacity(text.len().saturating_mul(GROWTH_MAX)));
    for c in text.nfkc() {
        if keep(c)? {
            folded.push(c);
        }
    }
    Ok(folded)
}

/// NFKC, upper-case, then what `keep` says of each character.
pub(super) fn fold_upper(
    text: &str,
    mut keep: impl FnMut(char) -> Result<bool, NormaliseError>,
) -> Result<Zeroizing<String>, NormaliseError> {
    let mut folded = Zeroizing::new(String::with_capacity(text.len().saturating_mul(GROWTH_MAX)));
    for c in text.nfkc().flat_map(char::to_uppercase) {
        if keep(c)? {
            folded.push(c);
        }
    }
    Ok(folded)
}

/// The rule of identity numbers and enterprise codes: white space and hyphens go, letters and digits stay.
pub(super) fn code_characters(text: &str) -> Result<Zeroizing<String>, NormaliseError> {
    fold_upper(text, |c| match c {
        'A'..='Z' | '0'..='9' => Ok(true),
        _ if is_white_space(c) || is_hyphen(c) => Ok(false),
        _ => Err(NormaliseError::Character),
    })
}

/// A copy that is zeroized and has no spare bytes.
pub(super) fn keep(parts: &[&str]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.push_str(part);
    }
    text
}
