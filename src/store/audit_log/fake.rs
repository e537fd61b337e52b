//! An audit log in memory for the tests of the ledger: keeps the trait's contract, fails on demand, can be tampered with.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;

use super::{
    AuditLog, Batch, EntryId, Head, LeafRow, LeaseHolder, OpeningRow, StoredCheckpoint, WaitingLeaf,
};
use crate::audit::{Frontier, Node, NodeAt, NodeHash, Opening};
use crate::domain::date::Timestamp;
use crate::store::StoreError;

/// What the next append shall do instead of succeeding.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Fail, with nothing done.
    NotDone,
    /// Do it and report a failure.
    DoneButFailed,
    /// Somebody else appends this batch first.
    Overtaken(Box<Batch>),
    /// Do it, while somebody writes another entry.
    Busy(Opening),
}

/// Everything the log holds; tests may change any of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) entries: i64,
    pub(crate) waiting: BTreeMap<EntryId, NodeHash>,
    pub(crate) openings: BTreeMap<EntryId, Opening>,
    pub(crate) leaves: BTreeMap<u64, (EntryId, NodeHash)>,
    pub(crate) nodes: BTreeMap<NodeAt, NodeHash>,
    pub(crate) frontier: Frontier,
    pub(crate) checkpoints: BTreeMap<u64, String>,
    pub(crate) lease: Option<(LeaseHolder, Timestamp)>,
    pub(crate) faults: VecDeque<Fault>,
}

impl State {
    /// What a unit of work does: opening and waiting leaf together.
    pub(crate) fn write_entry(&mut self, opening: Opening) {
        self.entries += 1;
        let entry_id = EntryId(self.entries);
        self.waiting.insert(entry_id, opening.leaf_hash());
        self.openings.insert(entry_id, opening);
    }

    fn append(&mut self, batch: Batch) -> Result<(), StoreError> {
        let still_waiting = |leaf: &LeafRow| self.waiting.get(&leaf.entry_id) == Some(&leaf.leaf_hash);
        if batch.expected_size != self.frontier.size() || !batch.leaves.iter().all(still_waiting) {
            return Err(StoreError::Conflict);
        }
        assert!(!batch.leaves.is_empty(), "a batch has leaves");
        for (leaf, index) in batch.leaves.into_iter().zip(batch.expected_size..) {
            assert_eq!(leaf.index, index, "leaves are consecutive");
            self.waiting.remove(&leaf.entry_id);
            self.leaves.insert(index, (leaf.entry_id, leaf.leaf_hash));
        }
        for node in batch.nodes {
            assert!(
                self.nodes.insert(node.at, node.hash).is_none(),
                "a node is completed once"
            );
        }
        self.frontier = batch.frontier;
        self.checkpoints
            .insert(batch.checkpoint.size, batch.checkpoint.note);
        Ok(())
    }
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct FakeLog(Mutex<State>);

impl FakeLog {
    pub(crate) fn of(state: State) -> Self {
        Self(Mutex::new(state))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

#[async_trait]
impl AuditLog for FakeLog {
    async fn head(&self) -> Result<Head, StoreError> {
        let state = self.state();
        let latest = state.checkpoints.last_key_value();
        Ok(Head {
            frontier: state.frontier.clone(),
            checkpoint: latest.map(|(size, note)| StoredCheckpoint {
                size: *size,
                note: note.clone(),
            }),
        })
    }

    async fn waiting(&self, limit: u32) -> Result<Vec<WaitingLeaf>, StoreError> {
        let state = self.state();
        let first = state.waiting.iter().take(usize::try_from(limit).unwrap());
        Ok(first
            .map(|(entry_id, leaf_hash)| WaitingLeaf {
                entry_id: *entry_id,
                leaf_hash: *leaf_hash,
            })
            .collect())
    }

    async fn append(&self, batch: Batch) -> Result<(), StoreError> {
        let mut state = self.state();
        match state.faults.pop_front() {
            None => state.append(batch),
            Some(Fault::NotDone) => Err(StoreError::Engine("planned fault".into())),
            Some(Fault::DoneButFailed) => state.append(batch).and(Err(StoreError::Unavailable)),
            Some(Fault::Overtaken(other)) => {
                state.append(*other).unwrap();
                state.append(batch)
            }
            Some(Fault::Busy(opening)) => {
                state.write_entry(opening);
                state.append(batch)
            }
        }
    }

    async fn hold_lease(
        &self,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let elsewhere = state
            .lease
            .is_some_and(|(other, end)| other != holder && end > now);
        if !elsewhere {
            state.lease = Some((holder, until));
        }
        Ok(!elsewhere)
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<LeafRow>, StoreError> {
        let state = self.state();
        let rows = state.leaves.range(range);
        Ok(rows
            .map(|(index, (entry_id, leaf_hash))| LeafRow {
                index: *index,
                entry_id: *entry_id,
                leaf_hash: *leaf_hash,
            })
            .collect())
    }

    async fn openings(&self, range: Range<u64>) -> Result<Vec<OpeningRow>, StoreError> {
        let state = self.state();
        let rows = state.leaves.range(range).filter_map(|(index, (entry_id, _))| {
            let opening = state.openings.get(entry_id)?.clone();
            Some(OpeningRow {
                index: *index,
                opening,
            })
        });
        Ok(rows.collect())
    }

    async fn nodes(&self, level: u8, range: Range<u64>) -> Result<Vec<Node>, StoreError> {
        let state = self.state();
        let rows = state.nodes.range(
            NodeAt {
                level,
                index: range.start,
            }..NodeAt {
                level,
                index: range.end,
            },
        );
        Ok(rows.map(|(at, hash)| Node { at: *at, hash: *hash }).collect())
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        let state = self.state();
        let above = state
            .checkpoints
            .range(after + 1..)
            .take(usize::try_from(limit).unwrap());
        Ok(above
            .map(|(size, note)| StoredCheckpoint {
                size: *size,
                note: note.clone(),
            })
            .collect())
    }
}

/// The result of a future that never waits, as none over this log does.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("nothing here waits"),
    }
}
