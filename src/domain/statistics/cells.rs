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

/// What adds up over all currencies, or in one of them: for each indicator the arrays of its tables.
type Grids = BTreeMap<Indicator, Vec<Vec<i128>>>;

/// The cells of every table that is a plain sum.
#[derive(Debug, Default)]
pub(super) struct Cells {
    counts: Grids,
    amounts: BTreeMap<Currency, Grids>,
}

impl Cells {
    /// Adds numbers of subjects or positions to a row of each of an indicator's tables.
    pub fn count(&mut self, indicator: Indicator, cut: &Cut, own: &[usize], values: &[i128]) {
        let columns = indicator.counts().len();
        add(&mut self.counts, indicator, columns, cut, own, values);
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
        let columns = indicator.amounts().len();
        let grids = self.amounts.entry(currency).or_default();
        add(grids, indicator, columns, cut, own, values);
    }

    /// The currencies in which anything was added.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        self.amounts.keys().copied()
    }

    /// How many cells are held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        let all = self.amounts.values().chain([&self.counts]);
        all.flat_map(BTreeMap::values).flatten().map(Vec::len).sum()
    }

    /// The values of a table, row by row; zeros where nothing was added.
    pub fn values(&self, table: Published, currency: Option<Currency>) -> Vec<i128> {
        let (grids, columns) = match currency {
            None => (Some(&self.counts), table.indicator.counts().len()),
            Some(currency) => (self.amounts.get(&currency), table.indicator.amounts().len()),
        };
        let number = table.indicator.cuts().iter().position(|cuts| *cuts == table.cuts);
        grids
            .and_then(|grids| grids.get(&table.indicator)?.get(number?).cloned())
            .unwrap_or_else(|| vec![0; table.rows() * columns])
    }
}

fn add(grids: &mut Grids, indicator: Indicator, columns: usize, cut: &Cut, own: &[usize], values: &[i128]) {
    let own_axes = indicator.axes();
    let grids = grids.entry(indicator).or_insert_with(|| {
        let own_rows = rows_of(own_axes);
        let cells = |cuts: &&[Axis]| vec![0; rows_of(cuts) * own_rows * columns];
        indicator.cuts().iter().map(cells).collect()
    });
    for (grid, cuts) in grids.iter_mut().zip(indicator.cuts()) {
        let row = own_axes
            .iter()
            .zip(own)
            .fold(cut.place(cuts), |row, (axis, place)| row * axis.places() + place);
        for (cell, value) in grid.iter_mut().skip(row * columns).zip(values) {
            *cell += value;
        }
    }
}
