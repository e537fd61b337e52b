//! Small houses with planted violations: what the rules must see, and what they must leave alone.

use std::collections::BTreeMap;

use crate::rules;
use crate::table::Table;
use crate::tree::Tree;

const MANIFEST: &str = "[dependencies]\ntonic = \"1\"\nrusqlite = \"1\"\ntime = \"1\"\nserde-json = \"1\"\nthiserror = \"1\"\n\
    [dev-dependencies]\nproptest = \"1\"\n[lints.rust]\nunsafe_code = \"forbid\"\n";

const DOCUMENT: &str = "# Map\n\n| layer | module | of ours | of others |\n|---|---|---|---|\n\
    | all | every module | – | `thiserror` |\n| all | test code | `store::sqlite` | `proptest` |\n\
    | 0 | `domain` | – | – |\n| 2 | `store` | `domain` | – |\n| 2 | `store::sqlite` | `domain`, `store` | `rusqlite` |\n\
    | 3 | `room`, `den` | `domain::money`, `store` | – |\n| 5 | `server` | `room` | `tonic`, `time` |\n\
    | 6 | `cli` | anything | anything |\n\nAfter.\n";

/// A house with all modules of [`DOCUMENT`] and one more text.
fn house(path: &str, text: &str) -> (Tree, Table) {
    let mut texts: BTreeMap<String, String> = [
        "src/lib.rs",
        "src/domain/mod.rs",
        "src/domain/money.rs",
        "src/store/mod.rs",
        "src/store/sqlite/mod.rs",
        "src/room.rs",
        "src/den.rs",
        "src/server/mod.rs",
        "src/cli.rs",
    ]
    .into_iter()
    .map(|path| (path.to_owned(), String::new()))
    .collect();
    texts.insert(path.to_owned(), text.to_owned());
    (
        Tree::of(texts, MANIFEST),
        Table::parse(DOCUMENT).expect("the sample is a table"),
    )
}

#[track_caller]
fn imports(path: &str, text: &str, broken: usize) {
    let (tree, table) = house(path, text);
    let found = rules::imports(&tree, &table);
    assert_eq!(found.len(), broken, "{path}: {text}\n{found:#?}");
}

#[test]
fn imports_of_ours_are_seen_however_they_are_written() {
    for text in [
        "use crate::room::Thing;",
        "use crate::{domain::money, room};",
        "use crate::{domain::money::{self, A}, room::{B as C}};",
        "fn f() { crate::room::f(); }",
        "fn f(x: &crate::room::Thing) {}",
        "use super::room::Thing;",
        "mod inner { use super::super::room; }",
        "mod inner { mod deeper { fn f() { super::super::super::room::f() } } }",
        "#[cfg(test)] mod tests { use crate::room::f; }",
        "#[derive(crate::room::Thing)] struct A;",
        "pub(crate) use crate::room::*;",
        "use crate::*;",
        "macro_rules! m { () => { $crate::room::f() } }",
        "const A: &str = \"a // b\"; use crate::room::f;",
        "const A: char = '\"'; use crate::room::f; const B: char = '\"';",
        "const A: &str = r#\"a \" b\"#; use crate::room::f;",
    ] {
        imports("src/den.rs", text, 1);
    }
}

#[test]
fn what_only_looks_like_an_import_is_left_alone() {
    for text in [
        "// use crate::room::Thing;",
        "/// [`crate::room::Thing`]\nfn f() {}",
        "/* /* nested */ use crate::room::Thing; */",
        "const A: &str = \"crate::room::f\";",
        "const A: &str = r##\"crate::room::f\"#\"##;",
        "use crate::den::f;",
        "use self::inner::f; mod inner { use super::g; }",
        "use crate::domain::money::Money;",
        "use crate::store::{Store, Write};",
        "macro_at_root!(); crate::some_macro!(A);",
        "use thiserror::Error;",
        "use std::time::Duration; fn f() { time::sleep() } use std::time;",
        "mod time; fn f() { time::f() }",
        "#[cfg(test)] mod tests { use proptest::prelude::*; use crate::store::sqlite::open; }",
        "fn f<'time>(a: &'time str) {}",
    ] {
        imports("src/den.rs", text, 0);
    }
}

#[test]
fn imports_of_crates_are_seen_however_they_are_written() {
    for text in [
        "use tonic::Status;",
        "use tonic;",
        "use ::tonic::Status;",
        "use tonic as t;",
        "fn f() -> ::tonic::Status {}",
        "fn f() -> tonic::Status {}",
        "#[tonic::async_trait] trait A {}",
        "use serde_json::Value;",
        "use {tonic::Status, std::fmt};",
        "use proptest::prelude::*;",
        "#[cfg(not(test))] mod a { use proptest::prelude::*; }",
        "#[cfg(test)] mod tests {} use proptest::prelude::*;",
        "#[cfg(test)] use std::fmt; use proptest::prelude::*;",
        "#[cfg(test)] const A: [u8; 2] = [1; 2]; use proptest::prelude::*;",
        "mod time; fn f() { ::time::f() }",
    ] {
        imports("src/den.rs", text, 1);
    }
}

#[test]
fn a_row_speaks_for_its_module_and_a_deeper_row_for_itself() {
    imports("src/store/sqlite/read.rs", "use rusqlite::Row;", 0);
    imports("src/store/read.rs", "use rusqlite::Row;", 1);
    imports("src/den.rs", "use crate::domain::other;", 1);
    imports("src/den.rs", "use crate::store::sqlite;", 1);
    imports("src/cli.rs", "use crate::store::sqlite; use tonic::Status;", 0);
    imports("src/attic.rs", "use crate::domain::money;", 1);
    imports("src/domain/mod.rs", "use crate::store::Store;", 1);
    imports("src/domain/money.rs", "use super::super::store::Store;", 1);
}

#[test]
fn a_test_module_in_its_own_file_is_a_test() {
    let (tree, table) = house("src/den.rs", "#[cfg(test)] mod tests;");
    assert_eq!(rules::imports(&tree, &table), Vec::<String>::new());
    for (parent, broken) in [("#[cfg(test)]\nmod tests;", 0), ("mod tests;", 1)] {
        let mut texts = BTreeMap::from([("src/den.rs".to_owned(), parent.to_owned())]);
        texts.insert("src/den/tests.rs".into(), "use proptest::prelude::*;".into());
        let tree = Tree::of(texts, MANIFEST);
        assert_eq!(rules::imports(&tree, &table).len(), broken, "{parent}");
    }
}

#[test]
fn a_fence_stands_even_if_the_table_would_open_it() {
    for (path, text, broken) in [
        ("src/cli.rs", "use tonic::Status;", 1),
        ("src/server/mod.rs", "use tonic::Status;", 0),
        ("src/serverless.rs", "use tonic::Status;", 1),
        ("src/store/mod.rs", "use rusqlite::Row;", 1),
        ("src/store/sqlite/mod.rs", "use rusqlite::Row;", 0),
        ("src/client/cache/file.rs", "use rusqlite::Row;", 0),
        ("src/client/mod.rs", "use rusqlite::Row;", 1),
        ("src/store/mod.rs", "use tokio_postgres::Row;", 1),
        ("src/store/postgres/mod.rs", "use tokio_postgres::Row;", 0),
    ] {
        assert_eq!(rules::fences(&house(path, text).0).len(), broken, "{path}");
    }
}

#[test]
fn a_table_that_names_what_is_not_there_is_refused() {
    let (tree, table) = house("src/den.rs", "");
    assert_eq!(rules::table_is_true(&tree, &table), Vec::<String>::new());
    for (from, to) in [
        ("`den`", "`attic`"),
        ("`rusqlite`", "`sqlx`"),
        ("`domain::money`", "`domain::gold`"),
    ] {
        let table = Table::parse(&DOCUMENT.replace(from, to)).expect("still a table");
        assert_eq!(
            rules::table_is_true(&tree, &table).len(),
            if from == "`domain::money`" { 2 } else { 1 },
            "{to}"
        );
    }
    assert!(Table::parse("no table here").is_err());
}

#[test]
fn each_single_place_is_guarded() {
    for (path, text, broken) in [
        ("src/den.rs", "fn f() { Caller::authenticated(a) }", 1),
        (
            "src/members/authenticate.rs",
            "fn f() { Caller::authenticated(a) }",
            0,
        ),
        (
            "src/den.rs",
            "#[cfg(test)] mod tests { fn f() { Caller::authenticated(a) } }",
            0,
        ),
        ("src/den.rs", "fn f() { chrono::Utc::now() }", 1),
        ("src/domain/clock.rs", "fn f() { chrono::Utc::now() }", 0),
        ("src/server/grpc.rs", "fn f() { Status::internal(a) }", 1),
        ("src/server/status.rs", "fn f() { Status::internal(a) }", 0),
        (
            "src/domain/loan.rs",
            "fn f() { Status::Open; Status::initial() }",
            0,
        ),
    ] {
        assert_eq!(
            rules::single_places(&house(path, text).0).len(),
            broken,
            "{path}: {text}"
        );
    }
}

#[test]
fn each_banned_thing_is_seen() {
    let unfinished = ["TO", "DO"].concat();
    for (path, text, broken) in [
        ("src/den.rs", format!("// {unfinished}: later"), 1),
        ("src/den.rs", format!("const A: &str = \"{unfinished}\";"), 0),
        ("migrations/sqlite/0001_a.sql", format!("-- {unfinished}"), 1),
        ("src/den.rs", "fn f() { dbg!(1); todo!() }".into(), 2),
        ("tests/a.rs", "#[test] #[ignore] fn f() {}".into(), 1),
        ("tests/a.rs", "#[ignore = \"slow\"] fn f() {}".into(), 1),
        ("src/den.rs", "fn f() { std::thread::sleep(d) }".into(), 1),
        ("src/den.rs", "fn f() { tokio::time::sleep(d).await }".into(), 0),
        ("tests/a.rs", "fn f() { tokio::time::sleep(d).await }".into(), 1),
        (
            "tests/integration/harness/mod.rs",
            "fn f() { tokio::time::sleep(d).await }".into(),
            0,
        ),
        (
            "tests/integration/harness/mod.rs",
            "fn f() { std::thread::sleep(d) }".into(),
            1,
        ),
        ("src/den.rs", "fn f() { a as u64 }".into(), 1),
        ("src/den.rs", "use a as b; fn f() { a as B }".into(), 0),
        ("src/domain/money.rs", "use std::collections::HashMap;".into(), 1),
        ("src/den.rs", "use std::collections::HashMap;".into(), 0),
        ("src/domain/money.rs", "struct Money(f64);".into(), 1),
    ] {
        let found = rules::banned(&house(path, &text).0);
        assert_eq!(found.len(), broken, "{path}: {text}\n{found:#?}");
    }
}

#[test]
fn a_file_may_have_as_many_lines_as_allowed_and_no_more() {
    for (lines, broken) in [(rules::FILE_LINES_MAX, 0), (rules::FILE_LINES_MAX + 1, 1)] {
        assert_eq!(
            rules::sizes(&house("src/den.rs", &"\n".repeat(lines)).0).len(),
            broken
        );
    }
}

#[test]
fn migrations_that_skip_a_number_or_leave_a_column_unexplained_are_seen() {
    let good = "-- What it holds.\nCREATE TABLE a (\n    b INTEGER NOT NULL, -- a count\n    -- A name.\n    c TEXT NOT NULL\n        \
        CHECK (c <> ''),\n    PRIMARY KEY (b)\n) STRICT;\n";
    for (path, text, broken) in [
        ("migrations/sqlite/0001_a.sql", good.to_owned(), 0),
        ("migrations/sqlite/0002_a.sql", good.to_owned(), 1),
        ("migrations/sqlite/0001_a.sql", good.replace("-- a count", ""), 1),
        (
            "migrations/sqlite/0001_a.sql",
            good.replace("-- What it holds.", ""),
            1,
        ),
        ("migrations/postgres/0001_a.sql", good.to_owned(), 1),
    ] {
        let found = rules::migrations(&house(path, &text).0);
        assert_eq!(found.len(), broken, "{path}\n{found:#?}");
    }
}
