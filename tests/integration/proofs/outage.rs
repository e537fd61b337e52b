//! Crashes PostgreSQL again and again under a service that keeps running: it says at once that its database is away, works
//! again by itself when it is back, and has lost nothing and written nothing by half.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use rand::RngExt as _;
use tallystick::client::Refusal;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::Code;

use super::process::Site;
use super::toil::{Worker, check_all, enrolled, seeded, settle, workers};
use crate::harness::{Cluster, Storage};

/// How often the database is crashed.
const CRASHES: u32 = 20;
/// No call takes longer, whatever the database does: far more than it should be, so that a busy machine is no failure.
const PATIENCE: Duration = Duration::from_secs(10);
/// Refusals that are waited for while the database is away: as many as there are lines of work.
const REFUSALS: usize = 12;

/// How a call ended.
enum Told {
    /// By the worker of this number.
    Acknowledged(usize),
    Refused,
}

/// Works until asked to stop, and sends what was refused again until it is done.
async fn work(
    number: usize,
    mut worker: Worker,
    told: mpsc::Sender<Told>,
    stop: Arc<AtomicBool>,
) -> Duration {
    let mut longest = Duration::ZERO;
    let mut measured = async |call: &mut (dyn Future<Output = Result<(), Refusal>> + Send + Unpin)| {
        let began = Instant::now();
        let answered = timeout(PATIENCE, call).await.expect("a call hangs");
        longest = longest.max(began.elapsed());
        if let Err(refusal) = &answered {
            assert_eq!(
                (refusal.code, refusal.reason.as_str()),
                (Code::Unavailable, "STORE_UNAVAILABLE"),
                "{refusal:?}"
            );
        }
        answered.is_ok()
    };
    while !stop.load(Ordering::SeqCst) {
        let task = worker.next();
        loop {
            let done = measured(&mut Box::pin(worker.attempt(&task))).await;
            let said = if done {
                Told::Acknowledged(number)
            } else {
                Told::Refused
            };
            told.send(said).await.expect("it is heard until all have stopped");
            if done {
                break;
            }
            measured(&mut Box::pin(worker.look_up())).await;
        }
    }
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_outlives_crashes_of_its_database_and_loses_nothing() {
    let mut random = seeded();
    let cluster = Cluster::start(&[], &[]);
    let site = Site::on(Storage::postgres(&cluster).await);
    let (lenders, before) = enrolled(&site).await;
    let service = site.start();
    let mut longest = Duration::ZERO;
    for _ in 0..CRASHES {
        let actors = check_all(&site, &service, &lenders).await;
        let (told, mut hears) = mpsc::channel(1_024);
        let stop = Arc::new(AtomicBool::new(false));
        let working: Vec<_> = workers(&actors, &lenders, &mut random)
            .into_iter()
            .enumerate()
            .map(|(number, worker)| tokio::spawn(work(number, worker, told.clone(), stop.clone())))
            .collect();
        drop(told);
        let mut hear = async || hears.recv().await.expect("everybody works");

        for _ in 0..random.random_range(1..80) {
            hear().await;
        }
        blocking(&cluster, Cluster::crash).await;
        let mut refusals = 0;
        while refusals < REFUSALS {
            refusals += usize::from(matches!(hear().await, Told::Refused));
        }
        blocking(&cluster, Cluster::restart).await;
        let mut waiting: Vec<usize> = (0..working.len()).collect();
        while !waiting.is_empty() {
            if let Told::Acknowledged(number) = hear().await {
                waiting.retain(|waits| *waits != number);
            }
        }
        stop.store(true, Ordering::SeqCst);
        while hears.recv().await.is_some() {}
        for worked in join_all(working).await {
            longest = longest.max(worked.expect("a lender does not panic"));
        }
    }
    check_all(&site, &service, &lenders).await;
    println!("the longest call took {} ms", longest.as_millis());
    service.stop();
    settle(&site, &lenders, &before).await;
}

/// Lenders go on meanwhile.
async fn blocking(cluster: &Cluster, what: fn(&Cluster)) {
    let cluster = cluster.clone();
    tokio::task::spawn_blocking(move || what(&cluster))
        .await
        .expect("PostgreSQL does it");
}
