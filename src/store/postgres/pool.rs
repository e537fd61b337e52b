//! Connections: how they are made, how long they may take, what every session is told first.

use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::failure::{Failure, Outcome};
use super::statement::Session;
use crate::store::StoreError;

/// How a database is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Connections that write groups of calls, and as many more for chunks of batches, 1 to 16.
    pub writers: usize,
    /// Connections for everything else, 1 to 64.
    pub readers: usize,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a connection may take to be made or to become free.
    pub connect_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            writers: 1,
            readers: 4,
            statement_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
        }
    }
}

impl PostgresOptions {
    /// When a whole unit of work is given up, whatever the server or the network do: a group is a handful of statements,
    /// each of which the server itself would have ended by then.
    pub(super) fn patience(&self) -> Duration {
        self.statement_timeout.saturating_mul(2)
    }
}

/// Whoever vanished must not keep others from its subjects for longer than this.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);
/// Silence after which the system asks whether the other side is still there.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// A pool of up to `size` connections. Makes none yet.
///
/// # Errors
/// When the address' files cannot be used.
pub(super) fn pool(address: &Address, options: &PostgresOptions, size: usize) -> Result<Pool, StoreError> {
    let mut config = address.config().clone();
    config
        .application_name("tallystick")
        .connect_timeout(options.connect_timeout)
        .keepalives(true)
        .keepalives_idle(KEEPALIVE)
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(3)
        .tcp_user_timeout(options.patience());
    let tls = address
        .tls()
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    let manager = Manager::from_config(
        config,
        MakeRustlsConnect::new(tls),
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let settings = settings(options);
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(options.connect_timeout))
        .create_timeout(Some(options.connect_timeout))
        .recycle_timeout(Some(options.connect_timeout))
        .post_create(Hook::async_fn(move |client, _| {
            let settings = settings.clone();
            Box::pin(async move { client.batch_execute(&settings).await.map_err(HookError::Backend) })
        }))
        .build()
        .map_err(|error| StoreError::Engine(Box::new(error)))
}

/// What a session is told before anything else.
///
/// Every statement of ours finds its rows by a key. A plan that was made while a table was small must not outlive it, so
/// sequential scans are priced out; compiling a plan never pays. A generic plan saves planning each time, but Citus plans
/// with the values of parameters and refuses without.
fn settings(options: &PostgresOptions) -> String {
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {statement}; \
         SET idle_in_transaction_session_timeout = {idle}; SET client_min_messages = warning; \
         SET default_transaction_isolation = 'read committed'; SET enable_seqscan = off; SET jit = off; \
         SELECT set_config('plan_cache_mode', 'force_generic_plan', false) \
         WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus'); \
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        statement = options.statement_timeout.as_millis(),
        idle = IDLE_IN_TRANSACTION.as_millis(),
    )
}

/// A free connection.
pub(super) async fn session(pool: &Pool) -> Outcome<Session> {
    Ok(Session::on(pool.get().await.map_err(Failure::from)?))
}
