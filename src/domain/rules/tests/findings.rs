//! The burden of an application, at every boundary, and what a reason is counted as.

use super::*;

fn burden_of(payment: i64, income: Option<i64>, loans: Vec<Loan>) -> Option<Burden> {
    let application = Application {
        monthly_payment: payment,
        monthly_income: income,
        ..application()
    };
    burden(&application, &standing(loans))
}

#[test]
fn a_burden_is_what_falls_due_of_the_income_in_four_bands() {
    let of_a_thousand = |payment| burden_of(payment, Some(1_000), Vec::new());
    for (payment, expected) in [
        (0, Burden::Below30),
        (299, Burden::Below30),
        (300, Burden::Below50),
        (499, Burden::Below50),
        (500, Burden::UpTo80),
        (800, Burden::UpTo80),
        (801, Burden::Above80),
        (i64::MAX, Burden::Above80),
    ] {
        assert_eq!(of_a_thousand(payment), Some(expected), "{payment}");
    }
}

#[test]
fn without_an_income_there_is_no_burden() {
    assert_eq!(burden_of(100, None, Vec::new()), None);
    assert_eq!(burden_of(100, Some(0), Vec::new()), None);
}

#[test]
fn every_live_loan_in_the_currency_counts_towards_a_burden() {
    let due = |monthly_obligation: i128| Loan {
        monthly_obligation,
        ..loan(2)
    };
    let closed = Loan {
        active: false,
        ..due(900)
    };
    let foreign = Loan {
        in_currency: false,
        ..due(900)
    };
    let mine = Loan {
        lender: ME,
        ..due(200)
    };
    let reserved = Loan {
        held: Held::Reservation,
        ..due(100)
    };
    let all = vec![closed, foreign, mine, reserved];
    assert_eq!(burden_of(1, Some(1_000), all.clone()), Some(Burden::Below50));
    assert_eq!(burden_of(500, Some(1_000), all.clone()), Some(Burden::UpTo80));
    assert_eq!(burden_of(501, Some(1_000), all), Some(Burden::Above80));
}

#[test]
fn every_reason_is_counted_as_one_finding() {
    for reason in ReasonCode::ALL {
        let finding = Finding::because(*reason);
        // Those with a class of their own bear its name.
        let is_own = format!("{finding:?}") == format!("{reason:?}");
        assert!(is_own || finding == Finding::OtherReason, "{reason:?}");
    }
}
