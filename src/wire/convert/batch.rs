//! Batches: headers, records and trailers inward and outward, what the service says of them outward.
//!
//! A record that cannot be represented is no reason to refuse its message: it is told as what is wrong with it, so that
//! every record of a batch has a fate of its own.

use chrono::NaiveDate;

use super::code::{Coded, read_code, read_optional_code};
use super::collect::{Collector, Path};
use super::date::{date_to_wire, read_date, timestamp_to_wire};
use super::position::{position_to_wire, read_position};
use super::request::{read_account_ref, read_currency, read_sha256};
use super::token::{ReadToken, Reading, WireToken};
use super::violation::violations_to_wire;
use crate::domain::batch::{
    Batch, BatchCounts, BatchHeader, BatchId, BatchRecord, BatchTrailer, ControlTotals, RecordResult, Sums,
};
use crate::domain::currency::Currency;
use crate::domain::names::{AccountRef, Sha256};
use crate::domain::position::{DeletionReason, EventType, Position};
use crate::domain::unit::batch::Amounts;
use crate::domain::validation::text::check_reference;
use crate::domain::validation::{Findings, check_reason};
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;
use pb::batch_record::Action;

/// A record as a member sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct SentRecord<T> {
    /// Its account, when that could be read and names nobody.
    pub account_ref: Option<AccountRef>,
    /// Its amounts; none without a known currency.
    pub amounts: Option<Amounts>,
    /// What it asks.
    pub asks: Asks<T>,
}

/// What a record asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks<T> {
    /// Nothing that can be represented: what is wrong with it.
    Unreadable(Vec<Violation>),
    /// To record or correct a position.
    Position {
        /// The position.
        position: Box<Position<T>>,
        /// What happened.
        event: Option<EventType>,
        /// What the message alone breaks, and warnings.
        findings: Findings,
        /// Set for a correction.
        correction_reason: Option<String>,
    },
    /// To remove the account.
    Delete(DeletionReason),
}

/// Reads a header on today's date.
pub fn read_header(wire: &pb::BatchHeader, today: NaiveDate) -> Result<BatchHeader, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let at = root.field("header");
    let batch_id = read_batch_id(&wire.batch_id, &at.field("batch_id"), today, &mut out);
    let batch_type = read_code(wire.r#type, &at.field("type"), &mut out);
    let as_of = read_date(wire.as_of, &at.field("as_of"), &mut out);
    if as_of.is_some_and(|as_of| as_of > today) {
        let text = format!("as_of is after today, {today}: a batch describes a day that has come");
        out.refuse(Code::DateInFuture, &at.field("as_of"), text);
    }
    let sha256 = read_sha256(&wire.content_sha256, &at.field("content_sha256"), &mut out);
    let resends = match wire.resends_batch_id.as_str() {
        "" => Some(None),
        text => read_batch_id(text, &at.field("resends_batch_id"), today, &mut out).map(Some),
    };
    let header = match (batch_id, batch_type, as_of, sha256, resends) {
        (Some(batch_id), Some(batch_type), Some(as_of), Some(sha256), Some(resends)) => Some(BatchHeader {
            batch_id,
            batch_type,
            as_of,
            dry_run: wire.dry_run,
            content_sha256: Sha256(sha256),
            resends,
            resume_from: wire.resume_from,
        }),
        _ => None,
    };
    out.finish(header)
}

/// Reads a batch's name that must be there and names nobody.
fn read_batch_id(text: &str, at: &Path<'_>, today: NaiveDate, out: &mut Collector) -> Option<BatchId> {
    if text.is_empty() {
        out.absent(at);
        return None;
    }
    let Some(batch_id) = BatchId::parse(text) else {
        let most = BatchId::CHARS_MAX;
        out.refuse(
            Code::Format,
            at,
            format!("it must have 1 to {most} characters of [A-Za-z0-9._:-]"),
        );
        return None;
    };
    let found = check_reference(text, &at.to_string(), 1..=BatchId::CHARS_MAX, today);
    let names_nobody = found.is_empty();
    out.extend(found);
    names_nobody.then_some(batch_id)
}

/// Reads the field `batch_id` of a question about one batch.
pub fn read_batch_name(text: &str) -> Result<BatchId, Vec<Violation>> {
    let mut out = Collector::default();
    let at = Path::Root;
    let batch_id = BatchId::parse(text);
    match (text, &batch_id) {
        ("", _) => out.absent(&at.field("batch_id")),
        (_, None) => out.refuse(
            Code::Format,
            &at.field("batch_id"),
            format!(
                "it must have 1 to {} characters of [A-Za-z0-9._:-]",
                BatchId::CHARS_MAX
            ),
        ),
        (_, Some(_)) => {}
    }
    out.finish(batch_id)
}

/// Reads one record of a batch. Never fails: what is wrong with it is part of what it is.
pub fn read_record<R: ReadToken>(wire: &pb::BatchRecord, reading: &Reading<'_, R>) -> SentRecord<R::Token> {
    match &wire.action {
        Some(Action::Position(position)) => read_position_record(wire, position, reading),
        Some(Action::DeleteAccountRef(account_ref)) => read_deletion(wire, account_ref, reading.today),
        None => {
            let text = "the record holds neither a position nor an account to delete";
            SentRecord {
                account_ref: None,
                amounts: None,
                asks: Asks::Unreadable(vec![Violation::new(Code::FieldRequired, "position", text)]),
            }
        }
    }
}

fn read_position_record<R: ReadToken>(
    wire: &pb::BatchRecord,
    position: &pb::Position,
    reading: &Reading<'_, R>,
) -> SentRecord<R::Token> {
    let mut out = Collector::default();
    let event = read_optional_code(wire.event, &Path::Root.field("event"), &mut out);
    if wire.deletion_reason != 0 {
        let text = "only a record with delete_account_ref has a reason to delete";
        out.refuse(Code::Format, &Path::Root.field("deletion_reason"), text);
    }
    let correction_reason = (!wire.correction_reason.is_empty()).then(|| wire.correction_reason.clone());
    if let Some(reason) = &correction_reason {
        out.extend(check_reason(reason, "correction_reason", reading.today));
    }
    let mut rest = out.into_violations();
    let asks = match (read_position(Some(position), reading), event) {
        (Ok(mut read), Some(event)) => {
            read.findings.violations.append(&mut rest);
            Asks::Position {
                position: Box::new(read.position),
                event,
                findings: read.findings,
                correction_reason,
            }
        }
        (Ok(read), None) => {
            let mut violations = read.findings.violations;
            violations.append(&mut rest);
            Asks::Unreadable(violations)
        }
        (Err(mut violations), _) => {
            violations.append(&mut rest);
            Asks::Unreadable(violations)
        }
    };
    // A name that may name a person goes nowhere. The violations cannot tell: so many are listed and no more.
    let bounds = 1..=AccountRef::CHARS_MAX;
    let at = "position.account_ref";
    let named = !check_reference(&position.account_ref, at, bounds, reading.today).is_empty();
    let account_ref = AccountRef::parse(&position.account_ref).filter(|_| !named);
    let asks = match asks {
        Asks::Position { findings, .. } if named => Asks::Unreadable(findings.violations),
        asks => asks,
    };
    SentRecord {
        account_ref,
        amounts: amounts_of(position),
        asks,
    }
}

fn amounts_of(position: &pb::Position) -> Option<Amounts> {
    let overdue = position.overdue.unwrap_or_default();
    Some(Amounts {
        currency: Currency::parse(&position.currency)?,
        outstanding_total: position.outstanding_total,
        overdue: [overdue.principal, overdue.interest, overdue.penalty, overdue.fees],
    })
}

fn read_deletion<T>(wire: &pb::BatchRecord, account_ref: &str, today: NaiveDate) -> SentRecord<T> {
    let mut out = Collector::default();
    let at = Path::Root;
    let account_ref =
        read_account_ref(account_ref, &at.field("delete_account_ref"), &mut out).filter(|name| {
            let bounds = 1..=AccountRef::CHARS_MAX;
            let found = check_reference(name.as_str(), "delete_account_ref", bounds, today);
            let names_nobody = found.is_empty();
            out.extend(found);
            names_nobody
        });
    let reason = read_code(wire.deletion_reason, &at.field("deletion_reason"), &mut out);
    let asks = match (reason, out.is_empty()) {
        (Some(reason), true) => Asks::Delete(reason),
        _ => Asks::Unreadable(out.into_violations()),
    };
    SentRecord {
        account_ref,
        amounts: None,
        asks,
    }
}

/// Reads a trailer.
pub fn read_trailer(wire: &pb::BatchTrailer) -> Result<BatchTrailer, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let trailer = root.field("trailer");
    let mut totals = ControlTotals::default();
    for (index, total) in wire.totals.iter().enumerate() {
        let at = trailer.element("totals", index);
        let Some(currency) = read_currency(&total.currency, &at.field("currency"), &mut out) else {
            continue;
        };
        let sums = Sums {
            outstanding_total: total.outstanding_total,
            overdue_total: total.overdue_total,
        };
        if totals.0.insert(currency, sums).is_some() {
            out.refuse(
                Code::Format,
                &at.field("currency"),
                "there is one total for each currency; this one has two",
            );
        }
    }
    out.finish(Some(BatchTrailer {
        record_count: wire.record_count,
        totals,
    }))
}

/// A header as the contract writes it.
pub fn header_to_wire(header: &BatchHeader) -> pb::BatchHeader {
    pb::BatchHeader {
        batch_id: header.batch_id.as_str().to_owned(),
        r#type: header.batch_type.to_number(),
        as_of: Some(date_to_wire(header.as_of)),
        dry_run: header.dry_run,
        resume_from: header.resume_from,
        content_sha256: header.content_sha256.0.to_vec(),
        resends_batch_id: header
            .resends
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .unwrap_or_default(),
    }
}

/// A record as the contract writes it.
pub fn record_to_wire<T: WireToken>(record: &BatchRecord<T>) -> pb::BatchRecord {
    match record {
        BatchRecord::Position(record) => pb::BatchRecord {
            action: Some(Action::Position(position_to_wire(&record.position))),
            event: record.event.map_or(0, EventType::to_number),
            correction_reason: record.correction_reason.clone().unwrap_or_default(),
            deletion_reason: 0,
        },
        BatchRecord::Deletion { account_ref, reason } => pb::BatchRecord {
            action: Some(Action::DeleteAccountRef(account_ref.as_str().to_owned())),
            event: 0,
            correction_reason: String::new(),
            deletion_reason: reason.to_number(),
        },
    }
}

/// A trailer as the contract writes it.
pub fn trailer_to_wire(trailer: &BatchTrailer) -> pb::BatchTrailer {
    let totals = trailer.totals.0.iter().map(|(currency, sums)| pb::ControlTotal {
        currency: currency.as_str().to_owned(),
        outstanding_total: sums.outstanding_total,
        overdue_total: sums.overdue_total,
    });
    pb::BatchTrailer {
        record_count: trailer.record_count,
        totals: totals.collect(),
    }
}

/// A batch as the contract writes it.
pub fn batch_to_wire(batch: &Batch) -> pb::Batch {
    let (header, counts) = (&batch.header, &batch.counts);
    pb::Batch {
        batch_id: header.batch_id.as_str().to_owned(),
        r#type: header.batch_type.to_number(),
        as_of: Some(date_to_wire(header.as_of)),
        state: batch.state.to_number(),
        records_received: counts.received,
        records_accepted: counts.accepted,
        records_rejected: counts.rejected,
        records_unchanged: counts.unchanged,
        warnings: counts.warnings,
        missing_positions: batch.missing,
        failures: violations_to_wire(&batch.failures),
        started_at: Some(timestamp_to_wire(batch.started_at)),
        finished_at: batch.finished_at.map(timestamp_to_wire),
        records_superseded: counts.superseded,
        dry_run: header.dry_run,
        resends_batch_id: header
            .resends
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .unwrap_or_default(),
    }
}

/// How far a batch came, as the contract writes it.
pub fn progress_to_wire(counts: &BatchCounts) -> pb::BatchProgress {
    pb::BatchProgress {
        records_received: counts.received,
        records_accepted: counts.accepted,
        records_rejected: counts.rejected,
    }
}

/// What was found about a record, as the contract writes it.
pub fn result_to_wire(result: &RecordResult) -> pb::RecordResult {
    pb::RecordResult {
        record_number: result.record_number,
        account_ref: result
            .account_ref
            .as_ref()
            .map(|name| name.as_str().to_owned())
            .unwrap_or_default(),
        violations: violations_to_wire(&result.violations),
        warnings: violations_to_wire(&result.warnings),
    }
}

#[cfg(test)]
mod tests;
