//! How a member's own file names somebody: by an identifier, or by a token that the member kept.

use super::normalise::NormalisedIdentifier;
use super::token::SubjectToken;
use crate::domain::token::{IdentifierType, Token};

/// One identifier or token of a file. Never printed.
#[derive(Clone, PartialEq)]
pub enum Named {
    /// To be tokenised before anything leaves the member.
    Identifier(NormalisedIdentifier),
    /// Tokenised before.
    Token(SubjectToken),
}

crate::redacted_debug!(Named);

impl Token for Named {
    fn identifier_type(&self) -> IdentifierType {
        match self {
            Self::Identifier(identifier) => identifier.identifier_type(),
            Self::Token(token) => token.identifier_type(),
        }
    }
}
