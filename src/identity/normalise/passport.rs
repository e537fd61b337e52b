//! Passports and travel permits: Latin letters and digits, whatever the document adds for reading.

use zeroize::Zeroizing;

use super::text::{fold_upper, keep};
use super::{NormaliseError, Warning};

/// Characters of a passport number.
const LENGTHS: std::ops::RangeInclusive<usize> = 5..=20;

pub(super) fn normalise(text: &str) -> Result<(Zeroizing<String>, Option<Warning>), NormaliseError> {
    let mut dropped = false;
    let number = fold_upper(text, |c| {
        let kept = c.is_ascii_uppercase() || c.is_ascii_digit();
        dropped |= !kept && c.is_alphanumeric();
        Ok(kept)
    })?;
    if !LENGTHS.contains(&number.len()) {
        return Err(NormaliseError::Length);
    }
    Ok((
        keep(&[&number]),
        dropped.then_some(Warning::PassportLettersDropped),
    ))
}
