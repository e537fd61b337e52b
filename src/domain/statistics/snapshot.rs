//! A snapshot: the market as of one day, reckoned once and never changed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::date::Timestamp;

/// Which snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SnapshotKey {
    /// The business date that it describes.
    pub as_of: NaiveDate,
    /// 1, then one more for each new computation of the same date.
    pub version: u32,
}

/// How far a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotState {
    /// Figures are being counted, or wait for it.
    Computing,
    /// Disclosure control is at work.
    Protecting,
    /// Readable; never changes again.
    Published,
    /// The computation broke off; nothing of it is readable.
    Failed,
}

impl SnapshotState {
    /// Every state, in the order of its code.
    const ALL: [Self; 4] = [Self::Computing, Self::Protecting, Self::Published, Self::Failed];

    /// How it is stored.
    pub const fn code(self) -> i32 {
        match self {
            Self::Computing => 1,
            Self::Protecting => 2,
            Self::Published => 3,
            Self::Failed => 4,
        }
    }

    /// The state of a code.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether it stays as it is.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Published | Self::Failed)
    }
}

/// A snapshot as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which one.
    pub key: SnapshotKey,
    /// How far it is.
    pub state: SnapshotState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// What was found; `None` until it is published.
    pub head: Option<SnapshotHead>,
}

impl Snapshot {
    /// The first one of a date, asked for at an instant.
    pub const fn first(as_of: NaiveDate, at: Timestamp) -> Self {
        Self {
            key: SnapshotKey { as_of, version: 1 },
            state: SnapshotState::Computing,
            created_at: at,
            head: None,
        }
    }

    /// The one that follows it.
    pub const fn next(&self, at: Timestamp) -> Self {
        Self {
            key: SnapshotKey {
                as_of: self.key.as_of,
                version: self.key.version + 1,
            },
            ..Self::first(self.key.as_of, at)
        }
    }
}

/// The head of a published snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// Subjects with active own debt, rounded to 5.
    pub subjects: u64,
    /// Active positions, rounded to 5.
    pub positions: u64,
    /// Lenders of these.
    pub lenders: u32,
    /// SHA-256 of [`super::ShownStatistics::encode`].
    pub digest: [u8; 32],
}
