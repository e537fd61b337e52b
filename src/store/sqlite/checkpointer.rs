//! Moves the write-ahead log into the database off the writer's path: an automatic checkpoint would make some commit wait
//! for hundreds of milliseconds.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::open;
use super::writer::Job;
use crate::store::StoreError;

/// How often the log's size is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// Size of the log above which it is moved while others work.
const PASSIVE_BYTES: u64 = 16 << 20;
/// Size of the log above which it begins anew, for which the writer waits a moment.
const RESTART_BYTES: u64 = 256 << 20;
/// Pages of the log that the writer may move itself when it begins anew: a few milliseconds.
const LEFT_PAGES_MAX: u64 = 256;
/// Times that the log is moved until no more than that are left; a writer that is faster must wait longer.
const PASSES_MAX: u32 = 8;
/// Bytes of a page of the log.
const PAGE_BYTES: u64 = 4_096;
/// How long the writer waits for readers when the log begins anew; if they stay, it is tried again later.
const PATIENCE: Duration = Duration::from_millis(5);
/// The same when the log is cut back, at rest.
const PATIENCE_AT_REST: Duration = Duration::from_millis(50);

/// The checkpointing thread; ends when this is dropped.
pub(super) struct Checkpointer {
    /// `None` once dropped: that ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked is gone; its connection is closed either way.
            let _ = thread.join();
        }
    }
}

impl Checkpointer {
    /// Starts the thread.
    pub(super) fn start(path: &Path, jobs: Sender<Job>) -> Result<Self, StoreError> {
        let connection = open::checkpointer(path).map_err(StoreError::from)?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("store-checkpointer".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    checkpoint(&connection, &log, &jobs);
                }
            })
            .map_err(|error| StoreError::Engine(Box::new(error)))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// A checkpoint that cannot be done now is done later; the log is the truth until then.
fn checkpoint(connection: &Connection, log: &Path, jobs: &Sender<Job>) {
    let bytes = std::fs::metadata(log).map_or(0, |file| file.len());
    if bytes < PASSIVE_BYTES {
        return;
    }
    let mut pages = move_pages(connection);
    for _ in 1..PASSES_MAX {
        if pages * PAGE_BYTES < RESTART_BYTES {
            break;
        }
        let moved = std::mem::replace(&mut pages, move_pages(connection));
        if pages.saturating_sub(moved) <= LEFT_PAGES_MAX {
            break;
        }
    }
    let used = pages * PAGE_BYTES;
    // The writer never rests under load, so nobody else would ever find the log unused. Little is left to move.
    let task: fn(&Connection) = if used >= RESTART_BYTES {
        begin_anew
    } else if bytes >= RESTART_BYTES && used < PASSIVE_BYTES {
        cut_back
    } else {
        return;
    };
    let _ = jobs.send(Job::Run(Box::new(move |connection| {
        if let Ok(connection) = connection {
            task(connection);
        }
    })));
}

/// Moves what it can without anybody waiting; tells how many pages the log holds, moved or not.
fn move_pages(connection: &Connection) -> u64 {
    let pages = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(1));
    // None if it could not be done now.
    pages.map_or(0, |pages| u64::try_from(pages).unwrap_or(0))
}

/// Moves what is left of the log into the database, so that the log is written from its beginning again. Its file keeps its
/// size: writing over blocks costs less than having them given anew, on every commit.
fn begin_anew(connection: &Connection) {
    let _ = connection.busy_timeout(PATIENCE);
    let _ = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
    let _ = connection.busy_timeout(open::BUSY);
}

/// Moves what is left of the log into the database and empties it, if no reader is in the way.
pub(super) fn cut_back(connection: &Connection) {
    let _ = connection.busy_timeout(PATIENCE_AT_REST);
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let _ = connection.busy_timeout(open::BUSY);
}
