//! Codes that no record of a file can break, and why. Together with the mistakes that is every code there is.

use crate::domain::violation::Code;

/// Why a code cannot be planted; `None` for those that can.
pub(in crate::cli::generate) const fn why_not(code: Code) -> Option<&'static str> {
    match code {
        Code::PairChanged | Code::VersionSuperseded => Some(
            "a correction in a file names its version by the pair: one that does not count is VERSION_UNKNOWN",
        ),
        Code::KeyVersionRetired => Some("needs a service that retired a key version"),
        Code::ConsentMissing | Code::ConsentExpired | Code::ConsentPurpose => {
            Some("of queries: a report without a consent is FIELD_REQUIRED")
        }
        Code::TokensNotEvaluated
        | Code::AlreadyReviewedToday
        | Code::PurposeNotAllowed
        | Code::SubjectUnknown => Some("of queries and of the register of subjects"),
        Code::RequestIdReused => Some("of calls that carry a request id: records of a batch have none"),
        Code::PageSize | Code::PageToken => Some("of lists"),
        Code::QuotaExceeded => Some("of the evaluation of tokens, before anything is sent"),
        Code::MemberUnknown
        | Code::MemberExists
        | Code::CertificateUnknown
        | Code::CertificateTaken
        | Code::SecondOperatorRequired => Some("of the register of members"),
        Code::FileHeader
        | Code::FileTrailer
        | Code::FileControlTotal
        | Code::FileRejectRate
        | Code::FileCountSwing => Some("of an upload as a whole, not of a record"),
        Code::BatchUnknown
        | Code::BatchIdReused
        | Code::BatchTakenOver
        | Code::BatchFinished
        | Code::BatchNotHeld
        | Code::ResumePoint
        | Code::TokensChanged => Some("of streams of a batch, not of a record"),
        Code::ReservationUnknown
        | Code::ReservationEnded
        | Code::ReservationMismatch
        | Code::ReservationLifetime
        | Code::ExtensionsUsedUp
        | Code::ReservationsUsedUp
        | Code::ApplicationChanged
        | Code::AmountsUsedUp
        | Code::RulePackUnknown
        | Code::AnswerUnknown
        | Code::IndicatorUnknown
        | Code::SnapshotUnknown
        | Code::SnapshotNotPublished
        | Code::OfflineCodeUnknown
        | Code::OfflineCodeUsed
        | Code::OfflineCodePeriod => Some("of checks and reservations: a generated market has none"),
        // A test holds this against the mistakes there are: whatever is left can be planted.
        _ => None,
    }
}
