//! A clock that can be moved on.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::NaiveDate;

use crate::domain::clock::{Clock, SystemClock};
use crate::domain::date::{BusinessZone, Timestamp};

/// The system's clock with an offset that only shrinks towards zero.
#[derive(Debug)]
pub(super) struct BentClock {
    offset_micros: AtomicI64,
}

impl BentClock {
    /// A clock that shows `start` now.
    pub(super) fn starting(start: Timestamp) -> Self {
        Self {
            offset_micros: AtomicI64::new(start.micros() - SystemClock.now().micros()),
        }
    }

    /// Goes on to an instant at once; never back, and never beyond the present.
    pub(super) fn reach(&self, instant: Timestamp) {
        let offset = instant.micros() - SystemClock.now().micros();
        let offset = offset.max(self.offset_micros.load(Ordering::Relaxed));
        self.offset_micros.store(offset.min(0), Ordering::Relaxed);
    }

    /// Lets days pass at once, never beyond the present.
    pub(super) fn pass_days(&self, days: i64) {
        let offset = self.offset_micros.load(Ordering::Relaxed) + days * 86_400_000_000;
        self.offset_micros.store(offset.min(0), Ordering::Relaxed);
    }

    /// Lets minutes pass at once.
    pub(super) fn pass_minutes(&self, minutes: i64) {
        let offset = self.offset_micros.load(Ordering::Relaxed) + minutes * 60_000_000;
        self.offset_micros.store(offset.min(0), Ordering::Relaxed);
    }

    /// From here on it is now.
    pub(super) fn arrive(&self) {
        self.offset_micros.store(0, Ordering::Relaxed);
    }

    /// The civil date it shows.
    pub(super) fn today(&self) -> NaiveDate {
        BusinessZone::default().date_of(self.now())
    }
}

impl Clock for BentClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(SystemClock.now().micros() + self.offset_micros.load(Ordering::Relaxed))
    }
}
