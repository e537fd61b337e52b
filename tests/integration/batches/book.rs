//! The commands around an upload, with the real program: what became of batches, and the member's own book as a file.

use std::fs::File;
use std::path::Path;

use tallystick::domain::member::Role;
use tallystick::identity::normalise::CallingCode;
use tallystick::import::metro2::{Metro2Conventions, Metro2Sender, Metro2Writer};
use tallystick::import::pboc::PbocWriter;
use tallystick::import::table::open;
use tallystick::import::{Circumstances, FileRecord, Writer};

use super::upload::command::{Program, mode};
use super::upload::file::{self, loans};
use super::upload::server;

fn ids(lines: &str) -> Vec<String> {
    let batches = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    batches
        .map(|batch| batch["batchId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_listed_explained_and_confirmed() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let night = async |name: &str, count: usize, as_of: &str| {
        let mut table = loans(count, 1);
        table.set(0, "outstanding_total", "-1.00");
        let path = program.write(&format!("{name}.csv"), &table);
        let flags = [
            "--type",
            "full",
            "--as-of",
            as_of,
            "--no-cache",
            "--batch-id",
            name,
        ];
        program.upload(&path, &flags).await
    };
    assert_eq!(night("one", 11, "2026-06-13").await.code, 5);
    let held = night("two", 6, "2026-06-14").await;
    assert_eq!(held.code, 1, "{held:?}");
    assert!(held.errors.contains("tallystick batch confirm two"), "{held:?}");

    let list = program.run(&["batch", "list"]).await;
    assert_eq!(ids(&list.output), ["two", "one"]);
    let latest = program.run(&["batch", "list", "--limit", "1"]).await;
    assert_eq!(ids(&latest.output), ["two"]);
    let results = program.run(&["batch", "results", "one"]).await;
    let result: serde_json::Value = serde_json::from_str(&results.output).unwrap();
    assert_eq!(
        (&result["recordNumber"], &result["accountRef"]),
        (&"1".into(), &"L-0".into())
    );
    let missing = program.run(&["batch", "missing", "two"]).await;
    assert_eq!(missing.output.lines().count(), 5, "{missing:?}");
    let confirmed = program.run(&["batch", "confirm", "two"]).await;
    assert_eq!(confirmed.json()["state"], "BATCH_STATE_COMPLETED");
    let shown = program.run(&["batch", "show", "two"]).await;
    assert_eq!(shown.json()["missingPositions"], "5");
    let unknown = program.run(&["batch", "show", "three"]).await;
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_says_the_same_and_the_book_comes_back_as_it_went() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let night = loans(5, 1);
    for name in ["loans.csv.zst", "loans.jsonl.gz", "loans.parquet"] {
        let path = program.pack(name, &night);
        let done = program
            .upload(&path, &["--as-of", "2026-06-14", "--no-cache", "--dry-run"])
            .await;
        assert_eq!(done.code, 0, "{name}: {done:?}");
        assert_eq!(done.summary()["batch"]["recordsAccepted"], "5", "{name}");
    }
    let path = program.write("loans.csv", &night);
    assert_eq!(
        program
            .upload(&path, &["--as-of", "2026-06-14", "--no-cache"])
            .await
            .code,
        0
    );

    for name in ["book.csv", "book.jsonl.zst", "book.parquet"] {
        let out = program.path(name);
        let export = ["export", "--out", &out, "--open-only"];
        assert_eq!(program.run_plain(&export).await.code, 0);
        assert_eq!(mode(&out), 0o600);
        let again = program.run_plain(&export).await;
        assert_eq!(again.code, 1, "{again:?}");
        assert_eq!(
            program
                .run_plain(&[&export[..], &["--force"]].concat())
                .await
                .code,
            0
        );
        let back = program
            .upload(&out, &["--as-of", "2026-06-14", "--no-cache"])
            .await;
        assert_eq!(back.code, 0, "{name}: {back:?}");
        let told = back.summary();
        assert_eq!(
            (&told["batch"]["recordsUnchanged"], &told["tokensEvaluated"]),
            (&"5".into(), &"0".into())
        );
    }
    let book = file::Table::read(&program.path("book.csv"));
    assert!(
        book.column("liability_1_national_id_token")
            .iter()
            .all(|token| !token.is_empty())
    );
    assert!(!book.text().contains(&file::Person(0).national_id()));
}

/// The records of a table.
fn records(path: &str) -> Vec<FileRecord> {
    let circumstances = Circumstances {
        today: "2026-06-15".parse().unwrap(),
        default_calling_code: CallingCode::parse("86"),
    };
    let mut reader = open(Path::new(path), None, None, &circumstances).unwrap().reader;
    let parser = reader.parser();
    let raws = std::iter::from_fn(move || reader.next().unwrap());
    raws.map(|raw| parser.parse(&raw).unwrap()).collect()
}

fn write_all(mut writer: Box<dyn Writer>, records: &[FileRecord]) {
    for record in records {
        writer.write(record).unwrap();
    }
    writer.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_formats_are_uploaded_with_what_they_do_not_carry_said_beside_them() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let table = loans(3, 1);
    let path = program.path("loans.table");
    let chinese = records(&program.write("loans.csv", &table));
    write_all(
        Box::new(PbocWriter::new(File::create(&path).unwrap()).unwrap()),
        &chinese,
    );
    let format = ["--format", "pboc-codes", "--as-of", "2026-06-14", "--no-cache"];
    let unsaid = program.upload(&path, &format).await;
    assert_eq!(unsaid.code, 1, "{unsaid:?}");
    assert!(unsaid.errors.contains("--consent-reference"), "{unsaid:?}");
    let said = [&format[..], &["--consent-reference", "C-2026-1"]].concat();
    let done = program.upload(&path, &said).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.summary()["batch"]["recordsAccepted"], "3");

    let mut american = table;
    for row in 0..3 {
        american.set(row, "account_ref", &format!("US-{row}"));
        american.set(row, "currency", "USD");
        american.set(row, "region_code", "US-CA");
        american.set(row, "liability_1_national_id_country", "US");
        american.set(
            row,
            "liability_1_national_id",
            &format!("21909{:04}", 1_000 + row),
        );
        american.set(row, "liability_1_mobile", &format!("+1212555{:04}", 1_000 + row));
    }
    let american = records(&program.write("american.csv", &american));
    let day = "2026-06-14".parse().unwrap();
    let sender = Metro2Sender {
        name: "LENDER".to_owned(),
        address: String::new(),
        identification_number: "7".to_owned(),
        activity_date: day,
        created_on: day,
    };
    let path = program.path("american.m2");
    let file = File::create(&path).unwrap();
    let writer = Metro2Writer::new(file, sender, Metro2Conventions::default()).unwrap();
    write_all(Box::new(writer), &american);
    let said = [
        "--format",
        "metro2",
        "--as-of",
        "2026-06-14",
        "--no-cache",
        "--consent-reference",
        "C-1",
    ];
    let done = program.upload(&path, &said).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.summary()["batch"]["recordsAccepted"], "3");

    // A dead account of nobody known: the record comes back on its line, the reason beside it.
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("219091001", "000000000");
    std::fs::write(&path, text).unwrap();
    let rejected = program.upload(&path, &said).await;
    assert_eq!(rejected.code, 5, "{rejected:?}");
    let rejects = rejected.summary()["rejects"].as_str().unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(&rejects).unwrap().lines().count(), 3);
    let reasons = file::Table::read(&format!("{rejects}.reasons.csv"));
    assert_eq!(reasons.column("account_ref"), ["US-1"]);
    assert_eq!(mode(&rejects), 0o600);
}
