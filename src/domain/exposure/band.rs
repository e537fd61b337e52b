//! Amounts in bands of a 1-2-5 series, so that nobody's exact debt can be read.

use serde::{Deserialize, Serialize};

use crate::domain::currency::Currency;

/// Inclusive upper edge in minor units; 0 means exactly nothing; `open_ended` is above the last edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountBand {
    /// The edge.
    pub up_to: i64,
    /// Whether the amount is above it.
    pub open_ended: bool,
}

/// The series 1-2-5 over three decades and its end: ×1 … ×1,000 of the lowest edge.
const FINE: [i64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
/// Every second fine edge from the second.
const COARSE: [i64; 5] = [2, 10, 50, 200, 1_000];
/// The lowest fine edge in units of a currency unless the operator sets another.
pub const LOWEST_EDGE_UNITS: i64 = 1_000;

/// The edges of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BandSeries {
    lowest_edge_minor: i64,
}

impl BandSeries {
    /// The series of a currency whose lowest edge is `lowest_edge_units` units (at least 1).
    pub fn new(currency: Currency, lowest_edge_units: i64) -> Self {
        let units = lowest_edge_units.clamp(1, 1_000_000_000);
        Self {
            lowest_edge_minor: units.saturating_mul(currency.minor_per_unit()),
        }
    }

    /// The band of an amount of at least zero, on the coarse edges when at most two members contribute to it.
    pub fn band(self, amount_minor: i128, contributors: usize) -> AmountBand {
        if amount_minor <= 0 {
            return AmountBand::default();
        }
        let edges: &[i64] = if contributors <= 2 { &COARSE } else { &FINE };
        let mut last = 0;
        for edge in edges {
            last = self.lowest_edge_minor.saturating_mul(*edge);
            if amount_minor <= i128::from(last) {
                return AmountBand {
                    up_to: last,
                    open_ended: false,
                };
            }
        }
        AmountBand {
            up_to: last,
            open_ended: true,
        }
    }

    /// The place of an amount among the fine bands, whoever contributes: 0 for nothing, one more than the number of edges
    /// above the last. For statistics, which do not show a single amount.
    pub fn place(self, amount_minor: i128) -> usize {
        if amount_minor <= 0 {
            return 0;
        }
        let edges = FINE.map(|edge| i128::from(self.lowest_edge_minor.saturating_mul(edge)));
        1 + edges.iter().filter(|edge| **edge < amount_minor).count()
    }

    /// Its fine edges, minor units, the lowest first.
    pub fn edges(self) -> Vec<i64> {
        FINE.iter()
            .map(|edge| self.lowest_edge_minor.saturating_mul(*edge))
            .collect()
    }

    /// The greatest edge that is not above an amount, 0 below the lowest: on the coarse edges when at most two members
    /// contribute to what it was reckoned from.
    pub fn floor(self, amount_minor: i128, contributors: usize) -> i64 {
        let edges: &[i64] = if contributors <= 2 { &COARSE } else { &FINE };
        let edges = edges
            .iter()
            .map(|edge| self.lowest_edge_minor.saturating_mul(*edge));
        edges
            .take_while(|edge| i128::from(*edge) <= amount_minor)
            .last()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_rounded_down_to_an_edge() {
        let series = BandSeries::new(Currency::CNY, LOWEST_EDGE_UNITS);
        let cases = [
            (-1, 3, 0),
            (0, 3, 0),
            (99_999, 3, 0),
            (100_000, 3, 100_000),
            (199_999, 3, 100_000),
            (500_000, 3, 500_000),
            (100_000, 2, 0),
            (200_000, 2, 200_000),
            (999_999, 1, 200_000),
            (i128::MAX, 0, 100_000_000),
        ];
        for (amount, contributors, floor) in cases {
            assert_eq!(series.floor(amount, contributors), floor, "{amount}");
        }
    }

    #[test]
    fn places_follow_the_fine_edges() {
        let series = BandSeries::new(Currency::CNY, LOWEST_EDGE_UNITS);
        for (amount, place) in [
            (0, 0),
            (1, 1),
            (100_000, 1),
            (100_001, 2),
            (100_000_000, 10),
            (100_000_001, 11),
        ] {
            assert_eq!(series.place(amount), place, "{amount}");
        }
    }

    #[test]
    fn edges_of_the_renminbi_are_those_of_the_semantics() {
        let series = BandSeries::new(Currency::CNY, LOWEST_EDGE_UNITS);
        let cases = [
            (0, 3, 0, false),
            (1, 3, 100_000, false),
            (100_000, 3, 100_000, false),
            (100_001, 3, 200_000, false),
            (100_000_000, 3, 100_000_000, false),
            (100_000_001, 3, 100_000_000, true),
            (1, 2, 200_000, false),
            (200_001, 2, 1_000_000, false),
            (1_000_001, 1, 5_000_000, false),
            (100_000_001, 1, 100_000_000, true),
        ];
        for (amount, contributors, up_to, open_ended) in cases {
            assert_eq!(
                series.band(amount, contributors),
                AmountBand { up_to, open_ended },
                "{amount}"
            );
        }
    }
}
