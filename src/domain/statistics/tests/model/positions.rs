//! What a position adds to tables of positions.

use chrono::{Datelike, NaiveDate};

use super::super::super::{FirstLate, Indicator, Loan, Standing};
use super::super::market::Market;
use super::{Entry, is_active, owed};
use crate::domain::date::days_before;
use crate::domain::position::{AccountStatus, ClosureReason};

pub fn position<'m>(
    market: &Market,
    loan: &'m Loan<'static>,
    indicator: Indicator,
    in_amounts: bool,
) -> Vec<Entry<'m>> {
    let balance = owed(loan.now);
    let weigh = |holds: &[bool]| -> Vec<i128> {
        let weight = if in_amounts { balance } else { 1 };
        holds
            .iter()
            .map(|holds| if *holds { weight } else { 0 })
            .collect()
    };
    match indicator {
        Indicator::Delinquency if is_active(loan.now) => {
            let days = loan.now.unwrap().days_past_due;
            let formal = days.saturating_sub(loan.grace_days) > 0;
            let holds = [true, days > 0, days > 30, days > 60, days > 90, formal];
            vec![(loan, vec![], weigh(&holds))]
        }
        Indicator::Restructuring if is_active(loan.now) => {
            vec![(loan, vec![], weigh(&[true, loan.is_restructured]))]
        }
        Indicator::RollRate if is_active(loan.past.before) => {
            let before = loan.past.before.unwrap();
            let value = if in_amounts {
                before.outstanding_total.into()
            } else {
                1
            };
            vec![(loan, vec![bucket(before), fate(loan.now)], vec![value])]
        }
        Indicator::Vintage if loan.now.is_some() => vintage(market, loan, in_amounts),
        Indicator::Flow => vec![(loan, vec![], flow(market, loan))],
        _ => vec![],
    }
}

fn bucket(standing: Standing) -> String {
    let months = standing.days_past_due.div_ceil(30);
    format!("M{}", months.min(7))
}

fn fate(now: Option<Standing>) -> String {
    let Some(standing) = now else {
        return "WITHDRAWN".into();
    };
    if is_active(now) {
        return bucket(standing);
    }
    match standing.closure_reason {
        None if standing.status == AccountStatus::TransferredOut => "TRANSFERRED",
        Some(ClosureReason::Sold) => "TRANSFERRED",
        Some(ClosureReason::WrittenOff) => "WRITTEN_OFF",
        Some(ClosureReason::ReportedInError) => "WITHDRAWN",
        _ => "CLOSED",
    }
    .into()
}

/// At the end of each of the months that follow its own, up to the snapshot's.
fn vintage<'m>(market: &Market, loan: &'m Loan<'static>, in_amounts: bool) -> Vec<Entry<'m>> {
    let mut entries = Vec::new();
    let own = loan.opened_on.with_day(1).unwrap();
    let month = own.format("%Y-%m").to_string();
    let ends = (1..).map(|months| own + chrono::Months::new(months + 1) - chrono::Days::new(1));
    let as_of = market.terms.as_of;
    let until: Vec<NaiveDate> = ends
        .take_while(|end| end.with_day(1) <= as_of.with_day(1))
        .collect();
    if until.len() > 24 {
        return entries;
    }
    for (number, end) in until.into_iter().enumerate() {
        let ever = |first: Option<FirstLate>| {
            let first = first.filter(|first| first.on <= end);
            if in_amounts {
                first.map_or(0, |first| first.outstanding_total.into())
            } else {
                first.is_some().into()
            }
        };
        let all = if in_amounts { loan.granted.into() } else { 1 };
        let values = vec![all, ever(loan.past.first_31), ever(loan.past.first_91)];
        entries.push((loan, vec![month.clone(), (number + 1).to_string()], values));
    }
    entries
}

/// Column by column, as the definitions say.
fn flow(market: &Market, loan: &Loan<'static>) -> Vec<i128> {
    let terms = &market.terms;
    let since = terms
        .previous
        .unwrap_or_else(|| days_before(terms.as_of.with_day(1).unwrap(), 1));
    let idle = |standing: Option<Standing>| {
        standing.is_some_and(|standing| {
            standing.status == AccountStatus::PendingDisbursement && standing.outstanding_total == 0
        })
    };
    let was_there = is_active(loan.past.before) && !idle(loan.past.before);
    let is_new = !was_there && (loan.opened_on > since || idle(loan.past.before));
    let opening = owed(loan.past.before);
    let closing = owed(loan.now);
    let originations = match loan.now {
        Some(_) if !is_new || idle(loan.now) => 0,
        Some(_) if loan.is_revolving => closing,
        Some(_) => loan.granted.into(),
        None => 0,
    };
    let arrivals = if was_there || is_new { 0 } else { closing };
    let start = opening + originations + arrivals;
    let stays = is_active(loan.now);
    let fate = if stays { String::new() } else { fate(loan.now) };
    let all_if = |name: &str| if fate == name { start } else { 0 };
    let lossy = [
        ClosureReason::SettledForLess,
        ClosureReason::Bankruptcy,
        ClosureReason::Deceased,
        ClosureReason::Fraud,
    ];
    let rest = loan
        .now
        .filter(|now| fate == "CLOSED" && now.closure_reason.is_some_and(|reason| lossy.contains(&reason)))
        .map_or(0, |now| start.min(now.outstanding_total.into()));
    let write_offs = all_if("WRITTEN_OFF") + rest;
    let (transfers, withdrawals) = (all_if("TRANSFERRED"), all_if("WITHDRAWN"));
    let change = closing - (start - write_offs - transfers - withdrawals);
    vec![
        opening,
        originations,
        arrivals,
        change.max(0),
        (-change).max(0),
        write_offs,
        transfers,
        withdrawals,
        closing,
    ]
}
