//! StatisticsService: snapshots, and the tables that are published of them.

use std::sync::Arc;

use tonic::{Request, Response, Status, async_trait};

use super::Market;
use super::reporting_service::is_full;
use super::reservations::language_of;
use crate::domain::date::{from_epoch_days, to_epoch_days};
use crate::domain::statistics::{Snapshot, SnapshotKey, SnapshotState};
use crate::domain::unit::Outcome;
use crate::domain::violation::{Code, Violation};
use crate::server::layers::Session;
use crate::statistics::{Wanted, Window};
use crate::wire::convert::page::{PageScope, page_token_to_wire, read_page};
use crate::wire::convert::statistics::{
    TableRequest, indicators_to_wire, read_create_snapshot, read_get_indicator, read_get_snapshot,
    snapshot_to_wire, table_to_wire,
};
use crate::wire::pb;
use crate::wire::pb::statistics_service_server::StatisticsService;

/// The service.
pub(super) struct StatisticsApi {
    pub window: Window,
    pub market: Arc<Market>,
}

impl StatisticsApi {
    /// Why there is nothing to show.
    async fn absent(&self, session: &Session, asked: &TableRequest) -> Status {
        let found = self.window.find(asked.as_of, asked.version).await;
        let violation = match found {
            Err(error) => return session.unstored(&error),
            Ok(None) => unknown(),
            Ok(Some(snapshot)) if snapshot.state == SnapshotState::Published => Violation::new(
                Code::SnapshotUnknown,
                "currency",
                "the snapshot has no amounts in this currency: ask for counts, or for a currency that is lent in",
            ),
            Ok(Some(snapshot)) => unpublished(&snapshot),
        };
        session.invalid(vec![violation])
    }
}

fn unknown() -> Violation {
    let text = "there is no snapshot of this date and version: ListSnapshots shows those there are";
    Violation::new(Code::SnapshotUnknown, "as_of", text)
}

fn unpublished(snapshot: &Snapshot) -> Violation {
    let text = match snapshot.state {
        SnapshotState::Failed => {
            "its computation failed and nothing of it is readable: the operator can make a new version with CreateSnapshot"
        }
        _ => "it is still being computed: GetSnapshot tells when it is published",
    };
    Violation::new(Code::SnapshotNotPublished, "as_of", text)
}

#[async_trait]
impl StatisticsService for StatisticsApi {
    async fn list_indicators(
        &self,
        request: Request<pb::ListIndicatorsRequest>,
    ) -> Result<Response<pb::ListIndicatorsResponse>, Status> {
        Session::of(&request)?;
        Ok(Response::new(pb::ListIndicatorsResponse {
            indicators: indicators_to_wire(language_of(&request)),
        }))
    }

    async fn list_snapshots(
        &self,
        request: Request<pb::ListSnapshotsRequest>,
    ) -> Result<Response<pb::ListSnapshotsResponse>, Status> {
        let session = Session::of(&request)?;
        let asked = request.get_ref();
        let scope = PageScope {
            member_id: session.caller().member_id(),
            rpc: "ListSnapshots",
            filter: &[],
        };
        let key = &self.market.page_key;
        let page = read_page(asked.page_size, &asked.page_token, key, &scope)
            .map_err(|broken| session.invalid(broken))?;
        let after = page.cursor.as_deref().and_then(place);
        let listed = self.window.list(after, page.rows).await;
        let snapshots = listed.map_err(|error| session.unstored(&error))?;
        let last = snapshots.last().filter(|_| is_full(snapshots.len(), page.rows));
        let cursor = last.map(|snapshot| cursor(snapshot.key));
        Ok(Response::new(pb::ListSnapshotsResponse {
            snapshots: snapshots.iter().map(snapshot_to_wire).collect(),
            next_page_token: page_token_to_wire(cursor.as_deref(), key, &scope),
        }))
    }

    async fn get_snapshot(
        &self,
        request: Request<pb::GetSnapshotRequest>,
    ) -> Result<Response<pb::GetSnapshotResponse>, Status> {
        let session = Session::of(&request)?;
        let today = self.market.zone.date_of(session.now());
        let read = read_get_snapshot(request.get_ref(), today);
        let (as_of, version) = read.map_err(|broken| session.invalid(broken))?;
        let found = self.window.find(as_of, version).await;
        let found = found.map_err(|error| session.unstored(&error))?;
        let snapshot = found.ok_or_else(|| session.invalid(vec![unknown()]))?;
        Ok(Response::new(pb::GetSnapshotResponse {
            snapshot: Some(snapshot_to_wire(&snapshot)),
        }))
    }

    async fn create_snapshot(
        &self,
        request: Request<pb::CreateSnapshotRequest>,
    ) -> Result<Response<pb::CreateSnapshotResponse>, Status> {
        let session = Session::of(&request)?;
        let today = self.market.zone.date_of(session.now());
        let read = read_create_snapshot(request.get_ref(), today);
        let (as_of, key) = read.map_err(|broken| session.invalid(broken))?;
        let asked = self.window.create(session.caller(), key, as_of).await;
        match asked.map_err(|error| session.unapplied(&error))?.outcome {
            Outcome::Snapshot(snapshot) => Ok(Response::new(pb::CreateSnapshotResponse {
                snapshot: Some(snapshot_to_wire(&snapshot)),
            })),
            _ => Err(session.internal(&"a snapshot had the outcome of something else")),
        }
    }

    async fn get_indicator(
        &self,
        request: Request<pb::GetIndicatorRequest>,
    ) -> Result<Response<pb::GetIndicatorResponse>, Status> {
        let session = Session::of(&request)?;
        let today = self.market.zone.date_of(session.now());
        let read = read_get_indicator(request.get_ref(), today);
        let asked = read.map_err(|broken| session.invalid(broken))?;
        let wanted = Wanted {
            published: asked.published,
            currency: asked.currency,
            as_of: asked.as_of,
            from: asked.from,
            version: asked.version,
        };
        let found = self.window.tables(&wanted).await;
        let tables = found.map_err(|error| session.unstored(&error))?;
        if tables.is_empty() && asked.from.is_none() {
            return Err(self.absent(&session, &asked).await);
        }
        Ok(Response::new(pb::GetIndicatorResponse {
            tables: tables
                .iter()
                .map(|(key, table)| table_to_wire(*key, table))
                .collect(),
        }))
    }
}

/// The place of a snapshot as bytes.
fn cursor(key: SnapshotKey) -> Vec<u8> {
    let mut bytes = to_epoch_days(key.as_of).to_be_bytes().to_vec();
    bytes.extend(key.version.to_be_bytes());
    bytes
}

/// Inverse of [`cursor`]; `None` of bytes that this service did not make.
fn place(bytes: &[u8]) -> Option<SnapshotKey> {
    let (as_of, version) = bytes.split_first_chunk()?;
    Some(SnapshotKey {
        as_of: from_epoch_days(i32::from_be_bytes(*as_of))?,
        version: u32::from_be_bytes(version.try_into().ok()?),
    })
}
