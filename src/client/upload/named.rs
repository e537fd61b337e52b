//! From records that name people as a member does to records under the member's tokens, a slice at a time.

use crate::client::evaluate::Evaluator;
use crate::client::{ClientError, Tokeniser};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::identity::named::Named;
use crate::identity::token::SubjectToken;

/// Puts tokens in the place of all identifiers, whose evaluations are asked for together. Tokens of the file stay.
///
/// # Errors
/// As [`Tokeniser::tokenise`]; the records are lost then.
pub async fn tokenise_records<E: Evaluator>(
    tokeniser: &mut Tokeniser<E>,
    records: Vec<BatchRecord<Named>>,
) -> Result<Vec<BatchRecord<SubjectToken>>, ClientError> {
    let mut identifiers = Vec::new();
    for record in &records {
        let BatchRecord::Position(record) = record else {
            continue;
        };
        let liabilities = &record.position.liabilities;
        for shown in liabilities.iter().flat_map(|liability| &liability.tokens) {
            if let Named::Identifier(identifier) = &shown.token {
                identifiers.push(identifier.clone());
            }
        }
    }
    let made = tokeniser.tokenise(&identifiers).await?;
    let mut made = made.tokens.into_iter();
    records
        .into_iter()
        .map(|record| under_tokens(record, &mut made))
        .collect()
}

fn under_tokens(
    record: BatchRecord<Named>,
    made: &mut impl Iterator<Item = SubjectToken>,
) -> Result<BatchRecord<SubjectToken>, ClientError> {
    let record = match record {
        BatchRecord::Deletion { account_ref, reason } => {
            return Ok(BatchRecord::Deletion { account_ref, reason });
        }
        BatchRecord::Position(record) => record,
    };
    let position = record.position.try_map_tokens(|named| match named {
        Named::Token(token) => Ok(token),
        Named::Identifier(_) => made.next().ok_or(ClientError::Malformed { what: "token" }),
    })?;
    Ok(BatchRecord::Position(PositionRecord {
        position,
        event: record.event,
        correction_reason: record.correction_reason,
    }))
}
