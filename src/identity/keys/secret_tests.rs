//! A member's own secret: made once, read strictly, never shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::tests::set_mode;
use super::*;
use crate::identity::test_support::{TestEntropy, hex};

#[test]
fn a_secret_is_made_for_the_owner_alone_and_read_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("secrets/cache.key");
    let made = make_secret(&path, &TestEntropy::new(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(*read_secret(&SecretSource::File(path)).unwrap(), *made);
}

#[test]
fn a_secret_that_is_there_is_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("secrets/cache.key");
    let first = make_secret(&path, &TestEntropy::new(1)).unwrap();
    let refused = make_secret(&path, &TestEntropy::new(2)).unwrap_err();
    assert!(matches!(refused, KeyError::SecretExists { .. }), "{refused}");
    assert_eq!(*read_secret(&SecretSource::File(path)).unwrap(), *first);
}

#[test]
fn a_secret_that_others_can_reach_or_that_is_none_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("secrets/cache.key");
    make_secret(&path, &TestEntropy::new(1)).unwrap();
    let read = || read_secret(&SecretSource::File(path.clone())).unwrap_err();
    set_mode(&path, 0o640);
    assert!(matches!(read(), KeyError::Permissions { mode: 0o640, .. }));
    set_mode(&path, 0o600);
    set_mode(path.parent().unwrap(), 0o750);
    assert!(matches!(read(), KeyError::Permissions { mode: 0o750, .. }));
    assert!(matches!(
        make_secret(&path.with_file_name("other.key"), &TestEntropy::new(1)).unwrap_err(),
        KeyError::Permissions { mode: 0o750, .. }
    ));
    set_mode(path.parent().unwrap(), 0o700);
    fs::write(&path, "c0ffee").unwrap();
    let malformed = read();
    assert!(matches!(malformed, KeyError::Malformed { bytes: 32, .. }));
    assert!(!format!("{malformed} {malformed:?}").contains("c0ffee"));
    fs::remove_file(&path).unwrap();
    assert!(matches!(read(), KeyError::SecretMissing { .. }));
}

#[test]
fn a_command_gives_the_secret_or_is_refused_without_its_output() {
    let digits = hex(&[0xab; 32]);
    let ask = |parts: &[&str]| {
        let command = parts.iter().map(|part| (*part).to_owned()).collect();
        read_secret(&SecretSource::Command(command))
    };
    assert_eq!(*ask(&["printf", "%s\\n", &digits]).unwrap(), [0xab; 32]);
    for refused in [ask(&[]), ask(&["false"]), ask(&["printf", "%s", &digits[2..]])] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, KeyError::SecretCommand { bytes: 32, .. }));
        assert!(!format!("{refused} {refused:?}").contains("abab"));
    }
}
