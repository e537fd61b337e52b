//! What members used and what operators proposed: quotas, grants, created subjects, the register as decisions need it.

use chrono::NaiveDate;
use rusqlite::params;

use super::failure::Outcome;
use super::members;
use super::statement::{Prepares, Statement};
use crate::domain::date::{days_before, to_epoch_days};
use crate::domain::names::MemberNo;
use crate::domain::unit::WorkingSet;
use crate::domain::unit::rows::UsageRow;
use crate::store::columns::Columns;
use crate::store::rows;

/// Civil days of created subjects that decisions look back on.
const CREATION_DAYS: u32 = 30;

const ACTIVITY_OF_MEMBER: Statement = Statement {
    sql: "-- activity_of_member
        SELECT evaluations_ever
        FROM member_activity
        WHERE member_no = ?1",
    parameters: 1,
};
const USAGE_OF_DAY: Statement = Statement {
    sql: "-- usage_of_day
        SELECT from_quota
        FROM evaluation_usage
        WHERE member_no = ?1 AND day = ?2",
    parameters: 2,
};
const CREATIONS_OF_MEMBER: Statement = Statement {
    sql: "-- creations_of_member
        SELECT day, subjects
        FROM subject_creation
        WHERE member_no = ?1 AND day > ?2
        ORDER BY day",
    parameters: 2,
};
const CONDUCT_OF_DAY: Statement = Statement {
    sql: "-- conduct_of_day
        SELECT coalesce(sum(hard_looks), 0), coalesce(sum(reserved), 0), coalesce(sum(confirmed), 0)
        FROM conduct_day
        WHERE member_no = ?1 AND day = ?2",
    parameters: 2,
};
const GRANTS_OF_MEMBER: Statement = Statement {
    sql: "-- grants_of_member
        SELECT grant_no, remaining, expires_at
        FROM evaluation_grant
        WHERE member_no = ?1 AND remaining > 0
        ORDER BY expires_at, grant_no",
    parameters: 1,
};
const NETWORK_EVALUATIONS: Statement = Statement {
    sql: "-- network_evaluations
        SELECT coalesce(sum(evaluations), 0)
        FROM evaluation_usage
        WHERE day = ?1",
    parameters: 1,
};
const PROPOSALS: Statement = Statement {
    sql: "-- proposals
        SELECT proposed_at, rpc, request_id, body_sha256, proposed_by
        FROM proposal
        ORDER BY rpc, request_id",
    parameters: 0,
};

#[cfg(test)]
/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: [Statement; 7] = [
    ACTIVITY_OF_MEMBER,
    USAGE_OF_DAY,
    CREATIONS_OF_MEMBER,
    CONDUCT_OF_DAY,
    GRANTS_OF_MEMBER,
    NETWORK_EVALUATIONS,
    PROPOSALS,
];

/// Every member, every proposal and today's evaluations of all.
pub(super) fn load_register(
    connection: &impl Prepares,
    today: NaiveDate,
    set: &mut WorkingSet,
) -> Outcome<()> {
    set.register = members::all(connection)?
        .into_iter()
        .map(|member| (member.member_no, member))
        .collect();
    set.proposals = PROPOSALS
        .all(connection, [], |row| {
            rows::register::proposal(&mut Columns::new(row, "proposal"))
        })?
        .into_iter()
        .collect();
    set.network_evaluations_today =
        NETWORK_EVALUATIONS.get(connection, params![to_epoch_days(today)], |row| {
            Columns::new(row, "evaluation_usage").count()
        })?;
    Ok(())
}

/// What a member used, as of a civil day.
pub(super) fn of_member(
    connection: &impl Prepares,
    member_no: MemberNo,
    today: NaiveDate,
) -> Outcome<UsageRow> {
    let day = to_epoch_days(today);
    let since = to_epoch_days(days_before(today, CREATION_DAYS));
    let ever = ACTIVITY_OF_MEMBER.find(connection, params![member_no.0], |row| {
        Columns::new(row, "member_activity").count()
    })?;
    let charged = USAGE_OF_DAY.find(connection, params![member_no.0, day], |row| {
        Columns::new(row, "evaluation_usage").count()
    })?;
    let subjects_created = CREATIONS_OF_MEMBER.all(connection, params![member_no.0, since], |row| {
        rows::subject::counter(&mut Columns::new(row, "subject_creation"))
    })?;
    let grants = GRANTS_OF_MEMBER.all(connection, params![member_no.0], |row| {
        rows::register::grant(&mut Columns::new(row, "evaluation_grant"))
    })?;
    Ok(UsageRow {
        evaluations_ever: ever.unwrap_or(0),
        evaluations_today: charged.unwrap_or(0),
        subjects_created,
        today: CONDUCT_OF_DAY.get(connection, params![member_no.0, day], |row| {
            rows::conduct::day(&mut Columns::new(row, "conduct_day"))
        })?,
        grants,
    })
}
