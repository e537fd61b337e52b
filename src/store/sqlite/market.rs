//! Counts the market for a snapshot: one pass over all positions in the order of subjects, on threads and connections of its
//! own, so that nobody waits for it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use chrono::NaiveDate;
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

use super::failure::{Failure, Outcome};
use super::statement::Statement;
use super::{SqliteStore, judged, members, open, statistics};
use crate::domain::date::to_epoch_days;
use crate::domain::names::SubjectId;
use crate::domain::statistics::{SnapshotKey, Statistics, Terms};
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::market::{LoanRow, MarketCount};
use crate::store::rows::statistics::{self as rows, market_columns, market_version_columns};
use crate::store::statistics_book::SnapshotTask;

const MARKET: Statement = Statement {
    sql: concat!(
        "-- market
        SELECT ",
        market_columns!("?1"),
        market_version_columns!(),
        "
        FROM position
        ORDER BY subject_id, member_no, account_no"
    ),
    parameters: 1,
};
const MARKET_OF_SUBJECT: Statement = Statement {
    sql: concat!(
        "-- market_of_subject
        SELECT ",
        market_columns!("?2"),
        market_version_columns!(),
        "
        FROM position
        WHERE subject_id = ?1
        ORDER BY member_no, account_no"
    ),
    parameters: 2,
};
/// Of an account whose current version begins later.
const PAST_OF_ACCOUNT: Statement = Statement {
    sql: concat!(
        "-- past_of_account
        SELECT ",
        market_version_columns!(),
        "
        FROM past_version
        WHERE account_no = ?1 AND corrected_by IS NULL AND coalesce(first_as_of, as_of) <= ?2
        ORDER BY coalesce(first_as_of, as_of) DESC, as_of DESC, sequence DESC
        LIMIT 1"
    ),
    parameters: 2,
};
const FIND_PART: Statement = Statement {
    sql: "-- find_part
        SELECT entries
        FROM snapshot_carry
        WHERE as_of = ?1 AND version = ?2 AND part = ?3",
    parameters: 3,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: [Statement; 4] = [MARKET, MARKET_OF_SUBJECT, PAST_OF_ACCOUNT, FIND_PART];

/// Parts that wait to be written.
const PARTS_WAITING: usize = 2;

/// Counts, and keeps what the next snapshot needs, part by part.
pub(super) async fn count(
    store: &SqliteStore,
    task: SnapshotTask,
    terms: Terms,
) -> Result<Statistics, StoreError> {
    let (parts, mut full) = mpsc::channel(PARTS_WAITING);
    let (reply, answer) = oneshot::channel();
    let path = store.path.clone();
    std::thread::Builder::new()
        .name("store-market".to_owned())
        .spawn(move || {
            let counted = catch_unwind(AssertUnwindSafe(|| pass(&path, task, terms, parts)));
            let counted = counted.unwrap_or(Err(Failure::Panicked));
            // A caller that went away needs no answer.
            let _ = reply.send(counted.map_err(StoreError::from));
        })
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    let mut number = 0;
    while let Some(part) = full.recv().await {
        // Written beside the pass, which ends when nobody takes its parts any more.
        store
            .write(move |connection| statistics::put_part(connection, task.key, number, &part))
            .await?;
        number += 1;
    }
    answer.await.map_err(|_| StoreError::Unavailable)?
}

/// Counts one state of the market.
fn pass(path: &Path, task: SnapshotTask, terms: Terms, parts: mpsc::Sender<Vec<u8>>) -> Outcome<Statistics> {
    let mut connection = open::reader(path)?;
    let snapshot = connection.transaction()?;
    let counting = Counting::begin(path, &snapshot, task, terms, parts)?;
    let pass = Pass {
        connection: &snapshot,
        as_of: counting.count.as_of(),
        month_begin: to_epoch_days(counting.count.month_begin()),
    };
    let counted = pass.run(counting);
    snapshot.finish()?;
    counted
}

/// One state of the market.
struct Pass<'c> {
    connection: &'c Connection,
    as_of: NaiveDate,
    /// The first of its month, in days.
    month_begin: i32,
}

impl Pass<'_> {
    fn run(&self, mut counting: Counting) -> Outcome<Statistics> {
        // A list of nothing takes no memory: each row goes on as it comes.
        MARKET.all(self.connection, params![self.month_begin], |row| {
            self.in_force(row)?.map_or(Ok(()), |row| counting.take(row))
        })?;
        for subject_id in counting.end_pass()? {
            let rows =
                MARKET_OF_SUBJECT.all(self.connection, params![subject_id.0, self.month_begin], |row| {
                    self.in_force(row)
                })?;
            rows.into_iter()
                .flatten()
                .try_for_each(|row| counting.take(row))?;
        }
        let month = counting.count.month();
        judged::each(self.connection, month, |look| counting.count.add_look(look))?;
        counting.finish()
    }

    /// A row with the version in force on the date; `None` when there was none.
    fn in_force(&self, row: &rusqlite::Row<'_>) -> Outcome<Option<LoanRow>> {
        let row = rows::loan(&mut Columns::new(row, "position"))?;
        if row.version.begins_on <= self.as_of {
            return Ok(Some(row));
        }
        let (member_no, account_no) = (row.version.loan.member_no, row.version.loan.account_no);
        let found = PAST_OF_ACCOUNT.find(
            self.connection,
            params![account_no.0, to_epoch_days(self.as_of)],
            |past| rows::in_force(&mut Columns::new(past, "past_version"), member_no, account_no),
        )?;
        Ok(found.map(|version| LoanRow { version, ..row }))
    }
}

/// The count, and what was kept of the snapshot before. Parts of that never change, so that any connection may read them.
struct Counting {
    connection: Connection,
    count: MarketCount,
    previous: Option<SnapshotKey>,
    /// The next part of the snapshot before.
    next_part: i64,
    parts: mpsc::Sender<Vec<u8>>,
}

impl Counting {
    fn begin(
        path: &Path,
        market: &Connection,
        task: SnapshotTask,
        terms: Terms,
        parts: mpsc::Sender<Vec<u8>>,
    ) -> Outcome<Self> {
        let members = members::all(market)?;
        let groups: BTreeMap<_, _> = members
            .into_iter()
            .map(|member| (member.member_no, member.lender_group))
            .collect();
        Ok(Self {
            connection: open::reader(path)?,
            count: MarketCount::new(terms, groups, task.previous.is_some()),
            previous: task.previous,
            next_part: 0,
            parts,
        })
    }

    fn take(&mut self, row: LoanRow) -> Outcome<()> {
        while self.count.wants_part(row.subject_id) {
            self.push_part()?;
        }
        self.count.add(row);
        while let Some(part) = self.count.take_part() {
            hand_over(&self.parts, part)?;
        }
        Ok(())
    }

    /// Ends the pass over the market; gives the subjects whose rows are to be added once more.
    fn end_pass(&mut self) -> Outcome<Vec<SubjectId>> {
        while self.count.wants_more_parts() {
            self.push_part()?;
        }
        Ok(self.count.end_pass())
    }

    fn finish(self) -> Outcome<Statistics> {
        let (statistics, rest) = self.count.finish();
        hand_over(&self.parts, rest)?;
        Ok(statistics)
    }

    fn push_part(&mut self) -> Outcome<()> {
        let part = match self.previous {
            Some(key) => {
                let of = params![to_epoch_days(key.as_of), key.version, self.next_part];
                FIND_PART.find(&self.connection, of, |row| {
                    Ok(Columns::new(row, "snapshot_carry").blob()?.to_vec())
                })?
            }
            None => None,
        };
        self.next_part += 1;
        if self.count.push_part(part.as_deref()) {
            return Ok(());
        }
        Err(Failure::Corrupt {
            table: "snapshot_carry",
            key: format!("part {}", self.next_part - 1),
        })
    }
}

/// Gives a part to be written; fails when nobody takes it any more.
fn hand_over(parts: &mpsc::Sender<Vec<u8>>, part: Vec<u8>) -> Outcome<()> {
    parts.blocking_send(part).map_err(|_| Failure::Conflict)
}
