//! The windows of an answer (semantics 2, *Windows*).

use std::collections::BTreeSet;

use tallystick::domain::currency::Currency;
use tallystick::domain::exposure::{Window, WindowFigures};

use super::answer::{band, revolves, shown};
use super::loans::{Loan, Rows};
use super::{Look, MemberName, calendar};

/// All windows, in order.
pub fn windows(caller: MemberName, currency: Currency, now: i64, rows: &Rows<'_>) -> Vec<WindowFigures> {
    let hours = [1, 24].map(Window::Hours);
    let days = [7, 15, 30, 90, 180, 360].map(Window::Days);
    let all = hours.into_iter().chain(days);
    all.map(|window| figures(caller, currency, now, rows, window))
        .collect()
}

fn figures(
    caller: MemberName,
    currency: Currency,
    now: i64,
    rows: &Rows<'_>,
    window: Window,
) -> WindowFigures {
    let looks = looks(caller, now, rows, window);
    let days: BTreeSet<_> = looks
        .iter()
        .map(|look| (look.member, calendar::day_of(look.at)))
        .collect();
    let new: Vec<Vec<Loan>> = opened(caller, now, rows, window);
    let loans: Vec<Loan> = new.iter().flatten().copied().collect();
    let lenders: BTreeSet<MemberName> = loans.iter().map(|loan| loan.member).collect();
    WindowFigures {
        window,
        hard_inquiries: shown(days.len()),
        inquiring_lenders: shown(members(&looks).len()),
        new_accounts: shown(new.len()),
        new_lenders: shown(lenders.len()),
        new_amount: band(&loans, currency, &|facts| match revolves(facts) {
            true => facts.credit_limit.into(),
            false => facts.original_amount.into(),
        }),
    }
}

/// Others' hard looks at an instant in [now − window, now).
pub fn looks<'a>(caller: MemberName, now: i64, rows: &Rows<'a>, window: Window) -> Vec<&'a Look> {
    let length = match window {
        Window::Hours(hours) => i64::from(hours) * calendar::HOUR,
        Window::Days(days) => i64::from(days) * calendar::DAY,
    };
    let others = rows.looks.iter().filter(|look| look.member != caller);
    others
        .filter(|look| now - length <= look.at && look.at < now)
        .copied()
        .collect()
}

/// Who made looks.
pub fn members(looks: &[&Look]) -> BTreeSet<MemberName> {
    looks.iter().map(|look| look.member).collect()
}

/// Others' own-debt accounts opened in a window, closed ones too.
pub fn opened<'a>(caller: MemberName, now: i64, rows: &Rows<'a>, window: Window) -> Vec<Vec<Loan<'a>>> {
    let today = calendar::day_of(now);
    let is_new = |account: &Vec<Loan>| {
        let opened_on = account[0].facts().opened_on;
        match window {
            Window::Days(days) => calendar::within_last(opened_on, days.into(), today),
            Window::Hours(hours) => {
                let first = account.iter().flat_map(|loan| &loan.account.received).min();
                let since = now - i64::from(hours) * calendar::HOUR;
                opened_on > calendar::shift(today, -7) && first.is_some_and(|at| since <= *at && *at < now)
            }
        }
    };
    let mut accounts = rows.of_others(caller, true);
    accounts.retain(is_new);
    accounts
}
