//! What becomes of a reservation: a position, more time, or nothing (domain.md 4.4).
//!
//! A report of a new loan consumes the reservation that it names, or else the smallest of its member's that fits; a
//! confirmation is such a report. A loan that was paid out is recorded even when its reservation ran out: late, a breach
//! of the member's, never lost.

use std::collections::{BTreeMap, BTreeSet};

use super::bind::Plan;
use super::report::{self, refuse};
use super::rows::ReservationRow;
use super::working_set::Change;
use super::{Decision, Outcome, Refused, Report, Rpc, WorkingSet, allowance};
use crate::domain::conduct::DayTally;
use crate::domain::date::Timestamp;
use crate::domain::names::{AccountNo, ApplicationId, MemberNo, ReservationId, SubjectId};
use crate::domain::position::Facts;
use crate::domain::reservation::{EXTENSIONS_MAX, ReleaseReason, ReservationState};
use crate::domain::violation::{Code, Violation};

/// The next step with a reservation.
#[derive(Debug, Clone)]
pub struct ReservationWork {
    /// Which one.
    pub reservation_id: ReservationId,
    /// What to do.
    pub step: ReservationStep,
}

/// What to do with a reservation.
#[derive(Debug, Clone)]
pub enum ReservationStep {
    /// The loan was made.
    Confirm(Box<Report>),
    /// The loan will not be made.
    Release(ReleaseReason),
    /// The loan takes longer.
    Extend {
        /// Minutes to add, at least 1.
        minutes: u32,
    },
}

impl ReservationWork {
    /// The rpc that asked for it.
    pub const fn rpc(&self) -> Rpc {
        match self.step {
            ReservationStep::Confirm(_) => Rpc::ConfirmReservation,
            ReservationStep::Release(_) => Rpc::ReleaseReservation,
            ReservationStep::Extend { .. } => Rpc::ExtendReservation,
        }
    }
}

/// Decides a step with a reservation of a member.
pub(super) fn decide(
    set: &mut WorkingSet,
    member_no: MemberNo,
    work: &ReservationWork,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let rows = rows_of(set, member_no, work.reservation_id);
    let Some(row) = rows.first() else {
        let found = match &work.step {
            ReservationStep::Confirm(report) => refuse(report, vec![unknown("reservation_id")]),
            ReservationStep::Release(_) | ReservationStep::Extend { .. } => {
                Refused::because(unknown("reservation_id"))
            }
        };
        return Err(found);
    };
    match &work.step {
        ReservationStep::Confirm(report) => confirm(set, member_no, row, report, at),
        ReservationStep::Release(reason) => {
            still_active(row, at)?;
            Ok(change(set, &rows, at, |row| {
                row.state = ReservationState::Released;
                row.ended_at = Some(at);
                row.release_reason = Some(*reason);
            }))
        }
        ReservationStep::Extend { minutes } => {
            still_active(row, at)?;
            let expires_at = extended(row, *minutes)?;
            Ok(change(set, &rows, at, |row| {
                row.expires_at = expires_at;
                row.extensions += 1;
            }))
        }
    }
}

/// The rows of a reservation, one for each subject that it concerns.
fn rows_of(set: &WorkingSet, member_no: MemberNo, reservation_id: ReservationId) -> Vec<ReservationRow> {
    let rows = set.subjects.values().flat_map(|rows| &rows.reservations);
    rows.filter(|row| row.member_no == member_no && row.reservation_id == reservation_id)
        .cloned()
        .collect()
}

fn still_active(row: &ReservationRow, at: Timestamp) -> Result<(), Refused> {
    let text = match row.state_at(at) {
        ReservationState::Active => return Ok(()),
        ReservationState::Confirmed => "the reservation became a loan: report on that",
        ReservationState::Released => "the reservation was given up: check the application again",
        ReservationState::Expired => {
            "the reservation ran out: check the application again, or, if the loan was paid out, confirm it all the same"
        }
    };
    Err(Refused::because(Violation::new(
        Code::ReservationEnded,
        "reservation_id",
        text,
    )))
}

/// The end after an extension.
fn extended(row: &ReservationRow, minutes: u32) -> Result<Timestamp, Refused> {
    let refused = |code, field: &str, text: String| Err(Refused::because(Violation::new(code, field, text)));
    if row.extensions >= EXTENSIONS_MAX {
        let text =
            format!("a reservation is extended {EXTENSIONS_MAX} times at most: check the application again");
        return refused(Code::ExtensionsUsedUp, "reservation_id", text);
    }
    let expires_at = row.expires_at.plus_seconds(i64::from(minutes) * 60);
    if expires_at > row.expires_at_most {
        let left = (row.expires_at_most.micros() - row.expires_at.micros()) / 60_000_000;
        let text = format!("the rule pack allows {left} minutes more: ask for at most that");
        return refused(Code::ReservationLifetime, "minutes", text);
    }
    Ok(expires_at)
}

/// Changes every row of a reservation.
fn change(
    set: &mut WorkingSet,
    rows: &[ReservationRow],
    at: Timestamp,
    change: impl Fn(&mut ReservationRow),
) -> Decision {
    let mut changed = None;
    for row in rows {
        let mut row = row.clone();
        change(&mut row);
        changed = Some(row.seen_at(at));
        put(set, row);
    }
    let subjects = rows.iter().map(|row| row.subject_id).collect();
    Decision {
        outcome: changed.map_or(Outcome::Deleted, Outcome::Reserved),
        subjects,
        purpose: None,
        remember: true,
    }
}

/// Writes a row of a reservation.
pub(super) fn put(set: &mut WorkingSet, row: ReservationRow) {
    let rows = &mut set.subjects.entry(row.subject_id).or_default().reservations;
    let same = |known: &&mut ReservationRow| {
        (known.member_no, known.reservation_id) == (row.member_no, row.reservation_id)
    };
    match rows.iter_mut().find(same) {
        Some(known) => *known = row.clone(),
        None => rows.push(row.clone()),
    }
    set.changes.push(Change::PutReservation(Box::new(row)));
}

fn confirm(
    set: &mut WorkingSet,
    member_no: MemberNo,
    row: &ReservationRow,
    report: &Report,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let account = set
        .accounts
        .get(&(member_no, report.position.account_ref.clone()))
        .map(|account| account.account_no);
    // What the report consumed before: said again, it is a report like any other.
    let again = row.state == ReservationState::Confirmed && account.is_some() && account == row.account_no;
    if account.is_some() && !again {
        let text = "the account is on file: a reservation becomes a loan that nobody reported yet";
        let violation = Violation::new(Code::ReservationMismatch, "position.account_ref", text);
        return Err(refuse(report, vec![violation]));
    }
    let decision = report::decide_for(set, member_no, report, Some(row.reservation_id), at)?;
    let rows = rows_of(set, member_no, row.reservation_id);
    let (
        Outcome::Recorded {
            version, warnings, ..
        },
        Some(row),
    ) = (decision.outcome, rows.first())
    else {
        // A report is recorded or refused, and its reservation is on file.
        return Err(Refused::because(unknown("reservation_id")));
    };
    Ok(Decision {
        outcome: Outcome::Confirmed {
            reservation: row.seen_at(at),
            late: row.late,
            version,
            warnings,
        },
        subjects: decision.subjects,
        purpose: decision.purpose,
        remember: decision.remember,
    })
}

/// The reservation that a report of a new loan consumes, if there is one: `named` by the call, by the report, or the smallest
/// that fits.
///
/// # Errors
/// The one that is named does not fit, or is not there.
pub(super) fn consumed(
    set: &WorkingSet,
    member_no: MemberNo,
    report: &Report,
    (plan, named): (&Plan, Option<ReservationId>),
    at: Timestamp,
) -> Result<Option<ReservationId>, Violation> {
    let facts = &report.position.facts;
    let borrowers: BTreeSet<SubjectId> = plan
        .roles()
        .into_iter()
        .filter(|(_, role)| role.is_own_debt())
        .map(|(subject, _)| subject)
        .collect();
    let named = match (named, facts.reservation_id.as_deref()) {
        (Some(named), _) => Some(named),
        (None, Some(text)) => {
            Some(ReservationId::parse(text).ok_or_else(|| unknown("position.reservation_id"))?)
        }
        (None, None) => None,
    };
    let Some(named) = named else {
        let held = held_by(set, member_no, plan, |row| row.is_live(at));
        let opened = |held: &Held| facts.opened_on >= set.rules.zone.date_of(held.row.created_at);
        let fitting = held.iter().filter(|held| {
            // Of somebody who was not named nothing is loaded: all who reserved are here, or it is another loan.
            let whole = usize::try_from(held.row.borrowers).is_ok_and(|all| all == held.concerns.len());
            whole && held.concerns == borrowers && opened(held) && misfit(&held.row, facts).is_none()
        });
        let smallest =
            fitting.min_by_key(|held| (held.row.amount, held.row.created_at, held.row.reservation_id));
        return Ok(smallest.map(|held| held.row.reservation_id));
    };
    // Everything of a reservation that is named is loaded.
    let held = held_by(set, member_no, plan, |row| row.reservation_id == named);
    let Some(held) = held.first() else {
        return Err(unknown("position.reservation_id"));
    };
    if matches!(
        held.row.state,
        ReservationState::Confirmed | ReservationState::Released
    ) {
        let text = "the reservation became another loan, or was given up: report the loan without it";
        let field = "position.reservation_id";
        return Err(Violation::new(Code::ReservationEnded, field, text));
    }
    if held.concerns != borrowers {
        let text =
            "the reservation was made for other borrowers: name those who were checked, or check these";
        let field = "position.liabilities";
        return Err(Violation::new(Code::ReservationMismatch, field, text));
    }
    match misfit(&held.row, facts) {
        Some(misfit) => Err(misfit),
        None => Ok(Some(named)),
    }
}

/// A reservation and everyone whom it concerns, where they will be once a report is bound.
struct Held {
    row: ReservationRow,
    concerns: BTreeSet<SubjectId>,
}

/// Some of a member's reservations.
fn held_by(
    set: &WorkingSet,
    member_no: MemberNo,
    plan: &Plan,
    wanted: impl Fn(&ReservationRow) -> bool,
) -> Vec<Held> {
    let mut held: BTreeMap<ReservationId, Held> = BTreeMap::new();
    for row in set.subjects.values().flat_map(|rows| &rows.reservations) {
        if row.member_no == member_no && wanted(row) {
            let known = held.entry(row.reservation_id).or_insert_with(|| Held {
                row: row.clone(),
                concerns: BTreeSet::new(),
            });
            known.concerns.insert(plan.follow(row.subject_id));
        }
    }
    held.into_values().collect()
}

/// Why a loan does not fit into a reservation.
fn misfit(row: &ReservationRow, facts: &Facts) -> Option<Violation> {
    if facts.currency != row.currency {
        let text = "the reservation is in another currency: report the loan without it";
        return Some(Violation::new(
            Code::ReservationMismatch,
            "position.currency",
            text,
        ));
    }
    if facts.product_type != row.product_type {
        let text =
            "another product was checked, by other rules: check this one, or report the loan without it";
        return Some(Violation::new(
            Code::ReservationMismatch,
            "position.product_type",
            text,
        ));
    }
    let (field, amount) = match facts.account_type.is_revolving() {
        true => ("position.credit_limit", facts.credit_limit),
        false => ("position.original_amount", facts.original_amount),
    };
    (amount > row.amount).then(|| {
        let text = "the loan is larger than what was reserved: check the larger amount before it is paid out";
        Violation::new(Code::ReservationMismatch, field, text)
    })
}

/// Marks a reservation as the loan that it became; its application is over.
pub(super) fn consume(
    set: &mut WorkingSet,
    member_no: MemberNo,
    reservation_id: ReservationId,
    account_no: AccountNo,
    at: Timestamp,
) {
    let rows = rows_of(set, member_no, reservation_id);
    let first = rows.first();
    let first = first.map(|row| (row.application_id.clone(), row.created_at));
    for mut row in rows {
        row.late = !row.is_live(at);
        row.state = ReservationState::Confirmed;
        row.ended_at = Some(at);
        row.account_no = Some(account_no);
        put(set, row);
    }
    // Confirmed late, it may hold room again by now: for the same loan.
    if let Some((application_id, created_at)) = first {
        let day = |at| set.rules.zone.date_of(at);
        // It is a reservation of the day it was made that became a loan.
        let days = (day(created_at), day(at));
        let tally = DayTally {
            confirmed: 1,
            ..DayTally::default()
        };
        allowance::count_on(set, member_no, days, tally);
        give_up(set, member_no, &application_id, at);
    }
}

/// Gives up what an application still holds.
fn give_up(set: &mut WorkingSet, member_no: MemberNo, application_id: &ApplicationId, at: Timestamp) {
    let held = |row: &&mut ReservationRow| {
        row.member_no == member_no && row.application_id == *application_id && row.is_live(at)
    };
    for rows in set.subjects.values_mut() {
        for row in rows.reservations.iter_mut().filter(held) {
            row.state = ReservationState::Released;
            row.ended_at = Some(at);
            set.changes.push(Change::PutReservation(Box::new(row.clone())));
        }
    }
}

fn unknown(field: &str) -> Violation {
    Violation::new(
        Code::ReservationUnknown,
        field,
        "you have no reservation of this name on file: look at the answer to the check that made it",
    )
}
