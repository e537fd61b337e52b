//! Whatever happens to the file, a token that comes out is the right one; whatever was committed outlives a kill.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::tests::{V1, entries, home, identifiers, keys_of, left_behind, open, service};
use super::*;

/// Enough entries for a tree of several pages.
const PEOPLE: u32 = 400;

/// The files of a cache, before the log was moved into the table and after.
struct Files {
    table: Vec<u8>,
    early_table: Vec<u8>,
    log: Vec<u8>,
    keys: ServiceKeys,
    tokens: Vec<SubjectToken>,
}

fn files() -> Files {
    let (_home, path) = home();
    let service = service(1);
    let keys = keys_of(&service, &[V1]);
    let kept = entries(&service, V1, 0..PEOPLE);
    let cache = open(&path).unwrap();
    for part in kept.chunks(100) {
        cache.keep(part, &keys).unwrap();
    }
    let copy = path.with_file_name("copy.cache");
    left_behind(&path, &copy);
    let early_table = fs::read(&copy).unwrap();
    let log = fs::read(path.with_file_name("copy.cache-wal")).unwrap();
    drop(cache);
    Files {
        table: fs::read(&path).unwrap(),
        early_table,
        log,
        keys,
        tokens: kept.into_iter().map(|(_, token)| token).collect(),
    }
}

static FILES: std::sync::LazyLock<Files> = std::sync::LazyLock::new(files);

/// Opens a cache of these bytes and looks everybody up: how many were found, all of them right. `None` for an error.
fn found_in(table: &[u8], log: &[u8]) -> Option<usize> {
    let (_home, path) = home();
    write(&path, table);
    write(&path.with_file_name("tokens.cache-wal"), log);
    let cache = open(&path).ok()?;
    let found = cache.find(&identifiers(0..PEOPLE), &FILES.keys).ok()?;
    let mut right = 0;
    for (found, expected) in found.into_iter().zip(&FILES.tokens) {
        if let Some(found) = found {
            assert!(found == *expected, "a wrong token came out");
            right += 1;
        }
    }
    // Going on with it may fail, and must not panic.
    let _ = cache.keep(&entries(&service(1), V1, 0..2), &FILES.keys);
    Some(right)
}

fn write(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).unwrap().write_all(bytes).unwrap();
}

/// Changes to bytes: flips at places given in parts per 65,536 of the length, and a length to cut to.
fn harm(bytes: &[u8], flips: &[(u16, u8)], cut: Option<u16>) -> Vec<u8> {
    let at = |part: u16| bytes.len() * usize::from(part) / 65_536;
    let mut harmed = bytes.to_vec();
    for (part, bits) in flips {
        harmed[at(*part)] ^= *bits;
    }
    harmed.truncate(cut.map_or(bytes.len(), at));
    harmed
}

#[test]
fn unharmed_files_give_everything() {
    let everybody = usize::try_from(PEOPLE).unwrap();
    assert_eq!(found_in(&FILES.table, &[]), Some(everybody));
    assert_eq!(found_in(&FILES.early_table, &FILES.log), Some(everybody));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_harmed_table_gives_right_tokens_misses_or_an_error(
        flips in prop::collection::vec((any::<u16>(), 1..=u8::MAX), 0..4), cut in prop::option::of(any::<u16>()),
    ) {
        found_in(&harm(&FILES.table, &flips, cut), &[]);
    }

    #[test]
    fn a_harmed_log_gives_right_tokens_misses_or_an_error(
        flips in prop::collection::vec((any::<u16>(), 1..=u8::MAX), 0..4), cut in prop::option::of(any::<u16>()),
    ) {
        found_in(&FILES.early_table, &harm(&FILES.log, &flips, cut));
    }
}

#[test]
fn a_log_torn_anywhere_still_opens_with_whole_transactions_alone() {
    let whole: Vec<usize> = (0..64_u16)
        .map(|part| {
            let log = harm(&FILES.log, &[], Some(part * 1_024));
            found_in(&FILES.early_table, &log).expect("a torn log is the usual crash, and no error")
        })
        .collect();
    assert!(whole.iter().all(|found| found % 100 == 0), "{whole:?}");
    assert!(whole.is_sorted(), "{whole:?}");
}

#[test]
fn entries_moved_to_another_place_are_misses() {
    let (_home, path) = home();
    write(&path, &FILES.table);
    {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let moved = connection.execute(
            "UPDATE entry SET sealed = (SELECT sealed FROM entry AS other WHERE other.place < entry.place
             ORDER BY other.place DESC LIMIT 1) WHERE place > (SELECT min(place) FROM entry)",
            [],
        );
        assert_eq!(moved.unwrap(), usize::try_from(PEOPLE).unwrap() - 1);
    }
    let found = open(&path)
        .unwrap()
        .find(&identifiers(0..PEOPLE), &FILES.keys)
        .unwrap();
    assert!(
        found.iter().flatten().count() <= 1,
        "the first one stayed at most"
    );
}

/// Where the process that will be killed finds its cache.
const CACHE_VARIABLE: &str = "TALLYSTICK_TEST_CACHE";

/// No test by itself: the process that [`what_was_committed_outlives_a_kill`] starts and kills.
#[test]
fn keeps_until_it_is_killed() {
    let Some(path) = std::env::var_os(CACHE_VARIABLE) else {
        return;
    };
    let (cache, service) = (open(Path::new(&path)).unwrap(), service(1));
    let keys = keys_of(&service, &[V1]);
    for batch in 0.. {
        cache
            .keep(&entries(&service, V1, batch * 50..batch * 50 + 50), &keys)
            .unwrap();
        println!("kept {batch}");
    }
}

#[test]
fn what_was_committed_outlives_a_kill() {
    let (_home, path) = home();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "client::cache::damage_tests::keeps_until_it_is_killed",
            "--nocapture",
        ])
        .env(CACHE_VARIABLE, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = None;
    while last < Some(7) {
        let line = lines.next().expect("it keeps until it is killed").unwrap();
        if let Some((_, batch)) = line.split_once("kept ") {
            last = batch.parse::<u32>().ok();
        }
    }
    assert!(
        matches!(open(&path), Err(CacheError::InUse { .. })),
        "it has the file"
    );
    child.kill().unwrap();
    child.wait().unwrap();

    let (cache, service) = (open(&path).unwrap(), service(1));
    let kept = entries(&service, V1, 0..400);
    let (asked, expected): (Vec<_>, Vec<_>) = kept.into_iter().map(|(i, t)| (i, Some(t))).unzip();
    assert!(cache.find(&asked, &keys_of(&service, &[V1])).unwrap() == expected);
}
