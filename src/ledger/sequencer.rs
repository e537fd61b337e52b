//! Takes waiting leaves into the tree, in steps that are appended and signed together.
//!
//! Knows no timer: it works when it is told to, and everything it needs is read anew each time, so a crash, a second
//! sequencer or a lost reply costs a repetition and never a leaf. The invariant: it continues only a tree whose root its
//! own key signed; whatever else it finds in the store stops it.

use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};

use super::{LedgerError, TILE_LEVELS};
use crate::audit::{Checkpoint, CheckpointKey, Frontier};
use crate::domain::clock::SharedClock;
use crate::store::StoreError;
use crate::store::audit_log::{AuditLog, Batch, LeafRow, LeaseHolder, StoredCheckpoint, WaitingLeaf};

/// How often a step is repeated in one pass because another sequencer was faster.
const CONFLICTS_MAX: u32 = 3;
/// The most steps of one pass; what then still waits is for the next pass.
const STEPS_MAX: u32 = 256;

/// Limits of the sequencer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequencerOptions {
    /// The most leaves of one step; at least 1, default 4,096.
    pub leaves_per_step_max: u32,
    /// How long the lease outlives a step, and how long a successor waits after a crash; longer than the time between
    /// passes, default 15.
    pub lease_seconds: u32,
}

impl Default for SequencerOptions {
    fn default() -> Self {
        Self {
            leaves_per_step_max: 4_096,
            lease_seconds: 15,
        }
    }
}

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// The log holds everything that waited, or as much as one pass takes.
    Sequenced {
        /// Leaves appended by this pass.
        leaves: u64,
        /// Leaves of the tree now, all under a signed checkpoint.
        size: u64,
    },
    /// Another process holds the lease and does the work.
    LeaseElsewhere,
}

/// Keeps the tree.
pub struct Sequencer {
    log: Arc<dyn AuditLog>,
    key: CheckpointKey,
    clock: SharedClock,
    holder: LeaseHolder,
    options: SequencerOptions,
}

impl Sequencer {
    /// A sequencer of this log. `holder` is unpredictable and made anew at each start.
    pub fn new(
        log: Arc<dyn AuditLog>,
        key: CheckpointKey,
        clock: SharedClock,
        holder: LeaseHolder,
        options: SequencerOptions,
    ) -> Self {
        Self {
            log,
            key,
            clock,
            holder,
            options,
        }
    }

    /// Makes a pass at each tick and a last one when the ticks end, and reports each. A failed pass is made up for by the
    /// next. Ticks come at least every [`super::CHECKPOINT_INTERVAL_MS_MAX`].
    pub async fn run(
        &self,
        ticks: impl Stream<Item = ()>,
        mut report: impl FnMut(Result<Pass, LedgerError>),
    ) {
        let mut ticks = pin!(ticks);
        while ticks.next().await.is_some() {
            report(self.sequence_waiting().await);
        }
        report(self.sequence_waiting().await);
        // A lease that ends now lets the next process begin at once. Should that fail, it ends by itself.
        let now = self.clock.now();
        drop(self.log.hold_lease(self.holder, now, now).await);
    }

    /// Appends and signs what waits. May be repeated at any time, and dropped at any await.
    ///
    /// # Errors
    /// [`LedgerError`]; what was appended before it stays appended.
    pub async fn sequence_waiting(&self) -> Result<Pass, LedgerError> {
        let leaves_max = usize::try_from(self.options.leaves_per_step_max).unwrap_or(usize::MAX);
        let mut appended = 0;
        let mut conflicts = 0;
        for _ in 0..STEPS_MAX {
            if !self.hold_lease().await? {
                return Ok(Pass::LeaseElsewhere);
            }
            // The tree is read before the leaves: what another sequencer appends in between shows as a conflict.
            let tree = self.trusted_tree().await?;
            let size = tree.size();
            let waiting = self.log.waiting(self.options.leaves_per_step_max).await?;
            if waiting.is_empty() {
                return Ok(Pass::Sequenced {
                    leaves: appended,
                    size,
                });
            }
            let is_full = waiting.len() >= leaves_max;
            let batch = self.step(tree, &waiting)?;
            let grown = batch.frontier.size();
            match self.log.append(batch).await {
                Ok(()) => appended += grown - size,
                Err(StoreError::Conflict) if conflicts < CONFLICTS_MAX => {
                    conflicts += 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            // What came in the meantime is for the next pass: under load there is always something, and each step costs the
            // writers two commits.
            if !is_full {
                return Ok(Pass::Sequenced {
                    leaves: appended,
                    size: grown,
                });
            }
        }
        let size = self.trusted_tree().await?.size();
        Ok(Pass::Sequenced {
            leaves: appended,
            size,
        })
    }

    async fn hold_lease(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let until = now.plus_seconds(i64::from(self.options.lease_seconds));
        self.log.hold_lease(self.holder, now, until).await
    }

    /// The stored tree, if it is the one that this key signed last.
    async fn trusted_tree(&self) -> Result<Frontier, LedgerError> {
        let head = self.log.head().await?;
        let size = head.frontier.size();
        let trusted = match head.checkpoint {
            None => size == 0,
            Some(stored) => {
                let signed = Checkpoint::open(&stored.note, self.key.verifier())?;
                (signed.size, signed.size, signed.root) == (stored.size, size, head.frontier.root())
            }
        };
        if trusted {
            Ok(head.frontier)
        } else {
            Err(LedgerError::HeadDiffers { size })
        }
    }

    /// The step that appends these leaves to this tree.
    fn step(&self, mut tree: Frontier, waiting: &[WaitingLeaf]) -> Result<Batch, LedgerError> {
        let expected_size = tree.size();
        let mut nodes = Vec::new();
        let mut leaves = Vec::with_capacity(waiting.len());
        for leaf in waiting {
            leaves.push(LeafRow {
                index: tree.size(),
                entry_id: leaf.entry_id,
                leaf_hash: leaf.leaf_hash,
            });
            tree.append(leaf.leaf_hash, |node| {
                if is_kept(node.at.level) {
                    nodes.push(node);
                }
            })?;
        }
        let checkpoint = StoredCheckpoint {
            size: tree.size(),
            note: self.key.sign(&tree),
        };
        Ok(Batch {
            expected_size,
            leaves,
            nodes,
            frontier: tree,
            checkpoint,
        })
    }
}

/// Whether complete nodes of this level are stored. Leaves are, but as leaves.
pub(super) const fn is_kept(level: u8) -> bool {
    level > 0 && level.is_multiple_of(TILE_LEVELS)
}

#[cfg(test)]
mod tests;
