//! Changes that were found serve more secrets than the one they were looked for.
//!
//! Relations have no constants, so a multiple of a change keeps every equality, its reverse too. It is a proof wherever it
//! leaves no cell and no inequality below zero. That is tried before a program is solved, and hides nothing more.

use super::proof::{Change, Move, real};
use super::system::{CellNo, System};

/// Changes of a cell that are tried, the latest first.
const TRIED_MAX: usize = 16;
/// A change is neither stretched nor shrunk by more, so that the solver's rounding errors do not grow.
const STRETCH_MAX: f64 = 50.0;

/// What was found so far.
#[derive(Debug)]
pub(super) struct Found {
    changes: Vec<Change>,
    /// The changes of each cell.
    of_cell: Vec<Vec<usize>>,
}

impl Found {
    /// Nothing of so many cells.
    pub fn new(cells: usize) -> Self {
        Self {
            changes: Vec::new(),
            of_cell: vec![Vec::new(); cells],
        }
    }

    /// Keeps a change.
    pub fn keep(&mut self, change: Change) {
        let number = self.changes.len();
        for (cell, _) in &change {
            self.of_cell[*cell].push(number);
        }
        self.changes.push(change);
    }

    /// A multiple of a change that moves a cell as wanted. `relations_of` tells the relations of each cell.
    pub fn multiple(
        &self,
        system: &System<'_>,
        relations_of: &[Vec<usize>],
        wanted: Move,
        noise: f64,
    ) -> Option<Change> {
        let latest = self.of_cell[wanted.cell].iter().rev().take(TRIED_MAX);
        latest
            .filter_map(|number| {
                let change = &self.changes[*number];
                let by = moved(change, wanted.cell)?;
                let stretch = wanted.by / by;
                let is_moderate =
                    stretch.is_finite() && (1.0 / STRETCH_MAX..=STRETCH_MAX).contains(&stretch.abs());
                is_moderate.then(|| change.iter().map(|(cell, by)| (*cell, by * stretch)).collect())
            })
            .find(|change| is_possible(system, relations_of, change, noise))
    }
}

/// How much a change moves a cell.
fn moved(change: &Change, cell: CellNo) -> Option<f64> {
    let place = change.binary_search_by_key(&cell, |(cell, _)| *cell).ok()?;
    Some(change[place].1)
}

/// Whether a change leaves every cell and every inequality at or above zero. It keeps the equalities. What is below by less
/// than `noise` of its own move is a rounding error: people and amounts differ in size by orders.
fn is_possible(system: &System<'_>, relations_of: &[Vec<usize>], change: &Change, noise: f64) -> bool {
    let value = |cell: CellNo| real(system.cells[cell].value);
    let is_there = change
        .iter()
        .all(|(cell, by)| value(*cell) + by >= -noise * by.abs());
    is_there
        && change.iter().all(|(cell, _)| {
            let relations = relations_of[*cell]
                .iter()
                .map(|number| &system.relations[*number]);
            relations.filter(|relation| !relation.is_equal).all(|relation| {
                let (mut sum, mut largest) = (0.0, 0.0_f64);
                for (cell, factor) in &relation.terms {
                    let by = moved(change, *cell).unwrap_or(0.0);
                    sum += real(*factor) * (value(*cell) + by);
                    largest = largest.max((real(*factor) * by).abs());
                }
                sum >= -noise * largest
            })
        })
}
