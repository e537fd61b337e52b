//! Every number of the configuration: what it means, its unit and its bounds.

use super::{Config, ConfigError};
use crate::ledger::CHECKPOINT_INTERVAL_MS_MAX;

/// The highest lowest band edge, in whole units.
pub const LOWEST_EDGE_UNITS_MAX: i64 = 1_000_000_000;

/// A number and its bounds, both included.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// Its key, sections parted by dots.
    pub key: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
    /// The least value.
    pub min: u64,
    /// The greatest value.
    pub max: u64,
    /// Reads it.
    pub read: fn(&Config) -> u64,
}

/// All of them, in the order of the sample.
pub const BOUNDS: [Bound; 34] = [
    Bound {
        key: "tls.reload_interval_ms",
        about: "Milliseconds between looks at the three files; SIGHUP looks at once.",
        min: 100,
        max: 600_000,
        read: |config| config.tls.reload_interval_ms,
    },
    Bound {
        key: "database.writers",
        about: "Connections that write groups of calls, and as many that write chunks of batches. More help a server with\n# \
                many cores; calls about one subject keep their order only with one.",
        min: 1,
        max: 16,
        read: |config| config.database.writers,
    },
    Bound {
        key: "database.readers",
        about: "Connections for everything else: a member's own book, the register, the audit log.",
        min: 1,
        max: 64,
        read: |config| config.database.readers,
    },
    Bound {
        key: "database.statement_timeout_ms",
        about: "Milliseconds a statement may take, waits for locks included.",
        min: 100,
        max: 600_000,
        read: |config| config.database.statement_timeout_ms,
    },
    Bound {
        key: "database.connect_timeout_ms",
        about: "Milliseconds a connection may take to be made, or to become free.",
        min: 50,
        max: 60_000,
        read: |config| config.database.connect_timeout_ms,
    },
    Bound {
        key: "market.approvals",
        about: "Operators needed to enrol a member, grant evaluations, merge or split subjects.",
        min: 1,
        max: 2,
        read: |config| config.market.approvals.into(),
    },
    Bound {
        key: "market.network_evaluations_per_day",
        about: "Token evaluations a day of all members together above which the service alarms.",
        min: 1,
        max: 1_000_000_000,
        read: |config| config.market.network_evaluations_per_day,
    },
    Bound {
        key: "market.batch_reject_percent",
        about: "Rejected records per hundred above which a batch is stopped, from record 10,000 on.",
        min: 1,
        max: 100,
        read: |config| config.market.batch_reject_percent.into(),
    },
    Bound {
        key: "market.batch_swing_percent",
        about: "Change of a FULL batch's active positions, per hundred of the one before, above which it is held.",
        min: 1,
        max: 1_000,
        read: |config| config.market.batch_swing_percent.into(),
    },
    Bound {
        key: "market.offline_codes",
        about: "Unexpired offline codes of one member, used ones too, beyond which it gets no more.",
        min: 0,
        max: 10_000_000,
        read: |config| config.market.offline_codes.into(),
    },
    Bound {
        key: "market.hard_looks_per_day",
        about: "People whom one member may look at with a hard purpose on a civil day.",
        min: 1,
        max: 1_000_000_000,
        read: |config| config.market.hard_looks_per_day,
    },
    Bound {
        key: "market.strangers_per_day",
        about: "People of whom nobody knows anything whom one member may look at on a civil day.",
        min: 1,
        max: 1_000_000_000,
        read: |config| config.market.strangers_per_day,
    },
    Bound {
        key: "market.unused_reservations_per_day",
        about: "Reservations of one member on a civil day beyond those that became loans; live ones count.",
        min: 1,
        max: 1_000_000_000,
        read: |config| config.market.unused_reservations_per_day,
    },
    Bound {
        key: "market.conduct_sample_min",
        about: "Looks, or ended reservations, of a month below which a member's conduct never alerts.",
        min: 1,
        max: 1_000_000,
        read: |config| config.market.conduct_sample_min,
    },
    Bound {
        key: "market.conduct_unfollowed_percent",
        about: "Hard queries that nothing came of in 30 days, per hundred, above which a member's conduct alerts.",
        min: 1,
        max: 100,
        read: |config| config.market.conduct_unfollowed_percent.into(),
    },
    Bound {
        key: "market.conduct_looks_per_loan",
        about: "Hard looks for each loan opened above which it alerts.",
        min: 1,
        max: 1_000_000,
        read: |config| config.market.conduct_looks_per_loan,
    },
    Bound {
        key: "market.conduct_lapsed_percent",
        about: "Reservations that ran out, per hundred that ended, above which it alerts.",
        min: 1,
        max: 100,
        read: |config| config.market.conduct_lapsed_percent.into(),
    },
    Bound {
        key: "market.conduct_late_percent",
        about: "Reservations confirmed after they had run out, per hundred that ended, above which it alerts.",
        min: 1,
        max: 100,
        read: |config| config.market.conduct_late_percent.into(),
    },
    Bound {
        key: "market.conduct_turns_percent",
        about: "Checks within a day of giving up room with the same person, per hundred checks, above which it alerts.",
        min: 1,
        max: 100,
        read: |config| config.market.conduct_turns_percent.into(),
    },
    Bound {
        key: "market.conduct_strangers_percent",
        about: "Looks that found nobody, per hundred looks, above which it alerts.",
        min: 1,
        max: 100,
        read: |config| config.market.conduct_strangers_percent.into(),
    },
    Bound {
        key: "limits.message_bytes_max",
        about: "Bytes of one message, either way.",
        min: 65_536,
        max: 67_108_864,
        read: |config| config.limits.message_bytes_max.into(),
    },
    Bound {
        key: "limits.header_bytes_max",
        about: "Bytes of a call's headers.",
        min: 4_096,
        max: 1_048_576,
        read: |config| config.limits.header_bytes_max.into(),
    },
    Bound {
        key: "limits.streams_per_connection_max",
        about: "Streams (calls at once) of one connection.",
        min: 1,
        max: 10_000,
        read: |config| config.limits.streams_per_connection_max.into(),
    },
    Bound {
        key: "limits.connections_max",
        about: "Open connections, those in their handshake included.",
        min: 1,
        max: 100_000,
        read: |config| config.limits.connections_max.into(),
    },
    Bound {
        key: "limits.requests_in_flight_max",
        about: "Calls in work at once, of all members together.",
        min: 1,
        max: 1_000_000,
        read: |config| config.limits.requests_in_flight_max.into(),
    },
    Bound {
        key: "limits.requests_in_flight_per_member_max",
        about: "Calls in work at once of one member.",
        min: 1,
        max: 1_000_000,
        read: |config| config.limits.requests_in_flight_per_member_max.into(),
    },
    Bound {
        key: "limits.handshake_ms_max",
        about: "Milliseconds a TLS handshake may take.",
        min: 100,
        max: 60_000,
        read: |config| config.limits.handshake_ms_max,
    },
    Bound {
        key: "limits.request_ms_max",
        about: "Milliseconds a unary call may take, but for one that reads a whole book; a caller's shorter deadline wins.",
        min: 100,
        max: 600_000,
        read: |config| config.limits.request_ms_max,
    },
    Bound {
        key: "limits.stream_ms_max",
        about: "Milliseconds a streaming call may stay open, or one that reads a whole book; a caller's shorter deadline wins.",
        min: 1_000,
        max: 86_400_000,
        read: |config| config.limits.stream_ms_max,
    },
    Bound {
        key: "limits.keepalive_ms",
        about: "Milliseconds between pings on an idle connection, and again until it is given up.",
        min: 1_000,
        max: 3_600_000,
        read: |config| config.limits.keepalive_ms,
    },
    Bound {
        key: "limits.drain_ms_max",
        about: "Milliseconds that calls in work are given when the service stops.",
        min: 0,
        max: 600_000,
        read: |config| config.limits.drain_ms_max,
    },
    Bound {
        key: "web.connections_max",
        about: "Open connections of browsers, those in their handshake included.",
        min: 1,
        max: 10_000,
        read: |config| config.web.connections_max.into(),
    },
    Bound {
        key: "statistics.protection_millions",
        about: "Work that disclosure control may take for the counts of one, and again for its amounts, in millions of steps: \
                about a third of a second each. What is not proved then is hidden with the finest tables.",
        min: 1,
        max: 100_000,
        read: |config| config.statistics.protection_millions.into(),
    },
    Bound {
        key: "ledger.checkpoint_interval_ms",
        about: "Milliseconds between checkpoints while there is something new.",
        min: 10,
        max: CHECKPOINT_INTERVAL_MS_MAX,
        read: |config| config.ledger.checkpoint_interval_ms,
    },
];

/// Checks every number.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    for bound in &BOUNDS {
        let given = (bound.read)(config);
        if !(bound.min..=bound.max).contains(&given) {
            let text = format!("{given} is out of bounds: use {} to {}", bound.min, bound.max);
            return Err(ConfigError::refused(bound.key, text));
        }
    }
    Ok(())
}
