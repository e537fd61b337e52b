//! Logs and metrics: how they are set up, once, by the program's entry.
//!
//! Logs are lines for people or JSON objects for programs, always on standard error. Only our own code is ever heard
//! below INFO, whatever the filter says: libraries print headers and frames there, and so what members send. Panics are
//! logged by place, without their text, which may quote the value that caused them. The invariant: what reaches a log
//! or a metric was written by our own code for it.

pub mod metric;

use std::io::IsTerminal as _;
use std::panic::Location;

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt};

use metric::Kind;

/// What is logged unless told otherwise.
pub const LOG_FILTER_DEFAULT: &str = "info";

/// Upper edges of the buckets of durations, in seconds: fine where answers are expected, coarse above.
const DURATION_BUCKETS_SECONDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Upper edges of the buckets of group sizes.
const GROUP_BUCKETS_WRITES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// What log lines look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people; in colours on a terminal.
    #[default]
    Human,
    /// A JSON object a line, with the fields at its top level.
    Json,
}

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("the log filter is not valid; write for example \"info\" or \"info,tallystick::ledger=debug\"")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Logs are set up once a process.
    #[error("logs are already set up in this process")]
    LogsTwice,
    /// Metrics are set up once a process.
    #[error("metrics cannot be set up in this process")]
    Metrics(#[from] BuildError),
}

/// Sends logs to standard error from now on, and panics with them. Once a process.
///
/// # Errors
/// [`TelemetryError::Filter`] for a filter that cannot be read, [`TelemetryError::LogsTwice`] for a second call.
pub fn install_logs(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let colours = std::io::stderr().is_terminal();
    log_subscriber(format, filter, colours, std::io::stderr)?
        .try_init()
        .map_err(|_| TelemetryError::LogsTwice)?;
    std::panic::set_hook(Box::new(|panic| log_panic(panic.location())));
    Ok(())
}

/// What [`install_logs`] installs, over any writer: for tests that search the logs.
///
/// # Errors
/// [`TelemetryError::Filter`] for a filter that cannot be read.
pub fn log_subscriber<W>(
    format: LogFormat,
    filter: &str,
    colours: bool,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + 'static, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(filter)?;
    let lines = match format {
        LogFormat::Human => fmt::layer().with_ansi(colours).with_writer(writer).boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
    };
    Ok(Registry::default()
        .with(filter)
        .with(filter_fn(may_be_heard))
        .with(lines))
}

/// Whether a line may be heard at all: below INFO only our own.
fn may_be_heard(line: &Metadata<'_>) -> bool {
    let target = line.target();
    let own = target == "tallystick" || target.starts_with("tallystick::");
    own || *line.level() <= Level::INFO
}

/// Logs where a panic happened, never its text.
fn log_panic(place: Option<&Location<'_>>) {
    metrics::counter!(metric::PANICS).increment(1);
    if let Some(place) = place {
        tracing::error!(
            file = place.file(),
            line = place.line(),
            "panic at {place}: a fault of this program, please report it"
        );
    } else {
        tracing::error!("panic at an unknown place: a fault of this program, please report it");
    }
}

/// Collects metrics from now on. Once a process. The handle renders them for Prometheus; whoever serves it calls
/// [`PrometheusHandle::run_upkeep`] every few seconds.
///
/// # Errors
/// [`TelemetryError::Metrics`] for a second call.
pub fn install_metrics() -> Result<PrometheusHandle, TelemetryError> {
    let recorder = metrics_recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(BuildError::from)?;
    describe_metrics();
    Ok(handle)
}

/// What [`install_metrics`] installs: for tests, with [`metrics::with_local_recorder`].
///
/// # Errors
/// None in practice: the buckets are constants, and not empty.
pub fn metrics_recorder() -> Result<PrometheusRecorder, TelemetryError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATION_BUCKETS_SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_writes".to_owned()), &GROUP_BUCKETS_WRITES)?;
    Ok(builder.build_recorder())
}

/// Tells the recorder what each metric means.
pub fn describe_metrics() {
    for metric in metric::ALL {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.unit, metric.meaning),
            Kind::Gauge => describe_gauge!(metric.name, metric.unit, metric.meaning),
            Kind::Histogram => describe_histogram!(metric.name, metric.unit, metric.meaning),
        }
    }
}

#[cfg(test)]
mod tests;
