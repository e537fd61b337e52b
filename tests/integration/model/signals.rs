//! Signals (semantics 3).

use tallystick::domain::currency::Currency;
use tallystick::domain::exposure::{SignalType, Window};

use super::answer::monthly;
use super::loans::{Loan, Rows};
use super::velocity::{looks, members, opened};
use super::{MemberName, Model, calendar};

impl Model {
    /// The signals that `caller` gets, in order.
    pub(super) fn signals(
        &self,
        caller: MemberName,
        currency: Currency,
        now: i64,
        rows: &Rows<'_>,
        shared_mobile: bool,
    ) -> Vec<SignalType> {
        let inquiring = members(&looks(caller, now, rows, Window::Hours(24)));
        let raised = [
            (SignalType::InquiryBurst, inquiring.len() >= 3),
            (
                SignalType::OpeningBurst,
                opened(caller, now, rows, Window::Days(7)).len() >= 2,
            ),
            (SignalType::BorrowToRepay, borrowed_to_repay(caller, now, rows)),
            (SignalType::SharedMobile, shared_mobile),
            (
                SignalType::ObligationJump,
                obligation_jumped(caller, currency, now, rows),
            ),
        ];
        raised
            .iter()
            .filter(|(_, is)| *is)
            .map(|(signal, _)| *signal)
            .collect()
    }
}

fn same(one: &[Loan<'_>], other: &[Loan<'_>]) -> bool {
    std::ptr::eq(one[0].account, other[0].account)
}

fn borrowed_to_repay(caller: MemberName, now: i64, rows: &Rows<'_>) -> bool {
    let today = calendar::day_of(now);
    let all = rows.of_others(caller, true);
    for fresh in opened(caller, now, rows, Window::Days(30)) {
        let opened_on = fresh[0].facts().opened_on;
        for loan in all.iter().filter(|account| !same(account, &fresh)).flatten() {
            let other_lender = fresh.iter().any(|partner| partner.member != loan.member);
            let due_then = loan.account.standing().any(|version| {
                let due = version.facts.next_due_on;
                let near = due.is_some_and(|due| (due - opened_on).num_days().abs() <= 3);
                near && version.pair().0 > calendar::shift(today, -60)
            });
            if other_lender && due_then {
                return true;
            }
        }
    }
    false
}

fn obligation_jumped(caller: MemberName, currency: Currency, now: i64, rows: &Rows<'_>) -> bool {
    let today = calendar::day_of(now);
    let (mut fresh, mut older) = (0, 0);
    for loan in rows.of_others(caller, true).iter().flatten() {
        let facts = loan.facts();
        if !loan.is_active() || facts.currency != currency {
            continue;
        }
        match calendar::within_last(facts.opened_on, 30, today) {
            true => fresh += monthly(facts, today),
            false => older += monthly(facts, today),
        }
    }
    older > 0 && 2 * fresh >= older
}
