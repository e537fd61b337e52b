//! Loans of whole subjects, ready to be counted by anybody: each subject is counted once, and what several counted is added
//! up at the end, so that it makes no difference by whom.

use super::LoanRow;
use crate::domain::statistics::{Loan, Scan};

/// Loans, subject by subject.
#[derive(Default)]
pub(in crate::store) struct Batch {
    loans: Vec<Loan<'static>>,
    /// Where the loans of each subject end.
    ends: Vec<usize>,
    /// What loans are funded with, of the few that say so, by their places.
    funding_groups: Vec<(usize, String)>,
}

impl Batch {
    /// How many loans there are.
    pub const fn len(&self) -> usize {
        self.loans.len()
    }

    /// Adds a loan of the subject in hand.
    pub fn push(&mut self, row: &mut LoanRow) {
        let funded = row.version.funding_group_ref.take();
        self.funding_groups
            .extend(funded.map(|group| (self.loans.len(), group)));
        self.loans.push(row.version.loan);
    }

    /// Ends the subject in hand.
    pub fn end_subject(&mut self) {
        self.ends.push(self.loans.len());
    }

    /// Counts all of them, and is empty.
    pub fn count(&mut self, scan: &mut Scan) {
        let mut funded = self.funding_groups.iter().peekable();
        let mut begin = 0;
        for end in &self.ends {
            let loans = &self.loans[begin..*end];
            if funded.peek().is_some_and(|(place, _)| place < end) {
                let mut loans = loans.to_vec();
                while let Some((place, group)) = funded.next_if(|(place, _)| place < end) {
                    loans[place - begin].funding_group_ref = Some(group);
                }
                scan.add_subject(&loans);
            } else {
                scan.add_subject(loans);
            }
            begin = *end;
        }
        self.loans.clear();
        self.ends.clear();
        self.funding_groups.clear();
    }
}
