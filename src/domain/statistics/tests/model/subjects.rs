//! What a subject adds to tables of subjects and of openings.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::super::super::{Indicator, Loan};
use super::super::market::Market;
use super::{Entry, band, is_active, owed};
use crate::domain::currency::Currency;
use crate::domain::date::{days_after, days_before};
use crate::domain::position::{AccountStatus, ClosureReason};

/// The subject's active position opened last, or without one the position opened last.
pub fn spokesman<'m>(loans: &'m [Loan<'static>]) -> Option<&'m Loan<'static>> {
    let on_file = loans.iter().filter(|loan| loan.now.is_some());
    let active = on_file.clone().filter(|loan| is_active(loan.now));
    let last = |loan: &&Loan<'static>| (loan.opened_on, loan.member_no, loan.account_no);
    active.max_by_key(last).or_else(|| on_file.max_by_key(last))
}

pub fn lenders(loans: &[Loan<'static>]) -> usize {
    let active = loans.iter().filter(|loan| is_active(loan.now));
    active.map(|loan| loan.member_no).collect::<BTreeSet<_>>().len()
}

pub fn exposure(loans: &[Loan<'static>], currency: Currency) -> Option<i128> {
    let mut owing = loans
        .iter()
        .filter(|loan| is_active(loan.now) && loan.currency == currency)
        .peekable();
    owing.peek()?;
    Some(owing.map(|loan| owed(loan.now)).sum())
}

pub fn debtor<'m>(
    market: &Market,
    loans: &'m [Loan<'static>],
    indicator: Indicator,
    currency: Option<Currency>,
) -> Option<Entry<'m>> {
    let by = spokesman(loans).filter(|loan| is_active(loan.now))?;
    let number = lenders(loans);
    let late = |loan: &&Loan<'static>| is_active(loan.now) && loan.now.unwrap().days_past_due > 30;
    let balance = |of: &dyn Fn(&&Loan<'static>) -> bool| -> i128 {
        let counted = loans
            .iter()
            .filter(|loan| loan.is_primary && Some(loan.currency) == currency);
        counted.filter(of).map(|loan| owed(loan.now)).sum()
    };
    let few = if number >= 5 {
        "5+".to_owned()
    } else {
        number.to_string()
    };
    let many = match number {
        6..=9 => "6-9".to_owned(),
        10.. => "10+".to_owned(),
        _ => number.to_string(),
    };
    Some(match (indicator, currency) {
        (Indicator::MultiLenderHistogram, None) => (by, vec![many], vec![1]),
        (Indicator::MultiLenderHistogram, Some(_)) => (by, vec![many], vec![balance(&|_| true)]),
        (Indicator::MultiLenderRate, _) => {
            let rates = [1, 2, 3, 5].map(|least| i128::from(number >= least));
            (by, vec![], rates.to_vec())
        }
        (Indicator::DelinquencyByLenders, None) => (
            by,
            vec![few],
            vec![1, loans.iter().any(|loan| late(&loan)).into()],
        ),
        (Indicator::DelinquencyByLenders, Some(_)) => {
            (by, vec![few], vec![balance(&|_| true), balance(&late)])
        }
        (_, currency) => {
            let exposure = exposure(loans, currency?)?;
            (by, vec![band(market, currency?, exposure)], vec![1, exposure])
        }
    })
}

/// The openings of a subject up to the snapshot's date: one for loans funded together.
fn openings<'m>(market: &Market, loans: &'m [Loan<'static>]) -> Vec<&'m Loan<'static>> {
    let mut openings: Vec<&Loan> = Vec::new();
    let mut candidates: Vec<&Loan> = loans
        .iter()
        .filter(|loan| {
            let error = Some(ClosureReason::ReportedInError);
            loan.now
                .is_some_and(|now| now.status != AccountStatus::TransferredOut && now.closure_reason != error)
                && loan.opened_on <= market.terms.as_of
        })
        .collect();
    candidates.sort_by_key(|loan| (!loan.is_primary, loan.member_no, loan.account_no));
    for loan in candidates {
        let is_known = openings.iter().any(|known| {
            loan.funding_group_ref.is_some()
                && known.funding_group_ref == loan.funding_group_ref
                && known.currency == loan.currency
                && known.opened_on == loan.opened_on
        });
        if !is_known {
            openings.push(loan);
        }
    }
    openings
}

/// Every span of 30 days that ends in the month is looked at.
pub fn stacker<'m>(market: &Market, loans: &'m [Loan<'static>]) -> Option<Entry<'m>> {
    let openings = openings(market, loans);
    let as_of = market.terms.as_of;
    let mut most = 0;
    let mut end = as_of.with_day(1)?;
    while end <= as_of {
        let inside = |day: NaiveDate| day > days_before(end, 30) && day <= end;
        let lenders: BTreeSet<_> = openings
            .iter()
            .filter(|loan| inside(loan.opened_on))
            .map(|loan| loan.member_no)
            .collect();
        most = most.max(lenders.len());
        end = days_after(end, 1);
    }
    let values = vec![1, (most >= 2).into(), (most >= 3).into()];
    (most >= 1).then(|| (spokesman(loans).unwrap(), vec![], values))
}

pub fn same_day<'m>(market: &Market, loans: &'m [Loan<'static>]) -> Vec<Entry<'m>> {
    let openings = openings(market, loans);
    let as_of = market.terms.as_of;
    let in_month = |loan: &&&Loan<'static>| {
        (loan.opened_on.year(), loan.opened_on.month()) == (as_of.year(), as_of.month()) && loan.is_primary
    };
    let entry = |loan: &&'m Loan<'static>| {
        let stacked = openings
            .iter()
            .any(|other| other.opened_on == loan.opened_on && other.member_no != loan.member_no);
        (*loan, vec![], vec![1, stacked.into()])
    };
    openings.iter().filter(in_month).map(entry).collect()
}
