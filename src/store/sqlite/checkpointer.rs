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
/// Pages of the log that are few enough for the writer to move itself when the log begins anew.
const LEFT_PAGES_MAX: u64 = 256;
/// Times that the log is moved until no more than that are left; a writer that is faster must wait longer.
const PASSES_MAX: u32 = 8;
/// Bytes of a page of the log.
const PAGE_BYTES: u64 = 4_096;
/// How long the writer waits for readers when the log begins anew; if they stay, it is tried again later.
const PATIENCE: Duration = Duration::from_millis(5);
/// The same when the log is twice as long, or is cut back at rest.
const PATIENCE_MAX: Duration = Duration::from_millis(50);

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
                let mut written = 0;
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    written = checkpoint(&connection, &log, &jobs, written);
                }
            })
            .map_err(|error| StoreError::Engine(Box::new(error)))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// What a pass found, in pages of the log.
#[derive(Debug, Clone, Copy)]
struct Pass {
    /// Written since the log began.
    written: u64,
    /// Of these, moved into the database by now.
    moved: u64,
}

/// Moves the log as far as it can; gives how many of its pages are written, of which `before` were at the last look.
/// A checkpoint that cannot be done now is done later; the log is the truth until then.
fn checkpoint(connection: &Connection, log: &Path, jobs: &Sender<Job>, before: u64) -> u64 {
    let bytes = std::fs::metadata(log).map_or(0, |file| file.len());
    if bytes < PASSIVE_BYTES {
        return 0;
    }
    let Some(pass) = move_until_few_are_left(connection) else {
        return 0;
    };
    let used = pass.written * PAGE_BYTES;
    let is_long = used >= 2 * RESTART_BYTES;
    // The writer never rests under load, so nobody else would ever find the log unused. While a reader is in the way it is
    // not asked to, unless that goes on for long.
    if used >= RESTART_BYTES && (is_long || pass.moved == pass.written) {
        let patience = if is_long { PATIENCE_MAX } else { PATIENCE };
        run(jobs, move |writer| begin_anew(writer, patience));
    } else if bytes >= RESTART_BYTES && used < PASSIVE_BYTES && pass.written == before {
        run(jobs, cut_back);
    }
    pass.written
}

/// Moves a long log again and again, because the writer goes on: until it may begin anew with little to move, or until
/// that comes no nearer.
fn move_until_few_are_left(connection: &Connection) -> Option<Pass> {
    let mut pass = move_pages(connection)?;
    let mut left = u64::MAX;
    for _ in 1..PASSES_MAX {
        if pass.written * PAGE_BYTES < RESTART_BYTES || pass.moved < pass.written {
            break;
        }
        let next = move_pages(connection)?;
        let found = next.written.saturating_sub(pass.moved);
        pass = next;
        if found <= LEFT_PAGES_MAX || found >= left {
            break;
        }
        left = found;
    }
    Some(pass)
}

/// Moves what it can without anybody waiting; `None` if it could not now.
fn move_pages(connection: &Connection) -> Option<Pass> {
    let pass = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    let (written, moved) = pass.ok()?;
    Some(Pass {
        written: u64::try_from(written).ok()?,
        moved: u64::try_from(moved).ok()?,
    })
}

fn run(jobs: &Sender<Job>, task: impl FnOnce(&Connection) + Send + 'static) {
    let _ = jobs.send(Job::Run(Box::new(move |connection| {
        if let Ok(connection) = connection {
            task(connection);
        }
    })));
}

/// Moves what is left of the log into the database, so that the log is written from its beginning again. Its file keeps its
/// size: writing over blocks costs less than having them given anew, on every commit.
fn begin_anew(connection: &Connection, patience: Duration) {
    move_all(connection, "PRAGMA wal_checkpoint(RESTART)", patience);
}

/// Moves what is left of the log into the database and empties it, if no reader is in the way.
pub(super) fn cut_back(connection: &Connection) {
    move_all(connection, "PRAGMA wal_checkpoint(TRUNCATE)", PATIENCE_MAX);
}

fn move_all(connection: &Connection, how: &str, patience: Duration) {
    let _ = connection.busy_timeout(patience);
    let _ = connection.query_row(how, [], |_| Ok(()));
    let _ = connection.busy_timeout(open::BUSY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_tells_what_a_reader_keeps_it_from_moving() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("market.db");
        let writer = open::writer(&path).unwrap();
        let put = |text: &str| writer.execute_batch(text).unwrap();
        put("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        let connection = open::checkpointer(&path).unwrap();
        let reader = open::reader(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
        put("INSERT INTO t VALUES (zeroblob(40000))");
        let held = move_pages(&connection).unwrap();
        assert!(0 < held.moved && held.moved < held.written, "{held:?}");
        reader.execute_batch("COMMIT").unwrap();
        let free = move_pages(&connection).unwrap();
        assert_eq!((free.moved, free.written), (held.written, held.written));
    }

    #[test]
    fn sqlite_is_built_as_the_project_says() {
        let connection = Connection::open_in_memory().unwrap();
        let mut options = connection.prepare("PRAGMA compile_options").unwrap();
        let options = options.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let options: Vec<String> = options.map(Result::unwrap).collect();
        assert!(options.iter().any(|option| option == "DEFAULT_MEMSTATUS=0"));
        assert!(options.iter().all(|option| option != "ENABLE_MEMORY_MANAGEMENT"));
    }
}
