//! Threads that read, each with a connection of its own. A read takes the first one that is free.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::failure::Outcome;
use super::open;
use crate::store::StoreError;

type Task = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the reading threads; they end when it is dropped.
pub(super) struct Readers {
    /// `None` once dropped: that ends the threads.
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.tasks = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked is gone; its connection is closed either way.
            let _ = thread.join();
        }
    }
}

impl Readers {
    /// Starts `count` threads.
    pub(super) fn start(path: &Path, count: usize) -> Result<Self, StoreError> {
        let (tasks, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let mut connection = open::reader(path).map_err(StoreError::from)?;
            let waiting = waiting.clone();
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || {
                    while let Some(task) = next(&waiting) {
                        task(&mut connection);
                    }
                })
                .map_err(|error| StoreError::Engine(Box::new(error)))?;
            threads.push(thread);
        }
        Ok(Self {
            tasks: Some(tasks),
            threads,
        })
    }

    /// Runs a read on a free thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |connection| {
            // A caller that went away needs no answer.
            let _ = reply.send(in_snapshot(connection, work).map_err(StoreError::from));
        });
        let tasks = self.tasks.as_ref().ok_or(StoreError::Unavailable)?;
        tasks.send(task).map_err(|_| StoreError::Unavailable)?;
        answer.await.map_err(|_| StoreError::Unavailable)?
    }
}

/// All statements of a read see the same state: an account never moves away between two of them.
fn in_snapshot<T>(connection: &mut Connection, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
    let snapshot = connection.transaction()?;
    let read = work(&snapshot)?;
    snapshot.finish()?;
    Ok(read)
}

fn next(waiting: &Mutex<Receiver<Task>>) -> Option<Task> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
