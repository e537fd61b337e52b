//! What a conformance case may ask of an engine, and the clock that it runs by.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use tallystick::domain::clock::Clock;
use tallystick::domain::date::Timestamp;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::store::Store;

/// A fresh, empty database of one engine.
#[async_trait]
pub trait Engine: Sync {
    /// Opens the database. Called again after the last store was dropped, or while it still lives, as a process that
    /// comes up after a crash would.
    async fn open(&self, rules: MarketRules) -> Arc<dyn Store>;

    /// The clock that every store opened here goes by.
    fn clock(&self) -> Arc<ManualClock>;
}

/// A clock that moves when told to.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// 2026-03-02, noon in Shanghai.
    pub const START: Timestamp = Timestamp::from_micros(1_772_424_000_000_000);

    pub fn at_start() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(Self::START.micros())))
    }

    /// Later by `seconds`; earlier when negative.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
