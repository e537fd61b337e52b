//! What the service says of a member's book and of how well it reports, over real connections.

use futures::StreamExt as _;
use tallystick::wire::pb;
use tonic::Code;

use crate::proofs::people::{Person, days_ago, loan, owing, past_due, today, wire};
use crate::proofs::world::{Actor, World, days, refusal};
use pb::batch_record::Action;
use pb::upload_batch_request::Part;

/// A loan of the person of a number, without a mobile.
async fn loan_of(actor: &Actor, name: &str, person: u32, day: chrono::NaiveDate) -> pb::Position {
    loan(name, actor.strong(&Person::number(person)).await, day)
}

async fn book(actor: &Actor, as_of: Option<pb::Date>) -> Vec<(i32, String, u64, i64, i64)> {
    let asked = pb::GetReconciliationRequest { as_of };
    let answer = actor.client.reporting().get_reconciliation(asked).await.unwrap();
    let rows = answer.into_inner().rows.into_iter();
    rows.map(|row| {
        (
            row.status,
            row.currency,
            row.accounts,
            row.outstanding_total,
            row.overdue_total,
        )
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_is_summed_up_as_it_stood_on_a_date() {
    let world = World::start().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let first = loan_of(&bank, "A-1", 1, today()).await;
    bank.report(first.clone()).await;
    bank.report(past_due(loan_of(&bank, "A-2", 2, today()).await, 5, 70, today()))
        .await;
    let mut dollars = loan_of(&bank, "A-3", 3, today()).await;
    dollars.currency = "USD".to_owned();
    bank.report(dollars).await;
    world.clock.advance(days(1));
    let tomorrow = today() + chrono::Days::new(1);
    let mut later = owing(first, 900_000);
    later.as_of = wire(tomorrow);
    bank.report(later).await;
    let open = i32::from(pb::AccountStatus::Open);
    let yuan = |owed| (open, "CNY".to_owned(), 2, owed, 70);
    let usd = (open, "USD".to_owned(), 1, 1_000_000, 0);
    assert_eq!(book(&bank, wire(days_ago(1))).await, []);
    assert_eq!(book(&bank, wire(today())).await, [yuan(2_000_000), usd.clone()]);
    assert_eq!(book(&bank, wire(tomorrow)).await, [yuan(1_900_000), usd]);
    assert_eq!(book(&other, wire(tomorrow)).await, []);
    let day_after = wire(tomorrow + chrono::Days::new(1));
    for (as_of, expected) in [(day_after, "DATE_IN_FUTURE"), (None, "FIELD_REQUIRED")] {
        let asked = pb::GetReconciliationRequest { as_of };
        let refused = refusal(bank.client.reporting().get_reconciliation(asked).await);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::InvalidArgument, expected)
        );
    }
}

fn record(position: pb::Position) -> pb::BatchRecord {
    pb::BatchRecord {
        action: Some(Action::Position(position)),
        ..pb::BatchRecord::default()
    }
}

/// Sends a whole batch of today.
async fn upload(actor: &Actor, records: Vec<pb::BatchRecord>, outstanding: i64, overdue: i64) -> pb::Batch {
    let header = pb::BatchHeader {
        batch_id: "night-1".to_owned(),
        r#type: pb::BatchType::Incremental.into(),
        as_of: wire(today()),
        content_sha256: vec![7; 32],
        ..pb::BatchHeader::default()
    };
    let trailer = pb::BatchTrailer {
        record_count: u64::try_from(records.len()).unwrap(),
        totals: vec![pb::ControlTotal {
            currency: "CNY".to_owned(),
            outstanding_total: outstanding,
            overdue_total: overdue,
        }],
    };
    let parts = [
        Part::Header(header),
        Part::Records(pb::BatchRecords { records }),
        Part::Trailer(trailer),
    ];
    let messages = parts.map(|part| pb::UploadBatchRequest { part: Some(part) });
    let sent = actor
        .client
        .reporting()
        .upload_batch(tokio_stream::iter(messages))
        .await;
    let answers: Vec<_> = sent.unwrap().into_inner().collect().await;
    match answers.into_iter().last().unwrap().unwrap().part {
        Some(pb::upload_batch_response::Part::Summary(batch)) => batch,
        other => panic!("no summary at the end: {other:?}"),
    }
}

async fn quality(actor: &Actor, member_id: &str, month: i32) -> pb::GetDataQualityResponse {
    let asked = asked(member_id, 2026, month);
    let answer = actor.client.reporting().get_data_quality(asked).await;
    answer.unwrap().into_inner()
}

fn asked(member_id: &str, year: i32, month: i32) -> pb::GetDataQualityRequest {
    pb::GetDataQualityRequest {
        member_id: member_id.to_owned(),
        year,
        month,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_scored_from_what_was_reported_in_it() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    assert_eq!(quality(&bank, "", 6).await, pb::GetDataQualityResponse::default());
    // Three of five optional fields are filled in: no classification, no date of the last payment.
    let known = loan_of(&bank, "A-1", 1, today()).await;
    bank.report(known.clone()).await;
    bank.report(loan_of(&bank, "A-2", 2, days_ago(3)).await).await;
    let events_alone = pb::GetDataQualityResponse {
        score: 66,
        timeliness: 50,
        accept_rate: 100,
        completeness: 60,
        consistency: 100,
        reject_ageing: 100,
    };
    assert_eq!(quality(&bank, "", 6).await, events_alone);
    let mut jump = past_due(known, 20, 100, today());
    jump.sequence = 2;
    let mut broken = loan_of(&bank, "B-3", 5, today()).await;
    broken.currency = "XXX".to_owned();
    let records = vec![
        record(loan_of(&bank, "B-1", 3, today()).await),
        record(loan_of(&bank, "B-2", 4, today()).await),
        record(jump),
        record(broken),
    ];
    let batch = upload(&bank, records, 3_000_000, 100).await;
    assert_eq!(batch.state(), pb::BatchState::Completed, "{:?}", batch.failures);
    assert_eq!((batch.records_accepted, batch.records_rejected), (2, 2));
    let with_batch = pb::GetDataQualityResponse {
        score: 72,
        timeliness: 87,
        accept_rate: 50,
        completeness: 60,
        consistency: 80,
        reject_ageing: 100,
    };
    assert_eq!(quality(&bank, "", 6).await, with_batch);
    world.clock.advance(days(11));
    let aged = pb::GetDataQualityResponse {
        score: 61,
        reject_ageing: 0,
        ..with_batch
    };
    assert_eq!(quality(&bank, "", 6).await, aged);
    assert_eq!(quality(&bank, "", 5).await, pb::GetDataQualityResponse::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn members_see_their_own_scores_and_supervisors_everybodys() {
    let world = World::start().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let regulator = world
        .member("regulator", pb::LenderGroup::Other, pb::Role::Regulator)
        .await;
    bank.report(loan_of(&bank, "A-1", 1, today()).await).await;
    let own = quality(&bank, "", 6).await;
    assert_eq!(own.timeliness, 100);
    for supervisor in [&bank, &regulator, &world.operator] {
        assert_eq!(
            quality(supervisor, "bank-a", 6).await,
            own,
            "{}",
            supervisor.member_id
        );
    }
    // Whether there is such a member is not told to those who may not know.
    for name in ["bank-a", "nobody"] {
        let refused = refusal(
            other
                .client
                .reporting()
                .get_data_quality(asked(name, 2026, 6))
                .await,
        );
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::PermissionDenied, "ROLE_MISSING")
        );
    }
    let refused = refusal(
        regulator
            .client
            .reporting()
            .get_data_quality(asked("nobody", 2026, 6))
            .await,
    );
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::NotFound, "MEMBER_UNKNOWN")
    );
    for (member_id, year, month, expected) in [
        ("", 2026, 7, "DATE_IN_FUTURE"),
        ("", 2026, 0, "FORMAT"),
        ("", 0, 6, "FORMAT"),
        ("No!", 2026, 6, "FORMAT"),
    ] {
        let refused = refusal(
            bank.client
                .reporting()
                .get_data_quality(asked(member_id, year, month))
                .await,
        );
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::InvalidArgument, expected)
        );
    }
}
