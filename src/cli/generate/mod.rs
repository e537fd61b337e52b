//! `tallystick generate`: the files of a synthetic market, as many and as large as one likes, with the truth about them.
//!
//! For trials, measurements and demonstrations: full books of several members over several months, consistent with each
//! other, with mistakes planted where they are asked for. Everything about a loan on a day is computed from the seed and a
//! few numbers, never remembered. Invariant: every record without a planted mistake is accepted when the months are
//! uploaded in their order.

mod book;
mod books;
mod chain;
mod draw;
mod file;
mod loan;
mod mistakes;
mod months;
mod population;
mod statement;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

pub use self::books::Books;

use self::book::Planting;
use self::file::{Expected, Market};
use self::mistakes::{Fate, Mistake, STRANGERS, why_not};
use self::months::Month;
use self::population::{Population, member_id};
use super::output;
use crate::cli::market::Person;
use crate::domain::violation::Code;
use crate::import::table::{Compression, Format};

/// Subjects at most.
const SUBJECTS_MAX: u64 = Person::NUMBERS - STRANGERS;
/// Mistakes beside a thousand records when only their codes are given.
const ERRORS_PER_MILLE: u32 = 5;

/// Write the files of a synthetic market: people, loans and histories are invented, the same for the same arguments.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick generate --out market --seed 1 --subjects 10000 --months 3\n  \
    tallystick generate --out market --seed 1 --subjects 50000000 --records 10000000 --members 1 --compression zstd\n  \
    tallystick generate --out market --seed 1 --subjects 20000 --errors-of FORMAT,DPD_JUMP\n\n\
    Beside each file, …_truth.csv lists the rows that are not plainly accepted, …_totals.json what is expected in all.")]
pub struct Generate {
    /// The folder for the files; made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Another seed is another market.
    #[arg(long)]
    seed: u64,
    /// Borrowers of the whole market.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=SUBJECTS_MAX))]
    subjects: u64,
    /// Lenders, one file a month each.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    members: u64,
    /// Months up to the last.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=240))]
    months: u32,
    /// The last month-end; by default the latest that is over.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// The format of the files.
    #[arg(long, value_enum, default_value_t)]
    format: FileFormat,
    /// How they are compressed; Parquet inside.
    #[arg(long, value_enum, default_value_t)]
    compression: FileCompression,
    /// Of a hundred borrowers, those with more than one lender.
    #[arg(long, value_name = "PERCENT", default_value_t = 38,
        value_parser = clap::value_parser!(u32).range(0..=100))]
    stacking: u32,
    /// Mistakes to plant beside a thousand records, of every kind there is.
    #[arg(long, value_name = "PER_MILLE", value_parser = clap::value_parser!(u32).range(0..=150))]
    errors: Option<u32>,
    /// Plant only mistakes that break these rules.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    errors_of: Vec<String>,
    /// Take only so many of the subjects that about so many records are in a file.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    records: Option<u64>,
}

/// Formats of tabular files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum FileFormat {
    /// Comma-separated values.
    #[default]
    Csv,
    /// A JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

/// Compressions of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum FileCompression {
    /// As they are.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// A file to be written: of which member and month.
type Task = (u64, Month);

impl Generate {
    /// Writes the files.
    ///
    /// # Errors
    /// An argument that means nothing, or a file that cannot be written.
    pub fn run(self) -> anyhow::Result<()> {
        let months = self.months()?;
        let market = self.market()?;
        std::fs::create_dir_all(&self.out)
            .with_context(|| format!("cannot make the folder {}", self.out.display()))?;
        let members = 0..self.members;
        let tasks: Vec<Task> = months
            .iter()
            .flat_map(|month| members.clone().map(|member| (member, *month)))
            .collect();
        let began = Instant::now();
        let written = write_all(&market, &self.out, &tasks)?;
        print_summary(&written, began.elapsed());
        Ok(())
    }

    fn months(&self) -> anyhow::Result<Vec<Month>> {
        let last = match self.as_of {
            Some(day) => Month::ending(day)
                .with_context(|| format!("--as-of {day} is no month-end; give the last day of a month"))?,
            None => Month::over_on(super::today()).context("today has no month before it")?,
        };
        let months = last.and_before(self.months);
        let first = chain::FIRST_MONTH_END;
        anyhow::ensure!(
            months.first().is_some_and(|month| month.end >= first),
            "the market begins on {first}; take fewer --months or a later --as-of"
        );
        Ok(months)
    }

    fn market(&self) -> anyhow::Result<Market> {
        let mut population = Population {
            seed: self.seed,
            subjects: self.subjects,
            members: self.members,
            stacking_percent: self.stacking,
        };
        if let Some(records) = self.records {
            population.subjects = population.subjects.min(population.subjects_for(records));
        }
        let default = if self.errors_of.is_empty() {
            0
        } else {
            ERRORS_PER_MILLE
        };
        let planting = Planting {
            per_mille: self.errors.unwrap_or(default),
            mistakes: mistakes_of(&self.errors_of)?,
        };
        Ok(Market {
            population,
            format: match self.format {
                FileFormat::Csv => Format::Csv,
                FileFormat::Jsonl => Format::JsonLines,
                FileFormat::Parquet => Format::Parquet,
            },
            compression: match self.compression {
                FileCompression::None => Compression::None,
                FileCompression::Gzip => Compression::Gzip,
                FileCompression::Zstd => Compression::Zstd,
            },
            arguments: json!({
                "seed": self.seed,
                "subjects": self.subjects,
                "subjects_taken": population.subjects,
                "members": self.members,
                "months": self.months,
                "stacking_percent": self.stacking,
                "errors_per_mille": planting.per_mille,
                "errors_of": self.errors_of,
                "records": self.records,
            }),
            planting,
        })
    }
}

/// Every code there is, in the order of their stored numbers.
fn every_code() -> impl Iterator<Item = Code> {
    (0..=u8::MAX).map_while(|number| postcard::from_bytes(&[number]).ok())
}

/// The mistakes that break some rules; without any, all of them.
fn mistakes_of(codes: &[String]) -> anyhow::Result<Vec<Mistake>> {
    for text in codes {
        let code = every_code().find(|code| code.as_str() == text);
        let code = code.with_context(|| format!("--errors-of {text}: there is no such code"))?;
        if let Some(why) = why_not(code) {
            anyhow::bail!("--errors-of {text}: no record of a file breaks it: {why}");
        }
    }
    let wanted =
        |mistake: &Mistake| codes.is_empty() || codes.iter().any(|text| text == mistake.code.as_str());
    Ok(mistakes::all().filter(wanted).collect())
}

/// Writes files as many at a time as there are processors: each depends on nothing but its own name.
fn write_all(market: &Market, folder: &Path, tasks: &[Task]) -> anyhow::Result<Vec<(Task, Expected)>> {
    let files = u64::try_from(tasks.len()).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(files.saturating_mul(market.population.subjects)).with_style(
        ProgressStyle::with_template("{bar:40} {percent}% {elapsed} of about {duration}")
            .context("the bar")?,
    );
    let next = AtomicUsize::new(0);
    let written = Mutex::new(Vec::new());
    let work = || {
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = market.write(folder, task.0, task.1, &|subjects| bar.inc(subjects));
            if result.is_err() {
                // Nobody begins another one.
                next.store(tasks.len(), Ordering::Relaxed);
            }
            if let Ok(mut written) = written.lock() {
                written.push(result.map(|expected| (*task, expected)));
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 1..workers.min(tasks.len()) {
            scope.spawn(work);
        }
        work();
    });
    bar.finish_and_clear();
    let written = written.into_inner().ok().context("a file was not finished")?;
    let mut written: Vec<(Task, Expected)> = written.into_iter().collect::<anyhow::Result<_>>()?;
    anyhow::ensure!(written.len() == tasks.len(), "a file was not finished");
    written.sort_by_key(|(task, _)| *task);
    Ok(written)
}

fn print_summary(written: &[(Task, Expected)], took: Duration) {
    let mut table = output::table(&[
        "member",
        "files",
        "records",
        "accepted",
        "warnings",
        "superseded",
        "rejected",
        "unreadable",
    ]);
    let mut line = |name: &str, files: usize, expected: &Expected| {
        table.add_row([
            name.to_owned(),
            files.to_string(),
            expected.records.to_string(),
            expected.of(Fate::Accepted).to_string(),
            expected.warnings.to_string(),
            expected.of(Fate::Superseded).to_string(),
            expected.of(Fate::Rejected).to_string(),
            expected.of(Fate::Unreadable).to_string(),
        ]);
    };
    let mut all = Expected::default();
    for files in written.chunk_by(|(one, _), (other, _)| one.0 == other.0) {
        let mut sum = Expected::default();
        for (_, expected) in files {
            sum.add(expected);
        }
        all.add(&sum);
        if let Some(((member, _), _)) = files.first() {
            line(&member_id(*member), files.len(), &sum);
        }
    }
    line("all", written.len(), &all);
    println!("{table}");
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = all.records.saturating_mul(1_000) / millis;
    println!(
        "{} records in {}.{:03} s, {per_second} a second",
        all.records,
        millis / 1_000,
        millis % 1_000
    );
}
