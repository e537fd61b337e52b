//! Time and randomness as arguments. The only place of the crate that reads the system's clock or entropy.

use std::sync::Arc;

use super::date::Timestamp;

/// Tells the time. Injected, so that the same input gives the same bytes.
pub trait Clock: Send + Sync + 'static {
    /// The current instant, in whole microseconds.
    fn now(&self) -> Timestamp;
}

/// Makes unpredictable bytes. Injected for the same reason.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// A fresh UUID of version 4 (RFC 9562, 5.4).
pub fn uuid_v4(entropy: &dyn Entropy) -> [u8; 16] {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

/// A clock shared between parts of the service.
pub type SharedClock = Arc<dyn Clock>;

/// A source of randomness shared between parts of the service.
pub type SharedEntropy = Arc<dyn Entropy>;

/// The system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
    }
}
