//! Everything that is no group: reads, and rare writes in a transaction of their own, on connections of a small pool.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use futures::future::BoxFuture;
use tokio::time::{sleep, timeout};

use super::failure::{Failure, Outcome, Remedy};
use super::pool::{self, PostgresOptions};
use super::statement::Session;
use crate::store::StoreError;

/// Tries of something that others are in the way of, or that lost its connection.
const TRIES: u32 = 4;
/// Wait before the second try, doubled each time.
const BACKOFF: Duration = Duration::from_millis(20);

/// All statements of a read see the same state.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN: &str = "BEGIN";

/// Work on a session, which may be repeated.
pub(super) trait Work<T>:
    for<'s> Fn(&'s Session) -> BoxFuture<'s, Outcome<T>> + Send + Sync + 'static
{
}
impl<T, F> Work<T> for F where F: for<'s> Fn(&'s Session) -> BoxFuture<'s, Outcome<T>> + Send + Sync + 'static {}

/// How long work of any number of statements may take.
const LENGTH_MAX: Duration = Duration::from_mins(30);

/// The pool and how long anybody waits.
#[derive(Clone)]
pub(super) struct Aside {
    pool: Pool,
    patience: Duration,
}

/// How work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Commit,
    Rollback,
}

impl Aside {
    pub fn new(pool: Pool, options: &PostgresOptions) -> Self {
        Self {
            pool,
            patience: options.patience(),
        }
    }

    /// Reads, all from one state.
    pub async fn read<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, StoreError> {
        self.spawn(SNAPSHOT, End::Commit, work).await
    }

    /// The same in any number of statements. Each is ended by the server in time, and the system tells when that is gone.
    pub async fn read_at_length<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, StoreError> {
        let patient = Self {
            patience: LENGTH_MAX,
            ..self.clone()
        };
        patient.read(work).await
    }

    /// Writes, all or nothing. Repeated when others are in the way, so it must not matter how often it is begun.
    pub async fn write<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, StoreError> {
        self.spawn(BEGIN, End::Commit, work).await
    }

    /// Writes and takes it back.
    pub async fn try_out<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, StoreError> {
        self.spawn(BEGIN, End::Rollback, work).await
    }

    /// On a task of its own: a caller that goes away leaves no transaction open.
    async fn spawn<T: Send + 'static>(
        &self,
        begin: &'static str,
        end: End,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let (aside, work) = (self.clone(), Arc::new(work));
        let task = tokio::spawn(async move { aside.persist(begin, end, &*work).await });
        match task.await {
            Ok(done) => done.map_err(StoreError::from),
            Err(_) => Err(StoreError::Unavailable),
        }
    }

    async fn persist<T>(&self, begin: &'static str, end: End, work: &impl Work<T>) -> Outcome<T> {
        let mut tries = 1;
        loop {
            let failure = match self.attempt(begin, end, work).await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            // A COMMIT that was not answered is not done again: the caller is told that nobody knows.
            let again = match failure.remedy() {
                Remedy::Again => true,
                Remedy::Reconnect => begin == SNAPSHOT,
                Remedy::Later | Remedy::None => false,
            };
            if !again || tries == TRIES {
                return Err(failure);
            }
            sleep(BACKOFF.saturating_mul(1 << tries)).await;
            tries += 1;
        }
    }

    async fn attempt<T>(&self, begin: &'static str, end: End, work: &impl Work<T>) -> Outcome<T> {
        let session = pool::session(&self.pool).await?;
        let done = timeout(self.patience, transacted(&session, begin, end, work)).await;
        let done = done.unwrap_or(Err(Failure::TimedOut));
        // Back to the pool, if it is fit for it.
        drop(session.after(done.as_ref().err(), self.patience).await);
        done
    }
}

async fn transacted<T>(session: &Session, begin: &'static str, end: End, work: &impl Work<T>) -> Outcome<T> {
    session.command(begin).await?;
    let done = work(session).await?;
    session
        .command(match end {
            End::Commit => "COMMIT",
            End::Rollback => "ROLLBACK",
        })
        .await?;
    Ok(done)
}
