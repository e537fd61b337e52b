//! Where an account stands: account status, payment rating, special comment and the dates beside them (CDIA Metro 2, fields
//! 17A to 19 and 24 to 26), both ways, and the days past due that follow.
//!
//! Metro 2 has no days past due. They are counted from the first delinquency when that falls within the days of the status
//! or rating (domain.md 3.3); otherwise the fewest days of the code stand. Nobody can do better: an account that pays late
//! but regularly keeps its first delinquency and stays in one bucket.

use chrono::{Days, NaiveDate};

use super::{FirstDelinquency, Metro2Conventions};
use crate::domain::position::{
    AccountStatus, AccountType, ClosureReason, CollectionStage, DeletionReason, Facts,
};
use crate::import::crosswalk::{DayRange, Metro2Status, PaymentRating};

/// How much later than the due date the format's date of first delinquency is.
const LATE_DAYS: u64 = 30;

/// Special comments (field 19) that tell how an account ended or moved.
const SOLD: &str = "AH";
const TRANSFERRED: [&str; 2] = ["O", "AT"];
const SETTLED_FOR_LESS: &str = "AU";
const REFINANCED: &str = "AS";
const PAID_BY_GUARANTOR: &str = "C";
const PAID_FROM_COLLATERAL: &str = "AX";
/// Wages are garnished, which a court ordered.
const GARNISHED: &str = "AM";

/// Consumer information indicators (field 38) of a bankruptcy that was discharged, and of one whose chapter is not known.
const DISCHARGED: [&str; 5] = ["E", "F", "G", "H", "Z"];
pub(super) const BANKRUPT: &str = "Z";
/// ECOA code of a consumer who died.
pub(super) const DECEASED: &str = "X";

/// What a base segment says about the account's standing.
pub(super) struct Codes<'a> {
    pub(super) status: Metro2Status,
    pub(super) rating: Option<PaymentRating>,
    pub(super) comment: &'a str,
    pub(super) information_indicator: &'a str,
    pub(super) ecoa: &'a str,
    pub(super) is_collection_account: bool,
    pub(super) has_date_closed: bool,
    pub(super) is_owed: bool,
}

/// The same in the domain's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) status: AccountStatus,
    pub(super) closure_reason: Option<ClosureReason>,
    pub(super) collection_stage: Option<CollectionStage>,
    /// The days that the codes allow, when they say.
    pub(super) days: Option<DayRange>,
    /// Whether the date of first delinquency belongs to this standing.
    pub(super) is_delinquent: bool,
}

/// The reason of a record that deletes.
pub(super) const fn deletion(status: Metro2Status) -> Option<DeletionReason> {
    if matches!(status, Metro2Status::Delete) {
        Some(DeletionReason::ReportedInError)
    } else if matches!(status, Metro2Status::DeleteFraud) {
        Some(DeletionReason::Fraud)
    } else {
        None
    }
}

/// Reads the codes of a record that does not delete.
pub(super) fn read(codes: &Codes) -> Standing {
    let (status, closure_reason) = outcome(codes);
    let in_collection = codes.status == Metro2Status::Collection;
    let stage = match (in_collection, codes.is_collection_account) {
        (true, true) => Some(CollectionStage::Agency),
        // Internal or external: the format does not say, so the lesser stands.
        (true, false) => Some(CollectionStage::Internal),
        (false, _) => None,
    };
    let rated = codes
        .rating
        .filter(|_| codes.status.is_rated() && status != AccountStatus::Closed);
    Standing {
        status,
        closure_reason,
        collection_stage: stage,
        days: codes.status.days().or(rated.and_then(PaymentRating::days)),
        is_delinquent: is_delinquent(codes.status, codes.rating),
    }
}

fn outcome(codes: &Codes) -> (AccountStatus, Option<ClosureReason>) {
    let closed = |reason| (AccountStatus::Closed, Some(reason));
    if codes.comment == SOLD {
        return closed(ClosureReason::Sold);
    }
    if TRANSFERRED.contains(&codes.comment) {
        return (AccountStatus::TransferredOut, None);
    }
    match codes.status {
        Metro2Status::Transferred => (AccountStatus::TransferredOut, None),
        Metro2Status::Current
        | Metro2Status::From30
        | Metro2Status::From60
        | Metro2Status::From90
        | Metro2Status::From120
        | Metro2Status::From150
        | Metro2Status::From180
        | Metro2Status::Collection => {
            let before_court = codes.comment == GARNISHED;
            (
                if before_court {
                    AccountStatus::LegalAction
                } else {
                    AccountStatus::Open
                },
                None,
            )
        }
        Metro2Status::Paid
        | Metro2Status::PaidSurrender
        | Metro2Status::PaidCollection
        | Metro2Status::PaidRepossession
        | Metro2Status::PaidChargeOff
        | Metro2Status::PaidForeclosure => closed(ended(codes).unwrap_or_else(|| paid(codes))),
        Metro2Status::ChargedOff if codes.has_date_closed => {
            closed(ended(codes).unwrap_or(ClosureReason::WrittenOff))
        }
        Metro2Status::ChargedOff | Metro2Status::ClaimFiled => (AccountStatus::BadDebt, None),
        Metro2Status::DeedInLieu
        | Metro2Status::Foreclosed
        | Metro2Status::Surrendered
        | Metro2Status::Repossessed => {
            if codes.is_owed {
                (AccountStatus::BadDebt, None)
            } else {
                closed(ended(codes).unwrap_or(ClosureReason::AssetsInLieu))
            }
        }
        Metro2Status::Delete => closed(ClosureReason::ReportedInError),
        Metro2Status::DeleteFraud => closed(ClosureReason::Fraud),
    }
}

/// What something beside the status says about the end of a closed account.
fn ended(codes: &Codes) -> Option<ClosureReason> {
    if DISCHARGED.contains(&codes.information_indicator) {
        return Some(ClosureReason::Bankruptcy);
    }
    if codes.ecoa == DECEASED {
        return Some(ClosureReason::Deceased);
    }
    match codes.comment {
        SETTLED_FOR_LESS => Some(ClosureReason::SettledForLess),
        REFINANCED => Some(ClosureReason::RefinancedSameLender),
        PAID_BY_GUARANTOR => Some(ClosureReason::PaidByGuarantor),
        PAID_FROM_COLLATERAL => Some(ClosureReason::AssetsInLieu),
        _ => None,
    }
}

fn paid(codes: &Codes) -> ClosureReason {
    let was_late = codes.status != Metro2Status::Paid
        || codes
            .rating
            .is_some_and(|rating| rating != PaymentRating::Current);
    if was_late {
        ClosureReason::PaidAfterOverdue
    } else {
        ClosureReason::PaidAsAgreed
    }
}

/// Field 25: the date belongs to every status but 11, and to 05 and 13 only when the rating is not 0.
fn is_delinquent(status: Metro2Status, rating: Option<PaymentRating>) -> bool {
    if matches!(status, Metro2Status::Transferred | Metro2Status::Paid) {
        return rating.is_some_and(|rating| rating != PaymentRating::Current);
    }
    !matches!(
        status,
        Metro2Status::Current | Metro2Status::Delete | Metro2Status::DeleteFraud
    )
}

/// Days past due: see the module. Something past due is at least one day late; nothing past due is late only where the
/// codes say so.
pub(super) fn days_past_due(
    range: Option<DayRange>,
    as_of: NaiveDate,
    first_delinquent_on: Option<NaiveDate>,
    past_due: i64,
) -> u32 {
    let counted = first_delinquent_on
        .and_then(|first| u32::try_from(as_of.signed_duration_since(first).num_days()).ok());
    let lower = range.map_or(0, |range| range.lower);
    if past_due == 0 && lower == 0 {
        return 0;
    }
    let days = counted
        .filter(|days| range.is_none_or(|range| range.contains(*days)))
        .unwrap_or(lower);
    if past_due > 0 { days.max(1) } else { days }
}

/// Since when something is past due, from the format's date.
pub(super) fn read_first_delinquency(date: NaiveDate, conventions: &Metro2Conventions) -> Option<NaiveDate> {
    match conventions.first_delinquency {
        FirstDelinquency::DueDate => Some(date),
        FirstDelinquency::ThirtyDaysLate => date.checked_sub_days(Days::new(LATE_DAYS)),
    }
}

/// The format's date; `None` when that day has not come on `as_of`.
fn written_first_delinquency(
    date: NaiveDate,
    as_of: NaiveDate,
    conventions: &Metro2Conventions,
) -> Option<NaiveDate> {
    let written = match conventions.first_delinquency {
        FirstDelinquency::DueDate => Some(date),
        FirstDelinquency::ThirtyDaysLate => date.checked_add_days(Days::new(LATE_DAYS)),
    };
    written.filter(|date| *date <= as_of)
}

/// The codes that a position is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) status: Metro2Status,
    pub(super) rating: Option<PaymentRating>,
    pub(super) comment: &'static str,
    pub(super) information_indicator: &'static str,
    pub(super) is_deceased: bool,
    pub(super) date_closed: Option<NaiveDate>,
    pub(super) date_first_delinquency: Option<NaiveDate>,
}

impl Written {
    const fn plain(status: Metro2Status) -> Self {
        Self {
            status,
            rating: None,
            comment: "",
            information_indicator: "",
            is_deceased: false,
            date_closed: None,
            date_first_delinquency: None,
        }
    }

    const fn paid(comment: &'static str) -> Self {
        Self {
            rating: Some(PaymentRating::Current),
            comment,
            ..Self::plain(Metro2Status::Paid)
        }
    }
}

/// Writes where an account stands. `owed` is what the current balance will show, whole units.
pub(super) fn written(
    facts: &Facts,
    as_of: NaiveDate,
    owed: u64,
    conventions: &Metro2Conventions,
) -> Written {
    let late = Metro2Status::of_days(facts.days_past_due);
    let mut written = match facts.status {
        AccountStatus::PendingDisbursement | AccountStatus::Open | AccountStatus::LegalAction => {
            // Collectors report every debt as in collection.
            let collection = facts.account_type == AccountType::Collection;
            Written::plain(if collection {
                Metro2Status::Collection
            } else {
                late
            })
        }
        AccountStatus::BadDebt => Written::plain(Metro2Status::ChargedOff),
        AccountStatus::TransferredOut => Written {
            comment: TRANSFERRED[0],
            date_closed: facts.closed_on,
            ..Written::plain(late)
        },
        AccountStatus::Closed => Written {
            date_closed: facts.closed_on,
            ..closed(facts.closure_reason, late, owed)
        },
    };
    if is_delinquent(written.status, written.rating) {
        written.date_first_delinquency = facts
            .first_delinquent_on
            .and_then(|date| written_first_delinquency(date, as_of, conventions));
    }
    written
}

fn closed(reason: Option<ClosureReason>, late: Metro2Status, owed: u64) -> Written {
    let unpaid = if owed > 0 {
        Written::plain(Metro2Status::ChargedOff)
    } else {
        Written::paid("")
    };
    match reason {
        // Paid before its time cannot be told apart from paid as agreed.
        Some(ClosureReason::PaidAsAgreed | ClosureReason::PaidEarly) | None => Written::paid(""),
        // The mildest rating that says it was late: which one is no longer known.
        Some(ClosureReason::PaidAfterOverdue) => Written {
            rating: Some(PaymentRating::From30),
            ..Written::paid("")
        },
        Some(ClosureReason::PaidByGuarantor) => Written::paid(PAID_BY_GUARANTOR),
        Some(ClosureReason::AssetsInLieu) => Written::paid(PAID_FROM_COLLATERAL),
        Some(ClosureReason::SettledForLess) => Written::paid(SETTLED_FOR_LESS),
        Some(ClosureReason::RefinancedSameLender) => Written::paid(REFINANCED),
        Some(ClosureReason::WrittenOff) => Written::plain(Metro2Status::ChargedOff),
        Some(ClosureReason::Sold) => Written {
            comment: SOLD,
            ..Written::plain(late)
        },
        Some(ClosureReason::Bankruptcy) => Written {
            information_indicator: BANKRUPT,
            ..unpaid
        },
        Some(ClosureReason::Deceased) => Written {
            is_deceased: true,
            ..unpaid
        },
        // What was never owed, or by somebody else, is taken off a consumer's file.
        Some(ClosureReason::Rescinded | ClosureReason::ReportedInError) => {
            Written::plain(Metro2Status::Delete)
        }
        Some(ClosureReason::Fraud) => Written::plain(Metro2Status::DeleteFraud),
    }
}

/// The day on which an account ended: the date of information is the day of the last payment where none is given. Open
/// accounts have none, though the format lets a card be closed to purchases and still be owed.
pub(super) fn closed_on(
    status: AccountStatus,
    date_closed: Option<NaiveDate>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    match status {
        AccountStatus::Closed => date_closed.or(Some(as_of)),
        AccountStatus::TransferredOut => date_closed,
        AccountStatus::PendingDisbursement
        | AccountStatus::Open
        | AccountStatus::BadDebt
        | AccountStatus::LegalAction => None,
    }
}
