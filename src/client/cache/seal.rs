//! What an entry is: a keyed hash of the identifier, and the token sealed beside it.
//!
//! Sealed by AES-256-GCM-SIV (RFC 8452), which forgives a nonce that comes twice. Bound into the seal are the whole keyed
//! hash, the key version and the public key of the service: an entry that was moved to another place, that belongs to an
//! identifier with the same first bytes, or that was made under another key does not open. The hash covers the
//! identifier's type, since what is hashed begins with it.

use aes_gcm_siv::aead::AeadInPlace as _;
use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, Nonce, Tag};
use hmac::Mac as _;
use zeroize::Zeroizing;

use super::key::{CacheKey, SUBKEY_BYTES, mac};
use crate::client::ServiceKeys;
use crate::domain::clock::Entropy;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::normalise::NormalisedIdentifier;
use crate::identity::oprf::algebra::PublicKey;
use crate::identity::token::{ELEMENT_BYTES, SubjectToken};

const LABEL: &[u8; 25] = b"tallystick/v1/cache/entry";
const VERSION_BYTES: usize = 2;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const INDEX_BYTES: usize = 32;
const CONTEXT_BYTES: usize = LABEL.len() + VERSION_BYTES + ELEMENT_BYTES + INDEX_BYTES;

/// Bytes of a sealed token: key version, nonce, ciphertext, tag.
pub(super) const SEALED_BYTES: usize = VERSION_BYTES + NONCE_BYTES + ELEMENT_BYTES + TAG_BYTES;

/// A token as the file holds it.
pub(super) type Sealed = [u8; SEALED_BYTES];

/// HMAC-SHA-256 of an identifier under the cache's own key.
pub(super) struct Index([u8; INDEX_BYTES]);

impl Index {
    /// Where the entry is filed: the first eight bytes, since SQLite's shortest and fastest key is a number of 64 bits.
    ///
    /// In one of 370,000 caches some two of 10 million identifiers share them. The seal is bound to all 32 bytes: each of
    /// the two finds nothing where the other was filed last, and is evaluated again.
    pub(super) fn place(&self) -> i64 {
        let first = self.0.first_chunk().expect("a hash of 32 bytes has 8");
        i64::from_be_bytes(*first)
    }
}

/// Hashes identifiers and seals tokens under the keys of one cache.
pub(super) struct Sealer {
    index_key: Zeroizing<[u8; SUBKEY_BYTES]>,
    cipher: Aes256GcmSiv,
    check: Zeroizing<[u8; SUBKEY_BYTES]>,
}

impl Sealer {
    pub(super) fn new(key: &CacheKey) -> Self {
        Self {
            index_key: key.index_key(),
            cipher: Aes256GcmSiv::new(&(*key.seal_key()).into()),
            check: key.check_value(),
        }
    }

    /// What the file says of its key, in clear.
    pub(super) fn check(&self) -> &[u8; SUBKEY_BYTES] {
        &self.check
    }

    pub(super) fn index(&self, identifier: &NormalisedIdentifier) -> Index {
        let mut mac = mac(self.index_key.as_slice());
        mac.update(&identifier.oprf_input());
        Index(mac.finalize().into_bytes().into())
    }

    /// Seals a token; `None` when its key is not among `keys`.
    pub(super) fn seal(
        &self,
        index: &Index,
        token: &SubjectToken,
        keys: &ServiceKeys,
        entropy: &dyn Entropy,
    ) -> Option<Sealed> {
        let version = token.key_version();
        let key = keys.get(token.identifier_type(), version)?;
        let mut sealed = [0; SEALED_BYTES];
        let (head, rest) = sealed.split_first_chunk_mut::<VERSION_BYTES>()?;
        let (nonce, rest) = rest.split_first_chunk_mut::<NONCE_BYTES>()?;
        let (body, tail) = rest.split_first_chunk_mut::<ELEMENT_BYTES>()?;
        *head = version.0.to_be_bytes();
        entropy.fill(nonce);
        *body = *token.expose_bytes();
        let tag = self
            .cipher
            .encrypt_in_place_detached(&Nonce::from(*nonce), &context(index, version, key), body)
            .expect("AES-GCM-SIV takes 32 bytes");
        tail.copy_from_slice(&tag);
        Some(sealed)
    }

    /// Opens what was sealed for an identifier under a key that is live; `None` for anything else.
    pub(super) fn open(
        &self,
        identifier_type: IdentifierType,
        index: &Index,
        keys: &ServiceKeys,
        sealed: &Sealed,
    ) -> Option<SubjectToken> {
        let (head, rest) = sealed.split_first_chunk::<VERSION_BYTES>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let (body, tail) = rest.split_first_chunk::<ELEMENT_BYTES>()?;
        let tag: [u8; TAG_BYTES] = tail.try_into().ok()?;
        let version = KeyVersion(u16::from_be_bytes(*head));
        let key = keys.get(identifier_type, version)?;
        let mut token = Zeroizing::new(*body);
        self.cipher
            .decrypt_in_place_detached(
                &Nonce::from(*nonce),
                &context(index, version, key),
                token.as_mut_slice(),
                &Tag::from(tag),
            )
            .ok()?;
        Some(SubjectToken::of_unsealed(identifier_type, version, *token))
    }
}

/// What a seal is bound to. Every part has a fixed length, so that no two contexts have the same bytes.
fn context(index: &Index, version: KeyVersion, key: PublicKey) -> [u8; CONTEXT_BYTES] {
    let mut context = [0; CONTEXT_BYTES];
    let version = version.0.to_be_bytes();
    let key = key.to_bytes();
    let parts = LABEL.iter().chain(&version).chain(&key).chain(&index.0);
    for (place, byte) in context.iter_mut().zip(parts) {
        *place = *byte;
    }
    context
}
