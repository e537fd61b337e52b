//! What several servers do at once when they start, and the work that only one of them may do at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use tallystick::audit::{CheckpointKey, Origin};
use tallystick::domain::clock::{SharedClock, SharedEntropy};
use tallystick::domain::unit::Action;
use tallystick::ledger::{Pass, Sequencer, SequencerOptions};
use tallystick::store::audit_log::{AuditLog, LeaseHolder};
use tallystick::store::migrations::POSTGRES;
use tallystick::store::postgres::{PostgresOptions, migrate};

use super::address;
use super::servers::{ONE_WRITER, Servers, open, write};
use crate::harness::{Cluster, SeededEntropy};
use crate::store::engine::ManualClock;

/// Servers that start at once.
const STARTS: usize = 8;

#[tokio::test]
async fn an_empty_database_that_all_migrate_at_once_gets_each_step_once() {
    let database = Cluster::shared().empty_database().await;
    let address = address(&database.url());
    let clock: SharedClock = ManualClock::at_start();
    let all = (0..STARTS).map(async |_| {
        let entropy: SharedEntropy = SeededEntropy::another();
        migrate::migrate(&address, &clock, &entropy).await.unwrap()
    });
    let mut taken: Vec<&str> = join_all(all).await.concat();
    taken.sort_unstable();
    let steps: Vec<&str> = POSTGRES.iter().map(|step| step.name).collect();
    let mut wanted = steps.clone();
    wanted.sort_unstable();
    assert_eq!(taken, wanted);
    let status = migrate::status(&address, &PostgresOptions::default())
        .await
        .unwrap();
    let applied: Vec<&str> = status.applied.iter().map(|step| &*step.name).collect();
    assert_eq!(applied, steps);
}

/// A sequencer of its own store, clock and lease.
async fn sequencer(servers: &Servers, number: u8) -> (Sequencer, Arc<dyn AuditLog>, Arc<ManualClock>) {
    let clock = ManualClock::at_start();
    let store = open(&servers.database.url(), clock.clone(), PostgresOptions::default()).await;
    let log: Arc<dyn AuditLog> = Arc::new(store);
    let key = CheckpointKey::from_seed(Origin::parse("test.example/log").unwrap(), &[7; 32]);
    let options = SequencerOptions {
        leaves_per_step_max: 5,
        ..SequencerOptions::default()
    };
    let holder = LeaseHolder([number; 16]);
    let sequencer = Sequencer::new(log.clone(), key, clock.clone(), holder, options);
    (sequencer, log, clock)
}

#[tokio::test]
async fn sequencers_of_several_servers_append_each_entry_once() {
    let servers = Servers::start(&[0, 0], ONE_WRITER).await;
    let (first, log, clock) = sequencer(&servers, 1).await;
    let (second, _, ahead) = sequencer(&servers, 2).await;
    let mut elsewhere = 0;
    for round in 0..25 {
        // The lease of each ends now and then, as the other's clock sees it, in the middle of a pass.
        if round % 3 == 0 {
            let late = if round % 2 == 0 { &clock } else { &ahead };
            late.advance(40);
        }
        let charges = (0..20).map(|at| {
            let charge = Action::ChargeEvaluations { count: 1 };
            (at % 2, write(servers.lenders[0], charge))
        });
        let (done, one, other) = futures::join!(
            servers.at_once(charges.collect()),
            first.sequence_waiting(),
            second.sequence_waiting(),
        );
        assert!(done.iter().all(Result::is_ok));
        for pass in [one.unwrap(), other.unwrap()] {
            elsewhere += usize::from(pass == Pass::LeaseElsewhere);
        }
    }
    assert!(elsewhere > 5, "they hardly met: {elsewhere}");
    ahead.advance(3_600);
    let Pass::Sequenced { size, .. } = second.sequence_waiting().await.unwrap() else {
        panic!("the lease of the other ended");
    };
    let entries = servers.count("SELECT count(*) FROM audit_opening").await;
    assert_eq!(i64::try_from(size).unwrap(), entries);
    let leaves = log.leaves(0..size).await.unwrap();
    let distinct: BTreeSet<i64> = leaves.iter().map(|leaf| leaf.entry_id.0).collect();
    assert_eq!(
        (leaves.len(), distinct.len()),
        (usize::try_from(size).unwrap(), leaves.len())
    );
    assert_eq!(servers.count("SELECT count(*) FROM audit_waiting").await, 0);
    let sizes: Vec<u64> = log
        .checkpoints(0, 10_000)
        .await
        .unwrap()
        .iter()
        .map(|signed| signed.size)
        .collect();
    assert!(sizes.is_sorted_by(|before, after| before < after), "{sizes:?}");
    assert_eq!(sizes.last(), Some(&size));
}
