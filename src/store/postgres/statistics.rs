//! Snapshots: who works on one, and what is published.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures::FutureExt as _;
use tokio_postgres::Row;

use super::PostgresStore;
use super::cells::Arrays;
use super::failure::Outcome;
use super::market;
use super::statement::{Bound, Session, Statement, statements};
use crate::domain::currency::Currency;
use crate::domain::date::{Timestamp, first_of_month, months_before, to_epoch_days};
use crate::domain::statistics::{
    Published, ShownStatistics, ShownTable, Snapshot, SnapshotHead, SnapshotKey, SnapshotState, Statistics,
    Terms,
};
use crate::domain::unit::Keys;
use crate::store::StoreError;
use crate::store::audit_log::LeaseHolder;
use crate::store::columns::{Columns, Sink as _, whole};
use crate::store::rows::statistics::{self as rows, snapshot_columns};
use crate::store::statistics_book::{
    CARRY_MONTHS, SnapshotLease, SnapshotTask, StatisticsBook, Unfinished, choose, head_of, whole_of,
};

statements! {
    rare
    const LATEST_SNAPSHOTS(1) = concat!("-- latest_snapshots
        SELECT DISTINCT ON (as_of) ", snapshot_columns!(), "
        FROM snapshot
        WHERE as_of = ANY($1::bigint[])
        ORDER BY as_of, version DESC");
    const FIND_SNAPSHOT(2) = concat!("-- find_snapshot
        SELECT ", snapshot_columns!(), "
        FROM snapshot
        WHERE as_of = $1::bigint AND version = $2::bigint");
    const LIST_SNAPSHOTS(3) = concat!("-- list_snapshots
        SELECT ", snapshot_columns!(), "
        FROM snapshot
        WHERE (as_of, version) < ($1::bigint, $2::bigint)
        ORDER BY as_of DESC, version DESC
        LIMIT $3::bigint");
    const PUBLISHED_SNAPSHOTS(4) = "-- published_snapshots
        SELECT as_of, max(version)
        FROM snapshot
        WHERE as_of >= $1::bigint AND as_of <= $2::bigint AND state = $3::bigint
        GROUP BY as_of
        ORDER BY as_of DESC
        LIMIT $4::bigint";
    /// Another server may ask for the same one: then what is on file is looked at again.
    const INSERT_SNAPSHOT(4) = "-- insert_snapshot
        INSERT INTO snapshot (as_of, version, state, created_at, tries, lease_until, kept)
        VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, 0, 0, 0)";
    /// Locked: of several servers one chooses at a time.
    const UNFINISHED(1) = "-- unfinished
        SELECT as_of, version, created_at, tries, lease_holder, lease_until
        FROM snapshot
        WHERE state < $1::bigint
        ORDER BY as_of, version
        FOR UPDATE";
    const TAKE_SNAPSHOT(5) = "-- take_snapshot
        UPDATE snapshot
        SET lease_holder = $3::bytea, lease_until = $4::bigint, tries = tries + 1, state = $5::bigint
        WHERE as_of = $1::bigint AND version = $2::bigint";
    const FAIL_SNAPSHOT(3) = "-- fail_snapshot
        UPDATE snapshot
        SET state = $3::bigint, lease_holder = NULL
        WHERE as_of = $1::bigint AND version = $2::bigint";
    const HOLD_SNAPSHOT(6) = "-- hold_snapshot
        UPDATE snapshot
        SET lease_until = $4::bigint, state = $5::bigint
        WHERE as_of = $1::bigint AND version = $2::bigint AND lease_holder = $3::bytea AND state < $6::bigint";
    /// The one that a month is compared with.
    const SNAPSHOT_BEFORE(1) = "-- snapshot_before
        SELECT as_of, version
        FROM snapshot
        WHERE kept = 1 AND as_of < $1::bigint
        ORDER BY as_of DESC, version DESC
        LIMIT 1";
    const PUBLISH_SNAPSHOT(9) = "-- publish_snapshot
        UPDATE snapshot
        SET state = $4::bigint, kept = 1, subjects = $6::bigint, positions = $7::bigint, lenders = $8::bigint,
            digest = $9::bytea, lease_holder = NULL
        WHERE as_of = $1::bigint AND version = $2::bigint AND lease_holder = $3::bytea AND state < $5::bigint";
    const INSERT_TABLES(6) = "-- insert_tables
        INSERT INTO snapshot_table (as_of, version, indicator, cuts, currency, content)
        SELECT k.as_of, k.version, k.indicator, k.cuts, k.currency, k.content
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
            AS k (as_of, version, indicator, cuts, currency, content)";
    const FIND_TABLES(5) = "-- find_tables
        SELECT as_of, version, indicator, cuts, currency, content
        FROM snapshot_table
        WHERE as_of = ANY($1::bigint[]) AND version = ANY($2::bigint[]) AND indicator = $3 AND cuts = $4 AND currency = $5
        ORDER BY as_of, version";
    const TABLES_OF_SNAPSHOT(2) = "-- tables_of_snapshot
        SELECT indicator, cuts, currency, content
        FROM snapshot_table
        WHERE as_of = $1::bigint AND version = $2::bigint";
    const SNAPSHOT_CURRENCIES(2) = "-- snapshot_currencies
        SELECT DISTINCT currency
        FROM snapshot_table
        WHERE as_of = $1::bigint AND version = $2::bigint AND currency <> ''
        ORDER BY currency";
    const PUT_PART(4) = "-- put_part
        INSERT INTO snapshot_carry (as_of, version, part, entries)
        VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bytea)";
    const DROP_PARTS(2) = "-- drop_parts
        DELETE FROM snapshot_carry
        WHERE as_of = $1::bigint AND version = $2::bigint";
    /// Of a month the last one is kept, and of old months none.
    const NOT_KEPT(4) = "-- not_kept
        SELECT as_of, version
        FROM snapshot
        WHERE kept = 1 AND ((as_of >= $3::bigint AND (as_of, version) < ($1::bigint, $2::bigint)) OR as_of < $4::bigint)";
    const FORGET_SNAPSHOT(2) = "-- forget_snapshot
        UPDATE snapshot
        SET kept = 0
        WHERE as_of = $1::bigint AND version = $2::bigint";
}

/// The first state in which nobody works on a snapshot any more.
const FINAL: i64 = 3;

/// A snapshot's name as it is bound.
fn bound(key: SnapshotKey) -> (i64, i64) {
    (days(key.as_of), i64::from(key.version))
}

fn days(date: NaiveDate) -> i64 {
    i64::from(to_epoch_days(date))
}

fn code(state: SnapshotState) -> i64 {
    i64::from(state.code())
}

/// The latest snapshots of the dates that a group asks for.
pub(super) async fn load(session: &Session, keys: &Keys) -> Outcome<BTreeMap<NaiveDate, Snapshot>> {
    if keys.snapshots.is_empty() {
        return Ok(BTreeMap::new());
    }
    let dates: Vec<i64> = keys.snapshots.iter().copied().map(days).collect();
    let found = LATEST_SNAPSHOTS.all(session, &[&dates], snapshot).await?;
    Ok(found
        .into_iter()
        .map(|snapshot| (snapshot.key.as_of, snapshot))
        .collect())
}

/// Writes a snapshot that was asked for.
pub(super) async fn insert(session: &Session, snapshot: &Snapshot) -> Outcome<()> {
    let (as_of, version) = bound(snapshot.key);
    let (state, at) = (code(snapshot.state), snapshot.created_at.micros());
    INSERT_SNAPSHOT
        .run_exactly(session, 1, &[&as_of, &version, &state, &at])
        .await
}

fn snapshot(row: &Row) -> Outcome<Snapshot> {
    rows::snapshot(&mut Columns::new(row, "snapshot"))
}

fn key(row: &Row) -> Outcome<SnapshotKey> {
    rows::key(&mut Columns::new(row, "snapshot"))
}

fn unfinished(row: &Row) -> Outcome<Unfinished> {
    rows::unfinished(&mut Columns::new(row, "snapshot"))
}

async fn find(session: &Session, as_of: NaiveDate, version: Option<u32>) -> Outcome<Option<Snapshot>> {
    match version {
        Some(version) => {
            let (as_of, version) = (days(as_of), i64::from(version));
            FIND_SNAPSHOT.find(session, &[&as_of, &version], snapshot).await
        }
        None => {
            LATEST_SNAPSHOTS
                .find(session, &[&vec![days(as_of)]], snapshot)
                .await
        }
    }
}

async fn take(session: &Session, lease: &SnapshotLease) -> Outcome<Option<SnapshotTask>> {
    let choice = choose(UNFINISHED.all(session, &[&FINAL], unfinished).await?, lease);
    for failed in choice.failed {
        let (as_of, version) = bound(failed);
        let state = code(SnapshotState::Failed);
        FAIL_SNAPSHOT
            .run_exactly(session, 1, &[&as_of, &version, &state])
            .await?;
        drop_parts(session, failed).await?;
    }
    let Some(taken) = choice.taken else {
        return Ok(None);
    };
    let (as_of, version) = bound(taken.key);
    let (until, state) = (lease.until.micros(), code(SnapshotState::Computing));
    let cells: Bound<'_> = &[&as_of, &version, &&lease.holder.0[..], &until, &state];
    TAKE_SNAPSHOT.run_exactly(session, 1, cells).await?;
    drop_parts(session, taken.key).await?;
    let month = days(first_of_month(taken.key.as_of));
    Ok(Some(SnapshotTask {
        key: taken.key,
        tries: taken.tries + 1,
        previous: SNAPSHOT_BEFORE.find(session, &[&month], key).await?,
    }))
}

/// Forgets what was kept of a snapshot.
pub(super) async fn drop_parts(session: &Session, key: SnapshotKey) -> Outcome<()> {
    let (as_of, version) = bound(key);
    DROP_PARTS.run(session, &[&as_of, &version]).await.map(drop)
}

/// Keeps a part of where positions stood.
pub(super) async fn put_part(session: &Session, key: SnapshotKey, part: i64, entries: &[u8]) -> Outcome<()> {
    let (as_of, version) = bound(key);
    let cells: Bound<'_> = &[&as_of, &version, &part, &entries];
    PUT_PART.run_exactly(session, 1, cells).await
}

async fn publish(
    session: &Session,
    key: SnapshotKey,
    holder: LeaseHolder,
    statistics: &ShownStatistics,
    head: &SnapshotHead,
) -> Outcome<bool> {
    let (as_of, version) = bound(key);
    let (subjects, positions) = (whole(head.subjects), whole(head.positions));
    let lenders = i64::from(head.lenders);
    let cells: Bound<'_> = &[
        &as_of,
        &version,
        &&holder.0[..],
        &FINAL,
        &FINAL,
        &subjects,
        &positions,
        &lenders,
        &&head.digest[..],
    ];
    if PUBLISH_SNAPSHOT.run(session, cells).await? != 1 {
        return Ok(false);
    }
    let tables = Arrays::of(&statistics.tables, |table, sink| {
        let [indicator, cuts, currency] = rows::table_name(table.published, table.currency);
        sink.number(as_of)
            .number(version)
            .text(indicator)
            .text(cuts)
            .text(currency)
            .bytes(rows::table_content(table));
    });
    if !tables.is_empty() {
        INSERT_TABLES
            .run_exactly(session, tables.rows(), &tables.bound())
            .await?;
    }
    let month = first_of_month(key.as_of);
    let oldest = days(months_before(month, CARRY_MONTHS));
    let cells: Bound<'_> = &[&as_of, &version, &days(month), &oldest];
    for forgotten in NOT_KEPT.all(session, cells, self::key).await? {
        let (as_of, version) = bound(forgotten);
        FORGET_SNAPSHOT
            .run_exactly(session, 1, &[&as_of, &version])
            .await?;
        drop_parts(session, forgotten).await?;
    }
    Ok(true)
}

async fn find_tables(
    session: &Session,
    keys: &[SnapshotKey],
    published: Published,
    currency: Option<Currency>,
) -> Outcome<Vec<(SnapshotKey, ShownTable)>> {
    let [indicator, cuts, code] = rows::table_name(published, currency);
    let (dates, versions): (Vec<i64>, Vec<i64>) = keys.iter().copied().map(bound).unzip();
    let cells: Bound<'_> = &[&dates, &versions, &indicator, &cuts, &code];
    let found = FIND_TABLES
        .all(session, cells, |row| {
            let mut columns = Columns::new(row, "snapshot_table");
            Ok((rows::key(&mut columns)?, rows::table(&mut columns)?))
        })
        .await?;
    Ok(found.into_iter().filter(|(key, _)| keys.contains(key)).collect())
}

async fn whole_snapshot(session: &Session, key: SnapshotKey) -> Outcome<Option<ShownStatistics>> {
    let found = find(session, key.as_of, Some(key.version)).await?;
    let Some(head) = found.and_then(|found| found.head) else {
        return Ok(None);
    };
    let (as_of, version) = bound(key);
    let tables = TABLES_OF_SNAPSHOT
        .all(session, &[&as_of, &version], |row| {
            rows::table(&mut Columns::new(row, "snapshot_table"))
        })
        .await?;
    Ok(Some(whole_of(key, &head, tables)))
}

#[async_trait]
impl StatisticsBook for PostgresStore {
    async fn list_snapshots(
        &self,
        after: Option<SnapshotKey>,
        limit: u32,
    ) -> Result<Vec<Snapshot>, StoreError> {
        let (as_of, version) = after.map_or((i64::from(i32::MAX), 0), bound);
        let limit = i64::from(limit);
        self.aside
            .read(move |session| {
                async move {
                    LIST_SNAPSHOTS
                        .all(session, &[&as_of, &version, &limit], snapshot)
                        .await
                }
                .boxed()
            })
            .await
    }

    async fn find_snapshot(
        &self,
        as_of: NaiveDate,
        version: Option<u32>,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.aside
            .read(move |session| find(session, as_of, version).boxed())
            .await
    }

    async fn published_snapshots(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        limit: u32,
    ) -> Result<Vec<SnapshotKey>, StoreError> {
        let (from, to, limit) = (days(from), days(to), i64::from(limit));
        let found = self.aside.read(move |session| {
            async move {
                PUBLISHED_SNAPSHOTS
                    .all(session, &[&from, &to, &FINAL, &limit], key)
                    .await
            }
            .boxed()
        });
        found.await.map(|mut keys| {
            keys.reverse();
            keys
        })
    }

    async fn find_tables(
        &self,
        snapshots: &[SnapshotKey],
        published: Published,
        currency: Option<Currency>,
    ) -> Result<Vec<(SnapshotKey, ShownTable)>, StoreError> {
        let keys: Arc<[SnapshotKey]> = snapshots.into();
        self.aside
            .read(move |session| {
                let keys = keys.clone();
                async move { find_tables(session, &keys, published, currency).await }.boxed()
            })
            .await
    }

    async fn snapshot_currencies(&self, key: SnapshotKey) -> Result<Vec<Currency>, StoreError> {
        let (as_of, version) = bound(key);
        self.aside
            .read(move |session| {
                async move {
                    SNAPSHOT_CURRENCIES
                        .all(session, &[&as_of, &version], |row| {
                            Columns::new(row, "snapshot_table").parsed(Currency::parse)
                        })
                        .await
                }
                .boxed()
            })
            .await
    }

    async fn published_statistics(&self, key: SnapshotKey) -> Result<Option<ShownStatistics>, StoreError> {
        self.aside
            .read(move |session| whole_snapshot(session, key).boxed())
            .await
    }

    async fn schedule_snapshot(&self, as_of: NaiveDate, at: Timestamp) -> Result<bool, StoreError> {
        self.aside
            .write(move |session| {
                async move {
                    if find(session, as_of, None).await?.is_some() {
                        return Ok(false);
                    }
                    insert(session, &Snapshot::first(as_of, at)).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    async fn take_snapshot(&self, lease: SnapshotLease) -> Result<Option<SnapshotTask>, StoreError> {
        self.aside
            .write(move |session| async move { take(session, &lease).await }.boxed())
            .await
    }

    async fn hold_snapshot(
        &self,
        key: SnapshotKey,
        lease: SnapshotLease,
        state: SnapshotState,
    ) -> Result<bool, StoreError> {
        let ((as_of, version), until, state) = (bound(key), lease.until.micros(), code(state));
        self.aside
            .write(move |session| {
                async move {
                    let cells: Bound<'_> = &[&as_of, &version, &&lease.holder.0[..], &until, &state, &FINAL];
                    Ok(HOLD_SNAPSHOT.run(session, cells).await? == 1)
                }
                .boxed()
            })
            .await
    }

    async fn count_market(&self, task: SnapshotTask, terms: Terms) -> Result<Statistics, StoreError> {
        market::count(self, task, terms).await
    }

    async fn publish_snapshot(
        &self,
        key: SnapshotKey,
        holder: LeaseHolder,
        statistics: &ShownStatistics,
        digest: [u8; 32],
    ) -> Result<bool, StoreError> {
        let head = head_of(statistics, digest);
        let statistics = Arc::new(statistics.clone());
        self.aside
            .write(move |session| {
                let statistics = statistics.clone();
                async move { publish(session, key, holder, &statistics, &head).await }.boxed()
            })
            .await
    }
}
