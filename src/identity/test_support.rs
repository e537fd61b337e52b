//! Deterministic randomness for the tests of this layer and of those above it.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

use crate::domain::clock::Entropy;

/// A byte stream that a seed decides: SHA-256 of seed and counter.
pub(crate) struct TestEntropy(Mutex<(u64, u64, Vec<u8>)>);

impl TestEntropy {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0, Vec::new())))
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        while state.2.len() < bytes.len() {
            let block = Sha256::digest([state.0.to_be_bytes(), state.1.to_be_bytes()].concat());
            state.2.extend_from_slice(&block);
            state.1 += 1;
        }
        let rest = state.2.split_off(bytes.len());
        bytes.copy_from_slice(&std::mem::replace(&mut state.2, rest));
    }
}

/// Bytes from hexadecimal text.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Lower-case hexadecimal text of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
