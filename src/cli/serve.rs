//! `tallystick serve`: runs the service until SIGTERM or SIGINT.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use futures::Stream;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::place::Place;
use super::service::{Setup, Shown, start};
use crate::config::{Config, Overrides};
use crate::domain::clock::SystemClock;
use crate::domain::member::Certificate;
use crate::identity::entropy::SystemEntropy;
use crate::members::parse_certificate;
use crate::server::{Options, RenderMetrics, TlsFiles, WebOptions};
use crate::statistics::protect::Budget;
use crate::telemetry::{install_logs, install_metrics};

/// Time between tidyings of the metrics' recorder.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// Other servers' changes of the register are seen within this time.
const REGISTRY_INTERVAL: Duration = Duration::from_secs(1);
/// The most bytes of an operator's certificate file that are read.
const CERTIFICATE_BYTES_MAX: u64 = 64 * 1024;

/// Run the service.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick serve --print-sample > tallystick.toml\n  \
    tallystick certs init certs && tallystick certs issue certs operator-a && tallystick certs issue certs operator-b\n  \
    tallystick serve --config tallystick.toml\n  \
    tallystick serve --config tallystick.toml --database 'postgres:///market?host=/run/postgresql&user=tallystick'\n  \
    TALLYSTICK_MARKET__APPROVALS=1 tallystick serve --insecure-loopback --data-dir /tmp/market")]
pub struct Serve {
    /// The configuration file; without one the defaults hold.
    #[arg(long, env = "TALLYSTICK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address of the gRPC service.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Loopback address of /metrics, /healthz and /readyz.
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Address of the dashboard; empty: none.
    #[arg(long, value_name = "ADDRESS")]
    web: Option<String>,
    /// Folder of the database and the key files.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL URL of the database, without a password; without one the database is a file in the data folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// File with the password of that URL's user, mode 0600.
    #[arg(long, value_name = "FILE")]
    database_password_file: Option<PathBuf>,
    /// For development: no TLS, on a loopback address only; callers name themselves in `x-tallystick-member`.
    #[arg(long)]
    insecure_loopback: bool,
    /// Print a configuration with every key explained, and end.
    #[arg(long)]
    print_sample: bool,
}

impl Serve {
    /// Runs until told to stop.
    ///
    /// # Errors
    /// When the configuration, keys, certificates, ports or database keep it from starting: what to do is said.
    pub async fn run(self) -> anyhow::Result<()> {
        if self.print_sample {
            return Ok(std::io::stdout().write_all(Config::sample().as_bytes())?);
        }
        let overrides = Overrides {
            listen: self.listen,
            data_dir: self.data_dir,
            insecure_loopback: self.insecure_loopback,
            http_listen: self.http,
            web_listen: self.web,
            database: self.database,
            database_password_file: self.database_password_file,
        };
        let config = Config::load(self.config.as_deref(), &overrides)?;
        forbid_core_dumps()?;
        install_logs(config.log.format, &config.log.filter)?;
        let metrics = install_metrics()?;
        let upkeep = metrics.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(METRICS_UPKEEP);
            loop {
                ticks.tick().await;
                upkeep.run_upkeep();
            }
        });
        if config.insecure_loopback {
            warn_loudly();
        }
        let reloads = signals(signal(SignalKind::hangup()).context("SIGHUP cannot be heard")?);
        let asked = asked_to_stop()?;
        let running = start(setup(&config, Arc::new(move || metrics.render()))?, reloads).await?;
        for folder in &running.keys_created {
            tracing::warn!(folder = %folder.display(), "new secret keys were made: back them up apart from the database");
        }
        tracing::warn!(
            "this process holds the keys of both sides: whoever controls it can test guesses at identifiers"
        );
        tracing::info!(
            address = %running.address,
            http = %running.http_address,
            web = running.web_address.map_or_else(|| "none".to_owned(), |web| web.to_string()),
            log_key = running.verifier,
            "serving"
        );
        running.ended_by(asked).await?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// The service as configured.
fn setup(config: &Config, metrics: RenderMetrics) -> anyhow::Result<Setup> {
    let first_operators = first_operators(config)?;
    let tls = (!config.insecure_loopback).then(|| TlsFiles {
        certificate: config.tls.certificate.clone(),
        key: config.tls.key.clone(),
        client_ca: config.tls.client_ca.clone(),
    });
    let options = Options {
        listen: config.listen,
        http_listen: config.http.listen,
        web: config.web.address()?.map(|listen| WebOptions {
            listen,
            connections_max: config.web.connections_max,
            is_plain: false,
        }),
        tls,
        limits: config.limits,
        tls_reload_interval: Duration::from_millis(config.tls.reload_interval_ms),
        registry_interval: REGISTRY_INTERVAL,
    };
    Ok(Setup {
        data: config.data_dir.clone(),
        place: Place::of(config)?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        rules: config.market.rules()?,
        rule_packs: (!config.market.rule_packs.as_os_str().is_empty())
            .then(|| config.market.rule_packs.clone()),
        options,
        origin: config.ledger.origin()?,
        schedule: config.statistics.schedule,
        protection: Budget::millions(config.statistics.protection_millions),
        checkpoint_interval: Duration::from_millis(config.ledger.checkpoint_interval_ms),
        key_commands: config.keys.commands()?,
        first_operators,
        metrics,
        // Published statistics come in here.
        shown: Shown::default(),
    })
}

/// Their certificates. Once there is a database the register may know operators already, and the files may be gone.
fn first_operators(config: &Config) -> anyhow::Result<Vec<Certificate>> {
    let started_before = match Place::of(config)? {
        Place::Embedded(file, _) => file.exists(),
        // Only the database knows; the files are there or passed over.
        Place::Postgres(..) => true,
    };
    let mut found = Vec::new();
    for path in &config.bootstrap_operators {
        match read_certificate(path) {
            Ok(certificate) => found.push(certificate),
            Err(error) if started_before => {
                tracing::info!(
                    error = format!("{error:#}"),
                    "an entry of `bootstrap_operators` is passed over"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn read_certificate(path: &Path) -> anyhow::Result<Certificate> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(CERTIFICATE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .with_context(|| {
            format!(
                "the operator's certificate {} cannot be read: check `bootstrap_operators`",
                path.display()
            )
        })?;
    parse_certificate(&bytes)
        .with_context(|| format!("the operator's certificate {} cannot be used", path.display()))
}

/// A crash must not write keys to a disk.
fn forbid_core_dumps() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).context("core dumps cannot be forbidden; they would hold secret keys")
}

fn warn_loudly() {
    tracing::warn!("############################################################################");
    tracing::warn!("INSECURE: no TLS, and every caller is whoever it says. For development only.");
    tracing::warn!("Leave out --insecure-loopback and run `tallystick certs init certs` instead.");
    tracing::warn!("############################################################################");
}

fn signals(signal: Signal) -> impl Stream<Item = ()> + Send {
    futures::stream::unfold(signal, |mut signal| async move {
        signal.recv().await.map(|()| ((), signal))
    })
}

/// Done when somebody asks the process to end.
pub(super) fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::telemetry::metric;

    #[test]
    fn every_metric_of_the_edge_is_in_the_catalogue() {
        for name in crate::server::metric::ALL {
            assert!(metric::ALL.iter().any(|known| known.name == name), "{name}");
        }
    }
}
