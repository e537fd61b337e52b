//! From identifiers to tokens: blinded here, evaluated there, verified and unblinded here.

use std::collections::BTreeMap;

use super::{Client, ClientError};
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::normalise::NormalisedIdentifier;
use crate::identity::oprf::algebra::PublicKey;
use crate::identity::oprf::{ELEMENTS_MAX, client};
use crate::identity::token::SubjectToken;
use crate::wire::convert::code::{Coded, code_to_wire};
use crate::wire::pb;

/// The newest live key of each type.
pub(super) type TokenKeys = BTreeMap<IdentifierType, (KeyVersion, PublicKey)>;

impl Client {
    /// Tokens of identifiers, in their order. Each identifier costs one evaluation of the member's quota.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] when the service's proof does not hold: then there are no tokens at all;
    /// [`ClientError::Refused`] when the quota is used up.
    pub async fn tokenise(
        &mut self,
        identifiers: &[NormalisedIdentifier],
    ) -> Result<Vec<SubjectToken>, ClientError> {
        let keys = self.token_keys().await?;
        let mut tokens: Vec<Option<SubjectToken>> = vec![None; identifiers.len()];
        for identifier_type in IdentifierType::ALL {
            let places: Vec<usize> = (0..identifiers.len())
                .filter(|place| identifiers[*place].identifier_type() == identifier_type)
                .collect();
            for chunk in places.chunks(ELEMENTS_MAX) {
                let (version, key) = *keys.get(&identifier_type).ok_or(ClientError::NoKey)?;
                let batch: Vec<NormalisedIdentifier> =
                    chunk.iter().map(|place| identifiers[*place].clone()).collect();
                let evaluated = self.evaluate(&batch, identifier_type, version, key).await?;
                for (place, token) in chunk.iter().zip(evaluated) {
                    tokens[*place] = Some(token);
                }
            }
        }
        tokens
            .into_iter()
            .map(|token| token.ok_or(ClientError::Malformed { what: "token" }))
            .collect()
    }

    async fn evaluate(
        &self,
        batch: &[NormalisedIdentifier],
        identifier_type: IdentifierType,
        version: KeyVersion,
        key: PublicKey,
    ) -> Result<Vec<SubjectToken>, ClientError> {
        let blinded = client::blind(batch, &*self.entropy)?;
        let request = pb::EvaluateBlindedRequest {
            key_version: u32::from(version.0),
            blinded_elements: blinded
                .elements()
                .iter()
                .map(|element| element.to_vec())
                .collect(),
            r#type: code_to_wire(Some(identifier_type)),
        };
        let response = self.tokens().evaluate_blinded(request).await?.into_inner();
        Ok(client::finish(
            &blinded,
            key,
            version,
            &response.evaluated_elements,
            &response.proof,
        )?)
    }

    /// Asked once for each client: a key that is retired while it works is refused by the service.
    async fn token_keys(&mut self) -> Result<TokenKeys, ClientError> {
        if let Some(keys) = &self.keys {
            return Ok(keys.clone());
        }
        let response = self
            .tokens()
            .get_token_keys(pb::GetTokenKeysRequest {})
            .await?
            .into_inner();
        let mut keys = TokenKeys::new();
        for offered in response.keys.iter().filter(|key| key.retired_from.is_none()) {
            let identifier_type =
                IdentifierType::from_number(offered.r#type).ok_or(ClientError::Malformed {
                    what: "type of a key",
                })?;
            let version =
                u16::try_from(offered.version)
                    .map(KeyVersion)
                    .map_err(|_| ClientError::Malformed {
                        what: "version of a key",
                    })?;
            let key = PublicKey::parse(&offered.public_key)
                .map_err(|_| ClientError::Malformed { what: "public key" })?;
            let newest = keys.entry(identifier_type).or_insert((version, key));
            if newest.0 < version {
                *newest = (version, key);
            }
        }
        self.keys = Some(keys.clone());
        Ok(keys)
    }
}
