//! Where the fold adds up: one dense array of integers for each published table, of counts once and of amounts for each
//! currency. Their size follows from the lists of codes, so that memory does not grow with subjects.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::indicator::{Indicator, Published};
use crate::domain::currency::Currency;

/// The place of something on each axis that tables are cut by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub region: usize,
    pub lender_group: usize,
    pub product_type: usize,
    /// Positions alone have it: no table of subjects is cut by it.
    pub amount_band: usize,
    /// Likewise.
    pub rate_band: usize,
}

impl Cut {
    /// The row of a table of these cuts that it belongs to, its own axes left out.
    pub fn place(&self, cuts: &[Axis]) -> usize {
        cuts.iter().fold(0, |row, axis| {
            let place = match axis {
                Axis::Region => self.region,
                Axis::LenderGroup => self.lender_group,
                Axis::ProductType => self.product_type,
                Axis::AmountBand => self.amount_band,
                Axis::RateBand => self.rate_band,
                Axis::Lenders
                | Axis::FewLenders
                | Axis::ExposureBand
                | Axis::BucketBefore
                | Axis::Fate
                | Axis::OriginationMonth
                | Axis::MonthsOnBook
                | Axis::Finding
                | Axis::Burden => 0,
            };
            row * axis.places() + place
        })
    }
}

/// How many rows there are for these axes.
pub(super) fn rows_of(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.places()).product()
}

/// Where the rows of an indicator's tables are: rows of its own axes inside those of a table's cuts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    cuts: &'static [&'static [Axis]],
    axes: &'static [Axis],
    /// Rows of the own axes.
    per_cut: usize,
}

impl Rows {
    pub fn of(indicator: Indicator) -> Self {
        let axes = indicator.axes();
        Self {
            cuts: indicator.cuts(),
            axes,
            per_cut: rows_of(axes),
        }
    }

    /// How many rows each table has.
    pub fn counts(self) -> impl Iterator<Item = usize> {
        self.cuts.iter().map(move |cuts| rows_of(cuts) * self.per_cut)
    }

    /// In each table the row of a cut and places on the indicator's own axes.
    pub fn at<'r>(&'r self, cut: &'r Cut, own: &[usize]) -> impl Iterator<Item = usize> + 'r {
        let own = self.axes.iter().zip(own);
        let own = own.fold(0, |row, (axis, place)| row * axis.places() + place);
        self.cuts
            .iter()
            .map(move |cuts| cut.place(cuts) * self.per_cut + own)
    }
}

/// The arrays of an indicator's tables.
#[derive(Debug)]
struct Grid {
    rows: Rows,
    columns: usize,
    tables: Vec<Vec<i128>>,
}

impl Grid {
    fn of(indicator: Indicator, columns: usize) -> Self {
        let rows = Rows::of(indicator);
        Self {
            rows,
            columns,
            tables: rows.counts().map(|rows| vec![0; rows * columns]).collect(),
        }
    }

    fn add(&mut self, cut: &Cut, own: &[usize], values: &[i128]) {
        for (table, row) in self.tables.iter_mut().zip(self.rows.at(cut, own)) {
            let first = row * self.columns;
            let cells = table.get_mut(first..first + self.columns);
            for (cell, value) in cells.into_iter().flatten().zip(values) {
                *cell += value;
            }
        }
    }
}

/// What is kept for each indicator in which there is anything, by its number.
#[derive(Debug)]
pub(super) struct ByIndicator<T>(Vec<Option<T>>);

impl<T> Default for ByIndicator<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByIndicator<T> {
    pub fn get(&self, indicator: Indicator) -> Option<&T> {
        self.0.get(indicator.number())?.as_ref()
    }

    /// What there is, made first if there is nothing.
    pub fn get_or_make(&mut self, indicator: Indicator, make: impl FnOnce() -> T) -> &mut T {
        let number = indicator.number();
        if self.0.len() <= number {
            self.0.resize_with(number + 1, || None);
        }
        self.0[number].get_or_insert_with(make)
    }

    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

/// The cells of every table that is a plain sum.
#[derive(Debug, Default)]
pub(super) struct Cells {
    counts: ByIndicator<Grid>,
    amounts: BTreeMap<Currency, ByIndicator<Grid>>,
}

impl Cells {
    /// Adds numbers of subjects or positions to a row of each of an indicator's tables.
    pub fn count(&mut self, indicator: Indicator, cut: &Cut, own: &[usize], values: &[i128]) {
        let grid = || Grid::of(indicator, indicator.counts().len());
        self.counts.get_or_make(indicator, grid).add(cut, own, values);
    }

    /// Adds amounts of a currency likewise.
    pub fn amount(
        &mut self,
        indicator: Indicator,
        currency: Currency,
        cut: &Cut,
        own: &[usize],
        values: &[i128],
    ) {
        let grid = || Grid::of(indicator, indicator.amounts().len());
        let grids = self.amounts.entry(currency).or_default();
        grids.get_or_make(indicator, grid).add(cut, own, values);
    }

    /// The currencies in which anything was added.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        self.amounts.keys().copied()
    }

    /// How many cells are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        let all = self.amounts.values().chain([&self.counts]);
        let grids = all.flat_map(ByIndicator::iter);
        grids.flat_map(|grid| &grid.tables).map(Vec::len).sum()
    }

    /// The values of a table, row by row; zeros where nothing was added.
    pub fn values(&self, table: Published, currency: Option<Currency>) -> Vec<i128> {
        let (grids, columns) = match currency {
            None => (Some(&self.counts), table.indicator.counts().len()),
            Some(currency) => (self.amounts.get(&currency), table.indicator.amounts().len()),
        };
        let number = table.indicator.cuts().iter().position(|cuts| *cuts == table.cuts);
        grids
            .and_then(|grids| grids.get(table.indicator)?.tables.get(number?).cloned())
            .unwrap_or_else(|| vec![0; table.rows() * columns])
    }
}
