//! Maps a member's tokens to the pseudonyms that all members share, and back.
//!
//! One scalar multiplication a token (about 25 µs) and one inversion for all of a call. The tweaks of members are kept;
//! a call takes one read lock and allocates nothing for a member that is known. Knows nothing of what pseudonyms are
//! stored.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::caller::Caller;
use crate::domain::names::{ApplicationId, MemberId};
use crate::domain::token::{IdentifierType, KeyVersion, Pseudonym};
use crate::identity::keys::LedgerKeys;
use crate::identity::oprf::algebra::MemberKeys;
use crate::identity::oprf::seal::SealBroken;
use crate::identity::token::SubjectToken;

/// Most members whose tweaks are kept: far above any market, so that a registry gone wild cannot fill the memory.
pub const MEMBERS_KEPT_MAX: usize = 16_384;

/// Why tokens could not be mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A token's key version is not known here.
    #[error("token {index} is of key version {}, which is not live: call GetTokenKeys and evaluate again", given.0)]
    KeyVersionUnknown {
        /// Position among the tokens, from 0.
        index: usize,
        /// The version.
        given: KeyVersion,
    },
    /// A stored pseudonym does not open. An internal error: the operator's to mend.
    #[error("pseudonym {index}: {source}")]
    SealBroken {
        /// Position among the pseudonyms, from 0.
        index: usize,
        /// What is wrong.
        source: SealBroken,
    },
}

/// One member's tweaks by version and type: four for each live version.
type Tweaks = BTreeMap<(KeyVersion, IdentifierType), MemberKeys>;

/// Maps tokens and pseudonyms of the calling member.
pub struct TokenMapper {
    keys: Arc<LedgerKeys>,
    members: RwLock<BTreeMap<MemberId, Arc<Tweaks>>>,
}

crate::redacted_debug!(TokenMapper);

impl TokenMapper {
    /// With the ledger half of the keys.
    pub fn new(keys: Arc<LedgerKeys>) -> Self {
        Self {
            keys,
            members: RwLock::default(),
        }
    }

    /// Whether tokens of this version can be mapped: asked at the edge, where tokens are read.
    pub fn is_live(&self, key_version: KeyVersion) -> bool {
        self.keys.master_public_key(key_version).is_some()
    }

    /// The sealed pseudonyms of the caller's tokens, in their order.
    ///
    /// A token that is not the caller's own, or of another type than it says, gives a pseudonym that names nobody: that is
    /// no error and cannot be told from a subject that nobody reported.
    ///
    /// # Errors
    /// [`MapError::KeyVersionUnknown`] of the first token of an unknown version.
    pub fn pseudonyms(&self, caller: &Caller, tokens: &[&SubjectToken]) -> Result<Vec<Pseudonym>, MapError> {
        let tweaks = self.tweaks(caller.member_id());
        let mut keyed = Vec::with_capacity(tokens.len());
        for (index, token) in tokens.iter().enumerate() {
            keyed.push((
                find(&tweaks, index, token.key_version(), token.identifier_type())?,
                *token,
            ));
        }
        Ok(self.keys.pseudonyms(keyed.iter().copied()))
    }

    /// The tokens under which the caller knows stored pseudonyms, in their order: to show a member its own positions.
    ///
    /// # Errors
    /// [`MapError::KeyVersionUnknown`]; [`MapError::SealBroken`] when a row is damaged or the database is of other keys.
    pub fn tokens(&self, caller: &Caller, pseudonyms: &[Pseudonym]) -> Result<Vec<SubjectToken>, MapError> {
        let tweaks = self.tweaks(caller.member_id());
        let mut tokens = Vec::with_capacity(pseudonyms.len());
        for (index, pseudonym) in pseudonyms.iter().enumerate() {
            let keys = find(&tweaks, index, pseudonym.key_version, pseudonym.identifier_type)?;
            tokens.push(
                self.keys
                    .token(keys, pseudonym)
                    .map_err(|source| MapError::SealBroken { index, source })?,
            );
        }
        Ok(tokens)
    }

    /// Recognises an unchanged set of tokens of one liable person without mapping it: 16 bytes to keep with the account.
    pub fn token_digest<'a>(&self, tokens: impl IntoIterator<Item = &'a SubjectToken>) -> [u8; 16] {
        self.keys.token_digest(tokens)
    }

    /// Recognises the income that was stated for an application of a caller: 32 bytes to keep instead of it.
    pub fn income_digest(&self, caller: &Caller, application_id: &ApplicationId, income: i64) -> [u8; 32] {
        self.keys
            .income_digest(caller.member_id(), application_id, income)
    }

    fn tweaks(&self, member: &MemberId) -> Arc<Tweaks> {
        // A thread that panicked under the lock left whole entries behind: a poisoned cache is as good as any.
        let known = self
            .members
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(member)
            .cloned();
        known.unwrap_or_else(|| self.derive(member))
    }

    /// Derives outside the lock: two callers may do it at once and get the same.
    fn derive(&self, member: &MemberId) -> Arc<Tweaks> {
        let mut tweaks = Tweaks::new();
        for version in self.keys.versions() {
            for kind in IdentifierType::ALL {
                tweaks.insert((version, kind), self.keys.member_keys(member, version, kind));
            }
        }
        let tweaks = Arc::new(tweaks);
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        if members.len() >= MEMBERS_KEPT_MAX {
            members.clear();
        }
        members.insert(member.clone(), Arc::clone(&tweaks));
        tweaks
    }
}

fn find(
    tweaks: &Tweaks,
    index: usize,
    version: KeyVersion,
    kind: IdentifierType,
) -> Result<&MemberKeys, MapError> {
    tweaks.get(&(version, kind)).ok_or(MapError::KeyVersionUnknown {
        index,
        given: version,
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
