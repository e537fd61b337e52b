//! What somebody learns who has a dump of the database and a list of guesses: without the key files nothing, with them
//! everything. The second half shows that the first one tried in earnest.

use std::collections::{BTreeMap, BTreeSet};

use aes_siv::KeyInit as _;
use aes_siv::siv::Aes256Siv;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Digest as _, Sha256, Sha512};
use tallystick::domain::token::IdentifierType;
use tallystick::identity::normalise::{Country, Identifier, NormalisedIdentifier};

use super::people::{Person, loan, mobile, national_id, normalised, today};
use super::remains::dump;
use super::search::secret_keys;
use super::world::World;

/// Guesses of each kind: 100,000 in all.
const GUESSES: u32 = 50_000;
/// Borrowers on file, spread over the guesses.
const BORROWERS: u32 = 40;
/// Distance between two of them.
const STRIDE: u32 = GUESSES / BORROWERS;

/// Beginnings of everything that is in a dump: each window of 8 bytes once.
struct Dump(Vec<u64>);

impl Dump {
    fn of(bytes: &[u8]) -> Self {
        let mut windows: Vec<u64> = bytes.windows(8).map(head).collect();
        // What the bytes say in hex is in the dump as well.
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        let nibbles: Vec<Option<u8>> = bytes.iter().map(|byte| digit(*byte)).collect();
        for run in nibbles.windows(16) {
            if let Some(run) = run.iter().copied().collect::<Option<Vec<u8>>>() {
                windows.push(
                    run.chunks(2)
                        .fold(0, |sum, pair| sum << 8 | u64::from(pair[0] << 4 | pair[1])),
                );
            }
        }
        windows.sort_unstable();
        windows.dedup();
        Self(windows)
    }

    fn holds(&self, digest: &[u8]) -> bool {
        self.0.binary_search(&head(&digest[..8])).is_ok()
    }
}

fn head(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("8 bytes"))
}

/// The guesses with their numbers: mobiles around the real ones, and resident numbers.
fn guesses() -> Vec<(u32, NormalisedIdentifier)> {
    let mobiles = (0..GUESSES).map(|number| (number, Identifier::mobile(mobile(number))));
    let people = (0..GUESSES).map(|number| {
        (
            number,
            Identifier::national_id(Country::CHINA, national_id(number)),
        )
    });
    mobiles
        .chain(people)
        .map(|(number, identifier)| (number, normalised(&identifier)))
        .collect()
}

/// Splits work over the machine's cores and puts the results together.
fn on_every_core<T: Sync, R: Send>(work: &[T], each: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = work.len().div_ceil(cores);
    std::thread::scope(|scope| {
        let parts: Vec<_> = work
            .chunks(share)
            .map(|part| scope.spawn(|| each(part)))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("an attack does not panic"))
            .collect()
    })
}

/// Everything that is commonly done with identifiers where no service keeps a key.
fn hashes(identifier: &NormalisedIdentifier, keys: &[&[u8]]) -> Vec<Vec<u8>> {
    let value = identifier.expose_value();
    let bare = value.trim_start_matches("+86");
    let input = identifier.oprf_input();
    let mut digests = Vec::new();
    for text in [value.as_bytes(), bare.as_bytes(), &input] {
        digests.push(Sha256::digest(text).to_vec());
        digests.push(Sha512::digest(text).to_vec());
        for key in keys {
            let mut mac =
                <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(text);
            digests.push(mac.finalize().into_bytes().to_vec());
        }
    }
    digests
}

/// What an attacker computes who holds `k_v` and `s`: privacy.md's steps in a program of its own.
struct Thief {
    master: Scalar,
    seal: [u8; 64],
}

impl Thief {
    fn with(keys: &BTreeMap<String, Vec<u8>>) -> Self {
        let master = keys["token/master-v1.key"]
            .as_slice()
            .try_into()
            .expect("32 bytes");
        Self {
            master: Option::from(Scalar::from_canonical_bytes(master)).expect("a canonical scalar"),
            seal: keys["ledger/seal.key"].as_slice().try_into().expect("64 bytes"),
        }
    }

    /// `seal(s, k · H(x))`, as the database holds it.
    fn sealed(&self, identifier: &NormalisedIdentifier) -> Vec<u8> {
        let pseudonym = hash_to_group(&identifier.oprf_input()) * self.master;
        let mut text = pseudonym.compress().to_bytes();
        let kind = identifier.identifier_type().as_str().as_bytes();
        let headers: [&[u8]; 3] = [b"tallystick/v1/pseudonym", &[0, 1], kind];
        let tag = Aes256Siv::new(&self.seal.into())
            .encrypt_in_place_detached(headers, &mut text)
            .expect("three headers are allowed");
        [tag.as_slice(), &text].concat()
    }
}

/// RFC 9497's hash to ristretto255: expand_message_xmd of RFC 9380 with SHA-512, then the one-way map.
fn hash_to_group(input: &[u8]) -> RistrettoPoint {
    let tag = b"HashToGroup-OPRFV1-\x01-ristretto255-SHA512";
    let tag_length = [u8::try_from(tag.len()).expect("short")];
    let first = Sha512::new()
        .chain_update([0; 128])
        .chain_update(input)
        .chain_update([0, 64, 0])
        .chain_update(tag)
        .chain_update(tag_length)
        .finalize();
    let uniform = Sha512::new()
        .chain_update(first)
        .chain_update([1])
        .chain_update(tag)
        .chain_update(tag_length)
        .finalize();
    RistrettoPoint::from_uniform_bytes(&uniform.into())
}

/// A market in which every [`STRIDE`]th guess is right, at rest: its folder, and the numbers of its borrowers.
async fn market_at_rest() -> (World, BTreeSet<(IdentifierType, u32)>) {
    let mut world = World::start().await;
    let [one, other] = world.banks(["bank-a", "bank-b"]).await;
    let mut on_file = BTreeSet::new();
    for number in (0..BORROWERS).map(|borrower| borrower * STRIDE + 7) {
        let person = Person::number(number);
        let tokens = one.tokens(&person).await;
        one.report(loan(&format!("A-{number}"), tokens, today())).await;
        other.query(other.tokens(&person).await).await;
        on_file.extend([
            (IdentifierType::Mobile, number),
            (IdentifierType::NationalId, number),
        ]);
    }
    world.stop().await;
    (world, on_file)
}

fn recovered(
    guesses: &[(u32, NormalisedIdentifier)],
    dump: &Dump,
    digests: impl Fn(&NormalisedIdentifier) -> Vec<Vec<u8>> + Sync,
) -> BTreeSet<(IdentifierType, u32)> {
    let hits = on_every_core(guesses, |part| {
        part.iter()
            .filter(|(_, guess)| digests(guess).iter().any(|digest| dump.holds(digest)))
            .map(|(number, guess)| (guess.identifier_type(), *number))
            .collect()
    });
    hits.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_guesses_name_nobody_without_the_key_files_and_everybody_with_them() {
    let (world, on_file) = market_at_rest().await;
    let bytes = dump(&world.storage, &world.data()).await;
    let dump = Dump::of(&bytes);
    let guesses = guesses();
    assert_eq!(guesses.len(), 100_000);

    // Whatever is public, was ever guessed, or lies in the dump itself.
    let public = std::fs::read(world.data().join("keys/token/master-v1.pub")).expect("a public key");
    let tried: [&[u8]; 7] = [
        b"",
        b"tallystick",
        b"tallystick/v1",
        b"secret",
        b"bank-a",
        b"proofs.test",
        &public,
    ];
    let found = recovered(&guesses, &dump, |guess| hashes(guess, &tried));
    assert_eq!(found, BTreeSet::new(), "hashes and guessed keys name somebody");

    // Somebody else's key files are as good as none.
    let foreign = World::start().await;
    let others = Thief::with(&secret_keys(&foreign.data()).into_iter().collect());
    let sample: Vec<_> = guesses
        .iter()
        .filter(|(number, _)| number % STRIDE == 7)
        .cloned()
        .collect();
    assert_eq!(sample.len(), on_file.len());
    assert_eq!(
        recovered(&sample, &dump, |guess| vec![others.sealed(guess)]),
        BTreeSet::new()
    );

    // The token side's keys alone open nothing that is sealed.
    let keys: BTreeMap<String, Vec<u8>> = secret_keys(&world.data()).into_iter().collect();
    let thief = Thief::with(&keys);
    let unsealed = |guess: &NormalisedIdentifier| {
        let pseudonym = hash_to_group(&guess.oprf_input()) * thief.master;
        vec![pseudonym.compress().to_bytes().to_vec()]
    };
    assert_eq!(recovered(&sample, &dump, unsealed), BTreeSet::new());

    // Both sides' key files: the same guesses name everybody, and nobody else.
    let found = recovered(&guesses, &dump, |guess| vec![thief.sealed(guess)]);
    assert_eq!(found, on_file);
}

#[tokio::test(flavor = "multi_thread")]
async fn hashed_identifiers_in_a_dump_would_have_been_found() {
    let guess = normalised(&Identifier::mobile(mobile(41)));
    for digest in hashes(&guess, &[b"tallystick"]) {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        for planted in [digest.clone(), hex.into_bytes()] {
            let bytes = [b"rows before".to_vec(), planted, b"rows after".to_vec()].concat();
            assert!(Dump::of(&bytes).holds(&digest));
        }
    }
}
