//! What a member may do on one civil day, below, at and above each limit; counted in the group's own working set.

use std::sync::Arc;

use super::market::{Market, Wanted, cap};
use crate::domain::conduct::{DayLimits, DayTally};
use crate::domain::date::days_after;
use crate::domain::names::MemberNo;
use crate::domain::reservation::ReleaseReason;
use crate::domain::unit::Refused;
use crate::domain::unit::working_set::MarketRules;
use crate::domain::violation::Code;

fn market(limits: DayLimits) -> Market {
    let mut market = Market::new(cap(100_000_000));
    market.set.rules = Arc::new(MarketRules {
        day_limits: limits,
        ..MarketRules::default()
    });
    market
}

fn of(people: &[u8], application: &'static str) -> Wanted {
    Wanted {
        people: people.to_vec(),
        ..Wanted::new(application, 100_000)
    }
}

/// Refused until tomorrow, without a trace.
fn assert_exhausted(market: &mut Market, wanted: &Wanted, field: &str) {
    let before = (market.set.changes.len(), market.set.usage.clone());
    let refused: Refused = market.check(1, wanted).unwrap_err();
    assert!(refused.is(Code::QuotaExceeded), "{refused:?}");
    assert_eq!(refused.violations[0].field, field);
    let zone = market.set.rules.zone;
    let tomorrow = zone.start_of(days_after(zone.date_of(market.at), 1));
    assert_eq!(refused.retry_at, Some(tomorrow));
    assert_eq!((market.set.changes.len(), market.set.usage.clone()), before);
}

#[test]
fn a_member_looks_at_so_many_people_a_day() {
    let mut market = market(DayLimits {
        hard_looks: 3,
        ..DayLimits::default()
    });
    market.check(1, &of(&[1, 2], "a")).unwrap();
    assert_exhausted(&mut market, &of(&[3, 4], "b"), "purpose");
    market.check(1, &of(&[3], "b")).unwrap();
    assert_exhausted(&mut market, &of(&[3], "b"), "purpose");
    market.check(2, &of(&[3], "b")).unwrap();
}

#[test]
fn a_member_meets_so_many_strangers_a_day() {
    let mut market = market(DayLimits {
        strangers: 2,
        ..DayLimits::default()
    });
    market.check(1, &of(&[1], "a")).unwrap();
    assert_exhausted(&mut market, &of(&[2, 3], "b"), "tokens");
    market.check(1, &of(&[2], "b")).unwrap();
    assert_exhausted(&mut market, &of(&[3], "c"), "tokens");
    // Whom somebody else made known is no stranger.
    market.check(2, &of(&[3], "c")).unwrap();
    market.check(1, &of(&[3], "c")).unwrap();
}

#[test]
fn room_that_becomes_no_loan_is_held_so_often_a_day() {
    let mut market = market(DayLimits {
        unused_reservations: 2,
        ..DayLimits::default()
    });
    let (_, first) = market.check(1, &of(&[1], "a")).unwrap();
    // The same application holds on what it has; joint borrowers hold room once.
    market.check(1, &of(&[1], "a")).unwrap();
    let (_, second) = market.check(1, &of(&[2, 3], "b")).unwrap();
    assert_exhausted(&mut market, &of(&[4], "c"), "application_id");
    // Given up, it became no loan either.
    let second = second.unwrap().reservation_id;
    market.release(1, second, ReleaseReason::Withdrawn).unwrap();
    assert_exhausted(&mut market, &of(&[4], "c"), "application_id");
    market
        .confirm(1, first.unwrap().reservation_id, "loan-1", 100_000)
        .unwrap();
    market.check(1, &of(&[4], "c")).unwrap();
    assert_exhausted(&mut market, &of(&[5], "d"), "application_id");
    let counted = DayTally {
        hard_looks: 5,
        reserved: 3,
        confirmed: 1,
    };
    assert_eq!(market.set.usage[&MemberNo(1)].today, counted);
}

#[test]
fn a_loan_of_yesterdays_room_makes_none_for_today() {
    let mut market = market(DayLimits {
        unused_reservations: 1,
        ..DayLimits::default()
    });
    let (_, held) = market.check(1, &of(&[1], "a")).unwrap();
    // The same application holds on what it has, limit or not.
    market.check(1, &of(&[1], "a")).unwrap();
    market.tomorrow();
    market.set.usage.get_mut(&MemberNo(1)).unwrap().today = DayTally::default();
    market.check(1, &of(&[2], "b")).unwrap();
    market
        .confirm(1, held.unwrap().reservation_id, "loan-1", 100_000)
        .unwrap();
    assert_exhausted(&mut market, &of(&[3], "c"), "application_id");
}
