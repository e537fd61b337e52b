//! Requests and answers of `ReportingService` about one account.

use super::code::{Coded, code_to_wire, read_code};
use super::collect::{Collector, Path};
use super::date::{date_to_wire, timestamp_to_wire};
use super::position::{Read, position_to_wire, read_position};
use super::request::{read_account_ref, read_request_key, request_id_to_wire};
use super::token::{ReadToken, Reading, WireToken};
use super::violation::violations_to_wire;
use crate::domain::date::Timestamp;
use crate::domain::names::{AccountRef, RequestId};
use crate::domain::position::{DeletionReason, EventType, Position};
use crate::domain::unit::RequestKey;
use crate::domain::validation::{Findings, check_reason};
use crate::domain::violation::Violation;
use crate::wire::pb;

/// A position to record, as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRequest<T> {
    /// The position.
    pub position: Position<T>,
    /// What happened.
    pub event: EventType,
    /// What the message alone breaks, to be refused together with what the file shows; and warnings.
    pub findings: Findings,
    /// Names the request.
    pub request: RequestKey,
}

/// A version to replace, as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectRequest<T> {
    /// The new content.
    pub position: Position<T>,
    /// What the message alone breaks, to be refused together with what the file shows; and warnings.
    pub findings: Findings,
    /// The version that was wrong, 1 and up.
    pub corrects_version: u64,
    /// Why.
    pub reason: String,
    /// Names the request.
    pub request: RequestKey,
}

/// A position to remove, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRequest {
    /// The member's account.
    pub account_ref: AccountRef,
    /// Why.
    pub reason: DeletionReason,
    /// Names the request.
    pub request: RequestKey,
}

/// Reads `ReportPosition`.
pub fn read_report<R: ReadToken>(
    wire: &pb::ReportPositionRequest,
    reading: &Reading<'_, R>,
) -> Result<ReportRequest<R::Token>, Vec<Violation>> {
    let mut out = Collector::default();
    let read = collect(read_position(wire.position.as_ref(), reading), &mut out);
    let event = read_code(wire.event, &Path::Root.field("event"), &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    match (read, event, request) {
        (Some(read), Some(event), Some(request)) if out.is_empty() => Ok(ReportRequest {
            position: read.position,
            event,
            findings: read.findings,
            request,
        }),
        (read, ..) => Err(all_of(read, out)),
    }
}

/// Reads `CorrectPosition`.
pub fn read_correction<R: ReadToken>(
    wire: &pb::CorrectPositionRequest,
    reading: &Reading<'_, R>,
) -> Result<CorrectRequest<R::Token>, Vec<Violation>> {
    let mut out = Collector::default();
    let read = collect(read_position(wire.position.as_ref(), reading), &mut out);
    if wire.corrects_version == 0 {
        out.absent(&Path::Root.field("corrects_version"));
    }
    out.extend(check_reason(&wire.reason, "reason", reading.today));
    let request = read_request_key(&wire.request_id, wire, &mut out);
    match (read, request) {
        (Some(read), Some(request)) if out.is_empty() => Ok(CorrectRequest {
            position: read.position,
            findings: read.findings,
            corrects_version: wire.corrects_version,
            reason: wire.reason.clone(),
            request,
        }),
        (read, _) => Err(all_of(read, out)),
    }
}

/// Reads `DeletePosition`.
pub fn read_deletion(wire: &pb::DeletePositionRequest) -> Result<DeleteRequest, Vec<Violation>> {
    let mut out = Collector::default();
    let account_ref = read_account_ref(&wire.account_ref, &Path::Root.field("account_ref"), &mut out);
    let reason = read_code(wire.reason, &Path::Root.field("reason"), &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    let value = match (account_ref, reason, request) {
        (Some(account_ref), Some(reason), Some(request)) => Some(DeleteRequest {
            account_ref,
            reason,
            request,
        }),
        _ => None,
    };
    out.finish(value)
}

/// Reads the field `account_ref` of a question about one account.
pub fn read_account(account_ref: &str) -> Result<AccountRef, Vec<Violation>> {
    let mut out = Collector::default();
    let account_ref = read_account_ref(account_ref, &Path::Root.field("account_ref"), &mut out);
    out.finish(account_ref)
}

pub(super) fn collect<T>(read: Result<Read<T>, Vec<Violation>>, out: &mut Collector) -> Option<Read<T>> {
    match read {
        Ok(read) => Some(read),
        Err(violations) => {
            out.extend(violations);
            None
        }
    }
}

/// The violations of a position that could be read, then those of the rest of its request.
pub(super) fn all_of<T>(read: Option<Read<T>>, rest: Collector) -> Vec<Violation> {
    let mut out = Collector::default();
    out.extend(read.map(|read| read.findings.violations).unwrap_or_default());
    out.extend(rest.into_violations());
    out.into_violations()
}

/// `ReportPosition` as the contract writes it.
pub fn report_to_wire<T: WireToken>(
    position: &Position<T>,
    event: EventType,
    request_id: RequestId,
) -> pb::ReportPositionRequest {
    pb::ReportPositionRequest {
        position: Some(position_to_wire(position)),
        event: event.to_number(),
        request_id: request_id_to_wire(request_id),
    }
}

/// `CorrectPosition` as the contract writes it.
pub fn correction_to_wire<T: WireToken>(
    position: &Position<T>,
    corrects_version: u64,
    reason: &str,
    request_id: RequestId,
) -> pb::CorrectPositionRequest {
    pb::CorrectPositionRequest {
        position: Some(position_to_wire(position)),
        corrects_version,
        reason: reason.to_owned(),
        request_id: request_id_to_wire(request_id),
    }
}

/// `DeletePosition` as the contract writes it.
pub fn deletion_to_wire(
    account_ref: &AccountRef,
    reason: DeletionReason,
    request_id: RequestId,
) -> pb::DeletePositionRequest {
    pb::DeletePositionRequest {
        account_ref: account_ref.as_str().to_owned(),
        reason: reason.to_number(),
        request_id: request_id_to_wire(request_id),
    }
}

/// What an accepted report is answered.
pub fn reported_to_wire(
    version: u64,
    received_at: Timestamp,
    warnings: &[Violation],
) -> pb::ReportPositionResponse {
    pb::ReportPositionResponse {
        version,
        received_at: Some(timestamp_to_wire(received_at)),
        warnings: violations_to_wire(warnings),
    }
}

/// What an accepted correction is answered.
pub fn corrected_to_wire(
    version: u64,
    received_at: Timestamp,
    warnings: &[Violation],
) -> pb::CorrectPositionResponse {
    pb::CorrectPositionResponse {
        version,
        received_at: Some(timestamp_to_wire(received_at)),
        warnings: violations_to_wire(warnings),
    }
}

/// One version of a position, for the member that reported it.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionView<T> {
    /// Counts from 1.
    pub number: u64,
    /// What the member declared.
    pub event: Option<EventType>,
    /// When it was first accepted.
    pub received_at: Timestamp,
    /// Why it replaced another, if it did.
    pub correction_reason: Option<String>,
    /// What it says.
    pub position: Position<T>,
}

/// A version as the contract writes it.
pub fn version_to_wire<T: WireToken>(version: &VersionView<T>) -> pb::PositionVersion {
    pb::PositionVersion {
        version: version.number,
        event: code_to_wire(version.event),
        as_of: Some(date_to_wire(version.position.order.as_of)),
        sequence: version.position.order.sequence,
        received_at: Some(timestamp_to_wire(version.received_at)),
        position: Some(position_to_wire(&version.position)),
        correction_reason: version.correction_reason.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
