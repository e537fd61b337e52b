use proptest::prelude::*;

use super::*;
use crate::domain::validation::samples::date;
use crate::domain::violation::Violation;
use crate::wire::convert::samples::{TestToken, reading, wire_token};

fn read(wire: &[pb::SubjectToken]) -> Result<Vec<Presented<TestToken>>, Vec<Violation>> {
    let mut out = Collector::default();
    let tokens = read_tokens(wire, &Path::Root, &reading(), &mut out);
    out.finish(tokens)
}

fn codes(wire: &[pb::SubjectToken]) -> Vec<(Code, String)> {
    let violations = read(wire).err().unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| (violation.code, violation.field))
        .collect()
}

type Case = (
    &'static str,
    fn(&mut pb::SubjectToken),
    &'static [(Code, &'static str)],
);

const CASES: &[Case] = &[
    ("valid", |_| {}, &[]),
    (
        "no type",
        |t| t.r#type = 0,
        &[(Code::FieldRequired, "tokens[0].type")],
    ),
    (
        "unknown type",
        |t| t.r#type = 5,
        &[(Code::EnumUnknown, "tokens[0].type")],
    ),
    (
        "empty",
        |t| t.value.clear(),
        &[(Code::TokenInvalid, "tokens[0].value")],
    ),
    (
        "31 bytes",
        |t| t.value = vec![7; 31],
        &[(Code::TokenInvalid, "tokens[0].value")],
    ),
    (
        "33 bytes",
        |t| t.value = vec![7; 33],
        &[(Code::TokenInvalid, "tokens[0].value")],
    ),
    (
        "refused by its reader",
        |t| t.value = vec![0; 32],
        &[(Code::TokenInvalid, "tokens[0].value")],
    ),
    (
        "version 0",
        |t| t.key_version = 0,
        &[(Code::KeyVersionUnknown, "tokens[0].key_version")],
    ),
    (
        "version 2",
        |t| t.key_version = 2,
        &[(Code::KeyVersionRetired, "tokens[0].key_version")],
    ),
    (
        "version 3",
        |t| t.key_version = 3,
        &[(Code::KeyVersionUnknown, "tokens[0].key_version")],
    ),
    (
        "beyond 16 bits",
        |t| t.key_version = 65_537,
        &[(Code::KeyVersionUnknown, "tokens[0].key_version")],
    ),
    (
        "type and value",
        |t| {
            t.r#type = 0;
            t.value.clear();
        },
        &[
            (Code::FieldRequired, "tokens[0].type"),
            (Code::TokenInvalid, "tokens[0].value"),
        ],
    ),
    (
        "verified today",
        |t| t.verified_on = Some(date_to_wire(date("2026-06-15"))),
        &[],
    ),
    (
        "verified tomorrow",
        |t| t.verified_on = Some(date_to_wire(date("2026-06-16"))),
        &[(Code::DateInFuture, "tokens[0].verified_on")],
    ),
];

#[test]
fn each_part_of_a_token_has_its_violation() {
    for (name, change, expected) in CASES {
        let mut wire = wire_token(pb::IdentifierType::NationalId);
        change(&mut wire);
        let expected: Vec<_> = expected
            .iter()
            .map(|(code, field)| (*code, (*field).to_owned()))
            .collect();
        assert_eq!(codes(&[wire]), expected, "{name}");
    }
}

#[test]
fn a_subject_has_one_to_four_tokens_one_of_each_type() {
    use pb::IdentifierType::{EnterpriseCode, Mobile, NationalId, Passport};
    let all = [Mobile, EnterpriseCode, Passport, NationalId].map(wire_token);
    assert_eq!(codes(&[]), [(Code::FieldRequired, "tokens".to_owned())]);
    for count in 1..=4 {
        let tokens = read(&all[..count]).unwrap();
        assert_eq!(tokens.len(), count);
        assert!(tokens.is_sorted_by_key(|presented| presented.token.identifier_type));
    }
    let five: Vec<_> = all.iter().cloned().chain([wire_token(Mobile)]).collect();
    assert_eq!(codes(&five), [(Code::Format, "tokens".to_owned())]);
    let twice = [wire_token(Mobile), wire_token(NationalId), wire_token(Mobile)];
    assert_eq!(
        codes(&twice),
        [(Code::TokenTypeRepeated, "tokens[2].type".to_owned())]
    );
}

#[test]
fn no_violation_and_no_debug_shows_a_token() {
    let mut wire = wire_token(pb::IdentifierType::Mobile);
    wire.value = b"planted secret planted secret".to_vec();
    let shown = format!("{:?} {:?}", wire, read(&[wire.clone()]));
    assert!(
        !shown.contains("planted") && !shown.contains("112, 108"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn tokens_survive_the_wire(
        type_index in 0_usize..4, value in any::<[u8; 32]>(), age in proptest::option::of(0_u64..9_000),
    ) {
        prop_assume!(value != [0; 32]);
        let presented = Presented {
            token: TestToken { identifier_type: IdentifierType::ALL[type_index], key_version: KeyVersion(1), value },
            verified_on: age.map(|days| date("2026-06-15") - chrono::Days::new(days)),
        };
        prop_assert_eq!(read(&[token_to_wire(&presented)]), Ok(vec![presented]));
    }

    #[test]
    fn garbage_never_panics(
        r#type: i32, value in proptest::collection::vec(any::<u8>(), 0..70), key_version: u32,
        year: i32, month: i32, day: i32,
    ) {
        let wire = pb::SubjectToken { r#type, value, key_version, verified_on: Some(pb::Date { year, month, day }) };
        let result = read(&[wire.clone(), wire]);
        prop_assert!(result.is_err());
    }
}
