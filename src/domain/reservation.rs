//! Room held for a loan about to be paid out, and what a rule pack said about the application for it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::currency::Currency;
use super::date::Timestamp;
use super::inquiry::{Consent, Purpose};
use super::names::{AnswerId, ApplicationId, ReservationId, Sha256};
use super::position::{Liability, ProductType, coded_enum};
use super::rules::ReasonCode;

coded_enum! {
    /// Where a reservation stands.
    ReservationState { Active = 1, Confirmed = 2, Released = 3, Expired = 4 }
}
coded_enum! {
    /// Why a loan will not happen.
    ReleaseReason { DeclinedByLender = 1, Withdrawn = 2, Rescinded = 3, Error = 4 }
}
coded_enum! {
    /// What a rule pack says.
    Eligibility { Eligible = 1, Ineligible = 2, Refer = 3 }
}

/// Live reservations of one member for one subject, of all its applications.
pub const RESERVATIONS_PER_SUBJECT_MAX: usize = 2;
/// How often a reservation may be extended.
pub const EXTENSIONS_MAX: u32 = 2;
/// Pairs of an amount and a payment that may be checked in one application.
pub const TRIES_PER_APPLICATION_MAX: usize = 3;
/// Applications of one member about one subject on one civil day.
pub const APPLICATIONS_PER_DAY_MAX: usize = 2;

/// A reservation as its member sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Its name.
    pub reservation_id: ReservationId,
    /// Where it stands.
    pub state: ReservationState,
    /// Of the amount.
    pub currency: Currency,
    /// Minor units held.
    pub amount: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
}

/// An application to be checked, as a member states it.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRequest<T> {
    /// Everyone who would be liable, the PRIMARY first.
    pub liabilities: Vec<Liability<T>>,
    /// Why; a hard purpose.
    pub purpose: Purpose,
    /// The consent, checked against the purpose and today.
    pub consent: Consent,
    /// The member's name of the application.
    pub application_id: ApplicationId,
    /// The rule pack; `None`: the member's first.
    pub rule_pack: Option<String>,
    /// What is applied for.
    pub product_type: ProductType,
    /// Of all amounts.
    pub currency: Currency,
    /// Minor units, above zero.
    pub amount: i64,
    /// Days from payout to the last payment.
    pub term_days: u32,
    /// Minor units due in a month.
    pub monthly_payment: i64,
    /// Gross monthly income, minor units; `None` when none is stated.
    pub monthly_income: Option<i64>,
}

/// Which rules decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackVersion {
    /// The pack's name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its text.
    pub sha256: Sha256,
}

/// What was decided about an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// The outcome.
    pub eligibility: Eligibility,
    /// Every kind of rule that spoke against it, each once; empty when eligible.
    pub reasons: Vec<ReasonCode>,
    /// Minor units that would still be allowed, a band edge.
    pub max_additional_amount: i64,
    /// First civil day on which time alone may change it.
    pub retry_on: Option<NaiveDate>,
    /// The rules.
    pub pack: PackVersion,
}

/// A ruling with its name and time, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// The name.
    pub answer_id: AnswerId,
    /// When.
    pub decided_at: Timestamp,
    /// What.
    pub ruling: Ruling,
}
