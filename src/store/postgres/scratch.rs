//! Databases for a while, and what a bench asks of a server: what it is, which of its processes work, how large tables are.
//!
//! Names come from the program, never from outside: they are part of the commands, which take no parameters. Invariant: it
//! removes no database but one whose name it is given with [`PREFIX`].

use std::time::Duration;

use super::address::Address;
use super::failure::{Failure, Outcome};
use super::pool::{self, PostgresOptions};
use super::statement::{Session, Statement};
use crate::store::StoreError;
use crate::store::columns::Columns;

/// What the name of every database begins with that is made for a while.
pub const PREFIX: &str = "bench_";

/// Sessions of this database, by their processes.
const PROCESSES: Statement = Statement {
    sql: "-- processes
        SELECT pid
        FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        ORDER BY pid",
    parameters: 0,
};
const OWN_PROCESS: Statement = Statement {
    sql: "-- own_process
        SELECT pg_backend_pid()",
    parameters: 0,
};
/// Tables and indexes that hold positions and whom they concern: everything but locks, history, looks and the audit log.
const BYTES_OF_POSITIONS: Statement = Statement {
    sql: "-- bytes_of_positions
        SELECT CAST(sum(pg_total_relation_size(CAST(t.name AS regclass))) AS BIGINT)
        FROM unnest(ARRAY['position', 'account', 'subject_token', 'mobile_link']) AS t (name)",
    parameters: 0,
};
/// As a session of the store sees them.
const SETTINGS: Statement = Statement {
    sql: "-- settings
        SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
            current_setting('full_page_writes'), current_setting('shared_buffers')",
    parameters: 0,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: &[Statement] = &[PROCESSES, OWN_PROCESS, BYTES_OF_POSITIONS, SETTINGS];

fn options() -> PostgresOptions {
    PostgresOptions {
        // Copying or tidying a database takes as long as it takes.
        statement_timeout: Duration::ZERO,
        ..PostgresOptions::default()
    }
}

/// Makes an empty database.
///
/// # Errors
/// [`StoreError`] when there is one of this name, or the user may not make any.
pub async fn create(server: &Address, name: &str) -> Result<(), StoreError> {
    command(server, &format!("CREATE DATABASE {}", checked(name)?)).await
}

/// Makes a database that holds what another holds, which must have no sessions.
///
/// # Errors
/// [`StoreError`] when there is one of this name, or somebody uses the other.
pub async fn copy(server: &Address, from: &str, name: &str) -> Result<(), StoreError> {
    let (from, name) = (checked(from)?, checked(name)?);
    command(server, &format!("CREATE DATABASE {name} TEMPLATE {from}")).await
}

/// Removes a database with all its sessions, if there is one of this name.
///
/// # Errors
/// [`StoreError`] when the server does not do it.
pub async fn remove(server: &Address, name: &str) -> Result<(), StoreError> {
    let name = checked(name)?;
    command(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
}

/// Does now what autovacuum would do some time, so that it does not begin amid a measurement.
///
/// # Errors
/// [`StoreError`] of the engine.
pub async fn settle(database: &Address) -> Result<(), StoreError> {
    command(database, "VACUUM (ANALYZE)").await
}

/// Processes that work for sessions of a database.
///
/// # Errors
/// [`StoreError`] of the engine.
pub async fn processes(database: &Address) -> Result<Vec<u32>, StoreError> {
    let pool = pool::pool(database, &options(), 1)?;
    let session = pool::session(&pool).await?;
    let processes = PROCESSES.all(&session, &[], |row| Columns::new(row, "pg_stat_activity").count());
    Ok(processes.await?)
}

/// The process that works for a session.
pub(super) async fn process(session: &Session) -> Outcome<u32> {
    OWN_PROCESS
        .get(session, &[], |row| Columns::new(row, "pg_stat_activity").count())
        .await
}

/// Bytes of the tables and indexes that hold current positions.
///
/// # Errors
/// [`StoreError`] of the engine.
pub async fn bytes_of_positions(database: &Address) -> Result<u64, StoreError> {
    let pool = pool::pool(database, &options(), 1)?;
    let session = pool::session(&pool).await?;
    let bytes = BYTES_OF_POSITIONS.get(&session, &[], |row| Columns::new(row, "pg_class").count());
    Ok(bytes.await?)
}

/// The engine and what of its settings a figure depends on, for a report.
///
/// # Errors
/// [`StoreError`] of the engine.
pub async fn engine(server: &Address) -> Result<String, StoreError> {
    let pool = pool::pool(server, &options(), 1)?;
    let session = pool::session(&pool).await?;
    let told = SETTINGS.get(&session, &[], |row| {
        let mut columns = Columns::new(row, "pg_settings");
        Ok(format!(
            "PostgreSQL {}, fsync = {}, synchronous_commit = {}, full_page_writes = {}, shared_buffers = {}",
            columns.text()?,
            columns.text()?,
            columns.text()?,
            columns.text()?,
            columns.text()?,
        ))
    });
    Ok(told.await?)
}

async fn command(database: &Address, sql: &str) -> Result<(), StoreError> {
    let pool = pool::pool(database, &options(), 1)?;
    let session = pool::session(&pool).await?;
    Ok(session.command(sql).await?)
}

fn checked(name: &str) -> Outcome<&str> {
    let ours = name.starts_with(PREFIX)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    match ours {
        true => Ok(name),
        false => Err(Failure::Unexpected("that is no database for a while".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_databases_for_a_while_are_made_or_removed() {
        assert!(checked("bench_live_0af3").is_ok());
        for name in [
            "market",
            "bench_Live",
            "bench_a; DROP DATABASE market",
            "bench-a",
            "",
        ] {
            assert!(checked(name).is_err(), "{name}");
        }
    }
}
