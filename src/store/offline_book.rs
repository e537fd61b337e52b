//! What is read of loans made under offline codes, outside of units of work.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::date::Timestamp;
use crate::domain::names::{MemberNo, SeriesId};
use crate::domain::offline::CODE_LIFE_SECONDS;
use crate::domain::unit::rows::OfflineUseRow;

/// Seconds after its codes expire for which a series is kept: 400 days, as reservations.
pub(super) const OFFLINE_SERIES_KEPT_SECONDS: i64 = 400 * 86_400;
/// Seconds after a loan was back-filled for which it is kept: longer than its series, or its code would be new again.
pub(super) const OFFLINE_USE_KEPT_SECONDS: i64 = OFFLINE_SERIES_KEPT_SECONDS + CODE_LIFE_SECONDS + 86_400;

/// Where a loan stands in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfflineUseAt {
    /// When it was back-filled.
    pub backfilled_at: Timestamp,
    /// Who made it.
    pub member_no: MemberNo,
    /// Under which series.
    pub series_id: SeriesId,
    /// Which code of it.
    pub place: u32,
}

impl OfflineUseAt {
    /// The place of a row.
    pub const fn of(row: &OfflineUseRow) -> Self {
        Self {
            backfilled_at: row.backfilled_at,
            member_no: row.member_no,
            series_id: row.series_id,
            place: row.place,
        }
    }
}

/// Which loans are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfflineUseFilter {
    /// Whose; `None`: everybody's.
    pub member_no: Option<MemberNo>,
    /// Only those that broke a limit.
    pub over_limit_only: bool,
    /// Only those whose member was told that they broke one: what a member may ask for.
    pub told_only: bool,
    /// Only those that were back-filled too late.
    pub late_only: bool,
}

/// The offline codes of a database. All methods may be called at once; each sees what was committed when it starts.
#[async_trait]
pub trait OfflineBook: Send + Sync + 'static {
    /// Up to `limit` loans, newest back-fill first, that come behind `after`.
    async fn list_offline_uses(
        &self,
        filter: OfflineUseFilter,
        after: Option<OfflineUseAt>,
        limit: u32,
    ) -> Result<Vec<OfflineUseRow>, StoreError>;
}
