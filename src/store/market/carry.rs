//! What one snapshot keeps of positions for the next: small entries in the order of subjects, in parts.

use std::collections::VecDeque;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::currency::Currency;
use crate::domain::date::{from_epoch_days, months_before, to_epoch_days};
use crate::domain::names::{AccountNo, MemberNo, SubjectId};
use crate::domain::position::{AccountStatus, ClosureReason};
use crate::domain::statistics::{FirstLate, Loan, Standing, VINTAGE_MONTHS};
use crate::store::codec;

/// Entries of a full part.
const PART_ENTRIES: usize = 4_096;

/// What is kept of an account, with its primary borrower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub subject_id: SubjectId,
    pub member_no: MemberNo,
    pub account_no: AccountNo,
    pub currency: Currency,
    opened_on: i32,
    /// Where it stood; nothing when it was not active.
    active: Option<Active>,
    first_31: Option<(i32, i64)>,
    first_91: Option<(i32, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Active {
    status: i32,
    closure_reason: Option<i32>,
    outstanding_total: i64,
    days_past_due: u32,
}

/// Whether vintages of the next snapshots still follow what was opened on a date.
pub(super) fn is_followed(opened_on: NaiveDate, as_of: NaiveDate) -> bool {
    opened_on >= months_before(as_of, VINTAGE_MONTHS)
}

impl Entry {
    pub(super) fn new(subject_id: SubjectId, loan: &Loan<'_>, active: Option<&Standing>) -> Self {
        let first =
            |late: Option<FirstLate>| late.map(|late| (to_epoch_days(late.on), late.outstanding_total));
        Self {
            subject_id,
            member_no: loan.member_no,
            account_no: loan.account_no,
            currency: loan.currency,
            opened_on: to_epoch_days(loan.opened_on),
            active: active.map(|now| Active {
                status: now.status.code(),
                closure_reason: now.closure_reason.map(ClosureReason::code),
                outstanding_total: now.outstanding_total,
                days_past_due: now.days_past_due,
            }),
            first_31: first(loan.past.first_31),
            first_91: first(loan.past.first_91),
        }
    }

    /// Where it stood.
    pub(super) fn standing(&self) -> Option<Standing> {
        let active = self.active?;
        Some(Standing {
            status: AccountStatus::from_code(active.status)?,
            closure_reason: active.closure_reason.and_then(ClosureReason::from_code),
            outstanding_total: active.outstanding_total,
            days_past_due: active.days_past_due,
        })
    }

    pub(super) fn opened_on(&self) -> Option<NaiveDate> {
        from_epoch_days(self.opened_on)
    }

    pub(super) fn first_31(&self) -> Option<FirstLate> {
        self.first_31.and_then(first_late)
    }

    pub(super) fn first_91(&self) -> Option<FirstLate> {
        self.first_91.and_then(first_late)
    }
}

fn first_late((on, outstanding_total): (i32, i64)) -> Option<FirstLate> {
    Some(FirstLate {
        on: from_epoch_days(on)?,
        outstanding_total,
    })
}

/// Parts of the snapshot before, taken apart.
pub(super) struct Parts {
    waiting: VecDeque<Entry>,
    is_over: bool,
    were_kept: bool,
}

impl Parts {
    pub fn new(is_over: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            is_over,
            were_kept: !is_over,
        }
    }

    /// Whether a snapshot before kept anything at all.
    pub const fn were_kept(&self) -> bool {
        self.were_kept
    }

    pub const fn are_left(&self) -> bool {
        !self.is_over
    }

    pub fn wants(&self, subject_id: SubjectId) -> bool {
        !self.is_over
            && self
                .waiting
                .back()
                .is_none_or(|last| last.subject_id <= subject_id)
    }

    pub fn push(&mut self, part: Option<&[u8]>) -> bool {
        let Some(part) = part else {
            self.is_over = true;
            return true;
        };
        let entries: Option<Vec<Entry>> = codec::decode(part);
        let is_read = entries.is_some();
        self.waiting.extend(entries.into_iter().flatten());
        is_read
    }

    /// The next entry, unless it is of a later subject.
    pub fn next_until(&mut self, subject_id: SubjectId) -> Option<Entry> {
        self.waiting.pop_front_if(|next| next.subject_id <= subject_id)
    }

    /// All that was not taken.
    pub fn rest(&mut self) -> VecDeque<Entry> {
        std::mem::take(&mut self.waiting)
    }
}

/// What is kept for the next snapshot.
#[derive(Default)]
pub(super) struct Kept(Vec<Entry>);

impl Kept {
    pub fn extend(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.0.extend(entries);
    }

    pub fn take_full(&mut self) -> Option<Vec<u8>> {
        (self.0.len() >= PART_ENTRIES).then(|| self.take_rest())
    }

    pub fn take_rest(&mut self) -> Vec<u8> {
        let part = codec::encode(&self.0);
        self.0.clear();
        part
    }
}
