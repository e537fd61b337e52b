//! An invented market: a year of snapshots in which nobody is real, to try the dashboard with and to test it.
//!
//! Its tables look as protected ones do: counts rounded to 5, small cells hidden. The same date gives the same market.

mod figures;

use async_trait::async_trait;
use chrono::{Months, NaiveDate};

use self::figures::{rows, rows_of_members};
use super::supervision::Supervision;
use super::window::{Window, WindowError};
use crate::domain::conduct::{ConductFacts, ReservationFates, Thresholds};
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::member::{LenderGroup, Member, MemberState, Role};
use crate::domain::names::{MemberId, MemberNo};
use crate::domain::quality::{Month, Scores};
use crate::domain::statistics::{Published, ShownTable, Snapshot, SnapshotHead, SnapshotKey, SnapshotState};

/// Snapshots of the market, a month apart.
const SNAPSHOTS: u32 = 13;
/// Names of its lenders for people; the last one tries what a name can do to a page.
const LENDERS: [(&str, &str, LenderGroup); 8] = [
    ("east-bank", "East Bank 东部银行", LenderGroup::Bank),
    ("fast-cash", "Fast Cash", LenderGroup::OnlineMicroloan),
    (
        "harbour-finance",
        "Harbour Consumer Finance",
        LenderGroup::ConsumerFinance,
    ),
    ("lotus-micro", "Lotus Micro 莲花小贷", LenderGroup::Microloan),
    ("peak-loans", "Peak Loans", LenderGroup::OnlineMicroloan),
    ("river-leasing", "River Auto & Leasing", LenderGroup::AutoLeasing),
    ("swift-cash", "Swift Cash", LenderGroup::OnlineMicroloan),
    (
        "zebra",
        "<b onmouseover=alert(1)>Zebra \"Credit\"</b>",
        LenderGroup::Other,
    ),
];

/// Lenders that are named as the largest.
const LARGEST: usize = 5;

/// The market.
#[derive(Debug, Clone, Copy)]
pub struct InventedMarket {
    last: NaiveDate,
}

impl InventedMarket {
    /// With its newest snapshot on a date.
    pub const fn until(last: NaiveDate) -> Self {
        Self { last }
    }

    /// Its snapshots, oldest first, each with its number.
    fn keys(self) -> impl Iterator<Item = (u32, SnapshotKey)> {
        (0..SNAPSHOTS).filter_map(move |number| {
            let as_of = self
                .last
                .checked_sub_months(Months::new(SNAPSHOTS - 1 - number))?;
            Some((number, SnapshotKey { as_of, version: 1 }))
        })
    }

    fn snapshot(number: u32, key: SnapshotKey) -> Snapshot {
        let grown = u64::from(100 + number * 2);
        Snapshot {
            key,
            state: SnapshotState::Published,
            created_at: Timestamp::from_micros(0),
            head: Some(SnapshotHead {
                subjects: 2_000 * grown,
                positions: 3_410 * grown,
                lenders: 38,
                digest: [0; 32],
            }),
        }
    }

    fn members() -> impl Iterator<Item = (u64, Member)> {
        (1..)
            .zip(LENDERS)
            .filter_map(|(number, (id, name, lender_group))| {
                let member = Member {
                    member_no: MemberNo(i64::try_from(number).ok()?),
                    member_id: MemberId::parse(id)?,
                    display_name: name.to_owned(),
                    lender_group,
                    roles: vec![Role::Lender],
                    state: MemberState::Active,
                    certificates: Vec::new(),
                    created_at: Timestamp::from_micros(0),
                    rule_packs: Vec::new(),
                    evaluations_per_day: 10_000,
                };
                Some((number, member))
            })
    }
}

#[async_trait]
impl Window for InventedMarket {
    async fn snapshots(&self, limit: u32) -> Result<Vec<Snapshot>, WindowError> {
        let mut found: Vec<Snapshot> = self
            .keys()
            .map(|(number, key)| Self::snapshot(number, key))
            .collect();
        found.reverse();
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn series(
        &self,
        published: Published,
        currency: Option<Currency>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(SnapshotKey, ShownTable)>, WindowError> {
        let known = currency.is_none_or(|currency| currency == Currency::CNY);
        if !known || published.shown_columns(currency.is_some()).is_empty() {
            return Ok(Vec::new());
        }
        let wanted = self.keys().filter(|(_, key)| (from..=to).contains(&key.as_of));
        Ok(wanted
            .map(|(number, key)| {
                let named = match (published.names_members(), currency) {
                    (false, _) => 0,
                    (true, None) => LENDERS.len(),
                    (true, Some(_)) => LARGEST,
                };
                let names = Self::members().map(|(_, member)| member.member_id);
                let members: Vec<MemberId> = names.take(named).collect();
                let rows = match published.names_members() {
                    true => rows_of_members(published, currency.is_some(), number, named),
                    false => rows(published, currency.is_some(), number),
                };
                let table = ShownTable {
                    published,
                    currency,
                    members,
                    rows,
                };
                (key, table)
            })
            .collect())
    }

    async fn currencies(&self, _: SnapshotKey) -> Result<Vec<Currency>, WindowError> {
        Ok(vec![Currency::CNY])
    }
}

#[async_trait]
impl Supervision for InventedMarket {
    async fn quality(&self, _: Month) -> Result<Vec<(Member, Scores)>, WindowError> {
        let scored = Self::members().map(|(number, member)| {
            let less = |weight: u64| u32::try_from(100 - number * weight % 45).ok();
            let scores = Scores {
                score: less(6).unwrap_or(0),
                timeliness: less(7),
                accept_rate: less(3),
                completeness: if number == 3 { None } else { less(11) },
                consistency: less(2),
                reject_ageing: if number % 3 == 0 { None } else { less(9) },
            };
            (member, scores)
        });
        Ok(scored.collect())
    }

    async fn conduct(&self, _: Month) -> Result<Vec<(Member, ConductFacts)>, WindowError> {
        let found = Self::members().map(|(number, member)| {
            let facts = ConductFacts {
                looks: 900 * number,
                hard_queries: 400 * number,
                checks: 300 * number,
                judged_queries: 350 * number,
                unfollowed_queries: 350 * number * (number * 11 % 90) / 100,
                checks_in_turn: number % 4,
                loans_opened: if number == 8 { 0 } else { 120 },
                reservations: ReservationFates {
                    confirmed: 110 * number,
                    late: number,
                    released: 40 * number,
                    lapsed: 60 * number,
                    live: number,
                },
                strangers: 30 * number,
                evaluations: 1_500 * number,
            };
            (member, facts)
        });
        Ok(found.collect())
    }

    fn thresholds(&self) -> Thresholds {
        Thresholds::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statistics::Shown;

    #[tokio::test]
    async fn every_published_table_has_its_rows_and_some_are_hidden() {
        let last = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let market = InventedMarket::until(last);
        let mut hidden = 0;
        for published in Published::every() {
            for currency in [None, Some(Currency::CNY)] {
                let columns = published.shown_columns(currency.is_some());
                if columns.is_empty() {
                    continue;
                }
                let found = market.series(published, currency, last, last).await.unwrap();
                let (_, table) = found.first().unwrap();
                assert!(!table.rows.is_empty());
                assert!(table.rows.iter().all(|row| row.values.len() == columns.len()));
                for (column, value) in table.rows.iter().flat_map(|row| columns.iter().zip(&row.values)) {
                    let is_whole = !matches!(value, Shown::Ratio(share) if *share > 1_000);
                    assert!(
                        is_whole || column.name == "mean",
                        "{published:?} {column:?} {value:?}"
                    );
                }
                let values = table.rows.iter().flat_map(|row| &row.values);
                hidden += values.filter(|value| **value == Shown::Hidden).count();
            }
        }
        assert!(hidden > 100, "{hidden}");
    }
}
