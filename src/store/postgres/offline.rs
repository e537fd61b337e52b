//! Offline codes and the loans made under them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures::FutureExt as _;

use super::PostgresStore;
use super::cells::Arrays;
use super::expiry::remove_older;
use super::failure::Outcome;
use super::flush::ToRun;
use super::statement::{Session, Statement, statements};
use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::names::{MemberNo, SeriesId};
use crate::domain::unit::rows::{OfflineSeriesRow, OfflineUseRow, UnexpiredCodes};
use crate::domain::unit::working_set::{CodeName, SeriesName};
use crate::domain::unit::{Change, Keys, WorkingSet};
use crate::store::StoreError;
use crate::store::columns::{Columns, Sink as _};
use crate::store::offline_book::{
    OFFLINE_SERIES_KEPT_SECONDS, OFFLINE_USE_KEPT_SECONDS, OfflineBook, OfflineUseAt, OfflineUseFilter,
};
use crate::store::rows::offline::{self, offline_series_columns, offline_use_columns};

statements! {
    const FIND_OFFLINE_SERIES(2) = "-- find_offline_series
        SELECT s.member_no, s.series_id, s.codes, s.issued_at, s.expires_at
        FROM unnest($1::bigint[], $2::bytea[]) AS k (member_no, series_id)
        JOIN offline_series s ON s.member_no = k.member_no AND s.series_id = k.series_id
        WHERE s.member_no = ANY($1::bigint[]) AND s.series_id = ANY($2::bytea[])";
    const FIND_OFFLINE_USES(3) = "-- find_offline_uses
        SELECT u.member_no, u.series_id, u.place, u.used_at, u.backfilled_at, u.account_ref, u.late, u.over_limit, u.over_told,
            u.broken
        FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS k (member_no, series_id, place)
        JOIN offline_use u ON u.member_no = k.member_no AND u.series_id = k.series_id AND u.place = k.place
        WHERE u.member_no = ANY($1::bigint[]) AND u.series_id = ANY($2::bytea[])";
    const FIND_OFFLINE_USES_OF_ACCOUNTS(2) = "-- find_offline_uses_of_accounts
        SELECT u.member_no, u.series_id, u.place, u.used_at, u.backfilled_at, u.account_ref, u.late, u.over_limit, u.over_told,
            u.broken
        FROM unnest($1::bigint[], $2::text[]) AS k (member_no, account_ref)
        JOIN offline_use u ON u.member_no = k.member_no AND u.account_ref = k.account_ref
        WHERE u.member_no = ANY($1::bigint[]) AND u.account_ref = ANY($2::text[])";
    const UNEXPIRED_CODES(2) = "-- unexpired_codes
        SELECT member_no, CAST(sum(codes) AS bigint), min(expires_at)
        FROM offline_series
        WHERE member_no = ANY($1::bigint[]) AND expires_at > $2::bigint
        GROUP BY member_no";
    const INSERT_OFFLINE_SERIES(5) = concat!("-- insert_offline_series
        INSERT INTO offline_series (", offline_series_columns!(), ")
        SELECT k.member_no, k.series_id, k.codes, k.issued_at, k.expires_at
        FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[])
            AS k (member_no, series_id, codes, issued_at, expires_at)");
    /// Another server may have taken a code meanwhile (or back-filled an account, which is a key in the way): then what is on file is looked at again.
    const INSERT_OFFLINE_USES(10) = concat!("-- insert_offline_uses
        INSERT INTO offline_use (", offline_use_columns!(), ")
        SELECT k.member_no, k.series_id, k.place, k.used_at, k.backfilled_at, k.account_ref, k.late, k.over_limit, k.over_told,
            k.broken
        FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bytea[])
            AS k (member_no, series_id, place, used_at, backfilled_at, account_ref, late, over_limit, over_told, broken)
        ON CONFLICT (member_no, series_id, place) DO NOTHING
        RETURNING place");
    /// By age, of everybody: for operator and regulator.
    const OFFLINE_USES(8) = concat!("-- offline_uses
        SELECT ", offline_use_columns!(), "
        FROM offline_use
        WHERE (backfilled_at, member_no, series_id, place) < ($1::bigint, $2::bigint, $3::bytea, $4::bigint)
            AND over_limit >= $5::bigint AND over_told >= $6::bigint AND late >= $7::bigint
        ORDER BY backfilled_at DESC, member_no DESC, series_id DESC, place DESC
        LIMIT $8::bigint");
    const OFFLINE_USES_OF_MEMBER(9) = concat!("-- offline_uses_of_member
        SELECT ", offline_use_columns!(), "
        FROM offline_use
        WHERE member_no = $9::bigint
            AND (backfilled_at, member_no, series_id, place) < ($1::bigint, $2::bigint, $3::bytea, $4::bigint)
            AND over_limit >= $5::bigint AND over_told >= $6::bigint AND late >= $7::bigint
        ORDER BY backfilled_at DESC, series_id DESC, place DESC
        LIMIT $8::bigint");
    const EXPIRED_OFFLINE_SERIES(2) = "-- expired_offline_series
        SELECT member_no
        FROM offline_series
        WHERE expires_at < $1::bigint
        ORDER BY expires_at
        LIMIT $2::bigint";
    const EXPIRE_OFFLINE_SERIES(2) = "-- expire_offline_series
        DELETE FROM offline_series
        WHERE member_no = ANY($1::bigint[]) AND expires_at < $2::bigint";
    const EXPIRED_OFFLINE_USES(2) = "-- expired_offline_uses
        SELECT member_no
        FROM offline_use
        WHERE backfilled_at < $1::bigint
        ORDER BY backfilled_at
        LIMIT $2::bigint";
    const EXPIRE_OFFLINE_USES(2) = "-- expire_offline_uses
        DELETE FROM offline_use
        WHERE member_no = ANY($1::bigint[]) AND backfilled_at < $2::bigint";
}

/// What a group needs of offline codes.
#[derive(Default)]
pub(super) struct Loaded {
    series: BTreeMap<SeriesName, OfflineSeriesRow>,
    uses: BTreeMap<CodeName, OfflineUseRow>,
    unexpired: BTreeMap<MemberNo, UnexpiredCodes>,
}

impl Loaded {
    /// Puts it into the working set.
    pub fn fill(self, set: &mut WorkingSet) {
        set.offline_series = self.series;
        set.offline_uses = self.uses;
        set.unexpired_codes = self.unexpired;
    }
}

/// Loads the codes that a group names, and how many its issuers have.
pub(super) async fn load(
    session: &Session,
    keys: &Keys,
    zone: BusinessZone,
    today: NaiveDate,
) -> Outcome<Loaded> {
    if keys.offline_codes.is_empty() && keys.unexpired_codes.is_empty() {
        return Ok(Loaded::default());
    }
    let names = Arrays::of(&keys.offline_codes, |(member_no, series_id, place), sink| {
        sink.number(member_no.0).bytes(&series_id.0[..]).number(*place);
    });
    let series = Arrays::of(&keys.offline_codes, |(member_no, series_id, _), sink| {
        sink.number(member_no.0).bytes(&series_id.0[..]);
    });
    let issuers: Vec<i64> = keys.unexpired_codes.iter().map(|member_no| member_no.0).collect();
    let day = zone.start_of(today).micros();
    let mut loaded = Loaded::default();
    if !names.is_empty() {
        let (found, taken) = (series.bound(), names.bound());
        let (found, taken) = futures::try_join!(
            FIND_OFFLINE_SERIES.all(session, &found, |row| {
                offline::series(&mut Columns::new(row, "offline_series"))
            }),
            FIND_OFFLINE_USES.all(session, &taken, |row| {
                offline::used(&mut Columns::new(row, "offline_use"))
            }),
        )?;
        loaded
            .series
            .extend(found.into_iter().map(|row| ((row.member_no, row.series_id), row)));
        let uses = taken.into_iter();
        loaded
            .uses
            .extend(uses.map(|row| ((row.member_no, row.series_id, row.place), row)));
    }
    if !keys.offline_accounts.is_empty() {
        let accounts = Arrays::of(&keys.offline_accounts, |(member_no, account_ref), sink| {
            sink.number(member_no.0).text(account_ref.as_str());
        });
        let found = FIND_OFFLINE_USES_OF_ACCOUNTS
            .all(session, &accounts.bound(), |row| {
                offline::used(&mut Columns::new(row, "offline_use"))
            })
            .await?;
        let uses = found.into_iter();
        loaded
            .uses
            .extend(uses.map(|row| ((row.member_no, row.series_id, row.place), row)));
    }
    if !issuers.is_empty() {
        let counted = UNEXPIRED_CODES
            .all(session, &[&issuers, &day], |row| {
                let mut columns = Columns::new(row, "offline_series");
                Ok((MemberNo(columns.number()?), offline::unexpired(&mut columns)?))
            })
            .await?;
        loaded.unexpired.extend(counted);
    }
    Ok(loaded)
}

/// What became of offline codes, drawn together by key.
#[derive(Default)]
pub(super) struct OfflineCodes<'a> {
    series: BTreeMap<(MemberNo, SeriesId), &'a OfflineSeriesRow>,
    uses: BTreeMap<(MemberNo, SeriesId, u32), &'a OfflineUseRow>,
}

impl<'a> OfflineCodes<'a> {
    /// Takes a change.
    pub fn take(&mut self, change: &'a Change) {
        match change {
            Change::InsertOfflineSeries(row) => {
                self.series.insert((row.member_no, row.series_id), row);
            }
            Change::InsertOfflineUse(row) => {
                self.uses.insert((row.member_no, row.series_id, row.place), row);
            }
            _ => {}
        }
    }

    /// Adds the statements that write them.
    pub fn add_to(self, to_run: &mut ToRun<'a>) {
        to_run.put(
            INSERT_OFFLINE_SERIES,
            self.series.into_values(),
            offline::put_series,
        );
        to_run.claim(INSERT_OFFLINE_USES, self.uses.into_values(), offline::put_used);
    }
}

/// Removes what is past its time, of those whom the oldest `limit` rows of each table concern; tells how many rows.
pub(super) async fn expire(session: &Session, now: Timestamp, limit: i64) -> Outcome<u64> {
    let mut removed = 0;
    for (find, remove, kept) in [
        (
            EXPIRED_OFFLINE_SERIES,
            EXPIRE_OFFLINE_SERIES,
            OFFLINE_SERIES_KEPT_SECONDS,
        ),
        (
            EXPIRED_OFFLINE_USES,
            EXPIRE_OFFLINE_USES,
            OFFLINE_USE_KEPT_SECONDS,
        ),
    ] {
        removed += remove_older(session, (find, remove), now.plus_seconds(-kept), limit).await?;
    }
    Ok(removed)
}

#[async_trait]
impl OfflineBook for PostgresStore {
    async fn list_offline_uses(
        &self,
        filter: OfflineUseFilter,
        after: Option<OfflineUseAt>,
        limit: u32,
    ) -> Result<Vec<OfflineUseRow>, StoreError> {
        self.aside
            .read(move |session| {
                async move {
                    let (at, by, series, place) =
                        after.map_or((i64::MAX, i64::MAX, [0xff; 16], i64::MAX), |after| {
                            let place = i64::from(after.place);
                            (
                                after.backfilled_at.micros(),
                                after.member_no.0,
                                after.series_id.0,
                                place,
                            )
                        });
                    let (over, told) = (i64::from(filter.over_limit_only), i64::from(filter.told_only));
                    let late = i64::from(filter.late_only);
                    let (series, limit) = (&series[..], i64::from(limit));
                    let used =
                        |row: &tokio_postgres::Row| offline::used(&mut Columns::new(row, "offline_use"));
                    match filter.member_no {
                        Some(MemberNo(member_no)) => {
                            OFFLINE_USES_OF_MEMBER
                                .all(
                                    session,
                                    &[&at, &by, &series, &place, &over, &told, &late, &limit, &member_no],
                                    used,
                                )
                                .await
                        }
                        None => {
                            OFFLINE_USES
                                .all(
                                    session,
                                    &[&at, &by, &series, &place, &over, &told, &late, &limit],
                                    used,
                                )
                                .await
                        }
                    }
                }
                .boxed()
            })
            .await
    }
}
