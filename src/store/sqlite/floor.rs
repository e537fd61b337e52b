//! The floor under the store, for `tallystick bench`: the rows that a unit of work needs, read and written by nothing but
//! the driver, in transactions of a given size, on a copy of the database.
//!
//! Decides and checks nothing; the rows it writes are those of the product (taken from the live database as a pattern)
//! under other keys. Invariant: it never opens a database that serves.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params, params_from_iter};

use super::failure::{Failure, Outcome};
use super::{changes, load, open, reads, reservations};
use crate::domain::names::SubjectId;
use crate::store::StoreError;
use crate::store::floor::{Floor, ScanGoal, Target, Work, pattern_of, random_looking};

/// Tables and indexes that hold positions and whom they concern: everything but history, looks and the audit log.
const OF_POSITIONS: &str = "-- bytes_of_positions
    SELECT coalesce(sum(pgsize), 0)
    FROM dbstat
    WHERE aggregate = TRUE AND name IN (
        'position', 'account', 'subject_token', 'subject_token_by_vector', 'subject_token_by_subject',
        'mobile_link', 'mobile_link_by_subject')";

/// Every position, read once.
const SCAN: &str = "-- scan
    SELECT count(*), sum(outstanding_total), sum(days_past_due)
    FROM position";

/// Rows of the product, as patterns.
#[derive(Default)]
struct Patterns {
    inquiry: Vec<Value>,
    frozen: Vec<Value>,
    request: Vec<Value>,
    opening: Vec<Value>,
    position: Vec<Value>,
    past_version: Vec<Value>,
    history: Vec<Value>,
    application: Vec<Value>,
    reservation: Vec<Value>,
    ruling: Vec<Value>,
}

/// The driver on a copy of a database.
pub struct SqliteFloor {
    live: PathBuf,
    connection: Connection,
    patterns: Patterns,
    /// Makes keys that no row has.
    counter: i64,
}

crate::redacted_debug!(SqliteFloor);

impl SqliteFloor {
    /// Opens a copy of a live database for reading and writing, with the store's settings.
    ///
    /// # Errors
    /// [`StoreError::Disk`] when it cannot be opened.
    pub fn open(copy: &Path, live: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            live: live.to_owned(),
            connection: open::writer(copy)?,
            patterns: Patterns::default(),
            counter: 1 << 40,
        })
    }

    fn read(&mut self, work: Work, targets: &[Target]) -> Outcome<usize> {
        let transaction = self.connection.transaction()?;
        let mut rows = 0;
        for target in targets {
            rows += read_one(&transaction, work, target)?;
        }
        transaction.commit()?;
        Ok(rows)
    }

    fn write(&mut self, work: Work, targets: &[Target]) -> Outcome<()> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for target in targets {
            self.counter += 1;
            write_one(&transaction, &self.patterns, work, target, self.counter)?;
        }
        Ok(transaction.commit()?)
    }
}

impl Floor for SqliteFloor {
    fn learn(&mut self, work: Work) -> Result<(), StoreError> {
        let live = open::reader(&self.live)?;
        self.patterns = learn(&live, work).map_err(StoreError::from)?;
        Ok(())
    }

    fn resolve(&mut self, work: Work, targets: &mut [Target]) -> Result<(), StoreError> {
        for target in targets {
            resolve(&self.connection, work, target).map_err(StoreError::from)?;
        }
        Ok(())
    }

    fn read_group(&mut self, work: Work, targets: &[Target]) -> Result<usize, StoreError> {
        self.read(work, targets).map_err(StoreError::from)
    }

    fn write_group(&mut self, work: Work, targets: &[Target]) -> Result<(), StoreError> {
        self.write(work, targets).map_err(StoreError::from)
    }

    /// Moves the write-ahead log into the copy; the log's file stays, to be written over.
    fn checkpoint(&mut self) -> Result<(), StoreError> {
        checkpoint(&self.connection, "PRAGMA wal_checkpoint(RESTART)").map_err(StoreError::from)
    }

    fn scan(&mut self) -> Result<(), StoreError> {
        let read = self.connection.query_row(SCAN, [], |row| {
            black_box((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ));
            Ok(())
        });
        read.map_err(Failure::from).map_err(StoreError::from)
    }

    fn scan_goal(&self) -> ScanGoal {
        ScanGoal {
            of: "one plain scan",
            text: "≤ 6",
        }
    }

    fn process(&self) -> Option<u32> {
        None
    }
}

/// The engine, for the report.
pub fn engine() -> String {
    format!(
        "SQLite {} in the server's process, synchronous = FULL; a flush is this machine's",
        rusqlite::version()
    )
}

/// Bytes of the tables and indexes that hold current positions, of a database that nobody writes to.
///
/// # Errors
/// [`StoreError::Disk`] when it cannot be opened.
pub fn bytes_of_positions(path: &Path) -> Result<u64, StoreError> {
    let connection = open::reader(path)?;
    let bytes: i64 = connection
        .query_row(OF_POSITIONS, [], |row| row.get(0))
        .map_err(Failure::from)?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// Every column of every row of a query, looked at.
fn step(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Outcome<usize> {
    let mut prepared = connection.prepare_cached(sql)?;
    let columns = prepared.column_count();
    let mut rows = prepared.query(parameters)?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            black_box(row.get_ref(column)?);
        }
        count += 1;
    }
    Ok(count)
}

fn read_one(connection: &Connection, work: Work, target: &Target) -> Outcome<usize> {
    let subject = target.subject_id.0;
    let mut rows = 0;
    for token in target.tokens.iter().filter(|_| work.has_tokens()) {
        rows += step(connection, load::FIND_TOKEN.sql, params![token.sealed])?;
    }
    if work.has_request() {
        let name = params![target.member_no.0, work.rpc(), [0_u8; 16]];
        rows += step(connection, load::FIND_REQUEST.sql, name)?;
    }
    if work.is_look() {
        rows += step(connection, load::POSITIONS_OF_SUBJECT.sql, params![subject])?;
        rows += step(connection, load::HISTORY_OF_SUBJECT.sql, params![subject])?;
        rows += step(connection, load::INQUIRIES_OF_SUBJECT.sql, params![subject])?;
    } else {
        let account = params![target.member_no.0, target.name];
        rows += step(connection, load::FIND_ACCOUNT.sql, account)?;
    }
    if work == Work::Check {
        let application = params![target.member_no.0, target.name];
        rows += step(connection, reservations::SUBJECTS_OF_APPLICATION.sql, application)?;
        rows += step(
            connection,
            reservations::APPLICATIONS_OF_SUBJECT.sql,
            params![subject],
        )?;
        rows += step(
            connection,
            reservations::RESERVATIONS_OF_SUBJECT.sql,
            params![subject],
        )?;
    }
    if work == Work::Query {
        rows += step(connection, load::FROZEN_OF_SUBJECT.sql, params![subject, 0])?;
    }
    if matches!(work, Work::Update | Work::Batch) {
        let row = params![subject, target.member_no.0, target.account_no];
        rows += step(connection, reads::CURRENT_POSITION.sql, row)?;
    }
    Ok(rows)
}

fn put(connection: &Connection, sql: &str, pattern: &[Value], keys: &[(usize, Value)]) -> Outcome<()> {
    let mut row: Vec<&Value> = pattern.iter().collect();
    for (column, key) in keys {
        if let Some(slot) = row.get_mut(*column) {
            *slot = key;
        }
    }
    connection.prepare_cached(sql)?.execute(params_from_iter(row))?;
    Ok(())
}

fn write_one(
    connection: &Connection,
    patterns: &Patterns,
    work: Work,
    target: &Target,
    counter: i64,
) -> Outcome<()> {
    let subject = || Value::Integer(target.subject_id.0);
    let member = || Value::Integer(target.member_no.0);
    let number = Value::Integer(counter);
    if work.is_look() {
        let keys = [(0, subject()), (1, number.clone()), (3, member())];
        put(connection, changes::INSERT_INQUIRY.sql, &patterns.inquiry, &keys)?;
    }
    match work {
        Work::Query => {
            // A day of its own: the copy may hold the subject's figures of today.
            let keys = [(0, subject()), (1, number.clone()), (2, member())];
            put(connection, changes::PUT_FROZEN.sql, &patterns.frozen, &keys)?;
        }
        Work::Review => {}
        Work::Open => {
            let row = params![
                target.member_no.0,
                target.name,
                counter,
                target.subject_id.0,
                1,
                1,
                0,
                [0_u8; 16]
            ];
            connection
                .prepare_cached(changes::PUT_ACCOUNT.sql)?
                .execute(row)?;
            let keys = [(0, subject()), (1, member()), (2, number.clone())];
            put(connection, changes::PUT_POSITION.sql, &patterns.position, &keys)?;
        }
        Work::Update | Work::Batch => replace_one(connection, patterns, target, counter)?,
        Work::Check => check_one(connection, patterns, target, counter)?,
    }
    if work.has_request() {
        let keys = [(0, member()), (2, Value::Blob(random_looking(counter).to_vec()))];
        put(connection, changes::INSERT_REQUEST.sql, &patterns.request, &keys)?;
    }
    if work == Work::Batch {
        // One entry of the log for a whole chunk.
        return Ok(());
    }
    let leaf = [random_looking(counter), random_looking(-counter)].concat();
    connection
        .prepare_cached(changes::INSERT_WAITING.sql)?
        .execute(params![counter, leaf])?;
    put(
        connection,
        changes::INSERT_OPENING.sql,
        &patterns.opening,
        &[(0, number)],
    )
}

/// What a report that changes a known account leaves behind.
fn replace_one(connection: &Connection, patterns: &Patterns, target: &Target, counter: i64) -> Outcome<()> {
    let subject = || Value::Integer(target.subject_id.0);
    let member = || Value::Integer(target.member_no.0);
    let number = Value::Integer(counter);
    let account = || Value::Integer(target.account_no);
    let row = params![
        target.member_no.0,
        target.name,
        target.account_no,
        target.subject_id.0,
        2,
        1,
        0,
        [0_u8; 16]
    ];
    connection
        .prepare_cached(changes::PUT_ACCOUNT.sql)?
        .execute(row)?;
    let keys = [(0, subject()), (1, member()), (2, account())];
    put(connection, changes::PUT_POSITION.sql, &patterns.position, &keys)?;
    let keys = [(0, account()), (1, member()), (3, number.clone())];
    put(
        connection,
        changes::PUT_PAST_VERSION.sql,
        &patterns.past_version,
        &keys,
    )?;
    let keys = [(0, subject()), (1, account()), (2, number.clone())];
    put(connection, changes::PUT_HISTORY.sql, &patterns.history, &keys)?;
    Ok(())
}

/// What a check that may lend leaves behind, but for its inquiry.
fn check_one(connection: &Connection, patterns: &Patterns, target: &Target, counter: i64) -> Outcome<()> {
    let subject = || Value::Integer(target.subject_id.0);
    let member = || Value::Integer(target.member_no.0);
    let application = || Value::Text(target.name.clone());
    let id = || Value::Blob(random_looking(counter).to_vec());
    // Ages grow, as time does: rows are appended to the indexes of ages.
    let age = || Value::Integer(counter);
    let keys = [(0, subject()), (1, member()), (2, application()), (4, age())];
    let sql = reservations::PUT_APPLICATION.sql;
    put(connection, sql, &patterns.application, &keys)?;
    let keys = [
        (0, subject()),
        (1, member()),
        (2, id()),
        (3, application()),
        (11, age()),
    ];
    let sql = reservations::PUT_RESERVATION.sql;
    put(connection, sql, &patterns.reservation, &keys)?;
    let keys = [(0, member()), (1, id()), (2, age())];
    put(
        connection,
        reservations::INSERT_RULING.sql,
        &patterns.ruling,
        &keys,
    )
}

fn pattern(connection: &Connection, sql: &str) -> Outcome<Vec<Value>> {
    let mut prepared = connection.prepare(sql)?;
    let columns = prepared.column_count();
    let found = prepared
        .query_row([], |row| (0..columns).map(|column| row.get(column)).collect())
        .optional()?;
    found.ok_or_else(|| super::failure::corrupt("pattern", sql.lines().next().unwrap_or_default()))
}

fn learn(live: &Connection, work: Work) -> Outcome<Patterns> {
    let mut patterns = Patterns {
        opening: pattern(
            live,
            "SELECT entry_id, salt, content FROM audit_opening ORDER BY entry_id DESC LIMIT 1",
        )?,
        ..Patterns::default()
    };
    if work.is_look() {
        patterns.inquiry = pattern(
            live,
            "SELECT subject_id, inquired_at, answer_id, member_no, kind, purpose, with_strong, counted,
                consent_reference, consent_purposes, consent_granted_on, consent_expires_on, consent_text_sha256,
                finding, burden
            FROM inquiry LIMIT 1",
        )?;
    }
    if work.has_request() {
        let of_rpc = format!(
            "SELECT member_no, rpc, request_id, body_sha256, created_at, accepted FROM request
            WHERE rpc = '{}' ORDER BY created_at DESC LIMIT 1",
            work.rpc()
        );
        patterns.request = pattern(live, &of_rpc)?;
    }
    match work {
        Work::Query => {
            patterns.frozen = pattern(
                live,
                "SELECT subject_id, day, member_no, hard, with_strong, figures FROM frozen_answer LIMIT 1",
            )?;
        }
        Work::Review => {}
        Work::Open => patterns.position = pattern(live, &pattern_of(changes::PUT_POSITION.sql))?,
        Work::Update | Work::Batch => {
            patterns.position = pattern(live, &pattern_of(changes::PUT_POSITION.sql))?;
            patterns.past_version = pattern(live, &pattern_of(changes::PUT_PAST_VERSION.sql))?;
            patterns.history = pattern(live, &pattern_of(changes::PUT_HISTORY.sql))?;
        }
        Work::Check => {
            patterns.application = pattern(live, &pattern_of(reservations::PUT_APPLICATION.sql))?;
            patterns.reservation = pattern(live, &pattern_of(reservations::PUT_RESERVATION.sql))?;
            patterns.ruling = pattern(live, &pattern_of(reservations::INSERT_RULING.sql))?;
        }
    }
    Ok(patterns)
}

fn resolve(connection: &Connection, work: Work, target: &mut Target) -> Outcome<()> {
    let Some(first) = target.tokens.first() else {
        return Ok(());
    };
    let subject = load::FIND_TOKEN.get(connection, params![first.sealed], |row| Ok(row.get(2)?))?;
    target.subject_id = SubjectId(subject);
    if matches!(work, Work::Update | Work::Batch) {
        let account = params![target.member_no.0, target.name];
        target.account_no = load::FIND_ACCOUNT.get(connection, account, |row| Ok(row.get(2)?))?;
    }
    Ok(())
}

/// Moves the write-ahead log into a database that nobody else has open, so that the file alone is the database.
///
/// # Errors
/// [`StoreError::Disk`] when it cannot be opened or written.
pub fn settle(path: &Path) -> Result<(), StoreError> {
    let connection = open::writer(path)?;
    checkpoint(&connection, "PRAGMA wal_checkpoint(TRUNCATE)").map_err(StoreError::from)
}

fn checkpoint(connection: &Connection, how: &str) -> Outcome<()> {
    Ok(connection.query_row(how, [], |_| Ok(()))?)
}
