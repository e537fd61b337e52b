//! The schema and its versions. A database of another version is refused, never guessed at.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use super::failure::{Failure, Outcome};
use super::open;
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::migrations::{Applied, SQLITE, Status};

const CREATE_TABLE: &str = "-- migration_table
    CREATE TABLE IF NOT EXISTS schema_migration (
        version INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        sha256 BLOB NOT NULL,
        applied_at INTEGER NOT NULL
    ) STRICT";

/// What of the schema a database file has. Changes nothing.
///
/// # Errors
/// [`StoreError::Disk`] when it cannot be opened.
pub fn status(path: &Path) -> Result<Status, StoreError> {
    Ok(status_of(&open::reader(path)?)?)
}

/// Brings a database file to this program's schema; no service may have it open. Gives the names of the steps it took.
///
/// # Errors
/// [`StoreError::SchemaVersion`] when a newer program made it; [`StoreError::Corrupt`] when it was made by other steps.
pub fn migrate(path: &Path, applied_at: i64) -> Result<Vec<&'static str>, StoreError> {
    migrate_on(&mut open::writer(path)?, applied_at)
}

/// Brings a new database to this program's schema; refuses an old one, which its owner brings up when it suits.
pub(super) fn create_or_check(connection: &mut Connection, applied_at: i64) -> Result<(), StoreError> {
    let status = status_of(connection)?;
    if status.applied.is_empty() {
        migrate_on(connection, applied_at)?;
        return Ok(());
    }
    status.serves(SQLITE)
}

pub(super) fn migrate_on(
    connection: &mut Connection,
    applied_at: i64,
) -> Result<Vec<&'static str>, StoreError> {
    let status = status_of(connection)?;
    status.unaltered(SQLITE)?;
    let pending = status.pending(SQLITE);
    if pending.is_empty() {
        status.serves(SQLITE)?;
    }
    let steps = (status.version() + 1..).zip(pending);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(Failure::from)?;
    transaction.execute_batch(CREATE_TABLE).map_err(Failure::from)?;
    for (version, step) in steps {
        transaction.execute_batch(step.text).map_err(Failure::from)?;
        transaction
            .execute(
                "INSERT INTO schema_migration (version, name, sha256, applied_at) VALUES (?1, ?2, ?3, ?4)",
                params![version, step.name, step.sha256(), applied_at],
            )
            .map_err(Failure::from)?;
    }
    transaction.commit().map_err(Failure::from)?;
    Ok(pending.iter().map(|step| step.name).collect())
}

pub(super) fn status_of(connection: &Connection) -> Outcome<Status> {
    let known: bool = connection.query_row(
        "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'schema_migration'",
        [],
        |row| row.get(0),
    )?;
    if !known {
        return Ok(Status::default());
    }
    let mut prepared = connection
        .prepare("SELECT version, name, sha256, applied_at FROM schema_migration ORDER BY version")?;
    let mut rows = prepared.query([])?;
    let mut applied = Vec::new();
    while let Some(row) = rows.next()? {
        let mut columns = Columns::new(row, "schema_migration");
        applied.push(Applied {
            version: columns.number()?,
            name: columns.text()?,
            sha256: columns.bytes()?,
            applied_at: columns.number()?,
        });
    }
    Ok(Status { applied })
}
