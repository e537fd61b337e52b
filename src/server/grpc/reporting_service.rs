//! `ReportingService`: a member's own positions, one at a time; batches and quality are in the files beside this one.

use std::sync::Arc;

use tonic::{Request, Response, Status, Streaming};

use super::{Market, Stream, batches, quality, upload};
use crate::domain::names::AccountNo;
use crate::domain::unit::{Accepted, Outcome};
use crate::domain::violation::Violation;
use crate::members::Members;
use crate::reporting::{OwnPosition, OwnVersion, Reporting, Statement};
use crate::server::layers::Session;
use crate::wire::convert::page::{PageScope, page_token_to_wire, read_page};
use crate::wire::convert::position::position_to_wire;
use crate::wire::convert::report::{
    VersionView, corrected_to_wire, read_account, read_correction, read_deletion, read_report,
    reported_to_wire, version_to_wire,
};
use crate::wire::pb;
use pb::reporting_service_server::ReportingService;

/// The service over the room.
pub struct Reports {
    pub(super) room: Arc<Reporting>,
    pub(super) members: Arc<Members>,
    pub(super) market: Arc<Market>,
}

impl Reports {
    /// The service over its room.
    pub fn new(room: Reporting, members: Arc<Members>, market: Arc<Market>) -> Self {
        Self {
            room: Arc::new(room),
            members,
            market,
        }
    }
}

/// Of an accepted report or correction: version, when, warnings.
type Recorded = (u64, crate::domain::date::Timestamp, Vec<Violation>);

fn recorded(session: &Session, accepted: Accepted) -> Result<Recorded, Status> {
    match accepted.outcome {
        Outcome::Recorded {
            version,
            received_at,
            warnings,
        } => Ok((version, received_at, warnings)),
        Outcome::Deleted
        | Outcome::Answered(_)
        | Outcome::Charged { .. }
        | Outcome::Member(_)
        | Outcome::Certificate(_)
        | Outcome::Approved { .. }
        | Outcome::Batch(_)
        | Outcome::Ruled { .. }
        | Outcome::Reserved(_)
        | Outcome::Confirmed { .. }
        | Outcome::CodesIssued { .. }
        | Outcome::Backfilled { .. }
        | Outcome::Snapshot(_) => Err(session.internal(&"a report had the outcome of something else")),
    }
}

#[tonic::async_trait]
impl ReportingService for Reports {
    async fn report_position(
        &self,
        request: Request<pb::ReportPositionRequest>,
    ) -> Result<Response<pb::ReportPositionResponse>, Status> {
        let session = Session::of(&request)?;
        let read = read_report(request.get_ref(), &self.market.reading(&session));
        let report = read.map_err(|violations| session.invalid(violations))?;
        let statement = Statement {
            position: report.position,
            event: Some(report.event),
            findings: report.findings,
        };
        let accepted = self
            .room
            .report(session.caller(), report.request, statement)
            .await;
        let accepted = accepted.map_err(|error| session.unapplied(&error))?;
        let (version, received_at, warnings) = recorded(&session, accepted)?;
        Ok(Response::new(reported_to_wire(version, received_at, &warnings)))
    }

    async fn correct_position(
        &self,
        request: Request<pb::CorrectPositionRequest>,
    ) -> Result<Response<pb::CorrectPositionResponse>, Status> {
        let session = Session::of(&request)?;
        let read = read_correction(request.get_ref(), &self.market.reading(&session));
        let asked = read.map_err(|violations| session.invalid(violations))?;
        let statement = Statement {
            position: asked.position,
            event: None,
            findings: asked.findings,
        };
        let corrected = self.room.correct(
            session.caller(),
            asked.request,
            statement,
            asked.corrects_version,
            asked.reason,
        );
        let accepted = corrected.await.map_err(|error| session.unapplied(&error))?;
        let (version, received_at, warnings) = recorded(&session, accepted)?;
        Ok(Response::new(corrected_to_wire(version, received_at, &warnings)))
    }

    async fn delete_position(
        &self,
        request: Request<pb::DeletePositionRequest>,
    ) -> Result<Response<pb::DeletePositionResponse>, Status> {
        let session = Session::of(&request)?;
        let asked = read_deletion(request.get_ref()).map_err(|violations| session.invalid(violations))?;
        let deleted = self
            .room
            .delete(session.caller(), asked.request, asked.account_ref, asked.reason);
        deleted.await.map_err(|error| session.unapplied(&error))?;
        Ok(Response::new(pb::DeletePositionResponse {}))
    }

    async fn get_position(
        &self,
        request: Request<pb::GetPositionRequest>,
    ) -> Result<Response<pb::GetPositionResponse>, Status> {
        let session = Session::of(&request)?;
        let account_ref =
            read_account(&request.get_ref().account_ref).map_err(|violations| session.invalid(violations))?;
        let found = self.room.get(session.caller(), &account_ref).await;
        let own = found.map_err(|error| session.unapplied(&error))?;
        Ok(Response::new(pb::GetPositionResponse {
            position: Some(position_to_wire(&own.position)),
            version: own.version,
        }))
    }

    async fn list_positions(
        &self,
        request: Request<pb::ListPositionsRequest>,
    ) -> Result<Response<pb::ListPositionsResponse>, Status> {
        let session = Session::of(&request)?;
        let asked = request.get_ref();
        let filter = [u8::from(asked.open_only)];
        let member_id = session.caller().member_id();
        let scope = PageScope {
            member_id,
            rpc: "ListPositions",
            filter: &filter,
        };
        let page = read_page(asked.page_size, &asked.page_token, &self.market.page_key, &scope)
            .map_err(|violations| session.invalid(violations))?;
        let before = page.cursor.as_deref().and_then(number).map(AccountNo);
        let listed = self
            .room
            .list(session.caller(), before, page.rows, asked.open_only)
            .await;
        let positions = listed.map_err(|error| session.unapplied(&error))?;
        let last: Option<&OwnPosition> = positions.last().filter(|_| is_full(positions.len(), page.rows));
        let cursor = last.map(|own| own.account_no.0.to_be_bytes());
        Ok(Response::new(pb::ListPositionsResponse {
            positions: positions
                .iter()
                .map(|own| position_to_wire(&own.position))
                .collect(),
            next_page_token: page_token_to_wire(
                cursor.as_ref().map(<[u8; 8]>::as_slice),
                &self.market.page_key,
                &scope,
            ),
        }))
    }

    async fn list_position_versions(
        &self,
        request: Request<pb::ListPositionVersionsRequest>,
    ) -> Result<Response<pb::ListPositionVersionsResponse>, Status> {
        let session = Session::of(&request)?;
        let asked = request.get_ref();
        let member_id = session.caller().member_id();
        let scope = PageScope {
            member_id,
            rpc: "ListPositionVersions",
            filter: asked.account_ref.as_bytes(),
        };
        let account_ref =
            read_account(&asked.account_ref).map_err(|violations| session.invalid(violations))?;
        let page = read_page(asked.page_size, &asked.page_token, &self.market.page_key, &scope)
            .map_err(|violations| session.invalid(violations))?;
        let before = page
            .cursor
            .as_deref()
            .and_then(number)
            .and_then(|number| u64::try_from(number).ok());
        let listed = self
            .room
            .versions(session.caller(), &account_ref, before, page.rows)
            .await;
        let versions = listed.map_err(|error| session.unapplied(&error))?;
        let last: Option<&OwnVersion> = versions.last().filter(|_| is_full(versions.len(), page.rows));
        let cursor = last.map(|own| own.version.number.to_be_bytes());
        Ok(Response::new(pb::ListPositionVersionsResponse {
            next_page_token: page_token_to_wire(
                cursor.as_ref().map(<[u8; 8]>::as_slice),
                &self.market.page_key,
                &scope,
            ),
            versions: versions.into_iter().map(version).collect(),
        }))
    }

    type UploadBatchStream = Stream<pb::UploadBatchResponse>;

    async fn upload_batch(
        &self,
        request: Request<Streaming<pb::UploadBatchRequest>>,
    ) -> Result<Response<Self::UploadBatchStream>, Status> {
        upload::upload(self, request).await
    }

    async fn get_batch(
        &self,
        request: Request<pb::GetBatchRequest>,
    ) -> Result<Response<pb::GetBatchResponse>, Status> {
        batches::get_batch(self, &request).await
    }

    async fn list_batches(
        &self,
        request: Request<pb::ListBatchesRequest>,
    ) -> Result<Response<pb::ListBatchesResponse>, Status> {
        batches::list_batches(self, &request).await
    }

    async fn list_record_results(
        &self,
        request: Request<pb::ListRecordResultsRequest>,
    ) -> Result<Response<pb::ListRecordResultsResponse>, Status> {
        batches::list_record_results(self, &request).await
    }

    async fn list_missing_positions(
        &self,
        request: Request<pb::ListMissingPositionsRequest>,
    ) -> Result<Response<pb::ListMissingPositionsResponse>, Status> {
        batches::list_missing_positions(self, &request).await
    }

    async fn confirm_batch(
        &self,
        request: Request<pb::ConfirmBatchRequest>,
    ) -> Result<Response<pb::ConfirmBatchResponse>, Status> {
        batches::confirm_batch(self, &request).await
    }

    async fn get_reconciliation(
        &self,
        request: Request<pb::GetReconciliationRequest>,
    ) -> Result<Response<pb::GetReconciliationResponse>, Status> {
        quality::get_reconciliation(self, &request).await
    }

    async fn get_data_quality(
        &self,
        request: Request<pb::GetDataQualityRequest>,
    ) -> Result<Response<pb::GetDataQualityResponse>, Status> {
        quality::get_data_quality(self, &request).await
    }
}

fn version(own: OwnVersion) -> pb::PositionVersion {
    version_to_wire(&VersionView {
        number: own.version.number,
        event: own.version.event,
        received_at: own.version.received_at,
        correction_reason: own.version.correction_reason.clone(),
        position: own.position,
    })
}

/// Whether there may be another page.
pub(super) fn is_full(rows: usize, limit: u32) -> bool {
    u32::try_from(rows).is_ok_and(|rows| rows == limit)
}

/// A cursor that this service made: a number of eight bytes.
pub(super) fn number(cursor: &[u8]) -> Option<i64> {
    cursor.try_into().ok().map(i64::from_be_bytes)
}
