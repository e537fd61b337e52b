//! What became of a batch, for people, for programs and as an exit code.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::cli::answer::words;
use crate::cli::exit::{Ending, Exit};
use crate::cli::output::{Output, table, to_json};
use crate::client::Counts;
use crate::import::advice::{Language, reason};
use crate::wire::pb;

/// What an upload came to.
pub(super) struct Summary {
    pub(super) batch: pb::Batch,
    /// Records that cannot be represented and were not sent.
    pub(super) unreadable: u64,
    /// Where what was not taken is told, if anything was not.
    pub(super) rejects: Option<PathBuf>,
    /// What the tokens took.
    pub(super) tokens: Counts,
}

impl Summary {
    /// Prints it.
    pub(super) fn print(&self, output: Output, language: Language) -> anyhow::Result<()> {
        match output {
            Output::Table => {
                println!("{}", self.rows());
                print_failures(&self.batch, language);
            }
            Output::Json => println!("{}", self.json()?),
        }
        Ok(())
    }

    fn rows(&self) -> comfy_table::Table {
        let mut rows = of_batch(&self.batch);
        rows.add_row(["unreadable here", &self.unreadable.to_string()]);
        rows.add_row(["tokens evaluated", &self.tokens.evaluated.to_string()]);
        rows.add_row(["tokens out of the cache", &self.tokens.hits.to_string()]);
        if let Some(rejects) = &self.rejects {
            rows.add_row(["rejects", &rejects.display().to_string()]);
        }
        rows
    }

    fn json(&self) -> anyhow::Result<String> {
        let batch: serde_json::Value = serde_json::from_str(&to_json(&self.batch, "Batch")?)?;
        let rejects = self.rejects.as_ref().map(|path| path.display().to_string());
        let whole = serde_json::json!({
            "batch": batch,
            "unreadable": self.unreadable.to_string(),
            "tokensEvaluated": self.tokens.evaluated.to_string(),
            "tokensFromCache": self.tokens.hits.to_string(),
            "rejects": rejects,
        });
        serde_json::to_string_pretty(&whole).context("the summary has no JSON form")
    }

    /// How the command ends.
    ///
    /// # Errors
    /// An [`Ending`] unless the batch counts and every record was taken.
    pub(super) fn ending(&self) -> anyhow::Result<()> {
        let batch = &self.batch;
        let (exit, message) = match batch.state() {
            pb::BatchState::Completed => {
                let left = batch.records_rejected + self.unreadable;
                if left == 0 {
                    return Ok(());
                }
                let records = batch.records_received + self.unreadable;
                let message = format!(
                    "{left} of {records} records were not taken: mend them in {} and upload that file with --resends {}",
                    self.rejects
                        .as_ref()
                        .map_or_else(String::new, |path| path.display().to_string()),
                    batch.batch_id
                );
                (Exit::Partly, message)
            }
            pb::BatchState::Held => {
                let message = format!(
                    "the batch is held because its size is implausible: look at it, then upload the whole book again or run \
                     tallystick batch confirm {}",
                    batch.batch_id
                );
                (Exit::Failed, message)
            }
            pb::BatchState::Failed => {
                let message =
                    "the batch failed and does not count as your submission; what was accepted of it stays";
                (Exit::Failed, message.to_owned())
            }
            pb::BatchState::Receiving | pb::BatchState::Unspecified => {
                let message = "the service ended the batch without a judgement: run the same command again";
                (Exit::Unavailable, message.to_owned())
            }
        };
        Err(Ending { exit, message }.into())
    }
}

/// A batch's counts, a row each.
pub fn of_batch(batch: &pb::Batch) -> comfy_table::Table {
    let mut rows = table(&[]);
    let rehearsal = if batch.dry_run { " (dry run)" } else { "" };
    rows.add_row(["batch", &format!("{}{rehearsal}", batch.batch_id)]);
    rows.add_row([
        "state",
        &words(batch.state().as_str_name(), "BATCH_STATE_").to_uppercase(),
    ]);
    if !batch.resends_batch_id.is_empty() {
        rows.add_row(["resends", &batch.resends_batch_id]);
    }
    for (name, count) in [
        ("received", batch.records_received),
        ("accepted", batch.records_accepted),
        ("of them unchanged", batch.records_unchanged),
        ("of them with warnings", batch.warnings),
        ("superseded", batch.records_superseded),
        ("rejected", batch.records_rejected),
    ] {
        rows.add_row([name, &count.to_string()]);
    }
    if batch.r#type() == pb::BatchType::Full {
        rows.add_row(["missing positions", &batch.missing_positions.to_string()]);
    }
    rows
}

/// Why a batch failed or is held, below its counts.
pub fn print_failures(batch: &pb::Batch, language: Language) {
    for failure in &batch.failures {
        let told = reason(&failure.code, &failure.field, &failure.description, language);
        println!("  {} {}: {}", told.code, told.field, told.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(state: pb::BatchState, rejected: u64, unreadable: u64) -> Summary {
        Summary {
            batch: pb::Batch {
                batch_id: "night-7".to_owned(),
                state: state.into(),
                records_received: 10,
                records_rejected: rejected,
                ..pb::Batch::default()
            },
            unreadable,
            rejects: None,
            tokens: Counts::default(),
        }
    }

    #[test]
    fn exit_codes_are_what_the_documentation_says() {
        use pb::BatchState::{Completed, Failed, Held, Receiving};
        for (state, rejected, unreadable, exit) in [
            (Completed, 0, 0, None),
            (Completed, 1, 0, Some(Exit::Partly)),
            (Completed, 0, 1, Some(Exit::Partly)),
            (Held, 0, 0, Some(Exit::Failed)),
            (Failed, 3, 1, Some(Exit::Failed)),
            (Receiving, 0, 0, Some(Exit::Unavailable)),
        ] {
            let ending = summary(state, rejected, unreadable).ending();
            assert_eq!(ending.err().map(|error| Exit::of(&error)), exit, "{state:?}");
        }
    }

    #[test]
    fn json_holds_the_contracts_batch_and_what_was_counted_here() {
        let text = summary(pb::BatchState::Completed, 0, 2)
            .json()
            .expect("it has a form");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["batch"]["state"], "BATCH_STATE_COMPLETED");
        assert_eq!(json["unreadable"], "2");
    }
}
