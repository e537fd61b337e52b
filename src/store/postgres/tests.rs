//! The catalogue: every statement is in it, is prepared on the real schema, takes the parameters it says and finds its rows
//! by an index.

mod distribution;
#[allow(dead_code, reason = "the harness serves other tests too")]
#[path = "../../../tests/integration/harness/postgres.rs"]
mod server;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use deadpool_postgres::Object;
use serde_json::Value;
use tokio_postgres::SimpleQueryMessage;

use self::server::{Cluster, Database};
use super::distribution as placing;
use super::statement::Statement;
use super::{
    Address, PostgresOptions, audit, batches, changes, conduct, expiry, find, judged, market, member_book,
    members, migrate, moves, numbers,
};
use super::{offline, pool, reads, reservations, scratch, statistics, usage};
use crate::domain::clock::{Entropy, SharedClock, SharedEntropy, SystemClock};

/// The files that have statements, and their statements.
const CATALOGUES: [(&str, &[Statement]); 20] = [
    ("audit", audit::CATALOGUE),
    ("batches", batches::CATALOGUE),
    ("changes", changes::CATALOGUE),
    ("conduct", conduct::CATALOGUE),
    ("distribution", placing::CATALOGUE),
    ("expiry", expiry::CATALOGUE),
    ("find", find::CATALOGUE),
    ("judged", judged::CATALOGUE),
    ("market", market::CATALOGUE),
    ("member_book", member_book::CATALOGUE),
    ("members", members::CATALOGUE),
    ("reservations", reservations::CATALOGUE),
    ("offline", offline::CATALOGUE),
    ("migrate", migrate::CATALOGUE),
    ("moves", moves::CATALOGUE),
    ("numbers", numbers::CATALOGUE),
    ("reads", reads::CATALOGUE),
    ("scratch", scratch::CATALOGUE),
    ("statistics", statistics::CATALOGUE),
    ("usage", usage::CATALOGUE),
];

/// Statements that only run where Citus is, and so cannot be prepared here.
const ELSEWHERE: [(&str, &[Statement]); 1] = [("distribution", placing::CATALOGUE_OF_CITUS)];

/// Statements that read a whole table of ours, or its rows in order from one end, and why that is no harm.
const MAY_SCAN: [(&str, &str); 11] = [
    (
        "all_certificates",
        "the register is small, and read when it changed",
    ),
    ("all_members", "the register is small, and read when it changed"),
    ("unfinished", "snapshots are one a day at most"),
    ("applied", "a row for each step of the schema"),
    ("holdings", "counts for people"),
    ("key_checks", "a row for each key; read when a server starts"),
    (
        "last_opening",
        "the last row by the key; read when a server starts",
    ),
    ("latest_checkpoint", "the last row by the key"),
    ("latest_reports", "a row for each member"),
    ("proposals", "what operators have in hand"),
    (
        "waiting",
        "the first rows by the key; they leave once they are in the tree",
    ),
];

fn everything() -> impl Iterator<Item = Statement> {
    CATALOGUES
        .iter()
        .flat_map(|(_, statements)| statements.iter().copied())
}

/// Migrating alone asks for chance, to name itself.
struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

async fn migrated() -> Database {
    Cluster::shared()
        .database_from_template(async |url: &str| {
            let address = Address::parse(url, None).unwrap();
            let clock: SharedClock = Arc::new(SystemClock);
            let entropy: SharedEntropy = Arc::new(Sevens);
            migrate::migrate(&address, &clock, &entropy).await.unwrap();
        })
        .await
}

/// A session as the store has them.
async fn session(database: &Database) -> Object {
    let address = Address::parse(&database.url(), None).unwrap();
    let pool = pool::pool(&address, &PostgresOptions::default(), 1).unwrap();
    pool.get().await.unwrap()
}

#[test]
fn no_statement_is_left_out_of_the_catalogue() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/postgres");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let file = path.file_stem().unwrap().to_str().unwrap();
        let declared = declared(&fs::read_to_string(&path).unwrap());
        let listed: BTreeSet<String> = CATALOGUES
            .iter()
            .chain(&ELSEWHERE)
            .filter(|(name, _)| *name == file)
            .flat_map(|(_, statements)| statements.iter().map(|statement| statement.name().to_uppercase()))
            .collect();
        assert_eq!(declared, listed, "constants of {file}.rs and its CATALOGUE");
        files += usize::from(!declared.is_empty());
    }
    assert_eq!(files, CATALOGUES.len(), "files with statements");
}

/// Names of the constants that are statements: written out, or in the list of a macro.
fn declared(source: &str) -> BTreeSet<String> {
    let constants = source.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("pub(super) ").unwrap_or(line);
        let (name, rest) = line
            .strip_prefix("const ")?
            .split_at_checked(line.find([':', '('])? - 6)?;
        let written_out = rest.starts_with(": Statement =");
        let listed = rest.starts_with('(') && rest.contains(") = ");
        (written_out || listed).then(|| name.to_owned())
    });
    constants.collect()
}

#[tokio::test]
async fn every_statement_prepares_and_takes_the_parameters_it_says() {
    let database = migrated().await;
    let session = session(&database).await;
    let mut names = BTreeSet::new();
    for statement in everything() {
        let name = statement.name();
        let prepared = session.prepare(statement.sql).await;
        let prepared = prepared.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(prepared.params().len(), statement.parameters, "{name}");
        assert!(statement.sql.starts_with("-- "), "{name} has no name");
        assert!(names.insert(name), "{name} twice");
    }
}

#[test]
fn every_statement_lists_its_columns() {
    let on_citus = ELSEWHERE
        .iter()
        .flat_map(|(_, statements)| statements.iter().copied());
    for statement in everything().chain(on_citus) {
        let sql = statement.sql.replace("count(*)", "");
        assert!(!sql.contains('*'), "{}", statement.name());
        let table = sql.split("INSERT INTO ").nth(1);
        let listed = table.is_none_or(|table| table.split_whitespace().nth(1).unwrap().starts_with('('));
        assert!(listed, "{}: into which columns?", statement.name());
    }
}

#[tokio::test]
async fn statements_search_an_index_and_never_scan() {
    let database = migrated().await;
    let session = session(&database).await;
    let mut scanning = BTreeSet::new();
    for statement in everything() {
        let plan = plan(&session, statement).await;
        let mut scanned = Vec::new();
        scans(&plan, &mut scanned);
        scanned.retain(|table| {
            placing::PLACEMENTS
                .iter()
                .any(|placement| placement.table == table)
        });
        if !scanned.is_empty() {
            scanning.insert(statement.name());
        }
    }
    let listed: BTreeSet<&str> = MAY_SCAN.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        scanning, listed,
        "what scans is listed with the reason, and nothing else is"
    );
}

/// The plan that a session of the store uses: the same whatever is bound.
async fn plan(session: &Object, statement: Statement) -> Value {
    let nothing = vec!["NULL"; statement.parameters].join(", ");
    let bound = if nothing.is_empty() {
        nothing
    } else {
        format!("({nothing})")
    };
    let sql = statement.sql;
    let script = format!(
        "PREPARE explained AS {sql};\nEXPLAIN (FORMAT JSON) EXECUTE explained {bound}; DEALLOCATE explained"
    );
    let answers = session.simple_query(&script).await;
    let answers = answers.unwrap_or_else(|error| panic!("{}: {error:?}", statement.name()));
    let text = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    serde_json::from_str(text.unwrap()).unwrap()
}

/// Tables that a plan reads without a condition on an index.
fn scans(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| scans(part, found)),
        Value::Object(node) => {
            let kind = node.get("Node Type").and_then(Value::as_str).unwrap_or_default();
            let by_index = matches!(kind, "Index Scan" | "Index Only Scan");
            let by_key = by_index && node.contains_key("Index Cond");
            // A bitmap's table is named above the index that it is searched by.
            if let (Some(table), false) = (node.get("Relation Name"), by_key) {
                let searched = kind == "Bitmap Heap Scan" && plan.to_string().contains("Index Cond");
                if kind != "ModifyTable" && !searched {
                    found.push(table.as_str().unwrap().to_owned());
                }
            }
            node.values().for_each(|value| scans(value, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
