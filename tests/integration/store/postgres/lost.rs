//! What was lost on the way: answers to COMMIT, and servers in the middle of a transaction.

use std::time::Duration;

use tallystick::domain::unit::{Action, Outcome, Write};
use tallystick::store::postgres::{PostgresOptions, PostgresStore};
use tallystick::store::{ApplyError, Store as _, StoreError};
use tokio::time::timeout;

use super::proxy::{Cut, Proxy};
use super::servers::{ONE_WRITER, Servers, open, query, requested, write};
use crate::harness::eventually;
use crate::store::engine::ManualClock;
use crate::store::market::{Loan, national_id, today, version};

/// Far longer than anything takes that ends at all.
const FOREVER: Duration = Duration::from_mins(1);

async fn through(proxy: &Proxy) -> PostgresStore {
    open(proxy.url(), ManualClock::at_start(), PostgresOptions::default()).await
}

#[tokio::test]
async fn a_write_without_a_request_id_whose_commit_is_not_answered_is_done_once() {
    let servers = Servers::start(&[0], ONE_WRITER).await;
    let [a, ..] = servers.lenders;
    let proxy = Proxy::to(&servers.database.url()).await;
    let behind = through(&proxy).await;
    let used = async || behind.evaluations_used(a, today()).await.unwrap();
    let entries = "SELECT count(*) FROM audit_waiting";
    for (round, cut) in (1..).zip(Cut::ALL.repeat(4)) {
        let (used_before, entries_before) = (used().await, servers.count(entries).await);
        proxy.cut_next(cut);
        let charge = Action::ChargeEvaluations { count: 7 };
        let done = behind.apply(write(a, charge)).await;
        assert!(
            matches!(&done, Ok(accepted) if matches!(accepted.outcome, Outcome::Charged { .. })),
            "{cut:?}: {done:?}"
        );
        assert_eq!(proxy.cuts(), round, "{cut:?}");
        assert_eq!(used().await - used_before, 7, "{cut:?}");
        assert_eq!(servers.count(entries).await - entries_before, 1, "{cut:?}");
    }
}

#[tokio::test]
async fn a_group_whose_commit_is_not_answered_gets_the_answers_that_were_committed() {
    let servers = Servers::start(&[0], ONE_WRITER).await;
    let [a, b, c] = servers.lenders;
    let proxy = Proxy::to(&servers.database.url()).await;
    let behind = through(&proxy).await;
    for (round, cut) in (0_u32..).zip(Cut::ALL.repeat(4)) {
        proxy.cut_next(cut);
        // People known and unknown, with a request id and without.
        let person = |number: u32| [national_id(100 * round + number % 12)];
        let loan = |number: u32| Loan::new(&format!("L{round}-{number}"), &person(number)).report();
        let writes: Vec<Write> = (0..12)
            .flat_map(|number| {
                [
                    write(a, loan(number)),
                    requested(c, u64::from(100 * round + number), 1, loan(number)),
                    write(b, query(&person(number))),
                ]
            })
            .collect();
        let salts: Vec<[u8; 32]> = writes.iter().map(|write| write.salt).collect();
        let done = futures::future::join_all(writes.into_iter().map(|write| behind.apply(write)));
        for (done, salt) in done.await.into_iter().zip(salts) {
            let accepted = done.unwrap_or_else(|error| panic!("{cut:?}: {error:?}"));
            if let Outcome::Recorded { .. } = &accepted.outcome {
                assert_eq!(version(&accepted.outcome), 1, "{cut:?}");
            }
            assert_eq!(accepted.receipt.salt, salt);
            let logged = servers.database.connect().await;
            let entry = "SELECT count(*) FROM audit_opening o JOIN audit_waiting w ON w.entry_id = o.entry_id
                WHERE o.salt = $1 AND w.leaf_hash = $2";
            let (salt, leaf) = (&salt[..], &accepted.receipt.leaf[..]);
            let found: i64 = logged.query_one(entry, &[&salt, &leaf]).await.unwrap().get(0);
            assert_eq!(found, 1, "{cut:?}");
        }
        assert_eq!(servers.accounts_seen(0, b, &person(0)).await, 2);
    }
    assert_eq!(proxy.cuts(), 12);
}

#[tokio::test]
async fn somebody_who_vanished_with_a_subject_locked_keeps_the_others_waiting_for_so_long_and_no_longer() {
    let options = PostgresOptions {
        statement_timeout: Duration::from_millis(1_500),
        ..PostgresOptions::default()
    };
    let servers = Servers::with(&[0, 0], options).await;
    let [a, b, _] = servers.lenders;
    let loan = Loan::new("A1", &[national_id(1)]);
    servers.accept(0, a, loan.report()).await;
    let vanished = servers.database.connect().await;
    let locked = "BEGIN; SELECT touched FROM subject_lock FOR UPDATE";
    vanished.batch_execute(locked).await.unwrap();
    for server in &servers.stores {
        let later = loan.clone().said(today(), 2).owing(1);
        let told = timeout(FOREVER, server.apply(write(a, later.report())))
            .await
            .unwrap();
        assert!(
            matches!(told, Err(ApplyError::Store(StoreError::Unavailable))),
            "{told:?}"
        );
        // Who has nothing to do with that subject is served, though not before the group that waits.
        let another = Loan::new("A2", &[national_id(2)]);
        timeout(FOREVER, server.apply(write(a, another.report())))
            .await
            .unwrap()
            .unwrap();
    }
    // The database notices that nobody is there any more.
    drop(vanished);
    eventually("the subject is free again", async || {
        let later = loan.clone().said(today(), 3).owing(2);
        servers.stores[1].apply(write(a, later.report())).await.is_ok()
    })
    .await;
    assert_eq!(servers.accounts_seen(0, b, &[national_id(1)]).await, 1);
}

#[tokio::test]
async fn a_server_that_stopped_in_the_middle_of_a_group_is_thrown_out_by_the_database() {
    let servers = Servers::start(&[0], ONE_WRITER).await;
    let [a, ..] = servers.lenders;
    let loan = Loan::new("A1", &[national_id(1)]);
    servers.accept(0, a, loan.report()).await;
    // As a server of ours, but sooner: it says how long it may be silent with a transaction open.
    let stopped = servers.database.connect().await;
    let locked =
        "SET idle_in_transaction_session_timeout = 500; BEGIN; SELECT touched FROM subject_lock FOR UPDATE";
    stopped.batch_execute(locked).await.unwrap();
    let later = loan.said(today(), 2).owing(1);
    let done = timeout(FOREVER, servers.stores[0].apply(write(a, later.report()))).await;
    assert_eq!(version(&done.unwrap().unwrap().outcome), 2);
    assert!(stopped.simple_query("SELECT 1").await.is_err());
}
