//! The file: one SQLite table of sealed entries, and a lock.
//!
//! SQLite because it is here already and because its crash safety is not ours to prove. A cache asks less of it than a
//! store: WAL with `synchronous = NORMAL` never corrupts, and a loss of power can only take back the last commits, each of
//! which can be evaluated again. Memory is bounded by construction: one page cache, no memory mapping, a write-ahead log
//! that is moved at a fixed length. Knows nothing of identifiers or tokens.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use subtle::ConstantTimeEq as _;

use super::CacheError;
use super::seal::{Index, SEALED_BYTES, Sealed, Sealer};
use crate::identity::keys::refuse_shared;

/// The format that this program writes and reads.
const FORMAT: i64 = 1;
/// Pages that SQLite keeps in memory, KiB: the inner pages of 10 million entries take a third of it.
const PAGES_KIB: i64 = 16 * 1_024;
/// Pages in the write-ahead log when they are moved into the table: 16 MiB.
const LOG_PAGES: i64 = 4_096;
/// The write-ahead log is cut back to this after a large commit, bytes.
const LOG_BYTES_MAX: i64 = 32 << 20;
const FILE_MODE: u32 = 0o600;

const CREATE: &str = "
    -- One row: what the file is.
    CREATE TABLE cache (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        -- The format of the entries.
        format INTEGER NOT NULL,
        -- Derived from the secret, one-way: tells a wrong secret from an empty cache. Identifies nobody.
        key_check BLOB NOT NULL
    ) STRICT;
    -- One row for each identifier that was tokenised. Replaced when its token is made anew.
    CREATE TABLE entry (
        -- The first 8 bytes of a keyed hash of the identifier. Identifies nobody without the secret.
        place INTEGER PRIMARY KEY,
        -- Key version, nonce, sealed token, tag. Identifies nobody without the secret.
        sealed BLOB NOT NULL
    ) STRICT;";
const COUNT_TABLES: &str = "SELECT count(*) FROM sqlite_schema";
const FIND_CACHE: &str = "SELECT format, key_check FROM cache WHERE id = 1";
const BEGIN_CACHE: &str = "INSERT INTO cache (id, format, key_check) VALUES (1, ?1, ?2)";
const FIND_ENTRY: &str = "SELECT sealed FROM entry WHERE place = ?1";
const KEEP_ENTRY: &str = "
    INSERT INTO entry (place, sealed) VALUES (?1, ?2)
    ON CONFLICT (place) DO UPDATE SET sealed = excluded.sealed";

/// An open cache file. Nobody else has it open.
pub(super) struct CacheFile {
    // Dropped before the lock: fields are dropped in order.
    connection: Connection,
    path: PathBuf,
    _lock: File,
}

impl CacheFile {
    pub(super) fn open(path: &Path, sealer: &Sealer) -> Result<Self, CacheError> {
        let lock = lock(path)?;
        make_or_check(path)?;
        let failed = |error| of_engine(path, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        restrict(&connection).map_err(failed)?;
        let tables: i64 = connection
            .query_row(COUNT_TABLES, [], |row| row.get(0))
            .map_err(failed)?;
        let is_new = tables == 0;
        let mut file = Self {
            connection,
            path: path.to_owned(),
            _lock: lock,
        };
        if !is_new {
            file.check(sealer)?;
        }
        // Only now is it known to be ours: some other file would have been changed by this.
        configure(&file.connection).map_err(failed)?;
        if is_new {
            file.begin(sealer).map_err(failed)?;
        }
        Ok(file)
    }

    fn begin(&mut self, sealer: &Sealer) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(CREATE)?;
        transaction.execute(BEGIN_CACHE, (FORMAT, sealer.check().as_slice()))?;
        transaction.commit()
    }

    /// Whether the file is a cache of this format, made with this key.
    fn check(&self, sealer: &Sealer) -> Result<(), CacheError> {
        let path = || self.path.clone();
        let row = self
            .connection
            .query_row(FIND_CACHE, [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional();
        let (found, check) = match row {
            Ok(Some(row)) => row,
            Ok(None) => return Err(CacheError::Damaged { path: path() }),
            // No such table or column: another program's database.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                return Err(CacheError::NotACache { path: path() });
            }
            Err(error) => return Err(of_engine(&self.path, error)),
        };
        if found != FORMAT {
            return Err(CacheError::Format {
                path: path(),
                found,
                expected: FORMAT,
            });
        }
        if bool::from(check.as_slice().ct_eq(sealer.check())) {
            Ok(())
        } else {
            Err(CacheError::WrongKey { path: path() })
        }
    }

    /// What is filed for each index, in their order. Looks up in the order of the table, so that a page is read once.
    pub(super) fn find(&mut self, indexes: &[Index]) -> Result<Vec<Option<Sealed>>, CacheError> {
        let mut found = vec![None; indexes.len()];
        self.find_into(indexes, &mut found)
            .map_err(|error| of_engine(&self.path, error))?;
        Ok(found)
    }

    fn find_into(&mut self, indexes: &[Index], found: &mut [Option<Sealed>]) -> rusqlite::Result<()> {
        let mut order: Vec<(i64, &mut Option<Sealed>)> =
            indexes.iter().map(Index::place).zip(found).collect();
        order.sort_unstable_by_key(|(place, _)| *place);
        // One transaction: otherwise each look-up would begin and end one.
        let transaction = self.connection.transaction()?;
        {
            let mut statement = transaction.prepare_cached(FIND_ENTRY)?;
            for (place, slot) in order {
                *slot = statement
                    .query_row([place], |row| {
                        // Anything of another length is damage, and like all damage a miss.
                        Ok(row
                            .get_ref(0)?
                            .as_blob()
                            .ok()
                            .and_then(|blob| blob.try_into().ok()))
                    })
                    .optional()?
                    .flatten();
            }
        }
        transaction.commit()
    }

    /// Files entries in one transaction. Of two for one place the later stays.
    pub(super) fn keep(&mut self, entries: &[(Index, Sealed)]) -> Result<(), CacheError> {
        self.keep_all(entries)
            .map_err(|error| of_engine(&self.path, error))
    }

    fn keep_all(&mut self, entries: &[(Index, Sealed)]) -> rusqlite::Result<()> {
        let mut order: Vec<(i64, &[u8; SEALED_BYTES])> = entries
            .iter()
            .map(|(index, sealed)| (index.place(), sealed))
            .collect();
        // Stable, so that the later of two stays the later.
        order.sort_by_key(|(place, _)| *place);
        let transaction = self.connection.transaction()?;
        {
            let mut statement = transaction.prepare_cached(KEEP_ENTRY)?;
            for (place, sealed) in order {
                let rows = statement.execute((place, sealed.as_slice()))?;
                if rows != 1 {
                    return Err(rusqlite::Error::StatementChangedRows(rows));
                }
            }
        }
        transaction.commit()
    }
}

/// Takes the lock that keeps a second opener out; the kernel gives it back when the process ends, however it ends.
///
/// On a file beside the cache, because POSIX forgets SQLite's own locks as soon as anybody in the process closes the
/// database file.
fn lock(path: &Path) -> Result<File, CacheError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let disk = |source: std::io::Error| CacheError::Disk {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .open(PathBuf::from(name))
        .map_err(disk)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(CacheError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(disk(source)),
    }
}

/// Makes the file for its owner alone, or refuses one that others can use. SQLite gives its companions the same mode.
fn make_or_check(path: &Path) -> Result<(), CacheError> {
    if path.is_dir() {
        return Err(CacheError::NotACache {
            path: path.to_owned(),
        });
    }
    let made = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(refuse_shared(path)?),
        Err(source) => Err(CacheError::Disk {
            path: path.to_owned(),
            source: Box::new(source),
        }),
    }
}

/// What holds before the first look into a file that somebody may have prepared: its schema runs nothing of its own.
fn restrict(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -PAGES_KIB)?;
    // Held until the connection closes, and no shared memory beside the file.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_MAX)
}

/// What SQLite says went wrong, in the cache's words.
fn of_engine(path: &Path, error: rusqlite::Error) -> CacheError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => CacheError::InUse { path },
        Some(ErrorCode::DatabaseCorrupt) => CacheError::Damaged { path },
        Some(ErrorCode::NotADatabase) => CacheError::NotACache { path },
        Some(
            ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen,
        ) => CacheError::Disk {
            path,
            source: Box::new(error),
        },
        Some(_) | None => CacheError::Engine {
            path,
            source: Box::new(error),
        },
    }
}
