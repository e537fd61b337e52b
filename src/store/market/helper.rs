//! A thread that helps to count what one reads: whoever has time counts a batch.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::batch::Batch;
use crate::domain::statistics::Scan;

/// Batches that wait for the helper.
const BATCHES_WAITING: usize = 2;

/// The helper; without a thread, its caller counts alone.
pub(in crate::store) struct Helper(Option<Work>);

struct Work {
    batches: SyncSender<Batch>,
    /// Batches that are counted, to be filled again: memory that was in use is at hand.
    /// Only its owner takes them: the lock is for being shared by reference.
    counted: Mutex<Receiver<Batch>>,
    thread: JoinHandle<Scan>,
}

impl Helper {
    /// Begins; it adds to a scan of its own.
    pub fn begin(mut scan: Scan) -> Self {
        let (batches, given): (_, Receiver<Batch>) = sync_channel(BATCHES_WAITING);
        let (give_back, counted) = channel();
        let thread = std::thread::Builder::new()
            .name("store-count".to_owned())
            .spawn(move || {
                for mut batch in given {
                    batch.count(&mut scan);
                    // Nobody takes it any more when all is counted.
                    let _ = give_back.send(batch);
                }
                scan
            });
        Self(thread.ok().map(|thread| Work {
            batches,
            counted: Mutex::new(counted),
            thread,
        }))
    }

    /// Has a batch counted, by the caller if the helper has enough to do, and leaves an empty one.
    pub fn count(&mut self, batch: &mut Batch, scan: &mut Scan) {
        if let Some(work) = &mut self.0 {
            let counted = work.counted.get_mut().unwrap_or_else(PoisonError::into_inner);
            let empty = counted.try_recv().unwrap_or_default();
            match work.batches.try_send(std::mem::replace(batch, empty)) {
                Ok(()) => return,
                Err(TrySendError::Full(full)) => *batch = full,
                // It takes batches for as long as there are any, unless it panicked.
                Err(TrySendError::Disconnected(full)) => {
                    *batch = full;
                    self.join(scan);
                }
            }
        }
        batch.count(scan);
    }

    /// Waits for it and adds what it counted; as if the caller had counted it, its panic goes on here.
    pub fn join(&mut self, scan: &mut Scan) {
        let Some(Work { batches, thread, .. }) = self.0.take() else {
            return;
        };
        drop(batches);
        match thread.join() {
            Ok(other) => scan.merge(other),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
