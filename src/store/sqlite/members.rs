//! Members and what answers need of them.

use rusqlite::params;

use super::failure::Outcome;
use super::parameters::Parameters;
use super::statement::{Prepares, Statement};
use crate::domain::date::to_epoch_days;
use crate::domain::member::Member;
use crate::domain::names::MemberNo;
use crate::domain::unit::working_set::{LatestBatch, Network};
use crate::store::columns::Columns;
use crate::store::rows;

const ALL_MEMBERS: Statement = Statement {
    sql: "-- all_members
        SELECT member_no, member_id, display_name, lender_group, roles, state, created_at, rule_packs, evaluations_per_day
        FROM member
        ORDER BY member_no",
    parameters: 0,
};
const ALL_CERTIFICATES: Statement = Statement {
    sql: "-- all_certificates
        SELECT member_no, fingerprint, not_after, revoked_at
        FROM certificate
        ORDER BY member_no, place",
    parameters: 0,
};
const LATEST_REPORTS: Statement = Statement {
    sql: "-- latest_reports
        SELECT member_no, latest_as_of, batch_as_of, batch_on
        FROM member_activity
        ORDER BY member_no",
    parameters: 0,
};
pub(super) const GENERATION: Statement = Statement {
    sql: "-- generation
        SELECT generation
        FROM registry_generation
        WHERE singleton = 1",
    parameters: 0,
};
const PUT_MEMBER: Statement = Statement {
    sql: "-- put_member
        INSERT INTO member (member_no, member_id, display_name, lender_group, roles, state, created_at, rule_packs,
            evaluations_per_day)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (member_no) DO UPDATE SET
            display_name = excluded.display_name,
            lender_group = excluded.lender_group,
            roles = excluded.roles,
            state = excluded.state,
            created_at = excluded.created_at,
            rule_packs = excluded.rule_packs,
            evaluations_per_day = excluded.evaluations_per_day",
    parameters: 9,
};
const PUT_CERTIFICATE: Statement = Statement {
    sql: "-- put_certificate
        INSERT INTO certificate (fingerprint, member_no, place, not_after, revoked_at)
        VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (fingerprint) DO UPDATE SET
            revoked_at = excluded.revoked_at",
    parameters: 5,
};
const RAISE_GENERATION: Statement = Statement {
    sql: "-- raise_generation
        UPDATE registry_generation
        SET generation = generation + 1
        WHERE singleton = 1",
    parameters: 0,
};
const PUT_LATEST_AS_OF: Statement = Statement {
    sql: "-- put_latest_as_of
        INSERT INTO member_activity (member_no, latest_as_of, evaluations_ever)
        VALUES (?1, ?2, 0)
        ON CONFLICT (member_no) DO UPDATE SET
            latest_as_of = excluded.latest_as_of",
    parameters: 2,
};

const PUT_LATEST_BATCH: Statement = Statement {
    sql: "-- put_latest_batch
        INSERT INTO member_activity (member_no, evaluations_ever, batch_as_of, batch_on)
        VALUES (?1, 0, ?2, ?3)
        ON CONFLICT (member_no) DO UPDATE SET
            batch_as_of = excluded.batch_as_of,
            batch_on = excluded.batch_on",
    parameters: 3,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 9] = [
    ALL_MEMBERS,
    ALL_CERTIFICATES,
    LATEST_REPORTS,
    GENERATION,
    PUT_MEMBER,
    PUT_CERTIFICATE,
    RAISE_GENERATION,
    PUT_LATEST_AS_OF,
    PUT_LATEST_BATCH,
];

/// Every member with its certificates.
pub(super) fn all(connection: &impl Prepares) -> Outcome<Vec<Member>> {
    let members = ALL_MEMBERS.all(connection, [], |row| {
        rows::register::member(&mut Columns::new(row, "member"))
    })?;
    let certificates = ALL_CERTIFICATES.all(connection, [], |row| {
        rows::register::certificate(&mut Columns::new(row, "certificate"))
    })?;
    Ok(rows::register::with_certificates(members, certificates))
}

/// All members, as answers need them.
pub(super) fn network(connection: &impl Prepares) -> Outcome<Network> {
    let latest = LATEST_REPORTS.all(connection, [], |row| {
        rows::register::activity(&mut Columns::new(row, "member_activity"))
    })?;
    let standing = |member: Member| {
        let known = latest
            .iter()
            .find(|(member_no, _)| *member_no == member.member_no);
        let activity = known.map(|(_, activity)| *activity).unwrap_or_default();
        (member.member_no, rows::register::standing(&member, activity))
    };
    Ok(Network {
        members: all(connection)?.into_iter().map(standing).collect(),
    })
}

/// Writes a member and its certificates; other servers will notice.
pub(super) fn put(connection: &impl Prepares, member: &Member) -> Outcome<()> {
    let cells = Parameters::of(|sink| rows::register::put_member(member, sink));
    PUT_MEMBER.run_one(connection, cells.bound())?;
    for (place, certificate) in (0_i64..).zip(&member.certificates) {
        let cells = Parameters::of(|sink| {
            rows::register::put_certificate(member.member_no, place, certificate, sink);
        });
        PUT_CERTIFICATE.run_one(connection, cells.bound())?;
    }
    RAISE_GENERATION.run_one(connection, [])
}

/// Remembers the latest business date a member reported for.
pub(super) fn put_latest_as_of(
    connection: &impl Prepares,
    member_no: MemberNo,
    as_of: chrono::NaiveDate,
) -> Outcome<()> {
    PUT_LATEST_AS_OF.run_one(connection, params![member_no.0, to_epoch_days(as_of)])
}

/// Remembers a member's completed batch of the latest date.
pub(super) fn put_latest_batch(
    connection: &impl Prepares,
    member_no: MemberNo,
    latest: LatestBatch,
) -> Outcome<()> {
    let dates = params![
        member_no.0,
        to_epoch_days(latest.as_of),
        to_epoch_days(latest.completed_on)
    ];
    PUT_LATEST_BATCH.run_one(connection, dates)
}
