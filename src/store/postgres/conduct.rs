//! How members behave: a month's looks, reservations and openings, walked in the order of subjects.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::failure::Outcome;
use super::statement::{Bound, Session, Statement};
use crate::domain::conduct::{ConductFacts, ConductRows, Period, Tally};
use crate::domain::date::to_epoch_days;
use crate::domain::inquiry::Purpose;
use crate::domain::names::MemberNo;
use crate::store::columns::Columns;
use crate::store::member_book::CONDUCT_SPAN;
use crate::store::rows::conduct;

/// Every number that was given lies below it.
pub(super) const LAST_NUMBER: Statement = Statement {
    sql: "-- last_number
        SELECT next_number
        FROM number_source
        WHERE singleton = 1",
    parameters: 0,
};
/// Of everybody, part by part of the subjects: no distribution column helps.
const CONDUCT_LOOKS: Statement = Statement {
    sql: "-- conduct_looks
        SELECT i.subject_id, i.member_no, i.inquired_at, i.kind, i.purpose,
            CASE WHEN i.purpose = $7::bigint THEN coalesce((
                SELECT max(1)
                FROM position p
                WHERE p.subject_id = i.subject_id AND p.member_no = i.member_no AND p.deleted IS NULL
            ), 0) ELSE 0 END
        FROM inquiry i
        WHERE i.subject_id > $1::bigint AND i.subject_id <= $2::bigint
            AND i.member_no >= $3::bigint AND i.member_no <= $4::bigint
            AND i.inquired_at >= $5::bigint AND i.inquired_at < $6::bigint",
    parameters: 7,
};
/// Likewise.
const CONDUCT_HELD: Statement = Statement {
    sql: "-- conduct_held
        SELECT subject_id, member_no, reservation_id, borrowers, created_at, expires_at, state, ended_at,
            CASE WHEN release_reason IS NULL THEN 0 ELSE 1 END, late
        FROM reservation
        WHERE subject_id > $1::bigint AND subject_id <= $2::bigint
            AND member_no >= $3::bigint AND member_no <= $4::bigint
            AND (created_at >= $5::bigint AND created_at < $6::bigint OR ended_at >= $7::bigint AND ended_at < $6::bigint)",
    parameters: 7,
};
/// Likewise.
const CONDUCT_OPENED: Statement = Statement {
    sql: "-- conduct_opened
        SELECT subject_id, member_no, opened_on, role
        FROM position
        WHERE subject_id > $1::bigint AND subject_id <= $2::bigint
            AND member_no >= $3::bigint AND member_no <= $4::bigint
            AND opened_on >= $5::bigint AND opened_on < $6::bigint AND deleted IS NULL",
    parameters: 6,
};
/// Of a range of members, which a hash distributes.
const CONDUCT_STRANGERS: Statement = Statement {
    sql: "-- conduct_strangers
        SELECT member_no, sum(subjects)::bigint
        FROM subject_creation
        WHERE member_no >= $1::bigint AND member_no <= $2::bigint AND day >= $3::bigint AND day < $4::bigint
        GROUP BY member_no",
    parameters: 4,
};
/// Likewise.
const CONDUCT_EVALUATIONS: Statement = Statement {
    sql: "-- conduct_evaluations
        SELECT member_no, sum(evaluations)::bigint
        FROM evaluation_usage
        WHERE member_no >= $1::bigint AND member_no <= $2::bigint AND day >= $3::bigint AND day < $4::bigint
        GROUP BY member_no",
    parameters: 4,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: &[Statement] = &[
    LAST_NUMBER,
    CONDUCT_LOOKS,
    CONDUCT_HELD,
    CONDUCT_OPENED,
    CONDUCT_STRANGERS,
    CONDUCT_EVALUATIONS,
];

/// What a month shows of the members of a range of numbers.
pub(super) async fn of_members(
    session: &Session,
    period: Period,
    members: RangeInclusive<MemberNo>,
) -> Outcome<BTreeMap<MemberNo, ConductFacts>> {
    let mut tally = Tally::new(period);
    let last = LAST_NUMBER
        .get(session, &[], |row| Columns::new(row, "number_source").number())
        .await?;
    let mut after = 0;
    while after < last {
        let until = after.saturating_add(CONDUCT_SPAN);
        tally.add(&rows_of(session, &period, &members, (after, until)).await?);
        after = until;
    }
    let days = period.month.days();
    let (from, to) = (
        i64::from(to_epoch_days(days.start)),
        i64::from(to_epoch_days(days.end)),
    );
    let of_month: Bound<'_> = &[&members.start().0, &members.end().0, &from, &to];
    let strangers = CONDUCT_STRANGERS.all(session, of_month, |row| {
        conduct::used(&mut Columns::new(row, "subject_creation"))
    });
    let evaluations = CONDUCT_EVALUATIONS.all(session, of_month, |row| {
        conduct::used(&mut Columns::new(row, "evaluation_usage"))
    });
    let (strangers, evaluations) = futures::try_join!(strangers, evaluations)?;
    for (member_no, strangers) in strangers {
        tally.facts(member_no).strangers = strangers;
    }
    for (member_no, evaluations) in evaluations {
        tally.facts(member_no).evaluations = evaluations;
    }
    Ok(tally.finish())
}

/// Everything of the subjects above one number and up to another.
async fn rows_of(
    session: &Session,
    period: &Period,
    members: &RangeInclusive<MemberNo>,
    (after, until): (i64, i64),
) -> Outcome<ConductRows> {
    let (first, last) = (members.start().0, members.end().0);
    let (looks, made, ended) = (period.looks(), period.reservations(), period.releases());
    let (looks_from, looks_to) = (looks.start.micros(), looks.end.micros());
    let (made_from, made_to, ended_from) = (made.start.micros(), made.end.micros(), ended.start.micros());
    let openings = period.openings();
    let (opened_from, opened_to) = (
        i64::from(to_epoch_days(openings.start)),
        i64::from(to_epoch_days(openings.end)),
    );
    let customers = i64::from(Purpose::LimitIncrease.code());
    let of_looks: Bound<'_> = &[&after, &until, &first, &last, &looks_from, &looks_to, &customers];
    let of_held: Bound<'_> = &[&after, &until, &first, &last, &made_from, &made_to, &ended_from];
    let of_opened: Bound<'_> = &[&after, &until, &first, &last, &opened_from, &opened_to];
    let (looks, held, opened) = futures::try_join!(
        CONDUCT_LOOKS.all(session, of_looks, |row| {
            conduct::look(&mut Columns::new(row, "inquiry"))
        }),
        CONDUCT_HELD.all(session, of_held, |row| {
            conduct::held(&mut Columns::new(row, "reservation"))
        }),
        CONDUCT_OPENED.all(session, of_opened, |row| {
            conduct::opened(&mut Columns::new(row, "position"))
        }),
    )?;
    Ok(ConductRows { looks, held, opened })
}
