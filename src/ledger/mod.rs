//! The room that keeps the audit log: sequencing, checkpoints, proofs, verification.
//!
//! Units of work leave unsequenced entries and never wait for the log. One [`Sequencer`] takes what waits into the tree
//! and signs a checkpoint with each step, so that a stored tree is always a signed one. [`verify`] recomputes all of it
//! from the leaves. The invariant: what a checkpoint once signed is never signed differently.

#[cfg(test)]
mod fixtures;
mod proofs;
mod sequencer;
mod verify;

use crate::audit::proof::ProofError;
use crate::audit::{CheckpointError, TreeError};
use crate::store::StoreError;

pub use proofs::{prove_consistency, prove_inclusion};
pub use sequencer::{Pass, Sequencer, SequencerOptions};
pub use verify::{DIFFERENCES_SHOWN_MAX, Difference, Report, verify};

/// The longest allowed time between passes of the sequencer, in milliseconds: a receipt can be proved this soon.
pub const CHECKPOINT_INTERVAL_MS_MAX: u64 = 10_000;

/// Nodes are kept at the levels that are multiples of this, as in C2SP tiles; those between are recomputed when needed.
const TILE_LEVELS: u8 = 8;

/// Why the log cannot be continued or proved.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed.
    #[error("the audit log's store failed")]
    Store(#[from] StoreError),
    /// The stored tree is not what was signed last.
    #[error(
        "the audit log's tree of {size} leaves is not the one that its latest checkpoint signed; nothing is appended: \
         run `tallystick audit verify` and restore the database from a backup"
    )]
    HeadDiffers {
        /// Leaves of the stored tree.
        size: u64,
    },
    /// The latest checkpoint was not signed by this key for this log.
    #[error(
        "the audit log's latest checkpoint is refused; nothing is appended: were the ledger's key or its origin \
         name changed? run `tallystick audit verify`"
    )]
    Checkpoint(#[from] CheckpointError),
    /// The tree cannot grow.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There is no such proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
}
