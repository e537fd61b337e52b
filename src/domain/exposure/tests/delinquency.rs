//! How late others' debt is and was.

use super::{CALLER, Scene};
use crate::domain::date::{days_after, days_before, months_before};
use crate::domain::exposure::DelinquencyBucket::{self, M0, M1, M2, M3, M4, M5, M6, M7};
use crate::domain::position::{ClosureReason, LiabilityRole};
use crate::domain::testing::position;
use crate::domain::validation::samples::{date, today};

#[test]
fn buckets_change_after_every_thirtieth_day() {
    let cases = [
        (0, M0),
        (1, M1),
        (30, M1),
        (31, M2),
        (60, M2),
        (61, M3),
        (90, M3),
        (91, M4),
        (120, M4),
        (121, M5),
        (150, M5),
        (151, M6),
        (180, M6),
        (181, M7),
        (u32::MAX, M7),
    ];
    for (dpd, bucket) in cases {
        let others = Scene::of([position().dpd(dpd)]).others();
        assert_eq!(others.worst_bucket_now, bucket, "{dpd}");
        assert_eq!(others.worst_bucket_24_months, bucket, "{dpd}");
    }
}

#[test]
fn the_worst_bucket_now_is_as_reported_and_of_active_own_debt_alone() {
    let old = position().dpd(1).as_of(300);
    let closed = position().dpd(99).closed(ClosureReason::WrittenOff);
    let guaranteed = position().dpd(99).role(LiabilityRole::Guarantor);
    let others = Scene::of([old, closed, guaranteed]).others();
    assert_eq!(others.worst_bucket_now, M1);
}

#[test]
fn the_worst_bucket_of_two_years_sees_past_versions_and_closed_accounts() {
    let cases: [(&str, Scene, DelinquencyBucket); 5] = [
        (
            "closed account",
            Scene::of([position().dpd(99).closed(ClosureReason::WrittenOff)]),
            M4,
        ),
        (
            "past version",
            Scene::of([position()]).past(2, 1, 700, 45, None),
            M2,
        ),
        (
            "past version of a guarantee",
            Scene::of([position().role(LiabilityRole::Guarantor)]).past(2, 1, 20, 45, None),
            M0,
        ),
        (
            "past version of the caller",
            Scene::of([position().of(CALLER)]).past(CALLER, 1, 20, 45, None),
            M0,
        ),
        (
            "past version of nobody's account",
            Scene::of([position()]).past(2, 77, 20, 45, None),
            M0,
        ),
    ];
    for (name, scene, expected) in cases {
        assert_eq!(scene.others().worst_bucket_24_months, expected, "{name}");
    }
}

#[test]
fn two_years_begin_after_the_same_day_two_years_ago() {
    let edge = months_before(today(), 24);
    for (as_of, expected) in [(edge, M0), (days_after(edge, 1), M2)] {
        let mut scene = Scene::of([position()]).past(2, 1, 0, 45, None);
        scene.subject.history[0].as_of = as_of;
        assert_eq!(scene.others().worst_bucket_24_months, expected, "{as_of}");
    }
}

#[test]
fn months_since_past_due_counts_whole_months_since_the_last_late_version() {
    let today = today();
    let cases = [
        (days_before(today, 1), 0),
        (days_after(months_before(today, 1), 1), 0),
        (months_before(today, 1), 1),
        (days_after(months_before(today, 2), 1), 1),
        (months_before(today, 2), 2),
        (months_before(today, 23), 23),
        (months_before(today, 24), 24),
        (months_before(today, 60), 24),
    ];
    for (as_of, expected) in cases {
        let mut scene = Scene::of([position()]).past(2, 1, 0, 3, None);
        scene.subject.history[0].as_of = as_of;
        assert_eq!(scene.others().months_since_past_due, expected, "{as_of}");
    }
}

#[test]
fn months_are_clamped_to_the_end_of_the_month() {
    let cases = [
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2026-03-30", 4, "2025-11-30"),
        ("2026-12-31", 6, "2026-06-30"),
        ("2026-06-15", 0, "2026-06-15"),
    ];
    for (from, months, expected) in cases {
        assert_eq!(
            months_before(date(from), months),
            date(expected),
            "{from} {months}"
        );
    }
}

#[test]
fn months_since_past_due_is_zero_while_an_active_account_is_late() {
    let scene = Scene::of([position().dpd(1).as_of(400)]);
    assert_eq!(scene.others().months_since_past_due, 0);
}

#[test]
fn a_late_account_that_was_closed_counts_from_its_last_version() {
    let closed = position().dpd(60).as_of(70).closed(ClosureReason::SettledForLess);
    assert_eq!(Scene::of([closed]).others().months_since_past_due, 2);
}

#[test]
fn never_late_is_twenty_four_months() {
    let scene = Scene::of([position()]).past(2, 1, 20, 0, None);
    assert_eq!(scene.others().months_since_past_due, 24);
}
