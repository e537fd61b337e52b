//! `tallystick demo`: a whole market in a temporary folder with a year behind it, the story of a borrower who stacks loans,
//! that of one who cannot, and the dashboard of it all.
//!
//! Nothing is faked: a real authority, a real server over mutual TLS, the real client. Only time is bent, so that a year
//! passes in seconds: the service's clock begins in the past and reaches the present when the story ends.

mod cast;
mod crowd;
mod history;
mod reporting;
mod story;
mod time;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use self::cast::Cast;
use self::history::History;
use self::time::BentClock;
use super::authority::{Authority, Validity};
use super::certs;
use super::place::Place;
use super::service::{self, Running, Setup, Shown};
use super::web;
use crate::audit::Origin;
use crate::domain::clock::{Clock as _, SystemClock};
use crate::domain::date::BusinessZone;
use crate::domain::statistics::Schedule;
use crate::domain::unit::working_set::MarketRules;
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::KeyCommands;
use crate::members::parse_certificate;
use crate::server::{Limits, Options, TlsFiles, WebOptions};
use crate::web::LINK_MINUTES_MAX;

/// Days that pass in the story before today.
const STORY_DAYS: i64 = 40;
/// Validity of the demonstration's certificates, days.
const CERTIFICATE_DAYS: u32 = 30;
/// The rule pack of the demonstration's lenders, and its text.
const RULES: &str = "demo-one-lender";
const RULES_TEXT: &str = include_str!("one-lender.toml");

/// Watch a borrower stack loans and get caught: a synthetic market on this machine, then a service to try by hand.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tallystick demo\n  tallystick demo --once --subjects 2000 --seed 7")]
pub struct Demo {
    /// Borrowers of the synthetic market.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    subjects: u64,
    /// Makes another market.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End after the story instead of serving on.
    #[arg(long)]
    once: bool,
    /// Port of the service; 0 takes a free one.
    #[arg(long, default_value_t = 50_051)]
    port: u16,
    /// Port of the dashboard; 0 takes a free one.
    #[arg(long, default_value_t = 50_053)]
    web_port: u16,
}

impl Demo {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let folder = tempfile::Builder::new().prefix("tallystick-demo-").tempdir()?;
        println!("A market of six lenders in {}", folder.path().display());
        let story = SystemClock.now().plus_seconds(-STORY_DAYS * 86_400);
        let history = History::until(BusinessZone::default().date_of(story), self.seed, self.subjects);
        let clock = Arc::new(BentClock::starting(history.begins_at()?));
        let certs = folder.path().join("certs");
        let operators = issue_all(&certs)?;
        let rules = folder.path().join("rule_packs");
        std::fs::create_dir_all(&rules)?;
        std::fs::write(rules.join("one-lender.toml"), RULES_TEXT)?;
        let running = self
            .serve(folder.path(), &certs, &operators, clock.clone())
            .await?;
        println!("Serving mutual TLS 1.3 on {}\n", running.address);
        let mut cast = Cast::enrol(running.address, &certs).await?;
        history.pass(&mut cast, &clock, folder.path()).await?;
        clock.reach(story);
        story::tell(&mut cast, &clock).await?;
        crowd::tell(&mut cast, &clock).await?;
        story::check_the_log(&folder.path().join("data"), &running).await?;
        if self.once {
            history.published(&cast).await?;
        } else {
            by_hand(&certs, running.address);
            by_eye(&folder.path().join("data"), &running)?;
            let mut stopped = std::pin::pin!(tokio::signal::ctrl_c());
            tokio::select! {
                stopped = &mut stopped => stopped,
                published = history.published(&cast) => {
                    published?;
                    stopped.await
                }
            }
            .context("cannot wait for Ctrl-C")?;
        }
        drop(cast);
        running.stop();
        running.ended().await
    }

    async fn serve(
        &self,
        folder: &Path,
        certs: &Path,
        operators: &[PathBuf],
        clock: Arc<BentClock>,
    ) -> anyhow::Result<Running> {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let first_operators = operators
            .iter()
            .map(|path| Ok(parse_certificate(&std::fs::read(path)?)?))
            .collect::<anyhow::Result<_>>()?;
        let setup = Setup {
            place: Place::in_folder(&folder.join("data")),
            data: folder.join("data"),
            clock,
            entropy: Arc::new(SystemEntropy),
            rules: MarketRules::default(),
            rule_packs: Some(folder.join("rule_packs")),
            options: Options {
                listen: loopback(self.port),
                http_listen: loopback(0),
                web: Some(WebOptions {
                    listen: loopback(self.web_port),
                    connections_max: web::CONNECTIONS_MAX,
                    is_plain: true,
                }),
                tls: Some(TlsFiles {
                    certificate: certs.join("server.pem"),
                    key: certs.join("server.key"),
                    client_ca: certs.join("ca.pem"),
                }),
                limits: Limits::default(),
                tls_reload_interval: Duration::from_secs(2),
                registry_interval: Duration::from_secs(1),
            },
            origin: Origin::parse("demo.tallystick.local").context("the demonstration's log has a name")?,
            schedule: Schedule::Never,
            protection: crate::statistics::protect::Budget::default(),
            checkpoint_interval: Duration::from_secs(1),
            key_commands: KeyCommands::default(),
            first_operators,
            metrics: Arc::new(String::new),
            shown: Shown::default(),
        };
        service::start(setup, futures::stream::pending()).await
    }
}

/// Makes the authority and a certificate for everybody; tells those of the operators.
fn issue_all(certs: &Path) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(certs)?;
    let validity = Validity::days(SystemClock.now(), CERTIFICATE_DAYS)?;
    let authority = Authority::create("Tallystick demonstration authority", validity)?;
    certs::write(certs, "ca", authority.certificate(), authority.key())?;
    let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    certs::write_pair(certs, "server", &authority.issue_server(&hosts, validity)?)?;
    let lenders = super::market::LENDERS.iter().chain(&cast::NEWCOMERS);
    let lenders = lenders.map(|lender| lender.member_id);
    for name in cast::OPERATORS
        .into_iter()
        .chain(lenders)
        .chain([cast::REGULATOR])
    {
        certs::write_pair(certs, name, &authority.issue_client(name, validity)?)?;
    }
    Ok(cast::OPERATORS
        .iter()
        .map(|name| certs.join(format!("{name}.pem")))
        .collect())
}

/// The dashboard's address, for the regulator.
fn by_eye(data: &Path, running: &Running) -> anyhow::Result<()> {
    let address = running.web_address.context("the demonstration has a dashboard")?;
    let regulator = web::member(cast::REGULATOR)?;
    let link = web::link(data, &format!("http://{address}"), &regulator, LINK_MINUTES_MAX)?;
    println!(
        "\nThe market's year as the regulator sees it, month by month as it is protected; the link works once, for \
         {LINK_MINUTES_MAX} minutes:\n\n  {link}\n"
    );
    Ok(())
}

fn by_hand(certs: &Path, address: SocketAddr) {
    let certs = certs.display();
    let (mobile, national_id) = (story::APPLICANT_MOBILE, story::APPLICANT_NATIONAL_ID);
    println!(
        "\nThe market goes on until you press Ctrl-C. In another terminal, ask as Peak Loans:\n\n  \
         export TALLYSTICK_SERVER=https://{address} TALLYSTICK_CA={certs}/ca.pem \\\n    \
         TALLYSTICK_CERT={certs}/peak-loans.pem TALLYSTICK_KEY={certs}/peak-loans.key\n  \
         echo 'I agree' > agreed.txt\n  \
         tallystick query --national-id {national_id} --mobile {mobile} --consent A-1 --consent-text agreed.txt\n  \
         tallystick tokenise --mobile {mobile}\n\n\
         `tallystick` is target/release/tallystick after the build. With a client that is not ours:\n\n  \
         buf curl --protocol grpc --cacert {certs}/ca.pem --cert {certs}/peak-loans.pem --key {certs}/peak-loans.key \\\n    \
         -d '{{}}' https://{address}/tallystick.v1.TokenService/GetTokenKeys"
    );
}
