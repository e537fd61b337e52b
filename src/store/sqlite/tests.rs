//! The catalogue: every statement is prepared on the real schema and takes the parameters it says.

use super::statement::Statement;
use super::{
    audit, batches, changes, conduct, judged, load, market, member_book, members, migrate, offline, reads,
    reservations, statistics, usage, writer,
};
use rusqlite::Connection;

fn everything() -> Vec<Statement> {
    [
        &load::CATALOGUE[..],
        &usage::CATALOGUE[..],
        changes::CATALOGUE,
        &members::CATALOGUE[..],
        &reads::CATALOGUE[..],
        &batches::CATALOGUE[..],
        &reservations::CATALOGUE[..],
        &offline::CATALOGUE[..],
        &member_book::CATALOGUE[..],
        &conduct::CATALOGUE[..],
        &judged::CATALOGUE[..],
        &market::CATALOGUE[..],
        &statistics::CATALOGUE[..],
        &audit::CATALOGUE[..],
        &writer::CATALOGUE[..],
    ]
    .concat()
}

#[test]
fn every_statement_prepares_and_takes_the_parameters_it_says() {
    let mut connection = Connection::open_in_memory().expect("SQLite opens in memory");
    migrate::migrate_on(&mut connection, 0).expect("an empty database can be migrated");
    let catalogue = everything();
    let mut names = std::collections::BTreeSet::new();
    for statement in &catalogue {
        let prepared = connection
            .prepare(statement.sql)
            .unwrap_or_else(|e| panic!("{}: {e}", statement.name()));
        assert_eq!(
            prepared.parameter_count(),
            statement.parameters,
            "{}",
            statement.name()
        );
        assert!(
            statement.sql.starts_with("-- "),
            "{} has no name",
            statement.name()
        );
        assert!(
            !statement.sql.contains('*') || statement.sql.contains("count(*)"),
            "{}",
            statement.name()
        );
        assert!(names.insert(statement.name()), "{} twice", statement.name());
    }
    assert!(
        catalogue.len() > 60,
        "{} statements: some file is missing",
        catalogue.len()
    );
}

#[test]
fn hot_statements_search_an_index_and_never_scan() {
    let mut connection = Connection::open_in_memory().expect("SQLite opens in memory");
    migrate::migrate_on(&mut connection, 0).expect("an empty database can be migrated");
    // Tables and parts of them that stay small, first or last rows, and counts for people.
    let may_scan = [
        "all_members",
        "all_certificates",
        "latest_reports",
        "proposals",
        "grants_of_member",
        "next_numbers",
        "schema_version",
        "key_checks",
        "count_accounts",
        "count_tokens",
        "count_inquiries",
        "count_waiting",
        "waiting",
        "latest_checkpoint",
        "last_request",
        "last_opening",
        // A member's batches are few, and only a judgement looks at them.
        "last_full",
        // The same, sorted into their dates; rejected records into their ages, of which there are 241.
        "batch_dates",
        "reject_ages",
        // The versions of one account are sorted, which are few.
        "past_in_force",
        "past_of_account",
        // Everybody, once for a snapshot.
        "market",
        "judged_looks",
        // Snapshots are few: one a day at most, and what waits, or is kept, is a handful.
        "unfinished",
        "not_kept",
        "snapshot_before",
        // Of the forty tables of one.
        "snapshot_currencies",
    ];
    for statement in everything() {
        let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let mut prepared = connection.prepare(&sql).expect("every statement has a plan");
        for parameter in 1..=statement.parameters {
            prepared
                .raw_bind_parameter(parameter, 1_i64)
                .expect("a parameter binds");
        }
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().expect("a plan is readable") {
            let step: String = row.get(3).expect("a step is text");
            let scans = step.starts_with("SCAN") || step.contains("TEMP B-TREE");
            assert!(
                !scans || may_scan.contains(&statement.name()),
                "{}: {step}",
                statement.name()
            );
        }
    }
}
