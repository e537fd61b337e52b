mod dates;
mod figures;
mod liabilities;

use super::*;
use crate::domain::names::AccountRef;
use crate::domain::position::{AccountType, GuaranteeType, LiabilityRole, OverdueAmounts};
use crate::domain::token::TokenRef;
use crate::domain::validation::samples::{date, late_position, liability, position, today};
use crate::domain::violation::Violation;

type Loan = Position<TokenRef>;
type Case = (&'static str, fn(&mut Loan), &'static [(Code, &'static str)]);

fn found(list: &[Violation]) -> Vec<(Code, String)> {
    list.iter()
        .map(|violation| (violation.code, violation.field.clone()))
        .collect()
}

fn expected(list: &[(Code, &str)]) -> Vec<(Code, String)> {
    list.iter()
        .map(|(code, field)| (*code, format!("position.{field}")))
        .collect()
}

fn check_violations(base: &Loan, cases: &[Case]) {
    for (name, change, codes) in cases {
        let mut changed = base.clone();
        change(&mut changed);
        let findings = check_message(&changed, today());
        assert_eq!(found(&findings.violations), expected(codes), "{name}");
    }
}

fn close(loan: &mut Loan, reason: ClosureReason) {
    let facts = &mut loan.facts;
    facts.status = AccountStatus::Closed;
    facts.closed_on = Some(date("2026-06-12"));
    facts.closure_reason = Some(reason);
    facts.outstanding_principal = 0;
    facts.outstanding_total = 0;
    facts.next_due_on = None;
}

#[test]
fn samples_break_nothing() {
    for loan in [position(), late_position(3), late_position(95)] {
        assert_eq!(check_message(&loan, today()), Findings::default());
    }
}

#[test]
fn what_other_fields_make_required_is_asked_for() {
    use Code::FieldRequired;
    check_violations(
        &position(),
        &[
            (
                "no region",
                |p| p.facts.region_code.clear(),
                &[(FieldRequired, "region_code")],
            ),
            (
                "no consent",
                |p| p.facts.consent_reference.clear(),
                &[(FieldRequired, "consent_reference")],
            ),
            (
                "no sequence",
                |p| p.order.sequence = 0,
                &[(FieldRequired, "sequence")],
            ),
            ("first sequence", |p| p.order.sequence = 1, &[]),
            (
                "last sequence",
                |p| p.order.sequence = i64::MAX.unsigned_abs(),
                &[],
            ),
            (
                "beyond",
                |p| p.order.sequence = i64::MAX.unsigned_abs() + 1,
                &[(Code::Format, "sequence")],
            ),
            (
                "no maturity",
                |p| p.facts.matures_on = None,
                &[(FieldRequired, "matures_on")],
            ),
            (
                "nothing lent",
                |p| p.facts.original_amount = 0,
                &[(FieldRequired, "original_amount")],
            ),
            ("one cent lent", |p| p.facts.original_amount = 1, &[]),
            (
                "a revolving account needs neither",
                |p| {
                    p.facts.account_type = AccountType::Revolving;
                    p.facts.matures_on = None;
                    p.facts.original_amount = 0;
                },
                &[],
            ),
            (
                "a collection account needs both",
                |p| {
                    p.facts.account_type = AccountType::Collection;
                    p.facts.matures_on = None;
                    p.facts.original_amount = 0;
                },
                &[(FieldRequired, "matures_on"), (FieldRequired, "original_amount")],
            ),
        ],
    );
}

#[test]
fn formats_have_bounds() {
    use Code::Format;
    check_violations(
        &position(),
        &[
            ("division", |p| p.facts.region_code = "440300".into(), &[]),
            (
                "short division",
                |p| p.facts.region_code = "44030".into(),
                &[(Format, "region_code")],
            ),
            (
                "rate at the limit",
                |p| p.facts.annual_percentage_rate_bp = 100_000,
                &[],
            ),
            (
                "rate above",
                |p| p.facts.annual_percentage_rate_bp = 100_001,
                &[(Format, "annual_percentage_rate_bp")],
            ),
            (
                "consent of 64",
                |p| p.facts.consent_reference = "c".repeat(64),
                &[],
            ),
            (
                "of 65",
                |p| p.facts.consent_reference = "c".repeat(65),
                &[(Format, "consent_reference")],
            ),
            (
                "of 64 beyond ASCII",
                |p| p.facts.consent_reference = "同".repeat(64),
                &[],
            ),
            (
                "control",
                |p| p.facts.consent_reference = "c\n1".into(),
                &[(Format, "consent_reference")],
            ),
            (
                "group of 15",
                |p| p.facts.funding_group_ref = Some("g".repeat(15)),
                &[(Format, "funding_group_ref")],
            ),
            (
                "group of 16",
                |p| p.facts.funding_group_ref = Some("g".repeat(16)),
                &[],
            ),
            (
                "group of 60",
                |p| p.facts.funding_group_ref = Some("g".repeat(60)),
                &[],
            ),
            (
                "group of 61",
                |p| p.facts.funding_group_ref = Some("g".repeat(61)),
                &[(Format, "funding_group_ref")],
            ),
            (
                "long reservation",
                |p| p.facts.reservation_id = Some("r".repeat(65)),
                &[(Format, "reservation_id")],
            ),
        ],
    );
}

#[test]
fn a_closed_account_says_when_why_and_leaves_nothing() {
    use Code::{ClosedWithBalance, FieldRequired};
    let mut closed = position();
    close(&mut closed, ClosureReason::PaidAsAgreed);
    check_violations(
        &closed,
        &[
            (
                "when",
                |p| p.facts.closed_on = None,
                &[(FieldRequired, "closed_on")],
            ),
            (
                "why",
                |p| p.facts.closure_reason = None,
                &[(FieldRequired, "closure_reason")],
            ),
            (
                "principal",
                |p| p.facts.outstanding_principal = 1,
                &[(ClosedWithBalance, "outstanding_principal")],
            ),
            (
                "total",
                |p| p.facts.outstanding_total = 1,
                &[(ClosedWithBalance, "outstanding_total")],
            ),
            (
                "late",
                |p| {
                    p.facts.days_past_due = 1;
                    p.facts.overdue.fees = 1;
                },
                &[(ClosedWithBalance, "days_past_due")],
            ),
            (
                "due",
                |p| p.facts.next_due_on = Some(date("2026-07-10")),
                &[(ClosedWithBalance, "next_due_on")],
            ),
        ],
    );
}

#[test]
fn some_reasons_leave_balances() {
    use ClosureReason as R;
    let may = [
        R::WrittenOff,
        R::Sold,
        R::SettledForLess,
        R::Bankruptcy,
        R::Deceased,
        R::Fraud,
    ];
    for reason in R::ALL {
        let mut loan = position();
        close(&mut loan, *reason);
        loan.facts.outstanding_total = 1;
        let accepted = check_message(&loan, today()).violations.is_empty();
        assert_eq!(accepted, may.contains(reason), "{reason:?}");
    }
}

#[test]
fn only_what_is_closed_says_so() {
    check_violations(
        &position(),
        &[
            (
                "reason",
                |p| p.facts.closure_reason = Some(ClosureReason::PaidEarly),
                &[(Code::Format, "closure_reason")],
            ),
            (
                "date",
                |p| p.facts.closed_on = Some(date("2026-06-12")),
                &[(Code::Format, "closed_on")],
            ),
            (
                "a transferred account has a last day",
                |p| {
                    p.facts.status = AccountStatus::TransferredOut;
                    p.facts.closed_on = Some(date("2026-06-12"));
                },
                &[],
            ),
        ],
    );
}

#[test]
fn references_hold_no_personal_data() {
    use Code::PiiInFreeText;
    check_violations(
        &position(),
        &[
            (
                "account",
                |p| p.account_ref = AccountRef::parse("A-13812345678").unwrap(),
                &[(PiiInFreeText, "account_ref")],
            ),
            (
                "consent",
                |p| p.facts.consent_reference = "11010519491231002X".into(),
                &[(PiiInFreeText, "consent_reference")],
            ),
            (
                "notice",
                |p| p.facts.adverse_notice_reference = Some("to a.b@example.com".into()),
                &[(PiiInFreeText, "adverse_notice_reference")],
            ),
            (
                "group",
                |p| p.facts.funding_group_ref = Some("group-13812345678-1".into()),
                &[(PiiInFreeText, "funding_group_ref")],
            ),
        ],
    );
}

#[test]
fn rules_are_silent_about_fields_that_were_not_read() {
    let mut loan = late_position(4);
    loan.facts.status = AccountStatus::BadDebt;
    loan.facts.overdue = OverdueAmounts::default();
    loan.facts.matures_on = None;
    loan.facts.opened_on = date("2030-01-01");
    loan.facts.outstanding_total = -1;
    loan.facts.guarantee_type = GuaranteeType::Guarantee;
    loan.liabilities.clear();
    let unreadable = [
        "status",
        "account_type",
        "opened_on",
        "guarantee_type",
        "liabilities",
        "matures_on",
    ];
    let findings = check_readable(&loan, today(), &unreadable);
    let wanted = [
        (Code::AmountNegative, "outstanding_total"),
        (Code::DpdAmountMismatch, "days_past_due"),
    ];
    assert_eq!(found(&findings.violations), expected(&wanted));
}

#[test]
fn all_violations_come_in_one_answer_and_no_more_than_the_limit() {
    let mut loan = position();
    loan.facts.region_code.clear();
    loan.facts.days_past_due = 9;
    loan.order.as_of = date("2026-06-16");
    assert!(check_message(&loan, today()).violations.len() >= 4);
    loan.liabilities = (0..200).map(|_| liability(LiabilityRole::Guarantor, 1)).collect();
    loan.liabilities.push(liability(LiabilityRole::Primary, 1));
    assert_eq!(
        check_message(&loan, today()).violations.len(),
        Violation::COUNT_MAX
    );
}

#[test]
fn descriptions_repeat_no_text_of_the_caller() {
    let mut loan = late_position(4);
    loan.facts.consent_reference = "secret 13812345678".into();
    loan.facts.region_code = "secret".into();
    loan.facts.adverse_notice_reference = Some("secret\u{7}".into());
    let findings = check_message(&loan, today());
    assert!(findings.violations.len() >= 3);
    for violation in &findings.violations {
        assert!(!violation.description.contains("secret"));
        assert!(!violation.description.contains("138"));
    }
}
