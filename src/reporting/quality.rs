//! How well a member reports, and its book to be signed off.

use super::Reporting;
use crate::domain::caller::Caller;
use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::names::MemberNo;
use crate::domain::quality::{Month, Scores};
use crate::domain::reconciliation::{BookDate, Reconciliation};
use crate::store::StoreError;

impl Reporting {
    /// The caller's book on a date, as the service has it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reconciliation(
        &self,
        caller: &Caller,
        as_of: BookDate,
    ) -> Result<Reconciliation, StoreError> {
        self.store.reconciliation(caller.member_no(), as_of.0).await
    }

    /// How well a member reported in a month. Whether the caller may know is judged where the member's name is read.
    ///
    /// # Errors
    /// The store failed.
    pub async fn data_quality(
        &self,
        member_no: MemberNo,
        month: Month,
        zone: BusinessZone,
        now: Timestamp,
    ) -> Result<Scores, StoreError> {
        let facts = self.store.quality_facts(member_no, month, zone, now).await?;
        Ok(Scores::of(&facts, zone, now))
    }
}
