//! The floor under this engine, for `tallystick bench`: the rows that a group of units of work needs, read and written by
//! the statements of the catalogue, each group sent in one go, on a copy of the database.
//!
//! No locks, nothing decided; the rows it writes are those of the product (taken from the live database as a pattern) under
//! other keys. Invariant: it never writes to a database that serves.

use std::hint::black_box;

use futures::future::join_all;
use tokio::runtime::Runtime;
use tokio_postgres::Row;

use super::address::Address;
use super::aggregates;
use super::cells::Arrays;
use super::changes::{
    INSERT_INQUIRIES, INSERT_OPENINGS, INSERT_REQUESTS, INSERT_WAITING, PUT_ACCOUNTS, PUT_FROZEN,
    PUT_HISTORY, PUT_PAST_VERSIONS, PUT_POSITIONS,
};
use super::failure::{Failure, Outcome};
use super::find::{
    FIND_ACCOUNTS, FIND_REQUESTS, FIND_TOKENS, FROZEN_OF_SUBJECTS, HISTORY_OF_SUBJECTS,
    INQUIRIES_OF_SUBJECTS, POSITIONS_OF_SUBJECTS,
};
use super::pool::{self, PostgresOptions};
use super::reads::CURRENT_POSITIONS;
use super::reservations::{
    APPLICATIONS_OF_SUBJECTS, INSERT_RULINGS, PUT_APPLICATIONS, PUT_RESERVATIONS, RESERVATIONS_OF_SUBJECTS,
    SUBJECTS_OF_APPLICATIONS,
};
use super::scratch;
use super::statement::{Session, Statement};
use super::{changes, find, reservations};
use crate::domain::names::SubjectId;
use crate::store::StoreError;
use crate::store::columns::{Cell, Corrupt, Row as _, Sink as _, Value};
use crate::store::floor::{Floor, ScanGoal, Target, Work, named_by, pattern_of, random_looking};

/// Above every number that a market is given, and small enough for a day.
const FIRST_OWN_NUMBER: i64 = 1 << 30;

/// What a column of a row holds that is not as in the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    Subject,
    Member,
    /// The member's name of the account or application.
    Name,
    AccountNo,
    /// A number that no row has.
    Fresh,
    /// Sixteen bytes that no row has.
    Uuid,
    /// Thirty-two bytes.
    Hash,
}

type Put = (Statement, &'static [(&'static str, Own)]);

const INQUIRY: Put = (
    INSERT_INQUIRIES,
    &[
        ("subject_id", Own::Subject),
        ("inquired_at", Own::Fresh),
        ("member_no", Own::Member),
    ],
);
const FROZEN: Put = (
    PUT_FROZEN,
    &[
        ("subject_id", Own::Subject),
        // A day of its own: the copy may hold the subject's figures of today.
        ("day", Own::Fresh),
        ("member_no", Own::Member),
    ],
);
const NEW_ACCOUNT: Put = (
    PUT_ACCOUNTS,
    &[
        ("member_no", Own::Member),
        ("account_ref", Own::Name),
        ("account_no", Own::Fresh),
        ("holder", Own::Subject),
    ],
);
const KNOWN_ACCOUNT: Put = (
    PUT_ACCOUNTS,
    &[
        ("member_no", Own::Member),
        ("account_ref", Own::Name),
        ("account_no", Own::AccountNo),
        ("holder", Own::Subject),
    ],
);
const NEW_POSITION: Put = (
    PUT_POSITIONS,
    &[
        ("subject_id", Own::Subject),
        ("member_no", Own::Member),
        ("account_no", Own::Fresh),
    ],
);
const KNOWN_POSITION: Put = (
    PUT_POSITIONS,
    &[
        ("subject_id", Own::Subject),
        ("member_no", Own::Member),
        ("account_no", Own::AccountNo),
    ],
);
const PAST_VERSION: Put = (
    PUT_PAST_VERSIONS,
    &[
        ("account_no", Own::AccountNo),
        ("member_no", Own::Member),
        ("version", Own::Fresh),
    ],
);
const HISTORY: Put = (
    PUT_HISTORY,
    &[
        ("subject_id", Own::Subject),
        ("account_no", Own::AccountNo),
        ("version", Own::Fresh),
    ],
);
const APPLICATION: Put = (
    PUT_APPLICATIONS,
    &[
        ("subject_id", Own::Subject),
        ("member_no", Own::Member),
        ("application_id", Own::Name),
        // Ages grow, as time does: rows are appended to the indexes of ages.
        ("checked_at", Own::Fresh),
    ],
);
const RESERVATION: Put = (
    PUT_RESERVATIONS,
    &[
        ("subject_id", Own::Subject),
        ("member_no", Own::Member),
        ("reservation_id", Own::Uuid),
        ("application_id", Own::Name),
        ("expires_at", Own::Fresh),
    ],
);
const RULING: Put = (
    INSERT_RULINGS,
    &[
        ("member_no", Own::Member),
        ("answer_id", Own::Uuid),
        ("decided_at", Own::Fresh),
    ],
);
const REQUEST: Put = (
    INSERT_REQUESTS,
    &[("member_no", Own::Member), ("request_id", Own::Uuid)],
);
const WAITING: Put = (
    INSERT_WAITING,
    &[("entry_id", Own::Fresh), ("leaf_hash", Own::Hash)],
);
const OPENING: Put = (INSERT_OPENINGS, &[("entry_id", Own::Fresh)]);

/// What a kind of work leaves behind, in the order in which the product writes it.
const fn puts(work: Work) -> &'static [Put] {
    match work {
        Work::Query => &[INQUIRY, FROZEN, REQUEST, WAITING, OPENING],
        Work::Review => &[INQUIRY, WAITING, OPENING],
        Work::Open => &[NEW_ACCOUNT, NEW_POSITION, REQUEST, WAITING, OPENING],
        Work::Update => &[
            KNOWN_ACCOUNT,
            KNOWN_POSITION,
            PAST_VERSION,
            HISTORY,
            REQUEST,
            WAITING,
            OPENING,
        ],
        Work::Check => &[
            INQUIRY,
            APPLICATION,
            RESERVATION,
            RULING,
            REQUEST,
            WAITING,
            OPENING,
        ],
        // One entry of the log for a whole chunk.
        Work::Batch => &[KNOWN_ACCOUNT, KNOWN_POSITION, PAST_VERSION, HISTORY],
    }
}

/// A statement with a row of the product.
struct Pattern {
    statement: Statement,
    cells: Vec<(Cell<'static>, Option<Own>)>,
}

/// The driver on a copy of a database.
pub struct PostgresFloor {
    runtime: Runtime,
    session: Session,
    live: Address,
    options: PostgresOptions,
    patterns: Vec<Pattern>,
    process: u32,
    counter: i64,
}

crate::redacted_debug!(PostgresFloor);

impl PostgresFloor {
    /// Opens a copy of a live database for reading and writing. Not from within a runtime: it has one of its own.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub fn open(copy: &Address, live: &Address, options: PostgresOptions) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Engine(Box::new(error)))?;
        let pool = pool::pool(copy, &options, 1)?;
        let opened = runtime.block_on(async {
            let session = pool::session(&pool).await?;
            session.prepare(find::CATALOGUE).await?;
            session.prepare(changes::CATALOGUE).await?;
            session.prepare(reservations::CATALOGUE).await?;
            session.prepare(&[CURRENT_POSITIONS]).await?;
            let process = scratch::process(&session).await?;
            Ok::<_, Failure>((session, process))
        });
        let (session, process) = opened?;
        Ok(Self {
            runtime,
            session,
            live: live.clone(),
            options,
            patterns: Vec::new(),
            process,
            counter: FIRST_OWN_NUMBER,
        })
    }
}

impl Floor for PostgresFloor {
    fn learn(&mut self, work: Work) -> Result<(), StoreError> {
        let pool = pool::pool(&self.live, &self.options, 1)?;
        let learnt = self.runtime.block_on(async {
            let live = pool::session(&pool).await?;
            let mut patterns = Vec::new();
            for (statement, own) in puts(work) {
                patterns.push(pattern(&live, work, *statement, own).await?);
            }
            Ok::<_, Failure>(patterns)
        });
        self.patterns = learnt?;
        Ok(())
    }

    fn resolve(&mut self, work: Work, targets: &mut [Target]) -> Result<(), StoreError> {
        Ok(self.runtime.block_on(resolve(&self.session, work, targets))?)
    }

    fn read_group(&mut self, work: Work, targets: &[Target]) -> Result<usize, StoreError> {
        Ok(self.runtime.block_on(read(&self.session, work, targets))?)
    }

    fn write_group(&mut self, _: Work, targets: &[Target]) -> Result<(), StoreError> {
        let first = self.counter;
        self.counter += i64::try_from(targets.len()).unwrap_or(0);
        let written = write(&self.session, &self.patterns, targets, first);
        Ok(self.runtime.block_on(written)?)
    }

    /// Nothing: PostgreSQL's own processes do it when they think fit.
    fn checkpoint(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn scan(&mut self) -> Result<(), StoreError> {
        Ok(self.runtime.block_on(aggregates::read(&self.session))?)
    }

    fn scan_goal(&self) -> ScanGoal {
        aggregates::GOAL
    }

    fn process(&self) -> Option<u32> {
        Some(self.process)
    }
}

/// A statement, its keys, and the day if it wants one.
type Ask<'t> = (Statement, Arrays<'t>, Option<i64>);

/// The reads that a kind of work cannot do without.
fn asks(work: Work, targets: &[Target]) -> Vec<Ask<'_>> {
    let tokens = targets.iter().flat_map(|target| &target.tokens);
    let tokens = Arrays::of(tokens, |token, sink| {
        sink.bytes(&token.sealed[..]);
    });
    let mut asks = Vec::new();
    if work.has_tokens() {
        asks.push((FIND_TOKENS, tokens, None));
    }
    if work.has_request() {
        let requests = Arrays::of(targets, |target, sink| {
            sink.number(target.member_no.0)
                .text(work.rpc())
                .bytes(&[0_u8; 16][..]);
        });
        asks.push((FIND_REQUESTS, requests, None));
    }
    let subjects = || {
        Arrays::of(targets, |target, sink| {
            sink.number(target.subject_id.0);
        })
    };
    if work.is_look() {
        asks.push((POSITIONS_OF_SUBJECTS, subjects(), None));
        asks.push((HISTORY_OF_SUBJECTS, subjects(), None));
        asks.push((INQUIRIES_OF_SUBJECTS, subjects(), None));
    } else {
        asks.push((FIND_ACCOUNTS, names(targets), None));
    }
    if work == Work::Check {
        asks.push((SUBJECTS_OF_APPLICATIONS, names(targets), None));
        asks.push((APPLICATIONS_OF_SUBJECTS, subjects(), None));
        asks.push((RESERVATIONS_OF_SUBJECTS, subjects(), None));
    }
    if work == Work::Query {
        asks.push((FROZEN_OF_SUBJECTS, subjects(), Some(0)));
    }
    if matches!(work, Work::Update | Work::Batch) {
        let rows = Arrays::of(targets, |target, sink| {
            sink.number(target.subject_id.0)
                .number(target.member_no.0)
                .number(target.account_no);
        });
        asks.push((CURRENT_POSITIONS, rows, None));
    }
    asks
}

/// The members' names of accounts or applications.
fn names(targets: &[Target]) -> Arrays<'_> {
    Arrays::of(targets, |target, sink| {
        sink.number(target.member_no.0).text(&*target.name);
    })
}

async fn read(session: &Session, work: Work, targets: &[Target]) -> Outcome<usize> {
    let asks = asks(work, targets);
    let (begun, read, ended) = futures::join!(
        session.command("BEGIN"),
        join_all(asks.iter().map(|ask| look(session, ask))),
        session.command("COMMIT"),
    );
    begun?;
    ended?;
    read.into_iter().sum()
}

/// Every column of every row of an answer, looked at.
async fn look(session: &Session, (statement, keys, day): &Ask<'_>) -> Outcome<usize> {
    let mut bound = keys.bound();
    if let Some(day) = day {
        bound.push(day);
    }
    let looked = |row: &Row| {
        for column in 0..row.len() {
            black_box(row.value(column)?);
        }
        Ok(())
    };
    Ok(statement.all(session, &bound, looked).await?.len())
}

async fn write(session: &Session, patterns: &[Pattern], targets: &[Target], first: i64) -> Outcome<()> {
    let rows: Vec<Arrays<'_>> = patterns
        .iter()
        .map(|pattern| pattern.rows(targets, first))
        .collect();
    let puts = patterns.iter().zip(&rows).map(async |(pattern, rows)| {
        pattern
            .statement
            .run_exactly(session, targets.len(), &rows.bound())
            .await
    });
    // COMMIT of a transaction in which something failed is a ROLLBACK.
    let (begun, put, ended) = futures::join!(
        session.command("BEGIN"),
        join_all(puts),
        session.command("COMMIT")
    );
    begun?;
    put.into_iter().collect::<Outcome<()>>()?;
    ended
}

impl Pattern {
    /// A row for each target, under keys of their own.
    fn rows<'t>(&'t self, targets: &'t [Target], first: i64) -> Arrays<'t> {
        Arrays::of(targets.iter().zip(first..), |(target, number), sink| {
            for (cell, own) in &self.cells {
                sink.cell(match own {
                    None => borrowed(cell),
                    Some(Own::Subject) => Cell::Number(target.subject_id.0),
                    Some(Own::Member) => Cell::Number(target.member_no.0),
                    Some(Own::Name) => Cell::Text((&*target.name).into()),
                    Some(Own::AccountNo) => Cell::Number(target.account_no),
                    Some(Own::Fresh) => Cell::Number(number),
                    Some(Own::Uuid) => Cell::Bytes(random_looking(number).to_vec().into()),
                    Some(Own::Hash) => {
                        Cell::Bytes([random_looking(number), random_looking(-number)].concat().into())
                    }
                });
            }
        })
    }
}

fn borrowed<'t>(cell: &'t Cell<'static>) -> Cell<'t> {
    match cell {
        Cell::Null => Cell::Null,
        Cell::Number(number) => Cell::Number(*number),
        Cell::Text(text) => Cell::Text((&**text).into()),
        Cell::Bytes(bytes) => Cell::Bytes((&**bytes).into()),
    }
}

/// A row that a statement wrote for this kind of work, or one like it.
async fn pattern(
    live: &Session,
    work: Work,
    statement: Statement,
    own: &'static [(&'static str, Own)],
) -> Outcome<Pattern> {
    let missing = || Failure::from(Corrupt::of("pattern", statement.name()));
    let (table, columns) = named_by(statement.sql).ok_or_else(missing)?;
    let own = |column: &str| own.iter().find(|(name, _)| *name == column).map(|(_, own)| *own);
    let own: Vec<Option<Own>> = columns.iter().map(|column| own(column)).collect();
    if own.iter().all(Option::is_some) {
        let cells = own.into_iter().map(|own| (Cell::Null, own)).collect();
        return Ok(Pattern { statement, cells });
    }
    let sql = match table {
        "audit_opening" => pattern_of(statement.sql).replace("LIMIT", "ORDER BY entry_id DESC LIMIT"),
        "request" => pattern_of(statement.sql).replace(
            "LIMIT",
            &format!("WHERE rpc = '{}' ORDER BY created_at DESC LIMIT", work.rpc()),
        ),
        _ => pattern_of(statement.sql),
    };
    let row = live.row(&sql).await?.ok_or_else(missing)?;
    let mut cells = Vec::with_capacity(own.len());
    for (column, own) in own.into_iter().enumerate() {
        let cell = match row.value(column)? {
            Value::Null => Cell::Null,
            Value::Number(number) => Cell::Number(number),
            Value::Text(text) => Cell::Text(text.to_owned().into()),
            Value::Bytes(bytes) => Cell::Bytes(bytes.to_vec().into()),
            Value::Foreign => return Err(missing()),
        };
        cells.push((cell, own));
    }
    Ok(Pattern { statement, cells })
}

async fn resolve(session: &Session, work: Work, targets: &mut [Target]) -> Outcome<()> {
    for target in &mut *targets {
        let Some(token) = target.tokens.first() else {
            continue;
        };
        let sealed: &[&[u8]] = &[&token.sealed[..]];
        target.subject_id = SubjectId(FIND_TOKENS.get(session, &[&sealed], third).await?);
        if matches!(work, Work::Update | Work::Batch) {
            let named = names(std::slice::from_ref(target));
            let account_no = FIND_ACCOUNTS.get(session, &named.bound(), third).await?;
            target.account_no = account_no;
        }
    }
    Ok(())
}

/// The number in the third column.
fn third(row: &Row) -> Outcome<i64> {
    match row.value(2)? {
        Value::Number(number) => Ok(number),
        Value::Null | Value::Text(_) | Value::Bytes(_) | Value::Foreign => {
            Err(Corrupt::of("floor", "third column").into())
        }
    }
}
