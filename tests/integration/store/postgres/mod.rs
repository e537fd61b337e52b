//! PostgreSQL: how the suite opens it, and what can only be asked of a database that several servers share.

mod book;
mod chunks;
mod lost;
mod order;
mod place;
mod proxy;
mod races;
mod servers;
mod starts;
mod tls;
mod together;

use std::sync::Arc;

use async_trait::async_trait;
use tallystick::domain::clock::SharedClock;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::store::postgres::{PostgresOptions, PostgresStore};
use tallystick::store::{Store, StoreError};

use self::place::Place;
use super::engine::{Engine, ManualClock};
pub use crate::harness::address;
use crate::harness::{self, Cluster, Database, SeededEntropy};

/// A database to itself.
pub struct Postgres {
    database: Place,
    clock: Arc<ManualClock>,
}

impl Postgres {
    pub async fn new() -> Self {
        Self {
            database: Place::empty().await,
            clock: ManualClock::at_start(),
        }
    }

    pub fn url(&self) -> String {
        self.database.url()
    }

    async fn try_open(&self, rules: MarketRules) -> Result<PostgresStore, StoreError> {
        open(&self.database.url(), self.clock.clone(), rules).await
    }
}

/// A new database with the schema of today, on this process' server.
pub async fn migrated() -> Database {
    harness::migrated(Cluster::shared()).await
}

async fn open(url: &str, clock: SharedClock, rules: MarketRules) -> Result<PostgresStore, StoreError> {
    let entropy = SeededEntropy::another();
    PostgresStore::open(
        &address(url),
        clock,
        entropy,
        Arc::new(rules),
        PostgresOptions::default(),
    )
    .await
}

#[async_trait]
impl Engine for Postgres {
    async fn open(&self, rules: MarketRules) -> Arc<dyn Store> {
        Arc::new(self.try_open(rules).await.expect("the database opens"))
    }

    fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }
}
