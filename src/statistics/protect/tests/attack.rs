//! What somebody learns who holds every published table and knows every rule and the rounding.
//!
//! Written from the definitions alone and from what is published: it shares nothing with the code that protects. Shown
//! counts lie within 2 of what is shown and shares within half a thousandth; what is hidden can be anything from nothing up.
//! The solver then tries how little and how much each secret can be.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use crate::domain::statistics::{Axis, Indicator, Shown, ShownRow, ShownStatistics, ShownTable, Statistics};

/// Indicator, cuts, places and column of a count; a difference has a name of its own.
pub type Key = (Indicator, Vec<Axis>, Vec<usize>, &'static str);

/// A sum of cells that is no less than zero, or is zero.
type Rule = (Vec<(Key, f64)>, ComparisonOp);

/// What is known.
#[derive(Debug, Default)]
pub struct Attack {
    bounds: BTreeMap<Key, (f64, f64)>,
    rules: Vec<Rule>,
}

/// A figure, and between which two it must be possible.
#[derive(Debug, Clone)]
pub struct Secret {
    pub key: Key,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// A column, one that is part of it, and what the difference is called.
type Step = (&'static str, &'static str, &'static str);

const LADDERS: [(Indicator, &[Step]); 7] = [
    (
        Indicator::MultiLenderRate,
        &[
            ("subjects", "subjects_2_plus", "one"),
            ("subjects_2_plus", "subjects_3_plus", "two"),
            ("subjects_3_plus", "subjects_5_plus", "three and four"),
        ],
    ),
    (
        Indicator::NewStacking,
        &[
            ("subjects_opened", "subjects_2_plus", "one"),
            ("subjects_2_plus", "subjects_3_plus", "two"),
        ],
    ),
    (
        Indicator::SameDayStacking,
        &[("openings", "openings_same_day", "alone")],
    ),
    (
        Indicator::UncheckedLoans,
        &[
            ("openings", "openings_without_check", "checked"),
            ("loans_offline", "loans_over_limit", "within limits"),
        ],
    ),
    (
        Indicator::Delinquency,
        &[
            ("positions", "positions_dpd_1_plus", "M0"),
            ("positions_dpd_1_plus", "positions_dpd_31_plus", "M1"),
            ("positions_dpd_31_plus", "positions_dpd_61_plus", "M2"),
            ("positions_dpd_61_plus", "positions_dpd_91_plus", "M3"),
            ("positions_dpd_1_plus", "positions_formal_overdue", "grace"),
        ],
    ),
    (
        Indicator::DelinquencyByLenders,
        &[("subjects", "subjects_dpd_31_plus", "not late")],
    ),
    (
        Indicator::Restructuring,
        &[("positions", "positions_restructured", "plain")],
    ),
];

impl Attack {
    /// Of everything that is published.
    pub fn of(shown: &ShownStatistics) -> Self {
        let mut attack = Self::default();
        let tables = || shown.tables.iter().filter(|table| table.currency.is_none());
        let rows = || tables().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
        let key = |table: &ShownTable, row: &ShownRow, name| {
            let cuts = table.published.cuts.to_vec();
            (table.published.indicator, cuts, row.places.clone(), name)
        };
        for (table, row) in rows() {
            for (column, value) in table.columns().iter().zip(&row.values) {
                let is_sum = column.of.is_none() && !matches!(column.name, "median" | "p90");
                if is_sum {
                    let bounds = match value {
                        Shown::Count(0) => (0.0, 0.0),
                        Shown::Count(count) => ((*count as f64 - 2.0).max(10.0), *count as f64 + 2.0),
                        _ => (0.0, f64::INFINITY),
                    };
                    attack.bound(key(table, row, column.name), bounds);
                }
            }
        }
        for (table, row) in rows() {
            let columns = table.columns();
            let named = |column| {
                let found = columns
                    .iter()
                    .find(|shown| shown.of.is_none() && shown.column == column);
                key(table, row, found.unwrap().name)
            };
            for (column, value) in columns.iter().zip(&row.values) {
                if let (Some(of), Shown::Ratio(share)) = (column.of, value) {
                    let [part, whole] = [named(column.column), named(of)];
                    let [least, most] = [-0.5, 0.5].map(|half| (*share as f64 + half) / 1_000.0);
                    attack.rule(&[(&part, 1.0), (&whole, -least)], ComparisonOp::Ge);
                    attack.rule(&[(&part, -1.0), (&whole, most)], ComparisonOp::Ge);
                }
            }
        }
        attack.reason();
        attack
    }

    fn bound(&mut self, key: Key, bounds: (f64, f64)) {
        self.bounds.insert(key, bounds);
    }

    fn rule(&mut self, terms: &[(&Key, f64)], op: ComparisonOp) {
        for (key, _) in terms {
            assert!(self.bounds.contains_key(key), "no such cell: {key:?}");
        }
        let terms = terms.iter().map(|(key, factor)| ((*key).clone(), *factor));
        self.rules.push((terms.collect(), op));
    }

    /// A cell is the sum of others.
    fn sum(&mut self, whole: &Key, parts: &[Key]) {
        let parts = parts.iter().map(|part| (part, -1.0));
        let terms: Vec<(&Key, f64)> = parts.chain([(whole, 1.0)]).collect();
        self.rule(&terms, ComparisonOp::Eq);
    }

    /// Everything that the definitions say.
    fn reason(&mut self) {
        let keys: Vec<Key> = self.bounds.keys().cloned().collect();
        for key in &keys {
            self.reason_of_sums(key, &keys);
        }
        for (indicator, ladder) in LADDERS {
            for key in keys
                .iter()
                .filter(|key| key.0 == indicator && key.3 == ladder[0].0)
            {
                for (whole, part, name) in ladder {
                    let at = |name: &&'static str| (key.0, key.1.clone(), key.2.clone(), *name);
                    self.bound(at(name), (0.0, f64::INFINITY));
                    self.sum(&at(whole), &[at(part), at(name)]);
                }
            }
        }
        for key in &keys {
            self.reason_of_subjects(key);
            self.reason_of_positions(key);
            self.reason_of_checks(key);
        }
    }

    /// A table without a cut is the sum over it, a whole the sum over the last axis.
    fn reason_of_sums(&mut self, key: &Key, keys: &[Key]) {
        let (indicator, cuts, places, name) = key;
        if !name.starts_with("of_") {
            for finer in indicator
                .cuts()
                .iter()
                .filter(|finer| finer.len() == cuts.len() + 1)
            {
                let Some(added) = (0..finer.len()).find(|added| {
                    let mut rest = finer.to_vec();
                    rest.remove(*added);
                    rest == *cuts
                }) else {
                    continue;
                };
                let parts = (0..finer[added].places()).map(|place| {
                    let mut places = places.clone();
                    places.insert(added, place);
                    (*indicator, finer.to_vec(), places, *name)
                });
                self.sum(key, &parts.collect::<Vec<_>>());
            }
        } else if let Some(of) = name.strip_prefix("of_") {
            let prefix = &places[..places.len() - 1];
            let parts = keys
                .iter()
                .filter(|part| part.0 == *indicator && part.1 == *cuts && part.3 == of)
                .filter(|part| part.2.starts_with(prefix));
            let parts: Vec<Key> = parts.cloned().collect();
            self.sum(key, &parts);
        }
    }

    fn reason_of_subjects(&mut self, key: &Key) {
        let (indicator, cuts, places, name) = key;
        let has = |attack: &Self, key: &Key| attack.bounds.contains_key(key);
        let bar = |lenders: usize| {
            let places = [&places[..], &[lenders]].concat();
            (Indicator::MultiLenderHistogram, cuts.clone(), places, "subjects")
        };
        match (indicator, *name) {
            (Indicator::MultiLenderRate, _) if has(self, &bar(0)) => {
                let from = match *name {
                    "subjects" => 0,
                    "subjects_2_plus" => 1,
                    "subjects_3_plus" => 2,
                    _ => 4,
                };
                self.sum(key, &(from..7).map(bar).collect::<Vec<_>>());
            }
            (Indicator::LendersPerSubject, "subjects") => self.sum(key, &(0..7).map(bar).collect::<Vec<_>>()),
            (Indicator::LendersPerSubject, "lenders") => {
                let bars: Vec<Key> = (0..7).map(bar).collect();
                let least = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0];
                let terms = bars.iter().zip(least).map(|(bar, least)| (bar, -least));
                let terms: Vec<(&Key, f64)> = terms.chain([(key, 1.0)]).collect();
                self.rule(&terms, ComparisonOp::Ge);
                let most = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 1_000.0];
                let terms = bars.iter().zip(most);
                let terms: Vec<(&Key, f64)> = terms.chain([(key, -1.0)]).collect();
                self.rule(&terms, ComparisonOp::Ge);
            }
            (Indicator::DelinquencyByLenders, "subjects") => {
                let [own @ .., lenders] = places.as_slice() else {
                    return;
                };
                let bar = |lenders| {
                    let places = [own, &[lenders]].concat();
                    (Indicator::MultiLenderHistogram, cuts.clone(), places, "subjects")
                };
                if !has(self, &bar(0)) {
                    self.reason_of_rates(key);
                    return;
                }
                let bars = if *lenders < 4 { *lenders..lenders + 1 } else { 4..7 };
                self.sum(key, &bars.map(bar).collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    /// Where no histogram is published, rates tell how many have one lender, two, three or four, and five and more.
    fn reason_of_rates(&mut self, key: &Key) {
        let (indicator, cuts, places, name) = key;
        let Some((lenders, own)) = places.split_last() else {
            return;
        };
        let rate = |class| (Indicator::MultiLenderRate, cuts.clone(), own.to_vec(), class);
        let next = [own, &[lenders + 1]].concat();
        match lenders {
            0 => self.sum(key, &[rate("one")]),
            1 => self.sum(key, &[rate("two")]),
            2 => {
                let next = (*indicator, cuts.clone(), next, *name);
                self.sum(&rate("three and four"), &[key.clone(), next]);
            }
            4 => self.sum(key, &[rate("subjects_5_plus")]),
            _ => {}
        }
    }

    fn reason_of_positions(&mut self, key: &Key) {
        let (indicator, cuts, places, name) = key;
        match (indicator, *name) {
            (Indicator::Restructuring, "positions") => {
                let same = (Indicator::Delinquency, cuts.clone(), places.clone(), "positions");
                self.sum(key, &[same]);
            }
            (Indicator::RollRate, "positions") if places[places.len() - 2] == 0 => {
                let [own @ .., _, fate] = places.as_slice() else {
                    return;
                };
                let bucket = match fate {
                    0..4 => ["M0", "M1", "M2", "M3"][*fate],
                    4 => "positions_dpd_91_plus",
                    _ => return,
                };
                let all = (Indicator::Delinquency, cuts.clone(), own.to_vec(), bucket);
                let fates = if *fate < 4 { *fate..fate + 1 } else { 4..8 };
                let parts = fates.flat_map(|fate| (0..8).map(move |before| [before, fate]));
                let parts = parts.map(|last| (*indicator, cuts.clone(), [own, &last].concat(), *name));
                let parts: Vec<Key> = parts.collect();
                let terms = parts.iter().map(|part| (part, -1.0));
                let terms: Vec<(&Key, f64)> = terms.chain([(&all, 1.0)]).collect();
                self.rule(&terms, ComparisonOp::Ge);
            }
            (Indicator::Vintage, _) => {
                let at = |months: usize, name| (*indicator, cuts.clone(), vec![places[0], months], name);
                if *name != "positions" {
                    let whole = if *name == "positions_ever_31" {
                        "positions"
                    } else {
                        "positions_ever_31"
                    };
                    self.rule(&[(&at(places[1], whole), 1.0), (key, -1.0)], ComparisonOp::Ge);
                }
                if places[1] > 0 {
                    let op = if *name == "positions" {
                        ComparisonOp::Eq
                    } else {
                        ComparisonOp::Ge
                    };
                    self.rule(&[(key, 1.0), (&at(places[1] - 1, name), -1.0)], op);
                }
            }
            _ => {}
        }
    }

    fn reason_of_checks(&mut self, key: &Key) {
        let (indicator, cuts, places, name) = key;
        match (indicator, *name) {
            (Indicator::UncheckedLoans, "openings") => {
                let same = (Indicator::SameDayStacking, cuts.clone(), places.clone(), *name);
                self.sum(key, &[same]);
            }
            // Those with an income are among all that were not left to a person.
            (Indicator::DstiDistribution, "of_checks") => {
                let own = &places[..places.len() - 1];
                let at = |finding: usize, name| {
                    let places = [own, &[finding]].concat();
                    (Indicator::BlockedStacking, cuts.clone(), places, name)
                };
                let (all, referred) = (at(0, "of_checks"), at(1, "checks"));
                self.rule(&[(&all, 1.0), (&referred, -1.0), (key, -1.0)], ComparisonOp::Ge);
            }
            _ => {}
        }
    }

    /// The secrets of which too much is learned: that they are more than they may be known to be, or less.
    pub fn learned(&self, secrets: &[Secret]) -> Vec<Secret> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let bounds = self.bounds.iter();
        let cells: BTreeMap<&Key, Variable> = bounds
            .map(|(key, bounds)| (key, problem.add_var(0.0, *bounds)))
            .collect();
        for (terms, op) in &self.rules {
            let terms = terms.iter().map(|(key, factor)| (cells[key], *factor));
            problem.add_constraint(terms.collect::<Vec<_>>(), *op, 0.0);
        }
        let solution = problem.solve().expect("what is published has an explanation");
        let solution = solution.into_solution().expect("no limit is set");
        // What is possible is an interval around the truth: both of its ends are wide enough if these two are possible.
        let is_possible = |cell: Variable, value: f64| {
            let outcome = solution.clone().fix_var(cell, value);
            outcome.is_ok_and(|outcome| outcome.into_solution().is_ok())
        };
        let is_learned = |secret: &&Secret| {
            let cell = cells[&secret.key];
            let at_least = secret.high > secret.value && !is_possible(cell, secret.high);
            at_least || (secret.low < secret.value && !is_possible(cell, secret.low))
        };
        secrets.iter().filter(is_learned).cloned().collect()
    }
}

/// What must not be learned, from the raw tables: every count behind which too few stand, shown or not.
pub fn secrets(statistics: &Statistics, shown: &ShownStatistics) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (table, shown) in statistics.tables.iter().zip(&shown.tables) {
        if table.currency.is_some() {
            continue;
        }
        let indicator = table.published.indicator;
        let columns = table.columns();
        let shown_columns = shown.columns();
        for (row, shown) in table.rows.iter().zip(&shown.rows) {
            let cells = columns.iter().map(|column| column.name).enumerate();
            let cells = cells.filter(|(cell, _)| columns[*cell].is_additive || columns[*cell].is_whole());
            let ladder = LADDERS.iter().find(|(of, _)| *of == indicator);
            let differences = ladder.into_iter().flat_map(|(_, ladder)| *ladder).enumerate();
            let differences = differences.map(|(number, (_, _, name))| (columns.len() + number, *name));
            for (cell, name) in cells.chain(differences) {
                let value = if cell < columns.len() {
                    row.values[cell]
                } else {
                    let column = |name| columns.iter().position(|column| column.name == name).unwrap();
                    let (whole, part, _) = ladder.unwrap().1[cell - columns.len()];
                    row.values[column(whole)] - row.values[column(part)]
                };
                let hidden = shown_columns.iter().zip(&shown.values).any(|(column, shown)| {
                    column.of.is_none() && column.column == cell && *shown == Shown::Hidden
                });
                let behind = row.contributors[cell];
                let value = value as f64;
                let width = (value / 10.0).max(10.0);
                // Nothing is a secret among few; among many it might be shown, and is hidden for others' sake.
                let share = columns.get(cell).and_then(|column| column.share);
                let of = share.and_then(|share| columns.iter().position(|column| column.name == share.of));
                let total = of.map_or(0, |of| row.contributors[of].subjects);
                let is_nothing_of_few = value == 0.0 && hidden && (1..50).contains(&total);
                let (low, high) = if is_nothing_of_few || (behind.subjects < 10 && value > 0.0) {
                    (0.0, 10.0)
                } else if behind.lenders < 3 && value > 0.0 {
                    ((value - width).max(0.0), value + width)
                } else {
                    continue;
                };
                let key = (indicator, table.published.cuts.to_vec(), row.places.clone(), name);
                secrets.push(Secret {
                    key,
                    value,
                    low,
                    high,
                });
            }
        }
    }
    secrets
}
