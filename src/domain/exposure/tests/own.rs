//! The caller's own part.

use super::{CALLER, Scene};
use crate::domain::currency::Currency;
use crate::domain::exposure::OwnExposure;
use crate::domain::inquiry::Purpose;
use crate::domain::position::{ClosureReason, LiabilityRole};
use crate::domain::testing::{ago, look, now, position};

const HOUR: i64 = 3_600_000_000;

#[test]
fn own_figures_are_exact_and_not_capped() {
    let scene = (0..12).fold(Scene::of([position()]), |scene, _| {
        scene.and(position().of(CALLER).outstanding(123_457))
    });
    let own = scene.own();
    assert_eq!((own.active_accounts, own.outstanding), (12, 12 * 123_457));
}

#[test]
fn own_debt_is_active_not_contingent_and_in_the_currency_of_the_answer() {
    let dollars = position()
        .of(CALLER)
        .facts(|facts| facts.currency = Currency::parse("USD").expect("listed"));
    let scene = Scene::of([
        position().of(CALLER).outstanding(5),
        position().of(CALLER).closed(ClosureReason::WrittenOff),
        position().of(CALLER).role(LiabilityRole::Guarantor),
        dollars,
    ]);
    let own = scene.own();
    assert_eq!((own.active_accounts, own.outstanding), (2, 5));
}

#[test]
fn own_inquiries_are_days_with_a_hard_look_in_the_360_days_before() {
    let mut soft = look(CALLER, now().hours_before(100));
    soft.purpose = Purpose::Collection;
    let scene = Scene::empty()
        .looked(CALLER, 1)
        .looked(CALLER, 2 * HOUR)
        .looked(CALLER, 360 * 24 * HOUR)
        .looked(CALLER, 360 * 24 * HOUR + 1)
        .looked(CALLER, 400 * 24 * HOUR)
        .looked(CALLER, 0)
        .looked(2, 50 * HOUR)
        .look(soft);
    assert_eq!(scene.own().hard_inquiries_360_days, 2);
}

#[test]
fn the_latest_report_is_a_date_of_receipt_in_any_role_and_status() {
    let received = |hours: u32| {
        position()
            .of(CALLER)
            .row(|row| row.last_received_at = now().hours_before(hours))
    };
    let guaranteed = received(13).role(LiabilityRole::Guarantor);
    let scene = Scene::of([
        received(48).as_of(0),
        guaranteed.closed(ClosureReason::PaidEarly),
        position(),
    ]);
    assert_eq!(
        scene.own().last_report_on,
        Some(ago(1)),
        "thirteen hours before noon is yesterday"
    );
    assert_eq!(Scene::of([position()]).own(), OwnExposure::default());
}
