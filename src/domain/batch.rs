//! Batches: what a member uploads in one go, and where it stands.
//!
//! A batch is a run of records in the member's order, each taken or refused by itself, and a judgement of the whole at its
//! end. Invariant: the counts of a [`Batch`] always describe exactly its first `records_received` records.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::currency::Currency;
use super::date::Timestamp;
use super::names::{AccountRef, MemberNo, Sha256, is_reference};
use super::position::{DeletionReason, EventType, Position, coded_enum};
use super::violation::Violation;

coded_enum! {
    /// How much of the member's book a batch carries.
    BatchType { Full = 1, Incremental = 2 }
}
coded_enum! {
    /// Where a batch stands.
    BatchState { Receiving = 1, Completed = 2, Failed = 3, Held = 4 }
}

/// A member's name of a batch: 1 to 64 of `[A-Za-z0-9._:-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BatchId(String);

impl BatchId {
    /// The most characters of a batch's name.
    pub const CHARS_MAX: usize = 64;

    /// Parses a name; `None` when it breaks the pattern. Personal data is the validation's business (V33).
    pub fn parse(text: &str) -> Option<Self> {
        is_reference(text, Self::CHARS_MAX).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A batch inside the service: later ones have greater numbers. Never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BatchNo(pub i64);

/// Names a batch and says what it is. Everything but `resume_from` must be the same in every stream of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHeader {
    /// The member's name of it.
    pub batch_id: BatchId,
    /// How much of the book it carries.
    pub batch_type: BatchType,
    /// The business date that it describes.
    pub as_of: NaiveDate,
    /// Whether it is only a rehearsal.
    pub dry_run: bool,
    /// SHA-256 of the uncompressed source.
    pub content_sha256: Sha256,
    /// The batch whose rejects it sends again.
    pub resends: Option<BatchId>,
    /// Records that the member believes the service has.
    pub resume_from: u64,
}

/// One record of a batch, its tokens in one of their forms.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every record is a position: a box for each would cost more than it saves"
)]
pub enum BatchRecord<T> {
    /// A position to record, or the right content of a version that was wrong.
    Position(PositionRecord<T>),
    /// An account to remove.
    Deletion {
        /// Which.
        account_ref: AccountRef,
        /// Why.
        reason: DeletionReason,
    },
}

/// A position of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionRecord<T> {
    /// The position, whole.
    pub position: Position<T>,
    /// What happened; `None`: the state, whatever happened.
    pub event: Option<EventType>,
    /// Makes it a correction of the version with its (as_of, sequence): 1 to 200 characters, no personal data.
    pub correction_reason: Option<String>,
}

impl<T> BatchRecord<T> {
    /// The account that it names.
    pub fn account_ref(&self) -> &AccountRef {
        match self {
            Self::Position(record) => &record.position.account_ref,
            Self::Deletion { account_ref, .. } => account_ref,
        }
    }
}

/// Sums over the positions of a batch in one currency, minor units. They saturate: no honest book comes near.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Of outstanding_total.
    pub outstanding_total: i64,
    /// Of the overdue splits.
    pub overdue_total: i64,
}

/// Control totals of a batch. Every position counts whose currency is known, whether it was accepted or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlTotals(pub BTreeMap<Currency, Sums>);

impl ControlTotals {
    /// Adds one position's amounts, as sent.
    pub fn add(&mut self, currency: Currency, outstanding_total: i64, overdue_parts: [i64; 4]) {
        let sums = self.0.entry(currency).or_default();
        sums.outstanding_total = sums.outstanding_total.saturating_add(outstanding_total);
        for part in overdue_parts {
            sums.overdue_total = sums.overdue_total.saturating_add(part);
        }
    }
}

/// What the member believes it sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchTrailer {
    /// Records of the whole batch.
    pub record_count: u64,
    /// Sums by currency.
    pub totals: ControlTotals,
}

/// What was counted over the records of a batch so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCounts {
    /// Read.
    pub received: u64,
    /// On file now because of it, unchanged ones included.
    pub accepted: u64,
    /// Broke a rule.
    pub rejected: u64,
    /// Accepted, but equal to what was on file.
    pub unchanged: u64,
    /// Older than what was on file; neither accepted nor rejected.
    pub superseded: u64,
    /// Accepted with at least one warning.
    pub warnings: u64,
    /// Positions with an active status: the size of the book it carries.
    pub active: u64,
}

/// One batch of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Whose.
    pub member_no: MemberNo,
    /// Its number.
    pub batch_no: BatchNo,
    /// Its first header.
    pub header: BatchHeader,
    /// Where it stands.
    pub state: BatchState,
    /// What was counted.
    pub counts: BatchCounts,
    /// FULL only: open positions on file that it did not carry.
    pub missing: u64,
    /// Why it is FAILED or HELD; else empty.
    pub failures: Vec<Violation>,
    /// When its first header arrived.
    pub started_at: Timestamp,
    /// When its trailer was judged.
    pub finished_at: Option<Timestamp>,
}

/// What was found about one record: why it was rejected, or what is odd about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordResult {
    /// Counts from 1 within the batch.
    pub record_number: u64,
    /// Its account, when that could be read.
    pub account_ref: Option<AccountRef>,
    /// Empty when it was accepted.
    pub violations: Vec<Violation>,
    /// Accepted, but worth a look.
    pub warnings: Vec<Violation>,
}
