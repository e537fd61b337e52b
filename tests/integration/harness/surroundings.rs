//! Time, randomness, logs and metrics of tests.

use std::io;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use metrics_exporter_prometheus::PrometheusHandle;
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use tallystick::domain::clock::{Clock, Entropy};
use tallystick::domain::date::Timestamp;
use tallystick::telemetry::{LogFormat, install_metrics, log_subscriber};

use super::instant;

/// Stands still until it is set.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// At noon UTC of 2 March 2026, a Monday.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(instant(2026, 3, 2).micros())))
    }

    pub fn set(&self, now: Timestamp) {
        self.0.store(now.micros(), Ordering::SeqCst);
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.set(self.now().plus_seconds(seconds));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The same bytes in the same order for the same seed.
pub struct SeededEntropy(Mutex<ChaCha12Rng>);

impl SeededEntropy {
    /// Other bytes than any before in this process: whoever shares randomness shares request ids.
    pub fn another() -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self::new(NEXT.fetch_add(1, Ordering::SeqCst))
    }

    fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(ChaCha12Rng::seed_from_u64(seed))))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

static LOG: LazyLock<Page> = LazyLock::new(|| {
    let page = Page::default();
    let writer = page.clone();
    let subscriber = log_subscriber(LogFormat::Human, "trace", false, move || writer.clone()).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    page
});

/// Everything that this process has logged so far, at the finest level. Services of the harness are always heard.
pub fn logged() -> String {
    let bytes = LOG.0.lock().unwrap().clone();
    String::from_utf8_lossy(&bytes).into_owned()
}

static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| install_metrics().unwrap());

/// The metrics of this process.
pub fn metrics() -> String {
    METRICS.render()
}
