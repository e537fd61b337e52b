//! `tallystick rules`: packs of lending limits as files, before a service ever reads them.

mod explain;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::exit::{Ending, Exit};
use super::output::{Output, table};
use super::upload::Lang;
use crate::domain::rules::Effective;
use crate::rule_packs::{
    Case, Difference, PackError, PackErrors, PackFile, Place, read_file, read_folder, shipped,
};

/// Check, explain and test packs of lending limits. Needs no service.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick rules check\n  \
    tallystick rules check rule-packs\n  \
    tallystick rules explain cn-consortium --lang zh\n  \
    tallystick rules test rule-packs/our-limits.toml")]
pub struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read packs and tell everything that is wrong with them; the exit code is 1 if anything is.
    Check(Files),
    /// Say in plain words what a pack refuses.
    Explain {
        /// Name of a pack that the program ships, or a file.
        #[arg(value_name = "NAME|FILE")]
        pack: String,
        /// Language.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
    },
    /// Run the cases that packs carry; the exit code is 1 if one does not hold.
    Test(Files),
}

/// Which packs, and the form of what is said about them.
#[derive(Debug, Args)]
struct Files {
    /// Files of packs and folders of such files; the packs that the program ships if none is given.
    #[arg(value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Rules {
    /// Runs the command.
    ///
    /// # Errors
    /// When a pack cannot be read, or one of its cases does not hold.
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Check(files) => check(&files),
            What::Explain { pack, lang } => {
                println!("{}", explain::explain(&find(&pack)?, lang.into()));
                Ok(())
            }
            What::Test(files) => test(&files),
        }
    }
}

/// What was read, and what could not be.
#[derive(Debug, Default)]
struct Read {
    packs: Vec<PackFile>,
    errors: Vec<PackError>,
}

impl Read {
    /// Of files and folders; of the packs that the program ships if there are none.
    fn of(paths: &[PathBuf]) -> Self {
        let mut read = Self::default();
        if paths.is_empty() {
            read.packs.extend(shipped().iter().cloned());
        }
        for path in paths {
            let packs = if path.is_dir() {
                read_folder(path).map(|packs| packs.iter().cloned().collect())
            } else {
                read_file(path).map(|pack| vec![pack])
            };
            match packs {
                Ok(packs) => read.packs.extend(packs),
                Err(PackErrors(errors)) => read.errors.extend(errors),
            }
        }
        read
    }

    fn errors_as_json(&self) -> Vec<Value> {
        self.errors.iter().map(error_as_json).collect()
    }

    /// Ends well only if nothing is wrong.
    fn end(&self) -> anyhow::Result<()> {
        match self.errors.len() {
            0 => Ok(()),
            1 => Err(failed("1 mistake, see above".to_owned())),
            count => Err(failed(format!("{count} mistakes, see above"))),
        }
    }
}

fn check(files: &Files) -> anyhow::Result<()> {
    let read = Read::of(&files.paths);
    match files.output {
        Output::Json => {
            let packs: Vec<Value> = read.packs.iter().map(pack_as_json).collect();
            let told = json!({ "packs": packs, "errors": read.errors_as_json() });
            println!("{}", serde_json::to_string_pretty(&told)?);
        }
        Output::Table => {
            if !read.packs.is_empty() {
                println!("{}", listed(&read.packs));
            }
            for error in &read.errors {
                println!("{error}");
            }
        }
    }
    read.end()
}

fn listed(packs: &[PackFile]) -> comfy_table::Table {
    let mut shown = table(&[
        "pack", "version", "in force", "currency", "rules", "cases", "status",
    ]);
    for file in packs {
        let pack = &file.pack;
        shown.add_row([
            pack.name.clone(),
            pack.version.to_string(),
            in_force(pack.effective),
            pack.currency.to_string(),
            pack.rules.len().to_string(),
            file.cases.len().to_string(),
            file.status.clone(),
        ]);
    }
    shown
}

fn in_force(effective: Effective) -> String {
    match effective.last_day {
        Some(last_day) => format!("{} to {last_day}", effective.first_day),
        None => format!("from {}", effective.first_day),
    }
}

fn pack_as_json(file: &PackFile) -> Value {
    let pack = &file.pack;
    json!({
        "file": file.file,
        "name": pack.name,
        "version": pack.version,
        "titleEn": pack.title_en,
        "titleZh": pack.title_zh,
        "currency": pack.currency.as_str(),
        "firstDay": pack.effective.first_day,
        "lastDay": pack.effective.last_day,
        "needsIncome": pack.needs_income(),
        "rules": pack.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
        "cases": file.cases.len(),
        "status": file.status,
        "sources": file.sources,
        "sha256": pack.sha256.0.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
    })
}

fn error_as_json(error: &PackError) -> Value {
    let (rule, case) = match &error.place {
        Place::Pack => (None, None),
        Place::Rule(id) => (Some(id), None),
        Place::Case(name) => (None, Some(name)),
    };
    json!({
        "file": error.file, "line": error.line, "rule": rule, "case": case, "problem": error.problem,
    })
}

/// The highest version of a shipped pack, or the pack of a file.
fn find(pack: &str) -> anyhow::Result<PackFile> {
    let shipped = shipped();
    if let Some(file) = shipped.versions_of(pack).next_back() {
        return Ok(file.clone());
    }
    let path = Path::new(pack);
    if !path.exists() {
        let names: Vec<&str> = shipped.names().collect();
        anyhow::bail!(
            "there is no pack {pack}: name a file, or one of {}",
            names.join(", ")
        );
    }
    read_file(path).with_context(|| format!("{pack} cannot be explained"))
}

/// A case and in what it does not hold.
struct Outcome<'a> {
    file: &'a PackFile,
    case: &'a Case,
    differences: Vec<Difference>,
}

fn outcomes(packs: &[PackFile]) -> Vec<Outcome<'_>> {
    let mut outcomes = Vec::new();
    for file in packs {
        outcomes.extend(file.cases.iter().map(|case| Outcome {
            file,
            case,
            differences: case.run(&file.pack),
        }));
    }
    outcomes
}

fn test(files: &Files) -> anyhow::Result<()> {
    let read = Read::of(&files.paths);
    let outcomes = outcomes(&read.packs);
    match files.output {
        Output::Json => {
            let cases: Vec<Value> = outcomes.iter().map(outcome_as_json).collect();
            let told = json!({ "cases": cases, "errors": read.errors_as_json() });
            println!("{}", serde_json::to_string_pretty(&told)?);
        }
        Output::Table => {
            let errors = read.errors.iter().map(ToString::to_string);
            let lines = errors.chain(failures(&outcomes));
            for line in lines.chain(summary(&read.packs, &outcomes)) {
                println!("{line}");
            }
        }
    }
    read.end()?;
    match outcomes.iter().filter(|outcome| !outcome.holds()).count() {
        0 => Ok(()),
        failing => Err(failed(format!(
            "{failing} of {} cases do not hold",
            outcomes.len()
        ))),
    }
}

impl Outcome<'_> {
    fn holds(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Each case that does not hold, and in what.
fn failures(outcomes: &[Outcome<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.holds()) {
        let (file, case) = (&outcome.file.file, outcome.case);
        lines.push(format!(
            "{file}:{}: case `{}` does not hold",
            case.line, case.name
        ));
        let differences = outcome.differences.iter();
        lines.extend(differences.map(|difference| format!("  {difference}")));
    }
    lines
}

/// How many cases of each pack hold.
fn summary(packs: &[PackFile], outcomes: &[Outcome<'_>]) -> Vec<String> {
    let of_pack = |file: &PackFile| {
        let own = outcomes.iter().filter(|outcome| outcome.file.file == file.file);
        let held = own.filter(|outcome| outcome.holds()).count();
        match file.cases.len() {
            0 => format!("{}: has no cases: add [[case]] tables", file.version()),
            count => format!("{}: {held} of {count} cases hold", file.version()),
        }
    };
    packs.iter().map(of_pack).collect()
}

fn outcome_as_json(outcome: &Outcome<'_>) -> Value {
    let differences: Vec<Value> = outcome
        .differences
        .iter()
        .map(|difference| {
            json!({ "key": difference.key, "expected": difference.expected, "got": difference.got })
        })
        .collect();
    json!({
        "file": outcome.file.file,
        "line": outcome.case.line,
        "pack": outcome.file.pack.name,
        "version": outcome.file.pack.version,
        "case": outcome.case.name,
        "holds": outcome.holds(),
        "differences": differences,
    })
}

fn failed(message: String) -> anyhow::Error {
    let exit = Exit::Failed;
    Ending { exit, message }.into()
}
