//! The names of all metrics, each with what it means; no other name is recorded.
//!
//! A name ends in its unit (`_seconds`, `_bytes`, the plural of what is counted) or, if it only ever grows, in `_total`.
//! The invariant: labels are closed sets (rpc, code, reason, outcome), never a member's, subject's or caller's text.

use metrics::Unit;

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Collects single values.
    Histogram,
}

/// A metric as it is described to whoever scrapes it.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// What it is measured in.
    pub unit: Unit,
    /// What it means, and its labels.
    pub meaning: &'static str,
}

macro_rules! metrics_catalogue {
    ($($ident:ident: $kind:ident of $unit:ident = $name:literal, $meaning:literal;)+) => {
        $(#[doc = $meaning] pub const $ident: &str = $name;)+

        /// Every metric of the service.
        pub const ALL: &[Metric] = &[
            $(Metric { name: $name, kind: Kind::$kind, unit: Unit::$unit, meaning: $meaning },)+
        ];
    };
}

metrics_catalogue! {
    RPC_HANDLED: Counter of Count = "tallystick_rpc_handled_total",
        "Calls answered, by rpc and code.";
    RPC_DURATION: Histogram of Seconds = "tallystick_rpc_duration_seconds",
        "Time from a call's head to the end of its answer, by rpc.";
    RPC_IN_FLIGHT: Gauge of Count = "tallystick_rpc_in_flight_calls",
        "Calls being answered at the moment.";
    RPC_REFUSED: Counter of Count = "tallystick_rpc_refused_total",
        "Calls refused before their room saw them, by reason.";
    RULE_REFUSED: Counter of Count = "tallystick_rule_refused_total",
        "Calls that a rule refused, by the reason told: consents that do not hold, limits that are used up and the rest.";
    CONNECTIONS: Gauge of Count = "tallystick_open_connections",
        "Connections that are open at the moment.";
    HANDSHAKES_FAILED: Counter of Count = "tallystick_handshake_failed_total",
        "Connections that ended before their TLS handshake did, by reason.";
    CERTIFICATE_RELOADS: Counter of Count = "tallystick_certificate_reload_total",
        "Times that certificates were read anew, by outcome.";
    GROUP_WRITES: Histogram of Count = "tallystick_store_group_writes",
        "Units of work that were committed together.";
    GROUP_DURATION: Histogram of Seconds = "tallystick_store_group_duration_seconds",
        "Time to load, decide, write and commit a group of units of work.";
    GROUP_RETRIES: Counter of Count = "tallystick_store_group_retry_total",
        "Groups that were repeated, by reason.";
    WRITES_WAITING: Gauge of Count = "tallystick_store_waiting_writes",
        "Units of work that wait for the next group.";
    UNITS_DECIDED: Counter of Count = "tallystick_unit_decided_total",
        "Units of work decided, by rpc and outcome.";
    EVALUATIONS: Counter of Count = "tallystick_token_evaluation_total",
        "Blinded elements evaluated.";
    CEILING_EXCEEDED: Gauge of Count = "tallystick_token_exceeded_ceilings",
        "1 while all members together are above the network's daily ceiling of evaluations, otherwise 0: alarm on it.";
    AUDIT_LEAVES: Gauge of Count = "tallystick_audit_tree_leaves",
        "Leaves of the audit log, all under a signed checkpoint.";
    AUDIT_PASSES: Counter of Count = "tallystick_audit_pass_total",
        "Passes of the audit log's sequencer, by outcome.";
    AUDIT_PASS_DURATION: Histogram of Seconds = "tallystick_audit_pass_duration_seconds",
        "Time of a pass of the audit log's sequencer.";
    SNAPSHOTS: Counter of Count = "tallystick_snapshot_total",
        "Snapshots that were worked on, by outcome.";
    PANICS: Counter of Count = "tallystick_panic_total",
        "Panics: each is a fault of the program.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_end_in_their_unit() {
        const COUNTED: [&str; 5] = ["_calls", "_connections", "_writes", "_ceilings", "_leaves"];
        for metric in ALL {
            let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| metric.name.ends_with(suffix));
            let fits = match (metric.kind, metric.unit) {
                (Kind::Counter, _) => ends(&["_total"]),
                (Kind::Gauge | Kind::Histogram, Unit::Seconds) => ends(&["_seconds"]),
                (Kind::Gauge | Kind::Histogram, Unit::Bytes) => ends(&["_bytes"]),
                (Kind::Gauge | Kind::Histogram, _) => ends(&COUNTED),
            };
            assert!(fits, "{}", metric.name);
        }
    }

    #[test]
    fn names_are_unique_plain_and_explained() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            let rest = metric.name.strip_prefix("tallystick_").unwrap();
            assert!(
                rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{rest}"
            );
            assert!(metric.meaning.ends_with('.'), "{}", metric.name);
        }
    }
}
