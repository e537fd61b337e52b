//! Snapshots: who works on one, and what is published.

use async_trait::async_trait;
use chrono::NaiveDate;
use rusqlite::params;

use super::SqliteStore;
use super::failure::Outcome;
use super::market;
use super::parameters::Parameters;
use super::statement::{Prepares, Statement};
use crate::domain::currency::Currency;
use crate::domain::date::{Timestamp, first_of_month, months_before, to_epoch_days};
use crate::domain::statistics::{
    Published, ShownStatistics, ShownTable, Snapshot, SnapshotHead, SnapshotKey, SnapshotState, Statistics,
    Terms,
};
use crate::domain::unit::{Keys, WorkingSet};
use crate::store::StoreError;
use crate::store::audit_log::LeaseHolder;
use crate::store::columns::Columns;
use crate::store::rows::statistics::{self as rows, snapshot_columns};
use crate::store::statistics_book::{
    CARRY_MONTHS, SnapshotLease, SnapshotTask, StatisticsBook, Unfinished, choose, head_of, whole_of,
};

const LATEST_SNAPSHOT: Statement = Statement {
    sql: concat!(
        "-- latest_snapshot
        SELECT ",
        snapshot_columns!(),
        "
        FROM snapshot
        WHERE as_of = ?1
        ORDER BY version DESC
        LIMIT 1"
    ),
    parameters: 1,
};
const FIND_SNAPSHOT: Statement = Statement {
    sql: concat!(
        "-- find_snapshot
        SELECT ",
        snapshot_columns!(),
        "
        FROM snapshot
        WHERE as_of = ?1 AND version = ?2"
    ),
    parameters: 2,
};
const LIST_SNAPSHOTS: Statement = Statement {
    sql: concat!(
        "-- list_snapshots
        SELECT ",
        snapshot_columns!(),
        "
        FROM snapshot
        WHERE (as_of, version) < (?1, ?2)
        ORDER BY as_of DESC, version DESC
        LIMIT ?3"
    ),
    parameters: 3,
};
const PUBLISHED_SNAPSHOTS: Statement = Statement {
    sql: "-- published_snapshots
        SELECT as_of, max(version)
        FROM snapshot
        WHERE as_of >= ?1 AND as_of <= ?2 AND state = ?3
        GROUP BY as_of
        ORDER BY as_of DESC
        LIMIT ?4",
    parameters: 4,
};
const INSERT_SNAPSHOT: Statement = Statement {
    sql: "-- insert_snapshot
        INSERT INTO snapshot (as_of, version, state, created_at, tries, lease_until, kept)
        VALUES (?1, ?2, ?3, ?4, 0, 0, 0)",
    parameters: 4,
};
const UNFINISHED: Statement = Statement {
    sql: "-- unfinished
        SELECT as_of, version, created_at, tries, lease_holder, lease_until
        FROM snapshot
        WHERE state < ?1",
    parameters: 1,
};
const TAKE_SNAPSHOT: Statement = Statement {
    sql: "-- take_snapshot
        UPDATE snapshot
        SET lease_holder = ?3, lease_until = ?4, tries = tries + 1, state = ?5
        WHERE as_of = ?1 AND version = ?2",
    parameters: 5,
};
const FAIL_SNAPSHOT: Statement = Statement {
    sql: "-- fail_snapshot
        UPDATE snapshot
        SET state = ?3, lease_holder = NULL
        WHERE as_of = ?1 AND version = ?2",
    parameters: 3,
};
const HOLD_SNAPSHOT: Statement = Statement {
    sql: "-- hold_snapshot
        UPDATE snapshot
        SET lease_until = ?4, state = ?5
        WHERE as_of = ?1 AND version = ?2 AND lease_holder = ?3 AND state < ?6",
    parameters: 6,
};
/// The one that a month is compared with.
const SNAPSHOT_BEFORE: Statement = Statement {
    sql: "-- snapshot_before
        SELECT as_of, version
        FROM snapshot
        WHERE kept = 1 AND as_of < ?1
        ORDER BY as_of DESC, version DESC
        LIMIT 1",
    parameters: 1,
};
const PUBLISH_SNAPSHOT: Statement = Statement {
    sql: "-- publish_snapshot
        UPDATE snapshot
        SET state = ?4, kept = 1, subjects = ?6, positions = ?7, lenders = ?8, digest = ?9, lease_holder = NULL
        WHERE as_of = ?1 AND version = ?2 AND lease_holder = ?3 AND state < ?5",
    parameters: 9,
};
const INSERT_TABLE: Statement = Statement {
    sql: "-- insert_table
        INSERT INTO snapshot_table (as_of, version, indicator, cuts, currency, content)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    parameters: 6,
};
const FIND_TABLES: Statement = Statement {
    sql: "-- find_tables
        SELECT as_of, version, indicator, cuts, currency, content
        FROM snapshot_table
        WHERE as_of >= ?1 AND as_of <= ?2 AND indicator = ?3 AND cuts = ?4 AND currency = ?5
        ORDER BY as_of, version",
    parameters: 5,
};
const TABLES_OF_SNAPSHOT: Statement = Statement {
    sql: "-- tables_of_snapshot
        SELECT indicator, cuts, currency, content
        FROM snapshot_table
        WHERE as_of = ?1 AND version = ?2",
    parameters: 2,
};
const SNAPSHOT_CURRENCIES: Statement = Statement {
    sql: "-- snapshot_currencies
        SELECT DISTINCT currency
        FROM snapshot_table
        WHERE as_of = ?1 AND version = ?2 AND currency <> ''
        ORDER BY currency",
    parameters: 2,
};
const PUT_PART: Statement = Statement {
    sql: "-- put_part
        INSERT INTO snapshot_carry (as_of, version, part, entries)
        VALUES (?1, ?2, ?3, ?4)",
    parameters: 4,
};
const DROP_PARTS: Statement = Statement {
    sql: "-- drop_parts
        DELETE FROM snapshot_carry
        WHERE as_of = ?1 AND version = ?2",
    parameters: 2,
};
/// Of a month the last one is kept, and of old months none.
const NOT_KEPT: Statement = Statement {
    sql: "-- not_kept
        SELECT as_of, version
        FROM snapshot
        WHERE kept = 1 AND ((as_of >= ?3 AND (as_of, version) < (?1, ?2)) OR as_of < ?4)",
    parameters: 4,
};
const FORGET_SNAPSHOT: Statement = Statement {
    sql: "-- forget_snapshot
        UPDATE snapshot
        SET kept = 0
        WHERE as_of = ?1 AND version = ?2",
    parameters: 2,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: [Statement; 19] = [
    LATEST_SNAPSHOT,
    FIND_SNAPSHOT,
    LIST_SNAPSHOTS,
    PUBLISHED_SNAPSHOTS,
    INSERT_SNAPSHOT,
    UNFINISHED,
    TAKE_SNAPSHOT,
    FAIL_SNAPSHOT,
    HOLD_SNAPSHOT,
    SNAPSHOT_BEFORE,
    PUBLISH_SNAPSHOT,
    INSERT_TABLE,
    FIND_TABLES,
    TABLES_OF_SNAPSHOT,
    SNAPSHOT_CURRENCIES,
    PUT_PART,
    DROP_PARTS,
    NOT_KEPT,
    FORGET_SNAPSHOT,
];

/// The first state in which nobody works on a snapshot any more.
const FINAL: i32 = SnapshotState::Published.code();

/// Loads the latest snapshots of the dates that a group asks for.
pub(super) fn load(connection: &impl Prepares, keys: &Keys, set: &mut WorkingSet) -> Outcome<()> {
    for as_of in &keys.snapshots {
        let found = LATEST_SNAPSHOT.find(connection, params![to_epoch_days(*as_of)], snapshot)?;
        set.snapshots.extend(found.map(|snapshot| (*as_of, snapshot)));
    }
    Ok(())
}

/// Writes a snapshot that was asked for.
pub(super) fn insert(connection: &impl Prepares, snapshot: &Snapshot) -> Outcome<()> {
    let cells = Parameters::of(|sink| rows::put_snapshot(snapshot, sink));
    INSERT_SNAPSHOT.run_one(connection, cells.bound())
}

fn snapshot(row: &rusqlite::Row<'_>) -> Outcome<Snapshot> {
    rows::snapshot(&mut Columns::new(row, "snapshot"))
}

fn key(row: &rusqlite::Row<'_>) -> Outcome<SnapshotKey> {
    rows::key(&mut Columns::new(row, "snapshot"))
}

fn unfinished(row: &rusqlite::Row<'_>) -> Outcome<Unfinished> {
    rows::unfinished(&mut Columns::new(row, "snapshot"))
}

fn find(connection: &impl Prepares, as_of: NaiveDate, version: Option<u32>) -> Outcome<Option<Snapshot>> {
    let as_of = to_epoch_days(as_of);
    match version {
        Some(version) => FIND_SNAPSHOT.find(connection, params![as_of, version], snapshot),
        None => LATEST_SNAPSHOT.find(connection, params![as_of], snapshot),
    }
}

fn take(connection: &impl Prepares, lease: &SnapshotLease) -> Outcome<Option<SnapshotTask>> {
    let waiting = UNFINISHED.all(connection, params![FINAL], unfinished)?;
    let choice = choose(waiting, lease);
    for key in choice.failed {
        let failed = SnapshotState::Failed.code();
        FAIL_SNAPSHOT.run_one(connection, params![to_epoch_days(key.as_of), key.version, failed])?;
        drop_parts(connection, key)?;
    }
    let Some(taken) = choice.taken else {
        return Ok(None);
    };
    let SnapshotKey { as_of, version } = taken.key;
    let cells = params![
        to_epoch_days(as_of),
        version,
        lease.holder.0,
        lease.until.micros(),
        SnapshotState::Computing.code()
    ];
    TAKE_SNAPSHOT.run_one(connection, cells)?;
    drop_parts(connection, taken.key)?;
    let month = to_epoch_days(first_of_month(as_of));
    Ok(Some(SnapshotTask {
        key: taken.key,
        tries: taken.tries + 1,
        previous: SNAPSHOT_BEFORE.find(connection, params![month], key)?,
    }))
}

fn drop_parts(connection: &impl Prepares, key: SnapshotKey) -> Outcome<()> {
    DROP_PARTS
        .run(connection, params![to_epoch_days(key.as_of), key.version])
        .map(drop)
}

/// Keeps a part of where positions stood.
pub(super) fn put_part(
    connection: &impl Prepares,
    key: SnapshotKey,
    part: i64,
    entries: &[u8],
) -> Outcome<()> {
    PUT_PART.run_one(
        connection,
        params![to_epoch_days(key.as_of), key.version, part, entries],
    )
}

fn publish(
    connection: &impl Prepares,
    key: SnapshotKey,
    holder: LeaseHolder,
    statistics: &ShownStatistics,
    head: &SnapshotHead,
) -> Outcome<bool> {
    let (as_of, version) = (to_epoch_days(key.as_of), key.version);
    let holder = holder.0;
    let cells = Parameters::of(|sink| {
        use crate::store::columns::Sink as _;
        sink.number(as_of)
            .number(version)
            .bytes(&holder[..])
            .number(FINAL)
            .number(FINAL);
        rows::put_head(head, sink);
    });
    if PUBLISH_SNAPSHOT.run(connection, cells.bound())? != 1 {
        return Ok(false);
    }
    for table in &statistics.tables {
        let [indicator, cuts, currency] = rows::table_name(table.published, table.currency);
        let content = rows::table_content(table);
        let cells = params![as_of, version, indicator, cuts, currency, content];
        INSERT_TABLE.run_one(connection, cells)?;
    }
    let month = first_of_month(key.as_of);
    let oldest = to_epoch_days(months_before(month, CARRY_MONTHS));
    let forgotten = NOT_KEPT.all(
        connection,
        params![as_of, version, to_epoch_days(month), oldest],
        self::key,
    )?;
    for key in forgotten {
        FORGET_SNAPSHOT.run_one(connection, params![to_epoch_days(key.as_of), key.version])?;
        drop_parts(connection, key)?;
    }
    Ok(true)
}

#[async_trait]
impl StatisticsBook for SqliteStore {
    async fn list_snapshots(
        &self,
        after: Option<SnapshotKey>,
        limit: u32,
    ) -> Result<Vec<Snapshot>, StoreError> {
        let (as_of, version) = after.map_or((i32::MAX, 0), |key| (to_epoch_days(key.as_of), key.version));
        self.read(move |connection| LIST_SNAPSHOTS.all(connection, params![as_of, version, limit], snapshot))
            .await
    }

    async fn find_snapshot(
        &self,
        as_of: NaiveDate,
        version: Option<u32>,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.read(move |connection| find(connection, as_of, version))
            .await
    }

    async fn published_snapshots(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        limit: u32,
    ) -> Result<Vec<SnapshotKey>, StoreError> {
        let (from, to) = (to_epoch_days(from), to_epoch_days(to));
        let found = self.read(move |connection| {
            PUBLISHED_SNAPSHOTS.all(connection, params![from, to, FINAL, limit], key)
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
        let keys: Vec<SnapshotKey> = snapshots.to_vec();
        let (Some(first), Some(last)) = (keys.iter().min().copied(), keys.iter().max().copied()) else {
            return Ok(Vec::new());
        };
        let [indicator, cuts, code] = rows::table_name(published, currency);
        let (from, to) = (to_epoch_days(first.as_of), to_epoch_days(last.as_of));
        self.read(move |connection| {
            let found = FIND_TABLES.all(connection, params![from, to, indicator, cuts, code], |row| {
                let mut columns = Columns::new(row, "snapshot_table");
                Ok((rows::key(&mut columns)?, rows::table(&mut columns)?))
            })?;
            Ok(found.into_iter().filter(|(key, _)| keys.contains(key)).collect())
        })
        .await
    }

    async fn snapshot_currencies(&self, key: SnapshotKey) -> Result<Vec<Currency>, StoreError> {
        let of = (to_epoch_days(key.as_of), key.version);
        self.read(move |connection| {
            SNAPSHOT_CURRENCIES.all(connection, of, |row| {
                Columns::new(row, "snapshot_table").parsed(Currency::parse)
            })
        })
        .await
    }

    async fn published_statistics(&self, key: SnapshotKey) -> Result<Option<ShownStatistics>, StoreError> {
        self.read(move |connection| {
            let Some(head) = find(connection, key.as_of, Some(key.version))?.and_then(|found| found.head)
            else {
                return Ok(None);
            };
            let of = params![to_epoch_days(key.as_of), key.version];
            let tables = TABLES_OF_SNAPSHOT.all(connection, of, |row| {
                rows::table(&mut Columns::new(row, "snapshot_table"))
            })?;
            Ok(Some(whole_of(key, &head, tables)))
        })
        .await
    }

    async fn schedule_snapshot(&self, as_of: NaiveDate, at: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| {
            if find(connection, as_of, None)?.is_some() {
                return Ok(false);
            }
            insert(connection, &Snapshot::first(as_of, at))?;
            Ok(true)
        })
        .await
    }

    async fn take_snapshot(&self, lease: SnapshotLease) -> Result<Option<SnapshotTask>, StoreError> {
        // Asked for every second or so: the writer is left alone while nothing waits.
        let waits = self.read(|connection| UNFINISHED.find(connection, params![FINAL], unfinished));
        match waits.await? {
            Some(_) => self.write(move |connection| take(connection, &lease)).await,
            None => Ok(None),
        }
    }

    async fn hold_snapshot(
        &self,
        key: SnapshotKey,
        lease: SnapshotLease,
        state: SnapshotState,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let (as_of, version) = (to_epoch_days(key.as_of), key.version);
            let (holder, until) = (lease.holder.0, lease.until.micros());
            let cells = params![as_of, version, holder, until, state.code(), FINAL];
            Ok(HOLD_SNAPSHOT.run(connection, cells)? == 1)
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
        let statistics = statistics.clone();
        self.write(move |connection| publish(connection, key, holder, &statistics, &head))
            .await
    }
}
