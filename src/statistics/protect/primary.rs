//! Which cells could tell of somebody by themselves, and how far such a secret must be able to lie.

use super::system::{Cell, CellNo, Need, Relation, System};
use crate::domain::statistics::{Contributors, LENDERS_TOLD};

/// The least subjects behind a figure that is shown.
pub const SUBJECTS_MIN: u64 = 10;
/// The least lenders behind it.
pub const LENDERS_MIN: usize = LENDERS_TOLD;
/// The least subjects behind a total of which a part may be shown to be nothing, and behind the denominator of a share.
pub const TOTAL_SUBJECTS_MIN: u64 = 50;
/// Per cent of an amount that its largest lender may not reach.
const LARGEST_PERCENT: i128 = 70;
/// Likewise its two largest.
const LARGEST_TWO_PERCENT: i128 = 85;
/// Per cent of the largest contribution to which the second largest contributor must not be able to estimate it.
const ESTIMATE_PERCENT: i128 = 10;
/// The part of a secret within which nobody may know it: a tenth.
const WIDTH_PART: i128 = 10;

/// Hides what must be, and says what protects it.
pub(super) fn judge(system: &mut System<'_>) {
    let known_zero = known_zeros(system);
    for (number, known_zero) in known_zero.into_iter().enumerate() {
        let cell = &mut system.cells[number];
        cell.is_nothing = known_zero && cell.value == 0 && !cell.is_held_back();
        let cell = &system.cells[number];
        let named = cell.is_published || cell.total.is_some();
        if !named {
            continue;
        }
        let need = match cell.value {
            0 => (!cell.is_nothing).then(|| need_of_nothing(system, number)),
            _ => is_sensitive(cell).then(|| need(cell)),
        };
        if let Some(need) = need {
            system.cells[number].demand(need);
        }
    }
}

/// Whether a cell that is not nothing could tell of somebody.
pub(super) fn is_sensitive(cell: &Cell) -> bool {
    let behind = &cell.contributors;
    behind.subjects < SUBJECTS_MIN
        || behind.lenders < LENDERS_MIN
        || (cell.is_amount && is_dominated(cell.value, behind))
}

/// Whether few hold most of an amount, or the second largest contributor can estimate the largest.
fn is_dominated(total: i128, behind: &Contributors) -> bool {
    let [first, second] = behind.largest_lenders;
    let can_estimate = |[first, second]: [i128; 2]| (total - first - second) * 100 < first * ESTIMATE_PERCENT;
    first * 100 >= total * LARGEST_PERCENT
        || (first + second) * 100 >= total * LARGEST_TWO_PERCENT
        || can_estimate(behind.largest_lenders)
        || can_estimate(behind.largest_subjects)
}

/// How far a secret must be able to lie: of few subjects from nobody to enough, else a tenth and at least as many as make a
/// figure safe.
pub(super) fn need(cell: &Cell) -> Need {
    let value = cell.value;
    let enough = i128::from(SUBJECTS_MIN);
    let tenth = value / WIDTH_PART + 1;
    if cell.is_amount {
        return Need {
            low: value - tenth,
            high: value + tenth,
        };
    }
    let width = tenth.max(enough);
    let is_few = cell.contributors.subjects < SUBJECTS_MIN;
    Need {
        low: if is_few { 0 } else { (value - width).max(0) },
        high: if value < enough { enough } else { value + width },
    }
}

/// A count that is hidden though it is nothing could be enough; an amount a hundredth of its total.
fn need_of_nothing(system: &System<'_>, number: CellNo) -> Need {
    let cell = &system.cells[number];
    let total = cell.total.map_or(0, |total| system.cells[total].value);
    Need {
        low: 0,
        high: if cell.is_amount {
            total / 100 + 1
        } else {
            i128::from(SUBJECTS_MIN)
        },
    }
}

/// Which cells everybody may know to be nothing: parts of totals of many that other snapshots do not hide, and what follows
/// from them.
fn known_zeros(system: &System<'_>) -> Vec<bool> {
    let is_part_of_many = |cell: &Cell| {
        let total = cell.total.map(|total| &system.cells[total]);
        total.is_some_and(|total| total.contributors.subjects >= TOTAL_SUBJECTS_MIN)
    };
    let mut known: Vec<bool> = system
        .cells
        .iter()
        .map(|cell| cell.value == 0 && is_part_of_many(cell) && !cell.is_held_back())
        .collect();
    loop {
        let mut learned = Vec::new();
        for relation in &system.relations {
            learned.extend(follows(relation, &known, 1));
            if relation.is_equal {
                learned.extend(follows(relation, &known, -1));
            }
        }
        learned.retain(|cell| !known[*cell]);
        if learned.is_empty() {
            return known;
        }
        for cell in learned {
            known[cell] = true;
        }
    }
}

/// What a relation tells to be nothing: all on one side, when all on the other is.
fn follows<'r>(relation: &'r Relation, known: &[bool], sign: i128) -> impl Iterator<Item = CellNo> + use<'r> {
    let mut side = relation.terms.iter().filter(|(_, factor)| factor * sign > 0);
    let is_nothing = side.all(|(cell, _)| known[*cell]);
    let others = relation.terms.iter().filter(move |(_, factor)| factor * sign < 0);
    others.map(|(cell, _)| *cell).filter(move |_| is_nothing)
}

/// Hides the amounts of hidden counts: an amount of a number that could be none must be able to be none.
pub(super) fn link_amounts(system: &mut System<'_>) {
    for number in 0..system.cells.len() {
        let cell = &system.cells[number];
        let Some(count) = cell.count.map(|count| &system.cells[count]) else {
            continue;
        };
        if !count.is_hidden || !cell.is_amount {
            continue;
        }
        let could_be_none = count.need.is_some_and(|need| need.low == 0);
        let value = cell.value;
        let cell = &mut system.cells[number];
        cell.is_hidden = true;
        if could_be_none && value > 0 {
            let need = need(cell);
            cell.demand(Need { low: 0, ..need });
        }
    }
}
