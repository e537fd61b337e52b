//! Broken rules: what every refusal of content carries, all of them in one answer.

use serde::{Deserialize, Serialize};

/// Declares every code with what callers see and what kind of refusal it is.
macro_rules! codes {
    (
        $(#[$meta:meta])*
        told { $($name:ident = $text:literal: $kind:ident,)+ }
        kept { $($inner:ident = $inner_text:literal: $inner_kind:ident,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code { $($name,)+ $($inner,)+ }

        impl Code {
            /// Every code that callers may see, in its order here.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as callers see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ $(Self::$inner => $inner_text,)+ }
            }

            /// What kind of refusal the code is: decides the status at the edge (semantics.md 6).
            pub const fn kind(self) -> RefusalKind {
                match self {
                    $(Self::$name => RefusalKind::$kind,)+
                    $(Self::$inner => RefusalKind::$inner_kind,)+
                }
            }
        }
    };
}

codes! {
    /// A stable code of a rule. Names are domain.md 3.5's and semantics.md's; [`Code::as_str`] is what callers see. Stored by
    /// its place: new ones go to the end of their list.
    #[expect(missing_docs, reason = "each name is the rule; docs/members.md explains them")]
    told {
        FieldRequired = "FIELD_REQUIRED": Message,
        EnumUnknown = "ENUM_UNKNOWN": Message,
        Format = "FORMAT": Message,
        DateInFuture = "DATE_IN_FUTURE": Message,
        DateOrder = "DATE_ORDER": Message,
        AmountNegative = "AMOUNT_NEGATIVE": Message,
        AmountOverflow = "AMOUNT_OVERFLOW": Message,
        Currency = "CURRENCY": Message,
        DpdAmountMismatch = "DPD_AMOUNT_MISMATCH": Message,
        ClosedWithBalance = "CLOSED_WITH_BALANCE": Message,
        BadDebtZeroOverdue = "BAD_DEBT_ZERO_OVERDUE": Message,
        TypeEventMismatch = "TYPE_EVENT_MISMATCH": State,
        ExtensionMonths = "EXTENSION_MONTHS": State,
        GuarantorMissing = "GUARANTOR_MISSING": Message,
        GuarantorIsBorrower = "GUARANTOR_IS_BORROWER": Message,
        AccountUnknown = "ACCOUNT_UNKNOWN": NotFound,
        IdentityChanged = "IDENTITY_CHANGED": State,
        AccountTypeChanged = "ACCOUNT_TYPE_CHANGED": State,
        StaleSequence = "STALE_SEQUENCE": State,
        PairReused = "PAIR_REUSED": State,
        PairChanged = "PAIR_CHANGED": State,
        StatusTransition = "STATUS_TRANSITION": State,
        DpdJump = "DPD_JUMP": State,
        DofdReaged = "DOFD_REAGED": State,
        AdverseWithoutNotice = "ADVERSE_WITHOUT_NOTICE": Message,
        ConsentMissing = "CONSENT_MISSING": Consent,
        ConsentExpired = "CONSENT_EXPIRED": Consent,
        ConsentPurpose = "CONSENT_PURPOSE": Consent,
        ClassDpd = "CLASS_DPD": Message,
        BalanceOverLimit = "BALANCE_OVER_LIMIT": Message,
        BalanceOverOriginal = "BALANCE_OVER_ORIGINAL": Message,
        PiiInFreeText = "PII_IN_FREE_TEXT": Message,
        ProhibitedAttribute = "PROHIBITED_ATTRIBUTE": Message,
        LiabilityRoles = "LIABILITY_ROLES": Message,
        TokenTypeRepeated = "TOKEN_TYPE_REPEATED": Message,
        TokenInvalid = "TOKEN_INVALID": Message,
        KeyVersionUnknown = "KEY_VERSION_UNKNOWN": Message,
        KeyVersionRetired = "KEY_VERSION_RETIRED": State,
        IdentityConflict = "IDENTITY_CONFLICT": State,
        IdentityKindMixed = "IDENTITY_KIND_MIXED": Message,
        TokensNotEvaluated = "TOKENS_NOT_EVALUATED": State,
        AccountDeleted = "ACCOUNT_DELETED": State,
        VersionSuperseded = "VERSION_SUPERSEDED": State,
        VersionUnknown = "VERSION_UNKNOWN": State,
        AlreadyReviewedToday = "ALREADY_REVIEWED_TODAY": State,
        RequestIdReused = "REQUEST_ID_REUSED": AlreadyExists,
        PageSize = "PAGE_SIZE": Message,
        PageToken = "PAGE_TOKEN": Message,
        PurposeNotAllowed = "PURPOSE_NOT_ALLOWED": Message,
        QuotaExceeded = "QUOTA_EXCEEDED": Exhausted,
        MemberUnknown = "MEMBER_UNKNOWN": NotFound,
        MemberExists = "MEMBER_EXISTS": AlreadyExists,
        CertificateUnknown = "CERTIFICATE_UNKNOWN": NotFound,
        CertificateTaken = "CERTIFICATE_TAKEN": AlreadyExists,
        SecondOperatorRequired = "SECOND_OPERATOR_REQUIRED": State,
        SubjectUnknown = "SUBJECT_UNKNOWN": State,
        FileHeader = "FILE_HEADER": Message,
        FileTrailer = "FILE_TRAILER": Message,
        FileControlTotal = "FILE_CONTROL_TOTAL": State,
        FileRejectRate = "FILE_REJECT_RATE": State,
        FileCountSwing = "FILE_COUNT_SWING": State,
        BatchUnknown = "BATCH_UNKNOWN": NotFound,
        BatchIdReused = "BATCH_ID_REUSED": AlreadyExists,
        BatchTakenOver = "BATCH_TAKEN_OVER": Aborted,
        BatchFinished = "BATCH_FINISHED": State,
        BatchNotHeld = "BATCH_NOT_HELD": State,
        ResumePoint = "RESUME_POINT": State,
        ReservationUnknown = "RESERVATION_UNKNOWN": NotFound,
        ReservationEnded = "RESERVATION_ENDED": State,
        ReservationMismatch = "RESERVATION_MISMATCH": State,
        ReservationLifetime = "RESERVATION_LIFETIME": State,
        ExtensionsUsedUp = "EXTENSIONS_USED_UP": State,
        ReservationsUsedUp = "RESERVATIONS_USED_UP": State,
        ApplicationChanged = "APPLICATION_CHANGED": State,
        AmountsUsedUp = "AMOUNTS_USED_UP": State,
        RulePackUnknown = "RULE_PACK_UNKNOWN": Message,
        AnswerUnknown = "ANSWER_UNKNOWN": NotFound,
        OfflineCodeUnknown = "OFFLINE_CODE_UNKNOWN": NotFound,
        OfflineCodeUsed = "OFFLINE_CODE_USED": State,
        OfflineCodePeriod = "OFFLINE_CODE_PERIOD": State,
        IndicatorUnknown = "INDICATOR_UNKNOWN": Message,
        SnapshotUnknown = "SNAPSHOT_UNKNOWN": NotFound,
        SnapshotNotPublished = "SNAPSHOT_NOT_PUBLISHED": State,
    }
    kept {
        TokensChanged = "TOKENS_CHANGED": Aborted,
    }
}

impl Code {
    /// The code that callers see as `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
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
        assert_eq!(Code::ALL.last(), Some(&Code::SnapshotNotPublished));
        assert_eq!(Code::parse("NOTHING"), None);
    }
}
