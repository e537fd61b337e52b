//! Counts the market for a snapshot: one pass over all positions in the order of subjects, on two threads and connections of
//! its own, so that nobody waits while it runs.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

use super::conduct::last_number;
use super::failure::{Failure, Outcome, catching};
use super::statement::Statement;
use super::turns::Turns;
use super::{SqliteStore, judged, members, open, statistics};
use crate::domain::date::to_epoch_days;
use crate::domain::statistics::{Scan, SnapshotKey, Statistics, Terms};
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::market::{Batch, LoanRow, MarketCount};
use crate::store::rows::statistics::{self as rows, market_columns, market_version_columns};
use crate::store::statistics_book::SnapshotTask;

/// Positions of a span of subjects.
const MARKET: Statement = Statement {
    sql: concat!(
        "-- market
        SELECT ",
        market_columns!("?3"),
        market_version_columns!(),
        "
        FROM position
        WHERE subject_id > ?1 AND subject_id <= ?2
        ORDER BY subject_id, member_no, account_no"
    ),
    parameters: 3,
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
pub(super) const CATALOGUE: [Statement; 3] = [MARKET, PAST_OF_ACCOUNT, FIND_PART];

/// Numbers whose positions are read at once: subjects, tokens and accounts share them.
const SPAN: i64 = 1_024;
/// Parts that wait to be written, all of them in one commit: as many as keep nobody waiting for the writer.
const PARTS_WAITING: usize = 4;

/// Counts, and keeps what the next snapshot needs, part by part.
pub(super) async fn count(
    store: &SqliteStore,
    task: SnapshotTask,
    terms: Terms,
) -> Result<Statistics, StoreError> {
    let (parts, mut full) = mpsc::channel(PARTS_WAITING);
    let (reply, answer) = oneshot::channel();
    let path = store.path.clone();
    let state = store.write(move |_| State::open(&path)).await?;
    let path = store.path.clone();
    std::thread::Builder::new()
        .name("store-market".to_owned())
        .spawn(move || {
            let counted = catching(|| pass(&path, state, task, terms, parts));
            // A caller that went away needs no answer.
            let _ = reply.send(counted.map_err(StoreError::from));
        })
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    let (mut number, mut taken) = (0, Vec::new());
    while full.recv_many(&mut taken, PARTS_WAITING).await > 0 {
        let parts = std::mem::take(&mut taken);
        // Written beside the pass, which ends when nobody takes its parts any more.
        number = store
            .write(move |connection| {
                for part in parts {
                    statistics::put_part(connection, task.key, number, &part)?;
                    number += 1;
                }
                Ok(number)
            })
            .await?;
    }
    answer.await.map_err(|_| StoreError::Unavailable)?
}

/// One state of the market, seen by two connections.
struct State {
    first: Connection,
    second: Connection,
    /// No number of a subject is greater.
    last: i64,
}

impl State {
    /// While the caller keeps everybody from writing: so both see the same.
    fn open(path: &Path) -> Outcome<Self> {
        let begin = || -> Outcome<(Connection, i64)> {
            let connection = open::reader(path)?;
            connection.execute_batch("BEGIN")?;
            // What a transaction sees is settled when it reads.
            let last = last_number(&connection)?;
            Ok((connection, last))
        };
        let ((first, last), (second, _)) = (begin()?, begin()?);
        Ok(Self { first, second, last })
    }
}

/// Counts one state of the market.
fn pass(
    path: &Path,
    state: State,
    task: SnapshotTask,
    terms: Terms,
    parts: mpsc::Sender<Vec<u8>>,
) -> Outcome<Statistics> {
    let State { first, second, last } = state;
    let market = Market {
        as_of: terms.as_of,
        month_begin: to_epoch_days(terms.month_begin()),
    };
    let counting = Counting::begin(path, &first, task, terms.clone(), parts)?;
    let pass = Pass {
        market,
        last,
        terms,
        turns: Turns::new(counting),
    };
    let [own, helpers] = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("store-count".to_owned());
        let pass = &pass;
        // Without a helper all is done by this thread.
        let helper = thread.spawn_scoped(scope, move || pass.work(&second)).ok();
        let own = pass.work(&first).map(Some);
        let helpers = helper.map(|helper| helper.join().unwrap_or(Err(Failure::Panicked)));
        [own, helpers.transpose()]
    });
    let Pass { market, turns, .. } = pass;
    let mut counting = turns.end();
    for scan in [own?, helpers?].into_iter().flatten() {
        counting.count.merge(scan);
    }
    counting.end(&market, &first)
}

/// How the market stood on a date.
struct Market {
    as_of: NaiveDate,
    /// The first of its month, in days.
    month_begin: i32,
}

impl Market {
    /// Adds the positions of subjects above a number and up to another.
    fn span(
        &self,
        connection: &Connection,
        [after, until]: [i64; 2],
        rows: &mut Vec<LoanRow>,
    ) -> Outcome<()> {
        let of = params![after, until, self.month_begin];
        // A list of nothing takes no memory: each row is added as it comes.
        MARKET.all(connection, of, |row| {
            rows.extend(self.in_force(connection, row)?);
            Ok(())
        })?;
        Ok(())
    }

    /// A row with the version in force on the date; `None` when there was none.
    fn in_force(&self, connection: &Connection, row: &rusqlite::Row<'_>) -> Outcome<Option<LoanRow>> {
        let row = rows::loan(&mut Columns::new(row, "position"))?;
        if row.version.begins_on <= self.as_of {
            return Ok(Some(row));
        }
        let (member_no, account_no) = (row.version.loan.member_no, row.version.loan.account_no);
        let of = params![account_no.0, to_epoch_days(self.as_of)];
        let found = PAST_OF_ACCOUNT.find(connection, of, |past| {
            rows::in_force(&mut Columns::new(past, "past_version"), member_no, account_no)
        })?;
        Ok(found.map(|version| LoanRow { version, ..row }))
    }
}

/// The pass over all positions, by several threads: each reads and counts spans of subjects; what was kept of them is found
/// in the order of subjects.
struct Pass {
    market: Market,
    /// No number of a subject is greater.
    last: i64,
    terms: Terms,
    turns: Turns<Counting>,
}

impl Pass {
    /// Works until there is no more to do; when it fails, others need not go on.
    fn work(&self, connection: &Connection) -> Outcome<Scan> {
        self.turns.work(|| self.share(connection))
    }

    fn share(&self, connection: &Connection) -> Outcome<Scan> {
        let mut scan = Scan::new(self.terms.clone());
        let (mut rows, mut batch) = (Vec::new(), Batch::default());
        loop {
            let piece = self.turns.take();
            let after = piece.saturating_mul(SPAN);
            if after >= self.last {
                return Ok(scan);
            }
            let until = after.saturating_add(SPAN);
            self.market.span(connection, [after, until], &mut rows)?;
            let turn = self.turns.in_turn(piece, |counting| {
                rows.drain(..).try_for_each(|row| counting.take(row))?;
                Ok(counting.count.take_batch(std::mem::take(&mut batch)))
            });
            let Some(complete) = turn? else {
                return Ok(scan);
            };
            batch = complete;
            batch.count(&mut scan);
        }
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

    /// Ends the count after all positions: those whose subjects are in doubt are read once more, then looks.
    fn end(mut self, market: &Market, connection: &Connection) -> Outcome<Statistics> {
        while self.count.wants_more_parts() {
            self.push_part()?;
        }
        let mut rows = Vec::new();
        for subject_id in self.count.end_pass() {
            market.span(connection, [subject_id.0 - 1, subject_id.0], &mut rows)?;
            rows.drain(..).try_for_each(|row| self.take(row))?;
            self.count.count_batch();
        }
        let month = self.count.month();
        judged::each(connection, month, |look| self.count.add_look(look))?;
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
