//! How positions and inquiries name a subject.
//!
//! The same liability is seen in three forms, one type parameter apart: with the caller's tokens (edge), with sealed
//! pseudonyms (units of work) and with token numbers (stored). Pseudonyms are opaque here: only equality matters.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::names::{SubjectId, TokenId};
use crate::redacted_debug;

/// The kind of identifier a token was derived from. The order is the precedence of semantics: a subject created by an
/// inquiry takes its strong token in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IdentifierType {
    /// Resident identity number. Strong.
    NationalId,
    /// Passport or travel permit. Strong.
    Passport,
    /// Unified social credit code of an enterprise. Strong; never with a personal identifier.
    EnterpriseCode,
    /// Mobile number. Weak: links, never merges.
    Mobile,
}

impl IdentifierType {
    /// Every type, in order.
    pub const ALL: [Self; 4] = [
        Self::NationalId,
        Self::Passport,
        Self::EnterpriseCode,
        Self::Mobile,
    ];

    /// Whether equal tokens of this type are the same subject.
    pub const fn is_strong(self) -> bool {
        !matches!(self, Self::Mobile)
    }

    /// The name in token inputs and reports: `NATIONAL_ID`, `MOBILE`, ….
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NationalId => "NATIONAL_ID",
            Self::Passport => "PASSPORT",
            Self::EnterpriseCode => "ENTERPRISE_CODE",
            Self::Mobile => "MOBILE",
        }
    }
}

/// A version of the token keys, 1 and up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyVersion(pub u16);

impl KeyVersion {
    /// A number as the wire carries it, if it is 1 to 65,535.
    pub fn of(number: u32) -> Option<Self> {
        u16::try_from(number)
            .ok()
            .filter(|version| *version > 0)
            .map(Self)
    }
}

/// The service's pseudonym of one identifier, sealed: equal for all members, opened by nobody without the sealing key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym {
    /// The identifier's type.
    pub identifier_type: IdentifierType,
    /// The key version of the pseudonym inside.
    pub key_version: KeyVersion,
    /// AES-256-SIV output: 16 bytes of synthetic IV, 32 of ciphertext.
    pub sealed: [u8; 48],
}

redacted_debug!(Pseudonym);

/// Keyed hashes of the tokens of a position, 16 bytes for each liable person, in order: equal for equal tokens, and nothing
/// about them without the key.
pub type TokenDigests = Vec<u8>;

/// A token as stored with a position: its number and type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenRef {
    /// The identifier's type.
    pub identifier_type: IdentifierType,
    /// The token's number.
    pub token_id: TokenId,
}

/// A token of a report as a unit of work sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// By its sealed pseudonym.
    Sealed(Pseudonym),
    /// By its number: it was recognised as the one on file.
    OnFile(TokenRef),
}

impl From<Pseudonym> for Shown {
    fn from(pseudonym: Pseudonym) -> Self {
        Self::Sealed(pseudonym)
    }
}

/// What every form of a token can tell.
pub trait Token: Clone + PartialEq {
    /// The identifier's type.
    fn identifier_type(&self) -> IdentifierType;
}

impl Token for Pseudonym {
    fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }
}

impl Token for Shown {
    fn identifier_type(&self) -> IdentifierType {
        match self {
            Self::Sealed(pseudonym) => pseudonym.identifier_type,
            Self::OnFile(token) => token.identifier_type,
        }
    }
}

impl Token for IdentifierType {
    fn identifier_type(&self) -> IdentifierType {
        *self
    }
}

impl Token for TokenRef {
    fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }
}

/// A token with the day on which the member last saw proof that the subject controls the identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented<T> {
    /// The token, in one of its forms.
    pub token: T,
    /// Last proof of control, if any.
    pub verified_on: Option<NaiveDate>,
}

/// A token on file: which subject it means now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRow {
    /// The token's number.
    pub token_id: TokenId,
    /// The identifier's type.
    pub identifier_type: IdentifierType,
    /// The subject it belongs to; of a mobile, the mobile-only subject of the number.
    pub subject_id: SubjectId,
}
