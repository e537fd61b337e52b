//! Logs for the tests of this room: deterministic entries over the fake store, sequenced by a fixed key.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Pass, Sequencer, SequencerOptions};
use crate::audit::{AuditFacts, CheckpointKey, Detail, Frontier, NodeHash, Opening, Origin};
use crate::domain::clock::{Clock, SharedClock};
use crate::domain::date::Timestamp;
use crate::domain::inquiry::Purpose;
use crate::domain::names::{Fingerprint, MemberId, Sha256, SubjectId};
use crate::domain::unit::Rpc;
use crate::store::audit_log::LeaseHolder;
use crate::store::audit_log::fake::{FakeLog, now};

/// Always the same instant.
pub(super) struct StoppedClock(pub(super) i64);

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0)
    }
}

pub(super) fn stopped(micros: i64) -> SharedClock {
    Arc::new(StoppedClock(micros))
}

pub(super) fn key() -> CheckpointKey {
    CheckpointKey::from_seed(Origin::parse("log.example/tallystick").unwrap(), &[7; 32])
}

/// The entry of this number: no two are alike.
pub(super) fn opening(number: i64) -> Opening {
    let byte = u8::try_from(number % 251).unwrap();
    let facts = AuditFacts {
        instant: Timestamp::from_micros(number),
        member_id: MemberId::parse("bank-a").unwrap(),
        certificate: Fingerprint([0xC1; 32]),
        rpc: Rpc::QueryExposure,
        purpose: Some(Purpose::NewCredit),
        subject_ids: vec![SubjectId(number)],
        content_sha256: Sha256([byte; 32]),
        detail: Detail::none(),
    };
    facts.seal([byte; 32])
}

pub(super) fn write_entries(log: &FakeLog, count: i64) {
    let mut state = log.state();
    for _ in 0..count {
        let number = state.entries;
        state.write_entry(opening(number));
    }
}

pub(super) fn sequencer(log: &Arc<FakeLog>, leaves_per_step_max: u32) -> Sequencer {
    Sequencer::new(
        Arc::clone(log) as Arc<_>,
        key(),
        stopped(0),
        LeaseHolder([1; 16]),
        SequencerOptions {
            leaves_per_step_max,
            ..SequencerOptions::default()
        },
    )
}

/// Writes and sequences entries until the log has this many leaves, in one step.
pub(super) fn grow(log: &Arc<FakeLog>, size: u64) {
    let grown = log.state().frontier.size();
    write_entries(log, i64::try_from(size - grown).unwrap());
    let pass = now(sequencer(log, 4_096).sequence_waiting()).unwrap();
    assert_eq!(
        pass,
        Pass::Sequenced {
            leaves: size - grown,
            size
        }
    );
}

/// A log of this many leaves.
pub(super) fn log_of(size: u64) -> Arc<FakeLog> {
    let log = Arc::new(FakeLog::default());
    grow(&log, size);
    log
}

/// The roots of the log at every size, from its leaves alone.
pub(super) fn roots(log: &FakeLog) -> BTreeMap<u64, NodeHash> {
    let mut tree = Frontier::empty();
    let mut roots = BTreeMap::from([(0, tree.root())]);
    for (_, leaf) in log.state().leaves.values() {
        tree.append(*leaf, |_| {}).unwrap();
        roots.insert(tree.size(), tree.root());
    }
    roots
}
