//! Checks and what becomes of them, against a model that is written from the rules and not from the code.

mod exhaustive;
mod found;
mod limits;
mod made;
mod market;
mod oracle;
mod races;

use self::market::{Market, Wanted, cap, lenders};
use crate::domain::reservation::{Eligibility, ReleaseReason, ReservationState};
use crate::domain::rules::ReasonCode;
use crate::domain::violation::Code;

#[test]
fn of_all_who_ask_at_once_only_one_may_lend_where_one_is_allowed() {
    let mut market = Market::new(lenders(1));
    let ruled: Vec<Eligibility> = (1..=64)
        .map(|lender| {
            market
                .check(lender, &Wanted::new("a", 100_000))
                .unwrap()
                .0
                .eligibility
        })
        .collect();
    assert_eq!(ruled[0], Eligibility::Eligible);
    assert!(ruled[1..].iter().all(|ruling| *ruling == Eligibility::Ineligible));
}

#[test]
fn room_comes_back_when_a_reservation_is_released_or_runs_out() {
    let mut market = Market::new(lenders(1));
    let (_, held) = market.check(1, &Wanted::new("a", 100_000)).unwrap();
    let refused = |market: &mut Market| market.check(2, &Wanted::new("a", 100_000)).unwrap().0;
    assert_eq!(refused(&mut market).reasons, [ReasonCode::LenderCount]);
    let released = market
        .release(1, held.unwrap().reservation_id, ReleaseReason::Withdrawn)
        .unwrap();
    assert_eq!(released.state, ReservationState::Released);
    let (ruling, held) = market.check(2, &Wanted::new("b", 100_000)).unwrap();
    assert_eq!(ruling.eligibility, Eligibility::Eligible);
    // Half an hour to the microsecond.
    market.at = held.unwrap().expires_at;
    assert_eq!(
        market
            .reservation(2, held.unwrap().reservation_id)
            .state_at(market.at),
        ReservationState::Expired
    );
    assert_eq!(
        market.check(3, &Wanted::new("a", 100_000)).unwrap().0.eligibility,
        Eligibility::Eligible
    );
}

#[test]
fn another_check_of_an_application_takes_the_place_of_what_it_held() {
    let mut market = Market::new(cap(1_000_000));
    let (_, first) = market.check(1, &Wanted::new("a", 600_000)).unwrap();
    let first = first.unwrap();
    market.at = market.at.plus_seconds(29 * 60);
    let (ruling, second) = market.check(1, &Wanted::new("a", 900_000)).unwrap();
    let second = second.unwrap();
    assert_eq!(
        ruling.eligibility,
        Eligibility::Eligible,
        "its own room does not stand in its way"
    );
    assert_eq!(second.reservation_id, first.reservation_id, "held on");
    assert_eq!((second.amount, second.created_at), (900_000, first.created_at));
    assert!(second.expires_at > first.expires_at);
    assert_eq!(market.live().len(), 1);
    // What may not be made leaves what may.
    let (ruling, third) = market.check(1, &Wanted::new("a", 1_000_001)).unwrap();
    assert_eq!((ruling.reasons, third), (vec![ReasonCode::AmountCap], None));
    assert_eq!(market.reservation(1, first.reservation_id).amount, 900_000);
}

#[test]
fn nobody_keeps_room_for_good_by_checking_again() {
    let mut market = Market::new(cap(1_000_000));
    let (_, first) = market.check(1, &Wanted::new("a", 600_000)).unwrap();
    let most = first.unwrap().created_at.plus_seconds(2_160 * 60);
    for _ in 0..72 {
        market.at = market.at.plus_seconds(29 * 60);
        let (_, held) = market.check(1, &Wanted::new("a", 600_000)).unwrap();
        assert!(held.unwrap().expires_at <= most);
    }
    market.at = most;
    assert_eq!(market.live(), []);
}

/// A field and how it is changed.
type Change = (&'static str, fn(&mut Wanted));

#[test]
fn an_application_keeps_its_terms_and_its_borrower() {
    let mut market = Market::new(cap(1_000_000));
    market.check(1, &Wanted::new("a", 100_000)).unwrap();
    let changes: [Change; 4] = [
        ("liabilities", |wanted| wanted.people = vec![2]),
        ("term_days", |wanted| wanted.term_days = 31),
        ("monthly_income", |wanted| wanted.monthly_income = Some(1)),
        ("product_type", |wanted| {
            wanted.product_type = crate::domain::position::ProductType::Payday;
        }),
    ];
    for (field, change) in changes {
        let mut wanted = Wanted::new("a", 100_000);
        change(&mut wanted);
        let refused = market.check(1, &wanted).unwrap_err();
        let found: Vec<(Code, &str)> = refused
            .violations
            .iter()
            .map(|v| (v.code, v.field.as_str()))
            .collect();
        assert_eq!(found, [(Code::ApplicationChanged, field)]);
    }
    assert!(
        market
            .check(
                2,
                &Wanted {
                    people: vec![2],
                    ..Wanted::new("a", 100_000)
                }
            )
            .is_ok(),
        "another member's"
    );
}

#[test]
fn three_pairs_in_an_application_two_applications_a_day_and_two_reservations() {
    let mut market = Market::new(cap(100_000_000));
    for amount in [100_000, 200_000, 300_000, 200_000] {
        market.check(1, &Wanted::new("a", amount)).unwrap();
    }
    assert!(
        market
            .check(1, &Wanted::new("a", 400_000))
            .unwrap_err()
            .is(Code::AmountsUsedUp)
    );
    let payment = Wanted {
        monthly_payment: 1,
        ..Wanted::new("a", 100_000)
    };
    assert!(
        market.check(1, &payment).unwrap_err().is(Code::AmountsUsedUp),
        "a payment is varied like an amount"
    );
    market.check(1, &Wanted::new("b", 100_000)).unwrap();
    let refused = market.check(1, &Wanted::new("c", 100_000)).unwrap_err();
    assert!(refused.is(Code::QuotaExceeded) && refused.retry_at.is_some());
    // Tomorrow, with both still held.
    let held = market.extend_all(1, 24 * 60);
    assert_eq!(held.len(), 2);
    market.tomorrow();
    assert!(
        market
            .check(1, &Wanted::new("c", 100_000))
            .unwrap_err()
            .is(Code::ReservationsUsedUp)
    );
    market
        .release(1, held[0], ReleaseReason::DeclinedByLender)
        .unwrap();
    assert!(market.check(1, &Wanted::new("c", 100_000)).is_ok());
}

#[test]
fn a_reservation_becomes_the_loan_that_names_it_or_fits_it() {
    let mut market = Market::new(lenders(9));
    let (_, held) = market.check(1, &Wanted::new("a", 500_000)).unwrap();
    let named = held.unwrap().reservation_id;
    assert!(
        market
            .report(1, "L-1", 500_001, Some(named))
            .unwrap_err()
            .is(Code::ReservationMismatch)
    );
    market.report(1, "L-1", 500_000, Some(named)).unwrap();
    assert_eq!(market.reservation(1, named).state, ReservationState::Confirmed);
    assert!(
        market
            .report(1, "L-2", 500_000, Some(named))
            .unwrap_err()
            .is(Code::ReservationEnded)
    );
    // The smaller of two that fit.
    let (_, large) = market.check(1, &Wanted::new("b", 900_000)).unwrap();
    market.tomorrow();
    let (_, small) = market.check(1, &Wanted::new("c", 300_000)).unwrap();
    market.report(1, "L-3", 200_000, None).unwrap();
    let state = |id| market.reservation(1, id).state_at(market.at);
    assert_eq!(state(small.unwrap().reservation_id), ReservationState::Confirmed);
    assert_eq!(state(large.unwrap().reservation_id), ReservationState::Expired);
}

#[test]
fn an_old_loan_that_is_reported_for_the_first_time_consumes_nothing() {
    let mut market = Market::new(lenders(9));
    let (_, held) = market.check(1, &Wanted::new("a", 500_000)).unwrap();
    market.report_opened(1, "L-old", 100_000, None, 1).unwrap();
    assert!(
        market
            .reservation(1, held.unwrap().reservation_id)
            .is_live(market.at)
    );
}

#[test]
fn a_loan_confirmed_late_is_recorded_as_a_breach() {
    let mut market = Market::new(lenders(1));
    let (_, held) = market.check(1, &Wanted::new("a", 500_000)).unwrap();
    let held = held.unwrap();
    market.at = held.expires_at;
    market.check(2, &Wanted::new("a", 500_000)).unwrap();
    let (reservation, late) = market.confirm(1, held.reservation_id, "L-1", 500_000).unwrap();
    assert_eq!((reservation.state, late), (ReservationState::Confirmed, true));
    let (again, late) = market.confirm(1, held.reservation_id, "L-1", 500_000).unwrap();
    assert_eq!((again, late), (reservation, true), "said again it is the same");
    assert!(
        market
            .confirm(1, held.reservation_id, "L-2", 500_000)
            .unwrap_err()
            .is(Code::ReservationEnded)
    );
    assert!(
        market
            .confirm(2, held.reservation_id, "L-1", 1)
            .unwrap_err()
            .is(Code::ReservationUnknown)
    );
}

#[test]
fn time_is_added_twice_and_never_past_what_the_pack_allows() {
    let mut market = Market::new(lenders(1));
    let (_, held) = market.check(1, &Wanted::new("a", 500_000)).unwrap();
    let id = held.unwrap().reservation_id;
    assert!(
        market
            .extend(1, id, 2_131)
            .unwrap_err()
            .is(Code::ReservationLifetime)
    );
    market.extend(1, id, 2_129).unwrap();
    market.extend(1, id, 1).unwrap();
    assert!(market.extend(1, id, 1).unwrap_err().is(Code::ExtensionsUsedUp));
    let row = market.reservation(1, id);
    assert_eq!(row.expires_at, row.created_at.plus_seconds(2_160 * 60));
    market.at = row.expires_at;
    assert!(market.extend(1, id, 1).unwrap_err().is(Code::ReservationEnded));
    assert!(
        market
            .release(1, id, ReleaseReason::Error)
            .unwrap_err()
            .is(Code::ReservationEnded)
    );
}

#[test]
fn several_borrowers_are_judged_together_and_each_is_reserved_with() {
    let mut market = Market::new(lenders(1));
    market
        .check(
            1,
            &Wanted {
                people: vec![2],
                ..Wanted::new("a", 100_000)
            },
        )
        .unwrap();
    let joint = Wanted {
        people: vec![3, 2],
        ..Wanted::new("a", 100_000)
    };
    assert_eq!(
        market.check(2, &joint).unwrap().0.reasons,
        [ReasonCode::LenderCount]
    );
    let joint = Wanted {
        people: vec![4, 3],
        ..Wanted::new("b", 100_000)
    };
    let (ruling, held) = market.check(3, &joint).unwrap();
    assert_eq!(ruling.eligibility, Eligibility::Eligible);
    let alone = |person| Wanted {
        people: vec![person],
        ..Wanted::new("z", 100_000)
    };
    assert_eq!(
        market.check(4, &alone(3)).unwrap().0.reasons,
        [ReasonCode::LenderCount]
    );
    assert_eq!(
        market.check(5, &alone(4)).unwrap().0.reasons,
        [ReasonCode::LenderCount]
    );
    let turned = Wanted {
        people: vec![3, 4],
        ..Wanted::new("b", 100_000)
    };
    assert_eq!(
        market.check(3, &turned).unwrap().0.eligibility,
        Eligibility::Eligible,
        "the same people"
    );
    assert!(
        market
            .reservation(3, held.unwrap().reservation_id)
            .is_live(market.at)
    );
}

#[test]
fn a_person_must_look_where_identities_are_weak_or_conflict() {
    let mut market = Market::new(lenders(1));
    let weak = Wanted {
        by_mobile: true,
        ..Wanted::new("a", 100_000)
    };
    let (ruling, held) = market.check(1, &weak).unwrap();
    assert_eq!((ruling.eligibility, held), (Eligibility::Refer, None));
    assert_eq!(ruling.reasons, [ReasonCode::IdentityTooWeak]);
    market.report_of(1, "L-1", 1).unwrap();
    market.report_of(1, "L-2", 2).unwrap();
    let torn = Wanted {
        also_passport_of: Some(2),
        ..Wanted::new("b", 100_000)
    };
    let (ruling, held) = market.check(1, &torn).unwrap();
    assert_eq!((ruling.reasons, held), (vec![ReasonCode::IdentityConflict], None));
}

#[test]
fn nobody_slips_through_behind_a_stranger_who_shares_a_token() {
    let mut market = Market::new(lenders(1));
    market.report_of(1, "L-1", 1).unwrap();
    let (ruling, _) = market.check(2, &Wanted::new("a", 100_000)).unwrap();
    assert_eq!(ruling.reasons, [ReasonCode::LenderCount]);
    // A number that nobody knows, alone and then together with the passport of somebody who owes.
    let behind = Wanted {
        people: vec![9, 9],
        passport_of_second: Some(1),
        ..Wanted::new("b", 100_000)
    };
    let (ruling, held) = market.check(3, &behind).unwrap();
    assert_eq!(ruling.reasons, [ReasonCode::IdentityConflict]);
    assert_eq!(held, None);
}
