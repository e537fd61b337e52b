//! How much of the market reported lately.

use super::{CALLER, Scene};
use crate::domain::member::{LenderGroup, MemberState};
use crate::domain::testing::ago;

fn market(latest_days_ago: &[Option<u32>]) -> Scene {
    let mut scene = Scene::empty().member(CALLER, LenderGroup::Bank);
    for (member, latest) in (2..).zip(latest_days_ago) {
        scene = scene
            .member(member, LenderGroup::Bank)
            .standing(member, |standing| standing.latest_as_of = latest.map(ago));
    }
    scene
}

#[test]
fn coverage_is_the_share_of_lenders_that_reported_since_the_day_before_yesterday() {
    let cases: [(&[Option<u32>], u32); 6] = [
        (&[], 100),
        (&[None], 0),
        (&[Some(0), Some(2), Some(1)], 100),
        (&[Some(3)], 0),
        (&[Some(2), None, Some(3)], 33),
        (&[Some(2), Some(2), Some(3)], 66),
    ];
    for (latest, expected) in cases {
        assert_eq!(market(latest).figures().coverage_percent, expected, "{latest:?}");
    }
}

#[test]
fn the_caller_and_members_that_are_not_active_lenders_do_not_count() {
    let scene = market(&[Some(0), None, None, None])
        .standing(CALLER, |standing| standing.latest_as_of = None)
        .standing(3, |standing| standing.state = MemberState::Suspended)
        .standing(4, |standing| standing.state = MemberState::Left)
        .standing(5, |standing| standing.is_lender = false);
    assert_eq!(scene.figures().coverage_percent, 100);
}
