//! The one secret of a cache, and the three keys that are made of it.
//!
//! Each use has a key of its own, HMAC-SHA-256 of its label under the secret, so that what one use shows (the check value
//! stands in the file in clear) says nothing about the others.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::clock::Entropy;
use crate::identity::keys::{KeyError, SECRET_BYTES, SecretSource, make_secret, read_secret};

const INDEX_LABEL: &[u8] = b"tallystick/v1/cache/index";
const SEAL_LABEL: &[u8] = b"tallystick/v1/cache/seal";
const CHECK_LABEL: &[u8] = b"tallystick/v1/cache/check";

/// Bytes of a key made of the secret.
pub(super) const SUBKEY_BYTES: usize = 32;

/// HMAC-SHA-256 under a key.
pub(super) fn mac(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// The secret of a member's cache. Whoever has it and the file can test guesses of identifiers.
pub struct CacheKey(Zeroizing<[u8; SECRET_BYTES]>);

crate::redacted_debug!(CacheKey);

impl CacheKey {
    /// Makes a new secret in a file of mode 0600, whose folder must be the owner's alone and is made if it is absent.
    ///
    /// # Errors
    /// [`KeyError::SecretExists`]: a secret is never overwritten; [`KeyError`] naming what the folder lacks.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        make_secret(path, entropy).map(Self)
    }

    /// Reads the secret from its file or command. Blocks on either.
    ///
    /// # Errors
    /// [`KeyError`] with what mends it.
    pub fn read(source: &SecretSource) -> Result<Self, KeyError> {
        read_secret(source).map(Self)
    }

    /// For the keyed hash of identifiers.
    pub(super) fn index_key(&self) -> Zeroizing<[u8; SUBKEY_BYTES]> {
        self.subkey(INDEX_LABEL)
    }

    /// For the sealing of tokens.
    pub(super) fn seal_key(&self) -> Zeroizing<[u8; SUBKEY_BYTES]> {
        self.subkey(SEAL_LABEL)
    }

    /// What the file holds in clear to tell one secret from another.
    pub(super) fn check_value(&self) -> Zeroizing<[u8; SUBKEY_BYTES]> {
        self.subkey(CHECK_LABEL)
    }

    fn subkey(&self, label: &[u8]) -> Zeroizing<[u8; SUBKEY_BYTES]> {
        let mut mac = mac(self.0.as_slice());
        mac.update(label);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
impl CacheKey {
    pub(super) fn of_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}
