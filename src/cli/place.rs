//! Where a market's data is: a file of the embedded engine in a data folder, or a PostgreSQL database.
//!
//! The one place that chooses an engine. Everything above it knows a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use crate::config::{Config, Database, Overrides};
use crate::domain::clock::{SharedClock, SharedEntropy};
use crate::domain::unit::working_set::MarketRules;
use crate::store::migrations::{Migration, POSTGRES, SQLITE, Status};
use crate::store::postgres::distribution::{self, Distribution, DistributionError, Placement};
use crate::store::postgres::{self, Address, PostgresOptions, PostgresStore};
use crate::store::sqlite::{self, SqliteOptions, SqliteStore};
use crate::store::{Store, StoreError};

/// Name of the embedded database in a data folder.
pub const DATABASE_FILE: &str = "tallystick.db";

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A file of the embedded engine.
    Embedded(PathBuf, SqliteOptions),
    /// A PostgreSQL database.
    Postgres(Box<Address>, PostgresOptions),
}

impl Place {
    /// The embedded database of a data folder.
    pub fn in_folder(data: &Path) -> Self {
        Self::Embedded(data.join(DATABASE_FILE), SqliteOptions::default())
    }

    /// As configured.
    ///
    /// # Errors
    /// When the database's URL or password cannot be used.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        Ok(match config.database.address()? {
            Some(address) => Self::Postgres(Box::new(address), config.database.options()),
            None => Self::in_folder(&config.data_dir),
        })
    }

    /// A PostgreSQL URL, or a data folder or file of the embedded engine.
    ///
    /// # Errors
    /// When a URL or password cannot be used.
    pub fn named(text: &str, password_file: Option<&Path>) -> anyhow::Result<Self> {
        if Address::is_meant_by(text) {
            let database = Database {
                url: text.to_owned(),
                password_file: password_file.map(Path::to_owned).unwrap_or_default(),
                ..Database::default()
            };
            let address = database.address()?.context("a URL is not empty")?;
            return Ok(Self::Postgres(Box::new(address), database.options()));
        }
        let path = Path::new(text);
        Ok(match path.is_dir() {
            true => Self::in_folder(path),
            false => Self::Embedded(path.to_owned(), SqliteOptions::default()),
        })
    }

    /// Opens it for a service. An embedded database is made if there is none; a PostgreSQL one is not.
    ///
    /// # Errors
    /// When it cannot be reached or has another schema, with the command that mends it.
    pub async fn open(
        &self,
        clock: SharedClock,
        entropy: SharedEntropy,
        rules: Arc<MarketRules>,
    ) -> anyhow::Result<Arc<dyn Store>> {
        match self {
            Self::Embedded(file, options) => {
                let store =
                    SqliteStore::open(file, clock, rules, *options).map_err(|error| self.failed(error))?;
                Ok(Arc::new(store))
            }
            Self::Postgres(address, options) => {
                let store = PostgresStore::open(address, clock, entropy, rules, *options)
                    .await
                    .map_err(|error| self.failed(error))?;
                Ok(Arc::new(store))
            }
        }
    }

    /// Opens it beside the services that write it. Changes nothing.
    ///
    /// # Errors
    /// As [`Self::open`], and when there is no such file.
    pub async fn open_read_only(&self) -> anyhow::Result<Arc<dyn Store>> {
        match self {
            Self::Embedded(file, _) => {
                anyhow::ensure!(
                    file.exists(),
                    "there is no {}: name the service's data folder",
                    file.display()
                );
                Ok(Arc::new(SqliteStore::open_read_only(file)?))
            }
            Self::Postgres(address, options) => {
                let store = PostgresStore::open_read_only(address, *options)
                    .await
                    .map_err(|error| self.failed(error))?;
                Ok(Arc::new(store))
            }
        }
    }

    /// What of the schema it has; nothing if there is no file.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn status(&self) -> anyhow::Result<Status> {
        match self {
            Self::Embedded(file, _) if !file.exists() => Ok(Status::default()),
            Self::Embedded(file, _) => sqlite::migrate::status(file).map_err(|error| self.failed(error)),
            Self::Postgres(address, options) => postgres::migrate::status(address, options)
                .await
                .map_err(|error| self.failed(error)),
        }
    }

    /// Brings it to this program's schema. Gives the names of the steps taken.
    ///
    /// # Errors
    /// When it cannot be reached, or was made by another program.
    pub async fn migrate(
        &self,
        clock: &SharedClock,
        entropy: &SharedEntropy,
    ) -> anyhow::Result<Vec<&'static str>> {
        match self {
            Self::Embedded(file, _) => {
                sqlite::migrate::migrate(file, clock.now().micros()).map_err(|error| self.failed(error))
            }
            Self::Postgres(address, _) => postgres::migrate::migrate(address, clock, entropy)
                .await
                .map_err(|error| self.failed(error)),
        }
    }

    /// How far it is distributed over several machines; `None` if it is on one. Changes nothing.
    ///
    /// # Errors
    /// When it cannot be reached, or was distributed by other means.
    pub async fn distribution(&self) -> anyhow::Result<Option<Distribution>> {
        match self {
            Self::Embedded(..) => Ok(None),
            Self::Postgres(address, options) => distribution::look(address, options)
                .await
                .map_err(|error| self.not_distributed(error)),
        }
    }

    /// What has to be done to distribute it.
    ///
    /// # Errors
    /// When its engine cannot do that, or it is not ready for it.
    pub async fn plan_distribution(&self) -> anyhow::Result<Distribution> {
        match self {
            Self::Embedded(file, _) => anyhow::bail!(
                "{} is an embedded database, one file on one machine: only PostgreSQL with Citus distributes; name it \
                 with --database URL",
                file.display()
            ),
            Self::Postgres(address, options) => distribution::plan(address, options)
                .await
                .map_err(|error| self.not_distributed(error)),
        }
    }

    /// Brings one table where it belongs.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn distribute(&self, placement: &Placement) -> anyhow::Result<()> {
        match self {
            Self::Embedded(..) => Ok(()),
            Self::Postgres(address, _) => distribution::carry_out(address, placement)
                .await
                .with_context(|| format!("the table {} stays where it is", placement.table)),
        }
    }

    /// The steps of its engine's schema.
    pub const fn migrations(&self) -> &'static [Migration] {
        match self {
            Self::Embedded(..) => SQLITE,
            Self::Postgres(..) => POSTGRES,
        }
    }

    /// Where it is, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded(file, _) => file.display().to_string(),
            Self::Postgres(address, _) => address.place(),
        }
    }

    /// The same of its distribution, whose own errors say the way out.
    fn not_distributed(&self, error: DistributionError) -> anyhow::Error {
        match error {
            DistributionError::Store(error) => self.failed(error),
            DistributionError::NoCitus | DistributionError::Otherwise { .. } => {
                anyhow::Error::new(error).context(format!("{} cannot be distributed", self.name()))
            }
        }
    }

    /// Says where, and what to look at.
    fn failed(&self, error: StoreError) -> anyhow::Error {
        let what = format!("the database {} cannot be used", self.name());
        let hint = match (self, &error) {
            (Self::Postgres(..), StoreError::Unavailable | StoreError::Unreachable(_)) => {
                ": is it running, and does `database.url` name its host and port?"
            }
            (Self::Postgres(..), StoreError::Engine(_)) => {
                ": do database and user exist, with the rights they need and the password of `database.password_file`? A new \
                 database is made with `createdb` and gets its schema by `tallystick database migrate`"
            }
            (Self::Embedded(..) | Self::Postgres(..), _) => "",
        };
        anyhow::Error::new(error).context(what + hint)
    }
}

/// Flags of commands that look at a service's database.
#[derive(Debug, Args)]
pub struct Where {
    /// The service's configuration; without one the defaults and variables hold.
    #[arg(long, env = "TALLYSTICK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The service's data folder.
    #[arg(long = "data", alias = "data-dir", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// PostgreSQL URL of the service's database.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// File with the password of that URL's user, mode 0600.
    #[arg(long, value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,
}

impl Where {
    /// The configuration with these flags.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn config(&self) -> anyhow::Result<Config> {
        let overrides = Overrides {
            data_dir: self.data.clone(),
            database: self.database.clone(),
            database_password_file: self.database_password_file.clone(),
            ..Overrides::default()
        };
        Ok(Config::load(self.config.as_deref(), &overrides)?)
    }
}
