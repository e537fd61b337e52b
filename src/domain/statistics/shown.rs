//! Tables as people see them: after disclosure control and rounding. Nothing else of the statistics leaves the house.
//!
//! Invariant: a table has the columns that its indicator and cuts say, and the rows, whatever is hidden in it; one that names
//! members has a row for each that it tells of.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::columns::Kind;
use super::indicator::{Indicator, Published};
use crate::domain::currency::Currency;
use crate::domain::names::MemberId;

/// What a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// How many, rounded to 5; a number that counts no borrowers or loans, as it is.
    Count(i64),
    /// Minor units.
    Amount(i64),
    /// Thousandths of 1.
    Ratio(i64),
    /// Nothing, because somebody could be worked out. There is one reason only: more would narrow what is hidden.
    Hidden,
    /// Nothing, because there is nothing to tell: a member did none of what the figure is about.
    Nothing,
}

/// What kind of figure a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownKind {
    /// [`Shown::Count`].
    Count,
    /// [`Shown::Amount`].
    Amount,
    /// [`Shown::Ratio`].
    Ratio,
}

/// A column of values of a shown table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownColumn {
    /// Its name.
    pub name: &'static str,
    /// What it shows.
    pub kind: ShownKind,
    /// The column of the raw table that it is, or whose share it is.
    pub column: usize,
    /// The column of the raw table that it is divided by, if it is a share.
    pub of: Option<usize>,
}

/// A row of a shown table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRow {
    /// Its place on each axis of the table.
    pub places: Vec<usize>,
    /// One value for each of [`ShownTable::columns`].
    pub values: Vec<Shown>,
}

/// A table of one snapshot as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownTable {
    /// Which one.
    pub published: Published,
    /// Of its amounts; `None` where it counts.
    pub currency: Option<Currency>,
    /// Those whose places are on the axis of members; none of other tables.
    pub members: Vec<MemberId>,
    /// In the order of its axes.
    pub rows: Vec<ShownRow>,
}

/// Every table of a snapshot as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownStatistics {
    /// The snapshot's date.
    pub as_of: NaiveDate,
    /// Subjects with active own debt, rounded to 5.
    pub subjects: u64,
    /// Active positions, rounded to 5.
    pub positions: u64,
    /// Lenders of these.
    pub lenders: u32,
    /// The tables, in the order of [`Published::every`], counts before amounts by currency.
    pub tables: Vec<ShownTable>,
}

impl Published {
    /// The columns that people see of its counts, or of its amounts in a currency: each column that is for people, and
    /// after it what share it is of another.
    pub fn shown_columns(self, has_currency: bool) -> Vec<ShownColumn> {
        let columns = self.columns(has_currency);
        let mut shown = Vec::new();
        for (number, column) in columns.iter().enumerate() {
            let kind = match column.kind {
                Kind::Count | Kind::Number => Some(ShownKind::Count),
                Kind::Amount => Some(ShownKind::Amount),
                Kind::Inner => None,
            };
            shown.extend(kind.map(|kind| ShownColumn {
                name: column.name,
                kind,
                column: number,
                of: None,
            }));
            let Some(share) = column.share else { continue };
            let of = columns.iter().position(|listed| listed.name == share.of);
            let is_mean = of.is_some_and(|of| columns[of].kind == Kind::Count) && column.kind == Kind::Amount;
            shown.push(ShownColumn {
                name: share.name,
                // A mean of amounts is an amount.
                kind: if is_mean {
                    ShownKind::Amount
                } else {
                    ShownKind::Ratio
                },
                column: number,
                of,
            });
        }
        shown
    }
}

impl ShownTable {
    /// What its values mean.
    pub fn columns(&self) -> Vec<ShownColumn> {
        self.published.shown_columns(self.currency.is_some())
    }

    /// The names of a row's keys in a snapshot of a date.
    pub fn keys(&self, row: &ShownRow, as_of: NaiveDate) -> Vec<Cow<'_, str>> {
        let keys = self.published.axes().zip(&row.places);
        keys.map(|(axis, place)| self.label(axis, *place, as_of))
            .collect()
    }

    /// The names of all places on each axis in a snapshot of a date: of a table with many rows each is made once.
    pub fn labels(&self, as_of: NaiveDate) -> Vec<Vec<Cow<'_, str>>> {
        let of = |axis: Axis| {
            let places = match axis {
                Axis::Member => self.members.len(),
                _ => axis.places(),
            };
            (0..places).map(|place| self.label(axis, place, as_of)).collect()
        };
        self.published.axes().map(of).collect()
    }

    fn label(&self, axis: Axis, place: usize, as_of: NaiveDate) -> Cow<'_, str> {
        match axis {
            Axis::Member => Cow::Borrowed(self.member(place)),
            _ => axis.label(place, as_of),
        }
    }

    /// The name of a member at a place.
    pub fn member(&self, place: usize) -> &str {
        self.members.get(place).map_or("", MemberId::as_str)
    }

    /// The one text of this table in a snapshot of a date, for a digest: a line of names, then a line for each row, apart
    /// by tabs; `c` where a figure is hidden, `-` where there is none.
    pub fn encode(&self, as_of: NaiveDate) -> String {
        let columns = self.columns();
        let names = self.published.axes().map(Axis::name);
        let names = names.chain(columns.iter().map(|column| column.name));
        let mut text = format!(
            "{}\t{}",
            self.published.indicator.name(),
            self.currency.as_ref().map_or("-", Currency::as_str)
        );
        push_line(&mut text, names.map(Cow::Borrowed));
        for row in &self.rows {
            let values = row.values.iter().map(|value| -> Cow<'_, str> { value.encode() });
            push_line(&mut text, self.keys(row, as_of).into_iter().chain(values));
        }
        text
    }
}

impl Shown {
    /// As part of a text: the integer, `c`, or `-`.
    pub fn encode(&self) -> Cow<'static, str> {
        match self {
            Self::Count(value) | Self::Amount(value) | Self::Ratio(value) => Cow::Owned(value.to_string()),
            Self::Hidden => Cow::Borrowed("c"),
            Self::Nothing => Cow::Borrowed("-"),
        }
    }
}

impl ShownStatistics {
    /// A table of these, if there is one.
    pub fn table(
        &self,
        indicator: Indicator,
        cuts: &[Axis],
        currency: Option<Currency>,
    ) -> Option<&ShownTable> {
        self.tables.iter().find(|table| {
            let published = table.published;
            published.indicator == indicator && published.cuts == cuts && table.currency == currency
        })
    }

    /// The one text of all that is published of a snapshot, for its digest.
    pub fn encode(&self) -> String {
        let mut text = format!(
            "tallystick published statistics 1\n{}\n{}\t{}\t{}\n",
            self.as_of, self.subjects, self.positions, self.lenders
        );
        for table in &self.tables {
            text.push_str(&table.encode(self.as_of));
        }
        text
    }
}

fn push_line<'a>(text: &mut String, parts: impl Iterator<Item = Cow<'a, str>>) {
    for part in parts {
        text.push('\t');
        text.push_str(&part);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_shown_column_has_a_name_of_its_own_and_every_share_a_denominator() {
        for published in Published::every() {
            for has_currency in [false, true] {
                let columns = published.shown_columns(has_currency);
                let names: BTreeSet<&str> = columns.iter().map(|column| column.name).collect();
                assert_eq!(names.len(), columns.len(), "{columns:?}");
                let shares = columns.iter().filter(|column| column.kind == ShownKind::Ratio);
                assert!(shares.into_iter().all(|column| column.of.is_some()));
            }
        }
    }

    #[test]
    fn squares_of_balances_are_not_shown_but_their_quotient() {
        let published = Published {
            indicator: Indicator::Concentration,
            cuts: &[],
        };
        let columns = published.shown_columns(true);
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        assert_eq!(names, ["lenders", "balance", "hhi", "cr3_share", "cr5_share"]);
    }

    #[test]
    fn a_mean_of_amounts_is_an_amount_and_one_of_counts_a_ratio() {
        let kind = |indicator, name, has_currency| {
            let published = Published { indicator, cuts: &[] };
            let columns = published.shown_columns(has_currency);
            columns
                .iter()
                .find(|column| column.name == name)
                .map(|column| column.kind)
        };
        assert_eq!(
            kind(Indicator::ExposurePerSubject, "mean", true),
            Some(ShownKind::Amount)
        );
        assert_eq!(
            kind(Indicator::LendersPerSubject, "mean", false),
            Some(ShownKind::Ratio)
        );
    }

    #[test]
    fn the_names_of_all_places_are_those_of_the_rows_that_have_them() {
        let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for published in [Published::BY_MEMBER[1]].into_iter().chain(Published::all()) {
            let table = ShownTable {
                published,
                currency: None,
                members: vec![MemberId::parse("east-bank").unwrap()],
                rows: vec![],
            };
            let labels = table.labels(as_of);
            assert_eq!(labels.len(), published.axes().count());
            let row = ShownRow {
                places: labels.iter().map(|labels| labels.len() - 1).collect(),
                values: vec![],
            };
            let last: Vec<_> = labels
                .iter()
                .filter_map(|labels| labels.last())
                .cloned()
                .collect();
            assert_eq!(table.keys(&row, as_of), last);
        }
    }

    #[test]
    fn a_table_of_members_tells_their_names_and_what_they_did_not_do() {
        let row = |place, first| ShownRow {
            places: vec![place],
            values: [vec![first], vec![Shown::Nothing; 5]].concat(),
        };
        let table = ShownTable {
            published: Published::BY_MEMBER[1],
            currency: None,
            members: ["east-bank", "fast-cash"]
                .map(|id| MemberId::parse(id).unwrap())
                .to_vec(),
            rows: vec![row(1, Shown::Count(93)), row(0, Shown::Count(0))],
        };
        let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let text = table.encode(as_of);
        assert_eq!(
            text.lines().skip(1).collect::<Vec<_>>(),
            ["\tfast-cash\t93\t-\t-\t-\t-\t-", "\teast-bank\t0\t-\t-\t-\t-\t-"]
        );
        assert!(
            text.starts_with("data_quality\t-\tmember\tscore\ttimeliness\t"),
            "{text}"
        );
    }

    #[test]
    fn a_table_has_one_text() {
        let table = ShownTable {
            published: Published {
                indicator: Indicator::DelinquencyByLenders,
                cuts: &[],
            },
            currency: None,
            members: Vec::new(),
            rows: vec![ShownRow {
                places: vec![4],
                values: vec![Shown::Count(1_250), Shown::Count(-5), Shown::Hidden],
            }],
        };
        let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        assert_eq!(
            table.encode(as_of),
            "delinquency_by_lenders\t-\tlenders\tsubjects\tsubjects_dpd_31_plus\trate_dpd_31_plus\n\t5+\t1250\t-5\tc\n"
        );
    }
}
