//! What a page is asked for, read from its address: values or a refusal, nothing in between.

use std::str::FromStr as _;

use chrono::{Days, NaiveDate};

use super::names::Words;
use crate::domain::currency::Currency;
use crate::domain::quality::Month;
use crate::domain::statistics::Published;

/// The most bytes of a query.
const QUERY_BYTES_MAX: usize = 1_024;
/// The most parameters of one.
const PARAMETERS_MAX: usize = 16;
/// The most days of a download.
const RANGE_DAYS_MAX: u64 = 1_830;

/// The parameters of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

/// A parameter that cannot be used: what to do.
pub type Refused = Words;

/// A table, the currency of its amounts, and the first and last of its dates.
pub type AskedTable = (Published, Option<Currency>, (NaiveDate, NaiveDate));

const DATE: Words = Words("A date is written as 2026-11-30.", "日期写作 2026-11-30。");
const CURRENCY: Words = Words(
    "A currency is a code of three capitals such as CNY.",
    "币种为三个大写字母的代码,如 CNY。",
);
const MONTH: Words = Words("A month is written as 2026-11.", "月份写作 2026-11。");
const TABLE: Words = Words(
    "There is no such table: take the address from the link below a chart.",
    "没有这样的表:请使用图表下方的链接。",
);
const RANGE: Words = Words(
    "The first date must not lie after the last, nor five years before it.",
    "起始日期不得晚于截止日期,也不得早于其五年。",
);

impl Query {
    /// Reads a query; one that is too long is read as far as it may go.
    pub fn parse(query: Option<&str>) -> Self {
        let query = query.filter(|query| query.len() <= QUERY_BYTES_MAX).unwrap_or("");
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        Self(pairs.take(PARAMETERS_MAX).collect())
    }

    /// A parameter that is there and not empty.
    pub fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, Refused> {
        let parsed = self.find(name).map(NaiveDate::from_str).transpose();
        parsed.map_err(|_| DATE)
    }

    pub fn currency(&self) -> Result<Option<Currency>, Refused> {
        let given = self.find("currency");
        given
            .map(|text| Currency::parse(text).ok_or(CURRENCY))
            .transpose()
    }

    pub fn month(&self) -> Result<Option<Month>, Refused> {
        let given = self.find("month");
        given.map(|text| parse_month(text).ok_or(MONTH)).transpose()
    }

    /// Which table is to be downloaded, and of which dates.
    pub fn table(&self) -> Result<AskedTable, Refused> {
        let name = self.find("indicator").ok_or(TABLE)?;
        let cuts = self.find("cut").unwrap_or("").split(',');
        let cuts: Vec<&str> = cuts.filter(|cut| !cut.is_empty()).collect();
        let published = Published::named(name, &cuts).ok_or(TABLE)?;
        let currency = self.currency()?;
        if published.shown_columns(currency.is_some()).is_empty() {
            return Err(TABLE);
        }
        let (from, to) = (self.date("from")?.ok_or(DATE)?, self.date("to")?.ok_or(DATE)?);
        let earliest = to.checked_sub_days(Days::new(RANGE_DAYS_MAX)).ok_or(RANGE)?;
        match (earliest..=to).contains(&from) {
            true => Ok((published, currency, (from, to))),
            false => Err(RANGE),
        }
    }
}

fn parse_month(text: &str) -> Option<Month> {
    let (year, month) = text.split_once('-')?;
    Month::of(year.parse().ok()?, month.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statistics::{Axis, Indicator};

    #[test]
    fn a_table_is_found_by_its_names_or_not_at_all() {
        let asked = |query: &str| Query::parse(Some(query)).table();
        let found =
            asked("indicator=multi_lender_rate&cut=region%2Cproduct_type&from=2026-01-01&to=2026-03-31");
        let (published, currency, _) = found.unwrap();
        assert_eq!(
            (published.indicator, currency),
            (Indicator::MultiLenderRate, None)
        );
        assert_eq!(published.cuts, [Axis::Region, Axis::ProductType]);
        let named = asked("indicator=conduct&cut=member&from=2026-01-01&to=2026-03-31");
        assert_eq!(
            named.map(|(published, _, _)| published),
            Ok(Published::BY_MEMBER[2])
        );
        for (query, refused) in [
            ("", TABLE),
            ("indicator=income&from=2026-01-01&to=2026-03-31", TABLE),
            (
                "indicator=vintage&cut=region&from=2026-01-01&to=2026-03-31",
                TABLE,
            ),
            ("indicator=flow&from=2026-01-01&to=2026-03-31", TABLE),
            (
                "indicator=new_stacking&currency=CNY&from=2026-01-01&to=2026-03-31",
                TABLE,
            ),
            (
                "indicator=flow&currency=cny&from=2026-01-01&to=2026-03-31",
                CURRENCY,
            ),
            ("indicator=vintage&from=2026-01-01", DATE),
            ("indicator=vintage&from=2026-01-01&to=soon", DATE),
            ("indicator=vintage&from=2026-04-01&to=2026-03-31", RANGE),
        ] {
            assert_eq!(asked(query), Err(refused), "{query}");
        }
    }

    #[test]
    fn a_download_covers_five_years_and_no_day_more() {
        let to = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for (days, fits) in [
            (RANGE_DAYS_MAX - 1, true),
            (RANGE_DAYS_MAX, true),
            (RANGE_DAYS_MAX + 1, false),
        ] {
            let from = to - Days::new(days);
            let query = format!("indicator=vintage&from={from}&to={to}");
            assert_eq!(Query::parse(Some(&query)).table().is_ok(), fits, "{days}");
        }
    }

    #[test]
    fn a_query_that_is_too_long_is_not_read() {
        let long = |bytes: usize| Query::parse(Some(&format!("as_of={}", "9".repeat(bytes - 6))));
        assert!(long(QUERY_BYTES_MAX).find("as_of").is_some());
        assert!(long(QUERY_BYTES_MAX + 1).find("as_of").is_none());
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let asked = |text: &str| Query::parse(Some(&format!("month={text}"))).month();
        assert_eq!(asked("2026-11"), Ok(Month::of(2026, 11)));
        assert_eq!(asked(""), Ok(None));
        for text in ["2026-13", "2026", "x-1", "-2026-1"] {
            assert_eq!(asked(text), Err(MONTH), "{text}");
        }
    }
}
