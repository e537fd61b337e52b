//! Randomness for the tests of links and sessions.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::clock::Entropy;

/// A number, one more each time.
pub static COUNTING: CountingEntropy = CountingEntropy(AtomicU64::new(1));

pub struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        bytes.fill(0);
        for (byte, digit) in bytes.iter_mut().zip(number) {
            *byte = digit;
        }
    }
}
