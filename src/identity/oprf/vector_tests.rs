//! RFC 9497's vectors and ours, which a second implementation made.

use std::collections::BTreeMap;

use serde_json::Value;

use super::algebra::{MasterKey, PublicKey, TweakKey};
use super::client::{self, blind_inputs};
use super::server::{self, BlindedBatch};
use super::tests::{MOBILE, V1, bytes, evaluate, finalize, member, pseudonyms, public_key, scalars};
use crate::domain::clock::Entropy;
use crate::domain::token::IdentifierType;
use crate::identity::keys::{LedgerKeys, TokenKeys};
use crate::identity::test_support::{hex, unhex};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/identity.json")).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// Gives the scalar of an RFC vector to whoever asks for 64 random bytes.
struct FixedScalar([u8; 32]);

impl Entropy for FixedScalar {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
        out[..32].copy_from_slice(&self.0);
    }
}

#[test]
fn rfc_9497_vectors_of_the_verifiable_mode_pass_on_both_sides() {
    let rfc = &vectors()["rfc9497"];
    let key: [u8; 32] = bytes(text(rfc, "skSm"));
    let public = PublicKey::parse(&unhex(text(rfc, "pkSm"))).unwrap();
    for case in rfc["vectors"].as_array().unwrap() {
        let inputs: Vec<Vec<u8>> = texts(&case["Input"]).iter().map(|input| unhex(input)).collect();
        let blinds = texts(&case["Blind"]);
        let blinded = blind_inputs(MOBILE, inputs.iter(), scalars(&blinds)).unwrap();
        let sent: Vec<String> = blinded.elements().iter().map(|element| hex(element)).collect();
        assert_eq!(sent, texts(&case["BlindedElement"]));

        let batch = BlindedBatch::parse(blinded.elements()).unwrap();
        let random = FixedScalar(bytes(text(case, "ProofRandomScalar")));
        let evaluation = server::evaluate(&key, &batch, &random);
        let evaluated: Vec<String> = evaluation.elements.iter().map(|element| hex(element)).collect();
        assert_eq!(evaluated, texts(&case["EvaluationElement"]));
        assert_eq!(hex(&evaluation.proof), text(case, "Proof"));

        // Our tokens are the elements that the RFC's Finalize would hash.
        let tokens = client::finish(&blinded, public, V1, &evaluation.elements, &evaluation.proof).unwrap();
        for ((token, input), output) in tokens.iter().zip(&inputs).zip(texts(&case["Output"])) {
            assert_eq!(finalize(input, token.expose_bytes()), output);
        }
    }
}

#[test]
fn the_protocol_vectors_hold_from_identifier_to_sealed_pseudonym() {
    let vectors = vectors();
    let protocol = &vectors["protocol"];
    let master = MasterKey::parse(bytes(text(protocol, "master_key"))).unwrap();
    assert_eq!(
        hex(&master.public().to_bytes()),
        text(protocol, "master_public_key")
    );
    let keys = TokenKeys::of_parts(
        BTreeMap::from([(V1, master)]),
        TweakKey::new(bytes(text(protocol, "tweak_key"))),
    );
    let ledger = LedgerKeys::ephemeral(&keys, &FixedSeal(bytes(text(protocol, "sealing_key"))));
    for case in protocol["cases"].as_array().unwrap() {
        let who = member(text(case, "member"));
        let kind = IdentifierType::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text(case, "type"))
            .unwrap();
        let key = public_key(&keys, &who, V1, kind);
        assert_eq!(hex(&key.to_bytes()), text(case, "member_public_key"));

        let blind = vec![text(case, "blind").to_owned()];
        let input = unhex(text(case, "input"));
        let blinded = blind_inputs(kind, [&input].into_iter(), scalars(&blind)).unwrap();
        assert_eq!(hex(&blinded.elements()[0]), text(case, "blinded_element"));
        let evaluation = evaluate(&keys, &who, V1, &blinded);
        assert_eq!(hex(&evaluation.elements[0]), text(case, "evaluated_element"));
        let made = client::finish(&blinded, key, V1, &evaluation.elements, &evaluation.proof).unwrap();
        assert_eq!(hex(made[0].expose_bytes()), text(case, "token"));
        let sealed = pseudonyms(&ledger, &who, &made);
        assert_eq!(hex(&sealed[0].sealed), text(case, "sealed_pseudonym"));
        assert_eq!(hex(&ledger.token_digest(&made)), text(case, "token_digest"));
    }
}

/// Hands out the sealing key of the vectors, then zeroes.
struct FixedSeal([u8; 64]);

impl Entropy for FixedSeal {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
        let length = out.len().min(64);
        out[..length].copy_from_slice(&self.0[..length]);
    }
}
