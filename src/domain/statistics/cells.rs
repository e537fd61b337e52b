//! Where something is counted: the rows of tables, from the places on their axes. How many there are follows from the lists
//! of codes, so that memory does not grow with subjects.

use super::axis::Axis;
use super::indicator::Indicator;

/// The axes that tables are cut by.
const CUT_BY: [Axis; 5] = [
    Axis::Region,
    Axis::LenderGroup,
    Axis::ProductType,
    // Positions alone have these: no table of subjects is cut by them.
    Axis::AmountBand,
    Axis::RateBand,
];

/// The place of something on each axis that tables are cut by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cut([u8; CUT_BY.len()]);

impl Cut {
    /// The same with another place on an axis.
    pub fn with(mut self, axis: Axis, place: usize) -> Self {
        if let Some(number) = CUT_BY.iter().position(|listed| *listed == axis) {
            self.0[number] = small(place);
        }
        self
    }
}

/// A place on an axis that tables are cut by, which all have few.
pub(super) fn small(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}

/// How many rows of a table lie between two places of each axis that it is cut by, by the axes' numbers.
#[derive(Debug)]
pub(super) struct Strides(Vec<(usize, usize)>);

impl Strides {
    /// Of a table of these cuts and so many rows of its own axes.
    pub fn of(cuts: &[Axis], own_rows: usize) -> Self {
        let axes = CUT_BY.iter().enumerate().filter(|(_, axis)| cuts.contains(axis));
        Self(
            axes.map(|(number, axis)| (number, stride(cuts, *axis) * own_rows))
                .collect(),
        )
    }

    /// The first row of what a place belongs to.
    pub fn row(&self, cut: Cut) -> usize {
        let rows = self
            .0
            .iter()
            .map(|(number, stride)| usize::from(cut.0[*number]) * stride);
        rows.sum()
    }
}

/// How many rows of a table of some cuts lie between two places of an axis; none when it is not cut by it.
fn stride(cuts: &[Axis], axis: Axis) -> usize {
    let place = cuts.iter().position(|cut| *cut == axis);
    place.map_or(0, |place| rows_of(&cuts[place + 1..]))
}

/// The row of a table of some cuts that a row of a table of finer cuts belongs to, own axes left out.
pub(super) fn coarser_row(cuts: &[Axis], finer: &[Axis], row: usize) -> usize {
    let place = |axis: Axis| row / stride(finer, axis) % axis.places();
    let axes = finer.iter().map(|axis| place(*axis) * stride(cuts, *axis));
    axes.sum()
}

/// How many rows there are for these axes.
pub(super) fn rows_of(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.places()).product()
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
