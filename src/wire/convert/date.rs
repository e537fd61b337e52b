//! Civil dates and instants.

use chrono::{Datelike, NaiveDate};

use super::collect::{Collector, Path};
use crate::domain::date::Timestamp;
use crate::domain::violation::Code;
use crate::wire::pb;

/// The years of a civil date.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;
const MICROS_PER_SECOND: i64 = 1_000_000;
const NANOS_PER_MICRO: i64 = 1_000;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the bounds of the contract's instants.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Reads a date that may be absent: `Some(None)`. `None` when it is no date.
pub fn read_optional_date(
    wire: Option<pb::Date>,
    at: &Path<'_>,
    out: &mut Collector,
) -> Option<Option<NaiveDate>> {
    let Some(wire) = wire else {
        return Some(None);
    };
    let date = match (u32::try_from(wire.month), u32::try_from(wire.day)) {
        (Ok(month), Ok(day)) if YEARS.contains(&wire.year) => NaiveDate::from_ymd_opt(wire.year, month, day),
        _ => None,
    };
    if date.is_none() {
        let text = format!(
            "year {}, month {}, day {} is no date; send all three of a day of the calendar",
            wire.year, wire.month, wire.day
        );
        out.refuse(Code::Format, at, text);
    }
    date.map(Some)
}

/// Reads a date that must be there.
pub fn read_date(wire: Option<pb::Date>, at: &Path<'_>, out: &mut Collector) -> Option<NaiveDate> {
    if wire.is_none() {
        out.absent(at);
    }
    read_optional_date(wire, at, out).flatten()
}

/// A date as the contract writes it.
pub fn date_to_wire(date: NaiveDate) -> pb::Date {
    pb::Date {
        year: date.year(),
        month: to_i32(date.month()),
        day: to_i32(date.day()),
    }
}

/// A month as the contract writes it: day 0.
pub fn month_to_wire((year, month): (i32, u32)) -> pb::Date {
    pb::Date {
        year,
        month: to_i32(month),
        day: 0,
    }
}

fn to_i32(part: u32) -> i32 {
    i32::try_from(part).unwrap_or(i32::MAX)
}

/// Reads an instant that must be there. Fractions of a microsecond are cut off.
pub fn read_timestamp(
    wire: Option<prost_types::Timestamp>,
    at: &Path<'_>,
    out: &mut Collector,
) -> Option<Timestamp> {
    let Some(wire) = wire else {
        out.absent(at);
        return None;
    };
    if !SECONDS.contains(&wire.seconds) || !(0..1_000_000_000).contains(&wire.nanos) {
        out.refuse(
            Code::Format,
            at,
            "it is no instant between the years 1 and 9999; send seconds and nanos in range",
        );
        return None;
    }
    // In range for all seconds that passed: 2.6e11 seconds are 2.6e17 microseconds.
    let micros = wire.seconds * MICROS_PER_SECOND + i64::from(wire.nanos) / NANOS_PER_MICRO;
    Some(Timestamp::from_micros(micros))
}

/// An instant as the contract writes it.
pub fn timestamp_to_wire(instant: Timestamp) -> prost_types::Timestamp {
    let micros = instant.micros();
    let nanos = micros.rem_euclid(MICROS_PER_SECOND) * NANOS_PER_MICRO;
    prost_types::Timestamp {
        seconds: micros.div_euclid(MICROS_PER_SECOND),
        nanos: i32::try_from(nanos).expect("less than a second in nanoseconds fits 31 bits"),
    }
}

/// An instant that the service wrote; `None` if it wrote none.
pub fn timestamp_from_wire(wire: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    read_timestamp(wire, &Path::Root, &mut Collector::default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(year: i32, month: i32, day: i32) -> Result<NaiveDate, Vec<Code>> {
        let mut out = Collector::default();
        let date = read_date(
            Some(pb::Date { year, month, day }),
            &Path::Root.field("as_of"),
            &mut out,
        );
        let codes: Vec<_> = out
            .into_violations()
            .iter()
            .map(|violation| violation.code)
            .collect();
        date.ok_or(codes)
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for (year, month, day, fits) in [
            (2024, 2, 29, true),
            (2025, 2, 29, false),
            (2025, 0, 1, false),
            (2025, 13, 1, false),
            (2025, 1, 0, false),
            (2025, 1, 32, false),
            (2025, -1, 1, false),
            (0, 0, 0, false),
            (0, 1, 1, false),
            (1, 1, 1, true),
            (9999, 12, 31, true),
            (10_000, 1, 1, false),
            (i32::MAX, i32::MAX, i32::MAX, false),
        ] {
            let expected = if fits { Ok(()) } else { Err(vec![Code::Format]) };
            assert_eq!(
                read(year, month, day).map(|_| ()),
                expected,
                "{year}-{month}-{day}"
            );
        }
    }

    #[test]
    fn an_absent_date_is_missing_only_where_it_is_required() {
        let mut out = Collector::default();
        assert_eq!(read_optional_date(None, &Path::Root, &mut out), Some(None));
        assert!(out.is_empty());
        assert_eq!(read_date(None, &Path::Root, &mut out), None);
        assert_eq!(
            out.into_violations().first().map(|one| one.code),
            Some(Code::FieldRequired)
        );
    }

    #[test]
    fn instants_outside_their_bounds_are_refused() {
        for (seconds, nanos, fits) in [
            (0, 0, true),
            (0, 999_999_999, true),
            (0, 1_000_000_000, false),
            (0, -1, false),
            (*SECONDS.start(), 0, true),
            (*SECONDS.start() - 1, 0, false),
            (*SECONDS.end(), 999_999_999, true),
            (*SECONDS.end() + 1, 0, false),
            (i64::MAX, 0, false),
        ] {
            let mut out = Collector::default();
            let wire = Some(prost_types::Timestamp { seconds, nanos });
            assert_eq!(
                read_timestamp(wire, &Path::Root, &mut out).is_some(),
                fits,
                "{seconds} {nanos}"
            );
            assert_eq!(out.is_empty(), fits);
        }
    }

    proptest! {
        #[test]
        fn dates_survive_the_wire(days in -719_162_i32..2_932_896) {
            let date = NaiveDate::from_epoch_days(days).unwrap();
            let mut out = Collector::default();
            prop_assert_eq!(read_date(Some(date_to_wire(date)), &Path::Root, &mut out), Some(date));
        }

        #[test]
        fn instants_survive_the_wire(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
            let instant = Timestamp::from_micros(micros);
            let mut out = Collector::default();
            prop_assert_eq!(read_timestamp(Some(timestamp_to_wire(instant)), &Path::Root, &mut out), Some(instant));
        }
    }
}
