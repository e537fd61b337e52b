//! The records of a file as an upload wants them: those that can be represented, under the member's tokens.
//!
//! Records are numbered by their place among those that can be represented. A start behind the beginning reads and parses
//! the records before again, which is cheap, and tokenises none of them, which would cost. A slice is tokenised while the
//! one before is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, mpsc};

use super::file::InputFile;
use super::parsing::ParsedFile;
use crate::client::{Chunk, RecordSource, SourceError, Tokeniser, amounts_of, tokenise_records};
use crate::import::FileRecord;

/// Records that are tokenised together: some thousand identifiers.
const SLICE_RECORDS: usize = 4_000;

type Chunks = mpsc::Sender<Result<Chunk, SourceError>>;

/// A file as a source of records.
pub(super) struct FileSource {
    file: Arc<InputFile>,
    tokeniser: Arc<Mutex<Tokeniser>>,
    seen: Arc<Seen>,
}

/// What was seen of a file since its records were last begun.
#[derive(Debug, Default)]
pub(super) struct Seen {
    unreadable: AtomicU64,
    whole: AtomicU64,
}

impl Seen {
    /// Records that cannot be represented, so far.
    pub(super) fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// The same of the whole file; `None` when it was not read to its end.
    pub(super) fn unreadable_of_all(&self) -> Option<u64> {
        (self.whole.load(Ordering::Acquire) == 1).then(|| self.unreadable())
    }

    fn begin(&self) {
        self.whole.store(0, Ordering::Release);
        self.unreadable.store(0, Ordering::Relaxed);
    }
}

impl FileSource {
    pub(super) fn new(file: Arc<InputFile>, tokeniser: Arc<Mutex<Tokeniser>>) -> Self {
        Self {
            file,
            tokeniser,
            seen: Arc::default(),
        }
    }

    /// What is seen of the file while it is uploaded.
    pub(super) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }
}

impl RecordSource for FileSource {
    fn start(&mut self, from: u64) -> mpsc::Receiver<Result<Chunk, SourceError>> {
        // A stream that broke may still count: it counts for itself.
        self.seen.begin();
        let (chunks, made) = mpsc::channel(1);
        let work = Work {
            file: Arc::clone(&self.file),
            tokeniser: Arc::clone(&self.tokeniser),
            seen: Arc::clone(&self.seen),
            chunks: chunks.clone(),
            to_pass: from,
            unreadable: 0,
        };
        tokio::spawn(async move {
            if let Err(error) = work.run().await {
                // Whoever does not listen any more need not know.
                let _ = chunks.send(Err(error)).await;
            }
        });
        made
    }
}

struct Work {
    file: Arc<InputFile>,
    tokeniser: Arc<Mutex<Tokeniser>>,
    seen: Arc<Seen>,
    chunks: Chunks,
    to_pass: u64,
    unreadable: u64,
}

impl Work {
    async fn run(mut self) -> Result<(), SourceError> {
        let mut parsed = ParsedFile::of(Arc::clone(&self.file));
        let mut slice = Vec::with_capacity(SLICE_RECORDS);
        while let Some(batch) = parsed.next().await.map_err(unread)? {
            let mut passed = Vec::new();
            for record in batch {
                match record.read {
                    Ok(record) if self.to_pass > 0 => {
                        self.to_pass -= 1;
                        passed.push(amounts_of(&record));
                    }
                    Ok(record) => slice.push(record),
                    Err(_) => self.unreadable += 1,
                }
            }
            if self.chunks.is_closed() {
                return Ok(());
            }
            self.seen.unreadable.store(self.unreadable, Ordering::Relaxed);
            if !passed.is_empty() {
                let _ = self.chunks.send(Ok(Chunk::Passed(passed))).await;
            }
            while slice.len() >= SLICE_RECORDS {
                let rest = slice.split_off(SLICE_RECORDS);
                self.send(std::mem::replace(&mut slice, rest)).await?;
            }
        }
        self.send(slice).await?;
        self.file.refuse_changes().map_err(|error| unread(error.into()))?;
        if !self.chunks.is_closed() {
            self.seen.whole.store(1, Ordering::Release);
        }
        let _ = self.chunks.send(Ok(Chunk::End)).await;
        Ok(())
    }

    async fn send(&self, slice: Vec<FileRecord>) -> Result<(), SourceError> {
        if slice.is_empty() || self.chunks.is_closed() {
            return Ok(());
        }
        let records = tokenise_records(&mut *self.tokeniser.lock().await, slice).await?;
        // A receiver that is gone is noticed before the next slice costs anything.
        let _ = self.chunks.send(Ok(Chunk::Records(records))).await;
        Ok(())
    }
}

fn unread(error: anyhow::Error) -> SourceError {
    SourceError::Records(error.into())
}
