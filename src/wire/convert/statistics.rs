//! The regulator's window: what is asked for inward, snapshots and published tables outward.

use chrono::NaiveDate;

use super::collect::{Collector, Path};
use super::date::{date_to_wire, read_date, read_optional_date, timestamp_to_wire};
use super::request::{read_currency, read_request_key};
use crate::domain::currency::Currency;
use crate::domain::language::Language;
use crate::domain::names::MemberId;
use crate::domain::statistics::{
    Axis, Indicator, Published, Shown, ShownRow, ShownTable, Snapshot, SnapshotKey, SnapshotState,
};
use crate::domain::unit::RequestKey;
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// A table that is asked for, of one snapshot or of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableRequest {
    /// Which one.
    pub published: Published,
    /// Of its amounts; `None`: its counts.
    pub currency: Option<Currency>,
    /// Of which date.
    pub as_of: NaiveDate,
    /// From which date on.
    pub from: Option<NaiveDate>,
    /// Of which version; `None`: the latest.
    pub version: Option<u32>,
}

/// Reads `CreateSnapshot`.
pub fn read_create_snapshot(
    wire: &pb::CreateSnapshotRequest,
    today: NaiveDate,
) -> Result<(NaiveDate, RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let as_of = read_day(wire.as_of, today, &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    out.finish(as_of.zip(request))
}

/// Reads `GetSnapshot`.
pub fn read_get_snapshot(
    wire: &pb::GetSnapshotRequest,
    today: NaiveDate,
) -> Result<(NaiveDate, Option<u32>), Vec<Violation>> {
    let mut out = Collector::default();
    let as_of = read_day(wire.as_of, today, &mut out);
    out.finish(as_of.map(|as_of| (as_of, version(wire.version))))
}

/// Reads `GetIndicator`.
pub fn read_get_indicator(
    wire: &pb::GetIndicatorRequest,
    today: NaiveDate,
) -> Result<TableRequest, Vec<Violation>> {
    let mut out = Collector::default();
    let root = Path::Root;
    let as_of = read_day(wire.as_of, today, &mut out);
    let at = root.field("series_from");
    let from = read_optional_date(wire.series_from, &at, &mut out).flatten();
    if from.zip(as_of).is_some_and(|(from, as_of)| from > as_of) {
        let text = "series_from is after as_of: a series runs from the earlier date to the later one";
        out.refuse(Code::DateOrder, &at, text);
    }
    if from.is_some() && wire.version > 0 {
        let text = "a series shows the latest version of each date: leave version or series_from out";
        out.refuse(Code::Format, &root.field("version"), text);
    }
    let published = read_published(wire, &mut out);
    let currency = read_table_currency(wire, published, &mut out);
    out.finish(published.zip(as_of).map(|(published, as_of)| TableRequest {
        published,
        currency,
        as_of,
        from,
        version: version(wire.version),
    }))
}

fn version(version: u32) -> Option<u32> {
    (version > 0).then_some(version)
}

fn read_day(wire: Option<pb::Date>, today: NaiveDate, out: &mut Collector) -> Option<NaiveDate> {
    let at = Path::Root.field("as_of");
    let as_of = read_date(wire, &at, out);
    if as_of.is_some_and(|as_of| as_of > today) {
        let text = format!("as_of is after today, {today}: a snapshot is of a day that has come");
        out.refuse(Code::DateInFuture, &at, text);
        return None;
    }
    as_of
}

/// The table of an indicator and dimensions, these in any order.
fn read_published(wire: &pb::GetIndicatorRequest, out: &mut Collector) -> Option<Published> {
    let root = Path::Root;
    let named = |published: &Published| published.indicator.name() == wire.indicator;
    if !Published::every().any(|published| named(&published)) {
        let names: Vec<&str> = Indicator::ALL.into_iter().map(Indicator::name).collect();
        let text = format!(
            "there is no such indicator: ListIndicators describes {}",
            names.join(", ")
        );
        out.refuse(Code::IndicatorUnknown, &root.field("indicator"), text);
        return None;
    }
    let mut asked = wire.dimensions.clone();
    asked.sort_unstable();
    let found = Published::every().filter(named).find(|published| {
        let mut cuts: Vec<i32> = published.cuts.iter().copied().map(dimension).collect();
        cuts.sort_unstable();
        cuts == asked
    });
    if found.is_none() {
        let tables: Vec<String> = Published::every()
            .filter(named)
            .map(|published| told(&published))
            .collect();
        let text = format!(
            "this table is not published, and no other can be made of what is: take one of {}",
            tables.join(", ")
        );
        out.refuse(Code::IndicatorUnknown, &root.field("dimensions"), text);
    }
    found
}

/// The cuts of a table for people.
fn told(published: &Published) -> String {
    let cuts: Vec<&str> = published.cuts.iter().map(|cut| cut.name()).collect();
    if cuts.is_empty() {
        "none".to_owned()
    } else {
        cuts.join(" and ")
    }
}

/// The currency of a table of amounts; `None` for one of counts.
fn read_table_currency(
    wire: &pb::GetIndicatorRequest,
    published: Option<Published>,
    out: &mut Collector,
) -> Option<Currency> {
    let at = Path::Root.field("currency");
    let published = published?;
    let counts = !published.columns(false).is_empty();
    let amounts = !published.columns(true).is_empty();
    if wire.currency.is_empty() && counts {
        return None;
    }
    if !wire.currency.is_empty() && !amounts {
        let text = "this indicator counts and has no amounts: leave the currency out";
        out.refuse(Code::Currency, &at, text);
        return None;
    }
    read_currency(&wire.currency, &at, out)
}

/// A dimension of the contract; the axes that no table is cut by have none.
fn dimension(axis: Axis) -> i32 {
    use pb::Dimension;
    let dimension = match axis {
        Axis::Region => Dimension::Region,
        Axis::LenderGroup => Dimension::LenderGroup,
        Axis::ProductType => Dimension::ProductType,
        Axis::AmountBand => Dimension::AmountBand,
        Axis::RateBand => Dimension::RateBand,
        Axis::Member => Dimension::Member,
        Axis::BucketBefore => Dimension::DelinquencyBucket,
        Axis::OriginationMonth => Dimension::OriginationMonth,
        Axis::Lenders
        | Axis::FewLenders
        | Axis::ExposureBand
        | Axis::Fate
        | Axis::MonthsOnBook
        | Axis::Finding
        | Axis::Burden => Dimension::Unspecified,
    };
    dimension.into()
}

/// The catalogue, in alphabetical order.
pub fn indicators_to_wire(language: Language) -> Vec<pb::Indicator> {
    let mut indicators = Indicator::ALL.to_vec();
    indicators.sort_by_key(|indicator| indicator.name());
    let described = indicators.into_iter().map(|indicator| pb::Indicator {
        name: indicator.name().to_owned(),
        title: indicator.title(language).to_owned(),
        definition: indicator.definition(language).to_owned(),
        breakdowns: Published::every()
            .filter(|published| published.indicator == indicator)
            .map(|published| pb::IndicatorBreakdown {
                dimensions: dimensions_to_wire(published),
            })
            .collect(),
    });
    described.collect()
}

/// The dimensions of a table, as they are asked for.
pub fn dimensions_to_wire(published: Published) -> Vec<i32> {
    published.cuts.iter().copied().map(dimension).collect()
}

/// A snapshot as the contract writes it.
pub fn snapshot_to_wire(snapshot: &Snapshot) -> pb::Snapshot {
    let state = match snapshot.state {
        SnapshotState::Computing => pb::SnapshotState::Computing,
        SnapshotState::Protecting => pb::SnapshotState::Protecting,
        SnapshotState::Published => pb::SnapshotState::Published,
        SnapshotState::Failed => pb::SnapshotState::Failed,
    };
    let head = snapshot.head;
    pb::Snapshot {
        as_of: Some(date_to_wire(snapshot.key.as_of)),
        created_at: Some(timestamp_to_wire(snapshot.created_at)),
        subjects: head.map_or(0, |head| head.subjects),
        positions: head.map_or(0, |head| head.positions),
        members: head.map_or(0, |head| head.lenders),
        digest: head.map_or_else(Vec::new, |head| head.digest.to_vec()),
        version: snapshot.key.version,
        state: state.into(),
    }
}

/// A published table as the contract writes it.
pub fn table_to_wire(key: SnapshotKey, table: &ShownTable) -> pb::IndicatorTable {
    let columns = table.columns();
    let labels = table.labels(key.as_of);
    let row = |row: &ShownRow| pb::IndicatorRow {
        keys: labels
            .iter()
            .zip(&row.places)
            .map(|(labels, place)| labels.get(*place).map_or_else(String::new, ToString::to_string))
            .collect(),
        values: row.values.iter().copied().map(value_to_wire).collect(),
    };
    pb::IndicatorTable {
        as_of: Some(date_to_wire(key.as_of)),
        key_columns: table
            .published
            .axes()
            .map(|axis| axis.name().to_owned())
            .collect(),
        value_columns: columns.iter().map(|column| column.name.to_owned()).collect(),
        rows: table.rows.iter().map(row).collect(),
        version: key.version,
    }
}

fn value_to_wire(shown: Shown) -> pb::IndicatorValue {
    use pb::indicator_value::Value;
    let value = match shown {
        Shown::Count(count) => Value::Count(count),
        Shown::Amount(amount) => Value::Amount(amount),
        // Exact enough: thousandths below 2^31 have nine digits.
        Shown::Ratio(thousandths) => {
            Value::Ratio(i32::try_from(thousandths).map_or(f64::from(i32::MAX), f64::from) / 1_000.0)
        }
        Shown::Hidden => Value::Suppressed(pb::SuppressionReason::Confidential.into()),
        Shown::Nothing => return pb::IndicatorValue { value: None },
    };
    pb::IndicatorValue { value: Some(value) }
}

/// Reads a table that the service sent; `None` when it is not the table that was asked for.
pub fn read_table(
    wire: &pb::IndicatorTable,
    published: Published,
    currency: Option<Currency>,
) -> Option<(NaiveDate, ShownTable)> {
    let as_of = read_date(wire.as_of, &Path::Root, &mut Collector::default())?;
    let mut table = ShownTable {
        published,
        currency,
        members: Vec::new(),
        rows: Vec::new(),
    };
    let columns = table.columns();
    let axes: Vec<Axis> = published.axes().collect();
    if !wire
        .value_columns
        .iter()
        .eq(columns.iter().map(|column| column.name))
    {
        return None;
    }
    let value_of = |value: &pb::IndicatorValue| match value.value {
        // A value of a kind that is not known yet is none either; elsewhere there is always one.
        None if published.names_members() => Some(Shown::Nothing),
        _ => read_value(value),
    };
    for row in &wire.rows {
        if (row.keys.len(), row.values.len()) != (axes.len(), columns.len()) {
            return None;
        }
        let mut place_of = |(axis, key): (&Axis, &String)| match axis {
            Axis::Member => {
                table.members.push(MemberId::parse(key)?);
                Some(table.members.len() - 1)
            }
            _ => (0..axis.places()).find(|place| axis.label(*place, as_of) == key.as_str()),
        };
        let places = axes.iter().zip(&row.keys).map(&mut place_of);
        table.rows.push(ShownRow {
            places: places.collect::<Option<_>>()?,
            values: row.values.iter().map(value_of).collect::<Option<_>>()?,
        });
    }
    Some((as_of, table))
}

fn read_value(wire: &pb::IndicatorValue) -> Option<Shown> {
    use pb::indicator_value::Value;
    Some(match wire.value? {
        Value::Count(count) => Shown::Count(count),
        Value::Amount(amount) => Shown::Amount(amount),
        Value::Ratio(ratio) => {
            // Thousandths by their text: the conversion of a float to an integer has none that is checked.
            let text = format!("{:.0}", ratio * 1_000.0);
            Shown::Ratio(text.parse().ok()?)
        }
        Value::Suppressed(_) => Shown::Hidden,
    })
}

#[cfg(test)]
mod tests;
