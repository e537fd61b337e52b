//! `tallystick batch`: what became of the batches that were uploaded.

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::answer::words;
use super::connect::Connect;
use super::exit::{Ending, Exit};
use super::output::{Output, table, to_json};
use super::upload::Lang;
use super::upload::summary::{of_batch, print_failures};
use crate::client::{Client, ClientError};
use crate::domain::batch::BatchId;
use crate::import::advice::{Language, reason};
use crate::wire::{Message, pb};

/// Entries of one page: the contract's most.
const PAGE_ENTRIES: i32 = 1_000;

/// See what became of your batches.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick batch list --limit 7\n  \
    tallystick batch results 2026-06-14-full-0123456789ab --lang zh")]
pub struct Batch {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Your batches, newest first.
    List {
        #[command(flatten)]
        listing: Listing,
    },
    /// One batch with its counts.
    Show {
        #[command(flatten)]
        named: Named,
    },
    /// What was found about the records of a batch, in their order.
    Results {
        #[command(flatten)]
        named: Named,
        /// At most so many; all unless told.
        #[arg(long, value_name = "COUNT")]
        limit: Option<u64>,
    },
    /// Open accounts on file that a FULL batch did not carry.
    Missing {
        #[command(flatten)]
        named: Named,
        /// At most so many; all unless told.
        #[arg(long, value_name = "COUNT")]
        limit: Option<u64>,
    },
    /// Let a batch that is HELD count after all.
    Confirm {
        #[command(flatten)]
        named: Named,
    },
}

#[derive(Debug, Args)]
struct Listing {
    /// At most so many; all unless told.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    #[command(flatten)]
    connect: Connect,
    /// Form of the answer; JSON has one entry a line.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Debug, Args)]
struct Named {
    /// Your name of the batch.
    batch: String,
    /// Language of what is explained.
    #[arg(long, default_value = "en")]
    lang: Lang,
    #[command(flatten)]
    connect: Connect,
    /// Form of the answer; JSON has one entry a line.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Batch {
    /// Runs the command.
    ///
    /// # Errors
    /// The service refuses or cannot be reached.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::List { listing } => list(&listing).await,
            Command::Show { named } => show(&named).await,
            Command::Results { named, limit } => results(&named, limit).await,
            Command::Missing { named, limit } => missing(&named, limit).await,
            Command::Confirm { named } => confirm(&named).await,
        }
    }
}

/// The next page's size and token; `None` behind the last, or when there are enough.
pub(super) struct Pages {
    token: Option<String>,
    left: u64,
}

impl Pages {
    pub(super) fn up_to(limit: Option<u64>) -> Self {
        Self {
            token: Some(String::new()),
            left: limit.unwrap_or(u64::MAX),
        }
    }

    pub(super) fn next(&mut self) -> Option<(i32, String)> {
        if self.left == 0 {
            return None;
        }
        // A token is bound to the size of its page, so all pages have one size.
        Some((PAGE_ENTRIES, self.token.take()?))
    }

    /// The entries of a page that are wanted.
    pub(super) fn take<T>(&mut self, mut entries: Vec<T>, next: String) -> Vec<T> {
        self.token = Some(next).filter(|token| !token.is_empty());
        entries.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left = self
            .left
            .saturating_sub(u64::try_from(entries.len()).unwrap_or(u64::MAX));
        entries
    }
}

async fn list(listing: &Listing) -> anyhow::Result<()> {
    let client = listing.connect.client().await?;
    let mut pages = Pages::up_to(listing.limit);
    while let Some((page_size, page_token)) = pages.next() {
        let request = pb::ListBatchesRequest {
            page_size,
            page_token,
        };
        let page = client
            .reporting()
            .list_batches(request)
            .await
            .map_err(ClientError::from)?;
        let page = page.into_inner();
        let batches = pages.take(page.batches, page.next_page_token);
        match listing.output {
            Output::Json => print_lines(&batches, "Batch")?,
            Output::Table => println!("{}", rows_of(&batches)),
        }
    }
    Ok(())
}

fn rows_of(batches: &[pb::Batch]) -> comfy_table::Table {
    let mut rows = table(&[
        "batch", "as of", "type", "state", "received", "accepted", "rejected", "missing",
    ]);
    for batch in batches {
        let as_of = batch.as_of.map_or_else(String::new, |date| {
            format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
        });
        rows.add_row([
            batch.batch_id.clone(),
            as_of,
            words(batch.r#type().as_str_name(), "BATCH_TYPE_"),
            words(batch.state().as_str_name(), "BATCH_STATE_").to_uppercase(),
            batch.records_received.to_string(),
            batch.records_accepted.to_string(),
            batch.records_rejected.to_string(),
            batch.missing_positions.to_string(),
        ]);
    }
    rows
}

async fn show(named: &Named) -> anyhow::Result<()> {
    let batch_id =
        BatchId::parse(&named.batch).with_context(|| format!("{:?} is no name of a batch", named.batch))?;
    let client = named.connect.client().await?;
    let Some(batch) = client.find_batch(&batch_id).await? else {
        let message = format!(
            "you have no batch {}: tallystick batch list shows those you have",
            named.batch
        );
        return Err(Ending {
            exit: Exit::Failed,
            message,
        }
        .into());
    };
    print_batch(&batch, named)
}

fn print_batch(batch: &pb::Batch, named: &Named) -> anyhow::Result<()> {
    match named.output {
        Output::Json => println!("{}", to_json(batch, "Batch")?),
        Output::Table => {
            println!("{}", of_batch(batch));
            print_failures(batch, named.lang.into());
        }
    }
    Ok(())
}

async fn results(named: &Named, limit: Option<u64>) -> anyhow::Result<()> {
    let client = named.connect.client().await?;
    let mut pages = Pages::up_to(limit);
    while let Some((page_size, page_token)) = pages.next() {
        let page = page_of_results(&client, &named.batch, page_size, page_token).await?;
        let results = pages.take(page.results, page.next_page_token);
        match named.output {
            Output::Json => print_lines(&results, "RecordResult")?,
            Output::Table => print_results(&results, named.lang.into()),
        }
    }
    Ok(())
}

async fn page_of_results(
    client: &Client,
    batch_id: &str,
    page_size: i32,
    page_token: String,
) -> Result<pb::ListRecordResultsResponse, ClientError> {
    let request = pb::ListRecordResultsRequest {
        batch_id: batch_id.to_owned(),
        page_size,
        page_token,
    };
    Ok(client
        .reporting()
        .list_record_results(request)
        .await?
        .into_inner())
}

fn print_results(results: &[pb::RecordResult], language: Language) {
    let mut rows = table(&[
        "record",
        "account",
        "",
        "rule",
        "field",
        "what is wrong",
        "how to mend it",
    ]);
    for result in results {
        let broken = result.violations.iter().map(|broken| ("rejected", broken));
        let odd = result.warnings.iter().map(|odd| ("warning", odd));
        for (kind, found) in broken.chain(odd) {
            let told = reason(&found.code, &found.field, &found.description, language);
            rows.add_row([
                result.record_number.to_string(),
                result.account_ref.clone(),
                kind.to_owned(),
                told.code,
                told.field,
                told.text,
                told.fix,
            ]);
        }
    }
    println!("{rows}");
}

async fn missing(named: &Named, limit: Option<u64>) -> anyhow::Result<()> {
    let client = named.connect.client().await?;
    let mut pages = Pages::up_to(limit);
    while let Some((page_size, page_token)) = pages.next() {
        let request = pb::ListMissingPositionsRequest {
            batch_id: named.batch.clone(),
            page_size,
            page_token,
        };
        let page = client.reporting().list_missing_positions(request).await;
        let page = page.map_err(ClientError::from)?.into_inner();
        for account_ref in pages.take(page.account_refs, page.next_page_token) {
            match named.output {
                Output::Json => println!("{}", serde_json::json!({ "accountRef": account_ref })),
                Output::Table => println!("{account_ref}"),
            }
        }
    }
    Ok(())
}

async fn confirm(named: &Named) -> anyhow::Result<()> {
    let request = pb::ConfirmBatchRequest {
        batch_id: named.batch.clone(),
    };
    let client = named.connect.client().await?;
    let confirmed = client
        .reporting()
        .confirm_batch(request)
        .await
        .map_err(ClientError::from)?;
    let batch = confirmed
        .into_inner()
        .batch
        .context("the service's answer lacks its batch")?;
    print_batch(&batch, named)
}

/// Messages as JSON, one a line.
pub(super) fn print_lines<M: Message>(messages: &[M], name: &str) -> anyhow::Result<()> {
    for message in messages {
        let value: serde_json::Value = serde_json::from_str(&to_json(message, name)?)?;
        println!("{value}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_with_the_last_or_at_the_limit() {
        let mut all = Pages::up_to(None);
        assert_eq!(all.next(), Some((PAGE_ENTRIES, String::new())));
        assert_eq!(all.take(vec![1, 2], "more".to_owned()), [1, 2]);
        assert_eq!(all.next(), Some((PAGE_ENTRIES, "more".to_owned())));
        assert_eq!(all.take(vec![3], String::new()), [3]);
        assert_eq!(all.next(), None);
        for (limit, expected) in [(0, 0), (1, 1), (2, 2), (3, 2)] {
            let mut some = Pages::up_to(Some(limit));
            let first = some
                .next()
                .map(|_| some.take(vec![1, 2], "more".to_owned()).len());
            assert_eq!(first.unwrap_or_default(), expected, "{limit}");
            assert_eq!(some.next().is_some(), limit > 2, "{limit}");
        }
    }
}
