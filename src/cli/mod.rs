//! The command line: one file for each command.

pub mod answer;
pub mod audit;
pub mod authority;
pub mod batch;
pub mod bench;
pub mod certs;
pub mod connect;
pub mod consent;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod exit;
pub mod export;
pub mod generate;
pub mod identifiers;
pub mod market;
pub mod member;
pub mod offline;
pub mod output;
pub mod place;
pub mod quality;
pub mod query;
pub mod reconcile;
pub mod report;
pub mod rules;
pub mod serve;
pub mod service;
pub mod stats;
pub mod tokenise;
pub mod upload;
pub mod web;

use chrono::NaiveDate;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::domain::clock::{Clock as _, SystemClock};
use crate::domain::date::BusinessZone;

/// One borrower, many lenders, one true answer: shared loan positions without shared identities.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Certs(certs::Certs),
    Bench(bench::Bench),
    Member(member::Member),
    Report(report::Report),
    Query(query::Query),
    Offline(offline::Offline),
    Quality(quality::Quality),
    Reconcile(reconcile::Reconcile),
    Tokenise(tokenise::Tokenise),
    Upload(Box<upload::Upload>),
    Batch(batch::Batch),
    Export(export::Export),
    Audit(audit::Audit),
    Database(database::DatabaseCommand),
    Rules(rules::Rules),
    Stats(stats::Stats),
    Doctor(doctor::Doctor),
    Generate(generate::Generate),
    Web(web::Web),
    /// Print the completions of a shell: tallystick completions bash > /etc/bash_completion.d/tallystick
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// Runs the command that was given.
    ///
    /// # Errors
    /// What went wrong and what to do; [`exit::Exit::of`] has its code.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::Certs(certs) => certs.run(),
            Command::Bench(bench) => bench.run().await,
            Command::Member(member) => member.run().await,
            Command::Report(report) => report.run().await,
            Command::Query(query) => query.run().await,
            Command::Offline(offline) => offline.run().await,
            Command::Quality(quality) => quality.run().await,
            Command::Reconcile(reconcile) => reconcile.run().await,
            Command::Tokenise(tokenise) => tokenise.run().await,
            Command::Upload(upload) => upload.run().await,
            Command::Batch(batch) => batch.run().await,
            Command::Export(export) => export.run().await,
            Command::Audit(audit) => audit.run().await,
            Command::Database(database) => database.run().await,
            Command::Rules(rules) => rules.run(),
            Command::Stats(stats) => stats.run().await,
            Command::Doctor(doctor) => doctor.run().await,
            Command::Generate(generate) => generate.run(),
            Command::Web(web) => web.run().await,
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Self::command(), "tallystick", &mut std::io::stdout());
                Ok(())
            }
        }
    }
}

/// Today where the member does business, as far as a command can know: the default zone.
pub(crate) fn today() -> NaiveDate {
    BusinessZone::default().date_of(SystemClock.now())
}
