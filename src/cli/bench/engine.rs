//! The engine that is measured: the embedded one in the bench's folder, or PostgreSQL with two databases made for the run.
//!
//! Invariant: what is made on a server is removed again, or its name is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::population::letters;
use crate::cli::place::{DATABASE_FILE, Place};
use crate::config::{Config, Overrides};
use crate::domain::clock::{Entropy as _, SharedClock, SharedEntropy, SystemClock};
use crate::domain::unit::working_set::MarketRules;
use crate::identity::entropy::SystemEntropy;
use crate::store::Store;
use crate::store::floor::Floor;
use crate::store::postgres::floor::PostgresFloor;
use crate::store::postgres::{Address, PostgresOptions, scratch};
use crate::store::sqlite::floor::{self, SqliteFloor};

/// A PostgreSQL server as the command line names it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub url: String,
    pub password_file: Option<PathBuf>,
}

impl Named {
    /// Where it is, and how it is used: the variables of `serve` hold here too.
    fn find(&self) -> anyhow::Result<(Address, PostgresOptions)> {
        let overrides = Overrides {
            database: Some(self.url.clone()),
            database_password_file: self.password_file.clone(),
            ..Overrides::default()
        };
        match Place::of(&Config::load(None, &overrides)?)? {
            Place::Postgres(address, options) => Ok((*address, options)),
            Place::Embedded(..) => anyhow::bail!("--database needs the URL of a PostgreSQL database"),
        }
    }

    /// One of its databases.
    pub fn place(&self, database: &str) -> anyhow::Result<Place> {
        let (address, options) = self.find()?;
        Ok(Place::Postgres(
            Box::new(address.with_database(database)),
            options,
        ))
    }
}

/// Where the market that is measured lies, and the copy that floors write to.
#[derive(Debug, Clone)]
pub(super) enum Engine {
    /// Files in the bench's folder.
    Embedded(PathBuf),
    /// Databases of a server.
    Postgres(Box<Scratch>),
}

/// Two databases for a run.
#[derive(Debug, Clone)]
pub(super) struct Scratch {
    named: Named,
    server: Address,
    options: PostgresOptions,
    /// The service's.
    live: String,
    /// That of the floors.
    copy: String,
}

impl Engine {
    /// The embedded engine in a folder.
    pub fn embedded(folder: &Path) -> Self {
        Self::Embedded(folder.to_owned())
    }

    /// Two databases of a server, of which none is made yet.
    pub fn postgres(named: Named) -> anyhow::Result<Self> {
        let (server, options) = named.find()?;
        let mut chance = [0; 8];
        SystemEntropy.fill(&mut chance);
        let suffix = letters(u64::from_be_bytes(chance));
        let name = |what: &str| format!("{}{what}_{suffix}", scratch::PREFIX);
        Ok(Self::Postgres(Box::new(Scratch {
            named,
            server,
            options,
            live: name("live"),
            copy: name("floor"),
        })))
    }

    fn place(&self) -> Place {
        match self {
            Self::Embedded(folder) => Place::in_folder(&folder.join("data")),
            Self::Postgres(scratch) => {
                let live = scratch.server.clone().with_database(&scratch.live);
                Place::Postgres(Box::new(live), scratch.options)
            }
        }
    }

    fn copied(folder: &Path) -> PathBuf {
        folder.join("floor.db")
    }

    /// Makes the live database and opens it.
    pub async fn open(&self) -> anyhow::Result<Arc<dyn Store>> {
        let clock: SharedClock = Arc::new(SystemClock);
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        let place = self.place();
        if let Self::Postgres(scratch) = self {
            scratch::create(&scratch.server, &scratch.live).await.context(
                "no database can be made on the server: it must be reached, and its user needs CREATEDB",
            )?;
            place.migrate(&clock, &entropy).await?;
        }
        place.open(clock, entropy, Arc::new(MarketRules::default())).await
    }

    /// Once nobody uses the live database: tidies it and copies it for the floors. Gives the bytes of its positions.
    pub async fn copy(&self) -> anyhow::Result<u64> {
        match self {
            Self::Embedded(folder) => {
                let live = folder.join("data").join(DATABASE_FILE);
                floor::settle(&live)?;
                let bytes = floor::bytes_of_positions(&live)?;
                std::fs::copy(&live, Self::copied(folder)).context("the database cannot be copied")?;
                Ok(bytes)
            }
            Self::Postgres(scratch) => {
                let live = scratch.server.clone().with_database(&scratch.live);
                scratch::settle(&live).await?;
                let bytes = scratch::bytes_of_positions(&live).await?;
                scratch::copy(&scratch.server, &scratch.live, &scratch.copy)
                    .await
                    .context("the loaded database cannot be copied")?;
                Ok(bytes)
            }
        }
    }

    /// Opens the copy for the floors.
    pub fn floor(&self) -> anyhow::Result<Box<dyn Floor>> {
        match self {
            Self::Embedded(folder) => {
                let live = folder.join("data").join(DATABASE_FILE);
                Ok(Box::new(SqliteFloor::open(&Self::copied(folder), &live)?))
            }
            Self::Postgres(scratch) => {
                let of = |name: &str| scratch.server.clone().with_database(name);
                let (copy, live) = (of(&scratch.copy), of(&scratch.live));
                Ok(Box::new(PostgresFloor::open(&copy, &live, scratch.options)?))
            }
        }
    }

    /// How a child of this program finds the live database.
    pub fn arguments(&self) -> Vec<OsString> {
        let Self::Postgres(scratch) = self else {
            return Vec::new();
        };
        let mut arguments = vec!["--live".into(), scratch.live.clone().into()];
        arguments.extend(["--database".into(), scratch.named.url.clone().into()]);
        if let Some(file) = &scratch.named.password_file {
            arguments.extend(["--database-password-file".into(), file.clone().into()]);
        }
        arguments
    }

    /// Whether the CPU time of its processes can be told.
    pub fn is_seen(&self) -> bool {
        match self {
            Self::Embedded(_) => false,
            Self::Postgres(scratch) => scratch.server.is_socket(),
        }
    }

    /// Processes of the database that work for the service, if there are any and they can be looked at.
    pub async fn processes(&self) -> anyhow::Result<Vec<u32>> {
        match self {
            Self::Postgres(scratch) if self.is_seen() => {
                let live = scratch.server.clone().with_database(&scratch.live);
                Ok(scratch::processes(&live).await?)
            }
            Self::Postgres(_) | Self::Embedded(_) => Ok(Vec::new()),
        }
    }

    /// What it is, for the report.
    pub async fn about(&self) -> anyhow::Result<String> {
        let Self::Postgres(scratch) = self else {
            return Ok(floor::engine());
        };
        let engine = scratch::engine(&scratch.server).await?;
        let (writers, flush) = (scratch.options.writers, "a flush is that of its machine");
        let cpu = match self.is_seen() {
            true => "database CPU is that of the sessions' processes",
            false => "its CPU is not told: it is not reached by a Unix socket of this machine",
        };
        Ok(format!(
            "{engine}; connections that write: {writers}; {flush}; {cpu}"
        ))
    }

    /// Removes what was made on a server.
    ///
    /// # Errors
    /// When it cannot: names what may be left.
    pub async fn end(&self) -> anyhow::Result<()> {
        let Self::Postgres(scratch) = self else {
            return Ok(());
        };
        let mut left = Vec::new();
        let mut problem = None;
        for name in [&scratch.live, &scratch.copy] {
            if let Err(error) = scratch::remove(&scratch.server, name).await {
                left.push(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE);"));
                problem = Some(error);
            }
        }
        problem.map_or(Ok(()), |problem| {
            let left = left.join(" ");
            Err(anyhow::Error::new(problem).context(format!("databases of the bench may be left: {left}")))
        })
    }
}
