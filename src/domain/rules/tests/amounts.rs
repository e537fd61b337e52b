use super::*;

fn cap(maximum: Option<i64>, income_percent: Option<u32>) -> AmountCap {
    AmountCap {
        maximum,
        income_percent,
        bracket: None,
        extent: Extent::Total,
    }
}

/// What a cap says about an amount on top of what is on file, with an income.
fn capped(cap: AmountCap, amount: i64, income: Option<i64>, loans: Vec<Loan>) -> Verdict {
    let application = Application {
        amount,
        monthly_income: income,
        ..application()
    };
    evaluate(
        &pack(vec![Condition::AmountCap(cap)]),
        &application,
        &standing(loans),
    )
}

#[test]
fn everything_owed_in_scope_and_the_loan_may_reach_the_cap_and_not_pass_it() {
    let loans = vec![loan(ME.0), loan(2), reservation(3), closed(50, 10)];
    for (amount, allowed) in [(1_999, true), (2_000, true), (2_001, false)] {
        let verdict = capped(cap(Some(5_000), None), amount, None, loans.clone());
        assert_eq!(verdict.is_eligible(), allowed, "{amount}");
        assert_eq!(verdict.room, Some(2_000));
        assert_eq!(verdict.payment_room, None);
        assert!(verdict.others_owe);
        assert_eq!(verdict.retry_on(), None);
    }
    // What is beyond the cap already leaves nothing, not less.
    assert_eq!(capped(cap(Some(10), None), 1, None, loans).room, Some(0));
}

#[test]
fn only_debt_of_others_makes_a_room_tell_of_others() {
    let own = capped(cap(Some(5_000), None), 1, None, vec![loan(ME.0)]);
    assert_eq!((own.room, own.others_owe), (Some(4_000), false));
    let foreign = Loan {
        in_currency: false,
        ..loan(2)
    };
    let nothing = capped(cap(Some(5_000), None), 1, None, vec![foreign]);
    assert_eq!((nothing.room, nothing.others_owe), (Some(5_000), false));
}

#[test]
fn the_lesser_of_amount_and_share_of_income_counts_and_the_share_is_exact() {
    for (income, amount, allowed) in [
        // 25 % of 401 is 100.25.
        (401, 100, true),
        (401, 101, false),
        // 25 % of 404 is 101.
        (404, 101, true),
        (1_000_000, 1_000, true),
        (1_000_000, 1_001, false),
    ] {
        let verdict = capped(cap(Some(1_000), Some(25)), amount, Some(income), vec![]);
        assert_eq!(verdict.is_eligible(), allowed, "{income} {amount}");
    }
}

#[test]
fn an_income_that_is_not_stated_is_nothing() {
    for income in [None, Some(0), Some(-5)] {
        let verdict = capped(cap(None, Some(600)), 1, income, vec![]);
        assert!(!verdict.is_eligible(), "{income:?}");
        assert_eq!(verdict.room, Some(0));
    }
}

#[test]
fn a_cap_of_one_loan_looks_at_no_other() {
    let one = AmountCap {
        extent: Extent::PerLoan,
        ..cap(Some(100), None)
    };
    let verdict = capped(one.clone(), 100, None, vec![loan(2)]);
    assert!(verdict.is_eligible());
    assert_eq!((verdict.room, verdict.others_owe), (Some(100), false));
    assert!(!capped(one, 101, None, vec![]).is_eligible());
}

#[test]
fn a_bracket_of_annual_income_holds_its_lower_edge_and_not_its_upper() {
    let from = AmountCap {
        bracket: Some(IncomeBracket {
            from: Some(12_000),
            below: None,
        }),
        ..cap(Some(10), None)
    };
    let below = AmountCap {
        bracket: Some(IncomeBracket {
            from: None,
            below: Some(12_000),
        }),
        ..cap(Some(20), None)
    };
    for (income, room) in [(Some(1_000), 10), (Some(999), 20), (None, 20)] {
        let pack = pack(vec![
            Condition::AmountCap(from.clone()),
            Condition::AmountCap(below.clone()),
        ]);
        let application = Application {
            monthly_income: income,
            ..application()
        };
        let verdict = evaluate(&pack, &application, &standing(vec![]));
        assert_eq!(verdict.room, Some(room), "{income:?}");
    }
}

#[test]
fn an_application_on_file_and_reserved_counts_once_with_what_is_more() {
    let of = |lender: i64, principal: i128, held: Loan| Loan {
        application: Some(ApplicationKey(7)),
        principal,
        ..Loan {
            lender: MemberNo(lender),
            ..held
        }
    };
    for (loans, room) in [
        (vec![of(2, 300, loan(2)), of(2, 500, reservation(2))], 4_500),
        (vec![of(2, 600, loan(2)), of(2, 500, reservation(2))], 4_400),
        // The same key at another lender is another application.
        (vec![of(2, 300, loan(2)), of(3, 500, reservation(3))], 4_200),
        // Two accounts of one application are two amounts.
        (
            vec![
                of(2, 300, loan(2)),
                of(2, 400, loan(2)),
                of(2, 500, reservation(2)),
            ],
            4_300,
        ),
        // Without a key each stands for itself.
        (vec![loan(2), reservation(2)], 3_000),
    ] {
        assert_eq!(capped(cap(Some(5_000), None), 1, None, loans).room, Some(room));
    }
}

#[test]
fn what_falls_due_in_a_month_may_reach_its_share_of_the_income() {
    let ratio = |if_income_is_stated| Condition::ObligationRatio {
        maximum_percent: 50,
        if_income_is_stated,
    };
    let judge = |condition, income| {
        let application = Application {
            monthly_payment: 101,
            monthly_income: income,
            ..application()
        };
        evaluate(
            &pack(vec![condition]),
            &application,
            &standing(vec![loan(2), loan(ME.0)]),
        )
    };
    for (income, allowed, room) in [(601, false, 100), (602, true, 101), (399, false, 0)] {
        let verdict = judge(ratio(false), Some(income));
        assert_eq!(verdict.is_eligible(), allowed, "{income}");
        assert_eq!(verdict.payment_room, Some(room));
        assert_eq!(verdict.room, None);
        assert!(verdict.others_owe);
    }
    assert!(!judge(ratio(false), None).is_eligible());
    let left_out = judge(ratio(true), None);
    assert!(left_out.is_eligible());
    assert_eq!(left_out.payment_room, None);
    assert!(!judge(ratio(true), Some(601)).is_eligible());
}

#[test]
fn a_late_loan_is_too_late_beyond_both_limits() {
    let delinquency = |overdue_amount_above| Condition::Delinquency {
        days_past_due_above: 60,
        overdue_amount_above,
    };
    let late = |days_past_due, overdue| Loan {
        days_past_due,
        overdue,
        ..loan(2)
    };
    for (days, overdue, above, allowed) in [
        (60, 9_999, None, true),
        (61, 1, None, false),
        (61, 3_000, Some(3_000), true),
        (61, 3_001, Some(3_000), false),
        (60, 3_001, Some(3_000), true),
    ] {
        assert_eq!(
            allows(delinquency(above), vec![late(days, overdue)]),
            allowed,
            "{days} {overdue}"
        );
    }
    let ended = Loan {
        active: false,
        closed_on: Some(ago(1)),
        ..late(90, 5_000)
    };
    assert!(allows(delinquency(None), vec![ended]));
    // Days are days in any currency; amounts are not.
    let foreign = Loan {
        in_currency: false,
        ..late(90, 5_000)
    };
    assert!(!allows(delinquency(None), vec![foreign.clone()]));
    assert!(allows(delinquency(Some(3_000)), vec![foreign]));
}
