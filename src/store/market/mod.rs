//! Counts the market for a snapshot, whichever engine reads it: positions in the order of subjects meet what was kept of
//! them at the snapshot before.
//!
//! The engine pushes rows and parts of what was kept, each in order; nothing here reads, and only the end waits, for who helps
//! to count. What comes of rows are batches of complete loans, which anybody may count. What is held is a batch of position rows, a part or two, and what stands
//! apart: accounts that moved between subjects since the last snapshot, and the numbers of subjects that may have got them.
//! These are read again at the end.

mod batch;
mod carry;
mod helper;
mod looks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;

pub(super) use self::batch::Batch;
use self::carry::{Entry, Kept, Parts};
pub(super) use self::helper::Helper;
pub(super) use self::looks::LookRow;
use self::looks::Looks;
use crate::domain::date::Timestamp;
use crate::domain::member::LenderGroup;
use crate::domain::names::{AccountNo, MemberNo, SubjectId};
use crate::domain::position::LiabilityRole;
use crate::domain::statistics::{FirstLate, Loan, Past, Region, Scan, Standing, Statistics, Terms};

/// Days past due of the two marks that vintages follow.
const LATE_31: u32 = 31;
const LATE_91: u32 = 91;
/// Loans that are handed over at once.
const BATCH_LOANS: usize = 1_024;

/// A version that is or was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InForce {
    /// The first date for which it was reported.
    pub begins_on: NaiveDate,
    /// The position, without what other rows tell of it.
    pub loan: Loan<'static>,
    /// What it is funded with.
    pub funding_group_ref: Option<String>,
}

/// A position of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoanRow {
    /// Whom it concerns.
    pub subject_id: SubjectId,
    /// How.
    pub role: LiabilityRole,
    /// Whether it is neither deleted nor hidden.
    pub counts: bool,
    /// Whether it became the loan of a reservation; known of accounts opened since the first of the month.
    pub was_checked: bool,
    /// The current version, or the one in force on the date.
    pub version: InForce,
}

/// The count of a market.
pub(super) struct MarketCount {
    terms: Terms,
    groups: BTreeMap<MemberNo, LenderGroup>,
    scan: Scan,
    /// Rows of the subject in hand, and what was kept of its accounts, in the order of these.
    rows: Vec<LoanRow>,
    found: Vec<(AccountNo, Option<Entry>)>,
    /// Loans that wait to be counted.
    batch: Batch,
    parts: Parts,
    /// Kept entries whose position was not where it was kept.
    adrift: BTreeMap<AccountNo, Entry>,
    /// Subjects with old positions of which nothing was kept with them.
    doubtful: Vec<SubjectId>,
    is_second_pass: bool,
    kept: Kept,
    looks: Looks,
}

impl MarketCount {
    /// Begins; `has_previous`: parts of the snapshot before will be pushed.
    pub fn new(terms: Terms, groups: BTreeMap<MemberNo, LenderGroup>, has_previous: bool) -> Self {
        Self {
            scan: Scan::new(terms.clone()),
            terms,
            groups,
            rows: Vec::new(),
            found: Vec::new(),
            batch: Batch::default(),
            parts: Parts::new(!has_previous),
            adrift: BTreeMap::new(),
            doubtful: Vec::new(),
            is_second_pass: false,
            kept: Kept::default(),
            looks: Looks::default(),
        }
    }

    /// The date that is counted.
    pub fn as_of(&self) -> NaiveDate {
        self.terms.as_of
    }

    /// Since when accounts are asked whether they became the loan of a reservation.
    pub fn month_begin(&self) -> NaiveDate {
        self.terms.month_begin()
    }

    /// When the looks begin that are to be added, and before when they end.
    pub fn month(&self) -> [Timestamp; 2] {
        self.terms.month()
    }

    /// Whether the next part of what was kept must be pushed before rows of this subject.
    pub fn wants_part(&self, subject_id: SubjectId) -> bool {
        self.parts.wants(subject_id)
    }

    /// Whether parts are left when all rows are counted: then they must be pushed, too.
    pub const fn wants_more_parts(&self) -> bool {
        self.parts.are_left()
    }

    /// Takes the next part; `None`: there is no more. False when it cannot be read.
    pub fn push_part(&mut self, part: Option<&[u8]>) -> bool {
        self.parts.push(part)
    }

    /// Takes a row, in the order of subjects; its version is the one in force on the date.
    pub fn add(&mut self, row: LoanRow) {
        if self
            .subject_in_hand()
            .is_some_and(|subject_id| subject_id != row.subject_id)
        {
            self.end_subject();
        }
        if row.role.is_own_debt() {
            self.rows.push(row);
        }
    }

    /// Ends the subject in hand and gives all loans that are complete, for an empty batch.
    pub fn take_batch(&mut self, empty: Batch) -> Batch {
        self.end_subject();
        std::mem::replace(&mut self.batch, empty)
    }

    /// Ends the subject in hand and counts all loans that are complete.
    pub fn count_batch(&mut self) {
        self.end_subject();
        self.batch.count(&mut self.scan);
    }

    /// Has a full batch counted with somebody's help.
    pub fn count_full(&mut self, helper: &mut Helper) {
        if self.batch.len() >= BATCH_LOANS {
            helper.count(&mut self.batch, &mut self.scan);
        }
    }

    /// Adds what others counted.
    pub fn merge(&mut self, scan: Scan) {
        self.scan.merge(scan);
    }

    /// Waits for a helper and adds what it counted.
    pub fn join(&mut self, helper: &mut Helper) {
        helper.join(&mut self.scan);
    }

    /// A part to be kept for the next snapshot, as soon as it is full.
    pub fn take_part(&mut self) -> Option<Vec<u8>> {
        self.kept.take_full()
    }

    /// Ends the pass over the market; gives the subjects whose rows are to be added once more. No part is wanted after it.
    pub fn end_pass(&mut self) -> Vec<SubjectId> {
        self.end_subject();
        for entry in self.parts.rest() {
            self.adrift.insert(entry.account_no, entry);
        }
        self.is_second_pass = true;
        std::mem::take(&mut self.doubtful)
    }

    /// Ends the count: the tables, and the last part to be kept.
    pub fn finish(mut self) -> (Statistics, Vec<u8>) {
        self.count_batch();
        self.end_looks();
        for entry in std::mem::take(&mut self.adrift).into_values() {
            if let Some(gone) = self.gone(&entry) {
                self.scan.add_subject(&[gone]);
            }
        }
        (self.scan.finish(), self.kept.take_rest())
    }

    /// A position that was there and is not any more.
    fn gone(&self, entry: &Entry) -> Option<Loan<'static>> {
        let before = entry.standing()?;
        Some(Loan {
            member_no: entry.member_no,
            lender_group: self.group_of(entry.member_no),
            account_no: entry.account_no,
            is_primary: true,
            // Tables of what became of positions are cut by the lender's group alone.
            region: Region::of(""),
            product_type: crate::domain::position::ProductType::ALL[0],
            currency: entry.currency,
            opened_on: entry.opened_on()?,
            is_revolving: false,
            granted: 0,
            annual_percentage_rate_bp: 0,
            grace_days: 0,
            is_restructured: false,
            was_checked: false,
            funding_group_ref: None,
            now: None,
            past: Past {
                before: Some(before),
                ..Past::default()
            },
        })
    }

    fn group_of(&self, member_no: MemberNo) -> LenderGroup {
        group_of(&self.groups, member_no)
    }

    fn subject_in_hand(&self) -> Option<SubjectId> {
        self.rows.first().map(|row| row.subject_id)
    }

    /// Completes the rows of the subject in hand, so that they can be counted.
    fn end_subject(&mut self) {
        let Some(subject_id) = self.subject_in_hand() else {
            return;
        };
        self.find_kept(subject_id);
        if !self.is_second_pass && self.is_doubtful() {
            self.doubtful.push(subject_id);
        } else {
            self.complete();
        }
        self.rows.clear();
        let adrift = self.found.drain(..);
        self.adrift
            .extend(adrift.filter_map(|(account_no, entry)| Some((account_no, entry?))));
    }

    /// Finds what was kept of the accounts of a subject.
    fn find_kept(&mut self, subject_id: SubjectId) {
        if self.is_second_pass {
            let accounts = self.rows.iter().map(|row| row.version.loan.account_no);
            let kept = accounts.filter_map(|account_no| self.adrift.remove_entry(&account_no));
            self.found
                .extend(kept.map(|(account_no, entry)| (account_no, Some(entry))));
        } else {
            while let Some(entry) = self.parts.next_until(subject_id) {
                if entry.subject_id == subject_id {
                    self.found.push((entry.account_no, Some(entry)));
                } else {
                    self.adrift.insert(entry.account_no, entry);
                }
            }
        }
        self.found.sort_unstable_by_key(|(account_no, _)| *account_no);
    }

    /// Where it is among these what was kept of an account.
    fn place_of(&self, account_no: AccountNo) -> Option<usize> {
        let accounts = self
            .found
            .binary_search_by_key(&account_no, |(account_no, _)| *account_no);
        accounts.ok()
    }

    /// Whether one of the positions is old enough to have been kept, and was not.
    fn is_doubtful(&self) -> bool {
        let Some(previous) = self.terms.previous.filter(|_| self.parts.were_kept()) else {
            return false;
        };
        self.rows.iter().any(|row| {
            let loan = &row.version.loan;
            row.role == LiabilityRole::Primary
                && loan.opened_on <= previous
                && row.counts
                && loan.now.is_some_and(|now| now.is_active())
                && self.place_of(loan.account_no).is_none()
        })
    }

    /// Fills in what the rows themselves do not tell, and keeps what the next snapshot needs.
    fn complete(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        for row in &mut rows {
            let is_primary = row.role == LiabilityRole::Primary;
            // What was kept of an account belongs to its primary.
            let place = self.place_of(row.version.loan.account_no).filter(|_| is_primary);
            let entry = place.and_then(|place| self.found[place].1.take());
            let past = past_of(row, entry.as_ref());
            let loan = &mut row.version.loan;
            loan.lender_group = group_of(&self.groups, loan.member_no);
            loan.is_primary = is_primary;
            loan.was_checked = row.was_checked;
            loan.now = loan.now.filter(|_| row.counts);
            loan.past = past;
            if is_primary {
                let kept = Entry::of(row.subject_id, loan, self.terms.as_of);
                self.kept.extend(kept);
            }
            self.batch.push(row);
        }
        self.batch.end_subject();
        self.rows = rows;
    }
}

fn group_of(groups: &BTreeMap<MemberNo, LenderGroup>, member_no: MemberNo) -> LenderGroup {
    groups.get(&member_no).copied().unwrap_or(LenderGroup::ALL[0])
}

/// What is known of a position's past: what was kept, and whether it is late for the first time.
fn past_of(row: &LoanRow, entry: Option<&Entry>) -> Past {
    let loan = &row.version.loan;
    let now = loan.now.filter(|_| row.counts);
    let first = |kept: Option<FirstLate>, days: u32| {
        kept.or_else(|| {
            let late = now.filter(|now| now.days_past_due >= days)?;
            Some(FirstLate {
                on: row.version.begins_on,
                outstanding_total: late.outstanding_total,
            })
        })
    };
    Past {
        before: entry.and_then(Entry::standing),
        first_31: first(entry.and_then(Entry::first_31), LATE_31),
        first_91: first(entry.and_then(Entry::first_91), LATE_91),
    }
}

impl Entry {
    /// What is to be kept of a position; `None` when the next snapshot has no use for it.
    fn of(subject_id: SubjectId, loan: &Loan<'_>, as_of: NaiveDate) -> Option<Self> {
        let active = loan.now.filter(Standing::is_active);
        let is_marked = loan.past.first_31.is_some() && carry::is_followed(loan.opened_on, as_of);
        (active.is_some() || (loan.now.is_some() && is_marked))
            .then(|| Self::new(subject_id, loan, active.as_ref()))
    }
}
