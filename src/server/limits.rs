//! The limits of the edge, each with its unit in its name.
//!
//! Only values live here: `config` checks their bounds, the layers enforce them. Invariant: nothing that comes from a
//! socket is unbounded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much the edge takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of one message, either way.
    pub message_bytes_max: u32,
    /// Bytes of a call's headers.
    pub header_bytes_max: u32,
    /// Streams (calls at once) of one connection.
    pub streams_per_connection_max: u32,
    /// Open connections, those in their handshake included.
    pub connections_max: u32,
    /// Calls in work at once, of all members together.
    pub requests_in_flight_max: u32,
    /// Calls in work at once of one member.
    pub requests_in_flight_per_member_max: u32,
    /// Milliseconds a TLS handshake may take.
    pub handshake_ms_max: u64,
    /// Milliseconds a unary call may take, but for one that reads a whole book; a caller's shorter deadline wins.
    pub request_ms_max: u64,
    /// Milliseconds a streaming call may stay open, or one that reads a whole book; a caller's shorter deadline wins.
    pub stream_ms_max: u64,
    /// Milliseconds between pings on an idle connection, and again until it is given up.
    pub keepalive_ms: u64,
    /// Milliseconds that calls in work are given when the service stops.
    pub drain_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 4 * 1024 * 1024,
            header_bytes_max: 16 * 1024,
            streams_per_connection_max: 256,
            connections_max: 1_024,
            requests_in_flight_max: 4_096,
            requests_in_flight_per_member_max: 512,
            handshake_ms_max: 5_000,
            request_ms_max: 30_000,
            stream_ms_max: 3_600_000,
            keepalive_ms: 30_000,
            drain_ms_max: 10_000,
        }
    }
}

impl Limits {
    /// How long a handshake may take.
    pub const fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms_max)
    }

    /// How long a unary call may take.
    pub const fn request(&self) -> Duration {
        Duration::from_millis(self.request_ms_max)
    }

    /// How long a streaming call may stay open.
    pub const fn stream(&self) -> Duration {
        Duration::from_millis(self.stream_ms_max)
    }

    /// How often an idle connection is pinged.
    pub const fn keepalive(&self) -> Duration {
        Duration::from_millis(self.keepalive_ms)
    }

    /// How long the last calls are given.
    pub const fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms_max)
    }
}
