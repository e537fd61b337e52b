//! Every quantity of a snapshot that somebody can name, once, and what everybody knows to hold between them.
//!
//! A cell is a column of a row, the difference of two, or what is new in a month of a vintage; the same quantity in two
//! tables is one cell. Relations come from the definitions alone ([`super::relations`]). Invariant: the true values satisfy
//! every relation, so that each hidden cell has at least one explanation.

use std::collections::BTreeMap;

use crate::domain::currency::Currency;
use crate::domain::statistics::{Axis, Contributors, Indicator, Kind, Published, Statistics, Table};

/// The number of a cell.
pub(super) type CellNo = usize;

/// How far a hidden cell must be able to lie, to whoever reads everything that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// It could be as little as this.
    pub low: i128,
    /// And as much as this.
    pub high: i128,
}

/// A quantity.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each tells something else of a cell"
)]
pub(super) struct Cell {
    pub value: i128,
    pub is_amount: bool,
    pub contributors: Contributors,
    /// Whether a table shows it; others can be worked out only.
    pub is_published: bool,
    pub is_hidden: bool,
    /// Whether everybody knows that it is nothing: then it is shown, whatever else is hidden, and cannot be another's alibi.
    pub is_nothing: bool,
    /// What protects it, if it could tell of somebody.
    pub need: Option<Need>,
    /// What is lost when it is hidden.
    pub weight: u32,
    /// The total that it is part of.
    pub total: Option<CellNo>,
    /// How many of what an amount is the amount of.
    pub count: Option<CellNo>,
}

impl Cell {
    /// Whether a reader does not see it.
    pub const fn is_open(&self) -> bool {
        !self.is_nothing && (self.is_hidden || !self.is_published)
    }

    /// Whether a table would show it, and it was hidden.
    pub const fn is_held_back(&self) -> bool {
        self.is_published && self.is_hidden
    }

    /// Makes it a secret with the wider one of two needs.
    pub fn demand(&mut self, need: Need) {
        self.is_hidden = true;
        let need = self.need.map_or(need, |old| Need {
            low: old.low.min(need.low),
            high: old.high.max(need.high),
        });
        self.need = Some(need);
    }
}

/// What holds between cells: the sum of the terms is zero, or at least zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Relation {
    pub terms: Vec<(CellNo, i128)>,
    pub is_equal: bool,
}

/// Where a quantity stands: table, row, and cell of the row.
pub(super) type Place = (usize, usize, usize);

/// All cells and relations of a snapshot.
#[derive(Debug)]
pub(super) struct System<'s> {
    pub statistics: &'s Statistics,
    pub cells: Vec<Cell>,
    pub relations: Vec<Relation>,
    /// The number of the cell at each place, if it has one.
    places: Vec<Vec<Vec<Option<CellNo>>>>,
    tables: BTreeMap<(TableKey, Option<Currency>), usize>,
    rows: Vec<BTreeMap<Vec<usize>, usize>>,
}

/// A table as a key: its indicator and cuts.
type TableKey = (Indicator, &'static [Axis]);

impl<'s> System<'s> {
    /// The cells of a snapshot, and their relations.
    pub fn of(statistics: &'s Statistics) -> Self {
        let tables = statistics.tables.iter().enumerate().map(|(number, table)| {
            let published = (table.published.indicator, table.published.cuts);
            ((published, table.currency), number)
        });
        let rows = statistics.tables.iter().map(|table| {
            let rows = table.rows.iter().enumerate();
            rows.map(|(number, row)| (row.places.clone(), number)).collect()
        });
        let mut system = Self {
            statistics,
            cells: Vec::new(),
            relations: Vec::new(),
            places: Vec::new(),
            tables: tables.collect(),
            rows: rows.collect(),
        };
        system.places = statistics
            .tables
            .iter()
            .map(|table| {
                let width = |row: &crate::domain::statistics::Row| vec![None; row.contributors.len()];
                table.rows.iter().map(width).collect()
            })
            .collect();
        for (number, table) in statistics.tables.iter().enumerate() {
            for row in 0..table.rows.len() {
                for cell in 0..table.rows[row].contributors.len() {
                    system.number((number, row, cell));
                }
            }
        }
        system.complete();
        super::relations::add(&mut system);
        system.relations.sort();
        system.relations.dedup();
        system
    }

    /// The table of an indicator by some cuts.
    pub fn table(&self, indicator: Indicator, cuts: &[Axis], currency: Option<Currency>) -> Option<usize> {
        let cuts = indicator.cuts().iter().find(|listed| **listed == cuts)?;
        self.tables.get(&((indicator, *cuts), currency)).copied()
    }

    /// The row of a table at some places.
    pub fn row(&self, table: usize, places: &[usize]) -> Option<usize> {
        self.rows[table].get(places).copied()
    }

    /// The cell at a place.
    pub fn cell_at(&self, (table, row, cell): Place) -> Option<CellNo> {
        *self.places.get(table)?.get(row)?.get(cell)?
    }

    /// The cell of a table's row and of a number within the row.
    pub fn find(
        &self,
        (indicator, cuts, currency): (Indicator, &[Axis], Option<Currency>),
        places: &[usize],
        cell: usize,
    ) -> Option<CellNo> {
        let table = self.table(indicator, cuts, currency)?;
        self.cell_at((table, self.row(table, places)?, cell))
    }

    /// Adds a relation, unless something in the market contradicts it: then nobody can rely on it.
    pub fn relate(&mut self, terms: impl IntoIterator<Item = (Option<CellNo>, i128)>, is_equal: bool) {
        let mut sums: BTreeMap<CellNo, i128> = BTreeMap::new();
        for (cell, factor) in terms {
            let Some(cell) = cell else { return };
            *sums.entry(cell).or_default() += factor;
        }
        sums.retain(|_, factor| *factor != 0);
        let truth: i128 = sums
            .iter()
            .map(|(cell, factor)| factor.saturating_mul(self.cells[*cell].value))
            .fold(0, i128::saturating_add);
        let holds = if is_equal { truth == 0 } else { truth >= 0 };
        if holds && !sums.is_empty() {
            self.relations.push(Relation {
                terms: sums.into_iter().collect(),
                is_equal,
            });
        }
    }

    /// Adds a quantity that no table shows.
    pub fn add_unpublished(&mut self, value: i128, is_amount: bool) -> CellNo {
        self.cells.push(Cell {
            value,
            is_amount,
            contributors: Contributors::default(),
            is_published: false,
            is_hidden: true,
            is_nothing: false,
            need: None,
            weight: 0,
            total: None,
            count: None,
        });
        self.cells.len() - 1
    }

    /// The number of the cell at a place, which is given one the first time.
    fn number(&mut self, place: Place) -> Option<CellNo> {
        let (table, row, cell) = place;
        if let Some(number) = self.places[table][row][cell] {
            return Some(number);
        }
        let number = match super::relations::twin(self, place) {
            Some(twin) if twin != place => self.number(twin)?,
            _ => {
                let value = self.value(place)?;
                let table = &self.statistics.tables[table];
                let column = table.columns().get(cell);
                let number = self.add_unpublished(value, is_amount(table, cell));
                self.cells[number].contributors = table.rows[row].contributors[cell];
                self.cells[number].is_published = column.is_some();
                self.cells[number].is_hidden = column.is_none();
                number
            }
        };
        self.places[table][row][cell] = Some(number);
        Some(number)
    }

    /// The value of a cell; `None` where there is none to protect.
    fn value(&self, (table, row, cell): Place) -> Option<i128> {
        let table = &self.statistics.tables[table];
        let values = &table.rows[row].values;
        let columns = table.columns();
        if let Some(column) = columns.get(cell) {
            let adds_up = column.is_additive || column.is_whole();
            return adds_up.then(|| values[cell]);
        }
        let indicator = table.published.indicator;
        let differences = indicator.differences(table.currency.is_some());
        let value = if let Some(difference) = differences.get(cell - columns.len()) {
            values[difference.whole] - values[difference.part]
        } else {
            // What is new in a month on book, of the second and the third column.
            let column = 1 + cell - columns.len() - differences.len();
            let is_first = table.rows[row].places.last() == Some(&0);
            let before = if is_first {
                0
            } else {
                table.rows[row - 1].values[column]
            };
            values[column] - before
        };
        (value >= 0).then_some(value)
    }

    /// Tells each cell its total, its count and its weight.
    fn complete(&mut self) {
        let statistics = self.statistics;
        for (number, table) in statistics.tables.iter().enumerate() {
            for (row, cells) in table.rows.iter().enumerate() {
                for cell in 0..cells.contributors.len() {
                    let Some(own) = self.cell_at((number, row, cell)) else {
                        continue;
                    };
                    let total = self.total(number, row, cell);
                    let count = self.count_of(number, row, cell);
                    let weight = weight(table, cell, self.cells[own].value);
                    let known = &mut self.cells[own];
                    known.total = known.total.or(total.filter(|total| *total != own));
                    known.count = known.count.or(count);
                    known.weight = known.weight.max(weight);
                    if let Some(of) = table.columns().get(cell) {
                        known.is_published = true;
                        known.is_hidden = false;
                        debug_assert!(of.is_additive || of.is_whole());
                    }
                }
            }
        }
    }

    /// The cell that a cell is part of: what its column is a share of, else the first column of its row, else the same
    /// column of the table without cuts.
    fn total(&self, number: usize, row: usize, cell: usize) -> Option<CellNo> {
        let table = &self.statistics.tables[number];
        let columns = table.columns();
        let Published { indicator, .. } = table.published;
        let share = columns.get(cell).and_then(|column| column.share);
        let of = share.and_then(|share| columns.iter().position(|column| column.name == share.of));
        let in_row = match (of, indicator) {
            (Some(of), _) => Some(of),
            (None, Indicator::Flow) if cell != 8 => Some(8),
            // Nobody made a loan in an outage: of many who opened any.
            (None, Indicator::UncheckedLoans) if cell == 2 => Some(0),
            (None, Indicator::UncheckedLoans) if cell == columns.len() + 1 => Some(2),
            (None, _) if cell >= columns.len() => Some(0),
            (None, _) => None,
        };
        if let Some(of) = in_row {
            return self.cell_at((number, row, of));
        }
        let whole = self.table(indicator, &[], table.currency)?;
        let cuts = table.published.cuts.len();
        let places = &table.rows[row].places[cuts..];
        self.cell_at((whole, self.row(whole, places)?, cell))
    }

    /// How many of what an amount is the amount of.
    fn count_of(&self, number: usize, row: usize, cell: usize) -> Option<CellNo> {
        let table = &self.statistics.tables[number];
        table.currency?;
        let Published { indicator, cuts } = table.published;
        let places = &table.rows[row].places;
        match (indicator, cell) {
            (Indicator::ExposureDistribution, 1 | 3) | (Indicator::ExposurePerSubject, 1) => {
                self.cell_at((number, row, cell - 1))
            }
            (
                Indicator::ExposureDistribution
                | Indicator::ExposurePerSubject
                | Indicator::Flow
                | Indicator::Concentration,
                _,
            ) => None,
            // The same in its counts, whose two differences lie between.
            (Indicator::Vintage, 3 | 4) => self.find((indicator, cuts, None), places, cell + 2),
            (_, _) => self.find((indicator, cuts, None), places, cell),
        }
    }

    /// The tables that show a cell.
    pub fn tables_of(&self) -> Vec<Vec<usize>> {
        let mut tables = vec![Vec::new(); self.cells.len()];
        for (number, rows) in self.places.iter().enumerate() {
            let columns = self.statistics.tables[number].columns().len();
            for row in rows {
                for cell in row.iter().take(columns).flatten() {
                    let known: &mut Vec<usize> = &mut tables[*cell];
                    if known.last() != Some(&number) {
                        known.push(number);
                    }
                }
            }
        }
        tables
    }
}

/// Whether a cell is an amount and no number of anything.
fn is_amount(table: &Table, cell: usize) -> bool {
    let column = table.columns().get(cell);
    table.currency.is_some() && column.is_none_or(|column| column.kind == Kind::Amount)
}

/// What is lost when a cell is hidden: more of a total than of a part, more of what holds much than of what holds little.
fn weight(table: &Table, cell: usize, value: i128) -> u32 {
    let own = table.published.indicator.axes().len();
    let base = match (table.published.cuts.len(), own) {
        (0, 0) => 2_000,
        (0, _) => 400,
        (1, 0) => 120,
        (1, _) => 20,
        (_, _) => 4,
    };
    let first = if cell == 0 { 3 } else { 1 };
    base * first * (2 + (i128::BITS - value.leading_zeros()))
}
