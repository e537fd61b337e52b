//! `tallystick reconcile`: the service's view of your book on a date, and whether yours says the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;

use super::connect::Connect;
use super::output::{Output, amount, table, to_json};
use super::today;
use crate::client::ClientError;
use crate::domain::batch::{BatchRecord, Sums};
use crate::domain::currency::Currency;
use crate::domain::position::AccountStatus;
use crate::domain::reconciliation::{BookEntry, BookLine, Reconciliation};
use crate::import::Circumstances;
use crate::import::table::open;
use crate::wire::convert::date::date_to_wire;
use crate::wire::pb;

/// Show what the service has of your book on a date: accounts and sums by status and currency. With --against it is
/// compared with the positions of a file, and the command fails if they differ.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tallystick reconcile --as-of 2026-11-30\n  \
    tallystick reconcile --as-of 2026-11-30 --against positions.csv.zst")]
pub struct Reconcile {
    #[command(flatten)]
    connect: Connect,
    /// Date of the book.
    #[arg(long, value_name = "DATE")]
    as_of: NaiveDate,
    /// File with your whole book of that date: CSV, JSON Lines or Parquet. It does not leave this machine.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Reconcile {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        // Read first: who mistyped the name need not wait for the service.
        let own = self
            .against
            .as_deref()
            .map(|path| own_book(path, today()))
            .transpose()?;
        let client = self.connect.client().await?;
        let request = pb::GetReconciliationRequest {
            as_of: Some(date_to_wire(self.as_of)),
        };
        let answered = client.reporting().get_reconciliation(request).await;
        let answer = answered.map_err(ClientError::from)?.into_inner();
        let Some(own) = own else {
            match self.output {
                Output::Json => println!("{}", to_json(&answer, "GetReconciliationResponse")?),
                Output::Table => println!("{}", shown(&book_of(&answer)?)),
            }
            return Ok(());
        };
        let found = differences(&book_of(&answer)?, &own.book);
        match self.output {
            Output::Json => println!("{}", as_json(&found, own.unreadable)?),
            Output::Table if found.is_empty() => println!("{}", shown(&own.book)),
            Output::Table => println!("{}", compared(&found)),
        }
        if own.unreadable > 0 {
            eprintln!(
                "{} records of the file cannot be read and are in none of its sums: upload it to see why",
                own.unreadable
            );
        }
        anyhow::ensure!(
            found.is_empty(),
            "the books of {} differ in {} lines: send what is missing, and correct what is wrong",
            self.as_of,
            found.len()
        );
        Ok(())
    }
}

/// What a file says.
struct OwnBook {
    book: Reconciliation,
    unreadable: u64,
}

/// Adds up the positions of a file; deletions and corrections of older versions are none of the book.
fn own_book(path: &Path, today: NaiveDate) -> anyhow::Result<OwnBook> {
    let circumstances = Circumstances {
        today,
        default_calling_code: None,
    };
    let mut opened =
        open(path, None, None, &circumstances).with_context(|| format!("cannot read {}", path.display()))?;
    let parser = opened.reader.parser();
    let mut own = OwnBook {
        book: Reconciliation::default(),
        unreadable: 0,
    };
    while let Some(raw) = opened.reader.next()? {
        match parser.parse(&raw) {
            Ok(BatchRecord::Position(record)) if record.correction_reason.is_none() => {
                let facts = &record.position.facts;
                own.book.add(BookEntry {
                    status: facts.status,
                    currency: facts.currency,
                    outstanding_total: facts.outstanding_total,
                    overdue_total: facts.overdue.total().unwrap_or(i64::MAX),
                });
            }
            Ok(BatchRecord::Position(_) | BatchRecord::Deletion { .. }) => {}
            Err(_) => own.unreadable += 1,
        }
    }
    Ok(own)
}

/// The service's answer in the domain's terms.
fn book_of(answer: &pb::GetReconciliationResponse) -> anyhow::Result<Reconciliation> {
    let lines = answer.rows.iter().map(|row| {
        let status = AccountStatus::from_code(row.status).context("the service tells an unknown status")?;
        let currency = Currency::parse(&row.currency).context("the service tells an unknown currency")?;
        let line = BookLine {
            accounts: row.accounts,
            sums: Sums {
                outstanding_total: row.outstanding_total,
                overdue_total: row.overdue_total,
            },
        };
        Ok(((status, currency), line))
    });
    lines.collect::<anyhow::Result<_>>().map(Reconciliation)
}

/// A line of which the books say different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Difference {
    status: AccountStatus,
    currency: Currency,
    service: BookLine,
    own: BookLine,
}

fn differences(service: &Reconciliation, own: &Reconciliation) -> Vec<Difference> {
    let keys: BTreeSet<_> = service.0.keys().chain(own.0.keys()).collect();
    let all = keys.into_iter().map(|key| {
        let of = |book: &Reconciliation| book.0.get(key).copied().unwrap_or_default();
        Difference {
            status: key.0,
            currency: key.1,
            service: of(service),
            own: of(own),
        }
    });
    all.filter(|line| line.service != line.own).collect()
}

/// A status as people write it.
fn name(status: AccountStatus) -> String {
    let wire = pb::AccountStatus::try_from(status.code()).unwrap_or_default();
    let name = wire.as_str_name().trim_start_matches("ACCOUNT_STATUS_");
    name.to_lowercase().replace('_', " ")
}

fn cells(currency: Currency, line: &BookLine) -> [String; 3] {
    let exponent = currency.exponent();
    [
        line.accounts.to_string(),
        amount(line.sums.outstanding_total, exponent),
        amount(line.sums.overdue_total, exponent),
    ]
}

fn shown(book: &Reconciliation) -> comfy_table::Table {
    let mut shown = table(&["status", "currency", "accounts", "outstanding", "overdue"]);
    for ((status, currency), line) in &book.0 {
        let [accounts, outstanding, overdue] = cells(*currency, line);
        shown.add_row([
            name(*status),
            currency.to_string(),
            accounts,
            outstanding,
            overdue,
        ]);
    }
    shown
}

fn compared(found: &[Difference]) -> comfy_table::Table {
    let mut shown = table(&[
        "status",
        "currency",
        "whose",
        "accounts",
        "outstanding",
        "overdue",
    ]);
    for line in found {
        for (whose, sums) in [("service", &line.service), ("yours", &line.own)] {
            let [accounts, outstanding, overdue] = cells(line.currency, sums);
            let (status, currency) = (name(line.status), line.currency.to_string());
            shown.add_row([status, currency, whose.to_owned(), accounts, outstanding, overdue]);
        }
    }
    shown
}

fn as_json(found: &[Difference], unreadable: u64) -> anyhow::Result<String> {
    let line = |line: &BookLine| {
        serde_json::json!({
            "accounts": line.accounts,
            "outstandingTotal": line.sums.outstanding_total,
            "overdueTotal": line.sums.overdue_total,
        })
    };
    let differences: Vec<_> = found
        .iter()
        .map(|found| {
            let wire = pb::AccountStatus::try_from(found.status.code()).unwrap_or_default();
            serde_json::json!({
                "status": wire.as_str_name(),
                "currency": found.currency.as_str(),
                "service": line(&found.service),
                "own": line(&found.own),
            })
        })
        .collect();
    let told = serde_json::json!({ "differences": differences, "unreadableRecords": unreadable });
    Ok(serde_json::to_string_pretty(&told)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch::PositionRecord;
    use crate::domain::validation;
    use crate::import::Writer as _;
    use crate::import::table::{Compression, Format, TableWriter, columns, samples};

    fn book(lines: &[(AccountStatus, u64, i64)]) -> Reconciliation {
        let lines = lines.iter().map(|(status, accounts, outstanding_total)| {
            let sums = Sums {
                outstanding_total: *outstanding_total,
                overdue_total: 0,
            };
            let accounts = *accounts;
            ((*status, Currency::CNY), BookLine { accounts, sums })
        });
        Reconciliation(lines.collect())
    }

    #[test]
    fn the_positions_of_a_file_are_added_up_and_what_cannot_be_read_is_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("book.jsonl");
        let file = std::fs::File::create(&path).expect("created");
        let writer = TableWriter::new(
            Box::new(file),
            Format::JsonLines,
            Compression::None,
            columns::all(),
        );
        let mut writer = Box::new(writer.expect("begun"));
        let position = |correction_reason: Option<&str>| {
            BatchRecord::Position(PositionRecord {
                position: samples::named(validation::samples::position(), samples::identifier),
                event: None,
                correction_reason: correction_reason.map(str::to_owned),
            })
        };
        for record in [position(None), position(None), position(Some("typing error"))] {
            writer.write(&record).expect("written");
        }
        writer.finish().expect("finished");
        let mut text = std::fs::read_to_string(&path).expect("read");
        text.push_str("{\"account_ref\": \"A-9\", \"currency\": \"XXX\"}\n");
        std::fs::write(&path, text).expect("written");
        let own = own_book(&path, validation::samples::today()).expect("a book");
        let lines: Vec<_> = own.book.0.into_iter().collect();
        assert_eq!(lines.len(), 1);
        let (key, line) = lines[0];
        assert_eq!(key, (AccountStatus::Open, Currency::CNY));
        assert_eq!((line.accounts, line.sums.outstanding_total), (2, 1_010_000));
        assert_eq!(own.unreadable, 1);
    }

    #[test]
    fn books_that_say_the_same_do_not_differ() {
        let one = book(&[(AccountStatus::Open, 2, 5), (AccountStatus::Closed, 1, 0)]);
        assert_eq!(differences(&one, &one.clone()), []);
        assert_eq!(
            differences(&Reconciliation::default(), &Reconciliation::default()),
            []
        );
    }

    #[test]
    fn each_line_that_differs_is_told_with_what_both_say() {
        let service = book(&[(AccountStatus::Open, 2, 5), (AccountStatus::Closed, 1, 0)]);
        let own = book(&[(AccountStatus::Open, 2, 6), (AccountStatus::BadDebt, 1, 9)]);
        let found = differences(&service, &own);
        let told: Vec<_> = found
            .iter()
            .map(|line| (name(line.status), line.service.accounts, line.own.accounts))
            .collect();
        let expected = [
            ("open".to_owned(), 2, 2),
            ("bad debt".to_owned(), 0, 1),
            ("closed".to_owned(), 1, 0),
        ];
        assert_eq!(told, expected);
        let json = as_json(&found, 3).expect("it has a JSON form");
        let back: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(back["unreadableRecords"], 3);
        assert_eq!(back["differences"][0]["own"]["outstandingTotal"], 6);
        assert_eq!(back["differences"][1]["status"], "ACCOUNT_STATUS_BAD_DEBT");
    }

    #[test]
    fn the_answer_is_read_back_as_it_was_written() {
        let one = book(&[(AccountStatus::Open, 2, 5), (AccountStatus::Closed, 1, 0)]);
        let wire = crate::wire::convert::quality::reconciliation_to_wire(&one);
        assert_eq!(book_of(&wire).expect("a book"), one);
        let mut strange = wire;
        strange.rows[0].status = 77;
        assert!(book_of(&strange).is_err());
    }
}
