//! How members behave: what a month shows of them, and what a day allows.

use std::collections::BTreeMap;

use tallystick::domain::clock::Clock as _;
use tallystick::domain::conduct::{ConductFacts, DayLimits, Period, ReservationFates};
use tallystick::domain::date::BusinessZone;
use tallystick::domain::inquiry::Purpose;
use tallystick::domain::names::MemberNo;
use tallystick::domain::position::{DeletionReason, LiabilityRole};
use tallystick::domain::quality::Month;
use tallystick::domain::reservation::ReleaseReason;
use tallystick::domain::token::Pseudonym;
use tallystick::domain::unit::rows::LookKind;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::domain::unit::{Action, Administration, ReservationStep};
use tallystick::domain::violation::Code;

use super::engine::Engine;
use super::market::{
    Loan, Market, OPERATOR, account, administer, look, national_id, one_operator, passport, today,
};
use super::reservations::{check, held, step};

const DAY_SECONDS: i64 = 86_400;

async fn month(
    market: &Market<'_>,
    month: u32,
    members: (MemberNo, MemberNo),
) -> BTreeMap<MemberNo, ConductFacts> {
    let period = Period {
        month: Month::of(2026, month).unwrap(),
        zone: BusinessZone::default(),
        now: market.engine.clock().now(),
    };
    market.store.conduct(period, members.0..=members.1).await.unwrap()
}

/// A loan of 5,000 opened today.
fn loan(name: &str, borrower: &[Pseudonym]) -> Loan {
    let loan = Loan::new(name, borrower).said(today(), 1).with(|facts| {
        facts.opened_on = today();
        facts.original_amount = 500_000;
    });
    loan.owing(500_000)
}

fn confirmation(loan: &Loan) -> ReservationStep {
    match loan.report() {
        Action::Report(report) => ReservationStep::Confirm(report),
        other => panic!("{other:?}"),
    }
}

/// Lender a asks about four people, lends to one, holds room in every way; b asks for a limit and reviews; c does nothing.
async fn trade(market: &Market<'_>) {
    let people: Vec<[Pseudonym; 1]> = (0..9).map(|person| [national_id(person)]).collect();
    let ask = |purpose, person: usize, number| look(LookKind::Query, &people[person], purpose, number);
    let a = market.a;
    // Followed by a check, by a loan, by a loan that was deleted, by nothing; and a soft one.
    for (person, number) in [(0, 1), (1, 2), (2, 3), (3, 4)] {
        market.accept(a, ask(Purpose::NewCredit, person, number)).await;
    }
    market.accept(a, ask(Purpose::AccountReview, 3, 5)).await;
    market.report(a, &loan("A1", &people[1])).await;
    market.report(a, &loan("A2", &people[2])).await;
    let account_ref = account("A2");
    let reason = DeletionReason::ReportedInError;
    market.accept(a, Action::Delete { account_ref, reason }).await;
    // Released and taken again in turn, which then runs out; confirmed in time and late; jointly, and confirmed.
    let released = held(market, a, check(10, 9, &[&people[0]])).await.reservation_id;
    let release = ReservationStep::Release(ReleaseReason::Withdrawn);
    market.accept(a, step(released, release)).await;
    held(market, a, check(11, 9, &[&people[0]])).await;
    let in_time = held(market, a, check(12, 9, &[&people[4]])).await.reservation_id;
    market
        .accept(a, step(in_time, confirmation(&loan("A3", &people[4]))))
        .await;
    let late = held(market, a, check(13, 9, &[&people[5]])).await.reservation_id;
    let joint = held(market, a, check(14, 9, &[&people[6], &people[7]])).await;
    let both = loan("A4", &people[6]).also(LiabilityRole::Joint, &people[7]);
    market
        .accept(a, step(joint.reservation_id, confirmation(&both)))
        .await;
    market.wait(3_600);
    market
        .accept(a, step(late, confirmation(&loan("A5", &people[5]))))
        .await;
    market.report(market.b, &Loan::new("B1", &people[8])).await;
    market.accept(market.b, ask(Purpose::LimitIncrease, 8, 20)).await;
    market.accept(market.b, ask(Purpose::LimitIncrease, 0, 21)).await;
    market.accept(market.b, market.review(&people[8])).await;
}

pub async fn a_month_shows_what_came_of_looks_and_of_room(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    trade(&market).await;
    // The last instant at which nothing can be judged, and the first at which it can.
    market.wait(32 * DAY_SECONDS);
    let all = (MemberNo(0), MemberNo(i64::MAX));
    assert_eq!(month(&market, 3, all).await[&market.a].judged_queries, 0);
    market.wait(DAY_SECONDS);
    market.restart().await;
    let a = ConductFacts {
        looks: 11,
        hard_queries: 4,
        checks: 6,
        judged_queries: 4,
        unfollowed_queries: 2,
        checks_in_turn: 1,
        loans_opened: 4,
        reservations: ReservationFates {
            confirmed: 2,
            late: 1,
            released: 1,
            lapsed: 1,
            live: 0,
        },
        strangers: 8,
        evaluations: 100,
    };
    let b = ConductFacts {
        looks: 3,
        hard_queries: 2,
        judged_queries: 2,
        unfollowed_queries: 1,
        evaluations: 100,
        ..ConductFacts::default()
    };
    let c = ConductFacts {
        evaluations: 100,
        ..ConductFacts::default()
    };
    let expected = BTreeMap::from([(market.a, a), (market.b, b), (market.c, c)]);
    assert_eq!(month(&market, 3, all).await, expected);
    let one = month(&market, 3, (market.b, market.b)).await;
    assert_eq!(one, BTreeMap::from([(market.b, b)]));
    let february = month(&market, 2, all).await;
    let opened = ConductFacts {
        loans_opened: 1,
        ..ConductFacts::default()
    };
    assert_eq!(february, BTreeMap::from([(market.b, opened)]));
    assert_eq!(month(&market, 4, all).await, BTreeMap::new());
}

pub async fn what_came_of_looks_follows_a_merge(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.query(market.a, &[passport(1)]).await;
    held(&market, market.a, check(1, 9, &[&[national_id(1)]])).await;
    market.wait(33 * DAY_SECONDS);
    let all = (market.a, market.c);
    let before = month(&market, 3, all).await[&market.a];
    assert_eq!((before.judged_queries, before.unfollowed_queries), (1, 1));
    let merge = Administration::MergeSubjects {
        keep: national_id(1),
        merge: passport(1),
        reason: "one person".to_owned(),
    };
    market.accept(OPERATOR, administer(merge)).await;
    let after = month(&market, 3, all).await[&market.a];
    let expected = ConductFacts {
        unfollowed_queries: 0,
        ..before
    };
    assert_eq!(after, expected);
}

pub async fn limits_of_a_day_are_kept_over_a_restart_and_end_with_it(engine: &dyn Engine) {
    let rules = MarketRules {
        day_limits: DayLimits {
            hard_looks: 3,
            strangers: 2,
            unused_reservations: 1,
        },
        ..one_operator()
    };
    let mut market = Market::with_rules(engine, rules).await;
    let ask = |person, number| {
        look(
            LookKind::Query,
            &[national_id(person)],
            Purpose::NewCredit,
            number,
        )
    };
    let soft = |number| look(LookKind::Query, &[national_id(1)], Purpose::AccountReview, number);
    market.accept(market.a, ask(1, 1)).await;
    market.accept(market.a, ask(2, 2)).await;
    market.restart().await;
    assert_eq!(
        market.refuse(market.a, ask(3, 3)).await,
        Code::QuotaExceeded,
        "a stranger"
    );
    let id = held(&market, market.a, check(1, 9, &[&[national_id(1)]])).await;
    market.restart().await;
    assert_eq!(
        market.refuse(market.a, ask(1, 4)).await,
        Code::QuotaExceeded,
        "a look"
    );
    market.accept(market.a, soft(5)).await;
    market.accept(market.b, ask(1, 6)).await;
    // The clock starts at noon: the day is over 12 hours later.
    market.wait(12 * 3_600);
    let room = held(&market, market.a, check(2, 9, &[&[national_id(2)]])).await;
    market.restart().await;
    let more = || check(3, 9, &[&[national_id(1)]]);
    assert_eq!(market.refuse(market.a, more()).await, Code::QuotaExceeded, "room");
    let paid_out = step(room.reservation_id, confirmation(&loan("A1", &[national_id(2)])));
    market.accept(market.a, paid_out).await;
    market.restart().await;
    held(&market, market.a, more()).await;
    assert!(id.created_at < room.created_at);
}

pub async fn subjects_of_many_lives_of_a_server_are_all_walked(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    // Numbers that a server took and did not give are lost with it: 18 lives on PostgreSQL reach beyond one span of the walk.
    for person in 0..18 {
        market.query(market.a, &[national_id(person)]).await;
        market.restart().await;
    }
    let facts = month(&market, 3, (market.a, market.a)).await[&market.a];
    assert_eq!((facts.looks, facts.hard_queries, facts.strangers), (18, 18, 18));
}
