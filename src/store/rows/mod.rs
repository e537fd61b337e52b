//! Rows of tables and values of the domain, both ways: the one place that says what a column holds.
//!
//! A function that reads takes the columns in the order in which the function that writes gives them, unless it says
//! otherwise. Knows no engine and no SQL but the names of the widest tables' columns.

pub(super) mod audit;
pub(super) mod batch;
pub(super) mod conduct;
pub(super) mod member;
pub(super) mod offline;
pub(super) mod register;
pub(super) mod reservation;
pub(super) mod statistics;
pub(super) mod subject;
mod version;

pub(super) use version::{past_version, position, put_past_version, put_position};

/// Columns of a version, in their order.
macro_rules! version_columns {
    () => {
        "version, event, received_at, correction_reason, liabilities, as_of, sequence, account_type, product_type, \
         loan_purpose, guarantee_type, funding_role, region_code, currency, opened_on, matures_on, closed_on, \
         original_amount, credit_limit, outstanding_principal, outstanding_total, scheduled_payment, \
         repayment_frequency, next_due_on, remaining_terms, annual_percentage_rate_bp, status, closure_reason, \
         days_past_due, grace_days, overdue_principal, overdue_interest, overdue_penalty, overdue_fees, \
         first_delinquent_on, asset_classification, collection_stage, extension_count, restructure_count, \
         hardship_code, last_payment_on, last_payment_amount, funding_group_ref, consent_reference, \
         adverse_notice_reference, adverse_notice_sent_on, reservation_id, first_as_of"
    };
}
pub(super) use version_columns;

/// Columns of a position before those of its version.
macro_rules! position_columns {
    () => {
        "subject_id, member_no, account_no, role, first_received_at, last_received_at, deleted, disputed, suppressed, \
         missing_batches, "
    };
}
pub(super) use position_columns;

/// Columns of an account, in their order.
macro_rules! account_columns {
    () => {
        "member_no, account_ref, account_no, holder, versions_made, is_open, carried_by, token_digests"
    };
}
pub(super) use account_columns;

/// How many columns a version has.
pub(super) const VERSION_COLUMNS: usize = 48;
