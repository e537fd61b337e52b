//! Mapping for callers: their own tokens, others' tokens, live and unknown versions.

use std::sync::Arc;

use super::*;
use crate::domain::member::{LenderGroup, Role};
use crate::domain::names::{Fingerprint, MemberNo};
use crate::identity::keys::TokenKeys;
use crate::identity::normalise::{Identifier, NormalisedIdentifier, Rules};
use crate::identity::oprf::client;
use crate::identity::oprf::server::{BlindedBatch, EvaluateError};
use crate::identity::test_support::TestEntropy;
use crate::subjects::Evaluator;

const V1: KeyVersion = KeyVersion(1);

struct Market {
    evaluator: Evaluator,
    mapper: TokenMapper,
}

impl Market {
    fn new() -> Self {
        let token = TokenKeys::ephemeral(&TestEntropy::new(1));
        let ledger = LedgerKeys::ephemeral(&token, &TestEntropy::new(2));
        Self {
            evaluator: Evaluator::new(token, Arc::new(TestEntropy::new(3))),
            mapper: TokenMapper::new(Arc::new(ledger)),
        }
    }

    fn tokens(&self, caller: &Caller, people: &[NormalisedIdentifier]) -> Vec<SubjectToken> {
        let blinded = client::blind(people, &TestEntropy::new(4)).unwrap();
        let batch = BlindedBatch::parse(blinded.elements()).unwrap();
        let kind = blinded.identifier_type();
        let evaluation = self.evaluator.evaluate(caller, V1, kind, &batch).unwrap();
        let keys = self.evaluator.public_keys(caller.member_id());
        let key = keys
            .iter()
            .find(|key| key.identifier_type == kind)
            .unwrap()
            .public_key;
        client::finish(&blinded, key, V1, &evaluation.elements, &evaluation.proof).unwrap()
    }

    fn map(&self, caller: &Caller, tokens: &[SubjectToken]) -> Vec<Pseudonym> {
        self.mapper
            .pseudonyms(caller, &tokens.iter().collect::<Vec<_>>())
            .unwrap()
    }
}

fn caller(name: &str) -> Caller {
    let id = MemberId::parse(name).unwrap();
    Caller::authenticated(
        MemberNo(1),
        id,
        LenderGroup::Bank,
        vec![Role::Lender],
        Vec::new(),
        Fingerprint([0; 32]),
    )
}

fn people(count: u32) -> Vec<NormalisedIdentifier> {
    let rules = Rules::on(chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap());
    (0..count)
        .map(|n| {
            Identifier::mobile(format!("138{n:08}"))
                .normalise(&rules)
                .unwrap()
                .identifier
        })
        .collect()
}

#[test]
fn the_same_people_are_the_same_pseudonyms_for_all_callers_and_calls() {
    let (market, a, b) = (Market::new(), caller("bank-a"), caller("bank-b"));
    let (of_a, of_b) = (market.tokens(&a, &people(4)), market.tokens(&b, &people(4)));
    let first = market.map(&a, &of_a);
    assert!(first == market.map(&b, &of_b));
    assert!(
        first == market.map(&a, &of_a),
        "from kept tweaks as from fresh ones"
    );
    // One at a time as all at once.
    for (token, pseudonym) in of_a.iter().zip(&first) {
        assert!(market.map(&a, std::slice::from_ref(token)) == std::slice::from_ref(pseudonym));
    }
    assert!(market.map(&a, &[]).is_empty());
}

#[test]
fn a_callers_tokens_come_back_from_pseudonyms() {
    let (market, a, b) = (Market::new(), caller("bank-a"), caller("bank-b"));
    let (of_a, of_b) = (market.tokens(&a, &people(3)), market.tokens(&b, &people(3)));
    let pseudonyms = market.map(&a, &of_a);
    assert!(market.mapper.tokens(&a, &pseudonyms).unwrap() == of_a);
    assert!(market.mapper.tokens(&b, &pseudonyms).unwrap() == of_b);
}

#[test]
fn anothers_token_names_nobody() {
    let (market, a, b) = (Market::new(), caller("bank-a"), caller("bank-b"));
    let stolen = market.tokens(&a, &people(3));
    let everybody = market.map(&a, &stolen);
    assert!(
        market
            .map(&b, &stolen)
            .iter()
            .all(|pseudonym| !everybody.contains(pseudonym))
    );
}

#[test]
fn an_identifier_evaluated_under_the_key_of_another_type_names_nobody() {
    let (market, a) = (Market::new(), caller("bank-a"));
    let known = market.map(&a, &market.tokens(&a, &people(1)));
    // The service cannot see what it evaluates: a client may ask for another type's key.
    let blinded = client::blind(&people(1), &TestEntropy::new(5)).unwrap();
    let batch = BlindedBatch::parse(blinded.elements()).unwrap();
    let kind = IdentifierType::NationalId;
    let evaluation = market.evaluator.evaluate(&a, V1, kind, &batch).unwrap();
    let keys = market.evaluator.public_keys(a.member_id());
    let key = keys.iter().find(|key| key.identifier_type == kind).unwrap();
    let finished = client::finish(
        &blinded,
        key.public_key,
        V1,
        &evaluation.elements,
        &evaluation.proof,
    );
    let bytes = *finished.unwrap()[0].expose_bytes();
    let disguised = SubjectToken::parse(kind, V1.0.into(), &bytes).unwrap();
    let pseudonym = &market.map(&a, &[disguised])[0];
    assert!(pseudonym.sealed != known[0].sealed);
}

#[test]
fn a_member_number_used_twice_does_not_mix_members() {
    // Both callers have number 1: tweaks belong to the name.
    let (market, a, b) = (Market::new(), caller("bank-a"), caller("bank-b"));
    let of_a = market.tokens(&a, &people(1));
    assert!(market.map(&a, &of_a) != market.map(&b, &of_a));
}

#[test]
fn an_unknown_version_is_refused_with_its_place() {
    let (market, a) = (Market::new(), caller("bank-a"));
    let good = market.tokens(&a, &people(1)).remove(0);
    let old = SubjectToken::parse(good.identifier_type(), 2, good.expose_bytes()).unwrap();
    let refused = market.mapper.pseudonyms(&a, &[&good, &old]).unwrap_err();
    assert_eq!(
        refused,
        MapError::KeyVersionUnknown {
            index: 1,
            given: KeyVersion(2)
        }
    );
    assert!(market.mapper.is_live(V1) && !market.mapper.is_live(KeyVersion(2)));
    assert!(market.evaluator.has_version(V1) && !market.evaluator.has_version(KeyVersion(2)));

    let batch = BlindedBatch::parse(&[good.expose_bytes()]).unwrap();
    let refused = market
        .evaluator
        .evaluate(&a, KeyVersion(2), good.identifier_type(), &batch)
        .unwrap_err();
    assert_eq!(refused, EvaluateError::KeyVersionUnknown { given: KeyVersion(2) });
}

#[test]
fn a_damaged_row_is_an_error_with_its_place() {
    let (market, a) = (Market::new(), caller("bank-a"));
    let mut pseudonyms = market.map(&a, &market.tokens(&a, &people(2)));
    pseudonyms[1].sealed[20] ^= 1;
    let broken = market.mapper.tokens(&a, &pseudonyms).unwrap_err();
    assert_eq!(
        broken,
        MapError::SealBroken {
            index: 1,
            source: SealBroken
        }
    );
    pseudonyms[1].key_version = KeyVersion(9);
    let unknown = market.mapper.tokens(&a, &pseudonyms).unwrap_err();
    assert_eq!(
        unknown,
        MapError::KeyVersionUnknown {
            index: 1,
            given: KeyVersion(9)
        }
    );
}

#[test]
fn tweaks_are_kept_for_a_limited_number_of_members() {
    let market = Market::new();
    let member = |n: usize| MemberId::parse(&format!("member-{n}")).unwrap();
    let kept = || market.mapper.members.read().unwrap().len();
    let entry = market.mapper.tweaks(&member(0));
    {
        let mut members = market.mapper.members.write().unwrap();
        for n in 1..MEMBERS_KEPT_MAX - 1 {
            members.insert(member(n), Arc::clone(&entry));
        }
    }
    assert_eq!(kept(), MEMBERS_KEPT_MAX - 1);
    market.mapper.tweaks(&member(MEMBERS_KEPT_MAX - 1));
    assert_eq!(kept(), MEMBERS_KEPT_MAX);
    market.mapper.tweaks(&member(5));
    assert_eq!(kept(), MEMBERS_KEPT_MAX, "a known member needs no room");
    market.mapper.tweaks(&member(MEMBERS_KEPT_MAX));
    assert_eq!(kept(), 1);
}

#[test]
fn digests_tell_token_sets_apart() {
    let (market, a) = (Market::new(), caller("bank-a"));
    let tokens = market.tokens(&a, &people(2));
    assert_eq!(
        market.mapper.token_digest(&tokens),
        market.mapper.token_digest(tokens.iter().rev())
    );
    assert_ne!(
        market.mapper.token_digest(&tokens),
        market.mapper.token_digest(&tokens[..1])
    );
}

#[test]
fn no_debug_shows_what_is_inside() {
    let market = Market::new();
    assert_eq!(
        format!("{:?} {:?}", market.mapper, market.evaluator),
        "TokenMapper(…) Evaluator(…)"
    );
}
