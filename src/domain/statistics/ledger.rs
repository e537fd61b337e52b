//! Everything that is counted and adds up, table by table, and who stands behind it.
//!
//! What is kept grows with the tables and their lenders, never with subjects: of these only the one in hand.

use std::collections::BTreeMap;
use std::ops::Range;

use super::axis::Axis;
use super::cells::{ByIndicator, Cut, own_row, rows_of};
use super::columns::{Column, Kind};
use super::contributors::Contributors;
use super::indicator::{Indicator, Published};
use super::tally::{Entry, Shape, Tally, Told, only, rank};
use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;

/// An indicator's tables of counts, or of amounts in one currency.
#[derive(Debug)]
struct Grid {
    indicator: Indicator,
    in_currency: bool,
    /// What the subject in hand adds.
    entries: Vec<Entry>,
    /// Rows of the indicator's own axes.
    own_rows: usize,
    /// The first one is not cut; its lenders are those of the rows of the second one, if there is one.
    tables: Vec<Tally>,
    /// The same without the last axis, for columns that are wholes of others; none where no column is.
    wholes: Vec<Tally>,
}

impl Grid {
    fn of(indicator: Indicator, in_currency: bool) -> Self {
        let own_rows = rows_of(indicator.axes());
        let has_wholes = wholes_of(indicator, in_currency).next().is_some();
        let whole_cuts = indicator.cuts().iter().filter(|_| has_wholes);
        let tally = |cuts: &&'static [Axis], own_in_one| {
            Tally::new(Shape::of(indicator, in_currency), cuts, own_rows, own_in_one)
        };
        let mut tables: Vec<Tally> = indicator.cuts().iter().map(|cuts| tally(cuts, 1)).collect();
        if tables.len() > 1 {
            let uncut = tables.remove(0);
            tables.insert(0, uncut.without_sums());
        }
        let whole = |cuts| tally(cuts, last_places(indicator)).without_sums();
        Self {
            indicator,
            in_currency,
            entries: Vec::new(),
            own_rows,
            tables,
            wholes: whole_cuts.map(whole).collect(),
        }
    }

    fn end_subject(&mut self, order: &mut Vec<(usize, usize)>) {
        for tally in self.tables.iter_mut().chain(&mut self.wholes) {
            tally.add_subject(&self.entries, order);
        }
        self.entries.clear();
    }

    fn merge(&mut self, other: &Self, renumbered: &[usize]) {
        let tallies = self.tables.iter_mut().chain(&mut self.wholes);
        for (tally, more) in tallies.zip(other.tables.iter().chain(&other.wholes)) {
            tally.merge(more, renumbered);
        }
    }

    /// Where a cell of a row is kept: what does not change with the months on book with the first.
    fn kept_in(&self, row: usize, cell: usize) -> usize {
        match (self.indicator, cell) {
            // The number of positions, and those never late until the end, of whom there are no more than of those not yet
            // late; what was granted.
            (Indicator::Vintage, 0) => row - row % last_places(self.indicator),
            (Indicator::Vintage, 3) if !self.in_currency => row - row % last_places(self.indicator),
            _ => row,
        }
    }

    /// Who is behind a cell of a row of a table.
    fn behind(&self, number: usize, row: usize, cell: usize) -> Contributors {
        let row = self.kept_in(row, cell);
        let people = self.tables[number].behind(row, cell);
        self.with_lenders(people, number, row..row + 1, cell)
    }

    /// Who is behind the whole of a row's column.
    fn behind_whole(&self, number: usize, row: usize, column: usize) -> Contributors {
        let Some(wholes) = self.wholes.get(number) else {
            return Contributors::default();
        };
        let last = last_places(self.indicator);
        let whole = row / last;
        let people = wholes.behind(whole, column);
        self.with_lenders(people, number, whole * last..(whole + 1) * last, column)
    }

    fn with_lenders(
        &self,
        people: Contributors,
        number: usize,
        rows: Range<usize>,
        cell: usize,
    ) -> Contributors {
        if !self.in_currency {
            return people;
        }
        let mut behind = people;
        for sum in self.lenders_of(number, rows, cell) {
            behind.lenders += 1;
            rank(&mut behind.largest_lenders, sum);
        }
        behind
    }

    /// What each lender adds to a cell of amounts in some rows together, those left out that add nothing.
    fn lenders_of(&self, number: usize, rows: Range<usize>, cell: usize) -> Vec<i128> {
        let mut sums = self.by_lender(number, rows, cell);
        sums.retain(|sum| *sum != 0);
        sums
    }

    /// The same of all lenders, by their numbers.
    fn by_lender(&self, number: usize, rows: Range<usize>, cell: usize) -> Vec<i128> {
        match (number, self.tables.get(1)) {
            (0, Some(cut)) => {
                let cuts = 0..cut.rows() / self.own_rows;
                let rows = cuts.flat_map(|of_cut| rows.clone().map(move |row| of_cut * self.own_rows + row));
                cut.lenders_of(&rows, cell)
            }
            _ => self.tables[number].lenders_of(&rows, cell),
        }
    }

    fn value(&self, table: &Tally, row: usize, (number, column): (usize, &Column)) -> i128 {
        // A currency's column of numbers is of subjects: entries are amounts.
        if self.in_currency && column.kind == Kind::Count {
            return table.behind(row, number).subjects.into();
        }
        table.value(self.kept_in(row, number), number)
    }
}

/// All tables.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// A number for each lender met.
    numbers: BTreeMap<MemberNo, usize>,
    counts: ByIndicator<Grid>,
    amounts: BTreeMap<Currency, ByIndicator<Grid>>,
    /// Entries of one subject by row; kept so that nothing is allocated for it.
    order: Vec<(usize, usize)>,
}

impl Ledger {
    /// The number of a lender.
    pub fn lender(&mut self, member_no: MemberNo) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(member_no).or_insert(next)
    }

    /// Adds one to a part of a row of each of an indicator's tables, for each time that it is called.
    pub fn count(&mut self, indicator: Indicator, cut: &Cut, own: &[usize], part: usize, lenders: Told) {
        let grid = self.counts.get_or_make(indicator, || Grid::of(indicator, false));
        grid.entries.push(Entry {
            cut: *cut,
            own: own_row(indicator.axes(), own),
            part,
            value: 1,
            lenders,
        });
    }

    /// Adds an amount of a currency likewise; of nothing there is nobody behind it.
    pub fn amount(
        &mut self,
        (indicator, currency): (Indicator, Currency),
        cut: &Cut,
        own: &[usize],
        (part, value): (usize, i128),
        lender: usize,
    ) {
        let grids = self.amounts.entry(currency).or_default();
        if value == 0 {
            return;
        }
        let grid = grids.get_or_make(indicator, || Grid::of(indicator, true));
        grid.entries.push(Entry {
            cut: *cut,
            own: own_row(indicator.axes(), own),
            part,
            value,
            lenders: only(lender),
        });
    }

    /// Ends a subject: what was added since the one before is its.
    pub fn end_subject(&mut self) {
        let amounts = self.amounts.values_mut().flat_map(ByIndicator::iter_mut);
        let grids = self.counts.iter_mut().chain(amounts);
        for grid in grids.filter(|grid| !grid.entries.is_empty()) {
            grid.end_subject(&mut self.order);
        }
    }

    /// Adds what was counted of other subjects.
    pub fn merge(&mut self, other: &Self) {
        let mut renumbered = vec![0; other.numbers.len()];
        for (member_no, number) in &other.numbers {
            renumbered[*number] = self.lender(*member_no);
        }
        merge(&mut self.counts, &other.counts, &renumbered);
        for (currency, more) in &other.amounts {
            merge(self.amounts.entry(*currency).or_default(), more, &renumbered);
        }
    }

    /// The currencies in which anything was added.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        self.amounts.keys().copied()
    }

    fn grid(&self, indicator: Indicator, currency: Option<Currency>) -> Option<&Grid> {
        match currency {
            None => self.counts.get(indicator),
            Some(currency) => self.amounts.get(&currency)?.get(indicator),
        }
    }

    /// The values of a table that add up, row by row; zeros for other columns and where nothing was added.
    pub fn values(&self, published: Published, currency: Option<Currency>) -> Vec<i128> {
        let columns = published.indicator.columns(currency.is_some());
        let Some(grid) = self.grid(published.indicator, currency) else {
            return vec![0; published.rows() * columns.len()];
        };
        let table = &grid.tables[published.number()];
        let rows = 0..published.rows();
        rows.flat_map(|row| {
            let columns = columns.iter().enumerate();
            columns.map(move |column| grid.value(table, row, column))
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
        let of_lender = |(member_no, number): (&MemberNo, &usize)| Some((*member_no, *sums.get(*number)?));
        let found = self.numbers.iter().filter_map(of_lender);
        found.filter(|(_, sum)| *sum != 0).collect()
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        let amounts = self.amounts.values().flat_map(ByIndicator::iter);
        let grids = self.counts.iter().chain(amounts);
        let tallies = grids.flat_map(|grid| grid.tables.iter().chain(&grid.wholes));
        tallies.map(Tally::held).sum::<usize>() + self.numbers.len()
    }
}

fn merge(grids: &mut ByIndicator<Grid>, others: &ByIndicator<Grid>, renumbered: &[usize]) {
    for other in others.iter() {
        let grid = grids.get_or_make(other.indicator, || Grid::of(other.indicator, other.in_currency));
        grid.merge(other, renumbered);
    }
}

fn last_places(indicator: Indicator) -> usize {
    indicator.axes().last().map_or(1, |axis| axis.places())
}

/// The columns that are wholes of others, each with the one that it is the whole of.
fn wholes_of(indicator: Indicator, in_currency: bool) -> impl Iterator<Item = (usize, usize)> {
    let columns = indicator.columns(in_currency).iter().enumerate();
    let wholes = columns.filter(|(_, column)| column.is_whole());
    wholes.zip(0..).map(|((of, _), column)| (of, column))
}
