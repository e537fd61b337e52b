//! What a position costs in a month of 30 days (semantics 2, *monthly_obligation*).

use chrono::NaiveDate;

use crate::domain::date::days_after;
use crate::domain::position::{Facts, RepaymentFrequency};

/// Days of a month, and within which a single payment counts as this month's.
const MONTH_DAYS: u32 = 30;

/// Minor units a month, rounded up.
pub fn monthly_obligation(facts: &Facts, today: NaiveDate) -> i128 {
    let payment = i128::from(facts.scheduled_payment);
    let share = |times: i128, over: i128| (payment * times + over - 1) / over;
    match facts.repayment_frequency {
        RepaymentFrequency::Day => share(i128::from(MONTH_DAYS), 1),
        RepaymentFrequency::Week => share(i128::from(MONTH_DAYS), 7),
        RepaymentFrequency::Fortnight => share(i128::from(MONTH_DAYS), 14),
        RepaymentFrequency::Month | RepaymentFrequency::Irregular => payment,
        RepaymentFrequency::Quarter => share(1, 3),
        RepaymentFrequency::HalfYear => share(1, 6),
        RepaymentFrequency::Year => share(1, 12),
        RepaymentFrequency::Single => match facts.matures_on {
            Some(day) if day <= days_after(today, MONTH_DAYS) => i128::from(facts.outstanding_total),
            Some(_) | None => 0,
        },
    }
}
