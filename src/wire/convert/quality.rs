//! A member's book on a date, and how well it reported in a month.

use chrono::{Datelike as _, NaiveDate};

use super::code::Coded as _;
use super::collect::{Collector, Path};
use super::date::read_date;
use super::request::read_any_member;
use crate::domain::names::MemberId;
use crate::domain::quality::{Month, Scores};
use crate::domain::reconciliation::{BookDate, Reconciliation};
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// What a part shows of which the month shows nothing: there was nothing to find fault with.
const FAULTLESS: u32 = 100;

/// Reads the date of a reconciliation.
pub fn read_reconciliation(
    wire: &pb::GetReconciliationRequest,
    today: NaiveDate,
) -> Result<BookDate, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let at = root.field("as_of");
    let as_of = read_date(wire.as_of, &at, &mut out);
    if as_of.is_some_and(|as_of| as_of > today) {
        let text = format!("as_of is after today, {today}: a book is summed up for a day that has come");
        out.refuse(Code::DateInFuture, &at, text);
    }
    out.finish(as_of.map(BookDate))
}

/// A book as the contract writes it.
pub fn reconciliation_to_wire(book: &Reconciliation) -> pb::GetReconciliationResponse {
    let rows = book
        .0
        .iter()
        .map(|((status, currency), line)| pb::ReconciliationRow {
            status: status.to_number(),
            currency: currency.as_str().to_owned(),
            accounts: line.accounts,
            outstanding_total: line.sums.outstanding_total,
            overdue_total: line.sums.overdue_total,
        });
    pb::GetReconciliationResponse { rows: rows.collect() }
}

/// Reads whose month is asked about, `None` being the caller's, and which.
pub fn read_data_quality(
    wire: &pb::GetDataQualityRequest,
    today: NaiveDate,
) -> Result<(Option<MemberId>, Month), Vec<Violation>> {
    let mut out = Collector::default();
    let member_id = read_any_member(&wire.member_id, &mut out);
    let month = read_month(wire.year, wire.month, today, &mut out);
    out.finish(member_id.zip(month))
}

/// Reads a month that has begun.
pub(super) fn read_month(year: i32, month: i32, today: NaiveDate, out: &mut Collector) -> Option<Month> {
    let root = Path::Root;
    if !(1..=9999).contains(&year) {
        out.refuse(Code::Format, &root.field("year"), "it must be between 1 and 9999");
    }
    let number = u32::try_from(month).ok().filter(|month| (1..=12).contains(month));
    if number.is_none() {
        out.refuse(Code::Format, &root.field("month"), "it must be between 1 and 12");
    }
    let month = Month::of(year, number?)?;
    if month.first() > today {
        let text = format!(
            "the month is after that of today, {}-{:02}: ask about a month that has begun",
            today.year(),
            today.month()
        );
        out.refuse(Code::DateInFuture, &root.field("month"), text);
        return None;
    }
    Some(month)
}

/// Scores as the contract writes them.
pub fn data_quality_to_wire(scores: &Scores) -> pb::GetDataQualityResponse {
    // A month without any submission has no faults and no merit.
    let absent = match scores.timeliness {
        Some(0) if scores.is_silence() => 0,
        Some(_) | None => FAULTLESS,
    };
    pb::GetDataQualityResponse {
        score: scores.score,
        timeliness: scores.timeliness.unwrap_or(absent),
        accept_rate: scores.accept_rate.unwrap_or(absent),
        completeness: scores.completeness.unwrap_or(absent),
        consistency: scores.consistency.unwrap_or(absent),
        reject_ageing: scores.reject_ageing.unwrap_or(absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quality::MonthFacts;
    use crate::domain::reconciliation::BookEntry;
    use crate::domain::{currency::Currency, position::AccountStatus};

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 15).expect("a date")
    }

    fn codes<T>(read: Result<T, Vec<Violation>>) -> Vec<(String, Code)> {
        let violations = read.err().unwrap_or_default();
        let told = violations.into_iter().map(|broken| (broken.field, broken.code));
        told.collect()
    }

    #[test]
    fn a_book_is_asked_for_of_a_day_that_has_come() {
        let read = |day: i32| {
            let as_of = (day != 0).then_some(pb::Date {
                year: 2026,
                month: 6,
                day,
            });
            codes(read_reconciliation(
                &pb::GetReconciliationRequest { as_of },
                today(),
            ))
        };
        let refused = |code| vec![("as_of".to_owned(), code)];
        assert_eq!(read(0), refused(Code::FieldRequired));
        assert_eq!(read(31), refused(Code::Format));
        assert_eq!(read(14), []);
        assert_eq!(read(15), []);
        assert_eq!(read(16), refused(Code::DateInFuture));
    }

    #[test]
    fn a_month_is_one_of_the_calendar_that_has_begun() {
        let read = |member_id: &str, year, month| {
            let member_id = member_id.to_owned();
            let wire = pb::GetDataQualityRequest {
                member_id,
                year,
                month,
            };
            let fields = codes(read_data_quality(&wire, today()));
            let told = fields.iter().map(|(field, code)| (field.as_str(), *code));
            told.map(|(field, code)| format!("{field} {}", code.as_str()))
                .collect::<Vec<_>>()
        };
        for (member_id, year, month, expected) in [
            ("", 2026, 6, vec![]),
            ("lender-a", 1, 1, vec![]),
            ("", 2026, 7, vec!["month DATE_IN_FUTURE"]),
            ("", 9999, 12, vec!["month DATE_IN_FUTURE"]),
            ("", 0, 0, vec!["year FORMAT", "month FORMAT"]),
            ("", 10_000, 13, vec!["year FORMAT", "month FORMAT"]),
            ("", -1, -1, vec!["year FORMAT", "month FORMAT"]),
            ("No!", 2026, 6, vec!["member_id FORMAT"]),
        ] {
            assert_eq!(
                read(member_id, year, month),
                expected,
                "{member_id} {year}-{month}"
            );
        }
    }

    #[test]
    fn a_book_is_written_line_by_line() {
        let mut book = Reconciliation::default();
        book.add(BookEntry {
            status: AccountStatus::Open,
            currency: Currency::CNY,
            outstanding_total: 5,
            overdue_total: 2,
        });
        let wire = reconciliation_to_wire(&book);
        assert_eq!(wire.rows.len(), 1);
        assert_eq!(wire.rows[0].status(), pb::AccountStatus::Open);
        assert_eq!(wire.rows[0].currency, "CNY");
        let row = &wire.rows[0];
        assert_eq!(
            (row.accounts, row.outstanding_total, row.overdue_total),
            (1, 5, 2)
        );
    }

    #[test]
    fn parts_without_facts_are_faultless_unless_there_was_nothing_at_all() {
        let zone = crate::domain::date::BusinessZone::default();
        let now = zone.start_of(today());
        let silence = data_quality_to_wire(&Scores::of(&MonthFacts::default(), zone, now));
        assert_eq!(silence, pb::GetDataQualityResponse::default());
        let mut facts = MonthFacts::default();
        facts.reports.reports = 4;
        facts.reports.late = 1;
        let wire = data_quality_to_wire(&Scores::of(&facts, zone, now));
        let parts = (
            wire.timeliness,
            wire.accept_rate,
            wire.completeness,
            wire.consistency,
            wire.reject_ageing,
        );
        assert_eq!(parts, (75, 100, 100, 100, 100));
        // (25 × 75 + 15 × 100) ÷ 40: what is not shown carries no weight.
        assert_eq!(wire.score, 84);
    }
}
