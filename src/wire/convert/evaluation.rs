//! Token evaluations: blinded elements in, evaluated ones and keys out. Whether bytes are a group element, `identity`
//! decides.

use super::code::{Coded, read_code};
use super::collect::{Collector, Path};
use super::date::timestamp_to_wire;
use super::token::read_key_version;
use crate::domain::date::Timestamp;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// The most elements of one call.
pub const ELEMENTS_MAX: usize = 1_000;

/// Elements to evaluate, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Under the key of which type.
    pub identifier_type: IdentifierType,
    /// And of which version.
    pub key_version: KeyVersion,
    /// 1 to [`ELEMENTS_MAX`] strings that should be blinded elements, in request order.
    pub blinded_elements: Vec<[u8; 32]>,
}

/// A key that may be in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenKeyView {
    /// Its version.
    pub version: KeyVersion,
    /// The type it is for.
    pub identifier_type: IdentifierType,
    /// The caller's public key: an element of 32 bytes.
    pub public_key: [u8; 32],
    /// Since when.
    pub active_from: Timestamp,
    /// From when its tokens are refused, if an end is planned.
    pub retired_from: Option<Timestamp>,
}

/// Reads `EvaluateBlinded`.
pub fn read_evaluation(wire: &pb::EvaluateBlindedRequest) -> Result<Evaluation, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let identifier_type = read_code(wire.r#type, &root.field("type"), &mut out);
    let key_version = read_key_version(wire.key_version, &root.field("key_version"), &mut out);
    let blinded_elements = read_elements(&wire.blinded_elements, &mut out);
    let value = match (identifier_type, key_version, blinded_elements) {
        (Some(identifier_type), Some(key_version), Some(blinded_elements)) => Some(Evaluation {
            identifier_type,
            key_version,
            blinded_elements,
        }),
        _ => None,
    };
    out.finish(value)
}

fn read_elements(wire: &[Vec<u8>], out: &mut Collector) -> Option<Vec<[u8; 32]>> {
    let root = Path::Root;
    let at = root.field("blinded_elements");
    if wire.is_empty() {
        out.absent(&at);
        return None;
    }
    if wire.len() > ELEMENTS_MAX {
        out.refuse(
            Code::Format,
            &at,
            format!("{} elements; at most {ELEMENTS_MAX} in one call", wire.len()),
        );
        return None;
    }
    let mut elements = Vec::with_capacity(wire.len());
    for (index, element) in wire.iter().enumerate() {
        match <[u8; 32]>::try_from(element.as_slice()) {
            Ok(element) => elements.push(element),
            Err(_) => refuse_element(index, out),
        }
    }
    (elements.len() == wire.len()).then_some(elements)
}

/// Adds that the blinded element of that place, from 0, is none.
pub fn refuse_element(index: usize, out: &mut Collector) {
    out.refuse(
        Code::TokenInvalid,
        &Path::Root.element("blinded_elements", index),
        "it is not the canonical 32 bytes of a group element; blind the identifier again",
    );
}

/// `EvaluateBlinded` as the contract writes it.
pub fn evaluation_to_wire(evaluation: &Evaluation) -> pb::EvaluateBlindedRequest {
    pb::EvaluateBlindedRequest {
        key_version: u32::from(evaluation.key_version.0),
        blinded_elements: to_bytes(&evaluation.blinded_elements),
        r#type: evaluation.identifier_type.to_number(),
    }
}

/// What `EvaluateBlinded` answers: the evaluated elements in request order and one proof over them.
pub fn evaluated_to_wire(elements: &[[u8; 32]], proof: &[u8; 64]) -> pb::EvaluateBlindedResponse {
    pb::EvaluateBlindedResponse {
        evaluated_elements: to_bytes(elements),
        proof: proof.to_vec(),
    }
}

fn to_bytes(elements: &[[u8; 32]]) -> Vec<Vec<u8>> {
    elements.iter().map(|element| element.to_vec()).collect()
}

/// A key as the contract writes it.
pub fn token_key_to_wire(key: &TokenKeyView) -> pb::TokenKey {
    pb::TokenKey {
        version: u32::from(key.version.0),
        public_key: key.public_key.to_vec(),
        r#type: key.identifier_type.to_number(),
        active_from: Some(timestamp_to_wire(key.active_from)),
        retired_from: key.retired_from.map(timestamp_to_wire),
    }
}

#[cfg(test)]
mod tests;
