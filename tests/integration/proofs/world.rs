//! A whole market in this process: service, operator and lenders, joined by mutual TLS on a loopback port.
//!
//! Time stands still until a test moves it. Everything else is real: keys on disk, the store on the chosen engine, the socket.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tallystick::audit::Origin;
use tallystick::cli::service::{self, Running, Setup, Shown};
use tallystick::client::{Client, Endpoint, Refusal};
use tallystick::domain::clock::{Clock, Entropy as _, SharedClock};
use tallystick::domain::date::{Timestamp, days_after};
use tallystick::domain::member::Certificate;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::identity::entropy::SystemEntropy;
use tallystick::identity::keys::KeyCommands;
use tallystick::identity::normalise::NormalisedIdentifier;
use tallystick::identity::token::SubjectToken;
use tallystick::members::parse_certificate;
use tallystick::server::{Limits, Options, TlsFiles};
use tallystick::wire::convert::code::code_to_wire;
use tallystick::wire::pb;
use tempfile::TempDir;
use tonic::Status;

use super::authority::{Authority, Credentials};
use super::people::{Person, consent, today, wire};
use crate::harness::Storage;

/// A clock that tests move.
#[derive(Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Noon in Shanghai on [`today`].
    pub fn at_noon() -> Self {
        let noon = today().and_hms_opt(4, 0, 0).expect("a real time").and_utc();
        Self(AtomicI64::new(noon.timestamp_micros()))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("tests stay within a century");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Days as a duration.
pub fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

/// How a service is set up for a test; free ports, one operator, no checkpoints in between.
pub fn setup(
    data: &Path,
    storage: &Storage,
    tls: TlsFiles,
    clock: SharedClock,
    operator: &Credentials,
) -> Setup {
    let any_port = "127.0.0.1:0".parse().expect("a valid address");
    Setup {
        place: storage.place(data),
        data: data.to_owned(),
        clock,
        entropy: Arc::new(SystemEntropy),
        rules: MarketRules {
            approvals: 1,
            ..MarketRules::default()
        },
        rule_packs: None,
        options: Options {
            listen: any_port,
            http_listen: any_port,
            web: None,
            tls: Some(tls),
            limits: Limits::default(),
            tls_reload_interval: Duration::from_hours(1),
            registry_interval: Duration::from_hours(1),
        },
        origin: Origin::parse("proofs.test").expect("a valid name of a log"),
        schedule: tallystick::domain::statistics::Schedule::Never,
        protection: tallystick::statistics::protect::Budget::default(),
        checkpoint_interval: Duration::from_millis(200),
        key_commands: KeyCommands::default(),
        first_operators: vec![registered(operator)],
        metrics: Arc::new(String::new),
        shown: Shown::default(),
    }
}

/// What the register keeps of a certificate.
pub fn registered(credentials: &Credentials) -> Certificate {
    parse_certificate(&credentials.der).expect("the authority issues real certificates")
}

/// The market.
pub struct World {
    /// Its time.
    pub clock: Arc<ManualClock>,
    /// Who signs its certificates.
    pub authority: Authority,
    /// Its operator.
    pub operator: Actor,
    /// Its folder.
    pub folder: TempDir,
    /// What the operator shows.
    pub operator_credentials: Credentials,
    /// Its database.
    pub storage: Storage,
    running: Option<Running>,
}

impl World {
    /// A market without lenders.
    pub async fn start() -> Self {
        Self::on(Storage::new().await, |_| {}).await
    }

    /// A market without lenders on this database, whose service was set up otherwise.
    pub async fn on(storage: Storage, change: impl FnOnce(&mut Setup)) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let authority = Authority::new();
        let tls = authority.equip(folder.path());
        let clock = Arc::new(ManualClock::at_noon());
        let credentials = authority.issue("operator", 2048);
        let data = folder.path().join("data");
        let mut setup = setup(&data, &storage, tls, clock.clone(), &credentials);
        change(&mut setup);
        let running = service::start(setup, futures::stream::pending())
            .await
            .expect("the service starts");
        let operator = Actor::connect(running.address.port(), &authority, &credentials, "operator").await;
        Self {
            clock,
            authority,
            operator,
            folder,
            operator_credentials: credentials,
            storage,
            running: Some(running),
        }
    }

    /// The service at work.
    pub fn running(&self) -> &Running {
        self.running
            .as_ref()
            .expect("the service runs until the test stops it")
    }

    /// Where the service keeps its keys, and its database if that is embedded.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Enrols a lender and connects as it.
    pub async fn lender(&self, member_id: &str, group: pb::LenderGroup) -> Actor {
        self.member(member_id, group, pb::Role::Lender).await
    }

    /// Enrols banks.
    pub async fn banks<const N: usize>(&self, names: [&str; N]) -> [Actor; N] {
        let mut banks = Vec::new();
        for name in names {
            banks.push(self.lender(name, pb::LenderGroup::Bank).await);
        }
        banks.try_into().map_err(|_| ()).expect("one actor a name")
    }

    /// Enrols a member with a role and connects as it.
    pub async fn member(&self, member_id: &str, group: pb::LenderGroup, role: pb::Role) -> Actor {
        let credentials = self.authority.issue(member_id, 2048);
        enrol(&self.operator.client, member_id, group, role, &credentials).await;
        let port = self.running().address.port();
        Actor::connect(port, &self.authority, &credentials, member_id).await
    }

    /// Stops the service and waits for its end.
    pub async fn stop(&mut self) {
        let running = self.running.take().expect("the service runs");
        running.stop();
        running.ended().await.expect("the service ends in peace");
    }
}

/// Registers a member with one certificate.
pub async fn enrol(
    operator: &Client,
    member_id: &str,
    group: pb::LenderGroup,
    role: pb::Role,
    credentials: &Credentials,
) {
    let member = pb::Member {
        member_id: member_id.to_owned(),
        display_name: format!("Institution {member_id}"),
        lender_group: group.into(),
        roles: vec![role.into()],
        evaluations_per_day: 100_000,
        rule_packs: vec!["cn-consortium".to_owned(), "cn-online".to_owned()],
        ..pb::Member::default()
    };
    let mut admin = operator.admin();
    admin
        .create_member(pb::CreateMemberRequest {
            member: Some(member),
            request_id: request_id(),
        })
        .await
        .expect("the operator may enrol");
    admin
        .add_certificate(pb::AddCertificateRequest {
            member_id: member_id.to_owned(),
            certificate: credentials.der.clone(),
        })
        .await
        .expect("the operator may register certificates");
}

/// A fresh name of a request.
pub fn request_id() -> String {
    let mut bytes = [0; 16];
    SystemEntropy.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// How often a connection is tried.
const CONNECTS: u32 = 5;

/// A member at its client.
pub struct Actor {
    /// Its name.
    pub member_id: String,
    /// Its connection.
    pub client: Client,
}

impl Actor {
    /// Connects as whoever the credentials speak for.
    pub async fn connect(port: u16, authority: &Authority, credentials: &Credentials, name: &str) -> Self {
        let endpoint = Endpoint {
            url: format!("https://localhost:{port}"),
            server_name: None,
        };
        let identity = authority.identity(credentials);
        // On a machine that does much else a handshake may take longer than a service waits for it.
        for _ in 1..CONNECTS {
            let connected = Client::connect(&endpoint, Some(&identity), Arc::new(SystemEntropy)).await;
            if let Ok(client) = connected {
                return Self {
                    member_id: name.to_owned(),
                    client,
                };
            }
        }
        let client = Client::connect(&endpoint, Some(&identity), Arc::new(SystemEntropy))
            .await
            .expect("the service takes the connection");
        Self {
            member_id: name.to_owned(),
            client,
        }
    }

    /// Tokens of identifiers, in their order.
    pub async fn tokenise(&self, identifiers: &[NormalisedIdentifier]) -> Vec<SubjectToken> {
        let mut client = self.client.clone();
        client
            .tokenise(identifiers)
            .await
            .expect("the service evaluates within the quota")
    }

    /// Both tokens of a person, proved on [`today`].
    pub async fn tokens(&self, person: &Person) -> Vec<pb::SubjectToken> {
        let tokens = self.tokenise(&person.identifiers()).await;
        tokens.iter().map(token_to_wire).collect()
    }

    /// The strong token of a person.
    pub async fn strong(&self, person: &Person) -> Vec<pb::SubjectToken> {
        let tokens = self.tokenise(&person.identifiers()[..1]).await;
        tokens.iter().map(token_to_wire).collect()
    }

    /// The weak token of a person.
    pub async fn weak(&self, person: &Person) -> Vec<pb::SubjectToken> {
        let tokens = self.tokenise(&person.identifiers()[1..]).await;
        tokens.iter().map(token_to_wire).collect()
    }

    /// Reports a position.
    pub async fn try_report(&self, position: pb::Position) -> Result<pb::ReportPositionResponse, Refusal> {
        self.try_report_as(position, request_id()).await
    }

    /// Reports a position under a name of the request.
    pub async fn try_report_as(
        &self,
        position: pb::Position,
        request_id: String,
    ) -> Result<pb::ReportPositionResponse, Refusal> {
        let request = pb::ReportPositionRequest {
            position: Some(position),
            event: pb::EventType::Opened.into(),
            request_id,
        };
        let answered = self.client.reporting().report_position(request).await;
        answered.map(tonic::Response::into_inner).map_err(Refusal::from)
    }

    /// Reports a position that must be accepted.
    pub async fn report(&self, position: pb::Position) -> pb::ReportPositionResponse {
        self.try_report(position)
            .await
            .unwrap_or_else(|refusal| panic!("refused: {} {:?}", refusal.reason, refusal.violations))
    }

    /// Asks with a fresh name and consent as of [`today`].
    pub async fn try_query(
        &self,
        tokens: Vec<pb::SubjectToken>,
        purpose: pb::Purpose,
    ) -> Result<pb::ExposureAnswer, Refusal> {
        self.try_ask(question(tokens, purpose)).await
    }

    /// Asks.
    pub async fn try_ask(&self, request: pb::QueryExposureRequest) -> Result<pb::ExposureAnswer, Refusal> {
        let answered = self.client.exposure().query_exposure(request).await;
        let response = answered.map_err(Refusal::from)?.into_inner();
        Ok(response.answer.expect("an answer that is no refusal is there"))
    }

    /// Asks with a hard purpose; must be answered.
    pub async fn query(&self, tokens: Vec<pb::SubjectToken>) -> pb::ExposureAnswer {
        let answered = self.try_query(tokens, pb::Purpose::NewCredit).await;
        answered.unwrap_or_else(|refusal| panic!("refused: {} {:?}", refusal.reason, refusal.violations))
    }

    /// Asks with a soft purpose; must be answered.
    pub async fn look(&self, tokens: Vec<pb::SubjectToken>) -> pb::ExposureAnswer {
        let answered = self.try_query(tokens, pb::Purpose::AccountReview).await;
        answered.unwrap_or_else(|refusal| panic!("refused: {} {:?}", refusal.reason, refusal.violations))
    }
}

/// A query as of [`today`] in yuan.
pub fn question(tokens: Vec<pb::SubjectToken>, purpose: pb::Purpose) -> pb::QueryExposureRequest {
    let mut consent = consent(today());
    // Tests that let days pass keep their consent.
    consent.expires_on = wire(days_after(today(), 3_000));
    pb::QueryExposureRequest {
        tokens,
        purpose: purpose.into(),
        consent: Some(consent),
        currency: "CNY".to_owned(),
        request_id: request_id(),
    }
}

/// A token as the contract writes it, proved on [`today`].
pub fn token_to_wire(token: &SubjectToken) -> pb::SubjectToken {
    pb::SubjectToken {
        r#type: code_to_wire(Some(token.identifier_type())),
        value: token.expose_bytes().to_vec(),
        key_version: u32::from(token.key_version().0),
        verified_on: wire(today()),
    }
}

/// A status that must be a refusal.
pub fn refusal<T: std::fmt::Debug>(answered: Result<T, Status>) -> Refusal {
    Refusal::from(answered.expect_err("the service refuses"))
}
