//! Patterns of stacking, raised from others' data only (semantics 3).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::accounts::{Account, Rows, is_active, opened_on};
use super::amount::Amount;
use super::answer::Asked;
use super::obligation::monthly_obligation;
use super::{OthersExposure, SignalType, Window, WindowFigures};
use crate::domain::date::{days_after, days_before};
use crate::domain::names::{AccountNo, MemberNo};

const BURST_INQUIRING_LENDERS: u32 = 3;
const BURST_OPENINGS: u32 = 2;
const RECENT_OPENING_DAYS: u32 = 30;
const DUE_DATE_AS_OF_DAYS: u32 = 60;
const DUE_DATE_DISTANCE_DAYS: u32 = 3;

/// All signals, in order, each once. `shared_mobile` was found when the look was resolved.
pub(super) fn raised(
    asked: &Asked<'_>,
    rows: &Rows<'_>,
    others: &OthersExposure,
    shared_mobile: bool,
) -> Vec<SignalType> {
    let inquiring = in_window(others, Window::Hours(24), |window| window.inquiring_lenders);
    let opened = in_window(others, Window::Days(7), |window| window.new_accounts);
    let mut raised = Vec::new();
    let mut raise = |signal: SignalType, holds: bool| {
        if holds {
            raised.push(signal);
        }
    };
    raise(SignalType::InquiryBurst, inquiring >= BURST_INQUIRING_LENDERS);
    raise(SignalType::OpeningBurst, opened >= BURST_OPENINGS);
    raise(SignalType::BorrowToRepay, borrowed_to_repay(rows));
    raise(SignalType::SharedMobile, shared_mobile);
    raise(SignalType::ObligationJump, obligation_jumped(asked, rows));
    raised
}

/// A count as shown: every threshold lies below the cap.
fn in_window(others: &OthersExposure, window: Window, count: impl Fn(&WindowFigures) -> u32) -> u32 {
    let found = others.velocity.iter().find(|figures| figures.window == window);
    found.map_or(0, count)
}

fn is_recent(rows: &Rows<'_>, opened_on: NaiveDate) -> bool {
    opened_on > days_before(rows.today, RECENT_OPENING_DAYS) && opened_on <= rows.today
}

/// When an instalment fell due, by account and lender.
type Due = (NaiveDate, usize, MemberNo);

/// A loan opened in the last 30 days at most 3 days around a due date of another loan of a different lender.
fn borrowed_to_repay(rows: &Rows<'_>) -> bool {
    let accounts: Vec<Account> = rows.own_debt().collect();
    if accounts.len() < 2 || !accounts.iter().any(|account| is_recent(rows, opened_on(account))) {
        return false;
    }
    let dues = due_dates(rows, &accounts);
    let fresh = accounts.iter().enumerate();
    fresh
        .filter(|(_, account)| is_recent(rows, opened_on(account)))
        .any(|(index, account)| {
            let from = days_before(opened_on(account), DUE_DATE_DISTANCE_DAYS);
            let until = days_after(opened_on(account), DUE_DATE_DISTANCE_DAYS);
            let first = dues.partition_point(|(due, _, _)| *due < from);
            dues.iter()
                .skip(first)
                .take_while(|(due, _, _)| *due <= until)
                .any(|(_, other, lender)| {
                    *other != index && account.iter().any(|row| row.member_no != *lender)
                })
        })
}

/// Due dates of all versions of the last 60 days that no correction replaced, earliest first.
fn due_dates(rows: &Rows<'_>, accounts: &[Account<'_, '_>]) -> Vec<Due> {
    let since = days_before(rows.today, DUE_DATE_AS_OF_DAYS);
    let mut dues: Vec<Due> = Vec::with_capacity(accounts.len());
    for (index, row) in accounts
        .iter()
        .enumerate()
        .flat_map(|(index, account)| account.iter().map(move |row| (index, row)))
    {
        if row.version.order.as_of > since {
            dues.extend(
                row.version
                    .facts
                    .next_due_on
                    .map(|due| (due, index, row.member_no)),
            );
        }
    }
    let past = rows
        .history()
        .filter(|past| past.as_of > since && past.next_due_on.is_some());
    let mut index_of: BTreeMap<AccountNo, usize> = BTreeMap::new();
    for row in past {
        if index_of.is_empty() {
            index_of = number_accounts(accounts);
        }
        if let (Some(due), Some(index)) = (row.next_due_on, index_of.get(&row.account_no)) {
            dues.push((due, *index, row.member_no));
        }
    }
    dues.sort_unstable();
    dues
}

fn number_accounts(accounts: &[Account<'_, '_>]) -> BTreeMap<AccountNo, usize> {
    let numbered = accounts.iter().enumerate();
    numbered
        .flat_map(|(index, account)| account.iter().map(move |row| (row.account_no, index)))
        .collect()
}

/// The obligation of loans opened in the last 30 days is at least half of that of the older ones.
fn obligation_jumped(asked: &Asked<'_>, rows: &Rows<'_>) -> bool {
    let (mut fresh, mut older) = (Amount::default(), Amount::default());
    for row in rows.own_debt().flatten().filter(|row| is_active(row)) {
        let amount = match is_recent(rows, row.version.facts.opened_on) {
            true => &mut fresh,
            false => &mut older,
        };
        amount.add_from(row, asked.currency, |facts| monthly_obligation(facts, rows.today));
    }
    older.total() > 0 && fresh.total().saturating_mul(2) >= older.total()
}
