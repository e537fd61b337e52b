//! Kills the service again and again in the middle of its work, and asks it afterwards.

use futures::future::join_all;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use tokio::sync::mpsc;

use super::process::{Service, Site};
use super::toil::{Lender, Worker, check_all, enrolled, seeded, settle, workers};
use super::world::Actor;
use crate::harness::{Storage, eventually};

/// How often the service is killed on its own database, which every kill leaves as it is.
const KILLS_EMBEDDED: u32 = 50;
/// How often on PostgreSQL, which goes on when the service is gone.
const KILLS_POSTGRES: u32 = 20;

/// Works until a call fails, and tells of each acknowledgement.
async fn work(mut worker: Worker, told: mpsc::Sender<()>) {
    loop {
        let task = worker.next();
        if let Err(refusal) = worker.attempt(&task).await {
            // A killed service refuses nothing: it goes away.
            assert!(
                refusal.reason.is_empty(),
                "refused: {} {:?}",
                refusal.reason,
                refusal.violations
            );
            return;
        }
        if told.send(()).await.is_err() {
            return;
        }
    }
}

/// Lets everybody work and kills the service after so many acknowledgements.
async fn kill_at_work(service: Service, actors: Vec<Actor>, lenders: &[Lender], random: &mut ChaCha8Rng) {
    let (told, mut hears) = mpsc::channel(1_024);
    let working: Vec<_> = workers(&actors, lenders, random)
        .into_iter()
        .map(|worker| tokio::spawn(work(worker, told.clone())))
        .collect();
    drop(told);
    for _ in 0..random.random_range(1..80) {
        hears.recv().await.expect("the service works until it is killed");
    }
    service.kill();
    // Nobody hears the last acknowledgements, so that nobody waits to tell them.
    drop(hears);
    for worked in join_all(working).await {
        worked.expect("a lender does not panic");
    }
}

/// What a killed service sent last may still be under way in PostgreSQL; lenders look when it is decided.
pub async fn decided(storage: &Storage) {
    let Storage::Postgres(database) = storage else {
        return;
    };
    let behind = database.connect().await;
    let others = "SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    eventually("the sessions of a killed service end", || async {
        behind.execute(others, &[]).await.expect("it is ours") == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_survives_every_kill_and_nothing_is_written_by_half() {
    let mut random = seeded();
    let site = Site::prepare().await;
    let (lenders, before) = enrolled(&site).await;
    let kills = match &site.storage {
        Storage::File => KILLS_EMBEDDED,
        Storage::Postgres(_) => KILLS_POSTGRES,
    };
    for _ in 0..kills {
        let service = site.start();
        let actors = check_all(&site, &service, &lenders).await;
        kill_at_work(service, actors, &lenders, &mut random).await;
        decided(&site.storage).await;
    }
    let service = site.start();
    check_all(&site, &service, &lenders).await;
    service.stop();
    settle(&site, &lenders, &before).await;
}
