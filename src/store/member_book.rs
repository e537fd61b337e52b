//! What is read of a member as a whole: how well it reported in a month, and its book on a date.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use chrono::NaiveDate;

use super::StoreError;
use crate::domain::conduct::{ConductFacts, Period};
use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::names::MemberNo;
use crate::domain::quality::{Month, MonthFacts};
use crate::domain::reconciliation::Reconciliation;

/// Numbers whose subjects' rows are read at once for a month's conduct: subjects, tokens and accounts share them.
pub(super) const CONDUCT_SPAN: i64 = 65_536;

/// The members' books of a database. All methods may be called at once; each sees what was committed when it starts.
#[async_trait]
pub trait MemberBook: Send + Sync + 'static {
    /// What a month shows of how well a member reports; rejected records that are not mended are aged until `now`.
    async fn quality_facts(
        &self,
        member_no: MemberNo,
        month: Month,
        zone: BusinessZone,
        now: Timestamp,
    ) -> Result<MonthFacts, StoreError>;

    /// A member's book on a date: every account that is not deleted by now, once, with the version in force on that date.
    /// That is the one with the latest first date not after it among those that were never corrected; an account
    /// without one was not in the book yet. As much work as the member has accounts, in memory that does not grow with them.
    async fn reconciliation(
        &self,
        member_no: MemberNo,
        as_of: NaiveDate,
    ) -> Result<Reconciliation, StoreError>;

    /// What a month shows of how the members of a range of numbers behave; who did nothing is not in it. One walk over
    /// everybody's looks, reservations and positions in the order of subjects: as much work as there are of them, whoever is
    /// asked about, in memory that grows with the members and with reservations of several people alone.
    async fn conduct(
        &self,
        period: Period,
        members: RangeInclusive<MemberNo>,
    ) -> Result<BTreeMap<MemberNo, ConductFacts>, StoreError>;
}
