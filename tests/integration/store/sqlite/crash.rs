//! kill -9 at any moment: what was acknowledged is there, nothing is half-written. The child is this test binary again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use futures::future::join_all;
use tallystick::domain::clock::SystemClock;
use tallystick::domain::names::MemberNo;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::store::Store;
use tallystick::store::sqlite::{SqliteOptions, SqliteStore};

use super::Sqlite;
use crate::store::engine::Engine as _;
use crate::store::market::{Loan, Market, account, national_id, one_operator};

/// How often the process is killed.
const KILLS: u32 = 50;
/// Tells the child which database to write to, and in which round.
const CHILD_FILE: &str = "TALLYSTICK_TEST_CRASH_CHILD_FILE";
const CHILD_ROUND: &str = "TALLYSTICK_TEST_CRASH_CHILD_ROUND";

#[test]
fn every_acknowledged_write_survives_fifty_kills_and_none_is_half_written() {
    let engine = Sqlite::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { drop(Market::on(&engine).await) });
    let mut acknowledged = Vec::new();
    for round in 0..KILLS {
        // A different number of acknowledgements each time, so that the kill falls on all phases of a group.
        let patience = usize::try_from(round * 37 % 101).unwrap();
        acknowledged.extend(killed_after(&engine.path(), round, patience));
        runtime.block_on(check(&engine, &acknowledged));
    }
    let enough = usize::try_from(KILLS).unwrap() * 20;
    assert!(
        acknowledged.len() > enough,
        "only {} writes were acknowledged",
        acknowledged.len()
    );
}

/// Names of the accounts that a child acknowledged before it was killed.
fn killed_after(path: &Path, round: u32, patience: usize) -> Vec<String> {
    let mut child = spawn(path, round);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut names = Vec::new();
    let mut line = String::new();
    while names.len() <= patience && output.read_line(&mut line).unwrap() > 0 {
        names.extend(acknowledged(&line));
        line.clear();
    }
    child.kill().unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    child.wait().unwrap();
    // A last line may be cut: whatever was printed whole was acknowledged.
    let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
    names.extend(whole.lines().filter_map(acknowledged));
    assert!(
        !names.is_empty(),
        "the child of round {round} acknowledged nothing"
    );
    names
}

fn acknowledged(line: &str) -> Option<String> {
    line.trim_end().strip_prefix("done ").map(str::to_owned)
}

fn spawn(path: &Path, round: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::sqlite::crash::child_that_is_killed",
            "--nocapture",
        ])
        .env(CHILD_FILE, path)
        .env(CHILD_ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn check(engine: &Sqlite, acknowledged: &[String]) {
    let store = engine.open(one_operator()).await;
    let lender = store.members().await.unwrap()[0].member_no;
    for name in acknowledged.iter().rev().take(400) {
        let found = store.find_position(lender, &account(name)).await.unwrap();
        assert!(found.is_some(), "{name} was acknowledged and is gone");
    }
    let holdings = store.holdings().await.unwrap();
    assert!(holdings.accounts >= u64::try_from(acknowledged.len()).unwrap());
    // Each report made one account, one token, one position row, one request and one audit entry.
    assert_eq!(holdings.tokens, holdings.accounts);
    assert_eq!(holdings.audit_waiting, holdings.accounts + 6);
    drop(store);
    let connection = rusqlite::Connection::open(engine.path()).unwrap();
    let count = |sql| -> u64 {
        let count: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        count.try_into().unwrap()
    };
    assert_eq!(count("SELECT count(*) FROM position"), holdings.accounts);
    assert_eq!(count("SELECT count(*) FROM request"), holdings.accounts);
    assert_eq!(count("SELECT count(*) FROM audit_opening"), holdings.accounts + 6);
    let verdict: String = connection
        .query_row("PRAGMA quick_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}

/// Does nothing unless the test above starts it: reports loans without end and prints those acknowledged.
#[test]
fn child_that_is_killed() {
    let (Some(path), Ok(round)) = (std::env::var_os(CHILD_FILE), std::env::var(CHILD_ROUND)) else {
        return;
    };
    let round: u32 = round.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let rules = Arc::new(MarketRules::default());
    let options = SqliteOptions::default();
    let store = SqliteStore::open(Path::new(&path), Arc::new(SystemClock), rules, options).unwrap();
    runtime.block_on(write_for_ever(&store, round));
}

async fn write_for_ever(store: &SqliteStore, round: u32) {
    let lender = store.members().await.unwrap()[0].member_no;
    let mut number = 0;
    loop {
        let group: Vec<u32> = (number..number + 1 + number % 16).collect();
        number += 1 + number % 16;
        let writes = group.iter().map(|number| one(store, lender, round, *number));
        join_all(writes).await;
    }
}

async fn one(store: &SqliteStore, lender: MemberNo, round: u32, number: u32) {
    let name = format!("R{round}-{number}");
    let loan = Loan::new(&name, &[national_id(round * 1_000_000 + number)]);
    store
        .apply(crate::store::market::bare_write(
            lender,
            round,
            number,
            loan.report(),
        ))
        .await
        .unwrap();
    // Whole lines, one system call each: what is printed was acknowledged.
    std::io::stdout()
        .write_all(format!("done {name}\n").as_bytes())
        .unwrap();
}
