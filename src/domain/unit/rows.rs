//! What is on file, row by row: the shape in which a unit of work sees the store.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::batch::{Batch, BatchNo, ControlTotals};
use crate::domain::conduct::DayTally;
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::exposure::Figures;
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::{
    AccountNo, AccountRef, AnswerId, ApplicationId, MemberNo, ReservationId, SeriesId, Sha256, SubjectId,
    TokenId,
};
use crate::domain::offline::OverLimit;
use crate::domain::position::{
    DeletionReason, EventType, Facts, Liability, LiabilityRole, ProductType, ReportOrder,
};
use crate::domain::reservation::{ReleaseReason, Reservation, ReservationState, Ruled};
use crate::domain::rules::Judged;
use crate::domain::token::{TokenDigests, TokenRef};

/// An account of a member: where its current version is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Whose account.
    pub member_no: MemberNo,
    /// The member's name of it.
    pub account_ref: AccountRef,
    /// Its number.
    pub account_no: AccountNo,
    /// The subject of the PRIMARY liability: its position row holds the current version.
    pub holder: SubjectId,
    /// How many versions were ever made; the next one gets one more.
    pub versions_made: u64,
    /// Whether its current version is active and not deleted.
    pub is_open: bool,
    /// The latest FULL batch that carried it; zero when none did.
    pub carried_by: BatchNo,
    /// Recognises the tokens of its current version.
    pub token_digests: Option<TokenDigests>,
}

/// The current version of an account, as it concerns one subject. One row for each liable subject; all of an account's
/// rows say the same but for `subject_id` and `role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// Whom it concerns.
    pub subject_id: SubjectId,
    /// Who reported it.
    pub member_no: MemberNo,
    /// The account.
    pub account_no: AccountNo,
    /// How the subject is liable; own debt wins over contingent if it is liable twice.
    pub role: LiabilityRole,
    /// When the first version of the account was accepted.
    pub first_received_at: Timestamp,
    /// When the latest report or correction of the account was accepted.
    pub last_received_at: Timestamp,
    /// Why it was deleted, if it was. A deleted row counts nowhere and holds no subject.
    pub deleted: Option<DeletionReason>,
    /// Under dispute.
    pub disputed: bool,
    /// Hidden by repair or dispute; counts nowhere.
    pub suppressed: bool,
    /// Consecutive FULL batches of its lender that did not carry it.
    pub missing_batches: u32,
    /// What it says.
    pub version: Arc<Version>,
}

/// One version of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Counts from 1.
    pub number: u64,
    /// What the member declared.
    pub event: Option<EventType>,
    /// When it was first accepted.
    pub received_at: Timestamp,
    /// Why it replaces another, if it does.
    pub correction_reason: Option<String>,
    /// Everyone liable.
    pub liabilities: Vec<Liability<TokenRef>>,
    /// What it says.
    pub facts: Facts,
    /// When it was said; advanced in place by reports that change nothing else.
    pub order: ReportOrder,
    /// The first business date for which it was said.
    pub first_as_of: NaiveDate,
}

/// A version that is no longer current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastVersion {
    /// Whose account.
    pub member_no: MemberNo,
    /// The account.
    pub account_no: AccountNo,
    /// The version that replaced it by correction; `None` when time went on.
    pub corrected_by: Option<u64>,
    /// What it said.
    pub version: Arc<Version>,
}

/// What a past version that was never corrected still tells about a subject: one row for each liable subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryRow {
    /// Whom it concerns.
    pub subject_id: SubjectId,
    /// Who reported it.
    pub member_no: MemberNo,
    /// The account.
    pub account_no: AccountNo,
    /// The version.
    pub version: u64,
    /// The last date on which it was true.
    pub as_of: NaiveDate,
    /// As reported.
    pub days_past_due: u32,
    /// As reported.
    pub next_due_on: Option<NaiveDate>,
}

/// Which rpc looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LookKind {
    /// `QueryExposure`.
    Query,
    /// `ReviewPortfolio`.
    Review,
    /// `CheckAndReserve`.
    Check,
    /// `BackfillOfflineCode`.
    Backfill,
}

/// A recorded look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InquiryRow {
    /// At whom.
    pub subject_id: SubjectId,
    /// By whom.
    pub member_no: MemberNo,
    /// When; distinct for all looks of one process.
    pub inquired_at: Timestamp,
    /// The answer it got.
    pub answer_id: AnswerId,
    /// By which rpc.
    pub kind: LookKind,
    /// Why.
    pub purpose: Purpose,
    /// Whether a strong token was presented.
    pub with_strong: bool,
    /// False for looks that ended in an identity conflict: recorded, never counted.
    pub counted: bool,
    /// What the rules said, with one of those whom the look concerns: the one who would owe first. `None` with others, for
    /// looks at which no rules were asked, and in rows loaded for an answer.
    pub judged: Option<Judged>,
    /// The consent behind it. `None` in rows loaded for an answer, which does not need it.
    pub consent: Option<Consent>,
}

/// The frozen figures of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenRow {
    /// About whom.
    pub subject_id: SubjectId,
    /// For whom.
    pub member_no: MemberNo,
    /// The civil day.
    pub day: NaiveDate,
    /// Hard or soft purpose.
    pub hard: bool,
    /// Whether a strong token was presented.
    pub with_strong: bool,
    /// What was answered.
    pub figures: Figures,
}

/// A mobile number seen together with a strong token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkRow {
    /// The number's mobile-only subject.
    pub mobile_subject: SubjectId,
    /// The strong subject.
    pub subject_id: SubjectId,
    /// Who reported it.
    pub member_no: MemberNo,
    /// Civil date of the latest acceptance.
    pub last_seen: NaiveDate,
}

/// What a member has used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageRow {
    /// Token evaluations ever.
    pub evaluations_ever: u64,
    /// Token evaluations charged to the daily quota, today.
    pub evaluations_today: u64,
    /// Subjects created by inquiry on each of the last 30 civil days that had any.
    pub subjects_created: Vec<(NaiveDate, u64)>,
    /// Looks, reservations and confirmations today.
    pub today: DayTally,
    /// Granted bursts that are not used up, by their end.
    pub grants: Vec<GrantRow>,
}

/// A granted burst of token evaluations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// Its number.
    pub grant_no: i64,
    /// Evaluations left.
    pub remaining: u64,
    /// Its end.
    pub expires_at: Timestamp,
}

/// What one operator proposed and another has still to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalRow {
    /// SHA-256 of the request.
    pub body: Sha256,
    /// The certificate of the operator who proposed.
    pub proposed_by: crate::domain::names::Fingerprint,
    /// When.
    pub proposed_at: Timestamp,
}

/// How far the judgement of a batch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BatchPhase {
    /// Records are taken.
    Records,
    /// Accounts that a FULL batch did not carry are listed.
    Listing,
    /// They are marked.
    Marking,
    /// Nothing more is to be done.
    Judged,
}

/// A batch with what only the service knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// The batch.
    pub batch: Batch,
    /// How many streams carried it: all but the latest are refused.
    pub epoch: u64,
    /// The number of the batch that it sends again.
    pub resends_no: Option<BatchNo>,
    /// How far its judgement went.
    pub phase: BatchPhase,
    /// The last account that this phase is through with.
    pub listed_to: Option<AccountRef>,
    /// Sums over its records.
    pub totals: ControlTotals,
}

/// The latest full submission of a member: the FULL batch of the latest date that was completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFull {
    /// The date that it describes.
    pub as_of: NaiveDate,
    /// Its positions with an active status.
    pub active: u64,
}

/// What an application fixes with its first check: whoever could vary it could search for what others lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationTerms {
    /// What is applied for.
    pub product_type: ProductType,
    /// Days from payout to the last payment.
    pub term_days: u32,
    /// Of all amounts.
    pub currency: Currency,
    /// Name of the rule pack.
    pub rule_pack: String,
    /// Keyed hash of the monthly income; `None` when none was stated.
    pub income_digest: Option<Sha256>,
}

/// An amount and a payment that were checked, and what came of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// Minor units applied for.
    pub amount: i64,
    /// Minor units due in a month.
    pub monthly_payment: i64,
    /// The civil day of the latest check of this pair.
    pub on: NaiveDate,
    /// Whether it was allowed.
    pub allowed: bool,
}

/// An application of a member, as it concerns one subject who would owe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRow {
    /// Whom it concerns.
    pub subject_id: SubjectId,
    /// Whose.
    pub member_no: MemberNo,
    /// The member's name of it.
    pub application_id: ApplicationId,
    /// The first check.
    pub opened_at: Timestamp,
    /// The latest check.
    pub checked_at: Timestamp,
    /// What it fixes.
    pub terms: ApplicationTerms,
    /// Each pair once, in the order of their first checks.
    pub tries: Vec<Try>,
}

/// Room held for a member's loan, as it concerns one subject who would owe. All rows of a reservation say the same but for
/// `subject_id` and `tokens`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationRow {
    /// Whom it concerns.
    pub subject_id: SubjectId,
    /// Who reserved.
    pub member_no: MemberNo,
    /// Its name.
    pub reservation_id: ReservationId,
    /// For which application.
    pub application_id: ApplicationId,
    /// Where it stands; never `Expired`, which only time makes it.
    pub state: ReservationState,
    /// Of its amounts.
    pub currency: Currency,
    /// Minor units held.
    pub amount: i64,
    /// Minor units due in a month.
    pub monthly_payment: i64,
    /// What is applied for.
    pub product_type: ProductType,
    /// How many subjects it concerns; a merge may have made them fewer since.
    pub borrowers: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// When it runs out at the latest, however often it is extended.
    pub expires_at_most: Timestamp,
    /// How often it was extended.
    pub extensions: u32,
    /// When it was confirmed or released.
    pub ended_at: Option<Timestamp>,
    /// Why it was released; `None` also when its application became a loan by another.
    pub release_reason: Option<ReleaseReason>,
    /// The account that it became.
    pub account_no: Option<AccountNo>,
    /// Whether it was confirmed after it had run out.
    pub late: bool,
    /// Numbers of the subject's tokens that it was made with: a split moves it by them.
    pub tokens: Vec<TokenId>,
}

impl ReservationRow {
    /// Where it stands at an instant.
    pub fn state_at(&self, at: Timestamp) -> ReservationState {
        match self.state {
            ReservationState::Active if self.expires_at <= at => ReservationState::Expired,
            state => state,
        }
    }

    /// Whether it holds room at an instant.
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.state_at(at) == ReservationState::Active
    }

    /// As its member sees it at an instant.
    pub fn seen_at(&self, at: Timestamp) -> Reservation {
        Reservation {
            reservation_id: self.reservation_id,
            state: self.state_at(at),
            currency: self.currency,
            amount: self.amount,
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

/// A ruling that a member may have explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulingRow {
    /// To whom it was given.
    pub member_no: MemberNo,
    /// What was ruled.
    pub ruled: Ruled,
}

/// The codes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfflineSeriesRow {
    /// Whose.
    pub member_no: MemberNo,
    /// Its name.
    pub series_id: SeriesId,
    /// How many codes.
    pub codes: u32,
    /// When they were issued.
    pub issued_at: Timestamp,
    /// From when on they cannot be used; whole seconds.
    pub expires_at: Timestamp,
}

/// A loan that was made under an offline code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineUseRow {
    /// Who made it.
    pub member_no: MemberNo,
    /// Under a code of which series.
    pub series_id: SeriesId,
    /// Which of the series.
    pub place: u32,
    /// When it was granted.
    pub used_at: Timestamp,
    /// When it was back-filled.
    pub backfilled_at: Timestamp,
    /// The member's account.
    pub account_ref: AccountRef,
    /// Whether that was too late.
    pub late: bool,
    /// What it broke.
    pub over_limit: OverLimit,
}

/// Codes of a member that can be used still, or could today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnexpiredCodes {
    /// How many, used ones too.
    pub codes: u64,
    /// When the first of them expire.
    pub next_expiry: Option<Timestamp>,
}
