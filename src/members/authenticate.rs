//! From a certificate to a caller.
//!
//! A snapshot is what the register said at one generation, keyed by fingerprint. Whether a certificate still speaks for
//! its member is judged on every call, because time passes between snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::caller::Caller;
use crate::domain::date::Timestamp;
use crate::domain::member::{Certificate, Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberId};

/// Why a call is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The connection showed no certificate.
    #[error(
        "no client certificate was presented: connect over TLS with a certificate that your operator registered"
    )]
    CertificateMissing,
    /// No member has this certificate.
    #[error("this certificate is not registered: ask your operator to add it with AddCertificate")]
    CertificateUnknown,
    /// Its validity ended.
    #[error("this certificate has expired: have a new one issued and registered with AddCertificate")]
    CertificateExpired,
    /// It was revoked.
    #[error("this certificate was revoked: use another registered certificate of your institution")]
    CertificateRevoked,
    /// The member is suspended.
    #[error("this member is suspended: ask the operator")]
    MemberSuspended,
    /// The member has left.
    #[error("this member has left the service: ask the operator")]
    MemberLeft,
    /// The member waits for a second operator.
    #[error("this member is not enrolled yet: a second operator has to repeat CreateMember")]
    MemberProposed,
    /// The member lacks the role.
    #[error("this member's roles do not allow this call: docs/members.md lists who may call what")]
    RoleMissing,
}

impl AuthError {
    /// Every reason, for metrics and tests.
    pub const ALL: [Self; 8] = [
        Self::CertificateMissing,
        Self::CertificateUnknown,
        Self::CertificateExpired,
        Self::CertificateRevoked,
        Self::MemberSuspended,
        Self::MemberLeft,
        Self::MemberProposed,
        Self::RoleMissing,
    ];

    /// The stable reason that programs see.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::CertificateMissing => "CERTIFICATE_MISSING",
            Self::CertificateUnknown => "CERTIFICATE_UNKNOWN",
            Self::CertificateExpired => "CERTIFICATE_EXPIRED",
            Self::CertificateRevoked => "CERTIFICATE_REVOKED",
            Self::MemberSuspended => "MEMBER_SUSPENDED",
            Self::MemberLeft => "MEMBER_LEFT",
            Self::MemberProposed => "MEMBER_PROPOSED",
            Self::RoleMissing => "ROLE_MISSING",
        }
    }
}

/// A certificate as registered, with the caller it makes while it speaks for its member.
#[derive(Debug)]
struct Speaker {
    caller: Arc<Caller>,
    state: MemberState,
    not_after: Timestamp,
    revoked: bool,
}

impl Speaker {
    fn of(member: &Member, certificate: &Certificate) -> Self {
        Self {
            caller: Arc::new(Caller::authenticated(
                member.member_no,
                member.member_id.clone(),
                member.lender_group,
                member.roles.clone(),
                member.rule_packs.clone(),
                certificate.fingerprint,
            )),
            state: member.state,
            not_after: certificate.not_after,
            revoked: certificate.revoked_at.is_some(),
        }
    }

    fn speaks(&self, now: Timestamp) -> Result<Arc<Caller>, AuthError> {
        if self.revoked {
            return Err(AuthError::CertificateRevoked);
        }
        match self.state {
            MemberState::Active => {}
            MemberState::Suspended => return Err(AuthError::MemberSuspended),
            MemberState::Left => return Err(AuthError::MemberLeft),
            MemberState::Proposed => return Err(AuthError::MemberProposed),
        }
        if now > self.not_after {
            return Err(AuthError::CertificateExpired);
        }
        Ok(Arc::clone(&self.caller))
    }
}

/// What the register said at one generation.
#[derive(Debug, Default)]
pub struct Snapshot {
    generation: i64,
    speakers: BTreeMap<Fingerprint, Speaker>,
    members: BTreeMap<MemberId, Member>,
}

impl Snapshot {
    pub(super) fn new(generation: i64, members: Vec<Member>) -> Self {
        let speakers = members
            .iter()
            .flat_map(|member| {
                member
                    .certificates
                    .iter()
                    .map(move |certificate| (member, certificate))
            })
            .map(|(member, certificate)| (certificate.fingerprint, Speaker::of(member, certificate)))
            .collect();
        let members = members
            .into_iter()
            .map(|member| (member.member_id.clone(), member))
            .collect();
        Self {
            generation,
            speakers,
            members,
        }
    }

    /// The generation it was read at.
    pub const fn generation(&self) -> i64 {
        self.generation
    }

    /// A member by its name.
    pub fn find_member(&self, member_id: &MemberId) -> Option<&Member> {
        self.members.get(member_id)
    }

    /// All members, in order of their names.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// Whether any member may run the service.
    pub fn has_operator(&self) -> bool {
        self.members()
            .any(|member| member.has_role(Role::Operator) && member.state == MemberState::Active)
    }

    /// Who calls with a certificate, if it speaks for its member at this instant.
    pub(super) fn authenticate(
        &self,
        fingerprint: Fingerprint,
        now: Timestamp,
    ) -> Result<Arc<Caller>, AuthError> {
        self.speakers
            .get(&fingerprint)
            .ok_or(AuthError::CertificateUnknown)?
            .speaks(now)
    }

    /// Who calls by a mere name, for development without TLS: speaks with the member's first certificate, or with none.
    pub(super) fn take_word(&self, member_id: &MemberId) -> Result<Arc<Caller>, AuthError> {
        let member = self.find_member(member_id).ok_or(AuthError::CertificateUnknown)?;
        let never = Certificate {
            fingerprint: Fingerprint([0; 32]),
            not_after: Timestamp::from_micros(i64::MAX),
            revoked_at: None,
        };
        let certificate = member.certificates.first().unwrap_or(&never);
        Speaker::of(
            member,
            &Certificate {
                fingerprint: certificate.fingerprint,
                ..never.clone()
            },
        )
        .speaks(Timestamp::from_micros(0))
    }
}
