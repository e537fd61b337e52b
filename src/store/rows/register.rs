//! The register: members, certificates, grants, proposals.

use chrono::NaiveDate;

use crate::domain::member::{Certificate, LenderGroup, Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberId, MemberNo, RequestId, Sha256};
use crate::domain::unit::Rpc;
use crate::domain::unit::rows::{GrantRow, ProposalRow};
use crate::domain::unit::working_set::{LatestBatch, MemberStanding};
use crate::store::columns::{Columns, Row, Sink};

/// A member without its certificates.
pub(in crate::store) fn member<R: Row>(columns: &mut Columns<'_, R>) -> Result<Member, R::Error> {
    Ok(Member {
        member_no: MemberNo(columns.number()?),
        member_id: columns.parsed(MemberId::parse)?,
        display_name: columns.text()?,
        lender_group: columns.code(|code| GROUPS.into_iter().find(|group| group_code(*group) == code))?,
        roles: columns.parsed(roles)?,
        state: columns.code(|code| STATES.into_iter().find(|state| state_code(*state) == code))?,
        certificates: Vec::new(),
        created_at: columns.instant()?,
        rule_packs: columns.parsed(|text| Some(names(text)))?,
        evaluations_per_day: columns.count()?,
    })
}

/// The cells of a member without its certificates.
pub(in crate::store) fn put_member<'a>(member: &'a Member, sink: &mut impl Sink<'a>) {
    let roles: Vec<String> = member
        .roles
        .iter()
        .map(|role| role_code(*role).to_string())
        .collect();
    sink.number(member.member_no.0)
        .text(member.member_id.as_str())
        .text(&member.display_name)
        .number(group_code(member.lender_group))
        .text(roles.join(","))
        .number(state_code(member.state))
        .instant(member.created_at)
        .text(member.rule_packs.join(","))
        .number(member.evaluations_per_day);
}

/// A certificate of a member: member, fingerprint, end, revocation.
pub(in crate::store) fn certificate<R: Row>(
    columns: &mut Columns<'_, R>,
) -> Result<(MemberNo, Certificate), R::Error> {
    let member_no = MemberNo(columns.number()?);
    let certificate = Certificate {
        fingerprint: Fingerprint(columns.bytes()?),
        not_after: columns.instant()?,
        revoked_at: columns.optional_instant()?,
    };
    Ok((member_no, certificate))
}

/// The cells of a certificate: fingerprint, member, place, end, revocation.
pub(in crate::store) fn put_certificate<'a>(
    member_no: MemberNo,
    place: i64,
    certificate: &'a Certificate,
    sink: &mut impl Sink<'a>,
) {
    sink.bytes(&certificate.fingerprint.0[..])
        .number(member_no.0)
        .number(place)
        .instant(certificate.not_after)
        .optional_instant(certificate.revoked_at);
}

/// A grant: number, what is left, end.
pub(in crate::store) fn grant<R: Row>(columns: &mut Columns<'_, R>) -> Result<GrantRow, R::Error> {
    Ok(GrantRow {
        grant_no: columns.number()?,
        remaining: columns.count()?,
        expires_at: columns.instant()?,
    })
}

/// The cells of a member's grant.
pub(in crate::store) fn put_grant<'a>(member_no: MemberNo, grant: &GrantRow, sink: &mut impl Sink<'a>) {
    sink.number(member_no.0)
        .number(grant.grant_no)
        .count(grant.remaining)
        .instant(grant.expires_at);
}

/// A proposal: when, its name, what, by whom.
pub(in crate::store) fn proposal<R: Row>(
    columns: &mut Columns<'_, R>,
) -> Result<((Rpc, RequestId), ProposalRow), R::Error> {
    let proposed_at = columns.instant()?;
    let name = (columns.parsed(super::subject::rpc)?, RequestId(columns.bytes()?));
    let body = Sha256(columns.bytes()?);
    let proposed_by = Fingerprint(columns.bytes()?);
    let row = ProposalRow {
        body,
        proposed_by,
        proposed_at,
    };
    Ok((name, row))
}

/// The cells of a proposal: rpc, id, what, by whom, when.
pub(in crate::store) fn put_proposal<'a>(
    rpc: Rpc,
    id: &'a RequestId,
    row: &'a ProposalRow,
    sink: &mut impl Sink<'a>,
) {
    sink.text(rpc.as_str())
        .bytes(&id.0[..])
        .bytes(&row.body.0[..])
        .bytes(&row.proposed_by.0[..])
        .instant(row.proposed_at);
}

/// What a member did last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store) struct Activity {
    /// Greatest date of its accepted reports.
    pub latest_as_of: Option<NaiveDate>,
    /// Its completed batch of the latest date.
    pub latest_batch: Option<LatestBatch>,
}

/// What a member did last: member, date of reports, date of batches, day of completion.
pub(in crate::store) fn activity<R: Row>(
    columns: &mut Columns<'_, R>,
) -> Result<(MemberNo, Activity), R::Error> {
    let member_no = MemberNo(columns.number()?);
    let latest_as_of = columns.optional_date()?;
    let latest_batch = match (columns.optional_date()?, columns.optional_date()?) {
        (Some(as_of), Some(completed_on)) => Some(LatestBatch { as_of, completed_on }),
        (None, None) => None,
        _ => return Err(columns.corrupt()),
    };
    Ok((
        member_no,
        Activity {
            latest_as_of,
            latest_batch,
        },
    ))
}

/// What answers need to know of a member that did this last.
pub(in crate::store) fn standing(member: &Member, activity: Activity) -> MemberStanding {
    MemberStanding {
        lender_group: member.lender_group,
        state: member.state,
        is_lender: member.has_role(Role::Lender),
        latest_as_of: activity.latest_as_of,
        latest_batch: activity.latest_batch,
    }
}

/// Gives each certificate to its member.
pub(in crate::store) fn with_certificates(
    mut members: Vec<Member>,
    certificates: Vec<(MemberNo, Certificate)>,
) -> Vec<Member> {
    for (member_no, certificate) in certificates {
        if let Some(member) = members.iter_mut().find(|member| member.member_no == member_no) {
            member.certificates.push(certificate);
        }
    }
    members
}

fn names(text: &str) -> Vec<String> {
    text.split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
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
