//! The rows of one file, one after the other: a member's book on a month-end, with the mistakes planted into it.
//!
//! Nothing is remembered from row to row but how many mistakes there were, so a file of any length needs the same memory.
//! Rows ascend by account.

use rand::RngExt as _;

use super::chain::{Chain, Link};
use super::draw::{Purpose, stream};
use super::mistakes::{Mistake, Scripted, Stage};
use super::months::{Month, calendar_months};
use super::population::{Population, Subject};
use super::statement::record;
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::identity::named::Named;

/// What is planted, and how often.
#[derive(Debug, Clone, Default)]
pub(super) struct Planting {
    /// Beside so many of a thousand records of the book.
    pub per_mille: u32,
    /// In turn; not empty if there are any at all.
    pub mistakes: Vec<Mistake>,
}

/// What one file holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Book<'a> {
    pub population: &'a Population,
    pub planting: &'a Planting,
    /// The place of the member.
    pub member: u64,
    pub month: Month,
}

impl Book<'_> {
    /// Gives every row of a subject to `each`, in the file's order. `planted` counts the mistakes of the file so far.
    pub fn rows_of(
        &self,
        subject: &Subject,
        planted: &mut usize,
        each: &mut dyn FnMut(Scripted) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if !subject.lenders.contains(&self.member) {
            return Ok(());
        }
        let chain = Chain::of(self.population, subject, self.member);
        for link in chain.in_month(self.month) {
            let record = record(self.population, subject, self.member, &link, self.month);
            let mistake = self.mistake_beside(subject, &link, *planted);
            let stage = mistake.map(|_| self.stage(subject, &record));
            each(Scripted {
                record: BatchRecord::Position(record),
                overwritten: Vec::new(),
                mistake: None,
            })?;
            if let (Some(mistake), Some(stage)) = (mistake, stage) {
                *planted += 1;
                mistake.records(&stage).into_iter().try_for_each(&mut *each)?;
            }
        }
        Ok(())
    }

    /// The mistake that is planted behind a loan's record, if any: each in its turn, so that even a few hundred hold all.
    fn mistake_beside(&self, subject: &Subject, link: &Link, planted: usize) -> Option<Mistake> {
        let Planting { per_mille, mistakes } = self.planting;
        if *per_mille == 0 || mistakes.is_empty() {
            return None;
        }
        let month = u64::from(calendar_months(super::chain::FIRST_OPENING, self.month.end));
        let place = [subject.number, (month << 32) | link.number];
        let mut random = stream(self.population.seed, Purpose::Mistake, self.member, place);
        if random.random_range(0..1_000) >= *per_mille {
            return None;
        }
        // Small files begin with different ones.
        let first = usize::try_from(self.member * 17 + month * 5).unwrap_or(0);
        mistakes.get((first + planted) % mistakes.len()).copied()
    }

    fn stage(&self, subject: &Subject, record: &PositionRecord<Named>) -> Stage {
        let account = record.position.account_ref.as_str();
        Stage {
            name: format!("{account}-X{}", self.month.end.format("%Y%m")),
            number: subject.number,
            as_of: self.month.end,
        }
    }
}
