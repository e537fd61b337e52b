//! Positions and their versions.

use std::sync::Arc;

use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::names::{AccountNo, MemberNo, SubjectId};
use crate::domain::position::{
    AccountStatus, AccountType, AssetClassification, ClosureReason, CollectionStage, DeletionReason,
    EventType, Facts, FundingRole, GuaranteeType, HardshipCode, LiabilityRole, LoanPurpose, OverdueAmounts,
    ProductType, RepaymentFrequency, ReportOrder,
};
use crate::domain::unit::rows::{PastVersion, PositionRow, Version};
use crate::store::codec;
use crate::store::columns::{Columns, Row, Sink, whole};

/// A position row: subject, member, account, role, dates of receipt, marks, then a version.
pub(in crate::store) fn position<R: Row>(columns: &mut Columns<'_, R>) -> Result<PositionRow, R::Error> {
    let subject_id = SubjectId(columns.number()?);
    let member_no = MemberNo(columns.number()?);
    let account_no = AccountNo(columns.number()?);
    let role = columns.code(LiabilityRole::from_code)?;
    let first_received_at = columns.optional_instant()?;
    let last_received_at = columns.optional_instant()?;
    let deleted = columns.optional_code(DeletionReason::from_code)?;
    let disputed = columns.flag()?;
    let suppressed = columns.flag()?;
    let missing_batches = columns.count()?;
    let version = Arc::new(version(columns)?);
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

/// The cells of a position row.
pub(in crate::store) fn put_position<'a>(row: &'a PositionRow, sink: &mut impl Sink<'a>) {
    let unless_of_version = |at: Timestamp| (at != row.version.received_at).then_some(at);
    sink.number(row.subject_id.0)
        .number(row.member_no.0)
        .number(row.account_no.0)
        .number(row.role.code())
        .optional_instant(unless_of_version(row.first_received_at))
        .optional_instant(unless_of_version(row.last_received_at))
        .optional(row.deleted.map(DeletionReason::code))
        .number(row.disputed)
        .number(row.suppressed)
        .number(row.missing_batches);
    put_version(&row.version, sink);
}

/// A past version: account, member, what corrected it, then the version.
pub(in crate::store) fn past_version<R: Row>(columns: &mut Columns<'_, R>) -> Result<PastVersion, R::Error> {
    Ok(PastVersion {
        account_no: AccountNo(columns.number()?),
        member_no: MemberNo(columns.number()?),
        corrected_by: match columns.optional_number()? {
            Some(number) => Some(columns.checked(u64::try_from(number).ok())?),
            None => None,
        },
        version: Arc::new(version(columns)?),
    })
}

/// The cells of a past version.
pub(in crate::store) fn put_past_version<'a>(past: &'a PastVersion, sink: &mut impl Sink<'a>) {
    sink.number(past.account_no.0)
        .number(past.member_no.0)
        .optional(past.corrected_by.map(whole));
    put_version(&past.version, sink);
}

fn version<R: Row>(columns: &mut Columns<'_, R>) -> Result<Version, R::Error> {
    let number = columns.count()?;
    let event = columns.optional_code(EventType::from_code)?;
    let received_at = columns.instant()?;
    let correction_reason = columns.optional_text()?;
    let liabilities = columns.decoded()?;
    let order = ReportOrder {
        as_of: columns.date()?,
        sequence: columns.count()?,
    };
    Ok(Version {
        number,
        event,
        received_at,
        correction_reason,
        liabilities,
        order,
        facts: facts(columns)?,
        first_as_of: columns.optional_date()?.unwrap_or(order.as_of),
    })
}

fn put_version<'a>(version: &'a Version, sink: &mut impl Sink<'a>) {
    sink.count(version.number)
        .optional(version.event.map(EventType::code))
        .instant(version.received_at)
        .optional_text(version.correction_reason.as_deref())
        .bytes(codec::encode(&version.liabilities))
        .date(version.order.as_of)
        .count(version.order.sequence);
    put_loan(&version.facts, sink);
    put_conduct(&version.facts, sink);
    put_references(&version.facts, sink);
    sink.optional_date((version.first_as_of != version.order.as_of).then_some(version.first_as_of));
}

fn facts<R: Row>(columns: &mut Columns<'_, R>) -> Result<Facts, R::Error> {
    Ok(Facts {
        account_type: columns.code(AccountType::from_code)?,
        product_type: columns.code(ProductType::from_code)?,
        loan_purpose: columns.code(LoanPurpose::from_code)?,
        guarantee_type: columns.code(GuaranteeType::from_code)?,
        funding_role: columns.code(FundingRole::from_code)?,
        region_code: columns.text()?,
        currency: columns.parsed(Currency::parse)?,
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
        funding_group_ref: columns.optional_text()?,
        consent_reference: columns.text()?,
        adverse_notice_reference: columns.optional_text()?,
        adverse_notice_sent_on: columns.optional_date()?,
        reservation_id: columns.optional_text()?,
    })
}

fn put_loan<'a>(facts: &'a Facts, sink: &mut impl Sink<'a>) {
    sink.number(facts.account_type.code())
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
        .number(facts.annual_percentage_rate_bp);
}

fn put_conduct<'a>(facts: &'a Facts, sink: &mut impl Sink<'a>) {
    sink.number(facts.status.code())
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
        .number(facts.last_payment_amount);
}

fn put_references<'a>(facts: &'a Facts, sink: &mut impl Sink<'a>) {
    sink.optional_text(facts.funding_group_ref.as_deref())
        .text(&facts.consent_reference)
        .optional_text(facts.adverse_notice_reference.as_deref())
        .optional_date(facts.adverse_notice_sent_on)
        .optional_text(facts.reservation_id.as_deref());
}
