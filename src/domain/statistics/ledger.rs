//! Everything that is counted and adds up, table by table, and who stands behind it.
//!
//! What is kept grows with the tables and their lenders, never with subjects: of these only a few whose entries wait.

use std::collections::{BTreeMap, BTreeSet};

use super::axis::place_of;
use super::cells::{ByIndicator, Cut};
use super::contributors::Contributors;
use super::grid::{Grid, wholes_of};
use super::indicator::{Indicator, Published};
use super::tally::{Entry, Work};
use super::told::Told;
use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;

/// Subjects whose entries wait: then each table is filled at one go, while it and they are at hand.
pub(super) const SUBJECTS_WAITING: u16 = 128;
/// The low bits of their names by which lenders are at hand.
const AT_HAND_MASK: i64 = 0xff;

/// Tables of one currency.
#[derive(Debug)]
struct OfCurrency {
    currency: Currency,
    /// Whether anything was added to them, if only nothing.
    is_met: bool,
    grids: ByIndicator<Grid>,
}

/// All tables.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// A number for each lender met.
    numbers: BTreeMap<MemberNo, u32>,
    /// Those met of late, by the low bits of their names: looking them up takes as long as counting something.
    at_hand: Vec<Option<(MemberNo, u32)>>,
    counts: ByIndicator<Grid>,
    amounts: Vec<OfCurrency>,
    /// Subjects whose entries wait.
    waiting: u16,
    work: Work,
}

impl Ledger {
    /// The number of a lender.
    pub fn lender(&mut self, member_no: MemberNo) -> u32 {
        let place = usize::try_from(member_no.0 & AT_HAND_MASK).unwrap_or(0);
        match self.at_hand.get(place) {
            Some(Some((known, number))) if *known == member_no => return *number,
            Some(_) => {}
            None => self.at_hand.resize(place + 1, None),
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(member_no).or_insert(next);
        self.at_hand[place] = Some((member_no, number));
        number
    }

    /// The number of a currency.
    pub fn currency(&mut self, currency: Currency) -> usize {
        let known = self.amounts.iter().position(|of| of.currency == currency);
        known.unwrap_or_else(|| {
            self.amounts.push(OfCurrency {
                currency,
                is_met: false,
                grids: ByIndicator::default(),
            });
            self.amounts.len() - 1
        })
    }

    /// Adds one to a part of a row of each of an indicator's tables, for each time that it is called.
    pub fn count(&mut self, indicator: Indicator, cut: Cut, own: &[usize], part: usize, lenders: Told) {
        let grid = self.counts.get_or_make(indicator, || Grid::of(indicator, false));
        grid.entries.push(Entry {
            lenders,
            subject: self.waiting,
            ..grid.entry(cut, own, part, 1)
        });
    }

    /// Adds an amount of a currency, by its number, likewise; of nothing there is nobody behind it.
    pub fn amount(
        &mut self,
        table: (Indicator, usize),
        cut: Cut,
        own: &[usize],
        (part, value): (usize, i64),
        lender: u32,
    ) {
        let subject = self.waiting;
        let Some(grid) = self.met(table, value.into()) else {
            return;
        };
        grid.entries.push(Entry {
            lenders: Told::only(lender),
            subject,
            ..grid.entry(cut, own, part, value)
        });
    }

    /// Adds all that a subject has in a part of a row, of which [`Self::share`] tells the lenders.
    pub fn total(
        &mut self,
        table: (Indicator, usize),
        cut: Cut,
        own: &[usize],
        (part, value): (usize, i128),
    ) {
        let subject = self.waiting;
        let Some(grid) = self.met(table, value) else {
            return;
        };
        let mut rest = value;
        while rest > 0 {
            let value = i64::try_from(rest).unwrap_or(i64::MAX);
            rest -= i128::from(value);
            let entry = grid.entry(cut, own, part, value);
            grid.entries.push(Entry { subject, ..entry });
        }
    }

    /// Adds a lender's share of a total.
    pub fn share(
        &mut self,
        table: (Indicator, usize),
        cut: Cut,
        own: &[usize],
        (part, value): (usize, i64),
        lender: u32,
    ) {
        let Some(grid) = self.met(table, value.into()) else {
            return;
        };
        grid.shares.push(Entry {
            lenders: Told::only(lender),
            ..grid.entry(cut, own, part, value)
        });
    }

    /// The tables of an amount; none of nothing, which shows the currency all the same.
    fn met(&mut self, (indicator, currency): (Indicator, usize), value: i128) -> Option<&mut Grid> {
        let of_currency = &mut self.amounts[currency];
        of_currency.is_met = true;
        let grids = &mut of_currency.grids;
        (value != 0).then(|| grids.get_or_make(indicator, || Grid::of(indicator, true)))
    }

    /// Ends a subject: what was added since the one before is its.
    pub fn end_subject(&mut self) {
        self.waiting += 1;
        if self.waiting == SUBJECTS_WAITING {
            self.fill();
        }
    }

    /// Adds to the tables all that waits.
    pub fn fill(&mut self) {
        self.waiting = 0;
        let amounts = self.amounts.iter_mut().flat_map(|of| of.grids.iter_mut());
        for grid in self.counts.iter_mut().chain(amounts) {
            grid.fill(&mut self.work);
        }
    }

    /// Ends all subjects: what can be read is complete.
    pub fn end(&mut self) {
        self.fill();
        let amounts = self.amounts.iter_mut().flat_map(|of| of.grids.iter_mut());
        self.counts.iter_mut().chain(amounts).for_each(Grid::add_up);
    }

    /// Adds what was counted of other subjects; nothing waits there.
    pub fn merge(&mut self, other: &Self) {
        let mut renumbered = vec![0; other.numbers.len()];
        for (member_no, number) in &other.numbers {
            renumbered[place_of(*number)] = self.lender(*member_no);
        }
        merge(&mut self.counts, &other.counts, &renumbered);
        for more in &other.amounts {
            let number = self.currency(more.currency);
            let of = &mut self.amounts[number];
            of.is_met |= more.is_met;
            merge(&mut of.grids, &more.grids, &renumbered);
        }
    }

    /// The currencies in which anything was added.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        let met: BTreeSet<Currency> = self
            .amounts
            .iter()
            .filter(|of| of.is_met)
            .map(|of| of.currency)
            .collect();
        met.into_iter()
    }

    fn grid(&self, indicator: Indicator, currency: Option<Currency>) -> Option<&Grid> {
        match currency {
            None => self.counts.get(indicator),
            Some(currency) => {
                let of = self.amounts.iter().find(|of| of.currency == currency)?;
                of.grids.get(indicator)
            }
        }
    }

    /// The values of a table that add up, row by row; zeros for other columns and where nothing was added.
    pub fn values(&self, published: Published, currency: Option<Currency>) -> Vec<i128> {
        let columns = published.indicator.columns(currency.is_some());
        let Some(grid) = self.grid(published.indicator, currency) else {
            return vec![0; published.rows() * columns.len()];
        };
        let number = published.number();
        let rows = 0..published.rows();
        rows.flat_map(|row| {
            let columns = columns.iter().enumerate();
            columns.map(move |column| grid.value(number, row, column))
        })
        .collect()
    }

    /// The contributors of a row of a table, counted with those rows that cannot be: one for each of its cells.
    pub fn row(&self, published: Published, currency: Option<Currency>, row: usize) -> Vec<Contributors> {
        let Published { indicator, .. } = published;
        let width = indicator.cells_of_row(currency.is_some());
        let Some(grid) = self.grid(indicator, currency) else {
            return vec![Contributors::default(); width];
        };
        let number = published.number();
        let mut cells: Vec<Contributors> = (0..width).map(|cell| grid.behind(number, row, cell)).collect();
        for (of, column) in wholes_of(indicator, currency.is_some()) {
            cells[of] = grid.behind_whole(number, row, column);
        }
        cells
    }

    /// What each lender has of a column of amounts in a row, those without anything left out, in the order of their names.
    pub fn by_lender(
        &self,
        published: Published,
        currency: Currency,
        row: usize,
        column: usize,
    ) -> Vec<(MemberNo, i128)> {
        let Some(grid) = self.grid(published.indicator, Some(currency)) else {
            return Vec::new();
        };
        let sums = grid.by_lender(published.number(), row..row + 1, column);
        let of_lender =
            |(member_no, number): (&MemberNo, &u32)| Some((*member_no, *sums.get(place_of(*number))?));
        let found = self.numbers.iter().filter_map(of_lender);
        found.filter(|(_, sum)| *sum != 0).collect()
    }

    /// How many subjects wait to be added to the tables.
    #[cfg(test)]
    pub const fn waiting(&self) -> u16 {
        self.waiting
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        let amounts = self.amounts.iter().flat_map(|of| of.grids.iter());
        let grids = self.counts.iter().chain(amounts);
        grids.map(Grid::held).sum::<usize>() + self.numbers.len()
    }
}

fn merge(grids: &mut ByIndicator<Grid>, others: &ByIndicator<Grid>, renumbered: &[u32]) {
    for other in others.iter() {
        let grid = grids.get_or_make(other.indicator, || Grid::of(other.indicator, other.in_currency));
        grid.merge(other, renumbered);
    }
}
