//! A loan that was made unchecked, judged as if it had been checked: by what is on file, as things stood when it was
//! granted, itself apart.

use chrono::NaiveDate;

use super::guard;
use super::standing::{self, Own};
use super::{Borrower, look};
use crate::domain::date::Timestamp;
use crate::domain::exposure::obligation::monthly_obligation;
use crate::domain::exposure::resolve::Resolution;
use crate::domain::names::{AccountNo, MemberNo, SubjectId};
use crate::domain::offline::OverLimit;
use crate::domain::position::Facts;
use crate::domain::rules::{self, Application, ReasonCode, RulePack, Standing};
use crate::domain::token::{Presented, Pseudonym};
use crate::domain::unit::WorkingSet;

/// A loan that is on file, and the rules to judge it by.
pub(in crate::domain::unit) struct Made<'a> {
    /// The loan.
    pub account_no: AccountNo,
    /// What it is.
    pub facts: &'a Facts,
    /// The rules.
    pub pack: &'a RulePack,
    /// Gross monthly income, minor units; stated when the pack needs it.
    pub monthly_income: Option<i64>,
    /// When it was granted.
    pub granted_at: Timestamp,
}

impl Made<'_> {
    fn application(&self, set: &WorkingSet, member_no: MemberNo, today: NaiveDate) -> Application {
        let facts = self.facts;
        let days = facts.matures_on.map(|matures_on| matures_on - facts.opened_on);
        Application {
            lender: member_no,
            lender_group: standing::group_of(set, member_no),
            product_type: facts.product_type,
            amount: match facts.account_type.is_revolving() {
                true => facts.credit_limit,
                false => facts.original_amount,
            },
            monthly_payment: i64::try_from(monthly_obligation(facts, today)).unwrap_or(i64::MAX),
            term_days: days.map_or(1, |days| u32::try_from(days.num_days()).unwrap_or(1).max(1)),
            monthly_income: self.monthly_income,
        }
    }
}

/// What the loan broke, for all who owe together, and who that is. What its member is told is never exact where others are
/// owed: a code would buy one exact comparison each otherwise, and a lender has many codes (domain.md 4.3, P13).
pub(in crate::domain::unit) fn judge_made(
    set: &WorkingSet,
    member_no: MemberNo,
    borrowers: &[Vec<Presented<Pseudonym>>],
    made: &Made<'_>,
) -> OverLimit {
    let today = set.rules.zone.date_of(made.granted_at);
    let application = made.application(set, member_no, today);
    let bands = set.rules.bands(made.pack.currency);
    let (mut exact, mut told) = (Vec::new(), Vec::new());
    for tokens in borrowers {
        let borrower = match borrower(set, member_no, tokens, today) {
            Ok(borrower) => borrower,
            Err(reason) => {
                exact.push(reason);
                told.push(reason);
                continue;
            }
        };
        let own = Own::Loan(member_no, made.account_no);
        let mut standing = standing::of(set, own, made.pack.currency, &borrower, made.granted_at);
        as_it_stood(&mut standing);
        let verdict = rules::evaluate(made.pack, &application, &standing);
        exact.extend(verdict.reasons.iter().map(|reason| reason.code));
        let rounded = guard::tell(&verdict, bands, !verdict.others_owe);
        told.extend(rounded.reasons.into_values());
    }
    OverLimit {
        rule_pack: Some((made.pack.name.clone(), made.pack.version)),
        exact: each_once(exact),
        told: each_once(told),
    }
}

/// What was not yet so at the standing's instant is taken out of it: loans opened on a later day, and closings.
pub(super) fn as_it_stood(standing: &mut Standing) {
    let (now, today) = (standing.now, standing.today());
    standing.loans.retain(|loan| loan.opened_on <= today);
    for loan in &mut standing.loans {
        if loan.closed_on.is_some_and(|closed_on| closed_on > today) {
            loan.closed_on = None;
            loan.closed_at = None;
            loan.active = true;
        }
        loan.closed_at = loan.closed_at.map(|received| received.min(now));
    }
}

/// Everybody whom tokens mean, for the mark that a look leaves; each with whether a strong token named it and whether it is
/// counted.
pub(in crate::domain::unit) fn looked_at(
    set: &WorkingSet,
    member_no: MemberNo,
    tokens: &[Presented<Pseudonym>],
    today: NaiveDate,
) -> Vec<(SubjectId, bool, bool)> {
    match look::resolution(set, member_no, tokens, today) {
        Resolution::Conflict { subjects, .. } => subjects
            .into_iter()
            .map(|subject| (subject, false, false))
            .collect(),
        Resolution::About(about) => {
            let known = about.subject.map(|subject| (subject, about.strong, true));
            known.into_iter().collect()
        }
    }
}

fn borrower(
    set: &WorkingSet,
    member_no: MemberNo,
    tokens: &[Presented<Pseudonym>],
    today: NaiveDate,
) -> Result<Borrower, ReasonCode> {
    match look::resolution(set, member_no, tokens, today) {
        Resolution::Conflict { .. } => Err(ReasonCode::IdentityConflict),
        Resolution::About(about) => match about.subject {
            Some(subject_id) if about.strong => Ok(Borrower {
                subject_id,
                about,
                tokens: Vec::new(),
                is_primary: false,
            }),
            Some(_) | None => Err(ReasonCode::IdentityTooWeak),
        },
    }
}

fn each_once(mut reasons: Vec<ReasonCode>) -> Vec<ReasonCode> {
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}
