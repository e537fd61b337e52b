//! Positions as accounts: which rows an answer is made of, and loans funded together counted once (semantics 2).

use chrono::NaiveDate;

use super::resolve::About;
use crate::domain::names::MemberNo;
use crate::domain::unit::rows::{HistoryRow, InquiryRow, PositionRow};
use crate::domain::unit::working_set::SubjectRows;

/// A position that counts, with the rows it was found among.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub row: &'a PositionRow,
    source: &'a SubjectRows,
}

impl<'a> Entry<'a> {
    /// Its past versions that were never corrected.
    pub fn history(&self) -> impl Iterator<Item = &'a HistoryRow> + use<'a> {
        let account_no = self.row.account_no;
        self.source
            .history
            .iter()
            .filter(move |past| past.account_no == account_no)
    }

    pub fn is_active(&self) -> bool {
        self.row.version.facts.status.is_active()
    }
}

/// The rows of an answer: those of the subject and of the number that joins it.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// Positions that count, of anybody.
    pub entries: Vec<Entry<'a>>,
    /// Whether a mobile-only position was left out that somebody else reported.
    pub left_out: bool,
    /// Whether a mobile-only position joined.
    pub joined: bool,
    subject: &'a SubjectRows,
    /// Rows of the number when its looks count for the subject.
    number: Option<&'a SubjectRows>,
}

impl<'a> Rows<'a> {
    /// Chooses the rows of an answer. Deleted and suppressed positions never count anywhere.
    pub fn choose(
        about: &About,
        subject: &'a SubjectRows,
        number: Option<&'a SubjectRows>,
        caller: MemberNo,
        today: NaiveDate,
    ) -> Self {
        let counts = |row: &&PositionRow| row.deleted.is_none() && !row.suppressed;
        let mut entries: Vec<Entry> = subject
            .positions
            .values()
            .filter(counts)
            .map(|row| Entry { row, source: subject })
            .collect();
        let (mut left_out, mut joined) = (false, false);
        let of_number = number.into_iter().flat_map(|source| {
            source
                .positions
                .values()
                .filter(counts)
                .map(move |row| Entry { row, source })
        });
        for entry in of_number {
            if !about.admits(entry.row, today) {
                left_out |= entry.row.member_no != caller;
                continue;
            }
            joined = true;
            // Liable twice on one account: once, as own debt.
            match entries
                .iter_mut()
                .find(|known| known.row.account_no == entry.row.account_no)
            {
                Some(known) if entry.row.role.is_own_debt() => *known = entry,
                Some(_) => {}
                None => entries.push(entry),
            }
        }
        Self {
            entries,
            left_out,
            joined,
            subject,
            number: number.filter(|_| about.linked),
        }
    }

    /// Hard looks that count, of anybody.
    pub fn inquiries(&self) -> impl Iterator<Item = &'a InquiryRow> + use<'a> {
        let number = self.number.into_iter().flat_map(|number| &number.inquiries);
        self.subject
            .inquiries
            .iter()
            .chain(number)
            .filter(|look| look.counted && look.purpose.is_hard())
    }

    /// Own debt of everybody but the caller, as accounts.
    pub fn own_debt_of_others(&self, caller: MemberNo) -> Vec<Account<'a>> {
        self.accounts_of_others(caller, true)
    }

    /// Guarantees of everybody but the caller, as accounts.
    pub fn contingent_of_others(&self, caller: MemberNo) -> Vec<Account<'a>> {
        self.accounts_of_others(caller, false)
    }

    fn accounts_of_others(&self, caller: MemberNo, own_debt: bool) -> Vec<Account<'a>> {
        let mut accounts: Vec<Account> = Vec::with_capacity(self.entries.len());
        let others = self.entries.iter().filter(|entry| entry.row.member_no != caller);
        for entry in others.filter(|entry| entry.row.role.is_own_debt() == own_debt) {
            let grouped = entry.row.version.facts.funding_group_ref.is_some();
            let known = accounts
                .iter_mut()
                .find(|account| grouped && account.funds_with(entry.row));
            match known {
                Some(account) => account.further.push(*entry),
                None => accounts.push(Account {
                    first: *entry,
                    further: Vec::new(),
                }),
            }
        }
        accounts
    }
}

/// One loan: a position, or several that fund it together.
#[derive(Debug, Clone)]
pub(super) struct Account<'a> {
    first: Entry<'a>,
    further: Vec<Entry<'a>>,
}

impl<'a> Account<'a> {
    fn funds_with(&self, row: &PositionRow) -> bool {
        let (mine, other) = (&self.first.row.version.facts, &row.version.facts);
        mine.funding_group_ref == other.funding_group_ref
            && mine.currency == other.currency
            && mine.opened_on == other.opened_on
    }

    /// Its positions.
    pub fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// When it was opened: the same for all its positions.
    pub fn opened_on(&self) -> NaiveDate {
        self.first.row.version.facts.opened_on
    }

    /// Whether any of its positions is active.
    pub fn is_active(&self) -> bool {
        self.any(Entry::is_active)
    }

    /// Whether something holds of any of its positions.
    pub fn any(&self, holds: impl Fn(&Entry<'a>) -> bool) -> bool {
        self.entries().any(holds)
    }

    /// Whether something holds of any of its active positions.
    pub fn any_active(&self, holds: impl Fn(&PositionRow) -> bool) -> bool {
        self.any(|entry| entry.is_active() && holds(entry.row))
    }
}
