//! Files of another version, impossible values, a full disk, an I/O error: refused cleanly, nothing lost.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use futures::future::join_all;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::store::{ApplyError, Store, StoreError};

use super::Sqlite;
use crate::store::market::{Loan, Market, account, mobile, national_id};

/// Tells the child of the I/O test which folder to use.
const CHILD: &str = "TALLYSTICK_TEST_IO_ERROR_CHILD";

#[tokio::test]
async fn a_database_of_another_version_is_refused_and_left_alone() {
    for (found, sql) in [
        (
            6,
            "INSERT INTO schema_migration (version, name, sha256, applied_at)
             SELECT 6, 'later', sha256, applied_at FROM schema_migration WHERE version = 5",
        ),
        (4, "DELETE FROM schema_migration WHERE version = 5"),
    ] {
        let engine = Sqlite::new();
        drop(engine.try_open(MarketRules::default()).unwrap());
        engine.tamper(sql);
        let before = std::fs::read(engine.path()).unwrap();
        match engine.try_open(MarketRules::default()) {
            Err(StoreError::SchemaVersion {
                found: told,
                expected: 5,
            }) => assert_eq!(told, found),
            other => panic!("{:?}", other.err()),
        }
        assert_eq!(std::fs::read(engine.path()).unwrap(), before);
    }
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_refused() {
    let engine = Sqlite::new();
    drop(engine.try_open(MarketRules::default()).unwrap());
    engine.tamper("UPDATE schema_migration SET sha256 = zeroblob(32)");
    let refused = engine.try_open(MarketRules::default()).err();
    assert!(
        matches!(
            refused,
            Some(StoreError::Corrupt {
                table: "schema_migration",
                ..
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let engine = Sqlite::new();
    std::fs::write(
        engine.path(),
        "this is a text, and a long one, but no database at all. ".repeat(40),
    )
    .unwrap();
    let refused = engine.try_open(MarketRules::default()).err();
    assert!(
        matches!(
            refused,
            Some(StoreError::Corrupt {
                table: "database file",
                ..
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told_as_a_disk_error() {
    let mut engine = Sqlite::new();
    engine.folder.disable_cleanup(true);
    std::fs::remove_dir_all(engine.folder.path()).unwrap();
    let refused = engine.try_open(MarketRules::default()).err();
    assert!(matches!(refused, Some(StoreError::Disk(_))), "{refused:?}");
}

#[tokio::test]
async fn nobody_else_may_read_the_files() {
    let engine = Sqlite::new();
    let market = Market::on(&engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    for file in std::fs::read_dir(engine.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn impossible_values_are_told_by_table_and_row() {
    for (sql, table) in [
        ("UPDATE position SET status = 77", "position"),
        ("UPDATE position SET role = 0", "position"),
        ("UPDATE position SET currency = 'ABC'", "position"),
        ("UPDATE position SET days_past_due = -1", "position"),
        ("UPDATE position SET outstanding_total = -1", "position"),
        ("UPDATE position SET matures_on = 2147483647", "position"),
        ("UPDATE position SET version = -1", "position"),
        ("UPDATE position SET liabilities = x'01ff'", "position"),
        ("UPDATE position SET disputed = 2", "position"),
        ("UPDATE account SET holder = 4711", "account"),
        ("UPDATE account SET versions_made = -1", "account"),
        ("DELETE FROM position", "account"),
    ] {
        let engine = Sqlite::new();
        let market = Market::on(&engine).await;
        market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
        engine.tamper(sql);
        let found = market.store.find_position(market.a, &account("A1")).await;
        match found {
            Err(StoreError::Corrupt { table: told, key }) => {
                assert_eq!(told, table, "{sql}");
                assert!(!key.is_empty());
            }
            other => panic!("{sql}: {other:?}"),
        }
        let next = Loan::new("A1", &[national_id(1)]).said(crate::store::market::today(), 2);
        let refused = market.apply(market.a, next.report()).await;
        assert!(
            matches!(refused, Err(ApplyError::Store(StoreError::Corrupt { .. }))),
            "{sql}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn impossible_values_elsewhere_are_told_too() {
    for (sql, table) in [
        ("UPDATE member SET roles = '9'", "member"),
        ("UPDATE member SET state = 0", "member"),
        (
            "UPDATE member SET member_id = 'NOT A NAME' WHERE member_no = 1",
            "member",
        ),
        ("UPDATE audit_head SET frontier = x'00'", "audit_head"),
        ("UPDATE audit_head SET tree_size = 5", "audit_head"),
        ("UPDATE audit_waiting SET leaf_hash = x'00'", "audit_waiting"),
    ] {
        let engine = Sqlite::new();
        let market = Market::on(&engine).await;
        engine.tamper(sql);
        let error = match table {
            "member" => market.store.members().await.err(),
            "audit_head" => market.store.head().await.err(),
            _ => market.store.waiting(1).await.err(),
        };
        match error {
            Some(StoreError::Corrupt { table: told, .. }) => assert_eq!(told, table, "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_corrupt_row_fails_its_own_writes_and_no_others() {
    let engine = Sqlite::new();
    let market = Market::on(&engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    market.report(market.a, &Loan::new("A2", &[national_id(2)])).await;
    engine.tamper("UPDATE position SET status = 77 WHERE account_no = (SELECT min(account_no) FROM account)");
    let loans = [
        Loan::new("B1", &[national_id(3)]),
        Loan::new("B2", &[national_id(1), mobile(1)]),
        Loan::new("B3", &[national_id(2)]),
    ];
    let before = market.store.holdings().await.unwrap();
    let done = join_all(loans.map(|loan| market.apply(market.b, loan.report()))).await;
    let done: Vec<bool> = done
        .into_iter()
        .map(|done| match done {
            Ok(_) => true,
            Err(ApplyError::Store(StoreError::Corrupt {
                table: "position", ..
            })) => false,
            Err(other) => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(done, [true, false, true]);
    let after = market.store.holdings().await.unwrap();
    assert_eq!(after.accounts, before.accounts + 2);
    assert_eq!(
        after.tokens,
        before.tokens + 1,
        "nothing of the failed write is on file"
    );
    assert_eq!(after.audit_waiting, before.audit_waiting + 2);
    // What the writer remembers of members is still right.
    assert_eq!(
        market
            .query(market.c, &[national_id(3)])
            .await
            .figures
            .coverage_percent,
        100
    );
}

/// Reports loans of new people until one is refused; tells how many were accepted.
async fn fill(market: &Market<'_>, round: &str) -> (u32, StoreError) {
    for number in 0..100_000 {
        let name = format!("{round}-{number}");
        let loan = Loan::new(&name, &[national_id(1_000_000 + number)]);
        match market.apply(market.a, loan.report()).await {
            Ok(_) => {}
            Err(ApplyError::Store(error)) => return (number, error),
            Err(ApplyError::Refused(refused)) => panic!("{refused:?}"),
        }
    }
    panic!("it never filled");
}

/// Everything that was accepted is there, and of what was refused nothing is.
async fn whole(market: &Market<'_>, round: &str, accepted: u32) {
    for number in 0..accepted {
        let name = account(&format!("{round}-{number}"));
        assert!(
            market
                .store
                .find_position(market.a, &name)
                .await
                .unwrap()
                .is_some(),
            "{name:?}"
        );
    }
    let refused = account(&format!("{round}-{accepted}"));
    assert!(
        market
            .store
            .find_position(market.a, &refused)
            .await
            .unwrap()
            .is_none()
    );
    let holdings = market.store.holdings().await.unwrap();
    assert_eq!(holdings.accounts, u64::from(accepted));
    assert_eq!(holdings.tokens, u64::from(accepted));
    assert_eq!(
        holdings.audit_waiting,
        u64::from(accepted) + 6,
        "one entry each, and those of the members"
    );
}

#[tokio::test]
async fn a_full_database_refuses_cleanly_keeps_everything_and_goes_on_when_there_is_room() {
    let mut engine = Sqlite::new();
    engine.options.pages_max = Some(120);
    let accepted = {
        let market = Market::on(&engine).await;
        let (accepted, error) = fill(&market, "full").await;
        assert!(matches!(error, StoreError::Disk(_)), "{error:?}");
        assert!(accepted > 50, "{accepted} fitted");
        whole(&market, "full", accepted).await;
        // A group of which no write fits, then reads and what needs no room.
        let more = (0..5).map(|number| {
            let loan = Loan::new(&format!("more-{number}"), &[national_id(number)]);
            market.apply(market.a, Box::leak(Box::new(loan)).report())
        });
        let failed = join_all(more)
            .await
            .into_iter()
            .filter(|done| matches!(done, Err(ApplyError::Store(StoreError::Disk(_)))));
        assert!(failed.count() >= 1);
        accepted
    };
    engine.options.pages_max = None;
    let market = crate::store::market::reopened(&engine).await;
    assert!(market.store.holdings().await.unwrap().accounts >= u64::from(accepted));
    market
        .report(market.a, &Loan::new("after", &[national_id(1)]))
        .await;
}

#[test]
fn an_io_error_refuses_cleanly_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // The shell lets no file grow above 512 KiB and ignores the signal that says so: writes fail with EFBIG, which SQLite
    // reports as an I/O error, not as a full disk.
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" --exact store::sqlite::faults::child_of_the_io_error_test \
                  --nocapture";
    let child = Command::new("bash")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&child.stderr)
    );
    assert!(text.contains("survived the I/O error"), "{text}");
}

/// Does nothing unless the test above starts it.
#[test]
fn child_of_the_io_error_test() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let mut engine = Sqlite::new();
    engine.folder = tempfile::tempdir_in(folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let market = Market::on(&engine).await;
        let (accepted, error) = fill(&market, "io").await;
        assert!(matches!(error, StoreError::Disk(_)), "{error:?}");
        assert!(accepted > 10, "{accepted} fitted");
        whole(&market, "io", accepted).await;
        let second = engine.try_open(MarketRules::default());
        if let Ok(second) = second {
            assert_eq!(second.holdings().await.unwrap().accounts, u64::from(accepted));
        }
        println!("survived the I/O error after {accepted} reports");
    });
}
