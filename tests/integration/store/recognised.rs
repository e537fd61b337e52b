//! Accounts whose tokens are recognised by their digests: decided as if every token had been mapped.

use tallystick::domain::batch::BatchType;
use tallystick::domain::date::days_before;
use tallystick::domain::position::LiabilityRole;
use tallystick::domain::unit::batch::Recognised;
use tallystick::domain::unit::{Action, Administration, Item, ItemAct};
use tallystick::domain::violation::Code;

use super::batches::{Stream, header, item};
use super::engine::Engine;
use super::market::{Loan, Market, account, administer, mobile, national_id, passport, today};

/// What a report says of an account whose tokens were recognised.
fn recognised(loan: &Loan, digests: &[u8]) -> Item {
    let known = |token: tallystick::domain::token::Pseudonym| Ok::<_, ()>(token.identifier_type);
    Item {
        act: ItemAct::Recognised(Box::new(Recognised {
            position: loan.position().clone().try_map_tokens(known).unwrap(),
            event: None,
            violations: Vec::new(),
            warnings: Vec::new(),
            token_digests: digests.to_vec(),
        })),
        ..item(loan)
    }
}

pub async fn accounts_are_recognised_by_the_digests_of_their_tokens(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan =
        Loan::new("A1", &[national_id(1), mobile(1)]).also(LiabilityRole::Guarantor, &[national_id(2)]);
    let with_digests = |loan: &Loan, digests: &[u8]| {
        let Action::Report(mut report) = loan.report() else {
            panic!("a loan is reported");
        };
        report.token_digests = Some(digests.to_vec());
        Action::Report(report)
    };
    market.accept(market.a, with_digests(&loan, &[1; 32])).await;
    let known = async |name: &str, digests: &[u8]| {
        let asked = vec![(account("none"), vec![1; 32]), (account(name), digests.to_vec())];
        let known = market.store.recognise(market.a, asked).await.unwrap();
        assert!(!known[0]);
        known[1]
    };
    assert!(known("A1", &[1; 32]).await);
    assert!(!known("A1", &[2; 32]).await);
    assert!(!known("A2", &[1; 32]).await);
    // As if every token had been mapped: versions, links, everyone liable.
    let mut stream = Stream::open(&market, header("n-1", BatchType::Incremental)).await;
    let changed = loan.clone().said(days_before(today(), 1), 1).owing(800_000);
    stream.send(&[recognised(&changed, &[1; 32])]).await;
    assert_eq!(stream.row.batch.counts.accepted, 1);
    let found = market
        .store
        .find_position(market.a, &account("A1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            found.row.version.number,
            found.row.version.facts.outstanding_total
        ),
        (2, 800_000)
    );
    for person in [1, 2] {
        let answer = market
            .query(market.b, &[national_id(person)])
            .await
            .figures
            .others
            .unwrap();
        assert_eq!(answer.active_accounts + answer.guaranteed_accounts, 1, "{person}");
    }
    assert_eq!(market.accounts_seen(market.c, &[mobile(1)]).await, 1);
    // Another key version gives other tokens for the same people; what was prepared before is prepared again.
    let advanced = changed.clone().said(today(), 5);
    market.accept(market.a, with_digests(&advanced, &[3; 32])).await;
    assert!(!known("A1", &[1; 32]).await && known("A1", &[3; 32]).await);
    let stale = stream.chunk(&[
        item(&Loan::new("A2", &[national_id(3)])),
        recognised(&advanced, &[1; 32]),
    ]);
    assert_eq!(market.refuse(market.a, stale).await, Code::TokensChanged);
    let untouched = market
        .store
        .find_position(market.a, &account("A2"))
        .await
        .unwrap();
    assert_eq!(untouched, None, "nothing of the chunk was decided");
}

pub async fn accounts_of_merged_people_are_recognised_no_more(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let Action::Report(mut report) = Loan::new("A1", &[national_id(1)]).report() else {
        panic!("a loan is reported");
    };
    report.token_digests = Some(vec![3; 16]);
    market.accept(market.a, Action::Report(report)).await;
    let known = async || {
        let asked = vec![(account("A1"), vec![3; 16])];
        market.store.recognise(market.a, asked).await.unwrap()
    };
    assert_eq!(known().await, [true]);
    market.report(market.b, &Loan::new("B1", &[national_id(7)])).await;
    let merge = administer(Administration::MergeSubjects {
        keep: national_id(7),
        merge: national_id(1),
        reason: "one person".to_owned(),
    });
    market.accept(super::market::OPERATOR, merge).await;
    assert_eq!(known().await, [false]);
}

pub async fn accounts_that_name_two_people_since_a_split_are_looked_up_each_time(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1), passport(1)]);
    let with_digests = |loan: &Loan| {
        let Action::Report(mut report) = loan.report() else {
            panic!("a loan is reported");
        };
        report.token_digests = Some(vec![3; 16]);
        Action::Report(report)
    };
    let known = async || {
        let asked = vec![(account("A1"), vec![3; 16])];
        market.store.recognise(market.a, asked).await.unwrap()
    };
    market
        .accept(
            market.a,
            with_digests(&loan.clone().said(days_before(today(), 2), 1)),
        )
        .await;
    assert_eq!(known().await, [true]);
    // With a loan of her own the first person is not taken for the second one again.
    market.report(market.b, &Loan::new("B1", &[national_id(1)])).await;
    let split = administer(Administration::SplitSubject {
        token: passport(1),
        reason: "two people".to_owned(),
    });
    market.accept(super::market::OPERATOR, split).await;
    assert_eq!(known().await, [false]);
    market
        .accept(market.a, with_digests(&loan.said(today(), 2)))
        .await;
    assert_eq!(known().await, [false]);
}
