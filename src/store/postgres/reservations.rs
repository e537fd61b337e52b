//! Applications, reservations and rulings: what decisions need of them, what decisions leave, and what members read.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::FutureExt as _;

use super::PostgresStore;
use super::cells::Arrays;
use super::expiry::remove_older;
use super::failure::Outcome;
use super::flush::ToRun;
use super::statement::{Bound, Session, Statement, statements};
use crate::domain::date::Timestamp;
use crate::domain::names::{AnswerId, ApplicationId, MemberNo, ReservationId, SubjectId};
use crate::domain::reservation::Ruled;
use crate::domain::unit::rows::{ApplicationRow, ReservationRow, RulingRow};
use crate::domain::unit::{Change, Keys};
use crate::store::StoreError;
use crate::store::columns::{Columns, Sink as _};
use crate::store::reservation_book::{
    APPLICATION_KEPT_SECONDS, RESERVATION_KEPT_SECONDS, RULING_KEPT_SECONDS, ReservationBook,
};
use crate::store::rows::reservation::{self, application_columns, reservation_columns};

statements! {
    /// By the members' names: nobody knows yet whom they concern, so that no distribution column helps.
    const SUBJECTS_OF_APPLICATIONS(2) = "-- subjects_of_applications
        SELECT a.subject_id
        FROM unnest($1::bigint[], $2::text[]) AS k (member_no, application_id)
        JOIN application a ON a.member_no = k.member_no AND a.application_id = k.application_id
        WHERE a.member_no = ANY($1::bigint[]) AND a.application_id = ANY($2::text[])";
    /// Likewise.
    const SUBJECTS_OF_RESERVATIONS(2) = "-- subjects_of_reservations
        SELECT r.subject_id
        FROM unnest($1::bigint[], $2::bytea[]) AS k (member_no, reservation_id)
        JOIN reservation r ON r.member_no = k.member_no AND r.reservation_id = k.reservation_id
        WHERE r.member_no = ANY($1::bigint[]) AND r.reservation_id = ANY($2::bytea[])";
    const APPLICATIONS_OF_SUBJECTS(1) = concat!("-- applications_of_subjects
        SELECT ", application_columns!(), "
        FROM application
        WHERE subject_id = ANY($1::bigint[])
        ORDER BY subject_id, member_no, application_id");
    const RESERVATIONS_OF_SUBJECTS(1) = concat!("-- reservations_of_subjects
        SELECT ", reservation_columns!(), "
        FROM reservation
        WHERE subject_id = ANY($1::bigint[])
        ORDER BY subject_id, member_no, reservation_id");
    /// Likewise.
    const FIND_RESERVATION(2) = concat!("-- find_reservation
        SELECT ", reservation_columns!(), "
        FROM reservation
        WHERE member_no = $1::bigint AND reservation_id = $2::bytea
        LIMIT 1");
    const FIND_RULING(2) = "-- find_ruling
        SELECT ruling
        FROM ruling
        WHERE member_no = $1::bigint AND answer_id = $2::bytea";
    const PUT_APPLICATIONS(11) = "-- put_applications
        INSERT INTO application (subject_id, member_no, application_id, opened_at, checked_at, product_type, term_days,
            currency, rule_pack, income_digest, tries)
        SELECT k.subject_id, k.member_no, k.application_id, k.opened_at, k.checked_at, k.product_type, k.term_days,
            k.currency, k.rule_pack, k.income_digest, k.tries
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::text[], $9::text[], $10::bytea[], $11::bytea[])
            AS k (subject_id, member_no, application_id, opened_at, checked_at, product_type, term_days, currency,
                rule_pack, income_digest, tries)
        ON CONFLICT (subject_id, member_no, application_id) DO UPDATE SET
            checked_at = excluded.checked_at,
            tries = excluded.tries";
    const PUT_RESERVATIONS(19) = "-- put_reservations
        INSERT INTO reservation (subject_id, member_no, reservation_id, application_id, state, currency, amount,
            monthly_payment, product_type, borrowers, created_at, expires_at, expires_at_most, extensions, ended_at,
            release_reason, account_no, late, tokens)
        SELECT k.subject_id, k.member_no, k.reservation_id, k.application_id, k.state, k.currency, k.amount,
            k.monthly_payment, k.product_type, k.borrowers, k.created_at, k.expires_at, k.expires_at_most, k.extensions, k.ended_at,
            k.release_reason, k.account_no, k.late, k.tokens
        FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
                $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bytea[])
            AS k (subject_id, member_no, reservation_id, application_id, state, currency, amount, monthly_payment,
                product_type, borrowers, created_at, expires_at, expires_at_most, extensions, ended_at, release_reason, account_no,
                late, tokens)
        ON CONFLICT (subject_id, member_no, reservation_id) DO UPDATE SET
            state = excluded.state,
            amount = excluded.amount,
            monthly_payment = excluded.monthly_payment,
            expires_at = excluded.expires_at,
            extensions = excluded.extensions,
            ended_at = excluded.ended_at,
            release_reason = excluded.release_reason,
            account_no = excluded.account_no,
            late = excluded.late,
            tokens = excluded.tokens";
    const REMOVE_RESERVATION(3) = "-- remove_reservation
        DELETE FROM reservation
        WHERE subject_id = $1::bigint AND member_no = $2::bigint AND reservation_id = $3::bytea";
    /// What both subjects were in stays as the one that stays has it. Copied and removed, because the column that a table is
    /// distributed by cannot be updated.
    const COPY_RESERVATIONS(2) = "-- copy_reservations
        INSERT INTO reservation (subject_id, member_no, reservation_id, application_id, state, currency, amount,
            monthly_payment, product_type, borrowers, created_at, expires_at, expires_at_most, extensions, ended_at,
            release_reason, account_no, late, tokens)
        SELECT $2::bigint, r.member_no, r.reservation_id, r.application_id, r.state, r.currency, r.amount,
            r.monthly_payment, r.product_type, r.borrowers, r.created_at, r.expires_at, r.expires_at_most, r.extensions, r.ended_at,
            r.release_reason, r.account_no, r.late, r.tokens
        FROM reservation r
        WHERE r.subject_id = $1::bigint
        ON CONFLICT (subject_id, member_no, reservation_id) DO UPDATE SET
            state = reservation.state";
    const REMOVE_RESERVATIONS(1) = "-- remove_reservations
        DELETE FROM reservation
        WHERE subject_id = $1::bigint";
    const COPY_APPLICATIONS(2) = "-- copy_applications
        INSERT INTO application (subject_id, member_no, application_id, opened_at, checked_at, product_type, term_days,
            currency, rule_pack, income_digest, tries)
        SELECT $2::bigint, a.member_no, a.application_id, a.opened_at, a.checked_at, a.product_type, a.term_days,
            a.currency, a.rule_pack, a.income_digest, a.tries
        FROM application a
        WHERE a.subject_id = $1::bigint
        ON CONFLICT (subject_id, member_no, application_id) DO UPDATE SET
            checked_at = application.checked_at";
    const REMOVE_APPLICATIONS(1) = "-- remove_applications
        DELETE FROM application
        WHERE subject_id = $1::bigint";
    const INSERT_RULINGS(4) = "-- insert_rulings
        INSERT INTO ruling (member_no, answer_id, decided_at, ruling)
        SELECT k.member_no, k.answer_id, k.decided_at, k.ruling
        FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[]) AS k (member_no, answer_id, decided_at, ruling)";
    const EXPIRED_APPLICATIONS(2) = "-- expired_applications
        SELECT subject_id
        FROM application
        WHERE checked_at < $1::bigint
        ORDER BY checked_at
        LIMIT $2::bigint";
    const EXPIRE_APPLICATIONS(2) = "-- expire_applications
        DELETE FROM application
        WHERE subject_id = ANY($1::bigint[]) AND checked_at < $2::bigint";
    const EXPIRED_RESERVATIONS(2) = "-- expired_reservations
        SELECT subject_id
        FROM reservation
        WHERE expires_at < $1::bigint
        ORDER BY expires_at
        LIMIT $2::bigint";
    const EXPIRE_RESERVATIONS(2) = "-- expire_reservations
        DELETE FROM reservation
        WHERE subject_id = ANY($1::bigint[]) AND expires_at < $2::bigint";
    const EXPIRED_RULINGS(2) = "-- expired_rulings
        SELECT member_no
        FROM ruling
        WHERE decided_at < $1::bigint
        ORDER BY decided_at
        LIMIT $2::bigint";
    const EXPIRE_RULINGS(2) = "-- expire_rulings
        DELETE FROM ruling
        WHERE member_no = ANY($1::bigint[]) AND decided_at < $2::bigint";
}

/// Whom the applications and reservations that a group names concern.
pub(super) async fn subjects(session: &Session, keys: &Keys) -> Outcome<BTreeSet<SubjectId>> {
    let applications = Arrays::of(&keys.applications, |(member_no, application_id), sink| {
        sink.number(member_no.0).text(application_id.as_str());
    });
    let reservations = Arrays::of(&keys.reservations, |(member_no, reservation_id), sink| {
        sink.number(member_no.0).bytes(&reservation_id.0[..]);
    });
    let (applied, reserved) = futures::try_join!(
        found(session, SUBJECTS_OF_APPLICATIONS, &applications),
        found(session, SUBJECTS_OF_RESERVATIONS, &reservations),
    )?;
    Ok(applied.into_iter().chain(reserved).collect())
}

async fn found(session: &Session, statement: Statement, names: &Arrays<'_>) -> Outcome<Vec<SubjectId>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    statement
        .all(session, &names.bound(), |row| {
            Ok(SubjectId(Columns::new(row, "reservation").number()?))
        })
        .await
}

/// What is reserved with subjects, and what is applied for if anybody looks.
pub(super) async fn read(
    session: &Session,
    subjects: &Vec<i64>,
    looks: bool,
) -> Outcome<(Vec<ReservationRow>, Vec<ApplicationRow>)> {
    let bound: Bound<'_> = &[subjects];
    let applications = async {
        match looks {
            true => {
                APPLICATIONS_OF_SUBJECTS
                    .all(session, bound, |row| {
                        reservation::application(&mut Columns::new(row, "application"))
                    })
                    .await
            }
            false => Ok(Vec::new()),
        }
    };
    futures::try_join!(
        RESERVATIONS_OF_SUBJECTS.all(session, bound, |row| {
            reservation::reservation(&mut Columns::new(row, "reservation"))
        }),
        applications
    )
}

/// What became of applications and reservations, drawn together by key.
#[derive(Default)]
pub(super) struct Reservations<'a> {
    applications: BTreeMap<(SubjectId, MemberNo, &'a ApplicationId), &'a ApplicationRow>,
    rows: BTreeMap<(SubjectId, MemberNo, ReservationId), &'a ReservationRow>,
    rulings: BTreeMap<(MemberNo, AnswerId), &'a RulingRow>,
}

impl<'a> Reservations<'a> {
    /// Takes a change.
    pub fn take(&mut self, change: &'a Change) {
        match change {
            Change::PutApplication(row) => {
                let key = (row.subject_id, row.member_no, &row.application_id);
                self.applications.insert(key, row);
            }
            Change::PutReservation(row) => {
                let key = (row.subject_id, row.member_no, row.reservation_id);
                self.rows.insert(key, row);
            }
            Change::InsertRuling(row) => {
                self.rulings.insert((row.member_no, row.ruled.answer_id), row);
            }
            _ => {}
        }
    }

    /// Adds the statements that write them.
    pub fn add_to(self, to_run: &mut ToRun<'a>) {
        to_run.put(
            PUT_APPLICATIONS,
            self.applications.into_values(),
            reservation::put_application,
        );
        to_run.put(
            PUT_RESERVATIONS,
            self.rows.into_values(),
            reservation::put_reservation,
        );
        to_run.put(
            INSERT_RULINGS,
            self.rulings.into_values(),
            reservation::put_ruling,
        );
    }
}

/// Removes a reservation from a subject.
pub(super) async fn remove(
    session: &Session,
    subject: SubjectId,
    member_no: MemberNo,
    reservation_id: ReservationId,
) -> Outcome<()> {
    REMOVE_RESERVATION
        .run_exactly(session, 1, &[&subject.0, &member_no.0, &&reservation_id.0[..]])
        .await
}

/// Moves what is reserved and applied for from one subject to another.
pub(super) async fn move_all(session: &Session, from: SubjectId, to: SubjectId) -> Outcome<()> {
    COPY_RESERVATIONS.run(session, &[&from.0, &to.0]).await?;
    REMOVE_RESERVATIONS.run(session, &[&from.0]).await?;
    COPY_APPLICATIONS.run(session, &[&from.0, &to.0]).await?;
    REMOVE_APPLICATIONS.run(session, &[&from.0]).await.map(drop)
}

/// Removes what is past its time, of those whom the oldest `limit` rows of each table concern; tells how many rows.
pub(super) async fn expire(session: &Session, now: Timestamp, limit: i64) -> Outcome<u64> {
    let mut removed = 0;
    for (find, remove, kept) in [
        (
            EXPIRED_APPLICATIONS,
            EXPIRE_APPLICATIONS,
            APPLICATION_KEPT_SECONDS,
        ),
        (
            EXPIRED_RESERVATIONS,
            EXPIRE_RESERVATIONS,
            RESERVATION_KEPT_SECONDS,
        ),
        (EXPIRED_RULINGS, EXPIRE_RULINGS, RULING_KEPT_SECONDS),
    ] {
        removed += remove_older(session, (find, remove), now.plus_seconds(-kept), limit).await?;
    }
    Ok(removed)
}

#[async_trait]
impl ReservationBook for PostgresStore {
    async fn find_reservation(
        &self,
        member_no: MemberNo,
        reservation_id: ReservationId,
    ) -> Result<Option<ReservationRow>, StoreError> {
        self.aside
            .read(move |session| {
                async move {
                    FIND_RESERVATION
                        .find(session, &[&member_no.0, &&reservation_id.0[..]], |row| {
                            reservation::reservation(&mut Columns::new(row, "reservation"))
                        })
                        .await
                }
                .boxed()
            })
            .await
    }

    async fn find_ruling(
        &self,
        member_no: MemberNo,
        answer_id: AnswerId,
    ) -> Result<Option<Ruled>, StoreError> {
        self.aside
            .read(move |session| {
                async move {
                    FIND_RULING
                        .find(session, &[&member_no.0, &&answer_id.0[..]], |row| {
                            reservation::ruled(&mut Columns::new(row, "ruling"))
                        })
                        .await
                }
                .boxed()
            })
            .await
    }
}
