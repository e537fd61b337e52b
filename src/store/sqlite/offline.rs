//! Offline codes and the loans made under them.

use async_trait::async_trait;
use chrono::NaiveDate;
use rusqlite::params;

use super::SqliteStore;
use super::failure::Outcome;
use super::parameters::Parameters;
use super::statement::{Prepares, Statement};
use crate::domain::date::Timestamp;
use crate::domain::names::MemberNo;
use crate::domain::unit::rows::OfflineUseRow;
use crate::domain::unit::{Change, Keys, WorkingSet};
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::offline_book::{
    OFFLINE_SERIES_KEPT_SECONDS, OFFLINE_USE_KEPT_SECONDS, OfflineBook, OfflineUseAt, OfflineUseFilter,
};
use crate::store::rows::offline::{self, offline_series_columns, offline_use_columns};

const FIND_OFFLINE_SERIES: Statement = Statement {
    sql: concat!(
        "-- find_offline_series
        SELECT ",
        offline_series_columns!(),
        "
        FROM offline_series
        WHERE member_no = ?1 AND series_id = ?2"
    ),
    parameters: 2,
};
const FIND_OFFLINE_USE: Statement = Statement {
    sql: concat!(
        "-- find_offline_use
        SELECT ",
        offline_use_columns!(),
        "
        FROM offline_use
        WHERE member_no = ?1 AND series_id = ?2 AND place = ?3"
    ),
    parameters: 3,
};
const FIND_OFFLINE_USE_OF_ACCOUNT: Statement = Statement {
    sql: concat!(
        "-- find_offline_use_of_account
        SELECT ",
        offline_use_columns!(),
        "
        FROM offline_use
        WHERE member_no = ?1 AND account_ref = ?2"
    ),
    parameters: 2,
};
const UNEXPIRED_CODES: Statement = Statement {
    sql: "-- unexpired_codes
        SELECT coalesce(sum(codes), 0), min(expires_at)
        FROM offline_series
        WHERE member_no = ?1 AND expires_at > ?2",
    parameters: 2,
};
const INSERT_OFFLINE_SERIES: Statement = Statement {
    sql: concat!(
        "-- insert_offline_series
        INSERT INTO offline_series (",
        offline_series_columns!(),
        ")
        VALUES (?1, ?2, ?3, ?4, ?5)"
    ),
    parameters: 5,
};
const INSERT_OFFLINE_USE: Statement = Statement {
    sql: concat!(
        "-- insert_offline_use
        INSERT INTO offline_use (",
        offline_use_columns!(),
        ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    ),
    parameters: 10,
};
const OFFLINE_USES: Statement = Statement {
    sql: concat!(
        "-- offline_uses
        SELECT ",
        offline_use_columns!(),
        "
        FROM offline_use
        WHERE (backfilled_at, member_no, series_id, place) < (?1, ?2, ?3, ?4) AND over_limit >= ?5
            AND over_told >= ?6 AND late >= ?7
        ORDER BY backfilled_at DESC, member_no DESC, series_id DESC, place DESC
        LIMIT ?8"
    ),
    parameters: 8,
};
const OFFLINE_USES_OF_MEMBER: Statement = Statement {
    sql: concat!(
        "-- offline_uses_of_member
        SELECT ",
        offline_use_columns!(),
        "
        FROM offline_use
        WHERE member_no = ?9 AND (backfilled_at, member_no, series_id, place) < (?1, ?2, ?3, ?4) AND over_limit >= ?5
            AND over_told >= ?6 AND late >= ?7
        ORDER BY backfilled_at DESC, series_id DESC, place DESC
        LIMIT ?8"
    ),
    parameters: 9,
};
const EXPIRE_OFFLINE_SERIES: Statement = Statement {
    sql: "-- expire_offline_series
        DELETE FROM offline_series
        WHERE (member_no, series_id) IN (
            SELECT member_no, series_id
            FROM offline_series
            WHERE expires_at < ?1
            ORDER BY expires_at
            LIMIT ?2)",
    parameters: 2,
};
const EXPIRE_OFFLINE_USES: Statement = Statement {
    sql: "-- expire_offline_uses
        DELETE FROM offline_use
        WHERE (member_no, series_id, place) IN (
            SELECT member_no, series_id, place
            FROM offline_use
            WHERE backfilled_at < ?1
            ORDER BY backfilled_at
            LIMIT ?2)",
    parameters: 2,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: [Statement; 10] = [
    FIND_OFFLINE_SERIES,
    FIND_OFFLINE_USE,
    FIND_OFFLINE_USE_OF_ACCOUNT,
    UNEXPIRED_CODES,
    INSERT_OFFLINE_SERIES,
    INSERT_OFFLINE_USE,
    OFFLINE_USES,
    OFFLINE_USES_OF_MEMBER,
    EXPIRE_OFFLINE_SERIES,
    EXPIRE_OFFLINE_USES,
];

/// Loads the codes that a group names, and how many its issuers have.
pub(super) fn load(
    connection: &impl Prepares,
    keys: &Keys,
    today: NaiveDate,
    set: &mut WorkingSet,
) -> Outcome<()> {
    for name in &keys.offline_codes {
        let (member_no, series_id, place) = name;
        let series = params![member_no.0, series_id.0];
        let found = FIND_OFFLINE_SERIES.find(connection, series, |row| {
            offline::series(&mut Columns::new(row, "offline_series"))
        })?;
        set.offline_series
            .extend(found.map(|row| ((*member_no, *series_id), row)));
        let code = params![member_no.0, series_id.0, place];
        let found = FIND_OFFLINE_USE.find(connection, code, used)?;
        set.offline_uses.extend(found.map(|row| (*name, row)));
    }
    for (member_no, account_ref) in &keys.offline_accounts {
        let account = params![member_no.0, account_ref.as_str()];
        let found = FIND_OFFLINE_USE_OF_ACCOUNT.find(connection, account, used)?;
        let named = found.map(|row| ((row.member_no, row.series_id, row.place), row));
        set.offline_uses.extend(named);
    }
    let day = set.rules.zone.start_of(today).micros();
    for member_no in &keys.unexpired_codes {
        let found = UNEXPIRED_CODES.find(connection, params![member_no.0, day], |row| {
            offline::unexpired(&mut Columns::new(row, "offline_series"))
        })?;
        set.unexpired_codes.extend(found.map(|codes| (*member_no, codes)));
    }
    Ok(())
}

fn used(row: &rusqlite::Row<'_>) -> Outcome<OfflineUseRow> {
    offline::used(&mut Columns::new(row, "offline_use"))
}

/// Writes a change of offline codes.
pub(super) fn change(connection: &impl Prepares, change: &Change) -> Outcome<()> {
    match change {
        Change::InsertOfflineSeries(row) => {
            let cells = Parameters::of(|sink| offline::put_series(row, sink));
            INSERT_OFFLINE_SERIES.run_one(connection, cells.bound())
        }
        Change::InsertOfflineUse(row) => {
            let cells = Parameters::of(|sink| offline::put_used(row, sink));
            INSERT_OFFLINE_USE.run_one(connection, cells.bound())
        }
        _ => Ok(()),
    }
}

/// Removes up to `limit` rows of each table that are past their time; tells how many.
pub(super) fn expire(connection: &impl Prepares, now: Timestamp, limit: u32) -> Outcome<usize> {
    let before = |kept: i64| now.plus_seconds(-kept).micros();
    let series = params![before(OFFLINE_SERIES_KEPT_SECONDS), limit];
    let uses = params![before(OFFLINE_USE_KEPT_SECONDS), limit];
    Ok(EXPIRE_OFFLINE_SERIES.run(connection, series)? + EXPIRE_OFFLINE_USES.run(connection, uses)?)
}

#[async_trait]
impl OfflineBook for SqliteStore {
    async fn list_offline_uses(
        &self,
        filter: OfflineUseFilter,
        after: Option<OfflineUseAt>,
        limit: u32,
    ) -> Result<Vec<OfflineUseRow>, StoreError> {
        self.read(move |connection| {
            let (at, by, series, place) = after.map_or((i64::MAX, i64::MAX, [0xff; 16], u32::MAX), |after| {
                let OfflineUseAt {
                    backfilled_at,
                    member_no,
                    series_id,
                    place,
                } = after;
                (backfilled_at.micros(), member_no.0, series_id.0, place)
            });
            let (over, told, late) = (filter.over_limit_only, filter.told_only, filter.late_only);
            match filter.member_no {
                Some(MemberNo(member_no)) => {
                    let asked = params![at, by, series, place, over, told, late, limit, member_no];
                    OFFLINE_USES_OF_MEMBER.all(connection, asked, used)
                }
                None => OFFLINE_USES.all(
                    connection,
                    params![at, by, series, place, over, told, late, limit],
                    used,
                ),
            }
        })
        .await
    }
}
