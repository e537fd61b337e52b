//! Rules about the consent behind a look: it is there, it covers the purpose, and today is one of its days.

use chrono::NaiveDate;

use super::text::check_reference;
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::violation::{Code, Violation};

/// The most characters of a consent's reference.
pub const REFERENCE_CHARS_MAX: usize = 64;

/// Which kind of look a purpose is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUse {
    /// `QueryExposure`: hard or soft.
    Query,
    /// `ReviewPortfolio`: soft only.
    Review,
    /// `CheckAndReserve`: hard only.
    Check,
}

/// Whether a purpose may be named for a kind of look. `REPORTING` never may. The field is `purpose`.
pub fn check_purpose(purpose: Purpose, look: LookUse) -> Option<Violation> {
    let expected = match look {
        _ if purpose == Purpose::Reporting => {
            "REPORTING is for the consent behind a report; name why you look"
        }
        LookUse::Review if purpose.is_hard() => {
            "a portfolio review has a soft purpose: ACCOUNT_REVIEW, COLLECTION or QUOTATION; use QueryExposure"
        }
        LookUse::Check if !purpose.is_hard() => {
            "a check has a hard purpose: NEW_CREDIT, CREDIT_CARD, GUARANTEE_REVIEW or LIMIT_INCREASE"
        }
        LookUse::Query | LookUse::Review | LookUse::Check => return None,
    };
    Some(Violation::new(Code::PurposeNotAllowed, "purpose", expected))
}

/// What a consent breaks when it is used for `purpose` on the civil date `today`: presence and form of its reference, the
/// order of its days, whether today is one of them, and whether it covers the purpose. Field paths start with `consent`.
pub fn check_consent(consent: &Consent, purpose: Purpose, today: NaiveDate) -> Vec<Violation> {
    let mut found = check_consent_reference(&consent.reference, today);
    let (granted, expires) = (consent.granted_on, consent.expires_on);
    if granted > today {
        let text =
            format!("granted_on is {granted} but today is {today}; a consent is used after it was given");
        found.push(Violation::new(Code::DateInFuture, "consent.granted_on", text));
    }
    if expires < granted {
        let text = format!("expires_on is {expires}, before granted_on {granted}; correct one of them");
        found.push(Violation::new(Code::DateOrder, "consent.expires_on", text));
    } else if expires < today {
        let text = format!("the consent expired on {expires} and today is {today}; ask the borrower again");
        found.push(Violation::new(Code::ConsentExpired, "consent.expires_on", text));
    }
    // A purpose that nobody may name is told by `check_purpose`.
    if purpose != Purpose::Reporting && !consent.purposes.contains(&purpose) {
        let text = format!(
            "the consent does not cover {}; look for what was agreed, or ask",
            purpose.as_str()
        );
        found.push(Violation::new(Code::ConsentPurpose, "consent.purposes", text));
    }
    found
}

/// The part of [`check_consent`] that needs the reference alone.
pub fn check_consent_reference(reference: &str, today: NaiveDate) -> Vec<Violation> {
    let field = "consent.reference";
    if reference.trim().is_empty() {
        let text = "the consent has no reference; name the borrower's agreement as you keep it";
        return vec![Violation::new(Code::ConsentMissing, field, text)];
    }
    check_reference(reference, field, 1..=REFERENCE_CHARS_MAX, today)
}

#[cfg(test)]
mod tests;
