//! Authority as an argument that cannot be forged.
//!
//! Room functions take a [`Caller`]; only `members::authenticate` makes one (the architecture test pins the call site).

use super::member::{LenderGroup, Role};
use super::names::{Fingerprint, MemberId, MemberNo};

/// Who calls, as the member registry knows it at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    member_no: MemberNo,
    member_id: MemberId,
    lender_group: LenderGroup,
    roles: Vec<Role>,
    rule_packs: Vec<String>,
    certificate: Fingerprint,
}

impl Caller {
    /// For `members::authenticate` alone: what it found in the registry for the peer's certificate.
    pub fn authenticated(
        member_no: MemberNo,
        member_id: MemberId,
        lender_group: LenderGroup,
        roles: Vec<Role>,
        rule_packs: Vec<String>,
        certificate: Fingerprint,
    ) -> Self {
        Self {
            member_no,
            member_id,
            lender_group,
            roles,
            rule_packs,
            certificate,
        }
    }

    /// The member's number.
    pub fn member_no(&self) -> MemberNo {
        self.member_no
    }

    /// The member's public name.
    pub fn member_id(&self) -> &MemberId {
        &self.member_id
    }

    /// The member's group.
    pub fn lender_group(&self) -> LenderGroup {
        self.lender_group
    }

    /// Whether the caller holds a role.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The rule packs that it may be judged by; the first unless it names another.
    pub fn rule_packs(&self) -> &[String] {
        &self.rule_packs
    }

    /// The certificate it came with: tells one operator from another.
    pub fn certificate(&self) -> Fingerprint {
        self.certificate
    }
}
