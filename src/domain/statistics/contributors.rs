//! Who stands behind each cell: how many subjects, which lenders, and how much of an amount the largest of them hold.
//!
//! Cells are the columns of a table and what anybody can work out of two of them ([`Indicator::differences`]), which is for
//! disclosure control alone; parts are what both are counted in ([`Indicator::parts`]).

use super::indicator::Indicator;

/// Lenders of a count that are told apart: more make no difference to any rule.
pub const LENDERS_TOLD: usize = 3;
/// Of a vintage, what is new in a month on book: one cell for each of the two latenesses.
const INCREMENTS: usize = 2;

/// Who stands behind a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contributors {
    /// Distinct subjects that add something to it.
    pub subjects: u64,
    /// Distinct lenders of that; of a count no more than [`LENDERS_TOLD`].
    pub lenders: usize,
    /// Of an amount, what the largest and the second largest lender add.
    pub largest_lenders: [i128; 2],
    /// Of an amount, likewise the subjects.
    pub largest_subjects: [i128; 2],
}

/// A cell that is not published, but the difference of two columns that are: what is in one and not in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The column that holds both.
    pub whole: usize,
    /// The column that is part of it.
    pub part: usize,
}

const fn less(whole: usize, part: usize) -> Difference {
    Difference { whole, part }
}

const PART: &[Difference] = &[less(0, 1)];
/// Opened after a check, and made in an outage within all limits.
const TWO_PARTS: &[Difference] = &[less(0, 1), less(2, 3)];
const LADDER: &[Difference] = &[less(0, 1), less(1, 2)];
const LONG_LADDER: &[Difference] = &[less(0, 1), less(1, 2), less(2, 3)];
/// Buckets, and beside them what is late within its grace and what is not formally overdue.
const DELINQUENCY: &[Difference] = &[
    less(0, 1),
    less(1, 2),
    less(2, 3),
    less(3, 4),
    less(1, 5),
    less(0, 5),
];

/// Parts of a row whose columns are steps, each within the one before: those that reach just the first, the second …
const STEPS: &[u16] = &[0b1, 0b11, 0b111, 0b1111];
/// Days past due, in steps; then each step but the first, which is not late, with what is formally overdue.
const LATENESS: &[u16] = &[
    0b1, 0b11, 0b111, 0b1111, 0b1_1111, 0b10_0011, 0b10_0111, 0b10_1111, 0b11_1111,
];
/// Openings without and with a lack of a check; loans of outages within and over a limit.
const CHECKED: &[u16] = &[0b1, 0b11, 0b100, 0b1100];
/// Who owes nothing, and who owes something.
const OWED: &[u16] = &[0b1, 0b11];
/// Columns that have nothing in common.
const APART: &[u16] = &[
    0b1,
    0b10,
    0b100,
    0b1000,
    0b1_0000,
    0b10_0000,
    0b100_0000,
    0b1000_0000,
    0b1_0000_0000,
];
/// Cells of a vintage: with the first month who will be late until the end, and who will not; in each month who was ever
/// late by 31 days, by 91, or both, before the month and in it.
const VINTAGE: &[u16] = &[
    0b1, 0b1001, 0b1_0010, 0b11_0010, 0b1_0100, 0b101_0100, 0b110, 0b10_0110, 0b100_0110, 0b110_0110,
];
/// Cells of its amounts: what was granted; owed when 31 days late, before the month and in it; likewise 91.
const VINTAGE_AMOUNTS: &[u16] = &[0b1, 0b10, 0b1010, 0b100, 0b1_0100];

impl Indicator {
    /// What can be worked out of two columns of a row, of its counts or of its amounts.
    pub const fn differences(self, in_currency: bool) -> &'static [Difference] {
        match self {
            Self::MultiLenderRate => LONG_LADDER,
            Self::NewStacking => LADDER,
            Self::Vintage if !in_currency => LADDER,
            Self::Delinquency => DELINQUENCY,
            Self::SameDayStacking | Self::DelinquencyByLenders | Self::Restructuring => PART,
            Self::UncheckedLoans => TWO_PARTS,
            Self::MultiLenderHistogram
            | Self::LendersPerSubject
            | Self::BlockedStacking
            | Self::DstiDistribution
            | Self::ExposureDistribution
            | Self::ExposurePerSubject
            | Self::RollRate
            | Self::Vintage
            | Self::Flow
            | Self::Concentration
            | Self::DataQuality
            | Self::Conduct => &[],
        }
    }

    /// Cells of a row: its columns, their differences and, of a vintage, what is new in the month.
    pub(super) fn cells_of_row(self, in_currency: bool) -> usize {
        let columns = self.columns(in_currency);
        let new = if self == Self::Vintage { INCREMENTS } else { 0 };
        columns.len() + self.differences(in_currency).len() + new
    }

    /// The parts of a row of its counts or of its amounts, each with the columns that it belongs to, a bit for each; of a
    /// vintage with the cells.
    const fn columns_of_parts(self, in_currency: bool) -> &'static [u16] {
        match self {
            Self::MultiLenderRate => STEPS,
            Self::NewStacking => STEPS.split_at(3).0,
            Self::SameDayStacking | Self::DelinquencyByLenders | Self::Restructuring => STEPS.split_at(2).0,
            Self::Delinquency => LATENESS,
            Self::UncheckedLoans => CHECKED,
            Self::ExposureDistribution | Self::ExposurePerSubject => OWED,
            Self::LendersPerSubject => OWED.split_at(1).1,
            Self::Flow => APART,
            Self::Vintage if in_currency => VINTAGE_AMOUNTS,
            Self::Vintage => VINTAGE,
            Self::MultiLenderHistogram
            | Self::BlockedStacking
            | Self::DstiDistribution
            | Self::RollRate
            | Self::Concentration
            | Self::DataQuality
            | Self::Conduct => STEPS.split_at(1).0,
        }
    }

    /// The parts of a row, each with the cells that it belongs to, a bit for each.
    pub(super) fn parts(self, in_currency: bool) -> Vec<u16> {
        let columns = self.columns(in_currency).len();
        let with_differences = |part: &u16| {
            let has = |column: usize| part >> column & 1 == 1;
            let differences = self.differences(in_currency).iter().zip(columns..);
            let found = differences.filter(|(of, _)| has(of.whole) && !has(of.part));
            found.fold(*part, |part, (_, cell)| part | 1 << cell)
        };
        let parts = self.columns_of_parts(in_currency).iter();
        if self == Self::Vintage {
            return parts.copied().collect();
        }
        parts.map(with_differences).collect()
    }
}
