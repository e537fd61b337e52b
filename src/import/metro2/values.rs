//! Single values of Metro 2: dates, numbers and amounts, both ways.
//!
//! A numeric field that is all blanks or all zeros has no value: reporters fill what does not apply with either.

use chrono::{Datelike as _, NaiveDate};

use super::layout::Field;
use crate::domain::currency::Currency;
use crate::import::reading::Wrong;

/// The latest year that four digits hold.
const YEAR_MAX: i32 = 9_999;

fn is_filling(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == b' ') || bytes.iter().all(|byte| *byte == b'0')
}

/// A number; 0 when the field is filling.
pub(super) fn number(bytes: &[u8]) -> Result<u64, Wrong> {
    const WRONG: Wrong = Wrong::format("is no number; write digits only, with zeros before them");
    if is_filling(bytes) {
        return Ok(0);
    }
    if !bytes.iter().all(u8::is_ascii_digit) {
        return Err(WRONG);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| WRONG)?;
    text.parse().map_err(|_| WRONG)
}

/// A date MMDDYYYY; `None` when the field is filling.
pub(super) fn date(bytes: &[u8]) -> Result<Option<NaiveDate>, Wrong> {
    const WRONG: Wrong = Wrong::format("is no date; write month, day and year as MMDDYYYY, or zeros");
    if is_filling(bytes) {
        return Ok(None);
    }
    let part = |range| number(Field::of(range, bytes));
    let (month, day, year) = (
        part(Field::at(0, 2))?,
        part(Field::at(2, 2))?,
        part(Field::at(4, 4))?,
    );
    let (Ok(month), Ok(day), Ok(year)) = (u32::try_from(month), u32::try_from(day), i32::try_from(year))
    else {
        return Err(WRONG);
    };
    if !bytes.iter().all(u8::is_ascii_digit) || year == 0 {
        return Err(WRONG);
    }
    NaiveDate::from_ymd_opt(year, month, day).map(Some).ok_or(WRONG)
}

/// A date that must be there.
pub(super) fn required_date(bytes: &[u8]) -> Result<NaiveDate, Wrong> {
    date(bytes)?.ok_or(Wrong::missing("is missing; write it as MMDDYYYY"))
}

/// Whole units as minor units.
pub(super) fn amount(bytes: &[u8], currency: Currency) -> Result<i64, Wrong> {
    const WRONG: Wrong = Wrong::format("is no amount; write whole units, digits only, without a sign");
    let units = number(bytes).map_err(|_| WRONG)?;
    i64::try_from(units)
        .ok()
        .and_then(|units| units.checked_mul(currency.minor_per_unit()))
        .ok_or(WRONG)
}

/// Minor units as whole units, rounded down: the format has no parts of a unit.
pub(super) fn whole_units(minor: i64, currency: Currency) -> u64 {
    let units = minor.div_euclid(currency.minor_per_unit());
    u64::try_from(units).unwrap_or(0)
}

/// MMDDYYYY; `None` outside the years 1 to 9999.
pub(super) fn date_text(date: NaiveDate) -> Option<String> {
    (1..=YEAR_MAX)
        .contains(&date.year())
        .then(|| date.format("%m%d%Y").to_string())
}
