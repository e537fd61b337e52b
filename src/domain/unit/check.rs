//! A check: whether a loan may be made, and in the same step room held for it, so that of all who ask at once only as many
//! are told yes as the rules allow (domain.md 4.4).
//!
//! Everyone who would owe is judged together, on live data. A check is a look: it binds no identifier and leaves its mark,
//! whatever comes of it. How much may be varied is bounded by `application`, how much an answer tells by `guard`.

mod application;
mod found;
mod guard;
mod made;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use self::found::Assessed;
pub(super) use self::made::{Made, judge_made, looked_at};
use self::standing::Own;
use super::look::{self, Mark};
use super::rows::{ApplicationRow, ApplicationTerms, LookKind, ReservationRow, RulingRow, Try};
use super::working_set::{Change, SubjectRows};
use super::{Decision, Outcome, Refused, WorkingSet, allowance, reserve};
use crate::domain::conduct::DayTally;
use crate::domain::date::Timestamp;
use crate::domain::exposure::resolve::{About, Resolution};
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::{AnswerId, ApplicationId, MemberNo, ReservationId, Sha256, SubjectId, TokenId};
use crate::domain::position::ProductType;
use crate::domain::reservation::{Eligibility, PackVersion, Reservation, ReservationState, Ruled, Ruling};
use crate::domain::rules::{Finding, Judged, ReasonCode, RulePack, Verdict};
use crate::domain::token::{Presented, Pseudonym};

/// An application to be checked.
#[derive(Debug, Clone)]
pub struct Check {
    /// The name the ruling will have.
    pub answer_id: AnswerId,
    /// The name the reservation will have, if there is one.
    pub reservation_id: ReservationId,
    /// The member's name of the application.
    pub application_id: ApplicationId,
    /// The tokens of everyone who would owe, each in type order; at least one.
    pub borrowers: Vec<Vec<Presented<Pseudonym>>>,
    /// Why; a hard purpose.
    pub purpose: Purpose,
    /// The consent behind it, already checked against today and the purpose.
    pub consent: Consent,
    /// The rules, in force today; amounts are in their currency.
    pub pack: Arc<RulePack>,
    /// What is applied for.
    pub product_type: ProductType,
    /// Minor units applied for, above zero.
    pub amount: i64,
    /// Days from payout to the last payment, at least 1.
    pub term_days: u32,
    /// Minor units due in a month.
    pub monthly_payment: i64,
    /// Gross monthly income, minor units; stated when the pack needs it. Never stored.
    pub monthly_income: Option<i64>,
    /// Keyed hash of the income: what is stored instead.
    pub income_digest: Option<Sha256>,
}

impl Check {
    fn terms(&self) -> ApplicationTerms {
        ApplicationTerms {
            product_type: self.product_type,
            term_days: self.term_days,
            currency: self.pack.currency,
            rule_pack: self.pack.name.clone(),
            income_digest: self.income_digest,
        }
    }

    fn mark(&self, member_no: MemberNo, at: Timestamp, judged: Option<Judged>) -> Mark<'_> {
        Mark {
            member_no,
            at,
            answer_id: self.answer_id,
            kind: LookKind::Check,
            purpose: self.purpose,
            consent: &self.consent,
            judged,
        }
    }
}

/// Somebody who would owe, known by now.
struct Borrower {
    subject_id: SubjectId,
    about: About,
    tokens: Vec<TokenId>,
    /// Whether it is the one who would owe first: a check is counted with it.
    is_primary: bool,
}

/// Decides a check of a member.
pub(super) fn decide(
    set: &mut WorkingSet,
    member_no: MemberNo,
    check: &Check,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let today = set.rules.zone.date_of(at);
    let resolutions: Vec<Resolution> = check
        .borrowers
        .iter()
        .map(|tokens| look::resolution(set, member_no, tokens, today))
        .collect();
    look::refuse_too_many(set, member_no, &known(&resolutions), today)?;
    let people = u64::try_from(check.borrowers.len()).unwrap_or(u64::MAX);
    allowance::may_look(set, member_no, people, today)?;
    if !application::holds(set, member_no, &check.application_id, at) {
        allowance::may_reserve(set, member_no, today)?;
    }
    let strangers = resolutions.iter().filter(|resolution| is_stranger(resolution));
    look::may_create(
        set,
        member_no,
        u64::try_from(strangers.count()).unwrap_or(u64::MAX),
        today,
    )?;
    if let Some(reason) = referral(&resolutions) {
        return refer(set, member_no, check, at, reason);
    }
    application::admit(set, member_no, check, &resolutions, at)?;
    let Some(borrowers) = borrowers(set, member_no, check, today)? else {
        return refer(set, member_no, check, at, ReasonCode::IdentityConflict);
    };
    let assessed: Vec<Assessed> = borrowers
        .iter()
        .map(|borrower| judge(set, member_no, check, borrower, at))
        .collect();
    let ruling = rule(check, &assessed);
    let judged = found::judged(&ruling, &assessed);
    for borrower in &borrowers {
        check
            .mark(member_no, at, borrower.is_primary.then_some(judged))
            .leave(set, borrower.subject_id, borrower.about.strong, true);
        let allowed = ruling.eligibility == Eligibility::Eligible;
        remember(set, member_no, check, (borrower, allowed), at);
    }
    let reservation = match ruling.eligibility {
        Eligibility::Eligible => reserve(set, member_no, check, &borrowers, at),
        Eligibility::Ineligible | Eligibility::Refer => None,
    };
    let subjects = borrowers.iter().map(|borrower| borrower.subject_id).collect();
    Ok(ruled(set, member_no, check, at, ruling, reservation, subjects))
}

/// All subjects that are on file for somebody.
fn known(resolutions: &[Resolution]) -> Vec<SubjectId> {
    let subjects = resolutions.iter().flat_map(|resolution| match resolution {
        Resolution::Conflict { subjects, .. } => subjects.iter().copied().collect(),
        Resolution::About(about) => Vec::from_iter(about.subject),
    });
    subjects.collect()
}

fn is_stranger(resolution: &Resolution) -> bool {
    matches!(resolution, Resolution::About(about) if about.subject.is_none())
}

/// Why a person must look, if one must: it is not sure enough who would owe.
fn referral(resolutions: &[Resolution]) -> Option<ReasonCode> {
    let conflict = |resolution: &Resolution| matches!(resolution, Resolution::Conflict { .. });
    let weak = |resolution: &Resolution| matches!(resolution, Resolution::About(about) if !about.strong);
    if resolutions.iter().any(conflict) {
        Some(ReasonCode::IdentityConflict)
    } else if resolutions.iter().any(weak) {
        Some(ReasonCode::IdentityTooWeak)
    } else {
        None
    }
}

/// Everyone who would owe, each once, strangers made known; in the order of their numbers, so that two checks of the same
/// people in another order leave the same. `None`: a token of one of them names a stranger who is somebody else.
fn borrowers(
    set: &mut WorkingSet,
    member_no: MemberNo,
    check: &Check,
    today: NaiveDate,
) -> Result<Option<Vec<Borrower>>, Refused> {
    let mut borrowers: Vec<Borrower> = Vec::with_capacity(check.borrowers.len());
    for (number, tokens) in check.borrowers.iter().enumerate() {
        // Again: a stranger may be named twice.
        let Resolution::About(about) = look::resolution(set, member_no, tokens, today) else {
            return Ok(None);
        };
        let subject_id = match about.subject {
            Some(subject) => subject,
            None => look::create_subject(set, member_no, tokens, today)?,
        };
        if borrowers.iter().any(|known| known.subject_id == subject_id) {
            continue;
        }
        let tokens = tokens.iter().filter_map(|shown| set.tokens.get(&shown.token));
        borrowers.push(Borrower {
            subject_id,
            about,
            tokens: tokens.map(|row| row.token_id).collect(),
            is_primary: number == 0,
        });
    }
    borrowers.sort_by_key(|borrower| borrower.subject_id);
    Ok(Some(borrowers))
}

/// What the rules say about a borrower, told as far as it may be.
fn judge(
    set: &WorkingSet,
    member_no: MemberNo,
    check: &Check,
    borrower: &Borrower,
    at: Timestamp,
) -> Assessed {
    let application = standing::application(set, member_no, check);
    let own = Own::Application(member_no, &check.application_id);
    let standing = standing::of(set, own, check.pack.currency, borrower, at);
    let empty = SubjectRows::default();
    let rows = set.subjects.get(&borrower.subject_id).unwrap_or(&empty);
    let today = set.rules.zone.date_of(at);
    let may_be_exact = application::is_first_of_day(rows, member_no, check, today);
    let bands = set.rules.bands(check.pack.currency);
    found::assess(
        check,
        &application,
        standing,
        bands,
        (may_be_exact, borrower.is_primary),
    )
}

/// What may be told about all borrowers together.
fn rule(check: &Check, assessed: &[Assessed]) -> Ruling {
    let verdicts = assessed.iter().map(|one| one.verdict.clone());
    let verdict = verdicts.reduce(Verdict::join).unwrap_or_default();
    let broken: BTreeMap<usize, ReasonCode> =
        assessed.iter().flat_map(|one| one.told.reasons.clone()).collect();
    let mut reasons: Vec<ReasonCode> = Vec::new();
    for code in broken.values() {
        if !reasons.contains(code) {
            reasons.push(*code);
        }
    }
    let all_in_verdict = verdict.reasons.len() == broken.len();
    let offered = |place: usize| {
        let offers = assessed.iter().filter_map(|one| one.told.offers);
        offers.map(|offers| offers[place]).min().unwrap_or(0)
    };
    Ruling {
        eligibility: match reasons.is_empty() {
            true => Eligibility::Eligible,
            false => Eligibility::Ineligible,
        },
        max_additional_amount: match reasons.as_slice() {
            [] => offered(0),
            [ReasonCode::AmountCap] => offered(1),
            _ => 0,
        },
        retry_on: verdict.retry_on().filter(|_| all_in_verdict),
        reasons,
        pack: version_of(&check.pack),
    }
}

/// Keeps what was tried with a borrower.
fn remember(
    set: &mut WorkingSet,
    member_no: MemberNo,
    check: &Check,
    (borrower, allowed): (&Borrower, bool),
    at: Timestamp,
) {
    let tried = Try {
        amount: check.amount,
        monthly_payment: check.monthly_payment,
        on: set.rules.zone.date_of(at),
        allowed,
    };
    let rows = set.subjects.entry(borrower.subject_id).or_default();
    let place = application::place(&rows.applications, member_no, &check.application_id);
    let mut row = match place {
        Some(place) => rows.applications.swap_remove(place),
        None => ApplicationRow {
            subject_id: borrower.subject_id,
            member_no,
            application_id: check.application_id.clone(),
            opened_at: at,
            checked_at: at,
            terms: check.terms(),
            tries: Vec::new(),
        },
    };
    row.checked_at = at;
    let same =
        |known: &&mut Try| (known.amount, known.monthly_payment) == (tried.amount, tried.monthly_payment);
    match row.tries.iter_mut().find(same) {
        Some(known) => *known = tried,
        None => row.tries.push(tried),
    }
    rows.applications.push(row.clone());
    set.changes.push(Change::PutApplication(Box::new(row)));
}

/// Holds room with everyone who would owe. What the application holds already is held on with the new amount, under the same
/// name and no longer than its pack allowed from the first: nobody keeps room for good by checking again.
fn reserve(
    set: &mut WorkingSet,
    member_no: MemberNo,
    check: &Check,
    borrowers: &[Borrower],
    at: Timestamp,
) -> Option<Reservation> {
    let known = set
        .subjects
        .values()
        .flat_map(|rows| &rows.reservations)
        .find(|row| {
            row.member_no == member_no && row.application_id == check.application_id && row.is_live(at)
        })
        .cloned();
    let minutes = |minutes: u32| at.plus_seconds(i64::from(minutes) * 60);
    let lifetime = check.pack.lifetime;
    let most = known
        .as_ref()
        .map_or(minutes(lifetime.maximum_minutes), |row| row.expires_at_most);
    let expires_at = minutes(lifetime.default_minutes).min(most);
    let mut reservation = None;
    for borrower in borrowers {
        let fresh = ReservationRow {
            subject_id: borrower.subject_id,
            member_no,
            reservation_id: check.reservation_id,
            application_id: check.application_id.clone(),
            state: ReservationState::Active,
            currency: check.pack.currency,
            amount: check.amount,
            monthly_payment: check.monthly_payment,
            product_type: check.product_type,
            borrowers: u32::try_from(borrowers.len()).unwrap_or(u32::MAX),
            created_at: at,
            expires_at,
            expires_at_most: most,
            extensions: 0,
            ended_at: None,
            release_reason: None,
            account_no: None,
            late: false,
            tokens: borrower.tokens.clone(),
        };
        let row = match &known {
            Some(known) => ReservationRow {
                reservation_id: known.reservation_id,
                created_at: known.created_at,
                expires_at: known.expires_at.max(expires_at),
                extensions: known.extensions,
                ..fresh
            },
            None => fresh,
        };
        reservation = Some(row.seen_at(at));
        reserve::put(set, row);
    }
    if known.is_none() && reservation.is_some() {
        let today = set.rules.zone.date_of(at);
        let tally = DayTally {
            reserved: 1,
            ..DayTally::default()
        };
        allowance::count(set, member_no, today, tally);
    }
    reservation
}

/// A person must look: the look leaves its marks, nothing is judged and nothing held.
fn refer(
    set: &mut WorkingSet,
    member_no: MemberNo,
    check: &Check,
    at: Timestamp,
    reason: ReasonCode,
) -> Result<Decision, Refused> {
    let today = set.rules.zone.date_of(at);
    let mut looked_at = BTreeSet::new();
    let mut primary = None;
    for tokens in &check.borrowers {
        match look::resolution(set, member_no, tokens, today) {
            Resolution::Conflict { subjects, .. } => {
                looked_at.extend(subjects.into_iter().map(|subject| (subject, false, false)));
            }
            Resolution::About(about) => {
                let subject = match about.subject {
                    Some(subject) => subject,
                    None => look::create_subject(set, member_no, tokens, today)?,
                };
                looked_at.insert((subject, about.strong, true));
            }
        }
        // Of those in a conflict the first: one of them it is.
        primary = primary.or_else(|| looked_at.first().map(|(subject, ..)| *subject));
    }
    let judged = Judged {
        finding: Finding::Refer,
        burden: None,
    };
    // One mark for each: who is in a conflict is not counted.
    let mut marked = BTreeSet::new();
    for (subject, strong, counted) in &looked_at {
        if marked.insert(*subject) {
            let judged = (primary == Some(*subject)).then_some(judged);
            check
                .mark(member_no, at, judged)
                .leave(set, *subject, *strong, *counted);
        }
    }
    let ruling = Ruling {
        eligibility: Eligibility::Refer,
        reasons: vec![reason],
        max_additional_amount: 0,
        retry_on: None,
        pack: version_of(&check.pack),
    };
    Ok(ruled(
        set,
        member_no,
        check,
        at,
        ruling,
        None,
        marked.into_iter().collect(),
    ))
}

fn ruled(
    set: &mut WorkingSet,
    member_no: MemberNo,
    check: &Check,
    at: Timestamp,
    ruling: Ruling,
    reservation: Option<Reservation>,
    subjects: Vec<SubjectId>,
) -> Decision {
    let ruled = Ruled {
        answer_id: check.answer_id,
        decided_at: at,
        ruling,
    };
    set.changes.push(Change::InsertRuling(Box::new(RulingRow {
        member_no,
        ruled: ruled.clone(),
    })));
    Decision {
        outcome: Outcome::Ruled {
            ruled: Box::new(ruled),
            reservation,
        },
        subjects,
        purpose: Some(check.purpose),
        remember: true,
    }
}

fn version_of(pack: &RulePack) -> PackVersion {
    PackVersion {
        name: pack.name.clone(),
        version: pack.version,
        sha256: pack.sha256,
    }
}
