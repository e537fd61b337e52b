//! Civil dates of Asia/Shanghai, eight hours ahead of UTC all year, by hand.

use chrono::{Datelike, NaiveDate, TimeDelta};

/// Microseconds of an hour.
pub const HOUR: i64 = 3_600_000_000;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// The civil date of an instant.
pub fn day_of(now: i64) -> NaiveDate {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
    epoch + TimeDelta::days((now + 8 * HOUR).div_euclid(DAY))
}

/// The date so many days later, or earlier.
pub fn shift(date: NaiveDate, days: i64) -> NaiveDate {
    date + TimeDelta::days(days)
}

/// Whether a date lies in (today − days, today].
pub fn within_last(date: NaiveDate, days: i64, today: NaiveDate) -> bool {
    let age = (today - date).num_days();
    0 <= age && age < days
}

/// The same day number so many months earlier, clamped to the month's end.
pub fn months_before(date: NaiveDate, months: i32) -> NaiveDate {
    let count = date.year() * 12 + i32::try_from(date.month0()).expect("below 12") - months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    let month = u32::try_from(month).expect("1 to 12");
    (1..=date.day())
        .rev()
        .find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
        .expect("every month has a first")
}
