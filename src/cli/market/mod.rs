//! A synthetic lending market, the same for the same seed and day: for the demonstration and for measurements.
//!
//! People and loans are invented; identity numbers and phone numbers only look real. Proportions follow what the field
//! publishes: most borrowers have one lender, a few per cent have four or more, and those pay worst.

mod loan;
mod person;

use chrono::NaiveDate;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

pub use loan::{Loan, LoanKind, Terms};
pub use person::Person;

use crate::domain::member::LenderGroup;

/// A lender of the synthetic market.
#[derive(Debug, Clone, Copy)]
pub struct Lender {
    /// Its member id.
    pub member_id: &'static str,
    /// For people.
    pub display_name: &'static str,
    /// Its group.
    pub group: LenderGroup,
    /// What it lends.
    pub kind: LoanKind,
}

/// The six lenders of the demonstration.
pub const LENDERS: [Lender; 6] = [
    Lender {
        member_id: "harbour-bank",
        display_name: "Harbour Bank",
        group: LenderGroup::Bank,
        kind: LoanKind::CreditCard,
    },
    Lender {
        member_id: "lotus-finance",
        display_name: "Lotus Consumer Finance",
        group: LenderGroup::ConsumerFinance,
        kind: LoanKind::ConsumptionInstalment,
    },
    Lender {
        member_id: "swift-cash",
        display_name: "Swift Cash Online",
        group: LenderGroup::OnlineMicroloan,
        kind: LoanKind::CashInstalment,
    },
    Lender {
        member_id: "river-microloan",
        display_name: "River Microloan",
        group: LenderGroup::Microloan,
        kind: LoanKind::PersonalBusiness,
    },
    Lender {
        member_id: "orient-auto",
        display_name: "Orient Auto Leasing",
        group: LenderGroup::AutoLeasing,
        kind: LoanKind::Auto,
    },
    Lender {
        member_id: "peak-loans",
        display_name: "Peak Loans",
        group: LenderGroup::Other,
        kind: LoanKind::Payday,
    },
];

/// Borrowers per thousand with 1, 2, 3, 4, 5 and 6 lenders.
pub const LENDERS_PER_MILLE: [u32; 6] = [620, 220, 90, 40, 20, 10];

/// A person with what it owes to whom: (index into [`LENDERS`], loan).
#[derive(Debug)]
pub struct Borrower {
    /// Who.
    pub person: Person,
    /// What; at most one loan of each lender.
    pub loans: Vec<(usize, Loan)>,
}

/// The market's borrowers one after another.
pub struct Market {
    random: ChaCha8Rng,
    today: NaiveDate,
    left: u64,
    number: u64,
}

impl Market {
    /// A market of `subjects` borrowers as of `today`.
    pub fn new(seed: u64, subjects: u64, today: NaiveDate) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            today,
            left: subjects,
            number: 0,
        }
    }

    fn lender_count(&mut self) -> usize {
        let mut draw = self.random.random_range(0..1_000);
        for (index, share) in LENDERS_PER_MILLE.iter().enumerate() {
            if draw < *share {
                return index + 1;
            }
            draw -= share;
        }
        LENDERS_PER_MILLE.len()
    }

    /// `count` different lenders.
    fn lenders(&mut self, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..LENDERS.len()).collect();
        for place in 0..count.min(all.len()) {
            let other = self.random.random_range(place..all.len());
            all.swap(place, other);
        }
        all.truncate(count);
        all
    }
}

impl Iterator for Market {
    type Item = Borrower;

    fn next(&mut self) -> Option<Borrower> {
        self.left = self.left.checked_sub(1)?;
        let person = Person::draw(&mut self.random, self.number);
        self.number += 1;
        let count = self.lender_count();
        let lenders = self.lenders(count);
        let loans = lenders
            .into_iter()
            .map(|lender| {
                let loan = Loan::draw(&mut self.random, LENDERS[lender].kind, self.today, count);
                (lender, loan)
            })
            .collect();
        Some(Borrower { person, loans })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 25).expect("a real date")
    }

    #[test]
    fn the_same_seed_and_day_make_the_same_market() {
        let describe = |seed| -> Vec<String> {
            Market::new(seed, 200, day())
                .map(|b| format!("{:?} {}", b.loans, b.person.mobile))
                .collect()
        };
        assert_eq!(describe(7), describe(7));
        assert_ne!(describe(7), describe(8));
    }

    #[test]
    fn most_borrowers_have_one_lender_and_few_have_four_or_more() {
        let mut by_count = [0_u32; 7];
        for borrower in Market::new(1, 5_000, day()) {
            by_count[borrower.loans.len()] += 1;
        }
        assert!((2_800..3_400).contains(&by_count[1]), "{by_count:?}");
        assert!(by_count[4..].iter().sum::<u32>() < 600, "{by_count:?}");
        assert_eq!(by_count[0], 0);
    }
}
