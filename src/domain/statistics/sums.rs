//! What each lender adds to the amounts of a table.
//!
//! Most of what a count costs is waiting for this memory, so sums are as small as nearly all of them are, and what does not
//! fit is carried.

use std::collections::BTreeMap;

use super::axis::place_of;

/// Sums of a table, lender by lender and then part by part, so that what a lender's common loans add to lies close together.
#[derive(Debug)]
pub(super) struct Sums {
    rows: usize,
    parts: usize,
    low: Vec<i64>,
    /// What went beyond, by the place of its sum.
    carried: BTreeMap<usize, i128>,
}

impl Sums {
    /// Of a table of so many rows, each of so many parts.
    pub const fn new(rows: usize, parts: usize) -> Self {
        Self {
            rows,
            parts,
            low: Vec::new(),
            carried: BTreeMap::new(),
        }
    }

    const fn of_lender(&self) -> usize {
        self.rows * self.parts
    }

    /// Adds to a lender's sum of a part of a row.
    pub fn add(&mut self, lender: usize, part: usize, row: usize, value: i64) {
        let place = (lender * self.parts + part) * self.rows + row;
        if self.low.len() <= place {
            self.low.resize((lender + 1) * self.of_lender(), 0);
        }
        let low = &mut self.low[place];
        if let Some(sum) = low.checked_add(value) {
            *low = sum;
        } else {
            *self.carried.entry(place).or_default() += i128::from(*low);
            *low = value;
        }
    }

    /// Adds those of other subjects, whose lenders have other numbers here.
    pub fn merge(&mut self, other: &Self, renumbered: &[u32]) {
        for (place, value) in other.low.iter().enumerate().filter(|(_, value)| **value != 0) {
            let (lender, of_lender) = (place / self.of_lender(), place % self.of_lender());
            self.add(
                place_of(renumbered[lender]),
                of_lender / self.rows,
                of_lender % self.rows,
                *value,
            );
        }
        for (place, carried) in &other.carried {
            let (lender, of_lender) = (place / self.of_lender(), place % self.of_lender());
            let place = place_of(renumbered[lender]) * self.of_lender() + of_lender;
            *self.carried.entry(place).or_default() += carried;
        }
    }

    /// What each lender adds to some parts of some rows together, by their numbers.
    pub fn of_lenders(
        &self,
        rows: &(impl Iterator<Item = usize> + Clone),
        parts: &(impl Iterator<Item = usize> + Clone),
    ) -> Vec<i128> {
        let sum = |lender: usize| {
            let places = parts.clone().flat_map(|part| {
                let first = (lender * self.parts + part) * self.rows;
                rows.clone().map(move |row| first + row)
            });
            places.map(|place| self.at(place)).sum()
        };
        (0..self.low.len() / self.of_lender()).map(sum).collect()
    }

    fn at(&self, place: usize) -> i128 {
        let carried = self.carried.get(&place).copied();
        i128::from(self.low[place]) + carried.unwrap_or(0)
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.low.len() + self.carried.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_lenders(sums: &Sums, row: usize, part: usize) -> Vec<i128> {
        sums.of_lenders(&std::iter::once(row), &std::iter::once(part))
    }

    #[test]
    fn what_does_not_fit_is_carried() {
        let huge = i128::from(i64::MAX);
        let mut sums = Sums::new(2, 2);
        for _ in 0..5 {
            sums.add(1, 0, 1, i64::MAX);
        }
        sums.add(1, 1, 1, 7);
        assert_eq!(of_lenders(&sums, 1, 0), [0, 5 * huge]);
        assert_eq!(of_lenders(&sums, 1, 1), [0, 7]);
        assert_eq!(of_lenders(&sums, 0, 0), [0, 0]);
        let both = sums.of_lenders(&std::iter::once(1), &(0..2));
        assert_eq!(both, [0, 5 * huge + 7]);

        let mut other = Sums::new(2, 2);
        other.add(0, 0, 1, 1);
        other.merge(&sums, &[2, 0]);
        assert_eq!(of_lenders(&other, 1, 0), [5 * huge + 1]);
        other.merge(&sums, &[2, 1]);
        assert_eq!(of_lenders(&other, 1, 0), [5 * huge + 1, 5 * huge]);
    }
}
