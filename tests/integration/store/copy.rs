//! A market moves from the embedded engine to PostgreSQL: every row arrives, wherever the copy breaks off, and the market
//! goes on as if nothing had happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use clap::Parser as _;
use tallystick::cli::Cli;
use tallystick::domain::exposure::SubjectState;
use tallystick::domain::position::LiabilityRole;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::domain::unit::{Action, Administration};
use tallystick::store::postgres::copy::Destination;
use tallystick::store::sqlite::copy::Source;
use tallystick::store::{COPY_MARK, Store};

use super::audit::sequence_all;
use super::engine::{Engine, ManualClock};
use super::market::{
    Loan, Market, OPERATOR, account, administer, mobile, national_id, passport, request, today,
};
use super::postgres::{Postgres, address};
use super::sqlite::Sqlite;

/// The embedded engine until it is told to move.
struct Moving {
    from: Sqlite,
    to: Postgres,
    moved: AtomicBool,
}

impl Moving {
    async fn new() -> Self {
        Self {
            from: Sqlite::new(),
            to: Postgres::new().await,
            moved: AtomicBool::new(false),
        }
    }

    /// What an operator types.
    async fn copy(&self) -> anyhow::Result<()> {
        let from = self.from.folder().to_str().expect("a path of ours").to_owned();
        let words = [
            "tallystick",
            "database",
            "copy",
            "--from",
            &from,
            "--to",
            &self.to.url(),
        ];
        Cli::try_parse_from(words)?.run().await
    }

    fn source(&self) -> Source {
        Source::open(&self.from.path()).expect("the database opens")
    }

    async fn destination(&self) -> Destination {
        Destination::open(&address(&self.to.url()))
            .await
            .expect("the database opens")
    }
}

#[async_trait]
impl Engine for Moving {
    async fn open(&self, rules: MarketRules) -> Arc<dyn Store> {
        if self.moved.load(Ordering::SeqCst) {
            self.to.open(rules).await
        } else {
            self.from.open(rules).await
        }
    }

    fn clock(&self) -> Arc<ManualClock> {
        self.from.clock()
    }
}

/// Something in every table: books with history, joint and past loans, links, looks, a merge, grants, proposals, a log.
async fn lively(market: &Market<'_>) {
    for person in 1..=30 {
        let loan = Loan::new(&format!("A{person}"), &[national_id(person), mobile(person)]);
        market.report(market.a, &loan).await;
        market.report(market.a, &loan.said(today(), 2).past_due(2)).await;
    }
    let joint = Loan::new("joint", &[national_id(1)]).also(LiabilityRole::Guarantor, &[passport(2)]);
    market.report(market.b, &joint).await;
    market.query(market.c, &[national_id(1), mobile(1)]).await;
    market.query(market.c, &[national_id(99)]).await;
    market.accept(market.b, market.review(&[national_id(3)])).await;
    let merger = Administration::MergeSubjects {
        keep: national_id(4),
        merge: passport(2),
        reason: "same person".to_owned(),
    };
    market.accept(OPERATOR, administer(merger)).await;
    let grant = Administration::GrantEvaluations {
        member_id: tallystick::domain::names::MemberId::parse("lender-a").expect("a name"),
        evaluations: 7,
        expires_at: ManualClock::START.plus_seconds(86_400),
        reason: "launch".to_owned(),
    };
    market.accept(OPERATOR, administer(grant)).await;
    sequence_all(&*market.store).await;
    market
        .accept(market.a, Action::ChargeEvaluations { count: 1 })
        .await;
}

#[tokio::test]
async fn a_market_goes_on_where_it_was_copied_to() {
    let engine = Moving::new().await;
    let mut market = Market::on(&engine).await;
    lively(&market).await;
    let replayed = Loan::new("A1", &[national_id(1), mobile(1)])
        .said(today(), 5)
        .owing(77);
    let write = market.requested(market.a, request(1, 1), replayed.report());
    let accepted = market.store.apply(write.clone()).await.unwrap();
    let before = (
        market.store.members().await.unwrap(),
        market
            .store
            .list_positions(market.a, None, 100, false)
            .await
            .unwrap(),
        market
            .store
            .list_versions(market.a, &account("A7"), None, 10)
            .await
            .unwrap(),
        market.store.head().await.unwrap(),
        market.store.openings(0..1_000).await.unwrap(),
    );
    let frozen = market.query(market.c, &[national_id(1), mobile(1)]).await;
    market.close();
    engine.copy().await.unwrap();
    engine.moved.store(true, Ordering::SeqCst);
    market.restart().await;
    assert_eq!(market.store.members().await.unwrap(), before.0);
    let positions = market.store.list_positions(market.a, None, 100, false).await;
    assert_eq!(positions.unwrap(), before.1);
    let versions = market
        .store
        .list_versions(market.a, &account("A7"), None, 10)
        .await;
    assert_eq!(versions.unwrap(), before.2);
    assert_eq!(market.store.head().await.unwrap(), before.3);
    assert_eq!(market.store.openings(0..1_000).await.unwrap(), before.4);
    let again = market.query(market.c, &[national_id(1), mobile(1)]).await;
    assert_eq!(again.figures, frozen.figures, "the day's answer is frozen");
    assert!(again.answered_at > frozen.answered_at);
    assert_eq!(market.store.apply(write).await.unwrap(), accepted, "a replay");
    // New numbers are new, the log goes on.
    market
        .report(market.b, &Loan::new("new", &[national_id(1_000)]))
        .await;
    let answer = market.query(market.a, &[national_id(1_000)]).await;
    assert_eq!(answer.figures.state, SubjectState::Found);
    assert!(sequence_all(&*market.store).await > before.3.frontier.size());
}

#[tokio::test]
async fn a_copy_that_broke_off_anywhere_is_gone_on_with() {
    let engine = Moving::new().await;
    let mut market = Market::on(&engine).await;
    lively(&market).await;
    market.close();
    let (source, destination) = (engine.source(), engine.destination().await);
    assert!(destination.begin().await.unwrap());
    let tables = source.tables().unwrap();
    assert!(tables.len() > 20, "{} tables", tables.len());
    // As far as a copy may have come: some tables whole, one begun, the others not.
    for (number, table) in tables.iter().enumerate() {
        let share = [usize::MAX, 3, 0][number % 3];
        let rows = source.rows(table, None, share).unwrap();
        if !rows.is_empty() {
            destination.add(table, &rows).await.unwrap();
        }
    }
    let mark = engine
        .to
        .open(MarketRules::default())
        .await
        .key_checks()
        .await
        .unwrap();
    assert!(
        mark.contains_key(COPY_MARK),
        "servers can see that it is not whole"
    );
    engine.copy().await.unwrap();
    for table in &tables {
        let (here, there) = (
            source.contents(table).unwrap(),
            destination.contents(table).await.unwrap(),
        );
        assert_eq!(here, there, "{}", table.name);
    }
    let mark = engine
        .to
        .open(MarketRules::default())
        .await
        .key_checks()
        .await
        .unwrap();
    assert!(!mark.contains_key(COPY_MARK));
}

#[tokio::test]
async fn a_copy_into_something_else_is_refused_or_found_out() {
    let engine = Moving::new().await;
    let mut market = Market::on(&engine).await;
    lively(&market).await;
    market.close();
    // Rows of another market.
    let other = Market::on(&engine.to).await;
    other.report(other.a, &Loan::new("A1", &[national_id(1)])).await;
    drop(other);
    let refused = engine.copy().await.expect_err("it was served").to_string();
    assert!(refused.contains("served already"), "{refused}");
    // A copy whose rows were altered on the way.
    let engine = Moving::new().await;
    let mut market = Market::on(&engine).await;
    lively(&market).await;
    market.close();
    let (source, destination) = (engine.source(), engine.destination().await);
    assert!(destination.begin().await.unwrap());
    let tables = source.tables().unwrap();
    let accounts = tables.iter().find(|table| table.name == "account").unwrap();
    let mut rows = source.rows(accounts, None, 2).unwrap();
    let made = accounts
        .columns
        .iter()
        .position(|column| column.name == "versions_made");
    rows[0][made.unwrap()] = rows[1][2].clone();
    destination.add(accounts, &rows).await.unwrap();
    let refused = engine.copy().await.expect_err("it is another's").to_string();
    assert!(
        refused.contains("account") && refused.contains("not the same"),
        "{refused}"
    );
}
