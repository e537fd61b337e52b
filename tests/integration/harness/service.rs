//! A whole service in this process: real sockets, real TLS, a real database of the chosen engine, and everything goes away
//! with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tallystick::audit::Origin;
use tallystick::cli::service::{Running, Setup, Shown, start};
use tallystick::domain::member::{Certificate, LenderGroup, Role};
use tallystick::domain::names::{MemberId, MemberNo};
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::domain::unit::{Action, Administration, NewMember, Write};
use tallystick::identity::keys::KeyCommands;
use tallystick::server::{Limits, Options, TlsFiles};
use tallystick::store::Store;
use tallystick::wire::convert::member::new_member_to_wire;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{Actor, Credentials, ManualClock, SeededEntropy, Storage, TestCa, logged, metrics};

/// The service.
pub struct TestServer {
    pub ca: TestCa,
    pub clock: Arc<ManualClock>,
    operator: Credentials,
    second_operator: Credentials,
    folder: TempDir,
    running: Running,
    _storage: Storage,
    reloads: mpsc::UnboundedSender<()>,
    tls: bool,
}

impl TestServer {
    /// With default limits, one approval, and operators of two certificates.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With other limits.
    pub async fn start_limited(limits: Limits) -> Self {
        Self::start_with(|setup| setup.options.limits = limits).await
    }

    /// With whatever the test is about; the rest as in [`Self::start`].
    pub async fn start_with(adapt: impl FnOnce(&mut Setup)) -> Self {
        Self::try_start_with(adapt).await.unwrap()
    }

    /// The same, for services that should not start.
    pub async fn try_start_with(adapt: impl FnOnce(&mut Setup)) -> anyhow::Result<Self> {
        // Both begin to listen with the first service.
        let _ = (logged(), metrics());
        let (ca, clock, folder) = (TestCa::new(), ManualClock::new(), tempfile::tempdir().unwrap());
        ca.write_server_files(folder.path());
        let (operator, second_operator) = (ca.client("operator-a"), ca.client("operator-b"));
        let operators = vec![operator.registered(), second_operator.registered()];
        let storage = Storage::new().await;
        let mut setup = setup(folder.path(), &storage, &clock, operators);
        adapt(&mut setup);
        let tls = setup.options.tls.is_some();
        let (reloads, asked) = mpsc::unbounded_channel();
        let running = start(setup, UnboundedReceiverStream::new(asked)).await?;
        Ok(Self {
            ca,
            clock,
            operator,
            second_operator,
            folder,
            running,
            _storage: storage,
            reloads,
            tls,
        })
    }

    /// Where the gRPC service listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Where metrics and health listen.
    pub fn http_address(&self) -> SocketAddr {
        self.running.http_address
    }

    /// Where the dashboard listens.
    pub fn web_address(&self) -> SocketAddr {
        self.running.web_address.unwrap()
    }

    /// Its database.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.running.store
    }

    /// Its folder: the TLS files are right in it, keys and an embedded database in `data`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What SIGHUP does.
    pub fn reload(&self) {
        self.reloads.send(()).unwrap();
    }

    /// Somebody with these credentials, registered or not.
    pub fn actor(&self, credentials: Credentials) -> Actor {
        let scheme = if self.tls { "https" } else { "http" };
        let url = format!("{scheme}://{}", self.address());
        Actor {
            url,
            server_ca: self.tls.then(|| self.ca.certificate().to_owned()),
            credentials,
        }
    }

    /// The first operator.
    pub fn operator(&self) -> Actor {
        self.actor(self.operator.clone())
    }

    /// The second operator: another certificate of the same member.
    pub fn second_operator(&self) -> Actor {
        self.actor(self.second_operator.clone())
    }

    /// Registers a member with one certificate.
    pub async fn enrol(&self, name: &str, roles: &[Role]) -> Actor {
        self.enrol_in(name, roles, LenderGroup::OnlineMicroloan).await
    }

    /// Registers a member of a group.
    pub async fn enrol_in(&self, name: &str, roles: &[Role], lender_group: LenderGroup) -> Actor {
        let credentials = self.ca.client(name);
        let new = new_member(name, roles, lender_group, &credentials);
        let operator = self.operator().client().await;
        let request = new_member_to_wire(&new, operator.request_id());
        operator.admin().create_member(request).await.unwrap();
        self.actor(credentials)
    }

    /// Registers a member behind the edge's back, as another server would: seen within the registry's interval. For
    /// services whose limits let no operator through.
    pub async fn enrol_elsewhere(&self, name: &str, roles: &[Role]) -> Actor {
        let credentials = self.ca.client(name);
        let new = new_member(name, roles, LenderGroup::OnlineMicroloan, &credentials);
        let write = Write {
            member_no: MemberNo(0),
            member_id: new.member_id.clone(),
            certificate: credentials.registered().fingerprint,
            request: None,
            salt: [0; 32],
            action: Action::Administer(Box::new(Administration::CreateMember(new))),
        };
        self.store().apply(write).await.unwrap();
        self.actor(credentials)
    }

    /// Asks it to stop, without waiting.
    pub fn ask_to_stop(&self) {
        self.running.stop();
    }

    /// Waits for its end; the folder is still there.
    pub async fn ended(self) -> (anyhow::Result<()>, TempDir) {
        (self.running.ended().await, self.folder)
    }
}

fn new_member(name: &str, roles: &[Role], lender_group: LenderGroup, credentials: &Credentials) -> NewMember {
    NewMember {
        member_id: MemberId::parse(name).unwrap(),
        display_name: name.to_owned(),
        lender_group,
        roles: roles.to_vec(),
        certificates: vec![credentials.registered()],
        rule_packs: Vec::new(),
        evaluations_per_day: 10_000,
    }
}

fn setup(
    folder: &Path,
    storage: &Storage,
    clock: &Arc<ManualClock>,
    first_operators: Vec<Certificate>,
) -> Setup {
    let path = |name: &str| -> PathBuf { folder.join(name) };
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let tls = TlsFiles {
        certificate: path("server.pem"),
        key: path("server.key"),
        client_ca: path("ca.pem"),
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
        registry_interval: Duration::from_millis(20),
    };
    Setup {
        place: storage.place(&path("data")),
        data: path("data"),
        clock: clock.clone(),
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
        first_operators,
        metrics: Arc::new(metrics),
        shown: Shown::default(),
    }
}
