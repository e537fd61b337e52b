//! `tallystick export`: the member's own book, as the service has it.
//!
//! Page by page into a file, so that memory does not grow with the book. The service knows nobody: whom a position is about
//! stands in it as the member's own tokens.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use tempfile::NamedTempFile;

use super::connect::Connect;
use super::exit::{Ending, Exit};
use super::today;
use super::upload::FileFormat;
use crate::client::{Client, ClientError};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::position::Position;
use crate::identity::named::Named;
use crate::import::metro2::{Metro2Conventions, Metro2Sender, Metro2Writer};
use crate::import::pboc::PbocWriter;
use crate::import::table::columns::{self, Column, Part};
use crate::import::table::{Compression, Output, TableWriter, guess};
use crate::import::{FileRecord, Writer};
use crate::wire::convert::position::read_stored_position;
use crate::wire::convert::subject_token::AnyVersion;
use crate::wire::pb;

/// Positions of one page: the contract's most.
const PAGE_POSITIONS: i32 = 1_000;

/// Write your own book to a file, as the service has it; subjects are your tokens.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tallystick export --out book.csv.zst --open-only")]
pub struct Export {
    /// The file; its name tells format and compression unless told.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Its format.
    #[arg(long)]
    format: Option<FileFormat>,
    /// Leave closed accounts out.
    #[arg(long)]
    open_only: bool,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// Your name in the header of a Metro 2 file.
    #[arg(long, value_name = "NAME", default_value = "")]
    reporter: String,
    /// What the bureau calls you, in each record of a Metro 2 file.
    #[arg(long, value_name = "ID", default_value = "")]
    reporter_id: String,
    #[command(flatten)]
    connect: Connect,
}

impl Export {
    /// Runs the command.
    ///
    /// # Errors
    /// The service refuses, the file cannot be written or is there; an [`Ending`] when the format cannot say a position.
    pub async fn run(self) -> anyhow::Result<()> {
        self.refuse_existing()?;
        let client = self.connect.client().await?;
        let folder = self.out.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Of mode 0600, and without its name until it is whole.
        let temporary =
            NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).with_context(|| self.unwritten())?;
        let output = Box::new(temporary.reopen().with_context(|| self.unwritten())?);
        let mut writer = self.writer(output)?;
        let (written, left_out) = self.write(&client, &mut *writer).await?;
        writer.finish().with_context(|| self.unwritten())?;
        temporary.as_file().sync_all().with_context(|| self.unwritten())?;
        self.refuse_existing()?;
        temporary.persist(&self.out).with_context(|| self.unwritten())?;
        eprintln!("{written} positions written to {}", self.out.display());
        if left_out == 0 {
            return Ok(());
        }
        let message =
            format!("{left_out} positions cannot be said in this format and were left out: csv can say more");
        Err(Ending {
            exit: Exit::Partly,
            message,
        }
        .into())
    }

    fn unwritten(&self) -> String {
        format!("cannot write {}", self.out.display())
    }

    fn refuse_existing(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.force || !self.out.exists(),
            "{} is there: name another file, or replace it with --force",
            self.out.display()
        );
        Ok(())
    }

    fn writer(&self, output: Output) -> anyhow::Result<Box<dyn Writer>> {
        let guessed = guess(&self.out);
        let is_foreign = self.format.is_some_and(|format| format.table().is_none());
        let format = self
            .format
            .or_else(|| guessed.map(|(format, _)| FileFormat::of_table(format)));
        let format = format.context("the file's name tells no format: say --format")?;
        let compression = guessed.map(|(_, compression)| compression).unwrap_or_default();
        anyhow::ensure!(
            !is_foreign || compression == Compression::None,
            "files of this format are written without compression: take another name"
        );
        let begun = match format {
            FileFormat::Csv | FileFormat::Jsonl | FileFormat::Parquet => {
                let table = format.table().context("it is a table")?;
                TableWriter::new(output, table, compression, columns_of_tokens()).map(boxed)
            }
            FileFormat::Metro2 => {
                let sender = Metro2Sender {
                    name: self.reporter.clone(),
                    address: String::new(),
                    identification_number: self.reporter_id.clone(),
                    activity_date: today(),
                    created_on: today(),
                };
                let output = BufWriter::new(output);
                Metro2Writer::new(output, sender, Metro2Conventions::default()).map(boxed)
            }
            FileFormat::PbocCodes => PbocWriter::new(BufWriter::new(output)).map(boxed),
        };
        begun.with_context(|| self.unwritten())
    }

    /// Writes all positions; how many, and how many the format cannot say.
    async fn write(&self, client: &Client, writer: &mut dyn Writer) -> anyhow::Result<(u64, u64)> {
        let (mut written, mut left_out) = (0, 0);
        let mut next = Some(String::new());
        while let Some(page_token) = next {
            let request = pb::ListPositionsRequest {
                page_size: PAGE_POSITIONS,
                page_token,
                open_only: self.open_only,
            };
            let page = client
                .reporting()
                .list_positions(request)
                .await
                .map_err(ClientError::from)?;
            let page = page.into_inner();
            for position in &page.positions {
                match writer.write(&record_of(position)?) {
                    Ok(()) => written += 1,
                    Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                        left_out += 1;
                        eprintln!("{} was left out: {error}", position.account_ref);
                    }
                    Err(error) => return Err(error).with_context(|| self.unwritten()),
                }
            }
            next = Some(page.next_page_token).filter(|token| !token.is_empty());
        }
        Ok((written, left_out))
    }
}

fn boxed<W: Writer + 'static>(writer: W) -> Box<dyn Writer> {
    Box::new(writer)
}

/// Every field, and of those liable what the service knows: no identifiers.
fn columns_of_tokens() -> Vec<Column> {
    let known = |column: &Column| {
        !matches!(
            column,
            Column::Liability(_, Part::Identifier(_) | Part::Country(_))
        )
    };
    columns::all().into_iter().filter(known).collect()
}

fn record_of(wire: &pb::Position) -> anyhow::Result<FileRecord> {
    let read = read_stored_position(wire, &AnyVersion);
    let position = read.map_err(|_| ClientError::Malformed { what: "position" })?;
    let named = position.try_map_tokens(|token| Ok::<_, std::convert::Infallible>(Named::Token(token)));
    let position: Position<Named> = match named {
        Ok(position) => position,
        Err(never) => match never {},
    };
    Ok(BatchRecord::Position(PositionRecord {
        position,
        event: None,
        correction_reason: None,
    }))
}
