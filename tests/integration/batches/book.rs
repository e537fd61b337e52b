//! The commands around an upload, with the real program: what became of batches, and the member's own book as a file.

use tallystick::domain::member::Role;

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
