//! Limits of numbers: lenders at once, loans at once, loans in a stretch of time.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::evaluate::{Case, Refusal};
use super::rule::Window;
use super::standing::{Held, Loan, total};

/// Whether the applying lender would be one too many.
pub(super) fn lenders(case: &Case<'_>, maximum: u32) -> Option<Refusal> {
    if !case.concerns_application() {
        return None;
    }
    let mut lenders: BTreeSet<_> = case.live_loans().map(|loan| loan.lender).collect();
    // Whether it lends already makes no difference.
    lenders.insert(case.application.lender);
    Refusal::lasting_if(u32::try_from(lenders.len()).is_ok_and(|count| count > maximum))
}

/// Whether the loan would be one too many of those there are at once.
pub(super) fn live_accounts(case: &Case<'_>, maximum: u32) -> Option<Refusal> {
    if !case.concerns_application() {
        return None;
    }
    Refusal::lasting_if(would_exceed(case.live_loans(), maximum))
}

/// Whether the loan would be one too many of those opened within a window. Time helps: loans leave the window by their age.
pub(super) fn opened_accounts(
    case: &Case<'_>,
    maximum: u32,
    window: Window,
    count_rescinded: bool,
) -> Option<Refusal> {
    if !case.concerns_application() {
        return None;
    }
    let loans: Vec<&Loan> = case
        .loans()
        .filter(|loan| was_opened(loan) && (count_rescinded || !loan.rescinded))
        .collect();
    // Something reserved is taken for the loan that it may become today.
    let opened_on = |loan: &Loan| match loan.held {
        Held::Position => loan.opened_on,
        Held::Reservation => case.today,
    };
    let exceeds_on = |day: NaiveDate| {
        let start = window.start(day);
        let inside = loans.iter().copied().filter(|loan| opened_on(loan) > start);
        would_exceed(inside, maximum)
    };
    if !exceeds_on(case.today) {
        return None;
    }
    // Something changes only when a loan leaves the window.
    let leaves: BTreeSet<NaiveDate> = loans
        .iter()
        .map(|loan| window.left_on(opened_on(loan)))
        .filter(|day| *day > case.today)
        .collect();
    Some(Refusal {
        retry_on: leaves.into_iter().find(|day| !exceeds_on(*day)),
    })
}

/// Whether money was lent, or is about to be, by whoever reports it still.
fn was_opened(loan: &Loan) -> bool {
    loan.is_live() || loan.closed_on.is_some()
}

/// Whether these loans and one more are too many.
fn would_exceed<'a>(loans: impl Iterator<Item = &'a Loan>, maximum: u32) -> bool {
    total(loans, |_| 1) >= i128::from(maximum)
}
