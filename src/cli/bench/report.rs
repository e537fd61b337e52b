//! What was measured, as a table for people and as JSON for programs.

use std::time::Duration;

use serde::Serialize;

use super::load::Measured;
use crate::cli::output::table;

/// What one call costs, microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "units come last, by the rules of the house"
)]
pub(super) struct Cost {
    /// 1 ÷ throughput.
    pub wall_us: f64,
    /// CPU time of whoever does it.
    pub cpu_us: f64,
    /// CPU time of the database's processes, if they are others and can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_cpu_us: Option<f64>,
}

impl Cost {
    /// The cost of each of `count`.
    pub fn of(count: u32, wall: Duration, cpu: Duration) -> Self {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count.max(1));
        Self {
            wall_us: each(wall),
            cpu_us: each(cpu),
            database_cpu_us: None,
        }
    }

    /// The same with what the database used for `count`.
    pub fn with_database(self, count: u32, cpu: Option<Duration>) -> Self {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count.max(1));
        Self {
            database_cpu_us: cpu.map(each),
            ..self
        }
    }

    /// CPU time of everybody who is seen.
    pub fn all_cpu_us(&self) -> f64 {
        self.cpu_us + self.database_cpu_us.unwrap_or(0.0)
    }

    /// The cheaper of two measurements of the same thing: what disturbs a measurement only ever adds.
    pub fn least(self, other: Self) -> Self {
        Self {
            wall_us: self.wall_us.min(other.wall_us),
            cpu_us: self.cpu_us.min(other.cpu_us),
            database_cpu_us: match (self.database_cpu_us, other.database_cpu_us) {
                (Some(one), Some(another)) => Some(one.min(another)),
                (one, another) => one.or(another),
            },
        }
    }
}

/// A run of calls in figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Figures {
    pub calls: u64,
    pub per_second: f64,
    pub p50_us: u64,
    pub p99_us: u64,
    #[serde(flatten)]
    pub cost: Cost,
}

impl Figures {
    /// Of a measurement.
    pub fn of(measured: &Measured) -> Self {
        let calls = u32::try_from(measured.calls).unwrap_or(u32::MAX);
        let cost = Cost::of(calls, measured.wall, measured.cpu).with_database(calls, measured.database_cpu);
        Self {
            calls: measured.calls,
            per_second: if cost.wall_us > 0.0 {
                1e6 / cost.wall_us
            } else {
                0.0
            },
            p50_us: measured.latency.value_at_quantile(0.5),
            p99_us: measured.latency.value_at_quantile(0.99),
            cost,
        }
    }

    /// The round that was disturbed least.
    pub fn better(self, other: Self) -> Self {
        if other.cost.wall_us < self.cost.wall_us {
            other
        } else {
            self
        }
    }
}

/// A row of the report.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub name: &'static str,
    #[serde(flatten)]
    pub figures: Figures,
    /// Sum of the floors, if the row is measured against them.
    pub floors: Option<Cost>,
    /// Sum of floors ÷ wall time.
    pub floors_over_wall: Option<f64>,
    /// Sum of floors ÷ CPU time.
    pub floors_over_cpu: Option<f64>,
    /// Server CPU ÷ that of the empty call of the same kind.
    pub cpu_over_empty: f64,
}

/// A floor of the report.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FloorRow {
    pub name: String,
    #[serde(flatten)]
    pub cost: Cost,
}

/// A line about growth.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Growth {
    pub name: String,
    pub figure: f64,
    pub goal: &'static str,
}

/// Everything.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    pub machine: String,
    pub engine: String,
    pub cores: u32,
    pub server_cores: u32,
    pub positions: u64,
    pub subjects: u64,
    pub connections: usize,
    pub in_flight: usize,
    pub seconds: f64,
    pub rounds: u32,
    pub loading_seconds: f64,
    pub bytes_per_position: f64,
    pub floors: Vec<FloorRow>,
    pub rows: Vec<Row>,
    pub growth: Vec<Growth>,
}

impl Report {
    /// For programs.
    pub fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// For people.
    pub fn print(&self) {
        println!(
            "{}, {} cores, {} of them for the server\n{}\n{} positions of {} subjects, loaded in {:.0} s, {:.0} bytes a \
             position\n{} connections × {} in flight, {} × {} s, the least disturbed round of each\n",
            self.machine,
            self.cores,
            self.server_cores,
            self.engine,
            self.positions,
            self.subjects,
            self.loading_seconds,
            self.bytes_per_position,
            self.connections,
            self.in_flight,
            self.rounds,
            self.seconds
        );
        self.print_floors();
        self.print_rows();
        let mut growth = table(&["growth", "figure", "goal"]);
        for line in &self.growth {
            growth.add_row([line.name.clone(), hundredths(line.figure), line.goal.to_owned()]);
        }
        println!("{growth}");
    }

    fn print_floors(&self) {
        let database = self
            .floors
            .iter()
            .any(|floor| floor.cost.database_cpu_us.is_some());
        let mut floors = table(&with(
            &["floor", "wall µs", "CPU µs"],
            3,
            database.then_some(DATABASE_CPU),
        ));
        for floor in &self.floors {
            let cells = [
                floor.name.clone(),
                micros(floor.cost.wall_us),
                micros(floor.cost.cpu_us),
            ];
            floors.add_row(with(
                &cells,
                3,
                database.then(|| optional(floor.cost.database_cpu_us, micros)),
            ));
        }
        println!("{floors}\n");
    }

    fn print_rows(&self) {
        let head = [
            "call",
            "calls/s",
            "p50 µs",
            "p99 µs",
            "wall µs",
            "server CPU µs",
            "floors µs",
            "floors ÷ wall",
            "floors ÷ CPU",
            "CPU ÷ empty",
        ];
        let database = self
            .rows
            .iter()
            .any(|row| row.figures.cost.database_cpu_us.is_some());
        let mut rows = table(&with(&head, DATABASE_COLUMN, database.then_some(DATABASE_CPU)));
        for row in &self.rows {
            let figures = &row.figures;
            let cells = [
                row.name.to_owned(),
                format!("{:.0}", figures.per_second),
                figures.p50_us.to_string(),
                figures.p99_us.to_string(),
                micros(figures.cost.wall_us),
                micros(figures.cost.cpu_us),
                optional(row.floors.map(|floors| floors.wall_us), micros),
                optional(row.floors_over_wall, hundredths),
                optional(row.floors_over_cpu, hundredths),
                hundredths(row.cpu_over_empty),
            ];
            let of_database = database.then(|| optional(figures.cost.database_cpu_us, micros));
            rows.add_row(with(&cells, DATABASE_COLUMN, of_database));
        }
        println!("{rows}\n");
    }
}

/// Name of a column that only some reports have.
const DATABASE_CPU: &str = "database CPU µs";
/// Its place among those of calls.
const DATABASE_COLUMN: usize = 6;

/// Cells with one more at a place, if there is one more.
fn with<T: Clone>(cells: &[T], place: usize, more: Option<T>) -> Vec<T> {
    let mut cells = cells.to_vec();
    if let Some(more) = more {
        cells.insert(place, more);
    }
    cells
}

fn optional(figure: Option<f64>, show: fn(f64) -> String) -> String {
    figure.map_or_else(String::new, show)
}

fn micros(figure: f64) -> String {
    format!("{figure:.1}")
}

fn hundredths(figure: f64) -> String {
    format!("{figure:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_time_over_calls() {
        let cost = Cost::of(1_000, Duration::from_millis(20), Duration::from_millis(5));
        assert!((cost.wall_us - 20.0).abs() < 1e-9, "{cost:?}");
        assert!((cost.cpu_us - 5.0).abs() < 1e-9, "{cost:?}");
    }

    #[test]
    fn the_least_disturbed_of_two_measurements_counts() {
        let (one, other) = (
            Cost {
                wall_us: 3.0,
                cpu_us: 2.0,
                database_cpu_us: None,
            },
            Cost {
                wall_us: 2.5,
                cpu_us: 2.2,
                database_cpu_us: Some(4.0),
            },
        );
        assert_eq!(
            one.least(other),
            Cost {
                wall_us: 2.5,
                cpu_us: 2.0,
                database_cpu_us: Some(4.0),
            }
        );
    }
}
