//! The schema and its versions. A database of another version is refused, never guessed at.

use rusqlite::{Connection, TransactionBehavior, params};

use super::failure::{Failure, Outcome, corrupt};
use crate::audit::content_sha256;
use crate::store::StoreError;

/// Migrations in order: (name, text). Never edited once released.
const MIGRATIONS: [(&str, &str); 1] = [(
    "0001_foundation",
    include_str!("../../../migrations/sqlite/0001_foundation.sql"),
)];

const CREATE_TABLE: &str = "-- migration_table
    CREATE TABLE IF NOT EXISTS schema_migration (
        version INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        sha256 BLOB NOT NULL,
        applied_at INTEGER NOT NULL
    ) STRICT";

/// Version that this program needs.
pub(super) fn expected() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Brings a new database to this program's version; refuses one of another.
pub(super) fn migrate(connection: &mut Connection, applied_at: i64) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found == expected() {
        return unchanged(connection).map_err(StoreError::from);
    }
    if found != 0 {
        return Err(StoreError::SchemaVersion {
            found,
            expected: expected(),
        });
    }
    create(connection, applied_at).map_err(StoreError::from)
}

/// What was applied is what this program would apply: a migration is never edited.
fn unchanged(connection: &Connection) -> Outcome<()> {
    for (version, (_, text)) in (1_i64..).zip(MIGRATIONS) {
        let applied: Vec<u8> = connection.query_row(
            "SELECT sha256 FROM schema_migration WHERE version = ?1",
            params![version],
            |row| row.get(0),
        )?;
        if applied != content_sha256(text.as_bytes()) {
            return Err(corrupt("schema_migration", version));
        }
    }
    Ok(())
}

/// Version of a database; 0 of an empty one.
pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    let known: bool = connection
        .query_row(
            "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'schema_migration'",
            [],
            |row| row.get(0),
        )
        .map_err(Failure::from)?;
    if !known {
        return Ok(0);
    }
    let found = connection
        .query_row(
            "SELECT coalesce(max(version), 0) FROM schema_migration",
            [],
            |row| row.get(0),
        )
        .map_err(Failure::from)?;
    Ok(found)
}

fn create(connection: &mut Connection, applied_at: i64) -> Outcome<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(CREATE_TABLE)?;
    for (version, (name, text)) in (1_i64..).zip(MIGRATIONS) {
        transaction.execute_batch(text)?;
        transaction.execute(
            "INSERT INTO schema_migration (version, name, sha256, applied_at) VALUES (?1, ?2, ?3, ?4)",
            params![version, name, content_sha256(text.as_bytes()), applied_at],
        )?;
    }
    Ok(transaction.commit()?)
}
