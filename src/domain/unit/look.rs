//! A look at a subject: resolved, answered, recorded; frozen for the day when it is a query (semantics 1, 4).

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::rows::{FrozenRow, InquiryRow, LookKind};
use super::working_set::{Change, SubjectRows};
use super::{Decision, Look, Outcome, Refused, WorkingSet, allowance};
use crate::domain::conduct::DayTally;
use crate::domain::date::{Timestamp, days_after, days_before};
use crate::domain::exposure::answer::{self, Asked};
use crate::domain::exposure::resolve::{self, Resolution, Shown};
use crate::domain::exposure::{Answer, Figures};
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::{AnswerId, MemberNo, SubjectId, TokenId};
use crate::domain::rules::Judged;
use crate::domain::token::{Presented, Pseudonym, TokenRow};
use crate::domain::violation::{Code, Violation};

/// Days over which subjects created by inquiry are held against evaluated tokens.
const CREATION_WINDOW_DAYS: u32 = 30;

/// Looks of one member at one subject on one civil day: far above any honest need, so that nobody can make a subject's
/// rows too many to read.
pub const LOOKS_PER_SUBJECT_AND_DAY_MAX: usize = 200;

/// Decides a look of a member.
pub(super) fn decide(
    set: &mut WorkingSet,
    member_no: MemberNo,
    look: &Look,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let today = set.rules.zone.date_of(at);
    let resolution = resolution(set, member_no, &look.inquiry.tokens, today);
    let meant = match &resolution {
        Resolution::Conflict { subjects, .. } => subjects.iter().copied().collect(),
        Resolution::About(about) => Vec::from_iter(about.subject),
    };
    refuse_too_many(set, member_no, &meant, today)?;
    if counts(look.kind, look.inquiry.purpose) {
        allowance::may_look(set, member_no, 1, today)?;
    }
    match resolution {
        Resolution::Conflict {
            subjects,
            shared_mobile,
        } => Ok(conflict(set, member_no, look, at, &subjects, shared_mobile)),
        Resolution::About(about) => {
            let subject = match about.subject {
                Some(subject) => subject,
                None => create_subject(set, member_no, &look.inquiry.tokens, today)?,
            };
            answer_about(set, member_no, look, at, subject, &about)
        }
    }
}

/// Whom tokens mean.
pub(super) fn resolution(
    set: &WorkingSet,
    member_no: MemberNo,
    tokens: &[Presented<Pseudonym>],
    today: NaiveDate,
) -> Resolution {
    let shown: Vec<Shown> = tokens
        .iter()
        .map(|shown| Shown {
            identifier_type: shown.token.identifier_type,
            verified_on: shown.verified_on,
            row: set.tokens.get(&shown.token).copied(),
        })
        .collect();
    let mobile = shown
        .iter()
        .find(|shown| !shown.identifier_type.is_strong())
        .and_then(|shown| shown.row);
    let links = mobile
        .and_then(|row| set.links.get(&row.subject_id))
        .map_or(&[][..], Vec::as_slice);
    resolve::resolve(&shown, links, member_no, today)
}

fn answer_about(
    set: &mut WorkingSet,
    member_no: MemberNo,
    look: &Look,
    at: Timestamp,
    subject: SubjectId,
    about: &resolve::About,
) -> Result<Decision, Refused> {
    let today = set.rules.zone.date_of(at);
    let empty = SubjectRows::default();
    let rows = set.subjects.get(&subject).unwrap_or(&empty);
    if look.kind == LookKind::Review && reviewed_today(set, rows, member_no, about.strong, today) {
        return Err(Refused::because(already_reviewed()));
    }
    let asked = Asked {
        caller: member_no,
        currency: look.inquiry.currency,
        now: at,
        rules: &set.rules,
        network: &set.network,
    };
    let joined = about.joined.and_then(|mobile| set.subjects.get(&mobile));
    let hard = look.inquiry.purpose.is_hard();
    let frozen = rows.frozen.iter().find(|row| {
        row.member_no == member_no && row.day == today && row.hard == hard && row.with_strong == about.strong
    });
    let (figures, is_new) = match frozen {
        Some(row) => (row.figures.clone(), false),
        None => (answer::figures(&asked, about, rows, joined), true),
    };
    let own = answer::own(&asked, about, rows, joined, figures.currency);
    if is_new && look.kind == LookKind::Query {
        freeze(set, member_no, subject, today, hard, about.strong, &figures);
    }
    mark(member_no, look, at).leave(set, subject, about.strong, true);
    let answer = Answer {
        answer_id: look.answer_id,
        answered_at: at,
        figures,
        own: Some(own),
    };
    Ok(answered(look, answer, vec![subject]))
}

/// Refuses a member that looked at one of these subjects as often today as it may.
pub(super) fn refuse_too_many(
    set: &WorkingSet,
    member_no: MemberNo,
    subjects: &[SubjectId],
    today: NaiveDate,
) -> Result<(), Refused> {
    let of_today =
        |row: &&InquiryRow| row.member_no == member_no && set.rules.zone.date_of(row.inquired_at) == today;
    let too_many = subjects
        .iter()
        .filter_map(|subject| set.subjects.get(subject))
        .any(|rows| {
            let latest_first = rows.inquiries.iter().rev();
            latest_first
                .filter(of_today)
                .nth(LOOKS_PER_SUBJECT_AND_DAY_MAX - 1)
                .is_some()
        });
    if !too_many {
        return Ok(());
    }
    let text = format!(
        "you looked at this subject {LOOKS_PER_SUBJECT_AND_DAY_MAX} times today, the most that are allowed: the figures of a \
         day do not change, use those you have"
    );
    let retry_at = Some(set.rules.zone.start_of(days_after(today, 1)));
    Err(Refused {
        violations: vec![Violation::new(Code::QuotaExceeded, "tokens", text)],
        retry_at,
    })
}

fn reviewed_today(
    set: &WorkingSet,
    rows: &SubjectRows,
    member_no: MemberNo,
    strong: bool,
    today: NaiveDate,
) -> bool {
    rows.inquiries.iter().any(|row| {
        row.kind == LookKind::Review
            && row.member_no == member_no
            && row.with_strong == strong
            && row.counted
            && set.rules.zone.date_of(row.inquired_at) == today
    })
}

fn already_reviewed() -> Violation {
    Violation::new(
        Code::AlreadyReviewedToday,
        "tokens",
        "this subject was reviewed today: review it again tomorrow, or ask once more with QueryExposure and a soft purpose",
    )
}

fn freeze(
    set: &mut WorkingSet,
    member_no: MemberNo,
    subject_id: SubjectId,
    day: NaiveDate,
    hard: bool,
    with_strong: bool,
    figures: &Figures,
) {
    let row = FrozenRow {
        subject_id,
        member_no,
        day,
        hard,
        with_strong,
        figures: figures.clone(),
    };
    set.subjects
        .entry(subject_id)
        .or_default()
        .frozen
        .push(row.clone());
    set.changes.push(Change::PutFrozen(Box::new(row)));
}

/// What every look leaves under whom it concerns.
#[derive(Clone, Copy)]
pub(super) struct Mark<'a> {
    /// Who looks.
    pub member_no: MemberNo,
    /// When.
    pub at: Timestamp,
    /// The answer.
    pub answer_id: AnswerId,
    /// By which rpc.
    pub kind: LookKind,
    /// Why.
    pub purpose: Purpose,
    /// With whose consent.
    pub consent: &'a Consent,
    /// What the rules said, if it is counted with this subject.
    pub judged: Option<Judged>,
}

impl Mark<'_> {
    /// Leaves it.
    pub fn leave(&self, set: &mut WorkingSet, subject_id: SubjectId, with_strong: bool, counted: bool) {
        let row = InquiryRow {
            subject_id,
            member_no: self.member_no,
            inquired_at: self.at,
            answer_id: self.answer_id,
            kind: self.kind,
            purpose: self.purpose,
            with_strong,
            counted,
            judged: self.judged,
            consent: Some(self.consent.clone()),
        };
        set.subjects
            .entry(subject_id)
            .or_default()
            .inquiries
            .push(row.clone());
        set.changes.push(Change::InsertInquiry(Box::new(row)));
        if counts(self.kind, self.purpose) {
            let today = set.rules.zone.date_of(self.at);
            let tally = DayTally {
                hard_looks: 1,
                ..DayTally::default()
            };
            allowance::count(set, self.member_no, today, tally);
        }
    }
}

/// Whether a look counts against the day's hard looks: reviews of a member's own book do not, nor loans made already.
fn counts(kind: LookKind, purpose: Purpose) -> bool {
    !matches!(kind, LookKind::Review | LookKind::Backfill) && purpose.is_hard()
}

fn mark(member_no: MemberNo, look: &Look, at: Timestamp) -> Mark<'_> {
    Mark {
        member_no,
        at,
        answer_id: look.answer_id,
        kind: look.kind,
        purpose: look.inquiry.purpose,
        consent: &look.inquiry.consent,
        judged: None,
    }
}

/// Different subjects: no figures, nothing frozen; recorded under each, never counted.
fn conflict(
    set: &mut WorkingSet,
    member_no: MemberNo,
    look: &Look,
    at: Timestamp,
    subjects: &BTreeSet<SubjectId>,
    shared_mobile: bool,
) -> Decision {
    let asked = Asked {
        caller: member_no,
        currency: look.inquiry.currency,
        now: at,
        rules: &set.rules,
        network: &set.network,
    };
    let figures = answer::conflict(&asked, shared_mobile);
    let strong = look
        .inquiry
        .tokens
        .iter()
        .any(|shown| shown.token.identifier_type.is_strong());
    for subject in subjects {
        mark(member_no, look, at).leave(set, *subject, strong, false);
    }
    let answer = Answer {
        answer_id: look.answer_id,
        answered_at: at,
        figures,
        own: None,
    };
    answered(look, answer, subjects.iter().copied().collect())
}

fn answered(look: &Look, answer: Answer, subjects: Vec<SubjectId>) -> Decision {
    Decision {
        outcome: Outcome::Answered(Box::new(answer)),
        subjects,
        purpose: Some(look.inquiry.purpose),
        remember: true,
    }
}

/// A subject for an unknown person, so that the look can be counted. Its first token names it: a strong one if any was
/// shown (tokens are in the order of precedence), else the mobile.
pub(super) fn create_subject(
    set: &mut WorkingSet,
    member_no: MemberNo,
    tokens: &[Presented<Pseudonym>],
    today: NaiveDate,
) -> Result<SubjectId, Refused> {
    let Some(token) = tokens.first().map(|shown| shown.token.clone()) else {
        let text = "name the subject by 1 to 4 tokens";
        return Err(Refused::because(Violation::new(
            Code::FieldRequired,
            "tokens",
            text,
        )));
    };
    count_creation(set, member_no, today)?;
    let subject_id = SubjectId(set.numbers.next());
    learn(set, token, subject_id);
    Ok(subject_id)
}

fn learn(set: &mut WorkingSet, token: Pseudonym, subject_id: SubjectId) {
    let token_id = TokenId(set.numbers.next());
    let row = TokenRow {
        token_id,
        identifier_type: token.identifier_type,
        subject_id,
    };
    set.tokens.insert(token.clone(), row);
    set.changes.push(Change::InsertToken(token, row));
}

fn count_creation(set: &mut WorkingSet, member_no: MemberNo, today: NaiveDate) -> Result<(), Refused> {
    may_create(set, member_no, 1, today)?;
    let usage = set.usage.entry(member_no).or_default();
    match usage.subjects_created.iter_mut().find(|(day, _)| *day == today) {
        Some((_, count)) => *count += 1,
        None => usage.subjects_created.push((today, 1)),
    }
    set.changes.push(Change::CountSubjectCreated(member_no, today));
    Ok(())
}

/// Whether a member may ask about so many more unknown subjects.
///
/// # Errors
/// Refused when it asked about more of them in 30 days than it ever had tokens evaluated, or about too many today.
pub(super) fn may_create(
    set: &WorkingSet,
    member_no: MemberNo,
    subjects: u64,
    today: NaiveDate,
) -> Result<(), Refused> {
    let usage = set.usage.get(&member_no);
    let since = days_before(today, CREATION_WINDOW_DAYS);
    let created: u64 = usage
        .iter()
        .flat_map(|usage| &usage.subjects_created)
        .filter(|(day, _)| *day > since)
        .map(|(_, count)| *count)
        .sum();
    let evaluated = usage.map_or(0, |usage| usage.evaluations_ever);
    if subjects > 0 && created.saturating_add(subjects) > evaluated {
        return Err(Refused::because(Violation::new(
            Code::TokensNotEvaluated,
            "tokens",
            "more unknown subjects were asked about in 30 days than tokens were ever evaluated for you: obtain tokens \
             from TokenService, never invent or copy them",
        )));
    }
    allowance::may_meet(set, member_no, subjects, today)
}
