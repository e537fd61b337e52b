//! `tallystick upload`: a night's file, from the member's own system to the service.
//!
//! Two passes over the file: the first names its content, the second reads, parses, tokenises and sends it, each while the
//! others work, in memory that does not grow with it. What was not taken is written to a reject file by one more pass.
//! Invariant: the same command names the same batch, so that it goes on where it was interrupted, by whatever.

mod digest;
mod file;
mod foreign;
mod kept;
mod name;
mod parsing;
mod progress;
mod rejects;
mod source;
pub mod summary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use tokio::sync::Mutex;

use self::digest::{Digest, FileState, digest};
use self::file::InputFile;
pub use self::file::{FileCompression, FileFormat};
pub use self::foreign::Foreign;
pub use self::kept::Kept;
use self::progress::Telling;
use self::source::FileSource;
use self::summary::Summary;
use super::connect::Connect;
use super::exit::{Ending, Exit};
use super::output::Output;
use super::today;
use crate::client::{Client, Patience, UploadError};
use crate::domain::batch::{BatchHeader, BatchId, BatchType};
use crate::domain::date::{BusinessZone, Timestamp};
use crate::identity::normalise::CallingCode;
use crate::import::Circumstances;
use crate::import::advice::Language;
use crate::import::table::template;
use crate::wire::pb;

/// How much of the book a file carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Extent {
    /// Every open position: those that are missing are told.
    Full,
    /// What changed.
    Incremental,
}

/// A language of reject files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::English,
            Lang::Zh => Self::Chinese,
        }
    }
}

/// Upload a file of positions. Identifiers become tokens here; nothing else of them leaves this machine.
///
/// Interrupted by whatever, the same command goes on where it stopped. What was not taken is written to a reject file, as it
/// stood, with what to mend: upload the mended file with --resends.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick upload --template csv > template.csv\n  \
    tallystick upload loans.csv.zst --type full --as-of 2026-06-14 --cache tokens --cache-key secret/cache.key\n  \
    tallystick upload loans.rejects-….csv --as-of 2026-06-14 --resends 2026-06-14-full-0123456789ab\n\n\
    Exit codes: 0 all taken; 1 refused, failed or held; 2 wrong command line; 3 not reached, run it again; 4 not allowed; \
    5 some records were not taken.")]
pub struct Upload {
    /// The file.
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    /// Its format; by its name unless told.
    #[arg(long)]
    format: Option<FileFormat>,
    /// Its compression; by its name unless told.
    #[arg(long)]
    compression: Option<FileCompression>,
    /// How much of your book it carries.
    #[arg(long = "type", value_name = "TYPE", default_value = "incremental")]
    extent: Extent,
    /// The business date that it describes.
    #[arg(long, value_name = "DATE", required_unless_present = "template")]
    as_of: Option<NaiveDate>,
    /// Your name of the batch; made of the date, the type and the content unless told.
    #[arg(long, value_name = "ID")]
    batch_id: Option<String>,
    /// Check everything and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// The batch whose rejects these are, mended.
    #[arg(long, value_name = "BATCH")]
    resends: Option<String>,
    /// Where rejects go; {batch} stands for the batch's name. Beside the file unless told.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Language of the reject file.
    #[arg(long, default_value = "en")]
    lang: Lang,
    /// Country code of mobile numbers that are written without one; 86, of Metro 2 files 1, unless told.
    #[arg(long, value_name = "CODE")]
    default_calling_code: Option<String>,
    /// Print a file of csv or jsonl with two invented records to begin with, and do nothing else.
    #[arg(long, value_name = "FORMAT", conflicts_with = "file")]
    template: Option<FileFormat>,
    #[command(flatten)]
    foreign: Foreign,
    #[command(flatten)]
    kept: Kept,
    #[command(flatten)]
    connect: Connect,
    /// Form of the summary.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Upload {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        if let Some(format) = self.template {
            let text = format.table().and_then(template);
            let text = text.context(
                "there are templates of csv and jsonl; the columns of parquet have the same names",
            )?;
            print!("{text}");
            return Ok(());
        }
        let (Some(path), Some(as_of)) = (&self.file, self.as_of) else {
            anyhow::bail!(
                "name the file and the date that it describes: tallystick upload FILE --as-of DATE"
            );
        };
        let mut file = self.input(path)?;
        let look = look(&file).await?;
        file.state = Some(look.state);
        let header = self.header(as_of, &look, &file)?;
        let place = rejects::place(self.rejects.as_deref(), &file, &header.batch_id)?;
        let client = self.connect.client().await?;
        file.circumstances.today = today_of(client.find_batch(&header.batch_id).await?.as_ref());
        let summary = self
            .upload(&client, Arc::new(file), &header, look.lines, &place)
            .await?;
        summary.print(self.output, self.lang.into())?;
        summary.ending()
    }

    fn input(&self, path: &Path) -> anyhow::Result<InputFile> {
        let is_metro2 = self.format == Some(FileFormat::Metro2);
        let code = match &self.default_calling_code {
            Some(code) => code.trim_start_matches('+'),
            None if is_metro2 => "1",
            None => "86",
        };
        let default_calling_code = CallingCode::parse(code);
        anyhow::ensure!(
            default_calling_code.is_some(),
            "{code} is no country code: write 86"
        );
        let circumstances = Circumstances {
            today: today(),
            default_calling_code,
        };
        InputFile::of(
            path,
            self.format,
            self.compression,
            circumstances,
            self.foreign.clone(),
        )
    }

    fn header(&self, as_of: NaiveDate, look: &Digest, file: &InputFile) -> anyhow::Result<BatchHeader> {
        let named = |text: &str| {
            BatchId::parse(text).with_context(|| {
                format!(
                    "{text:?} is no name of a batch: 1 to {} of A-Z a-z 0-9 . _ : -",
                    BatchId::CHARS_MAX
                )
            })
        };
        let batch_type = match self.extent {
            Extent::Full => BatchType::Full,
            Extent::Incremental => BatchType::Incremental,
        };
        let resends = self.resends.as_deref().map(named).transpose()?;
        let foreign = match file.format.table() {
            Some(_) => String::new(),
            None => self.foreign.told(),
        };
        let given = name::Given {
            as_of,
            batch_type,
            dry_run: self.dry_run,
            resends: resends.as_ref(),
            calling_code: self.default_calling_code.as_deref(),
            foreign: &foreign,
        };
        let batch_id = match &self.batch_id {
            Some(text) => named(text)?,
            None => named(&name::of(&look.sha256, &given))?,
        };
        Ok(BatchHeader {
            batch_id,
            batch_type,
            as_of,
            dry_run: self.dry_run,
            content_sha256: look.sha256,
            resends,
            resume_from: 0,
        })
    }

    async fn upload(
        &self,
        client: &Client,
        file: Arc<InputFile>,
        header: &BatchHeader,
        lines: u64,
        place: &Path,
    ) -> anyhow::Result<Summary> {
        let cache = self.kept.open()?;
        let tokeniser = Arc::new(Mutex::new(client.tokeniser(cache)));
        let mut source = FileSource::new(Arc::clone(&file), Arc::clone(&tokeniser));
        let seen = source.seen();
        let records = (file.format != FileFormat::Parquet).then_some(lines);
        let mut telling = Telling::new(records, Arc::clone(&seen))?;
        eprintln!("batch {}", header.batch_id.as_str());
        let uploaded = client
            .upload(header, &mut source, &Patience::default(), &mut telling)
            .await;
        telling.end();
        let batch = uploaded.map_err(told)?;
        let mut summary = Summary {
            unreadable: 0,
            rejects: None,
            tokens: tokeniser.lock().await.totals(),
            batch,
        };
        // A batch that was judged before was told before its file was read again.
        if summary.batch.records_rejected > 0 || seen.unreadable_of_all() != Some(0) {
            eprintln!("looking for what was not taken");
            let batch_id = &header.batch_id;
            let found = rejects::write(client, batch_id, &file, place, self.lang.into()).await?;
            summary.unreadable = found.unreadable;
            summary.rejects = found.file;
        }
        Ok(summary)
    }
}

/// Names the content of a file.
async fn look(file: &InputFile) -> anyhow::Result<Digest> {
    let (path, compression) = (file.path.clone(), file.compression);
    let unread = || format!("cannot read {}", file.path.display());
    anyhow::ensure!(
        file.path.is_file(),
        "{} is no file: a file is read more than once, so a pipe will not do",
        file.path.display()
    );
    let bytes = FileState::of(&path).with_context(unread)?.bytes();
    let bar = progress::reading(bytes)?;
    let told = bar.clone();
    let looking =
        tokio::task::spawn_blocking(move || digest(&path, compression, move |read| told.set_position(read)));
    let look = looking.await?.with_context(unread);
    bar.finish_and_clear();
    look
}

/// The day on which the records are read: that of the batch's first header, so that the same records can be represented
/// whenever an upload goes on.
fn today_of(known: Option<&pb::Batch>) -> NaiveDate {
    let started = known.and_then(|batch| batch.started_at.as_ref());
    started.map_or_else(today, |at| {
        let micros = at.seconds.saturating_mul(1_000_000);
        BusinessZone::default().date_of(Timestamp::from_micros(micros))
    })
}

/// An upload that ended without a judgement, as commands tell it.
fn told(error: UploadError) -> anyhow::Error {
    match error {
        UploadError::Client(error) => error.into(),
        UploadError::Records(error) => anyhow::anyhow!(error).context("the file cannot be read"),
        UploadError::Stuck { attempts, source } => {
            let message = format!(
                "the service could not be reached {attempts} times in a row ({source}): what it has stays; run the same \
                 command again, it goes on where it stopped"
            );
            Ending {
                exit: Exit::Unavailable,
                message,
            }
            .into()
        }
        error @ UploadError::Fewer { .. } => error.into(),
    }
}
