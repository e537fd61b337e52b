//! Twelve months of the market before the story: in the night after each month-end every lender uploads its book the way
//! members do, and the operator asks for the month's statistics, which are counted and protected while the story goes on.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256 as Hasher};
use tokio::sync::{Mutex, mpsc};

use super::cast::{Cast, Player};
use super::time::BentClock;
use crate::cli::generate::Books;
use crate::client::{
    CacheKey, Chunk, Client, ClientError, Event, Patience, RecordSource, SourceError, TokenCache, Tokeniser,
    amounts_of, tokenise_records,
};
use crate::domain::batch::{BatchHeader, BatchId, BatchType};
use crate::domain::date::{BusinessZone, Timestamp, days_after};
use crate::domain::names::Sha256;
use crate::identity::entropy::SystemEntropy;
use crate::wire::convert::date::date_to_wire;
use crate::wire::convert::request::request_id_to_wire;
use crate::wire::pb;

/// Months of history: of eleven it is known what became of the balances of the month before.
const MONTHS: u32 = 12;
/// The hour in which the nightly uploads begin.
const NIGHT_HOUR: u32 = 2;
/// Borrowers whose records are tokenised together.
const SLICE_SUBJECTS: u64 = 2_000;
/// Pause between two looks at a snapshot.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The history of a market.
#[derive(Debug, Clone)]
pub(super) struct History {
    books: Books,
    month_ends: Vec<NaiveDate>,
    seed: u64,
}

/// What was done.
#[derive(Debug, Default)]
struct Done {
    files: u64,
    records: u64,
    rejected: u64,
}

impl History {
    /// The months that are over on a day.
    pub(super) fn until(day: NaiveDate, seed: u64, subjects: u64) -> Self {
        Self {
            books: Books::of(seed, subjects),
            month_ends: Books::month_ends(day, MONTHS),
            seed,
        }
    }

    /// The first night.
    pub(super) fn begins_at(&self) -> anyhow::Result<Timestamp> {
        Ok(night_after(*self.month_ends.first().context("there are months")?))
    }

    /// Lets the months pass.
    pub(super) async fn pass(&self, cast: &mut Cast, clock: &BentClock, folder: &Path) -> anyhow::Result<()> {
        let begun = Instant::now();
        let folder = folder.join("caches");
        // Who has a cache and its key can test guesses of identifiers.
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let mut tokenisers = Vec::new();
        for player in &cast.players {
            tokenisers.push(Arc::new(Mutex::new(tokeniser(player, &folder)?)));
        }
        let bar = progress(self.month_ends.len())?;
        let mut done = Done::default();
        for month_end in &self.month_ends {
            clock.reach(night_after(*month_end));
            bar.set_message(month_end.format("%B %Y").to_string());
            let nights = cast.players.iter().zip(&tokenisers).enumerate();
            let nights = nights.map(|(place, (player, tokeniser))| {
                self.upload(player, place, *month_end, tokeniser.clone())
            });
            for batch in futures::future::try_join_all(nights).await? {
                done.files += 1;
                done.records += batch.records_received;
                done.rejected += batch.records_rejected;
            }
            ask(cast.operator(), *month_end).await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        tell(&done, begun.elapsed());
        Ok(())
    }

    /// Waits until the statistics of every month are published.
    pub(super) async fn published(&self, cast: &Cast) -> anyhow::Result<()> {
        let bar = progress(self.month_ends.len())?;
        bar.set_message("Statistics of");
        let mut last = None;
        for month_end in &self.month_ends {
            last = Some(published(cast.operator(), *month_end).await?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let last = last.context("there are months")?;
        println!(
            "\nThe statistics of {MONTHS} months are published; in the last one {} borrowers with {} loans of {} lenders.",
            last.subjects, last.positions, last.members
        );
        Ok(())
    }

    async fn upload(
        &self,
        player: &Player,
        place: usize,
        month_end: NaiveDate,
        tokeniser: Arc<Mutex<Tokeniser>>,
    ) -> anyhow::Result<pb::Batch> {
        // The content of a book follows from these.
        let content = format!("{} {} {place} {month_end}", self.seed, self.books.subjects().end);
        let header = BatchHeader {
            batch_id: BatchId::parse(&format!("full-{month_end}")).context("a batch has a name")?,
            batch_type: BatchType::Full,
            as_of: month_end,
            dry_run: false,
            content_sha256: Sha256(Hasher::digest(content).into()),
            resends: None,
            resume_from: 0,
        };
        let mut source = BookSource {
            books: self.books.clone(),
            place,
            month_end,
            tokeniser,
        };
        let mut quiet = |_: &Event<'_>| {};
        let patience = Patience::default();
        let uploaded = player.client.upload(&header, &mut source, &patience, &mut quiet);
        Ok(uploaded.await?)
    }
}

fn night_after(month_end: NaiveDate) -> Timestamp {
    BusinessZone::default().hour_of(days_after(month_end, 1), NIGHT_HOUR)
}

/// A member's tokeniser with a cache, so that each customer costs an evaluation once and not each month.
fn tokeniser(player: &Player, folder: &Path) -> anyhow::Result<Tokeniser> {
    let entropy = Arc::new(SystemEntropy);
    let name = player.lender.member_id;
    let key = CacheKey::create(&folder.join(format!("{name}.cache-key")), &*entropy)?;
    let cache = TokenCache::open(&folder.join(format!("{name}.cache")), &key, entropy)?;
    Ok(player.client.tokeniser(Some(cache)))
}

fn progress(months: usize) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(u64::try_from(months)?);
    bar.set_style(ProgressStyle::with_template(
        "{msg:<15} {bar:40} {pos}/{len} months, {eta} left",
    )?);
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

/// Asks for the statistics of a month.
async fn ask(operator: &Client, as_of: NaiveDate) -> anyhow::Result<()> {
    let request = pb::CreateSnapshotRequest {
        request_id: request_id_to_wire(operator.request_id()),
        as_of: Some(date_to_wire(as_of)),
    };
    let asked = operator.statistics().create_snapshot(request).await;
    asked
        .map(|_| ())
        .map_err(|status| ClientError::from(status).into())
}

/// Waits for the statistics of a month.
async fn published(operator: &Client, as_of: NaiveDate) -> anyhow::Result<pb::Snapshot> {
    loop {
        let request = pb::GetSnapshotRequest {
            as_of: Some(date_to_wire(as_of)),
            version: 0,
        };
        let found = operator.statistics().get_snapshot(request).await;
        let found = found.map_err(ClientError::from)?.into_inner().snapshot;
        let snapshot = found.context("the answer has a snapshot")?;
        match snapshot.state() {
            pb::SnapshotState::Published => return Ok(snapshot),
            pb::SnapshotState::Failed => anyhow::bail!("the statistics of {as_of} failed"),
            pb::SnapshotState::Unspecified | pb::SnapshotState::Computing | pb::SnapshotState::Protecting => {
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn tell(done: &Done, took: Duration) {
    println!(
        "{MONTHS} months: {} files with {} records uploaded over mutual TLS, {} rejected, in {:.0} s.",
        done.files,
        done.records,
        done.rejected,
        took.as_secs_f64()
    );
}

/// A lender's book as an upload wants it.
struct BookSource {
    books: Books,
    place: usize,
    month_end: NaiveDate,
    tokeniser: Arc<Mutex<Tokeniser>>,
}

type Chunks = mpsc::Sender<Result<Chunk, SourceError>>;

impl RecordSource for BookSource {
    fn start(&mut self, from: u64) -> mpsc::Receiver<Result<Chunk, SourceError>> {
        let (chunks, made) = mpsc::channel(1);
        let (books, place, month_end) = (self.books.clone(), self.place, self.month_end);
        let tokeniser = Arc::clone(&self.tokeniser);
        tokio::spawn(async move {
            let work = give(&chunks, &books, place, month_end, tokeniser, from);
            if let Err(error) = work.await {
                // Whoever does not listen any more need not know.
                let _ = chunks.send(Err(error)).await;
            }
        });
        made
    }
}

async fn give(
    chunks: &Chunks,
    books: &Books,
    place: usize,
    month_end: NaiveDate,
    tokeniser: Arc<Mutex<Tokeniser>>,
    from: u64,
) -> Result<(), SourceError> {
    let mut to_pass = usize::try_from(from).unwrap_or(usize::MAX);
    let mut planted = 0;
    let mut first = 0;
    while first < books.subjects().end {
        let slice = first..(first + SLICE_SUBJECTS).min(books.subjects().end);
        first = slice.end;
        let records = books.records(place, month_end, slice, &mut planted);
        let mut records = records.map_err(|error| SourceError::Records(error.into()))?;
        let rest = records.split_off(to_pass.min(records.len()));
        to_pass -= records.len();
        let passed: Vec<_> = records.iter().map(amounts_of).collect();
        if !passed.is_empty() && chunks.send(Ok(Chunk::Passed(passed))).await.is_err() {
            return Ok(());
        }
        let rest = tokenise_records(&mut *tokeniser.lock().await, rest).await?;
        if !rest.is_empty() && chunks.send(Ok(Chunk::Records(rest))).await.is_err() {
            return Ok(());
        }
    }
    // Whoever does not listen any more need not know.
    let _ = chunks.send(Ok(Chunk::End)).await;
    Ok(())
}
