//! The records of a chunk, each decided as if it were reported alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    Item, ItemAct, REJECT_RATE_FROM, finished, is_full, judge, recognise, rehearse, taken_over, taken_with,
};
use crate::domain::batch::RecordResult;
use crate::domain::date::Timestamp;
use crate::domain::names::{MemberNo, SubjectId};
use crate::domain::position::{DeletionReason, ReportOrder};
use crate::domain::quality::ReportTally;
use crate::domain::unit::report::{current_row, refuse, same_content, unknown_account};
use crate::domain::unit::rows::{AccountRow, BatchPhase, BatchRow, Version};
use crate::domain::unit::working_set::Change;
use crate::domain::unit::{
    Correction, Decision, Outcome, Refused, Report, WorkingSet, correct, record, report,
};
use crate::domain::violation::{Code, Violation};

/// What became of a record.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    fate: Fate,
    violations: Vec<Violation>,
    warnings: Vec<Violation>,
    subjects: Vec<SubjectId>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Rejected,
    Superseded,
    Unchanged,
    Changed,
}

impl Verdict {
    fn rejected(violations: Vec<Violation>) -> Self {
        Self {
            violations,
            ..Self::default()
        }
    }

    fn unchanged(warnings: Vec<Violation>) -> Self {
        Self {
            fate: Fate::Unchanged,
            warnings,
            ..Self::default()
        }
    }
}

/// Decides the next records of a batch.
pub(super) fn take_chunk(
    set: &mut WorkingSet,
    mut row: BatchRow,
    after: u64,
    items: &[Item],
    at: Timestamp,
) -> Result<Decision, Refused> {
    if row.phase != BatchPhase::Records {
        return Err(finished());
    }
    if row.batch.counts.received != after {
        return Err(taken_over());
    }
    recognise::check(set, row.batch.member_no, items)?;
    let mut results = Vec::new();
    let mut subjects = BTreeSet::new();
    for item in items {
        let verdict = if row.batch.header.dry_run {
            let mut alone = rehearse::alone(set, row.batch.member_no, item);
            judged(&mut alone, row.batch.member_no, item, at)
        } else {
            judged(set, row.batch.member_no, item, at)
        };
        count(&mut row, item, &verdict);
        carry(set, &row, item);
        mend(set, &row, item, &verdict, at);
        count_contradiction(set, &row, item, &verdict, at);
        if !row.batch.header.dry_run {
            subjects.extend(verdict.subjects);
        }
        if !verdict.violations.is_empty() && verdict.fate == Fate::Rejected || !verdict.warnings.is_empty() {
            let result = RecordResult {
                record_number: row.batch.counts.received,
                account_ref: item.account_ref.clone(),
                violations: verdict.violations,
                warnings: verdict.warnings,
            };
            let (member_no, batch_no) = (row.batch.member_no, row.batch.batch_no);
            set.changes.push(Change::InsertResult(
                member_no,
                batch_no,
                Box::new(result.clone()),
                at,
            ));
            results.push(result);
        }
    }
    watch_rejects(set, &mut row, at);
    Ok(taken_with(set, row, results, subjects))
}

fn count(row: &mut BatchRow, item: &Item, verdict: &Verdict) {
    let counts = &mut row.batch.counts;
    counts.received += 1;
    match verdict.fate {
        Fate::Rejected => counts.rejected += 1,
        Fate::Superseded => counts.superseded += 1,
        Fate::Unchanged => {
            counts.accepted += 1;
            counts.unchanged += 1;
        }
        Fate::Changed => counts.accepted += 1,
    }
    counts.warnings += u64::from(!verdict.warnings.is_empty());
    if let Some(facts) = facts_of(item) {
        counts.active += u64::from(facts.status.is_active());
    }
    if let Some(amounts) = item.amounts {
        row.totals
            .add(amounts.currency, amounts.outstanding_total, amounts.overdue);
    }
}

fn facts_of(item: &Item) -> Option<&crate::domain::position::Facts> {
    match &item.act {
        ItemAct::Report(report) => Some(&report.position.facts),
        ItemAct::Recognised(stated) => Some(&stated.position.facts),
        // A version of the past says nothing about the size of the book.
        ItemAct::Correct(_) | ItemAct::Unreadable(_) | ItemAct::Delete(_) => None,
    }
}

/// A FULL batch carries an account however its record fares: the member has it.
fn carry(set: &mut WorkingSet, row: &BatchRow, item: &Item) {
    let name = item
        .account_ref
        .clone()
        .map(|account| (row.batch.member_no, account));
    let Some(account) = name
        .and_then(|name| set.accounts.get(&name))
        .filter(|_| is_full(row))
        .cloned()
    else {
        return;
    };
    let account = AccountRow {
        carried_by: account.carried_by.max(row.batch.batch_no),
        ..account
    };
    record::put_account(set, account.clone());
    let was_missing = current_row(set, &account).is_some_and(|current| current.missing_batches > 0);
    if was_missing && !row.batch.header.dry_run {
        record::update_rows(set, &account, |position| position.missing_batches = 0);
    }
}

/// What a batch accepts mends what the batch that it sends again rejected, and those before it.
fn mend(set: &mut WorkingSet, row: &BatchRow, item: &Item, verdict: &Verdict, at: Timestamp) {
    let accepted = matches!(verdict.fate, Fate::Changed | Fate::Unchanged);
    if let (Some(batch_no), Some(account_ref), true, false) = (
        row.resends_no,
        &item.account_ref,
        accepted,
        row.batch.header.dry_run,
    ) {
        set.changes.push(Change::MendResults {
            member_no: row.batch.member_no,
            batch_no,
            account_ref: account_ref.clone(),
            at,
        });
    }
}

/// Accepted reports are counted where they are decided; a rejected one leaves nothing there. Corrections are not counted
/// either way: who mends what was wrong is not held to account for it.
fn count_contradiction(set: &mut WorkingSet, row: &BatchRow, item: &Item, verdict: &Verdict, at: Timestamp) {
    let is_report = matches!(item.act, ItemAct::Report(_) | ItemAct::Recognised(_));
    if !is_report || verdict.fate != Fate::Rejected || row.batch.header.dry_run {
        return;
    }
    if let Some(tally) = ReportTally::of_rejected(&verdict.violations) {
        set.changes.push(Change::CountReport {
            member_no: row.batch.member_no,
            day: set.rules.zone.date_of(at),
            tally,
        });
    }
}

fn watch_rejects(set: &WorkingSet, row: &mut BatchRow, at: Timestamp) {
    let counts = row.batch.counts;
    let percent = u64::from(set.rules.batch_reject_percent);
    let too_many = counts.rejected.saturating_mul(100) > counts.received.saturating_mul(percent);
    if counts.received >= REJECT_RATE_FROM && too_many {
        let failure = Violation::new(
            Code::FileRejectRate,
            "",
            format!(
                "{} of {} records were rejected, more than {percent} %: mend what ListRecordResults shows and send the \
                 batch again under a new batch_id",
                counts.rejected, counts.received
            ),
        );
        judge::fail(row, vec![failure], at);
    }
}

/// Decides one record.
fn judged(set: &mut WorkingSet, member_no: MemberNo, item: &Item, at: Timestamp) -> Verdict {
    match &item.act {
        ItemAct::Unreadable(violations) => Verdict::rejected(violations.clone()),
        ItemAct::Report(stated) => reported(set, member_no, stated, at),
        ItemAct::Recognised(stated) => match recognise::on_file(set, member_no, stated) {
            Some(stated) => reported(set, member_no, &stated, at),
            None => Verdict::rejected(vec![unknown_account("position.account_ref")]),
        },
        ItemAct::Correct(correction) => corrected(set, member_no, correction, at),
        ItemAct::Delete(reason) => deleted(set, member_no, item, *reason),
    }
}

fn reported(set: &mut WorkingSet, member_no: MemberNo, stated: &Report, at: Timestamp) -> Verdict {
    let key = (member_no, stated.position.account_ref.clone());
    let versions_made = |set: &WorkingSet| set.accounts.get(&key).map(|account| account.versions_made);
    let before = versions_made(set);
    let decided = report::decide(set, member_no, stated, at);
    let same = before.is_some() && before == versions_made(set);
    verdict(decided, same)
}

fn verdict(decided: Result<Decision, Refused>, same: bool) -> Verdict {
    match decided {
        Ok(decision) => {
            let warnings = match decision.outcome {
                Outcome::Recorded { warnings, .. } => warnings,
                _ => Vec::new(),
            };
            Verdict {
                fate: if same { Fate::Unchanged } else { Fate::Changed },
                violations: Vec::new(),
                warnings,
                subjects: decision.subjects,
            }
        }
        Err(refused) => {
            let stale = refused
                .violations
                .iter()
                .all(|broken| broken.code == Code::StaleSequence);
            Verdict {
                fate: if stale { Fate::Superseded } else { Fate::Rejected },
                violations: refused.violations,
                ..Verdict::default()
            }
        }
    }
}

/// A correction of a batch names its version by the pair.
fn corrected(set: &mut WorkingSet, member_no: MemberNo, correction: &Correction, at: Timestamp) -> Verdict {
    let stated = &correction.report;
    let key = (member_no, stated.position.account_ref.clone());
    let Some(account) = set.accounts.get(&key).cloned() else {
        return Verdict::rejected(refuse(stated, vec![unknown_account("position.account_ref")]).violations);
    };
    let Some(version) = version_of_pair(set, &account, stated.position.order) else {
        return Verdict::rejected(refuse(stated, vec![no_such_pair(stated.position.order)]).violations);
    };
    let deleted = current_row(set, &account).is_some_and(|row| row.deleted.is_some());
    // Sent once more: the version says so already.
    if !deleted && stated.violations.is_empty() && same_content(set, &version, &stated.position) {
        return Verdict::unchanged(stated.warnings.clone());
    }
    let correction = Correction {
        corrects_version: version.number,
        ..correction.clone()
    };
    verdict(correct::decide(set, member_no, &correction, at), false)
}

fn version_of_pair(set: &WorkingSet, account: &AccountRow, order: ReportOrder) -> Option<Arc<Version>> {
    let current = current_row(set, account).map(|row| &row.version);
    if let Some(current) = current.filter(|current| current.order == order) {
        return Some(current.clone());
    }
    let past = set.past_versions.get(&account.account_no)?;
    past.iter()
        .filter(|past| past.corrected_by.is_none())
        .map(|past| &past.version)
        .find(|version| version.order == order)
        .cloned()
}

fn no_such_pair(order: ReportOrder) -> Violation {
    Violation::new(
        Code::VersionUnknown,
        "position.sequence",
        format!(
            "the account has no version of ({}, {}): a correction names its version by that pair",
            order.as_of, order.sequence
        ),
    )
}

fn deleted(set: &mut WorkingSet, member_no: MemberNo, item: &Item, reason: DeletionReason) -> Verdict {
    let Some(account_ref) = &item.account_ref else {
        return Verdict::rejected(vec![unknown_account("delete_account_ref")]);
    };
    let known = set.accounts.get(&(member_no, account_ref.clone()));
    let row = known.and_then(|account| current_row(set, account));
    // Sent once more: it is gone already.
    if row.is_some_and(|row| row.deleted == Some(reason)) {
        return Verdict::unchanged(Vec::new());
    }
    let mut decided = verdict(correct::delete(set, member_no, account_ref, reason), false);
    for violation in &mut decided.violations {
        violation.field = format!("delete_{}", violation.field);
    }
    decided
}
