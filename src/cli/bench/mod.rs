//! `tallystick bench`: the service under load beside the floors that no service can beat, in one run.
//!
//! Server and load are processes of their own, on cores of their own where there are two. A figure that matters is a
//! ratio of one run: machines differ, and disturb, but floor and product are disturbed alike. Invariant: no measured
//! question was asked before by the same caller that day.

mod calls;
mod floors;
mod ground;
mod load;
mod machine;
mod measure;
mod part;
mod population;
mod report;
mod requests;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use self::ground::{CALLERS, Ground};
use self::machine::Cores;
use self::part::Part;
use self::population::Population;

/// Measure the service on this machine beside its floors.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick bench\n  \
    tallystick bench --positions 1000000 --seconds 10 --json > bench.json")]
pub struct Bench {
    /// Positions of the market that is loaded first.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(30_000..=100_000_000))]
    positions: u64,
    /// Seconds of each measurement in all, parted over the rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Rounds; the least disturbed one counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Connections, each of another lender: 1 to 64.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    connections: u16,
    /// Calls in flight on each connection, 1 to 64.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    in_flight: u16,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Use this empty folder and keep it.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Be the server of another bench, whose folder is given.
    #[arg(long, hide = true)]
    part: Option<Part>,
}

impl Bench {
    /// Loads a market, measures and reports.
    ///
    /// # Errors
    /// When a call that should succeed is refused, or the machine cannot be measured.
    pub async fn run(self) -> anyhow::Result<()> {
        if let Some(part) = self.part {
            let folder = self.keep.context("--part needs the folder of its bench")?;
            return part::run(part, &folder).await;
        }
        let temporary;
        let folder = if let Some(folder) = &self.keep {
            folder.as_path()
        } else {
            temporary = tempfile::tempdir().context("no temporary folder can be made")?;
            temporary.path()
        };
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let population = Population {
            positions: self.positions,
            today: super::today(),
        };
        let ground = Ground::make(folder, population).await?;
        let plan = measure::Plan {
            connections: usize::from(self.connections).min(CALLERS),
            in_flight: usize::from(self.in_flight),
            rounds: self.rounds,
            time: Duration::from_secs(self.seconds.into()) / self.rounds,
        };
        let cores = Cores::split()?;
        // The load has threads of its own, which stay on its cores.
        let measured = std::thread::spawn(move || measure::measure(&ground, &plan, &cores));
        let report = tokio::task::spawn_blocking(|| measured.join()).await?;
        let report = report.map_err(|_| anyhow::anyhow!("the measurement failed"))??;
        if self.json {
            println!("{}", report.json()?);
        } else {
            report.print();
        }
        Ok(())
    }
}
