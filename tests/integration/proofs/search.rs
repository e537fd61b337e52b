//! Finds secrets in bytes, in every form in which they might have been written down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::remains::files_below;

/// A needle's first bytes: the index.
type Head = [u8; 8];

/// Secrets to look for, each with a name that tells it apart and does not tell it.
#[derive(Default)]
pub struct Needles(BTreeMap<Head, Vec<(String, Vec<u8>)>>);

impl Needles {
    /// A text, as it is. At least 8 bytes: shorter ones are found by chance.
    pub fn text(&mut self, name: &str, text: &str) {
        self.add(name, text.as_bytes().to_vec());
    }

    /// Bytes: as they are, in hex, and in base64 of both alphabets wherever they lie in a longer text.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.add(&format!("{name}, raw"), bytes.to_vec());
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(&format!("{name}, in hex"), hex.to_uppercase().into_bytes());
        self.add(&format!("{name}, in hex"), hex.into_bytes());
        // `[1, 2, …]`: what a derived Debug prints.
        let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
        self.add(&format!("{name}, as a list"), list.join(", ").into_bytes());
        for before in 0..3 {
            let mut padded = vec![0; before];
            padded.extend_from_slice(bytes);
            // Characters that depend on the secret alone: six bits each.
            let (start, count) = ((before * 8).div_ceil(6), (bytes.len() * 8 - 6) / 6);
            for engine in [STANDARD, URL_SAFE] {
                let encoded = engine.encode(&padded).into_bytes();
                self.add(
                    &format!("{name}, in base64"),
                    encoded[start..start + count].to_vec(),
                );
            }
        }
    }

    fn add(&mut self, name: &str, needle: Vec<u8>) {
        let head = needle[..8].try_into().expect("needles have at least 8 bytes");
        self.0.entry(head).or_default().push((name.to_owned(), needle));
    }

    /// Names of the needles that are in the haystack.
    pub fn found_in(&self, haystack: &[u8]) -> BTreeSet<&str> {
        // Most of a large haystack is passed over by the first two bytes alone.
        let pair = |head: &[u8]| usize::from(u16::from_be_bytes([head[0], head[1]]));
        let mut begins = vec![false; 1 << 16];
        for head in self.0.keys() {
            begins[pair(head)] = true;
        }
        let mut found = BTreeSet::new();
        for (at, window) in haystack.windows(8).enumerate() {
            if !begins[pair(window)] {
                continue;
            }
            let head: Head = window.try_into().expect("windows of 8");
            let candidates = self.0.get(&head).map_or(&[][..], Vec::as_slice);
            for (name, needle) in candidates {
                if haystack[at..].starts_with(needle) {
                    found.insert(name.as_str());
                }
            }
        }
        found
    }
}

/// Secret keys of an installation, each with its file's name.
pub fn secret_keys(data: &Path) -> Vec<(String, Vec<u8>)> {
    let mut keys = Vec::new();
    for half in ["token", "ledger"] {
        for path in files_below(&data.join("keys").join(half)) {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("plain names");
            if name.ends_with(".key") {
                let text = std::fs::read_to_string(&path).expect("its owner may read it");
                keys.push((format!("{half}/{name}"), from_hex(text.trim())));
            }
        }
    }
    keys
}

/// Bytes of a text in hex.
pub fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .map(|digit| digit.to_digit(16).expect("hex digits"))
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two hex digits are a byte"))
        .collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret: Vec<u8> = (100..132).collect();
    let mut needles = Needles::default();
    needles.bytes("secret", &secret);
    needles.text("number", "+8613820000001");
    let with_prefix = |count: usize| [vec![b'x'; count], secret.clone(), vec![b'y'; 5]].concat();
    for haystack in [
        with_prefix(3),
        format!("{:?}", with_prefix(3)).into_bytes(),
        STANDARD.encode(with_prefix(3)).into_bytes(),
        STANDARD.encode(with_prefix(4)).into_bytes(),
        URL_SAFE.encode(with_prefix(5)).into_bytes(),
        b"tel:+8613820000001.".to_vec(),
    ] {
        assert!(!needles.found_in(&haystack).is_empty(), "{haystack:?}");
    }
    let hex: String = with_prefix(2).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!needles.found_in(hex.as_bytes()).is_empty());
    assert!(
        needles
            .found_in(b"tel:+8613820000002, and nothing else")
            .is_empty()
    );
}
