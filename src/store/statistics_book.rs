//! Snapshots of the market: who works on one, what is counted, and what was published.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::StoreError;
use super::audit_log::LeaseHolder;
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::statistics::{
    Published, ShownStatistics, ShownTable, Snapshot, SnapshotHead, SnapshotKey, SnapshotState, Statistics,
    Terms,
};

/// A process that works on a snapshot, and until when nobody else takes it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotLease {
    /// Who.
    pub holder: LeaseHolder,
    /// Since when it is said: leases that ended before are nobody's.
    pub now: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A snapshot to be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotTask {
    /// Which one.
    pub key: SnapshotKey,
    /// How often it was begun, this time included.
    pub tries: u32,
    /// The published snapshot that it is compared with: the latest one before its month, in its latest version.
    pub previous: Option<SnapshotKey>,
}

/// The snapshots of a database. All methods may be called at once; each sees what was committed when it starts.
#[async_trait]
pub trait StatisticsBook: Send + Sync + 'static {
    /// Up to `limit` snapshots, newest date first, then highest version, that come behind `after`.
    async fn list_snapshots(
        &self,
        after: Option<SnapshotKey>,
        limit: u32,
    ) -> Result<Vec<Snapshot>, StoreError>;

    /// A snapshot of a date, the latest version unless one is named.
    async fn find_snapshot(
        &self,
        as_of: NaiveDate,
        version: Option<u32>,
    ) -> Result<Option<Snapshot>, StoreError>;

    /// The latest published version of each date from `from` to `to`, oldest first, up to `limit` of the newest.
    async fn published_snapshots(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        limit: u32,
    ) -> Result<Vec<SnapshotKey>, StoreError>;

    /// Tables of one kind of published snapshots; those that have none of it are left out.
    async fn find_tables(
        &self,
        snapshots: &[SnapshotKey],
        published: Published,
        currency: Option<Currency>,
    ) -> Result<Vec<(SnapshotKey, ShownTable)>, StoreError>;

    /// The currencies of which a published snapshot has amounts.
    async fn snapshot_currencies(&self, key: SnapshotKey) -> Result<Vec<Currency>, StoreError>;

    /// All that is published of a snapshot; `None` when it is not published.
    async fn published_statistics(&self, key: SnapshotKey) -> Result<Option<ShownStatistics>, StoreError>;

    /// Asks for the first snapshot of a date; false when there is one, whatever became of it.
    async fn schedule_snapshot(&self, as_of: NaiveDate, at: Timestamp) -> Result<bool, StoreError>;

    /// Takes up the snapshot that waits longest; `None` when nothing waits or somebody works: one is computed at a time.
    /// What an earlier try left of it is removed.
    async fn take_snapshot(&self, lease: SnapshotLease) -> Result<Option<SnapshotTask>, StoreError>;

    /// Says that the work goes on, and how far it is; false when it is no longer the holder's.
    async fn hold_snapshot(
        &self,
        key: SnapshotKey,
        lease: SnapshotLease,
        state: SnapshotState,
    ) -> Result<bool, StoreError>;

    /// Counts the market as of the task's date, all from one state, in memory that does not grow with it; and keeps where
    /// each position stands for the snapshot that follows.
    async fn count_market(&self, task: SnapshotTask, terms: Terms) -> Result<Statistics, StoreError>;

    /// Publishes a snapshot; false when it is no longer the holder's. What no later snapshot will be compared with is
    /// forgotten.
    async fn publish_snapshot(
        &self,
        key: SnapshotKey,
        holder: LeaseHolder,
        statistics: &ShownStatistics,
        digest: [u8; 32],
    ) -> Result<bool, StoreError>;
}

/// Tries after which a snapshot has failed for good.
pub(super) const TRIES_MAX: u32 = 5;
/// Months for which is kept where positions stood at the last snapshot of each.
pub(super) const CARRY_MONTHS: u32 = 13;

/// A snapshot that is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub key: SnapshotKey,
    pub created_at: Timestamp,
    pub tries: u32,
    pub holder: Option<[u8; 16]>,
    pub until: Timestamp,
}

/// What to do next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// These were begun too often.
    pub failed: Vec<SnapshotKey>,
    /// This one is to be taken up.
    pub taken: Option<Unfinished>,
}

/// Chooses among all that are not finished: none while somebody else works on one.
pub(super) fn choose(mut unfinished: Vec<Unfinished>, lease: &SnapshotLease) -> Choice {
    let holder = Some(lease.holder.0);
    let is_busy = |one: &Unfinished| one.holder.is_some() && one.holder != holder && one.until > lease.now;
    if unfinished.iter().any(is_busy) {
        return Choice::default();
    }
    unfinished.sort_by_key(|one| (one.created_at, one.key));
    let (failed, waiting): (Vec<_>, Vec<_>) = unfinished.into_iter().partition(|one| one.tries >= TRIES_MAX);
    Choice {
        failed: failed.into_iter().map(|one| one.key).collect(),
        taken: waiting.into_iter().next(),
    }
}

/// The head of what is published.
pub(super) const fn head_of(statistics: &ShownStatistics, digest: [u8; 32]) -> SnapshotHead {
    SnapshotHead {
        subjects: statistics.subjects,
        positions: statistics.positions,
        lenders: statistics.lenders,
        digest,
    }
}

/// All that was published, in the order of its digest.
pub(super) fn whole_of(
    key: SnapshotKey,
    head: &SnapshotHead,
    mut tables: Vec<ShownTable>,
) -> ShownStatistics {
    let order: Vec<Published> = Published::every().collect();
    tables.sort_by_key(|table| {
        let place = order.iter().position(|published| *published == table.published);
        (place, table.currency)
    });
    ShownStatistics {
        as_of: key.as_of,
        subjects: head.subjects,
        positions: head.positions,
        lenders: head.lenders,
        tables,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn waiting(as_of: &str, created_at: i64) -> Unfinished {
        Unfinished {
            key: SnapshotKey {
                as_of: day(as_of),
                version: 1,
            },
            created_at: Timestamp::from_micros(created_at),
            tries: 0,
            holder: None,
            until: Timestamp::from_micros(0),
        }
    }

    const ME: SnapshotLease = SnapshotLease {
        holder: LeaseHolder([1; 16]),
        now: Timestamp::from_micros(1_000),
        until: Timestamp::from_micros(2_000),
    };

    #[test]
    fn what_waits_longest_is_taken_up() {
        let (older, newer) = (waiting("2026-03-31", 5), waiting("2026-01-31", 6));
        assert_eq!(choose(vec![newer, older], &ME).taken, Some(older));
        assert_eq!(choose(vec![], &ME), Choice::default());
    }

    #[test]
    fn nothing_is_taken_up_while_somebody_else_works_and_everything_when_its_lease_is_over() {
        let mut held = waiting("2026-03-31", 5);
        held.holder = Some([2; 16]);
        held.until = Timestamp::from_micros(1_001);
        let other = waiting("2026-01-31", 6);
        assert_eq!(choose(vec![held, other], &ME), Choice::default());
        held.until = ME.now;
        assert_eq!(choose(vec![held, other], &ME).taken, Some(held));
        held.holder = Some(ME.holder.0);
        held.until = ME.until;
        assert_eq!(choose(vec![held, other], &ME).taken, Some(held), "one's own");
    }

    #[test]
    fn what_was_begun_too_often_has_failed() {
        let mut broken = waiting("2026-03-31", 5);
        broken.tries = TRIES_MAX;
        let other = waiting("2026-01-31", 6);
        let choice = choose(vec![broken, other], &ME);
        assert_eq!(choice.failed, vec![broken.key]);
        assert_eq!(choice.taken, Some(other));
    }
}
