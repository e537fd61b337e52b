//! A server as a process of its own, so that its CPU time is its own: the whole service, or the empty floor.
//!
//! The parent starts this program again with `bench --part`; the child says where it listens on its standard output and
//! ends when its standard input does, so that it never outlives the parent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::ground::{CA_FILE, Ground, RULES_FOLDER};
use super::machine::{Cores, pin};
use crate::audit::Origin;
use crate::cli::place::Place;
use crate::cli::service::{self, Setup, Shown};
use crate::domain::clock::SystemClock;
use crate::domain::unit::working_set::MarketRules;
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::KeyCommands;
use crate::server::{Limits, Options, TlsFiles, floor};
use crate::telemetry::{LogFormat, install_logs, install_metrics};

/// Which server a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// The whole service over the bench's database.
    Service,
    /// The transport alone.
    Empty,
}

/// A child at work. Dropping it ends it.
pub(super) struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts a part on the server's cores.
    pub fn start(part: Part, ground: &Ground, cores: &Cores) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program cannot find itself")?;
        let name = match part {
            Part::Service => "service",
            Part::Empty => "empty",
        };
        let mut command = Command::new(program);
        command
            .args(["bench", "--part", name, "--keep"])
            .arg(&ground.folder)
            .args(ground.engine.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let server = cores.server;
        // A child runs where the thread runs that starts it.
        let started = std::thread::spawn(move || -> anyhow::Result<Child> {
            pin(&server)?;
            command.spawn().context("the server's process cannot be started")
        });
        let mut child = started
            .join()
            .map_err(|_| anyhow::anyhow!("starting the server failed"))??;
        let output = child.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .context("the server did not say where it listens")?;
        Ok(Self { child, address })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Closing its input asks it to end; waiting keeps the folder until it did.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Runs a part in this process until its standard input ends.
pub(super) async fn run(part: Part, folder: &Path, place: Place) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    std::thread::spawn(move || {
        // Whatever ends the input ends the server.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        asked.cancel();
    });
    install_logs(LogFormat::Human, "error")?;
    match part {
        Part::Service => serve(folder, place, stop).await,
        Part::Empty => serve_empty(folder, stop).await,
    }
}

fn say(address: SocketAddr) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{address}")?;
    Ok(output.flush()?)
}

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn serve(folder: &Path, place: Place, stop: CancellationToken) -> anyhow::Result<()> {
    let metrics = install_metrics()?;
    let certs = folder.join("certs");
    let setup = Setup {
        place,
        data: folder.join("data"),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        rules: MarketRules::default(),
        rule_packs: Some(folder.join(RULES_FOLDER)),
        options: Options {
            listen: LOOPBACK,
            http_listen: LOOPBACK,
            web: None,
            tls: Some(TlsFiles {
                certificate: certs.join("server.pem"),
                key: certs.join("server.key"),
                client_ca: certs.join(CA_FILE),
            }),
            limits: Limits::default(),
            tls_reload_interval: Duration::from_secs(2),
            registry_interval: Duration::from_secs(1),
        },
        origin: Origin::parse("bench.tallystick.local").context("the bench's log has a name")?,
        schedule: crate::domain::statistics::Schedule::Never,
        protection: crate::statistics::protect::Budget::default(),
        checkpoint_interval: Duration::from_secs(1),
        key_commands: KeyCommands::default(),
        first_operators: Vec::new(),
        metrics: Arc::new(move || metrics.render()),
        shown: Shown::default(),
    };
    let running = service::start(setup, futures::stream::pending()).await?;
    say(running.address)?;
    stop.cancelled().await;
    running.stop();
    running.ended().await
}

async fn serve_empty(folder: &Path, stop: CancellationToken) -> anyhow::Result<()> {
    let read = |name: &str| {
        let path = folder.join("certs").join(name);
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let pem = floor::Pem {
        certificate: read("server.pem")?,
        key: read("server.key")?,
        client_ca: read(CA_FILE)?,
    };
    let listener = TcpListener::bind(LOOPBACK).await?;
    say(listener.local_addr()?)?;
    Ok(floor::serve(listener, pem, stop).await?)
}
