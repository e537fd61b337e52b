//! Loans that several members fund together are one account.

use super::{CALLER, Scene, band};
use crate::domain::exposure::DelinquencyBucket;
use crate::domain::exposure::Window::{Days, Hours};
use crate::domain::position::{ClosureReason, LiabilityRole};
use crate::domain::testing::{PositionBuilder, now, position};

fn part(member: i64) -> PositionBuilder {
    position().of(member).opened(3).funded_by("group-1")
}

#[test]
fn positions_of_one_group_currency_and_opening_date_are_one_account() {
    let cases = [
        ("same", part(3), 1),
        ("other reference", part(3).funded_by("group-2"), 2),
        ("other opening date", part(3).opened(4), 2),
        (
            "other currency",
            part(3).facts(|facts| {
                facts.currency = crate::domain::currency::Currency::parse("USD").expect("listed");
            }),
            2,
        ),
        (
            "no reference",
            part(3).facts(|facts| facts.funding_group_ref = None),
            2,
        ),
    ];
    for (name, other, accounts) in cases {
        let scene = Scene::of([part(2), position().of(9).opened(50), other]);
        let others = scene.others();
        assert_eq!(
            (others.active_accounts, others.active_lenders),
            (accounts + 1, 3),
            "{name}"
        );
        assert_eq!(scene.window(Days(7)).new_accounts, accounts, "{name}");
    }
}

#[test]
fn accounts_without_a_reference_never_join() {
    assert_eq!(
        Scene::of([position(), position().of(3)]).others().active_accounts,
        2
    );
}

#[test]
fn a_joined_account_is_whatever_any_of_its_positions_is() {
    let late = part(3).dpd(40).facts(|facts| facts.restructure_count = 1);
    let others = Scene::of([part(2), late, part(4).closed(ClosureReason::Sold)]).others();
    let counts = (
        others.active_accounts,
        others.past_due_accounts,
        others.formal_overdue_accounts,
        others.restructured_accounts,
    );
    assert_eq!(counts, (1, 1, 1, 1));
    assert_eq!(others.active_lenders, 2, "those with an active position");
    assert_eq!(others.worst_bucket_now, DelinquencyBucket::M2);
}

#[test]
fn amounts_of_a_joined_account_add_up_over_its_lenders() {
    let scene = Scene::of([part(2), part(3), part(4)].map(|row| row.outstanding(40_000)));
    assert_eq!(
        scene.others().outstanding,
        band(200_000),
        "three contributors: fine edges"
    );
}

#[test]
fn the_callers_part_goes_before_parts_are_joined() {
    let with = Scene::of([part(CALLER).dpd(99), part(2)]).others();
    assert_eq!(with, Scene::of([part(2).account(2)]).others());
}

#[test]
fn guarantees_are_joined_apart_from_own_debt() {
    let guaranteed = |member: i64| part(member).role(LiabilityRole::Guarantor);
    let others = Scene::of([part(2), guaranteed(3), guaranteed(4)]).others();
    assert_eq!((others.active_accounts, others.guaranteed_accounts), (1, 1));
}

#[test]
fn a_joined_account_was_first_accepted_when_its_first_position_was() {
    let early = part(2).row(|row| row.first_received_at = now().hours_before(30));
    let late = part(3).row(|row| row.first_received_at = now().hours_before(1));
    let scene = Scene::of([early, late]);
    assert_eq!(scene.window(Hours(24)).new_accounts, 0);
    assert_eq!(
        (
            scene.window(Days(7)).new_accounts,
            scene.window(Days(7)).new_lenders
        ),
        (1, 2)
    );
}
