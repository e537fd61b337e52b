//! Month-ends, the days that files describe, and dates counted in months.

use chrono::{Datelike as _, Months, NaiveDate};

use crate::domain::date::{days_after, days_before};

/// A month-end with the one before it: what a file describes, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    /// The last day of the month before.
    pub before: NaiveDate,
    /// The last day of this one.
    pub end: NaiveDate,
}

impl Month {
    /// The month that ends on a day; `None` when no month does.
    pub fn ending(end: NaiveDate) -> Option<Self> {
        let first = end.with_day(1)?;
        let ends = days_after(end, 1).day() == 1;
        ends.then(|| Self {
            before: days_before(first, 1),
            end,
        })
    }

    /// The latest one that is over on a day.
    pub fn over_on(day: NaiveDate) -> Option<Self> {
        Self::ending(day).or_else(|| Self::ending(days_before(day.with_day(1)?, 1)))
    }

    /// So many months up to and with this one, the earliest first.
    pub fn and_before(self, months: u32) -> Vec<Self> {
        let mut all = vec![self];
        while all.len() < usize::try_from(months).unwrap_or(usize::MAX) {
            let Some(earlier) = all.last().and_then(|month| Self::ending(month.before)) else {
                break;
            };
            all.push(earlier);
        }
        all.reverse();
        all
    }

    /// Whether a day lies in it.
    pub fn holds(self, day: NaiveDate) -> bool {
        day > self.before && day <= self.end
    }
}

/// Months from the month of one date to that of a later one.
pub(super) fn calendar_months(from: NaiveDate, to: NaiveDate) -> u32 {
    let number = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month());
    u32::try_from(number(to) - number(from)).unwrap_or(0)
}

/// The same day so many months later, or the month's last.
pub(super) fn months_after(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_add_months(Months::new(months))
        .unwrap_or(NaiveDate::MAX)
}

/// Days from one date to another, 0 when it is not later.
pub(super) fn days_between(from: NaiveDate, to: NaiveDate) -> u32 {
    u32::try_from(to.signed_duration_since(from).num_days()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::validation::samples::date;

    #[test]
    fn months_end_where_the_calendar_says() {
        for (day, over) in [
            ("2026-10-31", "2026-10-31"),
            ("2026-10-30", "2026-09-30"),
            ("2024-03-01", "2024-02-29"),
            ("2026-01-15", "2025-12-31"),
        ] {
            assert_eq!(
                Month::over_on(date(day)).map(|month| month.end),
                Some(date(over)),
                "{day}"
            );
        }
        assert_eq!(Month::ending(date("2026-10-30")), None);
    }

    #[test]
    fn months_follow_each_other_without_a_gap() {
        let last = Month::ending(date("2026-03-31")).expect("a month-end");
        let months = last.and_before(14);
        assert_eq!(months.len(), 14);
        assert_eq!(months[0].end, date("2025-02-28"));
        assert!(months.windows(2).all(|pair| pair[0].end == pair[1].before));
    }

    #[test]
    fn months_are_counted_by_the_calendar() {
        assert_eq!(calendar_months(date("2025-12-31"), date("2026-01-01")), 1);
        assert_eq!(calendar_months(date("2026-02-01"), date("2026-01-01")), 0);
        assert_eq!(months_after(date("2026-01-31"), 1), date("2026-02-28"));
        assert_eq!(days_between(date("2026-01-31"), date("2026-02-28")), 28);
        assert_eq!(days_between(date("2026-02-28"), date("2026-01-31")), 0);
    }
}
