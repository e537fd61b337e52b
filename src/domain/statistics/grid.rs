//! The tables of one indicator while they are counted.

use std::ops::Range;

use super::axis::Axis;
use super::cells::{Cut, rows_of, small};
use super::columns::{Column, Kind};
use super::contributors::Contributors;
use super::indicator::Indicator;
use super::tally::{Entry, Shape, Tally, Work, rank};
use super::told::Told;

/// An indicator's tables of counts, or of amounts in one currency.
#[derive(Debug)]
pub(super) struct Grid {
    pub indicator: Indicator,
    pub in_currency: bool,
    /// What is not in the tables yet.
    pub entries: Vec<Entry>,
    /// Likewise what lenders add to amounts, where entries do not say it.
    pub shares: Vec<Entry>,
    /// Rows of the indicator's own axes, and places on the last of them.
    own_rows: usize,
    last_places: usize,
    /// The first one is not cut; its lenders are those of the rows of the second one, if there is one.
    tables: Vec<Tally>,
    /// Of each, whether it is added up from a finer one at the end: from which.
    finer: Vec<Option<usize>>,
    /// The same without the last axis, for columns that are wholes of others; none where no column is, or where they are sums.
    wholes: Vec<Tally>,
}

impl Grid {
    /// Empty ones.
    pub fn of(indicator: Indicator, in_currency: bool) -> Self {
        let own_rows = rows_of(indicator.axes());
        let last_places = last_places(indicator);
        let has_wholes = wholes_of(indicator, in_currency).next().is_some() && !indicator.is_of_subjects();
        let whole_cuts = indicator.cuts().iter().filter(|_| has_wholes);
        let shape = || Shape::of(indicator, in_currency);
        let table = |cuts: &&'static [Axis]| Tally::new(shape(), cuts, own_rows, false);
        let mut tables: Vec<Tally> = indicator.cuts().iter().map(table).collect();
        if tables.len() > 1 {
            let uncut = tables.remove(0);
            tables.insert(0, uncut.without_sums());
        }
        let whole = |cuts: &&'static [Axis]| Tally::new(shape(), cuts, own_rows / last_places, true);
        Self {
            indicator,
            in_currency,
            entries: Vec::new(),
            shares: Vec::new(),
            own_rows,
            last_places,
            tables,
            finer: indicator
                .cuts()
                .iter()
                .map(|cuts| finer(indicator, cuts))
                .collect(),
            wholes: whole_cuts.map(|cuts| whole(cuts).without_sums()).collect(),
        }
    }

    /// Something to be added to a part of the row of these places on its own axes.
    pub fn entry(&self, cut: Cut, own: &[usize], part: usize, value: i64) -> Entry {
        let row = own.iter().fold(0, |row, place| row * self.last_places + place);
        let whole = own.split_last().and_then(|(_, others)| others.last());
        Entry {
            value,
            lenders: Told::default(),
            subject: 0,
            own: u16::try_from(row).unwrap_or(u16::MAX),
            whole: u16::try_from(whole.copied().unwrap_or(0)).unwrap_or(u16::MAX),
            part: small(part),
            cut,
        }
    }

    /// Adds to the tables all that waits.
    pub fn fill(&mut self, work: &mut Work) {
        let tables = self.tables.iter_mut().zip(&self.finer);
        let tables = tables
            .filter(|(_, finer)| finer.is_none())
            .map(|(tally, _)| tally);
        for tally in tables.chain(&mut self.wholes) {
            tally.add(&self.entries, &self.shares, work);
        }
        self.entries.clear();
        self.shares.clear();
    }

    /// Adds up the tables that are sums of finer ones; once, when all is counted.
    pub fn add_up(&mut self) {
        for number in 0..self.tables.len() {
            let Some(finer) = self.finer[number] else { continue };
            if let Ok([coarse, fine]) = self.tables.get_disjoint_mut([number, finer]) {
                coarse.add_up(fine);
            }
        }
    }

    /// Adds what was counted of other subjects, whose lenders have other numbers here.
    pub fn merge(&mut self, other: &Self, renumbered: &[u32]) {
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
            (Indicator::Vintage, 0) => row - row % self.last_places,
            (Indicator::Vintage, 3) if !self.in_currency => row - row % self.last_places,
            _ => row,
        }
    }

    /// Who is behind a cell of a row of a table.
    pub fn behind(&self, number: usize, row: usize, cell: usize) -> Contributors {
        let row = self.kept_in(row, cell);
        let people = self.tables[number].behind(row..row + 1, cell);
        self.with_lenders(people, number, row..row + 1, cell)
    }

    /// Who is behind the whole of a row's column.
    pub fn behind_whole(&self, number: usize, row: usize, column: usize) -> Contributors {
        let whole = row / self.last_places;
        let rows = whole * self.last_places..(whole + 1) * self.last_places;
        let people = match self.wholes.get(number) {
            Some(wholes) => wholes.behind(whole..whole + 1, column),
            None => self.tables[number].behind(rows.clone(), column),
        };
        self.with_lenders(people, number, rows, column)
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
    pub fn by_lender(&self, number: usize, rows: Range<usize>, cell: usize) -> Vec<i128> {
        match (number, self.tables.get(1)) {
            (0, Some(cut)) => {
                let cuts = 0..cut.rows() / self.own_rows;
                let rows = cuts.flat_map(|of_cut| rows.clone().map(move |row| of_cut * self.own_rows + row));
                cut.lenders_of(&rows, cell)
            }
            _ => self.tables[number].lenders_of(&rows, cell),
        }
    }

    /// What a column of a row of a table comes to.
    pub fn value(&self, number: usize, row: usize, (cell, column): (usize, &Column)) -> i128 {
        let table = &self.tables[number];
        // A currency's column of numbers is of subjects: entries are amounts.
        if self.in_currency && column.kind == Kind::Count {
            return table.behind(row..row + 1, cell).subjects.into();
        }
        table.value(self.kept_in(row, cell), cell)
    }

    /// How many numbers are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.tables.iter().chain(&self.wholes).map(Tally::held).sum()
    }
}

/// The first of the tables of the finest cuts that a table is a sum of; `None` when it has to be counted.
fn finer(indicator: Indicator, cuts: &[Axis]) -> Option<usize> {
    let is_finer =
        |finer: &&'static [Axis]| finer.len() > cuts.len() && cuts.iter().all(|axis| finer.contains(axis));
    let finest = indicator.cuts().iter().map(|cuts| cuts.len()).max();
    let found = indicator
        .cuts()
        .iter()
        .position(|finer| is_finer(finer) && Some(finer.len()) == finest);
    found.filter(|_| indicator.is_of_subjects())
}

fn last_places(indicator: Indicator) -> usize {
    indicator.axes().last().map_or(1, |axis| axis.places())
}

/// The columns that are wholes of others, each with the one that it is the whole of.
pub(super) fn wholes_of(indicator: Indicator, in_currency: bool) -> impl Iterator<Item = (usize, usize)> {
    let columns = indicator.columns(in_currency).iter().enumerate();
    let wholes = columns.filter(|(_, column)| column.is_whole());
    wholes.zip(0..).map(|((of, _), column)| (of, column))
}

#[cfg(test)]
mod tests {
    use super::super::indicator::Published;
    use super::*;

    #[test]
    fn what_lenders_add_to_an_amount_is_counted_in_every_table_but_the_first() {
        // Of that one, lenders are those of the rows of the second.
        for indicator in Indicator::ALL {
            if !indicator.amounts().is_empty() {
                let mut others = indicator.cuts().iter().skip(1);
                let is_counted = others.all(|cuts| finer(indicator, cuts).is_none());
                assert!(is_counted, "{}", indicator.name());
            }
        }
    }

    #[test]
    fn a_table_is_added_up_from_one_that_is_counted() {
        let mut found = 0;
        for Published { indicator, cuts } in Published::all() {
            if let Some(finer_one) = finer(indicator, cuts) {
                let of_finer = indicator.cuts()[finer_one];
                assert!(cuts.iter().all(|axis| of_finer.contains(axis)));
                assert_eq!(finer(indicator, of_finer), None, "{}", indicator.name());
                found += 1;
            }
        }
        assert!(found > 5, "{found}");
    }
}
