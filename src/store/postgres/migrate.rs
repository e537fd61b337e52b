//! The schema and its versions. Servers that start at once take turns by a lease row: advisory locks do not exist on every
//! engine that speaks PostgreSQL.

use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::time::sleep;

use super::address::Address;
use super::failure::{Failure, Outcome, Remedy};
use super::pool::{self, PostgresOptions};
use super::statement::{Session, Statement};
use crate::domain::clock::{SharedClock, SharedEntropy};
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::migrations::{Applied, Migration, POSTGRES, Status};

pub(super) const TABLES: &str = "-- migration_tables
    CREATE TABLE IF NOT EXISTS schema_migration (
        version BIGINT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        sha256 BYTEA NOT NULL,
        applied_at BIGINT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS schema_lease (
        singleton SMALLINT NOT NULL PRIMARY KEY CHECK (singleton = 1),
        holder BYTEA,
        until BIGINT NOT NULL
    );
    INSERT INTO schema_lease (singleton, until) VALUES (1, 0) ON CONFLICT (singleton) DO NOTHING";
const HAS_TABLES: Statement = Statement {
    sql: "-- has_tables
        SELECT count(*)
        FROM pg_catalog.pg_class
        WHERE relname IN ('schema_migration', 'schema_lease')
            AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())",
    parameters: 0,
};
const APPLIED: Statement = Statement {
    sql: "-- applied
        SELECT version, name, sha256, applied_at
        FROM schema_migration
        ORDER BY version",
    parameters: 0,
};
const TAKE_LEASE: Statement = Statement {
    sql: "-- take_lease
        UPDATE schema_lease
        SET holder = $1::bytea, until = $3::bigint
        WHERE singleton = 1 AND (holder IS NULL OR holder = $1::bytea OR until <= $2::bigint)",
    parameters: 3,
};
const RELEASE_LEASE: Statement = Statement {
    sql: "-- release_lease
        UPDATE schema_lease
        SET holder = NULL, until = 0
        WHERE singleton = 1 AND holder = $1::bytea",
    parameters: 1,
};
const PUT_APPLIED: Statement = Statement {
    sql: "-- put_applied
        INSERT INTO schema_migration (version, name, sha256, applied_at)
        VALUES ($1, $2, $3, $4)",
    parameters: 4,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: &[Statement] = &[HAS_TABLES, APPLIED, TAKE_LEASE, RELEASE_LEASE, PUT_APPLIED];

/// How long a step may take before another server thinks that its maker is gone.
const LEASE_SECONDS: i64 = 600;
/// Time between two looks at a lease that somebody else has.
const LOOK: Duration = Duration::from_millis(200);
/// Looks before giving up: as long as a lease.
const LOOKS_MAX: u32 = 3_000;
/// Tries to make the two tables, which several may do at once.
const TABLES_TRIES: u32 = 5;

/// What of the schema a database has. Changes nothing.
///
/// # Errors
/// [`StoreError`] when it cannot be reached.
pub async fn status(address: &Address, options: &PostgresOptions) -> Result<Status, StoreError> {
    let pool = pool::pool(address, options, 1)?;
    status_in(&pool).await.map_err(Failure::at_start)
}

pub(super) async fn status_in(pool: &Pool) -> Outcome<Status> {
    let session = pool::session(pool).await?;
    let tables = HAS_TABLES
        .get(&session, &[], |row| Columns::new(row, "tables").number())
        .await?;
    if tables < 2 {
        return Ok(Status::default());
    }
    let applied = applied(&session).await?;
    Ok(Status { applied })
}

/// Brings a database to this program's schema, or waits until another has. Gives the names of the steps it took.
///
/// # Errors
/// [`StoreError::SchemaVersion`] when the database is of a newer program; [`StoreError::Corrupt`] when it was made by other
/// steps; [`StoreError::Unavailable`] when another has migrated for longer than it may.
pub async fn migrate(
    address: &Address,
    clock: &SharedClock,
    entropy: &SharedEntropy,
) -> Result<Vec<&'static str>, StoreError> {
    let options = PostgresOptions {
        // A step may rewrite a table.
        statement_timeout: Duration::ZERO,
        ..PostgresOptions::default()
    };
    let pool = pool::pool(address, &options, 1)?;
    let session = pool::session(&pool).await.map_err(Failure::at_start)?;
    make_tables(&session).await?;
    let mut holder = [0; 16];
    entropy.fill(&mut holder);
    wait_for_lease(&session, &holder, clock).await?;
    let done = take_steps(&session, &holder, clock).await;
    // A lease that is not given back ends by itself.
    let _ = RELEASE_LEASE.run(&session, &[&&holder[..]]).await;
    done
}

async fn make_tables(session: &Session) -> Outcome<()> {
    let mut made = session.command(TABLES).await;
    for _ in 1..TABLES_TRIES {
        match &made {
            // Even IF NOT EXISTS fails when two make the same table at once.
            Err(failure) if failure.remedy() == Remedy::Again => made = session.command(TABLES).await,
            Ok(()) | Err(_) => break,
        }
    }
    made
}

async fn wait_for_lease(session: &Session, holder: &[u8; 16], clock: &SharedClock) -> Result<(), StoreError> {
    for _ in 0..LOOKS_MAX {
        if take_lease(session, holder, clock).await? {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    Err(StoreError::Unavailable)
}

async fn take_lease(session: &Session, holder: &[u8; 16], clock: &SharedClock) -> Outcome<bool> {
    let now = clock.now();
    let until = now.plus_seconds(LEASE_SECONDS).micros();
    Ok(TAKE_LEASE
        .run(session, &[&&holder[..], &now.micros(), &until])
        .await?
        == 1)
}

async fn take_steps(
    session: &Session,
    holder: &[u8; 16],
    clock: &SharedClock,
) -> Result<Vec<&'static str>, StoreError> {
    let status = Status {
        applied: applied(session).await?,
    };
    status.unaltered(POSTGRES)?;
    let pending = status.pending(POSTGRES);
    if pending.is_empty() {
        status.serves(POSTGRES)?;
    }
    let mut taken = Vec::new();
    for (version, step) in (status.version() + 1..).zip(pending) {
        session.command("BEGIN").await?;
        let done = take_step(session, holder, clock, version, step).await;
        session
            .command(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })
            .await?;
        done?;
        taken.push(step.name);
    }
    Ok(taken)
}

/// One step, in a transaction that holds the lease's row: nobody else can take the lease until it ends.
async fn take_step(
    session: &Session,
    holder: &[u8; 16],
    clock: &SharedClock,
    version: i64,
    step: &Migration,
) -> Outcome<()> {
    if !take_lease(session, holder, clock).await? {
        return Err(Failure::Conflict);
    }
    session.command(step.text).await?;
    let sha256 = step.sha256();
    PUT_APPLIED
        .run_exactly(
            session,
            1,
            &[&version, &step.name, &&sha256[..], &clock.now().micros()],
        )
        .await
}

async fn applied(session: &Session) -> Outcome<Vec<Applied>> {
    APPLIED
        .all(session, &[], |row| {
            let mut columns = Columns::new(row, "schema_migration");
            Ok(Applied {
                version: columns.number()?,
                name: columns.text()?,
                sha256: columns.bytes()?,
                applied_at: columns.number()?,
            })
        })
        .await
}
