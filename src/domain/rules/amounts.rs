//! Limits of money: what may be owed, and what may fall due in a month.

use std::collections::BTreeSet;

use super::evaluate::{Case, Refusal};
use super::reason::ReasonCode;
use super::rule::{AmountCap, Extent};
use super::standing::{Loan, total};
use super::verdict::{Limit, Verdict, lesser};
use crate::domain::names::MemberNo;

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
    let measure = |loan: &Loan| match cap.extent {
        Extent::PerLoan => 0,
        Extent::Total => loan.amount(loan.principal),
    };
    let wanted = i128::from(case.application.amount);
    let room = left(case, (ReasonCode::AmountCap, limit, wanted), measure, verdict);
    verdict.room = lesser(verdict.room, Some(room.max(0)));
    Refusal::lasting_if(wanted > room)
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
    let measure = |loan: &Loan| loan.amount(loan.monthly_obligation);
    let wanted = i128::from(case.application.monthly_payment);
    let room = left(
        case,
        (ReasonCode::ObligationRatio, limit, wanted),
        measure,
        verdict,
    );
    verdict.payment_room = lesser(verdict.payment_room, Some(room.max(0)));
    Refusal::lasting_if(wanted > room)
}

/// So many percent of an amount, rounded down: a whole amount is at most the share if and only if it is at most this.
fn share(amount: i128, percent: u32) -> i128 {
    amount.saturating_mul(percent.into()) / 100
}

/// What the loans that count leave of a limit; below zero when they are beyond it already.
fn left(
    case: &Case<'_>,
    (code, allowed, wanted): (ReasonCode, i128, i128),
    measure: impl Fn(&Loan) -> i128,
    verdict: &mut Verdict,
) -> i128 {
    let lender = case.application.lender;
    let of_others = || case.live_loans().filter(|loan| loan.lender != lender);
    let lenders: BTreeSet<MemberNo> = of_others()
        .filter(|loan| measure(loan) > 0)
        .map(|loan| loan.lender)
        .collect();
    verdict.others_owe |= !lenders.is_empty();
    let others = total(of_others(), &measure);
    let own = total(case.live_loans().filter(|loan| loan.lender == lender), &measure);
    verdict.limits.push(Limit {
        place: case.place,
        code,
        allowed,
        wanted,
        others,
        lenders: lenders.len(),
        own,
    });
    allowed.saturating_sub(others).saturating_sub(own)
}
