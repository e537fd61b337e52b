//! Chunks of batches have writers of their own.

use tallystick::domain::batch::BatchType;
use tallystick::domain::unit::BatchStep;
use tallystick::store::Store as _;

use super::servers::{ONE_WRITER, Servers, write};
use crate::store::batches::{header, item, taken, work};
use crate::store::market::{Loan, national_id};

#[tokio::test]
async fn calls_about_others_do_not_wait_for_a_chunk() {
    let servers = Servers::start(&[0], ONE_WRITER).await;
    let [a, b, c] = servers.lenders;
    let header = header("B1", BatchType::Incremental);
    let batch_id = header.batch_id.clone();
    let open = work(&batch_id, 0, BatchStep::Open(header));
    let epoch = taken(servers.accept(0, a, open).await).row.epoch;
    let items: Vec<_> = (0..64)
        .map(|number| item(&Loan::new(&format!("B{number}"), &[national_id(number)])))
        .collect();
    let chunk = work(&batch_id, epoch, BatchStep::Chunk { after: 0, items });
    // The chunk is sent first, and cannot be done before the calls were.
    let held = servers.database.connect().await;
    held.batch_execute("BEGIN; SELECT epoch FROM batch FOR UPDATE")
        .await
        .unwrap();
    let calls = async {
        let tokens = [national_id(100)];
        servers.accept(0, b, Loan::new("L1", &tokens).report()).await;
        let seen = servers.accounts_seen(0, c, &tokens).await;
        held.batch_execute("ROLLBACK").await.unwrap();
        seen
    };
    let (chunk, seen) = futures::join!(servers.stores[0].apply(write(a, chunk)), calls);
    assert_eq!(taken(chunk.unwrap().outcome).row.batch.counts.accepted, 64);
    assert_eq!(seen, 1);
}
