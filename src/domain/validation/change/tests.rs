use super::*;
use crate::domain::currency::Currency;
use crate::domain::position::Position;
use crate::domain::token::IdentifierType;
use crate::domain::token::IdentifierType::{Mobile, NationalId, Passport};
use crate::domain::validation::samples::{date, late_position, position, token};
use crate::domain::violation::Violation;

type Loan = Position<TokenRef>;

fn stated(loan: &Loan) -> Stated<'_> {
    Stated {
        liabilities: &loan.liabilities,
        facts: &loan.facts,
        order: loan.order,
    }
}

fn codes(list: &[Violation]) -> Vec<(Code, &str)> {
    list.iter()
        .map(|violation| (violation.code, violation.field.as_str()))
        .collect()
}

/// What a report breaks, and what a correction with the same content does.
fn check(before: &Loan, after: &Loan) -> (Findings, Findings) {
    let judge = |kind| check_change(stated(before), stated(after), kind);
    (judge(ChangeKind::Report), judge(ChangeKind::Correction))
}

fn next_day(loan: &Loan) -> Loan {
    let mut next = loan.clone();
    next.order.as_of = date("2026-06-15");
    next.order.sequence += 1;
    next
}

#[test]
fn a_day_that_changes_nothing_breaks_nothing() {
    let before = position();
    assert_eq!(check(&before, &next_day(&before)), Default::default());
}

#[test]
fn extensions_fit_the_account_and_move_maturity() {
    for (account_type, allowed) in [
        (AccountType::NonRevolving, true),
        (AccountType::CreditCard, true),
        (AccountType::Revolving, false),
        (AccountType::Collection, false),
    ] {
        let mut before = position();
        before.facts.account_type = account_type;
        let mut after = next_day(&before);
        after.facts.extension_count = 1;
        after.facts.matures_on = Some(date("2027-01-11"));
        let (report, correction) = check(&before, &after);
        let wanted: &[_] = if allowed {
            &[]
        } else {
            &[(Code::TypeEventMismatch, "position.extension_count")]
        };
        assert_eq!(codes(&report.violations), wanted, "{account_type:?}");
        assert_eq!(report, correction);
    }
    for (matures_on, moved) in [
        (Some(date("2027-01-11")), true),
        (Some(date("2027-01-10")), false),
        (Some(date("2027-01-09")), false),
        (None, false),
    ] {
        let before = position();
        let mut after = next_day(&before);
        after.facts.extension_count = 1;
        after.facts.matures_on = matures_on;
        let (report, _) = check(&before, &after);
        let wanted: &[_] = if moved {
            &[]
        } else {
            &[(Code::ExtensionMonths, "position.matures_on")]
        };
        assert_eq!(codes(&report.violations), wanted, "{matures_on:?}");
        after.facts.extension_count = 0;
        assert!(
            check(&before, &after).0.violations.is_empty(),
            "no extension, no rule"
        );
    }
}

#[test]
fn an_account_without_maturity_may_be_extended() {
    let mut before = position();
    before.facts.account_type = AccountType::CreditCard;
    before.facts.matures_on = None;
    let mut after = next_day(&before);
    after.facts.extension_count = 1;
    assert!(check(&before, &after).0.violations.is_empty());
}

#[test]
fn nothing_more_is_lent_on_a_collection_account() {
    let mut before = position();
    before.facts.account_type = AccountType::Collection;
    let mut after = next_day(&before);
    assert!(check(&before, &after).0.violations.is_empty());
    after.facts.outstanding_principal += 1;
    let (report, _) = check(&before, &after);
    let wanted = [(Code::TypeEventMismatch, "position.outstanding_principal")];
    assert_eq!(codes(&report.violations), wanted);
    after.facts.currency = Currency::parse("USD").unwrap();
    assert!(
        check(&before, &after).0.violations.is_empty(),
        "two currencies do not compare"
    );
}

#[test]
fn the_primary_borrower_stays_the_same_person() {
    type Named = &'static [(IdentifierType, i64)];
    let cases: [(&str, Named, Named, bool); 10] = [
        ("same", &[(NationalId, 1)], &[(NationalId, 1)], true),
        ("another number", &[(NationalId, 1)], &[(NationalId, 2)], false),
        (
            "gains a passport",
            &[(NationalId, 1)],
            &[(NationalId, 1), (Passport, 3)],
            true,
        ),
        (
            "loses a passport",
            &[(NationalId, 1), (Passport, 3)],
            &[(NationalId, 1)],
            true,
        ),
        (
            "another passport",
            &[(NationalId, 1), (Passport, 3)],
            &[(NationalId, 1), (Passport, 4)],
            false,
        ),
        ("a passport instead", &[(NationalId, 1)], &[(Passport, 3)], false),
        ("a mobile instead", &[(NationalId, 1)], &[(Mobile, 5)], false),
        (
            "another mobile",
            &[(NationalId, 1), (Mobile, 5)],
            &[(NationalId, 1), (Mobile, 6)],
            true,
        ),
        (
            "gains its first strong token",
            &[(Mobile, 5)],
            &[(NationalId, 1), (Mobile, 5)],
            true,
        ),
        ("another mobile alone", &[(Mobile, 5)], &[(Mobile, 6)], true),
    ];
    let with = |tokens: &[(_, i64)]| {
        let mut loan = position();
        loan.liabilities[0].tokens = tokens
            .iter()
            .map(|(kind, number)| token(*kind, *number))
            .collect();
        loan
    };
    for (name, was, is, same) in cases {
        let (report, correction) = check(&with(was), &next_day(&with(is)));
        let wanted: &[_] = if same {
            &[]
        } else {
            &[(Code::IdentityChanged, "position.liabilities[0].tokens")]
        };
        assert_eq!(codes(&report.violations), wanted, "{name}");
        assert!(correction.violations.is_empty(), "{name}");
    }
}

#[test]
fn other_liable_persons_may_come_and_go() {
    let before = position();
    let mut after = next_day(&before);
    after.liabilities.push(Liability {
        role: LiabilityRole::Guarantor,
        tokens: vec![token(NationalId, 7)],
    });
    assert!(check(&before, &after).0.violations.is_empty());
    assert!(check(&after, &before).0.violations.is_empty());
}

#[test]
fn only_a_correction_changes_the_type_or_reopens() {
    let mut before = position();
    before.facts.status = AccountStatus::Closed;
    let mut after = next_day(&before);
    assert!(
        check(&before, &after).0.violations.is_empty(),
        "closed stays closed"
    );
    after.facts.status = AccountStatus::Open;
    after.facts.account_type = AccountType::Revolving;
    let (report, correction) = check(&before, &after);
    let wanted = [
        (Code::AccountTypeChanged, "position.account_type"),
        (Code::StatusTransition, "position.status"),
    ];
    assert_eq!(codes(&report.violations), wanted);
    assert!(correction.violations.is_empty());
}

#[test]
fn a_day_of_delay_takes_a_day() {
    for (old, new, as_of, broken) in [
        (0, 1, "2026-06-15", false),
        (0, 2, "2026-06-15", true),
        (30, 31, "2026-06-15", false),
        (30, 32, "2026-06-15", true),
        (30, 30, "2026-06-14", false),
        (30, 31, "2026-06-14", true),
        (30, 60, "2026-07-14", false),
        (30, 61, "2026-07-14", true),
        (30, 0, "2026-06-15", false),
        (u32::MAX, u32::MAX, "2026-06-15", false),
    ] {
        let before = late_position(old);
        let mut after = late_position(new);
        after.order.as_of = date(as_of);
        let (report, correction) = check(&before, &after);
        let wanted: &[_] = if broken {
            &[(Code::DpdJump, "position.days_past_due")]
        } else {
            &[]
        };
        assert_eq!(codes(&report.violations), wanted, "{old} to {new}");
        assert_eq!(report.violations, correction.violations);
    }
}

#[test]
fn delay_that_stands_still_without_payment_is_worth_a_look() {
    let before = late_position(30);
    let mut after = next_day(&before);
    let warned = |after: &Loan| codes(&check(&before, after).0.warnings).len();
    assert_eq!(warned(&after), 1);
    after.facts.last_payment_amount += 1;
    assert_eq!(warned(&after), 0, "a payment explains it");
    after = next_day(&before);
    after.order.as_of = before.order.as_of;
    assert_eq!(warned(&after), 0, "no day went by");
    after = next_day(&before);
    after.facts.days_past_due = 31;
    assert_eq!(warned(&after), 0);
    let current = position();
    assert!(check(&current, &next_day(&current)).0.warnings.is_empty());
}

#[test]
fn the_clock_of_a_delinquency_restarts_only_after_it_was_current() {
    let moved = Some(date("2026-03-12"));
    for (name, old_days, new_days, as_of, first, broken) in [
        ("kept", 30, 31, "2026-06-15", Some(date("2026-03-11")), false),
        ("earlier", 30, 31, "2026-06-15", Some(date("2026-03-10")), false),
        ("later while late", 30, 31, "2026-06-15", moved, true),
        (
            "later after it was current on file",
            0,
            1,
            "2026-06-15",
            moved,
            false,
        ),
        ("fewer days late than went by", 30, 9, "2026-06-24", moved, false),
        ("as many days late as went by", 30, 10, "2026-06-24", moved, true),
        ("left out while late", 30, 31, "2026-06-15", None, true),
        ("left out when current", 30, 0, "2026-06-14", None, false),
    ] {
        let before = late_position(old_days);
        let mut after = late_position(new_days);
        after.order.as_of = date(as_of);
        after.facts.first_delinquent_on = first;
        let (report, _) = check(&before, &after);
        let wanted: &[_] = if broken {
            &[(Code::DofdReaged, "position.first_delinquent_on")]
        } else {
            &[]
        };
        assert_eq!(codes(&report.violations), wanted, "{name}");
    }
    let mut before = late_position(30);
    before.facts.first_delinquent_on = None;
    let mut after = next_day(&late_position(31));
    after.facts.first_delinquent_on = moved;
    assert!(
        check(&before, &after).0.violations.is_empty(),
        "there was no date to move"
    );
}
