//! How the cost of a query grows: with the depth of its subject, with connections, and beside uploads.

use std::time::Duration;

use super::calls::{Call, upload};
use super::ground::CALLERS;
use super::load::Measured;
use super::measure::{Best, Plan, Running};
use super::part::Part;
use super::report::{Figures, Growth};
use crate::client::Client;

/// Most questions of each caller about subjects with 200 positions, of which there are few.
const DEEP_CALLS: usize = 1_000;
/// How many callers upload beside the queries, one after the other and all at once.
const UPLOADS_BESIDE: [usize; 2] = [1, 4];
/// Most questions beside uploads: enough for a 99th percentile, and fewer than there are subjects to ask about.
const BESIDE_CALLS: usize = 3_000;
/// How long queries are measured beside uploads at most: as long must the batches last that are made ahead.
const BESIDE_TIME_MAX: Duration = Duration::from_secs(3);

/// Fewer have no 99th percentile.
const CALLS_MIN: u64 = 100;
/// Each caller may ask about a subject so often a day.
const USED_UP: &str = "no subject is left to ask about: take less --seconds, or more --positions";

impl Running<'_> {
    pub(super) async fn growth(&mut self, plan: &Plan, best: &Best) -> anyhow::Result<Vec<Growth>> {
        let few = self.connect(Part::Service, plan.connections).await?;
        // One at a time on each connection: calls about one subject in one group would share its reading.
        let count = self.expected(Call::Query, plan.time);
        let plain = self.call(Call::Query, &few, 1, plan.time, count).await?;
        let deep = self.call(Call::QueryDeep, &few, 1, plan.time, DEEP_CALLS).await?;
        let many = self.connect(Part::Service, CALLERS).await?;
        let each = count * plan.connections / CALLERS + 1;
        let wide = self
            .call(Call::Query, &many, plan.in_flight, plan.time, each)
            .await?;
        let empties = self.connect(Part::Empty, CALLERS).await?;
        let empty = self
            .call(Call::Empty, &empties, plan.in_flight, plan.time, 0)
            .await?;
        let (plain, deep) = (Figures::of(&plain), Figures::of(&deep));
        let rate = |wide: &Measured, narrow: Figures| Figures::of(wide).per_second / narrow.per_second;
        let mut growth = vec![
            Growth {
                name: "query CPU, 200 positions ÷ 2.5".to_owned(),
                figure: deep.cost.cpu_us / plain.cost.cpu_us,
                goal: "≤ 10",
            },
            Growth {
                name: "query rate, 64 connections ÷ few".to_owned(),
                figure: rate(&wide, best.figures(Call::Query)?),
                goal: "≥ 0.6",
            },
            Growth {
                name: "empty rpc rate, 64 connections ÷ few".to_owned(),
                figure: rate(&empty, best.figures(Call::Empty)?),
                goal: "(0.64)",
            },
        ];
        growth.extend(self.beside_uploads(plan, &many).await?);
        Ok(growth)
    }

    /// Latency of queries, one at a time, alone and while others upload, whose accounts were made known before.
    async fn beside_uploads(&mut self, plan: &Plan, callers: &[Client]) -> anyhow::Result<Vec<Growth>> {
        let time = plan.time.min(BESIDE_TIME_MAX);
        let (asking, others) = callers.split_at(1);
        let alone = self.call(Call::Query, asking, 1, time, BESIDE_CALLS).await?;
        anyhow::ensure!(alone.calls >= CALLS_MIN, USED_UP);
        let alone_us = Figures::of(&alone).p99_us;
        let mut growth = vec![Growth {
            name: "query p99 alone, ms".to_owned(),
            figure: milliseconds(alone_us),
            goal: "(the applicant waits)",
        }];
        for uploads in UPLOADS_BESIDE {
            let records = self.expected(Call::Batch, time) * plan.connections / uploads + 1;
            let batches = self.requests.batches(1..1 + uploads, records)?;
            let mut tasks = tokio::task::JoinSet::new();
            for (client, batch) in others.iter().zip(batches.into_iter().skip(1)) {
                tasks.spawn(upload(client.clone(), batch));
            }
            let beside = self.call(Call::Query, asking, 1, time, BESIDE_CALLS).await?;
            anyhow::ensure!(
                tasks.try_join_next().is_none(),
                "an upload failed, or ended while queries were measured beside it: take less --seconds"
            );
            tasks.shutdown().await;
            anyhow::ensure!(beside.calls >= CALLS_MIN, USED_UP);
            let beside_us = Figures::of(&beside).p99_us;
            growth.push(Growth {
                name: format!("query p99 beside {uploads} uploads − alone, ms"),
                figure: milliseconds(beside_us) - milliseconds(alone_us),
                goal: "≤ 30 on SQLite",
            });
            growth.push(Growth {
                name: format!("query p99 beside {uploads} uploads ÷ alone"),
                figure: milliseconds(beside_us) / milliseconds(alone_us),
                goal: "≤ 5 on PostgreSQL",
            });
        }
        Ok(growth)
    }
}

fn milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1e3
}
