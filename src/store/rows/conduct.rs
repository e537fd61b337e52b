//! What is counted of a member's day, and the rows that a month's conduct is made of.

use chrono::NaiveDate;

use crate::domain::conduct::{DayTally, HeldRow, LookRow, OpenedRow};
use crate::domain::inquiry::Purpose;
use crate::domain::names::{MemberNo, ReservationId, SubjectId};
use crate::domain::position::LiabilityRole;
use crate::domain::reservation::ReservationState;
use crate::store::columns::{Columns, Row, Sink};

/// The cells of a day's counts: member, day, slot, then the counts.
pub(in crate::store) fn put_day<'a>(
    (member_no, day): (MemberNo, NaiveDate),
    slot: i64,
    tally: &DayTally,
    sink: &mut impl Sink<'a>,
) {
    sink.number(member_no.0)
        .date(day)
        .number(slot)
        .count(tally.hard_looks)
        .count(tally.reserved)
        .count(tally.confirmed);
}

/// A day's counts.
pub(in crate::store) fn day<R: Row>(columns: &mut Columns<'_, R>) -> Result<DayTally, R::Error> {
    Ok(DayTally {
        hard_looks: columns.count()?,
        reserved: columns.count()?,
        confirmed: columns.count()?,
    })
}

/// A look: subject, member, instant, rpc, purpose, whether it is about a customer.
pub(in crate::store) fn look<R: Row>(columns: &mut Columns<'_, R>) -> Result<LookRow, R::Error> {
    Ok(LookRow {
        subject_id: SubjectId(columns.number()?),
        member_no: MemberNo(columns.number()?),
        at: columns.instant()?,
        kind: columns.code(super::subject::look_kind)?,
        purpose: columns.code(Purpose::from_code)?,
        is_customer: columns.flag()?,
    })
}

/// A reservation: subject, member, name, borrowers, made, end, state, ended, whether a reason was given, whether it was late.
pub(in crate::store) fn held<R: Row>(columns: &mut Columns<'_, R>) -> Result<HeldRow, R::Error> {
    Ok(HeldRow {
        subject_id: SubjectId(columns.number()?),
        member_no: MemberNo(columns.number()?),
        reservation_id: ReservationId(columns.bytes()?),
        borrowers: columns.count()?,
        created_at: columns.instant()?,
        expires_at: columns.instant()?,
        state: columns.code(ReservationState::from_code)?,
        ended_at: columns.optional_instant()?,
        given_up: columns.flag()?,
        late: columns.flag()?,
    })
}

/// A position: subject, member, opening, role.
pub(in crate::store) fn opened<R: Row>(columns: &mut Columns<'_, R>) -> Result<OpenedRow, R::Error> {
    Ok(OpenedRow {
        subject_id: SubjectId(columns.number()?),
        member_no: MemberNo(columns.number()?),
        opened_on: columns.date()?,
        is_primary: columns.code(LiabilityRole::from_code)? == LiabilityRole::Primary,
    })
}

/// What a member used in a month: member, how much.
pub(in crate::store) fn used<R: Row>(columns: &mut Columns<'_, R>) -> Result<(MemberNo, u64), R::Error> {
    Ok((MemberNo(columns.number()?), columns.count()?))
}
