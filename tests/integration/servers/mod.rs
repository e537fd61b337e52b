//! Several whole services on one PostgreSQL database: real sockets, real TLS, each with its own copy of the key files.

mod load;
mod outage;
mod register;

use std::fs::{self, DirBuilder};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tallystick::audit::Origin;
use tallystick::cli::place::Place;
use tallystick::cli::service::{Running, Setup, Shown, start};
use tallystick::domain::clock::SharedClock;
use tallystick::domain::member::{LenderGroup, Role};
use tallystick::domain::names::MemberId;
use tallystick::domain::unit::NewMember;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::identity::keys::KeyCommands;
use tallystick::server::{Limits, Options, TlsFiles};
use tallystick::wire::convert::member::new_member_to_wire;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_stream::StreamExt as _;

use crate::harness::{Actor, Credentials, Database, ManualClock, SeededEntropy, TestCa, logged, metrics};
use crate::store::migrated;

/// Between looks at the register, as `serve` has it.
const REGISTRY_INTERVAL: Duration = Duration::from_secs(1);

/// A market: who signs its certificates, its operator, where its data is.
pub struct Site {
    pub ca: TestCa,
    pub clock: Arc<ManualClock>,
    operator: Credentials,
    place: Place,
    database: Option<Database>,
}

/// A service of it.
pub struct Node {
    pub running: Running,
    folder: TempDir,
}

impl Node {
    /// Where its keys are.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("data/keys")
    }

    /// Stops it, and waits until it has.
    pub async fn stop(self) {
        self.running.stop();
        self.running.ended().await.unwrap();
    }

    /// A page of its loopback port.
    pub async fn page(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.running.http_address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

impl Site {
    /// With a database of its own on the server that all tests share.
    pub async fn new() -> Self {
        let database = migrated().await;
        let url = database.url();
        Self {
            database: Some(database),
            ..Self::at(&url)
        }
    }

    /// On a database that has its schema.
    pub fn at(url: &str) -> Self {
        let _ = (logged(), metrics());
        let ca = TestCa::new();
        Self {
            clock: ManualClock::new(),
            operator: ca.client("operator"),
            place: Place::named(url, None).unwrap(),
            database: None,
            ca,
        }
    }

    /// Its database, to look behind the services' backs.
    pub fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    /// Two services, the second with a copy of the first one's keys.
    pub async fn two(&self) -> [Node; 2] {
        let first = self.start(None).await.unwrap();
        let second = self.start(Some(&first.keys())).await.unwrap();
        [first, second]
    }

    /// A service with a copy of these keys, or without any.
    pub async fn start(&self, keys: Option<&Path>) -> anyhow::Result<Node> {
        self.start_at(keys, self.clock.clone()).await
    }

    /// The same, by a clock of its own.
    pub async fn start_at(&self, keys: Option<&Path>, clock: SharedClock) -> anyhow::Result<Node> {
        let folder = tempfile::tempdir().unwrap();
        self.ca.write_server_files(folder.path());
        if let Some(keys) = keys {
            make(&folder.path().join("data"));
            copy(keys, &folder.path().join("data/keys"));
        }
        let running = start(self.setup(folder.path(), clock), tokio_stream::pending()).await?;
        Ok(Node { running, folder })
    }

    fn setup(&self, folder: &Path, clock: SharedClock) -> Setup {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let tls = TlsFiles {
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
            client_ca: folder.join("ca.pem"),
        };
        let options = Options {
            listen: loopback,
            http_listen: loopback,
            web: None,
            tls: Some(tls),
            limits: Limits {
                drain_ms_max: 500,
                ..Limits::default()
            },
            tls_reload_interval: Duration::from_hours(1),
            registry_interval: REGISTRY_INTERVAL,
        };
        Setup {
            data: folder.join("data"),
            place: self.place.clone(),
            clock,
            entropy: SeededEntropy::another(),
            rules: MarketRules {
                approvals: 1,
                ..MarketRules::default()
            },
            rule_packs: None,
            options,
            origin: Origin::parse("test.example/log").unwrap(),
            schedule: tallystick::domain::statistics::Schedule::Never,
            protection: tallystick::statistics::protect::Budget::default(),
            checkpoint_interval: Duration::from_millis(50),
            key_commands: KeyCommands::default(),
            first_operators: vec![self.operator.registered()],
            metrics: Arc::new(metrics),
            shown: Shown::default(),
        }
    }

    /// Somebody at a service.
    pub fn actor(&self, node: &Node, credentials: Credentials) -> Actor {
        Actor::at(node.running.address, &self.ca, credentials)
    }

    /// The operator at a service.
    pub fn operator(&self, node: &Node) -> Actor {
        self.actor(node, self.operator.clone())
    }

    /// Registers a lender through a service.
    pub async fn enrol(&self, node: &Node, name: &str) -> Credentials {
        let credentials = self.ca.client(name);
        let new = NewMember {
            member_id: MemberId::parse(name).unwrap(),
            display_name: name.to_owned(),
            lender_group: LenderGroup::OnlineMicroloan,
            roles: vec![Role::Lender],
            certificates: vec![credentials.registered()],
            rule_packs: vec!["cn-consortium".to_owned()],
            evaluations_per_day: 100_000,
        };
        let operator = self.operator(node).client().await;
        let request = new_member_to_wire(&new, operator.request_id());
        operator.admin().create_member(request).await.unwrap();
        credentials
    }
}

/// A folder that only its owner may enter, as those of keys must be.
pub fn make(folder: &Path) {
    DirBuilder::new().mode(0o700).create(folder).unwrap();
}

pub fn copy(from: &Path, to: &Path) {
    make(to);
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copied = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &copied);
        } else {
            fs::copy(entry.path(), copied).unwrap();
        }
    }
}

/// The next answer of a stream of one.
pub async fn only<T>(mut stream: tonic::Streaming<T>) -> Result<T, tonic::Status> {
    stream.next().await.expect("an answer")
}
