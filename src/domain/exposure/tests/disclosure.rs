//! What stops a lender working out who the others are (domain.md 4.3, P2 to P6), and states.

use proptest::prelude::*;
use proptest::sample::select;

use super::{CALLER, Scene};
use crate::domain::exposure::{MatchLevel, SignalType, SubjectState, answer};
use crate::domain::member::{LenderGroup, MemberState};
use crate::domain::position::{AccountStatus, LiabilityRole, RepaymentFrequency};
use crate::domain::testing::{PositionBuilder, ago, position};

/// Any position of one of some members.
fn any_position(members: std::ops::Range<i64>) -> impl Strategy<Value = PositionBuilder> {
    let role = select(LiabilityRole::ALL);
    let status = select(AccountStatus::ALL);
    let frequency = select(RepaymentFrequency::ALL);
    let group = proptest::option::of(select(vec!["group-1", "group-2"]));
    let days = (
        0_u32..800,
        0_u32..800,
        0_u32..200,
        proptest::option::of(0_u32..40),
    );
    (
        members,
        role,
        status,
        frequency,
        group,
        days,
        0..10_000_000_i64,
        any::<bool>(),
    )
        .prop_map(
            |(member, role, status, frequency, group, (opened, as_of, dpd, due), amount, disputed)| {
                let row = position()
                    .of(member)
                    .role(role)
                    .status(status)
                    .opened(opened)
                    .as_of(as_of);
                let row = row
                    .dpd(dpd)
                    .outstanding(amount)
                    .row(|row| row.disputed = disputed);
                row.facts(|facts| {
                    facts.repayment_frequency = frequency;
                    facts.scheduled_payment = amount / 10;
                    facts.next_due_on = due.map(ago);
                    facts.funding_group_ref = group.map(str::to_owned);
                })
            },
        )
}

fn on_file(rows: Vec<PositionBuilder>, looks: Vec<(i64, i64)>) -> Scene {
    let scene = rows.into_iter().fold(Scene::empty(), Scene::and);
    looks.into_iter().fold(scene, |scene, (member, hours)| {
        scene.looked(member, hours * 3_600_000_000 + 1)
    })
}

proptest! {
    #[test]
    fn nothing_of_the_caller_changes_what_it_learns_of_others(
        others in prop::collection::vec(any_position(2..6), 1..8),
        own in prop::collection::vec(any_position(CALLER..CALLER + 1), 1..5),
        looks in prop::collection::vec((2_i64..6, 0_i64..9_000), 0..6),
        own_looks in prop::collection::vec((CALLER..CALLER + 1, 0_i64..9_000), 0..4),
    ) {
        let without = on_file(others.clone(), looks.clone());
        let history = |scene: Scene| scene.past(2, 1, 30, 45, Some(12));
        let with = on_file([others, own].concat(), [looks, own_looks].concat()).past(CALLER, 90, 3, 99, Some(2));
        let (without, with) = (history(without), history(with));
        prop_assert_eq!(&with.figures(), &without.figures());
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        rows in prop::collection::vec(any_position(1..6), 1..8),
        looks in prop::collection::vec((1_i64..6, 0_i64..9_000), 0..6),
    ) {
        let numbered = |(number, row): (i64, PositionBuilder)| row.account(number);
        let rows: Vec<PositionBuilder> = (1..).zip(rows).map(numbered).collect();
        let forward = on_file(rows.clone(), looks.clone());
        let backward = on_file(rows.into_iter().rev().collect(), looks.into_iter().rev().collect());
        prop_assert_eq!(forward.figures(), backward.figures());
        prop_assert_eq!(forward.own(), backward.own());
    }
}

#[test]
fn the_same_rows_give_the_same_answer() {
    let scene = Scene::of([position(), position().of(3).dpd(4)]).looked(2, 5);
    assert_eq!(scene.figures(), scene.clone().figures());
}

/// Five banks and four microloan companies, all with an active account, and the caller.
fn market() -> Scene {
    (2..11).fold(Scene::empty(), |scene, member| {
        let group = if member < 7 {
            LenderGroup::Bank
        } else {
            LenderGroup::Microloan
        };
        scene.member(member, group).and(position().of(member))
    })
}

#[test]
fn a_group_with_fewer_than_five_active_lenders_counts_as_other() {
    let groups = |scene: &Scene| scene.others().active_lenders_by_group;
    assert_eq!(
        groups(&market()),
        [(LenderGroup::Bank, 5), (LenderGroup::Other, 4)]
    );
    let fifth = market().member(20, LenderGroup::Microloan);
    assert_eq!(
        groups(&fifth),
        [(LenderGroup::Bank, 5), (LenderGroup::Microloan, 4)]
    );
    let caller = market().member(CALLER, LenderGroup::Microloan);
    assert_eq!(
        groups(&caller),
        groups(&fifth),
        "the caller is a member of the network too"
    );
}

#[test]
fn members_that_left_or_do_not_lend_make_no_group_but_their_positions_count() {
    let left = market().standing(2, |standing| standing.state = MemberState::Left);
    assert_eq!(left.others().active_lenders_by_group, [(LenderGroup::Other, 9)]);
    let not_lending = market().standing(2, |standing| standing.is_lender = false);
    assert_eq!(
        not_lending.others().active_lenders_by_group,
        [(LenderGroup::Other, 9)]
    );
}

#[test]
fn two_lenders_are_not_split_by_group() {
    let banks = |lenders: i64| {
        let network = (2..9).fold(Scene::empty(), |scene, member| {
            scene.member(member, LenderGroup::Bank)
        });
        (2..2 + lenders).fold(network, |scene, member| scene.and(position().of(member)))
    };
    for (lenders, split) in [(1, vec![]), (2, vec![]), (3, vec![(LenderGroup::Bank, 3)])] {
        assert_eq!(
            banks(lenders).others().active_lenders_by_group,
            split,
            "{lenders}"
        );
    }
}

#[test]
fn a_subject_is_found_by_a_position_of_anybody_or_a_hard_look_before_this_one() {
    let closed = position().status(AccountStatus::Closed);
    let cases = [
        ("nothing", Scene::empty(), false),
        ("closed position", Scene::of([closed]), true),
        ("position of the caller", Scene::of([position().of(CALLER)]), true),
        (
            "guarantee",
            Scene::of([position().role(LiabilityRole::Guarantor)]),
            true,
        ),
        ("old look", Scene::empty().looked(2, 3_000 * 86_400_000_000), true),
        ("look of the caller", Scene::empty().looked(CALLER, 1), true),
    ];
    for (name, scene, found) in cases {
        let figures = scene.figures();
        let expected = match found {
            true => (SubjectState::Found, MatchLevel::Strong),
            false => (SubjectState::NoRecord, MatchLevel::None),
        };
        assert_eq!((figures.state, figures.match_level), expected, "{name}");
    }
}

#[test]
fn a_conflict_shows_no_figures() {
    let scene = Scene::empty().member(2, LenderGroup::Bank);
    for (shared, signals) in [(false, vec![]), (true, vec![SignalType::SharedMobile])] {
        let figures = answer::conflict(&scene.asked(), shared);
        assert_eq!(figures.state, SubjectState::IdentityConflict);
        assert_eq!((figures.match_level, figures.others), (MatchLevel::None, None));
        assert_eq!(
            (figures.coverage_percent, figures.currency, figures.as_of),
            (0, scene.currency, scene.now)
        );
        assert_eq!(figures.signals, signals);
    }
}
