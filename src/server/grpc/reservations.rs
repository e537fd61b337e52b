//! The rpcs of checks and reservations.

use tonic::{Request, Response, Status};

use super::Market;
use crate::domain::language::Language;
use crate::domain::reservation::Reservation;
use crate::domain::unit::Outcome;
use crate::exposure::Exposure;
use crate::exposure::reserve::Loan;
use crate::server::layers::Session;
use crate::wire::convert::check::{explained_to_wire, read_check, read_explain, ruled_to_wire};
use crate::wire::convert::reservation::{
    confirmed_to_wire, read_confirm, read_extend, read_get, read_release, reservation_to_wire,
};
use crate::wire::pb;

/// Metadata that says in which language reasons are told, as in HTTP: `zh` and what begins with it is Chinese.
const LANGUAGE: &str = "accept-language";

pub(super) fn language_of<T>(request: &Request<T>) -> Language {
    let asked = request
        .metadata()
        .get(LANGUAGE)
        .and_then(|value| value.to_str().ok());
    match asked {
        Some(tag) if tag.get(..2).is_some_and(|tag| tag.eq_ignore_ascii_case("zh")) => Language::Chinese,
        Some(_) | None => Language::English,
    }
}

/// `CheckAndReserve`.
pub(super) async fn check(
    room: &Exposure,
    market: &Market,
    request: &Request<pb::CheckAndReserveRequest>,
) -> Result<Response<pb::CheckAndReserveResponse>, Status> {
    let session = Session::of(request)?;
    let read = read_check(request.get_ref(), &market.reading(&session));
    let (application, key) = read.map_err(|violations| session.invalid(violations))?;
    let checked = room
        .check(session.caller(), key, application, session.now())
        .await;
    match checked.map_err(|error| session.unapplied(&error))?.outcome {
        Outcome::Ruled { ruled, reservation } => {
            let answer = ruled_to_wire(&ruled, reservation.as_ref(), language_of(request));
            Ok(Response::new(answer))
        }
        _ => Err(session.internal(&"a check had the outcome of something else")),
    }
}

/// `ConfirmReservation`.
pub(super) async fn confirm(
    room: &Exposure,
    market: &Market,
    request: &Request<pb::ConfirmReservationRequest>,
) -> Result<Response<pb::ConfirmReservationResponse>, Status> {
    let session = Session::of(request)?;
    let read = read_confirm(request.get_ref(), &market.reading(&session));
    let asked = read.map_err(|violations| session.invalid(violations))?;
    let loan = Loan {
        reservation_id: asked.reservation_id,
        position: asked.position,
        findings: asked.findings,
    };
    let confirmed = room.confirm(session.caller(), asked.request, loan).await;
    match confirmed.map_err(|error| session.unapplied(&error))?.outcome {
        Outcome::Confirmed {
            reservation,
            late,
            version,
            warnings,
        } => Ok(Response::new(confirmed_to_wire(
            &reservation,
            late,
            version,
            &warnings,
        ))),
        _ => Err(session.internal(&"a confirmation had the outcome of something else")),
    }
}

/// `ExtendReservation`.
pub(super) async fn extend(
    room: &Exposure,
    request: &Request<pb::ExtendReservationRequest>,
) -> Result<Response<pb::ExtendReservationResponse>, Status> {
    let session = Session::of(request)?;
    let read = read_extend(request.get_ref());
    let ((id, minutes), key) = read.map_err(|violations| session.invalid(violations))?;
    let extended = room.extend(session.caller(), key, id, minutes).await;
    let accepted = extended.map_err(|error| session.unapplied(&error))?;
    let reservation = reserved(&session, &accepted.outcome)?;
    Ok(Response::new(pb::ExtendReservationResponse {
        reservation: Some(reservation_to_wire(&reservation)),
    }))
}

/// `ReleaseReservation`.
pub(super) async fn release(
    room: &Exposure,
    request: &Request<pb::ReleaseReservationRequest>,
) -> Result<Response<pb::ReleaseReservationResponse>, Status> {
    let session = Session::of(request)?;
    let read = read_release(request.get_ref());
    let ((id, reason), key) = read.map_err(|violations| session.invalid(violations))?;
    let released = room.release(session.caller(), key, id, reason).await;
    let accepted = released.map_err(|error| session.unapplied(&error))?;
    let reservation = reserved(&session, &accepted.outcome)?;
    Ok(Response::new(pb::ReleaseReservationResponse {
        reservation: Some(reservation_to_wire(&reservation)),
    }))
}

/// `GetReservation`.
pub(super) async fn get(
    room: &Exposure,
    request: &Request<pb::GetReservationRequest>,
) -> Result<Response<pb::GetReservationResponse>, Status> {
    let session = Session::of(request)?;
    let id = read_get(request.get_ref()).map_err(|violations| session.invalid(violations))?;
    let found = room.find_reservation(session.caller(), id, session.now()).await;
    let reservation = found.map_err(|error| session.unapplied(&error))?;
    Ok(Response::new(pb::GetReservationResponse {
        reservation: Some(reservation_to_wire(&reservation)),
    }))
}

/// `ExplainDecision`.
pub(super) async fn explain(
    room: &Exposure,
    request: &Request<pb::ExplainDecisionRequest>,
) -> Result<Response<pb::ExplainDecisionResponse>, Status> {
    let session = Session::of(request)?;
    let id = read_explain(request.get_ref()).map_err(|violations| session.invalid(violations))?;
    let found = room.explain(session.caller(), id).await;
    let ruled = found.map_err(|error| session.unapplied(&error))?;
    Ok(Response::new(explained_to_wire(&ruled, language_of(request))))
}

fn reserved(session: &Session, outcome: &Outcome) -> Result<Reservation, Status> {
    match outcome {
        Outcome::Reserved(reservation) => Ok(*reservation),
        _ => Err(session.internal(&"a step with a reservation had the outcome of something else")),
    }
}
