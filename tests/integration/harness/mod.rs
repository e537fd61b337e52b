//! What tests over real sockets share: a certificate authority, a clock set by hand, a whole service in this process.
//!
//! ```ignore
//! let server = TestServer::start().await;
//! let lender = server.enrol("lender-a", &[Role::Lender]).await;
//! let answer = lender.client().await.query(&inquiry).await;
//! ```
//! Handshakes use the system's clock (certificates are valid from 2020 to 2100), everything else the clock set by hand.

mod actor;
mod ca;
mod postgres;
mod service;
mod storage;
mod surroundings;

pub use actor::{Actor, knock, reason};
pub use ca::{Credentials, TestCa, instant};
pub use postgres::{Cluster, Database};
pub use service::TestServer;
pub use storage::{Storage, address, migrated};
pub use surroundings::{ManualClock, SeededEntropy, logged, metrics};

use std::time::Duration;

/// Tries until it holds, for what another task brings about.
///
/// # Panics
/// When it never does.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..2_000 {
        looks.tick().await;
        if holds().await {
            return;
        }
    }
    panic!("it never came about: {what}");
}
