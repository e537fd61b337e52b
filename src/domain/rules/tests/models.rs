//! Every rule against a model that is too simple to be wrong, on random loans.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::domain::date::{days_after, months_before};

/// Days of the past in which random loans lie.
const PAST_DAYS: u32 = 90;

fn some_loan() -> impl Strategy<Value = Loan> {
    let days = (0..=PAST_DAYS).prop_flat_map(|opened| (Just(opened), option::weighted(0.8, 0..=opened)));
    let marks = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (
        (1_i64..5, option::of(0_u64..3), prop::bool::weighted(0.3)),
        days,
        marks,
        (0_i128..2_000, 0_i128..200, 0_u32..90, 0_i128..500),
    )
        .prop_map(
            |((lender, application, reserved), (opened, ended), marks, amounts)| {
                let (rescinded, unsecured, in_currency, in_plan) = marks;
                let (principal, monthly_obligation, days_past_due, overdue) = amounts;
                let ended = ended.filter(|_| !reserved);
                Loan {
                    application: application.map(ApplicationKey),
                    held: if reserved {
                        Held::Reservation
                    } else {
                        Held::Position
                    },
                    unsecured,
                    in_currency,
                    principal,
                    monthly_obligation,
                    opened_on: if reserved { today() } else { ago(opened) },
                    active: ended.is_none(),
                    closed_on: ended.map(ago),
                    rescinded: rescinded && ended.is_some(),
                    days_past_due,
                    overdue,
                    in_plan,
                    ..loan(lender)
                }
            },
        )
}

fn some_loans() -> impl Strategy<Value = Vec<Loan>> {
    vec(some_loan(), 0..8)
}

fn some_condition() -> impl Strategy<Value = Condition> {
    let window = prop_oneof![
        (1_u32..60).prop_map(Window::Days),
        (1_u32..4).prop_map(Window::Months)
    ];
    let cap = (option::of(0_i64..6_000), 0_u32..500, any::<bool>()).prop_map(|(maximum, percent, one)| {
        Condition::AmountCap(AmountCap {
            maximum,
            income_percent: Some(percent).filter(|_| maximum.is_none()),
            bracket: None,
            extent: if one { Extent::PerLoan } else { Extent::Total },
        })
    });
    prop_oneof![
        (1_u32..5).prop_map(|maximum| Condition::LenderCount { maximum }),
        (1_u32..5, option::of(window), any::<bool>()).prop_map(|(maximum, window, count_rescinded)| {
            Condition::AccountCount {
                maximum,
                window,
                count_rescinded,
            }
        }),
        (1_u32..100).prop_map(|hours| Condition::CoolingOff(Pause::Hours(hours))),
        (1_u32..60).prop_map(|days| Condition::CoolingOff(Pause::Days(days))),
        cap,
        (0_u32..200, any::<bool>()).prop_map(|(maximum_percent, if_income_is_stated)| {
            Condition::ObligationRatio {
                maximum_percent,
                if_income_is_stated,
            }
        }),
        (0_u32..60, option::of(0_i64..500)).prop_map(|(days, amount)| Condition::Delinquency {
            days_past_due_above: days,
            overdue_amount_above: amount,
        }),
        some_indebtedness().prop_map(Condition::ConsecutiveIndebtedness),
        Just(Condition::InstalmentPlan),
    ]
}

fn some_indebtedness() -> impl Strategy<Value = Indebtedness> {
    (1_u32..40, 1_u32..20, 0_u32..10).prop_map(|(days_above, wait_days, gap_days_at_most)| Indebtedness {
        days_above,
        wait_days,
        gap_days_at_most,
    })
}

fn some_scope() -> impl Strategy<Value = Scope> {
    let whose = prop_oneof![Just(Whose::All), Just(Whose::Others), Just(Whose::Own)];
    (any::<bool>(), whose).prop_map(|(unsecured_only, whose)| Scope {
        unsecured_only,
        whose,
        ..Scope::default()
    })
}

fn some_pack() -> impl Strategy<Value = RulePack> {
    vec((some_condition(), some_scope()), 1..4).prop_map(|rules| {
        let (conditions, scopes): (Vec<_>, Vec<_>) = rules.into_iter().unzip();
        let mut pack = pack(conditions);
        for (rule, scope) in pack.rules.iter_mut().zip(scopes) {
            rule.scope = scope;
        }
        pack
    })
}

fn some_application() -> impl Strategy<Value = Application> {
    (0_i64..3_000, 0_i64..200, option::of(0_i64..2_000)).prop_map(|(amount, payment, income)| Application {
        amount,
        monthly_payment: payment,
        monthly_income: income,
        ..application()
    })
}

/// What is on file at noon of a later day if nothing but time passes.
fn later(loans: &[Loan], day: NaiveDate) -> Standing {
    Standing {
        now: BusinessZone::default().hour_of(day, 12),
        ..standing(loans.to_vec())
    }
}

/// One application at a time: the most of what is on file and what is reserved.
fn naive_total(loans: &[&Loan], measure: impl Fn(&Loan) -> i128) -> i128 {
    let mut sum = 0;
    for loan in loans.iter().filter(|loan| loan.application.is_none()) {
        sum += measure(loan);
    }
    let names: BTreeSet<_> = loans
        .iter()
        .filter_map(|loan| Some((loan.lender, loan.application?)))
        .collect();
    for (lender, key) in names {
        let sum_of = |held| -> i128 {
            let all = loans.iter();
            let same =
                all.filter(|loan| (loan.lender, loan.application, loan.held) == (lender, Some(key), held));
            same.map(|loan| measure(loan)).sum()
        };
        sum += sum_of(Held::Position).max(sum_of(Held::Reservation));
    }
    sum
}

fn live(loans: &[Loan]) -> Vec<&Loan> {
    let owed = |loan: &&Loan| loan.active || loan.held == Held::Reservation;
    loans.iter().filter(owed).collect()
}

proptest! {
    #[test]
    fn a_cap_leaves_what_the_sum_leaves(
        loans in some_loans(),
        application in some_application(),
        maximum in 0_i64..8_000,
        percent in option::of(0_u32..700),
    ) {
        let cap = AmountCap { maximum: Some(maximum), income_percent: percent, bracket: None, extent: Extent::Total };
        let verdict = evaluate(&pack(vec![Condition::AmountCap(cap)]), &application, &standing(loans.clone()));
        let owed = naive_total(&live(&loans), |loan| if loan.in_currency { loan.principal } else { 0 });
        let after = owed + i128::from(application.amount);
        let income = i128::from(application.monthly_income.unwrap_or(0));
        let allowed = after <= maximum.into() && percent.is_none_or(|p| after * 100 <= income * i128::from(p));
        prop_assert_eq!(verdict.is_eligible(), allowed);
        let room = verdict.room.expect("a cap leaves a room");
        // The room is what is allowed, and one more is not.
        let fits = |amount: i128| {
            let after = owed + amount;
            after <= maximum.into() && percent.is_none_or(|p| after * 100 <= income * i128::from(p))
        };
        prop_assert!(room == 0 || fits(room));
        prop_assert!(!fits(room + 1));
    }

    #[test]
    fn an_obligation_leaves_what_the_sum_leaves(
        loans in some_loans(),
        application in some_application(),
        percent in 0_u32..200,
    ) {
        let ratio = Condition::ObligationRatio { maximum_percent: percent, if_income_is_stated: false };
        let verdict = evaluate(&pack(vec![ratio]), &application, &standing(loans.clone()));
        let due = naive_total(&live(&loans), |loan| if loan.in_currency { loan.monthly_obligation } else { 0 });
        let income = i128::from(application.monthly_income.unwrap_or(0));
        let after = due + i128::from(application.monthly_payment);
        prop_assert_eq!(verdict.is_eligible(), after * 100 <= income * i128::from(percent));
    }

    #[test]
    fn numbers_are_those_of_a_list(loans in some_loans(), maximum in 1_u32..5) {
        let accounts = Condition::AccountCount { maximum, window: None, count_rescinded: false };
        let now = naive_total(&live(&loans), |_| 1);
        prop_assert_eq!(allows(accounts, loans.clone()), now < i128::from(maximum));
        let others = live(&loans).iter().map(|loan| loan.lender).filter(|lender| *lender != ME)
            .collect::<BTreeSet<_>>().len();
        let lenders = Condition::LenderCount { maximum };
        prop_assert_eq!(allows(lenders, loans), others < usize::try_from(maximum)?);
    }

    #[test]
    fn windows_hold_what_a_calendar_holds_and_the_day_is_the_first_that_helps(
        loans in some_loans(),
        maximum in 1_u32..4,
        length in 1_u32..40,
        in_months in any::<bool>(),
        count_rescinded in any::<bool>(),
    ) {
        let months = length.div_ceil(14);
        let window = if in_months { Window::Months(months) } else { Window::Days(length) };
        let condition = Condition::AccountCount { maximum, window: Some(window), count_rescinded };
        let exceeds = |day: NaiveDate| {
            let inside = |opened: NaiveDate| match window {
                Window::Days(days) => (0..days).any(|back| days_before(day, back) == opened),
                Window::Months(months) => opened > months_before(day, months) && opened <= day,
            };
            let counted: Vec<&Loan> = loans.iter()
                .filter(|loan| inside(loan.opened_on) && (count_rescinded || !loan.rescinded)).collect();
            naive_total(&counted, |_| 1) + 1 > i128::from(maximum)
        };
        let verdict = judged(condition, loans.clone());
        prop_assert_eq!(verdict.is_eligible(), !exceeds(today()));
        let first = (0..200).map(|days| days_after(today(), days)).find(|day| !exceeds(*day));
        prop_assert_eq!(verdict.retry_on(), first.filter(|day| *day > today()));
    }

    #[test]
    fn debt_without_a_break_is_what_a_calendar_shows(loans in some_loans(), rule in some_indebtedness()) {
        let verdict = judged(Condition::ConsecutiveIndebtedness(rule), loans.clone());
        let in_debt = |day: NaiveDate| loans.iter().any(|loan| {
            let last = loan.closed_on.unwrap_or(today());
            loan.held == Held::Position && !loan.rescinded && (loan.opened_on..=last).contains(&day)
        });
        // Stretches as days ago: first and last.
        let mut stretches: Vec<(u32, u32)> = Vec::new();
        for back in (0..=PAST_DAYS).rev().filter(|back| in_debt(ago(*back))) {
            match stretches.last_mut() {
                Some((_, last)) if *last - back <= rule.gap_days_at_most.max(1) => *last = back,
                _ => stretches.push((back, back)),
            }
        }
        let open = live(&loans).iter().any(|loan| loan.held == Held::Position);
        let waiting = |last: u32| (last == 0 && open) || last < rule.wait_days;
        let latest = stretches.iter()
            .filter(|(first, last)| first - last + 1 > rule.days_above && waiting(*last))
            .map(|(_, last)| *last).min();
        prop_assert_eq!(verdict.is_eligible(), latest.is_none());
        let free_on = latest.filter(|last| !(open && *last == 0))
            .map(|last| days_after(ago(last), rule.wait_days));
        prop_assert_eq!(verdict.retry_on(), free_on);
    }

    #[test]
    fn a_loan_of_another_lender_never_helps(
        pack in some_pack(),
        application in some_application(),
        loans in some_loans(),
        more in some_loan(),
    ) {
        let before = evaluate(&pack, &application, &standing(loans.clone()));
        let mut loans = loans;
        loans.push(Loan { lender: MemberNo(9), ..more });
        let after = evaluate(&pack, &application, &standing(loans));
        let broken = |verdict: &Verdict| verdict.reasons.iter().map(|reason| reason.place).collect::<BTreeSet<_>>();
        prop_assert!(broken(&before).is_subset(&broken(&after)));
        prop_assert!(before.room.is_none() == after.room.is_none() && after.room <= before.room);
        prop_assert!(after.payment_room <= before.payment_room);
    }

    #[test]
    fn the_day_to_try_again_is_no_earlier_and_no_later(
        condition in some_condition(),
        application in some_application(),
        loans in some_loans(),
    ) {
        let pack = pack(vec![condition]);
        let loans: Vec<Loan> = loans.into_iter().filter(|loan| loan.held == Held::Position).collect();
        let verdict = evaluate(&pack, &application, &standing(loans.clone()));
        let Some(retry_on) = verdict.retry_on() else { return Ok(()) };
        prop_assert!(retry_on >= today());
        let end_of = |day| Standing {
            now: Timestamp::from_micros(BusinessZone::default().hour_of(day, 24).micros() - 1),
            ..later(&loans, day)
        };
        let on_the_day = evaluate(&pack, &application, &end_of(retry_on));
        prop_assert!(on_the_day.is_eligible());
        if retry_on > today() {
            let before = evaluate(&pack, &application, &end_of(days_before(retry_on, 1)));
            prop_assert!(!before.is_eligible());
        }
    }

    #[test]
    fn subjects_are_joined_in_any_order(
        pack in some_pack(),
        application in some_application(),
        subjects in vec(some_loans(), 3..4),
    ) {
        let verdict = |place: usize| evaluate(&pack, &application, &standing(subjects[place].clone()));
        let whole = verdict(0).join(verdict(1)).join(verdict(2));
        for [a, b, c] in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            prop_assert_eq!(&verdict(a).join(verdict(b)).join(verdict(c)), &whole);
            prop_assert_eq!(&verdict(a).join(verdict(b).join(verdict(c))), &whole);
        }
        prop_assert_eq!(whole.clone().join(whole.clone()), whole.clone());
        prop_assert_eq!(whole.is_eligible(), (0..3).all(|place| verdict(place).is_eligible()));
    }
}
