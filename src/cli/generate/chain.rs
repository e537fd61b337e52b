//! The loans of one lender to one subject: one after the other, each computed from its place in the chain.
//!
//! Why a chain: a market in which loans end and nothing follows empties; with a chain it looks the same in every month,
//! and the loan of a day is found by a division. Invariant: the next loan begins when the one before is over, and soon
//! enough that every month-end finds one of the two in the book.

use chrono::NaiveDate;
use rand::RngExt as _;

use super::draw::{Purpose, stream};
use super::loan::{LATE_DAYS_MAX, Loan, instalments};
use super::months::{Month, days_between};
use super::population::{Population, Subject, lender};
use crate::cli::market::{LoanKind, Terms};
use crate::domain::date::days_after;

/// Days behind the last due date on which the next loan begins.
const PAUSE_DAYS: u32 = LATE_DAYS_MAX + 1;

/// The day before which there were no loans, and the first whose month-end has the whole market.
pub(super) const FIRST_OPENING: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date");
pub(super) const FIRST_MONTH_END: NaiveDate = NaiveDate::from_ymd_opt(2005, 1, 31).expect("a date");

/// A loan in its place.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Counted from 0.
    pub number: u64,
    pub loan: Loan,
}

/// All loans of one lender to one subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain {
    seed: u64,
    subject: u64,
    member: u64,
    lenders: u32,
    kind: LoanKind,
    offset_days: u32,
    cycle_days: u32,
}

impl Chain {
    /// The chain of a subject and a member that lends to it.
    pub fn of(population: &Population, subject: &Subject, member: u64) -> Self {
        let kind = lender(member).kind;
        let cycle_days = cycle_days(&kind.terms());
        let mut random = stream(population.seed, Purpose::Chain, member, [subject.number, 0]);
        Self {
            seed: population.seed,
            subject: subject.number,
            member,
            lenders: u32::try_from(subject.lenders.len()).unwrap_or(u32::MAX),
            kind,
            offset_days: random.random_range(0..cycle_days),
            cycle_days,
        }
    }

    /// The loans that the book of a month-end holds: open ones, and those that were closed in the month.
    pub fn in_month(&self, month: Month) -> impl Iterator<Item = Link> {
        let days = days_between(FIRST_OPENING, month.end).saturating_sub(self.offset_days);
        let latest = days / self.cycle_days;
        // The shortest loans may end and begin twice in a month.
        let numbers = latest.saturating_sub(2)..=latest;
        let chain = *self;
        numbers
            .map(move |number| chain.link(number))
            .filter(move |link| link.loan.opened_on <= month.end && link.loan.closed_on() > month.before)
    }

    fn link(self, number: u32) -> Link {
        let opened_on = days_after(FIRST_OPENING, self.offset_days + number * self.cycle_days);
        let number = u64::from(number);
        let mut random = stream(self.seed, Purpose::Loan, self.member, [self.subject, number]);
        let loan = Loan::draw(&mut random, self.kind, opened_on, self.lenders);
        Link { number, loan }
    }
}

/// Days from one loan's beginning to the next one's.
fn cycle_days(terms: &Terms) -> u32 {
    let months = match instalments(terms) {
        1 => 0,
        instalments => instalments,
    };
    // As many days as so many months can have: 1,461 in four years, and one for a leap day inside.
    let days = if months == 0 {
        terms.days
    } else {
        months * 1_461 / 48 + 1
    };
    days + PAUSE_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::validation::samples::date;

    #[test]
    fn a_loan_is_over_before_the_next_begins_and_no_month_finds_none() {
        let population = Population {
            seed: 3,
            subjects: 300,
            members: 6,
            stacking_percent: 60,
        };
        let last = Month::ending(date("2026-10-31")).expect("a month-end");
        for number in 0..300 {
            let subject = population.subject(number);
            for member in &subject.lenders {
                let chain = Chain::of(&population, &subject, *member);
                for month in last.and_before(30) {
                    let links: Vec<Link> = chain.in_month(month).collect();
                    assert!(!links.is_empty(), "{number} {member} {month:?}");
                    assert!(
                        links
                            .windows(2)
                            .all(|pair| pair[0].loan.closed_on() < pair[1].loan.opened_on)
                    );
                }
            }
        }
    }
}
