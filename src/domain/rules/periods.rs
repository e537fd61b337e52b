//! Limits of time: a pause after a loan ended, and debt without a break.

use chrono::NaiveDate;

use super::evaluate::{Case, Refusal};
use super::rule::{Indebtedness, Pause};
use super::standing::{Held, Loan};
use crate::domain::date::{BusinessZone, Timestamp, days_after};

/// Seconds of an hour.
const HOUR_SECONDS: i64 = 3_600;

/// Whether another loan ended too short a while ago.
pub(super) fn cooling_off(case: &Case<'_>, pause: Pause) -> Option<Refusal> {
    let ended = case.loans().filter_map(|loan| Some((loan, loan.ended_on()?)));
    match pause {
        Pause::Hours(hours) => {
            let zone = case.standing.zone;
            let latest = ended.map(|(loan, day)| ended_at(loan, day, zone)).max()?;
            let free_at = latest.plus_seconds(i64::from(hours) * HOUR_SECONDS);
            (case.standing.now < free_at).then(|| Refusal {
                retry_on: Some(zone.date_of(free_at)),
            })
        }
        Pause::Days(days) => {
            let latest = ended.map(|(_, day)| day).max()?;
            waits_until(case, days_after(latest, days))
        }
    }
}

/// The instant at which a loan ended. A closing is known to the day, and so by the day's end at the latest; to the instant
/// only when it was received earlier than that.
fn ended_at(loan: &Loan, closed_on: NaiveDate, zone: BusinessZone) -> Timestamp {
    let day_end = zone.start_of(days_after(closed_on, 1));
    loan.closed_at.map_or(day_end, |received| received.min(day_end))
}

/// Whether a stretch of debt was too long, and its pause is not over.
pub(super) fn indebtedness(case: &Case<'_>, rule: Indebtedness) -> Option<Refusal> {
    let mut debts: Vec<Stretch> = case
        .loans()
        .filter_map(|loan| Stretch::of(loan, case.today))
        .collect();
    debts.sort_unstable_by_key(|debt| debt.first_day);
    let mut stretches: Vec<Stretch> = Vec::new();
    for debt in debts {
        match stretches.last_mut() {
            Some(last) if last.goes_on_with(debt, rule.gap_days_at_most) => last.add(debt),
            Some(_) | None => stretches.push(debt),
        }
    }
    stretches.retain(|stretch| stretch.days() > i64::from(rule.days_above));
    if stretches.iter().any(|stretch| stretch.open) {
        return Some(Refusal::LASTING);
    }
    // Not the latest alone: a short loan made during the pause would end the pause.
    let free_days = stretches
        .iter()
        .map(|stretch| days_after(stretch.last_day, rule.wait_days));
    waits_until(case, free_days.max()?)
}

/// Refused before a civil day.
fn waits_until(case: &Case<'_>, free_on: NaiveDate) -> Option<Refusal> {
    (case.today < free_on).then_some(Refusal {
        retry_on: Some(free_on),
    })
}

/// Days in debt, both ends included.
#[derive(Clone, Copy)]
struct Stretch {
    first_day: NaiveDate,
    last_day: NaiveDate,
    /// Whether something is still owed.
    open: bool,
}

impl Stretch {
    /// Of one loan that was lent and not undone.
    fn of(loan: &Loan, today: NaiveDate) -> Option<Self> {
        let open = loan.held == Held::Position && loan.active;
        let last_day = if open { today } else { loan.ended_on()? };
        Some(Self {
            first_day: loan.opened_on,
            last_day: last_day.max(loan.opened_on),
            open,
        })
    }

    /// Whether a debt that begins no earlier belongs to it. Days that follow each other always do.
    fn goes_on_with(self, later: Self, gap_days: u32) -> bool {
        later.first_day <= days_after(self.last_day, gap_days.max(1))
    }

    fn add(&mut self, later: Self) {
        self.last_day = self.last_day.max(later.last_day);
        self.open |= later.open;
    }

    fn days(self) -> i64 {
        (self.last_day - self.first_day).num_days() + 1
    }
}
