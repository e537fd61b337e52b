//! Offline codes: issued within bounds, used once, back-filled and judged, on any engine.

use futures::future::join_all;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::date::{Timestamp, days_after, days_before};
use tallystick::domain::inquiry::{Consent, Purpose};
use tallystick::domain::names::{AnswerId, MemberId, SeriesId, Sha256};
use tallystick::domain::offline::{BACKFILL_SECONDS, CODE_LIFE_SECONDS, OfflineCode};
use tallystick::domain::position::LiabilityRole;
use tallystick::domain::rules::{AmountCap, Condition, Extent, ReasonCode};
use tallystick::domain::token::{Presented, Pseudonym};
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::domain::unit::{Action, Backfill, OfflineWork, Outcome};
use tallystick::domain::violation::Code;
use tallystick::store::offline_book::{OfflineUseAt, OfflineUseFilter};

use super::engine::Engine;
use super::market::{Loan, Market, national_id, one_operator, refusal, today};
use super::reservations::pack;

fn series(number: u8) -> SeriesId {
    SeriesId([number; 16])
}

pub fn issue(number: u8, codes: u32) -> Action {
    Action::Offline(Box::new(OfflineWork::Issue {
        series_id: series(number),
        codes,
    }))
}

/// A loan opened on its day, made under a code of a series.
pub fn made(name: &str, borrower: &[Pseudonym]) -> Loan {
    Loan::new(name, borrower).with(|facts| {
        facts.opened_on = today();
        facts.matures_on = Some(days_after(today(), 365));
        facts.next_due_on = Some(days_after(today(), 30));
    })
}

/// Its back-fill under the code at `place` of a series, judged by a limit of one lender.
pub fn backfill(number: u8, place: u32, used_at: Timestamp, loan: &Loan) -> Action {
    let Action::Report(report) = loan.report() else {
        panic!("a loan is reported");
    };
    let own = loan.position().liabilities.iter();
    let tokens = |tokens: &Vec<Presented<Pseudonym>>| tokens.clone();
    Action::Offline(Box::new(OfflineWork::Backfill(Box::new(Backfill {
        answer_id: AnswerId([number.wrapping_add(u8::try_from(place % 250).unwrap()); 16]),
        code: OfflineCode {
            // The ledger goes by the member's number.
            member_id: MemberId::parse("lender-a").unwrap(),
            series_id: series(number),
            place,
            expires_at: used_at,
        },
        used_at,
        consent: Consent {
            reference: "consent-7".to_owned(),
            purposes: vec![Purpose::NewCredit],
            granted_on: days_before(today(), 1),
            expires_on: days_after(today(), 30),
            text_sha256: Sha256([7; 32]),
        },
        borrowers: own
            .filter(|liability| liability.role.is_own_debt())
            .map(|liability| tokens(&liability.tokens))
            .collect(),
        report: *report,
        pack: Some(pack(1)),
        monthly_income: None,
    }))))
}

/// What a back-fill answered: what it broke, and whether it was late.
fn filled(outcome: Outcome) -> (Vec<ReasonCode>, bool) {
    match outcome {
        Outcome::Backfilled { over_limit, late, .. } => (over_limit, late),
        other => panic!("{other:?}"),
    }
}

pub async fn a_member_has_so_many_unexpired_codes_and_no_more(engine: &dyn Engine) {
    let rules = MarketRules {
        offline_codes: 100,
        ..one_operator()
    };
    let mut market = Market::with_rules(engine, rules).await;
    market.accept(market.a, issue(1, 60)).await;
    market.accept(market.b, issue(2, 100)).await;
    assert_eq!(market.refuse(market.a, issue(3, 41)).await, Code::QuotaExceeded);
    market.accept(market.a, issue(4, 40)).await;
    market.restart().await;
    assert_eq!(market.refuse(market.a, issue(5, 1)).await, Code::QuotaExceeded);
    market.wait(CODE_LIFE_SECONDS + 86_400);
    market.accept(market.a, issue(6, 100)).await;
}

pub async fn a_code_serves_one_loan_and_the_loan_is_judged(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.accept(market.a, issue(1, 3)).await;
    market.accept(market.b, issue(2, 3)).await;
    market.wait(60);
    let used_at = engine.clock().now();
    market.wait(60);
    let borrower = [national_id(1)];
    let first = backfill(1, 0, used_at, &made("A-1", &borrower));
    assert_eq!(
        filled(market.accept(market.a, first.clone()).await),
        (vec![], false)
    );
    let second = backfill(2, 2, used_at, &made("B-1", &borrower));
    let over = vec![ReasonCode::LenderCount];
    assert_eq!(
        filled(market.accept(market.b, second).await),
        (over.clone(), false)
    );
    assert_eq!(
        market.accounts_seen(market.c, &borrower).await,
        2,
        "both are on file"
    );
    market.restart().await;
    assert_eq!(
        filled(market.accept(market.a, first).await),
        (vec![], false),
        "said again, it is answered again, and not judged by what came after"
    );
    let other = backfill(1, 0, used_at, &made("A-2", &[national_id(2)]));
    assert_eq!(market.refuse(market.a, other).await, Code::OfflineCodeUsed);
    let nobodys = backfill(1, 3, used_at, &made("A-2", &[national_id(2)]));
    assert_eq!(market.refuse(market.a, nobodys).await, Code::OfflineCodeUnknown);
    let anothers = backfill(2, 0, used_at, &made("A-2", &[national_id(2)]));
    assert_eq!(market.refuse(market.a, anothers).await, Code::OfflineCodeUnknown);
    assert_eq!(market.accounts_seen(market.c, &[national_id(2)]).await, 0);

    let list = |filter| market.store.list_offline_uses(filter, None, 10);
    let all = list(OfflineUseFilter::default()).await.unwrap();
    let refs: Vec<&str> = all.iter().map(|row| row.account_ref.as_str()).collect();
    assert_eq!(refs, ["B-1", "A-1"]);
    assert_eq!(
        (&all[0].over_limit.exact, &all[0].over_limit.told),
        (&over, &over)
    );
    let broken = OfflineUseFilter {
        over_limit_only: true,
        ..OfflineUseFilter::default()
    };
    assert_eq!(list(broken).await.unwrap(), all[..1]);
    let own = OfflineUseFilter {
        member_no: Some(market.a),
        ..OfflineUseFilter::default()
    };
    assert_eq!(list(own).await.unwrap(), all[1..]);
    let behind = Some(OfflineUseAt::of(&all[0]));
    let next = market
        .store
        .list_offline_uses(OfflineUseFilter::default(), behind, 10);
    assert_eq!(next.await.unwrap(), all[1..]);
}

pub async fn a_loan_is_recorded_late_and_known_already(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.accept(market.a, issue(1, 3)).await;
    let used_at = engine.clock().now();
    let borrower = [national_id(1)];
    // The night's file was faster, and says more by now.
    let known = made("A-1", &borrower).said(today(), 7).owing(500_000);
    market.report(market.a, &known).await;
    market.wait(BACKFILL_SECONDS);
    let in_time = backfill(1, 0, used_at, &made("A-1", &borrower).said(today(), 3));
    let Outcome::Backfilled { version, late, .. } = market.accept(market.a, in_time).await else {
        panic!("it is tied to the code");
    };
    assert_eq!((version, late), (1, false));
    let late = backfill(1, 1, used_at, &made("A-2", &[national_id(2)]));
    assert!(
        filled(market.accept(market.a, late).await).1,
        "a second over a day"
    );
    let filter = OfflineUseFilter {
        late_only: true,
        ..OfflineUseFilter::default()
    };
    let listed = market.store.list_offline_uses(filter, None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].account_ref.as_str(), "A-2");
}

pub async fn a_code_is_used_within_its_life(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.accept(market.a, issue(1, 3)).await;
    market.wait(10);
    let loan = made("A-1", &[national_id(1)]);
    let now = engine.clock().now();
    for wrong in [
        now.plus_seconds(-86_400),
        now.plus_seconds(3_600),
        now.plus_seconds(CODE_LIFE_SECONDS),
    ] {
        let refused = market.refuse(market.a, backfill(1, 0, wrong, &loan)).await;
        assert_eq!(refused, Code::OfflineCodePeriod);
    }
    let older = loan
        .clone()
        .with(|facts| facts.opened_on = days_before(today(), 1));
    let refused = market.refuse(market.a, backfill(1, 0, now, &older)).await;
    assert_eq!(refused, Code::OfflineCodePeriod);
    market.accept(market.a, backfill(1, 0, now, &loan)).await;
}

pub async fn of_two_who_use_a_code_at_once_one_does(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.accept(market.a, issue(1, 1)).await;
    let used_at = engine.clock().now();
    let loans: Vec<Loan> = (0..16)
        .map(|number| made(&format!("A-{number}"), &[national_id(number)]))
        .collect();
    let calls = loans
        .iter()
        .map(|loan| market.apply(market.a, backfill(1, 0, used_at, loan)));
    let (done, refused): (Vec<_>, Vec<_>) = join_all(calls).await.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 15));
    for refused in refused {
        assert_eq!(refusal(refused), Code::OfflineCodeUsed);
    }
}

pub async fn joint_borrowers_are_judged_together(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.accept(market.a, issue(1, 3)).await;
    let (one, other) = ([national_id(1)], [national_id(2)]);
    market.report(market.b, &Loan::new("B-1", &other)).await;
    let used_at = engine.clock().now();
    let joint = made("A-1", &one).also(LiabilityRole::Joint, &other);
    let (over, _) = filled(market.accept(market.a, backfill(1, 0, used_at, &joint)).await);
    assert_eq!(over, [ReasonCode::LenderCount], "one of them owes elsewhere");
    let seen = market.query(market.c, &other).await.figures.others.unwrap();
    let hard = seen.velocity.iter().map(|window| window.hard_inquiries).max();
    assert_eq!(hard, Some(1), "the back-fill left the mark of a look");
}

pub async fn what_is_on_file_stays_and_is_of_the_same_people(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.accept(market.a, issue(1, 9)).await;
    let used_at = engine.clock().now();
    let (one, other) = ([national_id(1)], [national_id(2)]);
    market.report(market.a, &made("A-1", &one).said(today(), 7)).await;
    market.report(market.b, &Loan::new("B-1", &other)).await;
    // An account of somebody else shows nobody, whichever pair is named.
    for sequence in [3, 7] {
        let strange = backfill(1, 0, used_at, &made("A-1", &other).said(today(), sequence));
        assert_eq!(market.refuse(market.a, strange).await, Code::IdentityChanged);
    }
    let seen = market.query(market.c, &other).await.figures.others.unwrap();
    assert_eq!(seen.velocity[0].hard_inquiries, 0, "nobody looked");
    let same_pair = made("A-1", &one).said(today(), 7).owing(100);
    let Outcome::Backfilled { version, .. } =
        market.accept(market.a, backfill(1, 0, used_at, &same_pair)).await
    else {
        panic!("it is tied to the code");
    };
    assert_eq!(version, 1, "what is on file stays");
    let old = Loan::new("A-2", &one).said(today(), 7);
    market.report(market.a, &old).await;
    let passed_off = backfill(1, 1, used_at, &made("A-2", &one).said(today(), 3));
    assert_eq!(market.refuse(market.a, passed_off).await, Code::OfflineCodePeriod);
}

pub async fn an_account_is_judged_once_whatever_codes_are_named(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.accept(market.a, issue(1, 9)).await;
    let used_at = engine.clock().now();
    let borrower = [national_id(1)];
    let loan = made("A-1", &borrower);
    market.accept(market.a, backfill(1, 0, used_at, &loan)).await;
    market.report(market.b, &Loan::new("B-1", &borrower)).await;
    for round in 0..2 {
        let again = market.accept(market.a, backfill(1, 1, used_at, &loan)).await;
        assert_eq!(filled(again), (vec![], false), "as it was judged, {round}");
        market.restart().await;
    }
    let filter = OfflineUseFilter::default();
    let listed = market.store.list_offline_uses(filter, None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    let seen = market.query(market.c, &borrower).await.figures.others.unwrap();
    assert_eq!(seen.velocity[0].hard_inquiries, 1, "one look");
    // The code that was named in vain serves another loan.
    let other = made("A-9", &[national_id(9)]);
    market.accept(market.a, backfill(1, 1, used_at, &other)).await;
}

pub async fn a_member_can_ask_for_what_it_was_told_and_no_more(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.accept(market.a, issue(1, 9)).await;
    let used_at = engine.clock().now();
    let borrower = [national_id(1)];
    market.report(market.b, &Loan::new("B-1", &borrower)).await;
    // Others are owed 9,000: with this loan of 10,000 it is below the cap, and above it by the band's edge of 10,000.
    let Action::Offline(mut work) = backfill(1, 0, used_at, &made("A-1", &borrower)) else {
        panic!("a back-fill");
    };
    if let OfflineWork::Backfill(loan) = work.as_mut() {
        let mut capped = (*pack(9)).clone();
        capped.rules[0].condition = Condition::AmountCap(AmountCap {
            maximum: Some(1_950_000),
            income_percent: None,
            bracket: None,
            extent: Extent::Total,
        });
        loan.pack = Some(capped.into());
    }
    let (told, _) = filled(market.accept(market.a, Action::Offline(work)).await);
    assert_eq!(told, [ReasonCode::AmountCap]);
    let exact = OfflineUseFilter {
        over_limit_only: true,
        ..OfflineUseFilter::default()
    };
    let as_told = OfflineUseFilter {
        told_only: true,
        ..OfflineUseFilter::default()
    };
    let count = async |filter| {
        market
            .store
            .list_offline_uses(filter, None, 10)
            .await
            .unwrap()
            .len()
    };
    assert_eq!((count(exact).await, count(as_told).await), (0, 1));
}
