//! `tallystick bench`: the service under load beside the floors that no service can beat, in one run.
//!
//! Server and load are processes of their own, on cores of their own where there are two. A figure that matters is a
//! ratio of one run: machines differ, and disturb, but floor and product are disturbed alike. Invariant: no measured
//! question was asked before by the same caller that day.

mod calls;
mod counting;
mod crowd;
mod engine;
mod floors;
mod ground;
mod growth;
mod indicators;
mod load;
mod machine;
mod measure;
mod part;
mod population;
mod report;
mod requests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use self::engine::{Engine, Named};
use self::ground::{CALLERS, Ground};
use self::machine::Cores;
use self::part::Part;
use self::population::Population;
use self::report::Report;
use super::place::Place;
use super::serve::asked_to_stop;

/// Measure the service on this machine beside its floors.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick bench\n  \
    tallystick bench --positions 1000000 --seconds 10 --json > bench.json\n  \
    tallystick bench --database 'postgres:///postgres?host=/run/postgresql&user=owner'")]
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
    /// Measure PostgreSQL instead of the embedded engine: a URL, without a password, of any database of a server. Two
    /// databases named bench_… are made beside it and removed at the end. Its user needs CREATEDB.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// File with the password of that URL's user, mode 0600.
    #[arg(long, value_name = "FILE", requires = "database")]
    database_password_file: Option<PathBuf>,
    /// Be the server of another bench, whose folder is given.
    #[arg(long, hide = true)]
    part: Option<Part>,
    /// The database of the bench whose server this is.
    #[arg(long, hide = true, requires = "database")]
    live: Option<String>,
}

impl Bench {
    /// Loads a market, measures and reports.
    ///
    /// # Errors
    /// When a call that should succeed is refused, the machine cannot be measured, or databases of the bench are left.
    pub async fn run(self) -> anyhow::Result<()> {
        let named = self.database.clone().map(|url| Named {
            url,
            password_file: self.database_password_file.clone(),
        });
        if let Some(part) = self.part {
            let folder = self.keep.context("--part needs the folder of its bench")?;
            let place = match (named, self.live) {
                (Some(named), Some(live)) => named.place(&live)?,
                _ => Place::in_folder(&folder.join("data")),
            };
            return part::run(part, &folder, place).await;
        }
        let temporary;
        let folder = if let Some(folder) = &self.keep {
            folder.as_path()
        } else {
            temporary = tempfile::tempdir().context("no temporary folder can be made")?;
            temporary.path()
        };
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let Some(named) = named else {
            return self.tell(&self.measure(folder, Engine::embedded(folder)).await?);
        };
        let engine = Engine::postgres(named)?;
        let stopped = asked_to_stop()?;
        // Whatever happens, what was made on the server is removed.
        let measured = tokio::select! {
            measured = self.measure(folder, engine.clone()) => measured,
            () = stopped => Err(anyhow::anyhow!("stopped before the end")),
        };
        let ended = engine.end().await;
        if let (Err(_), Err(left)) = (&measured, &ended) {
            eprintln!("{left:#}");
        }
        self.tell(&measured?)?;
        ended
    }

    async fn measure(&self, folder: &Path, engine: Engine) -> anyhow::Result<Report> {
        let population = Population {
            positions: self.positions,
            today: super::today(),
        };
        let ground = Ground::make(folder, engine, population).await?;
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
        report.map_err(|_| anyhow::anyhow!("the measurement failed"))?
    }

    fn tell(&self, report: &Report) -> anyhow::Result<()> {
        if self.json {
            println!("{}", report.json()?);
        } else {
            report.print();
        }
        Ok(())
    }
}
