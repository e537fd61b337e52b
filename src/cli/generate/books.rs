//! The books of the market without files: for the demonstration, whose lenders upload them themselves.

use std::ops::Range;

use chrono::NaiveDate;

use super::book::{Book, Planting};
use super::mistakes::{self, Fate, Scripted};
use super::months::Month;
use super::population::Population;
use crate::cli::market::LENDERS;
use crate::domain::batch::BatchRecord;
use crate::identity::named::Named;

/// Mistakes of the kind that the service finds, beside a thousand records.
const MISTAKES_PER_MILLE: u32 = 3;
/// Of a hundred borrowers, those with more than one lender.
const STACKING_PERCENT: u32 = 38;

/// The books of the market's lenders on month-ends, with a few records among them that the service rejects.
#[derive(Debug, Clone)]
pub struct Books {
    population: Population,
    planting: Planting,
}

impl Books {
    /// A market of so many borrowers; another seed is another market.
    pub fn of(seed: u64, subjects: u64) -> Self {
        let refused = |mistake: &mistakes::Mistake| mistake.fate == Fate::Rejected;
        Self {
            population: Population {
                seed,
                subjects,
                members: u64::try_from(LENDERS.len()).unwrap_or(u64::MAX),
                stacking_percent: STACKING_PERCENT,
            },
            planting: Planting {
                per_mille: MISTAKES_PER_MILLE,
                mistakes: mistakes::all().filter(refused).collect(),
            },
        }
    }

    /// So many month-ends up to the latest that is over on a day, the earliest first.
    pub fn month_ends(day: NaiveDate, months: u32) -> Vec<NaiveDate> {
        let last = Month::over_on(day);
        let months = last.map(|last| last.and_before(months)).unwrap_or_default();
        months.into_iter().map(|month| month.end).collect()
    }

    /// The numbers of all borrowers.
    pub fn subjects(&self) -> Range<u64> {
        0..self.population.subjects
    }

    /// What the book of a lender (its place among [`LENDERS`]) says on a month-end of some of the borrowers. `planted`
    /// counts the mistakes of the book so far, and begins with 0.
    ///
    /// # Errors
    /// The day is no month-end.
    pub fn records(
        &self,
        lender: usize,
        month_end: NaiveDate,
        subjects: Range<u64>,
        planted: &mut usize,
    ) -> anyhow::Result<Vec<BatchRecord<Named>>> {
        let month = Month::ending(month_end);
        let book = Book {
            population: &self.population,
            planting: &self.planting,
            member: u64::try_from(lender)?,
            month: month.ok_or_else(|| anyhow::anyhow!("{month_end} is no month-end"))?,
        };
        let mut records = Vec::new();
        let mut each = |row: Scripted| {
            // What is wrong only as written in a file cannot be sent.
            if row.overwritten.is_empty() {
                records.push(row.record);
            }
            Ok(())
        };
        for number in subjects {
            book.rows_of(&self.population.subject(number), planted, &mut each)?;
        }
        Ok(records)
    }
}
