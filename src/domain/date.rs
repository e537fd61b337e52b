//! Instants and civil dates. Business days are civil dates of the operator's zone; nothing here knows "now".

use std::fmt;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant `hours` earlier.
    pub fn hours_before(self, hours: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(hours) * 3_600_000_000))
    }

    /// The instant `seconds` later.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The next instant that can be told apart.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(instant) => write!(f, "{}", instant.format("%Y-%m-%dT%H:%M:%S%.6fZ")),
            None => write!(f, "{}µs", self.0),
        }
    }
}

/// The zone in which business days begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusinessZone(chrono_tz::Tz);

impl BusinessZone {
    /// Parses an IANA name such as `Asia/Shanghai`; `None` when there is no such zone.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The civil date of an instant in this zone.
    pub fn date_of(self, instant: Timestamp) -> NaiveDate {
        DateTime::<Utc>::from_timestamp_micros(instant.micros())
            .unwrap_or(DateTime::<Utc>::MIN_UTC)
            .with_timezone(&self.0)
            .date_naive()
    }
}

impl BusinessZone {
    /// The first instant of a civil date in this zone.
    pub fn start_of(self, date: NaiveDate) -> Timestamp {
        self.hour_of(date, 0)
    }

    /// The instant at which an hour of a civil date begins in this zone; past the day's end of an hour above 23.
    pub fn hour_of(self, date: NaiveDate, hour: u32) -> Timestamp {
        let local = date
            .and_time(chrono::NaiveTime::MIN)
            .checked_add_signed(chrono::TimeDelta::hours(i64::from(hour)));
        // A zone may skip an hour on a change of its clocks: then the first instant counts that exists.
        let begin = (0..=3)
            .filter_map(|hours| local?.checked_add_signed(chrono::TimeDelta::hours(hours)))
            .find_map(|local| self.0.from_local_datetime(&local).earliest());
        begin.map_or(Timestamp(i64::MAX), |instant| {
            Timestamp(instant.timestamp_micros())
        })
    }
}

impl Default for BusinessZone {
    fn default() -> Self {
        Self(chrono_tz::Asia::Shanghai)
    }
}

/// *m months before d*: same day number, clamped to the month's end.
pub fn months_before(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_sub_months(Months::new(months))
        .unwrap_or(NaiveDate::MIN)
}

/// The first day of a date's month.
pub fn first_of_month(date: NaiveDate) -> NaiveDate {
    days_before(date, date.day0())
}

/// The date `days` earlier.
pub fn days_before(date: NaiveDate, days: u32) -> NaiveDate {
    date.checked_sub_days(Days::new(u64::from(days)))
        .unwrap_or(NaiveDate::MIN)
}

/// The date `days` later.
pub fn days_after(date: NaiveDate, days: u32) -> NaiveDate {
    date.checked_add_days(Days::new(u64::from(days)))
        .unwrap_or(NaiveDate::MAX)
}

/// Days since 1970-01-01: how dates are stored.
pub fn to_epoch_days(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// Inverse of [`to_epoch_days`]; `None` out of the calendar's range.
pub fn from_epoch_days(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(days)
}
