//! What asking for published tables costs, of one snapshot and of a year, beside the empty rpc.

use anyhow::Context as _;
use chrono::NaiveDate;

use super::calls::Call;
use super::counting::{published, take_up};
use super::measure::{Plan, Running};
use super::part::Part;
use super::report::{Figures, Growth};
use crate::client::Client;
use crate::domain::currency::Currency;
use crate::domain::date::{first_of_month, months_before};
use crate::domain::statistics::{
    Indicator, Published, Shown, ShownKind, ShownRow, ShownStatistics, ShownTable, VINTAGE_MONTHS,
};
use crate::store::Store;
use crate::wire::convert::date::date_to_wire;
use crate::wire::pb;

/// Snapshots of a series.
const MONTHS: u32 = 12;
/// Requests made ahead: more than are sent in a round.
const REQUESTS: usize = 20_000;
/// The table: no other one has more rows.
const TABLE: Published = Published {
    indicator: Indicator::Vintage,
    cuts: &[],
};

/// Publishes a year of the table. Its figures are made up: what they are makes no difference here.
pub(super) async fn publish(store: &dyn Store, today: NaiveDate) -> anyhow::Result<()> {
    for as_of in months(today) {
        let task = take_up(store, as_of).await?;
        let statistics = ShownStatistics {
            as_of,
            subjects: 0,
            positions: 0,
            lenders: 0,
            tables: vec![table()?],
        };
        published(store, task.key, &statistics).await?;
    }
    Ok(())
}

/// The dates of the series, the oldest first.
fn months(today: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let first = first_of_month(today);
    (1..=MONTHS).rev().map(move |ago| months_before(first, ago))
}

fn table() -> anyhow::Result<ShownTable> {
    let currency = Some(Currency::CNY);
    let columns = TABLE.shown_columns(currency.is_some());
    let values = columns.iter().map(|column| match column.kind {
        ShownKind::Count => Shown::Count(12_345),
        ShownKind::Amount => Shown::Amount(1_234_567_890),
        ShownKind::Ratio => Shown::Ratio(123),
    });
    let values: Vec<Shown> = values.collect();
    let months = usize::try_from(VINTAGE_MONTHS)?;
    // No month of origination has more months on book than have passed.
    let places = (0..months)
        .flat_map(|origination| (0..months - origination).map(move |on_book| [origination, on_book]));
    let rows = places.map(|places| ShownRow {
        places: places.to_vec(),
        values: values.clone(),
    });
    Ok(ShownTable {
        published: TABLE,
        currency,
        members: Vec::new(),
        rows: rows.collect(),
    })
}

impl Running<'_> {
    /// Latency of tables, one call at a time, in units of the empty rpc's.
    pub(super) async fn indicators(&mut self, plan: &Plan) -> anyhow::Result<Vec<Growth>> {
        let empties = self.connect(Part::Empty, 1).await?;
        let empty = self.call(Call::Empty, &empties, 1, plan.time, 0).await?;
        let empty_us = u32::try_from(Figures::of(&empty).p50_us)?;
        let clients = self.connect(Part::Service, 1).await?;
        let dates: Vec<NaiveDate> = months(self.ground.population.today).collect();
        let (first, last) = (dates[0], dates[dates.len() - 1]);
        let mut growth = Vec::new();
        for (name, from, tables) in [("a snapshot's", None, 1), ("a year's", Some(first), dates.len())] {
            let request = pb::GetIndicatorRequest {
                indicator: TABLE.indicator.name().to_owned(),
                currency: Currency::CNY.as_str().to_owned(),
                as_of: Some(date_to_wire(last)),
                series_from: from.map(date_to_wire),
                ..pb::GetIndicatorRequest::default()
            };
            let load = self.one_at_a_time(&clients, plan);
            let ask = move |client: Client, request| ask(client, request, tables);
            let measured = load.calls(vec![vec![request; REQUESTS]], ask).await?;
            let p99_us = u32::try_from(Figures::of(&measured).p99_us)?;
            growth.push(Growth {
                name: format!("GetIndicator, {name} vintages: p99 ÷ p50 of the empty rpc"),
                figure: f64::from(p99_us) / f64::from(empty_us.max(1)),
                goal: "≤ 20",
            });
        }
        Ok(growth)
    }
}

async fn ask(client: Client, request: pb::GetIndicatorRequest, tables: usize) -> anyhow::Result<()> {
    let answer = client.statistics().get_indicator(request).await?.into_inner();
    let rows = answer
        .tables
        .first()
        .context("no table was published")?
        .rows
        .len();
    anyhow::ensure!(answer.tables.len() == tables && rows > 0, "a table is missing");
    Ok(())
}
