//! Uploads a batch and goes on by itself after whatever breaks the connection.
//!
//! The service keeps what became durable, chunk by chunk; a stream that breaks is begun anew behind it. Records come from
//! a [`RecordSource`] that can be started again from any record, so that nothing is held back here but a few messages:
//! memory does not grow with the batch. Answers are read while records are sent. Knows nothing of files. The invariant:
//! a trailer is sent only behind all records of the source, and counts all of them, those of earlier streams included.

mod message;
mod named;
mod retry;
mod stream;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::Duration;

use tokio::sync::mpsc;
use tonic::Code;

pub use message::amounts_of;
pub use named::tokenise_records;
pub use retry::Patience;

use super::{Client, ClientError, Refusal};
use crate::domain::batch::{BatchHeader, BatchId, BatchRecord};
use crate::domain::unit::batch::Amounts;
use crate::identity::token::SubjectToken;
use crate::wire::pb;
use stream::{Ended, Service};

/// The records of a batch in their order, as often as they are asked for.
pub trait RecordSource {
    /// Begins anew: the records before `from` come as [`Chunk::Passed`], the others as [`Chunk::Records`]. Every start
    /// gives the same records. Behind the last one comes [`Chunk::End`]; dropping the receiver ends the work.
    fn start(&mut self, from: u64) -> mpsc::Receiver<Result<Chunk, SourceError>>;
}

/// The next records of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Chunk {
    /// Records that the service has already: what each adds to the control totals.
    Passed(Vec<Option<Amounts>>),
    /// Records to send.
    Records(Vec<BatchRecord<SubjectToken>>),
    /// There are no more. A channel that closes without it broke off: nothing is known of the rest.
    End,
}

/// Why a source gives no more.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The service refused what the source asked of it, such as evaluations.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Its records cannot be read: trying again changes nothing.
    #[error(transparent)]
    Records(Box<dyn Error + Send + Sync>),
}

/// Why an upload ended without a judgement of its batch.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The service refused it for good.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The records cannot be read.
    #[error(transparent)]
    Records(Box<dyn Error + Send + Sync>),
    /// The connection, or the service, failed too often.
    #[error(
        "the service could not be reached {attempts} times in a row: what it has stays, and the same upload begun again \
         goes on behind it"
    )]
    Stuck {
        /// Attempts since the last record that became durable.
        attempts: u32,
        /// What the last one met.
        source: Box<ClientError>,
    },
    /// The service has more records of this batch than there are.
    #[error(
        "the service has {received} records of this batch but there are only {records} to send: it was begun with other \
         records; take another batch id"
    )]
    Fewer {
        /// Records of the source.
        records: u64,
        /// Records that the service has.
        received: u64,
    },
}

/// What happens while a batch is uploaded.
#[derive(Debug)]
pub enum Event<'a> {
    /// A stream begins.
    Attempt {
        /// Records that the service has.
        resume_from: u64,
    },
    /// Records became durable.
    Progress(&'a pb::BatchProgress),
    /// A record was rejected, or accepted with warnings. Not every one is told: `ListRecordResults` has all.
    Result(&'a pb::RecordResult),
    /// A stream broke; the next one begins after the pause.
    Broken {
        /// What happened.
        error: &'a ClientError,
        /// How long it waits.
        pause: Duration,
    },
}

/// Hears of what happens.
pub trait Observer: Send {
    /// Something happened. It is waited for: what takes long holds the upload up.
    fn hear(&mut self, event: &Event<'_>);
}

impl<F: FnMut(&Event<'_>) + Send> Observer for F {
    fn hear(&mut self, event: &Event<'_>) {
        self(event);
    }
}

impl Client {
    /// Uploads a batch to its judgement; `resume_from` of the header is not looked at, the service knows better.
    ///
    /// A batch that was judged before is told as it is. Whatever ends this, even its process, a later call with the same
    /// header and source goes on behind what is durable.
    ///
    /// # Errors
    /// [`UploadError::Client`] when another stream took the batch over, its name has another content, or the service
    /// refuses it otherwise; [`UploadError::Stuck`] when patience ran out; [`UploadError::Records`] from the source.
    pub async fn upload(
        &self,
        header: &BatchHeader,
        source: &mut impl RecordSource,
        patience: &Patience,
        observer: &mut impl Observer,
    ) -> Result<pb::Batch, UploadError> {
        let mut durable = 0;
        let mut attempts = 0;
        loop {
            let mut service = Service {
                client: self,
                observer,
                durable,
            };
            let error = match service.attempt(header, source).await {
                Ok(batch) => return Ok(batch),
                Err(Ended::Final(error)) => return Err(error),
                Err(Ended::Broken(error)) => error,
            };
            if service.durable > durable {
                durable = service.durable;
                attempts = 0;
            }
            attempts += 1;
            let mut jitter = [0];
            self.entropy.fill(&mut jitter);
            let Some(pause) = patience.pause_after(&error, attempts, jitter[0]) else {
                return Err(UploadError::Stuck {
                    attempts,
                    source: Box::new(error),
                });
            };
            observer.hear(&Event::Broken { error: &error, pause });
            tokio::time::sleep(pause).await;
        }
    }

    /// The caller's batch of a name, if there is one.
    ///
    /// # Errors
    /// Refusals but that there is none; connection errors.
    pub async fn find_batch(&self, batch_id: &BatchId) -> Result<Option<pb::Batch>, ClientError> {
        let request = pb::GetBatchRequest {
            batch_id: batch_id.as_str().to_owned(),
        };
        match self.reporting().get_batch(request).await {
            Ok(response) => {
                let batch = response.into_inner().batch;
                batch.map(Some).ok_or(ClientError::Malformed { what: "batch" })
            }
            Err(status) => match Refusal::from(status) {
                refusal if refusal.code == Code::NotFound => Ok(None),
                refusal => Err(ClientError::from(Box::new(refusal))),
            },
        }
    }
}
