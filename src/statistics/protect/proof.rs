//! Secondary suppression and its proof, in one step by linear programming.
//!
//! A proof that a secret could be as little (or as much) as it must is another market: cells that satisfy every relation,
//! differ from the true ones in nothing that is shown, and hold that figure. The program looks for the cheapest change of
//! the true cells that moves the secret so far, where changing what is hidden costs nothing; what it changes of the shown
//! cells is hidden from then on. So whatever it finds is a proof, and it stays one when more is hidden.
//!
//! Shown cells are taken as known to the unit. What rounding hides in truth comes on top.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use microlp::{ComparisonOp, OptimizationDirection, Problem, Solution, Variable};

use super::Budget;
use super::found::Found;
use super::system::{CellNo, Need, System};

/// A change below this is a rounding error of the solver, relative to the change that is looked for.
const NOISE: f64 = 1e-6;
/// No cell is changed by more than so many times what the secret is.
const REACH: f64 = 1_000.0;

/// A program that is kept is written anew after so many cells more are hidden, so that these cost nothing.
const HIDDEN_SINCE_MAX: usize = 24;
/// How many cells around a secret are tried, and whether of hidden ones alone: those that hide nothing more come first.
const AROUND: [(usize, bool); 4] = [(250, true), (usize::MAX, true), (250, false), (usize::MAX, false)];

/// Cells that relations tie together, directly or through others.
#[derive(Debug, Default)]
struct Component {
    cells: Vec<CellNo>,
    relations: Vec<usize>,
}

/// What is proved so far.
pub(super) struct Prover {
    components: Vec<Component>,
    /// The component of each cell.
    component_of: Vec<usize>,
    /// The relations of each cell.
    relations_of: Vec<Vec<usize>>,
    /// How low and how high each cell was in any proof, from its true value.
    reached: Vec<(f64, f64)>,
    found: Found,
    /// Programs of counts by component.
    kept: BTreeMap<usize, Kept>,
    spent: u64,
    programs: u64,
}

/// A change that was found: by how much each cell changes, in its own unit, in the order of cells.
pub(super) type Change = Vec<(CellNo, f64)>;

/// A secret and where it must be able to lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub cell: CellNo,
    pub by: f64,
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
            found: Found::new(system.cells.len()),
            kept: BTreeMap::new(),
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
    pub fn prove(&mut self, system: &mut System<'_>, amounts: bool, budget: Budget) {
        let mut secrets: Vec<CellNo> = (0..system.cells.len())
            .filter(|cell| system.cells[*cell].is_amount == amounts && system.cells[*cell].need.is_some())
            .collect();
        // The largest changes first: they tend to serve the smaller ones too.
        secrets.sort_by_key(|cell| (std::cmp::Reverse(system.cells[*cell].value), *cell));
        let limit = self.spent.saturating_add(budget.work_max);
        secrets.retain(|cell| !self.prove_one(system, *cell, limit));
        if !secrets.is_empty() {
            self.collapse(system, secrets, budget);
        }
    }

    /// Proves what is left with the finest tables of its component hidden as a whole, then the next coarser ones.
    fn collapse(&mut self, system: &mut System<'_>, mut secrets: Vec<CellNo>, budget: Budget) {
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

    /// Finds a change and hides what it takes.
    fn make(&mut self, system: &mut System<'_>, wanted: Move, limit: u64) -> bool {
        if let Some(change) = self.found.multiple(system, &self.relations_of, wanted, NOISE) {
            self.learn(system, &change);
            return true;
        }
        if self.spent >= limit {
            return false;
        }
        let change = if system.cells[wanted.cell].is_amount {
            self.change_amount(system, wanted, limit)
        } else {
            self.change_count(system, wanted, limit)
        };
        let Some(change) = change else { return false };
        self.learn(system, &change);
        self.found.keep(change);
        true
    }

    /// Of amounts, which differ in size by orders: a program for each, counted in what is wanted; first among few cells
    /// around the secret, then among more.
    fn change_amount(&mut self, system: &System<'_>, wanted: Move, limit: u64) -> Option<Change> {
        let is_open = |cell: CellNo| system.cells[cell].is_open();
        let mut before = Vec::new();
        for (cells_max, of_open) in AROUND {
            let around = if of_open {
                self.reachable(system, wanted.cell, cells_max, is_open)
            } else {
                self.reachable(system, wanted.cell, cells_max, |_| true)
            };
            if before != around.cells {
                let change = self.solve(system, &around, wanted, limit);
                if change.is_some() {
                    return change;
                }
            }
            before = around.cells;
        }
        None
    }

    /// Of counts, all in one unit: the program of the component is kept, and asked for one change after the other.
    fn change_count(&mut self, system: &System<'_>, wanted: Move, limit: u64) -> Option<Change> {
        let component = self.component_of[wanted.cell];
        let all = &self.components[component];
        let size = weigh(all);
        let all_size = (size, relations(all));
        if self.spent.saturating_add(size) > limit {
            self.spent = self.spent.max(limit);
            return None;
        }
        let hidden = all
            .cells
            .iter()
            .filter(|cell| system.cells[**cell].is_open())
            .count();
        let is_stale = |kept: &Kept| hidden - kept.hidden >= HIDDEN_SINCE_MAX;
        if self.kept.get(&component).is_none_or(is_stale) {
            let moves = all.cells.iter().filter_map(|cell| {
                let need = system.cells[*cell].need?;
                let value = system.cells[*cell].value;
                Some(real((need.high - value).max(value - need.low)))
            });
            let program = Program::of(system, all, None, moves.fold(1.0, f64::max));
            let solution = program.problem.solve().ok()?.into_solution().ok()?;
            self.spent = self.spent.saturating_add(size);
            let kept = Kept {
                program,
                solution,
                hidden,
            };
            self.kept.insert(component, kept);
        }
        let kept = self.kept.get(&component)?;
        self.programs += 1;
        let variable = kept.program.variables.get(&wanted.cell)?.0?;
        let before = kept.solution.stats().lp_iterations;
        let solution = kept.solution.clone().fix_var(variable, wanted.by).ok()?;
        let solution = solution.into_solution().ok()?;
        let pivots = solution.stats().lp_iterations.saturating_sub(before);
        let change = kept.program.read(system, &solution, wanted);
        self.spend(all_size, pivots);
        Some(change)
    }

    /// Counts the work of a program that was written and solved: a pivot takes as long as there are relations.
    fn spend(&mut self, (size, relations): (u64, u64), pivots: u64) {
        let work = size.saturating_add(pivots.saturating_mul(relations));
        self.spent = self.spent.saturating_add(work);
    }

    /// Hides what a change takes, and keeps how far it moved each cell.
    fn learn(&mut self, system: &mut System<'_>, change: &Change) {
        for (cell, by) in change {
            system.cells[*cell].is_hidden = true;
            let (least, most) = &mut self.reached[*cell];
            *least = least.min(*by);
            *most = most.max(*by);
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

    /// The cheapest change of some cells that moves a secret as wanted; `None` if there is none or the limit is reached.
    fn solve(&mut self, system: &System<'_>, of: &Component, wanted: Move, limit: u64) -> Option<Change> {
        let size = weigh(of);
        if self.spent.saturating_add(size) > limit {
            self.spent = self.spent.max(limit);
            return None;
        }
        self.programs += 1;
        let program = Program::of(system, of, Some(wanted), wanted.by.abs());
        let solution = program
            .problem
            .solve()
            .ok()
            .and_then(|outcome| outcome.into_solution().ok());
        let pivots = solution.as_ref().map_or(0, |found| found.stats().lp_iterations);
        self.spend((size, relations(of)), pivots);
        Some(program.read(system, &solution?, wanted))
    }
}

fn relations(of: &Component) -> u64 {
    u64::try_from(of.relations.len()).unwrap_or(u64::MAX)
}

/// The work of writing a program.
fn weigh(of: &Component) -> u64 {
    u64::try_from(of.relations.len() + of.cells.len()).unwrap_or(u64::MAX)
}

/// The program of a component, solved with nothing changed, to be asked for changes.
struct Kept {
    program: Program,
    solution: Solution,
    /// How many of its cells were open when it was written.
    hidden: usize,
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
    /// Of some cells, for one change or for any; none is farther than `farthest`.
    fn of(system: &System<'_>, of: &Component, wanted: Option<Move>, farthest: f64) -> Self {
        let is_mixed = of.cells.iter().any(|cell| !system.cells[*cell].is_amount)
            && of.cells.iter().any(|cell| system.cells[*cell].is_amount);
        let edges = system.statistics.band_edges.values();
        let lowest = edges.filter_map(|edges| edges.first()).min();
        let mut program = Self {
            problem: Problem::new(OptimizationDirection::Minimize),
            variables: BTreeMap::new(),
            amount_unit: match (is_mixed, lowest) {
                (true, Some(edge)) => real(i128::from(*edge)),
                _ => farthest.max(1.0),
            },
        };
        for cell in &of.cells {
            program.add_cell(system, *cell, wanted, farthest);
        }
        for relation in &of.relations {
            program.add_relation(system, *relation);
        }
        program
    }

    /// The change that a solution is.
    fn read(&self, system: &System<'_>, solution: &Solution, wanted: Move) -> Change {
        let changed =
            |variable: Option<Variable>| variable.map_or(0.0, |variable| solution.var_value(variable));
        let noise = NOISE * (wanted.by / self.unit(system, wanted.cell)).abs();
        let mut change = Change::new();
        for (cell, (up, down)) in &self.variables {
            let by = changed(*up) - changed(*down);
            if by.abs() > noise {
                change.push((*cell, by * self.unit(system, *cell)));
            }
        }
        change
    }

    /// The unit that a cell is counted in.
    fn unit(&self, system: &System<'_>, cell: CellNo) -> f64 {
        if system.cells[cell].is_amount {
            self.amount_unit
        } else {
            1.0
        }
    }

    fn add_cell(&mut self, system: &System<'_>, number: CellNo, wanted: Option<Move>, farthest: f64) {
        let cell = &system.cells[number];
        let unit = self.unit(system, number);
        // In the units of the wanted cell; of its amounts, subjects owe more than one unit.
        let reach = match wanted {
            Some(wanted) => REACH * (farthest / self.unit(system, wanted.cell)).max(1.0),
            None if cell.is_amount => REACH * REACH * farthest,
            None => REACH * farthest,
        };
        let least = (real(cell.value) / unit).min(reach);
        let wanted = wanted.filter(|wanted| wanted.cell == number);
        let variables = if let Some(wanted) = wanted {
            let by = wanted.by / unit;
            (Some(self.problem.add_var(0.0, (by, by))), None)
        } else if cell.is_nothing {
            (Some(self.problem.add_var(0.0, (0.0, 0.0))), None)
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
