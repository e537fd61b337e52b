//! Both engines have the same tables, as far as they do not say why not.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use tallystick::store::sqlite;
use tokio_postgres::Client;

use super::postgres::migrated;

/// Where they differ, and why.
const DIFFERENCES: [(&str, &str); 6] = [
    (
        "subject_lock: only on PostgreSQL",
        "the embedded engine has one writer, whom nobody need keep from a subject",
    ),
    (
        "schema_lease: only on PostgreSQL",
        "a file is migrated by the one process that has it open",
    ),
    (
        "subject_token: key (token_id) and (sealed)",
        "a distributed table's keys hold the column it is distributed by, and tokens are looked up by what is sealed",
    ),
    (
        "subject_token: index subject_token_by_vector (an expression), unique: only on the embedded engine",
        "there the sealed pseudonym is found by its first bytes, to save space; on PostgreSQL it is the key",
    ),
    (
        "subject_token: index subject_token_by_number (token_id): only on PostgreSQL",
        "there the number is not the key",
    ),
    (
        "past_version: key (account_no, version) and (member_no, account_no, version)",
        "a distributed table's keys begin with the column it is distributed by",
    ),
];

/// What a column holds, whatever its width.
#[derive(Debug, PartialEq, Eq)]
enum Class {
    Number,
    Text,
    Bytes,
}

#[derive(Debug, PartialEq, Eq)]
struct Column {
    name: String,
    class: Class,
    not_null: bool,
}

#[derive(Debug, Default)]
struct Table {
    columns: Vec<Column>,
    key: String,
    /// Secondary indexes and further unique keys, as they are told.
    indexes: BTreeSet<String>,
}

type Schema = BTreeMap<String, Table>;

#[tokio::test]
async fn both_engines_have_the_same_tables() {
    let database = migrated().await;
    let (embedded, postgres) = (of_sqlite(), of_postgres(&database.connect().await).await);
    assert!(embedded.len() > 20, "the tables were not found");
    let found: BTreeSet<String> = differences(&embedded, &postgres).into_iter().collect();
    let listed: BTreeSet<String> = DIFFERENCES.iter().map(|(what, _)| (*what).to_owned()).collect();
    assert_eq!(
        found, listed,
        "what differs is listed with the reason, and nothing else is"
    );
}

#[test]
fn a_difference_of_any_kind_is_seen() {
    let column = |name: &str, class, not_null| Column {
        name: name.to_owned(),
        class,
        not_null,
    };
    let schema = |columns, key: &str, indexes: &[&str]| {
        let indexes = indexes.iter().map(|index| (*index).to_owned()).collect();
        let key = key.to_owned();
        Schema::from([(
            "t".to_owned(),
            Table {
                columns,
                key,
                indexes,
            },
        )])
    };
    let plain = || {
        schema(
            vec![column("a", Class::Number, true), column("b", Class::Text, true)],
            "(a)",
            &["i (b)"],
        )
    };
    assert!(differences(&plain(), &plain()).is_empty());
    let others = [
        schema(
            vec![column("b", Class::Text, true), column("a", Class::Number, true)],
            "(a)",
            &["i (b)"],
        ),
        schema(
            vec![column("a", Class::Bytes, true), column("b", Class::Text, true)],
            "(a)",
            &["i (b)"],
        ),
        schema(
            vec![column("a", Class::Number, true), column("b", Class::Text, false)],
            "(a)",
            &["i (b)"],
        ),
        schema(
            vec![column("a", Class::Number, true), column("b", Class::Text, true)],
            "(b)",
            &["i (b)"],
        ),
        schema(
            vec![column("a", Class::Number, true), column("b", Class::Text, true)],
            "(a)",
            &["j (b)"],
        ),
        schema(
            vec![column("a", Class::Number, true), column("b", Class::Text, true)],
            "(a)",
            &[],
        ),
        schema(vec![column("a", Class::Number, true)], "(a)", &["i (b)"]),
        Schema::new(),
    ];
    for other in others {
        assert!(!differences(&plain(), &other).is_empty(), "{other:?}");
        assert!(!differences(&other, &plain()).is_empty(), "{other:?}");
    }
}

fn differences(embedded: &Schema, postgres: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    let names: BTreeSet<&String> = embedded.keys().chain(postgres.keys()).collect();
    for name in names {
        let (one, other) = match (embedded.get(name), postgres.get(name)) {
            (Some(one), Some(other)) => (one, other),
            (Some(_), None) => {
                found.push(format!("{name}: only on the embedded engine"));
                continue;
            }
            (None, _) => {
                found.push(format!("{name}: only on PostgreSQL"));
                continue;
            }
        };
        if one.columns.len() != other.columns.len() {
            found.push(format!(
                "{name}: {} and {} columns",
                one.columns.len(),
                other.columns.len()
            ));
        }
        for (one, other) in one.columns.iter().zip(&other.columns) {
            if one != other {
                found.push(format!("{name}: {one:?} and {other:?}"));
            }
        }
        if one.key != other.key {
            found.push(format!("{name}: key {} and {}", one.key, other.key));
        }
        let only = |on: &str, index: &String| format!("{name}: index {index}: only on {on}");
        let here = one.indexes.difference(&other.indexes);
        found.extend(here.map(|index| only("the embedded engine", index)));
        let there = other.indexes.difference(&one.indexes);
        found.extend(there.map(|index| only("PostgreSQL", index)));
    }
    found
}

/// An index as it is told: those that only keep a key unique have no name, which each engine makes up by itself.
fn index(name: Option<&str>, columns: &[String], unique: bool, partial: bool) -> String {
    let name = name.map(|name| format!("{name} ")).unwrap_or_default();
    let unique = if unique { ", unique" } else { "" };
    let partial = if partial { ", partial" } else { "" };
    format!("{name}({}){unique}{partial}", columns.join(", "))
}

fn of_sqlite() -> Schema {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("schema.db");
    sqlite::migrate::migrate(&path, 0).unwrap();
    let connection = Connection::open(path).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let names: Vec<String> = all(&connection, tables, &[], |row| row.get(0));
    names
        .into_iter()
        .map(|name| (name.clone(), sqlite_table(&connection, &name)))
        .collect()
}

fn sqlite_table(connection: &Connection, name: &str) -> Table {
    let columns = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid";
    let columns: Vec<(Column, i64)> = all(connection, columns, &[name], |row| {
        let class = match row.get::<_, String>(1)?.as_str() {
            "INTEGER" => Class::Number,
            "TEXT" => Class::Text,
            "BLOB" => Class::Bytes,
            other => panic!("{name}: a column of type {other}"),
        };
        let column = Column {
            name: row.get(0)?,
            class,
            not_null: row.get(2)?,
        };
        Ok((column, row.get(3)?))
    });
    let mut key: Vec<(i64, String)> = columns
        .iter()
        .filter(|(_, place)| *place > 0)
        .map(|(column, place)| (*place, column.name.clone()))
        .collect();
    key.sort_unstable();
    let key: Vec<String> = key.into_iter().map(|(_, name)| name).collect();
    let indexes = "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1) WHERE origin <> 'pk'";
    let indexes: Vec<(String, bool, String, bool)> = all(connection, indexes, &[name], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    let indexes = indexes.into_iter().map(|(name, unique, origin, partial)| {
        let columns = "SELECT coalesce(name, 'an expression') FROM pragma_index_info(?1) ORDER BY seqno";
        let columns: Vec<String> = all(connection, columns, &[&name], |row| row.get(0));
        index((origin == "c").then_some(&name), &columns, unique, partial)
    });
    Table {
        indexes: indexes.collect(),
        columns: columns.into_iter().map(|(column, _)| column).collect(),
        key: index(None, &key, false, false),
    }
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    bound: &[&str],
    read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut prepared = connection.prepare(sql).unwrap();
    let rows = prepared
        .query_map(rusqlite::params_from_iter(bound), read)
        .unwrap();
    rows.map(Result::unwrap).collect()
}

async fn of_postgres(client: &Client) -> Schema {
    let mut schema = Schema::new();
    let columns =
        "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
            AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY c.relname, a.attnum";
    for row in client.query(columns, &[]).await.unwrap() {
        let table: String = row.get(0);
        let class = match row.get(2) {
            "bigint" | "integer" | "smallint" => Class::Number,
            "text" => Class::Text,
            "bytea" => Class::Bytes,
            other => panic!("{table}: a column of type {other}"),
        };
        schema.entry(table).or_default().columns.push(Column {
            name: row.get(1),
            class,
            not_null: row.get(3),
        });
    }
    let indexes = "SELECT t.relname::text, i.relname::text, x.indisprimary, x.indisunique, x.indpred IS NOT NULL,
            EXISTS (SELECT FROM pg_constraint n WHERE n.conindid = x.indexrelid),
            ARRAY(SELECT pg_get_indexdef(x.indexrelid, place, true) FROM generate_series(1, x.indnkeyatts) AS place)
        FROM pg_index x
        JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_class i ON i.oid = x.indexrelid
        WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r'";
    for row in client.query(indexes, &[]).await.unwrap() {
        let table: String = row.get(0);
        let table = schema.entry(table).or_default();
        let columns: Vec<String> = row.get(6);
        if row.get(2) {
            table.key = index(None, &columns, false, false);
        } else {
            let own_name: bool = !row.get::<_, bool>(5);
            let told = index(own_name.then_some(row.get(1)), &columns, row.get(3), row.get(4));
            table.indexes.insert(told);
        }
    }
    schema
}
