//! A thread that helps to count what one reads: whoever has time counts a batch.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::batch::Batch;
use crate::domain::statistics::Scan;

/// Batches that wait for the helper.
const BATCHES_WAITING: usize = 2;

/// The helper; without a thread, its caller counts alone.
pub(in crate::store) struct Helper(Option<Hands>);

struct Hands {
    batches: SyncSender<Batch>,
    /// Batches that are counted, to be filled again: memory that was in use is at hand.
    /// Only its owner takes them: the lock is for being shared by reference.
    counted: Mutex<Receiver<Batch>>,
    /// One of them that was not needed after all.
    spare: Option<Batch>,
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
        Self(thread.ok().map(|thread| Hands {
            batches,
            counted: Mutex::new(counted),
            spare: None,
            thread,
        }))
    }

    /// Has a batch counted, by the caller if the helper has enough to do, and leaves an empty one.
    pub fn count(&mut self, batch: &mut Batch, scan: &mut Scan) {
        if let Some(helper) = &mut self.0 {
            let counted = helper.counted.get_mut().unwrap_or_else(PoisonError::into_inner);
            let empty = helper.spare.take().or_else(|| counted.try_recv().ok());
            let full = std::mem::replace(batch, empty.unwrap_or_default());
            match helper.batches.try_send(full) {
                Ok(()) => return,
                Err(TrySendError::Full(full)) => helper.spare = Some(std::mem::replace(batch, full)),
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
        let Some(Hands { batches, thread, .. }) = self.0.take() else {
            return;
        };
        drop(batches);
        match thread.join() {
            Ok(other) => scan.merge(other),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
