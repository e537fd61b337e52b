//! Limits of money: what may be owed, and what may fall due in a month.

use super::evaluate::{Case, Refusal};
use super::rule::{AmountCap, Extent};
use super::standing::{Loan, total};
use super::verdict::{Verdict, lesser};

/// Months of a year, for brackets of annual income.
const MONTHS: i128 = 12;

/// Whether the amount applied for breaks a cap. What the cap leaves narrows the verdict's room.
pub(super) fn cap(case: &Case<'_>, cap: &AmountCap, verdict: &mut Verdict) -> Option<Refusal> {
    let income = case.application.income();
    let in_bracket = cap
        .bracket
        .is_none_or(|bracket| bracket.holds(income.saturating_mul(MONTHS)));
    if !in_bracket || !case.concerns_application() {
        return None;
    }
    let limit = lesser(
        cap.maximum.map(i128::from),
        cap.income_percent.map(|percent| share(income, percent)),
    )?;
    let room = match cap.extent {
        Extent::PerLoan => limit,
        Extent::Total => left(case, limit, |loan| loan.amount(loan.principal), verdict),
    };
    verdict.room = lesser(verdict.room, Some(room.max(0)));
    Refusal::lasting_if(i128::from(case.application.amount) > room)
}

/// Whether what falls due in a month would be too large a share of the income. What is left narrows the verdict's room for
/// payments.
pub(super) fn obligation(
    case: &Case<'_>,
    maximum_percent: u32,
    if_income_is_stated: bool,
    verdict: &mut Verdict,
) -> Option<Refusal> {
    let left_out = if_income_is_stated && case.application.stated_income().is_none();
    if left_out || !case.concerns_application() {
        return None;
    }
    let limit = share(case.application.income(), maximum_percent);
    let room = left(case, limit, |loan| loan.amount(loan.monthly_obligation), verdict);
    verdict.payment_room = lesser(verdict.payment_room, Some(room.max(0)));
    Refusal::lasting_if(i128::from(case.application.monthly_payment) > room)
}

/// So many percent of an amount, rounded down: a whole amount is at most the share if and only if it is at most this.
fn share(amount: i128, percent: u32) -> i128 {
    amount.saturating_mul(percent.into()) / 100
}

/// What the loans that count leave of a limit; below zero when they are beyond it already.
fn left(case: &Case<'_>, limit: i128, measure: impl Fn(&Loan) -> i128, verdict: &mut Verdict) -> i128 {
    let lender = case.application.lender;
    verdict.others_owe |= case
        .live_loans()
        .any(|loan| loan.lender != lender && measure(loan) > 0);
    limit.saturating_sub(total(case.live_loans(), measure))
}
