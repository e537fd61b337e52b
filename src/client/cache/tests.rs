//! The cache against a model, over reopening, crashes and changes of keys; who may open it; what its file shows.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;
use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::keys::{KeyError, SecretSource, TokenKeys};
use crate::identity::normalise::{Country, Identifier, Rules};
use crate::identity::oprf::algebra::{MasterKey, TweakKey};
use crate::identity::test_support::TestEntropy;

pub(super) const V1: KeyVersion = KeyVersion(1);
pub(super) const V2: KeyVersion = KeyVersion(2);

/// A service with keys of two versions.
pub(super) fn service(seed: u64) -> TokenKeys {
    let entropy = TestEntropy::new(seed);
    let masters = [V1, V2].map(|version| (version, MasterKey::generate(&entropy)));
    TokenKeys::of_parts(BTreeMap::from(masters), TweakKey::new([9; 64]))
}

fn member(name: &str) -> MemberId {
    MemberId::parse(name).unwrap()
}

/// What GetTokenKeys tells bank-a when `live` are the versions.
pub(super) fn keys_of(service: &TokenKeys, live: &[KeyVersion]) -> ServiceKeys {
    service
        .public_keys(&member("bank-a"))
        .into_iter()
        .filter(|key| live.contains(&key.key_version))
        .map(|key| (key.identifier_type, key.key_version, key.public_key))
        .collect()
}

/// Even numbers have a mobile, odd ones a passport.
pub(super) fn identifier(number: u32) -> NormalisedIdentifier {
    let given = if number.is_multiple_of(2) {
        Identifier::mobile(format!("+86138{number:08}"))
    } else {
        Identifier::passport(Country::CHINA, format!("E{number:08}"))
    };
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
    given.normalise(&Rules::on(today)).unwrap().identifier
}

pub(super) fn identifiers(numbers: std::ops::Range<u32>) -> Vec<NormalisedIdentifier> {
    numbers.map(identifier).collect()
}

/// What `keep` takes: the identifiers with bank-a's tokens of them.
pub(super) fn entries(
    service: &TokenKeys,
    version: KeyVersion,
    numbers: std::ops::Range<u32>,
) -> Vec<(NormalisedIdentifier, SubjectToken)> {
    let identifiers = identifiers(numbers);
    let tokens = service.tokens(&member("bank-a"), version, &identifiers).unwrap();
    identifiers.into_iter().zip(tokens).collect()
}

pub(super) fn key(byte: u8) -> CacheKey {
    CacheKey::of_bytes([byte; 32])
}

pub(super) fn open(path: &Path) -> Result<TokenCache, CacheError> {
    TokenCache::open(path, &key(1), Arc::new(TestEntropy::new(7)))
}

pub(super) fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("tokens.cache");
    (home, path)
}

/// Changes a cache that nobody has open, as a hand with SQLite's own tools would.
pub(in crate::client) fn spoil(path: &Path, statements: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(statements).unwrap();
}

fn found(cache: &TokenCache, numbers: std::ops::Range<u32>, keys: &ServiceKeys) -> Vec<bool> {
    let found = cache.find(&identifiers(numbers), keys).unwrap();
    found.iter().map(Option::is_some).collect()
}

#[test]
fn five_thousand_tokens_come_back_in_the_order_of_their_identifiers() {
    let (_home, path) = home();
    let (cache, service) = (open(&path).unwrap(), service(1));
    let keys = keys_of(&service, &[V1]);
    let kept = entries(&service, V1, 0..5_000);
    cache.keep(&kept, &keys).unwrap();
    let (mut asked, mut expected): (Vec<_>, Vec<_>) = kept.into_iter().map(|(i, t)| (i, Some(t))).unzip();
    asked.insert(2_500, identifier(9_000_000));
    expected.insert(2_500, None);
    asked.push(asked[17].clone());
    expected.push(expected[17].clone());
    assert!(cache.find(&asked, &keys).unwrap() == expected);
    assert!(cache.find(&[], &keys).unwrap().is_empty());
    cache.keep(&[], &keys).unwrap();
}

#[test]
fn tokens_of_another_service_member_or_retired_version_are_misses_and_get_replaced() {
    let (_home, path) = home();
    let (cache, ours, other) = (open(&path).unwrap(), service(1), service(2));
    let both = keys_of(&ours, &[V1, V2]);
    cache.keep(&entries(&ours, V1, 0..4), &both).unwrap();
    assert_eq!(found(&cache, 0..4, &both), [true; 4]);
    let of_bank_b: ServiceKeys = ours
        .public_keys(&member("bank-b"))
        .into_iter()
        .map(|key| (key.identifier_type, key.key_version, key.public_key))
        .collect();
    for strangers in [
        keys_of(&other, &[V1, V2]),
        keys_of(&ours, &[V2]),
        of_bank_b,
        ServiceKeys::default(),
    ] {
        assert_eq!(found(&cache, 0..4, &strangers), [false; 4]);
    }
    let new = entries(&ours, V2, 0..4);
    cache.keep(&new, &keys_of(&ours, &[V2])).unwrap();
    let again = cache.find(&identifiers(0..4), &both).unwrap();
    assert!(
        again
            .into_iter()
            .eq(new.into_iter().map(|(_, token)| Some(token)))
    );
}

#[test]
fn a_token_without_its_key_or_of_another_type_is_not_kept() {
    let (_home, path) = home();
    let (cache, service) = (open(&path).unwrap(), service(1));
    let keys = keys_of(&service, &[V1, V2]);
    cache
        .keep(&entries(&service, V1, 0..1), &keys_of(&service, &[V2]))
        .unwrap();
    let (mobile, _) = entries(&service, V1, 0..1).remove(0);
    let (_, of_passport) = entries(&service, V1, 1..2).remove(0);
    cache.keep(&[(mobile, of_passport)], &keys).unwrap();
    assert_eq!(found(&cache, 0..2, &keys), [false; 2]);
}

#[test]
fn a_second_opener_is_told_until_the_first_is_gone() {
    let (_home, path) = home();
    let first = open(&path).unwrap();
    let handle = first.clone();
    let refused = |path: &Path| matches!(open(path), Err(CacheError::InUse { .. }));
    assert!(refused(&path));
    drop(first);
    assert!(refused(&path), "a handle is left");
    drop(handle);
    open(&path).unwrap();
}

#[test]
fn the_wrong_key_is_refused_and_the_right_one_still_opens() {
    let (_home, path) = home();
    let service = service(1);
    let keys = keys_of(&service, &[V1]);
    open(&path)
        .unwrap()
        .keep(&entries(&service, V1, 0..3), &keys)
        .unwrap();
    let before = fs::read(&path).unwrap();
    let refused = TokenCache::open(&path, &key(2), Arc::new(TestEntropy::new(7)));
    assert!(matches!(refused, Err(CacheError::WrongKey { .. })));
    assert!(fs::read(&path).unwrap() == before, "nothing was changed");
    assert_eq!(found(&open(&path).unwrap(), 0..3, &keys), [true; 3]);
}

#[test]
fn what_is_no_cache_is_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let (text, database) = (home.path().join("notes.txt"), home.path().join("other.db"));
    fs::write(
        &text,
        "these are the notes of somebody else, not a database. ".repeat(100),
    )
    .unwrap();
    spoil(&database, "CREATE TABLE loans (number INTEGER)");
    for path in [&text, &database] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        let before = fs::read(path).unwrap();
        let refused = open(path);
        assert!(
            matches!(refused, Err(CacheError::NotACache { .. })),
            "{:?}",
            refused.err()
        );
        assert!(fs::read(path).unwrap() == before);
    }
    assert!(matches!(open(home.path()), Err(CacheError::NotACache { .. })));
    assert!(matches!(
        open(&home.path().join("absent/tokens.cache")),
        Err(CacheError::Disk { .. })
    ));
}

#[test]
fn a_cache_of_another_format_is_told() {
    let (_home, path) = home();
    open(&path).unwrap();
    spoil(&path, "UPDATE cache SET format = 2");
    assert!(matches!(
        open(&path),
        Err(CacheError::Format {
            found: 2,
            expected: 1,
            ..
        })
    ));
}

#[test]
fn its_files_are_the_owners_alone_and_refused_otherwise() {
    let (home, path) = home();
    let (cache, service) = (open(&path).unwrap(), service(1));
    cache
        .keep(&entries(&service, V1, 0..50), &keys_of(&service, &[V1]))
        .unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(home.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["tokens.cache", "tokens.cache-wal", "tokens.cache.lock"]);
    drop(cache);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = home.path().join("link.cache");
    symlink(&path, &link).unwrap();
    for name in [&path, &link] {
        assert!(matches!(
            open(name),
            Err(CacheError::Access(KeyError::Permissions { mode: 0o640, .. }))
        ));
    }
}

#[test]
fn the_files_hold_no_identifier_no_plain_hash_and_no_token() {
    let (home, path) = home();
    let (cache, service) = (open(&path).unwrap(), service(1));
    let keys = keys_of(&service, &[V1]);
    let kept = entries(&service, V1, 0..200);
    cache.keep(&kept, &keys).unwrap();
    let dump = || -> Vec<u8> {
        let files = fs::read_dir(home.path()).unwrap();
        files
            .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect()
    };
    let open_dump = dump();
    drop(cache);
    let dumps = [open_dump, dump()];
    let holds = |canary: &[u8]| {
        dumps
            .iter()
            .any(|dump| dump.windows(canary.len()).any(|at| at == canary))
    };
    // The search finds what is there.
    assert!(holds(key(1).check_value().as_slice()));
    for secret in [key(1).index_key(), key(1).seal_key(), Zeroizing::new([1; 32])] {
        assert!(!holds(secret.as_slice()));
    }
    for (identifier, token) in &kept {
        let (value, input) = (identifier.expose_value(), identifier.oprf_input());
        assert!(!holds(value.trim_start_matches('+').as_bytes()));
        for hashed in [value.as_bytes(), input.as_slice()] {
            let hash: [u8; 32] = Sha256::digest(hashed).into();
            assert!(!holds(&hash[..8]) && !holds(&hash[24..]));
        }
        assert!(!holds(&token.expose_bytes()[..8]) && !holds(&token.expose_bytes()[24..]));
    }
}

#[test]
fn nothing_of_it_prints() {
    let (_home, path) = home();
    let shown = format!("{:?} {:?}", open(&path).unwrap(), key(1));
    assert_eq!(shown, "TokenCache(…) CacheKey(…)");
}

#[test]
fn a_key_of_a_file_opens_what_it_made() {
    let (home, path) = home();
    let file = home.path().join("secret/cache.key");
    let entropy: SharedEntropy = Arc::new(TestEntropy::new(3));
    let made = CacheKey::create(&file, &*entropy).unwrap();
    TokenCache::open(&path, &made, Arc::clone(&entropy)).unwrap();
    let read = CacheKey::read(&SecretSource::File(file)).unwrap();
    TokenCache::open(&path, &read, entropy).unwrap();
}

/// Identifiers of the model.
const PEOPLE: u32 = 24;
/// Tokens of everybody, by service and version, made once.
static TOKENS: LazyLock<Vec<Vec<(NormalisedIdentifier, SubjectToken)>>> = LazyLock::new(|| {
    let services = [service(1), service(2)];
    let made = services
        .iter()
        .flat_map(|service| [V1, V2].map(|version| entries(service, version, 0..PEOPLE)));
    made.collect()
});
static KEYS: LazyLock<[ServiceKeys; 2]> =
    LazyLock::new(|| [1, 2].map(|seed| keys_of(&service(seed), &[V1, V2])));

#[derive(Debug, Clone)]
enum Step {
    /// Keep tokens of these people, of service `which / 2` and version `which % 2`.
    Keep {
        which: usize,
        people: Vec<u32>,
    },
    /// Look everybody up with the keys of a service.
    Find {
        service: usize,
    },
    Reopen,
    /// Go on from the files as they lie there, as after a kill.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_usize, prop::collection::vec(0..PEOPLE, 0..12))
            .prop_map(|(which, people)| Step::Keep { which, people }),
        4 => (0..2_usize).prop_map(|service| Step::Find { service }),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

/// Copies what a killed process would leave.
pub(super) fn left_behind(path: &Path, to: &Path) {
    for end in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        if name(path).exists() {
            fs::copy(name(path), name(to)).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn it_answers_as_a_map_does(steps in prop::collection::vec(step(), 1..24)) {
        let home = tempfile::tempdir().unwrap();
        let mut path = home.path().join("0.cache");
        let mut cache = Some(open(&path).unwrap());
        let mut model: BTreeMap<u32, usize> = BTreeMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Keep { which, people } => {
                    let of = |person: &u32| TOKENS[which][usize::try_from(*person).unwrap()].clone();
                    let entries: Vec<_> = people.iter().map(of).collect();
                    cache.as_ref().unwrap().keep(&entries, &KEYS[which / 2]).unwrap();
                    model.extend(people.into_iter().map(|person| (person, which)));
                }
                Step::Find { service } => {
                    let answer = cache.as_ref().unwrap().find(&identifiers(0..PEOPLE), &KEYS[service]).unwrap();
                    for (person, token) in (0..PEOPLE).zip(answer) {
                        let which = model.get(&person).filter(|which| *which / 2 == service);
                        let expected = which.map(|which| &TOKENS[*which][usize::try_from(person).unwrap()].1);
                        prop_assert!(token.as_ref() == expected);
                    }
                }
                Step::Reopen => {
                    drop(cache.take());
                    cache = Some(open(&path).unwrap());
                }
                Step::Crash => {
                    let next = home.path().join(format!("{}.cache", number + 1));
                    left_behind(&path, &next);
                    path = next;
                    cache = Some(open(&path).unwrap());
                }
            }
        }
    }
}

#[test]
fn types_have_their_own_entries_although_the_value_is_one() {
    let (_home, path) = home();
    let (cache, service) = (open(&path).unwrap(), service(1));
    let keys = keys_of(&service, &[V1]);
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
    let of = |kind, country| {
        let given = Identifier::new(kind, Country::parse(country), "A1234567".to_owned()).unwrap();
        given.normalise(&Rules::on(today)).unwrap().identifier
    };
    let all = [
        of(IdentifierType::Passport, "DE"),
        of(IdentifierType::NationalId, "DE"),
        of(IdentifierType::Passport, "FR"),
    ];
    let tokens = service.tokens(&member("bank-a"), V1, &all[..1]).unwrap();
    cache.keep(&[(all[0].clone(), tokens[0].clone())], &keys).unwrap();
    let found = cache.find(&all, &keys).unwrap();
    assert!(found == [Some(tokens[0].clone()), None, None]);
}
