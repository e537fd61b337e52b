//! How fast others looked and lent: the windows of an answer (semantics 2, *Windows*).

use chrono::NaiveDate;

use super::accounts::{Account, Rows};
use super::answer::Asked;
use super::tally::{Amount, capped};
use super::{Window, WindowFigures};
use crate::domain::date::{Timestamp, days_before};
use crate::domain::names::MemberNo;
use crate::domain::position::Facts;

/// Openings older than this do not count in windows of hours, however late they were reported.
const FRESH_OPENING_DAYS: u32 = 7;

/// Every window, in order.
pub(super) fn windows(asked: &Asked<'_>, rows: &Rows<'_>, accounts: &[Account<'_>]) -> Vec<WindowFigures> {
    let looks = looks_of_others(asked, rows);
    Window::ALL
        .iter()
        .map(|window| figures(asked, *window, &looks, accounts))
        .collect()
}

/// Others' hard inquiries before now: when, by whom, on which civil day; latest first.
fn looks_of_others(asked: &Asked<'_>, rows: &Rows<'_>) -> Vec<(Timestamp, MemberNo, NaiveDate)> {
    let mut looks: Vec<_> = rows
        .inquiries()
        .filter(|look| look.member_no != asked.caller && look.inquired_at < asked.now)
        .map(|look| {
            (
                look.inquired_at,
                look.member_no,
                asked.rules.zone.date_of(look.inquired_at),
            )
        })
        .collect();
    looks.sort_unstable_by(|a, b| b.cmp(a));
    looks
}

fn figures(
    asked: &Asked<'_>,
    window: Window,
    looks: &[(Timestamp, MemberNo, NaiveDate)],
    accounts: &[Account<'_>],
) -> WindowFigures {
    let (hard_inquiries, inquiring_lenders) = inquiries(asked, window, looks);
    let new: Vec<&Account> = accounts
        .iter()
        .filter(|account| is_new(asked, window, account))
        .collect();
    let entries = || new.iter().flat_map(|account| account.entries());
    let mut lenders: Vec<MemberNo> = entries().map(|entry| entry.row.member_no).collect();
    lenders.sort_unstable();
    lenders.dedup();
    WindowFigures {
        window,
        hard_inquiries: capped(hard_inquiries),
        inquiring_lenders: capped(inquiring_lenders),
        new_accounts: capped(new.len()),
        new_lenders: capped(lenders.len()),
        new_amount: Amount::over(entries(), asked.currency, granted).band(asked),
    }
}

/// Distinct (member, civil day) and distinct members with an inquiry in [now − window, now).
fn inquiries(
    asked: &Asked<'_>,
    window: Window,
    looks: &[(Timestamp, MemberNo, NaiveDate)],
) -> (usize, usize) {
    let since = asked.now.hours_before(window.hours());
    let inside = looks.iter().take_while(|(at, _, _)| *at >= since);
    let mut days: Vec<(MemberNo, NaiveDate)> = inside.map(|(_, member, day)| (*member, *day)).collect();
    days.sort_unstable();
    days.dedup();
    let hard = days.len();
    days.dedup_by_key(|(member, _)| *member);
    (hard, days.len())
}

/// Lenders that inquired within the last 24 hours, not capped.
pub(super) fn inquiring_lenders_of_a_day(asked: &Asked<'_>, rows: &Rows<'_>) -> usize {
    inquiries(asked, Window::Hours(24), &looks_of_others(asked, rows)).1
}

/// Whether an account was opened in a window: in days by its opening date, in hours by its first acceptance.
pub(super) fn is_new(asked: &Asked<'_>, window: Window, account: &Account<'_>) -> bool {
    let today = asked.today();
    let opened_on = account.opened_on();
    match window {
        Window::Days(days) => opened_on > days_before(today, days) && opened_on <= today,
        Window::Hours(hours) => {
            let since = asked.now.hours_before(hours);
            let received = |at: Timestamp| at >= since && at < asked.now;
            opened_on > days_before(today, FRESH_OPENING_DAYS)
                && account
                    .entries()
                    .map(|entry| entry.row.first_received_at)
                    .min()
                    .is_some_and(received)
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
