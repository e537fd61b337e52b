//! The reject file: what was not taken, as it stood in the file, with what is wrong and how to mend it.
//!
//! Made by one more pass over the file beside the service's results, both in the order of the records, so that neither is
//! held. A file is whole under its name or not there. Invariant: nothing of another batch is overwritten.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tempfile::NamedTempFile;

use super::file::{FileFormat, InputFile};
use super::parsing::{Parsed, ParsedFile};
use crate::client::{Client, ClientError};
use crate::domain::batch::BatchId;
use crate::domain::violation::Violation;
use crate::import::advice::{Language, reason};
use crate::import::table::guess;
use crate::import::{Reason, RejectWriter, Unreadable};
use crate::wire::pb;

/// Results of one page: the contract's most.
const PAGE_RESULTS: i32 = 1_000;
/// Stands for the batch's name in the name of a reject file.
const BATCH_MARK: &str = "{batch}";

/// Where the rejects of a batch go: as told, or beside the file. A name that holds the batch's name may be replaced: it is
/// of this batch.
///
/// # Errors
/// A file of another name is there.
pub(super) fn place(asked: Option<&Path>, file: &InputFile, batch_id: &BatchId) -> anyhow::Result<PathBuf> {
    permitted(asked, || beside(&file.path, file.format, batch_id), batch_id)
}

fn permitted(
    asked: Option<&Path>,
    beside: impl FnOnce() -> PathBuf,
    batch_id: &BatchId,
) -> anyhow::Result<PathBuf> {
    let place = match asked {
        Some(path) => {
            let name = path.to_string_lossy().replace(BATCH_MARK, batch_id.as_str());
            PathBuf::from(name)
        }
        None => beside(),
    };
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    anyhow::ensure!(
        !place.exists() || name.contains(batch_id.as_str()),
        "{} is there and may be of another batch: move it away, or name the rejects with {BATCH_MARK} in the name, which \
         stands for {}",
        place.display(),
        batch_id.as_str()
    );
    Ok(place)
}

/// `loans.csv.gz` becomes `loans.rejects-BATCH.csv.gz`, in the same folder.
fn beside(file: &Path, format: FileFormat, batch_id: &BatchId) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let (stem, mut endings) = name.split_once('.').unwrap_or((&name, ""));
    if format.table().is_none() {
        // Such rejects are written without compression.
        endings = endings
            .trim_end_matches("gz")
            .trim_end_matches("zst")
            .trim_end_matches('.');
    }
    let dot = if endings.is_empty() { "" } else { "." };
    file.with_file_name(format!("{stem}.rejects-{}{dot}{endings}", batch_id.as_str()))
}

/// What became of the pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rejected {
    /// Records that cannot be represented.
    pub(super) unreadable: u64,
    /// The reject file, when there was anything to reject. Of a format without room for them the reasons stand beside it.
    pub(super) file: Option<PathBuf>,
}

/// Writes the rejects of a batch to `place`.
pub(super) async fn write(
    client: &Client,
    batch_id: &BatchId,
    file: &Arc<InputFile>,
    place: &Path,
    language: Language,
) -> anyhow::Result<Rejected> {
    let mut results = Results::of(client, batch_id);
    let mut output = Output::to(file, place);
    let mut parsed = ParsedFile::of(Arc::clone(file));
    let (mut number, mut unreadable) = (0, 0);
    while let Some(batch) = parsed.next().await? {
        for Parsed { raw, read } in batch {
            let reasons = if let Err(broken) = read {
                unreadable += 1;
                of_unreadable(&broken, language)
            } else {
                number += 1;
                let Some(violations) = results.rejection_of(number).await? else {
                    continue;
                };
                of_service(&violations, language)
            };
            output.writer()?.reject(&raw, &reasons).context(UNWRITTEN)?;
        }
    }
    Ok(Rejected {
        unreadable,
        file: output.finish()?,
    })
}

fn of_unreadable(broken: &Unreadable, language: Language) -> Vec<Reason> {
    let reasons = broken.violations.iter().map(|violation: &Violation| {
        let code = violation.code.as_str();
        reason(code, &violation.field, &violation.description, language)
    });
    reasons.collect()
}

fn of_service(violations: &[pb::RuleViolation], language: Language) -> Vec<Reason> {
    let reasons = violations
        .iter()
        .map(|broken| reason(&broken.code, &broken.field, &broken.description, language));
    reasons.collect()
}

const UNWRITTEN: &str = "the reject file cannot be written";

/// The service's results, page by page.
struct Results<'a> {
    client: &'a Client,
    batch_id: &'a BatchId,
    page: std::vec::IntoIter<pb::RecordResult>,
    /// The next page; `None` behind the last.
    next: Option<String>,
    waiting: Option<pb::RecordResult>,
}

impl<'a> Results<'a> {
    fn of(client: &'a Client, batch_id: &'a BatchId) -> Self {
        Self {
            client,
            batch_id,
            page: Vec::new().into_iter(),
            next: Some(String::new()),
            waiting: None,
        }
    }

    /// Why a record was rejected, if it was. Asked in the order of the numbers.
    async fn rejection_of(&mut self, number: u64) -> Result<Option<Vec<pb::RuleViolation>>, ClientError> {
        loop {
            if self.waiting.is_none() {
                self.waiting = self.next_result().await?;
            }
            match self.waiting.take() {
                Some(result) if result.record_number < number => {}
                Some(result) if result.record_number == number => {
                    return Ok(Some(result.violations).filter(|violations| !violations.is_empty()));
                }
                later => {
                    self.waiting = later;
                    return Ok(None);
                }
            }
        }
    }

    async fn next_result(&mut self) -> Result<Option<pb::RecordResult>, ClientError> {
        loop {
            if let Some(result) = self.page.next() {
                return Ok(Some(result));
            }
            let Some(page_token) = self.next.take() else {
                return Ok(None);
            };
            let request = pb::ListRecordResultsRequest {
                batch_id: self.batch_id.as_str().to_owned(),
                page_size: PAGE_RESULTS,
                page_token,
            };
            let page = self
                .client
                .reporting()
                .list_record_results(request)
                .await?
                .into_inner();
            self.page = page.results.into_iter();
            self.next = Some(page.next_page_token).filter(|token| !token.is_empty());
        }
    }
}

/// A file that begins with the first reject and gets its name at the end.
struct Output<'a> {
    file: &'a InputFile,
    place: &'a Path,
    begun: Option<Begun>,
}

/// Files without their names.
struct Begun {
    writer: Box<dyn RejectWriter>,
    records: NamedTempFile,
    reasons: Option<NamedTempFile>,
}

/// Where the reasons stand that a format has no room for.
fn reasons_beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!("{name}.reasons.csv"))
}

impl<'a> Output<'a> {
    fn to(file: &'a InputFile, place: &'a Path) -> Self {
        Self {
            file,
            place,
            begun: None,
        }
    }

    fn writer(&mut self) -> anyhow::Result<&mut dyn RejectWriter> {
        if self.begun.is_none() {
            self.begun = Some(self.begin().context(UNWRITTEN)?);
        }
        let begun = self.begun.as_mut().context("the reject file was not begun")?;
        Ok(&mut *begun.writer)
    }

    fn begin(&self) -> anyhow::Result<Begun> {
        let folder = self
            .place
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // Of mode 0600: they hold identifiers, or the names of accounts.
        let records = NamedTempFile::new_in(folder)?;
        let apart = self.file.format.has_reasons_apart();
        let reasons = apart.then(|| NamedTempFile::new_in(folder)).transpose()?;
        let explained: Box<dyn Write + Send> = match &reasons {
            Some(reasons) => Box::new(BufWriter::new(reasons.reopen()?)),
            None => Box::new(std::io::sink()),
        };
        let output = Box::new(BufWriter::new(records.reopen()?));
        let compression = guess(self.place).map(|(_, compression)| compression);
        let opened = self.file.open()?;
        let writer = opened.rejects(output, compression.unwrap_or_default(), explained)?;
        Ok(Begun {
            writer,
            records,
            reasons,
        })
    }

    fn finish(self) -> anyhow::Result<Option<PathBuf>> {
        let Some(begun) = self.begun else {
            return Ok(None);
        };
        begun.writer.finish().context(UNWRITTEN)?;
        // The reasons first: whoever sees the records finds them.
        let reasons = begun.reasons.map(|file| (file, reasons_beside(self.place)));
        let files = reasons
            .into_iter()
            .chain([(begun.records, self.place.to_owned())]);
        for (file, place) in files {
            file.as_file().sync_all().context(UNWRITTEN)?;
            file.persist(place).context(UNWRITTEN)?;
        }
        Ok(Some(self.place.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> BatchId {
        BatchId::parse("2026-03-02-full-0123456789ab").expect("a name")
    }

    #[test]
    fn rejects_lie_beside_their_file_and_are_named_by_their_batch() {
        use FileFormat::{Csv, Jsonl, Metro2};
        let id = batch();
        for (file, format, expected) in [
            (
                "/x/loans.csv",
                Csv,
                "/x/loans.rejects-2026-03-02-full-0123456789ab.csv",
            ),
            (
                "loans.jsonl.gz",
                Jsonl,
                "loans.rejects-2026-03-02-full-0123456789ab.jsonl.gz",
            ),
            ("loans", Csv, "loans.rejects-2026-03-02-full-0123456789ab"),
            (
                "loans.m2.zst",
                Metro2,
                "loans.rejects-2026-03-02-full-0123456789ab.m2",
            ),
            ("loans.gz", Metro2, "loans.rejects-2026-03-02-full-0123456789ab"),
        ] {
            assert_eq!(beside(Path::new(file), format, &id), Path::new(expected));
        }
    }

    #[test]
    fn only_a_file_that_is_named_by_the_batch_may_be_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |asked: Option<&Path>| permitted(asked, || folder.path().join("none"), &batch());
        let asked = folder.path().join("rejects.csv");
        assert_eq!(place(Some(&asked)).expect("free"), asked);
        std::fs::write(&asked, "somebody's").expect("written");
        let error = place(Some(&asked)).expect_err("it is there");
        assert!(error.to_string().contains("{batch}"), "{error}");
        let marked = folder.path().join("rejects-{batch}.csv");
        let named = place(Some(&marked)).expect("free");
        std::fs::write(&named, "of an earlier try").expect("written");
        assert_eq!(place(Some(&marked)).expect("its own"), named);
    }
}
