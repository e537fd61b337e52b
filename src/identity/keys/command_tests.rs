//! Keys that commands print: asked for, never written, refused without showing what was printed.

use std::collections::BTreeMap;
use std::fs;

use super::tests::{fingerprint, made, names, set_mode, start};
use super::*;
use crate::identity::test_support::TestEntropy;

fn commands(table: &[(&str, &[&str])]) -> KeyCommands {
    let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
    KeyCommands::parse(
        table
            .iter()
            .map(|(name, parts)| ((*name).to_owned(), owned(parts)))
            .collect(),
    )
    .unwrap()
}

#[test]
fn keys_of_commands_are_asked_for_and_have_no_file() {
    let data = tempfile::tempdir().unwrap();
    let (scalar, long) = (format!("{}0f", "11".repeat(31)), "ab".repeat(64));
    let table = commands(&[
        ("master-v1", &["printf", "%s\\n", &scalar]),
        ("seal", &["printf", "%s", &long]),
        ("tweak", &["printf", "%s", &long]),
    ]);
    let open = |first| open(data.path(), Halves::Both, &table, first, &TestEntropy::new(1));
    let first = open(true).unwrap();
    assert_eq!(names(&data.path().join("keys/token")), ["master-v1.pub"]);
    assert_eq!(
        names(&data.path().join("keys/ledger")),
        ["checkpoint.key", "master-v1.pub"]
    );
    assert_eq!(fingerprint(&first), fingerprint(&open(false).unwrap()));
    // The same keys as from files with this content.
    fs::write(data.path().join("keys/ledger/seal.key"), &long).unwrap();
    fs::write(data.path().join("keys/ledger/tweak.key"), &long).unwrap();
    set_mode(&data.path().join("keys/ledger/seal.key"), 0o600);
    set_mode(&data.path().join("keys/ledger/tweak.key"), 0o600);
    let from_files = start(&data, Halves::Ledger, false).unwrap();
    assert_eq!(fingerprint(&from_files).1, fingerprint(&first).1);
}

#[test]
fn a_command_that_gives_no_key_is_named_without_its_output() {
    let planted = "c0ffee".repeat(5);
    let cases: [(&[&str], &str); 7] = [
        (&[], "is empty"),
        (&["/nonexistent/program"], "could not run"),
        (&["false"], "ended with"),
        (&["true"], "not a key"),
        (&["printf", "%s", &planted], "not a key"),
        (&["yes", "c0ffee"], "not a key"),
        (&["sh", "-c", "printf %064d 1; exit 3"], "ended with"),
    ];
    for (command, expected) in cases {
        let data = made();
        let table = commands(&[("seal", command)]);
        let error = open(data.path(), Halves::Ledger, &table, false, &TestEntropy::new(1)).unwrap_err();
        assert!(
            matches!(
                &error,
                KeyError::Command {
                    name: KeyName::Seal,
                    ..
                }
            ),
            "{error}"
        );
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected) && !text.contains("c0ffee"), "{text}");
    }
}

#[test]
fn only_names_of_keys_can_have_commands() {
    let parse = |name: &str| KeyCommands::parse(BTreeMap::from([(name.to_owned(), vec!["true".to_owned()])]));
    for name in ["master-v1", "master-v65535", "tweak", "seal", "checkpoint"] {
        assert!(parse(name).is_ok(), "{name}");
    }
    for name in [
        "master",
        "master-v0",
        "master-v01",
        "master-v65536",
        "master-v1.pub",
        "Seal",
        "",
    ] {
        assert_eq!(parse(name), Err(name.to_owned()));
    }
}
