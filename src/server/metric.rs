//! What the edge records. The names are those of the program's catalogue; a test there holds both together.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::members::{PERMISSIONS, Permission};

/// Calls answered, by rpc and code.
pub const RPC_HANDLED: &str = "tallystick_rpc_handled_total";
/// Time from a call's head to the end of its answer, by rpc.
pub const RPC_DURATION: &str = "tallystick_rpc_duration_seconds";
/// Calls being answered at the moment.
pub const RPC_IN_FLIGHT: &str = "tallystick_rpc_in_flight_calls";
/// Calls refused before their room saw them, by reason.
pub const RPC_REFUSED: &str = "tallystick_rpc_refused_total";
/// Calls that a rule refused, by the reason told.
pub const RULE_REFUSED: &str = "tallystick_rule_refused_total";
/// Connections that are open at the moment.
pub const CONNECTIONS: &str = "tallystick_open_connections";
/// Connections that ended before their TLS handshake did, by reason.
pub const HANDSHAKES_FAILED: &str = "tallystick_handshake_failed_total";
/// Times that certificates were read anew, by outcome.
pub const CERTIFICATE_RELOADS: &str = "tallystick_certificate_reload_total";
/// Blinded elements evaluated.
pub const EVALUATIONS: &str = "tallystick_token_evaluation_total";
/// 1 while all members together are above the network's daily ceiling of evaluations.
pub const CEILING_EXCEEDED: &str = "tallystick_token_exceeded_ceilings";

/// Every name that the edge records.
pub const ALL: [&str; 10] = [
    RPC_HANDLED,
    RPC_DURATION,
    RPC_IN_FLIGHT,
    RPC_REFUSED,
    RULE_REFUSED,
    CONNECTIONS,
    HANDSHAKES_FAILED,
    CERTIFICATE_RELOADS,
    EVALUATIONS,
    CEILING_EXCEEDED,
];

/// The codes of gRPC by their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of a code.
pub fn code_name(code: usize) -> &'static str {
    CODES.get(code).copied().unwrap_or("UNKNOWN")
}

/// The handles of one rpc, each looked up once: a look-up by labels costs more than the rest of recording.
struct OfRpc {
    rpc: &'static str,
    handled: [OnceLock<Counter>; CODES.len()],
    duration: OnceLock<Histogram>,
}

impl OfRpc {
    fn new(rpc: &'static str) -> Self {
        Self {
            rpc,
            handled: std::array::from_fn(|_| OnceLock::new()),
            duration: OnceLock::new(),
        }
    }

    fn record(&self, code: usize, took: Duration) {
        if let Some(slot) = self.handled.get(code) {
            slot.get_or_init(|| counter!(RPC_HANDLED, "rpc" => self.rpc, "code" => code_name(code)))
                .increment(1);
        }
        self.duration
            .get_or_init(|| histogram!(RPC_DURATION, "rpc" => self.rpc))
            .record(took.as_secs_f64());
    }
}

/// Records calls.
pub struct CallMeter {
    rpcs: BTreeMap<&'static str, OfRpc>,
    in_flight: OnceLock<Gauge>,
}

impl Default for CallMeter {
    fn default() -> Self {
        let name = |permission: &Permission| permission.path().trim_start_matches('/');
        let rpcs = PERMISSIONS
            .iter()
            .map(|permission| (permission.path(), OfRpc::new(name(permission))))
            .collect();
        Self {
            rpcs,
            in_flight: OnceLock::new(),
        }
    }
}

impl CallMeter {
    /// A call begins.
    pub fn begin(&self) {
        self.in_flight().increment(1.0);
    }

    /// A call of a known rpc ends, for whatever reason.
    pub fn end(&self, permission: &Permission, code: usize, took: Duration) {
        self.in_flight().decrement(1.0);
        if let Some(rpc) = self.rpcs.get(permission.path()) {
            rpc.record(code, took);
        }
    }

    fn in_flight(&self) -> &Gauge {
        self.in_flight.get_or_init(|| gauge!(RPC_IN_FLIGHT))
    }
}

/// A call was refused before its room saw it.
pub fn refused(reason: &'static str) {
    counter!(RPC_REFUSED, "reason" => reason).increment(1);
}

/// A rule refused a call.
pub fn refused_by_rule(code: crate::domain::violation::Code) {
    counter!(RULE_REFUSED, "reason" => code.as_str()).increment(1);
}
