//! `UploadBatch` as the contract has it, with a client that does what it likes.

use std::time::Duration;

use futures::StreamExt as _;
use tallystick::wire::pb;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::harness::{eventually, reason};
use crate::proofs::people::{Person, loan, owing, today, wire};
use crate::proofs::world::{Actor, World};
use pb::batch_record::Action;
use pb::upload_batch_request::Part as Sent;
use pb::upload_batch_response::Part as Told;

pub fn header(name: &str) -> pb::BatchHeader {
    pb::BatchHeader {
        batch_id: name.to_owned(),
        r#type: pb::BatchType::Incremental.into(),
        as_of: wire(today()),
        dry_run: false,
        resume_from: 0,
        content_sha256: vec![7; 32],
        resends_batch_id: String::new(),
    }
}

pub fn record(position: pb::Position) -> pb::BatchRecord {
    pb::BatchRecord {
        action: Some(Action::Position(position)),
        ..pb::BatchRecord::default()
    }
}

fn sum(records: &[pb::BatchRecord]) -> i64 {
    let owed = |record: &pb::BatchRecord| match &record.action {
        Some(Action::Position(position)) => position.outstanding_total,
        Some(Action::DeleteAccountRef(_)) | None => 0,
    };
    records.iter().map(owed).sum()
}

fn trailer(records: &[pb::BatchRecord]) -> pb::BatchTrailer {
    pb::BatchTrailer {
        record_count: u64::try_from(records.len()).unwrap(),
        totals: vec![pb::ControlTotal {
            currency: "CNY".to_owned(),
            outstanding_total: sum(records),
            overdue_total: 0,
        }],
    }
}

fn message(part: Sent) -> pb::UploadBatchRequest {
    pb::UploadBatchRequest { part: Some(part) }
}

fn records(records: &[pb::BatchRecord]) -> pb::UploadBatchRequest {
    message(Sent::Records(pb::BatchRecords {
        records: records.to_vec(),
    }))
}

/// A stream in the hands of a test.
struct Upload {
    send: mpsc::UnboundedSender<pb::UploadBatchRequest>,
    answers: Streaming<pb::UploadBatchResponse>,
}

impl Upload {
    async fn open(actor: &Actor, header: pb::BatchHeader) -> Result<Self, Status> {
        let (send, outgoing) = mpsc::unbounded_channel();
        send.send(message(Sent::Header(header))).unwrap();
        let stream = UnboundedReceiverStream::new(outgoing);
        let answers = actor.client.reporting().upload_batch(stream).await?.into_inner();
        Ok(Self { send, answers })
    }

    fn send(&self, message: pb::UploadBatchRequest) {
        self.send.send(message).unwrap();
    }

    /// Reads until so many records are durable.
    async fn durable(&mut self, count: u64) {
        loop {
            let answer = self.answers.message().await.unwrap().expect("more is to come");
            if matches!(answer.part, Some(Told::Progress(progress)) if progress.records_received == count) {
                return;
            }
        }
    }

    /// Reads to the end: results and summary.
    async fn rest(mut self) -> Result<(Vec<pb::RecordResult>, pb::Batch), Status> {
        let mut results = Vec::new();
        let mut summary = None;
        while let Some(answer) = self.answers.message().await? {
            match answer.part {
                Some(Told::RecordResult(result)) => results.push(result),
                Some(Told::Summary(batch)) => summary = Some(batch),
                Some(Told::Progress(_)) => assert!(summary.is_none(), "the summary comes last"),
                None => panic!("an empty answer"),
            }
        }
        Ok((results, summary.expect("a stream that ends well has a summary")))
    }
}

/// A whole batch in one go.
pub async fn upload(
    actor: &Actor,
    header: pb::BatchHeader,
    all: &[pb::BatchRecord],
) -> Result<(Vec<pb::RecordResult>, pb::Batch), Status> {
    let upload = Upload::open(actor, header).await?;
    for chunk in all.chunks(400) {
        upload.send(records(chunk));
    }
    upload.send(message(Sent::Trailer(trailer(all))));
    upload.rest().await
}

pub async fn book(actor: &Actor, count: u32, as_of: chrono::NaiveDate) -> Vec<pb::BatchRecord> {
    let mut records = Vec::new();
    for number in 0..count {
        let tokens = actor.strong(&Person::number(number)).await;
        records.push(record(loan(&format!("L-{number:03}"), tokens, as_of)));
    }
    records
}

async fn get(actor: &Actor, name: &str) -> Result<pb::Batch, Status> {
    let request = pb::GetBatchRequest {
        batch_id: name.to_owned(),
    };
    let found = actor.client.reporting().get_batch(request).await?;
    Ok(found.into_inner().batch.expect("a batch that was found"))
}

async fn results(actor: &Actor, name: &str, page_size: i32) -> Vec<pb::RecordResult> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListRecordResultsRequest {
            batch_id: name.to_owned(),
            page_size,
            page_token,
        };
        let page = actor.client.reporting().list_record_results(request).await;
        let page = page.unwrap().into_inner();
        all.extend(page.results);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_with_progress_results_and_a_summary() {
    let world = World::start().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let mut all = book(&bank, 6, today()).await;
    if let Some(Action::Position(position)) = &mut all[2].action {
        position.days_past_due = 3;
    }
    if let Some(Action::Position(position)) = &mut all[4].action {
        *position = owing(position.clone(), 3_000_000);
        position.original_amount = 1_000_000;
    }
    let (told, batch) = upload(&bank, header("n-1"), &all).await.unwrap();
    let codes: Vec<(u64, &str, Vec<&str>, Vec<&str>)> = told
        .iter()
        .map(|result| {
            let codes = |list: &'_ [pb::RuleViolation]| -> Vec<String> {
                list.iter().map(|broken| broken.code.clone()).collect()
            };
            let leak = |codes: Vec<String>| -> Vec<&'static str> {
                codes
                    .into_iter()
                    .map(|code| &*Box::leak(code.into_boxed_str()))
                    .collect()
            };
            (
                result.record_number,
                result.account_ref.as_str(),
                leak(codes(&result.violations)),
                leak(codes(&result.warnings)),
            )
        })
        .collect();
    assert_eq!(
        codes,
        [
            (3, "L-002", vec!["DPD_AMOUNT_MISMATCH"], vec![]),
            (5, "L-004", vec![], vec!["BALANCE_OVER_ORIGINAL"]),
        ]
    );
    assert_eq!(batch.state(), pb::BatchState::Completed, "{:?}", batch.failures);
    assert_eq!(
        (
            batch.records_received,
            batch.records_accepted,
            batch.records_rejected,
            batch.warnings
        ),
        (6, 5, 1, 1)
    );
    assert!(batch.started_at.is_some() && batch.finished_at.is_some());
    assert_eq!(get(&bank, "n-1").await.unwrap(), batch);
    assert_eq!(results(&bank, "n-1", 1).await, told);
    let listed = bank
        .client
        .reporting()
        .list_batches(pb::ListBatchesRequest::default())
        .await;
    assert_eq!(listed.unwrap().into_inner().batches, [batch]);
    let status = get(&other, "n-1").await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "BATCH_UNKNOWN")
    );
    let answer = other.look(other.strong(&Person::number(0)).await).await;
    assert_eq!(
        answer.others.unwrap().active_accounts,
        1,
        "others see what it carried"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_out_of_order_end_the_stream_and_lose_nothing() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let all = book(&bank, 2, today()).await;
    let empty = pb::UploadBatchRequest { part: None };
    let (send, outgoing) = mpsc::unbounded_channel();
    send.send(records(&all)).unwrap();
    let headless = bank
        .client
        .reporting()
        .upload_batch(UnboundedReceiverStream::new(outgoing))
        .await
        .unwrap_err();
    assert_eq!(
        (headless.code(), reason(&headless).as_str()),
        (Code::InvalidArgument, "FILE_HEADER")
    );
    let many = vec![all[0].clone(); 1_001];
    let twice = pb::BatchTrailer {
        totals: vec![pb::ControlTotal::default(); 2],
        ..trailer(&all)
    };
    let cases = [
        (
            "a second header",
            message(Sent::Header(header("n-1"))),
            "FILE_HEADER",
        ),
        ("nothing", empty, "FILE_TRAILER"),
        ("too many records", records(&many), "FORMAT"),
        (
            "totals without a currency",
            message(Sent::Trailer(twice)),
            "FIELD_REQUIRED",
        ),
    ];
    let mut received = 0;
    for (name, wrong, expected) in cases {
        let resumed = pb::BatchHeader {
            resume_from: received,
            ..header("n-1")
        };
        let upload = Upload::open(&bank, resumed).await.unwrap();
        upload.send(records(&all));
        upload.send(wrong);
        let status = upload.rest().await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, expected),
            "{name}"
        );
        received += 2;
        assert_eq!(
            get(&bank, "n-1").await.unwrap().records_received,
            received,
            "{name}"
        );
    }
    let last = pb::BatchHeader {
        resume_from: received,
        ..header("n-1")
    };
    let upload = Upload::open(&bank, last).await.unwrap();
    drop(upload.send);
    let unfinished = get(&bank, "n-1").await.unwrap();
    assert_eq!(
        unfinished.state(),
        pb::BatchState::Receiving,
        "an end without a trailer is a break"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_stream_takes_over_and_goes_on_behind_what_is_durable() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let all = book(&bank, 6, today()).await;
    let mut old = Upload::open(&bank, header("n-1")).await.unwrap();
    old.send(records(&all[..2]));
    old.durable(2).await;
    for (resume_from, sha, code, expected) in [
        (0, 7, Code::FailedPrecondition, "RESUME_POINT"),
        (3, 7, Code::FailedPrecondition, "RESUME_POINT"),
        (2, 8, Code::AlreadyExists, "BATCH_ID_REUSED"),
    ] {
        let wrong = pb::BatchHeader {
            resume_from,
            content_sha256: vec![sha; 32],
            ..header("n-1")
        };
        let status = Upload::open(&bank, wrong).await.err().expect("it is refused");
        assert_eq!((status.code(), reason(&status).as_str()), (code, expected));
        assert!(expected != "RESUME_POINT" || status.message().contains("resume_from to 2"));
    }
    let resumed = pb::BatchHeader {
        resume_from: 2,
        ..header("n-1")
    };
    let new = Upload::open(&bank, resumed).await.unwrap();
    old.send(records(&all[2..4]));
    let status = old.rest().await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Aborted, "BATCH_TAKEN_OVER")
    );
    new.send(records(&all[2..]));
    new.send(message(Sent::Trailer(trailer(&all))));
    let (told, batch) = new.rest().await.unwrap();
    assert_eq!((told.len(), batch.records_accepted), (0, 6));
    assert_eq!(batch.state(), pb::BatchState::Completed);
    // Whoever sends it all again is told at once.
    let (told, again) = upload(&bank, header("n-1"), &all).await.unwrap();
    assert_eq!((told.len(), again), (0, batch));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_only_writes_is_never_stuck() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let mut broken = book(&bank, 1, today()).await.remove(0);
    if let Some(Action::Position(position)) = &mut broken.action {
        // Wrong in many ways: no buffer on the way holds all that is to be said.
        position.days_past_due = 3;
        position.region_code = "x".repeat(60);
        position.outstanding_principal = -1;
        position.outstanding_total = -1;
        position.original_amount = -1;
        position.credit_limit = -1;
        position.scheduled_payment = -1;
        position.last_payment_amount = -1;
        position.consent_reference.clear();
        position.sequence = 0;
        position.opened_on = wire(today() + chrono::Days::new(9));
    }
    let all = vec![broken; 9_900];
    let upload = Upload::open(&bank, header("n-1")).await.unwrap();
    for chunk in all.chunks(1_000) {
        upload.send(records(chunk));
    }
    upload.send(message(Sent::Trailer(trailer(&all))));
    eventually("everything is durable though nobody reads", || async {
        get(&bank, "n-1").await.unwrap().state() == pb::BatchState::Completed
    })
    .await;
    let (told, batch) = upload.rest().await.unwrap();
    assert_eq!(batch.records_rejected, 9_900);
    assert!(
        !told.is_empty() && told.len() < 9_900,
        "{} results were pushed",
        told.len()
    );
    let numbers: Vec<u64> = results(&bank, "n-1", 1_000)
        .await
        .iter()
        .map(|r| r.record_number)
        .collect();
    assert_eq!(numbers, (1..=9_900).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_a_message_is_as_good_as_a_thousand() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let mut all = Vec::new();
    let tokens = bank.strong(&Person::number(0)).await;
    for number in 0..1_500 {
        all.push(record(loan(&format!("L-{number:04}"), tokens.clone(), today())));
    }
    let one = Upload::open(&bank, header("n-1")).await.unwrap();
    for record in &all {
        one.send(records(std::slice::from_ref(record)));
    }
    one.send(message(Sent::Trailer(trailer(&all))));
    let (_, batch) = one.rest().await.unwrap();
    assert_eq!((batch.records_received, batch.records_accepted), (1_500, 1_500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_ends_an_upload_at_its_next_chunk() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let all = book(&bank, 4, today()).await;
    let mut upload = Upload::open(&bank, header("n-1")).await.unwrap();
    upload.send(records(&all[..2]));
    upload.durable(2).await;
    let member = pb::GetMemberRequest {
        member_id: "bank-a".to_owned(),
    };
    let admin = world.operator.client.admin();
    let member = admin
        .clone()
        .get_member(member)
        .await
        .unwrap()
        .into_inner()
        .member
        .unwrap();
    let revocation = pb::RevokeCertificateRequest {
        member_id: "bank-a".to_owned(),
        fingerprint: member.certificates[0].fingerprint.clone(),
    };
    admin.clone().revoke_certificate(revocation).await.unwrap();
    upload.send(records(&all[2..]));
    let status = upload.rest().await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "CERTIFICATE_REVOKED")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_leaves_what_was_durable() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let all = book(&bank, 6, today()).await;
    let mut upload = Upload::open(&bank, header("n-1")).await.unwrap();
    upload.send(records(&all[..3]));
    upload.durable(3).await;
    drop(upload);
    let known = get(&bank, "n-1").await.unwrap();
    assert_eq!(
        (known.records_received, known.state()),
        (3, pb::BatchState::Receiving)
    );
    let resumed = pb::BatchHeader {
        resume_from: 3,
        ..header("n-1")
    };
    let upload = Upload::open(&bank, resumed).await.unwrap();
    let sent = tokio::time::timeout(Duration::from_mins(1), async {
        futures::stream::iter(&all[3..])
            .for_each(|record| async { upload.send(records(std::slice::from_ref(record))) })
            .await;
    });
    sent.await.expect("sending waits for nobody");
    upload.send(message(Sent::Trailer(trailer(&all))));
    let (_, batch) = upload.rest().await.unwrap();
    assert_eq!(
        (batch.records_accepted, batch.state()),
        (6, pb::BatchState::Completed)
    );
}
