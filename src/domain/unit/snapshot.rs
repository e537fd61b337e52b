//! Asks for a snapshot of the market.
//!
//! Invariant: of one date no second computation is asked for while one is under way.

use chrono::NaiveDate;

use super::working_set::Change;
use super::{Decision, Outcome, WorkingSet};
use crate::domain::date::Timestamp;
use crate::domain::statistics::Snapshot;

/// Gives the computation of the date that is under way, or begins its next version.
pub(super) fn decide(set: &mut WorkingSet, as_of: NaiveDate, at: Timestamp) -> Decision {
    let latest = set.snapshots.get(&as_of);
    let under_way = latest.filter(|snapshot| !snapshot.state.is_final()).cloned();
    let snapshot = under_way.unwrap_or_else(|| {
        let snapshot = latest.map_or(Snapshot::first(as_of, at), |latest| latest.next(at));
        set.changes.push(Change::InsertSnapshot(snapshot.clone()));
        snapshot
    });
    set.snapshots.insert(as_of, snapshot.clone());
    Decision {
        outcome: Outcome::Snapshot(Box::new(snapshot)),
        subjects: Vec::new(),
        purpose: None,
        remember: true,
    }
}
