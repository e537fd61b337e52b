//! `tallystick audit`: prove that nobody altered the record.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::place::{Place, Where};
use crate::audit::{CheckpointKey, Origin, VerifierKey};
use crate::identity::entropy::SystemEntropy;
use crate::identity::keys::{self, Halves};
use crate::ledger;
use crate::store::Store;

/// Check the audit log against its leaves, openings and signed checkpoints.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tallystick audit verify --data data\n  \
    tallystick audit verify --data data --checkpoint kept-in-march.txt --verifier 'market.example+1a2b3c4d+Ab…'\n  \
    tallystick audit verify --config tallystick.toml\n  \
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
        #[command(flatten)]
        place: Where,
    },
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    place: Where,
    /// Name of the log, if the service's configuration is not given.
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Public key of the log; without it, the service's own key is taken.
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
            What::Checkpoint { place } => {
                let checkpoint = open(&place).await?.latest_checkpoint().await?;
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
        let store = open(&self.place).await?;
        let report = ledger::verify(store.as_ref(), &key, &kept, |_, _| {}).await?;
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
        let config = self.place.config()?;
        let origin = match &self.origin {
            Some(name) => Origin::parse(name).context("--origin is no name of a log")?,
            None => config.ledger.origin()?,
        };
        let commands = config.keys.commands()?;
        let keys = keys::open(&config.data_dir, Halves::Ledger, &commands, false, &SystemEntropy)?;
        let ledger = keys.ledger.context("the data folder has no ledger keys")?;
        Ok(CheckpointKey::from_seed(origin, ledger.checkpoint_seed())
            .verifier()
            .clone())
    }
}

async fn open(place: &Where) -> anyhow::Result<Arc<dyn Store>> {
    Place::of(&place.config()?)?.open_read_only().await
}
