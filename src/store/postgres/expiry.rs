//! What is past its time goes: requests after a week, frozen answers of past days, ended reservations. In bites, beside the work.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::NaiveDate;

use super::cells::Arrays;
use super::failure::Outcome;
use super::statement::{Session, Statement};
use super::{offline, reservations};
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::store::REQUEST_KEPT_SECONDS;
use crate::store::columns::{Columns, Sink as _};

/// How long a thread rests before it looks for rows to expire.
pub(super) const INTERVAL: Duration = Duration::from_mins(1);
/// The same by the clock, for threads that never rest.
const INTERVAL_SECONDS: i64 = 60;
/// Rows of each table removed in one bite. As many as a group adds at most, so that bites after each group keep up.
const ROWS_MAX: i64 = 512;

const EXPIRED_REQUESTS: Statement = Statement {
    sql: "-- expired_requests
        SELECT member_no, rpc, request_id
        FROM request
        WHERE created_at < $1::bigint
        ORDER BY created_at
        LIMIT $2::bigint",
    parameters: 2,
};
const REMOVE_REQUESTS: Statement = Statement {
    sql: "-- remove_requests
        DELETE FROM request
        WHERE member_no = ANY($1::bigint[])
            AND (member_no, rpc, request_id) IN (
                SELECT k.member_no, k.rpc, k.request_id
                FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS k (member_no, rpc, request_id))",
    parameters: 3,
};
const EXPIRED_FROZEN: Statement = Statement {
    sql: "-- expired_frozen
        SELECT DISTINCT subject_id
        FROM frozen_answer
        WHERE day < $1::bigint
        LIMIT $2::bigint",
    parameters: 2,
};
const REMOVE_FROZEN: Statement = Statement {
    sql: "-- remove_frozen
        DELETE FROM frozen_answer
        WHERE subject_id = ANY($1::bigint[]) AND day < $2::bigint",
    parameters: 2,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: &[Statement] =
    &[EXPIRED_REQUESTS, REMOVE_REQUESTS, EXPIRED_FROZEN, REMOVE_FROZEN];

/// When a server last looked, and whether it left something.
#[derive(Debug)]
pub(super) struct Expiry {
    next: AtomicI64,
}

impl Expiry {
    /// From an instant on.
    pub fn from(now: Timestamp) -> Self {
        Self {
            next: AtomicI64::new(now.plus_seconds(INTERVAL_SECONDS).micros()),
        }
    }

    /// Whether it is time; if so, nobody else of this server looks for a while.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        let later = now.plus_seconds(INTERVAL_SECONDS).micros();
        now.micros() >= next
            && self
                .next
                .compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// After a bite: if it left something, the next is due at once.
    pub fn done(&self, now: Timestamp, more: bool) {
        if more {
            self.next.store(now.micros(), Ordering::Relaxed);
        }
    }
}

/// Removes a bite; tells how many rows that were.
pub(super) async fn bite(session: &Session, now: Timestamp, today: NaiveDate) -> Outcome<u64> {
    let before = now.plus_seconds(-REQUEST_KEPT_SECONDS).micros();
    let requests = EXPIRED_REQUESTS
        .all(session, &[&before, &ROWS_MAX], |row| {
            let mut columns = Columns::new(row, "request");
            Ok((columns.number()?, columns.text()?, columns.blob()?.to_vec()))
        })
        .await?;
    let mut removed = 0;
    if !requests.is_empty() {
        let keys = Arrays::of(&requests, |(member_no, rpc, id), sink| {
            sink.number(*member_no).text(rpc).bytes(&id[..]);
        });
        removed += REMOVE_REQUESTS.run(session, &keys.bound()).await?;
    }
    let day = i64::from(to_epoch_days(today));
    let subjects = EXPIRED_FROZEN
        .all(session, &[&day, &ROWS_MAX], |row| {
            Columns::new(row, "frozen_answer").number()
        })
        .await?;
    if !subjects.is_empty() {
        removed += REMOVE_FROZEN.run(session, &[&subjects, &day]).await?;
    }
    removed += reservations::expire(session, now, ROWS_MAX).await?;
    Ok(removed + offline::expire(session, now, ROWS_MAX).await?)
}

/// Removes what is older than an instant, of those whom the oldest `limit` rows concern; tells how many rows. The statements
/// find by age the numbers that the table is distributed by, and remove by both.
pub(super) async fn remove_older(
    session: &Session,
    (find, remove): (Statement, Statement),
    before: Timestamp,
    limit: i64,
) -> Outcome<u64> {
    let before = before.micros();
    let keys: Vec<i64> = find
        .all(session, &[&before, &limit], |row| {
            Columns::new(row, "expired").number()
        })
        .await?;
    match keys.is_empty() {
        true => Ok(0),
        false => remove.run(session, &[&keys, &before]).await,
    }
}
