//! The tables that name members: how well they report, how they behave, and what the largest of them hold. For regulator and
//! operator, who supervise them; everybody else gets no statistics at all.
//!
//! They count no borrowers, so disclosure control has nothing to do with them, but for one: the largest lenders. Invariant: what is told
//! of these is too coarse for any borrower's debt to show in it, and only told where their sum is.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};

use crate::domain::conduct::{ConductFacts, Period};
use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, days_after, first_of_month, months_before};
use crate::domain::member::{Member, MemberState, Role};
use crate::domain::names::{MemberId, MemberNo};
use crate::domain::quality::{Month, Scores};
use crate::domain::statistics::{
    Indicator, Published, Shown, ShownKind, ShownRow, ShownStatistics, ShownTable, Statistics,
};
use crate::store::{Store, StoreError};

/// The most lenders that are named as the largest.
const LENDERS_NAMED: usize = 5;
/// Shares of the largest lenders are whole per cents, and no borrower may owe more than half of one.
const SHARE_PARTS: i128 = 100;
/// A conduct month is told this many months later, when what may come of its looks has come.
const CONDUCT_MONTHS_AFTER: u32 = 2;
/// Thousandths.
const WHOLE: i128 = 1_000;

/// The tables of a snapshot, in the order of [`Published::BY_MEMBER`]. `shown`: what disclosure control lets through of it.
///
/// # Errors
/// The store failed.
pub(super) async fn tables(
    store: &dyn Store,
    zone: BusinessZone,
    statistics: &Statistics,
    shown: &ShownStatistics,
) -> Result<Vec<ShownTable>, StoreError> {
    let mut members = store.members().await?;
    members.sort_by(|one, other| one.member_id.cmp(&other.member_id));
    let mut tables = largest_lenders(statistics, shown, &members);
    let lenders: Vec<&Member> = members.iter().filter(|member| lends(member)).collect();
    tables.push(data_quality(store, zone, statistics.as_of, &lenders).await?);
    tables.push(conduct(store, zone, statistics.as_of, &lenders).await?);
    Ok(tables)
}

fn lends(member: &Member) -> bool {
    let takes_part = matches!(member.state, MemberState::Active | MemberState::Suspended);
    takes_part && member.roles.contains(&Role::Lender)
}

/// A table of members and their figures.
fn table(
    published: Published,
    currency: Option<Currency>,
    rows: impl Iterator<Item = (MemberId, Vec<Shown>)>,
) -> ShownTable {
    let (members, values): (Vec<MemberId>, Vec<Vec<Shown>>) = rows.unzip();
    let rows = values.into_iter().enumerate().map(|(place, values)| ShownRow {
        places: vec![place],
        values,
    });
    ShownTable {
        published,
        currency,
        members,
        rows: rows.collect(),
    }
}

/// What is shown of the figures of a member: those that there are, and shares of those that are not nothing.
fn shown_values(published: Published, figures: &[Option<u64>]) -> Vec<Shown> {
    let figure = |column: usize| figures.get(column).copied().flatten();
    let columns = published.shown_columns(false).into_iter();
    let shown = columns.map(|column| match (column.kind, column.of) {
        (ShownKind::Ratio, Some(of)) => {
            let share = figure(column.column).zip(figure(of));
            let share = share.and_then(|(part, whole)| rounded(part.into(), whole.into(), WHOLE));
            share.map(Shown::Ratio)
        }
        _ => figure(column.column)
            .and_then(|count| i64::try_from(count).ok())
            .map(Shown::Count),
    });
    shown.map(|shown| shown.unwrap_or(Shown::Nothing)).collect()
}

/// A share in so many parts, halves up; `None` of nothing.
fn rounded(part: i128, whole: i128, parts: i128) -> Option<i64> {
    let doubled = part.checked_mul(2 * parts)?.checked_add(whole)?;
    let share = doubled.checked_div_euclid(whole.checked_mul(2)?)?;
    i64::try_from(share).ok()
}

async fn data_quality(
    store: &dyn Store,
    zone: BusinessZone,
    as_of: NaiveDate,
    lenders: &[&Member],
) -> Result<ShownTable, StoreError> {
    let published = of(Indicator::DataQuality);
    let Some(month) = Month::of(as_of.year(), as_of.month()) else {
        return Ok(table(published, None, std::iter::empty()));
    };
    let end = zone.start_of(days_after(as_of, 1));
    let mut rows = Vec::new();
    for member in lenders {
        let facts = store.quality_facts(member.member_no, month, zone, end).await?;
        let scores = Scores::of(&facts, zone, end);
        let figures = [
            Some(scores.score),
            scores.timeliness,
            scores.accept_rate,
            scores.completeness,
            scores.consistency,
            scores.reject_ageing,
        ];
        let values = shown_values(published, &figures.map(|score| score.map(u64::from)));
        rows.push((member.member_id.clone(), values));
    }
    Ok(table(published, None, rows.into_iter()))
}

async fn conduct(
    store: &dyn Store,
    zone: BusinessZone,
    as_of: NaiveDate,
    lenders: &[&Member],
) -> Result<ShownTable, StoreError> {
    let published = of(Indicator::Conduct);
    let first = months_before(first_of_month(as_of), CONDUCT_MONTHS_AFTER);
    let numbers = || lenders.iter().map(|member| member.member_no);
    let month = Month::of(first.year(), first.month());
    let (Some(month), Some(least), Some(most)) = (month, numbers().min(), numbers().max()) else {
        return Ok(table(published, None, std::iter::empty()));
    };
    let period = Period {
        month,
        zone,
        now: zone.start_of(days_after(as_of, 1)),
    };
    let found = store.conduct(period, least..=most).await?;
    let rows = lenders.iter().map(|member| {
        let facts = found.get(&member.member_no).copied().unwrap_or_default();
        (
            member.member_id.clone(),
            shown_values(published, &figures_of(&facts)),
        )
    });
    Ok(table(published, None, rows))
}

/// In the order of the columns.
fn figures_of(facts: &ConductFacts) -> [Option<u64>; 12] {
    [
        facts.looks,
        facts.hard_queries,
        facts.judged_queries,
        facts.unfollowed_queries,
        facts.checks,
        facts.checks_in_turn,
        facts.loans_opened,
        facts.reservations.ended(),
        facts.reservations.lapsed,
        facts.reservations.late,
        facts.strangers,
        facts.evaluations,
    ]
    .map(Some)
}

fn of(indicator: Indicator) -> Published {
    Published {
        indicator,
        ..Published::BY_MEMBER[0]
    }
}

/// The largest lenders of each currency, by name.
fn largest_lenders(statistics: &Statistics, shown: &ShownStatistics, members: &[Member]) -> Vec<ShownTable> {
    let names: BTreeMap<MemberNo, &MemberId> = members
        .iter()
        .map(|member| (member.member_no, &member.member_id))
        .collect();
    let of_currency = |(currency, balances): (&Currency, &Vec<(MemberNo, i128)>)| {
        let total: i128 = balances.iter().map(|(_, balance)| balance).sum();
        let unit = total / SHARE_PARTS;
        let drowns_borrowers = unit >= 2 * statistics.largest_subject(*currency);
        let mut ranked = balances.clone();
        ranked.sort_by_key(|(member_no, balance)| (std::cmp::Reverse(*balance), *member_no));
        ranked.truncate(match drowns_borrowers && tells_largest(shown, *currency) {
            true => LENDERS_NAMED,
            false => 0,
        });
        let rows = ranked.into_iter().filter_map(|(member_no, balance)| {
            let hundredths = rounded(balance, total, SHARE_PARTS)?;
            let share = Shown::Ratio(hundredths.checked_mul(10)?);
            Some(((*names.get(&member_no)?).clone(), vec![share]))
        });
        table(of(Indicator::Concentration), Some(*currency), rows)
    };
    statistics.balances.iter().map(of_currency).collect()
}

/// Whether disclosure control lets the sum of the largest lenders be told.
fn tells_largest(shown: &ShownStatistics, currency: Currency) -> bool {
    let published = Published {
        indicator: Indicator::Concentration,
        cuts: &[],
    };
    let table = shown
        .tables
        .iter()
        .find(|table| table.published == published && table.currency == Some(currency));
    let values = table.and_then(|table| table.rows.first()).map(|row| &row.values);
    values.is_some_and(|values| values.iter().all(|value| !matches!(value, Shown::Hidden)))
}

#[cfg(test)]
mod tests;
