//! The tokens that a member keeps, so that an identifier costs one evaluation and not one a night.
//!
//! A file of sealed tokens, found by a keyed hash of the identifier: it holds no identifier, no plain hash of one and no
//! token in clear. It is an aid and nothing more: a lost file costs evaluations, and whatever is wrong with an entry
//! (damage, another service's key, a retired version) makes it a miss. The invariant: a token comes out only if it was
//! put in for the same identifier under the public key that the service shows now.

mod error;
mod file;
mod key;
mod seal;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
pub(super) mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use error::CacheError;
pub use key::CacheKey;

use super::ServiceKeys;
use crate::domain::clock::SharedEntropy;
use crate::identity::normalise::NormalisedIdentifier;
use crate::identity::token::SubjectToken;
use file::CacheFile;
use seal::{Index, Sealed, Sealer};

/// A member's open cache. Clones are handles of one file, which closes with the last of them.
#[derive(Clone)]
pub struct TokenCache {
    file: Arc<Mutex<CacheFile>>,
    sealer: Arc<Sealer>,
    entropy: SharedEntropy,
}

crate::redacted_debug!(TokenCache);

impl TokenCache {
    /// Opens the cache in a file, or begins one when there is none. One process at a time.
    ///
    /// # Errors
    /// [`CacheError::InUse`] when it is open already; [`CacheError::WrongKey`] when it was made with another key;
    /// [`CacheError`] when the file is not a cache, is open to others, or cannot be used.
    pub fn open(path: &Path, key: &CacheKey, entropy: SharedEntropy) -> Result<Self, CacheError> {
        let sealer = Sealer::new(key);
        let file = CacheFile::open(path, &sealer)?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            sealer: Arc::new(sealer),
            entropy,
        })
    }

    /// The tokens kept for identifiers, in their order; `None` where there is none under a key of `keys`.
    ///
    /// Blocks on the file. Needs some 400 bytes of memory for each identifier, the tokens included.
    ///
    /// # Errors
    /// [`CacheError::Damaged`] when the file cannot be read any more; [`CacheError::Disk`].
    pub fn find(
        &self,
        identifiers: &[NormalisedIdentifier],
        keys: &ServiceKeys,
    ) -> Result<Vec<Option<SubjectToken>>, CacheError> {
        let indexes: Vec<Index> = identifiers.iter().map(|one| self.sealer.index(one)).collect();
        let sealed = self.locked().find(&indexes)?;
        let opened = identifiers.iter().zip(&indexes).zip(sealed);
        Ok(opened
            .map(|((identifier, index), sealed)| {
                self.sealer
                    .open(identifier.identifier_type(), index, keys, &sealed?)
            })
            .collect())
    }

    /// Keeps tokens, each with the identifier that it was made of, instead of what was kept for the same identifiers.
    ///
    /// All of them or none are there afterwards. They outlive the process on return; a loss of power may take back the
    /// latest, which costs their evaluation and nothing else. A token whose key is not in `keys` is passed over: nothing
    /// could find it. Blocks on the file.
    ///
    /// # Errors
    /// [`CacheError::Damaged`] and [`CacheError::Disk`]; then none of them is kept.
    pub fn keep(
        &self,
        entries: &[(NormalisedIdentifier, SubjectToken)],
        keys: &ServiceKeys,
    ) -> Result<(), CacheError> {
        let sealed: Vec<(Index, Sealed)> = entries
            .iter()
            .filter(|(identifier, token)| identifier.identifier_type() == token.identifier_type())
            .filter_map(|(identifier, token)| {
                let index = self.sealer.index(identifier);
                let sealed = self.sealer.seal(&index, token, keys, &*self.entropy)?;
                Some((index, sealed))
            })
            .collect();
        self.locked().keep(&sealed)
    }

    /// Whoever panicked with the file in hand left a transaction that was rolled back: the file is as before.
    fn locked(&self) -> MutexGuard<'_, CacheFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
