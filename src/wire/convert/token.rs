//! Tokens: how the caller names a subject.
//!
//! What a valid element is, and which key versions are in use, is another's knowledge: it comes in as [`ReadToken`].
//! Tokens leave here in type order; the paths of violations keep the caller's order. No violation holds a token.

use chrono::NaiveDate;

use super::code::{Coded, read_code};
use super::collect::{Collector, Path};
use super::date::{date_to_wire, read_optional_date};
use crate::domain::position::Liability;
use crate::domain::token::{IdentifierType, KeyVersion, Presented, Token, TokenRef};
use crate::domain::violation::Code;
use crate::wire::pb;

/// Why a token cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// Not 32 bytes, not the canonical encoding of an element, or the identity element.
    Invalid,
    /// No key of this version was ever in use.
    KeyVersionUnknown,
    /// Keys of this version are not in use any more.
    KeyVersionRetired,
}

/// Makes a token from its parts.
pub trait ReadToken {
    /// What it makes.
    type Token: Token;

    /// The token, or why it cannot be used. `value` is what the caller sent, of any length.
    fn read_token(
        &self,
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        value: &[u8],
    ) -> Result<Self::Token, TokenFault>;
}

/// A token that can be sent.
pub trait WireToken: Token {
    /// The key version it was evaluated under.
    fn key_version(&self) -> KeyVersion;

    /// Its 32 bytes.
    fn value(&self) -> &[u8; 32];
}

/// What reading a request needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a, R> {
    /// Makes tokens.
    pub tokens: &'a R,
    /// The civil date of now in the operator's zone.
    pub today: NaiveDate,
}

/// Reads the tokens of one subject, the repeated field `tokens` of the message at `parent`: 1 to 4, at most one of each
/// type. In type order.
pub fn read_tokens<R: ReadToken>(
    wire: &[pb::SubjectToken],
    parent: &Path<'_>,
    reading: &Reading<'_, R>,
    out: &mut Collector,
) -> Option<Vec<Presented<R::Token>>> {
    let most = Liability::<TokenRef>::TOKENS_MAX;
    let at = parent.field("tokens");
    if wire.is_empty() {
        out.absent(&at);
        return None;
    }
    if wire.len() > most {
        let text = format!("{} tokens; send at most {most}, one of each type", wire.len());
        out.refuse(Code::Format, &at, text);
        return None;
    }
    let mut seen = Vec::with_capacity(wire.len());
    let mut tokens = Vec::with_capacity(wire.len());
    for (index, token) in wire.iter().enumerate() {
        let at = parent.element("tokens", index);
        if token.r#type != 0 && seen.contains(&token.r#type) {
            let text = "another token has the same type; send one of each type";
            out.refuse(Code::TokenTypeRepeated, &at.field("type"), text);
        }
        seen.push(token.r#type);
        tokens.extend(read_presented(token, &at, reading, out));
    }
    tokens.sort_by_key(|presented| presented.token.identifier_type());
    (tokens.len() == wire.len()).then_some(tokens)
}

/// Reads one token with the day of its last proof.
pub fn read_presented<R: ReadToken>(
    wire: &pb::SubjectToken,
    at: &Path<'_>,
    reading: &Reading<'_, R>,
    out: &mut Collector,
) -> Option<Presented<R::Token>> {
    let identifier_type = read_code(wire.r#type, &at.field("type"), out);
    let verified_at = at.field("verified_on");
    let verified_on = read_optional_date(wire.verified_on, &verified_at, out);
    if let Some(date) = verified_on.flatten().filter(|date| *date > reading.today) {
        let text = format!(
            "verified_on is {date} but today is {}; say when proof was last seen",
            reading.today
        );
        out.refuse(Code::DateInFuture, &verified_at, text);
    }
    let version = read_key_version(wire.key_version, &at.field("key_version"), out);
    // Without its type or version a token cannot be judged, but its length can.
    let (Some(identifier_type), Some(version)) = (identifier_type, version) else {
        if wire.value.len() != 32 {
            refuse_token(TokenFault::Invalid, at, out);
        }
        return None;
    };
    match reading.tokens.read_token(identifier_type, version, &wire.value) {
        Ok(token) => verified_on.map(|verified_on| Presented { token, verified_on }),
        Err(fault) => {
            refuse_token(fault, at, out);
            None
        }
    }
}

/// Reads a key version: 1 to 65,535.
pub fn read_key_version(number: u32, at: &Path<'_>, out: &mut Collector) -> Option<KeyVersion> {
    let version = KeyVersion::of(number);
    if version.is_none() {
        let text = format!("key_version {number} was never in use; ask GetTokenKeys for those that are");
        out.refuse(Code::KeyVersionUnknown, at, text);
    }
    version
}

/// Adds why the token at `at` cannot be used.
pub fn refuse_token(fault: TokenFault, at: &Path<'_>, out: &mut Collector) {
    match fault {
        TokenFault::Invalid => out.refuse(
            Code::TokenInvalid,
            &at.field("value"),
            "it is not the canonical 32 bytes of a group element; send the unblinded evaluation as it is",
        ),
        TokenFault::KeyVersionUnknown => out.refuse(
            Code::KeyVersionUnknown,
            &at.field("key_version"),
            "the key version was never in use; ask GetTokenKeys for those that are",
        ),
        TokenFault::KeyVersionRetired => out.refuse(
            Code::KeyVersionRetired,
            &at.field("key_version"),
            "the key version is retired; evaluate the identifier again under a version that GetTokenKeys names",
        ),
    }
}

/// A token as the contract writes it.
pub fn token_to_wire<T: WireToken>(presented: &Presented<T>) -> pb::SubjectToken {
    pb::SubjectToken {
        r#type: presented.token.identifier_type().to_number(),
        value: presented.token.value().to_vec(),
        key_version: u32::from(presented.token.key_version().0),
        verified_on: presented.verified_on.map(date_to_wire),
    }
}

#[cfg(test)]
mod tests;
