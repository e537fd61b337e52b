//! The tables that name members: how well they report, how they behave, and which are the largest. For regulator and operator,
//! who supervise them; nobody else gets any statistics.
//!
//! Disclosure control does not know these tables, so they must not tell what it hides. Invariant: no loan, borrower or check
//! is counted in them, but by shares of numbers that are not told; and the largest lenders are told by rank alone.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};

use super::protect::quotient;
use crate::domain::conduct::{ConductFacts, Period};
use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, days_after, first_of_month, months_before};
use crate::domain::member::{LenderGroup, Member, MemberState, Role};
use crate::domain::names::{MemberId, MemberNo};
use crate::domain::quality::{Month, Scores};
use crate::domain::statistics::{
    Axis, Indicator, LENDERS_LISTED_MAX, Published, Shown, ShownKind, ShownRow, ShownStatistics, ShownTable,
    Statistics,
};
use crate::store::{Store, StoreError};

/// The most lenders that are named as the largest.
const LENDERS_NAMED: usize = 5;
/// Nobody is named among fewer, as the number is told: who is not named could be worked out.
const LENDERS_AMONG_MIN: i64 = 10;
/// Data quality is told a month later, when all deadlines are over.
const QUALITY_MONTHS_AFTER: u32 = 1;
/// Conduct is told two months later, when what may come of its looks has come.
const CONDUCT_MONTHS_AFTER: u32 = 2;

/// What is on file of members, for a snapshot.
pub(super) struct Supervised {
    members: Vec<Member>,
    quality: Vec<(MemberId, Vec<Shown>)>,
    conduct: Vec<(MemberId, Vec<Shown>)>,
}

impl Supervised {
    /// Reads it for a snapshot of a date.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read(store: &dyn Store, zone: BusinessZone, as_of: NaiveDate) -> Result<Self, StoreError> {
        let mut members = store.members().await?;
        members.sort_by(|one, other| one.member_id.cmp(&other.member_id));
        Ok(Self {
            quality: quality(store, zone, as_of, &members).await?,
            conduct: conduct(store, zone, as_of, &members).await?,
            members,
        })
    }

    /// The tables, in the order of [`Published::BY_MEMBER`]. `shown`: what disclosure control lets through of the snapshot.
    pub fn tables(self, statistics: &Statistics, shown: &ShownStatistics) -> Vec<ShownTable> {
        let mut tables = largest_lenders(statistics, shown, &self.members);
        tables.push(table(of(Indicator::DataQuality), None, self.quality));
        tables.push(table(of(Indicator::Conduct), None, self.conduct));
        tables
    }
}

fn of(indicator: Indicator) -> Published {
    Published {
        indicator,
        ..Published::BY_MEMBER[0]
    }
}

/// A table of members and their figures.
fn table(published: Published, currency: Option<Currency>, rows: Vec<(MemberId, Vec<Shown>)>) -> ShownTable {
    let (members, values): (Vec<MemberId>, Vec<Vec<Shown>>) =
        rows.into_iter().take(LENDERS_LISTED_MAX).unzip();
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

/// The month so many before that of a date.
fn month_before(as_of: NaiveDate, months: u32) -> Option<Month> {
    let first = months_before(first_of_month(as_of), months);
    Month::of(first.year(), first.month())
}

/// The lenders that could do something in a month. Of those that left, others tell whether they did.
fn lenders_of(members: &[Member], month: Month, zone: BusinessZone) -> impl Iterator<Item = (&Member, bool)> {
    let end = month.instants(zone).end;
    let lent = move |member: &&Member| member.has_role(Role::Lender) && member.created_at < end;
    members
        .iter()
        .filter(lent)
        .filter_map(|member| match member.state {
            MemberState::Active | MemberState::Suspended => Some((member, true)),
            MemberState::Left => Some((member, false)),
            MemberState::Proposed => None,
        })
}

async fn quality(
    store: &dyn Store,
    zone: BusinessZone,
    as_of: NaiveDate,
    members: &[Member],
) -> Result<Vec<(MemberId, Vec<Shown>)>, StoreError> {
    let mut rows = Vec::new();
    let Some(month) = month_before(as_of, QUALITY_MONTHS_AFTER) else {
        return Ok(rows);
    };
    let now = zone.start_of(days_after(as_of, 1));
    for (member, takes_part) in lenders_of(members, month, zone) {
        let facts = store.quality_facts(member.member_no, month, zone, now).await?;
        if takes_part || !facts.is_silent() {
            let scores = Scores::of(&facts, zone, now);
            let figures = scores.parts().map(|score| score.map(u64::from));
            rows.push((
                member.member_id.clone(),
                shown_values(of(Indicator::DataQuality), &figures),
            ));
        }
    }
    Ok(rows)
}

async fn conduct(
    store: &dyn Store,
    zone: BusinessZone,
    as_of: NaiveDate,
    members: &[Member],
) -> Result<Vec<(MemberId, Vec<Shown>)>, StoreError> {
    let numbers = || members.iter().map(|member| member.member_no);
    let month = month_before(as_of, CONDUCT_MONTHS_AFTER);
    let (Some(month), Some(least), Some(most)) = (month, numbers().min(), numbers().max()) else {
        return Ok(Vec::new());
    };
    let period = Period {
        month,
        zone,
        now: zone.start_of(days_after(as_of, 1)),
    };
    let found = store.conduct(period, least..=most).await?;
    let rows = lenders_of(members, month, zone).filter_map(|(member, takes_part)| {
        let facts = found.get(&member.member_no).copied();
        let facts = facts.or(takes_part.then(ConductFacts::default))?;
        let values = shown_values(of(Indicator::Conduct), &figures_of(&facts));
        Some((member.member_id.clone(), values))
    });
    Ok(rows.collect())
}

/// In the order of the columns.
fn figures_of(facts: &ConductFacts) -> [Option<u64>; 13] {
    let reservations = &facts.reservations;
    [
        facts.looks,
        facts.hard_queries,
        facts.unfollowed_queries,
        facts.judged_queries,
        facts.checks_in_turn,
        facts.checks,
        facts.hard_looks(),
        facts.loans_opened,
        reservations.lapsed,
        reservations.late,
        reservations.ended(),
        facts.strangers,
        facts.evaluations,
    ]
    .map(Some)
}

/// What is shown of the figures of a member: those that there are, and shares of those that are not nothing.
fn shown_values(published: Published, figures: &[Option<u64>]) -> Vec<Shown> {
    let figure = |column: usize| figures.get(column).copied().flatten();
    let columns = published.shown_columns(false).into_iter();
    let shown = columns.map(|column| match (column.kind, column.of) {
        (ShownKind::Ratio, Some(of)) => {
            let parts = figure(column.column).zip(figure(of));
            parts
                .and_then(|(part, whole)| share(part, whole))
                .map(Shown::Ratio)
        }
        _ => figure(column.column)
            .and_then(|count| i64::try_from(count).ok())
            .map(Shown::Count),
    });
    shown.map(|shown| shown.unwrap_or(Shown::Nothing)).collect()
}

/// A share in thousandths; `None` of nothing.
fn share(part: u64, whole: u64) -> Option<i64> {
    let share = (whole > 0).then(|| quotient(part.into(), whole.into()))?;
    i64::try_from(share).ok()
}

/// The largest lenders of each currency by name, as far as nothing follows of who borrows there: where what the largest hold together
/// is told, among so many that nobody is known by not being named, and only those of groups whose balance is told.
fn largest_lenders(statistics: &Statistics, shown: &ShownStatistics, members: &[Member]) -> Vec<ShownTable> {
    let known: BTreeMap<MemberNo, &Member> =
        members.iter().map(|member| (member.member_no, member)).collect();
    let of_currency = |(currency, balances): (&Currency, &Vec<(MemberNo, i128)>)| {
        let mut ranked = balances.clone();
        ranked.sort_by_key(|(member_no, balance)| (std::cmp::Reverse(*balance), *member_no));
        let named = match tells_largest(shown, *currency) {
            true => LENDERS_NAMED,
            false => 0,
        };
        let rows = (1..)
            .zip(ranked.into_iter().take(named))
            .filter_map(|(rank, (member_no, _))| {
                let member = known.get(&member_no)?;
                let is_told = tells_balance(shown, *currency, member.lender_group);
                is_told.then(|| (member.member_id.clone(), vec![Shown::Count(rank)]))
            });
        table(of(Indicator::Concentration), Some(*currency), rows.collect())
    };
    statistics.balances.iter().map(of_currency).collect()
}

/// The values of a row by their columns' names.
fn row_of(
    shown: &ShownStatistics,
    (indicator, cuts): (Indicator, &[Axis]),
    currency: Currency,
    places: &[usize],
) -> BTreeMap<&'static str, Shown> {
    let Some(table) = shown.table(indicator, cuts, Some(currency)) else {
        return BTreeMap::new();
    };
    let row = table.rows.iter().find(|row| row.places == places);
    let names = table.columns().into_iter().map(|column| column.name);
    let values = row.into_iter().flat_map(|row| row.values.iter().copied());
    names.zip(values).collect()
}

/// Whether disclosure control tells what the largest hold together, of lenders enough.
fn tells_largest(shown: &ShownStatistics, currency: Currency) -> bool {
    let row = row_of(shown, (Indicator::Concentration, &[]), currency, &[]);
    let lenders = row.get("lenders");
    let are_enough = matches!(lenders, Some(Shown::Count(lenders)) if *lenders >= LENDERS_AMONG_MIN);
    are_enough && matches!(row.get("cr5_share"), Some(Shown::Ratio(_)))
}

/// Whether disclosure control tells the balance of a group.
fn tells_balance(shown: &ShownStatistics, currency: Currency, group: LenderGroup) -> bool {
    let place = LenderGroup::ALL.iter().position(|listed| *listed == group);
    place.is_some_and(|place| {
        let row = row_of(
            shown,
            (Indicator::Delinquency, &[Axis::LenderGroup]),
            currency,
            &[place],
        );
        matches!(row.get("balance"), Some(Shown::Amount(_)))
    })
}

#[cfg(test)]
mod tests;
