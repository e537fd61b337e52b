use super::*;
use crate::domain::position::{AssetClassification, OverdueAmounts};
use crate::domain::validation::AMOUNT_MAX;
use crate::domain::validation::samples::late_position;

#[test]
fn every_amount_has_bounds() {
    type Amount = (&'static str, fn(&mut Facts) -> &mut i64);
    let fields: [Amount; 10] = [
        ("original_amount", |f| &mut f.original_amount),
        ("credit_limit", |f| &mut f.credit_limit),
        ("outstanding_principal", |f| &mut f.outstanding_principal),
        ("outstanding_total", |f| &mut f.outstanding_total),
        ("scheduled_payment", |f| &mut f.scheduled_payment),
        ("last_payment_amount", |f| &mut f.last_payment_amount),
        ("overdue.principal", |f| &mut f.overdue.principal),
        ("overdue.interest", |f| &mut f.overdue.interest),
        ("overdue.penalty", |f| &mut f.overdue.penalty),
        ("overdue.fees", |f| &mut f.overdue.fees),
    ];
    for (field, amount) in fields {
        for (value, code) in [
            (-1, Some(Code::AmountNegative)),
            (i64::MIN, Some(Code::AmountNegative)),
            (1, None),
            (AMOUNT_MAX, None),
            (AMOUNT_MAX + 1, Some(Code::AmountOverflow)),
            (i64::MAX, Some(Code::AmountOverflow)),
        ] {
            let mut loan = late_position(1);
            loan.facts.overdue = OverdueAmounts::default();
            if !field.starts_with("overdue") {
                loan.facts.overdue.fees = 1;
            }
            *amount(&mut loan.facts) = value;
            let wanted: Vec<_> = code.map(|code| (code, field)).into_iter().collect();
            let findings = check_message(&loan, today());
            assert_eq!(found(&findings.violations), expected(&wanted), "{field} {value}");
        }
    }
}

#[test]
fn the_overdue_split_is_bounded_as_a_sum() {
    let mut loan = late_position(1);
    loan.facts.overdue = OverdueAmounts {
        principal: AMOUNT_MAX - 1,
        interest: 1,
        penalty: 0,
        fees: 0,
    };
    assert!(check_message(&loan, today()).violations.is_empty());
    loan.facts.overdue.fees = 1;
    let findings = check_message(&loan, today());
    assert_eq!(
        found(&findings.violations),
        expected(&[(Code::AmountOverflow, "overdue")])
    );
}

#[test]
fn days_and_amounts_past_due_go_together() {
    use Code::{BadDebtZeroOverdue, DpdAmountMismatch};
    check_violations(
        &position(),
        &[
            (
                "days without amount",
                |p| p.facts.days_past_due = 1,
                &[(DpdAmountMismatch, "days_past_due")],
            ),
            (
                "amount without days",
                |p| p.facts.overdue.fees = 1,
                &[(DpdAmountMismatch, "days_past_due")],
            ),
            (
                "bad debt that owes nothing",
                |p| p.facts.status = AccountStatus::BadDebt,
                &[(BadDebtZeroOverdue, "overdue")],
            ),
            (
                "bad debt",
                |p| {
                    p.facts.status = AccountStatus::BadDebt;
                    p.facts.days_past_due = 1;
                    p.facts.overdue.penalty = 1;
                },
                &[],
            ),
        ],
    );
}

#[test]
fn adverse_information_needs_a_notice_before_it() {
    use Code::AdverseWithoutNotice;
    check_violations(
        &late_position(4),
        &[
            (
                "within grace",
                |p| {
                    p.facts.days_past_due = 3;
                    p.facts.adverse_notice_reference = None;
                    p.facts.adverse_notice_sent_on = None;
                },
                &[],
            ),
            (
                "nothing",
                |p| {
                    p.facts.adverse_notice_reference = None;
                    p.facts.adverse_notice_sent_on = None;
                },
                &[
                    (AdverseWithoutNotice, "adverse_notice_reference"),
                    (AdverseWithoutNotice, "adverse_notice_sent_on"),
                ],
            ),
            (
                "the day before",
                |p| p.facts.adverse_notice_sent_on = Some(date("2026-06-13")),
                &[],
            ),
            (
                "the same day",
                |p| p.facts.adverse_notice_sent_on = Some(date("2026-06-14")),
                &[(AdverseWithoutNotice, "adverse_notice_sent_on")],
            ),
        ],
    );
}

#[test]
fn a_class_better_than_the_days_is_worth_a_look() {
    use AssetClassification::{Doubtful, Loss, Normal, SpecialMention, Substandard};
    for (days, class, odd) in [
        (90, Normal, false),
        (91, SpecialMention, true),
        (91, Substandard, false),
        (270, Substandard, false),
        (271, Substandard, true),
        (271, Doubtful, false),
        (360, Doubtful, false),
        (361, Doubtful, true),
        (361, Loss, false),
    ] {
        let mut loan = late_position(days);
        loan.facts.asset_classification = Some(class);
        let findings = check_message(&loan, today());
        assert!(findings.violations.is_empty());
        let wanted: &[_] = if odd {
            &[(Code::ClassDpd, "asset_classification")]
        } else {
            &[]
        };
        assert_eq!(found(&findings.warnings), expected(wanted), "{days} {class:?}");
    }
}

#[test]
fn principal_above_what_was_granted_is_worth_a_look() {
    let mut loan = position();
    loan.facts.outstanding_principal = 1_000_000;
    loan.facts.outstanding_total = 2_000_000;
    assert!(check_message(&loan, today()).warnings.is_empty());
    loan.facts.outstanding_principal += 1;
    let warned = |loan: &Loan| found(&check_message(loan, today()).warnings);
    assert_eq!(
        warned(&loan),
        expected(&[(Code::BalanceOverOriginal, "outstanding_principal")])
    );
    loan.facts.account_type = AccountType::CreditCard;
    loan.facts.credit_limit = 1_000_000;
    assert_eq!(
        warned(&loan),
        expected(&[(Code::BalanceOverLimit, "outstanding_principal")])
    );
    loan.facts.credit_limit += 1;
    assert!(warned(&loan).is_empty());
}
