//! The service's side: evaluate a batch of blinded elements under one member's key, with one proof.
//!
//! Sees no identifier and learns nothing about it. Knows no quota: whoever calls has charged it. A batch of 1,000 takes
//! about 60 ms of CPU: call it off the threads that serve others.

use voprf::{BlindedElement, Ristretto255, VoprfServer};

use super::{ELEMENTS_MAX, PROOF_BYTES, is_batch};
use crate::domain::clock::Entropy;
use crate::domain::token::KeyVersion;
use crate::identity::entropy::EntropyRng;
use crate::identity::token::{ELEMENT_BYTES, TokenError, parse_element};

/// Why an evaluation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// A batch is 1 to 1,000 elements.
    #[error("{given} blinded elements; expected 1 to {ELEMENTS_MAX}: split the batch")]
    BatchSize {
        /// The number that came.
        given: usize,
    },
    /// A blinded element is malformed.
    #[error("blinded element {index} {source}")]
    Element {
        /// Position in the batch, from 0.
        index: usize,
        /// What is wrong with it.
        source: TokenError,
    },
    /// There is no key of this version here.
    #[error("key version {} is not live: call GetTokenKeys for the versions that are", given.0)]
    KeyVersionUnknown {
        /// The version that was asked for.
        given: KeyVersion,
    },
}

impl EvaluateError {
    /// The stable code of the error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BatchSize { .. } => "BATCH_SIZE",
            Self::Element { source, .. } => source.code(),
            Self::KeyVersionUnknown { .. } => "KEY_VERSION_UNKNOWN",
        }
    }
}

/// The service's answer to a batch. Not secret: only who blinded can use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The evaluated elements, in request order.
    pub elements: Vec<[u8; ELEMENT_BYTES]>,
    /// One proof over the whole batch.
    pub proof: [u8; PROOF_BYTES],
}

/// Blinded elements that were checked and counted, ready for evaluation: what a quota is charged for.
pub struct BlindedBatch(Vec<BlindedElement<Ristretto255>>);

crate::redacted_debug!(BlindedBatch);

impl BlindedBatch {
    /// Checks size and every element, so that nothing malformed is charged or evaluated.
    ///
    /// # Errors
    /// [`EvaluateError::BatchSize`] and [`EvaluateError::Element`] of the first malformed one.
    pub fn parse(elements: &[impl AsRef<[u8]>]) -> Result<Self, EvaluateError> {
        if !is_batch(elements.len()) {
            return Err(EvaluateError::BatchSize {
                given: elements.len(),
            });
        }
        let parsed: Result<Vec<_>, _> = elements
            .iter()
            .enumerate()
            .map(|(index, element)| {
                parse_blinded(element.as_ref()).map_err(|source| EvaluateError::Element { index, source })
            })
            .collect();
        parsed.map(Self)
    }

    /// How many elements: 1 to 1,000.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

fn parse_blinded(bytes: &[u8]) -> Result<BlindedElement<Ristretto255>, TokenError> {
    // The crate reads the first 32 bytes of anything longer and names no reason: on refusal, look again for the reason.
    if bytes.len() != ELEMENT_BYTES {
        return Err(TokenError::Length { given: bytes.len() });
    }
    BlindedElement::deserialize(bytes)
        .map_err(|_| parse_element(bytes).err().unwrap_or(TokenError::NotCanonical))
}

/// Evaluates a batch under a member's key, which must be a canonical scalar and not 0.
pub(crate) fn evaluate(member_key: &[u8; 32], batch: &BlindedBatch, entropy: &dyn Entropy) -> Evaluation {
    let server = VoprfServer::<Ristretto255>::new_with_key(member_key)
        .expect("a product of two scalars that are not 0 is canonical and not 0");
    let result = server
        .batch_blind_evaluate(&mut EntropyRng(entropy), &batch.0)
        .expect("a parsed batch is far below the 65,535 elements that a proof can cover");
    Evaluation {
        elements: result
            .messages
            .iter()
            .map(|element| element.serialize().into())
            .collect(),
        proof: result.proof.serialize().into(),
    }
}
