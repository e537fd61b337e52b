//! A FULL batch that shrank: held, listed, confirmed; and records whose tokens were recognised, or are none.

use tallystick::wire::pb;
use tonic::{Code, Status};

use super::stream::{book, header, upload};
use crate::harness::reason;
use crate::proofs::people::{Person, days_ago, today, wire};
use crate::proofs::world::{Actor, World, days};

fn full(name: &str, as_of: chrono::NaiveDate) -> pb::BatchHeader {
    pb::BatchHeader {
        r#type: pb::BatchType::Full.into(),
        as_of: wire(as_of),
        ..header(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_batch_that_shrank_is_held_listed_and_confirmed() {
    let world = World::start().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let (_, whole) = upload(
        &bank,
        full("n-1", days_ago(1)),
        &book(&bank, 5, days_ago(1)).await,
    )
    .await
    .unwrap();
    assert_eq!(whole.state(), pb::BatchState::Completed);
    let status = confirm(&bank, "n-9").await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "BATCH_UNKNOWN")
    );
    let (_, held) = upload(&bank, full("n-2", today()), &book(&bank, 2, today()).await)
        .await
        .unwrap();
    assert_eq!((held.state(), held.missing_positions), (pb::BatchState::Held, 3));
    assert_eq!(held.failures[0].code, "FILE_COUNT_SWING");
    let mut missing = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListMissingPositionsRequest {
            batch_id: "n-2".to_owned(),
            page_size: 2,
            page_token,
        };
        let page = bank.client.reporting().list_missing_positions(request).await;
        let page = page.unwrap().into_inner();
        missing.extend(page.account_refs);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(missing, ["L-002", "L-003", "L-004"]);
    let confirmed = confirm(&bank, "n-2").await.unwrap();
    assert_eq!(confirmed.state(), pb::BatchState::Completed);
    world.clock.advance(days(1));
    let third = pb::BatchHeader {
        as_of: wire(today() + chrono::Days::new(1)),
        ..full("n-3", today())
    };
    let (_, third) = upload(&bank, third, &book(&bank, 2, today()).await)
        .await
        .unwrap();
    assert_eq!(
        (third.state(), third.records_unchanged),
        (pb::BatchState::Completed, 2)
    );
    let answer = other.look(other.strong(&Person::number(4)).await).await;
    assert_eq!(answer.others.unwrap().unconfirmed_accounts, 1, "missing twice");
}

async fn confirm(actor: &Actor, name: &str) -> Result<pb::Batch, Status> {
    let request = pb::ConfirmBatchRequest {
        batch_id: name.to_owned(),
    };
    let confirmed = actor.client.reporting().confirm_batch(request).await?;
    Ok(confirmed.into_inner().batch.expect("a batch that was confirmed"))
}

#[tokio::test(flavor = "multi_thread")]
async fn recognised_accounts_are_corrected_and_tokens_that_are_none_are_refused() {
    let world = World::start().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let mut all = book(&bank, 3, days_ago(1)).await;
    upload(&bank, header("n-1"), &all).await.unwrap();
    // Known by now: changed, corrected, and with bytes that are no element.
    let position = |record: &mut pb::BatchRecord, change: &dyn Fn(&mut pb::Position)| {
        if let Some(pb::batch_record::Action::Position(position)) = &mut record.action {
            change(position);
        }
    };
    position(&mut all[0], &|position| {
        position.sequence = 2;
        position.outstanding_total = 900_000;
        position.outstanding_principal = 900_000;
    });
    position(&mut all[1], &|position| {
        position.outstanding_total = 800_000;
        position.outstanding_principal = 800_000;
    });
    all[1].correction_reason = "typing error".to_owned();
    position(&mut all[2], &|position| {
        position.liabilities[0].tokens[0].value = vec![0xFF; 32];
    });
    let (told, batch) = upload(&bank, header("n-2"), &all).await.unwrap();
    assert_eq!(
        (
            batch.records_accepted,
            batch.records_rejected,
            batch.records_unchanged
        ),
        (2, 1, 0)
    );
    assert_eq!(told[0].violations[0].code, "TOKEN_INVALID");
    assert_eq!(
        told[0].violations[0].field,
        "position.liabilities[0].tokens[0].value"
    );
    let version = async |name: &str| {
        let request = pb::GetPositionRequest {
            account_ref: name.to_owned(),
        };
        let found = bank
            .client
            .reporting()
            .get_position(request)
            .await
            .unwrap()
            .into_inner();
        (found.version, found.position.unwrap().outstanding_total)
    };
    assert_eq!(
        (version("L-000").await, version("L-001").await),
        ((2, 900_000), (2, 800_000))
    );
    assert_eq!(version("L-002").await, (1, 1_000_000));
    let answer = other.look(other.strong(&Person::number(0)).await).await;
    assert_eq!(answer.others.unwrap().active_accounts, 1);
}
