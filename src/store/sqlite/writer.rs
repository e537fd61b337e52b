//! The one thread that writes. Whatever waits when a group ends forms the next; a group is one transaction.
//!
//! Invariant: nobody is answered before COMMIT returned, and what this thread remembers between groups (members, numbers)
//! is what the database says.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::failure::{Failure, Outcome, catching};
use super::statement::{Prepares, Session, Statement};
use super::{checkpointer, flush, load, members};
use crate::domain::clock::SharedClock;
use crate::domain::date::Timestamp;
use crate::domain::unit::working_set::{MarketRules, Network, Numbers};
use crate::domain::unit::{Accepted, Keys, WorkingSet, Write};
use crate::store::columns::Columns;
use crate::store::group::{self, Decided, Instants};
use crate::store::rows;
use crate::store::{ApplyError, StoreError};

/// A group takes no more once it is as much work as so many reports: what waits behind it waits about ten milliseconds.
pub(super) const GROUP_WEIGHT_MAX: usize = 512;
/// Tries of a group before its writes are tried one by one.
const GROUP_TRIES: u32 = 2;
/// How long the thread rests before it looks for rows to expire.
const EXPIRY_INTERVAL: Duration = Duration::from_mins(1);
/// The same by the clock, for a thread that never rests.
const EXPIRY_SECONDS: i64 = 60;
/// Rows of each table expired in one bite. As many as a group adds at most, so that bites after each group keep up.
const EXPIRY_ROWS: u32 = 512;

const NEXT_NUMBERS: Statement = Statement {
    sql: "-- next_numbers
        SELECT n.next_number, h.next_entry
        FROM number_source n
        JOIN audit_head h ON h.singleton = n.singleton",
    parameters: 0,
};
const LAST_REQUEST: Statement = Statement {
    sql: "-- last_request
        SELECT coalesce(max(created_at), 0)
        FROM request",
    parameters: 0,
};
const LAST_OPENING: Statement = Statement {
    sql: "-- last_opening
        SELECT entry_id, content
        FROM audit_opening
        ORDER BY entry_id DESC
        LIMIT 1",
    parameters: 0,
};
const DATA_VERSION: Statement = Statement {
    sql: "-- data_version
        PRAGMA data_version",
    parameters: 0,
};
#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 4] = [NEXT_NUMBERS, LAST_REQUEST, LAST_OPENING, DATA_VERSION];

/// Work on the writing connection, inside a transaction of its own.
pub(super) type Task = Box<dyn FnOnce(Result<&mut Connection, StoreError>) + Send>;

/// What the thread is asked to do.
pub(super) enum Job {
    /// A unit of work for the next group.
    Apply(Box<Write>, oneshot::Sender<Result<Accepted, ApplyError>>),
    /// Something rare.
    Run(Task),
    /// End.
    Stop,
}

/// The writing thread's own state.
pub(super) struct Writer {
    connection: Connection,
    clock: SharedClock,
    rules: Arc<MarketRules>,
    network: Network,
    instants: Instants,
    next_number: i64,
    next_entry: i64,
    /// Whether a group failed since the last look: what is remembered may never have been written.
    stale: bool,
    /// Changes with each commit of another connection.
    data_version: i64,
    /// When expired rows were last looked for.
    tidied_at: Timestamp,
    /// Whether the last bite left something.
    untidy: bool,
    /// Chunks of batches, which take turns with everything else.
    chunks: VecDeque<Waiting>,
}

struct Waiting {
    write: Box<Write>,
    reply: oneshot::Sender<Result<Accepted, ApplyError>>,
}

impl Writer {
    /// A writer on an open, migrated database.
    pub(super) fn new(connection: Connection, clock: SharedClock, rules: Arc<MarketRules>) -> Outcome<Self> {
        let last = last_instant(&connection)?;
        Ok(Self {
            tidied_at: clock.now(),
            connection,
            clock,
            rules,
            network: Network::default(),
            instants: Instants::after(last),
            next_number: 0,
            next_entry: 0,
            stale: true,
            data_version: 0,
            untidy: false,
            chunks: VecDeque::new(),
        })
    }

    /// Works until told to stop or everybody is gone.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut group = Vec::new();
        loop {
            let patience = if self.untidy || !self.chunks.is_empty() {
                Duration::ZERO
            } else {
                EXPIRY_INTERVAL
            };
            match jobs.recv_timeout(patience) {
                Ok(Job::Apply(write, reply)) => {
                    self.queue(Waiting { write, reply }, &mut group);
                }
                Ok(Job::Run(task)) => self.run_task(task),
                Err(RecvTimeoutError::Timeout) if self.chunks.is_empty() => self.expire(),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            let (rare, stop) = self.collect(jobs, &mut group);
            if !group.is_empty() {
                self.apply(&mut group);
                self.expire_when_due();
            }
            // One at a time, so that whoever asks in between waits for one chunk, however many upload.
            if self.apply_next_chunk(&mut group) {
                self.expire_when_due();
            }
            if let Some(task) = rare {
                self.run_task(task);
            }
            if stop {
                break;
            }
        }
        while self.apply_next_chunk(&mut group) {}
        // The database is then one file, fit to be copied.
        checkpointer::cut_back(&self.connection);
    }

    /// Takes everything that waits, up to a full group or something rare.
    fn collect(&mut self, jobs: &Receiver<Job>, group: &mut Vec<Waiting>) -> (Option<Task>, bool) {
        let mut weight: usize = group.iter().map(|waiting| waiting.write.weight()).sum();
        while weight < GROUP_WEIGHT_MAX {
            match jobs.try_recv() {
                Ok(Job::Apply(write, reply)) => weight += self.queue(Waiting { write, reply }, group),
                Ok(Job::Run(task)) => return (Some(task), false),
                Ok(Job::Stop) | Err(TryRecvError::Disconnected) => return (None, true),
                Err(TryRecvError::Empty) => break,
            }
        }
        (None, false)
    }

    /// Puts a write where it waits; returns by how much the group grew.
    fn queue(&mut self, waiting: Waiting, group: &mut Vec<Waiting>) -> usize {
        if waiting.write.is_heavy() {
            self.chunks.push_back(waiting);
            return 0;
        }
        let weight = waiting.write.weight();
        group.push(waiting);
        weight
    }

    fn run_task(&mut self, task: Task) {
        task(Ok(&mut self.connection));
    }

    /// Applies the chunk that has waited longest, alone; false if there is none.
    fn apply_next_chunk(&mut self, group: &mut Vec<Waiting>) -> bool {
        let Some(chunk) = self.chunks.pop_front() else {
            return false;
        };
        group.push(chunk);
        self.apply(group);
        true
    }

    /// Applies a group and answers everybody in it.
    fn apply(&mut self, group: &mut Vec<Waiting>) {
        let writes: Vec<&Write> = group.iter().map(|waiting| waiting.write.as_ref()).collect();
        let mut tried = self.try_group(&writes);
        for _ in 1..GROUP_TRIES {
            if tried.is_ok() {
                break;
            }
            tried = self.try_group(&writes);
        }
        match tried {
            Ok(answers) => {
                for (waiting, answer) in group.drain(..).zip(answers) {
                    // A caller that went away cancels nothing.
                    let _ = waiting.reply.send(answer.map_err(ApplyError::from));
                }
            }
            Err(failure) if group.len() == 1 => {
                if let Some(waiting) = group.pop() {
                    let _ = waiting.reply.send(Err(ApplyError::Store(failure.into())));
                }
            }
            Err(_) => self.apply_one_by_one(group),
        }
    }

    /// One write that cannot be done must not take the others with it.
    fn apply_one_by_one(&mut self, group: &mut Vec<Waiting>) {
        for waiting in group.drain(..) {
            let answer = match self.try_group(&[waiting.write.as_ref()]) {
                Ok(mut answers) => match answers.pop() {
                    Some(answer) => answer.map_err(ApplyError::from),
                    None => Err(ApplyError::Store(StoreError::Unavailable)),
                },
                Err(failure) => Err(ApplyError::Store(failure.into())),
            };
            let _ = waiting.reply.send(answer);
        }
    }

    fn try_group(
        &mut self,
        writes: &[&Write],
    ) -> Outcome<Vec<Result<Accepted, crate::domain::unit::Refused>>> {
        // A panic must not end the thread: everybody else still wants to write.
        let outcome = catching(|| self.transact(writes));
        // Rolled back by the transaction's drop; forget what was decided on it.
        self.stale = outcome.is_err();
        outcome
    }

    fn transact(
        &mut self,
        writes: &[&Write],
    ) -> Outcome<Vec<Result<Accepted, crate::domain::unit::Refused>>> {
        let mut keys = Keys::default();
        for write in writes {
            keys.add(write);
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let data_version = DATA_VERSION.get(&transaction, [], |row| Ok(row.get(0)?))?;
        if self.stale || data_version != self.data_version {
            self.network = members::network(&transaction)?;
            (self.next_number, self.next_entry) =
                NEXT_NUMBERS.get(&transaction, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            self.data_version = data_version;
        }
        let numbers = SharedNumber::from(self.next_number);
        let network = std::mem::take(&mut self.network);
        let mut set = WorkingSet::new(self.rules.clone(), network, Box::new(numbers.clone()));
        let mut span = self
            .instants
            .reserve(self.clock.now(), writes.len(), self.rules.zone);
        let session = Session::on(&transaction);
        load::load(&session, &keys, span.day, &mut set)?;
        let decided = group::decide_all(&mut set, writes, &mut span);
        let entries = i64::try_from(decided.openings.len()).map_err(|_| Failure::Conflict)?;
        if entries > 0 {
            write_down(&session, &set, &decided, self.next_entry)?;
            flush::next_numbers(&session, numbers.value(), self.next_entry + entries)?;
        }
        drop(session);
        transaction.commit()?;
        self.network = set.network;
        self.next_number = numbers.value();
        self.next_entry += entries;
        Ok(decided.answers)
    }

    /// Between groups: once a minute, and on until nothing is left.
    fn expire_when_due(&mut self) {
        if self.untidy || self.clock.now() >= self.tidied_at.plus_seconds(EXPIRY_SECONDS) {
            self.expire();
        }
    }

    /// Removes one bite of what is past its time.
    fn expire(&mut self) {
        let now = self.clock.now();
        let today = self.rules.zone.date_of(now);
        self.tidied_at = now;
        let removed = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Failure::from)
            .and_then(|transaction| {
                let removed = flush::expire(&transaction, now, today, EXPIRY_ROWS)?;
                transaction.commit()?;
                Ok(removed)
            });
        // A failure shows on the next write, to somebody who can be told.
        self.untidy = removed.is_ok_and(|rows| rows > 0);
    }
}

/// The latest instant that was given to a write, as far as the database can tell.
fn last_instant(connection: &Connection) -> Outcome<Timestamp> {
    let request = LAST_REQUEST.get(connection, [], |row| Columns::new(row, "request").instant())?;
    let opening = LAST_OPENING.find(connection, [], |row| {
        rows::audit::opening_instant(&mut Columns::new(row, "audit_opening"))
    })?;
    Ok(opening.map_or(request, |opening| opening.max(request)))
}

fn write_down(
    connection: &impl Prepares,
    set: &WorkingSet,
    decided: &Decided,
    first_entry: i64,
) -> Outcome<()> {
    flush::changes(connection, &set.changes)?;
    for (entry, (opening, leaf)) in (first_entry..).zip(&decided.openings) {
        flush::opening(connection, entry, opening, leaf)?;
    }
    Ok(())
}

/// The next number, shared between the working set and the thread that owns it.
#[derive(Clone)]
struct SharedNumber(Arc<std::sync::atomic::AtomicI64>);

impl From<i64> for SharedNumber {
    fn from(next: i64) -> Self {
        Self(Arc::new(std::sync::atomic::AtomicI64::new(next)))
    }
}

impl SharedNumber {
    fn value(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Numbers for SharedNumber {
    fn next(&mut self) -> i64 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
