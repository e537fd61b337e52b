//! What the dashboard sees of the statistics: published snapshots and their protected tables.

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::domain::currency::Currency;
use crate::domain::statistics::{Published, ShownTable, Snapshot, SnapshotKey};
use crate::statistics::Wanted;

/// Why nothing can be shown. The cause is logged, never shown.
#[derive(Debug, thiserror::Error)]
#[error("what is to be shown cannot be read")]
pub struct WindowError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl WindowError {
    /// Of a cause.
    pub fn of(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(cause))
    }
}

/// Published statistics.
#[async_trait]
pub trait Window: Send + Sync {
    /// Published snapshots, newest first, at most so many.
    async fn snapshots(&self, limit: u32) -> Result<Vec<Snapshot>, WindowError>;

    /// One table of every latest published version from a date up to one, oldest first; a snapshot that has no such table is
    /// left out.
    async fn series(
        &self,
        published: Published,
        currency: Option<Currency>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(SnapshotKey, ShownTable)>, WindowError>;

    /// Currencies that a snapshot has amounts in.
    async fn currencies(&self, key: SnapshotKey) -> Result<Vec<Currency>, WindowError>;
}

/// The room itself: nothing else has published tables.
#[async_trait]
impl Window for crate::statistics::Window {
    async fn snapshots(&self, limit: u32) -> Result<Vec<Snapshot>, WindowError> {
        self.published(limit).await.map_err(WindowError::of)
    }

    async fn series(
        &self,
        published: Published,
        currency: Option<Currency>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(SnapshotKey, ShownTable)>, WindowError> {
        let wanted = Wanted {
            published,
            currency,
            as_of: to,
            from: Some(from),
            version: None,
        };
        self.tables(&wanted).await.map_err(WindowError::of)
    }

    async fn currencies(&self, key: SnapshotKey) -> Result<Vec<Currency>, WindowError> {
        Self::currencies(self, key).await.map_err(WindowError::of)
    }
}
