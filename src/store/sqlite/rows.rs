//! Rows of SQLite and values of the domain. An impossible value is [`Failure::Corrupt`], never a default.

use chrono::NaiveDate;
use rusqlite::types::FromSql;
use rusqlite::{Error, Row};

use super::failure::{Failure, Outcome, corrupt};
use crate::domain::currency::Currency;
use crate::domain::date::{Timestamp, from_epoch_days};
use crate::domain::names::{AccountNo, MemberNo, SubjectId};
use crate::domain::position::{
    AccountStatus, AccountType, AssetClassification, ClosureReason, CollectionStage, DeletionReason,
    EventType, Facts, FundingRole, GuaranteeType, HardshipCode, LiabilityRole, LoanPurpose, OverdueAmounts,
    ProductType, RepaymentFrequency, ReportOrder,
};
use crate::domain::unit::rows::{PastVersion, PositionRow, Version};
use crate::store::codec;

/// Columns of a version, in the order that [`version`] reads and [`version_parameters`](super::flush) writes.
macro_rules! version_columns {
    () => {
        "version, event, received_at, correction_reason, liabilities, as_of, sequence, account_type, product_type, \
         loan_purpose, guarantee_type, funding_role, region_code, currency, opened_on, matures_on, closed_on, \
         original_amount, credit_limit, outstanding_principal, outstanding_total, scheduled_payment, \
         repayment_frequency, next_due_on, remaining_terms, annual_percentage_rate_bp, status, closure_reason, \
         days_past_due, grace_days, overdue_principal, overdue_interest, overdue_penalty, overdue_fees, \
         first_delinquent_on, asset_classification, collection_stage, extension_count, restructure_count, \
         hardship_code, last_payment_on, last_payment_amount, funding_group_ref, consent_reference, \
         adverse_notice_reference, adverse_notice_sent_on, reservation_id"
    };
}
pub(super) use version_columns;

/// How many columns a version has.
pub(super) const VERSION_COLUMNS: usize = 47;

/// Reads columns one after another; knows the table for its errors.
pub(super) struct Columns<'a, 'b> {
    row: &'a Row<'b>,
    table: &'static str,
    next: usize,
}

impl<'a, 'b> Columns<'a, 'b> {
    pub(super) fn new(row: &'a Row<'b>, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    /// The next column.
    pub(super) fn take<T: FromSql>(&mut self) -> Outcome<T> {
        let value = self.row.get(self.next).map_err(|error| match error {
            // Another type or length than the column's.
            Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..) => self.corrupt(),
            other => Failure::Engine(other),
        })?;
        self.next += 1;
        Ok(value)
    }

    /// Names the row by its first column, a number in every table.
    pub(super) fn corrupt(&self) -> Failure {
        corrupt(
            self.table,
            format!("{:?}, column {}", self.row.get::<_, i64>(0).ok(), self.next),
        )
    }

    fn checked<T>(&self, value: Option<T>) -> Outcome<T> {
        value.ok_or_else(|| self.corrupt())
    }

    /// 0 or 1.
    pub(super) fn flag(&mut self) -> Outcome<bool> {
        let value: i64 = self.take()?;
        match value {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt()),
        }
    }

    pub(super) fn code<T>(&mut self, from_code: impl Fn(i32) -> Option<T>) -> Outcome<T> {
        let code = self.take()?;
        self.checked(from_code(code))
    }

    fn optional_code<T>(&mut self, from_code: impl Fn(i32) -> Option<T>) -> Outcome<Option<T>> {
        match self.take::<Option<i32>>()? {
            Some(code) => self.checked(from_code(code)).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn date(&mut self) -> Outcome<NaiveDate> {
        let days = self.take()?;
        self.checked(from_epoch_days(days))
    }

    pub(super) fn optional_date(&mut self) -> Outcome<Option<NaiveDate>> {
        match self.take::<Option<i32>>()? {
            Some(days) => self.checked(from_epoch_days(days)).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn instant(&mut self) -> Outcome<Timestamp> {
        Ok(Timestamp::from_micros(self.take()?))
    }

    pub(super) fn optional_instant(&mut self) -> Outcome<Option<Timestamp>> {
        Ok(self.take::<Option<i64>>()?.map(Timestamp::from_micros))
    }

    /// A number that cannot be negative.
    pub(super) fn count<T: TryFrom<i64>>(&mut self) -> Outcome<T> {
        let value: i64 = self.take()?;
        self.checked(T::try_from(value).ok())
    }

    pub(super) fn decoded<T: serde::de::DeserializeOwned>(&mut self) -> Outcome<T> {
        let bytes: Vec<u8> = self.take()?;
        self.checked(codec::decode(&bytes))
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let bytes: [u8; N] = self.take()?;
        Ok(bytes)
    }

    pub(super) fn text<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Outcome<T> {
        let text: String = self.take()?;
        self.checked(parse(&text))
    }

    fn amount(&mut self) -> Outcome<i64> {
        let amount: i64 = self.take()?;
        self.checked((amount >= 0).then_some(amount))
    }
}

/// A position row: subject, member, account, role, dates of receipt, marks, then a version.
pub(super) fn position(columns: &mut Columns<'_, '_>) -> Outcome<PositionRow> {
    let subject_id = SubjectId(columns.take()?);
    let member_no = MemberNo(columns.take()?);
    let account_no = AccountNo(columns.take()?);
    let role = columns.code(LiabilityRole::from_code)?;
    let first_received_at = columns.optional_instant()?;
    let last_received_at = columns.optional_instant()?;
    let deleted = columns.optional_code(DeletionReason::from_code)?;
    let disputed = columns.flag()?;
    let suppressed = columns.flag()?;
    let missing_batches = columns.count()?;
    let version = version(columns)?;
    Ok(PositionRow {
        subject_id,
        member_no,
        account_no,
        role,
        first_received_at: first_received_at.unwrap_or(version.received_at),
        last_received_at: last_received_at.unwrap_or(version.received_at),
        deleted,
        disputed,
        suppressed,
        missing_batches,
        version,
    })
}

/// A past version: account, member, what corrected it, then the version.
pub(super) fn past_version(columns: &mut Columns<'_, '_>) -> Outcome<PastVersion> {
    Ok(PastVersion {
        account_no: AccountNo(columns.take()?),
        member_no: MemberNo(columns.take()?),
        corrected_by: match columns.take::<Option<i64>>()? {
            Some(number) => Some(columns.checked(u64::try_from(number).ok())?),
            None => None,
        },
        version: version(columns)?,
    })
}

/// A version's columns.
pub(super) fn version(columns: &mut Columns<'_, '_>) -> Outcome<Version> {
    Ok(Version {
        number: columns.count()?,
        event: columns.optional_code(EventType::from_code)?,
        received_at: columns.instant()?,
        correction_reason: columns.take()?,
        liabilities: columns.decoded()?,
        order: ReportOrder {
            as_of: columns.date()?,
            sequence: columns.count()?,
        },
        facts: facts(columns)?,
    })
}

fn facts(columns: &mut Columns<'_, '_>) -> Outcome<Facts> {
    Ok(Facts {
        account_type: columns.code(AccountType::from_code)?,
        product_type: columns.code(ProductType::from_code)?,
        loan_purpose: columns.code(LoanPurpose::from_code)?,
        guarantee_type: columns.code(GuaranteeType::from_code)?,
        funding_role: columns.code(FundingRole::from_code)?,
        region_code: columns.take()?,
        currency: columns.text(Currency::parse)?,
        opened_on: columns.date()?,
        matures_on: columns.optional_date()?,
        closed_on: columns.optional_date()?,
        original_amount: columns.amount()?,
        credit_limit: columns.amount()?,
        outstanding_principal: columns.amount()?,
        outstanding_total: columns.amount()?,
        scheduled_payment: columns.amount()?,
        repayment_frequency: columns.code(RepaymentFrequency::from_code)?,
        next_due_on: columns.optional_date()?,
        remaining_terms: columns.count()?,
        annual_percentage_rate_bp: columns.count()?,
        status: columns.code(AccountStatus::from_code)?,
        closure_reason: columns.optional_code(ClosureReason::from_code)?,
        days_past_due: columns.count()?,
        grace_days: columns.count()?,
        overdue: OverdueAmounts {
            principal: columns.amount()?,
            interest: columns.amount()?,
            penalty: columns.amount()?,
            fees: columns.amount()?,
        },
        first_delinquent_on: columns.optional_date()?,
        asset_classification: columns.optional_code(AssetClassification::from_code)?,
        collection_stage: columns.optional_code(CollectionStage::from_code)?,
        extension_count: columns.count()?,
        restructure_count: columns.count()?,
        hardship_code: columns.optional_code(HardshipCode::from_code)?,
        last_payment_on: columns.optional_date()?,
        last_payment_amount: columns.amount()?,
        funding_group_ref: columns.take()?,
        consent_reference: columns.take()?,
        adverse_notice_reference: columns.take()?,
        adverse_notice_sent_on: columns.optional_date()?,
        reservation_id: columns.take()?,
    })
}
