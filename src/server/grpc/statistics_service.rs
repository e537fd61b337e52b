//! StatisticsService: part of the contract, not of this version.

use tonic::{Request, Response, Status, async_trait};

use crate::server::layers::Session;
use crate::wire::pb;
use crate::wire::pb::statistics_service_server::StatisticsService;

/// Says of every rpc that it is not served yet.
pub(super) struct StatisticsApi;

fn later<Q, A>(request: &Request<Q>) -> Result<Response<A>, Status> {
    Err(Session::of(request)?.unimplemented("statistics"))
}

#[async_trait]
impl StatisticsService for StatisticsApi {
    async fn list_indicators(
        &self,
        request: Request<pb::ListIndicatorsRequest>,
    ) -> Result<Response<pb::ListIndicatorsResponse>, Status> {
        later(&request)
    }

    async fn list_snapshots(
        &self,
        request: Request<pb::ListSnapshotsRequest>,
    ) -> Result<Response<pb::ListSnapshotsResponse>, Status> {
        later(&request)
    }

    async fn get_snapshot(
        &self,
        request: Request<pb::GetSnapshotRequest>,
    ) -> Result<Response<pb::GetSnapshotResponse>, Status> {
        later(&request)
    }

    async fn create_snapshot(
        &self,
        request: Request<pb::CreateSnapshotRequest>,
    ) -> Result<Response<pb::CreateSnapshotResponse>, Status> {
        later(&request)
    }

    async fn get_indicator(
        &self,
        request: Request<pb::GetIndicatorRequest>,
    ) -> Result<Response<pb::GetIndicatorResponse>, Status> {
        later(&request)
    }
}
