//! What members used and what operators proposed: quotas, grants, created subjects, the register as decisions need it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use tokio_postgres::Row;

use super::failure::Outcome;
use super::members;
use super::statement::{Bound, Session, Statement};
use crate::domain::date::{days_before, to_epoch_days};
use crate::domain::member::Member;
use crate::domain::names::{MemberNo, RequestId};
use crate::domain::unit::rows::{ProposalRow, UsageRow};
use crate::domain::unit::{Rpc, WorkingSet};
use crate::store::columns::Columns;
use crate::store::rows;

/// Civil days of created subjects that decisions look back on.
const CREATION_DAYS: u32 = 30;

const ACTIVITY_OF_MEMBERS: Statement = Statement {
    sql: "-- activity_of_members
        SELECT member_no, evaluations_ever
        FROM member_activity
        WHERE member_no = ANY($1::bigint[])",
    parameters: 1,
};
const USAGE_OF_DAY: Statement = Statement {
    sql: "-- usage_of_day
        SELECT member_no, from_quota
        FROM evaluation_usage
        WHERE member_no = ANY($1::bigint[]) AND day = $2::bigint",
    parameters: 2,
};
const CREATIONS_OF_MEMBERS: Statement = Statement {
    sql: "-- creations_of_members
        SELECT member_no, day, subjects
        FROM subject_creation
        WHERE member_no = ANY($1::bigint[]) AND day > $2::bigint
        ORDER BY member_no, day",
    parameters: 2,
};
const CONDUCT_OF_DAY: Statement = Statement {
    sql: "-- conduct_of_day
        SELECT member_no, sum(hard_looks)::bigint, sum(reserved)::bigint, sum(confirmed)::bigint
        FROM conduct_day
        WHERE member_no = ANY($1::bigint[]) AND day = $2::bigint
        GROUP BY member_no",
    parameters: 2,
};
const GRANTS_OF_MEMBERS: Statement = Statement {
    sql: "-- grants_of_members
        SELECT member_no, grant_no, remaining, expires_at
        FROM evaluation_grant
        WHERE member_no = ANY($1::bigint[]) AND remaining > 0
        ORDER BY member_no, expires_at, grant_no",
    parameters: 1,
};
/// For an alarm about all members together, so no one member's column helps.
const NETWORK_EVALUATIONS: Statement = Statement {
    sql: "-- network_evaluations
        SELECT CAST(coalesce(sum(evaluations), 0) AS BIGINT)
        FROM evaluation_usage
        WHERE day = $1::bigint",
    parameters: 1,
};
const PROPOSALS: Statement = Statement {
    sql: "-- proposals
        SELECT proposed_at, rpc, request_id, body_sha256, proposed_by
        FROM proposal
        ORDER BY rpc, request_id",
    parameters: 0,
};

/// The statements of this file.
pub(super) const CATALOGUE: &[Statement] = &[
    ACTIVITY_OF_MEMBERS,
    USAGE_OF_DAY,
    CREATIONS_OF_MEMBERS,
    CONDUCT_OF_DAY,
    GRANTS_OF_MEMBERS,
    NETWORK_EVALUATIONS,
    PROPOSALS,
];

/// The register as decisions need it; nothing when no decision does.
#[derive(Default)]
pub(super) struct Register {
    members: Vec<Member>,
    proposals: Vec<((Rpc, RequestId), ProposalRow)>,
    evaluations_today: u64,
}

impl Register {
    /// Puts it into a working set.
    pub fn fill(self, set: &mut WorkingSet) {
        let members = self.members.into_iter();
        set.register = members.map(|member| (member.member_no, member)).collect();
        set.proposals = self.proposals.into_iter().collect();
        set.network_evaluations_today = self.evaluations_today;
    }
}

/// Every member, every proposal and today's evaluations of all, if they are needed.
pub(super) async fn register(session: &Session, needed: bool, today: NaiveDate) -> Outcome<Register> {
    if !needed {
        return Ok(Register::default());
    }
    let day = i64::from(to_epoch_days(today));
    let of_today: Bound<'_> = &[&day];
    let (members, proposals, evaluations) = futures::join!(
        members::all(session),
        PROPOSALS.all(session, &[], |row: &Row| {
            rows::register::proposal(&mut Columns::new(row, "proposal"))
        }),
        NETWORK_EVALUATIONS.get(session, of_today, |row: &Row| {
            Columns::new(row, "evaluation_usage").count()
        }),
    );
    Ok(Register {
        members: members?,
        proposals: proposals?,
        evaluations_today: evaluations?,
    })
}

/// What members used, as of a civil day.
pub(super) async fn of_members(
    session: &Session,
    members: &BTreeSet<MemberNo>,
    today: NaiveDate,
) -> Outcome<BTreeMap<MemberNo, UsageRow>> {
    if members.is_empty() {
        return Ok(BTreeMap::new());
    }
    let numbers: Vec<i64> = members.iter().map(|member| member.0).collect();
    let day = i64::from(to_epoch_days(today));
    let since = i64::from(to_epoch_days(days_before(today, CREATION_DAYS)));
    let of_member = |columns: &mut Columns<'_, Row>| columns.number().map(MemberNo);
    let of_all: Bound<'_> = &[&numbers];
    let (of_today, of_late): (Bound<'_>, Bound<'_>) = (&[&numbers, &day], &[&numbers, &since]);
    let (ever, charged, created, done, grants) = futures::join!(
        ACTIVITY_OF_MEMBERS.all(session, of_all, |row: &Row| {
            let mut columns = Columns::new(row, "member_activity");
            Ok((of_member(&mut columns)?, columns.count()?))
        }),
        USAGE_OF_DAY.all(session, of_today, |row: &Row| {
            let mut columns = Columns::new(row, "evaluation_usage");
            Ok((of_member(&mut columns)?, columns.count()?))
        }),
        CREATIONS_OF_MEMBERS.all(session, of_late, |row: &Row| {
            let mut columns = Columns::new(row, "subject_creation");
            Ok((of_member(&mut columns)?, rows::subject::counter(&mut columns)?))
        }),
        CONDUCT_OF_DAY.all(session, of_today, |row: &Row| {
            let mut columns = Columns::new(row, "conduct_day");
            Ok((of_member(&mut columns)?, rows::conduct::day(&mut columns)?))
        }),
        GRANTS_OF_MEMBERS.all(session, of_all, |row: &Row| {
            let mut columns = Columns::new(row, "evaluation_grant");
            Ok((of_member(&mut columns)?, rows::register::grant(&mut columns)?))
        }),
    );
    let mut usage: BTreeMap<MemberNo, UsageRow> = members
        .iter()
        .map(|member| (*member, UsageRow::default()))
        .collect();
    for (member, evaluations) in ever? {
        usage.entry(member).or_default().evaluations_ever = evaluations;
    }
    for (member, evaluations) in charged? {
        usage.entry(member).or_default().evaluations_today = evaluations;
    }
    for (member, created) in created? {
        usage.entry(member).or_default().subjects_created.push(created);
    }
    for (member, today) in done? {
        usage.entry(member).or_default().today = today;
    }
    for (member, grant) in grants? {
        usage.entry(member).or_default().grants.push(grant);
    }
    Ok(usage)
}
