use std::io::Write;
use std::sync::{Arc, Mutex};

use metrics::{counter, gauge, histogram, with_local_recorder};
use tracing::subscriber::with_default;

use super::*;

const SECRET: &str = "110101199003074514";

/// Collects what is logged.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged while `work` runs.
fn logged(format: LogFormat, filter: &str, work: impl FnOnce()) -> String {
    let page = Page::default();
    let writer = page.clone();
    let subscriber = log_subscriber(format, filter, false, move || writer.clone()).unwrap();
    with_default(subscriber, work);
    let bytes = page.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_line_for_people_reads_alone_and_carries_its_fields() {
    let text = logged(LogFormat::Human, "info", || {
        tracing::info!(target: "tallystick::server", rows_accepted = 5, "batch accepted");
        tracing::debug!(target: "tallystick::server", "too fine");
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("INFO tallystick::server: batch accepted rows_accepted=5"),
        "{text}"
    );
}

#[test]
fn a_line_for_programs_is_one_flat_object() {
    let text = logged(LogFormat::Json, "info", || {
        tracing::warn!(target: "tallystick::server", rows_accepted = 5, "batch accepted");
    });
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["message"], "batch accepted");
    assert_eq!(line["rows_accepted"], 5);
    assert_eq!(line["target"], "tallystick::server");
}

#[test]
fn libraries_are_never_heard_below_info_whatever_the_filter_says() {
    for filter in ["trace", "h2=trace", "debug,hyper=trace,tallystick_other=trace"] {
        for format in [LogFormat::Human, LogFormat::Json] {
            let text = logged(format, filter, || {
                tracing::trace!(target: "h2::codec", "frame {SECRET}");
                tracing::debug!(target: "hyper::proto", "header {SECRET}");
                tracing::debug!(target: "tallystick_other", "{SECRET}");
            });
            assert_eq!(text, "", "{filter}");
        }
    }
}

#[test]
fn our_own_code_is_heard_at_every_level_that_the_filter_lets_through() {
    let lines = |filter: &str| {
        let text = logged(LogFormat::Human, filter, || {
            tracing::trace!(target: "tallystick::ledger", "t");
            tracing::debug!(target: "tallystick::ledger", "d");
            tracing::info!(target: "h2", "i");
        });
        text.lines().count()
    };
    for (filter, heard) in [
        ("trace", 3),
        ("debug", 2),
        ("info", 1),
        ("off", 0),
        ("info,tallystick=debug", 2),
    ] {
        assert_eq!(lines(filter), heard, "{filter}");
    }
}

#[test]
fn an_unreadable_filter_is_refused_with_an_example() {
    let Err(error) = log_subscriber(LogFormat::Human, "tallystick=loud", false, std::io::sink) else {
        panic!("there is no such level");
    };
    assert!(error.to_string().contains("tallystick::ledger=debug"), "{error}");
    assert!(log_subscriber(LogFormat::Human, LOG_FILTER_DEFAULT, false, std::io::sink).is_ok());
}

#[test]
fn a_panic_is_logged_by_place_and_counted() {
    let recorder = metrics_recorder().unwrap();
    let text = with_local_recorder(&recorder, || {
        logged(LogFormat::Human, "error", || {
            log_panic(Some(Location::caller()));
            log_panic(None);
        })
    });
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("src/telemetry/tests.rs"), "{text}");
    assert!(recorder.handle().render().contains("tallystick_panic_total 2"));
}

#[test]
fn metrics_are_rendered_with_their_meaning_and_buckets() {
    let recorder = metrics_recorder().unwrap();
    with_local_recorder(&recorder, || {
        describe_metrics();
        counter!(metric::RPC_HANDLED, "rpc" => "QueryExposure", "code" => "OK").increment(2);
        gauge!(metric::AUDIT_LEAVES).set(7.0);
        histogram!(metric::RPC_DURATION, "rpc" => "QueryExposure").record(0.002);
        histogram!(metric::GROUP_WRITES).record(3.0);
    });
    let text = recorder.handle().render();
    for wanted in [
        "# HELP tallystick_rpc_handled_total Calls answered, by rpc and code.",
        "tallystick_rpc_handled_total{rpc=\"QueryExposure\",code=\"OK\"} 2",
        "tallystick_audit_tree_leaves 7",
        "tallystick_rpc_duration_seconds_bucket{rpc=\"QueryExposure\",le=\"0.001\"} 0",
        "tallystick_rpc_duration_seconds_bucket{rpc=\"QueryExposure\",le=\"0.0025\"} 1",
        "tallystick_store_group_writes_bucket{le=\"2\"} 0",
        "tallystick_store_group_writes_bucket{le=\"4\"} 1",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}
