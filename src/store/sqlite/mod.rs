//! The embedded engine: one file, one writing thread, readers apart.
//!
//! rusqlite, not sqlx: the C library in line costs a sixth of a query through channels and thread hops, and the writer
//! decides a whole group between two statements. Nothing outside this folder knows either.

mod audit;
mod batches;
mod changes;
mod checkpointer;
mod conduct;
pub mod copy;
mod failure;
pub mod floor;
mod flush;
mod judged;
mod load;
mod market;
mod member_book;
mod members;
pub mod migrate;
mod offline;
mod open;
mod parameters;
mod readers;
mod reads;
mod reservations;
mod statement;
mod statistics;
mod turns;
mod usage;
mod writer;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use async_trait::async_trait;
use chrono::NaiveDate;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use self::checkpointer::Checkpointer;
use self::failure::{Failure, Outcome};
use self::readers::Readers;
use self::writer::{Job, Writer};
use super::audit_log::{
    AuditLog, Batch, Head, LeafRow, LeaseHolder, OpeningRow, StoredCheckpoint, WaitingLeaf,
};
use super::migrations::SQLITE;
use super::{ApplyError, Holdings, KeyChecks, Store, StoreError, StoredPosition, StoredVersion};
use crate::audit::Node;
use crate::domain::clock::SharedClock;
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::member::Member;
use crate::domain::names::{AccountNo, AccountRef, MemberNo, TokenId};
use crate::domain::token::Pseudonym;
use crate::domain::unit::working_set::MarketRules;
use crate::domain::unit::{Accepted, Write};

/// How an embedded database is opened.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// Threads that read, 1 to 16.
    pub readers: usize,
    /// Largest size of the database in pages of 4 KiB; `None`: the disk decides.
    pub pages_max: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 2,
            pages_max: None,
        }
    }
}

/// An embedded database. Dropping it waits for the group in hand.
pub struct SqliteStore {
    path: PathBuf,
    jobs: Sender<Job>,
    readers: Readers,
    writer: Mutex<Option<JoinHandle<()>>>,
    _checkpointer: Option<Checkpointer>,
}

impl SqliteStore {
    /// Opens a database file, made and migrated if there is none.
    ///
    /// # Errors
    /// [`StoreError::SchemaVersion`] when another version of the program made it; [`StoreError::Disk`] when the file
    /// cannot be opened or written.
    pub fn open(
        path: &Path,
        clock: SharedClock,
        rules: Arc<MarketRules>,
        options: SqliteOptions,
    ) -> Result<Self, StoreError> {
        let mut connection = open::writer(path).map_err(StoreError::from)?;
        migrate::create_or_check(&mut connection, clock.now().micros())?;
        if let Some(pages) = options.pages_max {
            connection
                .pragma_update(None, "max_page_count", pages)
                .map_err(Failure::from)?;
        }
        let writer = Writer::new(connection, clock, rules).map_err(StoreError::from)?;
        let readers = Readers::start(path, options.readers.clamp(1, 16))?;
        let (jobs, waiting) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(|error| StoreError::Engine(Box::new(error)))?;
        let checkpointer = Checkpointer::start(path, jobs.clone())?;
        Ok(Self {
            path: path.to_owned(),
            jobs,
            readers,
            writer: Mutex::new(Some(thread)),
            _checkpointer: Some(checkpointer),
        })
    }

    /// Opens an existing database beside the service that writes it: reads answer, everything else is refused as
    /// unavailable. Changes nothing.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        migrate::status(path)?.serves(SQLITE)?;
        // Nobody listens: what is to be written finds its channel closed.
        let (jobs, _) = mpsc::channel();
        let readers = Readers::start(path, SqliteOptions::default().readers)?;
        Ok(Self {
            path: path.to_owned(),
            jobs,
            readers,
            writer: Mutex::new(None),
            _checkpointer: None,
        })
    }

    /// Runs something rare on the writing connection, in a transaction of its own.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let task = Box::new(move |connection: Result<&mut Connection, StoreError>| {
            let done =
                connection.and_then(|connection| transacted(connection, work).map_err(StoreError::from));
            // A caller that went away cancels nothing.
            let _ = reply.send(done);
        });
        self.jobs
            .send(Job::Run(task))
            .map_err(|_| StoreError::Unavailable)?;
        answer.await.map_err(|_| StoreError::Unavailable)?
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(work).await
    }
}

fn transacted<T>(connection: &mut Connection, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The thread ends after the group in hand; if it is gone already, there is nothing to wait for.
        let _ = self.jobs.send(Job::Stop);
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn apply(&self, write: Write) -> Result<Accepted, ApplyError> {
        let (reply, answer) = oneshot::channel();
        self.jobs
            .send(Job::Apply(Box::new(write), reply))
            .map_err(|_| StoreError::Unavailable)?;
        answer.await.map_err(|_| StoreError::Unavailable)?
    }

    async fn find_position(
        &self,
        member_no: MemberNo,
        account_ref: &AccountRef,
    ) -> Result<Option<StoredPosition>, StoreError> {
        let account_ref = account_ref.clone();
        self.read(move |connection| reads::find_position(connection, member_no, &account_ref))
            .await
    }

    async fn list_positions(
        &self,
        member_no: MemberNo,
        before: Option<AccountNo>,
        limit: u32,
        open_only: bool,
    ) -> Result<Vec<StoredPosition>, StoreError> {
        self.read(move |connection| reads::list_positions(connection, member_no, before, limit, open_only))
            .await
    }

    async fn list_versions(
        &self,
        member_no: MemberNo,
        account_ref: &AccountRef,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<Vec<StoredVersion>>, StoreError> {
        let account_ref = account_ref.clone();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.read(move |connection| reads::list_versions(connection, member_no, &account_ref, before, limit))
            .await
    }

    async fn sealed_tokens(&self, tokens: &[TokenId]) -> Result<BTreeMap<TokenId, Pseudonym>, StoreError> {
        let tokens = tokens.to_vec();
        self.read(move |connection| reads::sealed_tokens(connection, &tokens))
            .await
    }

    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.read(members::all).await
    }

    async fn registry_generation(&self) -> Result<i64, StoreError> {
        self.read(|connection| members::GENERATION.get(connection, [], |row| Ok(row.get(0)?)))
            .await
    }

    async fn evaluations_used(&self, member_no: MemberNo, day: NaiveDate) -> Result<u64, StoreError> {
        let day = to_epoch_days(day);
        self.read(move |connection| reads::evaluations_used(connection, member_no, day))
            .await
    }

    async fn key_checks(&self) -> Result<KeyChecks, StoreError> {
        self.read(reads::key_checks).await
    }

    async fn put_key_checks(&self, checks: &KeyChecks) -> Result<(), StoreError> {
        let checks = checks.clone();
        self.write(move |connection| reads::put_key_checks(connection, &checks))
            .await
    }

    async fn holdings(&self) -> Result<Holdings, StoreError> {
        self.read(reads::holdings).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        // An empty transaction still takes the write lock.
        self.write(|_| Ok(())).await?;
        self.registry_generation().await.map(|_| ())
    }
}

#[async_trait]
impl AuditLog for SqliteStore {
    async fn head(&self) -> Result<Head, StoreError> {
        self.read(audit::head).await
    }

    async fn waiting(&self, limit: u32) -> Result<Vec<WaitingLeaf>, StoreError> {
        self.read(move |connection| audit::waiting(connection, limit))
            .await
    }

    async fn append(&self, batch: Batch) -> Result<(), StoreError> {
        self.write(move |connection| audit::append(connection, &batch))
            .await
    }

    async fn hold_lease(
        &self,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| audit::hold_lease(connection, holder, now, until))
            .await
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<LeafRow>, StoreError> {
        self.read(move |connection| audit::leaves(connection, &range))
            .await
    }

    async fn openings(&self, range: Range<u64>) -> Result<Vec<OpeningRow>, StoreError> {
        self.read(move |connection| audit::openings(connection, &range))
            .await
    }

    async fn nodes(&self, level: u8, range: Range<u64>) -> Result<Vec<Node>, StoreError> {
        self.read(move |connection| audit::nodes(connection, level, &range))
            .await
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.read(move |connection| audit::checkpoints(connection, after, limit))
            .await
    }
}

#[cfg(test)]
mod tests;
