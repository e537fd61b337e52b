//! Parameters of the widest statements, pushed one after another as [`rows`](super::rows) reads them back.
//!
//! Texts and blobs are borrowed, so that a row is bound without copying it. The one order to keep is that of
//! [`version_columns`](super::rows::version_columns).

use chrono::NaiveDate;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use super::rows::VERSION_COLUMNS;
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::position::{
    AssetClassification, ClosureReason, CollectionStage, EventType, Facts, HardshipCode,
};
use crate::domain::unit::rows::Version;
use crate::store::codec;

/// Numbers of the domain fit: parsing bounds them.
pub(super) fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Parameters of one statement, in order.
pub(super) struct Parameters<'a>(Vec<ToSqlOutput<'a>>);

impl<'a> Parameters<'a> {
    /// None yet, with room for a version and `more`.
    pub(super) fn with_room(more: usize) -> Self {
        Self(Vec::with_capacity(VERSION_COLUMNS + more))
    }

    /// All of them, to bind.
    pub(super) fn bound(&self) -> impl rusqlite::Params {
        rusqlite::params_from_iter(&self.0)
    }

    pub(super) fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        self.0.push(ToSqlOutput::Owned(Value::Integer(number.into())));
        self
    }

    pub(super) fn optional(&mut self, number: Option<impl Into<i64>>) -> &mut Self {
        let value = number.map_or(Value::Null, |number| Value::Integer(number.into()));
        self.0.push(ToSqlOutput::Owned(value));
        self
    }

    fn date(&mut self, date: NaiveDate) -> &mut Self {
        self.number(to_epoch_days(date))
    }

    fn optional_date(&mut self, date: Option<NaiveDate>) -> &mut Self {
        self.optional(date.map(to_epoch_days))
    }

    pub(super) fn optional_instant(&mut self, at: Option<Timestamp>) -> &mut Self {
        self.optional(at.map(Timestamp::micros))
    }

    fn text(&mut self, text: &'a str) -> &mut Self {
        self.0
            .push(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())));
        self
    }

    fn optional_text(&mut self, text: Option<&'a str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.optional(None::<i64>),
        }
    }

    /// All columns of a version.
    pub(super) fn version(&mut self, version: &'a Version) -> &mut Self {
        self.number(whole(version.number))
            .optional(version.event.map(EventType::code))
            .number(version.received_at.micros())
            .optional_text(version.correction_reason.as_deref());
        let liabilities = codec::encode(&version.liabilities);
        self.0.push(ToSqlOutput::Owned(Value::Blob(liabilities)));
        self.date(version.order.as_of)
            .number(whole(version.order.sequence));
        self.loan(&version.facts)
            .conduct(&version.facts)
            .references(&version.facts)
    }

    fn loan(&mut self, facts: &'a Facts) -> &mut Self {
        self.number(facts.account_type.code())
            .number(facts.product_type.code())
            .number(facts.loan_purpose.code())
            .number(facts.guarantee_type.code())
            .number(facts.funding_role.code())
            .text(&facts.region_code)
            .text(facts.currency.as_str())
            .date(facts.opened_on)
            .optional_date(facts.matures_on)
            .optional_date(facts.closed_on)
            .number(facts.original_amount)
            .number(facts.credit_limit)
            .number(facts.outstanding_principal)
            .number(facts.outstanding_total)
            .number(facts.scheduled_payment)
            .number(facts.repayment_frequency.code())
            .optional_date(facts.next_due_on)
            .number(facts.remaining_terms)
            .number(facts.annual_percentage_rate_bp)
    }

    fn conduct(&mut self, facts: &'a Facts) -> &mut Self {
        self.number(facts.status.code())
            .optional(facts.closure_reason.map(ClosureReason::code))
            .number(facts.days_past_due)
            .number(facts.grace_days)
            .number(facts.overdue.principal)
            .number(facts.overdue.interest)
            .number(facts.overdue.penalty)
            .number(facts.overdue.fees)
            .optional_date(facts.first_delinquent_on)
            .optional(facts.asset_classification.map(AssetClassification::code))
            .optional(facts.collection_stage.map(CollectionStage::code))
            .number(facts.extension_count)
            .number(facts.restructure_count)
            .optional(facts.hardship_code.map(HardshipCode::code))
            .optional_date(facts.last_payment_on)
            .number(facts.last_payment_amount)
    }

    fn references(&mut self, facts: &'a Facts) -> &mut Self {
        self.optional_text(facts.funding_group_ref.as_deref())
            .text(&facts.consent_reference)
            .optional_text(facts.adverse_notice_reference.as_deref())
            .optional_date(facts.adverse_notice_sent_on)
            .optional_text(facts.reservation_id.as_deref())
    }
}
