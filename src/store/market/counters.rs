//! Who counts: the caller, and one thread that helps it. Each subject is counted by either, and what they counted is added
//! up at the end, so that it makes no difference by whom.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::LoanRow;
use crate::domain::statistics::{Loan, Scan, Statistics, Terms};

/// Batches that wait for the helper.
const BATCHES_WAITING: usize = 2;

/// The two.
pub(super) struct Counters {
    scan: Scan,
    /// Without one, the caller counts alone.
    helper: Option<Helper>,
}

/// A thread that counts what it is given until there is no more.
struct Helper {
    batches: SyncSender<Vec<LoanRow>>,
    thread: JoinHandle<Scan>,
}

impl Counters {
    pub fn begin(terms: &Terms) -> Self {
        Self {
            scan: Scan::new(terms.clone()),
            helper: Helper::begin(Scan::new(terms.clone())),
        }
    }

    /// What the caller counts itself.
    pub const fn scan(&mut self) -> &mut Scan {
        &mut self.scan
    }

    /// Counts rows of whole subjects, which lie together.
    pub fn count(&mut self, rows: Vec<LoanRow>) {
        let Some(helper) = &self.helper else {
            return count(&mut self.scan, &rows);
        };
        match helper.batches.try_send(rows) {
            Ok(()) => {}
            Err(TrySendError::Full(rows)) => count(&mut self.scan, &rows),
            // It takes batches for as long as there are any, unless it panicked.
            Err(TrySendError::Disconnected(rows)) => {
                self.join();
                count(&mut self.scan, &rows);
            }
        }
    }

    /// Waits for the helper and adds what it counted; as if the caller had counted it, its panic goes on here.
    fn join(&mut self) {
        let Some(Helper { batches, thread }) = self.helper.take() else {
            return;
        };
        drop(batches);
        match thread.join() {
            Ok(other) => self.scan.merge(&other),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Ends the count.
    pub fn finish(mut self) -> Statistics {
        self.join();
        self.scan.finish()
    }
}

impl Helper {
    fn begin(mut scan: Scan) -> Option<Self> {
        let (batches, given): (_, Receiver<Vec<LoanRow>>) = sync_channel(BATCHES_WAITING);
        let thread = std::thread::Builder::new()
            .name("store-count".to_owned())
            .spawn(move || {
                for rows in given {
                    count(&mut scan, &rows);
                }
                scan
            });
        Some(Self {
            batches,
            thread: thread.ok()?,
        })
    }
}

fn count(scan: &mut Scan, rows: &[LoanRow]) {
    let loans: Vec<Loan<'_>> = rows.iter().map(LoanRow::complete).collect();
    let mut rest = loans.as_slice();
    for of_subject in rows.chunk_by(|one, other| one.subject_id == other.subject_id) {
        let (loans, others) = rest.split_at(of_subject.len());
        scan.add_subject(loans);
        rest = others;
    }
}

impl LoanRow {
    fn complete(&self) -> Loan<'_> {
        Loan {
            funding_group_ref: self.version.funding_group_ref.as_deref(),
            ..self.version.loan
        }
    }
}
