//! What is counted of a member's reports, and what one account adds to its book.

use chrono::NaiveDate;

use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;
use crate::domain::position::AccountStatus;
use crate::domain::quality::{BatchDate, ReportTally};
use crate::domain::reconciliation::BookEntry;
use crate::store::columns::{Columns, Row, Sink};

/// The cells of a day's counts: member, day, slot, then the counts.
pub(in crate::store) fn put_report_day<'a>(
    (member_no, day): (MemberNo, NaiveDate),
    slot: i64,
    tally: &ReportTally,
    sink: &mut impl Sink<'a>,
) {
    sink.number(member_no.0)
        .date(day)
        .number(slot)
        .count(tally.reports)
        .count(tally.late)
        .count(tally.optional_fields)
        .count(tally.optional_filled)
        .count(tally.contradictions)
        .count(tally.contradictions_rejected);
}

/// Counts of reports.
pub(in crate::store) fn tally<R: Row>(columns: &mut Columns<'_, R>) -> Result<ReportTally, R::Error> {
    Ok(ReportTally {
        reports: columns.count()?,
        late: columns.count()?,
        optional_fields: columns.count()?,
        optional_filled: columns.count()?,
        contradictions: columns.count()?,
        contradictions_rejected: columns.count()?,
    })
}

/// The batches of one date: the date, whether any submits, when the first was judged, records accepted and rejected.
pub(in crate::store) fn batch_date<R: Row>(columns: &mut Columns<'_, R>) -> Result<BatchDate, R::Error> {
    Ok(BatchDate {
        as_of: columns.date()?,
        submits: columns.flag()?,
        judged_at: columns.optional_instant()?,
        accepted: columns.count()?,
        rejected: columns.count()?,
    })
}

/// Rejected records of one age: whole hours, how many.
pub(in crate::store) fn rejects_of_age<R: Row>(columns: &mut Columns<'_, R>) -> Result<(u32, u64), R::Error> {
    Ok((columns.count()?, columns.count()?))
}

/// What an account adds to the book: status, currency, outstanding, then the overdue split.
pub(in crate::store) fn book_entry<R: Row>(columns: &mut Columns<'_, R>) -> Result<BookEntry, R::Error> {
    let status = columns.code(AccountStatus::from_code)?;
    let currency = columns.parsed(Currency::parse)?;
    let outstanding_total = columns.amount()?;
    let mut overdue_total = 0_i64;
    for _ in 0..4 {
        overdue_total = overdue_total.saturating_add(columns.amount()?);
    }
    Ok(BookEntry {
        status,
        currency,
        outstanding_total,
        overdue_total,
    })
}

/// Columns of what an account adds to the book, in their order.
macro_rules! book_columns {
    () => {
        "status, currency, outstanding_total, overdue_principal, overdue_interest, overdue_penalty, overdue_fees"
    };
}
pub(in crate::store) use book_columns;
