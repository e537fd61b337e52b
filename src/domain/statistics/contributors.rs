//! Who stands behind each cell: how many subjects, which lenders, and how much of an amount the largest of them hold.
//!
//! For disclosure control alone. Cells are the columns of a table and what anybody can work out of two of them
//! ([`Indicator::differences`]). What is kept grows with cells and lenders, never with subjects: of a subject only the one
//! that is being added.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::cells::{ByIndicator, Cut, Rows};
use super::indicator::{Indicator, Published};
use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;

/// Lenders of a count that are told apart: more make no difference to any rule.
pub const LENDERS_TOLD: usize = 3;
/// Of a vintage, what is new in a month on book: one cell for each of the two latenesses.
const INCREMENTS: usize = 2;
/// No lender.
const NOBODY: usize = usize::MAX;

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
            | Self::Concentration => &[],
        }
    }

    /// Cells of a row: its columns, their differences and, of a vintage, what is new in the month.
    pub(super) fn cells_of_row(self, in_currency: bool) -> usize {
        let columns = if in_currency {
            self.amounts()
        } else {
            self.counts()
        };
        let new = if self == Self::Vintage { INCREMENTS } else { 0 };
        columns.len() + self.differences(in_currency).len() + new
    }
}

/// What is kept of a cell.
trait Behind: Default + Clone {
    /// Adds a lender's part of a subject's.
    fn touch(&mut self, subject: u64, lender: usize, value: i128);
    fn contributors(&self) -> Contributors;
    /// How many numbers that is.
    #[cfg(test)]
    fn held(&self) -> usize;
}

/// Behind a count.
#[derive(Debug, Clone)]
struct Heads {
    /// The subject that was counted last.
    last: u64,
    subjects: u64,
    lenders: [usize; LENDERS_TOLD],
}

impl Default for Heads {
    fn default() -> Self {
        Self {
            last: 0,
            subjects: 0,
            lenders: [NOBODY; LENDERS_TOLD],
        }
    }
}

impl Behind for Heads {
    fn touch(&mut self, subject: u64, lender: usize, _value: i128) {
        if self.last != subject {
            self.last = subject;
            self.subjects += 1;
        }
        for known in &mut self.lenders {
            if *known == NOBODY {
                *known = lender;
            }
            if *known == lender {
                return;
            }
        }
    }

    fn contributors(&self) -> Contributors {
        Contributors {
            subjects: self.subjects,
            lenders: self.lenders.iter().filter(|known| **known != NOBODY).count(),
            ..Contributors::default()
        }
    }

    #[cfg(test)]
    fn held(&self) -> usize {
        2 + LENDERS_TOLD
    }
}

/// Behind an amount.
#[derive(Debug, Clone, Default)]
struct Shares {
    /// The subject that was added last, and its part so far.
    last: u64,
    part: i128,
    subjects: u64,
    /// The largest two of the subjects before it.
    largest: [i128; 2],
    /// What each lender adds.
    lenders: Vec<i128>,
}

impl Behind for Shares {
    fn touch(&mut self, subject: u64, lender: usize, value: i128) {
        if self.last != subject {
            rank(&mut self.largest, self.part);
            self.last = subject;
            self.part = 0;
            self.subjects += 1;
        }
        self.part += value;
        if self.lenders.len() <= lender {
            self.lenders.resize(lender + 1, 0);
        }
        self.lenders[lender] += value;
    }

    fn contributors(&self) -> Contributors {
        let mut largest_subjects = self.largest;
        rank(&mut largest_subjects, self.part);
        let mut largest_lenders = [0; 2];
        for part in &self.lenders {
            rank(&mut largest_lenders, *part);
        }
        Contributors {
            subjects: self.subjects,
            lenders: self.lenders.iter().filter(|part| **part != 0).count(),
            largest_lenders,
            largest_subjects,
        }
    }

    #[cfg(test)]
    fn held(&self) -> usize {
        5 + self.lenders.len()
    }
}

/// Touches cells of the row that begins with a cell.
fn touch_row<B: Behind>(cells: &mut [B], first: usize, touched: &Touched, subject: u64, lenders: &[usize]) {
    let row = cells.get_mut(first..).unwrap_or_default();
    for (cell, value) in touched {
        let Some(cell) = row.get_mut(*cell) else { continue };
        for lender in lenders {
            cell.touch(subject, *lender, *value);
        }
    }
}

/// Puts a number among the largest two.
fn rank(largest: &mut [i128; 2], number: i128) {
    if number > largest[0] {
        *largest = [number, largest[0]];
    } else if number > largest[1] {
        largest[1] = number;
    }
}

/// The cells of an indicator's tables, and of those of its wholes: rows without the last axis.
#[derive(Debug)]
struct Grid<B> {
    rows: Rows,
    /// Cells of a row.
    width: usize,
    /// Places of the last axis.
    last: usize,
    tables: Vec<Vec<B>>,
    /// None where no column is a whole.
    wholes: Vec<Vec<B>>,
}

/// The cells of a row that something belongs to, by number, with its values.
type Touched = [(usize, i128)];

impl<B: Behind> Grid<B> {
    fn of(indicator: Indicator, in_currency: bool) -> Self {
        let rows = Rows::of(indicator);
        let width = indicator.cells_of_row(in_currency);
        let last = indicator.axes().last().map_or(1, |axis| axis.places());
        let has_wholes = wholes_of(indicator, in_currency).next().is_some();
        let wholes = rows.counts().filter(|_| has_wholes);
        Self {
            rows,
            width,
            last,
            tables: rows
                .counts()
                .map(|rows| vec![B::default(); rows * width])
                .collect(),
            wholes: wholes
                .map(|rows| vec![B::default(); rows / last * width])
                .collect(),
        }
    }

    fn add(&mut self, cut: &Cut, own: &[usize], touched: &Touched, subject: u64, lenders: &[usize]) {
        let mut wholes = self.wholes.iter_mut();
        for (table, row) in self.tables.iter_mut().zip(self.rows.at(cut, own)) {
            touch_row(table, row * self.width, touched, subject, lenders);
            if let Some(wholes) = wholes.next() {
                touch_row(wholes, row / self.last * self.width, touched, subject, lenders);
            }
        }
    }

    /// The contributors of a row, one for each of its cells.
    fn row(&self, table: usize, row: usize, width: usize, indicator: Indicator) -> Option<Vec<Contributors>> {
        let cells = self.tables.get(table)?.get(row * width..(row + 1) * width)?;
        Some(match indicator {
            // What does not change with the months on book is kept with the first: the number of positions, and those
            // never late until the end, of whom there are no more than of those not yet late.
            Indicator::Vintage => {
                let first = row - row % Axis::MonthsOnBook.places();
                let first = self.tables.get(table)?.get(first * width..(first + 1) * width)?;
                let kept = |cell: usize| if matches!(cell, 0 | 3) { first } else { cells };
                (0..width).map(|cell| kept(cell)[cell].contributors()).collect()
            }
            _ => cells.iter().map(Behind::contributors).collect(),
        })
    }
}

/// Who stands behind every cell.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The subject that is being added, from 1.
    subject: u64,
    /// A number for each lender met.
    numbers: BTreeMap<MemberNo, usize>,
    counts: ByIndicator<Grid<Heads>>,
    amounts: BTreeMap<Currency, ByIndicator<Grid<Shares>>>,
    /// The cells that an entry touches; kept so that nothing is allocated for a loan.
    touched: Vec<(usize, i128)>,
}

impl Ledger {
    /// Begins a subject: what is added from here on is its.
    pub fn begin_subject(&mut self) {
        self.subject += 1;
    }

    /// The number of a lender.
    pub fn lender(&mut self, member_no: MemberNo) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(member_no).or_insert(next)
    }

    /// Adds the columns of a row that add up, with the lenders of what is added; differences follow from them.
    pub fn add(
        &mut self,
        (indicator, currency): (Indicator, Option<Currency>),
        cut: &Cut,
        own: &[usize],
        values: &[i128],
        lenders: &[usize],
    ) {
        let in_currency = currency.is_some();
        let columns = columns_of(indicator, in_currency);
        let difference = |of: &Difference| values[of.whole] - values[of.part];
        let differences = indicator.differences(in_currency).iter().map(difference);
        self.touched.clear();
        let cells = values.iter().copied().zip(0..);
        let cells = cells.chain(differences.zip(columns..));
        self.touched.extend(
            cells
                .filter(|(value, _)| *value != 0)
                .map(|(value, cell)| (cell, value)),
        );
        self.enter((indicator, currency), cut, own, lenders);
    }

    /// Adds to cells of a row by their numbers.
    pub fn add_cells(
        &mut self,
        table: (Indicator, Option<Currency>),
        cut: &Cut,
        own: &[usize],
        cells: impl IntoIterator<Item = (usize, i128)>,
        lenders: &[usize],
    ) {
        self.touched.clear();
        self.touched
            .extend(cells.into_iter().filter(|(_, value)| *value != 0));
        self.enter(table, cut, own, lenders);
    }

    fn enter(
        &mut self,
        (indicator, currency): (Indicator, Option<Currency>),
        cut: &Cut,
        own: &[usize],
        lenders: &[usize],
    ) {
        match currency {
            None => {
                let grid = self.counts.get_or_make(indicator, || Grid::of(indicator, false));
                grid.add(cut, own, &self.touched, self.subject, lenders);
            }
            Some(currency) => {
                let grids = self.amounts.entry(currency).or_default();
                let grid = grids.get_or_make(indicator, || Grid::of(indicator, true));
                grid.add(cut, own, &self.touched, self.subject, lenders);
            }
        }
    }

    /// The contributors of a row of a table, counted with those rows that cannot be: one for each of its cells.
    pub fn row(&self, published: Published, currency: Option<Currency>, row: usize) -> Vec<Contributors> {
        let Published { indicator, cuts } = published;
        let table = indicator.cuts().iter().position(|listed| *listed == cuts);
        let table = table.unwrap_or_default();
        let width = indicator.cells_of_row(currency.is_some());
        let last = indicator.axes().last().map_or(1, |axis| axis.places());
        let (cells, whole) = match currency {
            None => found(self.counts.get(indicator), table, row, (width, last), indicator),
            Some(currency) => {
                let grid = self.amounts.get(&currency);
                let grid = grid.and_then(|grids| grids.get(indicator));
                found(grid, table, row, (width, last), indicator)
            }
        };
        let mut cells = cells.unwrap_or_else(|| vec![Contributors::default(); width]);
        for (of, column) in wholes_of(indicator, currency.is_some()) {
            cells[of] = whole.get(column).copied().unwrap_or_default();
        }
        cells
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        fn of<B: Behind>(grids: &ByIndicator<Grid<B>>) -> usize {
            let cells = grids
                .iter()
                .flat_map(|grid| grid.tables.iter().chain(&grid.wholes).flatten());
            cells.map(Behind::held).sum()
        }
        of(&self.counts) + self.amounts.values().map(of).sum::<usize>() + self.numbers.len()
    }
}

/// The cells of a row, and those of its whole.
fn found<B: Behind>(
    grid: Option<&Grid<B>>,
    table: usize,
    row: usize,
    (width, last): (usize, usize),
    indicator: Indicator,
) -> (Option<Vec<Contributors>>, Vec<Contributors>) {
    let Some(grid) = grid else {
        return (None, Vec::new());
    };
    let whole = row / last * width;
    let whole = grid
        .wholes
        .get(table)
        .and_then(|cells| cells.get(whole..whole + width));
    (
        grid.row(table, row, width, indicator),
        whole
            .unwrap_or_default()
            .iter()
            .map(Behind::contributors)
            .collect(),
    )
}

fn columns_of(indicator: Indicator, in_currency: bool) -> usize {
    if in_currency {
        indicator.amounts().len()
    } else {
        indicator.counts().len()
    }
}

/// The columns that are wholes of others, each with the one that it is the whole of.
fn wholes_of(indicator: Indicator, in_currency: bool) -> impl Iterator<Item = (usize, usize)> {
    let columns = if in_currency {
        indicator.amounts()
    } else {
        indicator.counts()
    };
    let wholes = columns.iter().enumerate().filter(|(_, column)| column.is_whole());
    wholes.zip(0..).map(|((of, _), column)| (of, column))
}
