//! Who borrows of several lenders at once: the openings of one subject.
//!
//! Only the civil day of an opening is on file. A span of 30 days is 30 civil days, and two openings are within 24 hours when
//! they bear the same day: pairs of adjacent days may lie 47 hours apart and are left out.

use chrono::NaiveDate;

use super::loan::Loan;
use crate::domain::date::{days_before, first_of_month};
use crate::domain::names::MemberNo;
use crate::domain::position::{AccountStatus, ClosureReason};

/// Days of a span, its ends included.
const SPAN_DAYS: u32 = 30;

/// The days that a snapshot looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    /// The first of the month.
    pub first: NaiveDate,
    /// The snapshot's date.
    pub last: NaiveDate,
}

impl Days {
    /// Those of a snapshot: its month up to its date.
    pub fn until(as_of: NaiveDate) -> Self {
        Self {
            first: first_of_month(as_of),
            last: as_of,
        }
    }

    /// Where the earliest span begins that ends in the month.
    fn span_begin(self) -> NaiveDate {
        days_before(self.first, SPAN_DAYS - 1)
    }
}

/// The openings of a subject that can matter, by day; a loan that several lenders fund is one, of the lender with the
/// smallest number, the subject's primary liability before others.
pub(super) fn openings<'l, 'a>(loans: &'l [Loan<'a>], days: Days) -> Vec<&'l Loan<'a>> {
    let mut openings: Vec<&Loan> = loans
        .iter()
        .filter(|loan| is_opening(loan) && (days.span_begin()..=days.last).contains(&loan.opened_on))
        .collect();
    openings.sort_unstable_by_key(|loan| {
        (
            loan.opened_on,
            loan.funding_group_ref,
            loan.currency,
            !loan.is_primary,
            loan.member_no,
            loan.account_no,
        )
    });
    openings.dedup_by(|later, first| first.is_funded_with(later));
    openings
}

/// Whether somebody lent there and then: an account taken over by another lender is that one's, an error nobody's.
fn is_opening(loan: &Loan<'_>) -> bool {
    loan.now.is_some_and(|now| {
        now.status != AccountStatus::TransferredOut
            && now.closure_reason != Some(ClosureReason::ReportedInError)
    })
}

/// The most distinct lenders of openings in any span that ends in the month.
pub(super) fn lenders_in_a_span(openings: &[&Loan<'_>], days: Days) -> usize {
    let in_month = openings
        .iter()
        .map(|loan| loan.opened_on)
        .filter(|day| *day > days.first);
    // A span that ends on a day without an opening holds no more than one that ends on the opening before, or on the
    // first of the month.
    std::iter::once(days.first)
        .chain(in_month)
        .map(|end| {
            let begin = days_before(end, SPAN_DAYS - 1);
            let inside = openings
                .iter()
                .filter(|loan| (begin..=end).contains(&loan.opened_on));
            distinct(inside.map(|loan| loan.member_no))
        })
        .max()
        .unwrap_or(0)
}

/// The openings of the month, each with whether another lender opened on the same day.
pub(super) fn same_day<'o, 'l, 'a>(
    openings: &'o [&'l Loan<'a>],
    days: Days,
) -> impl Iterator<Item = (&'l Loan<'a>, bool)> + use<'o, 'l, 'a> {
    openings
        .chunk_by(|one, other| one.opened_on == other.opened_on)
        .filter(move |day| day.iter().all(|loan| loan.opened_on >= days.first))
        .flat_map(|day| {
            day.iter().map(|loan| {
                let is_stacked = day.iter().any(|other| other.member_no != loan.member_no);
                (*loan, is_stacked)
            })
        })
}

/// How many different members there are.
pub(super) fn distinct(members: impl Iterator<Item = MemberNo>) -> usize {
    let mut members: Vec<MemberNo> = members.collect();
    members.sort_unstable();
    members.dedup();
    members.len()
}
