//! `tallystick database copy`: from the embedded engine to PostgreSQL, row by row, and proof that every row arrived.
//!
//! May be interrupted and begun again at any time: it goes on after the last row that is there. It ends only when the hash
//! of every table is the same on both sides; until then no server starts on the new database.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output::table as listed;
use crate::cli::place::Place;
use crate::cli::service::lock;
use crate::store::copy::{Contents, Table};
use crate::store::postgres::copy::Destination;
use crate::store::sqlite::copy::Source;

/// Rows of a chunk.
const CHUNK_ROWS: usize = 5_000;

/// Where from and where to.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    tallystick database migrate --database 'postgres:///market?host=/run/postgresql&user=tallystick'\n  \
    tallystick database copy --from data --to 'postgres:///market?host=/run/postgresql&user=tallystick'")]
pub struct Copy {
    /// The data folder of a service that was stopped.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// PostgreSQL URL of a migrated database that was never served.
    #[arg(long, value_name = "URL")]
    to: String,
    /// File with the password of that URL's user, mode 0600.
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,
}

impl Copy {
    /// Copies, compares, and tells what there is.
    ///
    /// # Errors
    /// When either cannot be used, or they differ at the end.
    pub async fn run(self) -> anyhow::Result<()> {
        let Place::Embedded(file, _) = Place::in_folder(&self.from) else {
            anyhow::bail!("--from names a data folder");
        };
        anyhow::ensure!(
            file.exists(),
            "there is no {}: --from names the data folder of the service to move",
            file.display()
        );
        let to = Place::named(&self.to, self.to_password_file.as_deref())?;
        let Place::Postgres(address, _) = &to else {
            anyhow::bail!("--to is no PostgreSQL URL: postgres://USER@HOST/DATABASE");
        };
        // Held to the end: what is copied does not change meanwhile.
        let _lock = lock(&self.from)?;
        let source = Source::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let destination = Destination::open(address)
            .await
            .with_context(|| format!("cannot copy into {}", to.name()))?;
        anyhow::ensure!(
            destination.begin().await?,
            "{} was served already: copy into a database that was migrated and nothing else",
            to.name()
        );
        let tables = source.tables()?;
        for table in &tables {
            fill(&source, &destination, table).await?;
        }
        let compared = compare(&source, &destination, &tables).await?;
        destination.analyze().await?;
        destination.finish().await?;
        show(&compared);
        println!("{}", next_steps(&self.from));
        Ok(())
    }
}

/// Copies what is missing of a table.
async fn fill(source: &Source, destination: &Destination, table: &Table) -> anyhow::Result<()> {
    let total = source.count(table)?;
    let bar = progress(&table.name, total);
    let mut last = match table.is_singleton() {
        true => None,
        false => destination.last_key(table).await?,
    };
    if last.is_some() {
        bar.set_position(destination.count(table).await?);
    }
    loop {
        let rows = source.rows(table, last.as_ref(), CHUNK_ROWS)?;
        let Some(end) = rows.last() else {
            break;
        };
        last = Some(table.key_of(end));
        destination
            .add(table, &rows)
            .await
            .with_context(|| format!("cannot copy {}", table.name))?;
        bar.inc(u64::try_from(rows.len()).unwrap_or(0));
    }
    bar.finish_and_clear();
    Ok(())
}

type Compared = Vec<(String, Contents)>;

/// Both sides of every table.
async fn compare(source: &Source, destination: &Destination, tables: &[Table]) -> anyhow::Result<Compared> {
    let (mut same, mut different) = (Vec::new(), Vec::new());
    for table in tables {
        let (here, there) = (source.contents(table)?, destination.contents(table).await?);
        if here == there {
            same.push((table.name.clone(), here));
        } else {
            different.push(format!("{} ({} and {} rows)", table.name, here.rows, there.rows));
        }
    }
    anyhow::ensure!(
        different.is_empty(),
        "these tables are not the same on both sides: {}; drop the new database, migrate it anew and copy again",
        different.join(", ")
    );
    Ok(same)
}

fn show(compared: &Compared) {
    let mut shown = listed(&["table", "rows", "SHA-256, the same on both sides"]);
    for (name, contents) in compared {
        shown.add_row([name.clone(), contents.rows.to_string(), hex(&contents.sha256)]);
    }
    println!("{shown}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn next_steps(from: &Path) -> String {
    format!(
        "The copy is whole. Name the database in the configuration ([database] url), keep the key files of {}/keys for every \
         server, and set {} aside: a service that is started on it again goes another way.",
        from.display(),
        from.join(crate::cli::place::DATABASE_FILE).display()
    )
}

fn progress(name: &str, rows: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{prefix:18} {bar:40} {human_pos} of {human_len} rows, {per_sec}");
    let bar = ProgressBar::new(rows).with_prefix(name.to_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
