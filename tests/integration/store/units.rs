//! Units of work: order, atomicity, replay, audit entries, durability, forgetting.

use futures::future::join_all;
use tallystick::audit::AuditFacts;
use tallystick::domain::names::{MemberNo, SubjectId};
use tallystick::domain::unit::{Action, Outcome, Rpc};
use tallystick::domain::violation::Code;

use super::audit::sequence_all;
use super::engine::{Engine, ManualClock};
use super::market::{Loan, Market, account, national_id, refusal, request, today, version};

pub async fn writes_sent_together_are_decided_in_order(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    // join_all sends the first time it polls, in order, so all of them wait together.
    let writes = (1..=40).map(|sequence| {
        let next = loan
            .clone()
            .said(today(), sequence)
            .owing(900_000 - i64::try_from(sequence).unwrap());
        market.apply(market.a, next.report())
    });
    let versions: Vec<u64> = join_all(writes)
        .await
        .into_iter()
        .map(|done| version(&done.unwrap().outcome))
        .collect();
    assert_eq!(versions, (1..=40).collect::<Vec<u64>>());
}

pub async fn a_refused_write_leaves_no_trace_and_spoils_nobody(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    let before = market.store.holdings().await.unwrap();
    let stale =
        Loan::new("A1", &[national_id(1), super::market::mobile(9)]).said(super::market::day(2026, 2, 1), 1);
    let unknown = Loan::new("nowhere", &[national_id(3)]);
    let writes = [
        Loan::new("A2", &[national_id(2)]).report(),
        stale.report(),
        unknown.correct(1),
        Loan::new("A3", &[national_id(4)]).report(),
    ];
    let done = join_all(writes.map(|action| market.apply(market.a, action))).await;
    let [first, second, third, fourth]: [_; 4] = done.try_into().unwrap();
    first.unwrap();
    assert_eq!(refusal(second), Code::StaleSequence);
    assert_eq!(refusal(third), Code::AccountUnknown);
    fourth.unwrap();
    let after = market.store.holdings().await.unwrap();
    assert_eq!(after.accounts, before.accounts + 2);
    assert_eq!(
        after.tokens,
        before.tokens + 2,
        "neither the mobile nor person 3 is on file"
    );
    assert_eq!(after.audit_waiting, before.audit_waiting + 2);
}

pub async fn a_replayed_request_gets_its_stored_answer_and_writes_nothing(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let action = Loan::new("A1", &[national_id(1)]).report();
    let first = market.requested(market.a, request(1, 1), action.clone());
    let answer = market.store.apply(first).await.unwrap();
    let before = market.store.holdings().await.unwrap();
    for restarted in [false, true] {
        if restarted {
            market.restart().await;
        }
        market.wait(3_600);
        let again = market.requested(market.a, request(1, 1), action.clone());
        assert_eq!(market.store.apply(again).await.unwrap(), answer, "salt and all");
        assert_eq!(market.store.holdings().await.unwrap(), before);
    }
}

pub async fn a_request_sent_twice_at_once_is_done_once(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let action = Loan::new("A1", &[national_id(1)]).report();
    let before = market.store.holdings().await.unwrap();
    let twice = [(); 2].map(|()| market.requested(market.a, request(1, 1), action.clone()));
    let answers = join_all(twice.map(|write| market.store.apply(write))).await;
    let [one, other]: [_; 2] = answers.try_into().unwrap();
    assert_eq!(one.unwrap(), other.unwrap());
    let after = market.store.holdings().await.unwrap();
    assert_eq!(after.audit_waiting, before.audit_waiting + 1);
}

pub async fn a_request_id_used_for_another_body_is_refused(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let action = Loan::new("A1", &[national_id(1)]).report();
    let first = market.requested(market.a, request(1, 1), action.clone());
    market.store.apply(first).await.unwrap();
    let other = market.requested(market.a, request(1, 2), action);
    assert_eq!(refusal(market.store.apply(other).await), Code::RequestIdReused);
}

pub async fn a_request_id_belongs_to_one_member_and_one_rpc(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    let writes = [
        (market.a, 1, loan.report()),
        (market.b, 2, loan.report()),
        (market.a, 3, loan.clone().owing(5).correct(1)),
    ];
    for (member, body, action) in writes {
        let write = market.requested(member, request(1, body), action);
        market.store.apply(write).await.unwrap();
    }
}

pub async fn every_accepted_write_has_an_entry_that_opens_its_receipt(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    let enrolled = market.store.waiting(100).await.unwrap().len();
    let actions = [
        loan.report(),
        loan.clone().owing(7).correct(1),
        market.review(&[national_id(1)]),
        Action::Delete {
            account_ref: account("A1"),
            reason: tallystick::domain::position::DeletionReason::Fraud,
        },
    ];
    let mut receipts = Vec::new();
    for action in actions {
        receipts.push((
            action.rpc(),
            market.apply(market.a, action).await.unwrap().receipt,
        ));
    }
    let total = sequence_all(&*market.store).await;
    let openings = market.store.openings(0..total).await.unwrap();
    let mine = &openings[enrolled..];
    assert_eq!(mine.len(), receipts.len());
    let mut last = ManualClock::START;
    for (entry, (rpc, receipt)) in mine.iter().zip(receipts) {
        assert_eq!(entry.opening.receipt(), receipt);
        let facts = AuditFacts::decode(&entry.opening.bytes).unwrap();
        assert_eq!(facts.rpc, rpc);
        assert!(facts.instant > last, "instants grow");
        last = facts.instant;
        assert!(!facts.subject_ids.is_empty(), "{rpc:?} says about whom");
        assert!(facts.subject_ids.iter().all(|subject| *subject != SubjectId(0)));
        assert_eq!(facts.purpose.is_some(), rpc == Rpc::ReviewPortfolio);
    }
}

pub async fn instants_grow_even_when_the_clock_stands_or_steps_back(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let mut last = ManualClock::START;
    for (round, step) in (0_u32..).zip([0, 0, -3_600, -86_400, 7_200]) {
        market.wait(step);
        if step < 0 {
            market.restart().await;
        }
        let loan = Loan::new(&format!("A{round}"), &[national_id(round)]);
        let write = market.requested(market.a, request(u8::try_from(round).unwrap(), 1), loan.report());
        let Outcome::Recorded { received_at, .. } = market.store.apply(write).await.unwrap().outcome else {
            panic!("a report is recorded");
        };
        assert!(received_at > last, "{received_at:?} after {last:?}");
        last = received_at;
    }
}

pub async fn what_was_acknowledged_is_there_after_a_restart(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    for person in 0..20 {
        let loan = Loan::new(&format!("A{person}"), &[national_id(person)]);
        market.report(market.a, &loan).await;
    }
    market.query(market.b, &[national_id(3)]).await;
    let holdings = market.store.holdings().await.unwrap();
    // A process that comes up while the crashed one's files are still as it left them.
    let second = engine.open(super::market::one_operator()).await;
    assert_eq!(second.holdings().await.unwrap(), holdings);
    drop(second);
    market.restart().await;
    assert_eq!(market.store.holdings().await.unwrap(), holdings);
    assert_eq!(market.accounts_seen(market.c, &[national_id(3)]).await, 1);
    // Numbers go on where they were: nothing new takes the place of something old.
    market
        .report(market.b, &Loan::new("B1", &[national_id(99)]))
        .await;
    assert_eq!(market.accounts_seen(market.c, &[national_id(99)]).await, 1);
    assert_eq!(market.accounts_seen(market.c, &[national_id(3)]).await, 1);
}

pub async fn readers_and_writers_do_not_disturb_each_other(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let (market, loans) = (&market, 60_u64);
    let loan = Loan::new("A1", &[national_id(1)]);
    market.report(market.a, &loan).await;
    // Person 2's subject is absorbed and the account moves between subjects while it is read.
    let writers = (0..4_u32).map(|writer| async move {
        for round in 0..loans / 4 {
            let person = 100 + writer * 1_000 + u32::try_from(round).unwrap();
            let next = Loan::new(&format!("W{writer}-{round}"), &[national_id(person)]);
            market.report(market.b, &next).await;
        }
    });
    let readers = (0..4).map(|_| async move {
        for _ in 0..loans {
            let found = market
                .store
                .find_position(market.a, &account("A1"))
                .await
                .unwrap();
            assert!(found.is_some());
            let page = market
                .store
                .list_positions(market.b, None, 50, false)
                .await
                .unwrap();
            assert!(
                page.windows(2)
                    .all(|two| two[0].account.account_no > two[1].account.account_no)
            );
        }
    });
    futures::future::join(join_all(writers), join_all(readers)).await;
    let mut seen = 0;
    let mut before = None;
    loop {
        let page = market
            .store
            .list_positions(market.b, before, 7, false)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.account.account_no);
        seen += page.len();
    }
    assert_eq!(u64::try_from(seen).unwrap(), loans);
}

pub async fn requests_are_forgotten_after_seven_days_and_not_before(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let store = &market.store;
    let deletion = |member: MemberNo, body: u8| {
        let loan = Loan::new("A1", &[national_id(1)]).owing(i64::from(body));
        let loan = loan.said(today(), u64::from(body));
        market.requested(member, request(1, body), loan.report())
    };
    store.apply(deletion(market.a, 1)).await.unwrap();
    let almost = 7 * 86_400 - 120;
    market.wait(almost);
    touch(&market).await;
    assert_eq!(
        refusal(store.apply(deletion(market.a, 2)).await),
        Code::RequestIdReused
    );
    market.wait(240);
    touch(&market).await;
    store.apply(deletion(market.a, 2)).await.unwrap();
}

/// A store tidies up after a write, at most once a minute by its clock.
async fn touch(market: &Market<'_>) {
    market
        .accept(market.b, Action::ChargeEvaluations { count: 1 })
        .await;
    // What is done after a write is done before the next is.
    market.wait(61);
    market
        .accept(market.b, Action::ChargeEvaluations { count: 1 })
        .await;
}
