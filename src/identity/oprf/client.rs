//! The member's side: blind identifiers, verify the service's proof, unblind to tokens.
//!
//! Pure but for the injected randomness; whoever talks to the service calls [`blind`] before and [`finish`] after. A token
//! exists only if the proof over the whole batch holds against the public key that the member was enrolled with.

use curve25519_dalek::scalar::Scalar;
use voprf::{EvaluationElement, Proof, Ristretto255, VoprfClient};
use zeroize::Zeroizing;

use super::algebra::{PublicKey, random_scalar, unblind};
use super::{ELEMENTS_MAX, PROOF_BYTES, is_batch};
use crate::domain::clock::Entropy;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::normalise::NormalisedIdentifier;
use crate::identity::token::{ELEMENT_BYTES, SubjectToken, TokenError, parse_element};

/// Why blinding or unblinding was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// A batch is 1 to 1,000 identifiers.
    #[error("{given} identifiers in one batch; expected 1 to {ELEMENTS_MAX}: split the batch")]
    BatchSize {
        /// The number that came.
        given: usize,
    },
    /// Each type has its own key.
    #[error("identifier {index} is of another type than the first: send one batch for each identifier type")]
    MixedTypes {
        /// Position in the batch, from 0.
        index: usize,
    },
    /// The service answered with another number of elements.
    #[error("the service returned {given} elements for {expected}: refuse it and tell its operator")]
    ElementCount {
        /// The number that came.
        given: usize,
        /// The number that was sent.
        expected: usize,
    },
    /// An evaluated element is malformed.
    #[error("evaluated element {index} {source}")]
    Element {
        /// Position in the batch, from 0.
        index: usize,
        /// What is wrong with it.
        source: TokenError,
    },
    /// The proof is malformed.
    #[error(
        "the service's proof is malformed; expected {PROOF_BYTES} bytes: refuse it and tell its operator"
    )]
    ProofMalformed,
    /// The proof does not hold for this public key.
    #[error(
        "the service's proof does not hold for the public key: it used another key, or the answer was changed on \
         the way; fetch the keys again, compare them with those of your enrolment, and tell its operator"
    )]
    ProofRefused,
    /// The protocol library refused an identifier; does not happen for normalised ones.
    #[error("the identifier cannot be blinded: normalise it again")]
    Blinding,
}

/// A batch on its way: what the service sees and what only the member knows.
pub struct Blinded {
    identifier_type: IdentifierType,
    elements: Vec<[u8; ELEMENT_BYTES]>,
    clients: Vec<VoprfClient<Ristretto255>>,
    blinds: Zeroizing<Vec<Scalar>>,
}

crate::redacted_debug!(Blinded);

impl Blinded {
    /// The elements to send, in the order of the identifiers. They tell nothing about them.
    pub fn elements(&self) -> &[[u8; ELEMENT_BYTES]] {
        &self.elements
    }

    /// The type of all identifiers of the batch.
    pub fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }
}

/// Blinds 1 to 1,000 identifiers of one type, each with a fresh scalar. About 40 µs each.
///
/// # Errors
/// [`ClientError::BatchSize`] and [`ClientError::MixedTypes`].
pub fn blind(identifiers: &[NormalisedIdentifier], entropy: &dyn Entropy) -> Result<Blinded, ClientError> {
    let given = identifiers.len();
    let first = identifiers
        .first()
        .filter(|_| is_batch(given))
        .ok_or(ClientError::BatchSize { given })?;
    let identifier_type = first.identifier_type();
    if let Some(index) = identifiers
        .iter()
        .position(|one| one.identifier_type() != identifier_type)
    {
        return Err(ClientError::MixedTypes { index });
    }
    let blinds: Zeroizing<Vec<Scalar>> = Zeroizing::new((0..given).map(|_| random_scalar(entropy)).collect());
    let inputs = identifiers.iter().map(NormalisedIdentifier::oprf_input);
    blind_inputs(identifier_type, inputs, blinds)
}

/// Blinds inputs with given scalars, none 0: apart from [`blind`] so that the RFC's vectors can be held against it.
pub(super) fn blind_inputs(
    identifier_type: IdentifierType,
    inputs: impl Iterator<Item = impl AsRef<[u8]>>,
    blinds: Zeroizing<Vec<Scalar>>,
) -> Result<Blinded, ClientError> {
    let (mut elements, mut clients) = (Vec::with_capacity(blinds.len()), Vec::with_capacity(blinds.len()));
    for (input, scalar) in inputs.zip(blinds.iter()) {
        let result = VoprfClient::<Ristretto255>::deterministic_blind_unchecked(input.as_ref(), *scalar)
            .map_err(|_| ClientError::Blinding)?;
        elements.push(result.message.serialize().into());
        clients.push(result.state);
    }
    Ok(Blinded {
        identifier_type,
        elements,
        clients,
        blinds,
    })
}

/// `T = k_m · H(x)` by who holds `k_m`: a blind by the key itself. `None` for a key that is no canonical scalar.
pub(crate) fn token_under(
    member_key: &[u8; 32],
    key_version: KeyVersion,
    identifier: &NormalisedIdentifier,
) -> Option<SubjectToken> {
    let key = Option::<Scalar>::from(Scalar::from_canonical_bytes(*member_key))?;
    let input = identifier.oprf_input();
    let blinded = VoprfClient::<Ristretto255>::deterministic_blind_unchecked(input.as_ref(), key).ok()?;
    let bytes = blinded.message.serialize();
    SubjectToken::parse(identifier.identifier_type(), key_version.0.into(), &bytes).ok()
}

/// Verifies the proof over the batch and unblinds to tokens, in the order of the identifiers. About 100 µs each.
///
/// `public_key` is the member's own for this type and version, as enrolled.
///
/// # Errors
/// [`ClientError`] when an element is malformed, missing or too many, or the proof does not hold: then there are no tokens
/// at all.
pub fn finish(
    blinded: &Blinded,
    public_key: PublicKey,
    key_version: KeyVersion,
    evaluated: &[impl AsRef<[u8]>],
    proof: &[u8],
) -> Result<Vec<SubjectToken>, ClientError> {
    let expected = blinded.elements.len();
    if evaluated.len() != expected {
        return Err(ClientError::ElementCount {
            given: evaluated.len(),
            expected,
        });
    }
    if proof.len() != PROOF_BYTES {
        return Err(ClientError::ProofMalformed);
    }
    let (mut points, mut messages) = (Vec::with_capacity(expected), Vec::with_capacity(expected));
    for (index, element) in evaluated.iter().enumerate() {
        let bytes = element.as_ref();
        points.push(parse_element(bytes).map_err(|source| ClientError::Element { index, source })?);
        messages.push(
            EvaluationElement::<Ristretto255>::deserialize(bytes).map_err(|_| ClientError::Element {
                index,
                source: TokenError::NotCanonical,
            })?,
        );
    }
    let proof = Proof::deserialize(proof).map_err(|_| ClientError::ProofMalformed)?;
    // The crate verifies only on the way to its own outputs, which it computes when asked for: nobody asks.
    let inputs: [&[u8]; 0] = [];
    VoprfClient::batch_finalize(&inputs, &blinded.clients, &messages, &proof, public_key.point())
        .map(drop)
        .map_err(|_| ClientError::ProofRefused)?;
    let tokens = unblind(&blinded.blinds, &points)
        .into_iter()
        .map(|(bytes, point)| SubjectToken::from_parts(blinded.identifier_type, key_version, bytes, point))
        .collect();
    Ok(tokens)
}
