//! The one thread that writes. Whatever waits when a group ends forms the next; a group is one transaction.
//!
//! Invariant: nobody is answered before COMMIT returned, and what this thread remembers between groups (members, numbers)
//! is what the database says.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::failure::{Failure, Outcome};
use super::statement::Statement;
use super::{flush, load, members};
use crate::domain::clock::SharedClock;
use crate::domain::date::Timestamp;
use crate::domain::unit::working_set::{MarketRules, Network, Numbers};
use crate::domain::unit::{Accepted, Keys, WorkingSet, Write};
use crate::store::group::{self, Decided, Instants};
use crate::store::{ApplyError, StoreError};

/// Most writes of one group.
pub(super) const GROUP_WRITES_MAX: usize = 512;
/// Tries of a group before its writes are tried one by one.
const GROUP_TRIES: u32 = 2;
/// How long the thread rests before it looks for rows to expire.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);
/// Rows of each table expired in one bite.
const EXPIRY_ROWS: u32 = 1_000;
/// Seconds for which a request id is remembered: 7 days.
const REQUEST_KEPT_SECONDS: i64 = 7 * 86_400;

const NEXT_NUMBERS: Statement = Statement {
    sql: "-- next_numbers
        SELECT n.next_number, h.next_entry
        FROM number_source n
        JOIN audit_head h ON h.singleton = n.singleton",
    parameters: 0,
};
const LAST_INSTANT: Statement = Statement {
    sql: "-- last_instant
        SELECT coalesce(max(created_at), 0)
        FROM request",
    parameters: 0,
};
#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 2] = [NEXT_NUMBERS, LAST_INSTANT];

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
}

struct Waiting {
    write: Box<Write>,
    reply: oneshot::Sender<Result<Accepted, ApplyError>>,
}

impl Writer {
    /// A writer on an open, migrated database.
    pub(super) fn new(connection: Connection, clock: SharedClock, rules: Arc<MarketRules>) -> Outcome<Self> {
        let last = LAST_INSTANT.get(&connection, [], |row| Ok(Timestamp::from_micros(row.get(0)?)))?;
        let mut writer = Self {
            connection,
            clock,
            rules,
            network: Network::default(),
            instants: Instants::after(last),
            next_number: 0,
            next_entry: 0,
        };
        writer.remember()?;
        Ok(writer)
    }

    /// Reads again what the thread remembers.
    fn remember(&mut self) -> Outcome<()> {
        self.network = members::network(&self.connection)?;
        (self.next_number, self.next_entry) =
            NEXT_NUMBERS.get(&self.connection, params![], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(())
    }

    /// Works until told to stop or everybody is gone.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut group = Vec::new();
        loop {
            match jobs.recv_timeout(EXPIRY_INTERVAL) {
                Ok(Job::Apply(write, reply)) => group.push(Waiting { write, reply }),
                Ok(Job::Run(task)) => self.run_task(task),
                Err(RecvTimeoutError::Timeout) => self.expire(),
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
            let (rare, stop) = collect(jobs, &mut group);
            if !group.is_empty() {
                self.apply(&mut group);
            }
            if let Some(task) = rare {
                self.run_task(task);
            }
            if stop {
                return;
            }
        }
    }

    fn run_task(&mut self, task: Task) {
        task(Ok(&mut self.connection));
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
                let failed = StoreError::from(failure);
                for waiting in group.drain(..1) {
                    let _ = waiting.reply.send(Err(ApplyError::Store(failed)));
                    return;
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
        let outcome = self.transact(writes);
        if outcome.is_err() {
            // Rolled back by the transaction's drop; forget what was decided on it.
            self.remember()?;
        }
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
        let numbers = SharedNumber::from(self.next_number);
        let network = std::mem::take(&mut self.network);
        let mut set = WorkingSet::new(self.rules.clone(), network, Box::new(numbers.clone()));
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let today = self.rules.zone.date_of(self.clock.now());
        load::load(&transaction, &keys, today, &mut set)?;
        let decided = group::decide_all(&mut set, writes, self.clock.as_ref(), &mut self.instants);
        let entries = i64::try_from(decided.openings.len()).map_err(|_| Failure::Conflict)?;
        if entries > 0 {
            write_down(&transaction, &set, &decided, self.next_entry)?;
            flush::next_numbers(&transaction, numbers.value(), self.next_entry + entries)?;
        }
        transaction.commit()?;
        self.network = set.network;
        self.next_number = numbers.value();
        self.next_entry += entries;
        Ok(decided.answers)
    }

    /// Removes what is past its time, in small bites, when nothing else waits.
    fn expire(&mut self) {
        let now = self.clock.now();
        let requests_before = now.plus_seconds(-REQUEST_KEPT_SECONDS);
        let today = self.rules.zone.date_of(now);
        // A failure shows on the next write, to somebody who can be told.
        let _ = flush::expire(&self.connection, requests_before, today, EXPIRY_ROWS);
    }
}

fn write_down(connection: &Connection, set: &WorkingSet, decided: &Decided, first_entry: i64) -> Outcome<()> {
    for change in &set.changes {
        flush::change(connection, change)?;
    }
    for (entry, (opening, leaf)) in (first_entry..).zip(&decided.openings) {
        flush::opening(connection, entry, opening, leaf)?;
    }
    Ok(())
}

/// Takes everything that waits, up to a full group or something rare.
fn collect(jobs: &Receiver<Job>, group: &mut Vec<Waiting>) -> (Option<Task>, bool) {
    while group.len() < GROUP_WRITES_MAX {
        match jobs.try_recv() {
            Ok(Job::Apply(write, reply)) => group.push(Waiting { write, reply }),
            Ok(Job::Run(task)) => return (Some(task), false),
            Ok(Job::Stop) | Err(TryRecvError::Disconnected) => return (None, true),
            Err(TryRecvError::Empty) => break,
        }
    }
    (None, false)
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
