//! Windows.

use std::sync::Arc;

use super::{CALLER, Scene, band};
use crate::domain::date::Timestamp;
use crate::domain::exposure::Window::{self, Days, Hours};
use crate::domain::inquiry::Purpose;
use crate::domain::position::{AccountType, ClosureReason, LiabilityRole};
use crate::domain::testing::{look, now, position};

const HOUR: i64 = 3_600_000_000;

#[test]
fn windows_come_in_order_and_always_all() {
    let windows: Vec<Window> = Scene::empty()
        .others()
        .velocity
        .iter()
        .map(|w| w.window)
        .collect();
    let expected = [
        Hours(1),
        Hours(24),
        Days(7),
        Days(15),
        Days(30),
        Days(90),
        Days(180),
        Days(360),
    ];
    assert_eq!(windows, expected);
}

#[test]
fn inquiry_windows_are_closed_at_their_beginning_and_open_at_now() {
    for window in Window::ALL {
        let length = i64::from(window.hours()) * HOUR;
        for (before, expected) in [(length, 1), (length + 1, 0), (1, 1), (0, 0), (-1, 0)] {
            let figures = Scene::empty().looked(2, before).window(window);
            let counts = (figures.hard_inquiries, figures.inquiring_lenders);
            assert_eq!(counts, (expected, expected), "{window:?} {before}");
        }
    }
}

#[test]
fn a_member_counts_once_a_civil_day() {
    // Now is noon in Shanghai: eleven and thirteen hours ago are two civil days.
    let scene = Scene::empty()
        .looked(2, 1)
        .looked(2, 11 * HOUR)
        .looked(2, 13 * HOUR)
        .looked(3, 2);
    let figures = scene.window(Hours(24));
    assert_eq!((figures.hard_inquiries, figures.inquiring_lenders), (3, 2));
    let figures = scene.window(Hours(1));
    assert_eq!((figures.hard_inquiries, figures.inquiring_lenders), (2, 2));
}

#[test]
fn looks_of_the_caller_soft_looks_and_conflicts_do_not_count() {
    let at = Timestamp::from_micros(now().micros() - 1);
    let mut soft = look(2, at);
    soft.purpose = Purpose::AccountReview;
    let mut conflict = look(2, at);
    conflict.counted = false;
    for row in [look(CALLER, at), soft, conflict] {
        let figures = Scene::empty().look(row.clone()).window(Days(360));
        assert_eq!(figures.hard_inquiries, 0, "{row:?}");
    }
}

#[test]
fn only_hard_purposes_are_inquiries() {
    for purpose in Purpose::ALL {
        let mut row = look(2, Timestamp::from_micros(now().micros() - 1));
        row.purpose = *purpose;
        let expected = match purpose {
            Purpose::NewCredit | Purpose::CreditCard | Purpose::GuaranteeReview | Purpose::LimitIncrease => 1,
            Purpose::AccountReview | Purpose::Collection | Purpose::Quotation | Purpose::Reporting => 0,
        };
        assert_eq!(
            Scene::empty().look(row).window(Hours(1)).hard_inquiries,
            expected,
            "{purpose:?}"
        );
    }
}

#[test]
fn windows_of_days_hold_accounts_by_their_opening_date() {
    for window in &Window::ALL[2..] {
        let days = window.hours() / 24;
        for (opened, expected) in [(0, 1), (days - 1, 1), (days, 0)] {
            let figures = Scene::of([position().opened(opened)]).window(*window);
            let counts = (figures.new_accounts, figures.new_lenders);
            assert_eq!(counts, (expected, expected), "{window:?} {opened}");
        }
    }
}

#[test]
fn windows_of_hours_hold_fresh_accounts_by_their_first_acceptance() {
    let cases = [(1, 0, 1), (HOUR, 6, 1), (HOUR, 7, 0), (HOUR + 1, 0, 0), (0, 0, 0)];
    for (micros_before, opened, expected) in cases {
        let received = Timestamp::from_micros(now().micros() - micros_before);
        let row = position()
            .opened(opened)
            .row(|row| row.first_received_at = received);
        let figures = Scene::of([row]).window(Hours(1));
        assert_eq!(figures.new_accounts, expected, "{micros_before} {opened}");
    }
}

#[test]
fn a_corrected_account_counts_by_its_first_acceptance() {
    let row = position().opened(2).row(|row| {
        row.first_received_at = now().hours_before(48);
        row.last_received_at = now().hours_before(0);
        let version = Arc::make_mut(&mut row.version);
        version.received_at = now().hours_before(0);
        version.number = 4;
    });
    let scene = Scene::of([row]);
    assert_eq!(scene.window(Hours(24)).new_accounts, 0);
    assert_eq!(scene.window(Days(7)).new_accounts, 1);
}

#[test]
fn new_accounts_are_own_debt_closed_ones_too() {
    let closed = position().opened(1).closed(ClosureReason::PaidEarly);
    let guaranteed = position().opened(1).role(LiabilityRole::Guarantor);
    let own = position().of(CALLER).opened(1);
    assert_eq!(
        Scene::of([closed, guaranteed, own]).window(Days(7)).new_accounts,
        1
    );
}

#[test]
fn new_amounts_are_limits_of_revolving_accounts_and_amounts_lent_of_others() {
    let row = |account_type: AccountType| {
        position()
            .opened(1)
            .revolving(account_type, 300_000)
            .facts(|facts| facts.original_amount = 3_000_000)
    };
    let cases = [
        (AccountType::NonRevolving, 5_000_000),
        (AccountType::Collection, 5_000_000),
        (AccountType::Revolving, 1_000_000),
        (AccountType::CreditCard, 1_000_000),
    ];
    for (account_type, expected) in cases {
        let figures = Scene::of([row(account_type)]).window(Days(7));
        assert_eq!(figures.new_amount, band(expected), "{account_type:?}");
    }
}

#[test]
fn new_lenders_are_counted_once_and_only_in_windows_of_their_openings() {
    let scene = Scene::of([
        position().of(2).opened(1),
        position().of(2).opened(20),
        position().of(3).opened(20),
        position().of(4).opened(100),
    ]);
    let lenders: Vec<u32> = scene
        .others()
        .velocity
        .iter()
        .map(|window| window.new_lenders)
        .collect();
    assert_eq!(lenders, [0, 0, 1, 1, 2, 2, 3, 3]);
}
