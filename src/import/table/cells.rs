//! From a record to its cells: how the member's book, or a synthetic one, is written.
//!
//! The opposite of `parse`, and held against it by tests: what [`cells_of`] gives is read back as the same record.
//! Invariant: it gives nothing rather than a record that says less.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use zeroize::Zeroizing;

use super::codes::FileCode;
use super::columns::{Column, Field, Part, all, template};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::decimal::written;
use crate::domain::position::{Facts, Liability};
use crate::domain::token::{IdentifierType, Presented, Token};
use crate::identity::named::Named;
use crate::identity::normalise::NormalisedIdentifier;
use crate::import::FileRecord;

/// A record's cells in the template's order. What the template has no column for is left out: liabilities beyond the
/// second, and tokens; [`cells_of`] tells.
pub fn to_cells(record: &FileRecord) -> Vec<Zeroizing<String>> {
    template()
        .into_iter()
        .map(|column| cell(record, column))
        .collect()
}

/// A record's cells in the order of `columns`; `None` when the columns cannot say all of it.
pub fn cells_of(record: &FileRecord, columns: &[Column]) -> Option<Vec<Zeroizing<String>>> {
    let has = |column: Column| {
        columns.contains(&column)
            || matches!(column, Column::Field(field) if columns.contains(&Column::Minor(field)))
    };
    let fits = agrees_with_itself(record)
        && all()
            .into_iter()
            .filter(|column| !has(*column))
            .all(|column| cell(record, column).is_empty());
    fits.then(|| columns.iter().map(|column| cell(record, *column)).collect())
}

/// Whether the cells of a liability can say when its tokens were verified and of which key version they are: one day for
/// the strong ones, one version for all.
fn agrees_with_itself(record: &FileRecord) -> bool {
    let BatchRecord::Position(record) = record else {
        return true;
    };
    record.position.liabilities.iter().all(|liability| {
        let mut days = strong(liability).map(|presented| presented.verified_on);
        let first_day = days.next();
        let mut versions = liability.tokens.iter().filter_map(key_version);
        let first_version = versions.next();
        days.all(|day| Some(day) == first_day) && versions.all(|version| Some(version) == first_version)
    })
}

fn strong(liability: &Liability<Named>) -> impl Iterator<Item = &Presented<Named>> {
    liability
        .tokens
        .iter()
        .filter(|presented| presented.token.identifier_type().is_strong())
}

fn key_version(presented: &Presented<Named>) -> Option<u16> {
    match &presented.token {
        Named::Identifier(_) => None,
        Named::Token(token) => Some(token.key_version().0),
    }
}

/// What stands in one column.
pub fn cell(record: &FileRecord, column: Column) -> Zeroizing<String> {
    let text = match (record, column) {
        (BatchRecord::Position(record), Column::Field(field)) => of_position(record, field),
        (BatchRecord::Position(record), Column::Minor(field)) => {
            amount(&record.position.facts, field).map_or_else(String::new, |minor| minor.to_string())
        }
        (BatchRecord::Position(record), Column::Liability(index, part)) => {
            let liability = record.position.liabilities.get(index);
            return liability.map_or_else(Zeroizing::default, |liability| of_liability(liability, part));
        }
        (BatchRecord::Deletion { account_ref, .. }, Column::Field(Field::AccountRef)) => {
            account_ref.as_str().to_owned()
        }
        (BatchRecord::Deletion { reason, .. }, Column::Field(Field::DeleteReason)) => {
            reason.file_name().to_owned()
        }
        (BatchRecord::Deletion { .. }, Column::Field(_) | Column::Minor(_) | Column::Liability(..)) => {
            String::new()
        }
    };
    Zeroizing::new(text)
}

fn of_position(record: &PositionRecord<Named>, field: Field) -> String {
    let position = &record.position;
    let facts = &position.facts;
    if let Some(minor) = amount(facts, field) {
        return written(minor.into(), facts.currency);
    }
    match field {
        Field::AccountRef => position.account_ref.as_str().to_owned(),
        Field::AccountType => code(Some(facts.account_type)),
        Field::ProductType => code(Some(facts.product_type)),
        Field::LoanPurpose => code(Some(facts.loan_purpose)),
        Field::GuaranteeType => code(Some(facts.guarantee_type)),
        Field::FundingRole => code(Some(facts.funding_role)),
        Field::RegionCode => facts.region_code.clone(),
        Field::Currency => facts.currency.as_str().to_owned(),
        Field::OpenedOn => date(Some(facts.opened_on)),
        Field::MaturesOn => date(facts.matures_on),
        Field::ClosedOn => date(facts.closed_on),
        Field::RepaymentFrequency => code(Some(facts.repayment_frequency)),
        Field::NextDueOn => date(facts.next_due_on),
        Field::RemainingTerms => facts.remaining_terms.to_string(),
        Field::AnnualPercentageRateBp => facts.annual_percentage_rate_bp.to_string(),
        Field::Status => code(Some(facts.status)),
        Field::ClosureReason => code(facts.closure_reason),
        Field::DaysPastDue => facts.days_past_due.to_string(),
        Field::GraceDays => facts.grace_days.to_string(),
        Field::FirstDelinquentOn => date(facts.first_delinquent_on),
        Field::AssetClassification => code(facts.asset_classification),
        Field::CollectionStage => code(facts.collection_stage),
        Field::ExtensionCount => facts.extension_count.to_string(),
        Field::RestructureCount => facts.restructure_count.to_string(),
        Field::HardshipCode => code(facts.hardship_code),
        Field::LastPaymentOn => date(facts.last_payment_on),
        Field::FundingGroupRef => text(facts.funding_group_ref.as_deref()),
        Field::ConsentReference => facts.consent_reference.clone(),
        Field::AdverseNoticeReference => text(facts.adverse_notice_reference.as_deref()),
        Field::AdverseNoticeSentOn => date(facts.adverse_notice_sent_on),
        Field::ReservationId => text(facts.reservation_id.as_deref()),
        Field::AsOf => date(Some(position.order.as_of)),
        Field::Sequence => position.order.sequence.to_string(),
        Field::Event => code(record.event),
        Field::CorrectionReason => text(record.correction_reason.as_deref()),
        // Amounts were written above; a position is not a deletion.
        Field::OriginalAmount
        | Field::CreditLimit
        | Field::OutstandingPrincipal
        | Field::OutstandingTotal
        | Field::ScheduledPayment
        | Field::OverduePrincipal
        | Field::OverdueInterest
        | Field::OverduePenalty
        | Field::OverdueFees
        | Field::LastPaymentAmount
        | Field::DeleteReason => String::new(),
    }
}

/// The amount of a field, minor units; `None` when it is none.
fn amount(facts: &Facts, field: Field) -> Option<i64> {
    let minor = match field {
        Field::OriginalAmount => facts.original_amount,
        Field::CreditLimit => facts.credit_limit,
        Field::OutstandingPrincipal => facts.outstanding_principal,
        Field::OutstandingTotal => facts.outstanding_total,
        Field::ScheduledPayment => facts.scheduled_payment,
        Field::OverduePrincipal => facts.overdue.principal,
        Field::OverdueInterest => facts.overdue.interest,
        Field::OverduePenalty => facts.overdue.penalty,
        Field::OverdueFees => facts.overdue.fees,
        Field::LastPaymentAmount => facts.last_payment_amount,
        _ => return None,
    };
    Some(minor)
}

fn code<E: FileCode>(value: Option<E>) -> String {
    value.map_or_else(String::new, |value| value.file_name().to_owned())
}

fn date(value: Option<NaiveDate>) -> String {
    value.map_or_else(String::new, |date| date.format("%Y-%m-%d").to_string())
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn of_liability(liability: &Liability<Named>, part: Part) -> Zeroizing<String> {
    let named = |kind| liability.token_of(kind).map(|presented| &presented.token);
    let identifier = |kind| match named(kind) {
        Some(Named::Identifier(identifier)) => Some(identifier),
        Some(Named::Token(_)) | None => None,
    };
    let plain = match part {
        Part::Role => code(Some(liability.role)),
        Part::Identifier(kind) => {
            identifier(kind).map_or_else(String::new, |identifier| identifier.expose_value().to_owned())
        }
        Part::Country(kind) => identifier(kind)
            .and_then(NormalisedIdentifier::country)
            .map_or_else(String::new, |country| country.as_str().to_owned()),
        Part::MobileVerifiedOn => date(
            liability
                .token_of(IdentifierType::Mobile)
                .and_then(|presented| presented.verified_on),
        ),
        Part::VerifiedOn => date(strong(liability).find_map(|presented| presented.verified_on)),
        Part::Token(kind) => match named(kind) {
            Some(Named::Token(token)) => STANDARD.encode(token.expose_bytes()),
            Some(Named::Identifier(_)) | None => String::new(),
        },
        Part::TokenKeyVersion => liability
            .tokens
            .iter()
            .find_map(key_version)
            .map_or_else(String::new, |version| version.to_string()),
    };
    Zeroizing::new(plain)
}
