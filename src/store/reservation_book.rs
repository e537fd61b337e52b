//! What is read of reservations and rulings outside of units of work.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::names::{AnswerId, MemberNo, ReservationId};
use crate::domain::reservation::Ruled;
use crate::domain::unit::rows::ReservationRow;

/// Seconds after its last check for which an application is kept: 30 days. What it fixed is forgotten with it, the hash of an
/// income first of all.
pub(super) const APPLICATION_KEPT_SECONDS: i64 = 30 * 86_400;
/// Seconds after the end of a reservation for which it is kept: 400 days, so that a loan reported late still finds it.
pub(super) const RESERVATION_KEPT_SECONDS: i64 = 400 * 86_400;
/// Seconds for which a ruling is kept: 25 months of 31 days, as lenders keep applications (12 CFR 1002.12).
pub(super) const RULING_KEPT_SECONDS: i64 = 25 * 31 * 86_400;

/// The reservations and rulings of a database. All methods may be called at once; each sees what was committed when it
/// starts.
#[async_trait]
pub trait ReservationBook: Send + Sync + 'static {
    /// A member's reservation by its name, as it concerns any one of its subjects; `None` when it has none of this name.
    async fn find_reservation(
        &self,
        member_no: MemberNo,
        reservation_id: ReservationId,
    ) -> Result<Option<ReservationRow>, StoreError>;

    /// What a member was told about an application; `None` when it was told nothing under this name.
    async fn find_ruling(
        &self,
        member_no: MemberNo,
        answer_id: AnswerId,
    ) -> Result<Option<Ruled>, StoreError>;
}
