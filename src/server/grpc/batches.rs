//! The unary rpcs of batches.

use tonic::{Request, Response, Status};

use super::reporting_service::{Reports, is_full, number};
use crate::domain::batch::BatchNo;
use crate::domain::names::AccountRef;
use crate::server::layers::Session;
use crate::wire::convert::batch::{batch_to_wire, read_batch_name, result_to_wire};
use crate::wire::convert::page::{PageScope, page_token_to_wire, read_page};
use crate::wire::pb;

pub(super) async fn get_batch(
    reports: &Reports,
    request: &Request<pb::GetBatchRequest>,
) -> Result<Response<pb::GetBatchResponse>, Status> {
    let session = Session::of(request)?;
    let batch_id = read_batch_name(&request.get_ref().batch_id).map_err(|broken| session.invalid(broken))?;
    let found = reports.room.find_batch(session.caller(), &batch_id).await;
    let row = found.map_err(|error| session.unapplied(&error))?;
    Ok(Response::new(pb::GetBatchResponse {
        batch: Some(batch_to_wire(&row.batch)),
    }))
}

pub(super) async fn confirm_batch(
    reports: &Reports,
    request: &Request<pb::ConfirmBatchRequest>,
) -> Result<Response<pb::ConfirmBatchResponse>, Status> {
    let session = Session::of(request)?;
    let batch_id = read_batch_name(&request.get_ref().batch_id).map_err(|broken| session.invalid(broken))?;
    let confirmed = reports.room.confirm_batch(session.caller(), batch_id).await;
    let row = confirmed.map_err(|error| session.unapplied(&error))?;
    Ok(Response::new(pb::ConfirmBatchResponse {
        batch: Some(batch_to_wire(&row.batch)),
    }))
}

pub(super) async fn list_batches(
    reports: &Reports,
    request: &Request<pb::ListBatchesRequest>,
) -> Result<Response<pb::ListBatchesResponse>, Status> {
    let session = Session::of(request)?;
    let asked = request.get_ref();
    let scope = PageScope {
        member_id: session.caller().member_id(),
        rpc: "ListBatches",
        filter: &[],
    };
    let key = &reports.market.page_key;
    let page = read_page(asked.page_size, &asked.page_token, key, &scope)
        .map_err(|broken| session.invalid(broken))?;
    let before = page.cursor.as_deref().and_then(number).map(BatchNo);
    let listed = reports
        .room
        .list_batches(session.caller(), before, page.rows)
        .await;
    let rows = listed.map_err(|error| session.unapplied(&error))?;
    let last = rows.last().filter(|_| is_full(rows.len(), page.rows));
    let cursor = last.map(|row| row.batch.batch_no.0.to_be_bytes());
    Ok(Response::new(pb::ListBatchesResponse {
        batches: rows.iter().map(|row| batch_to_wire(&row.batch)).collect(),
        next_page_token: page_token_to_wire(cursor.as_ref().map(<[u8; 8]>::as_slice), key, &scope),
    }))
}

pub(super) async fn list_record_results(
    reports: &Reports,
    request: &Request<pb::ListRecordResultsRequest>,
) -> Result<Response<pb::ListRecordResultsResponse>, Status> {
    let session = Session::of(request)?;
    let asked = request.get_ref();
    let batch_id = read_batch_name(&asked.batch_id).map_err(|broken| session.invalid(broken))?;
    let scope = PageScope {
        member_id: session.caller().member_id(),
        rpc: "ListRecordResults",
        filter: asked.batch_id.as_bytes(),
    };
    let key = &reports.market.page_key;
    let page = read_page(asked.page_size, &asked.page_token, key, &scope)
        .map_err(|broken| session.invalid(broken))?;
    let after = page.cursor.as_deref().and_then(number);
    let after = after.and_then(|after| u64::try_from(after).ok()).unwrap_or(0);
    let listed = reports
        .room
        .list_results(session.caller(), &batch_id, after, page.rows)
        .await;
    let results = listed.map_err(|error| session.unapplied(&error))?;
    let last = results.last().filter(|_| is_full(results.len(), page.rows));
    let cursor = last.map(|result| result.record_number.to_be_bytes());
    Ok(Response::new(pb::ListRecordResultsResponse {
        results: results.iter().map(result_to_wire).collect(),
        next_page_token: page_token_to_wire(cursor.as_ref().map(<[u8; 8]>::as_slice), key, &scope),
    }))
}

pub(super) async fn list_missing_positions(
    reports: &Reports,
    request: &Request<pb::ListMissingPositionsRequest>,
) -> Result<Response<pb::ListMissingPositionsResponse>, Status> {
    let session = Session::of(request)?;
    let asked = request.get_ref();
    let batch_id = read_batch_name(&asked.batch_id).map_err(|broken| session.invalid(broken))?;
    let scope = PageScope {
        member_id: session.caller().member_id(),
        rpc: "ListMissingPositions",
        filter: asked.batch_id.as_bytes(),
    };
    let key = &reports.market.page_key;
    let page = read_page(asked.page_size, &asked.page_token, key, &scope)
        .map_err(|broken| session.invalid(broken))?;
    let after = page
        .cursor
        .as_deref()
        .and_then(|name| AccountRef::parse(std::str::from_utf8(name).ok()?));
    let listed = reports
        .room
        .list_missing(session.caller(), &batch_id, after.as_ref(), page.rows)
        .await;
    let accounts = listed.map_err(|error| session.unapplied(&error))?;
    let last = accounts.last().filter(|_| is_full(accounts.len(), page.rows));
    let cursor = last.map(|name| name.as_str().as_bytes());
    Ok(Response::new(pb::ListMissingPositionsResponse {
        next_page_token: page_token_to_wire(cursor, key, &scope),
        account_refs: accounts.iter().map(|name| name.as_str().to_owned()).collect(),
    }))
}
