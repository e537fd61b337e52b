//! How long and how often: terms duration, terms frequency and the scheduled *monthly* payment (CDIA Metro 2, fields 13 to
//! 15), both ways.
//!
//! The format states every payment by the month, whatever the frequency; a position states what falls due at each date.
//! Factors are the format's (52 weeks, 26 fortnights, 12 months a year), results rounded down.

use chrono::{Datelike as _, Months, NaiveDate};

use super::kinds::Portfolio;
use crate::domain::position::RepaymentFrequency;
use crate::import::reading::Wrong;

/// The longest term that three digits hold.
const TERM_MAX: u32 = 999;
const MONTHS_OF_YEAR: u32 = 12;

/// The months that a terms duration stands for; `None` where the portfolio has no end.
pub(super) fn months(portfolio: Portfolio, duration: &[u8]) -> Result<Option<u32>, Wrong> {
    const WRONG: Wrong = Wrong::format(
        "cannot be told: the terms duration (positions 102 to 104) is the number of months, of a mortgage of years, \
         with zeros before it",
    );
    let count = || {
        let text = std::str::from_utf8(duration).map_err(|_| WRONG)?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>()
            .ok()
            .filter(|count| digits && *count > 0)
            .ok_or(WRONG)
    };
    match portfolio {
        Portfolio::LineOfCredit | Portfolio::Revolving => Ok(None),
        // 001, one payment as scheduled, is the only duration of an open account.
        Portfolio::Open => Ok(Some(1)),
        Portfolio::Instalment | Portfolio::Lease => count().map(Some),
        Portfolio::Mortgage => count().map(|years| Some(years * MONTHS_OF_YEAR)),
    }
}

/// The day on which a term ends.
pub(super) fn maturity(opened_on: NaiveDate, months: u32) -> Option<NaiveDate> {
    opened_on.checked_add_months(Months::new(months))
}

/// The duration that lasts at least until a maturity, at least 1; `None` when three digits do not hold it.
pub(super) fn duration(portfolio: Portfolio, opened_on: NaiveDate, matures_on: NaiveDate) -> Option<u32> {
    let unit = match portfolio {
        Portfolio::Mortgage => MONTHS_OF_YEAR,
        Portfolio::LineOfCredit
        | Portfolio::Revolving
        | Portfolio::Open
        | Portfolio::Instalment
        | Portfolio::Lease => 1,
    };
    let months = months_until(opened_on, matures_on)?;
    let count = months.div_ceil(unit).max(1);
    (count <= TERM_MAX).then_some(count)
}

fn months_until(from: NaiveDate, to: NaiveDate) -> Option<u32> {
    let index = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let months = u32::try_from((index(to) - index(from)).max(0)).ok()?;
    let reached = maturity(from, months)? >= to;
    Some(if reached { months } else { months.checked_add(1)? })
}

/// The three characters of a terms duration.
pub(super) fn duration_text(portfolio: Portfolio, count: u32) -> String {
    match portfolio {
        Portfolio::LineOfCredit => "LOC".to_owned(),
        Portfolio::Revolving => "REV".to_owned(),
        Portfolio::Open => "001".to_owned(),
        Portfolio::Instalment | Portfolio::Lease | Portfolio::Mortgage => format!("{count:03}"),
    }
}

/// Frequency and payment at each date, from the code and the monthly payment. Twice a month, every two and every four
/// months and deferred are irregular here: a position then states a usual month, which the format does too.
pub(super) fn read_payment(code: &[u8], monthly: i64) -> Result<(RepaymentFrequency, i64), Wrong> {
    const WRONG: Wrong = Wrong::unknown("is no terms frequency; write D, P, W, B, E, M, L, Q, T, S or Y");
    let scaled = |times: i64, over: i64| {
        monthly
            .checked_mul(times)
            .map(|amount| amount / over)
            .ok_or(WRONG)
    };
    Ok(match code {
        b"P" => (RepaymentFrequency::Single, monthly),
        b"W" => (RepaymentFrequency::Week, scaled(12, 52)?),
        b"B" => (RepaymentFrequency::Fortnight, scaled(12, 26)?),
        // Blank does not say; monthly is what the format reports by.
        b"M" | b" " => (RepaymentFrequency::Month, monthly),
        b"Q" => (RepaymentFrequency::Quarter, scaled(3, 1)?),
        b"S" => (RepaymentFrequency::HalfYear, scaled(6, 1)?),
        b"Y" => (RepaymentFrequency::Year, scaled(12, 1)?),
        b"D" | b"E" | b"L" | b"T" => (RepaymentFrequency::Irregular, monthly),
        _ => return Err(WRONG),
    })
}

/// The code of a frequency and the payment by the month. Daily payments become monthly ones of 30 days.
pub(super) fn written_payment(frequency: RepaymentFrequency, payment: i64) -> (&'static str, i64) {
    let scaled = |times: i64, over: i64| payment.saturating_mul(times) / over;
    match frequency {
        RepaymentFrequency::Day => ("M", scaled(30, 1)),
        RepaymentFrequency::Week => ("W", scaled(52, 12)),
        RepaymentFrequency::Fortnight => ("B", scaled(26, 12)),
        RepaymentFrequency::Month | RepaymentFrequency::Irregular => ("M", payment),
        RepaymentFrequency::Quarter => ("Q", scaled(1, 3)),
        RepaymentFrequency::HalfYear => ("S", scaled(1, 6)),
        RepaymentFrequency::Year => ("Y", scaled(1, 12)),
        RepaymentFrequency::Single => ("P", payment),
    }
}
