//! Batches, the results of their records, and what full ones did not carry.

use crate::domain::batch::{
    Batch, BatchCounts, BatchHeader, BatchId, BatchNo, BatchState, BatchType, RecordResult,
};
use crate::domain::date::Timestamp;
use crate::domain::names::{AccountRef, MemberNo, Sha256};
use crate::domain::unit::rows::{BatchPhase, BatchRow, LastFull};
use crate::store::codec;
use crate::store::columns::{Columns, Row, Sink};

/// Columns of a batch, in their order.
macro_rules! batch_columns {
    () => {
        "member_no, batch_id, batch_no, epoch, batch_type, as_of, dry_run, resends, resends_no, content_sha256, state, \
         phase, listed_to, received, accepted, rejected, unchanged, superseded, warnings, active, missing, totals, \
         failures, started_at, finished_at"
    };
}
pub(in crate::store) use batch_columns;

const PHASES: [BatchPhase; 4] = [
    BatchPhase::Records,
    BatchPhase::Listing,
    BatchPhase::Marking,
    BatchPhase::Judged,
];

const fn phase_code(phase: BatchPhase) -> i32 {
    match phase {
        BatchPhase::Records => 1,
        BatchPhase::Listing => 2,
        BatchPhase::Marking => 3,
        BatchPhase::Judged => 4,
    }
}

/// A batch.
pub(in crate::store) fn batch<R: Row>(columns: &mut Columns<'_, R>) -> Result<BatchRow, R::Error> {
    let member_no = MemberNo(columns.number()?);
    let batch_id = columns.parsed(BatchId::parse)?;
    let batch_no = BatchNo(columns.number()?);
    let epoch = columns.count()?;
    let batch_type = columns.code(BatchType::from_code)?;
    let as_of = columns.date()?;
    let dry_run = columns.flag()?;
    let resends = match columns.optional_text()? {
        Some(text) => Some(columns.checked(BatchId::parse(&text))?),
        None => None,
    };
    let resends_no = columns.optional_number()?.map(BatchNo);
    let header = BatchHeader {
        batch_id,
        batch_type,
        as_of,
        dry_run,
        content_sha256: Sha256(columns.bytes()?),
        resends,
        resume_from: 0,
    };
    let state = columns.code(BatchState::from_code)?;
    let phase = columns.code(|code| PHASES.into_iter().find(|phase| phase_code(*phase) == code))?;
    let listed_to = account_ref(columns)?;
    let counts = counts(columns)?;
    let missing = columns.count()?;
    let totals = columns.decoded()?;
    Ok(BatchRow {
        batch: Batch {
            member_no,
            batch_no,
            header,
            state,
            counts,
            missing,
            failures: columns.decoded()?,
            started_at: columns.instant()?,
            finished_at: columns.optional_instant()?,
        },
        epoch,
        resends_no,
        phase,
        listed_to,
        totals,
    })
}

fn counts<R: Row>(columns: &mut Columns<'_, R>) -> Result<BatchCounts, R::Error> {
    Ok(BatchCounts {
        received: columns.count()?,
        accepted: columns.count()?,
        rejected: columns.count()?,
        unchanged: columns.count()?,
        superseded: columns.count()?,
        warnings: columns.count()?,
        active: columns.count()?,
    })
}

fn account_ref<R: Row>(columns: &mut Columns<'_, R>) -> Result<Option<AccountRef>, R::Error> {
    match columns.optional_text()? {
        Some(text) => columns.checked(AccountRef::parse(&text)).map(Some),
        None => Ok(None),
    }
}

/// The cells of a batch.
pub(in crate::store) fn put_batch<'a>(row: &'a BatchRow, sink: &mut impl Sink<'a>) {
    let (batch, header, counts) = (&row.batch, &row.batch.header, &row.batch.counts);
    sink.number(batch.member_no.0)
        .text(header.batch_id.as_str())
        .number(batch.batch_no.0)
        .count(row.epoch)
        .number(header.batch_type.code())
        .date(header.as_of)
        .number(header.dry_run)
        .optional_text(header.resends.as_ref().map(BatchId::as_str))
        .optional(row.resends_no.map(|number| number.0))
        .bytes(&header.content_sha256.0[..])
        .number(batch.state.code())
        .number(phase_code(row.phase))
        .optional_text(row.listed_to.as_ref().map(AccountRef::as_str))
        .count(counts.received)
        .count(counts.accepted)
        .count(counts.rejected)
        .count(counts.unchanged)
        .count(counts.superseded)
        .count(counts.warnings)
        .count(counts.active)
        .count(batch.missing)
        .bytes(codec::encode(&row.totals))
        .bytes(codec::encode(&batch.failures))
        .instant(batch.started_at)
        .optional_instant(batch.finished_at);
}

/// A result: record number, account, violations, warnings.
pub(in crate::store) fn result<R: Row>(columns: &mut Columns<'_, R>) -> Result<RecordResult, R::Error> {
    Ok(RecordResult {
        record_number: columns.count()?,
        account_ref: account_ref(columns)?,
        violations: columns.decoded()?,
        warnings: columns.decoded()?,
    })
}

/// The cells of a result: member, batch, record number, account, violations, warnings, whether rejected, when.
pub(in crate::store) fn put_result<'a>(
    member_no: MemberNo,
    batch_no: BatchNo,
    result: &'a RecordResult,
    at: Timestamp,
    sink: &mut impl Sink<'a>,
) {
    sink.number(member_no.0)
        .number(batch_no.0)
        .count(result.record_number)
        .optional_text(result.account_ref.as_ref().map(AccountRef::as_str))
        .bytes(codec::encode(&result.violations))
        .bytes(codec::encode(&result.warnings))
        .number(!result.violations.is_empty())
        .instant(at);
}

/// A full submission: date, active positions.
pub(in crate::store) fn last_full<R: Row>(columns: &mut Columns<'_, R>) -> Result<LastFull, R::Error> {
    Ok(LastFull {
        as_of: columns.date()?,
        active: columns.count()?,
    })
}
