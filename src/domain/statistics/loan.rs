//! What the statistics read: one position of one subject as it stood on the snapshot's date and at the snapshot before.
//!
//! Whoever reads the store fills it in; nothing here decides which version was in force on a date.

use chrono::NaiveDate;

use super::region::Region;
use crate::domain::currency::Currency;
use crate::domain::member::LenderGroup;
use crate::domain::names::{AccountNo, MemberNo};
use crate::domain::position::{AccountStatus, ClosureReason, Facts, LiabilityRole, ProductType};
use crate::domain::unit::rows::PositionRow;

/// Where a position stood on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The status of its account.
    pub status: AccountStatus,
    /// Why it was closed, if it was.
    pub closure_reason: Option<ClosureReason>,
    /// Owed in all, minor units.
    pub outstanding_total: i64,
    /// Contractual days past due.
    pub days_past_due: u32,
}

impl Standing {
    /// Of what was reported.
    pub const fn of(facts: &Facts) -> Self {
        Self {
            status: facts.status,
            closure_reason: facts.closure_reason,
            outstanding_total: facts.outstanding_total,
            days_past_due: facts.days_past_due,
        }
    }

    /// Whether it counts as active.
    pub const fn is_active(&self) -> bool {
        self.status.is_active()
    }

    /// Whether its balance is part of a book: active, and paid out or owing all the same.
    pub(super) const fn is_on_books(&self) -> bool {
        self.is_active() && !self.is_pending()
    }

    /// Whether it waits for its payout and owes nothing.
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.status, AccountStatus::PendingDisbursement) && self.outstanding_total == 0
    }
}

/// The first time that a position was so late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstLate {
    /// The date for which it was reported so.
    pub on: NaiveDate,
    /// What it then owed in all, minor units.
    pub outstanding_total: i64,
}

/// What only versions other than the one in force can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// Where it stood on the date of the snapshot before, if it was on file then.
    pub before: Option<Standing>,
    /// The first version up to the snapshot's date, the one in force included, with 31 days past due or more.
    pub first_31: Option<FirstLate>,
    /// Likewise with 91.
    pub first_91: Option<FirstLate>,
}

/// One own-debt position of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are independent of each other, each asked by its name"
)]
pub struct Loan<'a> {
    /// Who reported it.
    pub member_no: MemberNo,
    /// What kind of lender that is.
    pub lender_group: LenderGroup,
    /// The account.
    pub account_no: AccountNo,
    /// Whether the subject is the account's PRIMARY: tables of positions count an account with its primary alone.
    pub is_primary: bool,
    /// Where the borrower lives.
    pub region: Region,
    /// What it is.
    pub product_type: ProductType,
    /// Of its amounts.
    pub currency: Currency,
    /// When it was opened.
    pub opened_on: NaiveDate,
    /// Whether it has a limit instead of an amount lent.
    pub is_revolving: bool,
    /// The limit of a revolving account, the amount lent of another, minor units.
    pub granted: i64,
    /// Yearly rate in basis points; 0 when none was stated.
    pub annual_percentage_rate_bp: u32,
    /// Days after the due date within which it is not formally overdue.
    pub grace_days: u32,
    /// Whether it was ever extended or restructured.
    pub is_restructured: bool,
    /// Whether room was reserved for it before: it became the loan of a check.
    pub was_checked: bool,
    /// What positions of one loan that several lenders fund have in common.
    pub funding_group_ref: Option<&'a str>,
    /// Where it stands on the snapshot's date; `None` when it counts no longer: deleted or hidden since the one before.
    pub now: Option<Standing>,
    /// What other versions tell.
    pub past: Past,
}

impl<'a> Loan<'a> {
    /// Of a row whose version is the one in force on the snapshot's date; `None` when it is no own debt.
    pub fn of_row(
        row: &'a PositionRow,
        lender_group: LenderGroup,
        was_checked: bool,
        past: Past,
    ) -> Option<Self> {
        if !row.role.is_own_debt() {
            return None;
        }
        let facts = &row.version.facts;
        let counts = row.deleted.is_none() && !row.suppressed;
        let is_revolving = facts.account_type.is_revolving();
        Some(Self {
            member_no: row.member_no,
            lender_group,
            account_no: row.account_no,
            is_primary: row.role == LiabilityRole::Primary,
            region: Region::of(&facts.region_code),
            product_type: facts.product_type,
            currency: facts.currency,
            opened_on: facts.opened_on,
            is_revolving,
            granted: if is_revolving {
                facts.credit_limit
            } else {
                facts.original_amount
            },
            annual_percentage_rate_bp: facts.annual_percentage_rate_bp,
            grace_days: facts.grace_days,
            is_restructured: facts.extension_count > 0 || facts.restructure_count > 0,
            was_checked,
            funding_group_ref: facts.funding_group_ref.as_deref(),
            now: counts.then(|| Standing::of(facts)),
            past,
        })
    }

    /// Its standing if it is active.
    pub(super) fn active(&self) -> Option<Standing> {
        self.now.filter(Standing::is_active)
    }

    /// Whether two positions are parts of one loan.
    pub(super) fn is_funded_with(&self, other: &Self) -> bool {
        self.funding_group_ref.is_some()
            && (self.funding_group_ref, self.currency, self.opened_on)
                == (other.funding_group_ref, other.currency, other.opened_on)
    }
}
