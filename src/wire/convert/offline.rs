//! Offline codes: requests inward, codes and loans outward.

use super::check::reason_to_wire;
use super::collect::{Collector, Path};
use super::consent::read_consent;
use super::date::{read_timestamp, timestamp_to_wire};
use super::position::read_position;
use super::report::{all_of, collect};
use super::request::{read_any_member, read_request_key};
use super::token::{ReadToken, Reading};
use super::violation::violations_to_wire;
use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::inquiry::Consent;
use crate::domain::language::Language;
use crate::domain::names::MemberId;
use crate::domain::offline::CODES_PER_CALL_MAX;
use crate::domain::position::Position;
use crate::domain::rules::ReasonCode;
use crate::domain::unit::RequestKey;
use crate::domain::unit::offline::BACKFILL_PURPOSE;
use crate::domain::unit::rows::OfflineUseRow;
use crate::domain::validation::{AMOUNT_MAX, Findings};
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// A loan that was made under a code, as a member tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct BackfillRequest<T> {
    /// The code as it was sent.
    pub code: String,
    /// When the loan was granted.
    pub used_at: Timestamp,
    /// The consent, checked for the day of `used_at`.
    pub consent: Consent,
    /// The loan.
    pub position: Position<T>,
    /// What the message alone breaks, to be refused together with what the file shows; and warnings.
    pub findings: Findings,
    /// The rule pack; `None`: the member's first in the loan's currency.
    pub rule_pack: Option<String>,
    /// Gross monthly income, minor units.
    pub monthly_income: Option<i64>,
    /// Names the request.
    pub request: RequestKey,
}

/// Reads `IssueOfflineCodes`: how many.
pub fn read_issue(wire: &pb::IssueOfflineCodesRequest) -> Result<(u32, RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let count = (1..=CODES_PER_CALL_MAX)
        .contains(&wire.count)
        .then_some(wire.count);
    if count.is_none() {
        let text = format!("{} codes; 1 to {CODES_PER_CALL_MAX} in one call", wire.count);
        out.refuse(Code::Format, &Path::Root.field("count"), text);
    }
    let request = read_request_key(&wire.request_id, wire, &mut out);
    out.finish(count.zip(request))
}

/// Reads `BackfillOfflineCode`.
pub fn read_backfill<R: ReadToken>(
    wire: &pb::BackfillOfflineCodeRequest,
    reading: &Reading<'_, R>,
    zone: BusinessZone,
) -> Result<BackfillRequest<R::Token>, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    if wire.code.is_empty() {
        out.absent(&root.field("code"));
    }
    let used_at = read_timestamp(wire.used_at, &root.field("used_at"), &mut out);
    // Without the day of the loan the consent is judged for today.
    let day = used_at.map_or(reading.today, |used_at| zone.date_of(used_at));
    let consent = read_consent(wire.consent.as_ref(), Some(BACKFILL_PURPOSE), day, &mut out);
    let income = wire.monthly_income;
    if !(0..=AMOUNT_MAX).contains(&income) {
        let text = format!("{income}; 0 to {AMOUNT_MAX} minor units, 0 if none was stated");
        out.refuse(Code::Format, &root.field("monthly_income"), text);
    }
    let read = collect(read_position(wire.position.as_ref(), reading), &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    match (read, used_at, consent, request) {
        (Some(read), Some(used_at), Some(consent), Some(request)) if out.is_empty() => Ok(BackfillRequest {
            code: wire.code.clone(),
            used_at,
            consent,
            position: read.position,
            findings: read.findings,
            rule_pack: (!wire.rule_pack.is_empty()).then(|| wire.rule_pack.clone()),
            monthly_income: (income > 0).then_some(income),
            request,
        }),
        (read, ..) => Err(all_of(read, out)),
    }
}

/// Reads whose loans are asked for; `None`: all that the caller may see.
pub fn read_uses(wire: &pb::ListOfflineUsesRequest) -> Result<Option<MemberId>, Vec<Violation>> {
    let mut out = Collector::default();
    let member_id = read_any_member(&wire.member_id, &mut out);
    out.finish(member_id)
}

/// What `IssueOfflineCodes` answers.
pub fn issued_to_wire(
    codes: Vec<String>,
    expires_at: Timestamp,
    verifier: String,
) -> pb::IssueOfflineCodesResponse {
    let codes = codes.into_iter().map(|code| pb::OfflineCode {
        code,
        expires_at: Some(timestamp_to_wire(expires_at)),
    });
    pb::IssueOfflineCodesResponse {
        codes: codes.collect(),
        verifier_key: verifier,
    }
}

/// What `BackfillOfflineCode` answers.
pub fn backfilled_to_wire(
    version: u64,
    over_limit: &[ReasonCode],
    late: bool,
    warnings: &[Violation],
    language: Language,
) -> pb::BackfillOfflineCodeResponse {
    let reasons = over_limit.iter().map(|code| reason_to_wire(*code, language));
    pb::BackfillOfflineCodeResponse {
        version,
        over_limit: reasons.collect(),
        late,
        warnings: violations_to_wire(warnings),
    }
}

/// A loan as its member sees it, or as operator and regulator do: `own`, its account is named; `exact`, so is what it broke.
pub fn use_to_wire(row: &OfflineUseRow, member_id: String, (own, exact): (bool, bool)) -> pb::OfflineUse {
    let broken = match exact {
        true => &row.over_limit.exact,
        false => &row.over_limit.told,
    };
    let pack = row.over_limit.rule_pack.as_ref();
    pb::OfflineUse {
        member_id,
        account_ref: match own {
            true => row.account_ref.as_str().to_owned(),
            false => String::new(),
        },
        used_at: Some(timestamp_to_wire(row.used_at)),
        backfilled_at: Some(timestamp_to_wire(row.backfilled_at)),
        late: row.late,
        over_limit: broken.iter().map(|code| code.as_str().to_owned()).collect(),
        rule_pack: pack.map_or_else(String::new, |(name, version)| format!("{name} {version}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::convert::samples::{REQUEST_ID, reading, wire_position};

    fn found<T>(read: Result<T, Vec<Violation>>) -> Vec<(Code, String)> {
        let violations = read.err().unwrap_or_default();
        violations.into_iter().map(|v| (v.code, v.field)).collect()
    }

    #[test]
    fn a_call_issues_one_to_a_thousand_codes() {
        for (count, fits) in [(0, false), (1, true), (1_000, true), (1_001, false)] {
            let wire = pb::IssueOfflineCodesRequest {
                count,
                request_id: REQUEST_ID.into(),
            };
            assert_eq!(read_issue(&wire).is_ok(), fits, "{count}");
        }
        let none = pb::IssueOfflineCodesRequest::default();
        let fields: Vec<String> = found(read_issue(&none))
            .into_iter()
            .map(|(_, field)| field)
            .collect();
        assert_eq!(fields, ["count", "request_id"]);
    }

    #[test]
    fn everything_wrong_with_a_back_fill_is_told_at_once() {
        let zone = BusinessZone::default();
        let none = read_backfill(&pb::BackfillOfflineCodeRequest::default(), &reading(), zone);
        let fields: Vec<String> = found(none).into_iter().map(|(_, field)| field).collect();
        assert_eq!(fields, ["code", "used_at", "consent", "position", "request_id"]);
        let wrong = pb::BackfillOfflineCodeRequest {
            position: Some(pb::Position {
                currency: "cny".into(),
                ..wire_position()
            }),
            monthly_income: -1,
            ..pb::BackfillOfflineCodeRequest::default()
        };
        let fields: Vec<String> = found(read_backfill(&wrong, &reading(), zone))
            .into_iter()
            .map(|(_, field)| field)
            .collect();
        for field in ["monthly_income", "position.currency"] {
            assert!(fields.iter().any(|found| found == field), "{field}: {fields:?}");
        }
    }
}
