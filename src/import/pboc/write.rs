//! Writes positions as a table with every column, one account a row.
//!
//! Identifiers stand in clear where the record holds them; a token is not written, the account's own name then says whose
//! it is. What has no column is left out as [`as_carried_by_pboc`](super::as_carried_by_pboc) tells.

use std::io::{self, Write};

use chrono::NaiveDate;

use super::columns::{Column, Named as ColumnOf, Part};
use super::parse::DECIMALS;
use super::standing::{self, Written};
use super::{codes, people, values};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::names::AccountRef;
use crate::domain::position::{DeletionReason, Position};
use crate::identity::named::Named;
use crate::import::crosswalk::RepaymentState;
use crate::import::pboc::codes::{AccountCode, Operation};
use crate::import::{FileRecord, Writer};

/// Why a position cannot be written; the texts hold nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Amounts have two decimals.
    #[error("currency has not two decimals, as every amount of the table does")]
    Currency,
    /// Four digits hold no other year.
    #[error("a date lies outside the years 1 to 9999")]
    Date,
}

impl From<Unwritable> for io::Error {
    fn from(unwritable: Unwritable) -> Self {
        Self::new(io::ErrorKind::InvalidInput, unwritable)
    }
}

/// A table being written.
pub struct PbocWriter<W: Write> {
    rows: csv::Writer<W>,
    columns: Vec<ColumnOf>,
}

impl<W: Write + Send> PbocWriter<W> {
    /// Begins a file: writes its header.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(sink: W) -> io::Result<Self> {
        let mut rows = csv::Writer::from_writer(sink);
        let columns = ColumnOf::all();
        rows.write_record(columns.iter().map(|column| column.name()))?;
        Ok(Self { rows, columns })
    }
}

impl<W: Write + Send> Writer for PbocWriter<W> {
    /// Adds a record. One that the format cannot hold is refused with [`Unwritable`] inside an error of kind
    /// `InvalidInput`; the file stays as it was.
    fn write(&mut self, record: &FileRecord) -> io::Result<()> {
        let cells: Result<Vec<zeroize::Zeroizing<String>>, Unwritable> = self
            .columns
            .iter()
            .map(|column| cell(record, *column).map(zeroize::Zeroizing::new))
            .collect();
        self.rows
            .write_record(cells?.iter().map(|cell| cell.as_bytes()))?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.rows.flush()
    }
}

fn cell(record: &FileRecord, column: ColumnOf) -> Result<String, Unwritable> {
    let record = match record {
        BatchRecord::Deletion { account_ref, reason } => return Ok(deletion(account_ref, *reason, column)),
        BatchRecord::Position(record) => record,
    };
    match standing::written(&record.position.facts) {
        Written::Deletion(reason) => Ok(deletion(&record.position.account_ref, reason, column)),
        Written::Codes(status, state) => match column {
            ColumnOf::Account(column) => account(record, column, status, state),
            ColumnOf::Person(slot, part) => Ok(person(&record.position, slot, part)),
            ColumnOf::Reject => Ok(String::new()),
        },
    }
}

fn deletion(account_ref: &AccountRef, reason: DeletionReason, column: ColumnOf) -> String {
    if column == ColumnOf::Account(Column::AccountRef) {
        account_ref.as_str().to_owned()
    } else if column == ColumnOf::Account(Column::Operation) {
        Operation::Delete(reason).written().to_owned()
    } else {
        String::new()
    }
}

fn person(position: &Position<Named>, slot: usize, part: Part) -> String {
    position
        .liabilities
        .get(slot)
        .map_or_else(String::new, |liability| people::cell(liability, part))
}

fn account(
    record: &PositionRecord<Named>,
    column: Column,
    status: &str,
    state: RepaymentState,
) -> Result<String, Unwritable> {
    let (position, facts) = (&record.position, &record.position.facts);
    let amount = |minor: i64| Ok(values::amount_text(minor));
    let text = |text: &Option<String>| Ok(text.clone().unwrap_or_default());
    let date = |date: Option<NaiveDate>| match date {
        Some(date) => values::date_text(date).ok_or(Unwritable::Date),
        None => Ok(String::new()),
    };
    let code = |code: &str| Ok(code.to_owned());
    match column {
        Column::AccountRef => code(position.account_ref.as_str()),
        Column::Operation if record.correction_reason.is_some() => code(Operation::Correct.written()),
        Column::Operation => code(Operation::Report.written()),
        Column::CorrectionReason => text(&record.correction_reason),
        Column::AccountType => code(AccountCode::written(facts.account_type).as_str()),
        Column::BusinessType => code(codes::written_business(facts.product_type)),
        Column::ReportTimeCode => code(codes::written_report_time(record.event)),
        Column::ReportDate => date(Some(position.order.as_of)),
        Column::Sequence => Ok(position.order.sequence.to_string()),
        Column::Currency if facts.currency.exponent() != DECIMALS => Err(Unwritable::Currency),
        Column::Currency => code(facts.currency.as_str()),
        Column::OpenDate => date(Some(facts.opened_on)),
        Column::DueDate => date(facts.matures_on),
        Column::CloseDate => date(facts.closed_on),
        Column::LoanAmount => amount(facts.original_amount),
        Column::CreditLimit => amount(facts.credit_limit),
        Column::Balance => amount(facts.outstanding_total),
        Column::PrincipalBalance => amount(facts.outstanding_principal),
        Column::ScheduledPayment => amount(facts.scheduled_payment),
        Column::RepaymentFrequency => code(codes::written_frequency(facts.repayment_frequency)),
        Column::NextPaymentDate => date(facts.next_due_on),
        Column::RemainingTerms => Ok(facts.remaining_terms.to_string()),
        Column::GuaranteeType => code(codes::written_guarantee(facts.guarantee_type)),
        Column::RegionCode => code(&facts.region_code),
        Column::AccountStatus => code(status),
        Column::RepaymentState => code(state.as_str()),
        Column::DaysPastDue => Ok(facts.days_past_due.to_string()),
        Column::OverdueTotal => amount(facts.overdue.total().unwrap_or(i64::MAX)),
        Column::OverduePrincipal => amount(facts.overdue.principal),
        Column::OverdueInterest => amount(facts.overdue.interest),
        Column::OverduePenalty => amount(facts.overdue.penalty),
        Column::OverdueFees => amount(facts.overdue.fees),
        Column::FirstOverdueDate => date(facts.first_delinquent_on),
        Column::FiveTierClass => code(codes::written_class(facts.asset_classification)),
        Column::LastPaymentDate => date(facts.last_payment_on),
        Column::LastPaymentAmount => amount(facts.last_payment_amount),
        Column::ConsentReference => code(&facts.consent_reference),
        Column::AdverseNoticeReference => text(&facts.adverse_notice_reference),
        Column::AdverseNoticeDate => date(facts.adverse_notice_sent_on),
    }
}
