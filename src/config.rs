//! The one configuration: a TOML file, then `TALLYSTICK_` variables, then flags; the later wins.
//!
//! A variable names a key with two underscores between its parts: `TALLYSTICK_LIMITS__CONNECTIONS_MAX=64`. Variables that
//! begin with `TALLYSTICK_CLIENT_` are the client commands' and `TALLYSTICK_CONFIG` names the file; any other unknown key
//! is refused, in the file too. Secrets are never in here, only where they are found. Invariant: a [`Config`] that exists
//! was checked against every bound in [`bounds`].

pub mod bounds;
mod sample;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::magic::RelativePathBuf;
use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::currency::Currency;
use crate::domain::date::BusinessZone;
use crate::domain::unit::working_set::MarketRules;
use crate::server::Limits;
use crate::telemetry::{LOG_FILTER_DEFAULT, LogFormat};

/// What is wrong with a configuration, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "the configuration file {path} cannot be read ({reason}): check the path, or write one to start from with \
         `tallystick serve --print-sample > {path}`"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word for it.
        reason: std::io::ErrorKind,
    },
    /// It does not parse, or names an unknown key.
    #[error("the configuration is refused: {0}; `tallystick serve --print-sample` shows every key")]
    Malformed(Box<figment::Error>),
    /// A value is out of its bounds or contradicts another.
    #[error("the configuration is refused: {key}: {problem}")]
    Refused {
        /// Which key.
        key: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl ConfigError {
    fn refused(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Refused {
            key: key.into(),
            problem: problem.into(),
        }
    }
}

/// Everything that `tallystick serve` can be told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address of the gRPC service.
    pub listen: SocketAddr,
    /// Folder of the database and the key files; made on first start.
    #[serde(deserialize_with = "path")]
    pub data_dir: PathBuf,
    /// Serve without TLS, for development: only on a loopback address, and callers name themselves.
    pub insecure_loopback: bool,
    /// Certificate files of the first operators, used only while the register knows no operator.
    #[serde(deserialize_with = "paths")]
    pub bootstrap_operators: Vec<PathBuf>,
    /// Certificates of the service.
    pub tls: Tls,
    /// Rules of the market.
    pub market: Market,
    /// Limits of the edge.
    pub limits: Limits,
    /// Metrics and health over plain HTTP.
    pub http: Http,
    /// Logs.
    pub log: Log,
    /// Where the secret keys come from.
    pub keys: Keys,
    /// The audit log.
    pub ledger: Ledger,
}

/// Certificates of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The service's certificate chain, PEM, leaf first.
    #[serde(deserialize_with = "path")]
    pub certificate: PathBuf,
    /// Its private key, PEM; readable by its owner alone.
    #[serde(deserialize_with = "path")]
    pub key: PathBuf,
    /// Authorities that sign members' certificates, PEM. The register decides who they are; this is only the gate.
    #[serde(deserialize_with = "path")]
    pub client_ca: PathBuf,
    /// Milliseconds between looks at the three files; SIGHUP looks at once.
    pub reload_interval_ms: u64,
}

/// Rules of the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Market {
    /// Time zone of business days, an IANA name.
    pub zone: String,
    /// Operators needed to enrol a member, grant evaluations, merge or split subjects: 1 or 2.
    pub approvals: u32,
    /// Token evaluations a civil day of all members together above which the service alarms.
    pub network_evaluations_per_day: u64,
    /// Lowest band edge in whole units, by currency; 1,000 for those not named.
    pub lowest_band_edges: BTreeMap<String, i64>,
}

/// Metrics and health over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Loopback address of `/metrics`, `/healthz` and `/readyz`.
    pub listen: SocketAddr,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What to log, in the syntax of `RUST_LOG`: `info`, `info,tallystick=debug`.
    pub filter: String,
    /// For people or for programs.
    pub format: LogFormat,
}

/// Where the secret keys come from.
    pub keys: Keys,
    /// The audit log.
    pub ledger: Ledger,
}

/// Certificates of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The service's certificate chain, PEM, leaf first.
    #[serde(deserialize_with = "path")]
    pub certificate: PathBuf,
    /// Its private key, PEM; readable by its owner alone.
    #[serde(deserialize_with = "path")]
    pub key: PathBuf,
    /// Authorities that sign members' certificates, PEM. The register decides who they are; this is only the gate.
    #[serde(deserialize_with = "path")]
    pub client_ca: PathBuf,
    /// Milliseconds between looks at the three files; SIGHUP looks at once.
    pub reload_interval_ms: u64,
}

/// Rules of the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Market {
    /// Time zone of business days, an IANA name.
    pub zone: String,
    /// Operators needed to enrol a member, grant evaluations, merge or split subjects: 1 or 2.
    pub approvals: u32,
    /// Token evaluations a civil day of all members together above which the service alarms.
    pub network_evaluations_per_day: u64,
    /// Lowest band edge in whole units, by currency; 1,000 for those not named.
    pub lowest_band_edges: BTreeMap<String, i64>,
}

/// Metrics and health over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Loopback address of `/metrics`, `/healthz` and `/readyz`.
    pub listen: SocketAddr,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What to log, in the syntax of `RUST_LOG`: `info`, `info,tallystick=debug`.
    pub filter: String,
    /// For people or for programs.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line a person reads.
    Human,
    /// One JSON object a line.
    Json,
}

/// Where the secret keys come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// Command that prints the key named by its last argument, in hex; empty: key files in the data folder.
    pub command: Vec<String>,
}

/// The audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ledger {
    /// Name of the log in its checkpoints: a host and path of the operator's, without a scheme.
    pub origin: String,
    /// Milliseconds between checkpoints while there is something new.
    pub checkpoint_interval_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7443)),
            data_dir: PathBuf::from("data"),
            insecure_loopback: false,
            bootstrap_operators: Vec::new(),
            tls: Tls::default(),
            market: Market::default(),
            limits: Limits::default(),
            http: Http::default(),
            log: Log::default(),
            keys: Keys::default(),
            ledger: Ledger::default(),
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: PathBuf::from("certs/server.pem"),
            key: PathBuf::from("certs/server.key"),
            client_ca: PathBuf::from("certs/ca.pem"),
            reload_interval_ms: 2_000,
        }
    }
}

impl Default for Market {
    fn default() -> Self {
        let rules = MarketRules::default();
        Self {
            zone: "Asia/Shanghai".to_owned(),
            approvals: rules.approvals,
            network_evaluations_per_day: rules.network_evaluations_per_day,
            lowest_band_edges: BTreeMap::new(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7444)),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: LOG_FILTER_DEFAULT.to_owned(),
            format: LogFormat::Human,
        }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            origin: "tallystick.example/log".to_owned(),
            checkpoint_interval_ms: 1_000,
        }
    }
}

impl fmt::Debug for Config {
    /// Shows settings, but neither the key command (it may hold a secret) nor who the first operators are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("data_dir", &self.data_dir)
            .field("insecure_loopback", &self.insecure_loopback)
            .field("bootstrap_operators", &self.bootstrap_operators.len())
            .field("tls", &self.tls)
            .field("market", &self.market)
            .field("limits", &self.limits)
            .field("http", &self.http)
            .field("log", &self.log)
            .field(
                "keys",
                &if self.keys.command.is_empty() {
                    "files"
                } else {
                    "command (…)"
                },
            )
            .field("ledger", &self.ledger)
            .finish()
    }
}

/// What flags say; `None` leaves a key as file and variables have it.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--insecure-loopback`; a flag can only switch it on.
    pub insecure_loopback: bool,
    /// `--http`.
    pub http_listen: Option<SocketAddr>,
}

impl Config {
    /// Reads `file` if one is given, then the environment, then the flags, and checks the result. Relative paths in the
    /// file are relative to the file.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        let mut sources = Figment::new();
        if let Some(path) = file {
            if let Err(error) = std::fs::File::open(path) {
                return Err(ConfigError::Unreadable {
                    path: path.to_owned(),
                    reason: error.kind(),
                });
            }
            sources = sources.merge(Toml::file_exact(path));
        }
        let environment = Env::prefixed("TALLYSTICK_")
            .filter(|key| key != "config" && !key.starts_with("client_"))
            .split("__");
        sources = overrides.merge_into(sources.merge(environment));
        let config: Self = sources
            .extract()
            .map_err(|error| ConfigError::Malformed(Box::new(error)))?;
        config.check()?;
        Ok(config)
    }

    /// Checks every bound and every contradiction.
    pub fn check(&self) -> Result<(), ConfigError> {
        bounds::check(self)?;
        self.market.rules()?;
        if !self.http.listen.ip().is_loopback() {
            let text = "metrics are for this machine alone: use a loopback address such as 127.0.0.1:7444";
            return Err(ConfigError::refused("http.listen", text));
        }
        if self.insecure_loopback && !self.listen.ip().is_loopback() {
            let text = "without TLS the service listens on a loopback address only: use 127.0.0.1 or ::1, or make \
                        certificates with `tallystick certs init certs` and leave insecure_loopback out";
            return Err(ConfigError::refused("listen", text));
        }
        if self.ledger.origin.is_empty()
            || self
                .ledger
                .origin
                .contains(|c: char| c.is_whitespace() || c == '+')
        {
            let text = "the log's name is a host and path without spaces and plus signs, such as tallystick.example/log";
            return Err(ConfigError::refused("ledger.origin", text));
        }
        Ok(())
    }

    /// A sample with every key, its meaning, unit, bounds and default: what `docs/tallystick.toml` holds.
    pub fn sample() -> String {
        sample::render()
    }
}

impl Overrides {
    fn merge_into(&self, mut sources: Figment) -> Figment {
        if let Some(listen) = self.listen {
            sources = sources.merge(Serialized::default("listen", listen));
        }
        if let Some(data_dir) = &self.data_dir {
            sources = sources.merge(Serialized::default("data_dir", data_dir));
        }
        if self.insecure_loopback {
            sources = sources.merge(Serialized::default("insecure_loopback", true));
        }
        if let Some(listen) = self.http_listen {
            sources = sources.merge(Serialized::default("http.listen", listen));
        }
        sources
    }
}

impl Market {
    /// The rules as the domain wants them.
    pub fn rules(&self) -> Result<MarketRules, ConfigError> {
        let Some(zone) = BusinessZone::parse(&self.zone) else {
            return Err(ConfigError::refused(
                "market.zone",
                "use an IANA time zone name such as Asia/Shanghai",
            ));
        };
        let mut lowest_edges = BTreeMap::new();
        for (code, edge) in &self.lowest_band_edges {
            let key = format!("market.lowest_band_edges.{code}");
            let Some(currency) = Currency::parse(code) else {
                return Err(ConfigError::refused(
                    key,
                    "use an ISO 4217 code of three capitals such as JPY",
                ));
            };
            if !(1..=bounds::LOWEST_EDGE_UNITS_MAX).contains(edge) {
                let text = format!("use whole units from 1 to {}", bounds::LOWEST_EDGE_UNITS_MAX);
                return Err(ConfigError::refused(key, text));
            }
            lowest_edges.insert(currency, *edge);
        }
        Ok(MarketRules {
            zone,
            lowest_edges,
            approvals: self.approvals,
            network_evaluations_per_day: self.network_evaluations_per_day,
        })
    }
}

/// A path of the file is relative to the file, any other to the current folder.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    RelativePathBuf::deserialize(deserializer).map(|path| path.relative())
}

fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    let paths = Vec::<RelativePathBuf>::deserialize(deserializer)?;
    Ok(paths.iter().map(RelativePathBuf::relative).collect())
}
