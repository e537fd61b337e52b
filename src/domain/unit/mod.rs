//! Units of work: every change of the market is a value, decided by pure code on the rows it concerns.
//!
//! The store groups whatever waits, loads the rows of [`WorkingSet::load`](working_set)'s keys at once, lets
//! [`decide`] judge each write in order (seeing the decisions before it), and writes the accepted changes together.
//! A refused write leaves no trace. Both engines share all of this; they only load and flush.

mod administer;
mod allowance;
pub mod batch;
mod bind;
pub mod check;
mod correct;
mod decide;
mod evaluate;
mod keys;
mod look;
mod merge;
pub mod offline;
mod record;
mod report;
pub mod reserve;
pub mod rows;
mod snapshot;
pub mod working_set;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::batch::RecordResult;
use super::caller::Caller;
use super::clock::Entropy;
use super::date::Timestamp;
use super::exposure::Answer;
use super::inquiry::{Inquiry, Purpose};
use super::member::{Certificate, Member};
use super::names::{
    AccountRef, AnswerId, Fingerprint, MemberId, MemberNo, RequestId, SeriesId, Sha256, SubjectId,
};
use super::position::{DeletionReason, EventType, Position};
use super::reservation::{Reservation, Ruled};
use super::rules::ReasonCode;
use super::statistics::Snapshot;
use super::token::{Pseudonym, Shown, TokenDigests};
use super::violation::{Code, Violation};
pub use administer::{MemberUpdate, NewMember};
pub use batch::{BatchStep, BatchWork, Item, ItemAct};
pub use check::Check;
pub use decide::decide;
pub use look::LOOKS_PER_SUBJECT_AND_DAY_MAX;
pub use offline::{Backfill, OfflineWork};
pub use reserve::{ReservationStep, ReservationWork};
pub use working_set::{Change, Keys, RequestName, WorkingSet};

/// From so many reports' worth of work on, a write is heavy.
const HEAVY_MIN: usize = 32;

/// An rpc that writes: scopes request ids and names audit entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the rpc of that name")]
pub enum Rpc {
    ReportPosition,
    CorrectPosition,
    DeletePosition,
    QueryExposure,
    ReviewPortfolio,
    EvaluateBlinded,
    CreateMember,
    UpdateMember,
    AddCertificate,
    RevokeCertificate,
    GrantEvaluations,
    MergeSubjects,
    SplitSubject,
    UploadBatch,
    ConfirmBatch,
    CheckAndReserve,
    ConfirmReservation,
    ExtendReservation,
    ReleaseReservation,
    IssueOfflineCodes,
    BackfillOfflineCode,
    CreateSnapshot,
}

impl Rpc {
    /// Every rpc that writes.
    pub const ALL: [Self; 22] = [
        Self::ReportPosition,
        Self::CorrectPosition,
        Self::DeletePosition,
        Self::QueryExposure,
        Self::ReviewPortfolio,
        Self::EvaluateBlinded,
        Self::CreateMember,
        Self::UpdateMember,
        Self::AddCertificate,
        Self::RevokeCertificate,
        Self::GrantEvaluations,
        Self::MergeSubjects,
        Self::SplitSubject,
        Self::UploadBatch,
        Self::ConfirmBatch,
        Self::CheckAndReserve,
        Self::ConfirmReservation,
        Self::ExtendReservation,
        Self::ReleaseReservation,
        Self::IssueOfflineCodes,
        Self::BackfillOfflineCode,
        Self::CreateSnapshot,
    ];

    /// Its name: how it is stored and audited.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReportPosition => "ReportPosition",
            Self::CorrectPosition => "CorrectPosition",
            Self::DeletePosition => "DeletePosition",
            Self::QueryExposure => "QueryExposure",
            Self::ReviewPortfolio => "ReviewPortfolio",
            Self::EvaluateBlinded => "EvaluateBlinded",
            Self::CreateMember => "CreateMember",
            Self::UpdateMember => "UpdateMember",
            Self::AddCertificate => "AddCertificate",
            Self::RevokeCertificate => "RevokeCertificate",
            Self::GrantEvaluations => "GrantEvaluations",
            Self::MergeSubjects => "MergeSubjects",
            Self::SplitSubject => "SplitSubject",
            Self::UploadBatch => "UploadBatch",
            Self::ConfirmBatch => "ConfirmBatch",
            Self::CheckAndReserve => "CheckAndReserve",
            Self::ConfirmReservation => "ConfirmReservation",
            Self::ExtendReservation => "ExtendReservation",
            Self::ReleaseReservation => "ReleaseReservation",
            Self::IssueOfflineCodes => "IssueOfflineCodes",
            Self::BackfillOfflineCode => "BackfillOfflineCode",
            Self::CreateSnapshot => "CreateSnapshot",
        }
    }
}

/// Names one request of one member for one rpc, with the hash of what it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKey {
    /// The caller's UUID.
    pub id: RequestId,
    /// SHA-256 of the deterministic request bytes.
    pub body: Sha256,
}

/// A unit of work to be done for a member.
#[derive(Debug, Clone)]
pub struct Write {
    /// For whom.
    pub member_no: MemberNo,
    /// The member's public name, for the audit entry.
    pub member_id: MemberId,
    /// With which certificate.
    pub certificate: Fingerprint,
    /// Under which request id; `None` for rpcs that have none.
    pub request: Option<RequestKey>,
    /// Salt of its audit entry.
    pub salt: [u8; 32],
    /// What to do.
    pub action: Action,
}

impl Write {
    /// A unit of work of a caller, with a fresh salt.
    pub fn by(caller: &Caller, request: Option<RequestKey>, entropy: &dyn Entropy, action: Action) -> Self {
        let mut salt = [0; 32];
        entropy.fill(&mut salt);
        Self {
            member_no: caller.member_no(),
            member_id: caller.member_id().clone(),
            certificate: caller.certificate(),
            request,
            salt,
            action,
        }
    }

    /// How much work it is: about as many reports.
    pub fn weight(&self) -> usize {
        match &self.action {
            Action::Batch(work) => work.weight(),
            Action::Report(_)
            | Action::Correct(_)
            | Action::Delete { .. }
            | Action::Look(_)
            | Action::Check(_)
            | Action::Reserve(_)
            | Action::Offline(_)
            | Action::ChargeEvaluations { .. }
            | Action::Administer(_)
            | Action::Snapshot { .. } => 1,
        }
    }

    /// Whether it is so much work, a chunk of a batch, that nobody should wait behind two of its kind.
    pub fn is_heavy(&self) -> bool {
        self.weight() >= HEAVY_MIN
    }

    /// Under which name the request is remembered. A proposal is scoped to the rpc alone, so that a second operator of
    /// another member meets it.
    pub fn request_name(&self) -> Option<RequestName> {
        let scope = match &self.action {
            Action::Administer(administration) if administration.needs_second_operator() => MemberNo(0),
            _ => self.member_no,
        };
        self.request.map(|request| (scope, self.action.rpc(), request.id))
    }
}

/// What to do. Values are valid in themselves; only what is on file can still refuse them.
#[derive(Debug, Clone)]
pub enum Action {
    /// Record a position.
    Report(Box<Report>),
    /// Replace a version of a position.
    Correct(Box<Correction>),
    /// Remove a position.
    Delete {
        /// The member's account.
        account_ref: AccountRef,
        /// Why.
        reason: DeletionReason,
    },
    /// Look at a subject, once or in a portfolio review.
    Look(Box<Look>),
    /// Check an application, and hold room for the loan if it may be made.
    Check(Box<Check>),
    /// Take the next step with a reservation.
    Reserve(Box<ReservationWork>),
    /// Issue offline codes, or back-fill a loan made under one.
    Offline(Box<OfflineWork>),
    /// Charge token evaluations.
    ChargeEvaluations {
        /// How many, at least 1.
        count: u32,
    },
    /// Change the register of members or of subjects.
    Administer(Box<Administration>),
    /// Take the next step with a batch.
    Batch(Box<BatchWork>),
    /// Ask for a snapshot of the market.
    Snapshot {
        /// Of which date.
        as_of: NaiveDate,
    },
}

/// A position to record.
#[derive(Debug, Clone)]
pub struct Report {
    /// The position.
    pub position: Position<Shown>,
    /// What the member declares.
    pub event: Option<EventType>,
    /// What the message alone breaks: refused together with what the file shows.
    pub violations: Vec<Violation>,
    /// What is odd about it: goes into the answer.
    pub warnings: Vec<Violation>,
    /// Recognises its tokens, so that they need not be mapped again.
    pub token_digests: Option<TokenDigests>,
}

/// A version to replace.
#[derive(Debug, Clone)]
pub struct Correction {
    /// The new content, with the version's own order.
    pub report: Report,
    /// The version that was wrong.
    pub corrects_version: u64,
    /// Why; 1 to 200 characters, no personal data.
    pub reason: String,
}

/// A look at a subject.
#[derive(Debug, Clone)]
pub struct Look {
    /// Query or review.
    pub kind: rows::LookKind,
    /// The name its answer will have.
    pub answer_id: AnswerId,
    /// What is asked.
    pub inquiry: Inquiry<Pseudonym>,
}

/// A change of the register.
#[derive(Debug, Clone)]
pub enum Administration {
    /// Register a member; its number, state and creation are the service's to set.
    CreateMember(NewMember),
    /// Change some fields of a member.
    UpdateMember(MemberUpdate),
    /// Let a certificate speak for a member.
    AddCertificate {
        /// Which member.
        member_id: MemberId,
        /// Which certificate.
        certificate: Certificate,
    },
    /// Silence a certificate for good.
    RevokeCertificate {
        /// Which member.
        member_id: MemberId,
        /// Which certificate.
        fingerprint: Fingerprint,
    },
    /// Grant a burst of token evaluations.
    GrantEvaluations {
        /// To whom.
        member_id: MemberId,
        /// How many, at least 1.
        evaluations: u64,
        /// Until when.
        expires_at: Timestamp,
        /// Why; for the audit log.
        reason: String,
    },
    /// Make two subjects one.
    MergeSubjects {
        /// Names the subject that stays.
        keep: Pseudonym,
        /// Names the subject that is absorbed.
        merge: Pseudonym,
        /// Why.
        reason: String,
    },
    /// Give a token a subject of its own; positions reported under it go along.
    SplitSubject {
        /// The token.
        token: Pseudonym,
        /// Why.
        reason: String,
    },
}

impl Administration {
    /// Whether a second operator must repeat it.
    pub const fn needs_second_operator(&self) -> bool {
        match self {
            Self::CreateMember(_)
            | Self::GrantEvaluations { .. }
            | Self::MergeSubjects { .. }
            | Self::SplitSubject { .. } => true,
            Self::UpdateMember(_) | Self::AddCertificate { .. } | Self::RevokeCertificate { .. } => false,
        }
    }
}

/// What an accepted unit of work did: enough to answer the caller, today and on a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A report or correction was accepted.
    Recorded {
        /// The version on file now.
        version: u64,
        /// When this report was accepted.
        received_at: Timestamp,
        /// Accepted, but worth a look.
        warnings: Vec<Violation>,
    },
    /// A position was removed.
    Deleted,
    /// A look was recorded and answered.
    Answered(Box<Answer>),
    /// Evaluations were charged.
    Charged {
        /// Whether all members together are above the network's daily ceiling: alarm.
        over_ceiling: bool,
    },
    /// A member is registered, proposed or changed.
    Member(Box<Member>),
    /// A certificate was added or revoked.
    Certificate(Certificate),
    /// A grant, merge or split: done, or waiting for a second operator.
    Approved {
        /// False while a second operator has still to repeat it.
        done: bool,
    },
    /// A step with a batch was taken.
    Batch(Box<BatchTaken>),
    /// An application was checked.
    Ruled {
        /// What was ruled.
        ruled: Box<Ruled>,
        /// The room that is held now, if the loan may be made.
        reservation: Option<Reservation>,
    },
    /// A reservation was released or extended.
    Reserved(Reservation),
    /// A reservation became a position.
    Confirmed {
        /// As it is now.
        reservation: Reservation,
        /// Whether it had run out before.
        late: bool,
        /// The version on file now.
        version: u64,
        /// Accepted, but worth a look.
        warnings: Vec<Violation>,
    },
    /// Offline codes were issued.
    CodesIssued {
        /// Their series.
        series_id: SeriesId,
        /// How many.
        codes: u32,
        /// From when on they cannot be used.
        expires_at: Timestamp,
    },
    /// A loan made under an offline code was back-filled.
    Backfilled {
        /// The version on file now.
        version: u64,
        /// What it broke, as its member is told.
        over_limit: Vec<ReasonCode>,
        /// Whether it was back-filled too late.
        late: bool,
        /// Accepted, but worth a look.
        warnings: Vec<Violation>,
    },
    /// A snapshot was asked for.
    Snapshot(Box<Snapshot>),
}

/// A batch after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTaken {
    /// As it is now.
    pub row: rows::BatchRow,
    /// Of a chunk: its rejected records, and accepted ones with warnings.
    pub results: Vec<RecordResult>,
}

/// Why a unit of work was refused. It left no trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("refused: {}", .violations.first().map_or("NONE", |first| first.code.as_str()))]
pub struct Refused {
    /// What was broken; at least one.
    pub violations: Vec<Violation>,
    /// When it may be tried again, for quotas.
    pub retry_at: Option<Timestamp>,
}

impl Refused {
    /// Refused for one reason.
    pub fn because(violation: Violation) -> Self {
        Self {
            violations: vec![violation],
            retry_at: None,
        }
    }

    /// Whether `code` is the only reason.
    pub fn is(&self, code: Code) -> bool {
        matches!(self.violations.as_slice(), [violation] if violation.code == code)
    }
}

/// A decision of the domain: what was done and about whom, for the audit entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was done.
    pub outcome: Outcome,
    /// About whom.
    pub subjects: Vec<SubjectId>,
    /// Why it was looked at, for looks.
    pub purpose: Option<Purpose>,
    /// Whether the request id is remembered: not while a proposal waits for a second operator.
    pub remember: bool,
}

/// Salt and hash of the audit entry of a unit of work: the caller's receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The salt.
    pub salt: [u8; 32],
    /// The leaf's hash.
    pub leaf: [u8; 32],
}

/// An accepted unit of work, as answered and as stored under its request id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What was done.
    pub outcome: Outcome,
    /// Proof that it was logged.
    pub receipt: Receipt,
}
