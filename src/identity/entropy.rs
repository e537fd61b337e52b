//! Randomness from the system, and the bridge from [`Entropy`] to the interface that the curve crates ask for.

use rand_core06::{CryptoRng, RngCore};

use crate::domain::clock::Entropy;

/// The operating system's generator.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Going on with bytes that are not random would hand out keys and blinds that anybody can guess.
        getrandom::fill(bytes).expect("the kernel's generator cannot fail once the process runs");
    }
}

/// An [`Entropy`] in the shape of `rand_core` 0.6.
pub(crate) struct EntropyRng<'a>(pub(crate) &'a dyn Entropy);

impl RngCore for EntropyRng<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core06::Error> {
        self.0.fill(dest);
        Ok(())
    }
}

// The contract of `Entropy` is unpredictable bytes.
impl CryptoRng for EntropyRng<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::test_support::TestEntropy;

    #[test]
    fn two_draws_of_the_system_differ() {
        let (mut one, mut other) = ([0; 32], [0; 32]);
        SystemEntropy.fill(&mut one);
        SystemEntropy.fill(&mut other);
        assert_ne!(one, other);
        assert_ne!(one, [0; 32]);
    }

    #[test]
    fn the_bridge_hands_on_the_same_bytes() {
        let mut expected = [0; 12];
        TestEntropy::new(7).fill(&mut expected);

        let entropy = TestEntropy::new(7);
        let mut bridge = EntropyRng(&entropy);
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&bridge.next_u32().to_le_bytes());
        bytes[4..].copy_from_slice(&bridge.next_u64().to_le_bytes());
        assert_eq!(bytes, expected);
    }
}
