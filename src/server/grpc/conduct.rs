//! How members behave, for operator and regulator.

use tonic::{Request, Response, Status};

use super::admin_service::AdminApi;
use crate::domain::conduct::Period;
use crate::domain::member::Member;
use crate::domain::names::{MemberId, MemberNo};
use crate::domain::violation::{Code, Violation};
use crate::server::layers::Session;
use crate::wire::convert::conduct::{conduct_to_wire, read_conduct};
use crate::wire::convert::page::{PageScope, page_token_to_wire, read_page};
use crate::wire::pb;

pub(super) async fn get_conduct(
    admin: &AdminApi,
    request: &Request<pb::GetConductRequest>,
) -> Result<Response<pb::GetConductResponse>, Status> {
    let session = Session::of(request)?;
    let (zone, now) = (admin.market.zone, session.now());
    let read = read_conduct(request.get_ref(), zone.date_of(now));
    let (member_id, month) = read.map_err(|broken| session.invalid(broken))?;
    let (members, next_page_token) = asked(admin, &session, request.get_ref(), member_id.as_ref())?;
    let period = Period { month, zone, now };
    let found = admin.conduct.of(&members, period).await;
    let found = found.map_err(|error| session.unstored(&error))?;
    let members = members.iter().map(|member| {
        let facts = found.get(&member.member_no).copied().unwrap_or_default();
        conduct_to_wire(&member.member_id, &facts, &admin.market.conduct)
    });
    Ok(Response::new(pb::GetConductResponse {
        members: members.collect(),
        next_page_token,
    }))
}

/// The member that is asked about, or a page of all and the token of the next.
fn asked(
    admin: &AdminApi,
    session: &Session,
    asked: &pb::GetConductRequest,
    member_id: Option<&MemberId>,
) -> Result<(Vec<Member>, String), Status> {
    let filter = format!("{} {}-{}", asked.member_id, asked.year, asked.month);
    let scope = PageScope {
        member_id: session.caller().member_id(),
        rpc: "GetConduct",
        filter: filter.as_bytes(),
    };
    let key = &admin.market.page_key;
    let page = read_page(asked.page_size, &asked.page_token, key, &scope)
        .map_err(|violations| session.invalid(violations))?;
    if let Some(member_id) = member_id {
        let found = admin.members.find(member_id).ok_or_else(|| {
            let text = "there is no member of this name: the operator's ListMembers shows them";
            session.invalid(vec![Violation::new(Code::MemberUnknown, "member_id", text)])
        })?;
        return Ok((vec![found], String::new()));
    }
    let before = page
        .cursor
        .and_then(|bytes| bytes.try_into().ok())
        .map(|bytes| MemberNo(i64::from_be_bytes(bytes)));
    let rows = usize::try_from(page.rows).map_err(|error| session.internal(&error))?;
    // One more than asked tells whether there is a next page.
    let mut members = admin.members.list(before, rows.saturating_add(1));
    let more = members.len() > rows;
    members.truncate(rows);
    let last = members.last().filter(|_| more);
    let last = last.map(|member| member.member_no.0.to_be_bytes());
    let next = page_token_to_wire(last.as_ref().map(<[u8; 8]>::as_slice), key, &scope);
    Ok((members, next))
}
