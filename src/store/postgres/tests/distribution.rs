//! The schema and the statements as a distributed database needs them, by their text alone.

use std::collections::{BTreeMap, BTreeSet};

use super::everything;
use crate::store::migrations::POSTGRES;
use crate::store::postgres::distribution::PLACEMENTS;
use crate::store::postgres::find::LOCK_SUBJECTS;
use crate::store::postgres::migrate;
use crate::store::postgres::statement::Statement;
use crate::store::postgres::writer::GROUP_WRITES_MAX;

/// Statements that do not say on which nodes their rows are, and when they ask every one.
const ASKS_EVERY_NODE: [(&str, &str); 34] = [
    (
        "expired_offline_series",
        "what is past its time is looked for by age",
    ),
    (
        "expired_offline_uses",
        "what is past its time is looked for by age",
    ),
    ("offline_uses", "the operator reads a list of all members"),
    (
        "conduct_evaluations",
        "the month of a range of members, when a supervisor asks",
    ),
    (
        "conduct_held",
        "the month of everybody, part by part, when a supervisor asks",
    ),
    (
        "conduct_looks",
        "the month of everybody, part by part, when a supervisor asks",
    ),
    (
        "conduct_opened",
        "the month of everybody, part by part, when a supervisor asks",
    ),
    (
        "conduct_strangers",
        "the month of a range of members, when a supervisor asks",
    ),
    (
        "expired_applications",
        "what is past its time is looked for by age",
    ),
    (
        "expired_reservations",
        "what is past its time is looked for by age",
    ),
    ("expired_rulings", "what is past its time is looked for by age"),
    (
        "find_reservation",
        "a member names it, and nobody knows yet whom it concerns",
    ),
    (
        "subjects_of_applications",
        "a member names them, and nobody knows yet whom they concern",
    ),
    (
        "subjects_of_reservations",
        "a member names them, and nobody knows yet whom they concern",
    ),
    ("copy_links", "a merge is rare"),
    ("expired_frozen", "once a minute, by day"),
    ("expired_requests", "once a minute, by age"),
    ("holdings", "counts for people"),
    ("has_tables", "when a server starts"),
    ("last_opening", "when a server starts"),
    ("last_request", "when a server starts"),
    (
        "latest_reports",
        "a group with looks asks once what every member reported last",
    ),
    ("leaves", "a proof and the sequencer read a range of the log"),
    (
        "judged_looks",
        "a snapshot counts the month of everybody, part by part",
    ),
    ("market", "a snapshot counts everybody, part by part"),
    (
        "market_of_subjects",
        "reservations lie beside the positions of the subjects that it names",
    ),
    ("move_token", "a split is rare"),
    ("move_tokens", "a merge is rare"),
    ("network_evaluations", "an alarm about all members together"),
    ("processes", "the bench counts its own sessions"),
    ("remove_links", "a merge is rare"),
    (
        "sealed_tokens",
        "a member reads its own book, where tokens are numbers",
    ),
    (
        "subjects_of_tokens",
        "only for someone liable whom the report no longer names",
    ),
    ("waiting", "the sequencer takes what waits, by age"),
];

/// Statements that insert rows whose keys nobody else can have taken, and why.
const KEYS_OF_ITS_OWN: [(&str, &str); 10] = [
    ("insert_offline_series", "the series' UUID is in the key"),
    ("insert_inquiries", "the answer's UUID is in the key"),
    ("insert_leaves", "whoever appends has the head's row"),
    ("insert_missing", "whoever carries the batch has its row locked"),
    ("insert_nodes", "whoever appends has the head's row"),
    (
        "insert_openings",
        "the numbers are of a block that is this server's",
    ),
    ("insert_tables", "whoever publishes has the snapshot's row locked"),
    ("insert_rulings", "the answer's UUID is in the key"),
    ("insert_results", "whoever carries the batch has its row locked"),
    (
        "insert_waiting",
        "the numbers are of a block that is this server's",
    ),
];

/// What statements read besides tables of ours.
const NOT_OURS: [&str; 5] = [
    "unnest",
    "information_schema.tables",
    "pg_settings",
    "pg_extension",
    "excluded",
];

#[test]
fn every_table_has_its_place() {
    let made: BTreeSet<String> = schema().into_keys().collect();
    let placed: BTreeSet<String> = PLACEMENTS
        .iter()
        .map(|placement| placement.table.to_owned())
        .collect();
    assert_eq!(made, placed);
    assert_eq!(placed.len(), PLACEMENTS.len(), "a table has one place");
}

#[test]
fn every_unique_key_begins_with_the_column_its_table_is_distributed_by() {
    for (table, keys) in schema() {
        assert!(!keys.is_empty(), "{table} has no key");
        let Some(column) = column_of(&table) else { continue };
        for key in keys {
            assert_eq!(key[0], column, "a key of {table}: {key:?}");
        }
    }
}

#[test]
fn every_statement_names_the_column_its_tables_are_distributed_by() {
    let asking = everything().filter(|statement| !missing_in(statement.sql).is_empty());
    let asking: BTreeSet<&str> = asking.map(Statement::name).collect();
    let listed: BTreeSet<&str> = ASKS_EVERY_NODE.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        asking, listed,
        "what does not name its column is listed with the reason, and nothing else is"
    );
}

#[test]
fn what_citus_refuses_or_miscounts_does_not_stand_behind_on_conflict() {
    for statement in everything() {
        let behind = statement.sql.split_once("ON CONFLICT");
        let behind = behind.map_or("", |(_, behind)| behind);
        let name = statement.name();
        assert!(!behind.contains('$'), "{name}: a parameter is refused");
        let some_stay = behind.contains("WHERE") || behind.contains("NOTHING");
        assert!(
            !some_stay || behind.contains("RETURNING"),
            "{name}: rows that are not written are counted, unless what is written comes back"
        );
    }
}

#[test]
fn a_key_that_is_taken_is_told_as_such_by_citus() {
    let silent = everything().filter(|statement| {
        let rows = statement.sql.contains("INSERT INTO") && statement.sql.contains("FROM unnest(");
        rows && !statement.sql.contains("ON CONFLICT") && !statement.sql.contains("RETURNING")
    });
    let silent: BTreeSet<&str> = silent.map(Statement::name).collect();
    let listed: BTreeSet<&str> = KEYS_OF_ITS_OWN.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        silent, listed,
        "what neither replaces nor returns rows is listed with the reason, and nothing else is"
    );
}

#[test]
fn the_locks_look_back_as_far_as_the_longest_group_goes() {
    let leeway = format!("subject_lock.touched + {GROUP_WRITES_MAX},");
    assert!(LOCK_SUBJECTS.sql.contains(&leeway), "{leeway}");
}

#[test]
fn statements_that_do_not_name_the_column_are_seen() {
    let planted = [
        ("SELECT holder FROM account WHERE account_ref = $1", "account"),
        ("SELECT a.holder FROM account a WHERE b.member_no = $1", "account"),
        (
            "SELECT a.holder FROM unnest($1) AS k (m) JOIN account a ON a.member_no = k.m",
            "account",
        ),
        ("INSERT INTO request (rpc) SELECT $1", "request"),
        (
            "UPDATE position SET version = 1 WHERE account_no = $1",
            "position",
        ),
        (
            "INSERT INTO account (member_no) VALUES ($1) ON CONFLICT (account_ref, member_no) DO UPDATE SET holder = 1",
            "account",
        ),
        ("SELECT 1 FROM elsewhere", "elsewhere"),
    ];
    for (sql, table) in planted {
        assert_eq!(missing_in(sql), [table], "{sql}");
    }
    let sound = "DELETE FROM account WHERE member_no = ANY($1::bigint[]) AND (member_no, holder) IN (SELECT k.m, k.h)";
    assert!(missing_in(sound).is_empty());
}

/// The column that a table is distributed by; `None` of one that every node has.
fn column_of(table: &str) -> Option<&'static str> {
    let placement = PLACEMENTS.iter().find(|placement| placement.table == table);
    placement.unwrap_or_else(|| panic!("{table} has no place")).column
}

/// Words and marks of SQL, without comments.
fn tokens(sql: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    for line in sql.lines() {
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        for c in code.chars().chain([' ']) {
            match c {
                c if c.is_alphanumeric() || "_.$:[]'".contains(c) => tokens.last_mut().unwrap().push(c),
                c if c.is_whitespace() => tokens.push(String::new()),
                mark => tokens.extend([mark.to_string(), String::new()]),
            }
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// What stands in the parentheses that open at `open`, split at its commas.
fn parts(tokens: &[String], open: usize) -> Vec<Vec<String>> {
    assert_eq!(tokens[open], "(");
    let (mut depth, mut parts) = (0, vec![Vec::new()]);
    for token in &tokens[open..] {
        match token.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 1 => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        parts.last_mut().unwrap().push(token.clone());
    }
    parts[0].remove(0);
    parts
}

/// The columns named in the parentheses that open at `open`.
fn columns(tokens: &[String], open: usize) -> Vec<String> {
    parts(tokens, open).iter().map(|part| part[0].clone()).collect()
}

/// Tables of a statement whose rows could be on any node.
fn missing_in(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let mut missing = Vec::new();
    let mut target = None;
    for at in 0..tokens.len() - 1 {
        let table = &tokens[at + 1];
        match tokens[at].as_str() {
            "INTO" => {
                target = column_of(table);
                let listed = columns(&tokens, at + 2);
                if target.is_some_and(|column| !listed.iter().any(|listed| listed == column)) {
                    missing.push(table.clone());
                }
            }
            "CONFLICT" => {
                let key = columns(&tokens, at + 1);
                if target.is_some_and(|column| key[0] != column) {
                    missing.push(table_of(&tokens));
                }
            }
            "FROM" | "JOIN" | "UPDATE" if !["SET", "("].contains(&table.as_str()) => {
                if NOT_OURS.contains(&table.as_str()) {
                    continue;
                }
                let known = PLACEMENTS.iter().any(|placement| placement.table == table);
                let alias = tokens
                    .get(at + 2)
                    .filter(|next| next.starts_with(char::is_lowercase));
                let names = |column| is_bound(&tokens, alias, column);
                if !known || column_of(table).is_some_and(|column| !names(column)) {
                    missing.push(table.clone());
                }
            }
            _ => {}
        }
    }
    missing
}

/// The table that a statement inserts into.
fn table_of(tokens: &[String]) -> String {
    let into = tokens.iter().position(|token| token == "INTO").unwrap();
    tokens[into + 1].clone()
}

/// Whether a column is compared with a parameter or with any of one: then it is known which nodes to ask.
fn is_bound(tokens: &[String], alias: Option<&String>, column: &str) -> bool {
    let qualified = alias.map(|alias| format!("{alias}.{column}"));
    (0..tokens.len()).any(|at| {
        let next = |ahead: usize| tokens.get(at + ahead).map_or("", String::as_str);
        let named = next(0) == qualified.as_deref().unwrap_or(column);
        let one = next(2).starts_with('$');
        let any = next(2) == "ANY" && next(4).starts_with('$');
        named && next(1) == "=" && (one || any)
    })
}

/// Every table that the migrations make, with the columns of each of its unique keys.
fn schema() -> BTreeMap<String, Vec<Vec<String>>> {
    let texts = POSTGRES.iter().map(|step| step.text).chain([migrate::TABLES]);
    let tokens: Vec<String> = texts.flat_map(tokens).collect();
    let mut tables: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for at in 0..tokens.len() {
        let word = |ahead: usize| tokens.get(at + ahead).map_or("", String::as_str);
        match (word(0), word(1)) {
            ("CREATE", "TABLE") => {
                let name = if word(2) == "IF" { 5 } else { 2 };
                let keys = parts(&tokens, at + name + 1);
                tables.insert(
                    word(name).to_owned(),
                    keys.iter().filter_map(|part| key(part)).collect(),
                );
            }
            ("CREATE", "UNIQUE") => {
                let keys = tables.get_mut(word(5)).expect("an index of a table above");
                keys.push(columns(&tokens, at + 6));
            }
            _ => {}
        }
    }
    let unique = tokens
        .iter()
        .filter(|token| ["PRIMARY", "UNIQUE"].contains(&token.as_str()));
    let found: usize = tables.values().map(Vec::len).sum();
    assert_eq!(
        found,
        unique.count(),
        "a unique key was made in a way that this test does not read"
    );
    tables
}

/// The columns of the unique key that a part of CREATE TABLE makes.
fn key(part: &[String]) -> Option<Vec<String>> {
    let unique = part
        .iter()
        .position(|token| ["PRIMARY", "UNIQUE"].contains(&token.as_str()))?;
    let own = part[0].starts_with(char::is_lowercase);
    if own {
        Some(vec![part[0].clone()])
    } else {
        let open = unique + part[unique..].iter().position(|token| token == "(")?;
        Some(columns(part, open))
    }
}
