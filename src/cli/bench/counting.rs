//! What a snapshot's raw figures cost: counted through the store as the service does it, beside plain scans of the same
//! rows by nothing but the driver.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::NaiveDate;

use super::report::Growth;
use crate::domain::clock::{Clock as _, SystemClock};
use crate::domain::date::{BusinessZone, days_after, days_before};
use crate::domain::statistics::{ShownStatistics, SnapshotKey, Terms};
use crate::store::Store;
use crate::store::audit_log::LeaseHolder;
use crate::store::floor::Floor;
use crate::store::statistics_book::{SnapshotLease, SnapshotTask};

/// Who works on snapshots.
const HOLDER: LeaseHolder = LeaseHolder([0; 16]);
/// Seconds of the lease: nobody else is there.
const LEASE_SECONDS: i64 = 3_600;
/// Days to the snapshot that is compared with the first: another month.
const MONTH_DAYS: u32 = 35;
/// Plain scans; the least disturbed counts.
const SCANS: usize = 3;

/// How long it took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    /// The first snapshot, with nothing before it.
    pub first: Duration,
    /// The next one, compared with it.
    pub next: Duration,
}

/// Counts the market twice, as of yesterday and of a month later.
pub(super) async fn count(store: &dyn Store, today: NaiveDate) -> anyhow::Result<Counted> {
    let yesterday = days_before(today, 1);
    Ok(Counted {
        first: count_once(store, yesterday).await?,
        next: count_once(store, days_after(yesterday, MONTH_DAYS)).await?,
    })
}

async fn count_once(store: &dyn Store, as_of: NaiveDate) -> anyhow::Result<Duration> {
    let task = take_up(store, as_of).await?;
    let terms = Terms {
        as_of,
        previous: task.previous.map(|previous| previous.as_of),
        zone: BusinessZone::default(),
        lowest_edges: BTreeMap::new(),
    };
    let begun = Instant::now();
    store.count_market(task, terms).await?;
    let taken = begun.elapsed();
    // Of what is published only that it is matters here.
    let nothing = ShownStatistics {
        as_of,
        subjects: 0,
        positions: 0,
        lenders: 0,
        tables: Vec::new(),
    };
    published(store, task.key, &nothing).await?;
    Ok(taken)
}

/// Asks for a snapshot and takes it up.
pub(super) async fn take_up(store: &dyn Store, as_of: NaiveDate) -> anyhow::Result<SnapshotTask> {
    let now = SystemClock.now();
    let lease = SnapshotLease {
        holder: HOLDER,
        now,
        until: now.plus_seconds(LEASE_SECONDS),
    };
    store.schedule_snapshot(as_of, now).await?;
    let task = store.take_snapshot(lease).await?;
    task.context("the bench's snapshot is not to be had")
}

/// Publishes what was taken up.
pub(super) async fn published(
    store: &dyn Store,
    key: SnapshotKey,
    statistics: &ShownStatistics,
) -> anyhow::Result<()> {
    let published = store.publish_snapshot(key, HOLDER, statistics, [0; 32]).await?;
    anyhow::ensure!(published, "the bench's snapshot was taken away");
    Ok(())
}

/// Lines of the report: the raw snapshots in units of the plain scans.
pub(super) fn lines(counted: &Counted, floor: &mut dyn Floor) -> anyhow::Result<Vec<Growth>> {
    let mut scanned = Duration::MAX;
    for _ in 0..SCANS {
        let begun = Instant::now();
        floor.scan()?;
        scanned = scanned.min(begun.elapsed());
    }
    let goal = floor.scan_goal();
    let line = |what: &str, taken: Duration| Growth {
        name: format!(
            "{what} ({:.2} s) ÷ {} ({:.2} s)",
            taken.as_secs_f64(),
            goal.of,
            scanned.as_secs_f64()
        ),
        figure: taken.as_secs_f64() / scanned.as_secs_f64(),
        goal: goal.text,
    };
    Ok(vec![
        line("raw snapshot", counted.first),
        line("raw snapshot with one before", counted.next),
    ])
}
