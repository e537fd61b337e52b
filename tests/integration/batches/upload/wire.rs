//! The client's upload over the wire, without files: what a stream may meet.

use futures::StreamExt as _;
use tallystick::client::{Chunk, Client, Event, Patience, RecordSource, SourceError, UploadError};
use tallystick::domain::batch::{BatchHeader, BatchId, BatchRecord, BatchType};
use tallystick::domain::member::Role;
use tallystick::domain::names::{AccountRef, Sha256};
use tallystick::domain::position::DeletionReason;
use tallystick::identity::token::SubjectToken;
use tallystick::wire::convert::batch::{header_to_wire, record_to_wire};
use tallystick::wire::pb;
use tokio::sync::mpsc;

use super::{batch, received, server};
use crate::harness::eventually;

fn header(content: u8) -> BatchHeader {
    BatchHeader {
        batch_id: BatchId::parse("night").unwrap(),
        batch_type: BatchType::Incremental,
        as_of: "2026-06-14".parse().unwrap(),
        dry_run: false,
        content_sha256: Sha256([content; 32]),
        resends: None,
        resume_from: 0,
    }
}

/// Deletes an account that is not there: a record that is rejected without needing a token.
fn record(number: usize) -> BatchRecord<SubjectToken> {
    BatchRecord::Deletion {
        account_ref: AccountRef::parse(&format!("L-{number}")).unwrap(),
        reason: DeletionReason::Fraud,
    }
}

/// How a source ends.
enum End {
    Told,
    /// What would tell it is kept.
    Never,
    Broken,
}

/// So many records, and what holds the end back.
struct Deletions {
    count: usize,
    end: End,
    open: Vec<mpsc::Sender<Result<Chunk, SourceError>>>,
}

impl Deletions {
    fn of(count: usize) -> Self {
        Self {
            count,
            end: End::Told,
            open: Vec::new(),
        }
    }
}

impl RecordSource for Deletions {
    fn start(&mut self, from: u64) -> mpsc::Receiver<Result<Chunk, SourceError>> {
        let from = usize::try_from(from).unwrap();
        let (chunks, made) = mpsc::channel(3);
        let passed = from.min(self.count);
        if passed > 0 {
            chunks.try_send(Ok(Chunk::Passed(vec![None; passed]))).unwrap();
        }
        let records = (passed..self.count).map(record).collect();
        chunks.try_send(Ok(Chunk::Records(records))).unwrap();
        match self.end {
            End::Told => chunks.try_send(Ok(Chunk::End)).unwrap(),
            End::Never => self.open.push(chunks),
            End::Broken => {}
        }
        made
    }
}

async fn upload(
    client: &Client,
    header: &BatchHeader,
    source: &mut Deletions,
) -> Result<pb::Batch, UploadError> {
    client
        .upload(header, source, &Patience::default(), &mut |_: &Event<'_>| {})
        .await
}

fn reason(error: &UploadError) -> &str {
    match error {
        UploadError::Client(tallystick::client::ClientError::Refused(refusal)) => &refusal.reason,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_breaks_off_is_no_end_of_the_batch() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let client = lender.client().await;
    let mut source = Deletions {
        end: End::Broken,
        ..Deletions::of(5)
    };
    let broken = upload(&client, &header(1), &mut source).await.unwrap_err();
    assert!(matches!(broken, UploadError::Records(_)), "{broken:?}");
    let begun = batch(&lender, "night").await.unwrap();
    assert_eq!(begun.state(), pb::BatchState::Receiving);
    let summary = upload(&client, &header(1), &mut Deletions::of(9)).await.unwrap();
    assert_eq!(summary.records_received, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_reads_nothing_until_all_is_written_is_not_stuck() {
    use pb::upload_batch_request::Part;
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let records = 6_000;
    let mut parts = vec![Part::Header(header_to_wire(&header(1)))];
    for chunk in (0..records).collect::<Vec<_>>().chunks(1_000) {
        let records = chunk
            .iter()
            .map(|number| record_to_wire(&record(*number)))
            .collect();
        parts.push(Part::Records(pb::BatchRecords { records }));
    }
    parts.push(Part::Trailer(pb::BatchTrailer {
        record_count: u64::try_from(records).unwrap(),
        totals: Vec::new(),
    }));
    let messages = parts
        .into_iter()
        .map(|part| pb::UploadBatchRequest { part: Some(part) });
    let client = lender.client().await;
    let told = client
        .reporting()
        .upload_batch(futures::stream::iter(messages))
        .await
        .unwrap();
    // Every record is rejected: far more results than anybody keeps for a caller that does not read.
    eventually("the batch is judged", async || {
        batch(&lender, "night")
            .await
            .is_some_and(|batch| batch.state() == pb::BatchState::Completed)
    })
    .await;
    let told: Vec<_> = told.into_inner().collect().await;
    let last = told.into_iter().next_back().unwrap().unwrap();
    let Some(pb::upload_batch_response::Part::Summary(summary)) = last.part else {
        panic!("the last message is the summary");
    };
    assert_eq!(summary.records_rejected, 6_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_another_stream_carries_now_is_given_up() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let (first, second) = (lender.client().await, lender.client().await);
    let older = tokio::spawn(async move {
        let mut source = Deletions {
            end: End::Never,
            ..Deletions::of(300)
        };
        upload(&first, &header(1), &mut source).await
    });
    eventually("the first stream's records are durable", async || {
        received(&lender, "night").await == 300
    })
    .await;
    let summary = upload(&second, &header(1), &mut Deletions::of(700))
        .await
        .unwrap();
    assert_eq!((summary.records_received, summary.records_rejected), (700, 700));
    // The older stream sends nothing more, so that it hears of it only now.
    older.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_pass_is_told_at_once() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let client = lender.client().await;
    upload(&client, &header(1), &mut Deletions::of(3)).await.unwrap();
    let other = upload(&client, &header(2), &mut Deletions::of(3))
        .await
        .unwrap_err();
    assert_eq!(reason(&other), "BATCH_ID_REUSED");
    let future = BatchHeader {
        batch_id: BatchId::parse("tomorrow").unwrap(),
        as_of: "2026-06-16".parse().unwrap(),
        ..header(1)
    };
    let refused = upload(&client, &future, &mut Deletions::of(3)).await.unwrap_err();
    assert_eq!(reason(&refused), "DATE_IN_FUTURE");
    let stored = upload(&client, &header(1), &mut Deletions::of(3)).await.unwrap();
    assert_eq!(stored.records_rejected, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_ends_when_nothing_becomes_durable() {
    let server = server().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let client = lender.client().await;
    server.ask_to_stop();
    let (ended, _folder) = server.ended().await;
    ended.unwrap();
    let patience = Patience {
        attempts_max: 3,
        pause_first: std::time::Duration::from_millis(1),
        ..Patience::default()
    };
    let mut breaks = 0;
    let mut count = |event: &Event<'_>| breaks += usize::from(matches!(event, Event::Broken { .. }));
    let stuck = client
        .upload(&header(1), &mut Deletions::of(3), &patience, &mut count)
        .await;
    assert!(
        matches!(stuck, Err(UploadError::Stuck { attempts: 3, .. })),
        "{stuck:?}"
    );
    assert_eq!(breaks, 2);
}
