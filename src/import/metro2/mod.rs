//! Metro 2, the format in which lenders of the United States report accounts: read and written in its character format.
//!
//! A file is a header, one record for each account and a trailer, in ASCII. A record begins with four digits that tell its
//! length (the record descriptor word) and a base segment of 426 bytes; segments for further consumers (J1, J2) and for
//! other matters (K1 to K4, L1, N1) follow it. Records are separated by line ends or stand side by side. Layout and codes:
//! Consumer Data Industry Association, Metro 2, as domain.md section 3 and docs/foreign-formats.md repeat them. Packed
//! files and files of blocks are refused with advice.
//!
//! Names, addresses and dates of birth are never kept. What the format lacks comes from [`Metro2Defaults`]; what is lost is
//! told by [`as_carried_by_metro2`] and docs/foreign-formats.md. Invariant: bytes of a file become characters one to one
//! (ISO 8859-1), so that a rejected record goes back exactly as it came.

mod carried;
mod consumers;
mod file;
mod kinds;
mod layout;
mod parse;
mod rejects;
mod standing;
mod terms;
mod totals;
mod values;
mod write;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;

pub use carried::as_carried_by_metro2;
pub use file::{Metro2Reader, RECORD_BYTES_MAX};
pub use layout::SEGMENTS_MAX;
pub use parse::Metro2Parser;
pub use rejects::Metro2Rejects;
pub use write::{Metro2Sender, Metro2Writer, Unwritable};

use crate::domain::currency::Currency;
use crate::domain::position::{FundingRole, GuaranteeType, LoanPurpose};
use crate::identity::normalise::CallingCode;

/// What day the *date of first delinquency* means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirstDelinquency {
    /// The first day that was 30 days late, as the format's own text has it (field 25: "30 days after the due date"). 30
    /// days are taken off when reading and added when writing, so that days past due count from the due date.
    #[default]
    ThirtyDaysLate,
    /// The due date that was missed; many reporters write it so.
    DueDate,
}

/// How both sides read the same fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metro2Conventions {
    /// Whose whole units the amounts are.
    pub currency: Currency,
    /// The country code that the ten digits of a telephone number lack.
    pub calling_code: CallingCode,
    /// What the date of first delinquency means.
    pub first_delinquency: FirstDelinquency,
}

impl Default for Metro2Conventions {
    /// United States dollars, +1, and the date as the format defines it.
    fn default() -> Self {
        Self {
            currency: Currency::parse("USD").expect("ISO 4217 lists the dollar"),
            calling_code: CallingCode::parse("1").expect("one digit is a code"),
            first_delinquency: FirstDelinquency::default(),
        }
    }
}

/// The notice that went before adverse information, where one was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdverseNotice {
    /// The member's reference of it.
    pub reference: String,
    /// The day on which it was sent.
    pub sent_on: NaiveDate,
}

/// What a position needs and Metro 2 does not carry: the same for every record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metro2Defaults {
    /// How fields are read.
    pub conventions: Metro2Conventions,
    /// The consent under which the file's positions may be shared.
    pub consent_reference: String,
    /// Put on records that are later than `grace_days`.
    pub adverse_notice: Option<AdverseNotice>,
    /// Whose money it is.
    pub funding_role: FundingRole,
    /// What the money is for.
    pub loan_purpose: LoanPurpose,
    /// What secures the loans.
    pub guarantee_type: GuaranteeType,
    /// Contractual grace in days.
    pub grace_days: u32,
    /// Basis points a year.
    pub annual_percentage_rate_bp: u32,
    /// Where borrowers live whose record names no state of the United States.
    pub region_code: Option<String>,
    /// The member's counter of reports with one date.
    pub sequence: u64,
}

impl Metro2Defaults {
    /// Own money for other purposes, unsecured, no grace, rate not known (0), sequence 1, the usual conventions.
    pub fn new(consent_reference: String) -> Self {
        Self {
            conventions: Metro2Conventions::default(),
            consent_reference,
            adverse_notice: None,
            funding_role: FundingRole::Own,
            loan_purpose: LoanPurpose::Other,
            guarantee_type: GuaranteeType::Unsecured,
            grace_days: 0,
            annual_percentage_rate_bp: 0,
            region_code: None,
            sequence: 1,
        }
    }
}
