//! One run: every floor and every call in turn, round after round, so that what disturbs the machine disturbs them alike.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::calls::{Call, check, is_answer, open_empty, open_review, query, report, upload};
use super::counting;
use super::floors;
use super::ground::Ground;
use super::load::{Load, Measured};
use super::machine::{Cores, pin, processor};
use super::part::{Part, Server};
use super::report::{Cost, Figures, FloorRow, Growth, Report, Row};
use super::requests::{Requests, Who};
use crate::client::{Client, ClientIdentity, Endpoint};
use crate::identity::entropy::SystemEntropy;
use crate::identity::token::SubjectToken;
use crate::reporting::CHUNK_RECORDS_MAX;
use crate::store::floor::{Floor, Work};

/// Calls of each caller in the pilot, which warms up and tells how many requests a round needs.
const PILOT_CALLS: usize = 200;
/// Requests made for each one that is expected to be sent.
const SPARE: f64 = 1.5;
/// Empty messages of each caller: more than any round can send.
const EMPTY_CALLS: usize = 5_000_000;
/// Most records of a batch.
const BATCH_RECORDS_MAX: usize = 50_000;
/// Units of work of each measurement of the floors under the store.
const FLOOR_UNITS: usize = 8_192;
/// Tokens that the floor of mapping goes round.
const FLOOR_TOKENS: u64 = 1_000;

/// How to measure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub connections: usize,
    pub in_flight: usize,
    pub rounds: u32,
    /// Of each measurement of each round.
    pub time: Duration,
}

/// Measures everything, on a thread of its own.
pub(super) fn measure(ground: &Ground, plan: &Plan, cores: &Cores) -> anyhow::Result<Report> {
    let mut floor = ground.engine.floor()?;
    let empty = Server::start(Part::Empty, ground, cores)?;
    let service = Server::start(Part::Service, ground, cores)?;
    let mut bench = Running {
        ground,
        cores,
        requests: Requests::new(ground),
        rates: Vec::new(),
        empty,
        service,
    };
    let runtime = runtime(cores)?;
    let report = runtime.block_on(bench.run(plan, floor.as_mut()));
    drop(runtime);
    report
}

/// Threads of the load, each on its cores.
fn runtime(cores: &Cores) -> anyhow::Result<tokio::runtime::Runtime> {
    let load = cores.load;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.load_count())
        .on_thread_start(move || {
            // A thread that cannot be kept on its cores still works.
            let _ = pin(&load);
        })
        .enable_all()
        .build()
        .context("the threads of the load cannot be started")
}

pub(super) struct Running<'a> {
    pub ground: &'a Ground,
    pub cores: &'a Cores,
    pub requests: Requests<'a>,
    /// Calls of one caller in a second, as last measured.
    rates: Vec<(Call, f64)>,
    empty: Server,
    service: Server,
}

/// The best of the rounds so far.
pub(super) struct Best {
    figures: Vec<(Call, Figures)>,
    mapping: Option<Cost>,
    /// By call: reading and writing.
    grouped: Vec<(Call, [Cost; 2])>,
}

impl Best {
    pub fn figures(&self, call: Call) -> anyhow::Result<Figures> {
        let found = self.figures.iter().find(|(known, _)| *known == call);
        found
            .map(|(_, figures)| *figures)
            .context("a call was not measured")
    }

    fn note(&mut self, call: Call, figures: Figures) {
        match self.figures.iter_mut().find(|(known, _)| *known == call) {
            Some((_, best)) => *best = best.better(figures),
            None => self.figures.push((call, figures)),
        }
    }

    fn note_floors(&mut self, call: Call, costs: [Cost; 2]) {
        match self.grouped.iter_mut().find(|(known, _)| *known == call) {
            Some((_, best)) => *best = [best[0].least(costs[0]), best[1].least(costs[1])],
            None => self.grouped.push((call, costs)),
        }
    }
}

impl Running<'_> {
    async fn run(&mut self, plan: &Plan, floor: &mut dyn Floor) -> anyhow::Result<Report> {
        let callers = self.connect(Part::Service, plan.connections).await?;
        let empties = self.connect(Part::Empty, plan.connections).await?;
        let mut best = Best {
            figures: Vec::new(),
            mapping: None,
            grouped: Vec::new(),
        };
        for call in Call::ROUND {
            let clients = if call.empty() == call { &empties } else { &callers };
            self.call(
                call,
                clients,
                plan.in_flight,
                Duration::from_millis(500),
                PILOT_CALLS,
            )
            .await?;
        }
        let some: Vec<u64> = (0..FLOOR_TOKENS).collect();
        let tokens = self.requests.tokens(0, &some, Who::Plain)?;
        for _ in 0..plan.rounds {
            self.floors(plan, floor, &tokens, &mut best)?;
            for call in Call::ROUND {
                let clients = if call.empty() == call { &empties } else { &callers };
                let count = self.expected(call, plan.time);
                let measured = self.call(call, clients, plan.in_flight, plan.time, count).await?;
                best.note(call, Figures::of(&measured));
            }
        }
        let mut growth = self.growth(plan, &best).await?;
        growth.extend(self.crowd(plan, floor).await?);
        growth.extend(counting::lines(&self.ground.counted, floor)?);
        growth.extend(self.indicators(plan).await?);
        let engine = self.ground.engine.about().await?;
        self.report(plan, &best, growth, engine)
    }

    /// Requests that each caller may send in a time.
    pub fn expected(&self, call: Call, time: Duration) -> usize {
        let rate = self
            .rates
            .iter()
            .find(|(known, _)| *known == call)
            .map_or(1_000.0, |(_, rate)| *rate);
        let count = (rate * time.as_secs_f64() * SPARE).min(f64::from(u32::MAX));
        usize::try_from(whole(count)).unwrap_or(usize::MAX)
    }

    pub async fn connect(&self, part: Part, count: usize) -> anyhow::Result<Vec<Client>> {
        let server = match part {
            Part::Service => &self.service,
            Part::Empty => &self.empty,
        };
        let endpoint = Endpoint {
            url: format!("https://{}", server.address),
            server_name: Some("localhost".to_owned()),
        };
        let mut clients = Vec::with_capacity(count);
        for caller in 0..count {
            let [certificate, key, ca] = self.ground.certificate(caller);
            let identity = ClientIdentity::read(&certificate, &key, &ca)?;
            clients.push(Client::connect(&endpoint, Some(&identity), Arc::new(SystemEntropy)).await?);
        }
        Ok(clients)
    }

    /// Calls of the service, one at a time of each client: for how long they take and not for what they use.
    pub fn one_at_a_time<'c>(&self, clients: &'c [Client], plan: &Plan) -> Load<'c> {
        Load {
            clients,
            in_flight: 1,
            time: plan.time,
            server: self.service.pid(),
            database: Vec::new(),
        }
    }

    pub async fn call(
        &mut self,
        call: Call,
        clients: &[Client],
        in_flight: usize,
        time: Duration,
        count: usize,
    ) -> anyhow::Result<Measured> {
        let callers = clients.len();
        let server = if call.empty() == call {
            &self.empty
        } else {
            &self.service
        };
        let database = match call.empty() == call {
            true => Vec::new(),
            false => self.ground.engine.processes().await?,
        };
        let load = Load {
            clients,
            in_flight,
            time,
            server: server.pid(),
            database,
        };
        let nothing = || vec![vec![(); EMPTY_CALLS]; callers];
        let measured = match call {
            Call::Empty | Call::Health => {
                let check = |client: Client, ()| async move { Ok(client.check_health().await?) };
                load.calls(nothing(), check).await
            }
            Call::EmptyStream => load.streams(nothing(), open_empty, |()| Ok(())).await,
            Call::Query => {
                load.calls(self.requests.queries(callers, count, Who::Plain)?, query)
                    .await
            }
            Call::QueryMobile => {
                load.calls(self.requests.queries(callers, count, Who::Mobile)?, query)
                    .await
            }
            Call::QueryDeep => {
                load.calls(self.requests.queries(callers, count, Who::Deep)?, query)
                    .await
            }
            Call::Review => {
                load.streams(self.requests.reviews(callers, count)?, open_review, is_answer)
                    .await
            }
            Call::Open => load.calls(self.requests.openings(callers, count)?, report).await,
            Call::Update => load.calls(self.requests.updates(callers, count)?, report).await,
            Call::Check => load.calls(self.requests.checks(callers, count)?, check).await,
            Call::Batch => {
                // The first batch makes every account known by its tokens.
                let count = count.clamp(self.requests.own(0), BATCH_RECORDS_MAX);
                load.batches(self.requests.batches(0..callers, count)?, upload)
                    .await
            }
        };
        let measured = measured.with_context(|| format!("{} failed", call.name()))?;
        let figures = Figures::of(&measured);
        let rate = figures.per_second / f64::from(u32::try_from(callers.max(1))?);
        self.rates.retain(|(known, _)| *known != call);
        self.rates.push((call, rate));
        Ok(measured)
    }

    fn floors(
        &mut self,
        plan: &Plan,
        floor: &mut dyn Floor,
        tokens: &[Vec<SubjectToken>],
        best: &mut Best,
    ) -> anyhow::Result<()> {
        let mapping = floors::mapping(self.ground, tokens, self.cores, plan.time / 4)?;
        best.mapping = Some(best.mapping.map_or(mapping, |known| known.least(mapping)));
        let in_flight = plan.connections * plan.in_flight;
        let seen = self.ground.engine.is_seen();
        for call in Call::ROUND {
            let Some((work, who, _)) = call.work() else {
                continue;
            };
            let group = match work {
                Work::Batch => CHUNK_RECORDS_MAX,
                Work::Query | Work::Review | Work::Open | Work::Update | Work::Check => in_flight,
            };
            let mut targets = self.requests.targets(work, FLOOR_UNITS, who)?;
            let costs = floors::grouped(floor, seen, work, &mut targets, group, self.cores)?;
            best.note_floors(call, costs);
        }
        Ok(())
    }

    fn report(
        &self,
        plan: &Plan,
        best: &Best,
        growth: Vec<Growth>,
        engine: String,
    ) -> anyhow::Result<Report> {
        let mapping = best.mapping.context("mapping was not measured")?;
        let mut floors = vec![FloorRow {
            name: "map a token".to_owned(),
            cost: mapping,
        }];
        for (call, [read, written]) in &best.grouped {
            floors.push(FloorRow {
                name: format!("grouped read: {}", call.name()),
                cost: *read,
            });
            floors.push(FloorRow {
                name: format!("grouped write: {}", call.name()),
                cost: *written,
            });
        }
        let rows = Call::ROUND
            .into_iter()
            .map(|call| row(call, best, mapping))
            .collect::<Result<_, _>>()?;
        Ok(Report {
            machine: processor(),
            engine,
            cores: self.cores.count,
            server_cores: self.cores.server_count,
            positions: self.ground.population.positions,
            subjects: self.ground.population.subjects(),
            connections: plan.connections,
            in_flight: plan.in_flight,
            seconds: plan.time.as_secs_f64(),
            rounds: plan.rounds,
            loading_seconds: self.ground.loading_seconds,
            bytes_per_position: self.ground.bytes_per_position,
            floors,
            rows,
            growth,
        })
    }
}

fn row(call: Call, best: &Best, mapping: Cost) -> anyhow::Result<Row> {
    let figures = best.figures(call)?;
    let empty = best.figures(call.empty())?.cost;
    let grouped = best.grouped.iter().find(|(known, _)| *known == call);
    let floors = match (call.work(), grouped) {
        (Some((_, _, tokens)), Some((_, [read, written]))) => {
            let sum = |part: fn(&Cost) -> f64| {
                part(&empty) / f64::from(call.in_message())
                    + f64::from(tokens) * part(&mapping)
                    + part(read)
                    + part(written)
            };
            let database = read.database_cpu_us.zip(written.database_cpu_us);
            Some(Cost {
                wall_us: sum(|cost| cost.wall_us),
                cpu_us: sum(|cost| cost.cpu_us),
                database_cpu_us: database.map(|(read, written)| read + written),
            })
        }
        _ => None,
    };
    Ok(Row {
        name: call.name(),
        figures,
        floors,
        floors_over_wall: floors.map(|floors| floors.wall_us / figures.cost.wall_us),
        floors_over_cpu: floors.map(|floors| floors.all_cpu_us() / figures.cost.all_cpu_us()),
        cpu_over_empty: figures.cost.cpu_us / empty.cpu_us,
    })
}

/// The whole part of a number that is not negative, by its digits.
fn whole(number: f64) -> u64 {
    format!("{:.0}", number.max(0.0)).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(wall_us: f64) -> Cost {
        Cost {
            wall_us,
            cpu_us: wall_us,
            database_cpu_us: None,
        }
    }

    fn figures(wall_us: f64) -> Figures {
        Figures {
            calls: 1,
            per_second: 1e6 / wall_us,
            p50_us: 1,
            p99_us: 2,
            cost: cost(wall_us),
        }
    }

    #[test]
    fn a_row_sums_the_floors_of_its_own_work() {
        let best = Best {
            figures: vec![(Call::Empty, figures(10.0)), (Call::QueryMobile, figures(200.0))],
            mapping: None,
            grouped: vec![(Call::QueryMobile, [cost(5.0), cost(25.0)])],
        };
        let row = row(Call::QueryMobile, &best, cost(30.0)).expect("both were measured");
        // Empty call, two tokens, reading and writing.
        assert_eq!(row.floors, Some(cost(100.0)));
        assert_eq!(row.floors_over_wall, Some(0.5));
        assert!((row.cpu_over_empty - 20.0).abs() < 1e-9);
    }

    #[test]
    fn the_quickest_round_of_a_call_is_kept() {
        let mut best = Best {
            figures: Vec::new(),
            mapping: None,
            grouped: Vec::new(),
        };
        for wall_us in [30.0, 20.0, 25.0] {
            best.note(Call::Health, figures(wall_us));
        }
        assert_eq!(best.figures(Call::Health).expect("measured"), figures(20.0));
    }

    #[test]
    fn a_float_becomes_a_count_by_its_digits() {
        for (number, count) in [(0.0, 0), (-1.0, 0), (1.4, 1), (1e9, 1_000_000_000), (f64::NAN, 0)] {
            assert_eq!(whole(number), count, "{number}");
        }
    }
}
