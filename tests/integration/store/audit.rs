//! The audit log's contract: waiting, appending, reading by range, the lease.

use tallystick::audit::{Frontier, Node, NodeHash};
use tallystick::domain::unit::Action;
use tallystick::store::audit_log::{Batch, LeafRow, LeaseHolder, StoredCheckpoint, WaitingLeaf};
use tallystick::store::{Store, StoreError};

use super::engine::{Engine, ManualClock};
use super::market::Market;

/// Leaves already in the log when a market is set up and nothing was sequenced.
const NONE: u64 = 0;

/// A batch of everything in `waiting` on top of `frontier`.
fn batch(frontier: &Frontier, waiting: &[WaitingLeaf]) -> Batch {
    let (mut grown, mut nodes): (Frontier, Vec<Node>) = (frontier.clone(), Vec::new());
    let mut leaves = Vec::new();
    for leaf in waiting {
        leaves.push(LeafRow {
            index: grown.size(),
            entry_id: leaf.entry_id,
            leaf_hash: leaf.leaf_hash,
        });
        let kept = |node: Node| {
            if node.at.level > 0 && node.at.level.is_multiple_of(8) {
                nodes.push(node);
            }
        };
        grown.append(leaf.leaf_hash, kept).unwrap();
    }
    let checkpoint = StoredCheckpoint {
        size: grown.size(),
        note: format!("tree of {}", grown.size()),
    };
    Batch {
        expected_size: frontier.size(),
        leaves,
        nodes,
        frontier: grown,
        checkpoint,
    }
}

/// Takes all that waits into the tree and tells its size.
pub async fn sequence_all(store: &dyn Store) -> u64 {
    let frontier = store.head().await.unwrap().frontier;
    let waiting = store.waiting(100_000).await.unwrap();
    if !waiting.is_empty() {
        store.append(batch(&frontier, &waiting)).await.unwrap();
    }
    store.head().await.unwrap().frontier.size()
}

/// Makes `count` more entries.
async fn entries(market: &Market<'_>, count: u32) {
    market.wait(86_400);
    let charges = (0..count).map(|_| market.apply(market.a, Action::ChargeEvaluations { count: 1 }));
    for done in futures::future::join_all(charges).await {
        done.unwrap();
    }
}

pub async fn entries_wait_in_order_until_they_are_in_the_tree(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    entries(&market, 10).await;
    let waiting = market.store.waiting(100).await.unwrap();
    assert_eq!(waiting.len(), 16, "3 enrolments, 3 + 10 charges");
    assert!(waiting.windows(2).all(|two| two[0].entry_id < two[1].entry_id));
    assert_eq!(market.store.waiting(4).await.unwrap(), waiting[..4]);
    assert_eq!(market.store.waiting(0).await.unwrap(), []);
    let first = batch(&Frontier::empty(), &waiting[..10]);
    market.store.append(first.clone()).await.unwrap();
    market.restart().await;
    assert_eq!(market.store.waiting(100).await.unwrap(), waiting[10..]);
    entries(&market, 1).await;
    let more = market.store.waiting(100).await.unwrap();
    assert!(
        more[6].entry_id > waiting[15].entry_id,
        "numbers are never given twice"
    );
    assert_eq!(market.store.leaves(0..100).await.unwrap(), first.leaves);
    let openings = market.store.openings(0..10).await.unwrap();
    assert_eq!(openings.len(), 10);
    for (opening, leaf) in openings.iter().zip(&first.leaves) {
        assert_eq!(
            (opening.index, opening.opening.leaf_hash()),
            (leaf.index, leaf.leaf_hash)
        );
    }
}

pub async fn an_append_of_another_size_is_a_conflict_and_changes_nothing(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let waiting = market.store.waiting(100).await.unwrap();
    market
        .store
        .append(batch(&Frontier::empty(), &waiting[..3]))
        .await
        .unwrap();
    let head = market.store.head().await.unwrap();
    // Computed from the empty tree, of entries that still wait.
    let stale = batch(&Frontier::empty(), &waiting[3..]);
    assert!(matches!(
        market.store.append(stale).await,
        Err(StoreError::Conflict)
    ));
    // Computed from a tree that is ahead.
    let ahead = batch(&head.frontier, &waiting[3..4]);
    let ahead = batch(&ahead.frontier, &waiting[4..]);
    assert!(matches!(
        market.store.append(ahead).await,
        Err(StoreError::Conflict)
    ));
    assert_eq!(market.store.head().await.unwrap(), head);
    assert_eq!(market.store.waiting(100).await.unwrap(), waiting[3..]);
    assert_eq!(market.store.leaves(NONE..100).await.unwrap().len(), 3);
}

pub async fn an_entry_is_sequenced_once(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let waiting = market.store.waiting(100).await.unwrap();
    market
        .store
        .append(batch(&Frontier::empty(), &waiting[..3]))
        .await
        .unwrap();
    let head = market.store.head().await.unwrap();
    let again = batch(&head.frontier, &waiting[2..5]);
    assert!(matches!(
        market.store.append(again).await,
        Err(StoreError::Conflict)
    ));
    let mut altered = waiting[3];
    altered.leaf_hash = NodeHash([9; 32]);
    let altered = batch(&head.frontier, &[altered]);
    assert!(matches!(
        market.store.append(altered).await,
        Err(StoreError::Conflict)
    ));
    assert_eq!(market.store.head().await.unwrap(), head);
    assert_eq!(market.store.waiting(100).await.unwrap(), waiting[3..]);
}

pub async fn the_head_survives_a_restart(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let head = market.store.head().await.unwrap();
    assert_eq!((head.frontier, head.checkpoint), (Frontier::empty(), None));
    let waiting = market.store.waiting(100).await.unwrap();
    let first = batch(&Frontier::empty(), &waiting);
    market.store.append(first.clone()).await.unwrap();
    market.restart().await;
    let head = market.store.head().await.unwrap();
    assert_eq!(head.frontier, first.frontier);
    assert_eq!(head.checkpoint, Some(first.checkpoint.clone()));
    assert_eq!(
        market.store.latest_checkpoint().await.unwrap(),
        Some(first.checkpoint)
    );
}

pub async fn nodes_and_leaves_are_read_by_range(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    for _ in 0..8 {
        entries(&market, 66).await;
    }
    let total = sequence_all(&*market.store).await;
    assert_eq!(total, 534);
    for (range, wanted) in [
        (0..0, 0..0),
        (0..1, 0..1),
        (500..534, 500..534),
        (530..u64::MAX, 530..534),
        (600..700, 0..0),
    ] {
        let places: Vec<u64> = market
            .store
            .leaves(range.clone())
            .await
            .unwrap()
            .iter()
            .map(|leaf| leaf.index)
            .collect();
        assert_eq!(places, wanted.clone().collect::<Vec<u64>>(), "{range:?}");
        let openings = market.store.openings(range.clone()).await.unwrap();
        let places: Vec<u64> = openings.iter().map(|opening| opening.index).collect();
        assert_eq!(places, wanted.collect::<Vec<u64>>(), "{range:?}");
    }
    for (level, range, wanted) in [(8, 0..100, 2), (8, 1..2, 1), (8, 2..u64::MAX, 0), (16, 0..100, 0)] {
        let nodes = market.store.nodes(level, range).await.unwrap();
        assert_eq!(nodes.len(), wanted);
        assert!(nodes.iter().all(|node| node.at.level == level));
    }
}

pub async fn checkpoints_are_read_above_a_size(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let mut sizes = Vec::new();
    for _ in 0..3 {
        sizes.push(sequence_all(&*market.store).await);
        entries(&market, 2).await;
    }
    assert_eq!(sizes, [6, 8, 10]);
    for (after, limit, wanted) in [
        (0, 10, &sizes[..]),
        (6, 10, &sizes[1..]),
        (5, 1, &sizes[..1]),
        (10, 10, &[]),
        (u64::MAX, 1, &[]),
    ] {
        let found = market.store.checkpoints(after, limit).await.unwrap();
        let found: Vec<u64> = found.iter().map(|checkpoint| checkpoint.size).collect();
        assert_eq!(found, wanted, "after {after}, limit {limit}");
    }
}

pub async fn the_lease_has_one_holder_at_a_time(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let (one, other) = (LeaseHolder([1; 16]), LeaseHolder([2; 16]));
    let at = |seconds| ManualClock::START.plus_seconds(seconds);
    assert!(market.store.hold_lease(one, at(0), at(10)).await.unwrap());
    assert!(!market.store.hold_lease(other, at(9), at(19)).await.unwrap());
    assert!(market.store.hold_lease(one, at(9), at(20)).await.unwrap());
    market.restart().await;
    assert!(!market.store.hold_lease(other, at(19), at(30)).await.unwrap());
    assert!(market.store.hold_lease(other, at(20), at(30)).await.unwrap());
    assert!(!market.store.hold_lease(one, at(21), at(30)).await.unwrap());
}
