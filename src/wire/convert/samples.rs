//! Tokens and messages for the tests of conversions.

use super::position::position_to_wire;
use super::token::{ReadToken, Reading, TokenFault, WireToken};
use crate::domain::inquiry::Inquiry;
use crate::domain::position::Position;
use crate::domain::token::{IdentifierType, KeyVersion, Presented, Token, TokenRef};
use crate::domain::validation::samples;
use crate::wire::pb;

/// The request id of samples.
pub(crate) const REQUEST_ID: &str = "6f1c1f0e-8b7e-4a57-9a8e-3f0f6b1f7c11";

/// A token of the tests: any 32 bytes but zeros, of key version 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TestToken {
    pub(crate) identifier_type: IdentifierType,
    pub(crate) key_version: KeyVersion,
    pub(crate) value: [u8; 32],
}

impl Token for TestToken {
    fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }
}

impl WireToken for TestToken {
    fn key_version(&self) -> KeyVersion {
        self.key_version
    }

    fn value(&self) -> &[u8; 32] {
        &self.value
    }
}

/// Reads [`TestToken`]s: version 1 is in use, 2 is retired.
pub(crate) struct TestTokens;

impl ReadToken for TestTokens {
    type Token = TestToken;

    fn read_token(
        &self,
        identifier_type: IdentifierType,
        key_version: KeyVersion,
        value: &[u8],
    ) -> Result<TestToken, TokenFault> {
        match key_version {
            KeyVersion(1) => {}
            KeyVersion(2) => return Err(TokenFault::KeyVersionRetired),
            KeyVersion(_) => return Err(TokenFault::KeyVersionUnknown),
        }
        match <[u8; 32]>::try_from(value) {
            Ok(value) if value != [0; 32] => Ok(TestToken {
                identifier_type,
                key_version,
                value,
            }),
            Ok(_) | Err(_) => Err(TokenFault::Invalid),
        }
    }
}

/// Reads on the day of the samples.
pub(crate) fn reading() -> Reading<'static, TestTokens> {
    Reading {
        tokens: &TestTokens,
        today: samples::today(),
    }
}

fn test_token(token: TokenRef) -> TestToken {
    let mut value = [0xEE; 32];
    value[..8].copy_from_slice(&token.token_id.0.to_be_bytes());
    TestToken {
        identifier_type: token.identifier_type,
        key_version: KeyVersion(1),
        value,
    }
}

/// The same position with tokens that can be sent.
pub(crate) fn sendable(position: Position<TokenRef>) -> Position<TestToken> {
    position
        .try_map_tokens(|token| Ok::<_, std::convert::Infallible>(test_token(token)))
        .unwrap()
}

/// The same token so that it can be sent.
pub(crate) fn sendable_presented(presented: &Presented<TokenRef>) -> Presented<TestToken> {
    Presented {
        token: test_token(presented.token),
        verified_on: presented.verified_on,
    }
}

/// The same inquiry with tokens that can be sent.
pub(crate) fn sendable_inquiry(inquiry: Inquiry<TokenRef>) -> Inquiry<TestToken> {
    Inquiry {
        tokens: inquiry.tokens.iter().map(sendable_presented).collect(),
        purpose: inquiry.purpose,
        consent: inquiry.consent,
        currency: inquiry.currency,
    }
}

/// A valid position as the contract writes it.
pub(crate) fn wire_position() -> pb::Position {
    position_to_wire(&sendable(samples::position()))
}

/// A valid token as the contract writes it.
pub(crate) fn wire_token(identifier_type: pb::IdentifierType) -> pb::SubjectToken {
    pb::SubjectToken {
        r#type: identifier_type.into(),
        value: vec![7; 32],
        key_version: 1,
        verified_on: None,
    }
}
