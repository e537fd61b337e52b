//! PostgreSQL: any number of servers on one database, each statement for many subjects at once.
//!
//! tokio-postgres, not sqlx: it sends statements without waiting for the answers between them, so that a group of writes
//! costs four round trips whatever it holds. Nothing outside this folder knows it. What keeps several servers right is a
//! lock row for each subject, taken in order before anything about the subject is read for a decision.

mod address;
mod aggregates;
mod aside;
mod audit;
mod batches;
mod cells;
mod changes;
mod conduct;
pub mod copy;
mod counts;
pub mod distribution;
mod expiry;
mod failure;
mod find;
pub mod floor;
mod flush;
mod group;
mod judged;
mod load;
mod locks;
mod market;
mod member_book;
mod members;
pub mod migrate;
mod moves;
mod numbers;
mod offline;
mod pool;
mod reads;
mod reservations;
pub mod scratch;
mod statement;
mod statistics;
mod usage;
mod writer;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures::FutureExt as _;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

pub use self::address::{Address, AddressError};
use self::aside::Aside;
use self::expiry::Expiry;
use self::failure::Failure;
pub use self::pool::PostgresOptions;
use self::writer::{Job, Jobs, Queue, Shared, Writer};
use super::audit_log::{
    AuditLog, Batch, Head, LeafRow, LeaseHolder, OpeningRow, StoredCheckpoint, WaitingLeaf,
};
use super::migrations::POSTGRES;
use super::{ApplyError, Holdings, KeyChecks, Store, StoreError, StoredPosition, StoredVersion};
use crate::audit::Node;
use crate::domain::clock::{SharedClock, SharedEntropy};
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::member::Member;
use crate::domain::names::{AccountNo, AccountRef, MemberNo, TokenId};
use crate::domain::token::Pseudonym;
use crate::domain::unit::working_set::MarketRules;
use crate::domain::unit::{Accepted, Write};
use crate::store::group::Instants;
use numbers::Blocks;

/// A PostgreSQL database. Dropping it waits for the groups in hand and closes every connection.
pub struct PostgresStore {
    /// `None` once dropped, and of a store that only reads: that ends the writers.
    queues: Option<Queues>,
    aside: Aside,
    /// A snapshot is counted on a connection of its own: nobody waits for it.
    counting: Aside,
    writers: Mutex<Vec<JoinHandle<()>>>,
}

/// What waits for which writers. Calls and chunks of batches have writers of their own, so that a call waits for a chunk only
/// if they share a subject; what becomes of both at once is settled by the database's locks, as between servers.
struct Queues {
    calls: Queue,
    chunks: Queue,
}

impl PostgresStore {
    /// Opens a database whose schema is this program's.
    ///
    /// # Errors
    /// [`StoreError::SchemaVersion`] when it has another schema, or none; [`StoreError::Unavailable`] when it cannot be
    /// reached; [`StoreError::Engine`] when it does not let us in.
    pub async fn open(
        address: &Address,
        clock: SharedClock,
        entropy: SharedEntropy,
        rules: Arc<MarketRules>,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        let mut store = Self::open_read_only(address, options).await?;
        let last = store
            .aside
            .read(|session| audit::last_instant(session).boxed())
            .await?;
        let shared = Arc::new(Shared {
            expiry: Expiry::from(clock.now()),
            clock,
            entropy,
            rules,
            options,
            instants: Mutex::new(Instants::after(last)),
            blocks: tokio::sync::Mutex::new(Blocks::default()),
        });
        let mut threads = Vec::new();
        let mut queue = |of: &str| {
            let (queue, waiting) = mpsc::unbounded_channel();
            let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
            for number in 0..options.writers.max(1) {
                let writer = Writer::new(shared.clone(), pool::pool(address, &options, 1)?);
                let name = format!("store-{of}-{number}");
                threads.push(start(name, writer, waiting.clone())?);
            }
            Ok::<_, StoreError>(queue)
        };
        store.queues = Some(Queues {
            calls: queue("calls")?,
            chunks: queue("chunks")?,
        });
        store.writers = Mutex::new(threads);
        Ok(store)
    }

    /// Opens a database beside the services that write it: reads answer, everything else is refused as unavailable.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_read_only(address: &Address, options: PostgresOptions) -> Result<Self, StoreError> {
        let pool = pool::pool(address, &options, options.readers.max(1))?;
        migrate::status_in(&pool)
            .await
            .map_err(Failure::at_start)?
            .serves(POSTGRES)?;
        Ok(Self {
            queues: None,
            aside: Aside::new(pool, &options),
            counting: Aside::new(pool::pool(address, &options, 1)?, &options),
            writers: Mutex::default(),
        })
    }
}

/// What of a server's settings an operator should worry about; empty: nothing.
///
/// # Errors
/// When it cannot be reached.
pub async fn worries(address: &Address, options: &PostgresOptions) -> Result<Vec<String>, StoreError> {
    let pool = pool::pool(address, options, 1)?;
    let session = pool::session(&pool).await.map_err(Failure::at_start)?;
    let mut worries = reads::weak_settings(&session).await.map_err(StoreError::from)?;
    let talkative = reads::talkative_settings(&session).await;
    worries.extend(talkative.map_err(StoreError::from)?);
    if address.is_plain() && !address.is_local() {
        let text = "the way to the database is not encrypted: use sslmode=verify-full with sslrootcert=FILE";
        worries.push(text.to_owned());
    }
    Ok(worries)
}

/// A thread with a runtime of its own: what a group waits for wakes nobody but itself.
fn start(name: String, writer: Writer, jobs: Jobs) -> Result<JoinHandle<()>, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    std::thread::Builder::new()
        .name(name)
        .spawn(move || runtime.block_on(writer.run(jobs)))
        .map_err(|error| StoreError::Engine(Box::new(error)))
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.queues = None;
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in writers.drain(..) {
            // A thread that panicked is gone; its connection is closed either way.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn apply(&self, write: Write) -> Result<Accepted, ApplyError> {
        let (reply, answer) = oneshot::channel();
        let write = Box::new(write);
        let queues = self.queues.as_ref().ok_or(StoreError::Unavailable)?;
        let queue = if write.is_heavy() {
            &queues.chunks
        } else {
            &queues.calls
        };
        queue
            .send(Job { write, reply })
            .map_err(|_| StoreError::Unavailable)?;
        answer.await.map_err(|_| StoreError::Unavailable)?
    }

    async fn find_position(
        &self,
        member_no: MemberNo,
        account_ref: &AccountRef,
    ) -> Result<Option<StoredPosition>, StoreError> {
        let account_ref = Arc::new(account_ref.clone());
        self.aside
            .read(move |session| {
                let account_ref = account_ref.clone();
                async move { reads::find_position(session, member_no, &account_ref).await }.boxed()
            })
            .await
    }

    async fn list_positions(
        &self,
        member_no: MemberNo,
        before: Option<AccountNo>,
        limit: u32,
        open_only: bool,
    ) -> Result<Vec<StoredPosition>, StoreError> {
        self.aside
            .read(move |session| reads::list_positions(session, member_no, before, limit, open_only).boxed())
            .await
    }

    async fn list_versions(
        &self,
        member_no: MemberNo,
        account_ref: &AccountRef,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<Vec<StoredVersion>>, StoreError> {
        let account_ref = Arc::new(account_ref.clone());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.aside
            .read(move |session| {
                let account_ref = account_ref.clone();
                async move { reads::list_versions(session, member_no, &account_ref, before, limit).await }
                    .boxed()
            })
            .await
    }

    async fn sealed_tokens(&self, tokens: &[TokenId]) -> Result<BTreeMap<TokenId, Pseudonym>, StoreError> {
        let tokens: Arc<[TokenId]> = tokens.into();
        self.aside
            .read(move |session| {
                let tokens = tokens.clone();
                async move { reads::sealed_tokens(session, &tokens).await }.boxed()
            })
            .await
    }

    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.aside.read(|session| members::all(session).boxed()).await
    }

    async fn registry_generation(&self) -> Result<i64, StoreError> {
        self.aside
            .read(|session| members::generation(session).boxed())
            .await
    }

    async fn evaluations_used(&self, member_no: MemberNo, day: NaiveDate) -> Result<u64, StoreError> {
        let day = i64::from(to_epoch_days(day));
        self.aside
            .read(move |session| reads::evaluations_used(session, member_no, day).boxed())
            .await
    }

    async fn key_checks(&self) -> Result<KeyChecks, StoreError> {
        self.aside
            .read(|session| reads::key_checks(session).boxed())
            .await
    }

    async fn put_key_checks(&self, checks: &KeyChecks) -> Result<(), StoreError> {
        let checks = Arc::new(checks.clone());
        self.aside
            .write(move |session| {
                let checks = checks.clone();
                async move { reads::put_key_checks(session, &checks).await }.boxed()
            })
            .await
    }

    async fn holdings(&self) -> Result<Holdings, StoreError> {
        self.aside.read(|session| reads::holdings(session).boxed()).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.aside
            .try_out(|session| reads::try_to_write(session).boxed())
            .await
    }
}

#[async_trait]
impl AuditLog for PostgresStore {
    async fn head(&self) -> Result<Head, StoreError> {
        self.aside.read(|session| audit::head(session).boxed()).await
    }

    async fn waiting(&self, limit: u32) -> Result<Vec<WaitingLeaf>, StoreError> {
        self.aside
            .read(move |session| audit::waiting(session, limit).boxed())
            .await
    }

    async fn append(&self, batch: Batch) -> Result<(), StoreError> {
        let batch = Arc::new(batch);
        self.aside
            .write(move |session| {
                let batch = batch.clone();
                async move { audit::append(session, &batch).await }.boxed()
            })
            .await
    }

    async fn hold_lease(
        &self,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.aside
            .write(move |session| audit::hold_lease(session, holder, now, until).boxed())
            .await
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<LeafRow>, StoreError> {
        self.aside
            .read(move |session| {
                let range = range.clone();
                async move { audit::leaves(session, &range).await }.boxed()
            })
            .await
    }

    async fn openings(&self, range: Range<u64>) -> Result<Vec<OpeningRow>, StoreError> {
        self.aside
            .read(move |session| {
                let range = range.clone();
                async move { audit::openings(session, &range).await }.boxed()
            })
            .await
    }

    async fn nodes(&self, level: u8, range: Range<u64>) -> Result<Vec<Node>, StoreError> {
        self.aside
            .read(move |session| {
                let range = range.clone();
                async move { audit::nodes(session, level, &range).await }.boxed()
            })
            .await
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.aside
            .read(move |session| audit::checkpoints(session, after, limit).boxed())
            .await
    }
}

#[cfg(test)]
mod tests;
