//! What a member may do on one civil day: so many hard looks, so many strangers, so much room that becomes no loan.
//!
//! What is counted here is counted in the unit of work itself. Several servers see each other's counts once these are
//! durable: a limit may be passed by what is in work at once, and by no more.

use chrono::NaiveDate;

use super::working_set::Change;
use super::{Refused, WorkingSet};
use crate::domain::conduct::DayTally;
use crate::domain::date::days_after;
use crate::domain::names::MemberNo;
use crate::domain::violation::{Code, Violation};

/// Refuses a member that would look at more people with a hard purpose today than it may.
pub(super) fn may_look(
    set: &WorkingSet,
    member_no: MemberNo,
    people: u64,
    today: NaiveDate,
) -> Result<(), Refused> {
    let max = set.rules.day_limits.hard_looks;
    if of_today(set, member_no).hard_looks.saturating_add(people) <= max {
        return Ok(());
    }
    let text = format!(
        "you looked at {max} people with a hard purpose today, the most that a member may: use the answers you have, look at \
         own borrowers with a soft purpose, or ask the operator"
    );
    Err(exhausted(set, "purpose", text, today))
}

/// Refuses a member that would ask about more strangers today than it may.
pub(super) fn may_meet(
    set: &WorkingSet,
    member_no: MemberNo,
    strangers: u64,
    today: NaiveDate,
) -> Result<(), Refused> {
    let max = set.rules.day_limits.strangers;
    let usage = set.usage.get(&member_no);
    let met = usage
        .iter()
        .flat_map(|usage| &usage.subjects_created)
        .filter(|(day, _)| *day == today)
        .map(|(_, count)| *count)
        .fold(0, u64::saturating_add);
    if strangers == 0 || met.saturating_add(strangers) <= max {
        return Ok(());
    }
    let text = format!(
        "{max} people of whom nobody knows anything were asked about today, the most that a member may: ask about the rest \
         tomorrow, or ask the operator"
    );
    Err(exhausted(set, "tokens", text, today))
}

/// Refuses a member whose reservations of today became loans so seldom that it holds room from others.
pub(super) fn may_reserve(set: &WorkingSet, member_no: MemberNo, today: NaiveDate) -> Result<(), Refused> {
    let max = set.rules.day_limits.unused_reservations;
    if of_today(set, member_no).unused() < max {
        return Ok(());
    }
    let text = format!(
        "{max} reservations of today did not become loans yet, the most that a member may have: confirm those that were paid \
         out, or check again tomorrow"
    );
    Err(exhausted(set, "application_id", text, today))
}

/// Counts what a member did, for those behind it in the group and for the store.
pub(super) fn count(set: &mut WorkingSet, member_no: MemberNo, today: NaiveDate, tally: DayTally) {
    count_on(set, member_no, (today, today), tally);
}

/// The same of what belongs to another day than today.
pub(super) fn count_on(
    set: &mut WorkingSet,
    member_no: MemberNo,
    (day, today): (NaiveDate, NaiveDate),
    tally: DayTally,
) {
    if let Some(usage) = set.usage.get_mut(&member_no).filter(|_| day == today) {
        usage.today = usage.today.plus(tally);
    }
    set.changes.push(Change::CountConduct(member_no, day, tally));
}

fn of_today(set: &WorkingSet, member_no: MemberNo) -> DayTally {
    set.usage
        .get(&member_no)
        .map_or_else(DayTally::default, |usage| usage.today)
}

/// Refused until tomorrow.
fn exhausted(set: &WorkingSet, field: &str, text: String, today: NaiveDate) -> Refused {
    Refused {
        violations: vec![Violation::new(Code::QuotaExceeded, field, text)],
        retry_at: Some(set.rules.zone.start_of(days_after(today, 1))),
    }
}
