//! The race: as many lenders as have a connection check one borrower at the same time, then another borrower, and so on.

use super::calls::{Call, check};
use super::floors;
use super::ground::CALLERS;
use super::measure::{Plan, Running};
use super::part::Part;
use super::report::{Figures, Growth};
use crate::store::floor::{Floor, Work};

/// Borrowers of the floor.
const FLOOR_BORROWERS: usize = 128;

impl Running<'_> {
    /// Latency of checks about one subject, beside what durable commits of the same rows take alone.
    pub(super) async fn crowd(&mut self, plan: &Plan, floor: &mut dyn Floor) -> anyhow::Result<Vec<Growth>> {
        let mut targets = self.requests.crowded_targets(FLOOR_BORROWERS)?;
        let seen = self.ground.engine.is_seen();
        let [_, commit] = floors::grouped(floor, seen, Work::Check, &mut targets, CALLERS, self.cores)?;
        let clients = self.connect(Part::Service, CALLERS).await?;
        let load = self.one_at_a_time(&clients, plan);
        let waves = self.expected(Call::Check, plan.time) * plan.connections / CALLERS + 1;
        let measured = load.waves(self.requests.crowds(waves)?, check).await?;
        let p99_us = u32::try_from(Figures::of(&measured).p99_us)?;
        let callers = u32::try_from(CALLERS)?;
        // The share of a call in a durable commit: the commit ÷ the size of its group.
        let all_us = f64::from(callers) * commit.wall_us;
        Ok(vec![
            Growth {
                name: format!("check p99, {callers} lenders at once about one subject, ms"),
                figure: f64::from(p99_us) / 1e3,
                goal: "(the applicant waits)",
            },
            Growth {
                name: format!("the same ÷ ({callers} × durable commit ÷ group size)"),
                figure: f64::from(p99_us) / all_us,
                goal: "≤ 2",
            },
        ])
    }
}
