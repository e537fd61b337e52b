//! Writes positions as a Metro 2 file: header, one record a line, trailer.
//!
//! Names, addresses and dates of birth stay blank or zero: positions hold none. What has no place in the format is left out
//! as [`as_carried_by_metro2`](super::as_carried_by_metro2) tells; what would become false by being written is refused.
//! Invariant: a record that was refused left nothing in the file, and the writer can be used on.

use std::io::{self, Write};

use chrono::NaiveDate;

use super::layout::{BASE_BYTES, Field, Kind, Person, base, ends};
use super::standing::{self, Written};
use super::totals::Totals;
use super::{Metro2Conventions, consumers, kinds, terms, values};
use crate::domain::batch::BatchRecord;
use crate::domain::names::AccountRef;
use crate::domain::position::{DeletionReason, Position};
use crate::identity::named::Named;
use crate::import::crosswalk::Metro2Status;
use crate::import::metro2::kinds::Portfolio;
use crate::import::{FileRecord, Writer};

/// Bytes of an account number.
const ACCOUNT_NUMBER_BYTES: usize = 30;
/// A month for which there is no history to report: the format's own filling.
const NO_HISTORY: &str = "BBBBBBBBBBBBBBBBBBBBBBBB";
const NO_DATE: &str = "00000000";

/// Who sends a file: for the header, and the identification number in every record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metro2Sender {
    /// The reporter's name, at most 40 characters of ASCII.
    pub name: String,
    /// The reporter's address, at most 96.
    pub address: String,
    /// What the bureau calls the reporter, at most 20.
    pub identification_number: String,
    /// The day whose activity the file describes.
    pub activity_date: NaiveDate,
    /// The day on which it is made.
    pub created_on: NaiveDate,
}

/// Why a position cannot be written; the texts hold nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// More characters than the format has.
    #[error("account_ref is longer than the 30 characters of a Metro 2 account number")]
    AccountRef,
    /// Not the currency of the file.
    #[error("currency is not that of the file; write a file for each currency")]
    Currency,
    /// More digits than the format has.
    #[error("{0} has more than the nine digits of a Metro 2 amount")]
    Amount(&'static str),
    /// Outside the years that four digits hold.
    #[error("{0} lies outside the years 1 to 9999")]
    Date(&'static str),
    /// Longer than three digits tell, or without an end.
    #[error("matures_on is missing or more than 999 months, of a home loan years, after opened_on")]
    Term,
}

/// A Metro 2 file being written.
pub struct Metro2Writer<W> {
    sink: W,
    sender: Metro2Sender,
    conventions: Metro2Conventions,
    totals: Totals,
}

impl<W: Write + Send> Metro2Writer<W> {
    /// Begins a file: writes its header.
    ///
    /// # Errors
    /// The file cannot be written, or a date of the sender lies outside the years 1 to 9999.
    pub fn new(mut sink: W, sender: Metro2Sender, conventions: Metro2Conventions) -> io::Result<Self> {
        let mut header = vec![b' '; BASE_BYTES];
        base::WORD.put(&mut header, "0426");
        ends::HEADER.put(&mut header, "HEADER");
        ends::REPORTER_NAME.put(&mut header, &sender.name);
        ends::REPORTER_ADDRESS.put(&mut header, &sender.address);
        ends::SOFTWARE.put(&mut header, "TALLYSTICK");
        put_date(
            &mut header,
            ends::ACTIVITY_DATE,
            Some(sender.activity_date),
            "activity_date",
        )?;
        put_date(
            &mut header,
            ends::DATE_CREATED,
            Some(sender.created_on),
            "created_on",
        )?;
        write_line(&mut sink, &header)?;
        Ok(Self {
            sink,
            sender,
            conventions,
            totals: Totals::default(),
        })
    }

    fn base(&self, account_ref: &AccountRef) -> Result<Vec<u8>, Unwritable> {
        if account_ref.as_str().len() > ACCOUNT_NUMBER_BYTES {
            return Err(Unwritable::AccountRef);
        }
        let mut segment = vec![b' '; BASE_BYTES];
        base::WORD.put(&mut segment, "0426");
        base::PROCESSING_INDICATOR.put(&mut segment, "1");
        let created = values::date_text(self.sender.created_on).ok_or(Unwritable::Date("created_on"))?;
        base::TIME_STAMP.put(&mut segment, &format!("{created}000000"));
        base::CORRECTION_INDICATOR.put(&mut segment, "0");
        base::IDENTIFICATION_NUMBER.put(&mut segment, &self.sender.identification_number);
        base::ACCOUNT_NUMBER.put(&mut segment, account_ref.as_str());
        base::PAYMENT_HISTORY.put(&mut segment, NO_HISTORY);
        for field in [
            base::CREDIT_LIMIT,
            base::HIGHEST_CREDIT,
            base::SCHEDULED_PAYMENT,
            base::ACTUAL_PAYMENT,
            base::CURRENT_BALANCE,
            base::AMOUNT_PAST_DUE,
            base::CHARGE_OFF_AMOUNT,
            Person::BASE.social_security_number,
            Person::BASE.telephone,
        ] {
            field.put_number(&mut segment, 0);
        }
        for field in [
            base::DATE_OPENED,
            base::DATE_FIRST_DELINQUENCY,
            base::DATE_CLOSED,
            base::DATE_LAST_PAYMENT,
            Person::BASE.date_of_birth,
        ] {
            field.put(&mut segment, NO_DATE);
        }
        Ok(segment)
    }

    fn deletion(&self, account_ref: &AccountRef, reason: DeletionReason) -> Result<Vec<u8>, Unwritable> {
        let mut segment = self.base(account_ref)?;
        let status = match reason {
            DeletionReason::ReportedInError => Metro2Status::Delete,
            DeletionReason::Fraud => Metro2Status::DeleteFraud,
        };
        base::ACCOUNT_STATUS.put(&mut segment, status.as_str());
        let day = Some(self.sender.activity_date);
        put_date(&mut segment, base::DATE_OF_INFORMATION, day, "activity_date")?;
        Ok(segment)
    }

    fn position(&self, position: &Position<Named>, is_correction: bool) -> Result<Vec<u8>, Unwritable> {
        let facts = &position.facts;
        if facts.currency != self.conventions.currency {
            return Err(Unwritable::Currency);
        }
        let mut record = self.base(&position.account_ref)?;
        if is_correction {
            base::CORRECTION_INDICATOR.put(&mut record, "1");
        }
        let owed = values::whole_units(facts.outstanding_total, facts.currency);
        let written = standing::written(facts, position.order.as_of, owed, &self.conventions);
        self.put_terms(&mut record, position)?;
        self.put_state(&mut record, position, &written, owed)?;
        let mut state = facts.region_code.split('-');
        if let (Some("US"), Some(part)) = (state.next(), state.next()) {
            base::COUNTRY.put(&mut record, "US");
            base::STATE.put(&mut record, part);
        }
        self.put_consumers(&mut record, position, &written);
        let length = u64::try_from(record.len()).expect("at most nine segments");
        base::WORD.put_number(&mut record, length);
        Ok(record)
    }

    fn put_terms(&self, record: &mut [u8], position: &Position<Named>) -> Result<(), Unwritable> {
        let facts = &position.facts;
        let (portfolio, account_type) = kinds::written(facts.account_type, facts.product_type);
        base::PORTFOLIO_TYPE.put(record, portfolio.as_str());
        base::ACCOUNT_TYPE.put(record, account_type);
        put_date(record, base::DATE_OPENED, Some(facts.opened_on), "opened_on")?;
        let revolves = facts.account_type.is_revolving();
        let count = if revolves {
            0
        } else {
            facts
                .matures_on
                .and_then(|matures_on| terms::duration(portfolio, facts.opened_on, matures_on))
                .ok_or(Unwritable::Term)?
        };
        base::TERMS_DURATION.put(record, &terms::duration_text(portfolio, count));
        let (limit, highest) = if revolves {
            // The highest ever used is not on file; what is owed now was used.
            (facts.credit_limit, facts.outstanding_total)
        } else {
            (0, facts.original_amount)
        };
        self.put_amount(record, base::CREDIT_LIMIT, limit, "credit_limit")?;
        self.put_amount(record, base::HIGHEST_CREDIT, highest, "original_amount")?;
        let (frequency, monthly) = terms::written_payment(facts.repayment_frequency, facts.scheduled_payment);
        base::TERMS_FREQUENCY.put(record, frequency);
        // Open accounts schedule nothing: they are paid whole.
        let monthly = if portfolio == Portfolio::Open { 0 } else { monthly };
        self.put_amount(record, base::SCHEDULED_PAYMENT, monthly, "scheduled_payment")
    }

    fn put_state(
        &self,
        record: &mut [u8],
        position: &Position<Named>,
        written: &Written,
        owed: u64,
    ) -> Result<(), Unwritable> {
        let facts = &position.facts;
        base::ACCOUNT_STATUS.put(record, written.status.as_str());
        base::PAYMENT_RATING.put(record, written.rating.map_or("", |rating| rating.as_str()));
        base::SPECIAL_COMMENT.put(record, written.comment);
        Person::BASE
            .information_indicator
            .put(record, written.information_indicator);
        if !base::CURRENT_BALANCE.put_number(record, owed) {
            return Err(Unwritable::Amount("outstanding_total"));
        }
        let past_due = past_due(position, written);
        self.put_amount(record, base::AMOUNT_PAST_DUE, past_due, "overdue")?;
        if written.status == Metro2Status::ChargedOff {
            // What was charged off at first is not on file; what is owed now is the least it can have been.
            base::CHARGE_OFF_AMOUNT.put_number(record, owed);
        }
        self.put_amount(
            record,
            base::ACTUAL_PAYMENT,
            facts.last_payment_amount,
            "last_payment_amount",
        )?;
        let dates = [
            (base::DATE_OF_INFORMATION, Some(position.order.as_of), "as_of"),
            (
                base::DATE_FIRST_DELINQUENCY,
                written.date_first_delinquency,
                "first_delinquent_on",
            ),
            (base::DATE_CLOSED, written.date_closed, "closed_on"),
            (base::DATE_LAST_PAYMENT, facts.last_payment_on, "last_payment_on"),
        ];
        dates
            .into_iter()
            .try_for_each(|(field, date, name)| put_date(record, field, date, name))
    }

    fn put_consumers(&self, record: &mut Vec<u8>, position: &Position<Named>, written: &Written) {
        let mut liabilities = position.liabilities.iter();
        if let Some(primary) = liabilities.next() {
            let ecoa = consumers::base_ecoa(&position.liabilities, written.is_deceased);
            consumers::write(primary, ecoa, Person::BASE, &self.conventions, record);
        }
        for liability in liabilities {
            let mut segment = vec![b' '; Kind::J2.bytes()];
            Field::at(0, 2).put(&mut segment, "J2");
            let ecoa = consumers::associated_ecoa(liability.role);
            consumers::write(
                liability,
                ecoa,
                Person::ASSOCIATED,
                &self.conventions,
                &mut segment,
            );
            record.extend(segment);
        }
    }

    fn put_amount(
        &self,
        record: &mut [u8],
        field: Field,
        minor: i64,
        name: &'static str,
    ) -> Result<(), Unwritable> {
        let units = values::whole_units(minor, self.conventions.currency);
        if field.put_number(record, units) {
            Ok(())
        } else {
            Err(Unwritable::Amount(name))
        }
    }
}

/// What the file says is past due: a current account has nothing (field 22), though it may be up to 29 days late.
pub(super) fn past_due(position: &Position<Named>, written: &Written) -> i64 {
    if written.status == Metro2Status::Current {
        return 0;
    }
    position.facts.overdue.total().unwrap_or(i64::MAX)
}

fn put_date(
    record: &mut [u8],
    field: Field,
    date: Option<NaiveDate>,
    name: &'static str,
) -> Result<(), Unwritable> {
    let text = match date {
        Some(date) => values::date_text(date).ok_or(Unwritable::Date(name))?,
        None => NO_DATE.to_owned(),
    };
    field.put(record, &text);
    Ok(())
}

impl From<Unwritable> for io::Error {
    fn from(unwritable: Unwritable) -> Self {
        Self::new(io::ErrorKind::InvalidInput, unwritable)
    }
}

/// Writes one record and a line end.
pub(super) fn write_line(sink: &mut impl Write, record: &[u8]) -> io::Result<()> {
    sink.write_all(record)?;
    sink.write_all(b"\n")
}

impl<W: Write + Send> Writer for Metro2Writer<W> {
    /// Adds a record. One that the format cannot hold is refused with [`Unwritable`] inside an error of kind
    /// `InvalidInput`; the file stays as it was.
    fn write(&mut self, record: &FileRecord) -> io::Result<()> {
        let bytes = match record {
            BatchRecord::Deletion { account_ref, reason } => self.deletion(account_ref, *reason)?,
            BatchRecord::Position(record) => {
                self.position(&record.position, record.correction_reason.is_some())?
            }
        };
        let bytes = zeroize::Zeroizing::new(bytes);
        write_line(&mut self.sink, &bytes)?;
        self.totals.count(&bytes);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let trailer = self.totals.trailer();
        write_line(&mut self.sink, &trailer)?;
        self.sink.flush()
    }
}
