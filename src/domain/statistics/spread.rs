//! Figures that are no sums: percentiles, and how much of a market its largest lenders hold.
//!
//! Percentiles come from histograms, exact for lenders of a subject and by band for what it owes. What is kept grows with
//! the number of lenders of the market, never with subjects.

use super::cells::{Cut, Strides, rows_of};
use super::indicator::Indicator;

/// Bits of a market's balance beyond which Herfindahl's squares are reckoned in larger units, so that they fit.
const BALANCE_BITS_MAX: u32 = 60;

/// The least number in order of which at least so many hundredths are no greater; 0 of nothing.
///
/// `numbers` holds how often each number occurs, from 0 up.
pub(super) fn percentile(numbers: impl IntoIterator<Item = i128>, hundredths: i128) -> i128 {
    let numbers: Vec<i128> = numbers.into_iter().collect();
    let total: i128 = numbers.iter().sum();
    let mut seen = 0;
    numbers
        .into_iter()
        .zip(0..)
        .find_map(|(occurrences, number)| {
            seen += occurrences;
            (seen * 100 >= total * hundredths).then_some(number)
        })
        .unwrap_or(0)
}

/// How many subjects have how many lenders, for each row of each table.
#[derive(Debug, Default)]
pub(super) struct LenderNumbers {
    tables: Vec<Vec<Vec<i128>>>,
}

impl LenderNumbers {
    /// Adds a subject of so many lenders.
    pub fn add(&mut self, cut: Cut, lenders: usize) {
        let cuts = Indicator::LendersPerSubject.cuts();
        self.tables.resize(cuts.len(), Vec::new());
        for (rows, cuts) in self.tables.iter_mut().zip(cuts) {
            rows.resize(rows_of(cuts), Vec::new());
            let numbers = &mut rows[Strides::of(cuts, 1).row(cut)];
            if numbers.len() <= lenders {
                numbers.resize(lenders + 1, 0);
            }
            numbers[lenders] += 1;
        }
    }

    /// Adds those of other subjects.
    pub fn merge(&mut self, other: &Self) {
        if self.tables.len() < other.tables.len() {
            self.tables.resize(other.tables.len(), Vec::new());
        }
        for (rows, more) in self.tables.iter_mut().zip(&other.tables) {
            rows.resize(rows.len().max(more.len()), Vec::new());
            for (numbers, more) in rows.iter_mut().zip(more) {
                numbers.resize(numbers.len().max(more.len()), 0);
                numbers.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
        }
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.tables.iter().flatten().map(Vec::len).sum()
    }

    /// Subjects, lenders, median and ninetieth percentile of each row of a table.
    pub fn values(&self, table: usize, rows: usize) -> Vec<i128> {
        let nothing = Vec::new();
        (0..rows)
            .flat_map(|row| {
                let found = self.tables.get(table).and_then(|rows| rows.get(row));
                let numbers = found.unwrap_or(&nothing);
                let lenders = numbers
                    .iter()
                    .zip(0..)
                    .map(|(subjects, lenders)| subjects * lenders);
                [
                    numbers.iter().sum(),
                    lenders.sum(),
                    percentile(numbers.iter().copied(), 50),
                    percentile(numbers.iter().copied(), 90),
                ]
            })
            .collect()
    }
}

/// Subjects and sum of each row of a table without bands, with the places of its median and ninetieth percentile, from
/// the subjects and sums of the same table by band.
pub(super) fn by_band(distribution: &[i128], columns: usize, bands: usize) -> Vec<i128> {
    distribution
        .chunks(columns * bands)
        .flat_map(|row| {
            let column = |number: usize| row.iter().skip(number).step_by(columns).copied();
            [
                column(0).sum(),
                column(1).sum(),
                percentile(column(0), 50),
                percentile(column(0), 90),
            ]
        })
        .collect()
}

/// The columns of a row of lenders' balances.
pub(super) fn concentration(mut balances: Vec<i128>) -> [i128; 6] {
    balances.sort_unstable_by(|one, other| other.cmp(one));
    let total: i128 = balances.iter().sum();
    let bits = i128::BITS - total.leading_zeros();
    let shift = bits.saturating_sub(BALANCE_BITS_MAX);
    let squares = balances
        .iter()
        .map(|balance| (balance >> shift) * (balance >> shift));
    let largest = |lenders: usize| balances.iter().take(lenders).sum();
    [
        i128::try_from(balances.len()).unwrap_or(i128::MAX),
        total,
        squares.sum(),
        (total >> shift) * (total >> shift),
        largest(3),
        largest(5),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_least_number_that_reaches_it() {
        for (numbers, hundredths, expected) in [
            (vec![], 50, 0),
            (vec![0, 0], 50, 0),
            (vec![0, 1], 50, 1),
            (vec![0, 1, 1], 50, 1),
            (vec![0, 1, 2], 50, 2),
            (vec![0, 9, 1], 90, 1),
            (vec![0, 8, 2], 90, 2),
            (vec![0, 0, 0, 7], 90, 3),
        ] {
            assert_eq!(percentile(numbers.clone(), hundredths), expected, "{numbers:?}");
        }
    }

    #[test]
    fn one_lender_is_all_of_a_market_and_two_halves_are_half_of_it() {
        assert_eq!(concentration(vec![]), [0; 6]);
        assert_eq!(concentration(vec![7]), [1, 7, 49, 49, 7, 7]);
        assert_eq!(concentration(vec![5, 5]), [2, 10, 50, 100, 10, 10]);
        assert_eq!(concentration(vec![1, 2, 3, 4, 5, 6]), [6, 21, 91, 441, 15, 20]);
    }

    #[test]
    fn squares_of_a_balance_beyond_all_measure_still_fit() {
        let huge = 1_i128 << 100;
        let [lenders, total, squares, whole, largest, _] = concentration(vec![huge, huge]);
        assert_eq!((lenders, total, largest), (2, 2 * huge, 2 * huge));
        assert_eq!(squares * 2, whole);
    }
}
