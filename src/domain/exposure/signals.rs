//! Patterns of stacking, raised from others' data only (semantics 3).

use chrono::NaiveDate;

use super::accounts::{Account, Entry, Rows};
use super::answer::Asked;
use super::tally::{Amount, monthly_obligation};
use super::velocity::{inquiring_lenders_of_a_day, is_new};
use super::{SignalType, Window};
use crate::domain::date::days_before;

const BURST_INQUIRING_LENDERS: usize = 3;
const BURST_OPENINGS: usize = 2;
const RECENT_OPENING: Window = Window::Days(30);
const DUE_DATE_AS_OF_DAYS: u32 = 60;
const DUE_DATE_DISTANCE_DAYS: i64 = 3;

/// All signals but SHARED_MOBILE, each once.
pub(super) fn raised(asked: &Asked<'_>, rows: &Rows<'_>, accounts: &[Account<'_>]) -> Vec<SignalType> {
    let mut raised = Vec::new();
    if inquiring_lenders_of_a_day(asked, rows) >= BURST_INQUIRING_LENDERS {
        raised.push(SignalType::InquiryBurst);
    }
    let opened = accounts
        .iter()
        .filter(|account| is_new(asked, Window::Days(7), account))
        .count();
    if opened >= BURST_OPENINGS {
        raised.push(SignalType::OpeningBurst);
    }
    if borrowed_to_repay(asked, accounts) {
        raised.push(SignalType::BorrowToRepay);
    }
    if obligation_jumped(asked, accounts) {
        raised.push(SignalType::ObligationJump);
    }
    raised
}

/// A loan opened in the last 30 days at most 3 days around a due date of another lender's loan.
fn borrowed_to_repay(asked: &Asked<'_>, accounts: &[Account<'_>]) -> bool {
    let since = days_before(asked.today(), DUE_DATE_AS_OF_DAYS);
    let near =
        |opened_on: NaiveDate, due: NaiveDate| (due - opened_on).num_days().abs() <= DUE_DATE_DISTANCE_DAYS;
    accounts
        .iter()
        .enumerate()
        .filter(|(_, account)| is_new(asked, RECENT_OPENING, account))
        .any(|(index, fresh)| {
            let opened_on = fresh.opened_on();
            let others = accounts.iter().enumerate().filter(|(other, _)| *other != index);
            others.flat_map(|(_, account)| account.entries()).any(|entry| {
                fresh.any(|own| own.row.member_no != entry.row.member_no)
                    && due_dates(entry).any(|(as_of, due)| as_of > since && near(opened_on, due))
            })
        })
}

/// (as_of, next due date) of all versions of a position that were never corrected.
fn due_dates<'a>(entry: &Entry<'a>) -> impl Iterator<Item = (NaiveDate, NaiveDate)> + use<'a> {
    let current = &entry.row.version;
    let past = entry
        .history()
        .filter_map(|past| Some((past.as_of, past.next_due_on?)));
    past.chain(current.facts.next_due_on.map(|due| (current.order.as_of, due)))
}

/// The obligation of loans opened in the last 30 days is at least half of that of the older ones.
fn obligation_jumped(asked: &Asked<'_>, accounts: &[Account<'_>]) -> bool {
    let obligation = |recent: bool| {
        let chosen = accounts
            .iter()
            .filter(|account| is_new(asked, RECENT_OPENING, account) == recent);
        let active = chosen
            .flat_map(Account::entries)
            .filter(|entry| entry.is_active());
        let today = asked.today();
        Amount::over(active, asked.currency, |facts| monthly_obligation(facts, today)).total()
    };
    let (fresh, older) = (obligation(true), obligation(false));
    older > 0 && fresh * 2 >= older
}
