//! The rpcs of offline codes.

use std::collections::BTreeMap;

use tonic::{Request, Response, Status};

use super::Market;
use super::exposure_service::Answers;
use super::reporting_service::is_full;
use super::reservations::language_of;
use crate::domain::date::Timestamp;
use crate::domain::member::Role;
use crate::domain::names::{MemberId, MemberNo, SeriesId};
use crate::domain::unit::Outcome;
use crate::domain::violation::{Code, Violation};
use crate::exposure::Exposure;
use crate::exposure::offline::LoanOffline;
use crate::server::layers::Session;
use crate::store::offline_book::{OfflineUseAt, OfflineUseFilter};
use crate::wire::convert::offline::{
    backfilled_to_wire, issued_to_wire, read_backfill, read_issue, read_uses, use_to_wire,
};
use crate::wire::convert::page::{PageScope, page_token_to_wire, read_page};
use crate::wire::pb;

/// `IssueOfflineCodes`.
pub(super) async fn issue(
    room: &Exposure,
    request: &Request<pb::IssueOfflineCodesRequest>,
) -> Result<Response<pb::IssueOfflineCodesResponse>, Status> {
    let session = Session::of(request)?;
    let read = read_issue(request.get_ref());
    let (count, key) = read.map_err(|violations| session.invalid(violations))?;
    let issued = room.issue_codes(session.caller(), key, count).await;
    let codes = issued.map_err(|error| session.unapplied(&error))?;
    Ok(Response::new(issued_to_wire(
        codes.texts,
        codes.expires_at,
        codes.verifier,
    )))
}

/// `BackfillOfflineCode`.
pub(super) async fn backfill(
    room: &Exposure,
    market: &Market,
    request: &Request<pb::BackfillOfflineCodeRequest>,
) -> Result<Response<pb::BackfillOfflineCodeResponse>, Status> {
    let session = Session::of(request)?;
    let read = read_backfill(request.get_ref(), &market.reading(&session), market.zone);
    let asked = read.map_err(|violations| session.invalid(violations))?;
    let loan = LoanOffline {
        code: asked.code,
        used_at: asked.used_at,
        consent: asked.consent,
        position: asked.position,
        findings: asked.findings,
        rule_pack: asked.rule_pack,
        monthly_income: asked.monthly_income,
    };
    let filled = room.backfill(session.caller(), asked.request, loan).await;
    match filled.map_err(|error| session.unapplied(&error))?.outcome {
        Outcome::Backfilled {
            version,
            over_limit,
            late,
            warnings,
        } => {
            let language = language_of(request);
            let answer = backfilled_to_wire(version, &over_limit, late, &warnings, language);
            Ok(Response::new(answer))
        }
        _ => Err(session.internal(&"a back-fill had the outcome of something else")),
    }
}

/// `ListOfflineUses`.
pub(super) async fn list(
    answers: &Answers,
    request: &Request<pb::ListOfflineUsesRequest>,
) -> Result<Response<pb::ListOfflineUsesResponse>, Status> {
    let session = Session::of(request)?;
    let asked = request.get_ref();
    let named = read_uses(asked).map_err(|broken| session.invalid(broken))?;
    let member_no = whose(answers, &session, named.as_ref())?;
    // A lender is shown what it was told, and can ask for no more: the difference would tell what others are owed.
    let exact = sees_all(&session);
    let filter = OfflineUseFilter {
        member_no,
        over_limit_only: asked.over_limit_only && exact,
        told_only: asked.over_limit_only && !exact,
        late_only: asked.late_only,
    };
    let mut filtered = vec![u8::from(asked.over_limit_only), u8::from(asked.late_only)];
    filtered.extend(asked.member_id.as_bytes());
    let scope = PageScope {
        member_id: session.caller().member_id(),
        rpc: "ListOfflineUses",
        filter: &filtered,
    };
    let key = &answers.market.page_key;
    let page = read_page(asked.page_size, &asked.page_token, key, &scope)
        .map_err(|broken| session.invalid(broken))?;
    let after = page.cursor.as_deref().and_then(place);
    let listed = answers.room.offline_uses(filter, after, page.rows).await;
    let rows = listed.map_err(|error| session.unstored(&error))?;
    let last = rows.last().filter(|_| is_full(rows.len(), page.rows));
    let cursor = last.map(|row| cursor(&OfflineUseAt::of(row)));
    let names = names(answers);
    let own = session.caller().member_no();
    let uses = rows.iter().map(|row| {
        let name = names.get(&row.member_no).map_or("", MemberId::as_str);
        use_to_wire(row, name.to_owned(), (row.member_no == own, exact))
    });
    Ok(Response::new(pb::ListOfflineUsesResponse {
        uses: uses.collect(),
        next_page_token: page_token_to_wire(cursor.as_deref(), key, &scope),
    }))
}

fn sees_all(session: &Session) -> bool {
    let caller = session.caller();
    caller.has_role(Role::Regulator) || caller.has_role(Role::Operator)
}

/// Whose loans the caller sees; `None`: everybody's. Who may not is told so before anybody looks whether there is such a
/// member.
fn whose(answers: &Answers, session: &Session, asked: Option<&MemberId>) -> Result<Option<MemberNo>, Status> {
    let caller = session.caller();
    let sees_all = sees_all(session);
    match asked {
        None if sees_all => Ok(None),
        None => Ok(Some(caller.member_no())),
        Some(member_id) if member_id == caller.member_id() => Ok(Some(caller.member_no())),
        Some(_) if !sees_all => Err(session.forbidden()),
        Some(member_id) => {
            let found = answers.members.find(member_id).map(|member| member.member_no);
            let text = "there is no member of this name: the operator's ListMembers shows them";
            let unknown = || session.invalid(vec![Violation::new(Code::MemberUnknown, "member_id", text)]);
            found.map(Some).ok_or_else(unknown)
        }
    }
}

fn names(answers: &Answers) -> BTreeMap<MemberNo, MemberId> {
    let all = answers.members.list(None, usize::MAX).into_iter();
    all.map(|member| (member.member_no, member.member_id)).collect()
}

/// The place of a loan as bytes.
fn cursor(at: &OfflineUseAt) -> Vec<u8> {
    let mut bytes = at.backfilled_at.micros().to_be_bytes().to_vec();
    bytes.extend(at.member_no.0.to_be_bytes());
    bytes.extend(at.series_id.0);
    bytes.extend(at.place.to_be_bytes());
    bytes
}

/// Inverse of [`cursor`]; `None` of bytes that this service did not make.
fn place(bytes: &[u8]) -> Option<OfflineUseAt> {
    let (backfilled_at, rest) = bytes.split_first_chunk::<8>()?;
    let (member_no, rest) = rest.split_first_chunk::<8>()?;
    let (series_id, rest) = rest.split_first_chunk::<16>()?;
    Some(OfflineUseAt {
        backfilled_at: Timestamp::from_micros(i64::from_be_bytes(*backfilled_at)),
        member_no: MemberNo(i64::from_be_bytes(*member_no)),
        series_id: SeriesId(*series_id),
        place: u32::from_be_bytes(rest.try_into().ok()?),
    })
}
