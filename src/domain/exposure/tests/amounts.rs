//! Sums in bands.

use super::{Scene, band};
use crate::domain::exposure::AmountBand;
use crate::domain::position::{AccountType, ClosureReason, GuaranteeType, LiabilityRole, RepaymentFrequency};
use crate::domain::testing::position;
use crate::domain::validation::samples::{date, today};

#[test]
fn outstanding_is_the_sum_of_active_own_debt() {
    let scene = Scene::of([
        position().outstanding(300_000),
        position().outstanding(300_000),
        position()
            .outstanding(9_000_000)
            .closed(ClosureReason::WrittenOff),
        position().outstanding(9_000_000).role(LiabilityRole::Guarantor),
    ]);
    assert_eq!(scene.others().outstanding, band(1_000_000));
}

#[test]
fn an_amount_of_three_members_uses_fine_edges_and_of_two_coarse_ones() {
    let of = |members: std::ops::Range<i64>, amount: i64| {
        members.fold(Scene::empty(), |scene, member| {
            scene.and(position().of(member).outstanding(amount))
        })
    };
    assert_eq!(of(2..4, 20_000).others().outstanding, band(200_000));
    assert_eq!(of(2..5, 20_000).others().outstanding, band(100_000));
    let with_nothing = of(2..4, 20_000).and(position().of(9).outstanding(0));
    assert_eq!(
        with_nothing.others().outstanding,
        band(200_000),
        "a zero part is no contribution"
    );
    let twice = of(2..4, 20_000).and(position().of(3).outstanding(20_000));
    assert_eq!(
        twice.others().outstanding,
        band(200_000),
        "a member contributes once"
    );
}

#[test]
fn above_the_last_edge_the_band_is_open() {
    let others = Scene::of([position().outstanding(100_000_001)]).others();
    let open = AmountBand {
        up_to: 100_000_000,
        open_ended: true,
    };
    assert_eq!(others.outstanding, open);
}

#[test]
fn sums_beyond_the_largest_integer_stay_in_the_open_band() {
    let huge = || {
        position()
            .outstanding(i64::MAX)
            .facts(|facts| facts.scheduled_payment = i64::MAX)
    };
    let daily = || huge().facts(|facts| facts.repayment_frequency = RepaymentFrequency::Day);
    let others = Scene::of([daily(), daily(), daily()]).others();
    assert!(others.outstanding.open_ended && others.monthly_obligation.open_ended);
}

#[test]
fn only_unsecured_debt_counts_as_unsecured() {
    for guarantee in GuaranteeType::ALL {
        let row = position().facts(|facts| facts.guarantee_type = *guarantee);
        let expected = if *guarantee == GuaranteeType::Unsecured {
            200_000
        } else {
            0
        };
        assert_eq!(
            Scene::of([row]).others().outstanding_unsecured,
            band(expected),
            "{guarantee:?}"
        );
    }
}

#[test]
fn credit_limits_are_those_of_revolving_accounts_and_cards() {
    for account_type in AccountType::ALL {
        let others = Scene::of([position().revolving(*account_type, 500_000)]).others();
        let expected = match account_type {
            AccountType::Revolving | AccountType::CreditCard => 1_000_000,
            AccountType::NonRevolving | AccountType::Collection => 0,
        };
        assert_eq!(others.credit_limit, band(expected), "{account_type:?}");
    }
}

#[test]
fn a_month_costs_what_its_rhythm_says_rounded_up_to_the_minor_unit() {
    use RepaymentFrequency::{Day, Fortnight, HalfYear, Irregular, Month, Quarter, Week, Year};
    let cases = [
        (Day, 7, 210),
        (Week, 7, 30),
        (Week, 8, 35),
        (Week, 1, 5),
        (Fortnight, 14, 30),
        (Fortnight, 1, 3),
        (Month, 7, 7),
        (Irregular, 7, 7),
        (Quarter, 9, 3),
        (Quarter, 10, 4),
        (HalfYear, 12, 2),
        (HalfYear, 13, 3),
        (Year, 24, 2),
        (Year, 25, 3),
        (Year, 0, 0),
    ];
    for (frequency, payment, expected) in cases {
        let facts = position()
            .facts(|facts| {
                facts.repayment_frequency = frequency;
                facts.scheduled_payment = payment;
            })
            .build()
            .version
            .facts
            .clone();
        let cost = crate::domain::exposure::obligation::monthly_obligation(&facts, today());
        assert_eq!(cost, expected, "{frequency:?} {payment}");
    }
}

#[test]
fn obligations_round_up_for_each_position_and_not_for_the_sum() {
    // 3 × ⌈1 ÷ 3⌉ = 3, which only three positions of three lenders at the lowest edge would show: ask for 1,000 units.
    let row = |member: i64| {
        position().of(member).facts(|facts| {
            facts.repayment_frequency = RepaymentFrequency::Quarter;
            facts.scheduled_payment = 100_000;
        })
    };
    // Each costs 33,334: together 100,002 and not 100,000.
    let others = Scene::of([row(2), row(3), row(4)]).others();
    assert_eq!(others.monthly_obligation, band(200_000));
}

#[test]
fn a_single_payment_counts_when_it_falls_due_within_thirty_days() {
    let cases = [
        (Some("2026-06-01"), 200_000),
        (Some("2026-06-15"), 200_000),
        (Some("2026-07-15"), 200_000),
        (Some("2026-07-16"), 0),
        (None, 0),
    ];
    for (matures_on, expected) in cases {
        let row = position().facts(|facts| {
            facts.repayment_frequency = RepaymentFrequency::Single;
            facts.matures_on = matures_on.map(date);
        });
        assert_eq!(
            Scene::of([row]).others().monthly_obligation,
            band(expected),
            "{matures_on:?}"
        );
    }
}

#[test]
fn the_overdue_amount_is_the_sum_of_its_split() {
    let row = position().dpd(5).facts(|facts| {
        facts.overdue.principal = 100_000;
        facts.overdue.interest = 50_000;
        facts.overdue.penalty = 49_999;
        facts.overdue.fees = 2;
    });
    assert_eq!(Scene::of([row]).others().overdue_amount, band(1_000_000));
}

#[test]
fn guarantees_are_summed_apart() {
    let row = position().role(LiabilityRole::Guarantor).outstanding(300_000);
    let closed = row.clone().closed(ClosureReason::PaidByGuarantor);
    let others = Scene::of([row, closed]).others();
    assert_eq!(
        (others.guaranteed_accounts, others.guaranteed_amount),
        (1, band(1_000_000))
    );
    assert_eq!(others.outstanding, band(0));
}

#[test]
fn the_lowest_edge_is_the_operators_to_choose() {
    let mut scene = Scene::of([position().outstanding(1)]);
    scene.rules.lowest_edges.insert(scene.currency, 5_000);
    assert_eq!(scene.others().outstanding, band(1_000_000));
}
