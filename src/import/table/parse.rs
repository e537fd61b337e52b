//! From the cells of one row to a record, telling everything that is wrong with it.
//!
//! One pass, as the service reads a message: every field is read, what cannot be read is told and replaced by a
//! placeholder, and the rules of the message judge the rest. Nothing is judged here when all can be read: that is the
//! service's to do. Invariant: no description holds any part of a cell.

mod draft;
mod liability;
mod paths;
pub mod scalar;

use std::collections::BTreeMap;

use chrono::NaiveDate;

pub(super) use self::paths::path_of;

use self::draft::Draft;
use self::paths::field_path;
use super::codes::{FileCode, Meaning};
use super::columns::{Column, Field};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::currency::Currency;
use crate::domain::names::AccountRef;
use crate::domain::position::{
    AccountStatus, AccountType, DeletionReason, Facts, FundingRole, GuaranteeType, LoanPurpose,
    OverdueAmounts, Position, ProductType, RepaymentFrequency, ReportOrder,
};
use crate::domain::validation::{check_readable, check_reason};
use crate::domain::violation::{Code, Violation};
use crate::identity::named::Named;
use crate::identity::normalise::Rules;
use crate::import::{Circumstances, FileRecord, Unreadable};

/// The most bytes of one cell that means something.
pub const CELL_BYTES_MAX: usize = 4 * 1_024;

/// A row's cells by what they mean; empty ones are not there. Holds identifiers, so it is never printed.
pub struct Row<'a> {
    cells: BTreeMap<Column, &'a str>,
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row(…)")
    }
}

impl<'a> Row<'a> {
    /// Takes cells as they stand in the file. White space around them says nothing: columns of fixed width pad with it.
    pub fn new(cells: impl IntoIterator<Item = (Column, &'a str)>) -> Self {
        let cells = cells
            .into_iter()
            .map(|(column, cell)| (column, cell.trim_matches([' ', '\t', '\u{3000}'])))
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        Self { cells }
    }

    fn get(&self, column: Column) -> Option<&'a str> {
        self.cells.get(&column).copied()
    }

    fn field(&self, field: Field) -> Option<&'a str> {
        self.get(Column::Field(field))
    }
}

/// Understands a row. `before` is what was found wrong with it already; with any of it the row is refused.
///
/// # Errors
/// What of it cannot be represented, everything else that the rules of the message find included.
pub fn read_row(
    row: &Row<'_>,
    before: Vec<Violation>,
    circumstances: &Circumstances,
) -> Result<FileRecord, Unreadable> {
    let draft = Draft::new(before);
    match row.field(Field::DeleteReason) {
        Some(reason) => read_deletion(row, reason, draft),
        None => read_position(row, draft, circumstances),
    }
}

fn refuse_long_cells(row: &Row<'_>, draft: &mut Draft) {
    for (column, cell) in &row.cells {
        if cell.len() > CELL_BYTES_MAX {
            let text = format!(
                "the cell has more than {CELL_BYTES_MAX} bytes; check that the right column was read"
            );
            draft.refuse(Code::Format, path_of(*column), text);
        }
    }
}

fn read_deletion(row: &Row<'_>, reason: &str, mut draft: Draft) -> Result<FileRecord, Unreadable> {
    let account_ref = read_account_ref(row, "delete_account_ref", &mut draft);
    let reason = match DeletionReason::parse(reason) {
        Some(Meaning::Value(reason)) => Some(reason),
        Some(Meaning::Unspecified) => {
            draft.absent("deletion_reason");
            None
        }
        None => {
            draft.refuse_code::<DeletionReason>("deletion_reason");
            None
        }
    };
    match (account_ref, reason) {
        (Some(account_ref), Some(reason)) if draft.is_clean() => {
            Ok(BatchRecord::Deletion { account_ref, reason })
        }
        (account_ref, _) => Err(Unreadable {
            account_ref,
            violations: draft.into_violations(),
        }),
    }
}

fn read_position(
    row: &Row<'_>,
    mut draft: Draft,
    circumstances: &Circumstances,
) -> Result<FileRecord, Unreadable> {
    let today = circumstances.today;
    refuse_long_cells(row, &mut draft);
    let account_ref = read_account_ref(row, field_path(Field::AccountRef), &mut draft);
    let rules = Rules {
        default_calling_code: circumstances.default_calling_code.clone(),
        ..Rules::on(today)
    };
    let liabilities = liability::read_all(row, &rules, &mut draft);
    let position = Position {
        account_ref: draft.or("account_ref", account_ref.clone(), placeholder_ref()),
        liabilities,
        facts: read_facts(row, &mut draft),
        order: ReportOrder {
            as_of: date(row, Field::AsOf, &mut draft),
            sequence: sequence(row, &mut draft),
        },
    };
    let event = optional_code(row, Field::Event, &mut draft);
    let correction_reason = text(row, Field::CorrectionReason);
    if draft.is_clean() {
        return Ok(BatchRecord::Position(PositionRecord {
            position,
            event,
            correction_reason,
        }));
    }
    if let Some(reason) = &correction_reason {
        draft.judged(check_reason(reason, field_path(Field::CorrectionReason), today));
    }
    Err(Unreadable {
        account_ref,
        violations: judge(draft, &position, today),
    })
}

/// All that is wrong with a row that could not be read whole.
fn judge(mut draft: Draft, position: &Position<Named>, today: NaiveDate) -> Vec<Violation> {
    let found = check_readable(position, today, draft.unreadable()).violations;
    let spoken = found
        .into_iter()
        .filter(|violation| !rests_on_placeholder(violation.code, draft.unreadable()))
        .collect();
    draft.judged(spoken);
    draft.into_violations()
}

/// Whether a rule needed a figure that could not be read. A message has no unreadable figures, so `check_readable` does
/// not ask.
fn rests_on_placeholder(code: Code, unreadable: &[&str]) -> bool {
    let needs: &[&str] = match code {
        Code::DpdAmountMismatch => &["days_past_due", "overdue"],
        Code::BadDebtZeroOverdue => &["overdue"],
        Code::AdverseWithoutNotice => &["days_past_due", "grace_days"],
        _ => &[],
    };
    needs.iter().any(|field| unreadable.contains(field))
}

fn placeholder_ref() -> AccountRef {
    AccountRef::parse("-").expect("a hyphen fits the pattern")
}

fn read_account_ref(row: &Row<'_>, path: &'static str, draft: &mut Draft) -> Option<AccountRef> {
    let Some(cell) = row.field(Field::AccountRef) else {
        draft.absent(path);
        return None;
    };
    let parsed = AccountRef::parse(cell);
    if parsed.is_none() {
        let most = AccountRef::CHARS_MAX;
        draft.refuse(
            Code::Format,
            path,
            format!("it must have 1 to {most} characters of [A-Za-z0-9._:-]"),
        );
    }
    parsed
}

fn read_facts(row: &Row<'_>, draft: &mut Draft) -> Facts {
    let currency = read_currency(row, draft);
    let amount = |field, draft: &mut Draft| amount(row, field, currency, draft);
    Facts {
        original_amount: amount(Field::OriginalAmount, draft),
        credit_limit: amount(Field::CreditLimit, draft),
        outstanding_principal: amount(Field::OutstandingPrincipal, draft),
        outstanding_total: amount(Field::OutstandingTotal, draft),
        scheduled_payment: amount(Field::ScheduledPayment, draft),
        overdue: OverdueAmounts {
            principal: amount(Field::OverduePrincipal, draft),
            interest: amount(Field::OverdueInterest, draft),
            penalty: amount(Field::OverduePenalty, draft),
            fees: amount(Field::OverdueFees, draft),
        },
        last_payment_amount: amount(Field::LastPaymentAmount, draft),
        account_type: code(row, Field::AccountType, AccountType::NonRevolving, draft),
        product_type: code(row, Field::ProductType, ProductType::Other, draft),
        loan_purpose: code(row, Field::LoanPurpose, LoanPurpose::Other, draft),
        guarantee_type: code(row, Field::GuaranteeType, GuaranteeType::Unsecured, draft),
        funding_role: code(row, Field::FundingRole, FundingRole::Own, draft),
        region_code: text(row, Field::RegionCode).unwrap_or_default(),
        currency: draft.or("currency", currency, Currency::CNY),
        opened_on: date(row, Field::OpenedOn, draft),
        matures_on: optional_date(row, Field::MaturesOn, draft),
        closed_on: optional_date(row, Field::ClosedOn, draft),
        repayment_frequency: code(
            row,
            Field::RepaymentFrequency,
            RepaymentFrequency::Irregular,
            draft,
        ),
        next_due_on: optional_date(row, Field::NextDueOn, draft),
        remaining_terms: number(row, Field::RemainingTerms, draft),
        annual_percentage_rate_bp: number(row, Field::AnnualPercentageRateBp, draft),
        status: code(row, Field::Status, AccountStatus::Open, draft),
        closure_reason: optional_code(row, Field::ClosureReason, draft),
        days_past_due: number(row, Field::DaysPastDue, draft),
        grace_days: number(row, Field::GraceDays, draft),
        first_delinquent_on: optional_date(row, Field::FirstDelinquentOn, draft),
        asset_classification: optional_code(row, Field::AssetClassification, draft),
        collection_stage: optional_code(row, Field::CollectionStage, draft),
        extension_count: number(row, Field::ExtensionCount, draft),
        restructure_count: number(row, Field::RestructureCount, draft),
        hardship_code: optional_code(row, Field::HardshipCode, draft),
        last_payment_on: optional_date(row, Field::LastPaymentOn, draft),
        funding_group_ref: text(row, Field::FundingGroupRef),
        consent_reference: text(row, Field::ConsentReference).unwrap_or_default(),
        adverse_notice_reference: text(row, Field::AdverseNoticeReference),
        adverse_notice_sent_on: optional_date(row, Field::AdverseNoticeSentOn, draft),
        reservation_id: text(row, Field::ReservationId),
    }
}

fn text(row: &Row<'_>, field: Field) -> Option<String> {
    row.field(field).map(str::to_owned)
}

fn read_currency(row: &Row<'_>, draft: &mut Draft) -> Option<Currency> {
    let path = field_path(Field::Currency);
    let Some(cell) = row.field(Field::Currency) else {
        draft.absent(path);
        return None;
    };
    let parsed = Currency::parse(&cell.to_ascii_uppercase());
    if parsed.is_none() {
        let text = "it is not an active ISO 4217 currency; write three letters such as CNY";
        draft.refuse(Code::Currency, path, text);
    }
    parsed
}

fn date(row: &Row<'_>, field: Field, draft: &mut Draft) -> NaiveDate {
    if row.field(field).is_none() {
        draft.absent(field_path(field));
        return draft.or(field.name(), None, NaiveDate::default());
    }
    optional_date(row, field, draft).unwrap_or_default()
}

fn optional_date(row: &Row<'_>, field: Field, draft: &mut Draft) -> Option<NaiveDate> {
    let cell = row.field(field)?;
    let read = draft.date(cell, || field_path(field).to_owned());
    draft.or(field.name(), read.map(Some), None)
}

fn code<E: FileCode>(row: &Row<'_>, field: Field, placeholder: E, draft: &mut Draft) -> E {
    let read = draft.code(row.field(field), || field_path(field).to_owned());
    draft.or(field.name(), read, placeholder)
}

fn optional_code<E: FileCode>(row: &Row<'_>, field: Field, draft: &mut Draft) -> Option<E> {
    match row.field(field).map(E::parse)? {
        Some(Meaning::Value(value)) => Some(value),
        Some(Meaning::Unspecified) => None,
        None => {
            draft.refuse_code::<E>(field_path(field));
            draft.or(field.name(), None, None)
        }
    }
}

fn number(row: &Row<'_>, field: Field, draft: &mut Draft) -> u32 {
    let Some(cell) = row.field(field) else {
        return 0;
    };
    let read = scalar::number::<u32>(cell);
    if read.is_none() {
        let text = format!(
            "it is not a whole number from 0 to {}; write digits alone",
            u32::MAX
        );
        draft.refuse(Code::Format, field_path(field), text);
    }
    draft.or(field.name(), read, 0)
}

/// The counter of reports; an absent one is 0, which the rules of the message refuse.
fn sequence(row: &Row<'_>, draft: &mut Draft) -> u64 {
    let Some(cell) = row.field(Field::Sequence) else {
        return 0;
    };
    let read = scalar::number::<u64>(cell).filter(|number| i64::try_from(*number).is_ok());
    if read.is_none() {
        let text = format!(
            "it is not a whole number from 1 to {}; write digits alone",
            i64::MAX
        );
        draft.refuse(Code::Format, field_path(Field::Sequence), text);
    }
    draft.or("sequence", read, 1)
}

/// An amount, minor units. What is owed must be written even when it is nothing: a blank is more often a mistake than a 0.
fn amount(row: &Row<'_>, field: Field, currency: Option<Currency>, draft: &mut Draft) -> i64 {
    let path = field_path(field);
    let owed = matches!(field, Field::OutstandingPrincipal | Field::OutstandingTotal);
    let read = match (row.get(Column::Minor(field)), row.field(field), currency) {
        (Some(_), Some(_), _) => {
            let text = "the amount is given twice, as a decimal and in minor units; leave one of them out";
            draft.refuse(Code::Format, path, text);
            None
        }
        (Some(cell), None, _) => draft.amount(path, scalar::minor(cell)),
        (None, Some(cell), Some(currency)) => draft.amount(path, scalar::decimal(cell, currency.exponent())),
        // Without its currency an amount has a form but no value.
        (None, Some(cell), None) => {
            let _ = draft.amount(path, scalar::decimal(cell, scalar::DECIMALS_MAX));
            None
        }
        (None, None, _) if owed => {
            draft.refuse(
                Code::FieldRequired,
                path,
                "it is missing; write 0 when nothing is owed",
            );
            None
        }
        (None, None, _) => Some(0),
    };
    let name = field_path(field).strip_prefix("position.").unwrap_or_default();
    let name = if name.starts_with("overdue.") {
        "overdue"
    } else {
        name
    };
    draft.or(name, read, 0)
}

#[cfg(test)]
mod tests;
