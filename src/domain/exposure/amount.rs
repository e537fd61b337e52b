//! Counts and sums as an answer shows them: capped, and in bands that widen when few lenders contribute.

use super::{AmountBand, BandSeries, COUNT_EXACT_MAX};
use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;
use crate::domain::position::Facts;
use crate::domain::unit::rows::PositionRow;

/// Contributors from which on the fine edges are used: nobody needs to count further.
const FINE_CONTRIBUTORS: usize = 3;

/// A sum with the members whose part in it is greater than zero.
#[derive(Debug, Default)]
pub(super) struct Amount {
    total: i128,
    contributors: [Option<MemberNo>; FINE_CONTRIBUTORS],
}

impl Amount {
    /// Adds a member's part.
    pub fn add(&mut self, member_no: MemberNo, part: i128) {
        if part <= 0 {
            return;
        }
        self.total = self.total.saturating_add(part);
        for slot in &mut self.contributors {
            if *slot == Some(member_no) {
                return;
            }
            if slot.is_none() {
                *slot = Some(member_no);
                return;
            }
        }
    }

    /// Adds the part of a position in a currency; one in another currency counts in no amount.
    pub fn add_from(&mut self, row: &PositionRow, currency: Currency, part: impl Fn(&Facts) -> i128) {
        if row.version.facts.currency == currency {
            self.add(row.member_no, part(&row.version.facts));
        }
    }

    /// The exact sum: for comparisons, never for an answer.
    pub fn total(&self) -> i128 {
        self.total
    }

    /// The sum as shown.
    pub fn band(&self, bands: BandSeries) -> AmountBand {
        bands.band(self.total, self.contributors.iter().flatten().count())
    }
}

/// Exact to 9; 10 stands for 10 and more.
pub(super) fn capped(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).min(COUNT_EXACT_MAX + 1)
}
