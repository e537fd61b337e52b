//! Rules about amounts: bounds (V06, V07) and balances that outgrow what was granted (V31, V32).

use super::AMOUNT_MAX;
use super::message::Exam;
use crate::domain::violation::Code;

pub(super) fn check(exam: &mut Exam) {
    let facts = exam.facts;
    let amounts = [
        ("original_amount", facts.original_amount),
        ("credit_limit", facts.credit_limit),
        ("outstanding_principal", facts.outstanding_principal),
        ("outstanding_total", facts.outstanding_total),
        ("scheduled_payment", facts.scheduled_payment),
        ("last_payment_amount", facts.last_payment_amount),
        ("overdue.principal", facts.overdue.principal),
        ("overdue.interest", facts.overdue.interest),
        ("overdue.penalty", facts.overdue.penalty),
        ("overdue.fees", facts.overdue.fees),
    ];
    for (field, amount) in amounts {
        if amount < 0 {
            let text =
                format!("{field} is {amount}; amounts are never negative, report a credit balance as 0");
            exam.violate(Code::AmountNegative, field, text);
        } else if amount > AMOUNT_MAX {
            let text = format!("{field} is {amount}; the largest amount is {AMOUNT_MAX} minor units");
            exam.violate(Code::AmountOverflow, field, text);
        }
    }
    if let Some(total) = overdue_total(exam).filter(|total| *total > AMOUNT_MAX) {
        let text = format!("the parts of overdue sum to {total}; at most {AMOUNT_MAX} minor units");
        exam.violate(Code::AmountOverflow, "overdue", text);
    }
    balances(exam);
}

/// The overdue total when every part is in its bounds.
pub(super) fn overdue_total(exam: &Exam) -> Option<i64> {
    let overdue = &exam.facts.overdue;
    let parts = [overdue.principal, overdue.interest, overdue.penalty, overdue.fees];
    parts
        .iter()
        .all(|part| (0..=AMOUNT_MAX).contains(part))
        .then(|| overdue.total())
        .flatten()
}

/// V31, V32: principal above what was granted. The total is not compared: fees may exceed.
fn balances(exam: &mut Exam) {
    let facts = exam.facts;
    if !exam.reads("account_type") {
        return;
    }
    let (code, granted_field, granted) = if facts.account_type.is_revolving() {
        (Code::BalanceOverLimit, "credit_limit", facts.credit_limit)
    } else {
        (
            Code::BalanceOverOriginal,
            "original_amount",
            facts.original_amount,
        )
    };
    let principal = facts.outstanding_principal;
    if principal > granted {
        let text =
            format!("outstanding_principal is {principal}, more than {granted_field} {granted}; check both");
        exam.warn(code, "outstanding_principal", text);
    }
}
