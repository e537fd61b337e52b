//! Members' tokens: read against the key versions in use, sent as they are.

use std::collections::BTreeSet;

use super::token::{ReadToken, TokenFault, WireToken};
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::token::SubjectToken;

/// The key versions that tokens may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyVersions {
    /// In use.
    pub live: BTreeSet<KeyVersion>,
    /// In use once.
    pub retired: BTreeSet<KeyVersion>,
}

impl ReadToken for KeyVersions {
    type Token = SubjectToken;

    fn read_token(
        &self,
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        value: &[u8],
    ) -> Result<SubjectToken, TokenFault> {
        self.check(key_version)?;
        SubjectToken::parse(identifier_type, u32::from(key_version.0), value).map_err(|_| TokenFault::Invalid)
    }
}

/// Reads tokens to recognise them, without the square root that it costs to see whether they are elements.
#[derive(Debug, Clone, Copy)]
pub struct Unproven<'v>(pub &'v KeyVersions);

impl ReadToken for Unproven<'_> {
    type Token = SubjectToken;

    fn read_token(
        &self,
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        value: &[u8],
    ) -> Result<SubjectToken, TokenFault> {
        self.0.check(key_version)?;
        SubjectToken::unproven(identifier_type, u32::from(key_version.0), value)
            .map_err(|_| TokenFault::Invalid)
    }
}

impl KeyVersions {
    fn check(&self, key_version: KeyVersion) -> Result<(), TokenFault> {
        if self.retired.contains(&key_version) {
            return Err(TokenFault::KeyVersionRetired);
        }
        match self.live.contains(&key_version) {
            true => Ok(()),
            false => Err(TokenFault::KeyVersionUnknown),
        }
    }
}

/// A client reads its own tokens back, of whatever version.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyVersion;

impl ReadToken for AnyVersion {
    type Token = SubjectToken;

    fn read_token(
        &self,
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        value: &[u8],
    ) -> Result<SubjectToken, TokenFault> {
        SubjectToken::parse(identifier_type, u32::from(key_version.0), value).map_err(|_| TokenFault::Invalid)
    }
}

impl WireToken for SubjectToken {
    fn key_version(&self) -> KeyVersion {
        self.key_version()
    }

    fn value(&self) -> &[u8; 32] {
        self.expose_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED as BASE;

    #[test]
    fn only_live_versions_and_canonical_elements_are_read() {
        let versions = KeyVersions {
            live: BTreeSet::from([KeyVersion(2)]),
            retired: BTreeSet::from([KeyVersion(1)]),
        };
        let read = |version, bytes: &[u8]| {
            versions
                .read_token(IdentifierType::Mobile, KeyVersion(version), bytes)
                .map(|token| *token.value())
        };
        assert_eq!(read(2, &BASE.0), Ok(BASE.0));
        assert_eq!(read(1, &BASE.0), Err(TokenFault::KeyVersionRetired));
        assert_eq!(read(3, &BASE.0), Err(TokenFault::KeyVersionUnknown));
        assert_eq!(read(2, &[0; 32]), Err(TokenFault::Invalid), "the identity");
        assert_eq!(read(2, &BASE.0[1..]), Err(TokenFault::Invalid), "too short");
    }
}
