//! TokenService's keys at work: evaluates blinded batches, publishes the keys that proofs are verified against.
//!
//! Charging the quota is the caller's duty and comes first: see [`BlindedBatch::count`].

use crate::domain::caller::Caller;
use crate::domain::clock::SharedEntropy;
use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::keys::{MemberPublicKey, TokenKeys};
use crate::identity::oprf::server::{BlindedBatch, EvaluateError, Evaluation};

/// Evaluates blinded elements under the calling member's key.
pub struct Evaluator {
    keys: TokenKeys,
    entropy: SharedEntropy,
}

crate::redacted_debug!(Evaluator);

impl Evaluator {
    /// With the token half of the keys.
    pub fn new(keys: TokenKeys, entropy: SharedEntropy) -> Self {
        Self { keys, entropy }
    }

    /// Whether a key of this version is here: asked before the quota is charged.
    pub fn has_version(&self, key_version: KeyVersion) -> bool {
        self.keys.versions().any(|held| held == key_version)
    }

    /// Evaluates a batch with one proof. About 60 µs of CPU an element: run it off the threads that serve others.
    ///
    /// # Errors
    /// [`EvaluateError::KeyVersionUnknown`].
    pub fn evaluate(
        &self,
        caller: &Caller,
        key_version: KeyVersion,
        identifier_type: IdentifierType,
        batch: &BlindedBatch,
    ) -> Result<Evaluation, EvaluateError> {
        self.keys.evaluate(
            caller.member_id(),
            key_version,
            identifier_type,
            batch,
            self.entropy.as_ref(),
        )
    }

    /// The public keys of a member, newest version first, one for each identifier type.
    pub fn public_keys(&self, member: &MemberId) -> Vec<MemberPublicKey> {
        self.keys.public_keys(member)
    }
}
