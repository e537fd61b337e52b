//! A report is decided: replay, advance in place, or a new version (semantics 2 *Versions*, 5, 6).

use std::cmp::Ordering;
use std::sync::Arc;

use super::bind::{Plan, same_tokens};
use super::record;
use super::reserve;
use super::rows::{AccountRow, PositionRow, Version};
use super::{Decision, Outcome, Refused, Report, WorkingSet};
use crate::domain::batch::BatchNo;
use crate::domain::date::Timestamp;
use crate::domain::names::{AccountNo, MemberNo, ReservationId, SubjectId};
use crate::domain::position::{Liability, Position, ReportOrder};
use crate::domain::token::{Shown, TokenRef};
use crate::domain::validation::{ChangeKind, Stated, check_change};
use crate::domain::violation::{Code, Violation};

/// Decides a report of a member.
pub(super) fn decide(
    set: &mut WorkingSet,
    member_no: MemberNo,
    report: &Report,
    at: Timestamp,
) -> Result<Decision, Refused> {
    decide_for(set, member_no, report, None, at)
}

/// The same of a loan for which this reservation was made.
pub(super) fn decide_for(
    set: &mut WorkingSet,
    member_no: MemberNo,
    report: &Report,
    reservation: Option<ReservationId>,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let key = (member_no, report.position.account_ref.clone());
    let Some(account) = set.accounts.get(&key).cloned() else {
        return open(set, member_no, report, reservation, at);
    };
    let Some(row) = current_row(set, &account).cloned() else {
        return Err(refuse(report, vec![unknown_account("position.account_ref")]));
    };
    if row.deleted.is_some() {
        return Err(refuse(report, vec![deleted_account("position.account_ref")]));
    }
    let unchanged = same_content(set, &row.version, &report.position);
    match (report.position.order.cmp(&row.version.order), unchanged) {
        (Ordering::Less, _) => Err(refuse(report, vec![stale(row.version.order)])),
        (Ordering::Equal, false) => Err(refuse(report, vec![pair_reused()])),
        _ if !report.violations.is_empty() => Err(refuse(report, Vec::new())),
        (Ordering::Equal, true) => Ok(recorded(
            set,
            &account,
            &row.version,
            row.version.received_at,
            report,
        )),
        (Ordering::Greater, true) => Ok(advance(set, &account, report, at)),
        (Ordering::Greater, false) => replace(set, &account, row, report, at),
    }
}

/// The row that an account's current version is read from.
pub(super) fn current_row<'s>(set: &'s WorkingSet, account: &AccountRow) -> Option<&'s PositionRow> {
    let rows = set.subjects.get(&account.holder)?;
    rows.positions.get(&(account.member_no, account.account_no))
}

/// Everything that is wrong: what the message shows and what the file shows.
pub(super) fn refuse(report: &Report, on_file: Vec<Violation>) -> Refused {
    let mut violations = report.violations.clone();
    violations.extend(on_file);
    violations.truncate(Violation::COUNT_MAX);
    Refused {
        violations,
        retry_at: None,
    }
}

fn open(
    set: &mut WorkingSet,
    member_no: MemberNo,
    report: &Report,
    named: Option<ReservationId>,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let plan = plan_alone(set, report, &[], at)?;
    let Some(holder) = plan.holder() else {
        return Err(refuse(report, vec![no_liability()]));
    };
    let reservation = reserve::consumed(set, member_no, report, (&plan, named), at)
        .map_err(|violation| refuse(report, vec![violation]))?;
    let account = AccountRow {
        member_no,
        account_ref: report.position.account_ref.clone(),
        account_no: AccountNo(set.numbers.next()),
        holder,
        versions_made: 1,
        is_open: report.position.facts.status.is_active(),
        carried_by: BatchNo(0),
        token_digests: report.token_digests.clone(),
    };
    let version = Arc::new(version_of(1, report, &plan, at));
    plan.carry_out(set, member_no, set.rules.zone.date_of(at));
    if let Some(reservation) = reservation {
        reserve::consume(set, member_no, reservation, account.account_no, at);
    }
    record::put_account(set, account.clone());
    let row = record::first_row(&account, version.clone(), at);
    record::put_current(set, &account, &row, &plan);
    record::note_report(set, member_no, version.order.as_of);
    record::count_report(set, member_no, report, &[], at);
    Ok(recorded(set, &account, &version, at, report))
}

fn replace(
    set: &mut WorkingSet,
    account: &AccountRow,
    mut row: PositionRow,
    report: &Report,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let (plan, warnings) = plan_change(
        set,
        report,
        Stated::from(row.version.as_ref()),
        ChangeKind::Report,
        &[],
        at,
    )?;
    let Some(holder) = plan.holder() else {
        return Err(refuse(report, vec![no_liability()]));
    };
    let account = AccountRow {
        holder,
        versions_made: account.versions_made.saturating_add(1),
        is_open: report.position.facts.status.is_active(),
        token_digests: report.token_digests.clone(),
        ..account.clone()
    };
    let version = Arc::new(version_of(account.versions_made, report, &plan, at));
    plan.carry_out(set, account.member_no, set.rules.zone.date_of(at));
    row.last_received_at = at;
    let past = std::mem::replace(&mut row.version, version.clone());
    replace_current(set, &account, &row, past, &plan);
    record::note_report(set, account.member_no, version.order.as_of);
    record::count_report(set, account.member_no, report, &warnings, at);
    let mut decision = recorded(set, &account, &version, at, report);
    if let Outcome::Recorded { warnings: given, .. } = &mut decision.outcome {
        given.extend(warnings);
    }
    Ok(decision)
}

/// Puts a newer version in the place of the current one, which time has overtaken.
fn replace_current(
    set: &mut WorkingSet,
    account: &AccountRow,
    row: &PositionRow,
    past: Arc<Version>,
    plan: &Plan,
) {
    record::put_account(set, account.clone());
    record::put_current(set, account, row, plan);
    for (subject, _) in plan.roles() {
        record::put_history(set, record::history_row(subject, account, &past));
    }
    record::put_past(set, account, past, None);
}

fn advance(set: &mut WorkingSet, account: &AccountRow, report: &Report, at: Timestamp) -> Decision {
    let position = &report.position;
    record::update_rows(set, account, |row| {
        row.last_received_at = at;
        let version = Arc::make_mut(&mut row.version);
        version.order = position.order;
        advance_proofs(&mut version.liabilities, &position.liabilities);
    });
    // Its tokens are all on file, so the plan can only refresh links.
    let plan = Plan::of(set, &position.liabilities, at);
    // Tokens that mean others than those liable since a merge or split are looked up each time.
    let mean_those_liable = plan.as_ref().is_ok_and(|plan| {
        let meant = plan.roles().into_iter().map(|(subject, _)| subject).collect();
        plan.holder() == Some(account.holder) && record::concerns_just(set, account, meant)
    });
    if let Ok(plan) = plan {
        plan.carry_out(set, account.member_no, set.rules.zone.date_of(at));
    }
    // The same tokens may be of another key version by now.
    let digests = report
        .token_digests
        .clone()
        .or_else(|| account.token_digests.clone());
    record::put_account(
        set,
        AccountRow {
            token_digests: digests.filter(|_| mean_those_liable),
            ..set
                .accounts
                .get(&(account.member_no, account.account_ref.clone()))
                .unwrap_or(account)
                .clone()
        },
    );
    record::note_report(set, account.member_no, position.order.as_of);
    record::count_report(set, account.member_no, report, &[], at);
    let received_at = at;
    current_row(set, account).map_or_else(
        || recorded_as(Vec::new(), 1, received_at, report),
        |row| recorded(set, account, &row.version, received_at, report),
    )
}

fn advance_proofs(stored: &mut [Liability<TokenRef>], presented: &[Liability<Shown>]) {
    let stored = stored.iter_mut().flat_map(|liability| &mut liability.tokens);
    let presented = presented.iter().flat_map(|liability| &liability.tokens);
    for (kept, shown) in stored.zip(presented) {
        kept.verified_on = kept.verified_on.max(shown.verified_on);
    }
}

/// Plans the binding of a report that nothing comes before; refuses with everything that is wrong.
pub(super) fn plan_alone(
    set: &mut WorkingSet,
    report: &Report,
    on_file: &[Violation],
    at: Timestamp,
) -> Result<Plan, Refused> {
    match Plan::of(set, &report.position.liabilities, at) {
        Ok(plan) if report.violations.is_empty() && on_file.is_empty() => Ok(plan),
        Ok(_) => Err(refuse(report, on_file.to_vec())),
        Err(conflicts) => Err(refuse(report, [on_file, &conflicts].concat())),
    }
}

/// Plans the binding of a report that follows another statement, and judges the change between them; refuses with
/// everything that is wrong, `on_file` included. Returns what is odd about the change.
pub(super) fn plan_change(
    set: &mut WorkingSet,
    report: &Report,
    before: Stated<'_>,
    kind: ChangeKind,
    on_file: &[Violation],
    at: Timestamp,
) -> Result<(Plan, Vec<Violation>), Refused> {
    let planned = Plan::of(set, &report.position.liabilities, at);
    // Without a binding nobody can tell whether the borrower is the same: the other rules are judged all the same.
    let bound = planned
        .as_ref()
        .map_or_else(|_| before.liabilities.to_vec(), Plan::liabilities);
    let after = Stated {
        liabilities: &bound,
        facts: &report.position.facts,
        order: report.position.order,
    };
    let findings = check_change(before, after, kind);
    let mut violations = on_file.to_vec();
    violations.extend(findings.violations);
    match planned {
        Ok(plan) if violations.is_empty() && report.violations.is_empty() => Ok((plan, findings.warnings)),
        Ok(_) => Err(refuse(report, violations)),
        Err(conflicts) => {
            violations.extend(conflicts);
            Err(refuse(report, violations))
        }
    }
}

/// Content is everything but the order and the event; tokens compare by pseudonym.
pub(super) fn same_content(set: &WorkingSet, stored: &Version, position: &Position<Shown>) -> bool {
    stored.facts == position.facts
        && stored.liabilities.len() == position.liabilities.len()
        && stored
            .liabilities
            .iter()
            .zip(&position.liabilities)
            .all(|(a, b)| same_tokens(set, a, b))
}

pub(super) fn version_of(number: u64, report: &Report, plan: &Plan, at: Timestamp) -> Version {
    Version {
        number,
        event: report.event,
        received_at: at,
        correction_reason: None,
        liabilities: plan.liabilities(),
        facts: report.position.facts.clone(),
        order: report.position.order,
        first_as_of: report.position.order.as_of,
    }
}

fn recorded(
    set: &WorkingSet,
    account: &AccountRow,
    version: &Version,
    received_at: Timestamp,
    report: &Report,
) -> Decision {
    let subjects = record::subjects_of(set, account);
    recorded_as(subjects, version.number, received_at, report)
}

pub(super) fn recorded_as(
    subjects: Vec<SubjectId>,
    version: u64,
    received_at: Timestamp,
    report: &Report,
) -> Decision {
    let outcome = Outcome::Recorded {
        version,
        received_at,
        warnings: report.warnings.clone(),
    };
    Decision {
        outcome,
        subjects,
        purpose: None,
        remember: true,
    }
}

fn stale(stored: ReportOrder) -> Violation {
    Violation::new(
        Code::StaleSequence,
        "position.sequence",
        format!(
            "(as_of, sequence) is before what is on file, ({}, {}): send a later pair, or correct the version \
             that was wrong with CorrectPosition",
            stored.as_of, stored.sequence
        ),
    )
}

fn pair_reused() -> Violation {
    Violation::new(
        Code::PairReused,
        "position.sequence",
        "this (as_of, sequence) is on file with other content: raise the sequence for new facts, or correct the \
         version with CorrectPosition",
    )
}

fn no_liability() -> Violation {
    Violation::new(
        Code::FieldRequired,
        "position.liabilities",
        "name everyone liable, the primary borrower first",
    )
}

pub(super) fn unknown_account(field: &str) -> Violation {
    Violation::new(
        Code::AccountUnknown,
        field,
        "you have no account of this name on file: report it first, or check the reference",
    )
}

pub(super) fn deleted_account(field: &str) -> Violation {
    Violation::new(
        Code::AccountDeleted,
        field,
        "the account was deleted: restore it by correcting its last version with CorrectPosition",
    )
}
