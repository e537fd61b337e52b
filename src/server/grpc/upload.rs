//! `UploadBatch`: one task reads and prepares records, another applies them, so that neither waits for the other.
//!
//! Whatever arrived while a chunk was applied forms the next one, up to a limit: a message may hold one record or a
//! thousand. At most a chunk is being prepared while another is applied and a third waits, so memory does not grow with the
//! batch; the transport holds the sender back. Results are pushed only as far as the caller reads: beyond so many unread
//! ones they are left to `ListRecordResults`, so that a caller that only writes is never stuck.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::reporting_service::Reports;
use super::{Market, Stream};
use crate::domain::batch::{Batch, BatchState, BatchTrailer};
use crate::domain::caller::Caller;
use crate::domain::unit::BatchTaken;
use crate::domain::unit::batch::Item;
use crate::domain::unit::rows::BatchRow;
use crate::domain::violation::{Code, Violation};
use crate::identity::token::SubjectToken;
use crate::reporting::{CHUNK_RECORDS_MAX, Reporting, Stated, StatedRecord};
use crate::server::layers::Session;
use crate::store::ApplyError;
use crate::wire::convert::Reading;
use crate::wire::convert::batch::{
    Asks, SentRecord, batch_to_wire, progress_to_wire, read_header, read_record, read_trailer, result_to_wire,
};
use crate::wire::convert::subject_token::Unproven;
use crate::wire::convert::token::ReadToken;
use crate::wire::pb;
use pb::upload_batch_request::Part as Sent;
use pb::upload_batch_response::Part as Told;

/// Most records of one message.
const MESSAGE_RECORDS_MAX: usize = 1_000;
/// Most results that wait to be read; more are left to `ListRecordResults`.
const RESULTS_UNREAD_MAX: usize = 1_000;
/// Room for progress beside the results.
const PROGRESS_UNREAD_MAX: usize = 24;

/// Records read without giving way: far less than a millisecond.
const READ_AT_ONCE: usize = 16;
/// How long a caller may go on writing once the batch is over, before the stream is reset.
const REST_TIME_MAX: Duration = Duration::from_secs(30);

type Answers = mpsc::Sender<Result<pb::UploadBatchResponse, Status>>;

/// What the reading task hands on.
enum Step {
    /// Records as sent, and fit to be decided.
    Records(Vec<pb::BatchRecord>, Vec<Item>),
    Trailer(BatchTrailer),
    /// Nothing more comes, for this reason.
    Broken(Status),
}

pub(super) async fn upload(
    reports: &Reports,
    request: Request<Streaming<pb::UploadBatchRequest>>,
) -> Result<Response<Stream<pb::UploadBatchResponse>>, Status> {
    let session = Session::of(&request)?;
    let mut messages = request.into_inner();
    let first = messages.message().await?;
    let Some(Sent::Header(header)) = first.and_then(|message| message.part) else {
        let text = "the first message of a stream is the header: send header, then records, then the trailer";
        return Err(session.invalid(vec![Violation::new(Code::FileHeader, "header", text)]));
    };
    let today = reports.market.zone.date_of(session.now());
    let header = read_header(&header, today).map_err(|violations| session.invalid(violations))?;
    let opened = reports.room.open_batch(session.caller(), header).await;
    let row = opened.map_err(|error| session.unapplied(&error))?;
    let (answers, told) = mpsc::channel(RESULTS_UNREAD_MAX + PROGRESS_UNREAD_MAX);
    let (steps, to_apply) = mpsc::channel(1);
    let preparation = Preparation {
        room: Arc::clone(&reports.room),
        market: Arc::clone(&reports.market),
        session,
    };
    let reader = Reader {
        preparation: preparation.clone(),
        waiting: Vec::new(),
        steps,
    };
    let applier = Applier {
        preparation,
        row,
        answers,
    };
    // Apart from the answers' stream, which is only polled as fast as the caller reads.
    tokio::spawn(reader.read(messages));
    tokio::spawn(applier.apply(to_apply));
    Ok(Response::new(ReceiverStream::new(told).boxed()))
}

/// Makes records fit to be decided.
#[derive(Clone)]
struct Preparation {
    room: Arc<Reporting>,
    market: Arc<Market>,
    session: Session,
}

impl Preparation {
    /// Records that are recognised by the digests of their tokens were read once before, when these came to be on file: only
    /// of the others it is looked whether their tokens are elements at all.
    async fn of(&self, records: &[pb::BatchRecord]) -> Result<Vec<Item>, ApplyError> {
        let caller = self.session.caller_shared();
        let unproven = Unproven(&self.market.key_versions);
        let mut read = read_all(records, &self.market.reading_with(&self.session, &unproven)).await;
        let recognitions = self.room.recognise(&caller, &read).await?;
        let reading = self.market.reading(&self.session);
        let strangers = read
            .iter_mut()
            .zip(records)
            .zip(&recognitions)
            .filter(|(_, recognition)| !recognition.is_known);
        for (place, ((read, record), _)) in strangers.enumerate() {
            *read = stated(read_record(record, &reading));
            give_way(place).await;
        }
        self.room.prepare(&caller, read, recognitions).await
    }

    /// The same without recognising any, for records whose tokens on file changed since.
    async fn of_strangers(&self, records: &[pb::BatchRecord]) -> Result<Vec<Item>, ApplyError> {
        let caller = self.session.caller_shared();
        let read = read_all(records, &self.market.reading(&self.session)).await;
        let strangers = self.room.strangers(&read);
        self.room.prepare(&caller, read, strangers).await
    }
}

/// Reads messages and has their records prepared.
struct Reader {
    preparation: Preparation,
    waiting: Vec<pb::BatchRecord>,
    steps: mpsc::Sender<Step>,
}

impl Reader {
    /// Reads until the trailer, the end, an error, or until nobody applies any more.
    async fn read(mut self, mut messages: Streaming<pb::UploadBatchRequest>) {
        while self.read_next(&mut messages).await {}
        drop(self);
        // A stream that is dropped before its end is reset, which may overtake the answer.
        let rest = async { while let Ok(Some(_)) = messages.message().await {} };
        let _ = tokio::time::timeout(REST_TIME_MAX, rest).await;
    }

    /// Reads a message, or hands on what waits; false at the end.
    async fn read_next(&mut self, messages: &mut Streaming<pb::UploadBatchRequest>) -> bool {
        // What is there already joins what waits; nobody waits for more once there is something.
        let next = if self.waiting.is_empty() {
            messages.message().await
        } else if let Some(next) = messages.message().now_or_never() {
            next
        } else {
            return self.hand_on().await.is_ok();
        };
        match next {
            Ok(Some(message)) => self.take(message).await,
            Ok(None) => self.end(None).await,
            Err(status) => self.end(Some(Step::Broken(status))).await,
        }
    }

    /// Takes a message; false at the end.
    async fn take(&mut self, message: pb::UploadBatchRequest) -> bool {
        match message.part {
            Some(Sent::Records(records)) if records.records.len() <= MESSAGE_RECORDS_MAX => {
                self.take_records(records).await
            }
            Some(Sent::Records(records)) => {
                let text = format!(
                    "{} records in one message; at most {MESSAGE_RECORDS_MAX}: send more messages",
                    records.records.len()
                );
                self.refuse(Code::Format, "records", &text).await
            }
            Some(Sent::Trailer(trailer)) => match read_trailer(&trailer) {
                Ok(trailer) => self.end(Some(Step::Trailer(trailer))).await,
                Err(violations) => {
                    self.end(Some(Step::Broken(self.preparation.session.invalid(violations))))
                        .await
                }
            },
            Some(Sent::Header(_)) => {
                let text = "there is one header in a stream, its first message";
                self.refuse(Code::FileHeader, "header", text).await
            }
            None => {
                let text = "the message holds neither records nor a trailer";
                self.refuse(Code::FileTrailer, "trailer", text).await
            }
        }
    }

    async fn take_records(&mut self, records: pb::BatchRecords) -> bool {
        for record in records.records {
            self.waiting.push(record);
            if self.waiting.len() >= CHUNK_RECORDS_MAX && self.hand_on().await.is_err() {
                return false;
            }
        }
        true
    }

    async fn refuse(&mut self, code: Code, field: &str, text: &str) -> bool {
        let violation = Violation::new(code, field, text);
        let status = self.preparation.session.invalid(vec![violation]);
        self.end(Some(Step::Broken(status))).await
    }

    /// Hands on what waits, then the last step.
    async fn end(&mut self, last: Option<Step>) -> bool {
        if self.hand_on().await.is_ok()
            && let Some(last) = last
        {
            // If nobody applies any more, the caller was told why.
            let _ = self.steps.send(last).await;
        }
        false
    }

    /// Prepares what waits and hands it on, once the one before it is being applied.
    async fn hand_on(&mut self) -> Result<(), ()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.waiting);
        let step = match self.preparation.of(&records).await {
            Ok(items) => Step::Records(records, items),
            Err(error) => Step::Broken(self.preparation.session.unapplied(&error)),
        };
        self.steps.send(step).await.map_err(|_| ())
    }
}

async fn read_all<R>(records: &[pb::BatchRecord], reading: &Reading<'_, R>) -> Vec<StatedRecord>
where
    R: ReadToken<Token = SubjectToken>,
{
    let mut read = Vec::with_capacity(records.len());
    for (place, record) in records.iter().enumerate() {
        read.push(stated(read_record(record, reading)));
        give_way(place).await;
    }
    read
}

/// Lets calls have the thread now and then: whoever asks must not wait until a chunk was read.
async fn give_way(place: usize) {
    if place % READ_AT_ONCE == READ_AT_ONCE - 1 {
        tokio::task::yield_now().await;
    }
}

fn stated(sent: SentRecord<SubjectToken>) -> StatedRecord {
    let asks = match sent.asks {
        Asks::Unreadable(violations) => Stated::Unreadable(violations),
        Asks::Delete(reason) => Stated::Delete(reason),
        Asks::Position {
            position,
            event,
            findings,
            correction_reason,
        } => Stated::Position {
            position,
            event,
            findings,
            correction_reason,
        },
    };
    StatedRecord {
        account_ref: sent.account_ref,
        amounts: sent.amounts,
        asks,
    }
}

/// Applies what was prepared and tells the caller.
struct Applier {
    preparation: Preparation,
    row: BatchRow,
    answers: Answers,
}

impl Applier {
    async fn apply(mut self, mut steps: mpsc::Receiver<Step>) {
        // A batch that was judged before gets its summary at once.
        if self.row.batch.state == BatchState::Receiving {
            loop {
                let step = tokio::select! {
                    step = steps.recv() => step,
                    // Nobody is left to be told: what is durable is, and the next stream goes on from there.
                    () = self.answers.closed() => return,
                };
                let Some(step) = step else { break };
                match self.step(step).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(status) => {
                        // A caller that only writes must come to where it begins to read.
                        steps.close();
                        self.tell(Err(status)).await;
                        return;
                    }
                }
            }
        }
        steps.close();
        self.tell(Ok(told(Told::Summary(batch_to_wire(&self.row.batch)))))
            .await;
    }

    /// Takes a step; false when the batch is judged.
    async fn step(&mut self, step: Step) -> Result<bool, Status> {
        let session = self.preparation.session.clone();
        let caller = session.recheck()?;
        match step {
            Step::Records(sent, items) => {
                let taken = self.take(&caller, &sent, items).await;
                let taken = taken.map_err(|error| session.unapplied(&error))?;
                self.report(&taken);
                self.row = taken.row;
                Ok(self.row.batch.state == BatchState::Receiving)
            }
            Step::Trailer(trailer) => {
                let room = &self.preparation.room;
                let closed = room.close_batch(&caller, &self.row, trailer).await;
                self.row = closed.map_err(|error| session.unapplied(&error))?;
                log(&session, &self.row.batch);
                Ok(false)
            }
            Step::Broken(status) => Err(status),
        }
    }

    /// Takes a chunk. Tokens that were recognised while the chunk before changed them are mapped after all, as strangers' are.
    async fn take(
        &self,
        caller: &Caller,
        sent: &[pb::BatchRecord],
        items: Vec<Item>,
    ) -> Result<BatchTaken, ApplyError> {
        let room = &self.preparation.room;
        match room.take_chunk(caller, &self.row, items).await {
            Err(ApplyError::Refused(refused)) if refused.is(Code::TokensChanged) => {
                let items = self.preparation.of_strangers(sent).await?;
                room.take_chunk(caller, &self.row, items).await
            }
            taken => taken,
        }
    }

    /// Tells what became of a chunk, as far as there is room.
    fn report(&self, taken: &BatchTaken) {
        for result in &taken.results {
            if self.answers.capacity() <= PROGRESS_UNREAD_MAX {
                break;
            }
            let _ = self
                .answers
                .try_send(Ok(told(Told::RecordResult(result_to_wire(result)))));
        }
        // A later one says all that this one would.
        let progress = progress_to_wire(&taken.row.batch.counts);
        let _ = self.answers.try_send(Ok(told(Told::Progress(progress))));
    }

    /// Waits until the caller reads; if it is gone, it asks with GetBatch.
    async fn tell(&self, last: Result<pb::UploadBatchResponse, Status>) {
        let _ = self.answers.send(last).await;
    }
}

fn told(part: Told) -> pb::UploadBatchResponse {
    pb::UploadBatchResponse { part: Some(part) }
}

fn log(session: &Session, batch: &Batch) {
    let counts = &batch.counts;
    tracing::info!(
        request_id = %session.call(),
        member = %session.caller().member_id(),
        batch = batch.header.batch_id.as_str(),
        state = ?batch.state,
        received = counts.received,
        accepted = counts.accepted,
        rejected = counts.rejected,
        missing = batch.missing,
        "a batch was judged: {} of {} records accepted",
        counts.accepted,
        counts.received
    );
}
