//! What the ledger asks of a database: waiting leaves, the tree's nodes, signed checkpoints, erasable openings.
//!
//! Units of work write their entry (opening and waiting leaf) themselves, in their own transaction; this trait only takes
//! them from there. The invariant: tree, leaves, nodes and latest checkpoint change together or not at all, and a leaf
//! leaves the waiting line in the same transaction in which it enters the tree.

use std::ops::Range;

use async_trait::async_trait;

use super::StoreError;
use crate::audit::{Frontier, Node, NodeHash, Opening};
use crate::domain::date::Timestamp;

#[cfg(test)]
pub(crate) mod fake;

/// Names an audit entry from its unit of work on, inside the service. Tells nothing of its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// An entry that is written but not yet in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingLeaf {
    /// Which entry.
    pub entry_id: EntryId,
    /// Its leaf.
    pub leaf_hash: NodeHash,
}

/// A leaf at its place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafRow {
    /// Its place, from 0.
    pub index: u64,
    /// Of which entry.
    pub entry_id: EntryId,
    /// The leaf.
    pub leaf_hash: NodeHash,
}

/// An opening that was not erased, by the place of its leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningRow {
    /// The leaf's place, from 0.
    pub index: u64,
    /// What opens it.
    pub opening: Opening,
}

/// A signed checkpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Leaves of the tree it signs: its key in the store.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// Where the log stands. Both parts are read in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The tree; [`Frontier::empty`] of a new log.
    pub frontier: Frontier,
    /// The checkpoint with the largest size; `None` of a new log.
    pub checkpoint: Option<StoredCheckpoint>,
}

/// One step of the log: leaves, and the tree and checkpoint after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The size of the tree that all of it was computed from.
    pub expected_size: u64,
    /// At least one leaf, at consecutive places from `expected_size` on.
    pub leaves: Vec<LeafRow>,
    /// Nodes that became complete and are to be kept: those of the levels 8, 16, 24 and so on.
    pub nodes: Vec<Node>,
    /// The tree after the leaves.
    pub frontier: Frontier,
    /// The checkpoint of that tree.
    pub checkpoint: StoredCheckpoint,
}

/// Names a process that sequences: 16 unpredictable bytes, made at its start. Where only one process can open the store,
/// a constant serves as well, and saves waiting for a crashed predecessor's lease to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseHolder(pub [u8; 16]);

/// The store of the audit log. Each method is one transaction; every error but [`StoreError::Unavailable`] means that
/// nothing was changed.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Where the log stands.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Up to `limit` entries that are not in the tree yet, by entry id. Only committed entries; one with a smaller id may
    /// still appear later, and is then sequenced later.
    async fn waiting(&self, limit: u32) -> Result<Vec<WaitingLeaf>, StoreError>;

    /// Appends a batch: durable as a whole on return, or not done at all.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the tree no longer has the expected size, or when one of the entries no longer waits.
    async fn append(&self, batch: Batch) -> Result<(), StoreError>;

    /// Takes or prolongs the sequencer's lease until `until`; false when another holder has it at `now`. The lease saves
    /// work and is not what keeps the log right: [`Self::append`]'s expectations do.
    async fn hold_lease(
        &self,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Leaves of these places that exist, in order.
    async fn leaves(&self, range: Range<u64>) -> Result<Vec<LeafRow>, StoreError>;

    /// Openings of the leaves of these places that were not erased, in order.
    async fn openings(&self, range: Range<u64>) -> Result<Vec<OpeningRow>, StoreError>;

    /// Kept nodes of a level with these indexes that exist, in order. Levels 8, 16, 24 and so on.
    async fn nodes(&self, level: u8, range: Range<u64>) -> Result<Vec<Node>, StoreError>;

    /// Up to `limit` checkpoints of sizes above `after`, smallest first.
    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<StoredCheckpoint>, StoreError>;

    /// The checkpoint with the largest size; `None` of a new log.
    async fn latest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreError> {
        Ok(self.head().await?.checkpoint)
    }
}
