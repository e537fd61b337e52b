//! Threads that write, each with a connection of its own. Whatever waits when a group ends forms the next; a group is one
//! transaction, decided behind the locks of all its subjects.
//!
//! Invariants: nobody is answered before COMMIT was; a COMMIT that was never answered is looked up before anything is done
//! again; while the database is away, whoever asks is told so at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::expiry::{self, Expiry};
use super::failure::{Failure, Outcome, Remedy};
use super::group::{Doubt, Group};
use super::members::Known;
use super::numbers::Blocks;
use super::pool::{self, PostgresOptions};
use super::statement::Session;
use super::{changes, find, members, moves, numbers, offline, reservations, usage};
use crate::domain::clock::{SharedClock, SharedEntropy};
use crate::domain::names::SubjectId;
use crate::domain::unit::working_set::MarketRules;
use crate::domain::unit::{Accepted, Refused, Write};
use crate::store::group::Instants;
use crate::store::{ApplyError, StoreError};

/// Most writes of one group, and most work: as much as so many reports, unless one write alone is more.
pub(super) const GROUP_WRITES_MAX: usize = 512;
/// Tries of a group that others are in the way of.
const TRIES: u32 = 8;
/// Tries of a group on new connections.
const CONNECTIONS_TRIED: u32 = 3;
/// Wait before the second try, doubled each time; half of it by chance.
const BACKOFF: Duration = Duration::from_millis(2);
/// Wait before the second connection, doubled each time.
const RECONNECT: Duration = Duration::from_millis(50);
/// An outage that lasts longer than this is told to those who wait.
const OUTAGE_SPANNED: Duration = Duration::from_secs(1);
/// How long nobody tries to connect after a failure: whoever comes is told at once.
const AWAY: Duration = Duration::from_millis(250);

/// A unit of work for the next group, and whom to tell.
pub(super) struct Job {
    /// What to do.
    pub write: Box<Write>,
    /// Whom to tell.
    pub reply: oneshot::Sender<Result<Accepted, ApplyError>>,
}

/// Where a server puts the work of some of its threads.
pub(super) type Queue = UnboundedSender<Job>;

/// Where these threads take it from.
pub(super) type Jobs = Arc<tokio::sync::Mutex<UnboundedReceiver<Job>>>;

/// What the threads of a server share.
pub(super) struct Shared {
    /// Time.
    pub clock: SharedClock,
    /// Randomness, for waits.
    pub entropy: SharedEntropy,
    /// What the operator settles.
    pub rules: Arc<MarketRules>,
    /// How the database is used.
    pub options: PostgresOptions,
    /// Instants given so far.
    pub instants: Mutex<Instants>,
    /// Numbers given so far.
    pub blocks: tokio::sync::Mutex<Blocks>,
    /// When expired rows were last looked for.
    pub expiry: Expiry,
}

/// One thread's own state.
pub(super) struct Writer {
    shared: Arc<Shared>,
    pool: Pool,
    session: Option<Session>,
    known: Known,
    /// Until when nobody tries to connect.
    away_until: Option<Instant>,
    /// Groups since the connection was made.
    groups: u64,
}

impl Writer {
    /// A writer with a pool of one connection.
    pub fn new(shared: Arc<Shared>, pool: Pool) -> Self {
        Self {
            shared,
            pool,
            session: None,
            known: Known::default(),
            away_until: None,
            groups: 0,
        }
    }

    /// Works until everybody is gone.
    pub async fn run(mut self, jobs: Jobs) {
        let mut group = Vec::new();
        loop {
            let more = {
                let mut jobs = jobs.lock().await;
                match timeout(expiry::INTERVAL, jobs.recv()).await {
                    Ok(None) => break,
                    Ok(Some(first)) => {
                        collect(first, &mut jobs, &mut group);
                        true
                    }
                    Err(_) => false,
                }
            };
            if more {
                self.apply(&mut group).await;
                self.groups += 1;
                // More often while the tables may be young.
                if self.groups.is_power_of_two() {
                    self.plan_anew().await;
                }
            }
            self.expire().await;
        }
    }

    /// Applies a group and answers everybody in it.
    async fn apply(&mut self, group: &mut Vec<Job>) {
        let writes: Vec<&Write> = group.iter().map(|job| job.write.as_ref()).collect();
        match self.persist(&writes).await {
            Ok(answers) => {
                for (job, answer) in group.drain(..).zip(answers) {
                    // A caller that went away cancels nothing.
                    let _ = job.reply.send(answer.map_err(ApplyError::from));
                }
            }
            Err(failure) if failure.is_away() => {
                tracing::debug!(?failure, "a group was given up");
                for job in group.drain(..) {
                    let _ = job.reply.send(Err(ApplyError::Store(StoreError::Unavailable)));
                }
            }
            Err(failure) if group.len() == 1 => {
                tracing::debug!(?failure, "a write was given up");
                if let Some(job) = group.pop() {
                    let _ = job.reply.send(Err(ApplyError::Store(failure.into())));
                }
            }
            Err(_) => self.apply_one_by_one(group).await,
        }
    }

    /// One write that cannot be done must not take the others with it.
    async fn apply_one_by_one(&mut self, group: &mut Vec<Job>) {
        for job in group.drain(..) {
            let answer = match self.persist(&[job.write.as_ref()]).await {
                Ok(mut answers) => match answers.pop() {
                    Some(answer) => answer.map_err(ApplyError::from),
                    None => Err(ApplyError::Store(StoreError::Unavailable)),
                },
                Err(failure) => Err(ApplyError::Store(failure.into())),
            };
            let _ = job.reply.send(answer);
        }
    }

    /// Tries a group as often as that makes sense.
    async fn persist(&mut self, writes: &[&Write]) -> Outcome<Vec<Result<Accepted, Refused>>> {
        if self.session.is_none() && self.away_until.is_some_and(|until| Instant::now() < until) {
            return Err(Failure::TimedOut);
        }
        let mut doubt = None;
        let mut also = BTreeSet::new();
        let (mut tries, mut connections, begun) = (0, 0, Instant::now());
        loop {
            let failure = match self.attempt(writes, &mut doubt, &also).await {
                Ok(answers) => return Ok(answers),
                Err(failure) => failure,
            };
            self.known.forget();
            match failure.remedy() {
                Remedy::Again if tries < TRIES => {
                    tries += 1;
                    if let Failure::Moved(subjects) = failure {
                        also.extend(subjects);
                    } else {
                        sleep(self.jitter(BACKOFF, tries)).await;
                    }
                }
                Remedy::Reconnect if connections < CONNECTIONS_TRIED && begun.elapsed() < OUTAGE_SPANNED => {
                    connections += 1;
                    sleep(self.jitter(RECONNECT, connections)).await;
                }
                Remedy::Again | Remedy::Reconnect | Remedy::Later | Remedy::None => return Err(failure),
            }
        }
    }

    /// One try, within the time allowed. A connection that failed in it is given up.
    async fn attempt(
        &mut self,
        writes: &[&Write],
        doubt: &mut Option<Doubt>,
        also: &BTreeSet<SubjectId>,
    ) -> Outcome<Vec<Result<Accepted, Refused>>> {
        let session = match self.session.take() {
            Some(session) if !session.is_closed() => session,
            Some(_) | None => self.connect().await?,
        };
        let mut group = Group {
            shared: &self.shared,
            session: &session,
            known: &mut self.known,
            writes,
            also,
        };
        let patience = self.shared.options.patience();
        let done = timeout(patience, Box::pin(group.commit(doubt)))
            .await
            .unwrap_or(Err(Failure::TimedOut));
        self.session = session.after(done.as_ref().err(), patience).await;
        done
    }

    /// A new connection with every statement prepared.
    async fn connect(&mut self) -> Outcome<Session> {
        let connected = async {
            let session = pool::session(&self.pool).await?;
            for statements in CATALOGUES {
                session.prepare(statements).await?;
            }
            Ok(session)
        };
        let patience = self.shared.options.patience();
        let connected = timeout(patience, connected)
            .await
            .unwrap_or(Err(Failure::TimedOut));
        self.groups = 0;
        match (&connected, self.away_until.take()) {
            (Ok(_), None) => {}
            (Ok(_), Some(_)) => tracing::info!("the database is back"),
            (Err(failure), since) => {
                // Once for an outage, not for every call in it.
                if since.is_none() {
                    tracing::warn!(?failure, "no connection to the database");
                }
                self.away_until = Some(Instant::now() + AWAY);
            }
        }
        connected
    }

    /// `base`, doubled for each try before this one, of which half is left to chance.
    fn jitter(&self, base: Duration, tries: u32) -> Duration {
        let mut chance = [0; 1];
        self.shared.entropy.fill(&mut chance);
        let longest = base.saturating_mul(1 << tries.min(6));
        longest / 2 + longest / 2 * u32::from(chance[0]) / 256
    }

    /// Lets the server forget how it goes about our statements: a plan made while a table was empty would else be kept until
    /// the table is analysed, and read what belongs to others.
    async fn plan_anew(&mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        let forgotten = timeout(self.shared.options.patience(), session.command("DISCARD PLANS")).await;
        if forgotten.is_ok_and(|done| done.is_ok()) {
            self.session = Some(session);
        } else {
            session.discard();
        }
    }

    /// Between groups: removes what is past its time, if this server has not done so lately.
    async fn expire(&mut self) {
        let now = self.shared.clock.now();
        // Who has no connection must not take the turn of those who have: writers of chunks have none while nobody uploads.
        let expiry = &self.shared.expiry;
        let Some(session) = self
            .session
            .take_if(|session| !session.is_closed() && expiry.is_due(now))
        else {
            return;
        };
        let today = self.shared.rules.zone.date_of(now);
        let removed = expiry::bite(&session, now, today);
        // A failure shows on the next write, to somebody who can be told.
        match timeout(self.shared.options.patience(), removed).await {
            Ok(Ok(removed)) => {
                self.shared.expiry.done(now, removed > 0);
                self.session = Some(session);
                self.plan_anew().await;
            }
            Ok(Err(_)) | Err(_) => session.discard(),
        }
    }
}

impl Shared {
    /// Instants of this server, whose lock nobody poisons for others.
    pub fn instants(&self) -> std::sync::MutexGuard<'_, Instants> {
        self.instants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What groups run.
const CATALOGUES: [&[super::statement::Statement]; 8] = [
    find::CATALOGUE,
    members::CATALOGUE,
    usage::CATALOGUE,
    numbers::CATALOGUE,
    changes::CATALOGUE,
    moves::CATALOGUE,
    reservations::CATALOGUE,
    offline::CATALOGUE,
];

/// Takes what waits, up to a full group.
fn collect(first: Job, jobs: &mut UnboundedReceiver<Job>, group: &mut Vec<Job>) {
    let mut weight = first.write.weight();
    group.push(first);
    // No write weighs nothing, so there are never more of them than that.
    while weight < GROUP_WRITES_MAX {
        let Ok(job) = jobs.try_recv() else {
            break;
        };
        weight += job.write.weight();
        group.push(job);
    }
}
