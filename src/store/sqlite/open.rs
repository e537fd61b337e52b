//! Connections and their settings.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::failure::{Failure, Outcome};

/// Statements a connection keeps prepared: more than there are.
const PREPARED_MAX: usize = 256;
/// Page cache of the writer, KiB: a few times what a group changes. What it reads besides is mapped; and after a page was split,
/// SQLite looks through the whole cache at the commit, in databases below 1 GB.
const WRITER_CACHE_KIB: i64 = 8 * 1_024;
/// Page cache of a reader, KiB.
const READER_CACHE_KIB: i64 = 16 * 1_024;
/// Part of the file that is read through memory mapping, bytes.
const MMAP_BYTES: i64 = 8 << 30;
/// How long a connection waits for a lock: only the checkpointer and other programs hold any.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Makes the file if there is none, for nobody but its owner; SQLite gives its companions the same mode.
fn make(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    file.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path).map(drop)
}

/// The one connection that writes. Durable on commit; checkpoints are another thread's.
pub(super) fn writer(path: &Path) -> Outcome<Connection> {
    make(path).map_err(Failure::File)?;
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    settings(&connection, WRITER_CACHE_KIB)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    settings(&connection, READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The connection that moves the write-ahead log into the database.
pub(super) fn checkpointer(path: &Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

fn settings(connection: &Connection, cache_kib: i64) -> Outcome<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "mmap_size", MMAP_BYTES)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    // Erased means erased: freed pages are overwritten.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    Ok(())
}
