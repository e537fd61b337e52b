//! Applications, reservations and rulings: what decisions need of them, what decisions leave, and what members read.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::params;

use super::SqliteStore;
use super::failure::Outcome;
use super::parameters::Parameters;
use super::statement::{Prepares, Statement};
use crate::domain::date::Timestamp;
use crate::domain::names::{AnswerId, MemberNo, ReservationId, SubjectId};
use crate::domain::reservation::Ruled;
use crate::domain::unit::rows::{ApplicationRow, ReservationRow};
use crate::domain::unit::{Change, Keys};
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::reservation_book::{
    APPLICATION_KEPT_SECONDS, RESERVATION_KEPT_SECONDS, RULING_KEPT_SECONDS, ReservationBook,
};
use crate::store::rows::reservation::{self, application_columns, reservation_columns};

pub(super) const SUBJECTS_OF_APPLICATION: Statement = Statement {
    sql: "-- subjects_of_application
        SELECT subject_id
        FROM application
        WHERE member_no = ?1 AND application_id = ?2",
    parameters: 2,
};
const SUBJECTS_OF_RESERVATION: Statement = Statement {
    sql: "-- subjects_of_reservation
        SELECT subject_id
        FROM reservation
        WHERE member_no = ?1 AND reservation_id = ?2",
    parameters: 2,
};
pub(super) const APPLICATIONS_OF_SUBJECT: Statement = Statement {
    sql: concat!(
        "-- applications_of_subject
        SELECT ",
        application_columns!(),
        "
        FROM application
        WHERE subject_id = ?1
        ORDER BY member_no, application_id"
    ),
    parameters: 1,
};
pub(super) const RESERVATIONS_OF_SUBJECT: Statement = Statement {
    sql: concat!(
        "-- reservations_of_subject
        SELECT ",
        reservation_columns!(),
        "
        FROM reservation
        WHERE subject_id = ?1
        ORDER BY member_no, reservation_id"
    ),
    parameters: 1,
};
const FIND_RESERVATION: Statement = Statement {
    sql: concat!(
        "-- find_reservation
        SELECT ",
        reservation_columns!(),
        "
        FROM reservation
        WHERE member_no = ?1 AND reservation_id = ?2
        LIMIT 1"
    ),
    parameters: 2,
};
const FIND_RULING: Statement = Statement {
    sql: "-- find_ruling
        SELECT ruling
        FROM ruling
        WHERE member_no = ?1 AND answer_id = ?2",
    parameters: 2,
};
pub(super) const PUT_APPLICATION: Statement = Statement {
    sql: concat!(
        "-- put_application
        INSERT OR REPLACE INTO application (",
        application_columns!(),
        ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    ),
    parameters: 11,
};
pub(super) const PUT_RESERVATION: Statement = Statement {
    sql: concat!(
        "-- put_reservation
        INSERT OR REPLACE INTO reservation (",
        reservation_columns!(),
        ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
    ),
    parameters: 19,
};
const REMOVE_RESERVATION: Statement = Statement {
    sql: "-- remove_reservation
        DELETE FROM reservation
        WHERE subject_id = ?1 AND member_no = ?2 AND reservation_id = ?3",
    parameters: 3,
};
/// What both subjects were in stays as the one that stays has it.
const MOVE_RESERVATIONS: Statement = Statement {
    sql: "-- move_reservations
        UPDATE OR IGNORE reservation
        SET subject_id = ?2
        WHERE subject_id = ?1",
    parameters: 2,
};
const REMOVE_RESERVATIONS: Statement = Statement {
    sql: "-- remove_reservations
        DELETE FROM reservation
        WHERE subject_id = ?1",
    parameters: 1,
};
const MOVE_APPLICATIONS: Statement = Statement {
    sql: "-- move_applications
        UPDATE OR IGNORE application
        SET subject_id = ?2
        WHERE subject_id = ?1",
    parameters: 2,
};
const REMOVE_APPLICATIONS: Statement = Statement {
    sql: "-- remove_applications
        DELETE FROM application
        WHERE subject_id = ?1",
    parameters: 1,
};
pub(super) const INSERT_RULING: Statement = Statement {
    sql: "-- insert_ruling
        INSERT INTO ruling (member_no, answer_id, decided_at, ruling)
        VALUES (?1, ?2, ?3, ?4)",
    parameters: 4,
};
const EXPIRE_APPLICATIONS: Statement = Statement {
    sql: "-- expire_applications
        DELETE FROM application
        WHERE (subject_id, member_no, application_id) IN (
            SELECT subject_id, member_no, application_id
            FROM application
            WHERE checked_at < ?1
            ORDER BY checked_at
            LIMIT ?2)",
    parameters: 2,
};
const EXPIRE_RESERVATIONS: Statement = Statement {
    sql: "-- expire_reservations
        DELETE FROM reservation
        WHERE (subject_id, member_no, reservation_id) IN (
            SELECT subject_id, member_no, reservation_id
            FROM reservation
            WHERE expires_at < ?1
            ORDER BY expires_at
            LIMIT ?2)",
    parameters: 2,
};
const EXPIRE_RULINGS: Statement = Statement {
    sql: "-- expire_rulings
        DELETE FROM ruling
        WHERE (member_no, answer_id) IN (
            SELECT member_no, answer_id
            FROM ruling
            WHERE decided_at < ?1
            ORDER BY decided_at
            LIMIT ?2)",
    parameters: 2,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: [Statement; 17] = [
    SUBJECTS_OF_APPLICATION,
    SUBJECTS_OF_RESERVATION,
    APPLICATIONS_OF_SUBJECT,
    RESERVATIONS_OF_SUBJECT,
    FIND_RESERVATION,
    FIND_RULING,
    PUT_APPLICATION,
    PUT_RESERVATION,
    REMOVE_RESERVATION,
    MOVE_RESERVATIONS,
    REMOVE_RESERVATIONS,
    MOVE_APPLICATIONS,
    REMOVE_APPLICATIONS,
    INSERT_RULING,
    EXPIRE_APPLICATIONS,
    EXPIRE_RESERVATIONS,
    EXPIRE_RULINGS,
];

/// Whom the applications and reservations that a group names concern.
pub(super) fn subjects(connection: &impl Prepares, keys: &Keys) -> Outcome<BTreeSet<SubjectId>> {
    let mut subjects = BTreeSet::new();
    for (member_no, application_id) in &keys.applications {
        let name = params![member_no.0, application_id.as_str()];
        subjects.extend(SUBJECTS_OF_APPLICATION.all(connection, name, subject)?);
    }
    for (member_no, reservation_id) in &keys.reservations {
        let name = params![member_no.0, reservation_id.0];
        subjects.extend(SUBJECTS_OF_RESERVATION.all(connection, name, subject)?);
    }
    Ok(subjects)
}

fn subject(row: &rusqlite::Row<'_>) -> Outcome<SubjectId> {
    Ok(SubjectId(row.get(0)?))
}

/// What is reserved with a subject.
pub(super) fn reservations_of(
    connection: &impl Prepares,
    subject: SubjectId,
) -> Outcome<Vec<ReservationRow>> {
    RESERVATIONS_OF_SUBJECT.all(connection, params![subject.0], |row| {
        reservation::reservation(&mut Columns::new(row, "reservation"))
    })
}

/// What is applied for with a subject.
pub(super) fn applications_of(
    connection: &impl Prepares,
    subject: SubjectId,
) -> Outcome<Vec<ApplicationRow>> {
    APPLICATIONS_OF_SUBJECT.all(connection, params![subject.0], |row| {
        reservation::application(&mut Columns::new(row, "application"))
    })
}

/// Writes a change of applications, reservations or rulings.
pub(super) fn change(connection: &impl Prepares, change: &Change) -> Outcome<()> {
    match change {
        Change::PutApplication(row) => {
            let cells = Parameters::of(|sink| reservation::put_application(row, sink));
            PUT_APPLICATION.run_one(connection, cells.bound())
        }
        Change::PutReservation(row) => {
            let cells = Parameters::of(|sink| reservation::put_reservation(row, sink));
            PUT_RESERVATION.run_one(connection, cells.bound())
        }
        Change::RemoveReservation(subject, member, id) => {
            REMOVE_RESERVATION.run_one(connection, params![subject.0, member.0, id.0])
        }
        Change::MoveReservations(from, to) => {
            MOVE_RESERVATIONS.run(connection, params![from.0, to.0])?;
            REMOVE_RESERVATIONS.run(connection, params![from.0])?;
            MOVE_APPLICATIONS.run(connection, params![from.0, to.0])?;
            REMOVE_APPLICATIONS.run(connection, params![from.0]).map(drop)
        }
        Change::InsertRuling(row) => {
            let cells = Parameters::of(|sink| reservation::put_ruling(row, sink));
            INSERT_RULING.run_one(connection, cells.bound())
        }
        _ => Ok(()),
    }
}

/// Removes up to `limit` rows of each table that are past their time; tells how many.
pub(super) fn expire(connection: &impl Prepares, now: Timestamp, limit: u32) -> Outcome<usize> {
    let mut removed = 0;
    for (statement, kept) in [
        (EXPIRE_APPLICATIONS, APPLICATION_KEPT_SECONDS),
        (EXPIRE_RESERVATIONS, RESERVATION_KEPT_SECONDS),
        (EXPIRE_RULINGS, RULING_KEPT_SECONDS),
    ] {
        removed += statement.run(connection, params![now.plus_seconds(-kept).micros(), limit])?;
    }
    Ok(removed)
}

#[async_trait]
impl ReservationBook for SqliteStore {
    async fn find_reservation(
        &self,
        member_no: MemberNo,
        reservation_id: ReservationId,
    ) -> Result<Option<ReservationRow>, StoreError> {
        self.read(move |connection| {
            FIND_RESERVATION.find(connection, params![member_no.0, reservation_id.0], |row| {
                reservation::reservation(&mut Columns::new(row, "reservation"))
            })
        })
        .await
    }

    async fn find_ruling(
        &self,
        member_no: MemberNo,
        answer_id: AnswerId,
    ) -> Result<Option<Ruled>, StoreError> {
        self.read(move |connection| {
            FIND_RULING.find(connection, params![member_no.0, answer_id.0], |row| {
                reservation::ruled(&mut Columns::new(row, "ruling"))
            })
        })
        .await
    }
}
