//! Makes the snapshots that were asked for or are due, one at a time across all servers of a database.
//!
//! Everything it needs is read anew for each snapshot, so a crash, a second worker or a lost reply costs a repetition. A
//! lease says who works; whoever loses it stops, and publishing checks it once more. Invariant: raw figures go to the
//! disclosure control, the order of the lenders by their balances to the table that names the largest, and nothing anywhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use chrono::NaiveDate;
use futures::future::{Either, select};
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

use super::by_member::Supervised;
use crate::domain::clock::SharedClock;
use crate::domain::date::to_epoch_days;
use crate::domain::statistics::{Schedule, ShownStatistics, SnapshotKey, SnapshotState, Statistics, Terms};
use crate::domain::unit::working_set::MarketRules;
use crate::store::audit_log::LeaseHolder;
use crate::store::statistics_book::{SnapshotLease, SnapshotTask};
use crate::store::{Store, StoreError};

/// How long a lease outlives its last renewal.
const LEASE_SECONDS: i64 = 60;
/// Time between renewals.
const RENEWAL: Duration = Duration::from_secs(15);

/// Turns raw tables into what may be seen, knowing what was published before.
pub type Protect = Arc<dyn Fn(&Statistics, &[&ShownStatistics]) -> ShownStatistics + Send + Sync>;

/// Makes snapshots.
pub struct Worker {
    store: Arc<dyn Store>,
    clock: SharedClock,
    rules: Arc<MarketRules>,
    schedule: Schedule,
    holder: LeaseHolder,
    protect: Protect,
    /// The date that was seen to last, in days.
    scheduled: AtomicI32,
}

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Nothing waits, or another server works.
    Idle,
    /// A snapshot was published.
    Published(SnapshotKey),
    /// The lease of a snapshot was lost to another server.
    Lost(SnapshotKey),
}

impl Worker {
    /// Over a store. `holder` names this process, as the audit log's does.
    pub fn new(
        store: Arc<dyn Store>,
        clock: SharedClock,
        rules: Arc<MarketRules>,
        schedule: Schedule,
        holder: LeaseHolder,
        protect: Protect,
    ) -> Self {
        Self {
            store,
            clock,
            rules,
            schedule,
            holder,
            protect,
            scheduled: AtomicI32::new(i32::MIN),
        }
    }

    /// Makes what waits at each tick, until there is none; tells what each pass did.
    pub async fn run(&self, ticks: impl Stream<Item = ()> + Send, told: impl Fn(Result<Pass, StoreError>)) {
        let mut ticks = std::pin::pin!(ticks);
        while ticks.next().await.is_some() {
            loop {
                let pass = self.pass().await;
                let again = matches!(pass, Ok(Pass::Published(_)));
                told(pass);
                if !again {
                    break;
                }
            }
        }
    }

    /// Makes one snapshot, if one waits or is due.
    ///
    /// # Errors
    /// The store failed; the snapshot is taken up again, a few times.
    pub async fn pass(&self) -> Result<Pass, StoreError> {
        let now = self.clock.now();
        if let Some(as_of) = self.schedule.due(now, self.rules.zone)
            && self.scheduled.load(Ordering::Relaxed) != to_epoch_days(as_of)
        {
            self.store.schedule_snapshot(as_of, now).await?;
            self.scheduled.store(to_epoch_days(as_of), Ordering::Relaxed);
        }
        let Some(task) = self.store.take_snapshot(self.lease()).await? else {
            return Ok(Pass::Idle);
        };
        let is_counted = AtomicBool::new(false);
        let work = std::pin::pin!(self.make(task, &is_counted));
        let renewals = std::pin::pin!(self.renew(task.key, &is_counted));
        match select(work, renewals).await {
            Either::Left((made, _)) => made,
            Either::Right((lost, _)) => lost.map(|()| Pass::Lost(task.key)),
        }
    }

    fn lease(&self) -> SnapshotLease {
        let now = self.clock.now();
        SnapshotLease {
            holder: self.holder,
            now,
            until: now.plus_seconds(LEASE_SECONDS),
        }
    }

    /// Renews the lease for as long as it is ours.
    async fn renew(&self, key: SnapshotKey, is_counted: &AtomicBool) -> Result<(), StoreError> {
        let mut due = tokio::time::interval(RENEWAL);
        loop {
            due.tick().await;
            let state = match is_counted.load(Ordering::Acquire) {
                false => SnapshotState::Computing,
                true => SnapshotState::Protecting,
            };
            if !self.store.hold_snapshot(key, self.lease(), state).await? {
                return Ok(());
            }
        }
    }

    async fn make(&self, task: SnapshotTask, is_counted: &AtomicBool) -> Result<Pass, StoreError> {
        let terms = Terms {
            as_of: task.key.as_of,
            previous: task.previous.map(|previous| previous.as_of),
            zone: self.rules.zone,
            lowest_edges: self.rules.lowest_edges.clone(),
        };
        // First, so that nothing was counted in vain if it fails.
        let supervised = Supervised::read(&*self.store, self.rules.zone, task.key.as_of).await?;
        let statistics = self.store.count_market(task, terms).await?;
        is_counted.store(true, Ordering::Release);
        let state = SnapshotState::Protecting;
        if !self.store.hold_snapshot(task.key, self.lease(), state).await? {
            return Ok(Pass::Lost(task.key));
        }
        let before = self.published_before(task).await?;
        let protect = self.protect.clone();
        // Long and only thought: not on the threads that serve.
        let protected = tokio::task::spawn_blocking(move || {
            let before: Vec<&ShownStatistics> = before.iter().collect();
            (protect(&statistics, &before), statistics)
        });
        let (mut shown, statistics) = protected.await.map_err(|_| StoreError::Unavailable)?;
        shown.tables.extend(supervised.tables(&statistics, &shown));
        let digest = Sha256::digest(shown.encode()).into();
        let published = self
            .store
            .publish_snapshot(task.key, self.holder, &shown, digest)
            .await?;
        Ok(if published {
            Pass::Published(task.key)
        } else {
            Pass::Lost(task.key)
        })
    }

    /// What somebody can compare it with: the snapshot before its month, the ones before and after its date, and other
    /// versions of the date, oldest first.
    async fn published_before(&self, task: SnapshotTask) -> Result<Vec<ShownStatistics>, StoreError> {
        let date = task.key.as_of;
        let mut keys: Vec<SnapshotKey> = task.previous.into_iter().collect();
        let earlier = date.pred_opt().unwrap_or(NaiveDate::MIN);
        keys.extend(self.store.published_snapshots(NaiveDate::MIN, earlier, 1).await?);
        keys.extend((1..task.key.version).map(|version| SnapshotKey { as_of: date, version }));
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        for key in keys {
            found.extend(self.store.published_statistics(key).await?);
        }
        Ok(found)
    }
}
