//! Disclosure control: raw tables in, tables for people out, and nobody to be found in them.
//!
//! Applied once to all tables of a snapshot together. First what could tell of somebody by itself is hidden (`primary`),
//! then as little as possible of the rest, until a proof exists for each secret that it could lie elsewhere (`proof`).
//! Shown counts are rounded to 5, amounts to three digits (`show`).
//!
//! Invariant: the same input gives the same bytes on any machine. The budget counts the solver's work, never time, and
//! nothing here has a clock or chance. Only [`ShownStatistics`] leaves.
//!
//! # Comparing snapshots
//!
//! Who holds two snapshots can subtract them. Four rules (`time`):
//! 1. *Same date.* What one version of a date hides, every later version hides, protected like a secret: what a later
//!    version shows cannot undo an earlier one.
//! 2. *Near dates*, less than 28 days apart: nearly the same people. A cell that was hidden stays hidden while fewer
//!    than 20 subjects stand behind it. When it appears, ten others joined since, and the figure tells nothing of the few
//!    that were hidden; a neighbour that was hidden for its sake may appear with it.
//! 3. *Near dates and same date.* A count that moved by less than 12 from a figure already told is told as it was, an
//!    amount likewise that moved by less than ten times what its largest subject owes. So two near snapshots either show the
//!    same figure, or at least ten subjects (12 less what rounding adds) are behind the difference. Shares that are not told
//!    as they were are reckoned from shown figures when their denominator is below 4,000, where they would sharpen the
//!    rounding. The price: a figure may lag by up to 11 subjects; it is compared with what was told, so lags do not add up.
//! 4. *What spans two dates.* A bucket or balance hidden at the snapshot before stays out of the roll rates and flows that
//!    begin with it. What a snapshot hides of its own date is tied to its roll rates and flows by relations. A cell of a
//!    vintage is the same in all snapshots: hidden once, hidden always.
//!
//! Month-ends are compared under rule 4 alone: in a month people come and go in every cell, and a net change is nobody's.

mod found;
mod primary;
mod proof;
mod relations;
mod show;
mod system;
mod time;

#[cfg(test)]
mod tests;

use crate::domain::statistics::{Shown, ShownRow, ShownStatistics, ShownTable, Statistics};
use primary::{LENDERS_MIN, TOTAL_SUBJECTS_MIN};
use proof::Prover;
pub(super) use show::quotient;
use system::System;

/// How much work the solver may do before what is not proved is collapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Cells and relations of all linear programs, and relations once more for each pivot: some three millions are a second
    /// of one core of 2026. Once for counts and once for amounts.
    pub work_max: u64,
}

impl Budget {
    /// So many millions.
    pub fn millions(work: u32) -> Self {
        Self {
            work_max: u64::from(work) * 1_000_000,
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            work_max: 900_000_000,
        }
    }
}

/// What may be published of a snapshot, given what is published already and can be compared with it: other versions of the
/// same date and the snapshot before, the newest last.
pub fn protect(statistics: &Statistics, before: &[&ShownStatistics], budget: &Budget) -> ShownStatistics {
    if statistics.subjects < TOTAL_SUBJECTS_MIN || statistics.lenders < LENDERS_MIN {
        return nothing(statistics);
    }
    let mut system = System::of(statistics);
    // First what must stay hidden: a zero that it would show is not known to anybody.
    time::guard(&mut system, before);
    primary::judge(&mut system);
    let mut prover = Prover::of(&system);
    prover.prove(&mut system, false, *budget);
    primary::link_amounts(&mut system);
    prover.prove(&mut system, true, *budget);
    tracing::debug!(work = ?prover.work(), "statistics protected");
    show::show(&system, before)
}

/// Of a market of so few that no total of it may be told: every table, and not one figure.
fn nothing(statistics: &Statistics) -> ShownStatistics {
    let tables = statistics.tables.iter().map(|table| {
        let columns = table.published.shown_columns(table.currency.is_some());
        let rows = table.rows.iter().map(|row| ShownRow {
            places: row.places.clone(),
            values: vec![Shown::Hidden; columns.len()],
        });
        ShownTable {
            published: table.published,
            currency: table.currency,
            members: Vec::new(),
            rows: rows.collect(),
        }
    });
    ShownStatistics {
        as_of: statistics.as_of,
        subjects: 0,
        positions: 0,
        lenders: u32::try_from(statistics.lenders).unwrap_or(u32::MAX),
        tables: tables.collect(),
    }
}
