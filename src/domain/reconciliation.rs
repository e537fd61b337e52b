//! A member's book on a date, summed up: what it signs off against its own.
//!
//! Each account counts once, with the version that was in force on the date. Sums saturate as control totals do.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::batch::Sums;
use super::currency::Currency;
use super::position::AccountStatus;

/// A business date that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookDate(pub NaiveDate);

/// What one account adds to the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookEntry {
    /// Where it stood.
    pub status: AccountStatus,
    /// Its currency.
    pub currency: Currency,
    /// Owed in all, minor units.
    pub outstanding_total: i64,
    /// The sum of the overdue split, minor units.
    pub overdue_total: i64,
}

/// The accounts of one status and currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BookLine {
    /// How many.
    pub accounts: u64,
    /// Their sums.
    pub sums: Sums,
}

/// A book, by status and then by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation(pub BTreeMap<(AccountStatus, Currency), BookLine>);

impl Reconciliation {
    /// Adds an account.
    pub fn add(&mut self, entry: BookEntry) {
        let line = self.0.entry((entry.status, entry.currency)).or_default();
        line.accounts = line.accounts.saturating_add(1);
        let sums = &mut line.sums;
        sums.outstanding_total = sums.outstanding_total.saturating_add(entry.outstanding_total);
        sums.overdue_total = sums.overdue_total.saturating_add(entry.overdue_total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_status_and_currency_and_come_in_that_order() {
        let usd = Currency::parse("USD").expect("a currency");
        let mut book = Reconciliation::default();
        let entries = [
            (AccountStatus::Closed, Currency::CNY, 0, 0),
            (AccountStatus::Open, usd, 5, 1),
            (AccountStatus::Open, Currency::CNY, 7, 0),
            (AccountStatus::Open, Currency::CNY, i64::MAX, 2),
        ];
        for (status, currency, outstanding_total, overdue_total) in entries {
            book.add(BookEntry {
                status,
                currency,
                outstanding_total,
                overdue_total,
            });
        }
        let told: Vec<_> = book
            .0
            .into_iter()
            .map(|((status, currency), line)| {
                let sums = (line.sums.outstanding_total, line.sums.overdue_total);
                (status, currency, line.accounts, sums)
            })
            .collect();
        assert_eq!(
            told,
            [
                (AccountStatus::Open, Currency::CNY, 2, (i64::MAX, 2)),
                (AccountStatus::Open, usd, 1, (5, 1)),
                (AccountStatus::Closed, Currency::CNY, 1, (0, 0)),
            ]
        );
    }
}
