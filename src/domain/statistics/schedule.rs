//! When a snapshot is made without being asked for.

use chrono::NaiveDate;

use crate::domain::date::{BusinessZone, Timestamp, days_before, first_of_month};

/// Hours after midnight in which yesterday's reports still come in.
const NIGHT_HOURS: i64 = 5;

/// Of which dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Of none.
    Never,
    /// Of the last day of each month.
    #[default]
    MonthEnd,
    /// Of each day.
    Daily,
}

impl Schedule {
    /// Its name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::MonthEnd => "month-end",
            Self::Daily => "daily",
        }
    }

    /// The date whose snapshot should be there at an instant: from five in the morning on yesterday is over.
    pub fn due(self, now: Timestamp, zone: BusinessZone) -> Option<NaiveDate> {
        let today = zone.date_of(now.plus_seconds(-NIGHT_HOURS * 3_600));
        match self {
            Self::Never => None,
            Self::MonthEnd => Some(days_before(first_of_month(today), 1)),
            Self::Daily => Some(days_before(today, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_is_due_from_five_in_the_morning_on_and_a_month_when_it_is_over() {
        let zone = BusinessZone::default();
        let due = |schedule: Schedule, day: &str, hour: i64| {
            let midnight = zone.start_of(day.parse().unwrap());
            schedule
                .due(midnight.plus_seconds(hour * 3_600), zone)
                .map(|date| date.to_string())
        };
        let is = |date: &str| Some(date.to_owned());
        assert_eq!(due(Schedule::Daily, "2026-04-01", 5), is("2026-03-31"));
        assert_eq!(due(Schedule::Daily, "2026-04-01", 4), is("2026-03-30"));
        assert_eq!(due(Schedule::MonthEnd, "2026-04-01", 5), is("2026-03-31"));
        assert_eq!(due(Schedule::MonthEnd, "2026-04-01", 4), is("2026-02-28"));
        assert_eq!(due(Schedule::MonthEnd, "2026-04-30", 23), is("2026-03-31"));
        assert_eq!(due(Schedule::Never, "2026-04-01", 5), None);
    }
}
