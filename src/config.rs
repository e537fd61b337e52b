//! The one configuration: a TOML file, then `TALLYSTICK_` variables, then flags; the later wins.
//!
//! A variable names a key with two underscores between its parts: `TALLYSTICK_LIMITS__CONNECTIONS_MAX=64`. Those in
//! [`CLIENT_VARIABLES`] belong to other commands; any other unknown key is refused, in the file too. Secrets are never in here, only where they are found. Invariant: a [`Config`] that exists
//! was checked against every bound in [`bounds`].

pub mod bounds;
mod sample;
mod sections;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

pub use self::sections::{Database, Http, Keys, Ledger, Log, Market, Statistics, Tls, Web, read_password};
use self::sections::{path, paths};
use crate::server::Limits;

/// Variables after `TALLYSTICK_` that are flags of commands, not keys: the file's own path, and how clients connect.
pub const CLIENT_VARIABLES: [&str; 6] = ["config", "server", "server_name", "ca", "cert", "key"];

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
    /// Where the market's data is.
    pub database: Database,
    /// Certificates of the service.
    pub tls: Tls,
    /// Rules of the market.
    pub market: Market,
    /// Snapshots for the regulator.
    pub statistics: Statistics,
    /// Limits of the edge.
    pub limits: Limits,
    /// Metrics and health over plain HTTP.
    pub http: Http,
    /// The dashboard.
    pub web: Web,
    /// Logs.
    pub log: Log,
    /// Where the secret keys come from.
    pub keys: Keys,
    /// The audit log.
    pub ledger: Ledger,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50051)),
            data_dir: PathBuf::from("data"),
            insecure_loopback: false,
            bootstrap_operators: Vec::new(),
            database: Database::default(),
            tls: Tls::default(),
            market: Market::default(),
            statistics: Statistics::default(),
            limits: Limits::default(),
            http: Http::default(),
            web: Web::default(),
            log: Log::default(),
            keys: Keys::default(),
            ledger: Ledger::default(),
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
            .field("database", &self.database_place())
            .field("tls", &self.tls)
            .field("market", &self.market)
            .field("statistics", &self.statistics)
            .field("limits", &self.limits)
            .field("http", &self.http)
            .field("web", &self.web)
            .field("log", &self.log)
            .field(
                "keys",
                &if self.keys.commands.is_empty() {
                    "files"
                } else {
                    "commands (…)"
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
    /// `--web`; empty: no dashboard.
    pub web_listen: Option<String>,
    /// `--database`.
    pub database: Option<String>,
    /// `--database-password-file`.
    pub database_password_file: Option<PathBuf>,
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
            .filter(|key| !CLIENT_VARIABLES.iter().any(|known| key == *known))
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
        self.database.address()?;
        self.keys.commands()?;
        self.ledger.origin()?;
        if !self.http.listen.ip().is_loopback() {
            let text = "metrics are for this machine alone: use a loopback address such as 127.0.0.1:50052";
            return Err(ConfigError::refused("http.listen", text));
        }
        let web = self.web.address()?;
        self.web.base(!self.insecure_loopback)?;
        if self.insecure_loopback && web.is_some_and(|web| !web.ip().is_loopback()) {
            let text = "without TLS the dashboard listens on a loopback address only: use 127.0.0.1 or ::1";
            return Err(ConfigError::refused("web.listen", text));
        }
        if self.insecure_loopback && !self.listen.ip().is_loopback() {
            let text = "without TLS the service listens on a loopback address only: use 127.0.0.1 or ::1, or make \
                        certificates with `tallystick certs init certs` and leave insecure_loopback out";
            return Err(ConfigError::refused("listen", text));
        }
        Ok(())
    }

    /// Where the data is, for people; no user, no password.
    pub fn database_place(&self) -> String {
        match self.database.address() {
            Ok(Some(address)) => address.place(),
            Ok(None) => "embedded".to_owned(),
            Err(_) => "unreadable".to_owned(),
        }
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
        if let Some(database) = &self.database {
            sources = sources.merge(Serialized::default("database.url", database));
        }
        if let Some(file) = &self.database_password_file {
            sources = sources.merge(Serialized::default("database.password_file", file));
        }
        if self.insecure_loopback {
            sources = sources.merge(Serialized::default("insecure_loopback", true));
        }
        if let Some(listen) = self.http_listen {
            sources = sources.merge(Serialized::default("http.listen", listen));
        }
        if let Some(listen) = &self.web_listen {
            sources = sources.merge(Serialized::default("web.listen", listen));
        }
        sources
    }
}
