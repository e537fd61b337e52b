//! Puts what was recorded in order, and holds it against the judge.
//!
//! Accepted deeds stand in the order of the instants that the services gave them. Decisions about one subject are made
//! behind its lock row and get growing instants, whichever server makes them, and a village's deeds that share no subject
//! do not touch one another: so this is an order in which they were, or might as well have been, decided. It must also be
//! one that those who waited for an answer can believe: what was answered before another deed about the same people was
//! sent has the smaller instant.
//!
//! A refused deed leaves no trace and no instant. It must be refused alike at some place between the last deed that was
//! answered before it was sent and the first that was sent after it was answered.

use std::collections::BTreeMap;

use tallystick::domain::date::Timestamp;
use tallystick::domain::names::RequestId;

use super::client::{Record, Told};
use super::judge::Judge;
use crate::model::{Identity, MemberName};

/// Instants of accepted requests, by id.
pub type Instants = BTreeMap<RequestId, Timestamp>;

/// An accepted deed in its place.
struct Placed {
    at: Timestamp,
    record: Record,
}

/// Tells everything about a village that is not as it should be; the judge is then at the end of its history.
pub fn divergences(records: Vec<Record>, instants: &Instants, judge: &mut Judge) -> Vec<String> {
    let mut wrong = Vec::new();
    let (refused, accepted): (Vec<Record>, Vec<Record>) =
        records.into_iter().partition(|record| record.told.is_refusal());
    let mut placed: Vec<Placed> = Vec::new();
    for record in once_each(accepted, &mut wrong) {
        match instant(&record, instants) {
            Some(at) => placed.push(Placed { at, record }),
            None => wrong.push(format!("accepted and not on file: {record:?}")),
        }
    }
    placed.sort_by_key(|one| one.at);
    believable(&placed, &mut wrong);
    let mut open: Vec<(usize, usize, &Record)> = refused
        .iter()
        .map(|record| (first_place(&placed, record), last_place(&placed, record), record))
        .collect();
    for place in 0..=placed.len() {
        let before = place.checked_sub(1).and_then(|before| placed.get(before));
        let near: Vec<Timestamp> = before
            .into_iter()
            .chain(placed.get(place))
            .map(|one| one.at)
            .collect();
        open.retain(|(first, last, record)| {
            if place < *first {
                return true;
            }
            let fits = near.iter().any(|at| {
                let mut trial = judge.copy();
                trial.take(record.member, &record.deed, *at, &record.told).is_ok()
            });
            if !fits && place == *last {
                wrong.push(format!("refused for no reason, or another: {record:?}"));
            }
            !fits && place < *last
        });
        if let Some(Placed { at, record }) = placed.get(place)
            && let Err(other) = judge.take(record.member, &record.deed, *at, &record.told)
        {
            wrong.push(format!("{record:?} at {at:?}; {other}"));
        }
    }
    wrong
}

/// A request that was sent to both services at once is one deed: done between its first sending and its first answer.
fn once_each(accepted: Vec<Record>, wrong: &mut Vec<String>) -> Vec<Record> {
    let mut once: Vec<Record> = Vec::new();
    let mut known: BTreeMap<RequestId, usize> = BTreeMap::new();
    for record in accepted {
        let Some(place) = record.request.and_then(|id| known.get(&id).copied()) else {
            if let Some(id) = record.request {
                known.insert(id, once.len());
            }
            once.push(record);
            continue;
        };
        let first = &mut once[place];
        if first.told != record.told {
            wrong.push(format!("one request, two answers: {first:?}, {:?}", record.told));
        }
        first.begun = first.begun.min(record.begun);
        first.ended = first.ended.min(record.ended);
    }
    once
}

fn instant(record: &Record, instants: &Instants) -> Option<Timestamp> {
    match (record.request, &record.told) {
        (Some(id), _) => instants.get(&id).copied(),
        (None, Told::Answered(answer)) => {
            let at = answer.answered_at.as_ref()?;
            let micros = at.seconds * 1_000_000 + i64::from(at.nanos / 1_000);
            Some(Timestamp::from_micros(micros))
        }
        (None, _) => None,
    }
}

/// Of two deeds about the same identity or account, the one answered before the other was sent has the smaller instant.
fn believable(placed: &[Placed], wrong: &mut Vec<String>) {
    let mut people: BTreeMap<&Identity, Vec<&Placed>> = BTreeMap::new();
    let mut accounts: BTreeMap<(MemberName, &str), Vec<&Placed>> = BTreeMap::new();
    for one in placed {
        for name in one.record.deed.names() {
            people.entry(name).or_default().push(one);
        }
        if let Some(account) = one.record.deed.account() {
            accounts
                .entry((one.record.member, account))
                .or_default()
                .push(one);
        }
    }
    for deeds in people.into_values().chain(accounts.into_values()) {
        let mut first_answered = u64::MAX;
        for one in deeds.into_iter().rev() {
            if first_answered < one.record.begun {
                wrong.push(format!(
                    "given a later instant than what was sent after it: {:?}",
                    one.record
                ));
            }
            first_answered = first_answered.min(one.record.ended);
        }
    }
}

/// The first place at which a refused deed may have been decided.
fn first_place(placed: &[Placed], refused: &Record) -> usize {
    let later = placed.iter().position(|one| one.record.ended > refused.begun);
    later.unwrap_or(placed.len())
}

/// The last place at which it may have been.
fn last_place(placed: &[Placed], refused: &Record) -> usize {
    let earlier = placed.iter().rposition(|one| one.record.begun < refused.ended);
    earlier.map_or(0, |place| place + 1)
}
