//! Secondary suppression and its proof, in one step by linear programming.
//!
//! A proof that a secret could be as little (or as much) as it must is another market: cells that satisfy every relation,
//! differ from the true ones in nothing that is shown, and hold that figure. The program looks for the cheapest change of
//! the true cells that moves the secret so far, where changing what is hidden costs nothing; what it changes of the shown
//! cells is hidden from then on. So whatever it finds is a proof, and it stays one when more is hidden.
//!
//! Shown cells are taken as known to the unit. What rounding hides in truth comes on top.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::Budget;
use super::system::{CellNo, Need, System};

/// A change below this is a rounding error of the solver, relative to the change that is looked for.
const NOISE: f64 = 1e-6;
/// No cell is changed by more than so many times what the secret is.
const REACH: f64 = 1_000.0;

/// After so many secrets proved one by one, what can be proved without hiding more is proved together.
const SWEEP_EVERY: usize = 12;
/// Fewer secrets of a component are proved one by one.
const SWEEP_MIN: usize = 4;
/// How many cells around a secret are tried, and whether of hidden ones alone: those that hide nothing more come first.
const AROUND: [(usize, bool); 4] = [(250, true), (usize::MAX, true), (250, false), (usize::MAX, false)];

/// Cells that relations tie together, directly or through others.
#[derive(Debug, Default)]
struct Component {
    cells: Vec<CellNo>,
    relations: Vec<usize>,
}

/// What is proved so far.
#[derive(Debug)]
pub(super) struct Prover {
    components: Vec<Component>,
    /// The component of each cell.
    component_of: Vec<usize>,
    /// The relations of each cell.
    relations_of: Vec<Vec<usize>>,
    /// How low and how high each cell was in any proof, from its true value.
    reached: Vec<(f64, f64)>,
    spent: u64,
    programs: u64,
}

/// A change that was found: by how much each cell changes, in its own unit.
type Change = Vec<(CellNo, f64)>;

/// A secret and where it must be able to lie.
#[derive(Debug, Clone, Copy)]
struct Move {
    cell: CellNo,
    by: f64,
}

impl Prover {
    /// Knows the relations, has proved nothing.
    pub fn of(system: &System<'_>) -> Self {
        let mut relations_of = vec![Vec::new(); system.cells.len()];
        for (number, relation) in system.relations.iter().enumerate() {
            for (cell, _) in &relation.terms {
                let relations: &mut Vec<usize> = &mut relations_of[*cell];
                relations.push(number);
            }
        }
        let mut prover = Self {
            components: Vec::new(),
            component_of: vec![usize::MAX; system.cells.len()],
            relations_of,
            reached: vec![(0.0, 0.0); system.cells.len()],
            spent: 0,
            programs: 0,
        };
        for cell in 0..system.cells.len() {
            if prover.component_of[cell] == usize::MAX {
                let number = prover.components.len();
                let found = prover.reachable(system, cell, usize::MAX, |_| true);
                for cell in &found.cells {
                    prover.component_of[*cell] = number;
                }
                prover.components.push(found);
            }
        }
        prover
    }

    /// What the solver did: programs solved, and its work.
    pub const fn work(&self) -> (u64, u64) {
        (self.programs, self.spent)
    }

    /// Protects every secret among counts, or among amounts: hides what must be hidden with it, and where the budget ends,
    /// whole tables, the finest first.
    pub fn prove(&mut self, system: &mut System<'_>, amounts: bool, budget: &Budget) {
        let mut secrets: Vec<CellNo> = (0..system.cells.len())
            .filter(|cell| system.cells[*cell].is_amount == amounts && system.cells[*cell].need.is_some())
            .collect();
        // The largest changes first: they tend to serve the smaller ones too.
        secrets.sort_by_key(|cell| (std::cmp::Reverse(system.cells[*cell].value), *cell));
        let limit = self.spent.saturating_add(budget.work_max);
        let mut left = Vec::new();
        let mut made = 0;
        for (place, secret) in secrets.iter().enumerate() {
            if !amounts && made % SWEEP_EVERY == 0 {
                self.sweep(system, &secrets[place..], limit);
                made += 1;
            }
            let programs = self.programs;
            if !self.prove_one(system, *secret, limit) {
                left.push(*secret);
            }
            made += usize::from(self.programs > programs);
        }
        secrets = left;
        if !secrets.is_empty() {
            self.collapse(system, secrets, budget);
        }
    }

    /// Proves what is left with the finest tables of its component hidden as a whole, then the next coarser ones.
    fn collapse(&mut self, system: &mut System<'_>, mut secrets: Vec<CellNo>, budget: &Budget) {
        let tables_of = system.tables_of();
        while let Some(secret) = secrets.first().copied() {
            let component = self.component_of[secret];
            let cells = self.components[component].cells.clone();
            let fineness = |table: usize| {
                let published = system.statistics.tables[table].published;
                (published.cuts.len(), published.rows())
            };
            // The coarsest table that shows a cell decides when it goes.
            let levels: BTreeMap<CellNo, (usize, usize)> = cells
                .iter()
                .filter_map(|cell| {
                    Some((
                        *cell,
                        tables_of[*cell].iter().map(|table| fineness(*table)).min()?,
                    ))
                })
                .collect();
            let order: BTreeSet<(usize, usize)> = levels.values().copied().collect();
            for level in order.into_iter().rev() {
                for (cell, of) in &levels {
                    if *of >= level {
                        system.cells[*cell].is_hidden = true;
                    }
                }
                let limit = self.spent.saturating_add(budget.work_max / COLLAPSE_PART);
                secrets.retain(|cell| {
                    self.component_of[*cell] != component || !self.prove_one(system, *cell, limit)
                });
                if !secrets.iter().any(|cell| self.component_of[*cell] == component) {
                    break;
                }
            }
            // With all of it hidden nothing is known but the relations, which any multiple of the market satisfies too.
            secrets.retain(|cell| self.component_of[*cell] != component);
        }
    }

    /// Proves of many secrets at once what can be proved without hiding more: it moves all of a component as far as they go.
    fn sweep(&mut self, system: &mut System<'_>, secrets: &[CellNo], limit: u64) {
        for component in 0..self.components.len() {
            for is_low in [true, false] {
                loop {
                    let mine = secrets
                        .iter()
                        .filter(|cell| self.component_of[**cell] == component);
                    let wanted = mine.filter_map(|cell| self.wanted(system, *cell, is_low));
                    let wanted: Vec<Move> = wanted.collect();
                    if wanted.len() < SWEEP_MIN {
                        break;
                    }
                    let all = &self.components[component];
                    let open = all.cells.iter().filter(|cell| system.cells[**cell].is_open());
                    let open = Component {
                        cells: open.copied().collect(),
                        relations: all.relations.clone(),
                    };
                    let Some(change) = self.solve(system, &open, &wanted, limit) else {
                        break;
                    };
                    self.learn(system, change);
                    let still = wanted
                        .iter()
                        .filter(|wanted| self.wanted(system, wanted.cell, is_low).is_some());
                    if wanted.len() - still.count() < SWEEP_MIN {
                        break;
                    }
                }
            }
        }
    }

    /// How a secret is still to be moved in one direction, if it is.
    fn wanted(&self, system: &System<'_>, cell: CellNo, is_low: bool) -> Option<Move> {
        let Need { low, high } = system.cells[cell].need?;
        let by = real(if is_low { low } else { high } - system.cells[cell].value);
        let (least, most) = self.reached[cell];
        let noise = NOISE * by.abs();
        let is_reached = by >= least - noise && by <= most + noise;
        (!is_reached).then_some(Move { cell, by })
    }

    /// Whether a secret is protected, or could be within the limit of work.
    fn prove_one(&mut self, system: &mut System<'_>, cell: CellNo, limit: u64) -> bool {
        [true, false].into_iter().all(|is_low| {
            let wanted = self.wanted(system, cell, is_low);
            wanted.is_none_or(|wanted| self.make(system, wanted, limit))
        })
    }

    /// Finds a change, first among few cells around the secret, then among more, and hides what it takes.
    fn make(&mut self, system: &mut System<'_>, wanted: Move, limit: u64) -> bool {
        let is_open = |cell: CellNo| system.cells[cell].is_open();
        let mut change = None;
        let mut before = None;
        for (cells_max, of_open) in AROUND {
            let around = if of_open {
                self.reachable(system, wanted.cell, cells_max, is_open)
            } else {
                self.reachable(system, wanted.cell, cells_max, |_| true)
            };
            if before.as_ref() != Some(&around.cells) {
                change = self.solve(system, &around, &[wanted], limit);
            }
            if change.is_some() {
                break;
            }
            before = Some(around.cells);
        }
        let is_made = change.is_some();
        self.learn(system, change.unwrap_or_default());
        is_made
    }

    /// Hides what a change takes, and keeps how far it moved each cell.
    fn learn(&mut self, system: &mut System<'_>, change: Change) {
        for (cell, by) in change {
            system.cells[cell].is_hidden = true;
            let (least, most) = &mut self.reached[cell];
            *least = least.min(by);
            *most = most.max(by);
        }
    }

    /// The cells of a kind that one reaches through relations, the nearest first and no more than so many, with every
    /// relation that they take part in: what is left out of these does not change.
    fn reachable(
        &self,
        system: &System<'_>,
        from: CellNo,
        cells_max: usize,
        of: impl Fn(CellNo) -> bool,
    ) -> Component {
        let mut cells = BTreeSet::from([from]);
        let mut queue = VecDeque::from([from]);
        while let Some(cell) = queue.pop_front() {
            for relation in &self.relations_of[cell] {
                for (next, _) in &system.relations[*relation].terms {
                    if cells.len() < cells_max && of(*next) && cells.insert(*next) {
                        queue.push_back(*next);
                    }
                }
            }
        }
        let relations = cells.iter().flat_map(|cell| &self.relations_of[*cell]);
        let relations: BTreeSet<usize> = relations.copied().collect();
        Component {
            relations: relations.into_iter().collect(),
            cells: cells.into_iter().collect(),
        }
    }

    /// The cheapest change of some cells that moves a secret as wanted, or many as far as they go; `None` if there is none or the limit is reached.
    fn solve(&mut self, system: &System<'_>, of: &Component, wanted: &[Move], limit: u64) -> Option<Change> {
        let size = u64::try_from(of.relations.len() + of.cells.len()).unwrap_or(u64::MAX);
        if self.spent.saturating_add(size) > limit {
            self.spent = self.spent.max(limit);
            return None;
        }
        self.programs += 1;
        let program = Program::of(system, of, wanted);
        let outcome = program.problem.solve();
        let solution = outcome.ok().and_then(|outcome| outcome.into_solution().ok());
        let iterations = solution.as_ref().map_or(0, |found| found.stats().lp_iterations);
        self.spent = self.spent.saturating_add(size).saturating_add(iterations);
        let solution = solution?;
        let changed =
            |variable: Option<Variable>| variable.map_or(0.0, |variable| solution.var_value(variable));
        let least = wanted
            .iter()
            .map(|wanted| (wanted.by / program.unit(system, wanted.cell)).abs());
        let noise = NOISE * least.fold(f64::INFINITY, f64::min);
        let mut change = Change::new();
        for (cell, (up, down)) in &program.variables {
            let by = changed(*up) - changed(*down);
            if by.abs() > noise {
                change.push((*cell, by * program.unit(system, *cell)));
            }
        }
        Some(change)
    }
}

/// The part of the budget that each step of a collapse may take.
const COLLAPSE_PART: u64 = 8;

/// A linear program in the making.
struct Program {
    problem: Problem,
    /// Up and down of each cell; one variable does both where it costs nothing.
    variables: BTreeMap<CellNo, (Option<Variable>, Option<Variable>)>,
    /// What amounts are counted in.
    amount_unit: f64,
}

impl Program {
    fn of(system: &System<'_>, of: &Component, wanted: &[Move]) -> Self {
        let is_mixed = of.cells.iter().any(|cell| !system.cells[*cell].is_amount)
            && of.cells.iter().any(|cell| system.cells[*cell].is_amount);
        let edges = system.statistics.band_edges.values();
        let lowest = edges.filter_map(|edges| edges.first()).min();
        let mut program = Self {
            problem: Problem::new(OptimizationDirection::Minimize),
            variables: BTreeMap::new(),
            amount_unit: match (is_mixed, lowest) {
                (true, Some(edge)) => real(i128::from(*edge)),
                _ => wanted.iter().map(|wanted| wanted.by.abs()).fold(1.0, f64::max),
            },
        };
        let moves: BTreeMap<CellNo, f64> = wanted.iter().map(|wanted| (wanted.cell, wanted.by)).collect();
        for cell in &of.cells {
            program.add_cell(system, *cell, &moves);
        }
        for relation in &of.relations {
            program.add_relation(system, *relation);
        }
        program
    }

    /// The unit that a cell is counted in.
    fn unit(&self, system: &System<'_>, cell: CellNo) -> f64 {
        if system.cells[cell].is_amount {
            self.amount_unit
        } else {
            1.0
        }
    }

    fn add_cell(&mut self, system: &System<'_>, number: CellNo, moves: &BTreeMap<CellNo, f64>) {
        let cell = &system.cells[number];
        let unit = self.unit(system, number);
        let farthest = moves
            .iter()
            .map(|(cell, by)| (by / self.unit(system, *cell)).abs());
        let mut reach = REACH * farthest.fold(1.0, f64::max);
        if cell.is_amount && moves.keys().any(|cell| !system.cells[*cell].is_amount) {
            reach *= REACH;
        }
        let least = (real(cell.value) / unit).min(reach);
        let wanted = moves.get(&number).map(|by| by / unit);
        let variables = if let (Some(by), true) = (wanted, moves.len() == 1) {
            (Some(self.problem.add_var(0.0, (by, by))), None)
        } else if let Some(by) = wanted {
            // As far as wanted and no farther: a unit of each of them counts the same.
            let bounds = if by < 0.0 { (by, reach) } else { (-least, by) };
            (Some(self.problem.add_var(-1.0 / by, bounds)), None)
        } else if cell.is_open() {
            (Some(self.problem.add_var(0.0, (-least, reach))), None)
        } else {
            let cost = f64::from(cell.weight) / 1_000.0;
            let up = self.problem.add_var(cost, (0.0, reach));
            let down = self.problem.add_var(cost, (0.0, least));
            (Some(up), Some(down))
        };
        self.variables.insert(number, variables);
    }

    fn add_relation(&mut self, system: &System<'_>, number: usize) {
        let relation = &system.relations[number];
        let mut terms: Vec<(Variable, f64)> = Vec::new();
        let mut slack = 0.0;
        for (cell, factor) in &relation.terms {
            let factor = real(*factor) * self.unit(system, *cell);
            slack += factor * (real(system.cells[*cell].value) / self.unit(system, *cell));
            if let Some((up, down)) = self.variables.get(cell) {
                terms.extend(up.map(|up| (up, factor)));
                terms.extend(down.map(|down| (down, -factor)));
            }
        }
        let largest = terms.iter().map(|(_, factor)| factor.abs()).fold(0.0, f64::max);
        if largest == 0.0 {
            return;
        }
        for (_, factor) in &mut terms {
            *factor /= largest;
        }
        if relation.is_equal {
            self.problem.add_constraint(terms, ComparisonOp::Eq, 0.0);
        } else {
            let slack = (slack / largest).max(0.0);
            self.problem.add_constraint(terms, ComparisonOp::Ge, -slack);
        }
    }
}

/// A number as the solver counts: exact up to 53 bits.
pub(super) fn real(number: i128) -> f64 {
    let magnitude = number.unsigned_abs();
    let parts = [96, 64, 32, 0].map(|shift| u32::try_from((magnitude >> shift) & 0xffff_ffff).unwrap_or(0));
    let magnitude = parts
        .into_iter()
        .fold(0.0, |sum, part| sum * 4_294_967_296.0 + f64::from(part));
    if number < 0 { -magnitude } else { magnitude }
}
