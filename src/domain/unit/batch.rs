//! A batch, step by step: opened, taken chunk by chunk, judged as a whole, its missing positions listed and marked.
//!
//! Records are decided exactly as if each were reported alone, and are never undone; only the batch's standing depends on
//! the whole. Every step names the stream's epoch, so that a stream that was taken over can change nothing any more.
//! Invariant: counts, totals and results of a batch are written in the unit of work that decides their records.

mod judge;
mod recognise;
mod record;
mod rehearse;

use std::collections::BTreeSet;

use super::rows::{BatchPhase, BatchRow};
use super::working_set::{BatchName, Change};
use super::{BatchTaken, Correction, Decision, Outcome, Refused, Report, WorkingSet};
use crate::domain::batch::{
    Batch, BatchCounts, BatchHeader, BatchId, BatchNo, BatchState, BatchTrailer, BatchType, ControlTotals,
};
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::names::{AccountRef, MemberNo, SubjectId};
use crate::domain::position::{DeletionReason, EventType, Position};
use crate::domain::token::{IdentifierType, TokenDigests};
use crate::domain::violation::{Code, Violation};

/// From this record on the share of rejected ones is watched.
pub const REJECT_RATE_FROM: u64 = 10_000;

/// A step with a batch.
#[derive(Debug, Clone)]
pub struct BatchWork {
    /// The member's name of the batch.
    pub batch_id: BatchId,
    /// The stream's epoch, as opening told; zero where there is none yet.
    pub epoch: u64,
    /// What to do.
    pub step: BatchStep,
}

/// What to do with a batch.
#[derive(Debug, Clone)]
pub enum BatchStep {
    /// A stream begins: of a new batch, or in the place of an older stream.
    Open(BatchHeader),
    /// The next records.
    Chunk {
        /// Records of the batch before these.
        after: u64,
        /// The records, at least one.
        items: Vec<Item>,
    },
    /// All records were sent.
    Close(BatchTrailer),
    /// Accounts that the batch did not carry, for its current phase.
    Proceed {
        /// The last account that the phase was through with.
        after: Option<AccountRef>,
        /// The next ones, in order.
        page: Vec<AccountRef>,
        /// The last account that it is through with now; `None` when there are none.
        reached: Option<AccountRef>,
        /// Whether there are no more.
        last: bool,
    },
    /// The member confirms a batch that is held.
    Confirm,
}

/// One record of a chunk.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its account, when that could be read.
    pub account_ref: Option<AccountRef>,
    /// Its amounts as sent, for the control totals; none without a known currency.
    pub amounts: Option<Amounts>,
    /// What it asks.
    pub act: ItemAct,
}

/// Amounts of a record that count in the control totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// Their currency.
    pub currency: Currency,
    /// Minor units.
    pub outstanding_total: i64,
    /// Minor units of principal, interest, penalty and fees.
    pub overdue: [i64; 4],
}

/// What a record asks.
#[derive(Debug, Clone)]
pub enum ItemAct {
    /// Nothing that can be represented: what is wrong with it.
    Unreadable(Vec<Violation>),
    /// To record a position.
    Report(Box<Report>),
    /// To record a position whose tokens are those of the account's current version.
    Recognised(Box<Recognised>),
    /// To replace the version with its pair; `corrects_version` is found here.
    Correct(Box<Correction>),
    /// To remove the account.
    Delete(DeletionReason),
}

/// A position whose tokens were recognised by their digests: what they are is on file.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// The position; of its tokens only types and proofs.
    pub position: Position<IdentifierType>,
    /// What the member declares.
    pub event: Option<EventType>,
    /// What the message alone breaks.
    pub violations: Vec<Violation>,
    /// What is odd about it.
    pub warnings: Vec<Violation>,
    /// By which they were recognised.
    pub token_digests: TokenDigests,
}

impl BatchWork {
    /// About how many reports it is as much work as.
    pub(super) fn weight(&self) -> usize {
        match &self.step {
            BatchStep::Chunk { items, .. } => items.len().max(1),
            BatchStep::Proceed { page, .. } => page.len().max(1),
            BatchStep::Open(_) | BatchStep::Close(_) | BatchStep::Confirm => 1,
        }
    }
}

/// Decides a step of a member.
pub(super) fn decide(
    set: &mut WorkingSet,
    member_no: MemberNo,
    work: &BatchWork,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let name = (member_no, work.batch_id.clone());
    match &work.step {
        BatchStep::Open(header) => open(set, member_no, header, at),
        BatchStep::Chunk { after, items } => {
            let row = of_stream(set, &name, work.epoch)?;
            record::take_chunk(set, row, *after, items, at)
        }
        BatchStep::Close(trailer) => {
            let row = of_stream(set, &name, work.epoch)?;
            Ok(judge::close(set, row, trailer, at))
        }
        BatchStep::Proceed {
            after,
            page,
            reached,
            last,
        } => {
            let row = of_stream(set, &name, work.epoch)?;
            if row.listed_to != *after {
                return Err(taken_over());
            }
            judge::proceed(set, row, page, reached.as_ref(), *last, at)
        }
        BatchStep::Confirm => judge::confirm(set, &name, at),
    }
}

fn open(
    set: &mut WorkingSet,
    member_no: MemberNo,
    header: &BatchHeader,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let name = (member_no, header.batch_id.clone());
    let row = match set.batches.get(&name).cloned() {
        Some(row) => take_over(row, header)?,
        None => first(set, member_no, header, at)?,
    };
    Ok(taken(set, row))
}

/// The batch of a header that came before.
fn take_over(mut row: BatchRow, header: &BatchHeader) -> Result<BatchRow, Refused> {
    let known = &row.batch.header;
    let differences = [
        ("type", known.batch_type != header.batch_type),
        ("as_of", known.as_of != header.as_of),
        ("dry_run", known.dry_run != header.dry_run),
        ("content_sha256", known.content_sha256 != header.content_sha256),
    ];
    let violations: Vec<Violation> = differences
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(field, _)| {
            Violation::new(
                Code::BatchIdReused,
                format!("header.{field}"),
                format!("{field} differs from the first header of this batch: take a new batch_id for another batch"),
            )
        })
        .collect();
    if !violations.is_empty() {
        return Err(Refused {
            violations,
            retry_at: None,
        });
    }
    if row.batch.state != BatchState::Receiving {
        return Ok(row);
    }
    check_resume(header, row.batch.counts.received)?;
    row.epoch = row.epoch.saturating_add(1);
    Ok(row)
}

/// The batch of a header that is new.
fn first(
    set: &mut WorkingSet,
    member_no: MemberNo,
    header: &BatchHeader,
    at: Timestamp,
) -> Result<BatchRow, Refused> {
    check_resume(header, 0)?;
    let resends_no = match &header.resends {
        Some(resent) => Some(
            set.batches
                .get(&(member_no, resent.clone()))
                .map(|row| row.batch.batch_no)
                .ok_or_else(|| Refused::because(unknown("header.resends_batch_id")))?,
        ),
        None => None,
    };
    let header = BatchHeader {
        resume_from: 0,
        ..header.clone()
    };
    // Numbers of batches are compared, so they count up for each member; those of the market come from several blocks.
    let before = set.newest_batch.get(&member_no).map_or(0, |newest| newest.0);
    let batch_no = BatchNo(before.saturating_add(1));
    set.newest_batch.insert(member_no, batch_no);
    Ok(BatchRow {
        batch: Batch {
            member_no,
            batch_no,
            header,
            state: BatchState::Receiving,
            counts: BatchCounts::default(),
            missing: 0,
            failures: Vec::new(),
            started_at: at,
            finished_at: None,
        },
        epoch: 1,
        resends_no,
        phase: BatchPhase::Records,
        listed_to: None,
        totals: ControlTotals::default(),
    })
}

fn check_resume(header: &BatchHeader, received: u64) -> Result<(), Refused> {
    if header.resume_from == received {
        return Ok(());
    }
    Err(Refused::because(Violation::new(
        Code::ResumePoint,
        "header.resume_from",
        format!(
            "{received} records of this batch are on file: set resume_from to {received} and send those behind them"
        ),
    )))
}

/// The batch of a name, if this stream still carries it.
fn of_stream(set: &WorkingSet, name: &BatchName, epoch: u64) -> Result<BatchRow, Refused> {
    let Some(row) = set.batches.get(name).cloned() else {
        return Err(Refused::because(unknown("batch_id")));
    };
    if row.epoch == epoch {
        Ok(row)
    } else {
        Err(taken_over())
    }
}

fn taken_over() -> Refused {
    Refused::because(Violation::new(
        Code::BatchTakenOver,
        "",
        "another stream carries this batch now: nothing of this one is lost, GetBatch tells how far it came",
    ))
}

fn unknown(field: &str) -> Violation {
    Violation::new(
        Code::BatchUnknown,
        field,
        "you have no batch of this name: ListBatches shows those you have",
    )
}

fn finished() -> Refused {
    Refused::because(Violation::new(
        Code::BatchFinished,
        "",
        "the batch takes no more records: send them under a new batch_id",
    ))
}

/// Writes the batch if anything of it changed, and tells it.
fn taken(set: &mut WorkingSet, row: BatchRow) -> Decision {
    taken_with(set, row, Vec::new(), BTreeSet::new())
}

fn taken_with(
    set: &mut WorkingSet,
    row: BatchRow,
    results: Vec<crate::domain::batch::RecordResult>,
    subjects: BTreeSet<SubjectId>,
) -> Decision {
    let name = (row.batch.member_no, row.batch.header.batch_id.clone());
    if set.batches.get(&name) != Some(&row) {
        set.changes.push(Change::PutBatch(Box::new(row.clone())));
        set.batches.insert(name, row.clone());
    }
    Decision {
        outcome: Outcome::Batch(Box::new(BatchTaken { row, results })),
        subjects: subjects.into_iter().collect(),
        purpose: None,
        remember: true,
    }
}

/// Whether it lists and marks what it did not carry.
fn is_full(row: &BatchRow) -> bool {
    row.batch.header.batch_type == BatchType::Full
}

#[cfg(test)]
mod tests;
