//! How well members report, and a member's book to be signed off.

use tonic::{Request, Response, Status};

use super::reporting_service::Reports;
use crate::domain::member::Role;
use crate::domain::names::{MemberId, MemberNo};
use crate::domain::violation::{Code, Violation};
use crate::server::layers::Session;
use crate::wire::convert::quality::{
    data_quality_to_wire, read_data_quality, read_reconciliation, reconciliation_to_wire,
};
use crate::wire::pb;

pub(super) async fn get_reconciliation(
    reports: &Reports,
    request: &Request<pb::GetReconciliationRequest>,
) -> Result<Response<pb::GetReconciliationResponse>, Status> {
    let session = Session::of(request)?;
    let today = reports.market.zone.date_of(session.now());
    let as_of = read_reconciliation(request.get_ref(), today).map_err(|broken| session.invalid(broken))?;
    let summed = reports.room.reconciliation(session.caller(), as_of).await;
    let book = summed.map_err(|error| session.unstored(&error))?;
    Ok(Response::new(reconciliation_to_wire(&book)))
}

pub(super) async fn get_data_quality(
    reports: &Reports,
    request: &Request<pb::GetDataQualityRequest>,
) -> Result<Response<pb::GetDataQualityResponse>, Status> {
    let session = Session::of(request)?;
    let (zone, now) = (reports.market.zone, session.now());
    let read = read_data_quality(request.get_ref(), zone.date_of(now));
    let (member_id, month) = read.map_err(|broken| session.invalid(broken))?;
    let member_no = whose(reports, &session, member_id.as_ref())?;
    let judged = reports.room.data_quality(member_no, month, zone, now).await;
    let scores = judged.map_err(|error| session.unstored(&error))?;
    Ok(Response::new(data_quality_to_wire(&scores)))
}

/// Whose month it is, if the caller may know. Who may not is told so before anybody looks whether there is such a member.
fn whose(reports: &Reports, session: &Session, asked: Option<&MemberId>) -> Result<MemberNo, Status> {
    let caller = session.caller();
    let Some(member_id) = asked.filter(|member_id| *member_id != caller.member_id()) else {
        return Ok(caller.member_no());
    };
    if !caller.has_role(Role::Regulator) && !caller.has_role(Role::Operator) {
        return Err(session.forbidden());
    }
    let found = reports.members.find(member_id);
    found.map(|member| member.member_no).ok_or_else(|| {
        let text = "there is no member of this name: the operator's ListMembers shows them";
        session.invalid(vec![Violation::new(Code::MemberUnknown, "member_id", text)])
    })
}
