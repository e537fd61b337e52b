//! Where the services of tests keep their data, on the engine that `TALLYSTICK_TEST_ENGINE` names.
//!
//! ```ignore
//! let storage = Storage::new().await;
//! let place = storage.place(&data);
//! ```
//! The choice holds for the whole process, so that no test is written twice. What only one engine can be asked names it:
//! [`Storage::File`], [`Storage::postgres`].

use std::path::Path;
use std::sync::Arc;

use tallystick::cli::place::Place;
use tallystick::domain::clock::{SharedClock, SharedEntropy};
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::store::Store;
use tallystick::store::postgres::{Address, PostgresOptions, migrate};

use super::{Cluster, Database, ManualClock, SeededEntropy};

/// The variable that names the engine.
const ENGINE: &str = "TALLYSTICK_TEST_ENGINE";

/// A database of one service.
pub enum Storage {
    /// A file in the service's data folder, made when it is first opened.
    File,
    /// A PostgreSQL database.
    Postgres(Database),
}

impl Storage {
    /// Nothing in it but the schema of today, on the chosen engine.
    pub async fn new() -> Self {
        if Self::is_postgres_chosen() {
            Self::postgres(Cluster::shared()).await
        } else {
            Self::File
        }
    }

    /// The same on this server, whatever was chosen.
    pub async fn postgres(cluster: &Cluster) -> Self {
        Self::Postgres(migrated(cluster).await)
    }

    /// Whether tests that have no reason of their own run on PostgreSQL.
    ///
    /// # Panics
    /// When the variable names something else than `sqlite` or `postgres`.
    pub fn is_postgres_chosen() -> bool {
        match std::env::var(ENGINE).as_deref() {
            Err(std::env::VarError::NotPresent) | Ok("sqlite") => false,
            Ok("postgres") => true,
            other => panic!("{ENGINE} is sqlite or postgres, not {other:?}"),
        }
    }

    /// What a service with this data folder is told.
    pub fn place(&self, data: &Path) -> Place {
        match self {
            Self::File => Place::in_folder(data),
            Self::Postgres(database) => {
                Place::Postgres(Box::new(address(&database.url())), PostgresOptions::default())
            }
        }
    }

    /// The same as lines of a configuration file.
    pub fn configuration(&self) -> String {
        match self {
            Self::File => String::new(),
            Self::Postgres(database) => format!("[database]\nurl = \"{}\"\n", database.url()),
        }
    }

    /// Opens it beside or without a service.
    pub async fn open(&self, data: &Path, clock: SharedClock) -> Arc<dyn Store> {
        self.place(data)
            .open(clock, SeededEntropy::another(), Arc::new(MarketRules::default()))
            .await
            .unwrap()
    }
}

/// A new database of a server with the schema of today.
pub async fn migrated(cluster: &Cluster) -> Database {
    cluster
        .database_from_template(async |url: &str| {
            let clock: SharedClock = ManualClock::new();
            let entropy: SharedEntropy = SeededEntropy::another();
            migrate::migrate(&address(url), &clock, &entropy)
                .await
                .expect("an empty database can be migrated");
        })
        .await
}

/// Of a URL that the harness made.
pub fn address(url: &str) -> Address {
    Address::parse(url, None).expect("the harness makes URLs of PostgreSQL")
}
