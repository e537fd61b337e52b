//! A service that cannot start says why, and what to do, and changes nothing.
//!
//! What a service needs on any engine is spoiled on the chosen one; each engine's own troubles on that engine alone.

mod postgres;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::process::Site;
use crate::harness::Storage;

/// What is spoiled, how, and what must be said about it.
type Case = (&'static str, fn(&Path), &'static [&'static str]);

/// What can be wrong with a database that is a file.
const OF_A_FILE: [Case; 2] = [
    (
        "a database of another version",
        |folder| {
            let database = rusqlite::Connection::open(folder.join("data/tallystick.db")).expect("it opens");
            let made = "UPDATE schema_migration SET version = 99 WHERE version = 5";
            database.execute(made, []).expect("its version changes");
        },
        &["schema version 99", "run the program version that migrated it"],
    ),
    (
        "a file that is no database",
        |folder| fs::write(folder.join("data/tallystick.db"), [7; 8_192]).expect("it can be written"),
        &["tallystick.db"],
    ),
];

const CASES: [Case; 7] = [
    (
        "a key that others may read",
        |folder| mode(&folder.join("data/keys/ledger/seal.key"), 0o644),
        &["seal.key", "chmod 0600"],
    ),
    (
        "a folder of keys that others may read",
        |folder| mode(&folder.join("data/keys/token"), 0o755),
        &["keys/token", "chmod 0700"],
    ),
    (
        "a lost key",
        |folder| fs::remove_file(folder.join("data/keys/ledger/seal.key")).expect("it was there"),
        &["seal.key", "backup"],
    ),
    (
        "lost keys of a database that is there",
        |folder| fs::remove_dir_all(folder.join("data/keys")).expect("they were there"),
        &["keys", "backup"],
    ),
    (
        "a key that is none",
        |folder| fs::write(folder.join("data/keys/token/tweak.key"), "not a key").expect("it can be written"),
        &["tweak.key", "128 hexadecimal digits", "backup"],
    ),
    (
        "a lost certificate",
        |folder| fs::remove_file(folder.join("server.pem")).expect("it was there"),
        &["server.pem", "tallystick certs init"],
    ),
    (
        "a TLS key that others may read",
        |folder| mode(&folder.join("server.key"), 0o640),
        &["server.key", "chmod 600"],
    ),
];

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the owner may change the mode");
}

/// Starts a service that must not start, and holds what it says against the parts that it must say. Gives all of it.
fn refused(site: &Site, name: &str, said: &[&str]) -> String {
    let Err(told) = site.started().map(drop) else {
        panic!("{name}: it starts all the same");
    };
    for part in said {
        assert!(told.contains(part), "{name}: {part:?} is not in {told}");
    }
    assert!(!told.contains("panic"), "{name}: {told}");
    assert!(told.contains("exit status: 1"), "{name}: {told}");
    told
}

/// A site whose service has served and stopped, spoiled: what it says now, and none of its keys.
fn refused_when_spoiled(site: &Site, (name, spoil, said): &Case) {
    site.start().stop();
    let keys = super::search::secret_keys(&site.data());
    spoil(site.folder.path());
    let told = refused(site, name, said);
    for (file, key) in keys {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!told.contains(&hex), "{name}: {file} is told");
    }
}

#[tokio::test]
async fn a_service_that_cannot_start_says_why_and_what_to_do() {
    for case in &CASES {
        refused_when_spoiled(&Site::prepare().await, case);
    }
    for case in &OF_A_FILE {
        refused_when_spoiled(&Site::on(Storage::File), case);
    }
}

#[test]
fn two_services_never_work_on_one_data_folder() {
    let site = Site::on(Storage::File);
    let first = site.start();
    let Err(told) = site.started().map(drop) else {
        panic!("a second one starts on the same folder");
    };
    assert!(told.contains("another service"), "{told}");
    first.kill();
    // The system lets go of what a killed process held.
    site.start().stop();
}
