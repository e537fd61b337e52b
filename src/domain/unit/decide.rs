//! One write, decided on the rows it concerns.

use super::{
    Action, Decision, Refused, WorkingSet, Write, administer, batch, check, correct, evaluate, look, offline,
    report, reserve, snapshot,
};
use crate::domain::date::Timestamp;

/// Decides a write at an instant later than that of every write decided before.
///
/// Accepted: the working set says what the store will say, and its changes tell what to write. Refused: nothing in the
/// working set changed but numbers that were taken and are never given again. Whether the request was already answered
/// is the caller's to look up first.
pub fn decide(set: &mut WorkingSet, write: &Write, at: Timestamp) -> Result<Decision, Refused> {
    match &write.action {
        Action::Report(report) => report::decide(set, write.member_no, report, at),
        Action::Correct(correction) => correct::decide(set, write.member_no, correction, at),
        Action::Delete { account_ref, reason } => correct::delete(set, write.member_no, account_ref, *reason),
        Action::Check(check) => check::decide(set, write.member_no, check, at),
        Action::Reserve(work) => reserve::decide(set, write.member_no, work, at),
        Action::Offline(work) => offline::decide(set, write.member_no, work, at),
        Action::Look(look) => look::decide(set, write.member_no, look, at),
        Action::ChargeEvaluations { count } => evaluate::charge(set, write.member_no, *count, at),
        Action::Administer(administration) => administer::decide(set, write, administration, at),
        Action::Batch(work) => batch::decide(set, write.member_no, work, at),
        Action::Snapshot { as_of } => Ok(snapshot::decide(set, *as_of, at)),
    }
}
