//! `tallystick stats`: snapshots of the market, and the tables that are published of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};

use super::connect::Connect;
use super::member::{hex, request_id};
use super::output::{Output, table, to_json};
use super::upload::Lang;
use crate::client::{Client, ClientError};
use crate::domain::currency::Currency;
use crate::domain::language::Language;
use crate::domain::statistics::{Published, SnapshotKey};
use crate::web::{Listing, chart_alone, to_csv};
use crate::wire::convert::date::{date_to_wire, read_optional_date};
use crate::wire::convert::statistics::{dimensions_to_wire, read_table};
use crate::wire::pb;

/// Snapshots that are looked through for the latest published one.
const LATEST_AMONG: i32 = 100;
/// Of a digest.
const DIGEST_BYTES_SHOWN: usize = 8;

/// Read the statistics of the market: for regulator and operator.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick stats list\n  \
    tallystick stats indicators --lang zh\n  \
    tallystick stats show multi_lender_rate --by region\n  \
    tallystick stats show delinquency --currency CNY --from 2026-01-01\n  \
    tallystick stats export delinquency_by_lenders --form svg --to curve.svg\n  \
    tallystick stats create --as-of 2026-11-30")]
pub struct Stats {
    #[command(flatten)]
    connect: Connect,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Snapshots, newest first: how far each is, and its digest.
    List {
        /// Most of them to show, 1 to 1,000.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=1_000))]
        limit: i32,
        /// Form of the answer.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
    /// What is published, with exact definitions and the tables of each indicator.
    Indicators {
        /// Language of titles and definitions.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
        /// Form of the answer.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
    /// A table of a snapshot, or of all since a date. `hidden` is what disclosure control holds back.
    Show {
        #[command(flatten)]
        wanted: Wanted,
        /// Language of names.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
        /// Form of the answer.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
    /// The same as a file: exactly what the dashboard lets download, or its chart.
    Export {
        #[command(flatten)]
        wanted: Wanted,
        /// Language of a chart's texts.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
        /// Form of the file.
        #[arg(long, value_enum, default_value_t)]
        form: Form,
        /// File to write; standard output without one.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Ask for the snapshot of a date: for the operator. Answers at once; `stats list` tells when it is published.
    Create {
        /// Date to describe, from what is on file.
        #[arg(long, value_name = "DATE")]
        as_of: NaiveDate,
        /// Name of the request: repeating it asks for nothing new; a fresh one unless told.
        #[arg(long, value_name = "UUID")]
        request_id: Option<String>,
    },
}

/// Which table.
#[derive(Debug, Args)]
struct Wanted {
    /// An indicator of `stats indicators`.
    indicator: String,
    /// What it is cut by, apart by commas: region, lender_group, product_type, amount_band, rate_band, member.
    #[arg(long, value_name = "CUTS", value_delimiter = ',')]
    by: Vec<String>,
    /// Currency, for amounts; counts without one.
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    currency: String,
    /// Date of the snapshot; that of the latest published one unless told.
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// First date of a series that ends with that snapshot.
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Version of the snapshot; the latest unless told.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        hide_default_value = true,
        conflicts_with = "from"
    )]
    snapshot_version: u32,
}

/// Form of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Form {
    /// RFC 4180: amounts in minor units, shares in thousandths, `c` where a figure is hidden, `-` where there is none.
    #[default]
    Csv,
    /// The contract's message.
    Json,
    /// A chart that stands alone.
    Svg,
}

impl Stats {
    /// Runs the command.
    ///
    /// # Errors
    /// When the service refuses, or a file cannot be written.
    pub async fn run(self) -> anyhow::Result<()> {
        let connect = &self.connect;
        match self.what {
            What::List { limit, output } => list(&connect.client().await?, limit, output).await,
            What::Indicators { lang, output } => {
                indicators(&connect.client().await?, lang.into(), output).await
            }
            What::Show { wanted, lang, output } => {
                let found = wanted.find(connect).await?;
                match output {
                    Output::Json => println!("{}", found.json()?),
                    Output::Table => println!("{}", found.shown(lang.into())),
                }
                Ok(())
            }
            What::Export {
                wanted,
                lang,
                form,
                to,
            } => {
                let found = wanted.find(connect).await?;
                put(to.as_deref(), &found.file(form, lang.into())?)
            }
            What::Create { as_of, request_id } => create(&connect.client().await?, as_of, request_id).await,
        }
    }
}

/// Writes a file, or to standard output.
fn put(to: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    match to {
        Some(path) => std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display())),
        None => Ok(std::io::stdout().write_all(bytes)?),
    }
}

async fn list(client: &Client, limit: i32, output: Output) -> anyhow::Result<()> {
    let request = pb::ListSnapshotsRequest {
        page_size: limit,
        page_token: String::new(),
    };
    let listed = client.statistics().list_snapshots(request).await;
    let listed = listed.map_err(ClientError::from)?.into_inner();
    if output == Output::Json {
        println!("{}", to_json(&listed, "ListSnapshotsResponse")?);
        return Ok(());
    }
    let mut shown = table(&[
        "as of",
        "version",
        "state",
        "subjects",
        "positions",
        "lenders",
        "digest",
    ]);
    for snapshot in &listed.snapshots {
        let is_published = snapshot.state() == pb::SnapshotState::Published;
        let figure = |figure: u64| {
            if is_published {
                figure.to_string()
            } else {
                String::new()
            }
        };
        let digest = short(&snapshot.digest);
        shown.add_row([
            date(snapshot.as_of).map_or_else(String::new, |date| date.to_string()),
            snapshot.version.to_string(),
            state(snapshot.state()).to_owned(),
            figure(snapshot.subjects),
            figure(snapshot.positions),
            figure(snapshot.members.into()),
            digest,
        ]);
    }
    println!("{shown}");
    Ok(())
}

/// Enough of a digest to tell it from others.
fn short(digest: &[u8]) -> String {
    hex(digest.get(..DIGEST_BYTES_SHOWN).unwrap_or_default())
}

const fn state(state: pb::SnapshotState) -> &'static str {
    match state {
        pb::SnapshotState::Unspecified => "",
        pb::SnapshotState::Computing => "computing",
        pb::SnapshotState::Protecting => "protecting",
        pb::SnapshotState::Published => "published",
        pb::SnapshotState::Failed => "failed",
    }
}

async fn indicators(client: &Client, language: Language, output: Output) -> anyhow::Result<()> {
    let listed = client.list_indicators(language).await?;
    if output == Output::Json {
        println!("{}", to_json(&listed, "ListIndicatorsResponse")?);
        return Ok(());
    }
    for indicator in &listed.indicators {
        let tables: Vec<String> = Published::every()
            .filter(|published| published.indicator.name() == indicator.name)
            .map(|published| cuts(&published))
            .collect();
        println!(
            "{}: {}\n{}\n--by: {}\n",
            indicator.name,
            indicator.title,
            indicator.definition,
            tables.join(" | ")
        );
    }
    Ok(())
}

/// The cuts of a table as `--by` takes them.
fn cuts(published: &Published) -> String {
    let names: Vec<&str> = published.cuts.iter().map(|cut| cut.name()).collect();
    if names.is_empty() {
        "(nothing)".to_owned()
    } else {
        names.join(",")
    }
}

async fn create(client: &Client, as_of: NaiveDate, request: Option<String>) -> anyhow::Result<()> {
    let request = pb::CreateSnapshotRequest {
        as_of: Some(date_to_wire(as_of)),
        request_id: request_id(client, request),
    };
    let asked = client.statistics().create_snapshot(request).await;
    let snapshot = asked.map_err(ClientError::from)?.into_inner().snapshot;
    let snapshot = snapshot.context("the service did not say which snapshot it makes")?;
    println!(
        "snapshot of {as_of}, version {}: {}",
        snapshot.version,
        state(snapshot.state())
    );
    Ok(())
}

/// What was found.
struct Found {
    answer: pb::GetIndicatorResponse,
    listing: Listing,
}

impl Wanted {
    async fn find(self, connect: &Connect) -> anyhow::Result<Found> {
        let by: Vec<&str> = self.by.iter().map(String::as_str).collect();
        let published = self.published(&by)?;
        let currency = match self.currency.as_str() {
            "" => None,
            code => Some(Currency::parse(code).with_context(|| format!("{code} is no currency: write CNY"))?),
        };
        let client = connect.client().await?;
        let as_of = match self.as_of {
            Some(as_of) => as_of,
            None => latest(&client).await?,
        };
        let request = pb::GetIndicatorRequest {
            indicator: self.indicator,
            as_of: Some(date_to_wire(as_of)),
            series_from: self.from.map(date_to_wire),
            dimensions: dimensions_to_wire(published),
            currency: self.currency,
            version: self.snapshot_version,
        };
        let answered = client.statistics().get_indicator(request).await;
        let answer = answered.map_err(ClientError::from)?.into_inner();
        let mut listing = Listing {
            published,
            currency,
            from: self.from.unwrap_or(as_of),
            to: as_of,
            tables: Vec::new(),
        };
        for sent in &answer.tables {
            let read = read_table(sent, published, currency);
            let (as_of, table) =
                read.context("the service sent another table: is it of the same version?")?;
            let key = SnapshotKey {
                as_of,
                version: sent.version,
            };
            listing.tables.push((key, table));
        }
        Ok(Found { answer, listing })
    }

    /// The table that the words name.
    fn published(&self, by: &[&str]) -> anyhow::Result<Published> {
        let mut asked = by.to_vec();
        asked.sort_unstable();
        let found = Published::every().find(|published| {
            let mut cuts: Vec<&str> = published.cuts.iter().map(|cut| cut.name()).collect();
            cuts.sort_unstable();
            published.indicator.name() == self.indicator && cuts == asked
        });
        found.with_context(|| {
            let tables = Published::every().filter(|published| published.indicator.name() == self.indicator);
            let tables: Vec<String> = tables.map(|published| cuts(&published)).collect();
            if tables.is_empty() {
                format!(
                    "{} is no indicator: `tallystick stats indicators` shows all",
                    self.indicator
                )
            } else {
                format!(
                    "{} is not published by {}, but by: {}",
                    self.indicator,
                    by.join(","),
                    tables.join(" | ")
                )
            }
        })
    }
}

impl Found {
    fn file(&self, form: Form, language: Language) -> anyhow::Result<Vec<u8>> {
        Ok(match form {
            Form::Csv => to_csv(&self.listing.file()),
            Form::Json => self.json()?.into_bytes(),
            Form::Svg => {
                let listing = &self.listing;
                let drawn = chart_alone(
                    listing.published,
                    listing.currency,
                    listing.tables.clone(),
                    language,
                );
                drawn.context("there is nothing to draw")?.into_bytes()
            }
        })
    }

    fn json(&self) -> anyhow::Result<String> {
        to_json(&self.answer, "GetIndicatorResponse")
    }

    fn shown(&self, language: Language) -> comfy_table::Table {
        let grid = self.listing.grid(String::new(), language);
        let heads: Vec<&str> = grid.heads.iter().map(String::as_str).collect();
        let mut shown = table(&heads);
        for row in grid.rows {
            shown.add_row(row.into_iter().map(|cell| cell.text));
        }
        shown
    }
}

/// The date of the latest published snapshot.
async fn latest(client: &Client) -> anyhow::Result<NaiveDate> {
    let request = pb::ListSnapshotsRequest {
        page_size: LATEST_AMONG,
        page_token: String::new(),
    };
    let listed = client.statistics().list_snapshots(request).await;
    let snapshots = listed.map_err(ClientError::from)?.into_inner().snapshots;
    let mut published = snapshots
        .iter()
        .filter(|snapshot| snapshot.state() == pb::SnapshotState::Published);
    let newest = published.next().and_then(|snapshot| date(snapshot.as_of));
    newest.context(
        "no snapshot is published yet: the operator makes one with `tallystick stats create --as-of DATE`",
    )
}

fn date(wire: Option<pb::Date>) -> Option<NaiveDate> {
    let mut ignored = crate::wire::convert::collect::Collector::default();
    read_optional_date(wire, &crate::wire::convert::collect::Path::Root, &mut ignored).flatten()
}
