//! The exposure answer: what one member may learn about one subject from everybody else.
//!
//! Types here are the answer's shape; `answer` computes it from rows exactly as the semantics define it.

mod accounts;
mod amount;
pub mod answer;
pub mod band;
mod delinquency;
mod groups;
pub mod obligation;
pub mod resolve;
mod signals;
mod tally;
#[cfg(test)]
mod tests;
mod velocity;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::currency::Currency;
use super::date::Timestamp;
use super::member::LenderGroup;
use super::names::AnswerId;
use super::position::coded_enum;
pub use band::{AmountBand, BandSeries};

coded_enum! {
    /// Whether there is anything on file.
    SubjectState { NoRecord = 1, Found = 2, IdentityConflict = 3, Frozen = 4, SelfExcluded = 5 }
}
coded_enum! {
    /// How surely the answer is about the person asked for.
    MatchLevel { None = 1, MobileOnly = 2, Strong = 3, StrongAndMobile = 4 }
}
coded_enum! {
    /// Contractual days past due: M0 is 0, M1 1 to 30, then steps of 30, M7 181 and more.
    DelinquencyBucket { M0 = 1, M1 = 2, M2 = 3, M3 = 4, M4 = 5, M5 = 6, M6 = 7, M7 = 8 }
}
coded_enum! {
    /// A pattern of stacking.
    SignalType { InquiryBurst = 1, OpeningBurst = 2, BorrowToRepay = 3, SharedMobile = 4, ObligationJump = 5 }
}

impl DelinquencyBucket {
    /// The bucket of contractual days past due.
    pub const fn of(days_past_due: u32) -> Self {
        match days_past_due {
            0 => Self::M0,
            1..=30 => Self::M1,
            31..=60 => Self::M2,
            61..=90 => Self::M3,
            91..=120 => Self::M4,
            121..=150 => Self::M5,
            151..=180 => Self::M6,
            181.. => Self::M7,
        }
    }
}

/// The largest count that is shown exactly; one more stands for "that many or more".
pub const COUNT_EXACT_MAX: u32 = 9;

/// A look-back window of the velocity figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// The last hours, half-open at now.
    Hours(u32),
    /// The last civil days (openings) or 24-hour spans (inquiries).
    Days(u32),
}

impl Window {
    /// All windows, in the order of the answer.
    pub const ALL: [Self; 8] = [
        Self::Hours(1),
        Self::Hours(24),
        Self::Days(7),
        Self::Days(15),
        Self::Days(30),
        Self::Days(90),
        Self::Days(180),
        Self::Days(360),
    ];

    /// Its length in hours.
    pub const fn hours(self) -> u32 {
        match self {
            Self::Hours(hours) => hours,
            Self::Days(days) => days * 24,
        }
    }
}

/// What happened at other lenders within one window. Counts are capped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "fields are the contract's, explained there")]
pub struct WindowFigures {
    pub window: Window,
    pub hard_inquiries: u32,
    pub inquiring_lenders: u32,
    pub new_accounts: u32,
    pub new_lenders: u32,
    pub new_amount: AmountBand,
}

/// Everybody but the caller. Counts are capped at "10 or more", amounts are bands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "fields are the contract's, explained there")]
pub struct OthersExposure {
    pub active_lenders: u32,
    pub active_accounts: u32,
    pub active_lenders_by_group: Vec<(LenderGroup, u32)>,
    pub reserving_lenders: u32,
    pub reserved_amount: AmountBand,
    pub outstanding: AmountBand,
    pub outstanding_unsecured: AmountBand,
    pub credit_limit: AmountBand,
    pub monthly_obligation: AmountBand,
    pub other_currency_accounts: u32,
    pub worst_bucket_now: DelinquencyBucket,
    pub worst_bucket_24_months: DelinquencyBucket,
    pub past_due_accounts: u32,
    pub formal_overdue_accounts: u32,
    pub overdue_amount: AmountBand,
    pub months_since_past_due: u32,
    pub bad_debt_accounts: u32,
    pub legal_action_accounts: u32,
    pub restructured_accounts: u32,
    pub disputed_items: u32,
    pub disputed_items_matter: bool,
    pub unconfirmed_accounts: u32,
    /// In the order of [`Window::ALL`], always all of them.
    pub velocity: Vec<WindowFigures>,
    /// Year and month.
    pub oldest_open_month: Option<(i32, u32)>,
    pub guaranteed_accounts: u32,
    pub guaranteed_amount: AmountBand,
}

/// The part that is frozen for the day: the first answer of (member, subject, day, hard or soft, with or without a
/// strong token).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// When they were taken.
    pub as_of: Timestamp,
    /// Whether there is anything on file.
    pub state: SubjectState,
    /// How surely.
    pub match_level: MatchLevel,
    /// Share of the other active lenders that reported lately, percent.
    pub coverage_percent: u32,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Absent on an identity conflict.
    pub others: Option<OthersExposure>,
    /// Each once, in order.
    pub signals: Vec<SignalType>,
}

/// The caller's own part, exact and live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnExposure {
    /// Active own-debt accounts.
    pub active_accounts: u32,
    /// Sum of their outstanding totals in the answer's currency, minor units.
    pub outstanding: i64,
    /// Distinct civil days with a hard inquiry of the caller in the 360 days before this one.
    pub hard_inquiries_360_days: u32,
    /// Civil date of receipt of the caller's latest accepted report or correction on the subject.
    pub last_report_on: Option<NaiveDate>,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its name.
    pub answer_id: AnswerId,
    /// When it was given.
    pub answered_at: Timestamp,
    /// The frozen part.
    pub figures: Figures,
    /// The caller's own part; absent on an identity conflict.
    pub own: Option<OwnExposure>,
}
