//! `tallystick audit`: prove that nobody altered the record.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::audit::{CheckpointKey, Origin, VerifierKey};
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::{self, Halves, KeyCommands};
use crate::ledger;
use crate::store::AuditLog as _;
use crate::store::sqlite::SqliteStore;

/// Name of the database in a data folder.
pub const DATABASE_FILE: &str = "tallystick.db";

/// Check the audit log against its leaves, openings and signed checkpoints.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tallystick audit verify --data data\n  \
    tallystick audit verify --data data --checkpoint kept-in-march.txt --verifier 'market.example+1a2b3c4d+Ab…'\n  \
    tallystick audit checkpoint --data data > keep-me-elsewhere.txt")]
pub struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Recompute everything; the exit code is 1 when anything differs.
    Verify(Verify),
    /// Print the latest signed checkpoint, to be kept elsewhere.
    Checkpoint {
        /// Data folder of the service.
        #[arg(long, value_name = "FOLDER")]
        data: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Verify {
    /// Data folder of the service.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Name of the log, as the service's configuration has it.
    #[arg(long, default_value = "tallystick.example/log", value_name = "NAME")]
    origin: String,
    /// Public key of the log; without it, the data folder's own key is taken.
    #[arg(long, value_name = "KEY")]
    verifier: Option<String>,
    /// Checkpoint that was kept elsewhere; may be repeated. Only these show that a log was cut back.
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
}

impl Audit {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Verify(verify) => verify.run().await,
            What::Checkpoint { data } => {
                let checkpoint = open(&data)?.latest_checkpoint().await?;
                print!("{}", checkpoint.context("nothing was signed yet")?.note);
                Ok(())
            }
        }
    }
}

impl Verify {
    async fn run(self) -> anyhow::Result<()> {
        let key = self.key()?;
        let kept = self
            .checkpoints
            .iter()
            .map(|path| {
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
            })
            .collect::<anyhow::Result<Vec<String>>>()?;
        let store = open(&self.data)?;
        let report = ledger::verify(&store, &key, &kept, |_, _| {}).await?;
        println!(
            "{} leaves, {} openings ({} erased), {} checkpoints, {} kept elsewhere",
            report.leaves,
            report.openings,
            report.openings_erased,
            report.checkpoints,
            report.checkpoints_kept
        );
        for difference in &report.differences {
            println!("  {difference}");
        }
        if report.differences_total > 0 {
            println!("{} differences", report.differences_total);
        }
        anyhow::ensure!(
            report.is_sound(),
            "the audit log was altered: keep this output and the database as they are"
        );
        Ok(())
    }

    fn key(&self) -> anyhow::Result<VerifierKey> {
        if let Some(text) = &self.verifier {
            return VerifierKey::parse(text).context("--verifier is no public key of a log");
        }
        let origin = Origin::parse(&self.origin).context("--origin is no name of a log")?;
        let keys = keys::open(
            &self.data,
            Halves::Ledger,
            &KeyCommands::default(),
            false,
            &SystemEntropy,
        )?;
        let ledger = keys.ledger.context("the data folder has no ledger keys")?;
        Ok(CheckpointKey::from_seed(origin, ledger.checkpoint_seed())
            .verifier()
            .clone())
    }
}

fn open(data: &std::path::Path) -> anyhow::Result<SqliteStore> {
    let path = data.join(DATABASE_FILE);
    anyhow::ensure!(
        path.exists(),
        "there is no {}: --data names the service's data folder",
        path.display()
    );
    Ok(SqliteStore::open_read_only(&path)?)
}
