//! Counts of lenders and accounts.

use super::{CALLER, Scene};
use crate::domain::currency::Currency;
use crate::domain::exposure::DelinquencyBucket;
use crate::domain::position::{AccountStatus, ClosureReason, DeletionReason, LiabilityRole};
use crate::domain::testing::position;

#[test]
fn active_accounts_are_those_of_four_statuses() {
    let cases = [
        (AccountStatus::PendingDisbursement, 1),
        (AccountStatus::Open, 1),
        (AccountStatus::BadDebt, 1),
        (AccountStatus::LegalAction, 1),
        (AccountStatus::TransferredOut, 0),
        (AccountStatus::Closed, 0),
    ];
    for (status, expected) in cases {
        let others = Scene::of([position().status(status)]).others();
        assert_eq!(others.active_accounts, expected, "{status:?}");
        assert_eq!(others.active_lenders, expected, "{status:?}");
    }
}

#[test]
fn own_debt_is_that_of_primary_joint_and_owner() {
    let cases = [
        (LiabilityRole::Primary, 1, 0),
        (LiabilityRole::Joint, 1, 0),
        (LiabilityRole::Owner, 1, 0),
        (LiabilityRole::Guarantor, 0, 1),
    ];
    for (role, own, contingent) in cases {
        let others = Scene::of([position().role(role)]).others();
        assert_eq!(
            (others.active_accounts, others.guaranteed_accounts),
            (own, contingent),
            "{role:?}"
        );
    }
}

#[test]
fn a_lender_with_two_accounts_counts_once() {
    let others = Scene::of([position(), position()]).others();
    assert_eq!((others.active_lenders, others.active_accounts), (1, 2));
}

#[test]
fn deleted_and_suppressed_positions_count_nowhere() {
    let deleted = position()
        .dpd(40)
        .row(|row| row.deleted = Some(DeletionReason::Fraud));
    let suppressed = position().of(CALLER).row(|row| row.suppressed = true);
    let scene = Scene::of([deleted, suppressed]).past(2, 1, 3, 90, None);
    assert_eq!(scene.figures(), Scene::empty().figures());
    assert_eq!(scene.own(), Scene::empty().own());
}

#[test]
fn counts_are_exact_to_nine_and_ten_stands_for_more() {
    for (accounts, shown) in [(8, 8), (9, 9), (10, 10), (11, 10), (30, 10)] {
        let scene = (2..2 + accounts).fold(Scene::empty(), |scene, member| {
            scene.and(position().of(member).dpd(5)).looked(member, 1_000)
        });
        let others = scene.others();
        let counts = [
            others.active_lenders,
            others.active_accounts,
            others.past_due_accounts,
            others.velocity[0].hard_inquiries,
            others.velocity[0].inquiring_lenders,
        ];
        assert_eq!(counts, [shown; 5], "{accounts}");
    }
}

#[test]
fn past_due_is_any_day_and_formally_overdue_more_than_the_grace() {
    let cases = [(0, 0, 0, 0), (1, 0, 1, 1), (3, 3, 1, 0), (4, 3, 1, 1)];
    for (dpd, grace, past_due, formal) in cases {
        let late = position().dpd(dpd).facts(|facts| facts.grace_days = grace);
        let others = Scene::of([late]).others();
        assert_eq!(
            (others.past_due_accounts, others.formal_overdue_accounts),
            (past_due, formal),
            "{dpd} {grace}"
        );
    }
}

#[test]
fn a_closed_account_is_not_past_due_any_more() {
    let others = Scene::of([position().dpd(90).closed(ClosureReason::SettledForLess)]).others();
    assert_eq!((others.past_due_accounts, others.formal_overdue_accounts), (0, 0));
    assert_eq!(others.worst_bucket_now, DelinquencyBucket::M0);
}

#[test]
fn bad_debt_is_such_by_status_or_written_off() {
    let cases = [
        (position().status(AccountStatus::BadDebt), 1),
        (position().closed(ClosureReason::WrittenOff), 1),
        (position().closed(ClosureReason::PaidAsAgreed), 0),
        (position(), 0),
    ];
    for (row, expected) in cases {
        assert_eq!(
            Scene::of([row.clone()]).others().bad_debt_accounts,
            expected,
            "{row:?}"
        );
    }
}

#[test]
fn legal_action_is_counted_by_status() {
    let others = Scene::of([position().status(AccountStatus::LegalAction), position()]).others();
    assert_eq!(others.legal_action_accounts, 1);
}

#[test]
fn restructured_is_an_active_account_extended_or_restructured() {
    let extended = position().facts(|facts| facts.extension_count = 1);
    let restructured = position().facts(|facts| facts.restructure_count = 2);
    let closed = extended.clone().closed(ClosureReason::PaidEarly);
    for (row, expected) in [(extended, 1), (restructured, 1), (closed, 0), (position(), 0)] {
        assert_eq!(Scene::of([row]).others().restructured_accounts, expected);
    }
}

#[test]
fn an_account_in_another_currency_counts_in_all_counts_and_in_no_amount() {
    let dollars = position().opened(3).dpd(31).facts(|facts| {
        facts.currency = Currency::parse("USD").expect("listed");
        facts.overdue.principal = 5;
    });
    let others = Scene::of([dollars]).others();
    let counts = (
        others.other_currency_accounts,
        others.active_accounts,
        others.past_due_accounts,
    );
    assert_eq!(counts, (1, 1, 1));
    assert_eq!(others.velocity[2].new_accounts, 1);
    let amounts = [
        others.outstanding,
        others.outstanding_unsecured,
        others.monthly_obligation,
        others.overdue_amount,
        others.velocity[2].new_amount,
    ];
    assert!(amounts.iter().all(|amount| amount.up_to == 0));
}

#[test]
fn oldest_open_month_is_that_of_active_own_debt() {
    let closed = position().opened(900).closed(ClosureReason::PaidAsAgreed);
    let guaranteed = position().opened(800).role(LiabilityRole::Guarantor);
    let others = Scene::of([position().opened(10), position().opened(100), closed, guaranteed]).others();
    assert_eq!(others.oldest_open_month, Some((2026, 3)));
    assert_eq!(Scene::empty().others().oldest_open_month, None);
}

#[test]
fn unconfirmed_is_missing_in_two_full_batches_own_and_contingent() {
    let missing = |batches: u32| position().row(|row| row.missing_batches = batches);
    let cases = [
        (missing(0), 0),
        (missing(1), 0),
        (missing(2), 1),
        (missing(3).role(LiabilityRole::Guarantor), 1),
        (missing(2).closed(ClosureReason::PaidAsAgreed), 0),
    ];
    for (row, expected) in cases {
        assert_eq!(Scene::of([row]).others().unconfirmed_accounts, expected);
    }
}

#[test]
fn disputed_items_matter_only_if_the_shown_bucket_or_lenders_change_without_them() {
    let disputed = |row: crate::domain::testing::PositionBuilder| row.row(|row| row.disputed = true);
    let cases = [
        ("the only lender", vec![disputed(position())], 1, true),
        (
            "same bucket",
            vec![position().dpd(2), disputed(position().dpd(29))],
            1,
            false,
        ),
        (
            "worse bucket",
            vec![position().dpd(2), disputed(position().dpd(31))],
            1,
            true,
        ),
        (
            "other lender",
            vec![position(), disputed(position().of(3))],
            1,
            true,
        ),
        (
            "closed",
            vec![
                position(),
                disputed(position().of(3).closed(ClosureReason::PaidEarly)),
            ],
            1,
            false,
        ),
        (
            "guarantee",
            vec![disputed(position().role(LiabilityRole::Guarantor).dpd(99))],
            1,
            false,
        ),
        ("none", vec![position().dpd(99)], 0, false),
    ];
    for (name, rows, items, matter) in cases {
        let others = rows.into_iter().fold(Scene::empty(), Scene::and).others();
        assert_eq!(
            (others.disputed_items, others.disputed_items_matter),
            (items, matter),
            "{name}"
        );
    }
}

#[test]
fn a_disputed_lender_beyond_nine_does_not_matter() {
    let scene = (2..13).fold(Scene::empty(), |scene, member| {
        scene.and(position().of(member).row(|row| row.disputed = member == 2))
    });
    assert!(!scene.others().disputed_items_matter);
}

#[test]
fn nothing_on_file_has_the_shape_of_something() {
    let others = Scene::empty().others();
    assert_eq!(others.velocity.len(), 8);
    assert_eq!((others.active_lenders, others.months_since_past_due), (0, 24));
    assert_eq!(others.worst_bucket_24_months, DelinquencyBucket::M0);
    assert_eq!(others.active_lenders_by_group, []);
}
