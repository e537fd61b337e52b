//! The public keys under which the service evaluates for this member.
//!
//! A token is `k · H(x)`, and `k · G` is published: two services with the same public key give the same tokens, and no
//! others do. So a public key is all that a kept token has to be bound to.

use std::collections::BTreeMap;

use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::oprf::algebra::PublicKey;

/// The member's public keys of every live version. None of them is secret.
#[derive(Debug, Clone, Default)]
pub struct ServiceKeys(BTreeMap<(IdentifierType, KeyVersion), PublicKey>);

impl ServiceKeys {
    /// The key of a type and version, if it is live.
    pub fn get(&self, identifier_type: IdentifierType, version: KeyVersion) -> Option<PublicKey> {
        self.0.get(&(identifier_type, version)).copied()
    }

    /// The newest version of a type and its key: what new tokens are made under.
    pub fn newest(&self, identifier_type: IdentifierType) -> Option<(KeyVersion, PublicKey)> {
        let versions = (identifier_type, KeyVersion(0))..=(identifier_type, KeyVersion(u16::MAX));
        let ((_, version), key) = self.0.range(versions).next_back()?;
        Some((*version, *key))
    }
}

impl FromIterator<(IdentifierType, KeyVersion, PublicKey)> for ServiceKeys {
    fn from_iter<I: IntoIterator<Item = (IdentifierType, KeyVersion, PublicKey)>>(keys: I) -> Self {
        let keys = keys.into_iter();
        Self(keys.map(|(kind, version, key)| ((kind, version), key)).collect())
    }
}
