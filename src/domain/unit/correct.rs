//! A correction takes a version's place in time; a deletion hides an account and keeps its history (semantics 5, 8).

use std::sync::Arc;

use super::bind::Plan;
use super::record;
use super::report::{
    current_row, deleted_account, plan_alone, plan_change, recorded_as, refuse, unknown_account, version_of,
};
use super::rows::{AccountRow, PositionRow, Version};
use super::working_set::Change;
use super::{Correction, Decision, Outcome, Refused, Report, WorkingSet};
use crate::domain::date::Timestamp;
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::position::DeletionReason;
use crate::domain::validation::ChangeKind;
use crate::domain::violation::{Code, Violation};

/// Decides a correction of a member.
pub(super) fn decide(
    set: &mut WorkingSet,
    member_no: MemberNo,
    correction: &Correction,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let report = &correction.report;
    let key = (member_no, report.position.account_ref.clone());
    let Some((account, row)) = on_file(set, &key) else {
        return Err(refuse(report, vec![unknown_account("position.account_ref")]));
    };
    let target = match target(set, &account, &row, correction.corrects_version) {
        Ok(target) => target,
        Err(violation) => return Err(refuse(report, vec![violation])),
    };
    let is_current = target.number == row.version.number;
    let mut violations = Vec::new();
    if row.deleted.is_some() && !is_current {
        violations.push(deleted_account("position.account_ref"));
    }
    if report.position.order != target.order {
        violations.push(pair_changed(&target));
    }
    let before = version_before(set, &account, &row, &target);
    let (plan, warnings) = match &before {
        Some(before) => plan_change(
            set,
            report,
            before.as_ref().into(),
            ChangeKind::Correction,
            &violations,
            at,
        )?,
        None => (plan_alone(set, report, &violations, at)?, Vec::new()),
    };
    plan.carry_out(set, member_no, set.rules.zone.date_of(at));
    let number = account.versions_made.saturating_add(1);
    let mut version = version_of(number, report, &plan, at);
    version.correction_reason = Some(correction.reason.clone());
    version.first_as_of = target.first_as_of;
    version.event = Some(crate::domain::position::EventType::Corrected);
    let version = Arc::new(version);
    if is_current {
        replace_current(set, &key, version, &plan, report, at);
    } else {
        replace_past(set, &key, target, version, at);
    }
    let subjects = record::subjects_of(set, &account);
    let mut decision = recorded_as(subjects, number, at, report);
    if let Outcome::Recorded { warnings: given, .. } = &mut decision.outcome {
        given.extend(warnings);
    }
    Ok(decision)
}

/// Decides a deletion by a member.
pub(super) fn delete(
    set: &mut WorkingSet,
    member_no: MemberNo,
    account_ref: &AccountRef,
    reason: DeletionReason,
) -> Result<Decision, Refused> {
    let key = (member_no, account_ref.clone());
    let Some((account, row)) = on_file(set, &key) else {
        return Err(Refused::because(unknown_account("account_ref")));
    };
    if row.deleted.is_some() {
        return Err(Refused::because(deleted_account("account_ref")));
    }
    record::update_rows(set, &account, |row| row.deleted = Some(reason));
    let account = AccountRow {
        is_open: false,
        ..account
    };
    record::put_account(set, account.clone());
    let subjects = record::subjects_of(set, &account);
    Ok(Decision {
        outcome: Outcome::Deleted,
        subjects,
        purpose: None,
        remember: true,
    })
}

fn on_file(set: &WorkingSet, key: &(MemberNo, AccountRef)) -> Option<(AccountRow, PositionRow)> {
    let account = set.accounts.get(key)?.clone();
    let row = current_row(set, &account)?.clone();
    Some((account, row))
}

/// The version that a correction names.
fn target(
    set: &WorkingSet,
    account: &AccountRow,
    row: &PositionRow,
    number: u64,
) -> Result<Arc<Version>, Violation> {
    if row.version.number == number {
        return Ok(row.version.clone());
    }
    let past = set.past_versions.get(&account.account_no);
    let found = past
        .into_iter()
        .flatten()
        .find(|past| past.version.number == number);
    let violation = |code, text: &str| Err(Violation::new(code, "corrects_version", text));
    match found {
        None => violation(
            Code::VersionUnknown,
            "the account has no such version: ListPositionVersions shows those it has",
        ),
        Some(past) if past.corrected_by.is_some() => violation(
            Code::VersionSuperseded,
            "this version was corrected already: correct the version that replaced it",
        ),
        Some(past) => Ok(past.version.clone()),
    }
}

/// The latest uncorrected version before the target in time.
fn version_before(
    set: &WorkingSet,
    account: &AccountRow,
    row: &PositionRow,
    target: &Version,
) -> Option<Arc<Version>> {
    let past = set.past_versions.get(&account.account_no);
    past.into_iter()
        .flatten()
        .filter(|past| past.corrected_by.is_none())
        .map(|past| &past.version)
        .chain([&row.version])
        .filter(|version| version.order < target.order)
        .max_by_key(|version| version.order)
        .cloned()
}

fn replace_current(
    set: &mut WorkingSet,
    key: &(MemberNo, AccountRef),
    version: Arc<Version>,
    plan: &Plan,
    report: &Report,
    at: Timestamp,
) {
    // Binding may have moved the account to another subject: read it again.
    let (Some((account, row)), Some(holder)) = (on_file(set, key), plan.holder()) else {
        return;
    };
    let number = version.number;
    let old = row.version.clone();
    let account = AccountRow {
        holder,
        versions_made: number,
        is_open: version.facts.status.is_active(),
        token_digests: report.token_digests.clone(),
        ..account
    };
    record::put_account(set, account.clone());
    let row = PositionRow {
        deleted: None,
        last_received_at: at,
        version,
        ..row
    };
    record::put_current(set, &account, &row, plan);
    record::put_past(set, &account, old, Some(number));
}

fn replace_past(
    set: &mut WorkingSet,
    key: &(MemberNo, AccountRef),
    target: Arc<Version>,
    version: Arc<Version>,
    at: Timestamp,
) {
    let Some((account, _)) = on_file(set, key) else {
        return;
    };
    let number = version.number;
    let account = AccountRow {
        versions_made: number,
        ..account
    };
    record::put_account(set, account.clone());
    record::update_rows(set, &account, |row| row.last_received_at = at);
    for row in record::rows_of(set, &account) {
        let rows = set.subjects.entry(row.subject_id).or_default();
        rows.history
            .retain(|known| known.account_no != account.account_no || known.version != target.number);
        set.changes.push(Change::RemoveHistory(
            row.subject_id,
            account.account_no,
            target.number,
        ));
        record::put_history(set, record::history_row(row.subject_id, &account, &version));
    }
    record::put_past(set, &account, target, Some(number));
    record::put_past(set, &account, version, None);
}

fn pair_changed(target: &Version) -> Violation {
    Violation::new(
        Code::PairChanged,
        "position.sequence",
        format!(
            "a correction carries exactly the (as_of, sequence) of the version it corrects: send ({}, {})",
            target.order.as_of, target.order.sequence
        ),
    )
}
