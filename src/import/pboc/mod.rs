//! Tables in the codes of the People's Bank of China: for members that already keep their book so.
//!
//! A file is CSV (RFC 4180) in UTF-8 with a header; its columns are the terms of the bank's second-generation collection
//! rules in English ([`Column`], people: [`Part`]), its cells hold the bank's code values (domain.md section 3). Columns may
//! stand in any order, most may be left out. An account is one row; up to seven related repayers stand in the same row
//! (`repayer_1_type` … `repayer_7_mobile`). Amounts are yuan with two decimals, dates `YYYY-MM-DD`.
//!
//! The bank's repayment state gives no days: column `days_past_due` does, and must agree with it; where it is empty the
//! fewest days of the state stand (1, 31, 61 …). What has no column comes from [`PbocDefaults`]; what is lost is told by
//! [`as_carried_by_pboc`] and docs/foreign-formats.md. Invariant: a cell is read whole or the record is refused.

mod carried;
mod codes;
mod columns;
mod file;
mod parse;
mod people;
mod rejects;
mod standing;
mod values;
mod write;

#[cfg(test)]
mod tests;

pub use carried::as_carried_by_pboc;
pub use columns::{Column, Part, REPAYERS_MAX};
pub use file::{PbocReader, RECORD_BYTES_MAX};
pub use parse::PbocParser;
pub use rejects::PbocRejects;
pub use write::{PbocWriter, Unwritable};

use crate::domain::position::{ClosureReason, FundingRole, LoanPurpose};

/// What a position needs and the table does not carry, or leaves empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PbocDefaults {
    /// Where `consent_reference` is empty.
    pub consent_reference: String,
    /// Where `region_code` is empty.
    pub region_code: Option<String>,
    /// Where `sequence` is empty: the member's counter of reports with one date.
    pub sequence: u64,
    /// What the money is for.
    pub loan_purpose: LoanPurpose,
    /// Whose money it is.
    pub funding_role: FundingRole,
    /// Basis points a year.
    pub annual_percentage_rate_bp: u32,
    /// Contractual grace in days: the bank counts from the first day.
    pub grace_days: u32,
    /// What repayment state G says of a closed account: only that it did not end well.
    pub ended_reason: ClosureReason,
}

impl PbocDefaults {
    /// Own money for other purposes, no grace, rate not known (0), sequence 1; what ended was written off.
    pub fn new(consent_reference: String) -> Self {
        Self {
            consent_reference,
            region_code: None,
            sequence: 1,
            loan_purpose: LoanPurpose::Other,
            funding_role: FundingRole::Own,
            annual_percentage_rate_bp: 0,
            grace_days: 0,
            ended_reason: ClosureReason::WrittenOff,
        }
    }
}
