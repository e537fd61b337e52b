//! What can go wrong below the rooms. Says nothing of statements or content: only the log at the edge sees causes.

use std::error::Error;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, busy or stopping at the moment. Whether a write was done is unknown; it may be tried again.
    #[error("the store is not available at the moment; try again")]
    Unavailable,
    /// Not reachable when it was to be opened.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// The disk is full or failed. Nothing was done.
    #[error("the database's disk is full or failing; free space or replace it, then try again")]
    Disk(#[source] Box<dyn Error + Send + Sync>),
    /// Somebody else was faster. Nothing was done; read again and decide again.
    #[error("the store has moved on meanwhile; read again")]
    Conflict,
    /// The store holds something that cannot be.
    #[error("the store holds an impossible value in {table}, row {key}; restore it from a backup")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which row, by its numbers; never a token or an identifier.
        key: String,
    },
    /// The database has another schema than this program.
    #[error("the database has schema version {found}, this program needs {expected}: {}", mend(*.found, *.expected))]
    SchemaVersion {
        /// Version found; 0: none.
        found: i64,
        /// Version needed.
        expected: i64,
    },
    /// The engine failed otherwise. Nothing was done.
    #[error("the database engine failed")]
    Engine(#[source] Box<dyn Error + Send + Sync>),
}

fn mend(found: i64, expected: i64) -> &'static str {
    if found == 0 {
        "it is empty: run `tallystick database migrate`"
    } else if found < expected {
        "back it up, stop every server on it, and run `tallystick database migrate`"
    } else {
        "run the program version that migrated it, or a later one"
    }
}
