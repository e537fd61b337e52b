//! Stretches of civil days that end today.

use chrono::{Months, NaiveDate};

use super::rule::Window;
use crate::domain::date::{days_after, days_before, months_before};

impl Window {
    /// The day behind which the window lies that ends on `today`: what was opened later is inside.
    pub fn start(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Days(days) => days_before(today, days),
            Self::Months(months) => months_before(today, months),
        }
    }

    /// The first day on which something opened on `opened_on` is no longer inside.
    pub fn left_on(self, opened_on: NaiveDate) -> NaiveDate {
        match self {
            Self::Days(days) => days_after(opened_on, days),
            Self::Months(months) => {
                let anniversary = opened_on
                    .checked_add_months(Months::new(months))
                    .unwrap_or(NaiveDate::MAX);
                // The 31st has no anniversary in a short month: its last day still counts back to an earlier day.
                if self.start(anniversary) < opened_on {
                    days_after(anniversary, 1)
                } else {
                    anniversary
                }
            }
        }
    }
}
