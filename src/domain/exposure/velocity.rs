//! How fast others looked and lent: the windows of an answer (semantics 2, *Windows*).
//!
//! Every window begins later than the next one in its kind, so whoever falls into it falls into those after it too:
//! one latest instant or date for each lender and day tells all counts.

use std::cmp::Reverse;

use chrono::NaiveDate;

use super::accounts::{Account, LookDay, Rows, opened_on};
use super::amount::{Amount, capped};
use super::answer::Asked;
use super::{Window, WindowFigures};
use crate::domain::date::{Timestamp, days_before};
use crate::domain::names::MemberNo;
use crate::domain::position::Facts;

/// Openings older than this do not count in windows of hours, however late they were reported.
const FRESH_OPENING_DAYS: u32 = 7;

/// An own-debt account, as windows see it.
struct Opening<'r, 'a> {
    account: Account<'r, 'a>,
    opened_on: NaiveDate,
    /// When its first version was accepted, if that can still count in a window of hours.
    received_at: Option<Timestamp>,
}

/// Every window, in order.
pub(super) fn windows(asked: &Asked<'_>, rows: &Rows<'_>) -> Vec<WindowFigures> {
    let oldest = days_before(rows.today, super::accounts::LOOK_DAYS);
    let openings: Vec<Opening> = rows
        .own_debt()
        .filter(|account| opened_on(account) > oldest)
        .map(|account| opening(asked, rows, account))
        .collect();
    let lookers = latest_by_member(rows.looks.iter().map(|look| (look.member_no, look.latest)));
    Window::ALL
        .iter()
        .map(|window| {
            let (hard_inquiries, inquiring_lenders) = inquiries(asked, *window, &rows.looks, &lookers);
            let (new_accounts, new_lenders, new_amount) = opened(asked, rows, *window, &openings);
            WindowFigures {
                window: *window,
                hard_inquiries: capped(hard_inquiries),
                inquiring_lenders: capped(inquiring_lenders),
                new_accounts: capped(new_accounts),
                new_lenders: capped(new_lenders),
                new_amount: new_amount.band(rows.bands),
            }
        })
        .collect()
}

fn opening<'r, 'a>(asked: &Asked<'_>, rows: &Rows<'_>, account: Account<'r, 'a>) -> Opening<'r, 'a> {
    let opened_on = opened_on(account);
    let received_at = account
        .iter()
        .map(|row| row.first_received_at)
        .min()
        .filter(|at| *at < asked.now && opened_on > days_before(rows.today, FRESH_OPENING_DAYS));
    Opening {
        account,
        opened_on,
        received_at,
    }
}

/// The latest of something for each member.
fn latest_by_member<T: Ord>(all: impl Iterator<Item = (MemberNo, T)>) -> Vec<T> {
    let mut latest: Vec<(MemberNo, Reverse<T>)> = all.map(|(member, at)| (member, Reverse(at))).collect();
    latest.sort_unstable();
    latest.dedup_by(|later, first| later.0 == first.0);
    latest.into_iter().map(|(_, Reverse(at))| at).collect()
}

/// Distinct (member, civil day) and distinct members with an inquiry in [now − window, now).
fn inquiries(asked: &Asked<'_>, window: Window, looks: &[LookDay], lookers: &[Timestamp]) -> (usize, usize) {
    let since = asked.now.hours_before(window.hours());
    let days = looks.iter().filter(|look| look.latest >= since).count();
    let members = lookers.iter().filter(|latest| **latest >= since).count();
    (days, members)
}

/// Accounts opened in a window, their lenders, and what was granted.
fn opened(
    asked: &Asked<'_>,
    rows: &Rows<'_>,
    window: Window,
    openings: &[Opening<'_, '_>],
) -> (usize, usize, Amount) {
    let (mut accounts, mut lenders, mut amount) = (0, Vec::new(), Amount::default());
    let inside = Inside::of(asked, rows, window);
    for opening in openings.iter().filter(|opening| inside.holds(opening)) {
        accounts += 1;
        for row in opening.account {
            lenders.push(row.member_no);
            amount.add_from(row, asked.currency, granted);
        }
    }
    lenders.sort_unstable();
    lenders.dedup();
    (accounts, lenders.len(), amount)
}

/// Where a window of openings begins: in days by the opening date, in hours by the first acceptance.
enum Inside {
    After(NaiveDate, NaiveDate),
    Since(Timestamp),
}

impl Inside {
    fn of(asked: &Asked<'_>, rows: &Rows<'_>, window: Window) -> Self {
        match window {
            Window::Days(days) => Self::After(days_before(rows.today, days), rows.today),
            Window::Hours(hours) => Self::Since(asked.now.hours_before(hours)),
        }
    }

    fn holds(&self, opening: &Opening<'_, '_>) -> bool {
        match self {
            Self::After(before, today) => opening.opened_on > *before && opening.opened_on <= *today,
            Self::Since(since) => opening.received_at.is_some_and(|at| at >= *since),
        }
    }
}

/// What was granted: the limit of a revolving account, the amount lent of another.
fn granted(facts: &Facts) -> i128 {
    i128::from(if facts.account_type.is_revolving() {
        facts.credit_limit
    } else {
        facts.original_amount
    })
}
