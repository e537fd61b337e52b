//! A group of writes on a working set: replays looked up, each decided in turn, each with its audit entry.
//!
//! Knows no engine: the engine loads the working set before and writes its changes and entries after.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::audit::{AuditFacts, Detail, Opening};
use crate::domain::conduct::DayTally;
use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::names::{MemberNo, Sha256};
use crate::domain::quality::ReportTally;
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

/// Gives each group a span of instants of its own: later than every one before, even if the clock stands still or steps
/// back.
#[derive(Debug)]
pub(super) struct Instants {
    last: Timestamp,
}

/// The instants of a group, one for each write. All lie on one civil day, because what was loaded for a day must not be
/// used on the next.
#[derive(Debug)]
pub(super) struct Span {
    /// The civil day.
    pub day: NaiveDate,
    /// The last instant.
    pub end: Timestamp,
    last: Timestamp,
}

impl Instants {
    /// From an instant on.
    pub fn after(last: Timestamp) -> Self {
        Self { last }
    }

    /// From now on later than `instant`.
    pub fn rise_above(&mut self, instant: Timestamp) {
        self.last = self.last.max(instant);
    }

    /// A span for a group. One that would straddle midnight lies right after it.
    pub fn reserve(&mut self, now: Timestamp, writes: usize, zone: BusinessZone) -> Span {
        let first = now.max(self.last.next());
        let micros = i64::try_from(writes).unwrap_or(i64::MAX);
        let day = zone.date_of(plus_micros(first, micros));
        let begin = if zone.date_of(first) == day {
            first
        } else {
            zone.start_of(day)
        };
        self.last = plus_micros(begin, micros.max(1) - 1);
        Span {
            day,
            end: self.last,
            last: plus_micros(begin, -1),
        }
    }
}

impl Span {
    /// Whether all of it is later than an instant. Before its first instant was given, that is.
    pub fn is_after(&self, instant: Timestamp) -> bool {
        instant <= self.last
    }

    fn next(&mut self) -> Timestamp {
        self.last = self.last.next();
        self.last
    }
}

fn plus_micros(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_add(micros))
}

/// Decides every write of a group in order.
pub(super) fn decide_all(set: &mut WorkingSet, writes: &[&Write], instants: &mut Span) -> Decided {
    let mut decided = Decided::default();
    for write in writes {
        let answer = match replayed(set, write) {
            Some(answer) => answer,
            None => decide_one(set, write, instants.next(), &mut decided.openings),
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

/// What is counted of reports among the changes of a group, added up by member and civil day.
pub(super) fn tallies(changes: &[Change]) -> BTreeMap<(MemberNo, NaiveDate), ReportTally> {
    let mut tallies: BTreeMap<_, ReportTally> = BTreeMap::new();
    for change in changes {
        if let Change::CountReport {
            member_no,
            day,
            tally,
        } = change
        {
            let known = tallies.entry((*member_no, *day)).or_default();
            *known = known.plus(*tally);
        }
    }
    tallies
}

/// The same of what members did that is limited by the day.
pub(super) fn day_tallies(changes: &[Change]) -> BTreeMap<(MemberNo, NaiveDate), DayTally> {
    let mut tallies: BTreeMap<_, DayTally> = BTreeMap::new();
    for change in changes {
        if let Change::CountConduct(member_no, day, tally) = change {
            let known = tallies.entry((*member_no, *day)).or_default();
            *known = known.plus(*tally);
        }
    }
    tallies
}

/// SHA-256 of the outcome's stored bytes: what the audit entry says was answered.
fn content_hash(outcome: &crate::domain::unit::Outcome) -> Sha256 {
    Sha256(crate::audit::content_sha256(&codec::encode(outcome)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: i64 = 1_772_467_200_000_000;

    #[test]
    fn a_group_never_straddles_midnight() {
        let zone = BusinessZone::default();
        for (before, writes, wanted) in [
            (1_000, 1, -1_000),
            (2, 1, -2),
            (1, 1, 0),
            (100, 512, 0),
            (0, 512, 0),
        ] {
            let mut instants = Instants::after(Timestamp::from_micros(0));
            let mut span = instants.reserve(Timestamp::from_micros(MIDNIGHT - before), writes, zone);
            let first = span.next();
            assert_eq!(
                first.micros() - MIDNIGHT,
                wanted,
                "{before} before, {writes} writes"
            );
            let last = (1..writes).map(|_| span.next()).last().unwrap_or(first);
            assert_eq!((zone.date_of(first), zone.date_of(last)), (span.day, span.day));
            assert_eq!(last, span.end);
        }
    }

    #[test]
    fn instants_grow_when_the_clock_stands_or_steps_back() {
        let zone = BusinessZone::default();
        let mut instants = Instants::after(Timestamp::from_micros(MIDNIGHT));
        let mut last = Timestamp::from_micros(MIDNIGHT);
        for now in [MIDNIGHT, MIDNIGHT, MIDNIGHT - 9_000_000, 0, MIDNIGHT + 5] {
            let mut span = instants.reserve(Timestamp::from_micros(now), 3, zone);
            for _ in 0..3 {
                let next = span.next();
                assert!(next > last);
                last = next;
            }
        }
        instants.rise_above(Timestamp::from_micros(2 * MIDNIGHT));
        instants.rise_above(last);
        let mut span = instants.reserve(Timestamp::from_micros(0), 1, zone);
        assert_eq!(span.next().micros(), 2 * MIDNIGHT + 1);
    }
}
