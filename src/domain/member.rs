//! Who takes part: members, their groups, roles, states and certificates.

use serde::{Deserialize, Serialize};

use super::date::Timestamp;
use super::names::{Fingerprint, MemberId, MemberNo};

/// What kind of lender a member is. The order is the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum LenderGroup {
    Bank,
    ConsumerFinance,
    OnlineMicroloan,
    Microloan,
    AutoLeasing,
    Other,
}

impl LenderGroup {
    /// Every group.
    pub const ALL: &[Self] = &[
        Self::Bank,
        Self::ConsumerFinance,
        Self::OnlineMicroloan,
        Self::Microloan,
        Self::AutoLeasing,
        Self::Other,
    ];

    /// The contract's name without its prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "BANK",
            Self::ConsumerFinance => "CONSUMER_FINANCE",
            Self::OnlineMicroloan => "ONLINE_MICROLOAN",
            Self::Microloan => "MICROLOAN",
            Self::AutoLeasing => "AUTO_LEASING",
            Self::Other => "OTHER",
        }
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Reports its positions and queries exposure.
    Lender,
    /// Reads statistics.
    Regulator,
    /// Runs the service.
    Operator,
    /// May sign in and do nothing until accounts can be assigned to it.
    Collector,
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MemberState {
    /// Takes part.
    Active,
    /// Refused on every call.
    Suspended,
    /// Gone; its positions stay.
    Left,
    /// Waits for a second operator.
    Proposed,
}

/// A certificate that speaks for a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// SHA-256 of its DER encoding.
    pub fingerprint: Fingerprint,
    /// Its end of validity.
    pub not_after: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A participant as registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its number inside the service.
    pub member_no: MemberNo,
    /// Its public name.
    pub member_id: MemberId,
    /// For people: 1 to 100 characters.
    pub display_name: String,
    /// Its kind.
    pub lender_group: LenderGroup,
    /// What it may do; not empty, in order, each once.
    pub roles: Vec<Role>,
    /// Where it stands.
    pub state: MemberState,
    /// Its certificates, oldest first.
    pub certificates: Vec<Certificate>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Rule packs that the operator assigned; the first is the default.
    pub rule_packs: Vec<String>,
    /// Token evaluations a civil day.
    pub evaluations_per_day: u32,
}

impl Member {
    /// Whether it holds a role.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
