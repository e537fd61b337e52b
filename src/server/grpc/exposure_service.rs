//! `ExposureService`: what a member asks at origination, and the review of its portfolio.

use std::sync::Arc;

use futures::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};

use super::{Market, Stream, offline, reservations};
use crate::domain::exposure::Answer;
use crate::domain::unit::{Accepted, Outcome, Receipt};
use crate::exposure::Exposure;
use crate::members::Members;
use crate::server::layers::Session;
use crate::store::ApplyError;
use crate::wire::convert::exposure::{query_answer_to_wire, review_answer_to_wire, review_refusal_to_wire};
use crate::wire::convert::inquiry::{read_query, read_review};
use crate::wire::pb;
use pb::exposure_service_server::ExposureService;

/// Looks of one review stream in work at once: enough to fill a group of the store, few enough to be fair.
const REVIEWS_IN_WORK_MAX: usize = 64;

/// The service over the room.
pub struct Answers {
    pub(super) room: Arc<Exposure>,
    pub(super) members: Arc<Members>,
    pub(super) market: Arc<Market>,
}

impl Answers {
    /// The service over its room.
    pub fn new(room: Exposure, members: Arc<Members>, market: Arc<Market>) -> Self {
        Self {
            room: Arc::new(room),
            members,
            market,
        }
    }
}

fn answered(session: &Session, accepted: Accepted) -> Result<(Box<Answer>, Receipt), Status> {
    match accepted.outcome {
        Outcome::Answered(answer) => Ok((answer, accepted.receipt)),
        Outcome::Recorded { .. }
        | Outcome::Deleted
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
        | Outcome::Snapshot(_) => Err(session.internal(&"a look had the outcome of something else")),
    }
}

/// One message of a review: an answer or a refusal; a status ends the stream.
async fn review(
    room: Arc<Exposure>,
    market: Arc<Market>,
    session: Session,
    number: u64,
    message: Result<pb::ReviewPortfolioRequest, Status>,
) -> Result<pb::ReviewPortfolioResponse, Status> {
    let message = message?;
    session.recheck()?;
    let inquiry = match read_review(&message, &market.reading(&session)) {
        Ok(inquiry) => inquiry,
        Err(violations) => return refusal(&session, number, violations.first()),
    };
    match room.review(session.caller(), inquiry).await {
        Ok(accepted) => {
            let (answer, receipt) = answered(&session, accepted)?;
            Ok(review_answer_to_wire(number, &answer, &receipt))
        }
        Err(ApplyError::Refused(refused)) => refusal(&session, number, refused.violations.first()),
        Err(error @ ApplyError::Store(_)) => Err(session.unapplied(&error)),
    }
}

fn refusal(
    session: &Session,
    number: u64,
    violation: Option<&crate::domain::violation::Violation>,
) -> Result<pb::ReviewPortfolioResponse, Status> {
    match violation {
        Some(violation) => Ok(review_refusal_to_wire(number, violation)),
        None => Err(session.internal(&"a refusal without a violation")),
    }
}

#[tonic::async_trait]
impl ExposureService for Answers {
    async fn query_exposure(
        &self,
        request: Request<pb::QueryExposureRequest>,
    ) -> Result<Response<pb::QueryExposureResponse>, Status> {
        let session = Session::of(&request)?;
        let read = read_query(request.get_ref(), &self.market.reading(&session));
        let (inquiry, key) = read.map_err(|violations| session.invalid(violations))?;
        let accepted = self.room.query(session.caller(), key, inquiry).await;
        let accepted = accepted.map_err(|error| session.unapplied(&error))?;
        let (answer, receipt) = answered(&session, accepted)?;
        Ok(Response::new(query_answer_to_wire(&answer, &receipt)))
    }

    type ReviewPortfolioStream = Stream<pb::ReviewPortfolioResponse>;

    async fn review_portfolio(
        &self,
        request: Request<Streaming<pb::ReviewPortfolioRequest>>,
    ) -> Result<Response<Self::ReviewPortfolioStream>, Status> {
        let session = Session::of(&request)?;
        let (room, market) = (Arc::clone(&self.room), Arc::clone(&self.market));
        let messages = request.into_inner().enumerate();
        let answers = messages
            .map(move |(index, message)| {
                let number = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
                review(
                    Arc::clone(&room),
                    Arc::clone(&market),
                    session.clone(),
                    number,
                    message,
                )
            })
            .buffered(REVIEWS_IN_WORK_MAX);
        Ok(Response::new(until_error(answers).boxed()))
    }

    async fn check_and_reserve(
        &self,
        request: Request<pb::CheckAndReserveRequest>,
    ) -> Result<Response<pb::CheckAndReserveResponse>, Status> {
        reservations::check(&self.room, &self.market, &request).await
    }

    async fn confirm_reservation(
        &self,
        request: Request<pb::ConfirmReservationRequest>,
    ) -> Result<Response<pb::ConfirmReservationResponse>, Status> {
        reservations::confirm(&self.room, &self.market, &request).await
    }

    async fn extend_reservation(
        &self,
        request: Request<pb::ExtendReservationRequest>,
    ) -> Result<Response<pb::ExtendReservationResponse>, Status> {
        reservations::extend(&self.room, &request).await
    }

    async fn release_reservation(
        &self,
        request: Request<pb::ReleaseReservationRequest>,
    ) -> Result<Response<pb::ReleaseReservationResponse>, Status> {
        reservations::release(&self.room, &request).await
    }

    async fn get_reservation(
        &self,
        request: Request<pb::GetReservationRequest>,
    ) -> Result<Response<pb::GetReservationResponse>, Status> {
        reservations::get(&self.room, &request).await
    }

    async fn explain_decision(
        &self,
        request: Request<pb::ExplainDecisionRequest>,
    ) -> Result<Response<pb::ExplainDecisionResponse>, Status> {
        reservations::explain(&self.room, &request).await
    }

    async fn issue_offline_codes(
        &self,
        request: Request<pb::IssueOfflineCodesRequest>,
    ) -> Result<Response<pb::IssueOfflineCodesResponse>, Status> {
        offline::issue(&self.room, &request).await
    }

    async fn backfill_offline_code(
        &self,
        request: Request<pb::BackfillOfflineCodeRequest>,
    ) -> Result<Response<pb::BackfillOfflineCodeResponse>, Status> {
        offline::backfill(&self.room, &self.market, &request).await
    }

    async fn list_offline_uses(
        &self,
        request: Request<pb::ListOfflineUsesRequest>,
    ) -> Result<Response<pb::ListOfflineUsesResponse>, Status> {
        offline::list(self, &request).await
    }
}

/// Ends a stream after its first error, as gRPC does.
fn until_error<T>(
    stream: impl futures::Stream<Item = Result<T, Status>>,
) -> impl futures::Stream<Item = Result<T, Status>> {
    stream.scan(false, |ended, item| {
        let pass = (!*ended).then(|| {
            *ended = item.is_err();
            item
        });
        futures::future::ready(pass)
    })
}
