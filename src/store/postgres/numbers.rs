//! Numbers that were never given before, in blocks: a server takes many at once, so that no two wait for each other.
//!
//! What is left of a block when a server ends is never given. Numbers of one server grow; those of several mix.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::failure::{Failure, Outcome};
use super::statement::{Session, Statement};
use crate::domain::unit::working_set::Numbers;
use crate::domain::unit::{Action, BatchStep, Item, ItemAct, OfflineWork, ReservationStep, Write};
use crate::store::columns::Columns;

/// Numbers taken at once.
const BLOCK: i64 = 4_096;

const TAKE_NUMBERS: Statement = Statement {
    sql: "-- take_numbers
        UPDATE number_source
        SET next_number = next_number + $1::bigint
        WHERE singleton = 1
        RETURNING next_number",
    parameters: 1,
};
const TAKE_ENTRIES: Statement = Statement {
    sql: "-- take_entries
        UPDATE audit_head
        SET next_entry = next_entry + $1::bigint
        WHERE singleton = 1
        RETURNING next_entry",
    parameters: 1,
};

/// The statements of this file.
pub(super) const CATALOGUE: &[Statement] = &[TAKE_NUMBERS, TAKE_ENTRIES];

/// A block of numbers of one kind.
#[derive(Debug)]
struct Block {
    source: Statement,
    next: i64,
    end: i64,
}

impl Block {
    const fn none(source: Statement) -> Self {
        Self {
            source,
            next: 0,
            end: 0,
        }
    }

    /// The first of `count` numbers in a row.
    async fn reserve(&mut self, session: &Session, count: i64) -> Outcome<i64> {
        if self.end - self.next < count {
            let taken = count.max(BLOCK);
            self.end = self
                .source
                .get(session, &[&taken], |row| {
                    Columns::new(row, "number_source").number()
                })
                .await?;
            self.next = self.end - taken;
        }
        let first = self.next;
        self.next += count;
        Ok(first)
    }
}

/// The blocks of a server.
#[derive(Debug)]
pub(super) struct Blocks {
    numbers: Block,
    entries: Block,
}

impl Default for Blocks {
    fn default() -> Self {
        Self {
            numbers: Block::none(TAKE_NUMBERS),
            entries: Block::none(TAKE_ENTRIES),
        }
    }
}

impl Blocks {
    /// Numbers enough for a group, and the first number of its audit entries.
    pub async fn reserve(&mut self, session: &Session, writes: &[&Write]) -> Outcome<(Reserved, i64)> {
        let most: i64 = writes.iter().map(|write| most_numbers(write)).sum();
        let entries = i64::try_from(writes.len()).unwrap_or(i64::MAX);
        let first = self.numbers.reserve(session, most).await?;
        let entry = self.entries.reserve(session, entries).await?;
        Ok((Reserved::from(first, most), entry))
    }

    /// Takes back what a group left, if nobody reserved anything since.
    pub fn give_back(&mut self, reserved: &Reserved) {
        let used = reserved.next.load(Ordering::Relaxed);
        if self.numbers.next == reserved.end && used < reserved.end {
            self.numbers.next = used;
        }
    }
}

/// The most numbers that a write may take: one for each token it makes known and one for whom that means, one for the
/// account, member or grant it makes, one for a subject it splits off.
fn most_numbers(write: &Write) -> i64 {
    let tokens = match &write.action {
        Action::Report(report) => tokens(&report.position),
        Action::Correct(correction) => tokens(&correction.report.position),
        Action::Look(look) => look.inquiry.tokens.len(),
        Action::Check(check) => check.borrowers.iter().map(|tokens| tokens.len() + 1).sum(),
        Action::Reserve(work) => match &work.step {
            ReservationStep::Confirm(report) => tokens(&report.position),
            ReservationStep::Release(_) | ReservationStep::Extend { .. } => 0,
        },
        Action::Offline(work) => match &**work {
            OfflineWork::Issue { .. } => 0,
            OfflineWork::Backfill(loan) => tokens(&loan.report.position),
        },
        Action::Batch(work) => match &work.step {
            BatchStep::Chunk { items, .. } => items.iter().map(of_item).sum(),
            BatchStep::Open(_) | BatchStep::Close(_) | BatchStep::Proceed { .. } | BatchStep::Confirm => 0,
        },
        Action::Delete { .. }
        | Action::ChargeEvaluations { .. }
        | Action::Administer(_)
        | Action::Snapshot { .. } => 0,
    };
    i64::try_from(2 * tokens + 2).unwrap_or(i64::MAX)
}

/// One more than its tokens, so that there are two for its account.
fn of_item(item: &Item) -> usize {
    match &item.act {
        ItemAct::Report(report) => tokens(&report.position) + 1,
        ItemAct::Correct(correction) => tokens(&correction.report.position) + 1,
        ItemAct::Unreadable(_) | ItemAct::Recognised(_) | ItemAct::Delete(_) => 0,
    }
}

fn tokens<T>(position: &crate::domain::position::Position<T>) -> usize {
    let liabilities = position.liabilities.iter();
    // One more each: the subject that strong tokens share.
    liabilities.map(|liability| liability.tokens.len() + 1).sum()
}

/// Numbers of one group.
#[derive(Debug, Clone)]
pub(super) struct Reserved {
    next: Arc<AtomicI64>,
    end: i64,
}

impl Reserved {
    fn from(first: i64, count: i64) -> Self {
        Self {
            next: Arc::new(AtomicI64::new(first)),
            end: first + count,
        }
    }

    /// Whether the group took no more than was reserved: beyond it the numbers are others'.
    pub fn check(&self) -> Outcome<()> {
        if self.next.load(Ordering::Relaxed) <= self.end {
            return Ok(());
        }
        Err(Failure::Unexpected(
            "a group took more numbers than it may".to_owned(),
        ))
    }
}

impl Numbers for Reserved {
    fn next(&mut self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}
