//! Whom the register confirms for a request.

use crate::domain::member::{Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberId};
use crate::members::{AuthError, Registry};

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the certificate of the connection.
    Certificate,
    /// By a session that a link opened.
    Session,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Showed nothing.
    Stranger,
    /// Is known and may not look, or showed what does not count any more.
    Forbidden(AuthError),
}

/// Somebody who may look: a member with the role of regulator or operator, as the register knows it at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    member_id: MemberId,
    display_name: String,
    way: Way,
}

impl Viewer {
    /// Who shows a certificate.
    pub fn by_certificate(registry: &Registry, certificate: Fingerprint) -> Result<Self, AuthError> {
        let caller = registry.authenticate(certificate)?;
        let found = find(registry, caller.member_id())?;
        Self::of(&found, Way::Certificate)
    }

    /// Who has a session.
    pub fn by_session(registry: &Registry, member_id: &MemberId) -> Result<Self, AuthError> {
        Self::of(&find(registry, member_id)?, Way::Session)
    }

    fn of(member: &Member, way: Way) -> Result<Self, AuthError> {
        match member.state {
            MemberState::Active => {}
            MemberState::Suspended => return Err(AuthError::MemberSuspended),
            MemberState::Left => return Err(AuthError::MemberLeft),
            MemberState::Proposed => return Err(AuthError::MemberProposed),
        }
        if !member.has_role(Role::Regulator) && !member.has_role(Role::Operator) {
            return Err(AuthError::RoleMissing);
        }
        Ok(Self {
            member_id: member.member_id.clone(),
            display_name: member.display_name.clone(),
            way,
        })
    }

    /// The member's public name.
    pub const fn member_id(&self) -> &MemberId {
        &self.member_id
    }

    /// The member's name for people.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// How it came in.
    pub const fn way(&self) -> Way {
        self.way
    }
}

fn find(registry: &Registry, member_id: &MemberId) -> Result<Member, AuthError> {
    let found = registry.current().find_member(member_id).cloned();
    found.ok_or(AuthError::CertificateUnknown)
}
