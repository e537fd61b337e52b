//! AdminService: the operator's side. Reads what is asked, lets the room of members do it.

use std::sync::Arc;

use tonic::{Request, Response, Status, async_trait};

use super::{Market, conduct};
use crate::domain::member::{Certificate, Member};
use crate::domain::names::MemberNo;
use crate::domain::unit::{Accepted, Administration, Outcome, RequestKey};
use crate::domain::violation::{Code, Violation};
use crate::members::{Conduct, Members, parse_certificate};
use crate::server::assembly::Rooms;
use crate::server::layers::Session;
use crate::wire::convert::administration::{read_grant, read_merge, read_split};
use crate::wire::convert::member::{
    certificate_to_wire, member_to_wire, read_added_certificate, read_member, read_member_update,
    read_new_member, read_revocation,
};
use crate::wire::convert::page::{PageScope, page_token_to_wire, read_page};
use crate::wire::pb;
use crate::wire::pb::admin_service_server::AdminService;

pub(super) struct AdminApi {
    pub(super) members: Arc<Members>,
    pub(super) conduct: Conduct,
    pub(super) market: Arc<Market>,
}

impl AdminApi {
    pub(super) fn new(rooms: &Rooms) -> Self {
        Self {
            members: Arc::clone(&rooms.members),
            conduct: Conduct::new(Arc::clone(&rooms.store)),
            market: Arc::clone(&rooms.market),
        }
    }

    async fn administer(
        &self,
        session: &Session,
        request: Option<RequestKey>,
        administration: Administration,
    ) -> Result<Outcome, Status> {
        let done = self
            .members
            .administer(session.caller(), request, administration)
            .await;
        done.map(|accepted| accepted.outcome)
            .map_err(|error| session.unapplied(&error))
    }
}

fn member_of(session: &Session, outcome: Outcome) -> Result<Option<pb::Member>, Status> {
    match outcome {
        Outcome::Member(member) => Ok(Some(member_to_wire(&member))),
        other => Err(unexpected(session, &other)),
    }
}

fn certificate_of(session: &Session, outcome: Outcome) -> Result<Option<pb::Certificate>, Status> {
    match outcome {
        Outcome::Certificate(certificate) => Ok(Some(certificate_to_wire(&certificate))),
        other => Err(unexpected(session, &other)),
    }
}

fn done_of(session: &Session, accepted: Accepted) -> Result<bool, Status> {
    match accepted.outcome {
        Outcome::Approved { done } => Ok(done),
        other => Err(unexpected(session, &other)),
    }
}

fn unexpected(session: &Session, outcome: &Outcome) -> Status {
    let kind = match outcome {
        Outcome::Recorded { .. } => "recorded",
        Outcome::Deleted => "deleted",
        Outcome::Answered(_) => "answered",
        Outcome::Charged { .. } => "charged",
        Outcome::Member(_) => "member",
        Outcome::Certificate(_) => "certificate",
        Outcome::Approved { .. } => "approved",
        Outcome::Batch(_) => "batch",
        Outcome::Ruled { .. } => "ruled",
        Outcome::Reserved(_) => "reserved",
        Outcome::Confirmed { .. } => "confirmed",
        Outcome::CodesIssued { .. } => "codes issued",
        Outcome::Backfilled { .. } | Outcome::Snapshot(_) => "back-filled",
    };
    session.internal(&format_args!("an administration came to another outcome: {kind}"))
}

fn certificate_from(session: &Session, bytes: &[u8]) -> Result<Certificate, Status> {
    let parsed = parse_certificate(bytes)
        .map_err(|error| error.to_string())
        .and_then(|certificate| {
            if certificate.not_after > session.now() {
                Ok(certificate)
            } else {
                Err("the certificate has expired: have a new one issued".to_owned())
            }
        });
    parsed.map_err(|text| session.invalid(vec![Violation::new(Code::Format, "certificate", text)]))
}

#[async_trait]
impl AdminService for AdminApi {
    async fn create_member(
        &self,
        request: Request<pb::CreateMemberRequest>,
    ) -> Result<Response<pb::CreateMemberResponse>, Status> {
        let session = Session::of(&request)?;
        let (new, key) =
            read_new_member(request.get_ref()).map_err(|violations| session.invalid(violations))?;
        let outcome = self
            .administer(&session, Some(key), Administration::CreateMember(new))
            .await?;
        Ok(Response::new(pb::CreateMemberResponse {
            member: member_of(&session, outcome)?,
        }))
    }

    async fn get_member(
        &self,
        request: Request<pb::GetMemberRequest>,
    ) -> Result<Response<pb::GetMemberResponse>, Status> {
        let session = Session::of(&request)?;
        let member_id =
            read_member(&request.get_ref().member_id).map_err(|violations| session.invalid(violations))?;
        let member = self.members.find(&member_id).ok_or_else(|| {
            let text = "there is no member of this name: ListMembers shows them";
            session.invalid(vec![Violation::new(Code::MemberUnknown, "member_id", text)])
        })?;
        Ok(Response::new(pb::GetMemberResponse {
            member: Some(member_to_wire(&member)),
        }))
    }

    async fn list_members(
        &self,
        request: Request<pb::ListMembersRequest>,
    ) -> Result<Response<pb::ListMembersResponse>, Status> {
        let session = Session::of(&request)?;
        let asked = request.get_ref();
        let scope = PageScope {
            member_id: session.caller().member_id(),
            rpc: "ListMembers",
            filter: &[],
        };
        let page = read_page(asked.page_size, &asked.page_token, &self.market.page_key, &scope)
            .map_err(|violations| session.invalid(violations))?;
        let before = page
            .cursor
            .and_then(|bytes| bytes.try_into().ok())
            .map(|bytes| MemberNo(i64::from_be_bytes(bytes)));
        let rows = usize::try_from(page.rows).map_err(|error| session.internal(&error))?;
        // One more than asked tells whether there is a next page.
        let mut found = self.members.list(before, rows.saturating_add(1));
        let more = found.len() > rows;
        found.truncate(rows);
        let last = found
            .last()
            .filter(|_| more)
            .map(|member| member.member_no.0.to_be_bytes());
        let next = page_token_to_wire(
            last.as_ref().map(<[u8; 8]>::as_slice),
            &self.market.page_key,
            &scope,
        );
        let members = found
            .iter()
            .map(|member: &Member| member_to_wire(member))
            .collect();
        Ok(Response::new(pb::ListMembersResponse {
            members,
            next_page_token: next,
        }))
    }

    async fn update_member(
        &self,
        request: Request<pb::UpdateMemberRequest>,
    ) -> Result<Response<pb::UpdateMemberResponse>, Status> {
        let session = Session::of(&request)?;
        let update =
            read_member_update(request.get_ref()).map_err(|violations| session.invalid(violations))?;
        let outcome = self
            .administer(&session, None, Administration::UpdateMember(update))
            .await?;
        Ok(Response::new(pb::UpdateMemberResponse {
            member: member_of(&session, outcome)?,
        }))
    }

    async fn add_certificate(
        &self,
        request: Request<pb::AddCertificateRequest>,
    ) -> Result<Response<pb::AddCertificateResponse>, Status> {
        let session = Session::of(&request)?;
        let (member_id, bytes) =
            read_added_certificate(request.get_ref()).map_err(|violations| session.invalid(violations))?;
        let certificate = certificate_from(&session, bytes)?;
        let add = Administration::AddCertificate {
            member_id,
            certificate,
        };
        let outcome = self.administer(&session, None, add).await?;
        Ok(Response::new(pb::AddCertificateResponse {
            certificate: certificate_of(&session, outcome)?,
        }))
    }

    async fn revoke_certificate(
        &self,
        request: Request<pb::RevokeCertificateRequest>,
    ) -> Result<Response<pb::RevokeCertificateResponse>, Status> {
        let session = Session::of(&request)?;
        let (member_id, fingerprint) =
            read_revocation(request.get_ref()).map_err(|violations| session.invalid(violations))?;
        let revoke = Administration::RevokeCertificate {
            member_id,
            fingerprint,
        };
        let outcome = self.administer(&session, None, revoke).await?;
        Ok(Response::new(pb::RevokeCertificateResponse {
            certificate: certificate_of(&session, outcome)?,
        }))
    }

    async fn grant_evaluations(
        &self,
        request: Request<pb::GrantEvaluationsRequest>,
    ) -> Result<Response<pb::GrantEvaluationsResponse>, Status> {
        let session = Session::of(&request)?;
        let (grant, key) = read_grant(request.get_ref(), self.market.reading(&session).today)
            .map_err(|violations| session.invalid(violations))?;
        let grant = Administration::GrantEvaluations {
            member_id: grant.member_id,
            evaluations: grant.evaluations,
            expires_at: grant.expires_at,
            reason: grant.reason,
        };
        let accepted = self.members.administer(session.caller(), Some(key), grant).await;
        let done = done_of(&session, accepted.map_err(|error| session.unapplied(&error))?)?;
        Ok(Response::new(pb::GrantEvaluationsResponse { done }))
    }

    async fn merge_subjects(
        &self,
        request: Request<pb::MergeSubjectsRequest>,
    ) -> Result<Response<pb::MergeSubjectsResponse>, Status> {
        let session = Session::of(&request)?;
        let (merge, key) = read_merge(request.get_ref(), &self.market.reading(&session))
            .map_err(|violations| session.invalid(violations))?;
        let accepted = self
            .members
            .merge_subjects(
                session.caller(),
                key,
                [&merge.keep.token, &merge.merge.token],
                merge.reason,
            )
            .await;
        let done = done_of(&session, accepted.map_err(|error| session.unapplied(&error))?)?;
        Ok(Response::new(pb::MergeSubjectsResponse { done }))
    }

    async fn split_subject(
        &self,
        request: Request<pb::SplitSubjectRequest>,
    ) -> Result<Response<pb::SplitSubjectResponse>, Status> {
        let session = Session::of(&request)?;
        let (split, key) = read_split(request.get_ref(), &self.market.reading(&session))
            .map_err(|violations| session.invalid(violations))?;
        let accepted = self
            .members
            .split_subject(session.caller(), key, &split.token.token, split.reason)
            .await;
        let done = done_of(&session, accepted.map_err(|error| session.unapplied(&error))?)?;
        Ok(Response::new(pb::SplitSubjectResponse { done }))
    }

    async fn get_conduct(
        &self,
        request: Request<pb::GetConductRequest>,
    ) -> Result<Response<pb::GetConductResponse>, Status> {
        conduct::get_conduct(self, &request).await
    }
}
