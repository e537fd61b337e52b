//! A FULL batch that shrank: held, listed, confirmed.

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
