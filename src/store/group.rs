//! A group of writes on a working set: replays looked up, each decided in turn, each with its audit entry.
//!
//! Knows no engine: the engine loads the working set before and writes its changes and entries after.

use crate::audit::{AuditFacts, Detail, Opening};
use crate::domain::clock::Clock;
use crate::domain::date::Timestamp;
use crate::domain::names::Sha256;
use crate::domain::unit::{Accepted, Change, Refused, WorkingSet, Write, decide};
use crate::domain::violation::{Code, Violation};

use super::codec;

/// What a group came to: an answer for each write, and the audit entries of those that were done.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// In the order of the writes.
    pub answers: Vec<Result<Accepted, Refused>>,
    /// In the order of the writes that were done.
    pub openings: Vec<(Opening, [u8; 32])>,
}

/// Gives each write an instant of its own: later than every one before, even if the clock stands still or steps back.
#[derive(Debug)]
pub(super) struct Instants {
    last: Timestamp,
}

impl Instants {
    /// From an instant on.
    pub fn after(last: Timestamp) -> Self {
        Self { last }
    }

    fn next(&mut self, clock: &dyn Clock) -> Timestamp {
        self.last = clock.now().max(self.last.next());
        self.last
    }
}

/// Decides every write of a group in order.
pub(super) fn decide_all(
    set: &mut WorkingSet,
    writes: &[&Write],
    clock: &dyn Clock,
    instants: &mut Instants,
) -> Decided {
    let mut decided = Decided::default();
    for write in writes {
        let answer = match replayed(set, write) {
            Some(answer) => answer,
            None => decide_one(set, write, instants.next(clock), &mut decided.openings),
        };
        decided.answers.push(answer);
    }
    decided
}

/// The stored answer of a request that was done before, or the refusal of another request under its name.
fn replayed(set: &WorkingSet, write: &Write) -> Option<Result<Accepted, Refused>> {
    let name = write.request_name()?;
    let (body, accepted) = set.requests.get(&name)?;
    if write.request.is_some_and(|request| request.body == *body) {
        return Some(Ok(accepted.clone()));
    }
    Some(Err(Refused::because(Violation::new(
        Code::RequestIdReused,
        "request_id",
        "this request_id was used for another request in the last 7 days: repeat that request exactly, or take a new UUID",
    ))))
}

fn decide_one(
    set: &mut WorkingSet,
    write: &Write,
    at: Timestamp,
    openings: &mut Vec<(Opening, [u8; 32])>,
) -> Result<Accepted, Refused> {
    let decision = decide(set, write, at)?;
    let facts = AuditFacts {
        instant: at,
        member_id: write.member_id.clone(),
        certificate: write.certificate,
        rpc: write.action.rpc(),
        purpose: decision.purpose,
        subject_ids: decision.subjects,
        content_sha256: content_hash(&decision.outcome),
        detail: Detail::none(),
    };
    let opening = facts.seal(write.salt);
    let receipt = opening.receipt();
    openings.push((opening, receipt.leaf));
    let accepted = Accepted {
        outcome: decision.outcome,
        receipt,
    };
    if let (true, Some(name), Some(request)) = (decision.remember, write.request_name(), write.request) {
        set.requests.insert(name, (request.body, accepted.clone()));
        let change = Change::InsertRequest {
            name,
            body: request.body,
            at,
            accepted: Box::new(accepted.clone()),
        };
        set.changes.push(change);
    }
    Ok(accepted)
}

/// SHA-256 of the outcome's stored bytes: what the audit entry says was answered.
fn content_hash(outcome: &crate::domain::unit::Outcome) -> Sha256 {
    Sha256(crate::audit::content_sha256(&codec::encode(outcome)))
}
