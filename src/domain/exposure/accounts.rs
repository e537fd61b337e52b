//! Positions as accounts: which rows an answer is made of, and loans funded together counted once (semantics 2).
//!
//! The caller's own rows go first: nothing that is counted, summed or signalled ever sees them.

use std::cmp::Reverse;

use chrono::NaiveDate;

use super::BandSeries;
use super::answer::Asked;
use super::resolve::About;
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::names::MemberNo;
use crate::domain::unit::rows::{HistoryRow, InquiryRow, PositionRow, ReservationRow};
use crate::domain::unit::working_set::SubjectRows;

/// Days over which looks are counted, and looks made by a number alone count for the subject it is linked to.
pub(super) const LOOK_DAYS: u32 = 360;

/// One loan: a position, or several that fund it together. Never empty.
pub(super) type Account<'r, 'a> = &'r [&'a PositionRow];

/// Somebody's hard looks of one civil day, at the latest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LookDay {
    pub member_no: MemberNo,
    pub day: NaiveDate,
    pub latest: Timestamp,
}

/// What an answer is made of.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// The civil date of the answer.
    pub today: NaiveDate,
    /// Bands of its currency.
    pub bands: BandSeries,
    /// Own debt of others; loans funded together side by side.
    own_debt: Vec<&'a PositionRow>,
    /// Guarantees of others; likewise.
    contingent: Vec<&'a PositionRow>,
    /// Looks of others, by member and day.
    pub looks: Vec<LookDay>,
    /// Whether anything of anybody counts.
    pub found: bool,
    /// Whether a mobile-only position joined.
    pub joined: bool,
    /// Whether a mobile-only position was left out that somebody else reported.
    pub left_out: bool,
    /// Live reservations of others.
    reservations: Vec<&'a ReservationRow>,
    subject: &'a SubjectRows,
    number: Option<&'a SubjectRows>,
}

impl<'a> Rows<'a> {
    /// Chooses the rows of an answer.
    pub fn choose(
        asked: &Asked<'_>,
        about: &About,
        subject: &'a SubjectRows,
        number: Option<&'a SubjectRows>,
    ) -> Self {
        let mut rows = Self {
            today: asked.today(),
            bands: asked.rules.bands(asked.currency),
            own_debt: Vec::new(),
            contingent: Vec::new(),
            looks: Vec::new(),
            found: false,
            joined: false,
            left_out: false,
            reservations: Vec::new(),
            subject,
            number,
        };
        let positions = rows.positions(asked, about);
        rows.found = !positions.is_empty() || hard_looks(asked, about, subject, number).next().is_some();
        let others = positions.into_iter().filter(|row| row.member_no != asked.caller);
        (rows.own_debt, rows.contingent) = others.partition(|row| row.role.is_own_debt());
        rows.own_debt.sort_by(|a, b| funding(a).cmp(&funding(b)));
        rows.contingent.sort_by(|a, b| funding(a).cmp(&funding(b)));
        let reservations = subject.reservations.iter();
        rows.reservations = reservations
            .filter(|row| row.member_no != asked.caller && row.is_live(asked.now))
            .collect();
        rows.looks = look_days(asked, hard_looks(asked, about, subject, number), |member| {
            member != asked.caller
        });
        rows
    }

    /// Positions of anybody that count, by member and account: those of the subject, and those of the number that
    /// qualify.
    fn positions(&mut self, asked: &Asked<'_>, about: &About) -> Vec<&'a PositionRow> {
        let mut positions: Vec<&PositionRow> = countable(self.subject).collect();
        let of_subject = positions.len();
        for row in self.number.into_iter().flat_map(countable) {
            if !about.admits(row, self.today) {
                self.left_out |= row.member_no != asked.caller;
                continue;
            }
            self.joined = true;
            let key = (row.member_no, row.account_no);
            match positions[..of_subject]
                .binary_search_by_key(&key, |known| (known.member_no, known.account_no))
            {
                // Liable twice on one account: once, as own debt.
                Ok(index) if row.role.is_own_debt() => positions[index] = row,
                Ok(_) => {}
                Err(_) => positions.push(row),
            }
        }
        positions
    }

    /// Own debt of everybody but the caller.
    pub fn own_debt(&self) -> impl Iterator<Item = Account<'_, 'a>> {
        self.own_debt.chunk_by(|a, b| fund_together(a, b))
    }

    /// Guarantees of everybody but the caller.
    pub fn contingent(&self) -> impl Iterator<Item = Account<'_, 'a>> {
        self.contingent.chunk_by(|a, b| fund_together(a, b))
    }

    /// What everybody but the caller holds for loans about to be paid out. Nobody reserves for a number alone.
    pub fn reservations(&self) -> impl Iterator<Item = &'a ReservationRow> {
        self.reservations.iter().copied()
    }

    /// Every position of everybody but the caller.
    pub fn of_others(&self) -> impl Iterator<Item = &'a PositionRow> {
        self.own_debt.iter().chain(&self.contingent).copied()
    }

    /// What past versions of own debt still tell. An account that both the subject and the number are liable on tells
    /// it twice.
    pub fn history(&self) -> impl Iterator<Item = &'a HistoryRow> {
        let number = self.number.into_iter().flat_map(|number| &number.history);
        self.subject.history.iter().chain(number)
    }
}

/// Deleted and suppressed positions never count anywhere.
pub(super) fn counts(row: &PositionRow) -> bool {
    row.deleted.is_none() && !row.suppressed
}

fn countable(rows: &SubjectRows) -> impl Iterator<Item = &PositionRow> {
    rows.positions.values().filter(|row| counts(row))
}

/// Hard looks that count, of anybody: those at the subject, and those of the last 360 days that named its number alone.
pub(super) fn hard_looks<'a>(
    asked: &Asked<'_>,
    about: &About,
    subject: &'a SubjectRows,
    number: Option<&'a SubjectRows>,
) -> impl Iterator<Item = &'a InquiryRow> + use<'a> {
    let since = asked.now.hours_before(LOOK_DAYS * 24);
    let number = number.filter(|_| about.linked);
    let by_number = number
        .into_iter()
        .flat_map(|number| &number.inquiries)
        .filter(move |look| look.inquired_at >= since);
    subject
        .inquiries
        .iter()
        .chain(by_number)
        .filter(|look| look.counted && look.purpose.is_hard())
}

/// The looks of the last 360 days of some members, by member and day.
pub(super) fn look_days<'a>(
    asked: &Asked<'_>,
    looks: impl Iterator<Item = &'a InquiryRow>,
    of: impl Fn(MemberNo) -> bool,
) -> Vec<LookDay> {
    let since = asked.now.hours_before(LOOK_DAYS * 24);
    let mut days: Vec<LookDay> = looks
        .filter(|look| of(look.member_no) && look.inquired_at >= since && look.inquired_at < asked.now)
        .map(|look| LookDay {
            member_no: look.member_no,
            day: asked.rules.zone.date_of(look.inquired_at),
            latest: look.inquired_at,
        })
        .collect();
    days.sort_unstable_by_key(|look| (look.member_no, look.day, Reverse(look.latest)));
    days.dedup_by_key(|look| (look.member_no, look.day));
    days
}

/// What positions of one loan have in common.
fn funding(row: &PositionRow) -> Option<(&str, Currency, NaiveDate)> {
    let facts = &row.version.facts;
    let reference = facts.funding_group_ref.as_deref()?;
    Some((reference, facts.currency, facts.opened_on))
}

fn fund_together(one: &PositionRow, other: &PositionRow) -> bool {
    one.version.facts.funding_group_ref.is_some() && funding(one) == funding(other)
}

/// Whether a position is active.
pub(super) fn is_active(row: &PositionRow) -> bool {
    row.version.facts.status.is_active()
}

/// When an account was opened: the same for all its positions.
pub(super) fn opened_on(account: Account<'_, '_>) -> NaiveDate {
    account
        .first()
        .map_or(NaiveDate::MIN, |row| row.version.facts.opened_on)
}

/// Whether something holds of any active position of an account.
pub(super) fn any_active(account: Account<'_, '_>, holds: impl Fn(&PositionRow) -> bool) -> bool {
    account.iter().any(|row| is_active(row) && holds(row))
}
