//! What a new statement about an account breaks against the one before it (V14, V15, V19, V20, V23, V24, V25).
//!
//! Rules depend on the change alone, never on the declared event. The first statement opens the account and breaks none
//! of them. Order and replay (V21, V22) are judged where versions are kept.

use chrono::NaiveDate;

use super::Findings;
use crate::domain::position::{AccountStatus, AccountType, Facts, Liability, LiabilityRole, ReportOrder};
use crate::domain::token::TokenRef;
use crate::domain::unit::rows::Version;
use crate::domain::violation::Code;

/// What was said about an account at one time.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// Everyone liable.
    pub liabilities: &'a [Liability<TokenRef>],
    /// What was said.
    pub facts: &'a Facts,
    /// When.
    pub order: ReportOrder,
}

impl<'a> From<&'a Version> for Stated<'a> {
    fn from(version: &'a Version) -> Self {
        Self {
            liabilities: &version.liabilities,
            facts: &version.facts,
            order: version.order,
        }
    }
}

/// How a new statement comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Time went on: `before` is the current version.
    Report,
    /// A version was wrong: `before` is the version before it. May change who and what it was (V19, V20) and reopen
    /// (V23).
    Correction,
}

/// What `after` breaks against `before`. Field paths start with `position`. Call it only when there is a version before.
pub fn check_change(before: Stated<'_>, after: Stated<'_>, kind: ChangeKind) -> Findings {
    let mut findings = Findings::default();
    extension(&before, &after, &mut findings);
    match kind {
        ChangeKind::Report => fixed_by_reports(&before, &after, &mut findings),
        ChangeKind::Correction => {}
    }
    days_past_due(&before, &after, &mut findings);
    first_delinquency(&before, &after, &mut findings);
    findings
}

/// V14 and V15.
fn extension(before: &Stated<'_>, after: &Stated<'_>, findings: &mut Findings) {
    let (old, new) = (before.facts, after.facts);
    if new.extension_count > old.extension_count {
        let extends = match new.account_type {
            AccountType::NonRevolving | AccountType::CreditCard => true,
            AccountType::Revolving | AccountType::Collection => false,
        };
        if !extends {
            let text = format!(
                "extension_count grows from {} to {}, but an account of this type is never extended",
                old.extension_count, new.extension_count
            );
            findings.violate(Code::TypeEventMismatch, "position.extension_count", text);
        }
        if let Some(matured_on) = old
            .matures_on
            .filter(|matured_on| !later(new.matures_on, *matured_on))
        {
            let text = format!("extension_count grows, so matures_on must be later than {matured_on}");
            findings.violate(Code::ExtensionMonths, "position.matures_on", text);
        }
    }
    let grows = new.outstanding_principal > old.outstanding_principal && new.currency == old.currency;
    if new.account_type == AccountType::Collection && grows {
        let text = format!(
            "outstanding_principal grows from {} to {}, but nothing more is lent on a collection account",
            old.outstanding_principal, new.outstanding_principal
        );
        findings.violate(Code::TypeEventMismatch, "position.outstanding_principal", text);
    }
}

fn later(date: Option<NaiveDate>, than: NaiveDate) -> bool {
    date.is_some_and(|date| date > than)
}

/// V19, V20 and V23: what only a correction may change.
fn fixed_by_reports(before: &Stated<'_>, after: &Stated<'_>, findings: &mut Findings) {
    let (old, new) = (before.facts, after.facts);
    if let (Some(was), Some(is)) = (primary(before.liabilities), primary(after.liabilities))
        && !same_person(was, is)
    {
        findings.violate(
            Code::IdentityChanged,
            "position.liabilities[0].tokens",
            "the primary borrower's government identifiers differ from those on file; correct the wrong version with \
             CorrectPosition, or report the loan under its own account_ref",
        );
    }
    if new.account_type != old.account_type {
        findings.violate(
            Code::AccountTypeChanged,
            "position.account_type",
            "account_type differs from the one on file; correct the wrong version with CorrectPosition",
        );
    }
    if old.status == AccountStatus::Closed && new.status != AccountStatus::Closed {
        findings.violate(
            Code::StatusTransition,
            "position.status",
            "the account is CLOSED on file; if that was wrong, correct that version with CorrectPosition",
        );
    }
}

fn primary(liabilities: &[Liability<TokenRef>]) -> Option<&Liability<TokenRef>> {
    liabilities
        .iter()
        .find(|liability| liability.role == LiabilityRole::Primary)
}

/// V19: strong tokens name the person. None may differ within its type and one must stay; more may come, and an account
/// that had none may gain them. Mobile numbers change freely.
fn same_person(was: &Liability<TokenRef>, is: &Liability<TokenRef>) -> bool {
    let mut strong = was
        .tokens
        .iter()
        .map(|presented| presented.token)
        .filter(|token| token.identifier_type.is_strong())
        .peekable();
    if strong.peek().is_none() {
        return true;
    }
    let mut stays = false;
    for token in strong {
        match is.token_of(token.identifier_type) {
            Some(presented) if presented.token == token => stays = true,
            Some(_) => return false,
            None => {}
        }
    }
    stays
}

/// V24: a day of delay takes a day.
fn days_past_due(before: &Stated<'_>, after: &Stated<'_>, findings: &mut Findings) {
    let (old, new) = (before.facts, after.facts);
    let elapsed = days_between(before.order.as_of, after.order.as_of);
    let most = i64::from(old.days_past_due).saturating_add(elapsed);
    let field = "position.days_past_due";
    if i64::from(new.days_past_due) > most {
        let text = format!(
            "days_past_due grows from {} to {} in {elapsed} days; at most {most}",
            old.days_past_due, new.days_past_due
        );
        findings.violate(Code::DpdJump, field, text);
    }
    let payment = |facts: &Facts| (facts.last_payment_on, facts.last_payment_amount);
    let stands_still = new.days_past_due == old.days_past_due && new.days_past_due > 0 && elapsed > 0;
    if stands_still && payment(old) == payment(new) {
        let text = format!(
            "days_past_due is still {} after {elapsed} days without a payment; check it",
            new.days_past_due
        );
        findings.warn(Code::DpdJump, field, text);
    }
}

/// V25: the clock of a delinquency starts again only once the debt was current in between. Leaving the date out while
/// the debt is still late would start it again in two steps, so that counts too.
fn first_delinquency(before: &Stated<'_>, after: &Stated<'_>, findings: &mut Findings) {
    let (old, new) = (before.facts, after.facts);
    let Some(was) = old.first_delinquent_on else {
        return;
    };
    let elapsed = days_between(before.order.as_of, after.order.as_of);
    let was_current = old.days_past_due == 0 || i64::from(new.days_past_due) < elapsed;
    let re_aged = match new.first_delinquent_on {
        Some(is) => is > was,
        None => new.days_past_due > 0,
    };
    if re_aged && !was_current {
        let text = format!(
            "first_delinquent_on was {was} and the debt was not current since: {} days past due {elapsed} days ago, \
             {} now; keep the date",
            old.days_past_due, new.days_past_due
        );
        findings.violate(Code::DofdReaged, "position.first_delinquent_on", text);
    }
}

/// Days from one date to another, 0 when it is not later.
fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days().max(0)
}

#[cfg(test)]
mod tests;
