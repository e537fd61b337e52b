//! Lenders behind a count, told apart for as long as it makes a difference to any rule.

use super::axis::place_of;
use super::contributors::LENDERS_TOLD;

/// No lender's number.
const NOBODY: u32 = u32::MAX;

/// A few lenders by their numbers, the first ones met; of more than [`LENDERS_TOLD`] there is nothing to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told([u32; LENDERS_TOLD]);

impl Default for Told {
    fn default() -> Self {
        Self([NOBODY; LENDERS_TOLD])
    }
}

impl Told {
    /// One lender.
    pub fn only(lender: u32) -> Self {
        std::iter::once(lender).collect()
    }

    /// One lender more, if it is one that is not known and there is room.
    pub fn add(&mut self, lender: u32) {
        for known in &mut self.0 {
            if *known == NOBODY {
                *known = lender;
            }
            if *known == lender {
                return;
            }
        }
    }

    /// Adds others.
    pub fn join(&mut self, others: &Self) {
        if self.0[LENDERS_TOLD - 1] == NOBODY {
            others.numbers().for_each(|lender| self.add(lender));
        }
    }

    /// The same lenders by other numbers.
    pub fn renumbered(&self, numbers: &[u32]) -> Self {
        self.numbers().map(|lender| numbers[place_of(lender)]).collect()
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.numbers().count()
    }

    /// The first of them.
    pub fn first(&self) -> Option<u32> {
        self.numbers().next()
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.into_iter().take_while(|lender| *lender != NOBODY)
    }
}

impl FromIterator<u32> for Told {
    fn from_iter<I: IntoIterator<Item = u32>>(lenders: I) -> Self {
        let mut told = Self::default();
        lenders.into_iter().for_each(|lender| told.add(lender));
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_told_apart_as_make_a_difference() {
        let mut told = Told::default();
        assert_eq!((told.len(), told.first()), (0, None));
        for (lender, known) in [(7, 1), (7, 1), (0, 2), (7, 2), (3, 3), (9, 3), (0, 3)] {
            told.add(lender);
            assert_eq!((told.len(), told.first()), (known, Some(7)), "{lender}");
        }
        let mut joined = Told::only(3);
        joined.join(&told);
        assert_eq!(joined, Told([3, 7, 0]));
        joined.join(&Told::only(1));
        assert_eq!(joined, Told([3, 7, 0]), "there is no room");
    }

    #[test]
    fn other_numbers_are_of_the_same_lenders() {
        let mut told = Told::only(2);
        told.add(0);
        assert_eq!(told.renumbered(&[5, 6, 4]), Told([4, 5, NOBODY]));
    }
}
