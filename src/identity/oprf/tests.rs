//! The protocol whole: two members, the crate's own sides against ours, rotation, and what must be refused.

use std::collections::BTreeMap;

use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;
use voprf::{EvaluationElement, Proof, Ristretto255, VoprfClient, VoprfServer};
use zeroize::Zeroizing;

use super::algebra::{MasterKey, PublicKey, TweakKey};
use super::client::{self, Blinded, ClientError, blind_inputs};
use super::server::{BlindedBatch, EvaluateError, Evaluation};
use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion, Pseudonym};
use crate::identity::keys::{LedgerKeys, TokenKeys};
use crate::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};
use crate::identity::test_support::{TestEntropy, hex, unhex};
use crate::identity::token::{SubjectToken, TokenError};

pub(super) const V1: KeyVersion = KeyVersion(1);
const V2: KeyVersion = KeyVersion(2);
pub(super) const MOBILE: IdentifierType = IdentifierType::Mobile;

pub(super) fn bytes<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}

pub(super) fn scalars(texts: &[String]) -> Zeroizing<Vec<Scalar>> {
    Zeroizing::new(
        texts
            .iter()
            .map(|text| Scalar::from_canonical_bytes(bytes(text)).unwrap())
            .collect(),
    )
}

pub(super) fn member(name: &str) -> MemberId {
    MemberId::parse(name).unwrap()
}

fn rules() -> Rules {
    Rules::on(chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap())
}

fn mobiles(range: std::ops::Range<u32>) -> Vec<NormalisedIdentifier> {
    range
        .map(|number| {
            Identifier::mobile(format!("+86138{number:08}"))
                .normalise(&rules())
                .unwrap()
                .identifier
        })
        .collect()
}

fn token_keys(entropy: &TestEntropy) -> TokenKeys {
    let masters = BTreeMap::from([
        (V1, MasterKey::generate(entropy)),
        (V2, MasterKey::generate(entropy)),
    ]);
    TokenKeys::of_parts(masters, TweakKey::new([9; 64]))
}

pub(super) fn public_key(
    keys: &TokenKeys,
    member: &MemberId,
    version: KeyVersion,
    kind: IdentifierType,
) -> PublicKey {
    let keys = keys.public_keys(member);
    let found = keys
        .iter()
        .find(|key| key.key_version == version && key.identifier_type == kind);
    found.unwrap().public_key
}

pub(super) fn evaluate(
    keys: &TokenKeys,
    member: &MemberId,
    version: KeyVersion,
    blinded: &Blinded,
) -> Evaluation {
    let batch = BlindedBatch::parse(blinded.elements()).unwrap();
    keys.evaluate(
        member,
        version,
        blinded.identifier_type(),
        &batch,
        &TestEntropy::new(5),
    )
    .unwrap()
}

fn tokens(
    keys: &TokenKeys,
    member: &MemberId,
    version: KeyVersion,
    identifiers: &[NormalisedIdentifier],
    seed: u64,
) -> Vec<SubjectToken> {
    let blinded = client::blind(identifiers, &TestEntropy::new(seed)).unwrap();
    let evaluation = evaluate(keys, member, version, &blinded);
    let key = public_key(keys, member, version, blinded.identifier_type());
    client::finish(&blinded, key, version, &evaluation.elements, &evaluation.proof).unwrap()
}

pub(super) fn pseudonyms(ledger: &LedgerKeys, member: &MemberId, tokens: &[SubjectToken]) -> Vec<Pseudonym> {
    let keys: Vec<_> = tokens
        .iter()
        .map(|t| ledger.member_keys(member, t.key_version(), t.identifier_type()))
        .collect();
    ledger.pseudonyms(keys.iter().zip(tokens))
}

/// RFC 9497, section 3.3.2, from the unblinded element on.
pub(super) fn finalize(input: &[u8], element: &[u8; 32]) -> String {
    use sha2::{Digest, Sha512};
    let mut hash = Sha512::new();
    hash.update(u16::try_from(input.len()).unwrap().to_be_bytes());
    hash.update(input);
    hash.update(32_u16.to_be_bytes());
    hash.update(element);
    hash.update(b"Finalize");
    hex(&hash.finalize())
}

#[test]
fn on_the_wire_the_service_is_a_plain_voprf_server() {
    // The crate's own client against our server, and our client against the crate's server.
    let (random, who) = (TestEntropy::new(1), member("bank-a"));
    let keys = token_keys(&random);
    let key = public_key(&keys, &who, V1, MOBILE);
    let mut rng = crate::identity::entropy::EntropyRng(&random);

    let theirs = VoprfClient::<Ristretto255>::blind(b"input", &mut rng).unwrap();
    let batch = BlindedBatch::parse(&[theirs.message.serialize()]).unwrap();
    let evaluation = keys.evaluate(&who, V1, MOBILE, &batch, &random).unwrap();
    let element = EvaluationElement::deserialize(&evaluation.elements[0]).unwrap();
    let proof = Proof::deserialize(&evaluation.proof).unwrap();
    let output = theirs
        .state
        .finalize(b"input", &element, &proof, key.point())
        .unwrap();

    let ours = blind_inputs(
        MOBILE,
        [b"input"].into_iter(),
        scalars(&[hex(&Scalar::from(77_u8).to_bytes())]),
    )
    .unwrap();
    let evaluation = evaluate(&keys, &who, V1, &ours);
    let token = client::finish(&ours, key, V1, &evaluation.elements, &evaluation.proof).unwrap();
    assert_eq!(finalize(b"input", token[0].expose_bytes()), hex(&output));

    let server = VoprfServer::<Ristretto255>::new(&mut rng).unwrap();
    let blinded = client::blind(&mobiles(0..1), &random).unwrap();
    let message = voprf::BlindedElement::deserialize(&blinded.elements()[0]).unwrap();
    let answer = server.blind_evaluate(&mut rng, &message);
    let public = PublicKey::parse(&server.get_public_key().compress().to_bytes()).unwrap();
    let made = client::finish(
        &blinded,
        public,
        V1,
        &[answer.message.serialize()],
        &answer.proof.serialize(),
    );
    assert_eq!(made.unwrap().len(), 1);
}

#[test]
fn a_token_does_not_depend_on_blind_or_batch() {
    let (keys, who) = (token_keys(&TestEntropy::new(1)), member("bank-a"));
    let identifiers = mobiles(0..9);
    let together = tokens(&keys, &who, V1, &identifiers, 10);
    for (one, token) in identifiers.iter().zip(&together) {
        assert!(tokens(&keys, &who, V1, std::slice::from_ref(one), 11) == std::slice::from_ref(token));
    }
    let (first, second) = (
        client::blind(&identifiers, &TestEntropy::new(10)).unwrap(),
        client::blind(&identifiers, &TestEntropy::new(11)).unwrap(),
    );
    assert!(
        first
            .elements()
            .iter()
            .zip(second.elements())
            .all(|(a, b)| a != b)
    );
}

#[test]
fn two_members_have_different_tokens_that_meet_in_one_pseudonym() {
    let keys = token_keys(&TestEntropy::new(1));
    let ledger = LedgerKeys::ephemeral(&keys, &TestEntropy::new(2));
    let (a, b, people) = (member("bank-a"), member("bank-b"), mobiles(0..5));
    let (of_a, of_b) = (
        tokens(&keys, &a, V1, &people, 3),
        tokens(&keys, &b, V1, &people, 4),
    );
    let (sealed_a, sealed_b) = (pseudonyms(&ledger, &a, &of_a), pseudonyms(&ledger, &b, &of_b));
    assert!(sealed_a == sealed_b);
    for (at, token) in of_a.iter().enumerate() {
        assert!(of_b.iter().all(|other| other != token));
        assert!(sealed_a.iter().filter(|other| **other == sealed_a[at]).count() == 1);
        // And back: each member sees its own token again.
        let own = ledger
            .token(&ledger.member_keys(&b, V1, MOBILE), &sealed_a[at])
            .unwrap();
        assert_eq!(own, of_b[at]);
    }
}

#[test]
fn a_token_under_another_member_type_or_version_names_nobody() {
    let keys = token_keys(&TestEntropy::new(1));
    let ledger = LedgerKeys::ephemeral(&keys, &TestEntropy::new(2));
    let (a, b, people) = (member("bank-a"), member("bank-b"), mobiles(0..1));
    let token = tokens(&keys, &a, V1, &people, 3).remove(0);
    let named = pseudonyms(&ledger, &a, std::slice::from_ref(&token)).remove(0);

    let stolen = pseudonyms(&ledger, &b, std::slice::from_ref(&token)).remove(0);
    assert!(stolen.sealed != named.sealed);
    for (kind, version) in [
        (IdentifierType::NationalId, 1),
        (IdentifierType::Passport, 1),
        (MOBILE, 2),
    ] {
        let false_claim = SubjectToken::parse(kind, version, token.expose_bytes()).unwrap();
        let opened = pseudonyms(&ledger, &a, &[false_claim]).remove(0);
        // Under the right type the same bytes would be the subject's key: they are not.
        assert!(opened.sealed != named.sealed);
        let as_mobile_of_v1 = Pseudonym {
            identifier_type: MOBILE,
            key_version: V1,
            ..opened
        };
        assert!(as_mobile_of_v1 != named);
    }
}

#[test]
fn the_ledger_knows_every_member_key_and_refuses_any_other() {
    let keys = token_keys(&TestEntropy::new(1));
    let ledger = LedgerKeys::ephemeral(&keys, &TestEntropy::new(2));
    let a = member("bank-a");
    let published = keys.public_keys(&a);
    assert_eq!(published.len(), 8);
    assert_eq!(published[0].key_version, V2, "newest first");
    for key in &published {
        let check =
            |who: &str, version, kind| ledger.is_members_key(&member(who), version, kind, key.public_key);
        assert!(check("bank-a", key.key_version, key.identifier_type));
        assert!(!check("bank-b", key.key_version, key.identifier_type));
        assert!(!check("bank-a", KeyVersion(3), key.identifier_type));
        for kind in IdentifierType::ALL {
            assert_eq!(
                check("bank-a", key.key_version, kind),
                kind == key.identifier_type
            );
        }
    }
    let foreign = token_keys(&TestEntropy::new(8));
    assert!(!ledger.is_members_key(&a, V1, MOBILE, public_key(&foreign, &a, V1, MOBILE)));
}

#[test]
fn rotation_moves_a_pseudonym_to_where_new_tokens_lead() {
    let keys = token_keys(&TestEntropy::new(1));
    let ledger = LedgerKeys::ephemeral(&keys, &TestEntropy::new(2));
    let (a, people) = (member("bank-a"), mobiles(0..3));
    let old = pseudonyms(&ledger, &a, &tokens(&keys, &a, V1, &people, 3));
    let new = pseudonyms(&ledger, &a, &tokens(&keys, &a, V2, &people, 4));
    let delta = keys.rotation(V1, V2).unwrap();
    for (old, new) in old.iter().zip(&new) {
        assert!(ledger.rotate(&delta, old, V2).unwrap() == *new);
        assert!(old.sealed != new.sealed);
    }
    assert!(keys.rotation(V1, KeyVersion(3)).is_none());
}

#[test]
fn a_wrong_key_a_bad_proof_and_changed_elements_are_refused() {
    let keys = token_keys(&TestEntropy::new(1));
    let (a, b) = (member("bank-a"), member("bank-b"));
    let blinded = client::blind(&mobiles(0..3), &TestEntropy::new(3)).unwrap();
    let good = evaluate(&keys, &a, V1, &blinded);
    let key = public_key(&keys, &a, V1, MOBILE);
    let finish = |key, elements: &[Vec<u8>], proof: &[u8]| {
        client::finish(&blinded, key, V1, elements, proof).map(|tokens| tokens.len())
    };
    let elements: Vec<Vec<u8>> = good.elements.iter().map(|element| element.to_vec()).collect();
    assert_eq!(finish(key, &elements, &good.proof), Ok(3));

    let wrong_key = public_key(&keys, &b, V1, MOBILE);
    assert_eq!(
        finish(wrong_key, &elements, &good.proof),
        Err(ClientError::ProofRefused)
    );
    let swapped = vec![elements[1].clone(), elements[0].clone(), elements[2].clone()];
    assert_eq!(finish(key, &swapped, &good.proof), Err(ClientError::ProofRefused));
    let of_b = evaluate(&keys, &b, V1, &blinded);
    let mixed = vec![
        elements[0].clone(),
        elements[1].clone(),
        of_b.elements[2].to_vec(),
    ];
    assert_eq!(finish(key, &mixed, &good.proof), Err(ClientError::ProofRefused));
    for at in 0..64 {
        let mut proof = good.proof;
        proof[at] ^= 1;
        let refused = finish(key, &elements, &proof).unwrap_err();
        assert!(
            matches!(refused, ClientError::ProofRefused | ClientError::ProofMalformed),
            "byte {at}"
        );
    }
    for length in [0, 63, 65] {
        assert_eq!(
            finish(key, &elements, &vec![1; length]),
            Err(ClientError::ProofMalformed)
        );
    }
    assert_eq!(
        finish(key, &elements[..2], &good.proof),
        Err(ClientError::ElementCount {
            given: 2,
            expected: 3
        })
    );
    for (bad, source) in [
        (vec![0; 32], TokenError::Identity),
        (vec![0xff; 32], TokenError::NotCanonical),
        (elements[1][..31].to_vec(), TokenError::Length { given: 31 }),
        (
            [elements[1].as_slice(), &[0]].concat(),
            TokenError::Length { given: 33 },
        ),
    ] {
        let changed = vec![elements[0].clone(), bad, elements[2].clone()];
        assert_eq!(
            finish(key, &changed, &good.proof),
            Err(ClientError::Element { index: 1, source })
        );
    }
}

#[test]
fn the_service_refuses_malformed_elements_and_unknown_versions() {
    let base = curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED
        .0
        .to_vec();
    for (bad, source) in [
        (vec![0; 32], TokenError::Identity),
        (vec![0xff; 32], TokenError::NotCanonical),
        (base[..31].to_vec(), TokenError::Length { given: 31 }),
        ([base.as_slice(), &[0]].concat(), TokenError::Length { given: 33 }),
        (Vec::new(), TokenError::Length { given: 0 }),
    ] {
        let refused = BlindedBatch::parse(&[base.clone(), bad]).unwrap_err();
        assert_eq!(refused, EvaluateError::Element { index: 1, source });
    }
    let keys = token_keys(&TestEntropy::new(1));
    let batch = BlindedBatch::parse(&[base]).unwrap();
    let refused = keys.evaluate(
        &member("bank-a"),
        KeyVersion(3),
        MOBILE,
        &batch,
        &TestEntropy::new(1),
    );
    assert_eq!(
        refused.unwrap_err(),
        EvaluateError::KeyVersionUnknown { given: KeyVersion(3) }
    );
}

#[test]
fn batches_are_1_to_1000_of_one_type_on_both_sides() {
    let people = mobiles(0..1_001);
    let blind =
        |count: usize| client::blind(&people[..count], &TestEntropy::new(1)).map(|b| b.elements().len());
    assert_eq!(blind(0), Err(ClientError::BatchSize { given: 0 }));
    assert_eq!(blind(1), Ok(1));
    assert_eq!(blind(1_000), Ok(1_000));
    assert_eq!(blind(1_001), Err(ClientError::BatchSize { given: 1_001 }));

    let base = curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED.0;
    let parse = |count: usize| BlindedBatch::parse(&vec![base; count]).map(|batch| batch.count());
    assert_eq!(parse(0), Err(EvaluateError::BatchSize { given: 0 }));
    assert_eq!(parse(1), Ok(1));
    assert_eq!(parse(1_000), Ok(1_000));
    assert_eq!(parse(1_001), Err(EvaluateError::BatchSize { given: 1_001 }));

    let passport = Identifier::passport(Country::CHINA, "E12345678".to_owned())
        .normalise(&rules())
        .unwrap();
    let mixed = [people[0].clone(), passport.identifier];
    let refused = client::blind(&mixed, &TestEntropy::new(1)).map(|b| b.elements().len());
    assert_eq!(refused, Err(ClientError::MixedTypes { index: 1 }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the member, number, version and batch: all members' tokens lead to the one pseudonym `k_v · H(x)`.
    #[test]
    fn every_members_token_leads_to_the_same_pseudonym(
        seed in any::<u64>(), name in "[a-z0-9-]{3,32}", start in 0..90_000_000_u32, count in 1..4_u32, second in any::<bool>(),
    ) {
        let keys = token_keys(&TestEntropy::new(seed));
        let ledger = LedgerKeys::ephemeral(&keys, &TestEntropy::new(2));
        let (one, other) = (member(&name), member("reference"));
        prop_assume!(one != other);
        let (people, version) = (mobiles(start..start + count), if second { V2 } else { V1 });
        let (of_one, of_other) =
            (tokens(&keys, &one, version, &people, seed), tokens(&keys, &other, version, &people, !seed));
        prop_assert!(of_one.iter().zip(&of_other).all(|(a, b)| a != b));
        prop_assert!(pseudonyms(&ledger, &one, &of_one) == pseudonyms(&ledger, &other, &of_other));
    }

    /// Random bytes never panic the parser, and what it takes it gives back.
    #[test]
    fn parsing_is_total_and_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(token) = SubjectToken::parse(MOBILE, 1, &bytes) {
            prop_assert_eq!(token.expose_bytes().as_slice(), bytes.as_slice());
            prop_assert_eq!(token.point().compress().to_bytes().to_vec(), bytes);
        }
    }
}

#[test]
fn sealing_keys_of_two_installations_never_meet() {
    let keys = token_keys(&TestEntropy::new(1));
    let (one, other) = (
        LedgerKeys::ephemeral(&keys, &TestEntropy::new(2)),
        LedgerKeys::ephemeral(&keys, &TestEntropy::new(3)),
    );
    let (a, people) = (member("bank-a"), mobiles(0..1));
    let made = tokens(&keys, &a, V1, &people, 3);
    let sealed = pseudonyms(&one, &a, &made);
    assert!(pseudonyms(&other, &a, &made) != sealed);
    assert!(
        other
            .token(&other.member_keys(&a, V1, MOBILE), &sealed[0])
            .is_err()
    );
    assert_ne!(one.token_digest(&made), other.token_digest(&made));
}
