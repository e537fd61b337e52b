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
use crate::store::postgres::distribution::Distribution;

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
    /// Distribute its tables over the nodes of a Citus cluster. Stop the services meanwhile; what is distributed is left, so
    /// that it can be run again, as it must be after a migration that adds a table.
    Distribute {
        #[command(flatten)]
        place: Where,
        /// Print the SQL and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
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
            What::Distribute { place, dry_run } => distribute(&place, dry_run).await,
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
    if let Some(distribution) = place.distribution().await? {
        println!("{}", spread(&distribution));
    }
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

async fn distribute(place: &Where, dry_run: bool) -> anyhow::Result<()> {
    let place = Place::of(&place.config()?)?;
    let distribution = place.plan_distribution().await?;
    if dry_run {
        for placement in &distribution.missing {
            println!("{};", placement.sql);
        }
        return Ok(());
    }
    for placement in &distribution.missing {
        place.distribute(placement).await?;
        println!("distributed {placement}");
    }
    println!("{}", spread(&place.plan_distribution().await?));
    Ok(())
}

/// How far a database is distributed, for people.
fn spread(distribution: &Distribution) -> String {
    let by_column = distribution.done.iter().filter(|done| done.column.is_some());
    let by_column = by_column.count();
    let everywhere = distribution.done.len() - by_column;
    let nodes = distribution.nodes;
    let mut text =
        format!("distributed over {nodes} nodes: {by_column} tables by key, {everywhere} copied to each");
    if !distribution.missing.is_empty() {
        let missing: Vec<&str> = distribution.missing.iter().map(|missing| missing.table).collect();
        let missing = missing.join(", ");
        text.push_str(&format!(
            "\non one node: {missing}; run tallystick database distribute"
        ));
    }
    text
}

/// An instant for people, UTC.
fn at(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).map_or_else(
        || micros.to_string(),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}
