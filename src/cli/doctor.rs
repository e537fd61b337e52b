//! `tallystick doctor`: what is wrong with an installation, and the command that mends it. Changes nothing.

use clap::Args;

use super::output::{Output, table};
use super::place::{Place, Where};
use crate::config::Config;
use crate::domain::clock::{Clock as _, SystemClock};
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::{self, Halves};
use crate::members::parse_certificate;
use crate::server::TlsFiles;
use crate::server::tls::Tls;
use crate::store::postgres;

/// Days before its end at which a certificate is reported.
const CERTIFICATE_DAYS_LEFT: i64 = 30;
/// Audit entries that wait at which the sequencer is taken to stand still.
const WAITING_ENTRIES: u64 = 100_000;

/// Check an installation: configuration, certificates, keys, database. Changes nothing; the exit code is 1 if anything is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallystick doctor --config tallystick.toml")]
pub struct Doctor {
    #[command(flatten)]
    place: Where,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// What one check found.
struct Finding {
    what: &'static str,
    healthy: bool,
    says: String,
}

impl Finding {
    fn of(what: &'static str, found: Result<String, String>) -> Self {
        let (healthy, says) = match found {
            Ok(says) => (true, says),
            Err(says) => (false, says),
        };
        Self { what, healthy, says }
    }
}

impl Doctor {
    /// Runs the checks.
    ///
    /// # Errors
    /// When anything is wrong; the table says what.
    pub async fn run(self) -> anyhow::Result<()> {
        let findings = match self.place.config() {
            Ok(config) => examine(&config).await,
            Err(error) => vec![Finding::of("configuration", Err(format!("{error:#}")))],
        };
        self.print(&findings);
        let wrong = findings.iter().filter(|finding| !finding.healthy).count();
        anyhow::ensure!(
            wrong == 0,
            "{wrong} of {} checks found something wrong",
            findings.len()
        );
        Ok(())
    }

    fn print(&self, findings: &[Finding]) {
        match self.output {
            Output::Table => {
                let mut shown = table(&["check", "", "says"]);
                for finding in findings {
                    shown.add_row([
                        finding.what,
                        if finding.healthy { "well" } else { "WRONG" },
                        &finding.says,
                    ]);
                }
                println!("{shown}");
            }
            Output::Json => {
                for finding in findings {
                    let line = serde_json::json!({
                        "check": finding.what, "healthy": finding.healthy, "says": finding.says,
                    });
                    println!("{line}");
                }
            }
        }
    }
}

async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::of(
        "configuration",
        Ok("readable, every value within its bounds".to_owned()),
    )];
    if config.insecure_loopback {
        let says = "insecure_loopback is on: every caller is whoever it says; turn it off and run `tallystick certs init`";
        findings.push(Finding::of("certificates", Err(says.to_owned())));
    } else {
        findings.push(Finding::of("certificates", certificates(config)));
    }
    findings.extend(database(config).await);
    findings
}

/// The database, and the keys that it needs.
async fn database(config: &Config) -> Vec<Finding> {
    let place = match Place::of(config) {
        Ok(place) => place,
        Err(error) => return vec![Finding::of("database", Err(format!("{error:#}")))],
    };
    match &place {
        Place::Embedded(file, _) if !file.exists() => {
            let says = format!(
                "no database in {} yet: the first `tallystick serve` makes it",
                config.data_dir.display()
            );
            vec![Finding::of("database", Ok(says))]
        }
        Place::Embedded(..) => vec![
            Finding::of("keys", keys_of(config)),
            Finding::of("database", contents(&place).await),
        ],
        Place::Postgres(address, options) => {
            let settings = postgres::worries(address, options).await;
            let settings =
                settings
                    .map_err(|error| error.to_string())
                    .and_then(|worries| match worries.is_empty() {
                        true => Ok("durable, and nobody reads along".to_owned()),
                        false => Err(worries.join("; ")),
                    });
            vec![
                Finding::of("keys", keys_of(config)),
                Finding::of("database settings", settings),
                Finding::of("database", contents(&place).await),
            ]
        }
    }
}

/// Whether the service could start with the files, and how long its certificate lasts.
fn certificates(config: &Config) -> Result<String, String> {
    let files = TlsFiles {
        certificate: config.tls.certificate.clone(),
        key: config.tls.key.clone(),
        client_ca: config.tls.client_ca.clone(),
    };
    Tls::load(files).map_err(|error| error.to_string())?;
    let bytes = std::fs::read(&config.tls.certificate).map_err(|error| error.to_string())?;
    let certificate = parse_certificate(&bytes).map_err(|error| error.to_string())?;
    let left = (certificate.not_after.micros() - SystemClock.now().micros()) / 86_400_000_000;
    if left < CERTIFICATE_DAYS_LEFT {
        return Err(format!(
            "the service's certificate ends in {left} days: replace {}, it is reloaded without a restart",
            config.tls.certificate.display()
        ));
    }
    Ok(format!("usable, {left} days left"))
}

fn keys_of(config: &Config) -> Result<String, String> {
    let commands = config.keys.commands().map_err(|error| error.to_string())?;
    keys::open(&config.data_dir, Halves::Both, &commands, false, &SystemEntropy)
        .map(|_| {
            "both halves there, for their owner alone: is there a backup apart from the database?".to_owned()
        })
        .map_err(|error| error.to_string())
}

async fn contents(place: &Place) -> Result<String, String> {
    let store = place
        .open_read_only()
        .await
        .map_err(|error| format!("{error:#}"))?;
    let holdings = store.holdings().await.map_err(|error| error.to_string())?;
    if holdings.audit_waiting > WAITING_ENTRIES {
        return Err(format!(
            "{} audit entries wait for the log: its sequencer stands still, see the service's log",
            holdings.audit_waiting
        ));
    }
    Ok(format!(
        "schema version {}, {} accounts, {} tokens, {} looks, {} audit leaves",
        holdings.schema_version,
        holdings.accounts,
        holdings.tokens,
        holdings.inquiries,
        holdings.audit_leaves
    ))
}
