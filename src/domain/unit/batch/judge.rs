//! The judgement of a batch as a whole: control totals, size, what a FULL batch did not carry, confirmation.

use super::{finished, is_full, taken, unknown};
use crate::domain::batch::{BatchState, BatchTrailer, ControlTotals, Sums};
use crate::domain::date::Timestamp;
use crate::domain::names::AccountRef;
use crate::domain::unit::record::update_rows;
use crate::domain::unit::report::current_row;
use crate::domain::unit::rows::{BatchPhase, BatchRow};
use crate::domain::unit::working_set::{BatchName, Change, LatestBatch};
use crate::domain::unit::{Decision, Refused, WorkingSet};
use crate::domain::violation::{Code, Violation};

/// Judges what the member believes it sent. A FULL batch that agrees is not judged to its end yet: what it did not carry
/// has to be listed first.
pub(super) fn close(
    set: &mut WorkingSet,
    mut row: BatchRow,
    trailer: &BatchTrailer,
    at: Timestamp,
) -> Decision {
    if row.phase != BatchPhase::Records {
        // Sent once more after a break.
        return taken(set, row);
    }
    let failures = differences(&row, trailer);
    if !failures.is_empty() {
        fail(&mut row, failures, at);
    } else if is_full(&row) {
        row.phase = BatchPhase::Listing;
        row.listed_to = None;
    } else {
        complete(set, &mut row, at);
    }
    taken(set, row)
}

/// Ends a batch that does not count.
pub(super) fn fail(row: &mut BatchRow, failures: Vec<Violation>, at: Timestamp) {
    row.batch.state = BatchState::Failed;
    row.batch.failures = failures;
    row.batch.finished_at = Some(at);
    row.phase = BatchPhase::Judged;
}

fn differences(row: &BatchRow, trailer: &BatchTrailer) -> Vec<Violation> {
    let mut failures = Vec::new();
    let received = row.batch.counts.received;
    if trailer.record_count != received {
        failures.push(Violation::new(
            Code::FileControlTotal,
            "trailer.record_count",
            format!(
                "{} records by the trailer, {received} were read",
                trailer.record_count
            ),
        ));
    }
    let ControlTotals(stated) = &trailer.totals;
    let ControlTotals(read) = &row.totals;
    let currencies: std::collections::BTreeSet<_> = stated.keys().chain(read.keys()).collect();
    for currency in currencies {
        let of =
            |totals: &std::collections::BTreeMap<_, Sums>| totals.get(currency).copied().unwrap_or_default();
        let (stated, read) = (of(stated), of(read));
        let sums = [
            (
                "outstanding_total",
                stated.outstanding_total,
                read.outstanding_total,
            ),
            ("overdue_total", stated.overdue_total, read.overdue_total),
        ];
        for (name, stated, read) in sums {
            if stated != read && failures.len() < Violation::COUNT_MAX {
                failures.push(Violation::new(
                    Code::FileControlTotal,
                    format!("trailer.totals.{name}"),
                    format!(
                        "{} {stated} minor units by the trailer, {read} were read",
                        currency.as_str()
                    ),
                ));
            }
        }
    }
    failures
}

/// Lists or marks the next accounts that a FULL batch did not carry.
pub(super) fn proceed(
    set: &mut WorkingSet,
    mut row: BatchRow,
    page: &[AccountRef],
    reached: Option<&AccountRef>,
    last: bool,
    at: Timestamp,
) -> Result<Decision, Refused> {
    match row.phase {
        BatchPhase::Listing => list(set, &mut row, page),
        BatchPhase::Marking => mark(set, &row, page),
        BatchPhase::Records | BatchPhase::Judged => return Err(finished()),
    }
    row.listed_to = reached.cloned().or(row.listed_to);
    if last {
        match row.phase {
            BatchPhase::Listing => judge_size(set, &mut row, at),
            BatchPhase::Marking => complete(set, &mut row, at),
            BatchPhase::Records | BatchPhase::Judged => {}
        }
    }
    Ok(taken(set, row))
}

fn list(set: &mut WorkingSet, row: &mut BatchRow, page: &[AccountRef]) {
    let batch = &mut row.batch;
    for account_ref in page {
        let Some(account) = set.accounts.get(&(batch.member_no, account_ref.clone())) else {
            continue;
        };
        let carried = account.carried_by >= batch.batch_no;
        // A loan that was opened later cannot be missing.
        let existed = current_row(set, account)
            .is_some_and(|current| current.version.facts.opened_on <= batch.header.as_of);
        if account.is_open && !carried && existed {
            batch.missing += 1;
            set.changes.push(Change::InsertMissing(
                batch.member_no,
                batch.batch_no,
                account_ref.clone(),
            ));
        }
    }
}

fn mark(set: &mut WorkingSet, row: &BatchRow, page: &[AccountRef]) {
    for account_ref in page {
        let known = set.accounts.get(&(row.batch.member_no, account_ref.clone()));
        let missing = known.filter(|account| account.is_open && account.carried_by < row.batch.batch_no);
        if let Some(account) = missing.cloned() {
            update_rows(set, &account, |position| {
                position.missing_batches = position.missing_batches.saturating_add(1);
            });
        }
    }
}

fn judge_size(set: &mut WorkingSet, row: &mut BatchRow, at: Timestamp) {
    if row.batch.header.dry_run {
        return complete(set, row, at);
    }
    row.batch.finished_at = Some(at);
    let active = row.batch.counts.active;
    let percent = u64::from(set.rules.batch_swing_percent);
    let swung = set.last_full.get(&row.batch.member_no).copied().filter(|before| {
        active.abs_diff(before.active).saturating_mul(100) > before.active.saturating_mul(percent)
    });
    if let Some(before) = swung {
        row.batch.state = BatchState::Held;
        row.phase = BatchPhase::Judged;
        row.batch.failures = vec![Violation::new(
            Code::FileCountSwing,
            "",
            format!(
                "{active} active positions, {} in the FULL batch of {} before: more than {percent} % apart. Send the \
                 whole book under a new batch_id, or confirm this one with ConfirmBatch",
                before.active, before.as_of
            ),
        )];
        return;
    }
    begin_marking(set, row, at);
}

/// A batch of an older date than the latest full one says nothing about what is missing now.
fn begin_marking(set: &mut WorkingSet, row: &mut BatchRow, at: Timestamp) {
    let latest = set.last_full.get(&row.batch.member_no);
    let outdated = latest.is_some_and(|latest| latest.as_of > row.batch.header.as_of);
    row.listed_to = None;
    if outdated || row.batch.missing == 0 {
        complete(set, row, at);
    } else {
        row.phase = BatchPhase::Marking;
    }
}

fn complete(set: &mut WorkingSet, row: &mut BatchRow, at: Timestamp) {
    row.batch.state = BatchState::Completed;
    row.batch.failures.clear();
    row.batch.finished_at.get_or_insert(at);
    row.phase = BatchPhase::Judged;
    if row.batch.header.dry_run {
        return;
    }
    let completed = LatestBatch {
        as_of: row.batch.header.as_of,
        completed_on: set.rules.zone.date_of(at),
    };
    let member_no = row.batch.member_no;
    if let Some(standing) = set.network.members.get_mut(&member_no)
        && standing
            .latest_batch
            .is_none_or(|latest| latest.as_of <= completed.as_of && latest != completed)
    {
        standing.latest_batch = Some(completed);
        set.changes.push(Change::PutLatestBatch(member_no, completed));
    }
}

/// Lets a batch that is held count.
pub(super) fn confirm(set: &mut WorkingSet, name: &BatchName, at: Timestamp) -> Result<Decision, Refused> {
    let Some(mut row) = set.batches.get(name).cloned() else {
        return Err(Refused::because(unknown("batch_id")));
    };
    match row.batch.state {
        // Asked once more because the answer was lost.
        BatchState::Completed => {}
        BatchState::Held => {
            row.epoch = row.epoch.saturating_add(1);
            if row.phase == BatchPhase::Judged {
                begin_marking(set, &mut row, at);
            }
        }
        BatchState::Receiving | BatchState::Failed => {
            return Err(Refused::because(Violation::new(
                Code::BatchNotHeld,
                "batch_id",
                "only a batch that is HELD can be confirmed: GetBatch shows where this one stands",
            )));
        }
    }
    Ok(taken(set, row))
}
