//! Changes of the register of members, and the second operator's approval.
//!
//! Invariant: with two approvals, no operator alone can enrol a member, grant evaluations, touch who a subject is, or
//! make itself a second operator.

use super::merge;
use super::rows::{GrantRow, ProposalRow};
use super::working_set::{Change, MemberStanding};
use super::{Administration, Decision, Outcome, Refused, WorkingSet, Write};
use crate::domain::date::Timestamp;
use crate::domain::member::{Certificate, LenderGroup, Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberId, MemberNo};
use crate::domain::violation::{Code, Violation};

/// A member to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// Its public name.
    pub member_id: MemberId,
    /// For people: 1 to 100 characters.
    pub display_name: String,
    /// Its kind.
    pub lender_group: LenderGroup,
    /// What it may do; not empty, in order, each once.
    pub roles: Vec<Role>,
    /// Certificates that speak for it from the start.
    pub certificates: Vec<Certificate>,
    /// Rule packs; the first is the default.
    pub rule_packs: Vec<String>,
    /// Token evaluations a civil day.
    pub evaluations_per_day: u32,
}

/// Fields of a member to change; `None` leaves one as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are those of the member")]
pub struct MemberUpdate {
    pub member_id: MemberId,
    pub display_name: Option<String>,
    pub lender_group: Option<LenderGroup>,
    pub roles: Option<Vec<Role>>,
    pub state: Option<MemberState>,
    pub rule_packs: Option<Vec<String>>,
    pub evaluations_per_day: Option<u32>,
}

/// Decides a change of the register.
pub(super) fn decide(
    set: &mut WorkingSet,
    write: &Write,
    administration: &Administration,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let stage = stage(set, write, administration)?;
    let decision = carry_out(set, administration, stage, at)?;
    settle(set, write, stage, at);
    Ok(decision)
}

fn carry_out(
    set: &mut WorkingSet,
    administration: &Administration,
    stage: Stage,
    at: Timestamp,
) -> Result<Decision, Refused> {
    match administration {
        Administration::CreateMember(new) => create(set, new, stage, at),
        Administration::UpdateMember(update) => change(set, update),
        Administration::AddCertificate {
            member_id,
            certificate,
        } => add(set, member_id, certificate),
        Administration::RevokeCertificate {
            member_id,
            fingerprint,
        } => revoke(set, member_id, *fingerprint, at),
        Administration::GrantEvaluations {
            member_id,
            evaluations,
            expires_at,
            ..
        } => {
            let member_no = find(set, member_id)?.member_no;
            if *expires_at <= at {
                let text = "the grant would have ended already: name a later instant";
                return Err(refused(Code::DateOrder, "expires_at", text));
            }
            finish(stage, || Ok(grant(set, member_no, *evaluations, *expires_at)))
        }
        Administration::MergeSubjects {
            keep,
            merge: absorbed,
            ..
        } => finish(stage, || merge::merge(set, keep, absorbed)),
        Administration::SplitSubject { token, .. } => finish(stage, || merge::split(set, token)),
    }
}

/// How far an administration that needs two operators has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Proposed just now, or again by the same operator.
    Proposed,
    /// Repeated by a second operator.
    Approved,
    /// Needs one operator only.
    Alone,
}

fn stage(set: &WorkingSet, write: &Write, administration: &Administration) -> Result<Stage, Refused> {
    let (true, true, Some(request)) = (
        administration.needs_second_operator(),
        set.rules.approvals >= 2,
        write.request,
    ) else {
        return Ok(Stage::Alone);
    };
    match set.proposals.get(&(write.action.rpc(), request.id)) {
        None => Ok(Stage::Proposed),
        Some(proposal) if proposal.body != request.body => Err(refused(
            Code::RequestIdReused,
            "request_id",
            "this request_id names another proposal: repeat that proposal exactly, or take a new request_id",
        )),
        Some(proposal) if proposal.proposed_by == write.certificate => Ok(Stage::Proposed),
        Some(_) => Ok(Stage::Approved),
    }
}

/// Files a new proposal, or closes one that was carried out.
fn settle(set: &mut WorkingSet, write: &Write, stage: Stage, at: Timestamp) {
    let Some(request) = write.request else { return };
    let key = (write.action.rpc(), request.id);
    match stage {
        Stage::Proposed if !set.proposals.contains_key(&key) => {
            let proposal = ProposalRow {
                body: request.body,
                proposed_by: write.certificate,
                proposed_at: at,
            };
            set.proposals.insert(key, proposal.clone());
            set.changes.push(Change::PutProposal(key.0, key.1, proposal));
        }
        Stage::Approved => {
            set.proposals.remove(&key);
            set.changes.push(Change::RemoveProposal(key.0, key.1));
        }
        Stage::Proposed | Stage::Alone => {}
    }
}

fn finish(stage: Stage, work: impl FnOnce() -> Result<Decision, Refused>) -> Result<Decision, Refused> {
    match stage {
        Stage::Proposed => Ok(decision(Outcome::Approved { done: false }, false)),
        Stage::Approved | Stage::Alone => work(),
    }
}

fn create(set: &mut WorkingSet, new: &NewMember, stage: Stage, at: Timestamp) -> Result<Decision, Refused> {
    let known = set
        .register
        .values()
        .find(|member| member.member_id == new.member_id)
        .cloned();
    let member = match (known, stage) {
        (Some(member), Stage::Approved) if proposed_as(&member, new) => Member {
            state: MemberState::Active,
            created_at: at,
            ..member
        },
        (Some(_), Stage::Approved) => {
            let text = "the member is not as it was proposed: it was changed, withdrawn or enrolled since; propose it \
                        anew under another name";
            return Err(refused(Code::MemberExists, "member.member_id", text));
        }
        (Some(member), Stage::Proposed) if proposed_as(&member, new) => {
            return Ok(decision(Outcome::Member(Box::new(member)), false));
        }
        (Some(_), Stage::Proposed | Stage::Alone) => {
            let text = "a member of this name exists: take another name, or change it with UpdateMember";
            return Err(refused(Code::MemberExists, "member.member_id", text));
        }
        (None, Stage::Proposed) => registered(set, new, MemberState::Proposed, at)?,
        (None, Stage::Approved | Stage::Alone) => registered(set, new, MemberState::Active, at)?,
    };
    put(set, &member);
    Ok(decision(
        Outcome::Member(Box::new(member)),
        stage != Stage::Proposed,
    ))
}

/// Whether what waits is all of what is asked: a second operator signs what it sees, and nothing else.
fn proposed_as(member: &Member, new: &NewMember) -> bool {
    member.state == MemberState::Proposed
        && member.display_name == new.display_name
        && member.lender_group == new.lender_group
        && member.roles == new.roles
        && member.certificates == new.certificates
        && member.rule_packs == new.rule_packs
        && member.evaluations_per_day == new.evaluations_per_day
}

fn registered(
    set: &mut WorkingSet,
    new: &NewMember,
    state: MemberState,
    at: Timestamp,
) -> Result<Member, Refused> {
    for certificate in &new.certificates {
        free(set, certificate.fingerprint, "member.certificates")?;
    }
    Ok(Member {
        member_no: MemberNo(set.numbers.next()),
        member_id: new.member_id.clone(),
        display_name: new.display_name.clone(),
        lender_group: new.lender_group,
        roles: new.roles.clone(),
        state,
        certificates: new.certificates.clone(),
        created_at: at,
        rule_packs: new.rule_packs.clone(),
        evaluations_per_day: new.evaluations_per_day,
    })
}

fn change(set: &mut WorkingSet, update: &MemberUpdate) -> Result<Decision, Refused> {
    let mut member = find(set, &update.member_id)?.clone();
    let alone = set.rules.approvals >= 2;
    if let Some(roles) = &update.roles {
        if alone && roles.iter().any(|role| !member.has_role(*role)) {
            return Err(second_operator(
                "member.roles",
                "one operator can only take roles away: enrol a member with more of them by CreateMember, which two sign",
            ));
        }
        member.roles.clone_from(roles);
    }
    if let Some(per_day) = update.evaluations_per_day {
        if alone && per_day > member.evaluations_per_day {
            return Err(second_operator(
                "member.evaluations_per_day",
                "a quota can only be lowered by one operator: grant a burst with GrantEvaluations",
            ));
        }
        member.evaluations_per_day = per_day;
    }
    if let Some(state) = update.state {
        member.state = next_state(member.state, state)?;
    }
    if let Some(name) = &update.display_name {
        member.display_name.clone_from(name);
    }
    if let Some(group) = update.lender_group {
        member.lender_group = group;
    }
    if let Some(packs) = &update.rule_packs {
        member.rule_packs.clone_from(packs);
    }
    put(set, &member);
    Ok(decision(Outcome::Member(Box::new(member)), true))
}

/// A member that left stays gone; a proposed one needs its second operator.
fn next_state(from: MemberState, to: MemberState) -> Result<MemberState, Refused> {
    use MemberState::{Active, Left, Proposed, Suspended};
    match (from, to) {
        (Active | Suspended, Active | Suspended | Left) | (Left, Left) | (Proposed, Proposed | Left) => {
            Ok(to)
        }
        (Proposed | Left, Active | Suspended) | (Active | Suspended | Left, Proposed) => Err(refused(
            Code::StatusTransition,
            "member.state",
            "a member is active or suspended and may leave for good; a proposed one becomes active when a second \
                 operator repeats its CreateMember",
        )),
    }
}

fn add(set: &mut WorkingSet, member_id: &MemberId, certificate: &Certificate) -> Result<Decision, Refused> {
    let mut member = find(set, member_id)?.clone();
    if set.rules.approvals >= 2 && member.has_role(Role::Operator) {
        return Err(second_operator(
            "member_id",
            "a certificate that speaks as operator comes with a member that two operators enrol: use CreateMember",
        ));
    }
    free(set, certificate.fingerprint, "certificate")?;
    member.certificates.push(certificate.clone());
    put(set, &member);
    Ok(decision(Outcome::Certificate(certificate.clone()), true))
}

fn revoke(
    set: &mut WorkingSet,
    member_id: &MemberId,
    fingerprint: Fingerprint,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let mut member = find(set, member_id)?.clone();
    let known = member
        .certificates
        .iter_mut()
        .find(|known| known.fingerprint == fingerprint);
    let Some(certificate) = known else {
        let text = "the member has no such certificate: GetMember shows those it has";
        return Err(refused(Code::CertificateUnknown, "fingerprint", text));
    };
    certificate.revoked_at = certificate.revoked_at.or(Some(at));
    let certificate = certificate.clone();
    put(set, &member);
    Ok(decision(Outcome::Certificate(certificate), true))
}

fn grant(set: &mut WorkingSet, member_no: MemberNo, evaluations: u64, expires_at: Timestamp) -> Decision {
    let grant = GrantRow {
        grant_no: set.numbers.next(),
        remaining: evaluations,
        expires_at,
    };
    set.usage.entry(member_no).or_default().grants.push(grant.clone());
    set.changes.push(Change::PutGrant(member_no, grant));
    decision(Outcome::Approved { done: true }, true)
}

fn find<'a>(set: &'a WorkingSet, member_id: &MemberId) -> Result<&'a Member, Refused> {
    set.register
        .values()
        .find(|member| member.member_id == *member_id)
        .ok_or_else(|| {
            refused(
                Code::MemberUnknown,
                "member_id",
                "there is no member of this name: ListMembers shows them",
            )
        })
}

fn free(set: &WorkingSet, fingerprint: Fingerprint, field: &str) -> Result<(), Refused> {
    let taken = set.register.values().any(|member| {
        member
            .certificates
            .iter()
            .any(|known| known.fingerprint == fingerprint)
    });
    if taken {
        let text = "this certificate speaks, or once spoke, for a member: issue a new one";
        return Err(refused(Code::CertificateTaken, field, text));
    }
    Ok(())
}

fn put(set: &mut WorkingSet, member: &Member) {
    let known = set.network.members.get(&member.member_no);
    let standing = MemberStanding {
        lender_group: member.lender_group,
        state: member.state,
        is_lender: member.has_role(Role::Lender),
        latest_as_of: known.and_then(|standing| standing.latest_as_of),
        latest_batch: known.and_then(|standing| standing.latest_batch),
    };
    set.network.members.insert(member.member_no, standing);
    set.register.insert(member.member_no, member.clone());
    set.changes.push(Change::PutMember(Box::new(member.clone())));
}

fn decision(outcome: Outcome, remember: bool) -> Decision {
    Decision {
        outcome,
        subjects: Vec::new(),
        purpose: None,
        remember,
    }
}

fn refused(code: Code, field: &str, text: &str) -> Refused {
    Refused::because(Violation::new(code, field, text))
}

fn second_operator(field: &str, text: &str) -> Refused {
    refused(Code::SecondOperatorRequired, field, text)
}
