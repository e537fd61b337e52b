//! Randomness by name: what is drawn for a subject, a loan or a month is found again without anything being remembered.
//!
//! Every name has a stream of its own, so that one draw more or less in one place changes nothing elsewhere.

use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// A subject: what it is, and who lends to it.
    Subject,
    /// How the loans of one subject with one lender follow each other.
    Chain,
    /// One loan of them.
    Loan,
    /// What a card's statement says.
    Statement,
    /// Whether a mistake is planted beside a record.
    Mistake,
}

impl Purpose {
    const fn number(self) -> u64 {
        match self {
            Self::Subject => 1,
            Self::Chain => 2,
            Self::Loan => 3,
            Self::Statement => 4,
            Self::Mistake => 5,
        }
    }
}

/// The stream of a name. Lenders are numbered below 2^32.
pub(super) fn stream(seed: u64, purpose: Purpose, lender: u64, place: [u64; 2]) -> ChaCha8Rng {
    let mut key = [0; 32];
    let words = [seed, (lender << 8) | purpose.number(), place[0], place[1]];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    #[test]
    fn every_part_of_a_name_makes_another_stream() {
        let first = |seed, purpose, lender, place| stream(seed, purpose, lender, place).next_u64();
        let drawn = [
            first(1, Purpose::Loan, 0, [7, 0]),
            first(2, Purpose::Loan, 0, [7, 0]),
            first(1, Purpose::Chain, 0, [7, 0]),
            first(1, Purpose::Loan, 1, [7, 0]),
            first(1, Purpose::Loan, 0, [8, 0]),
            first(1, Purpose::Loan, 0, [7, 1]),
        ];
        let distinct: std::collections::BTreeSet<u64> = drawn.into_iter().collect();
        assert_eq!(distinct.len(), drawn.len());
        assert_eq!(drawn[0], first(1, Purpose::Loan, 0, [7, 0]));
    }
}
