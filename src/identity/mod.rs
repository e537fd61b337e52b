//! From identifier to token: normalisation, the verifiable OPRF, keys.
//!
//! A member's process normalises and blinds ([`normalise`], [`oprf::client`]); the token side evaluates ([`oprf::server`]
//! under [`keys::TokenKeys`]); the ledger side maps tokens to sealed pseudonyms ([`keys::LedgerKeys`]). No storage, no
//! quota, no wire. The one invariant: what names a person or opens a name (identifier, token, key) is a type that
//! zeroizes, prints as nothing and appears in no error.

pub mod entropy;
pub mod keys;
pub mod named;
pub mod normalise;
pub mod oprf;
pub mod token;

#[cfg(test)]
mod redaction_tests;
#[cfg(test)]
pub(crate) mod test_support;
