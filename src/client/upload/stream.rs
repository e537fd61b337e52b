//! One stream of a batch: from asking how far it came to its judgement, or to what broke it.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use super::message::{Tally, amounts_of, pack, part};
use super::retry::is_passing;
use super::{Chunk, Event, Observer, RecordSource, SourceError, UploadError};
use crate::client::{Client, ClientError, Refusal};
use crate::domain::batch::BatchHeader;
use crate::wire::convert::batch::header_to_wire;
use crate::wire::pb;
use pb::upload_batch_request::Part as Sent;
use pb::upload_batch_response::Part as Told;

/// Messages that wait for the transport.
const MESSAGES_AHEAD: usize = 2;

/// How a stream ended when it was not with a judgement.
pub(super) enum Ended {
    /// Trying again changes nothing.
    Final(UploadError),
    /// It may go on in a moment.
    Broken(ClientError),
}

impl From<ClientError> for Ended {
    fn from(error: ClientError) -> Self {
        if is_passing(&error) {
            Self::Broken(error)
        } else {
            Self::Final(error.into())
        }
    }
}

impl From<SourceError> for Ended {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Client(error) => error.into(),
            SourceError::Records(error) => Self::Final(UploadError::Records(error)),
        }
    }
}

/// The service and who hears of it.
pub(super) struct Service<'a, O> {
    pub(super) client: &'a Client,
    pub(super) observer: &'a mut O,
    /// Most records that were known to be durable so far.
    pub(super) durable: u64,
}

impl<O: Observer> Service<'_, O> {
    /// Carries the batch on from where the service is.
    pub(super) async fn attempt(
        &mut self,
        header: &BatchHeader,
        source: &mut impl RecordSource,
    ) -> Result<pb::Batch, Ended> {
        let known = self.client.find_batch(&header.batch_id).await?;
        let resume_from = known.map_or(0, |batch| batch.records_received);
        self.durable = self.durable.max(resume_from);
        self.observer.hear(&Event::Attempt { resume_from });
        let header = BatchHeader {
            resume_from,
            ..header.clone()
        };
        let (messages, body) = mpsc::channel(MESSAGES_AHEAD);
        // There is room for it, and the receiver is here.
        let _ = messages.send(part(Sent::Header(header_to_wire(&header)))).await;
        let mut reporting = self.client.reporting();
        let told = reporting.upload_batch(ReceiverStream::new(body)).await;
        let told = told.map_err(ClientError::from)?.into_inner();
        let chunks = source.start(resume_from);
        self.carry(told, chunks, messages, resume_from).await
    }

    /// Sends and listens at the same time: a service that is not read stops reading.
    async fn carry(
        &mut self,
        told: Streaming<pb::UploadBatchResponse>,
        chunks: mpsc::Receiver<Result<Chunk, SourceError>>,
        messages: mpsc::Sender<pb::UploadBatchRequest>,
        resume_from: u64,
    ) -> Result<pb::Batch, Ended> {
        let listening = self.listen(told);
        let feeding = feed(chunks, messages, resume_from);
        tokio::pin!(listening, feeding);
        let mut is_fed = false;
        loop {
            tokio::select! {
                // A batch that was judged already is told without a record being made.
                biased;
                heard = &mut listening => return heard.map_err(Ended::from),
                fed = &mut feeding, if !is_fed => {
                    fed?;
                    is_fed = true;
                }
            }
        }
    }

    async fn listen(
        &mut self,
        mut told: Streaming<pb::UploadBatchResponse>,
    ) -> Result<pb::Batch, ClientError> {
        while let Some(message) = told.message().await? {
            match message.part {
                Some(Told::Progress(progress)) => {
                    self.durable = self.durable.max(progress.records_received);
                    self.observer.hear(&Event::Progress(&progress));
                }
                Some(Told::RecordResult(result)) => self.observer.hear(&Event::Result(&result)),
                Some(Told::Summary(batch)) => return Ok(batch),
                // A part that a later service tells: nothing hangs on it.
                None => {}
            }
        }
        Err(ClientError::from(Box::new(Refusal {
            message: "the stream ended before its batch was judged".to_owned(),
            ..Refusal::of_code(Code::Unavailable)
        })))
    }
}

/// Sends what the source gives, then the trailer. Done too when the transport takes no more: listening tells why.
async fn feed(
    mut chunks: mpsc::Receiver<Result<Chunk, SourceError>>,
    messages: mpsc::Sender<pb::UploadBatchRequest>,
    resume_from: u64,
) -> Result<(), Ended> {
    let mut tally = Tally::default();
    loop {
        let Some(chunk) = chunks.recv().await else {
            let broke_off = "the source of the records broke off before their end";
            return Err(Ended::Final(UploadError::Records(broke_off.into())));
        };
        match chunk? {
            Chunk::End => break,
            Chunk::Passed(passed) => {
                for amounts in passed {
                    tally.add(amounts);
                }
            }
            Chunk::Records(records) => {
                for record in &records {
                    tally.add(amounts_of(record));
                }
                for message in pack(&records) {
                    if messages.send(message).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
    if tally.records() < resume_from {
        return Err(Ended::Final(UploadError::Fewer {
            records: tally.records(),
            received: resume_from,
        }));
    }
    let _ = messages.send(tally.trailer()).await;
    Ok(())
}
