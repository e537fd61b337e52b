//! The indicators once more, straight from their definitions: everything is collected first, and each table is reckoned for
//! itself, without a thought of memory or speed.

mod looks;
mod positions;
mod subjects;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::super::{Axis, Indicator, Loan, Published, Region, Standing};
use super::market::Market;
use crate::domain::currency::Currency;
use crate::domain::names::MemberNo;
use crate::domain::position::AccountStatus;
use positions::position;
use subjects::{debtor, exposure, lenders, same_day, spokesman, stacker};

/// Rows that are not all zeros, by their keys.
pub type Rows = BTreeMap<Vec<String>, Vec<i128>>;

/// Something that a table counts: under whose keys, with which further keys, and how much in each column.
type Entry<'m> = (&'m Loan<'static>, Vec<String>, Vec<i128>);

/// A table of a market.
pub fn rows(market: &Market, table: Published, currency: Option<Currency>) -> Rows {
    use Indicator as I;
    match (table.indicator, currency) {
        (I::LendersPerSubject, _) => lenders_per_subject(market, table),
        (I::ExposurePerSubject, Some(currency)) => exposure_per_subject(market, table, currency),
        (I::BlockedStacking | I::DstiDistribution | I::UncheckedLoans, _) => {
            with_shares(looks::rows(market, table), table.indicator)
        }
        (I::Concentration, Some(currency)) => concentration(market, table, currency),
        _ => {
            let mut rows = Rows::new();
            for (loan, own, values) in entries(market, table.indicator, currency) {
                let row = rows.entry([keys(loan, table), own].concat()).or_default();
                row.resize(values.len(), 0);
                row.iter_mut()
                    .zip(values)
                    .for_each(|(cell, value)| *cell += value);
            }
            with_shares(rows, table.indicator)
        }
    }
}

/// For shares: every row of an indicator gets the sums over its last key.
fn with_shares(mut rows: Rows, indicator: Indicator) -> Rows {
    use Indicator as I;
    if !matches!(
        indicator,
        I::MultiLenderHistogram
            | I::ExposureDistribution
            | I::RollRate
            | I::BlockedStacking
            | I::DstiDistribution
    ) {
        return rows;
    }
    let groups: BTreeSet<Vec<String>> = rows.keys().map(|keys| keys[..keys.len() - 1].to_vec()).collect();
    for group in groups {
        let members = || {
            rows.iter()
                .filter(|(keys, _)| keys[..keys.len() - 1] == group[..])
        };
        let columns = members().next().unwrap().1.len();
        let sums: Vec<i128> = (0..columns)
            .map(|column| members().map(|(_, values)| values[column]).sum())
            .collect();
        // Every place of the last axis has a share, be it of nothing.
        let last = *indicator.axes().last().unwrap();
        for place in 0..last.places() {
            let label = last.label(place, NaiveDate::MIN).into_owned();
            let keys = [group.clone(), vec![label]].concat();
            let row = rows.entry(keys).or_insert_with(|| vec![0; columns]);
            row.extend(sums.clone());
        }
    }
    rows
}

fn entries(market: &Market, indicator: Indicator, currency: Option<Currency>) -> Vec<Entry<'_>> {
    use Indicator as I;
    match indicator {
        I::MultiLenderHistogram | I::MultiLenderRate | I::DelinquencyByLenders | I::ExposureDistribution => {
            market
                .subjects
                .iter()
                .filter_map(|loans| debtor(market, loans, indicator, currency))
                .collect()
        }
        I::NewStacking => market
            .subjects
            .iter()
            .filter_map(|loans| stacker(market, loans))
            .collect(),
        I::SameDayStacking => market
            .subjects
            .iter()
            .flat_map(|loans| same_day(market, loans))
            .collect(),
        _ => market
            .subjects
            .iter()
            .flatten()
            .filter(|loan| loan.is_primary && currency.is_none_or(|currency| loan.currency == currency))
            .flat_map(|loan| position(market, loan, indicator, currency.is_some()))
            .collect(),
    }
}

fn is_active(standing: Option<Standing>) -> bool {
    standing.is_some_and(|standing| {
        !matches!(
            standing.status,
            AccountStatus::Closed | AccountStatus::TransferredOut
        )
    })
}

fn owed(standing: Option<Standing>) -> i128 {
    if is_active(standing) {
        standing.unwrap().outstanding_total.into()
    } else {
        0
    }
}

/// All values of a table's groups of subjects or lenders.
fn grouped<'m, T>(
    table: Published,
    all: impl Iterator<Item = (&'m Loan<'static>, T)>,
) -> BTreeMap<Vec<String>, Vec<T>> {
    let mut groups: BTreeMap<Vec<String>, Vec<T>> = BTreeMap::new();
    for (loan, value) in all {
        groups.entry(keys(loan, table)).or_default().push(value);
    }
    groups
}

/// The value that so many hundredths of all values do not exceed.
fn percentile<T: Ord + Copy>(values: &[T], hundredths: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * hundredths).div_ceil(100) - 1]
}

fn lenders_per_subject(market: &Market, table: Published) -> Rows {
    let subjects = market.subjects.iter().filter_map(|loans| {
        let by = spokesman(loans).filter(|loan| is_active(loan.now))?;
        Some((by, i128::try_from(lenders(loans)).unwrap()))
    });
    let values = |of: Vec<i128>| {
        let subjects = i128::try_from(of.len()).unwrap();
        vec![
            subjects,
            of.iter().sum(),
            percentile(&of, 50),
            percentile(&of, 90),
        ]
    };
    let groups = grouped(table, subjects);
    groups.into_iter().map(|(keys, of)| (keys, values(of))).collect()
}

fn exposure_per_subject(market: &Market, table: Published, currency: Currency) -> Rows {
    let subjects = market.subjects.iter().filter_map(|loans| {
        let by = spokesman(loans).filter(|loan| is_active(loan.now))?;
        Some((by, exposure(loans, currency)?))
    });
    let values = |of: Vec<i128>| {
        let place = |amount: i128| {
            let label = band(market, currency, amount);
            let found = (0..12).find(|place| Axis::ExposureBand.label(*place, NaiveDate::MIN) == label);
            i128::try_from(found.unwrap()).unwrap()
        };
        let subjects = i128::try_from(of.len()).unwrap();
        let at = |hundredths| place(percentile(&of, hundredths));
        vec![subjects, of.iter().sum(), at(50), at(90)]
    };
    let groups = grouped(table, subjects);
    groups.into_iter().map(|(keys, of)| (keys, values(of))).collect()
}

/// What each lender's active positions come to in each currency, those left out that come to nothing.
pub fn balances(market: &Market) -> BTreeMap<Currency, Vec<(MemberNo, i128)>> {
    let mut books: BTreeMap<(Currency, MemberNo), i128> = BTreeMap::new();
    for loan in market.subjects.iter().flatten().filter(|loan| loan.is_primary) {
        *books.entry((loan.currency, loan.member_no)).or_default() += owed(loan.now);
    }
    let mut balances: BTreeMap<Currency, Vec<(MemberNo, i128)>> = BTreeMap::new();
    for ((currency, member_no), sum) in books.into_iter().filter(|(_, sum)| *sum > 0) {
        balances.entry(currency).or_default().push((member_no, sum));
    }
    balances
}

fn concentration(market: &Market, table: Published, currency: Currency) -> Rows {
    let active = market
        .subjects
        .iter()
        .flatten()
        .filter(|loan| loan.is_primary && loan.currency == currency && is_active(loan.now));
    let groups = grouped(table, active.map(|loan| (loan, (loan.member_no, owed(loan.now)))));
    let values = |of: Vec<(MemberNo, i128)>| {
        let mut books = BTreeMap::new();
        for (member, owed) in of {
            *books.entry(member).or_insert(0) += owed;
        }
        let mut books: Vec<i128> = books.into_values().filter(|book| *book > 0).collect();
        books.sort_unstable();
        books.reverse();
        let total: i128 = books.iter().sum();
        let squares = books.iter().map(|book| book * book).sum();
        let top = |lenders: usize| books.iter().take(lenders).sum();
        let lenders = i128::try_from(books.len()).unwrap();
        vec![lenders, total, squares, total * total, top(3), top(5)]
    };
    groups.into_iter().map(|(keys, of)| (keys, values(of))).collect()
}

fn keys(loan: &Loan<'static>, table: Published) -> Vec<String> {
    let key = |axis: &Axis| match axis {
        Axis::Region => Region::label(loan.region.place()).to_owned(),
        Axis::LenderGroup => snake(&format!("{:?}", loan.lender_group)),
        Axis::ProductType => snake(&format!("{:?}", loan.product_type)),
        Axis::AmountBand => band_of(loan.currency, 1_000, loan.granted.into()),
        Axis::RateBand => rate(loan.annual_percentage_rate_bp).to_owned(),
        _ => unreachable!("no cut"),
    };
    table.cuts.iter().map(key).collect()
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_uppercase());
    }
    snake
}

fn rate(basis_points: u32) -> &'static str {
    match basis_points {
        0 => "NOT_STATED",
        1..=600 => "0-6",
        601..=1_200 => "6-12",
        1_201..=1_800 => "12-18",
        1_801..=2_400 => "18-24",
        2_401..=3_600 => "24-36",
        _ => "36+",
    }
}

fn band(market: &Market, currency: Currency, amount: i128) -> String {
    let lowest = market.terms.lowest_edges.get(&currency).copied().unwrap_or(1_000);
    band_of(currency, lowest, amount)
}

fn band_of(currency: Currency, lowest: i64, amount: i128) -> String {
    if amount == 0 {
        return "0".into();
    }
    let unit = i128::from(lowest * currency.minor_per_unit());
    let steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
    match steps.iter().find(|step| amount <= unit * **step) {
        Some(step) => format!("x{step}"),
        None => "x1000+".into(),
    }
}
