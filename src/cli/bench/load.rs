//! The load: as many calls as are allowed at once, the next one as soon as one is answered, until the time is over.
//!
//! Requests are made before, so that nothing is measured but sending, answering and receiving.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::{Stream, StreamExt as _};
use hdrhistogram::Histogram;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;

use super::machine::{cpu_of_backends, cpu_of_process};
use crate::client::Client;

/// Largest latency that is told apart, µs: a minute.
const LATENCY_US_MAX: u64 = 60_000_000;

/// What a run of calls came to.
pub(super) struct Measured {
    pub calls: u64,
    pub wall: Duration,
    /// CPU time of the server.
    pub cpu: Duration,
    /// CPU time of the database's processes, if they are not the server's and can be seen.
    pub database_cpu: Option<Duration>,
    /// Microseconds.
    pub latency: Histogram<u64>,
}

/// Who calls, how much at once and for how long.
pub(super) struct Load<'a> {
    pub clients: &'a [Client],
    pub in_flight: usize,
    pub time: Duration,
    /// The server's process.
    pub server: u32,
    /// Those of the database.
    pub database: Vec<u32>,
}

/// When a run began, and what was used until then.
struct Begun {
    at: Instant,
    server: Duration,
    database: Option<Duration>,
}

/// What all tasks of a run share.
struct Run {
    deadline: Instant,
    /// Raised when requests have run out or something failed.
    over: AtomicBool,
}

impl Run {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed) && Instant::now() < self.deadline
    }

    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).context("a histogram of a minute in microseconds")
}

fn record(latency: &mut Histogram<u64>, began: Instant) {
    latency.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(LATENCY_US_MAX));
}

impl Load<'_> {
    /// Makes calls of `queues` (one for each client) until the time is over or one of them is empty.
    pub async fn calls<R, F>(
        &self,
        queues: Vec<Vec<R>>,
        call: impl Fn(Client, R) -> F + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<Measured>
    where
        R: Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send,
    {
        let mut tasks = Vec::new();
        let (run, begun) = self.begin()?;
        for (client, queue) in self.clients.iter().zip(queues) {
            let queue = Arc::new(Mutex::new(queue.into_iter()));
            for _ in 0..self.in_flight {
                let (client, queue) = (client.clone(), Arc::clone(&queue));
                let (run, call) = (Arc::clone(&run), call.clone());
                tasks.push(tokio::spawn(async move {
                    let mut latency = histogram()?;
                    while run.goes_on() {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(request) = next else {
                            run.end();
                            break;
                        };
                        let sent = Instant::now();
                        if let Err(error) = call(client.clone(), request).await {
                            run.end();
                            return Err(error);
                        }
                        record(&mut latency, sent);
                    }
                    Ok(latency)
                }));
            }
        }
        self.finish(tasks, begun).await
    }

    /// Sends `queues` through one stream of each client, so many messages unanswered at most.
    pub async fn streams<R, A, S, F>(
        &self,
        queues: Vec<Vec<R>>,
        open: impl Fn(Client, ReceiverStream<R>) -> F + Clone + Send + Sync + 'static,
        check: impl Fn(A) -> anyhow::Result<()> + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<Measured>
    where
        R: Send + 'static,
        A: Send + 'static,
        S: Stream<Item = anyhow::Result<A>> + Send + Unpin,
        F: Future<Output = anyhow::Result<S>> + Send,
    {
        let mut tasks = Vec::new();
        let (run, begun) = self.begin()?;
        for (client, queue) in self.clients.iter().zip(queues) {
            let (client, run, window) = (client.clone(), Arc::clone(&run), self.in_flight);
            let (open, check) = (open.clone(), check.clone());
            tasks.push(tokio::spawn(async move {
                let mut latency = histogram()?;
                let (send, outgoing) = mpsc::channel(window);
                let mut queue = queue.into_iter();
                let mut sent = VecDeque::with_capacity(window);
                for request in queue.by_ref().take(window) {
                    sent.push_back(Instant::now());
                    send.send(request).await.ok().context("the stream was closed")?;
                }
                let mut answers = open(client, ReceiverStream::new(outgoing)).await?;
                while let Some(began) = sent.pop_front() {
                    check(answers.next().await.context("the stream ended early")??)?;
                    record(&mut latency, began);
                    if !run.goes_on() {
                        continue;
                    }
                    match queue.next() {
                        Some(request) => {
                            sent.push_back(Instant::now());
                            send.send(request).await.ok().context("the stream was closed")?;
                        }
                        None => run.end(),
                    }
                }
                Ok(latency)
            }));
        }
        self.finish(tasks, begun).await
    }

    /// Sends one batch of each client; every record of it counts as a call.
    pub async fn batches<R, F>(
        &self,
        batches: Vec<R>,
        upload: impl Fn(Client, R) -> F + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<Measured>
    where
        R: Send + 'static,
        F: Future<Output = anyhow::Result<u64>> + Send,
    {
        let mut tasks = Vec::new();
        let (_, begun) = self.begin()?;
        for (client, batch) in self.clients.iter().zip(batches) {
            let (client, upload) = (client.clone(), upload.clone());
            tasks.push(tokio::spawn(async move {
                let mut latency = histogram()?;
                let began = Instant::now();
                let records = upload(client, batch).await?;
                // The time of a record is its share of the batch's.
                let each = began.elapsed().as_micros() / u128::from(records.max(1));
                latency.record_n(u64::try_from(each).unwrap_or(LATENCY_US_MAX).max(1), records)?;
                Ok(latency)
            }));
        }
        self.finish(tasks, begun).await
    }

    /// Sends waves: one request of each client at once, and the next wave when all are answered, until the time is over.
    pub async fn waves<R, F>(
        &self,
        waves: Vec<Vec<R>>,
        call: impl Fn(Client, R) -> F + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<Measured>
    where
        R: Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send,
    {
        let (run, begun) = self.begin()?;
        let mut answered = histogram()?;
        for wave in waves {
            if !run.goes_on() {
                break;
            }
            let mut tasks = JoinSet::new();
            for (client, request) in self.clients.iter().zip(wave) {
                let (client, call) = (client.clone(), call.clone());
                tasks.spawn(async move {
                    let mut latency = histogram()?;
                    let sent = Instant::now();
                    call(client, request).await?;
                    record(&mut latency, sent);
                    anyhow::Ok(latency)
                });
            }
            for latency in tasks.join_all().await {
                answered.add(latency?)?;
            }
        }
        self.finish(vec![tokio::spawn(async { Ok(answered) })], begun)
            .await
    }

    fn begin(&self) -> anyhow::Result<(Arc<Run>, Begun)> {
        let begun = Begun {
            server: cpu_of_process(self.server)?,
            database: cpu_of_backends(&self.database),
            at: Instant::now(),
        };
        let run = Run {
            deadline: begun.at + self.time,
            over: AtomicBool::new(false),
        };
        Ok((Arc::new(run), begun))
    }

    async fn finish(
        &self,
        tasks: Vec<tokio::task::JoinHandle<anyhow::Result<Histogram<u64>>>>,
        begun: Begun,
    ) -> anyhow::Result<Measured> {
        let mut latency = histogram()?;
        for task in tasks {
            latency.add(task.await.context("a caller's task failed")??)?;
        }
        Ok(Measured {
            calls: latency.len(),
            wall: begun.at.elapsed(),
            cpu: cpu_of_process(self.server)?.saturating_sub(begun.server),
            database_cpu: begun
                .database
                .zip(cpu_of_backends(&self.database))
                .map(|(before, after)| after.saturating_sub(before)),
            latency,
        })
    }
}
