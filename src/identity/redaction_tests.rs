//! Formats every public value of this layer that holds a secret and looks for the secret.

use std::fmt::Debug;

use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::keys::{self, Halves, KeyCommands, LedgerKeys, TokenKeys};
use crate::identity::normalise::{Country, Identifier, Rules};
use crate::identity::oprf::client;
use crate::identity::oprf::server::BlindedBatch;
use crate::identity::test_support::{TestEntropy, hex};
use crate::identity::token::SubjectToken;

/// Fails when the printed form holds any 4 bytes of the secret, as text, hexadecimal or a list of numbers.
fn assert_hidden(value: &dyn Debug, secrets: &[&[u8]]) {
    for printed in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(printed.len() < 400, "a redacted value is short: {printed}");
        let squeezed: String = printed.split_whitespace().collect();
        for secret in secrets {
            for window in secret.windows(4) {
                let list = window.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
                for form in [hex(window), hex(window).to_uppercase(), list] {
                    assert!(!squeezed.contains(&form), "{printed}");
                }
                assert!(
                    std::str::from_utf8(window).map_or(true, |text| !squeezed.contains(text)),
                    "{printed}"
                );
            }
        }
    }
}

#[test]
fn no_debug_shows_an_identifier() {
    let rules = Rules::on(chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap());
    for (identifier, secret) in [
        (Identifier::mobile("+8613800138000".to_owned()), "13800138000"),
        (
            Identifier::national_id(Country::CHINA, "11010519491231002X".to_owned()),
            "11010519491231002X",
        ),
        (
            Identifier::passport(Country::CHINA, "E12345678".to_owned()),
            "E12345678",
        ),
        (
            Identifier::enterprise_code(Country::CHINA, "91350100M000100Y43".to_owned()),
            "91350100M000100Y43",
        ),
    ] {
        let normalised = identifier.normalise(&rules).unwrap();
        let blinded =
            client::blind(std::slice::from_ref(&normalised.identifier), &TestEntropy::new(1)).unwrap();
        let secrets: [&[u8]; 2] = [secret.as_bytes(), &blinded.elements()[0]];
        assert_hidden(&identifier, &secrets);
        assert_hidden(&normalised, &secrets);
        assert_hidden(&normalised.identifier, &secrets);
        assert_hidden(&normalised.identifier.oprf_input().len(), &secrets);
        assert_hidden(&blinded, &secrets);
        assert_hidden(&BlindedBatch::parse(blinded.elements()).unwrap(), &secrets);
    }
}

#[test]
fn no_debug_shows_a_token_a_pseudonym_or_a_tweak() {
    let token = TokenKeys::ephemeral(&TestEntropy::new(1));
    let ledger = LedgerKeys::ephemeral(&token, &TestEntropy::new(2));
    let member = MemberId::parse("bank-a").unwrap();
    let element = token.public_keys(&member)[0].public_key.to_bytes();
    let made = SubjectToken::parse(IdentifierType::Mobile, 1, &element).unwrap();
    let tweaks = ledger.member_keys(&member, KeyVersion(1), IdentifierType::Mobile);
    let sealed = ledger.pseudonyms([(&tweaks, &made)].into_iter()).remove(0);
    let secrets: [&[u8]; 2] = [&element, &sealed.sealed];
    assert_hidden(&made, &secrets);
    assert_hidden(&Some(vec![made.clone()]), &secrets);
    assert_hidden(&sealed, &secrets);
    assert_eq!(format!("{tweaks:?}"), "MemberKeys(…)");
}

#[test]
fn no_debug_shows_a_key() {
    let data = tempfile::tempdir().unwrap();
    let keys = keys::open(
        data.path(),
        Halves::Both,
        &KeyCommands::default(),
        true,
        &TestEntropy::new(1),
    )
    .unwrap();
    let mut secrets = Vec::new();
    for file in [
        "token/master-v1.key",
        "token/tweak.key",
        "ledger/seal.key",
        "ledger/checkpoint.key",
        "ledger/tweak.key",
    ] {
        let text = std::fs::read_to_string(data.path().join("keys").join(file)).unwrap();
        secrets.push(crate::identity::test_support::unhex(&text));
    }
    let secrets: Vec<&[u8]> = secrets.iter().map(Vec::as_slice).collect();
    assert_hidden(&keys.token, &secrets);
    assert_hidden(&keys.ledger, &secrets);
    assert_hidden(&keys, &secrets);
    let rotation = keys
        .token
        .as_ref()
        .and_then(|token| token.rotation(KeyVersion(1), KeyVersion(1)));
    assert_eq!(format!("{rotation:?}"), "Some(RotationKey(…))");
}

#[test]
fn the_looking_itself_finds_what_is_not_hidden() {
    let secret = *b"+8613800138000";
    for shown in [
        &secret.to_vec() as &dyn Debug,
        &"tel +8613800138000",
        &hex(&secret),
    ] {
        let shown = std::panic::AssertUnwindSafe(shown);
        assert!(std::panic::catch_unwind(|| assert_hidden(*shown, &[&secret])).is_err());
    }
}
