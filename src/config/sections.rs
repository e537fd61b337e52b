//! The sections of the configuration and their defaults.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::value::magic::RelativePathBuf;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use super::{ConfigError, bounds};
use crate::audit::Origin;
use crate::domain::conduct::{DayLimits, Thresholds};
use crate::domain::currency::Currency;
use crate::domain::date::BusinessZone;
use crate::domain::statistics::Schedule;
use crate::domain::unit::working_set::MarketRules;
use crate::identity::keys::KeyCommands;
use crate::store::postgres::{Address, PostgresOptions};
use crate::telemetry::{LOG_FILTER_DEFAULT, LogFormat};

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

/// Where the market's data is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// A PostgreSQL URL without a password; empty: the embedded database in the data folder.
    pub url: String,
    /// File that holds the password of the URL's user, readable by its owner alone; empty: none.
    #[serde(deserialize_with = "optional_path")]
    pub password_file: PathBuf,
    /// Connections that write.
    pub writers: u64,
    /// Connections that read.
    pub readers: u64,
    /// Milliseconds a statement may take.
    pub statement_timeout_ms: u64,
    /// Milliseconds a connection may take.
    pub connect_timeout_ms: u64,
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
    /// Rejected records per hundred above which a batch is stopped, from record 10,000 on.
    pub batch_reject_percent: u32,
    /// Change of a FULL batch's active positions, per hundred of the one before, above which it is held.
    pub batch_swing_percent: u32,
    /// Unexpired offline codes of one member, used ones too, beyond which it gets no more.
    pub offline_codes: u32,
    /// People whom one member may look at with a hard purpose on a civil day.
    pub hard_looks_per_day: u64,
    /// People of whom nobody knows anything whom one member may look at on a civil day.
    pub strangers_per_day: u64,
    /// Reservations of one member on a civil day beyond those that became loans; live ones count.
    pub unused_reservations_per_day: u64,
    /// Looks, or ended reservations, of a month below which a member's conduct never alerts.
    pub conduct_sample_min: u64,
    /// Hard queries that nothing came of in 30 days, per hundred, above which a member's conduct alerts.
    pub conduct_unfollowed_percent: u32,
    /// Hard looks for each loan opened above which it alerts.
    pub conduct_looks_per_loan: u64,
    /// Reservations that ran out, per hundred that ended, above which it alerts.
    pub conduct_lapsed_percent: u32,
    /// Reservations confirmed after they had run out, per hundred that ended, above which it alerts.
    pub conduct_late_percent: u32,
    /// Checks within a day of giving up room with the same person, per hundred checks, above which it alerts.
    pub conduct_turns_percent: u32,
    /// Looks that found nobody, per hundred looks, above which it alerts.
    pub conduct_strangers_percent: u32,
    /// Lowest band edge in whole units, by currency; 1,000 for those not named.
    pub lowest_band_edges: BTreeMap<String, i64>,
    /// Folder of rule packs beside those that are shipped; empty: none.
    #[serde(deserialize_with = "optional_path")]
    pub rule_packs: PathBuf,
}

/// Snapshots for the regulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Statistics {
    /// Of which dates a snapshot is made without being asked for: `never`, `month-end` or `daily`.
    pub schedule: Schedule,
    /// The work that disclosure control may take for counts, and again for amounts, in millions; at least 1.
    pub protection_millions: u32,
}

/// Metrics and health over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Loopback address of `/metrics`, `/healthz` and `/readyz`.
    pub listen: SocketAddr,
}

/// The dashboard of regulator and operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Its address; empty: there is no dashboard.
    pub listen: String,
    /// Where browsers find it, for login links; empty: made of `listen`.
    pub url: String,
    /// Open connections of browsers.
    pub connections_max: u32,
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// Commands that print a key in hex, by the key's name (`master-v1`, `tweak`, `seal`, `checkpoint`): program, then
    /// arguments. A key without one has a file in the data folder.
    pub commands: BTreeMap<String, Vec<String>>,
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

impl Default for Database {
    fn default() -> Self {
        let options = PostgresOptions::default();
        Self {
            url: String::new(),
            password_file: PathBuf::new(),
            writers: whole(options.writers),
            readers: whole(options.readers),
            statement_timeout_ms: millis(options.statement_timeout),
            connect_timeout_ms: millis(options.connect_timeout),
        }
    }
}

impl Database {
    /// The PostgreSQL database; `None`: the embedded one.
    pub fn address(&self) -> Result<Option<Address>, ConfigError> {
        if self.url.is_empty() {
            return Ok(None);
        }
        let password = match self.password_file.as_os_str().is_empty() {
            true => None,
            false => Some(read_password(&self.password_file)?),
        };
        Address::parse(&self.url, password.as_ref().map(|password| password.as_str()))
            .map(Some)
            .map_err(|error| ConfigError::refused("database.url", error.to_string()))
    }

    /// How a PostgreSQL database is used.
    pub fn options(&self) -> PostgresOptions {
        PostgresOptions {
            writers: usize::try_from(self.writers).unwrap_or(usize::MAX),
            readers: usize::try_from(self.readers).unwrap_or(usize::MAX),
            statement_timeout: Duration::from_millis(self.statement_timeout_ms),
            connect_timeout: Duration::from_millis(self.connect_timeout_ms),
        }
    }
}

fn whole(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A password without the end of its line.
pub fn read_password(file: &Path) -> Result<Zeroizing<String>, ConfigError> {
    let refused = |problem: String| ConfigError::refused("database.password_file", problem);
    let unreadable = |error: std::io::Error| {
        refused(format!(
            "{} cannot be read ({}): it holds the password of the database's user, mode 0600",
            file.display(),
            error.kind()
        ))
    };
    let mode = std::fs::metadata(file).map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(refused(format!(
            "others may read {}: run `chmod 600` on it",
            file.display()
        )));
    }
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(unreadable)?);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

impl Default for Market {
    fn default() -> Self {
        let rules = MarketRules::default();
        Self {
            zone: "Asia/Shanghai".to_owned(),
            approvals: rules.approvals,
            network_evaluations_per_day: rules.network_evaluations_per_day,
            batch_reject_percent: rules.batch_reject_percent,
            batch_swing_percent: rules.batch_swing_percent,
            offline_codes: rules.offline_codes,
            hard_looks_per_day: rules.day_limits.hard_looks,
            strangers_per_day: rules.day_limits.strangers,
            unused_reservations_per_day: rules.day_limits.unused_reservations,
            conduct_sample_min: rules.conduct.sample_min,
            conduct_unfollowed_percent: rules.conduct.unfollowed_percent,
            conduct_looks_per_loan: rules.conduct.looks_per_loan,
            conduct_lapsed_percent: rules.conduct.lapsed_percent,
            conduct_late_percent: rules.conduct.late_percent,
            conduct_turns_percent: rules.conduct.turns_percent,
            conduct_strangers_percent: rules.conduct.strangers_percent,
            lowest_band_edges: BTreeMap::new(),
            rule_packs: PathBuf::new(),
        }
    }
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            protection_millions: 900,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50052)),
        }
    }
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:50053".to_owned(),
            url: String::new(),
            connections_max: 64,
        }
    }
}

impl Web {
    /// Its address; `None`: there is no dashboard.
    pub fn address(&self) -> Result<Option<SocketAddr>, ConfigError> {
        if self.listen.is_empty() {
            return Ok(None);
        }
        let text = "use an address and a port such as 127.0.0.1:50053, or nothing for no dashboard";
        let parsed = self.listen.parse();
        parsed
            .map(Some)
            .map_err(|_| ConfigError::refused("web.listen", text))
    }

    /// Where browsers find it, without a slash at the end. `secure`: over TLS.
    pub fn base(&self, secure: bool) -> Result<String, ConfigError> {
        let scheme = if secure { "https" } else { "http" };
        if self.url.is_empty() {
            return Ok(format!("{scheme}://{}", self.listen));
        }
        let is_plain = |letter: char| letter.is_ascii_graphic() && !"?#\"'<>".contains(letter);
        let rest = self
            .url
            .strip_prefix("https://")
            .or(self.url.strip_prefix("http://"));
        match rest {
            Some(rest) if !rest.is_empty() && rest.chars().all(is_plain) => {
                Ok(self.url.trim_end_matches('/').to_owned())
            }
            Some(_) | None => {
                let text =
                    "use the address that browsers use, such as https://dashboard.example:50053, or nothing";
                Err(ConfigError::refused("web.url", text))
            }
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

impl Keys {
    /// The commands as the keys want them.
    pub fn commands(&self) -> Result<KeyCommands, ConfigError> {
        KeyCommands::parse(self.commands.clone()).map_err(|name| {
            ConfigError::refused(
                format!("keys.commands.{name}"),
                "there is no key of this name: use master-v1, tweak, seal or checkpoint",
            )
        })
    }
}

impl Ledger {
    /// The log's name as checkpoints want it.
    pub fn origin(&self) -> Result<Origin, ConfigError> {
        Origin::parse(&self.origin).ok_or_else(|| {
            let text = "the log's name is a host and path without spaces and plus signs, such as tallystick.example/log";
            ConfigError::refused("ledger.origin", text)
        })
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
            batch_reject_percent: self.batch_reject_percent,
            batch_swing_percent: self.batch_swing_percent,
            offline_codes: self.offline_codes,
            day_limits: DayLimits {
                hard_looks: self.hard_looks_per_day,
                strangers: self.strangers_per_day,
                unused_reservations: self.unused_reservations_per_day,
            },
            conduct: Thresholds {
                sample_min: self.conduct_sample_min,
                unfollowed_percent: self.conduct_unfollowed_percent,
                looks_per_loan: self.conduct_looks_per_loan,
                lapsed_percent: self.conduct_lapsed_percent,
                late_percent: self.conduct_late_percent,
                turns_percent: self.conduct_turns_percent,
                strangers_percent: self.conduct_strangers_percent,
            },
        })
    }
}

/// A path of the file is relative to the file, any other to the current folder.
pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    RelativePathBuf::deserialize(deserializer).map(|path| path.relative())
}

/// The same, or none.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let path = RelativePathBuf::deserialize(deserializer)?;
    Ok(match path.original().as_os_str().is_empty() {
        true => PathBuf::new(),
        false => path.relative(),
    })
}

/// Several of them.
pub(super) fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    let paths = Vec::<RelativePathBuf>::deserialize(deserializer)?;
    Ok(paths.iter().map(RelativePathBuf::relative).collect())
}
