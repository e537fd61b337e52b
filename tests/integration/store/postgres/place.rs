//! Where a case has its database. As a rule on this process' server, one for each.
//!
//! Whether another engine that speaks PostgreSQL keeps the promises too, such as a distributed one, is found out by hand:
//! `TALLYSTICK_TEST_POSTGRES_URL` names a database of it that has the schema, and cases take turns on that.

use tallystick::store::postgres::distribution::PLACEMENTS;
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::NoTls;

use super::{address, migrated};
use crate::harness::Database;

/// A database that a case has to itself.
pub enum Place {
    /// One of many.
    Own(Database),
    /// The one that the environment names, for as long as it is this case's turn.
    Named {
        url: String,
        _turn: MutexGuard<'static, ()>,
    },
}

/// What the tables that have rows from the start begin with; `None` of those that are about the schema.
const BEGINNINGS: [(&str, Option<&str>); 5] = [
    ("schema_migration", None),
    ("schema_lease", None),
    ("number_source", Some("next_number = 1")),
    ("registry_generation", Some("generation = 1")),
    (
        "audit_head",
        Some("tree_size = 0, frontier = NULL, next_entry = 1, lease_holder = NULL, lease_until = 0"),
    ),
];

impl Place {
    /// With the schema and nothing else in it.
    pub async fn empty() -> Self {
        static TURN: Mutex<()> = Mutex::const_new(());
        let Ok(url) = std::env::var("TALLYSTICK_TEST_POSTGRES_URL") else {
            return Self::Own(migrated().await);
        };
        let turn = TURN.lock().await;
        empty(&url).await;
        Self::Named { url, _turn: turn }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Own(database) => database.url(),
            Self::Named { url, .. } => url.clone(),
        }
    }
}

async fn empty(url: &str) {
    let name = address(url).database().to_owned();
    assert!(
        name.starts_with("test"),
        "{name} would be emptied: a database for that has a name that begins with test"
    );
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = PLACEMENTS.iter().map(|placement| placement.table);
    let emptied = tables.filter(|table| BEGINNINGS.iter().all(|(kept, _)| kept != table));
    let truncate = format!("TRUNCATE {};", emptied.collect::<Vec<_>>().join(", "));
    let resets = BEGINNINGS.iter().filter_map(|(table, beginning)| {
        let beginning = (*beginning)?;
        Some(format!("UPDATE {table} SET {beginning};"))
    });
    let script: String = [truncate].into_iter().chain(resets).collect();
    client.batch_execute(&script).await.unwrap();
}
