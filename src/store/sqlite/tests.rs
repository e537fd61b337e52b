//! The catalogue: every statement is prepared on the real schema and takes the parameters it says.

use super::{audit, changes, load, members, migrate, reads, writer};
use rusqlite::Connection;

#[test]
fn every_statement_prepares_and_takes_the_parameters_it_says() {
    let mut connection = Connection::open_in_memory().expect("SQLite opens in memory");
    migrate::migrate(&mut connection, 0).expect("an empty database can be migrated");
    let catalogue = [
        &load::CATALOGUE[..],
        &load::CATALOGUE_REGISTER[..],
        changes::CATALOGUE,
        &members::CATALOGUE[..],
        &reads::CATALOGUE[..],
        &audit::CATALOGUE[..],
        &writer::CATALOGUE[..],
    ]
    .concat();
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
