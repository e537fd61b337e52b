//! The regulator's window: snapshots of the market, and what is published of them.
//!
//! Raw figures exist only between the count and the disclosure control, in the hands of one [`worker`]; everything else of
//! this room, and everybody it serves, has published tables alone.

mod by_member;
pub mod protect;
pub mod worker;

use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::caller::Caller;
use crate::domain::clock::SharedEntropy;
use crate::domain::currency::Currency;
use crate::domain::statistics::{Published, ShownTable, Snapshot, SnapshotKey, SnapshotState};
use crate::domain::unit::{Accepted, Action, RequestKey, Write};
use crate::store::{ApplyError, Store, StoreError};

/// The most snapshots of a series: the newest of them.
pub const SERIES_MAX: u32 = 400;

/// The room.
#[derive(Clone)]
pub struct Window {
    store: Arc<dyn Store>,
    entropy: SharedEntropy,
}

/// Which table of which snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which table.
    pub published: Published,
    /// Of its amounts; `None` where it counts.
    pub currency: Option<Currency>,
    /// Of the snapshot of this date, or the last one of a series.
    pub as_of: NaiveDate,
    /// Of the latest versions of all dates from here on.
    pub from: Option<NaiveDate>,
    /// Of this version; `None`: the latest published one.
    pub version: Option<u32>,
}

impl Window {
    /// The room over a store.
    pub fn new(store: Arc<dyn Store>, entropy: SharedEntropy) -> Self {
        Self { store, entropy }
    }

    /// Asks for a snapshot: durable on return, computed afterwards.
    ///
    /// # Errors
    /// The store failed, or the request id was used for something else.
    pub async fn create(
        &self,
        caller: &Caller,
        request: RequestKey,
        as_of: NaiveDate,
    ) -> Result<Accepted, ApplyError> {
        let write = Write::by(caller, Some(request), &*self.entropy, Action::Snapshot { as_of });
        self.store.apply(write).await
    }

    /// Up to `limit` snapshots, newest first, that come behind `after`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, after: Option<SnapshotKey>, limit: u32) -> Result<Vec<Snapshot>, StoreError> {
        self.store.list_snapshots(after, limit).await
    }

    /// The latest published version of each date, newest first, up to `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn published(&self, limit: u32) -> Result<Vec<Snapshot>, StoreError> {
        let (first, last) = (NaiveDate::MIN, NaiveDate::MAX);
        let keys = self.store.published_snapshots(first, last, limit).await?;
        let mut found = Vec::new();
        for key in keys.into_iter().rev() {
            found.extend(self.store.find_snapshot(key.as_of, Some(key.version)).await?);
        }
        Ok(found)
    }

    /// A snapshot, the latest version of its date unless one is named.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(&self, as_of: NaiveDate, version: Option<u32>) -> Result<Option<Snapshot>, StoreError> {
        self.store.find_snapshot(as_of, version).await
    }

    /// Published tables, oldest first: of one snapshot, or of a series; what is not published is not there.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tables(&self, wanted: &Wanted) -> Result<Vec<(SnapshotKey, ShownTable)>, StoreError> {
        let keys = if let Some(version) = wanted.version {
            let found = self.store.find_snapshot(wanted.as_of, Some(version)).await?;
            let published = found.filter(|snapshot| snapshot.state == SnapshotState::Published);
            published.map(|snapshot| snapshot.key).into_iter().collect()
        } else {
            let from = wanted.from.unwrap_or(wanted.as_of);
            self.store
                .published_snapshots(from, wanted.as_of, SERIES_MAX)
                .await?
        };
        self.store
            .find_tables(&keys, wanted.published, wanted.currency)
            .await
    }

    /// The currencies of which a snapshot has amounts.
    ///
    /// # Errors
    /// The store failed.
    pub async fn currencies(&self, key: SnapshotKey) -> Result<Vec<Currency>, StoreError> {
        self.store.snapshot_currencies(key).await
    }
}
