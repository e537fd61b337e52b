use proptest::prelude::*;

use super::*;

fn codes(wire: &pb::EvaluateBlindedRequest) -> Vec<(Code, String)> {
    let violations = read_evaluation(wire).err().unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| (violation.code, violation.field))
        .collect()
}

fn request(elements: usize) -> pb::EvaluateBlindedRequest {
    pb::EvaluateBlindedRequest {
        key_version: 1,
        blinded_elements: vec![vec![7; 32]; elements],
        r#type: pb::IdentifierType::Mobile.into(),
    }
}

#[test]
fn a_call_has_1_to_1000_elements() {
    for (count, expected) in [
        (0, Some(Code::FieldRequired)),
        (1, None),
        (999, None),
        (1_000, None),
        (1_001, Some(Code::Format)),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|code| (code, "blinded_elements".to_owned()))
            .collect();
        assert_eq!(codes(&request(count)), expected, "{count}");
    }
}

#[test]
fn each_part_has_its_violation() {
    let mut wire = request(3);
    wire.key_version = 0;
    wire.r#type = 0;
    wire.blinded_elements[1].pop();
    wire.blinded_elements[2].push(1);
    let expected = [
        (Code::FieldRequired, "type"),
        (Code::KeyVersionUnknown, "key_version"),
        (Code::TokenInvalid, "blinded_elements[1]"),
        (Code::TokenInvalid, "blinded_elements[2]"),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(code, field)| (code, field.to_owned()))
        .collect();
    assert_eq!(codes(&wire), expected);
}

#[test]
fn violations_of_many_elements_are_capped() {
    let mut wire = request(ELEMENTS_MAX);
    wire.blinded_elements.iter_mut().for_each(Vec::clear);
    assert_eq!(codes(&wire).len(), Violation::COUNT_MAX);
}

#[test]
fn answers_and_keys_keep_their_parts() {
    let answer = evaluated_to_wire(&[[1; 32], [2; 32]], &[3; 64]);
    assert_eq!(answer.evaluated_elements, [vec![1; 32], vec![2; 32]]);
    assert_eq!(answer.proof, [3; 64]);
    let mut key = TokenKeyView {
        version: KeyVersion(2),
        identifier_type: IdentifierType::Passport,
        public_key: [4; 32],
        active_from: Timestamp::from_micros(1_000_000),
        retired_from: None,
    };
    let wire = token_key_to_wire(&key);
    assert_eq!((wire.version, wire.r#type()), (2, pb::IdentifierType::Passport));
    assert_eq!((wire.public_key, wire.retired_from), (vec![4; 32], None));
    assert_eq!(wire.active_from.unwrap().seconds, 1);
    key.retired_from = Some(Timestamp::from_micros(2_000_000));
    assert_eq!(token_key_to_wire(&key).retired_from.unwrap().seconds, 2);
}

proptest! {
    #[test]
    fn evaluations_survive_the_wire(
        type_index in 0_usize..4, version in 1_u16.., blinded_elements in proptest::collection::vec(any::<[u8; 32]>(), 1..9),
    ) {
        let evaluation = Evaluation {
            identifier_type: IdentifierType::ALL[type_index],
            key_version: KeyVersion(version),
            blinded_elements,
        };
        prop_assert_eq!(read_evaluation(&evaluation_to_wire(&evaluation)), Ok(evaluation));
    }
}
