//! The whole service in this process: keys, store, rooms, sequencer, sockets. What `serve`, `demo` and `bench` start.

use std::fs::{DirBuilder, File, TryLockError};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::{Stream, StreamExt as _};
use sha2::Digest as _;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::IntervalStream;
use tokio_util::sync::CancellationToken;

use super::place::Place;
use crate::audit::{CheckpointKey, OfflineCodeKey, Origin};
use crate::domain::clock::{SharedClock, SharedEntropy};
use crate::domain::member::Certificate;
use crate::domain::statistics::Schedule;
use crate::domain::unit::working_set::MarketRules;
use crate::exposure::Exposure;
use crate::identity::keys::{self, Halves, KeyCommands, Keys, LedgerKeys};
use crate::ledger::{LedgerError, Pass, Sequencer, SequencerOptions};
use crate::members::{Conduct, Members, Registry};
use crate::reporting::Reporting;
use crate::rule_packs::Library;
use crate::server::{Market, Options, Rooms, Server};
use crate::statistics::Window;
use crate::statistics::protect::{Budget, protect};
use crate::statistics::worker::{self, Worker};
use crate::store::audit_log::LeaseHolder;
use crate::store::{AuditLog, COPY_MARK, KeyChecks, Store, StoreError};
use crate::subjects::{Evaluator, TokenMapper};
use crate::web::{self, Dashboard, Links, Supervision};
use crate::wire::convert::page::PageKey;
use crate::wire::convert::subject_token::KeyVersions;

/// Time between looks whether a snapshot is to be made.
const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(1);
/// Locked while a service works on its folder.
const LOCK_FILE: &str = "service.lock";

/// What the service is made of.
pub struct Setup {
    /// Folder of the keys, and of the database if it is embedded.
    pub data: PathBuf,
    /// The database.
    pub place: Place,
    /// Time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// What the operator settles for the market.
    pub rules: MarketRules,
    /// Folder of rule packs beside those that are shipped.
    pub rule_packs: Option<PathBuf>,
    /// Sockets, certificates, limits.
    pub options: Options,
    /// Name of the audit log.
    pub origin: Origin,
    /// Of which dates snapshots are made without being asked for.
    pub schedule: Schedule,
    /// The work that disclosure control may take for each.
    pub protection: Budget,
    /// Time between passes of the sequencer.
    pub checkpoint_interval: Duration,
    /// Keys that come from commands.
    pub key_commands: KeyCommands,
    /// Certificates of the first operators, used while the register has none.
    pub first_operators: Vec<Certificate>,
    /// Writes the metrics.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What the dashboard shows.
    pub shown: Shown,
}

/// What the dashboard shows; `None` of statistics: nothing is published; of supervision: what the rooms say.
#[derive(Default, Clone)]
pub struct Shown {
    /// Published statistics.
    pub window: Option<Arc<dyn web::Window>>,
    /// Members' quality and conduct.
    pub supervision: Option<Arc<dyn Supervision>>,
}

/// The service at work.
pub struct Running {
    /// Where the gRPC service listens.
    pub address: SocketAddr,
    /// Where metrics and health listen.
    pub http_address: SocketAddr,
    /// Where the dashboard listens; `None` without one.
    pub web_address: Option<SocketAddr>,
    /// Its database.
    pub store: Arc<dyn Store>,
    /// Its audit log.
    pub log: Arc<dyn AuditLog>,
    /// Public key of its audit log.
    pub verifier: String,
    /// Key folders that this start made.
    pub keys_created: Vec<PathBuf>,
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Asks the service to drain and end; [`Self::ended`] waits for it.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until `asked` is done, or the service fails; then for the end.
    ///
    /// # Errors
    /// Why it ended, if nobody asked for it.
    pub async fn ended_by(mut self, asked: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::select! {
            () = asked => {
                self.stop();
                self.ended().await
            }
            ended = &mut self.served => ended.context("the service ended in a fault")?,
        }
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// Why it ended, if nobody asked for it.
    pub async fn ended(self) -> anyhow::Result<()> {
        self.served.await.context("the service ended in a fault")?
    }
}

/// Opens everything, binds the ports and serves. `reloads` asks for a look at the certificates.
///
/// # Errors
/// What keeps it from starting, with the command that mends it.
pub async fn start(
    setup: Setup,
    reloads: impl Stream<Item = ()> + Send + 'static,
) -> anyhow::Result<Running> {
    let lock = take_folder(&setup)?;
    let (store, keys) = open(&setup).await?;
    let token_keys = keys.token.context("the keys of the token side are missing")?;
    let ledger_keys = Arc::new(keys.ledger.context("the keys of the ledger side are missing")?);
    agree_on_keys(store.as_ref(), &ledger_keys.checks()).await?;
    let registry = Registry::load(Arc::new(store.clone()), setup.clock.clone()).await?;
    let mapper = Arc::new(TokenMapper::new(ledger_keys.clone()));
    let members = Arc::new(Members::new(registry, mapper.clone(), setup.entropy.clone()));
    enrol_first_operators(&setup, &members).await?;
    let packs = Arc::new(Library::open(setup.rule_packs.clone()).context("the rule packs cannot be used")?);
    let rooms = Rooms {
        store: store.clone(),
        members,
        evaluator: Arc::new(Evaluator::new(token_keys, setup.entropy.clone())),
        reporting: Reporting::new(store.clone(), mapper.clone(), setup.entropy.clone()),
        exposure: Exposure::new(
            store.clone(),
            mapper.clone(),
            setup.entropy.clone(),
            packs.clone(),
            OfflineCodeKey::from_seed(setup.origin.clone(), ledger_keys.checkpoint_seed()),
            setup.rules.zone,
        ),
        window: Window::new(store.clone(), setup.entropy.clone()),
        market: Arc::new(market(&setup, &ledger_keys)),
        clock: setup.clock.clone(),
        entropy: setup.entropy.clone(),
        metrics: setup.metrics.clone(),
    };
    let dashboard = dashboard(&setup, &rooms, mapper);
    let server = Server::bind(setup.options.clone(), rooms, dashboard).await?;
    let (address, http_address, web_address) =
        (server.address(), server.http_address(), server.web_address());
    let checkpoint_key = CheckpointKey::from_seed(setup.origin.clone(), ledger_keys.checkpoint_seed());
    let verifier = checkpoint_key.verifier().to_text();
    let stop = CancellationToken::new();
    if setup.rule_packs.is_some() {
        tokio::spawn(watch(packs, setup.options.tls_reload_interval, stop.clone()));
    }
    count(&setup, store.clone(), stop.clone());
    let log: Arc<dyn AuditLog> = store.clone();
    let drained = CancellationToken::new();
    let sequencing = sequence(&setup, log.clone(), checkpoint_key, drained.clone());
    let serving = server.run(stop.clone(), reloads);
    let served = tokio::spawn(async move {
        let served = serving.await;
        // What was served last is sequenced last.
        drained.cancel();
        sequencing.await.context("the sequencer ended in a fault")?;
        drop(lock);
        Ok(served?)
    });
    Ok(Running {
        address,
        http_address,
        web_address,
        store,
        log,
        verifier,
        keys_created: keys.created,
        stop,
        served,
    })
}

/// Makes the data folder, and takes it if the database lies in it.
fn take_folder(setup: &Setup) -> anyhow::Result<Option<File>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&setup.data)
        .with_context(|| format!("cannot make the data folder {}", setup.data.display()))?;
    match &setup.place {
        Place::Embedded(..) => lock(&setup.data).map(Some),
        Place::Postgres(..) => Ok(None),
    }
}

/// The database and the keys. An embedded database that is made now is made last: the keys it needs are safe by then.
async fn open(setup: &Setup) -> anyhow::Result<(Arc<dyn Store>, Keys)> {
    let rules = Arc::new(setup.rules.clone());
    let store = || {
        setup
            .place
            .open(setup.clock.clone(), setup.entropy.clone(), rules.clone())
    };
    let keys = |first_start| {
        keys::open(
            &setup.data,
            Halves::Both,
            &setup.key_commands,
            first_start,
            setup.entropy.as_ref(),
        )
    };
    if matches!(&setup.place, Place::Embedded(file, _) if !file.exists()) {
        let keys = keys(true)?;
        return Ok((store().await?, keys));
    }
    let store = store().await?;
    let first_start = first_start(setup, store.as_ref()).await?;
    Ok((store, keys(first_start)?))
}

/// Whether keys may be made: only for a PostgreSQL database that no key ever served. An embedded one that is there needs the
/// keys that were made with it.
async fn first_start(setup: &Setup, store: &dyn Store) -> anyhow::Result<bool> {
    match setup.place {
        Place::Embedded(..) => Ok(false),
        Place::Postgres(..) => {
            Ok(store.key_checks().await?.is_empty() && store.holdings().await?.tokens == 0)
        }
    }
}

/// Makes sure that all servers of a database have the same keys: with others, one person would become two subjects.
async fn agree_on_keys(store: &dyn Store, ours: &KeyChecks) -> anyhow::Result<()> {
    for _ in 0..2 {
        let known = store.key_checks().await?;
        anyhow::ensure!(
            !known.contains_key(COPY_MARK),
            "a copy into this database has begun and is not whole: run `tallystick database copy` again to finish it"
        );
        if let Some((name, _)) = ours
            .iter()
            .find(|(name, check)| known.get(*name).is_some_and(|known| known != *check))
        {
            anyhow::bail!(
                "the key {name} is not the one that this database was served with: copy the key files of the server that \
                 serves it, or of the backup"
            );
        }
        let new: KeyChecks = ours
            .iter()
            .filter(|(name, _)| !known.contains_key(*name))
            .map(|(name, check)| (name.clone(), *check))
            .collect();
        if new.is_empty() || store.put_key_checks(&new).await.is_ok() {
            return Ok(());
        }
        // Another server started at the same moment: its values are there now.
    }
    anyhow::bail!("the keys' check values cannot be stored: see whether the database can be written")
}

/// Takes the data folder of an embedded database for this process: the store remembers numbers between groups, and two would
/// give the same ones. The system lets go of the lock when the process ends, however it ends.
pub fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another service works on {}: stop it, or name another folder with `--data-dir`",
            data.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Without TLS there are no certificates: the first operator is then whoever says so.
async fn enrol_first_operators(setup: &Setup, members: &Members) -> anyhow::Result<()> {
    if members.registry().current().has_operator() {
        return Ok(());
    }
    if setup.first_operators.is_empty() && setup.options.tls.is_some() {
        tracing::warn!(
            "the register knows no operator: name certificates in `bootstrap_operators` and start the service again"
        );
        return Ok(());
    }
    let enrolled = members
        .bootstrap(setup.first_operators.clone())
        .await
        .context("the first operators are refused")?;
    if enrolled {
        tracing::info!(
            certificates = setup.first_operators.len(),
            "the first operators were enrolled"
        );
    } else if !members.registry().current().has_operator() {
        tracing::warn!(
            "no operator is active and the first ones cannot be enrolled twice: members are served, nobody can \
             administer them"
        );
    }
    Ok(())
}

/// Exchanges the rule packs whenever their folder changes and all of them are sound.
async fn watch(packs: Arc<Library>, interval: Duration, stop: CancellationToken) {
    let mut looks = IntervalStream::new(tokio::time::interval(interval));
    while stop.run_until_cancelled(looks.next()).await.flatten().is_some() {
        let packs = packs.clone();
        // Files are read: not on the threads that serve.
        let looked = tokio::task::spawn_blocking(move || packs.has_changed().then(|| packs.reload()));
        match looked.await {
            Ok(Some(Ok(changed))) => tracing::info!(?changed, "the rule packs were read again"),
            Ok(Some(Err(errors))) => tracing::warn!(%errors, "the rule packs are left as they are"),
            Ok(None) | Err(_) => {}
        }
    }
}

fn market(setup: &Setup, keys: &LedgerKeys) -> Market {
    // Derived, so that pages go on after a restart and on every server of one database.
    let seed = sha2::Sha256::new()
        .chain_update(b"tallystick/v1/page-key")
        .chain_update(keys.checkpoint_seed());
    Market {
        zone: setup.rules.zone,
        key_versions: KeyVersions {
            live: keys.versions().collect(),
            ..KeyVersions::default()
        },
        page_key: PageKey::new(seed.finalize().into()),
        conduct: setup.rules.conduct,
    }
}

/// What people look at, over the same rooms.
fn dashboard(setup: &Setup, rooms: &Rooms, mapper: Arc<TokenMapper>) -> Dashboard {
    let Shown { window, supervision } = setup.shown.clone();
    let supervision = supervision.unwrap_or_else(|| {
        Arc::new(web::Rooms {
            members: Arc::clone(&rooms.members),
            reporting: Reporting::new(Arc::clone(&rooms.store), mapper, setup.entropy.clone()),
            conduct: Conduct::new(Arc::clone(&rooms.store)),
            clock: setup.clock.clone(),
            zone: setup.rules.zone,
            thresholds: setup.rules.conduct,
            turn: Mutex::default(),
        })
    });
    Dashboard {
        window: window.unwrap_or_else(|| Arc::new(rooms.window.clone())),
        supervision,
        registry: Arc::clone(rooms.members.registry()),
        links: Links::of(&setup.data),
        clock: setup.clock.clone(),
        entropy: setup.entropy.clone(),
        zone: setup.rules.zone,
    }
}

/// Names this process where only one of several may work.
fn holder(setup: &Setup) -> LeaseHolder {
    let mut holder = LeaseHolder([0; 16]);
    // One process serves an embedded database (its lock says so): what a predecessor that was killed still held is ours, so
    // that nobody waits for its lease to end.
    if matches!(setup.place, Place::Postgres(..)) {
        setup.entropy.fill(&mut holder.0);
    }
    holder
}

/// Makes snapshots until the service stops; what is broken off then is taken up by the next start, or by another server.
fn count(setup: &Setup, store: Arc<dyn Store>, stop: CancellationToken) {
    let budget = setup.protection;
    let worker = Worker::new(
        store,
        setup.clock.clone(),
        Arc::new(setup.rules.clone()),
        setup.schedule,
        holder(setup),
        Arc::new(move |statistics, before| protect(statistics, before, &budget)),
    );
    let ticks = IntervalStream::new(tokio::time::interval(SNAPSHOT_INTERVAL)).map(|_| ());
    tokio::spawn(async move { stop.run_until_cancelled(worker.run(ticks, snapshot_told)).await });
}

fn snapshot_told(pass: Result<worker::Pass, StoreError>) {
    use crate::telemetry::metric::SNAPSHOTS;
    let outcome = match pass {
        Ok(worker::Pass::Idle) => return,
        Ok(worker::Pass::Published(key)) => {
            tracing::info!(as_of = %key.as_of, version = key.version, "a snapshot was published");
            "published"
        }
        Ok(worker::Pass::Lost(key)) => {
            tracing::warn!(as_of = %key.as_of, version = key.version, "another server took a snapshot up");
            "lost"
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a snapshot did not go on"
            );
            "failed"
        }
    };
    metrics::counter!(SNAPSHOTS, "outcome" => outcome).increment(1);
}

fn sequence(
    setup: &Setup,
    log: Arc<dyn AuditLog>,
    key: CheckpointKey,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let options = SequencerOptions::default();
    let sequencer = Sequencer::new(log, key, setup.clock.clone(), holder(setup), options);
    let ticks = IntervalStream::new(tokio::time::interval(setup.checkpoint_interval)).map(|_| ());
    let ticks = ticks.take_until(stop.cancelled_owned());
    tokio::spawn(async move { sequencer.run(ticks, told).await })
}

fn told(pass: Result<Pass, LedgerError>) {
    use crate::telemetry::metric::{AUDIT_LEAVES, AUDIT_PASSES};
    let outcome = match &pass {
        Ok(Pass::Sequenced { .. }) => "sequenced",
        Ok(Pass::LeaseElsewhere) => "lease_elsewhere",
        Err(_) => "failed",
    };
    metrics::counter!(AUDIT_PASSES, "outcome" => outcome).increment(1);
    match pass {
        Ok(Pass::Sequenced { leaves, size }) => {
            // Exact up to 2^53 leaves.
            metrics::gauge!(AUDIT_LEAVES).set(u32::try_from(size).map_or(f64::from(u32::MAX), f64::from));
            if leaves > 0 {
                tracing::debug!(leaves, size, "audit log: {leaves} leaves appended, {size} in all");
            }
        }
        Ok(Pass::LeaseElsewhere) => {}
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the audit log did not go on"
            );
        }
    }
}
