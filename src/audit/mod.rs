//! The audit log's mathematics: canonical leaves, RFC 6962 tree, proofs, signed checkpoints. No storage here.
//!
//! Every unit of work leaves an entry: an erasable *opening* (salt and canonical bytes) and a *leaf*, the salted hash of
//! it. Leaves are appended to a Merkle tree whose root is signed as a checkpoint in the C2SP format, so that any witness
//! of the transparency ecosystem can follow the log. The invariant: a leaf hash, once appended, is never touched again;
//! erasing an opening leaves a hash that proves nothing about a person.

mod bytes;
pub mod checkpoint;
pub mod leaf;
pub mod note;
pub mod offline_code;
pub mod proof;
pub mod tree;

#[cfg(test)]
pub(crate) mod vectors;

pub use checkpoint::{Checkpoint, CheckpointError, CheckpointKey, Origin, VerifierKey};
pub use leaf::{AuditFacts, Detail, FactsError, Opening};
pub use offline_code::{OfflineCodeError, OfflineCodeKey, verify_offline_code};
pub use tree::{Frontier, Node, NodeAt, NodeHash, TreeError};

/// SHA-256 of what an entry says was answered.
pub fn content_sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}
