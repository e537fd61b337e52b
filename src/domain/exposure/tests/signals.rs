//! Signals.

use super::{CALLER, Scene};
use crate::domain::exposure::SignalType::{self, BorrowToRepay, InquiryBurst, ObligationJump, OpeningBurst};
use crate::domain::position::{ClosureReason, LiabilityRole};
use crate::domain::testing::{PositionBuilder, ago, position};

const HOUR: i64 = 3_600_000_000;

fn raises(scene: &Scene, signal: SignalType) -> bool {
    scene.signals().contains(&signal)
}

/// An ordinary loan that costs so much a month.
fn costing(member: i64, payment: i64, opened: u32) -> PositionBuilder {
    position()
        .of(member)
        .opened(opened)
        .facts(|facts| facts.scheduled_payment = payment)
}

fn due(row: PositionBuilder, days_ago: u32) -> PositionBuilder {
    row.facts(|facts| facts.next_due_on = Some(ago(days_ago)))
}

#[test]
fn three_lenders_in_a_day_are_an_inquiry_burst() {
    let two = Scene::empty().looked(2, 1).looked(3, 2).looked(2, 23 * HOUR);
    assert!(!raises(&two, InquiryBurst));
    assert!(!raises(&two.clone().looked(4, 25 * HOUR), InquiryBurst));
    assert!(!raises(&two.clone().looked(CALLER, 5), InquiryBurst));
    assert!(raises(&two.looked(4, 24 * HOUR), InquiryBurst));
}

#[test]
fn two_openings_in_a_week_are_an_opening_burst() {
    let one = Scene::of([position().opened(1)]);
    assert!(!raises(&one, OpeningBurst));
    assert!(!raises(&one.clone().and(position().opened(7)), OpeningBurst));
    assert!(!raises(
        &one.clone().and(position().of(CALLER).opened(1)),
        OpeningBurst
    ));
    assert!(raises(&one.and(position().opened(6)), OpeningBurst));
}

#[test]
fn borrowing_around_a_due_date_of_another_lender_is_borrowing_to_repay() {
    let scene =
        |opened: u32, due_ago: u32| Scene::of([due(position(), due_ago), position().of(3).opened(opened)]);
    let cases = [
        (10, 10, true),
        (10, 13, true),
        (10, 7, true),
        (10, 14, false),
        (10, 6, false),
        (29, 29, true),
        (30, 30, false),
    ];
    for (opened, due_ago, expected) in cases {
        assert_eq!(
            raises(&scene(opened, due_ago), BorrowToRepay),
            expected,
            "{opened} {due_ago}"
        );
    }
}

#[test]
fn borrowing_to_repay_looks_at_due_dates_of_past_versions_of_sixty_days() {
    for (as_of, expected) in [(59, true), (60, false)] {
        let scene = Scene::of([position(), position().of(3).opened(10)]).past(2, 1, as_of, 0, Some(11));
        assert_eq!(raises(&scene, BorrowToRepay), expected, "{as_of}");
    }
    let current = |as_of: u32| Scene::of([due(position().as_of(as_of), 10), position().of(3).opened(10)]);
    assert!(raises(&current(59), BorrowToRepay));
    assert!(!raises(&current(60), BorrowToRepay));
}

#[test]
fn borrowing_to_repay_needs_two_accounts_of_different_lenders() {
    let same_lender = Scene::of([due(position(), 10), position().opened(10)]);
    let same_account = Scene::of([due(position().opened(10), 10)]);
    let funded = |member: i64| due(position().of(member).opened(10).funded_by("g"), 10);
    let one_loan = Scene::of([funded(2), funded(3)]);
    let own = Scene::of([due(position().of(CALLER), 10), position().of(3).opened(10)]);
    let guaranteed = due(position().role(LiabilityRole::Guarantor), 10);
    let contingent = Scene::of([guaranteed, position().of(3).opened(10)]);
    for scene in [same_lender, same_account, one_loan, own, contingent] {
        assert!(!raises(&scene, BorrowToRepay));
    }
}

#[test]
fn borrowing_to_repay_looks_at_closed_accounts_too() {
    let closed = due(position().closed(ClosureReason::PaidEarly), 10);
    let fresh = position().of(3).opened(10).closed(ClosureReason::Rescinded);
    assert!(raises(&Scene::of([closed, fresh]), BorrowToRepay));
}

#[test]
fn the_obligation_jumps_when_new_loans_cost_half_of_the_older_ones() {
    let cases = [
        (100, 50, 29, true),
        (100, 49, 29, false),
        (101, 50, 29, false),
        (100, 50, 30, false),
        (0, 50, 1, false),
    ];
    for (older, fresh, opened, expected) in cases {
        let scene = Scene::of([costing(2, older, 200), costing(3, fresh, opened)]);
        assert_eq!(
            raises(&scene, ObligationJump),
            expected,
            "{older} {fresh} {opened}"
        );
    }
    let closed = costing(3, 50, 1).closed(ClosureReason::Rescinded);
    assert!(!raises(
        &Scene::of([costing(2, 100, 200), closed]),
        ObligationJump
    ));
}

#[test]
fn signals_come_in_the_order_of_their_numbers_each_once() {
    let mut scene = Scene::of([
        due(costing(2, 10, 200), 2),
        costing(3, 50, 2),
        costing(4, 50, 2),
        costing(5, 50, 2),
    ]);
    for member in 2..8 {
        scene = scene.looked(member, 1);
    }
    scene.about.shared_mobile = true;
    assert_eq!(scene.signals(), SignalType::ALL);
}
