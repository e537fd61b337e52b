//! Members and what answers need of them.

use rusqlite::{Row, params};

use super::failure::Outcome;
use super::rows::Columns;
use super::statement::{Prepares, Statement};
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::member::{Certificate, LenderGroup, Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberId, MemberNo};
use crate::domain::unit::working_set::{MemberStanding, Network};

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
        SELECT member_no, latest_as_of
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

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 8] = [
    ALL_MEMBERS,
    ALL_CERTIFICATES,
    LATEST_REPORTS,
    GENERATION,
    PUT_MEMBER,
    PUT_CERTIFICATE,
    RAISE_GENERATION,
    PUT_LATEST_AS_OF,
];

/// Every member with its certificates.
pub(super) fn all(connection: &impl Prepares) -> Outcome<Vec<Member>> {
    let mut members = ALL_MEMBERS.all(connection, [], member)?;
    let certificates = ALL_CERTIFICATES.all(connection, [], certificate)?;
    for (member_no, certificate) in certificates {
        if let Some(member) = members.iter_mut().find(|member| member.member_no == member_no) {
            member.certificates.push(certificate);
        }
    }
    Ok(members)
}

/// All members, as answers need them.
pub(super) fn network(connection: &impl Prepares) -> Outcome<Network> {
    let latest = LATEST_REPORTS.all(connection, [], |row| {
        let mut columns = Columns::new(row, "member_activity");
        Ok((MemberNo(columns.take()?), columns.optional_date()?))
    })?;
    let standing = |member: Member| {
        let known = latest
            .iter()
            .find(|(member_no, _)| *member_no == member.member_no);
        let standing = MemberStanding {
            lender_group: member.lender_group,
            state: member.state,
            is_lender: member.has_role(Role::Lender),
            latest_as_of: known.and_then(|(_, as_of)| *as_of),
        };
        (member.member_no, standing)
    };
    Ok(Network {
        members: all(connection)?.into_iter().map(standing).collect(),
    })
}

/// Writes a member and its certificates; other servers will notice.
pub(super) fn put(connection: &impl Prepares, member: &Member) -> Outcome<()> {
    let roles: Vec<String> = member
        .roles
        .iter()
        .map(|role| role_code(*role).to_string())
        .collect();
    PUT_MEMBER.run_one(
        connection,
        params![
            member.member_no.0,
            member.member_id.as_str(),
            member.display_name,
            group_code(member.lender_group),
            roles.join(","),
            state_code(member.state),
            member.created_at.micros(),
            member.rule_packs.join(","),
            member.evaluations_per_day,
        ],
    )?;
    for (place, certificate) in (0_i64..).zip(&member.certificates) {
        PUT_CERTIFICATE.run_one(
            connection,
            params![
                certificate.fingerprint.0,
                member.member_no.0,
                place,
                certificate.not_after.micros(),
                certificate.revoked_at.map(Timestamp::micros),
            ],
        )?;
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

fn member(row: &Row<'_>) -> Outcome<Member> {
    let mut columns = Columns::new(row, "member");
    Ok(Member {
        member_no: MemberNo(columns.take()?),
        member_id: columns.text(MemberId::parse)?,
        display_name: columns.take()?,
        lender_group: columns.code(|code| GROUPS.into_iter().find(|group| group_code(*group) == code))?,
        roles: columns.text(roles)?,
        state: columns.code(|code| STATES.into_iter().find(|state| state_code(*state) == code))?,
        certificates: Vec::new(),
        created_at: columns.instant()?,
        rule_packs: columns.text(|text| {
            Some(
                text.split(',')
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )
        })?,
        evaluations_per_day: columns.count()?,
    })
}

fn certificate(row: &Row<'_>) -> Outcome<(MemberNo, Certificate)> {
    let mut columns = Columns::new(row, "certificate");
    let member_no = MemberNo(columns.take()?);
    let fingerprint = Fingerprint(columns.bytes()?);
    let not_after = columns.instant()?;
    Ok((
        member_no,
        Certificate {
            fingerprint,
            not_after,
            revoked_at: columns.optional_instant()?,
        },
    ))
}

fn roles(text: &str) -> Option<Vec<Role>> {
    text.split(',')
        .map(|code| {
            let code: i32 = code.parse().ok()?;
            ROLES.into_iter().find(|role| role_code(*role) == code)
        })
        .collect()
}

const ROLES: [Role; 4] = [Role::Lender, Role::Regulator, Role::Operator, Role::Collector];

const fn role_code(role: Role) -> i32 {
    match role {
        Role::Lender => 1,
        Role::Regulator => 2,
        Role::Operator => 3,
        Role::Collector => 4,
    }
}

const GROUPS: [LenderGroup; 6] = [
    LenderGroup::Bank,
    LenderGroup::ConsumerFinance,
    LenderGroup::OnlineMicroloan,
    LenderGroup::Microloan,
    LenderGroup::AutoLeasing,
    LenderGroup::Other,
];

const fn group_code(group: LenderGroup) -> i32 {
    match group {
        LenderGroup::Bank => 1,
        LenderGroup::ConsumerFinance => 2,
        LenderGroup::OnlineMicroloan => 3,
        LenderGroup::Microloan => 4,
        LenderGroup::AutoLeasing => 5,
        LenderGroup::Other => 6,
    }
}

const STATES: [MemberState; 4] = [
    MemberState::Active,
    MemberState::Suspended,
    MemberState::Left,
    MemberState::Proposed,
];

const fn state_code(state: MemberState) -> i32 {
    match state {
        MemberState::Active => 1,
        MemberState::Suspended => 2,
        MemberState::Left => 3,
        MemberState::Proposed => 4,
    }
}
