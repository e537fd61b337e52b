//! The embedded engine: how the suite opens it, and what can only be asked of a database that is a file.

mod crash;
mod faults;
mod size;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tallystick::cli::place::DATABASE_FILE;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::store::sqlite::{SqliteOptions, SqliteStore};
use tallystick::store::{Store, StoreError};

use super::engine::{Engine, ManualClock};

/// A database file in a folder of its own.
pub struct Sqlite {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    options: SqliteOptions,
}

impl Sqlite {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            clock: ManualClock::at_start(),
            options: SqliteOptions::default(),
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join(DATABASE_FILE)
    }

    fn try_open(&self, rules: MarketRules) -> Result<SqliteStore, StoreError> {
        open(&self.path(), self.clock.clone(), rules, self.options)
    }

    /// Runs SQL on the file behind the store's back.
    fn tamper(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.path()).expect("the database opens");
        connection.execute_batch(sql).expect(sql);
    }
}

fn open(
    path: &Path,
    clock: tallystick::domain::clock::SharedClock,
    rules: MarketRules,
    options: SqliteOptions,
) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, clock, Arc::new(rules), options)
}

#[async_trait]
impl Engine for Sqlite {
    async fn open(&self, rules: MarketRules) -> Arc<dyn Store> {
        Arc::new(self.try_open(rules).expect("the database opens"))
    }

    fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }
}
