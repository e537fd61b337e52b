//! Names of calls: made here, never taken from outside, sent back as `x-request-id` and written into every log line.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};

use crate::domain::clock::Entropy;

/// The response header that carries it.
pub const HEADER: &str = "x-request-id";

/// Names one call: 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CallId([u8; 32]);

impl CallId {
    fn from_bytes(bytes: [u8; 16]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'0'; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            for (slot, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *slot = DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
            }
        }
        Self(text)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// As a header's value.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).expect("hexadecimal digits fit a header")
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes them. Random, not counted: a counter would tell a member how busy the others are.
pub struct CallIds(Mutex<ChaCha12Rng>);

impl CallIds {
    /// Seeded once: a system call for each call would cost more than the rest of its way in.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut seed = [0; 32];
        entropy.fill(&mut seed);
        Self(Mutex::new(ChaCha12Rng::from_seed(seed)))
    }

    /// The next one.
    pub fn next(&self) -> CallId {
        let mut bytes = [0; 16];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        CallId::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_the_bytes() {
        let id = CallId::from_bytes([0x00, 0x1f, 0xa0, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(id.as_str(), "001fa0ff0102030405060708090a0b0c");
        assert_eq!(id.header(), "001fa0ff0102030405060708090a0b0c");
    }
}
