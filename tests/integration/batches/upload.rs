//! A member's night, as its engineers live it: the real program against a real service, interrupted in every way.
//!
//! Nothing here waits by the clock: a line that is held tells when it is, and the service is asked how far a batch came.

pub mod command;
pub(super) mod file;
pub(super) mod line;
mod wire;

use tallystick::domain::member::Role;
use tallystick::wire::pb;

use self::command::Program;
use self::file::{Person, loans};
use self::line::Line;
use crate::harness::{Actor, TestServer, eventually, instant};

/// Records of a file that is interrupted: a few units of work of the service, one slice of tokens.
const RECORDS: usize = 1_500;
/// Bytes after which the line is held: behind the evaluations, in the middle of the records.
const HELD_AFTER: usize = 450_000;

pub(super) async fn server() -> TestServer {
    let server = TestServer::start().await;
    server.clock.set(instant(2026, 6, 15));
    server
}

async fn batch(lender: &Actor, batch_id: &str) -> Option<pb::Batch> {
    let batch_id = batch_id.to_owned();
    let client = lender.client().await;
    let found = client
        .reporting()
        .get_batch(pb::GetBatchRequest { batch_id })
        .await;
    found.ok().and_then(|response| response.into_inner().batch)
}

async fn received(lender: &Actor, batch_id: &str) -> u64 {
    let known = batch(lender, batch_id).await;
    known.map_or(0, |batch| batch.records_received)
}

/// Every account on file.
async fn book(lender: &Actor) -> usize {
    let client = lender.client().await;
    let request = pb::ListPositionsRequest {
        page_size: 1_000,
        ..pb::ListPositionsRequest::default()
    };
    let page = client.reporting().list_positions(request).await.unwrap();
    page.into_inner().positions.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_with_unreadable_and_rejected_records_ends_with_all_accepted() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let mut night = loans(20, 1);
    night.set(3, "opened_on", "10.01.2026");
    night.set(7, "liability_1_national_id", "110105194912310021");
    night.set(9, "outstanding_total", "-1.00");
    night.set(15, "days_past_due", "2");
    let path = program.write("loans.csv", &night);

    let first = program
        .upload(&path, &["--as-of", "2026-06-14", "--no-cache"])
        .await;
    assert_eq!(first.code, 5, "{first:?}");
    let told = first.summary();
    assert_eq!(
        [
            &told["batch"]["recordsReceived"],
            &told["batch"]["recordsAccepted"],
            &told["batch"]["recordsRejected"]
        ],
        ["18", "16", "2"]
    );
    assert_eq!(told["unreadable"], "2");
    let rejects = told["rejects"].as_str().unwrap();
    assert_eq!(command::mode(rejects), 0o600);

    let mut mended = file::Table::read(rejects);
    let codes = mended.column("reject_code");
    assert_eq!(
        codes,
        ["FORMAT", "FORMAT", "AMOUNT_NEGATIVE", "DPD_AMOUNT_MISMATCH"]
    );
    assert_eq!(mended.column("reject_line"), ["5", "9", "11", "17"]);
    assert!(mended.column("reject_fix").iter().all(|fix| !fix.is_empty()));
    let right = loans(20, 1);
    for (row, number) in [3, 7, 9, 15].into_iter().enumerate() {
        for column in [
            "opened_on",
            "liability_1_national_id",
            "outstanding_total",
            "days_past_due",
        ] {
            mended.set(row, column, &right.get(number, column));
        }
    }
    let path = program.write("mended.csv", &mended);
    let batch_id = told["batch"]["batchId"].as_str().unwrap();
    let again = program
        .upload(
            &path,
            &["--as-of", "2026-06-14", "--no-cache", "--resends", batch_id],
        )
        .await;
    assert_eq!(again.code, 0, "{again:?}");
    let told = again.summary();
    assert_eq!(told["batch"]["recordsAccepted"], "4");
    assert_eq!(told["batch"]["resendsBatchId"], batch_id);
    assert_eq!(told["rejects"], serde_json::Value::Null);
    assert_eq!(book(&lender).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_are_explained_in_the_language_asked_for_and_never_replace_a_stranger() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let mut night = loans(2, 1);
    night.set(1, "outstanding_total", "-1.00");
    let path = program.write("loans.csv", &night);
    let rejects = program.path("rejects.csv");
    let flags = [
        "--as-of",
        "2026-06-14",
        "--no-cache",
        "--lang",
        "zh",
        "--rejects",
        &rejects,
    ];
    let first = program.upload(&path, &flags).await;
    assert_eq!(first.code, 5, "{first:?}");
    let told = file::Table::read(&rejects);
    assert_eq!(told.column("reject_text"), ["金额为负数"]);
    let before = std::fs::read(&rejects).unwrap();
    let second = program.upload(&path, &flags).await;
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.errors.contains("{batch}"), "{second:?}");
    assert_eq!(std::fs::read(&rejects).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_costs_time_and_nothing_else() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let other = server.enrol("lender-b", &[Role::Lender]).await;
    let mut night = loans(RECORDS, 1);
    night.set(0, "opened_on", "never");
    for row in [700, 1_400] {
        night.set(row, "outstanding_total", "-1.00");
    }
    let flags = ["--as-of", "2026-06-14", "--no-cache", "--batch-id", "night"];

    let undisturbed = Program::of(&server, &other);
    let path = undisturbed.write("loans.csv", &night);
    let whole = undisturbed.upload(&path, &flags).await;
    assert_eq!(whole.code, 5, "{whole:?}");

    let line = Line::to(server.address()).await;
    let program = Program::at(&server, &lender, line.address());
    let path = program.write("loans.csv", &night);
    line.hold_after(HELD_AFTER);
    let uploading = program.begin(&path, &flags);
    line.held().await;
    eventually("some of it is durable", async || {
        received(&lender, "night").await > 0
    })
    .await;
    let durable = received(&lender, "night").await;
    assert!(
        usize::try_from(durable).unwrap() < RECORDS,
        "{durable} of {RECORDS}"
    );
    line.cut();
    let resumed = uploading.end().await;
    assert_eq!(resumed.code, 5, "{resumed:?}");
    assert!(resumed.errors.contains("interrupted after"), "{resumed:?}");
    assert!(resumed.errors.contains("going on behind them"), "{resumed:?}");
    assert_eq!(resumed.counts(), whole.counts());
    let rejected = file::Table::read(resumed.summary()["rejects"].as_str().unwrap());
    let undisturbed = file::Table::read(whole.summary()["rejects"].as_str().unwrap());
    assert_eq!(rejected, undisturbed);
    assert_eq!(rejected.column("reject_line"), ["2", "702", "1402"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_upload_is_completed_by_the_same_command_without_an_evaluation() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let line = Line::to(server.address()).await;
    let program = Program::at(&server, &lender, line.address());
    let path = program.write("loans.csv", &loans(RECORDS, 1));
    let cache = program.cache_flags();
    let flags: Vec<&str> = ["--as-of", "2026-06-14", "--batch-id", "night"]
        .into_iter()
        .chain(cache.iter().map(String::as_str))
        .collect();
    line.hold_after(HELD_AFTER);
    let uploading = program.begin(&path, &flags);
    line.held().await;
    eventually("some of it is durable", async || {
        received(&lender, "night").await > 0
    })
    .await;
    uploading.kill().await;
    line.release();
    let again = program.upload(&path, &flags).await;
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.errors.contains("going on behind them"), "{again:?}");
    let told = again.summary();
    assert_eq!(told["batch"]["recordsAccepted"], RECORDS.to_string());
    assert_eq!(told["tokensEvaluated"], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_judged_is_told_at_once_and_a_second_night_costs_no_evaluation() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let cache = program.cache_flags();
    let night = async |name: &str, table: &file::Table, as_of: &str| {
        let path = program.write(name, table);
        let flags: Vec<&str> = ["--type", "full", "--as-of", as_of]
            .into_iter()
            .chain(cache.iter().map(String::as_str))
            .collect();
        let done = program.upload(&path, &flags).await;
        assert_eq!(done.code, 0, "{done:?}");
        done.summary()
    };
    let first = night("loans.csv", &loans(30, 1), "2026-06-13").await;
    assert_eq!(
        (&first["tokensEvaluated"], &first["tokensFromCache"]),
        (&"60".into(), &"0".into())
    );
    let same = night("loans.csv", &loans(30, 1), "2026-06-13").await;
    assert_eq!(same["batch"], first["batch"]);
    assert_eq!(
        (&same["tokensEvaluated"], &same["tokensFromCache"]),
        (&"0".into(), &"0".into())
    );
    let mut tomorrow = loans(30, 2);
    tomorrow.set(0, "outstanding_principal", "4000.00");
    let second = night("tomorrow.csv", &tomorrow, "2026-06-14").await;
    assert_eq!(
        (&second["tokensEvaluated"], &second["tokensFromCache"]),
        (&"0".into(), &"60".into())
    );
    assert_eq!(second["batch"]["recordsAccepted"], "30");
    assert_ne!(second["batch"]["batchId"], first["batch"]["batchId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_names_a_person_is_sent_or_told() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let mut night = loans(3, 1);
    night.set(1, "opened_on", "never");
    let path = program.write("loans.csv", &night);
    let done = program
        .upload(&path, &["--as-of", "2026-06-14", "--no-cache"])
        .await;
    assert_eq!(done.code, 5, "{done:?}");
    let said = format!("{}{}{}", done.output, done.errors, crate::harness::logged());
    for number in 0..3 {
        let person = Person(number);
        assert!(!said.contains(&person.national_id()) && !said.contains(&person.mobile()));
    }
}
