//! What becomes of reservations: requests inward, reservations outward.

use super::code::{Coded, read_code};
use super::collect::{Collector, Path};
use super::date::timestamp_to_wire;
use super::position::read_position;
use super::report::{all_of, collect};
use super::request::{read_request_key, read_reservation_id};
use super::token::{ReadToken, Reading};
use super::violation::violations_to_wire;
use crate::domain::names::ReservationId;
use crate::domain::position::Position;
use crate::domain::reservation::{ReleaseReason, Reservation};
use crate::domain::rules::Lifetime;
use crate::domain::unit::RequestKey;
use crate::domain::validation::Findings;
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// A loan for which a reservation was made, as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfirmRequest<T> {
    /// Which reservation.
    pub reservation_id: ReservationId,
    /// The loan.
    pub position: Position<T>,
    /// What the message alone breaks, to be refused together with what the file shows; and warnings.
    pub findings: Findings,
    /// Names the request.
    pub request: RequestKey,
}

/// Reads `ConfirmReservation`. A loan that names another reservation is refused.
pub fn read_confirm<R: ReadToken>(
    wire: &pb::ConfirmReservationRequest,
    reading: &Reading<'_, R>,
) -> Result<ConfirmRequest<R::Token>, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let reservation_id = read_reservation_id(&wire.reservation_id, &root.field("reservation_id"), &mut out);
    let read = collect(read_position(wire.position.as_ref(), reading), &mut out);
    let named = wire
        .position
        .as_ref()
        .map_or("", |position| &position.reservation_id);
    if !named.is_empty() && ReservationId::parse(named) != reservation_id {
        let text = "the loan names another reservation than the one it confirms: leave it out";
        out.refuse(
            Code::Format,
            &root.field("position").field("reservation_id"),
            text,
        );
    }
    let request = read_request_key(&wire.request_id, wire, &mut out);
    match (read, reservation_id, request) {
        (Some(read), Some(reservation_id), Some(request)) if out.is_empty() => Ok(ConfirmRequest {
            reservation_id,
            position: read.position,
            findings: read.findings,
            request,
        }),
        (read, ..) => Err(all_of(read, out)),
    }
}

/// Reads `ReleaseReservation`.
pub fn read_release(
    wire: &pb::ReleaseReservationRequest,
) -> Result<((ReservationId, ReleaseReason), RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let reservation_id = read_reservation_id(&wire.reservation_id, &root.field("reservation_id"), &mut out);
    let reason = read_code(wire.reason, &root.field("reason"), &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    out.finish(reservation_id.zip(reason).zip(request))
}

/// Reads `ExtendReservation`: which, and how many minutes more.
pub fn read_extend(
    wire: &pb::ExtendReservationRequest,
) -> Result<((ReservationId, u32), RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let reservation_id = read_reservation_id(&wire.reservation_id, &root.field("reservation_id"), &mut out);
    let most = Lifetime::MAXIMUM_MINUTES;
    let minutes = (1..=most).contains(&wire.minutes).then_some(wire.minutes);
    if minutes.is_none() {
        let text = format!("{} minutes; 1 to {most}", wire.minutes);
        out.refuse(Code::Format, &root.field("minutes"), text);
    }
    let request = read_request_key(&wire.request_id, wire, &mut out);
    out.finish(reservation_id.zip(minutes).zip(request))
}

/// Reads `GetReservation`.
pub fn read_get(wire: &pb::GetReservationRequest) -> Result<ReservationId, Vec<Violation>> {
    let mut out = Collector::default();
    let id = read_reservation_id(
        &wire.reservation_id,
        &Path::Root.field("reservation_id"),
        &mut out,
    );
    out.finish(id)
}

/// A reservation as the contract writes it.
pub fn reservation_to_wire(reservation: &Reservation) -> pb::Reservation {
    pb::Reservation {
        reservation_id: reservation.reservation_id.to_string(),
        state: reservation.state.to_number(),
        currency: reservation.currency.as_str().to_owned(),
        amount: reservation.amount,
        created_at: Some(timestamp_to_wire(reservation.created_at)),
        expires_at: Some(timestamp_to_wire(reservation.expires_at)),
    }
}

/// What `ConfirmReservation` answers.
pub fn confirmed_to_wire(
    reservation: &Reservation,
    late: bool,
    version: u64,
    warnings: &[Violation],
) -> pb::ConfirmReservationResponse {
    pb::ConfirmReservationResponse {
        reservation: Some(reservation_to_wire(reservation)),
        late,
        version,
        warnings: violations_to_wire(warnings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::convert::samples::{REQUEST_ID, reading, wire_position};

    const ID: &str = "0f1e2d3c-4b5a-4678-899a-abbccddeeff0";

    fn found<T>(read: Result<T, Vec<Violation>>) -> Vec<(Code, String)> {
        let violations = read.err().unwrap_or_default();
        violations.into_iter().map(|v| (v.code, v.field)).collect()
    }

    #[test]
    fn each_request_names_what_is_missing_or_wrong() {
        let required = |field: &str| (Code::FieldRequired, field.to_owned());
        let format = |field: &str| (Code::Format, field.to_owned());
        let none = pb::ReleaseReservationRequest::default();
        let all = [
            required("reservation_id"),
            required("reason"),
            required("request_id"),
        ];
        assert_eq!(found(read_release(&none)), all);
        let extend = |minutes| pb::ExtendReservationRequest {
            reservation_id: ID.into(),
            minutes,
            request_id: REQUEST_ID.into(),
        };
        for (minutes, expected) in [
            (0, vec![format("minutes")]),
            (1, vec![]),
            (2_160, vec![]),
            (2_161, vec![format("minutes")]),
        ] {
            assert_eq!(found(read_extend(&extend(minutes))), expected, "{minutes}");
        }
        let get = |id: &str| pb::GetReservationRequest {
            reservation_id: id.into(),
        };
        assert_eq!(found(read_get(&get("7"))), [format("reservation_id")]);
        assert!(read_get(&get(ID)).is_ok());
    }

    #[test]
    fn a_confirmation_is_a_whole_loan_of_the_reservation_it_names() {
        let confirm = |named: &str| pb::ConfirmReservationRequest {
            reservation_id: ID.into(),
            position: Some(pb::Position {
                reservation_id: named.into(),
                ..wire_position()
            }),
            request_id: REQUEST_ID.into(),
        };
        assert!(read_confirm(&confirm(""), &reading()).is_ok());
        assert!(read_confirm(&confirm(ID), &reading()).is_ok());
        let other = read_confirm(&confirm(REQUEST_ID), &reading());
        assert_eq!(
            found(other),
            [(Code::Format, "position.reservation_id".to_owned())]
        );
        let nothing = read_confirm(&pb::ConfirmReservationRequest::default(), &reading());
        let fields: Vec<String> = found(nothing).into_iter().map(|(_, field)| field).collect();
        assert_eq!(fields, ["reservation_id", "position", "request_id"]);
    }
}
