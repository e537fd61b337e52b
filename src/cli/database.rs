//! `tallystick database`: the schema of a market's database, and its way from one engine to the other.

mod copy;

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use clap::{Args, Subcommand};

use super::output::table;
use super::place::{Place, Where};
use crate::domain::clock::{SharedClock, SharedEntropy, SystemClock};
use crate::identity::entropy::SystemEntropy;
use crate::store::migrations::expected;

/// Look after the database: its schema, its distribution, its copy on the other engine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick database status --config tallystick.toml\n  \
    tallystick database migrate --database 'postgres:///market?host=/run/postgresql&user=owner'\n  \
    tallystick database copy --from data --to 'postgres:///market?host=/run/postgresql&user=tallystick'")]
pub struct DatabaseCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show which steps of the schema it has; the exit code is 1 when this program cannot serve on it.
    Status(Where),
    /// Bring it to this program's schema. Servers that start meanwhile refuse to serve; several may migrate at once.
    Migrate(Where),
    /// Move a market from the embedded engine to PostgreSQL. May be interrupted and begun again.
    Copy(copy::Copy),
}

impl DatabaseCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// When the database cannot be reached, or is not what the command needs.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Status(place) => status(&place).await,
            What::Migrate(place) => migrate(&place).await,
            What::Copy(copy) => copy.run().await,
        }
    }
}

async fn status(place: &Where) -> anyhow::Result<()> {
    let place = Place::of(&place.config()?)?;
    let status = place.status().await?;
    let mut shown = table(&["step", "applied"]);
    for applied in &status.applied {
        shown.add_row([applied.name.clone(), at(applied.applied_at)]);
    }
    for pending in status.pending(place.migrations()) {
        shown.add_row([pending.name, "missing"]);
    }
    println!("{}", place.name());
    println!("{shown}");
    status.serves(place.migrations())?;
    Ok(())
}

async fn migrate(place: &Where) -> anyhow::Result<()> {
    let place = Place::of(&place.config()?)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let entropy: SharedEntropy = Arc::new(SystemEntropy);
    let taken = place.migrate(&clock, &entropy).await?;
    for name in &taken {
        println!("applied {name}");
    }
    println!("{} has schema version {}", place.name(), expected());
    Ok(())
}

/// An instant for people, UTC.
fn at(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).map_or_else(
        || micros.to_string(),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}
