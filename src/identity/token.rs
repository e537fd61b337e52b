//! Tokens: what one member calls one identifier.
//!
//! A token that exists is a canonical encoding of a group element that is not the identity: [`SubjectToken::parse`] is
//! the only way in from outside. It says nothing about the person: only the member that made it knows, and only the
//! ledger's keys turn it into the pseudonym that all members share.

use std::sync::OnceLock;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::IsIdentity;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::domain::token::{IdentifierType, KeyVersion, Token};

/// Bytes of a serialized group element: tokens, blinded and evaluated elements, public keys.
pub const ELEMENT_BYTES: usize = 32;

/// Why bytes are no group element. Never holds the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not 32 bytes.
    #[error("is {given} bytes long; expected 32: send the element as the client library returned it")]
    Length {
        /// The length that came.
        given: usize,
    },
    /// Not the canonical encoding of an element.
    #[error("is not a canonical ristretto255 element: send the 32 bytes as the client library returned them")]
    NotCanonical,
    /// The identity element, which names nobody.
    #[error(
        "is the identity element, which no identifier gives: check that blinding and unblinding succeeded"
    )]
    Identity,
    /// Key versions are 1 to 65,535.
    #[error(
        "key version {given} does not exist; expected 1 to 65535: call GetTokenKeys for the live versions"
    )]
    KeyVersion {
        /// The version that came.
        given: u32,
    },
}

impl TokenError {
    /// The stable code of the error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length { .. } => "TOKEN_LENGTH",
            Self::NotCanonical => "TOKEN_NOT_CANONICAL",
            Self::Identity => "TOKEN_IDENTITY_ELEMENT",
            Self::KeyVersion { .. } => "KEY_VERSION_UNKNOWN",
        }
    }
}

/// Parses a group element as both sides of the protocol must: canonical, not the identity.
pub(crate) fn parse_element(bytes: &[u8]) -> Result<RistrettoPoint, TokenError> {
    let compressed =
        CompressedRistretto::from_slice(bytes).map_err(|_| TokenError::Length { given: bytes.len() })?;
    let point = compressed.decompress().ok_or(TokenError::NotCanonical)?;
    if point.is_identity() {
        return Err(TokenError::Identity);
    }
    Ok(point)
}

/// A member's pseudonym of one identifier.
///
/// Keeps the element beside its encoding: decompressing costs a square root, and a token is parsed once and mapped once.
/// A token out of a member's own cache, which is only sent on, does without until somebody asks.
#[derive(Clone)]
pub struct SubjectToken {
    identifier_type: IdentifierType,
    key_version: KeyVersion,
    bytes: [u8; ELEMENT_BYTES],
    point: OnceLock<RistrettoPoint>,
}

crate::redacted_debug!(SubjectToken);

impl SubjectToken {
    /// Parses a token as it came from outside.
    ///
    /// # Errors
    /// [`TokenError`] when the bytes are not 32, not canonical or the identity, or the version is not 1 to 65,535.
    pub fn parse(
        identifier_type: IdentifierType,
        key_version: u32,
        bytes: &[u8],
    ) -> Result<Self, TokenError> {
        let token = Self::unproven(identifier_type, key_version, bytes)?;
        Ok(Self {
            point: OnceLock::from(parse_element(bytes)?),
            ..token
        })
    }

    /// Bytes that say they are a token, to be recognised by their digest and for nothing else: whether they are an element is
    /// not looked at. What was not recognised must be parsed.
    ///
    /// # Errors
    /// [`TokenError`] when the bytes are not 32, or the version is not 1 to 65,535.
    pub fn unproven(
        identifier_type: IdentifierType,
        key_version: u32,
        bytes: &[u8],
    ) -> Result<Self, TokenError> {
        let version = KeyVersion::of(key_version).ok_or(TokenError::KeyVersion { given: key_version })?;
        let bytes = bytes
            .try_into()
            .map_err(|_| TokenError::Length { given: bytes.len() })?;
        Ok(Self::of_unsealed(identifier_type, version, bytes))
    }

    /// A token that the algebra just computed; `bytes` must be the encoding of `point`.
    pub(crate) fn from_parts(
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        bytes: [u8; ELEMENT_BYTES],
        point: RistrettoPoint,
    ) -> Self {
        Self {
            identifier_type,
            key_version,
            bytes,
            point: OnceLock::from(point),
        }
    }

    /// A token whose bytes were another's when they were sealed, and were opened unchanged: not checked again.
    pub(crate) fn of_unsealed(
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        bytes: [u8; ELEMENT_BYTES],
    ) -> Self {
        Self {
            identifier_type,
            key_version,
            bytes,
            point: OnceLock::new(),
        }
    }

    /// The identifier's type, as the member says: hearsay, but a false one names nobody.
    pub fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }

    /// The key version under which it was evaluated.
    pub fn key_version(&self) -> KeyVersion {
        self.key_version
    }

    /// The encoding, for the wire and the client's encrypted cache only.
    pub fn expose_bytes(&self) -> &[u8; ELEMENT_BYTES] {
        &self.bytes
    }

    pub(crate) fn point(&self) -> &RistrettoPoint {
        self.point.get_or_init(|| {
            parse_element(&self.bytes).expect("the bytes were those of an element when they were sealed")
        })
    }
}

impl Token for SubjectToken {
    fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }
}

impl PartialEq for SubjectToken {
    /// Equal type, version and element; the element is compared in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.identifier_type == other.identifier_type
            && self.key_version == other.key_version
            && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}

impl Eq for SubjectToken {}

impl Drop for SubjectToken {
    fn drop(&mut self) {
        self.bytes.zeroize();
        if let Some(point) = self.point.get_mut() {
            point.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;

    const BASE: [u8; 32] = RISTRETTO_BASEPOINT_COMPRESSED.0;

    fn parse(version: u32, bytes: &[u8]) -> Result<SubjectToken, TokenError> {
        SubjectToken::parse(IdentifierType::Mobile, version, bytes)
    }

    #[test]
    fn a_canonical_element_is_taken_and_given_back() {
        let token = parse(3, &BASE).unwrap();
        assert_eq!(token.expose_bytes(), &BASE);
        assert_eq!(token.key_version(), KeyVersion(3));
        assert_eq!(token.identifier_type(), IdentifierType::Mobile);
    }

    #[test]
    fn what_is_no_element_is_refused_with_its_reason() {
        let mut field_order = [0xff; 32];
        (field_order[0], field_order[31]) = (0xed, 0x7f);
        let mut negative = [0; 32];
        negative[0] = 1;
        let mut high_bit = BASE;
        high_bit[31] |= 0x80;
        let cases: [(&[u8], TokenError); 9] = [
            (&[], TokenError::Length { given: 0 }),
            (&BASE[..31], TokenError::Length { given: 31 }),
            (&[7; 33], TokenError::Length { given: 33 }),
            // 0 encodes the identity; p is 0 once more, not reduced; 1 is negative; then no square, and an unused bit.
            (&[0; 32], TokenError::Identity),
            (&field_order, TokenError::NotCanonical),
            (&negative, TokenError::NotCanonical),
            (&[0xff; 32], TokenError::NotCanonical),
            (&high_bit, TokenError::NotCanonical),
            (
                b"+86138001380000000000000000000000",
                TokenError::Length { given: 33 },
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parse(1, bytes).unwrap_err(), expected);
        }
    }

    #[test]
    fn key_versions_are_1_to_65535() {
        assert_eq!(parse(0, &BASE).unwrap_err(), TokenError::KeyVersion { given: 0 });
        assert!(parse(1, &BASE).is_ok());
        assert!(parse(65_535, &BASE).is_ok());
        assert_eq!(
            parse(65_536, &BASE).unwrap_err(),
            TokenError::KeyVersion { given: 65_536 }
        );
    }

    #[test]
    fn an_unsealed_token_is_the_one_that_was_sealed() {
        let parsed = parse(2, &BASE).unwrap();
        let unsealed = SubjectToken::of_unsealed(IdentifierType::Mobile, KeyVersion(2), BASE);
        assert_eq!(unsealed, parsed);
        assert_eq!(unsealed.point(), parsed.point());
        assert_eq!(unsealed.clone(), parsed);
    }

    #[test]
    fn tokens_differ_by_type_version_and_element() {
        let token = parse(1, &BASE).unwrap();
        assert_eq!(token, token.clone());
        assert_ne!(token, parse(2, &BASE).unwrap());
        assert_ne!(
            token,
            SubjectToken::parse(IdentifierType::Passport, 1, &BASE).unwrap()
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        for error in [
            TokenError::Length { given: 3 },
            TokenError::NotCanonical,
            TokenError::Identity,
            TokenError::KeyVersion { given: 0 },
        ] {
            assert!(error.to_string().contains(':'), "{error}");
            assert!(error.code().chars().all(|c| c.is_ascii_uppercase() || c == '_'));
        }
    }
}
