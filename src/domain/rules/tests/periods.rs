use super::*;

/// A loan closed so many days ago, of which the service heard so many hours after today began.
fn ended(days_ago: u32, heard: Option<Timestamp>) -> Loan {
    Loan {
        closed_at: heard,
        ..closed(50, days_ago)
    }
}

fn hours(hours: u32) -> Condition {
    Condition::CoolingOff(Pause::Hours(hours))
}

/// What a condition says at an hour of today.
fn at(hour: u32, condition: Condition, loans: Vec<Loan>) -> Verdict {
    let standing = Standing {
        now: at_hour(hour),
        ..standing(loans)
    };
    evaluate(&pack(vec![condition]), &application(), &standing)
}

#[test]
fn a_closing_heard_of_on_its_day_counts_to_the_instant() {
    // Yesterday at 10.
    let heard = BusinessZone::default().hour_of(ago(1), 10);
    let loans = vec![ended(1, Some(heard))];
    let refused = at(9, hours(24), loans.clone());
    assert_eq!(refused.retry_on(), Some(today()));
    assert!(at(10, hours(24), loans.clone()).is_eligible());
    let last = Standing {
        now: Timestamp::from_micros(at_hour(10).micros() - 1),
        ..standing(loans)
    };
    assert!(!evaluate(&pack(vec![hours(24)]), &application(), &last).is_eligible());
}

#[test]
fn a_closing_heard_of_later_counts_from_the_end_of_its_day() {
    for heard in [None, Some(at_hour(8))] {
        let loans = vec![ended(1, heard)];
        let refused = at(23, hours(24), loans.clone());
        assert_eq!(refused.retry_on(), Some(day("2026-06-16")), "{heard:?}");
        assert!(at(0, hours(24), vec![ended(2, heard)]).is_eligible());
        // Of 48 hours the last begin a day later.
        assert_eq!(at(0, hours(48), loans).retry_on(), Some(day("2026-06-17")));
    }
}

#[test]
fn days_of_pause_are_counted_from_the_day_of_closing() {
    let pause = Condition::CoolingOff(Pause::Days(7));
    assert_eq!(
        at(23, pause.clone(), vec![ended(6, None)]).retry_on(),
        Some(day("2026-06-16"))
    );
    assert!(at(0, pause.clone(), vec![ended(7, None)]).is_eligible());
    // The latest counts.
    let both = vec![ended(9, None), ended(2, None), ended(40, None)];
    assert_eq!(at(0, pause, both).retry_on(), Some(day("2026-06-20")));
}

#[test]
fn only_a_loan_that_ended_starts_a_pause() {
    let rescinded = Loan {
        rescinded: true,
        ..ended(0, None)
    };
    let handed_on = Loan {
        closed_on: None,
        ..ended(0, None)
    };
    for other in [loan(2), reservation(2), rescinded, handed_on] {
        assert!(allows(hours(24), vec![other]));
    }
}

#[test]
fn a_plan_or_an_exclusion_refuses_without_a_day() {
    let in_plan = |held: Loan| Loan {
        in_plan: true,
        ..held
    };
    let refused = judged(Condition::InstalmentPlan, vec![loan(2), in_plan(loan(3))]);
    assert_eq!(refused.reasons[0].code, ReasonCode::InstalmentPlan);
    assert_eq!(refused.retry_on(), None);
    assert!(allows(
        Condition::InstalmentPlan,
        vec![loan(2), in_plan(closed(9, 1))]
    ));
    let excluded = Standing {
        self_excluded: true,
        ..standing(vec![])
    };
    let pack = pack(vec![Condition::SelfExclusion]);
    assert!(!evaluate(&pack, &application(), &excluded).is_eligible());
    assert!(evaluate(&pack, &application(), &standing(vec![])).is_eligible());
}

/// Illinois: more than 45 days, 7 days of pause, gaps to 6 days.
fn illinois() -> Condition {
    Condition::ConsecutiveIndebtedness(Indebtedness {
        days_above: 45,
        wait_days: 7,
        gap_days_at_most: 6,
    })
}

#[test]
fn days_in_debt_hold_the_first_and_the_last() {
    let since = |days| Loan {
        opened_on: ago(days),
        ..loan(2)
    };
    assert!(allows(illinois(), vec![since(44)]));
    let refused = judged(illinois(), vec![since(45)]);
    assert_eq!(refused.reasons[0].retry_on, None);
    assert!(!refused.is_eligible());
    assert!(allows(illinois(), vec![closed(46, 2)]));
}

#[test]
fn a_stretch_that_was_too_long_is_followed_by_a_pause() {
    assert_eq!(
        judged(illinois(), vec![closed(60, 0)]).retry_on(),
        Some(day("2026-06-22"))
    );
    assert_eq!(
        judged(illinois(), vec![closed(60, 6)]).retry_on(),
        Some(day("2026-06-16"))
    );
    assert!(allows(illinois(), vec![closed(60, 7)]));
}

#[test]
fn a_short_gap_continues_a_stretch_and_a_long_one_begins_another() {
    // 30 days, a gap, and 20 until now.
    let second = Loan {
        opened_on: ago(19),
        ..loan(2)
    };
    assert!(!allows(illinois(), vec![closed(54, 25), second.clone()]));
    assert!(allows(illinois(), vec![closed(54, 26), second]));
    // A loan inside another ends nothing.
    assert!(!allows(illinois(), vec![closed(50, 3), closed(40, 30)]));
    // What came before a long gap is forgotten.
    assert!(allows(illinois(), vec![closed(90, 20), closed(10, 5)]));
}

#[test]
fn what_was_never_lent_is_no_debt() {
    let rescinded = Loan {
        rescinded: true,
        ..closed(80, 1)
    };
    let old_reservation = Loan {
        opened_on: ago(80),
        ..reservation(2)
    };
    assert!(allows(illinois(), vec![rescinded, old_reservation]));
}

#[test]
fn a_short_loan_made_during_a_pause_does_not_end_it() {
    let rule = Indebtedness {
        days_above: 45,
        wait_days: 30,
        gap_days_at_most: 0,
    };
    let loans = vec![closed(80, 20), closed(10, 9)];
    let refused = judged(Condition::ConsecutiveIndebtedness(rule), loans);
    assert_eq!(refused.retry_on(), Some(day("2026-06-25")));
}

#[test]
fn days_that_follow_each_other_are_one_stretch_without_any_gap() {
    let rule = Indebtedness {
        days_above: 45,
        wait_days: 30,
        gap_days_at_most: 0,
    };
    let run = |second_opened| {
        let loans = vec![closed(80, 50), closed(second_opened, 20)];
        allows(Condition::ConsecutiveIndebtedness(rule), loans)
    };
    assert!(!run(49));
    assert!(run(48));
}
