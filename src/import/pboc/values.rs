//! Single cells: dates, counts and amounts, both ways. Blanks around a cell do not count; an empty cell has no value.

use chrono::{Datelike as _, NaiveDate};

use crate::domain::violation::Code;
use crate::import::reading::Wrong;

/// Characters of a date.
const DATE_CHARS: usize = 10;
/// Digits of an amount before the point: more than any amount that a position may have.
const UNITS_DIGITS_MAX: usize = 15;

/// `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Result<Option<NaiveDate>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let shaped = text.len() == DATE_CHARS && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    shaped
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
        .map(Some)
        .ok_or(Wrong::format(
            "is no date; write year, month and day as YYYY-MM-DD",
        ))
}

/// A date that must be there.
pub(super) fn required_date(text: &str) -> Result<NaiveDate, Wrong> {
    date(text)?.ok_or(Wrong::missing("is missing; write it as YYYY-MM-DD"))
}

/// A count or a number of days.
pub(super) fn count<T: std::str::FromStr>(text: &str) -> Result<Option<T>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .map(Some)
        .ok_or(Wrong::format("is no whole number; write digits only"))
}

/// Units with at most two decimals, as minor units.
pub(super) fn amount(text: &str) -> Result<Option<i64>, Wrong> {
    const WRONG: Wrong =
        Wrong::format("is no amount; write units and two decimals with a point, as 1234.50, no other marks");
    if text.is_empty() {
        return Ok(None);
    }
    let (units, decimals) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(units) || !digits(decimals) || decimals.len() > 2 {
        return Err(WRONG);
    }
    if units.len() > UNITS_DIGITS_MAX {
        return Err(Wrong {
            code: Code::AmountOverflow,
            text: "has more than 15 digits before the point; check the unit".into(),
        });
    }
    format!("{units}{decimals:0<2}")
        .parse()
        .map(Some)
        .map_err(|_| WRONG)
}

/// The cell of an amount.
pub(super) fn amount_text(minor: i64) -> String {
    format!("{}.{:02}", minor.div_euclid(100), minor.rem_euclid(100))
}

/// The cell of a date; `None` outside the years 1 to 9999.
pub(super) fn date_text(date: NaiveDate) -> Option<String> {
    (1..=9_999)
        .contains(&date.year())
        .then(|| date.format("%Y-%m-%d").to_string())
}
