//! Positions and looks of a mobile number that joins an answer about a subject (semantics 1.5 to 1.7).

use super::{CALLER, Scene};
use crate::domain::date::Timestamp;
use crate::domain::exposure::{MatchLevel, SignalType, SubjectState};
use crate::domain::names::SubjectId;
use crate::domain::position::LiabilityRole;
use crate::domain::testing::{ago, look, now, position};

/// The subject asked for together with its number, proved so many days ago; nothing links them.
fn scene(proof: Option<u32>) -> Scene {
    let mut scene = Scene::empty();
    scene.about.joined = Some(SubjectId(9));
    scene.about.mobile_verified_on = proof.map(ago);
    scene
}

#[test]
fn a_mobile_only_position_joins_if_it_is_recent_and_the_proof_is_not_older_than_its_holder() {
    let cases = [
        (179, 200, Some(0), true),
        (180, 200, Some(0), false),
        (1, 20, Some(200), true),
        (1, 20, Some(201), false),
        (1, 20, None, false),
    ];
    for (as_of, opened, proof, joins) in cases {
        let scene = scene(proof).and_number(position().as_of(as_of).opened(opened));
        let figures = scene.figures();
        let others = figures.others.as_ref().expect("not a conflict");
        assert_eq!(
            others.active_accounts,
            u32::from(joins),
            "{as_of} {opened} {proof:?}"
        );
        let (level, signals) = match joins {
            true => (MatchLevel::StrongAndMobile, vec![]),
            false => (MatchLevel::None, vec![SignalType::SharedMobile]),
        };
        assert_eq!(
            (figures.match_level, figures.signals),
            (level, signals),
            "{as_of} {opened} {proof:?}"
        );
    }
}

#[test]
fn a_position_of_the_caller_that_does_not_qualify_warns_nobody() {
    let scene = scene(None).and_number(position().of(CALLER));
    assert_eq!(scene.signals(), []);
}

#[test]
fn the_match_level_says_what_was_shown_and_what_was_found() {
    let cases = [
        (true, false, false, MatchLevel::Strong),
        (true, true, false, MatchLevel::StrongAndMobile),
        (true, false, true, MatchLevel::StrongAndMobile),
        (false, true, false, MatchLevel::MobileOnly),
        (false, false, false, MatchLevel::MobileOnly),
    ];
    for (strong, linked, joins, expected) in cases {
        let mut scene = scene(Some(0)).and(position());
        if joins {
            scene = scene.and_number(position());
        }
        (scene.about.strong, scene.about.linked) = (strong, linked);
        assert_eq!(scene.figures().match_level, expected, "{strong} {linked} {joins}");
    }
}

#[test]
fn a_person_liable_under_both_names_counts_once_as_own_debt() {
    use LiabilityRole::{Guarantor, Primary};
    for (by_subject, by_number) in [(Primary, Guarantor), (Guarantor, Primary), (Primary, Primary)] {
        let account = || position().account(5).dpd(3);
        let scene = scene(Some(0))
            .and(account().role(by_subject))
            .and_number(account().role(by_number));
        let others = scene.others();
        assert_eq!(
            (others.active_accounts, others.guaranteed_accounts),
            (1, 0),
            "{by_subject:?} {by_number:?}"
        );
        let own = Scene {
            about: scene.about,
            ..scene.clone()
        }
        .and(position().of(CALLER).account(6).role(by_subject))
        .and_number(position().of(CALLER).account(6).role(by_number))
        .own();
        assert_eq!(own.active_accounts, 1, "{by_subject:?} {by_number:?}");
    }
}

#[test]
fn looks_at_a_number_count_for_360_days_and_only_for_its_only_subject() {
    let hours_360_days = 360 * 24;
    for (linked, micros_over, expected) in [(true, 0, 1), (true, 1, 0), (false, 0, 0)] {
        let at = Timestamp::from_micros(now().hours_before(hours_360_days).micros() - micros_over);
        let mut scene = scene(None);
        scene.about.linked = linked;
        scene.number.inquiries.push(look(2, at));
        scene.number.inquiries.push(look(CALLER, at));
        assert_eq!(
            scene.others().velocity[7].hard_inquiries,
            expected,
            "{linked} {micros_over}"
        );
        assert_eq!(
            scene.own().hard_inquiries_360_days,
            expected,
            "{linked} {micros_over}"
        );
        let state = if expected == 1 {
            SubjectState::Found
        } else {
            SubjectState::NoRecord
        };
        assert_eq!(scene.figures().state, state, "{linked} {micros_over}");
    }
}
