//! Tables over time as they are listed and downloaded: the page's table, its chart and its file are made of the same values.

use std::borrow::Cow;

use chrono::{Datelike as _, NaiveDate};

use super::names;
use super::pages::{Cell, Grid};
use super::window::{Window, WindowError};
use crate::domain::currency::Currency;
use crate::domain::language::Language;
use crate::domain::statistics::{Axis, Published, Shown, ShownColumn, ShownTable, SnapshotKey};

/// Snapshots above which a series shows the last of each month alone.
const SNAPSHOTS_MAX: usize = 36;

/// One table of the snapshots of a time.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which table.
    pub published: Published,
    /// Of its amounts; `None` where it counts.
    pub currency: Option<Currency>,
    /// The first date that was asked for.
    pub from: NaiveDate,
    /// The last one.
    pub to: NaiveDate,
    /// Oldest first.
    pub tables: Vec<(SnapshotKey, ShownTable)>,
}

impl Listing {
    /// Reads it.
    pub async fn read(
        window: &dyn Window,
        published: Published,
        currency: Option<Currency>,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Self, WindowError> {
        let tables = window.series(published, currency, from, to).await?;
        Ok(Self {
            published,
            currency,
            from,
            to,
            tables: thinned(tables),
        })
    }

    /// Its columns.
    pub fn columns(&self) -> Vec<ShownColumn> {
        self.published.shown_columns(self.currency.is_some())
    }

    /// Its axes.
    pub fn axes(&self) -> Vec<Axis> {
        self.published.axes().collect()
    }

    /// The newest.
    pub fn last(&self) -> Option<&(SnapshotKey, ShownTable)> {
        self.tables.last()
    }

    /// Where it is downloaded.
    pub fn href(&self) -> String {
        let cut: Vec<&str> = self.published.cuts.iter().map(|axis| axis.name()).collect();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("indicator", self.published.indicator.name())
            .append_pair("cut", &cut.join(","));
        if let Some(currency) = self.currency {
            query.append_pair("currency", currency.as_str());
        }
        query
            .append_pair("from", &self.from.to_string())
            .append_pair("to", &self.to.to_string());
        format!("/table.csv?{}", query.finish())
    }

    /// The file: names and values as the rpc has them, amounts in minor units, shares in thousandths, `c` where a figure is
    /// hidden, `-` where there is none.
    pub fn file(&self) -> Vec<Vec<String>> {
        let columns = self.columns();
        let names = self.published.axes().map(Axis::name);
        let names = names.chain(columns.iter().map(|column| column.name));
        let mut lines = vec![head(["as_of", "version", "currency"].into_iter().chain(names))];
        for (key, table) in &self.tables {
            for row in &table.rows {
                let currency = self
                    .currency
                    .map_or(String::new(), |currency| currency.to_string());
                let mut line = vec![key.as_of.to_string(), key.version.to_string(), currency];
                line.extend(table.keys(row, key.as_of).into_iter().map(String::from));
                line.extend(row.values.iter().map(|value| value.encode().into_owned()));
                lines.push(line);
            }
        }
        lines
    }

    /// The same for people.
    pub fn grid(&self, caption: String, language: Language) -> Grid {
        let columns = self.columns();
        let as_of = names::Words("As of", "截至").told(language);
        let axes = self
            .published
            .axes()
            .map(|axis| names::axis(axis, language).to_owned());
        let heads = columns.iter().map(|column| {
            let unit = names::unit(column, self.currency).name(language);
            let name = names::column(column.name, language);
            match unit.is_empty() {
                true => name.to_owned(),
                false => format!("{name} ({unit})"),
            }
        });
        let heads = std::iter::once(as_of.to_owned())
            .chain(axes)
            .chain(heads)
            .collect();
        let mut rows = Vec::new();
        for (key, table) in &self.tables {
            for row in &table.rows {
                let places = self.published.axes().zip(&row.places);
                let keys = places.map(|(axis, place)| match axis {
                    Axis::Member => Cow::Borrowed(table.member(*place)),
                    _ => names::place(axis, *place, key.as_of, language),
                });
                let mut cells = vec![Cell::head(key.as_of.to_string())];
                cells.extend(keys.map(|name| Cell::head(name.into_owned())));
                let values = columns.iter().zip(&row.values);
                cells.extend(values.map(|(column, value)| self.cell(column, *value, language)));
                rows.push(cells);
            }
        }
        Grid { caption, heads, rows }
    }

    fn cell(&self, column: &ShownColumn, value: Shown, language: Language) -> Cell {
        match value {
            Shown::Count(value) | Shown::Amount(value) | Shown::Ratio(value) => {
                Cell::value(names::unit(column, self.currency).bare(value, language))
            }
            Shown::Hidden => Cell::hidden(),
            Shown::Nothing => Cell::value("–".to_owned()),
        }
    }
}

fn head<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

/// The last of each month where there would be too many to tell apart.
fn thinned(tables: Vec<(SnapshotKey, ShownTable)>) -> Vec<(SnapshotKey, ShownTable)> {
    if tables.len() <= SNAPSHOTS_MAX {
        return tables;
    }
    let month = |key: &SnapshotKey| (key.as_of.year(), key.as_of.month());
    let mut kept: Vec<(SnapshotKey, ShownTable)> = Vec::new();
    for (key, table) in tables {
        if kept.last().is_some_and(|(last, _)| month(last) == month(&key)) {
            kept.pop();
        }
        kept.push((key, table));
    }
    kept
}

/// Lines as a file of RFC 4180.
pub fn to_csv(lines: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        writer
            .write_record(line)
            .expect("memory takes every line, and all have as many fields");
    }
    writer.into_inner().expect("memory takes every line")
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;
    use crate::domain::statistics::Indicator;

    fn daily(days: u64) -> Vec<(SnapshotKey, ShownTable)> {
        let first = NaiveDate::from_ymd_opt(2026, 1, 30).unwrap();
        let published = Published {
            indicator: Indicator::MultiLenderRate,
            cuts: &[],
        };
        let table = ShownTable {
            published,
            currency: None,
            members: Vec::new(),
            rows: Vec::new(),
        };
        let key = |day| SnapshotKey {
            as_of: first + Days::new(day),
            version: 1,
        };
        (0..days).map(|day| (key(day), table.clone())).collect()
    }

    #[test]
    fn a_long_series_keeps_the_last_of_each_month_and_a_short_one_all() {
        for (days, kept) in [(0, 0), (35, 35), (36, 36), (37, 3)] {
            assert_eq!(thinned(daily(days)).len(), kept, "{days}");
        }
        let dates: Vec<String> = thinned(daily(37))
            .iter()
            .map(|(key, _)| key.as_of.to_string())
            .collect();
        assert_eq!(dates, ["2026-01-31", "2026-02-28", "2026-03-07"]);
    }

    #[test]
    fn a_file_ends_its_lines_as_the_standard_says_and_quotes_what_it_must() {
        let lines = [
            vec!["a".to_owned(), "b,\"c\"".to_owned()],
            vec![String::new(), "东部".to_owned()],
        ];
        assert_eq!(to_csv(&lines), "a,\"b,\"\"c\"\"\"\r\n,东部\r\n".as_bytes());
    }
}
