//! What became of a balance between two snapshots.
//!
//! Invariant: for every position opening + originations + arrivals + increases − repayments − write-offs − transfers −
//! withdrawals = closing, to the unit; so it holds for every cell.

use chrono::NaiveDate;

use super::axis::bucket_place;
use super::loan::{Loan, Standing};
use crate::domain::exposure::DelinquencyBucket;
use crate::domain::position::{AccountStatus, ClosureReason};

/// Minor units of one position, in the order of the table's columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub opening: i64,
    pub originations: i64,
    pub arrivals: i64,
    pub increases: i64,
    pub repayments: i64,
    pub write_offs: i64,
    pub transfers: i64,
    pub withdrawals: i64,
    pub closing: i64,
}

/// Where a position went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Paid, or closed for a reason that leaves what remains lost.
    Ended { loses_rest: bool },
    /// Written off as a whole.
    WrittenOff,
    /// Sold or transferred.
    Transferred,
    /// Reported in error, deleted or hidden.
    Withdrawn,
}

/// The first four of the places on the axis of fates after the buckets.
const WRITTEN_OFF: usize = DelinquencyBucket::ALL.len();
const CLOSED: usize = WRITTEN_OFF + 1;
const TRANSFERRED: usize = WRITTEN_OFF + 2;
const WITHDRAWN: usize = WRITTEN_OFF + 3;

impl Flow {
    /// Of a position since the end of a date.
    pub fn of(loan: &Loan<'_>, since: NaiveDate) -> Self {
        let mut flow = Self::default();
        let before = loan.past.before;
        let was_pending = before.is_some_and(|before| before.is_pending());
        let start = match before.filter(Standing::is_on_books) {
            Some(before) => {
                flow.opening = before.outstanding_total;
                flow.opening
            }
            None if loan.opened_on > since || was_pending => {
                flow.originations = originated(loan);
                flow.originations
            }
            None => {
                flow.arrivals = balance(loan);
                flow.arrivals
            }
        };
        flow.end(start, loan);
        flow
    }

    /// From the balance that it starts with to the one that it has now.
    fn end(&mut self, start: i64, loan: &Loan<'_>) {
        let Some(exit) = exit(loan.now) else {
            self.closing = balance(loan);
            self.increases = (self.closing - start).max(0);
            self.repayments = (start - self.closing).max(0);
            return;
        };
        match exit {
            Exit::WrittenOff => self.write_offs = start,
            Exit::Transferred => self.transfers = start,
            Exit::Withdrawn => self.withdrawals = start,
            Exit::Ended { loses_rest } => {
                let rest = loan.now.map_or(0, |now| now.outstanding_total);
                self.write_offs = if loses_rest { start.min(rest) } else { 0 };
                self.repayments = start - self.write_offs;
            }
        }
    }

    /// As the columns of the table.
    pub const fn columns(&self) -> [i64; 9] {
        [
            self.opening,
            self.originations,
            self.arrivals,
            self.increases,
            self.repayments,
            self.write_offs,
            self.transfers,
            self.withdrawals,
            self.closing,
        ]
    }
}

/// What is owed while it is active.
fn balance(loan: &Loan<'_>) -> i64 {
    loan.active().map_or(0, |now| now.outstanding_total)
}

/// What a new position brought: the amount lent at once, or what is drawn of a limit.
fn originated(loan: &Loan<'_>) -> i64 {
    match loan.now {
        Some(now) if now.is_pending() => 0,
        Some(_) if loan.is_revolving => balance(loan),
        Some(_) => loan.granted,
        None => 0,
    }
}

/// Why a position is on no book any more; `None` while it is active.
fn exit(now: Option<Standing>) -> Option<Exit> {
    let Some(now) = now else {
        return Some(Exit::Withdrawn);
    };
    match now.status {
        AccountStatus::PendingDisbursement
        | AccountStatus::Open
        | AccountStatus::BadDebt
        | AccountStatus::LegalAction => None,
        AccountStatus::TransferredOut => Some(Exit::Transferred),
        AccountStatus::Closed => Some(match now.closure_reason {
            Some(ClosureReason::WrittenOff) => Exit::WrittenOff,
            Some(ClosureReason::Sold) => Exit::Transferred,
            Some(ClosureReason::ReportedInError) => Exit::Withdrawn,
            Some(
                ClosureReason::SettledForLess
                | ClosureReason::Bankruptcy
                | ClosureReason::Deceased
                | ClosureReason::Fraud,
            ) => Exit::Ended { loses_rest: true },
            Some(
                ClosureReason::PaidAsAgreed
                | ClosureReason::PaidEarly
                | ClosureReason::PaidAfterOverdue
                | ClosureReason::PaidByGuarantor
                | ClosureReason::AssetsInLieu
                | ClosureReason::RefinancedSameLender
                | ClosureReason::Rescinded,
            )
            | None => Exit::Ended { loses_rest: false },
        }),
    }
}

/// The place of where a position stands on the axis of fates.
pub(super) fn fate_place(now: Option<Standing>) -> usize {
    match (exit(now), now) {
        (None, Some(now)) => bucket_place(now.days_past_due),
        (Some(Exit::WrittenOff), _) => WRITTEN_OFF,
        (Some(Exit::Ended { .. }), _) => CLOSED,
        (Some(Exit::Transferred), _) => TRANSFERRED,
        (Some(Exit::Withdrawn), _) | (None, None) => WITHDRAWN,
    }
}
