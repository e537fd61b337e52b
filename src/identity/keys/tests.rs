//! Key folders on a real file system: made whole, read strictly, never remade.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;
use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::test_support::{TestEntropy, hex};

pub(super) fn start(data: &TempDir, halves: Halves, first: bool) -> Result<Keys, KeyError> {
    open(
        data.path(),
        halves,
        &KeyCommands::default(),
        first,
        &TestEntropy::new(1),
    )
}

pub(super) fn made() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    start(&data, Halves::Both, true).unwrap();
    data
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What the keys of a start do: equal for equal keys.
pub(super) fn fingerprint(keys: &Keys) -> (Vec<[u8; 32]>, [u8; 16], [u8; 32]) {
    let member = MemberId::parse("bank-a").unwrap();
    let public = keys
        .token
        .as_ref()
        .map_or(Vec::new(), |token| token.public_keys(&member));
    let ledger = keys.ledger.as_ref().unwrap();
    (
        public.into_iter().map(|key| key.public_key.to_bytes()).collect(),
        ledger.token_digest([]),
        *ledger.checkpoint_seed(),
    )
}

#[test]
fn the_first_start_makes_both_folders_for_the_owner_alone() {
    let data = tempfile::tempdir().unwrap();
    let keys = start(&data, Halves::Both, true).unwrap();
    let root = data.path().join("keys");
    assert_eq!(keys.created, [root.join("token"), root.join("ledger")]);
    assert_eq!(names(data.path()), ["keys"]);
    assert_eq!(names(&root), ["ledger", "token"]);
    assert_eq!(
        names(&root.join("token")),
        ["master-v1.key", "master-v1.pub", "tweak.key"]
    );
    assert_eq!(
        names(&root.join("ledger")),
        ["checkpoint.key", "master-v1.pub", "seal.key", "tweak.key"]
    );
    for folder in [root.clone(), root.join("token"), root.join("ledger")] {
        assert_eq!(mode(&folder), 0o700);
    }
    for folder in ["token", "ledger"] {
        for file in names(&root.join(folder)) {
            assert_eq!(mode(&root.join(folder).join(file)), 0o600);
        }
    }
}

#[test]
fn later_starts_read_the_same_keys() {
    let data = made();
    let first = fingerprint(&start(&data, Halves::Both, false).unwrap());
    let again = start(&data, Halves::Both, true).unwrap();
    assert!(again.created.is_empty());
    assert_eq!(first, fingerprint(&again));
}

#[test]
fn each_half_opens_without_the_other() {
    let data = made();
    let root = data.path().join("keys");
    fs::rename(root.join("ledger"), data.path().join("elsewhere")).unwrap();
    let token = start(&data, Halves::Token, false).unwrap();
    assert!(token.token.is_some() && token.ledger.is_none());
    fs::rename(data.path().join("elsewhere"), root.join("ledger")).unwrap();
    fs::rename(root.join("token"), data.path().join("elsewhere")).unwrap();
    let ledger = start(&data, Halves::Ledger, false).unwrap();
    assert!(ledger.token.is_none() && ledger.ledger.is_some());
}

#[test]
fn whatever_others_can_read_is_refused_with_the_command_that_mends_it() {
    for (file, bad, good) in [
        ("token", 0o750, 0o700),
        ("ledger", 0o701, 0o700),
        ("token/master-v1.key", 0o640, 0o600),
        ("token/tweak.key", 0o604, 0o600),
        ("ledger/seal.key", 0o620, 0o600),
        ("ledger/checkpoint.key", 0o644, 0o600),
        ("ledger/master-v1.pub", 0o644, 0o600),
    ] {
        let data = made();
        let path = data.path().join("keys").join(file);
        set_mode(&path, bad);
        let error = start(&data, Halves::Both, true).unwrap_err();
        assert!(
            matches!(&error, KeyError::Permissions { path: named, .. } if *named == path),
            "{file}: {error}"
        );
        assert!(
            error
                .to_string()
                .contains(&format!("chmod {good:04o} '{}'", path.display())),
            "{error}"
        );
        set_mode(&path, good);
        assert!(start(&data, Halves::Both, false).is_ok());
    }
}

#[test]
fn another_accounts_file_is_refused_whatever_its_mode() {
    let path = Path::new("keys/ledger/seal.key");
    let judge = |owner, mode| folder::judge_access(path, owner, mode, 1_000, 0o600);
    assert!(judge(1_000, 0o100_600).is_ok());
    for owner in [0, 999, 1_001] {
        let error = judge(owner, 0o100_600).unwrap_err();
        assert!(matches!(error, KeyError::Owner { process: 1_000, .. }));
        assert!(
            error.to_string().contains("chown 1000 'keys/ledger/seal.key'"),
            "{error}"
        );
    }
    for open in [0o001, 0o002, 0o004, 0o010, 0o020, 0o040] {
        assert!(matches!(
            judge(1_000, 0o100_600 | open),
            Err(KeyError::Permissions { .. })
        ));
    }
}

#[test]
fn stricter_permissions_are_fine() {
    let data = made();
    set_mode(&data.path().join("keys/ledger/seal.key"), 0o400);
    assert!(start(&data, Halves::Both, false).is_ok());
}

#[test]
fn a_lost_key_is_never_made_anew() {
    for file in [
        "token/master-v1.key",
        "token/master-v1.pub",
        "token/tweak.key",
        "ledger/seal.key",
        "ledger/tweak.key",
        "ledger/checkpoint.key",
        "ledger/master-v1.pub",
    ] {
        let data = made();
        let path = data.path().join("keys").join(file);
        fs::remove_file(&path).unwrap();
        let error = start(&data, Halves::Both, true).unwrap_err();
        assert!(
            matches!(&error, KeyError::Missing { path: named } if *named == path),
            "{file}: {error}"
        );
        assert!(!path.exists());
    }
}

#[test]
fn a_lost_folder_is_never_made_anew() {
    for folder in ["token", "ledger"] {
        let data = made();
        let path = data.path().join("keys").join(folder);
        fs::remove_dir_all(&path).unwrap();
        for emptied in [false, true] {
            if emptied {
                fs::create_dir(&path).unwrap();
            }
            let error = start(&data, Halves::Both, true).unwrap_err();
            assert!(
                matches!(&error, KeyError::Lost { path: named } if *named == path),
                "{error}"
            );
        }
    }
    // And where a database already needs keys, not even a whole set.
    let data = tempfile::tempdir().unwrap();
    assert!(matches!(
        start(&data, Halves::Both, false),
        Err(KeyError::Lost { .. })
    ));
    assert!(names(data.path()).is_empty());
}

#[test]
fn empty_folders_left_by_a_package_are_filled() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir_all(data.path().join("keys/token")).unwrap();
    fs::create_dir_all(data.path().join("keys/ledger")).unwrap();
    start(&data, Halves::Both, true).unwrap();
    assert_eq!(mode(&data.path().join("keys")), 0o700);
    assert_eq!(names(data.path()), ["keys"]);
}

#[test]
fn what_a_crash_left_beside_the_folders_is_never_read() {
    let data = tempfile::tempdir().unwrap();
    let left = data.path().join(".keys-new-0011223344556677/token");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("master-v1.key"), "00").unwrap();
    assert_eq!(start(&data, Halves::Both, true).unwrap().created.len(), 2);
}

#[test]
fn a_file_that_is_no_key_is_refused_without_showing_it() {
    let planted = "c0ffee5ec4e7c0ffee5ec4e7";
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    for (file, text) in [
        ("token/master-v1.key", planted.to_owned()),
        ("token/master-v1.key", order.to_owned()),
        ("token/master-v1.key", "00".repeat(32)),
        ("token/tweak.key", planted.repeat(4)),
        ("ledger/seal.key", String::new()),
        ("ledger/checkpoint.key", format!("0x{}", planted.repeat(2))),
        ("ledger/master-v1.pub", "ff".repeat(32)),
        ("ledger/master-v1.pub", "00".repeat(32)),
    ] {
        let data = made();
        let path = data.path().join("keys").join(file);
        fs::write(&path, text).unwrap();
        let error = start(&data, Halves::Both, false).unwrap_err();
        assert!(
            matches!(&error, KeyError::Malformed { path: named, .. } if *named == path),
            "{file}: {error}"
        );
        assert!(!format!("{error} {error:?}").contains("c0ffee"), "{error}");
    }
}

#[test]
fn something_else_in_the_place_of_a_key_is_named() {
    let data = made();
    let path = data.path().join("keys/ledger/seal.key");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(
        start(&data, Halves::Both, false),
        Err(KeyError::Kind {
            expected: "a file",
            ..
        })
    ));

    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("keys")).unwrap();
    fs::write(data.path().join("keys/token"), "").unwrap();
    assert!(matches!(
        start(&data, Halves::Both, true),
        Err(KeyError::Kind {
            expected: "a folder",
            ..
        })
    ));
}

#[test]
fn a_link_is_judged_by_what_it_leads_to() {
    let data = made();
    let (path, moved) = (
        data.path().join("keys/ledger/seal.key"),
        data.path().join("seal.key"),
    );
    fs::rename(&path, &moved).unwrap();
    symlink(&moved, &path).unwrap();
    assert!(start(&data, Halves::Both, false).is_ok());
    set_mode(&moved, 0o644);
    assert!(matches!(
        start(&data, Halves::Both, false),
        Err(KeyError::Permissions { .. })
    ));
}

#[test]
fn halves_of_two_installations_are_refused() {
    for file in ["tweak.key", "master-v1.pub"] {
        let (data, other) = (made(), tempfile::tempdir().unwrap());
        open(
            other.path(),
            Halves::Both,
            &KeyCommands::default(),
            true,
            &TestEntropy::new(2),
        )
        .unwrap();
        fs::copy(
            other.path().join("keys/ledger").join(file),
            data.path().join("keys/ledger").join(file),
        )
        .unwrap();
        let error = start(&data, Halves::Both, false).unwrap_err();
        assert!(matches!(&error, KeyError::Disagreement { .. }), "{error}");
        assert!(error.to_string().contains(file), "{error}");
    }
    let (data, other) = (made(), tempfile::tempdir().unwrap());
    open(
        other.path(),
        Halves::Both,
        &KeyCommands::default(),
        true,
        &TestEntropy::new(2),
    )
    .unwrap();
    let public = "keys/token/master-v1.pub";
    fs::copy(other.path().join(public), data.path().join(public)).unwrap();
    assert!(matches!(
        start(&data, Halves::Token, false),
        Err(KeyError::Disagreement { .. })
    ));
}

#[test]
fn a_ledger_that_runs_apart_starts_from_what_the_token_side_handed_over() {
    let (token_side, ledger_side) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let token = start(&token_side, Halves::Token, true).unwrap();
    assert_eq!(names(&token_side.path().join("keys")), ["token"]);

    let handover = ledger_side.path().join("keys/handover");
    let error = start(&ledger_side, Halves::Ledger, true).unwrap_err();
    assert!(
        matches!(&error, KeyError::HandoverMissing { path } if *path == handover.join("tweak.key")),
        "{error}"
    );
    fs::create_dir_all(&handover).unwrap();
    for file in ["tweak.key", "master-v1.pub"] {
        assert!(matches!(
            start(&ledger_side, Halves::Ledger, true),
            Err(KeyError::HandoverMissing { .. })
        ));
        fs::copy(
            token_side.path().join("keys/token").join(file),
            handover.join(file),
        )
        .unwrap();
    }
    let ledger = start(&ledger_side, Halves::Ledger, true).unwrap();
    assert_eq!(names(&ledger_side.path().join("keys")), ["handover", "ledger"]);

    let member = MemberId::parse("bank-a").unwrap();
    for key in token.token.unwrap().public_keys(&member) {
        let known = ledger.ledger.as_ref().unwrap();
        assert!(known.is_members_key(&member, key.key_version, key.identifier_type, key.public_key));
    }
    // From then on its own folder counts, complete.
    fs::remove_dir_all(&handover).unwrap();
    assert!(start(&ledger_side, Halves::Ledger, false).is_ok());
}

#[test]
fn every_version_with_a_file_is_held() {
    let data = made();
    let other = tempfile::tempdir().unwrap();
    open(
        other.path(),
        Halves::Both,
        &KeyCommands::default(),
        true,
        &TestEntropy::new(2),
    )
    .unwrap();
    for (from, to) in [
        ("token/master-v1.key", "token/master-v2.key"),
        ("token/master-v1.pub", "token/master-v2.pub"),
        ("ledger/master-v1.pub", "ledger/master-v2.pub"),
    ] {
        fs::copy(
            other.path().join("keys").join(from),
            data.path().join("keys").join(to),
        )
        .unwrap();
    }
    // Names that are nearly versions are not.
    for file in [
        "master-v02.key",
        "master-v0.key",
        "master-v65536.key",
        "master-v1.key.bak",
        "notes.txt",
    ] {
        fs::write(data.path().join("keys/token").join(file), "").unwrap();
    }
    let keys = start(&data, Halves::Both, false).unwrap();
    let versions = [KeyVersion(1), KeyVersion(2)];
    assert!(keys.token.as_ref().unwrap().versions().eq(versions));
    assert!(keys.ledger.as_ref().unwrap().versions().eq(versions));
    assert!(keys.token.unwrap().rotation(versions[0], versions[1]).is_some());

    fs::remove_file(data.path().join("keys/ledger/master-v2.pub")).unwrap();
    assert!(matches!(
        start(&data, Halves::Both, false),
        Err(KeyError::Disagreement { .. })
    ));
    fs::remove_file(data.path().join("keys/token/master-v2.key")).unwrap();
    assert!(matches!(
        start(&data, Halves::Token, false),
        Err(KeyError::Missing { .. })
    ));
}

#[test]
fn ephemeral_keys_work_like_those_of_files() {
    let entropy = TestEntropy::new(4);
    let token = TokenKeys::ephemeral(&entropy);
    let ledger = LedgerKeys::ephemeral(&token, &entropy);
    let member = MemberId::parse("bank-a").unwrap();
    assert!(token.public_keys(&member).iter().all(|key| ledger.is_members_key(
        &member,
        key.key_version,
        key.identifier_type,
        key.public_key
    )));
    assert_eq!(token.public_keys(&member).len(), IdentifierType::ALL.len());
    assert!(!hex(ledger.checkpoint_seed()).starts_with("00000000"));
}
