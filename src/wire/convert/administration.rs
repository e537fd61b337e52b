//! Acts of the operator that two of them repeat: grants of evaluations, merges and splits of subjects.

use chrono::NaiveDate;

use super::collect::{Collector, Path};
use super::date::{read_timestamp, timestamp_to_wire};
use super::request::{read_member_id, read_request_key, request_id_to_wire};
use super::token::{ReadToken, Reading, WireToken, read_presented, token_to_wire};
use crate::domain::date::Timestamp;
use crate::domain::names::{MemberId, RequestId};
use crate::domain::token::Presented;
use crate::domain::unit::RequestKey;
use crate::domain::validation::check_reason;
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// A burst of token evaluations, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub member_id: MemberId,
    /// How many: 1 to `i64::MAX`.
    pub evaluations: u64,
    /// Until when; whether that is still to come, the register decides.
    pub expires_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Two subjects to become one, as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge<T> {
    /// Names the subject that stays.
    pub keep: Presented<T>,
    /// Names the subject that is absorbed.
    pub merge: Presented<T>,
    /// Why.
    pub reason: String,
}

/// A token to leave its subject, as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Split<T> {
    /// The token.
    pub token: Presented<T>,
    /// Why.
    pub reason: String,
}

/// Reads `GrantEvaluations`.
pub fn read_grant(
    wire: &pb::GrantEvaluationsRequest,
    today: NaiveDate,
) -> Result<(Grant, RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let member_id = read_member_id(&wire.member_id, &root.field("member_id"), &mut out);
    let evaluations = root.field("evaluations");
    if wire.evaluations == 0 {
        out.absent(&evaluations);
    } else if i64::try_from(wire.evaluations).is_err() {
        out.refuse(
            Code::Format,
            &evaluations,
            format!("it is {}; at most {}", wire.evaluations, i64::MAX),
        );
    }
    let expires_at = read_timestamp(wire.expires_at, &root.field("expires_at"), &mut out);
    let reason = read_reason(&wire.reason, today, &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    let grant = match (member_id, expires_at) {
        (Some(member_id), Some(expires_at)) => Some(Grant {
            member_id,
            evaluations: wire.evaluations,
            expires_at,
            reason,
        }),
        _ => None,
    };
    out.finish(grant.zip(request))
}

/// Reads `MergeSubjects`.
pub fn read_merge<R: ReadToken>(
    wire: &pb::MergeSubjectsRequest,
    reading: &Reading<'_, R>,
) -> Result<(Merge<R::Token>, RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let keep = read_token_field(wire.keep.as_ref(), "keep", reading, &mut out);
    let merge = read_token_field(wire.merge.as_ref(), "merge", reading, &mut out);
    let reason = read_reason(&wire.reason, reading.today, &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    let merge = keep.zip(merge).map(|(keep, merge)| Merge { keep, merge, reason });
    out.finish(merge.zip(request))
}

/// Reads `SplitSubject`.
pub fn read_split<R: ReadToken>(
    wire: &pb::SplitSubjectRequest,
    reading: &Reading<'_, R>,
) -> Result<(Split<R::Token>, RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let token = read_token_field(wire.token.as_ref(), "token", reading, &mut out);
    let reason = read_reason(&wire.reason, reading.today, &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    let split = token.map(|token| Split { token, reason });
    out.finish(split.zip(request))
}

fn read_token_field<R: ReadToken>(
    wire: Option<&pb::SubjectToken>,
    field: &str,
    reading: &Reading<'_, R>,
    out: &mut Collector,
) -> Option<Presented<R::Token>> {
    let root = Path::Root;
    let at = root.field(field);
    if wire.is_none() {
        out.absent(&at);
    }
    read_presented(wire?, &at, reading, out)
}

fn read_reason(text: &str, today: NaiveDate, out: &mut Collector) -> String {
    let violations = check_reason(text, "reason", today);
    let reason = if violations.is_empty() {
        text.to_owned()
    } else {
        String::new()
    };
    out.extend(violations);
    reason
}

/// `GrantEvaluations` as the contract writes it.
pub fn grant_to_wire(grant: &Grant, request_id: RequestId) -> pb::GrantEvaluationsRequest {
    pb::GrantEvaluationsRequest {
        member_id: grant.member_id.as_str().to_owned(),
        evaluations: grant.evaluations,
        expires_at: Some(timestamp_to_wire(grant.expires_at)),
        reason: grant.reason.clone(),
        request_id: request_id_to_wire(request_id),
    }
}

/// `MergeSubjects` as the contract writes it.
pub fn merge_to_wire<T: WireToken>(merge: &Merge<T>, request_id: RequestId) -> pb::MergeSubjectsRequest {
    pb::MergeSubjectsRequest {
        keep: Some(token_to_wire(&merge.keep)),
        merge: Some(token_to_wire(&merge.merge)),
        reason: merge.reason.clone(),
        request_id: request_id_to_wire(request_id),
    }
}

/// `SplitSubject` as the contract writes it.
pub fn split_to_wire<T: WireToken>(split: &Split<T>, request_id: RequestId) -> pb::SplitSubjectRequest {
    pb::SplitSubjectRequest {
        token: Some(token_to_wire(&split.token)),
        reason: split.reason.clone(),
        request_id: request_id_to_wire(request_id),
    }
}

#[cfg(test)]
mod tests;
