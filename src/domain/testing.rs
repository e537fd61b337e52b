//! Builders of rows for tests: everything is an ordinary loan but what the test is about.

use std::sync::Arc;

use chrono::NaiveDate;

use super::date::{Timestamp, days_before};
use super::names::{AccountNo, AnswerId, MemberNo, SubjectId};
use super::position::{AccountStatus, AccountType, ClosureReason, Facts, LiabilityRole, ReportOrder};
use super::unit::rows::{InquiryRow, LookKind, PositionRow, Version};
use super::validation::samples;

/// Noon of [`samples::today`] in Shanghai.
pub fn now() -> Timestamp {
    let noon = samples::today().and_hms_opt(4, 0, 0).expect("a time");
    Timestamp::from_micros(noon.and_utc().timestamp_micros())
}

/// The date `days` before [`samples::today`].
pub fn ago(days: u32) -> NaiveDate {
    days_before(samples::today(), days)
}

/// An active loan of member 2 of 1,000 yuan outstanding, opened 200 days ago, current, reported yesterday for yesterday.
pub fn position() -> PositionBuilder {
    let received_at = now().hours_before(24 * 20);
    let facts = Facts {
        opened_on: ago(200),
        outstanding_total: 100_000,
        next_due_on: None,
        ..samples::facts()
    };
    let version = Version {
        number: 1,
        event: None,
        received_at,
        correction_reason: None,
        liabilities: vec![samples::liability(LiabilityRole::Primary, 1)],
        facts,
        order: ReportOrder {
            as_of: ago(1),
            sequence: 1,
        },
        first_as_of: ago(1),
    };
    PositionBuilder(PositionRow {
        subject_id: SubjectId(1),
        member_no: MemberNo(2),
        account_no: AccountNo(0),
        role: LiabilityRole::Primary,
        first_received_at: received_at,
        last_received_at: now().hours_before(24),
        deleted: None,
        disputed: false,
        suppressed: false,
        missing_batches: 0,
        version: Arc::new(version),
    })
}

/// A position row in the making.
#[derive(Debug, Clone)]
pub struct PositionBuilder(PositionRow);

impl PositionBuilder {
    /// Reported by a member.
    pub fn of(mut self, member_no: i64) -> Self {
        self.0.member_no = MemberNo(member_no);
        self
    }

    /// The account's number; without one a test's scene gives the next.
    pub fn account(mut self, account_no: i64) -> Self {
        self.0.account_no = AccountNo(account_no);
        self
    }

    /// In what way the subject is liable.
    pub fn role(mut self, role: LiabilityRole) -> Self {
        self.0.role = role;
        self
    }

    /// Past due by so many days.
    pub fn dpd(mut self, days_past_due: u32) -> Self {
        self.version().facts.days_past_due = days_past_due;
        self
    }

    /// Outstanding in all, minor units.
    pub fn outstanding(mut self, outstanding_total: i64) -> Self {
        self.version().facts.outstanding_total = outstanding_total;
        self
    }

    /// Opened so many days ago.
    pub fn opened(mut self, days_ago: u32) -> Self {
        self.version().facts.opened_on = ago(days_ago);
        self
    }

    /// Last reported for so many days ago.
    pub fn as_of(mut self, days_ago: u32) -> Self {
        self.version().order.as_of = ago(days_ago);
        self
    }

    /// Where the account stands.
    pub fn status(mut self, status: AccountStatus) -> Self {
        self.version().facts.status = status;
        self
    }

    /// Closed for a reason.
    pub fn closed(mut self, reason: ClosureReason) -> Self {
        self.version().facts.closure_reason = Some(reason);
        self.status(AccountStatus::Closed)
    }

    /// With a limit instead of an amount lent.
    pub fn revolving(mut self, account_type: AccountType, credit_limit: i64) -> Self {
        self.version().facts.account_type = account_type;
        self.version().facts.credit_limit = credit_limit;
        self
    }

    /// Funded together with others of the same reference.
    pub fn funded_by(mut self, group: &str) -> Self {
        self.version().facts.funding_group_ref = Some(group.to_owned());
        self
    }

    /// Other facts.
    pub fn facts(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(&mut self.version().facts);
        self
    }

    /// What is around the version.
    pub fn row(mut self, change: impl FnOnce(&mut PositionRow)) -> Self {
        change(&mut self.0);
        self
    }

    fn version(&mut self) -> &mut Version {
        Arc::make_mut(&mut self.0.version)
    }

    /// The row.
    pub fn build(self) -> PositionRow {
        self.0
    }
}

/// A hard look of a member at an instant.
pub fn look(member_no: i64, inquired_at: Timestamp) -> InquiryRow {
    InquiryRow {
        subject_id: SubjectId(1),
        member_no: MemberNo(member_no),
        inquired_at,
        answer_id: AnswerId([0; 16]),
        kind: LookKind::Query,
        purpose: super::inquiry::Purpose::NewCredit,
        with_strong: true,
        counted: true,
        judged: None,
        consent: None,
    }
}
