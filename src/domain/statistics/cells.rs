//! Where something is counted: the rows of tables, from the places on their axes. How many there are follows from the lists
//! of codes, so that memory does not grow with subjects.

use super::axis::Axis;
use super::indicator::Indicator;

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
    /// How many rows of a table of these cuts lie between two places of each axis: none of one that it is not cut by.
    pub fn strides(cuts: &[Axis]) -> Self {
        let of = |axis: Axis| {
            let place = cuts.iter().position(|cut| *cut == axis);
            place.map_or(0, |place| rows_of(&cuts[place + 1..]))
        };
        Self {
            region: of(Axis::Region),
            lender_group: of(Axis::LenderGroup),
            product_type: of(Axis::ProductType),
            amount_band: of(Axis::AmountBand),
            rate_band: of(Axis::RateBand),
        }
    }

    /// The row of a table of these strides that it belongs to, its own axes left out.
    pub const fn row(&self, strides: &Self) -> usize {
        self.region * strides.region
            + self.lender_group * strides.lender_group
            + self.product_type * strides.product_type
            + self.amount_band * strides.amount_band
            + self.rate_band * strides.rate_band
    }
}

/// How many rows there are for these axes.
pub(super) fn rows_of(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.places()).product()
}

/// The row of places on an indicator's own axes.
pub(super) fn own_row(axes: &[Axis], own: &[usize]) -> usize {
    let own = axes.iter().zip(own);
    own.fold(0, |row, (axis, place)| row * axis.places() + place)
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

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }
}
