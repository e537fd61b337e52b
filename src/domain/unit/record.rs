//! Puts a decided version on file: position rows, past versions and what they tell, under every liable subject.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bind::Plan;
use super::rows::{AccountRow, HistoryRow, PastVersion, PositionRow, Version};
use super::working_set::Change;
use super::{Report, WorkingSet};
use crate::domain::date::Timestamp;
use crate::domain::names::{MemberNo, SubjectId};
use crate::domain::quality::ReportTally;
use crate::domain::violation::Violation;

/// What history keeps of a version for one subject.
pub(super) fn history_row(subject_id: SubjectId, account: &AccountRow, version: &Version) -> HistoryRow {
    HistoryRow {
        subject_id,
        member_no: account.member_no,
        account_no: account.account_no,
        version: version.number,
        as_of: version.order.as_of,
        days_past_due: version.facts.days_past_due,
        next_due_on: version.facts.next_due_on,
    }
}

/// Whom an account may concern: at least the subjects of its rows.
pub(super) fn subjects_of(set: &WorkingSet, account: &AccountRow) -> Vec<SubjectId> {
    let liable = set.liable.get(&account.account_no);
    liable.into_iter().flatten().copied().collect()
}

/// The current rows of an account, one for each liable subject.
pub(super) fn rows_of(set: &WorkingSet, account: &AccountRow) -> Vec<PositionRow> {
    row_refs(set, account).cloned().collect()
}

fn row_refs<'s>(
    set: &'s WorkingSet,
    account: &AccountRow,
) -> impl Iterator<Item = &'s PositionRow> + use<'s> {
    let key = (account.member_no, account.account_no);
    let subjects = set.liable.get(&account.account_no);
    let rows = subjects
        .into_iter()
        .flatten()
        .filter_map(|subject| set.subjects.get(subject));
    rows.filter_map(move |rows| rows.positions.get(&key))
}

/// Whether the current rows of an account are those of these subjects and no others.
pub(super) fn concerns_just(set: &WorkingSet, account: &AccountRow, subjects: BTreeSet<SubjectId>) -> bool {
    row_refs(set, account).map(|row| row.subject_id).eq(subjects)
}

/// Makes `row` (as it concerns any subject) the account's current state for the subjects of `plan`.
pub(super) fn put_current(set: &mut WorkingSet, account: &AccountRow, row: &PositionRow, plan: &Plan) {
    let key = (account.member_no, account.account_no);
    let roles = plan.roles();
    let before: BTreeSet<SubjectId> = row_refs(set, account).map(|known| known.subject_id).collect();
    let after: BTreeSet<SubjectId> = roles.iter().map(|(subject, _)| *subject).collect();
    rehome_history(set, account, &before, &after);
    for gone in before.difference(&after) {
        if let Some(rows) = set.subjects.get_mut(gone) {
            rows.positions.remove(&key);
        }
        set.changes.push(Change::RemovePosition(
            *gone,
            account.member_no,
            account.account_no,
        ));
    }
    for (subject_id, role) in roles {
        let row = PositionRow {
            subject_id,
            role,
            ..row.clone()
        };
        set.changes.push(Change::PutPosition(Box::new(row.clone())));
        set.subjects
            .entry(subject_id)
            .or_default()
            .positions
            .insert(key, row);
    }
    set.liable.insert(account.account_no, after);
}

/// All versions of an account follow its current version's subjects.
fn rehome_history(
    set: &mut WorkingSet,
    account: &AccountRow,
    before: &BTreeSet<SubjectId>,
    after: &BTreeSet<SubjectId>,
) {
    let of_account = |row: &HistoryRow| row.account_no == account.account_no;
    let known: Vec<HistoryRow> = before
        .first()
        .and_then(|subject| set.subjects.get(subject))
        .map(|rows| rows.history.iter().copied().filter(of_account).collect())
        .unwrap_or_default();
    for gone in before.difference(after) {
        if let Some(rows) = set.subjects.get_mut(gone) {
            rows.history.retain(|row| !of_account(row));
        }
        set.changes.extend(
            known
                .iter()
                .map(|row| Change::RemoveHistory(*gone, row.account_no, row.version)),
        );
    }
    for subject in after.difference(before) {
        for row in &known {
            put_history(
                set,
                HistoryRow {
                    subject_id: *subject,
                    ..*row
                },
            );
        }
    }
}

/// Adds what a past version tells about a subject.
pub(super) fn put_history(set: &mut WorkingSet, row: HistoryRow) {
    set.subjects.entry(row.subject_id).or_default().history.push(row);
    set.changes.push(Change::PutHistory(row));
}

/// Keeps a version that is no longer current.
pub(super) fn put_past(
    set: &mut WorkingSet,
    account: &AccountRow,
    version: Arc<Version>,
    corrected_by: Option<u64>,
) {
    let past = PastVersion {
        member_no: account.member_no,
        account_no: account.account_no,
        corrected_by,
        version,
    };
    let known = set.past_versions.entry(account.account_no).or_default();
    match known
        .iter_mut()
        .find(|candidate| candidate.version.number == past.version.number)
    {
        Some(slot) => *slot = past.clone(),
        None => known.push(past.clone()),
    }
    set.changes.push(Change::PutPastVersion(Box::new(past)));
}

/// Writes the account row if anything of it changed.
pub(super) fn put_account(set: &mut WorkingSet, account: AccountRow) {
    let key = (account.member_no, account.account_ref.clone());
    if set.accounts.get(&key) != Some(&account) {
        set.changes.push(Change::PutAccount(account.clone()));
        set.accounts.insert(key, account);
    }
}

/// Remembers the latest business date a member reported for: its coverage.
pub(super) fn note_report(set: &mut WorkingSet, member_no: MemberNo, as_of: chrono::NaiveDate) {
    if let Some(standing) = set.network.members.get_mut(&member_no)
        && standing.latest_as_of.is_none_or(|latest| latest < as_of)
    {
        standing.latest_as_of = Some(as_of);
        set.changes.push(Change::PutLatestAsOf(member_no, as_of));
    }
}

/// Counts an accepted report, for the quality of what its member reports. `odd`: what is odd about the change it makes.
pub(super) fn count_report(
    set: &mut WorkingSet,
    member_no: MemberNo,
    report: &Report,
    odd: &[Violation],
    at: Timestamp,
) {
    let day = set.rules.zone.date_of(at);
    let tally = ReportTally::of_accepted(&report.position, &[&report.warnings, odd], day);
    set.changes.push(Change::CountReport {
        member_no,
        day,
        tally,
    });
}

/// Rewrites every row of an account in place.
pub(super) fn update_rows(set: &mut WorkingSet, account: &AccountRow, update: impl Fn(&mut PositionRow)) {
    for mut row in rows_of(set, account) {
        update(&mut row);
        set.changes.push(Change::PutPosition(Box::new(row.clone())));
        let rows = set.subjects.entry(row.subject_id).or_default();
        rows.positions.insert((row.member_no, row.account_no), row);
    }
}

/// The row of a first version.
pub(super) fn first_row(account: &AccountRow, version: Arc<Version>, at: Timestamp) -> PositionRow {
    PositionRow {
        subject_id: account.holder,
        member_no: account.member_no,
        account_no: account.account_no,
        role: crate::domain::position::LiabilityRole::Primary,
        first_received_at: at,
        last_received_at: at,
        deleted: None,
        disputed: false,
        suppressed: false,
        missing_batches: 0,
        version,
    }
}
