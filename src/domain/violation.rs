//! Broken rules: what every refusal of content carries, all of them in one answer.

use serde::{Deserialize, Serialize};

/// A stable code of a rule. Names are domain.md 3.5's and semantics.md's; [`Code::as_str`] is what callers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name is the rule; docs/members.md explains them")]
pub enum Code {
    FieldRequired,
    EnumUnknown,
    Format,
    DateInFuture,
    DateOrder,
    AmountNegative,
    AmountOverflow,
    Currency,
    DpdAmountMismatch,
    ClosedWithBalance,
    BadDebtZeroOverdue,
    TypeEventMismatch,
    ExtensionMonths,
    GuarantorMissing,
    GuarantorIsBorrower,
    AccountUnknown,
    IdentityChanged,
    AccountTypeChanged,
    StaleSequence,
    PairReused,
    PairChanged,
    StatusTransition,
    DpdJump,
    DofdReaged,
    AdverseWithoutNotice,
    ConsentMissing,
    ConsentExpired,
    ConsentPurpose,
    ClassDpd,
    BalanceOverLimit,
    BalanceOverOriginal,
    PiiInFreeText,
    ProhibitedAttribute,
    LiabilityRoles,
    TokenTypeRepeated,
    TokenInvalid,
    KeyVersionUnknown,
    KeyVersionRetired,
    IdentityConflict,
    IdentityKindMixed,
    TokensNotEvaluated,
    AccountDeleted,
    VersionSuperseded,
    VersionUnknown,
    AlreadyReviewedToday,
    RequestIdReused,
    PageSize,
    PageToken,
    PurposeNotAllowed,
    QuotaExceeded,
    MemberUnknown,
    MemberExists,
    CertificateUnknown,
    CertificateTaken,
    SecondOperatorRequired,
    SubjectUnknown,
    FileHeader,
    FileTrailer,
    FileControlTotal,
    FileRejectRate,
    FileCountSwing,
    BatchUnknown,
    BatchIdReused,
    BatchTakenOver,
    BatchFinished,
    BatchNotHeld,
    ResumePoint,
    TokensChanged,
}

impl Code {
    /// Every code, in its order here.
    pub const ALL: &[Self] = &[
        Self::FieldRequired,
        Self::EnumUnknown,
        Self::Format,
        Self::DateInFuture,
        Self::DateOrder,
        Self::AmountNegative,
        Self::AmountOverflow,
        Self::Currency,
        Self::DpdAmountMismatch,
        Self::ClosedWithBalance,
        Self::BadDebtZeroOverdue,
        Self::TypeEventMismatch,
        Self::ExtensionMonths,
        Self::GuarantorMissing,
        Self::GuarantorIsBorrower,
        Self::AccountUnknown,
        Self::IdentityChanged,
        Self::AccountTypeChanged,
        Self::StaleSequence,
        Self::PairReused,
        Self::PairChanged,
        Self::StatusTransition,
        Self::DpdJump,
        Self::DofdReaged,
        Self::AdverseWithoutNotice,
        Self::ConsentMissing,
        Self::ConsentExpired,
        Self::ConsentPurpose,
        Self::ClassDpd,
        Self::BalanceOverLimit,
        Self::BalanceOverOriginal,
        Self::PiiInFreeText,
        Self::ProhibitedAttribute,
        Self::LiabilityRoles,
        Self::TokenTypeRepeated,
        Self::TokenInvalid,
        Self::KeyVersionUnknown,
        Self::KeyVersionRetired,
        Self::IdentityConflict,
        Self::IdentityKindMixed,
        Self::TokensNotEvaluated,
        Self::AccountDeleted,
        Self::VersionSuperseded,
        Self::VersionUnknown,
        Self::AlreadyReviewedToday,
        Self::RequestIdReused,
        Self::PageSize,
        Self::PageToken,
        Self::PurposeNotAllowed,
        Self::QuotaExceeded,
        Self::MemberUnknown,
        Self::MemberExists,
        Self::CertificateUnknown,
        Self::CertificateTaken,
        Self::SecondOperatorRequired,
        Self::SubjectUnknown,
        Self::FileHeader,
        Self::FileTrailer,
        Self::FileControlTotal,
        Self::FileRejectRate,
        Self::FileCountSwing,
        Self::BatchUnknown,
        Self::BatchIdReused,
        Self::BatchTakenOver,
        Self::BatchFinished,
        Self::BatchNotHeld,
        Self::ResumePoint,
    ];

    /// The code that callers see as `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The code as callers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FieldRequired => "FIELD_REQUIRED",
            Self::EnumUnknown => "ENUM_UNKNOWN",
            Self::Format => "FORMAT",
            Self::DateInFuture => "DATE_IN_FUTURE",
            Self::DateOrder => "DATE_ORDER",
            Self::AmountNegative => "AMOUNT_NEGATIVE",
            Self::AmountOverflow => "AMOUNT_OVERFLOW",
            Self::Currency => "CURRENCY",
            Self::DpdAmountMismatch => "DPD_AMOUNT_MISMATCH",
            Self::ClosedWithBalance => "CLOSED_WITH_BALANCE",
            Self::BadDebtZeroOverdue => "BAD_DEBT_ZERO_OVERDUE",
            Self::TypeEventMismatch => "TYPE_EVENT_MISMATCH",
            Self::ExtensionMonths => "EXTENSION_MONTHS",
            Self::GuarantorMissing => "GUARANTOR_MISSING",
            Self::GuarantorIsBorrower => "GUARANTOR_IS_BORROWER",
            Self::AccountUnknown => "ACCOUNT_UNKNOWN",
            Self::IdentityChanged => "IDENTITY_CHANGED",
            Self::AccountTypeChanged => "ACCOUNT_TYPE_CHANGED",
            Self::StaleSequence => "STALE_SEQUENCE",
            Self::PairReused => "PAIR_REUSED",
            Self::PairChanged => "PAIR_CHANGED",
            Self::StatusTransition => "STATUS_TRANSITION",
            Self::DpdJump => "DPD_JUMP",
            Self::DofdReaged => "DOFD_REAGED",
            Self::AdverseWithoutNotice => "ADVERSE_WITHOUT_NOTICE",
            Self::ConsentMissing => "CONSENT_MISSING",
            Self::ConsentExpired => "CONSENT_EXPIRED",
            Self::ConsentPurpose => "CONSENT_PURPOSE",
            Self::ClassDpd => "CLASS_DPD",
            Self::BalanceOverLimit => "BALANCE_OVER_LIMIT",
            Self::BalanceOverOriginal => "BALANCE_OVER_ORIGINAL",
            Self::PiiInFreeText => "PII_IN_FREE_TEXT",
            Self::ProhibitedAttribute => "PROHIBITED_ATTRIBUTE",
            Self::LiabilityRoles => "LIABILITY_ROLES",
            Self::TokenTypeRepeated => "TOKEN_TYPE_REPEATED",
            Self::TokenInvalid => "TOKEN_INVALID",
            Self::KeyVersionUnknown => "KEY_VERSION_UNKNOWN",
            Self::KeyVersionRetired => "KEY_VERSION_RETIRED",
            Self::IdentityConflict => "IDENTITY_CONFLICT",
            Self::IdentityKindMixed => "IDENTITY_KIND_MIXED",
            Self::TokensNotEvaluated => "TOKENS_NOT_EVALUATED",
            Self::AccountDeleted => "ACCOUNT_DELETED",
            Self::VersionSuperseded => "VERSION_SUPERSEDED",
            Self::VersionUnknown => "VERSION_UNKNOWN",
            Self::AlreadyReviewedToday => "ALREADY_REVIEWED_TODAY",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::PageSize => "PAGE_SIZE",
            Self::PageToken => "PAGE_TOKEN",
            Self::PurposeNotAllowed => "PURPOSE_NOT_ALLOWED",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::MemberUnknown => "MEMBER_UNKNOWN",
            Self::MemberExists => "MEMBER_EXISTS",
            Self::CertificateUnknown => "CERTIFICATE_UNKNOWN",
            Self::CertificateTaken => "CERTIFICATE_TAKEN",
            Self::SecondOperatorRequired => "SECOND_OPERATOR_REQUIRED",
            Self::SubjectUnknown => "SUBJECT_UNKNOWN",
            Self::FileHeader => "FILE_HEADER",
            Self::FileTrailer => "FILE_TRAILER",
            Self::FileControlTotal => "FILE_CONTROL_TOTAL",
            Self::FileRejectRate => "FILE_REJECT_RATE",
            Self::FileCountSwing => "FILE_COUNT_SWING",
            Self::BatchUnknown => "BATCH_UNKNOWN",
            Self::BatchIdReused => "BATCH_ID_REUSED",
            Self::BatchTakenOver => "BATCH_TAKEN_OVER",
            Self::BatchFinished => "BATCH_FINISHED",
            Self::BatchNotHeld => "BATCH_NOT_HELD",
            Self::ResumePoint => "RESUME_POINT",
            Self::TokensChanged => "TOKENS_CHANGED",
        }
    }

    /// What kind of refusal the code is: decides the status at the edge (semantics.md 6).
    pub const fn kind(self) -> RefusalKind {
        match self {
            Self::StaleSequence
            | Self::PairReused
            | Self::PairChanged
            | Self::IdentityConflict
            | Self::TypeEventMismatch
            | Self::ExtensionMonths
            | Self::IdentityChanged
            | Self::AccountTypeChanged
            | Self::StatusTransition
            | Self::DpdJump
            | Self::DofdReaged
            | Self::AccountDeleted
            | Self::VersionSuperseded
            | Self::VersionUnknown
            | Self::KeyVersionRetired
            | Self::TokensNotEvaluated
            | Self::AlreadyReviewedToday
            | Self::SecondOperatorRequired
            | Self::SubjectUnknown
            | Self::FileControlTotal
            | Self::FileRejectRate
            | Self::FileCountSwing
            | Self::BatchFinished
            | Self::BatchNotHeld
            | Self::ResumePoint => RefusalKind::State,
            Self::ConsentMissing | Self::ConsentExpired | Self::ConsentPurpose => RefusalKind::Consent,
            Self::AccountUnknown | Self::MemberUnknown | Self::CertificateUnknown | Self::BatchUnknown => {
                RefusalKind::NotFound
            }
            Self::RequestIdReused | Self::MemberExists | Self::CertificateTaken | Self::BatchIdReused => {
                RefusalKind::AlreadyExists
            }
            Self::BatchTakenOver | Self::TokensChanged => RefusalKind::Aborted,
            Self::QuotaExceeded => RefusalKind::Exhausted,
            Self::FieldRequired
            | Self::EnumUnknown
            | Self::Format
            | Self::DateInFuture
            | Self::DateOrder
            | Self::AmountNegative
            | Self::AmountOverflow
            | Self::Currency
            | Self::DpdAmountMismatch
            | Self::ClosedWithBalance
            | Self::BadDebtZeroOverdue
            | Self::GuarantorMissing
            | Self::GuarantorIsBorrower
            | Self::AdverseWithoutNotice
            | Self::ClassDpd
            | Self::BalanceOverLimit
            | Self::BalanceOverOriginal
            | Self::PiiInFreeText
            | Self::ProhibitedAttribute
            | Self::LiabilityRoles
            | Self::TokenTypeRepeated
            | Self::TokenInvalid
            | Self::KeyVersionUnknown
            | Self::IdentityKindMixed
            | Self::PageSize
            | Self::PageToken
            | Self::PurposeNotAllowed
            | Self::FileHeader
            | Self::FileTrailer => RefusalKind::Message,
        }
    }
}

/// Which kind of refusal a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The message alone shows it: `INVALID_ARGUMENT`.
    Message,
    /// What is on file forbids it: `FAILED_PRECONDITION`.
    State,
    /// Consent is missing or does not cover it: `PERMISSION_DENIED`.
    Consent,
    /// The caller has no such thing: `NOT_FOUND`.
    NotFound,
    /// Another content under the same name: `ALREADY_EXISTS`.
    AlreadyExists,
    /// A quota is used up: `RESOURCE_EXHAUSTED`.
    Exhausted,
    /// Somebody else was faster: `ABORTED`.
    Aborted,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The rule.
    pub code: Code,
    /// Path into the request, such as `position.liabilities[0].tokens[1].value`.
    pub field: String,
    /// What is wrong and how to mend it; never a token, an identifier or a name.
    pub description: String,
}

impl Violation {
    /// The most violations that one answer carries.
    pub const COUNT_MAX: usize = 50;

    /// A violation of `code` at `field`.
    pub fn new(code: Code, field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            code,
            field: field.into(),
            description: description.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_and_found_by_what_callers_see() {
        // The last of the enum is the last of the list, and each stands at its own place.
        for (place, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, place, "{code:?}");
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
        assert_eq!(Code::ALL.last(), Some(&Code::ResumePoint));
        assert_eq!(Code::parse("NOTHING"), None);
    }
}
