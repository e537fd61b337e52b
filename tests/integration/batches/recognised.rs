//! Records whose tokens are recognised, while others change them.

use tallystick::wire::pb;

use super::stream::{header, record, upload};
use crate::proofs::people::{Person, loan, today};
use crate::proofs::world::World;
use pb::batch_record::Action;

/// While a chunk is applied the next one is prepared: what it recognised may be on file no longer.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_tokens_change_twice_within_a_batch_is_taken_each_time() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let person = Person::number(1);
    let (both, strong) = (bank.tokens(&person).await, bank.strong(&person).await);
    let version = |tokens: &Vec<pb::SubjectToken>, sequence| {
        record(pb::Position {
            sequence,
            ..loan("L-1", tokens.clone(), today())
        })
    };
    upload(&bank, header("n-1"), &[version(&strong, 1)])
        .await
        .unwrap();
    let unknown = pb::BatchRecord {
        action: Some(Action::DeleteAccountRef("L-2".to_owned())),
        deletion_reason: pb::DeletionReason::ReportedInError.into(),
        ..pb::BatchRecord::default()
    };
    // So many that the last one is of another chunk.
    let mut all = vec![version(&both, 2)];
    all.extend(vec![unknown; 300]);
    all.push(version(&strong, 3));
    let (_, batch) = upload(&bank, header("n-2"), &all).await.unwrap();
    assert_eq!(
        (
            batch.records_received,
            batch.records_rejected,
            batch.records_accepted
        ),
        (302, 300, 2),
        "{:?}",
        batch.failures
    );
    assert_eq!(batch.state(), pb::BatchState::Completed);
}
