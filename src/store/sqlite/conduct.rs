//! How members behave: a month's looks, reservations and openings, walked in the order of subjects.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rusqlite::params;

use super::failure::Outcome;
use super::statement::{Prepares, Statement};
use crate::domain::conduct::{ConductFacts, ConductRows, Period, Tally};
use crate::domain::date::to_epoch_days;
use crate::domain::inquiry::Purpose;
use crate::domain::names::MemberNo;
use crate::store::columns::Columns;
use crate::store::member_book::CONDUCT_SPAN;
use crate::store::rows::conduct;

const LAST_NUMBER: Statement = Statement {
    sql: "-- last_number
        SELECT next_number
        FROM number_source
        WHERE singleton = 1",
    parameters: 0,
};
const CONDUCT_LOOKS: Statement = Statement {
    sql: "-- conduct_looks
        SELECT i.subject_id, i.member_no, i.inquired_at, i.kind, i.purpose,
            CASE WHEN i.purpose = ?7 THEN coalesce((
                SELECT max(1)
                FROM position p
                WHERE p.subject_id = i.subject_id AND p.member_no = i.member_no AND p.deleted IS NULL
            ), 0) ELSE 0 END
        FROM inquiry i
        WHERE i.subject_id > ?1 AND i.subject_id <= ?2 AND i.member_no >= ?3 AND i.member_no <= ?4
            AND i.inquired_at >= ?5 AND i.inquired_at < ?6",
    parameters: 7,
};
const CONDUCT_HELD: Statement = Statement {
    sql: "-- conduct_held
        SELECT subject_id, member_no, reservation_id, borrowers, created_at, expires_at, state, ended_at,
            release_reason IS NOT NULL, late
        FROM reservation
        WHERE subject_id > ?1 AND subject_id <= ?2 AND member_no >= ?3 AND member_no <= ?4
            AND (created_at >= ?5 AND created_at < ?6 OR ended_at >= ?7 AND ended_at < ?6)",
    parameters: 7,
};
const CONDUCT_OPENED: Statement = Statement {
    sql: "-- conduct_opened
        SELECT subject_id, member_no, opened_on, role
        FROM position
        WHERE subject_id > ?1 AND subject_id <= ?2 AND member_no >= ?3 AND member_no <= ?4
            AND opened_on >= ?5 AND opened_on < ?6 AND deleted IS NULL",
    parameters: 6,
};
const CONDUCT_STRANGERS: Statement = Statement {
    sql: "-- conduct_strangers
        SELECT member_no, sum(subjects)
        FROM subject_creation
        WHERE member_no >= ?1 AND member_no <= ?2 AND day >= ?3 AND day < ?4
        GROUP BY member_no",
    parameters: 4,
};
const CONDUCT_EVALUATIONS: Statement = Statement {
    sql: "-- conduct_evaluations
        SELECT member_no, sum(evaluations)
        FROM evaluation_usage
        WHERE member_no >= ?1 AND member_no <= ?2 AND day >= ?3 AND day < ?4
        GROUP BY member_no",
    parameters: 4,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 6] = [
    LAST_NUMBER,
    CONDUCT_LOOKS,
    CONDUCT_HELD,
    CONDUCT_OPENED,
    CONDUCT_STRANGERS,
    CONDUCT_EVALUATIONS,
];

/// No number of a subject, an account or a token is greater.
pub(super) fn last_number(connection: &impl Prepares) -> Outcome<i64> {
    LAST_NUMBER.get(connection, [], |row| Ok(row.get(0)?))
}

/// What a month shows of the members of a range of numbers.
pub(super) fn of_members(
    connection: &impl Prepares,
    period: Period,
    members: &RangeInclusive<MemberNo>,
) -> Outcome<BTreeMap<MemberNo, ConductFacts>> {
    let mut tally = Tally::new(period);
    let last = last_number(connection)?;
    let mut after = 0;
    while after < last {
        let until = after.saturating_add(CONDUCT_SPAN);
        tally.add(&rows_of(connection, &period, members, (after, until))?);
        after = until;
    }
    let days = period.month.days();
    let (first, last) = (members.start().0, members.end().0);
    let of_month = params![first, last, to_epoch_days(days.start), to_epoch_days(days.end)];
    let strangers = CONDUCT_STRANGERS.all(connection, of_month, |row| {
        conduct::used(&mut Columns::new(row, "subject_creation"))
    })?;
    for (member_no, strangers) in strangers {
        tally.facts(member_no).strangers = strangers;
    }
    let evaluations = CONDUCT_EVALUATIONS.all(connection, of_month, |row| {
        conduct::used(&mut Columns::new(row, "evaluation_usage"))
    })?;
    for (member_no, evaluations) in evaluations {
        tally.facts(member_no).evaluations = evaluations;
    }
    Ok(tally.finish())
}

/// Everything of the subjects above one number and up to another.
fn rows_of(
    connection: &impl Prepares,
    period: &Period,
    members: &RangeInclusive<MemberNo>,
    (after, until): (i64, i64),
) -> Outcome<ConductRows> {
    let (first, last) = (members.start().0, members.end().0);
    let (looks, made, ended) = (period.looks(), period.reservations(), period.releases());
    let openings = period.openings();
    Ok(ConductRows {
        looks: CONDUCT_LOOKS.all(
            connection,
            params![
                after,
                until,
                first,
                last,
                looks.start.micros(),
                looks.end.micros(),
                Purpose::LimitIncrease.code()
            ],
            |row| conduct::look(&mut Columns::new(row, "inquiry")),
        )?,
        held: CONDUCT_HELD.all(
            connection,
            params![
                after,
                until,
                first,
                last,
                made.start.micros(),
                made.end.micros(),
                ended.start.micros()
            ],
            |row| conduct::held(&mut Columns::new(row, "reservation")),
        )?,
        opened: CONDUCT_OPENED.all(
            connection,
            params![
                after,
                until,
                first,
                last,
                to_epoch_days(openings.start),
                to_epoch_days(openings.end)
            ],
            |row| conduct::opened(&mut Columns::new(row, "position")),
        )?,
    })
}
