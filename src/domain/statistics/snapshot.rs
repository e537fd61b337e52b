//! A snapshot: the market as of one day, reckoned once and never changed.

use chrono::NaiveDate;

use crate::domain::date::Timestamp;

/// Which snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotKey {
    /// The business date that it describes.
    pub as_of: NaiveDate,
    /// 1, then one more for each new computation of the same date.
    pub version: u32,
}

/// How far a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// A snapshot as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// The head of a published snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
