//! Token evaluations are counted: the quota is what stops a member from trying every phone number (privacy.md 6).

use super::rows::GrantRow;
use super::working_set::Change;
use super::{Decision, Outcome, Refused, WorkingSet};
use crate::domain::date::{Timestamp, days_after};
use crate::domain::names::MemberNo;
use crate::domain::violation::{Code, Violation};

/// Charges evaluations to the member's day, then to its grants; all or nothing.
pub(super) fn charge(
    set: &mut WorkingSet,
    member_no: MemberNo,
    count: u32,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let count = u64::from(count);
    let today = set.rules.zone.date_of(at);
    let per_day = set
        .register
        .get(&member_no)
        .map_or(0, |member| u64::from(member.evaluations_per_day));
    let usage = set.usage.entry(member_no).or_default();
    let from_quota = per_day.saturating_sub(usage.evaluations_today).min(count);
    let usable = |grant: &&mut GrantRow| grant.expires_at > at && grant.remaining > 0;
    let granted: u64 = usage
        .grants
        .iter_mut()
        .filter(usable)
        .fold(0, |sum: u64, grant| sum.saturating_add(grant.remaining));
    if granted < count - from_quota {
        let resets_at = set.rules.zone.start_of(days_after(today, 1));
        return Err(Refused {
            violations: vec![exceeded(per_day, granted)],
            retry_at: Some(resets_at),
        });
    }
    let mut missing = count - from_quota;
    for grant in usage.grants.iter_mut().filter(usable) {
        let taken = grant.remaining.min(missing);
        if taken > 0 {
            grant.remaining -= taken;
            missing -= taken;
            set.changes.push(Change::PutGrant(member_no, grant.clone()));
        }
    }
    usage.evaluations_today = usage.evaluations_today.saturating_add(from_quota);
    usage.evaluations_ever = usage.evaluations_ever.saturating_add(count);
    set.network_evaluations_today = set.network_evaluations_today.saturating_add(count);
    set.changes.push(Change::CountEvaluations {
        member_no,
        day: today,
        count,
        from_quota,
    });
    let over_ceiling = set.network_evaluations_today > set.rules.network_evaluations_per_day;
    let outcome = Outcome::Charged { over_ceiling };
    Ok(Decision {
        outcome,
        subjects: Vec::new(),
        purpose: None,
        remember: false,
    })
}

fn exceeded(per_day: u64, granted: u64) -> Violation {
    Violation::new(
        Code::QuotaExceeded,
        "blinded_elements",
        format!(
            "the day's quota of {per_day} token evaluations does not cover this call and grants cover {granted} more: \
             wait for the next civil day, keep tokens of known customers, or ask the operator for a grant"
        ),
    )
}
