use super::*;

fn lenders(maximum: u32) -> Condition {
    Condition::LenderCount { maximum }
}

fn accounts(maximum: u32) -> Condition {
    Condition::AccountCount {
        maximum,
        window: None,
        count_rescinded: false,
    }
}

fn opened(maximum: u32, window: Window) -> Condition {
    Condition::AccountCount {
        maximum,
        window: Some(window),
        count_rescinded: false,
    }
}

#[test]
fn the_applying_lender_is_counted_whether_it_lends_already_or_not() {
    assert!(allows(lenders(1), vec![]));
    assert!(allows(lenders(1), vec![loan(ME.0), reservation(ME.0)]));
    assert!(!allows(lenders(1), vec![loan(2)]));
    assert!(!allows(lenders(1), vec![reservation(2)]));
    assert!(allows(lenders(2), vec![loan(2), loan(2), reservation(2)]));
    assert!(!allows(lenders(2), vec![loan(2), loan(3)]));
    assert!(allows(lenders(1), vec![closed(50, 1)]));
}

#[test]
fn a_limit_judges_only_loans_that_would_count_themselves() {
    let payday = Scope {
        product_types: [ProductType::Payday].into(),
        ..Scope::default()
    };
    let lent = Loan {
        product_type: ProductType::Payday,
        ..loan(2)
    };
    let cap = Condition::AmountCap(AmountCap {
        maximum: Some(1),
        income_percent: None,
        bracket: None,
        extent: Extent::Total,
    });
    let window = Window::Days(365);
    for condition in [lenders(1), accounts(1), opened(1, window), cap] {
        let pack = scoped(pack(vec![condition.clone()]), &payday);
        let other = evaluate(&pack, &application(), &standing(vec![lent.clone()]));
        assert_eq!(other, Verdict::default(), "{condition:?}");
        let same = Application {
            product_type: ProductType::Payday,
            ..application()
        };
        assert!(!evaluate(&pack, &same, &standing(vec![lent.clone()])).is_eligible());
    }
}

#[test]
fn a_scope_tells_loans_apart_by_product_security_group_and_lender() {
    let secured = Loan {
        unsecured: false,
        ..loan(2)
    };
    let bank = Loan {
        lender_group: LenderGroup::Bank,
        ..loan(2)
    };
    let card = Loan {
        product_type: ProductType::CreditCard,
        ..loan(2)
    };
    let scope = Scope::default;
    let unsecured = Scope {
        unsecured_only: true,
        ..scope()
    };
    let non_bank = Scope {
        lender_groups: [LenderGroup::OnlineMicroloan].into(),
        ..scope()
    };
    let cash = Scope {
        product_types: [ProductType::CashInstalment].into(),
        ..scope()
    };
    let of = |whose| Scope { whose, ..scope() };
    for (scope, on_file, counts) in [
        (scope(), &secured, true),
        (unsecured.clone(), &secured, false),
        (unsecured, &card, true),
        (non_bank.clone(), &bank, false),
        (non_bank, &card, true),
        (cash.clone(), &card, false),
        (cash, &bank, true),
        (of(Whose::Others), &loan(2), true),
        (of(Whose::Others), &loan(ME.0), false),
        (of(Whose::Own), &loan(2), false),
        (of(Whose::Own), &loan(ME.0), true),
    ] {
        let pack = scoped(pack(vec![accounts(1)]), &scope);
        let verdict = evaluate(&pack, &application(), &standing(vec![on_file.clone()]));
        assert_eq!(verdict.is_eligible(), !counts, "{scope:?}");
    }
}

#[test]
fn loans_and_reservations_there_are_count_with_this_one() {
    assert!(allows(accounts(1), vec![closed(50, 0)]));
    assert!(!allows(accounts(1), vec![loan(ME.0)]));
    assert!(!allows(accounts(1), vec![reservation(2)]));
    assert!(allows(accounts(3), vec![loan(2), loan(2)]));
    let one = |held: Loan| Loan {
        application: Some(ApplicationKey(1)),
        ..held
    };
    assert!(allows(accounts(2), vec![one(loan(2)), one(reservation(2))]));
    assert!(!allows(accounts(2), vec![loan(2), one(reservation(2))]));
}

#[test]
fn a_window_of_days_ends_today_and_holds_closed_loans() {
    let before = |days| Loan {
        opened_on: ago(days),
        ..loan(2)
    };
    let week = |loans| judged(opened(1, Window::Days(7)), loans);
    assert!(week(vec![before(7)]).is_eligible());
    assert_eq!(week(vec![before(6)]).retry_on(), Some(day("2026-06-16")));
    assert_eq!(week(vec![before(0)]).retry_on(), Some(day("2026-06-22")));
    assert_eq!(week(vec![closed(6, 5)]).retry_on(), Some(day("2026-06-16")));
    let undone = Loan {
        rescinded: true,
        ..closed(6, 5)
    };
    assert!(week(vec![undone.clone()]).is_eligible());
    let counted = Condition::AccountCount {
        maximum: 1,
        window: Some(Window::Days(7)),
        count_rescinded: true,
    };
    assert!(!allows(counted, vec![undone]));
    // Something handed on is its new holder's to report.
    let handed_on = Loan {
        closed_on: None,
        ..closed(6, 5)
    };
    assert!(week(vec![handed_on]).is_eligible());
}

#[test]
fn enough_loans_have_to_leave_the_window() {
    let before = |days| Loan {
        opened_on: ago(days),
        ..loan(2)
    };
    let verdict = judged(
        opened(2, Window::Days(30)),
        vec![before(29), before(10), before(5), before(400)],
    );
    // The one of ten days ago is the second to leave.
    assert_eq!(verdict.retry_on(), Some(day("2026-07-05")));
}

#[test]
fn something_reserved_is_in_every_window_until_it_is_as_old_as_a_loan_of_today() {
    let yesterday = Loan {
        opened_on: ago(1),
        ..reservation(2)
    };
    let verdict = judged(opened(1, Window::Days(1)), vec![yesterday.clone()]);
    assert_eq!(verdict.retry_on(), Some(day("2026-06-16")));
    let verdict = judged(opened(1, Window::Months(1)), vec![yesterday]);
    assert_eq!(verdict.retry_on(), Some(day("2026-07-15")));
}

#[test]
fn a_window_of_months_goes_back_to_the_same_day_or_the_months_end() {
    for (opened_on, months, inside_until) in [
        ("2026-01-15", 1, "2026-02-14"),
        // Counted back from 28 February, January 28 is outside; the 29th to the 31st are inside until March.
        ("2026-01-28", 1, "2026-02-27"),
        ("2026-01-29", 1, "2026-02-28"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2025-02-28", 12, "2026-02-27"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2025-06-15", 12, "2026-06-14"),
    ] {
        let window = Window::Months(months);
        let opened_on = day(opened_on);
        let last = day(inside_until);
        assert!(opened_on > window.start(last), "{opened_on}");
        let next = last.succ_opt().expect("a day");
        assert!(opened_on <= window.start(next), "{opened_on}");
        assert_eq!(window.left_on(opened_on), next);
    }
}
