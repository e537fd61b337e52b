//! An application as its member may vary it: with its first check it fixes whom it concerns and on what terms; few pairs of
//! amount and payment may be tried, and few applications a day (domain.md 4.3, P13).

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Check;
use crate::domain::date::{Timestamp, days_after};
use crate::domain::exposure::resolve::Resolution;
use crate::domain::names::{ApplicationId, MemberNo, SubjectId};
use crate::domain::reservation::{
    APPLICATIONS_PER_DAY_MAX, RESERVATIONS_PER_SUBJECT_MAX, ReservationState, TRIES_PER_APPLICATION_MAX,
};
use crate::domain::unit::rows::{ApplicationRow, ApplicationTerms};
use crate::domain::unit::working_set::SubjectRows;
use crate::domain::unit::{Refused, WorkingSet};
use crate::domain::violation::{Code, Violation};

/// Admits a check of an application, new or known.
///
/// # Errors
/// Refused when it changes what the application fixed, tries too much, or when the member has too much in hand with somebody.
pub(super) fn admit(
    set: &WorkingSet,
    member_no: MemberNo,
    check: &Check,
    resolutions: &[Resolution],
    at: Timestamp,
) -> Result<(), Refused> {
    let today = set.rules.zone.date_of(at);
    let subjects: Vec<Option<SubjectId>> = resolutions
        .iter()
        .map(|resolution| match resolution {
            Resolution::About(about) => about.subject,
            Resolution::Conflict { .. } => None,
        })
        .collect();
    let on_file = rows_of(set, member_no, &check.application_id);
    if let Some(first) = on_file.first() {
        unchanged(check, &first.terms, &on_file, &subjects)?;
        few_tries(check, first)?;
    }
    still_open(set, member_no, &check.application_id)?;
    for rows in subjects
        .iter()
        .flatten()
        .filter_map(|subject| set.subjects.get(subject))
    {
        few_applications(set, rows, member_no, check, today)?;
        few_reservations(rows, member_no, check, at)?;
    }
    Ok(())
}

/// The rows of an application, one for each subject that it concerns.
fn rows_of<'s>(
    set: &'s WorkingSet,
    member_no: MemberNo,
    application_id: &ApplicationId,
) -> Vec<&'s ApplicationRow> {
    let rows = set.subjects.values();
    rows.filter_map(|rows| Some(&rows.applications[place(&rows.applications, member_no, application_id)?]))
        .collect()
}

/// Where an application is among others.
pub(super) fn place(
    applications: &[ApplicationRow],
    member_no: MemberNo,
    application_id: &ApplicationId,
) -> Option<usize> {
    applications
        .iter()
        .position(|row| row.member_no == member_no && row.application_id == *application_id)
}

fn unchanged(
    check: &Check,
    fixed: &ApplicationTerms,
    on_file: &[&ApplicationRow],
    subjects: &[Option<SubjectId>],
) -> Result<(), Refused> {
    let known: BTreeSet<Option<SubjectId>> = on_file.iter().map(|row| Some(row.subject_id)).collect();
    let asked: BTreeSet<Option<SubjectId>> = subjects.iter().copied().collect();
    let terms = check.terms();
    let changed = [
        ("liabilities", known != asked),
        ("rule_pack", fixed.rule_pack != terms.rule_pack),
        ("product_type", fixed.product_type != terms.product_type),
        ("currency", fixed.currency != terms.currency),
        ("term_days", fixed.term_days != terms.term_days),
        ("monthly_income", fixed.income_digest != terms.income_digest),
    ];
    let violations: Vec<Violation> = changed
        .into_iter()
        .filter(|(_, changed)| *changed)
        .map(|(field, _)| {
            let text = "an application keeps this from its first check: send what was sent then, or, if the borrower \
                        applied for something else, check it as another application";
            Violation::new(Code::ApplicationChanged, field, text)
        })
        .collect();
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Refused {
            violations,
            retry_at: None,
        }),
    }
}

/// An application is over with the loan that it became: another one could be made beside it otherwise, while everybody counts
/// the larger of both.
fn still_open(set: &WorkingSet, member_no: MemberNo, application_id: &ApplicationId) -> Result<(), Refused> {
    let mut reservations = set.subjects.values().flat_map(|rows| &rows.reservations);
    let became_a_loan = reservations.any(|row| {
        row.member_no == member_no
            && row.application_id == *application_id
            && row.state == ReservationState::Confirmed
    });
    if !became_a_loan {
        return Ok(());
    }
    let text = "the application became a loan: check another loan as another application";
    Err(Refused::because(Violation::new(
        Code::ReservationEnded,
        "application_id",
        text,
    )))
}

/// Whether an application holds room already: then a check makes no more of it.
pub(super) fn holds(
    set: &WorkingSet,
    member_no: MemberNo,
    application_id: &ApplicationId,
    at: Timestamp,
) -> bool {
    let mut reservations = set.subjects.values().flat_map(|rows| &rows.reservations);
    reservations
        .any(|row| row.member_no == member_no && row.application_id == *application_id && row.is_live(at))
}

fn few_tries(check: &Check, row: &ApplicationRow) -> Result<(), Refused> {
    let known = row
        .tries
        .iter()
        .any(|tried| (tried.amount, tried.monthly_payment) == (check.amount, check.monthly_payment));
    if known || row.tries.len() < TRIES_PER_APPLICATION_MAX {
        return Ok(());
    }
    let text = format!(
        "{TRIES_PER_APPLICATION_MAX} pairs of amount and payment were checked in this application, the most that are \
         allowed: check one of these again"
    );
    Err(Refused::because(Violation::new(
        Code::AmountsUsedUp,
        "amount",
        text,
    )))
}

fn few_applications(
    set: &WorkingSet,
    rows: &SubjectRows,
    member_no: MemberNo,
    check: &Check,
    today: NaiveDate,
) -> Result<(), Refused> {
    let others = rows.applications.iter().filter(|row| {
        row.member_no == member_no
            && row.application_id != check.application_id
            && set.rules.zone.date_of(row.checked_at) == today
    });
    if others.count() < APPLICATIONS_PER_DAY_MAX {
        return Ok(());
    }
    let text = format!(
        "{APPLICATIONS_PER_DAY_MAX} applications of this borrower were checked today, the most that are allowed: check one \
         of these again, or this one tomorrow"
    );
    Err(Refused {
        violations: vec![Violation::new(Code::QuotaExceeded, "application_id", text)],
        retry_at: Some(set.rules.zone.start_of(days_after(today, 1))),
    })
}

fn few_reservations(
    rows: &SubjectRows,
    member_no: MemberNo,
    check: &Check,
    at: Timestamp,
) -> Result<(), Refused> {
    let others = rows.reservations.iter().filter(|row| {
        row.member_no == member_no && row.application_id != check.application_id && row.is_live(at)
    });
    if others.count() < RESERVATIONS_PER_SUBJECT_MAX {
        return Ok(());
    }
    let text = format!(
        "you hold {RESERVATIONS_PER_SUBJECT_MAX} reservations for this borrower, the most that are allowed: confirm or \
         release one of them first"
    );
    Err(Refused::because(Violation::new(
        Code::ReservationsUsedUp,
        "application_id",
        text,
    )))
}

/// Whether a member checks a borrower for the first time on a day, or the same pair again that it was told yes to.
pub(super) fn is_first_of_day(
    rows: &SubjectRows,
    member_no: MemberNo,
    check: &Check,
    today: NaiveDate,
) -> bool {
    let own = rows.applications.iter().filter(|row| row.member_no == member_no);
    let mut tries = own.flat_map(|row| {
        let of_today = row.tries.iter().filter(|tried| tried.on == today);
        of_today.map(move |tried| (row.application_id == check.application_id, tried))
    });
    let wanted = (check.amount, check.monthly_payment);
    tries.clone().next().is_none()
        || tries.any(|(same, tried)| same && tried.allowed && (tried.amount, tried.monthly_payment) == wanted)
}
