//! A file's records, read one after another and parsed on several threads, in the file's order.
//!
//! One thread reads, each batch is parsed on whichever thread is free. What was read and is not taken yet is bounded, so
//! memory does not grow with the file. Invariant: batches come in order, and the end comes only when all was read.

use std::sync::Arc;

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio_stream::wrappers::ReceiverStream;

use super::file::InputFile;
use crate::import::{FileError, FileRecord, Parser, Raw, Unreadable};

/// Records that are read before they are handed on.
const BATCH_RECORDS: usize = 500;
/// Batches that wait to be parsed.
const BATCHES_AHEAD: usize = 2;
/// Most batches that are parsed at once: more threads than read and curve leave would only hold memory.
const THREADS_MAX: usize = 8;

/// A record as it stands in the file, and what it says.
pub(super) struct Parsed {
    pub(super) raw: Raw,
    pub(super) read: Result<FileRecord, Unreadable>,
}

/// The records of a file on their way.
pub(super) struct ParsedFile {
    batches: BoxStream<'static, Result<Vec<Parsed>, JoinError>>,
    reading: Option<JoinHandle<Result<(), FileError>>>,
}

type Batch = (Arc<dyn Parser>, Vec<Raw>);

impl ParsedFile {
    /// Begins to read. Dropping it ends the work.
    pub(super) fn of(file: Arc<InputFile>) -> Self {
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (batches, read) = mpsc::channel(BATCHES_AHEAD);
        let reading = spawn_blocking(move || read_all(&file, &batches));
        let batches = ReceiverStream::new(read)
            .map(|(parser, raws)| spawn_blocking(move || parse_all(&*parser, raws)))
            .buffered(threads.clamp(2, THREADS_MAX));
        Self {
            batches: batches.boxed(),
            reading: Some(reading),
        }
    }

    /// The next records, `None` behind the last.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Vec<Parsed>>> {
        if let Some(batch) = self.batches.next().await {
            return Ok(Some(batch.context("a thread that reads records failed")?));
        }
        if let Some(reading) = self.reading.take() {
            reading.await.context("the thread that reads the file failed")??;
        }
        Ok(None)
    }
}

fn read_all(file: &InputFile, batches: &mpsc::Sender<Batch>) -> Result<(), FileError> {
    let mut reader = file.open()?.reader;
    let parser = reader.parser();
    let mut raws = Vec::with_capacity(BATCH_RECORDS);
    loop {
        let next = reader.next();
        let is_last = !matches!(next, Ok(Some(_)));
        if let Ok(Some(raw)) = next {
            raws.push(raw);
        } else if let Err(error) = next {
            // What stands before the damage is taken; what was read of it is told first.
            let _ = batches.blocking_send((parser, raws));
            return Err(error);
        }
        if raws.len() >= BATCH_RECORDS || is_last {
            let full = std::mem::replace(&mut raws, Vec::with_capacity(BATCH_RECORDS));
            // Nobody takes them any more: then nobody asks how it ended.
            if batches.blocking_send((Arc::clone(&parser), full)).is_err() || is_last {
                return Ok(());
            }
        }
    }
}

fn parse_all(parser: &dyn Parser, raws: Vec<Raw>) -> Vec<Parsed> {
    raws.into_iter()
        .map(|raw| {
            let read = parser.parse(&raw);
            Parsed { raw, read }
        })
        .collect()
}
