//! What a rule is: a scope, which says what counts, and a condition, which says how much of it is too much.

use std::collections::BTreeSet;

use super::reason::ReasonCode;
use super::standing::{Application, Loan};
use crate::domain::member::LenderGroup;
use crate::domain::names::MemberNo;
use crate::domain::position::ProductType;

/// One limit of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name within the pack.
    pub id: String,
    /// Which loans count.
    pub scope: Scope,
    /// What is refused.
    pub condition: Condition,
}

/// Which loans count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Kinds of product; empty: all.
    pub product_types: BTreeSet<ProductType>,
    /// Whether only unsecured loans count.
    pub unsecured_only: bool,
    /// Kinds of lender; empty: all.
    pub lender_groups: BTreeSet<LenderGroup>,
    /// Whose loans.
    pub whose: Whose,
}

/// Whose loans count, seen from the lender that applies the rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    #[default]
    All,
    /// Those of every other lender.
    Others,
    /// The lender's own.
    Own,
}

/// What is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// More lenders at once than that, the applying one counted in.
    LenderCount {
        /// The most lenders.
        maximum: u32,
    },
    /// More loans than that, this one counted in.
    AccountCount {
        /// The most loans.
        maximum: u32,
        /// Loans opened within it count, closed ones too; `None`: those there are now.
        window: Option<Window>,
        /// Whether loans that were rescinded count.
        count_rescinded: bool,
    },
    /// A loan too soon after another ended.
    CoolingOff(Pause),
    /// Too much money.
    AmountCap(AmountCap),
    /// Too much to pay in a month.
    ObligationRatio {
        /// Percent of the gross monthly income.
        maximum_percent: u32,
        /// Whether the rule is left out when no income is stated.
        if_income_is_stated: bool,
    },
    /// A loan that is late.
    Delinquency {
        /// More contractual days past due than that.
        days_past_due_above: u32,
        /// And more overdue than that, minor units; `None`: whatever is overdue.
        overdue_amount_above: Option<i64>,
    },
    /// Debt without a break.
    ConsecutiveIndebtedness(Indebtedness),
    /// A loan that is being repaid by an instalment plan.
    InstalmentPlan,
    /// The subject asked not to be lent to.
    SelfExclusion,
}

/// A stretch of time that ends today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many civil days, today included.
    Days(u32),
    /// The days after the same day so many months ago.
    Months(u32),
}

/// How long to wait after a loan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// To the minute.
    Hours(u32),
    /// Civil days.
    Days(u32),
}

/// The most money; the lesser of the two limits counts. At least one is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountCap {
    /// Minor units.
    pub maximum: Option<i64>,
    /// Percent of the gross monthly income: 600 is six times.
    pub income_percent: Option<u32>,
    /// Incomes to which the rule applies; `None`: all.
    pub bracket: Option<IncomeBracket>,
    /// What is measured.
    pub extent: Extent,
}

/// Which money is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything owed in scope, and this loan.
    Total,
    /// This loan alone.
    PerLoan,
}

/// A range of gross annual incomes, minor units: twelve times the monthly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncomeBracket {
    /// The least of them.
    pub from: Option<i64>,
    /// Less than that.
    pub below: Option<i64>,
}

/// How long somebody may be in debt without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indebtedness {
    /// More days than that make it too long.
    pub days_above: u32,
    /// Days to wait after it ended.
    pub wait_days: u32,
    /// A loan opened at most so many days after all others were closed continues the same stretch; one opened on the next
    /// day always does.
    pub gap_days_at_most: u32,
}

impl Scope {
    /// Whether a loan counts for a rule that `lender` applies.
    pub fn covers(&self, loan: &Loan, lender: MemberNo) -> bool {
        let whose = match self.whose {
            Whose::All => true,
            Whose::Others => loan.lender != lender,
            Whose::Own => loan.lender == lender,
        };
        whose
            && (loan.unsecured || !self.unsecured_only)
            && self.covers_kind(loan.product_type, loan.lender_group)
    }

    /// Whether the loan applied for would count. What will secure it is not known yet, so that it is taken for unsecured.
    pub fn covers_application(&self, application: &Application) -> bool {
        self.covers_kind(application.product_type, application.lender_group)
    }

    fn covers_kind(&self, product_type: ProductType, lender_group: LenderGroup) -> bool {
        (self.product_types.is_empty() || self.product_types.contains(&product_type))
            && (self.lender_groups.is_empty() || self.lender_groups.contains(&lender_group))
    }
}

impl Condition {
    /// The reason that it gives.
    pub const fn reason(&self) -> ReasonCode {
        match self {
            Self::LenderCount { .. } => ReasonCode::LenderCount,
            Self::AccountCount { .. } => ReasonCode::AccountCount,
            Self::CoolingOff(_) => ReasonCode::CoolingOff,
            Self::AmountCap(_) => ReasonCode::AmountCap,
            Self::ObligationRatio { .. } => ReasonCode::ObligationRatio,
            Self::Delinquency { .. } => ReasonCode::Delinquency,
            Self::ConsecutiveIndebtedness(_) => ReasonCode::ConsecutiveIndebtedness,
            Self::InstalmentPlan => ReasonCode::InstalmentPlan,
            Self::SelfExclusion => ReasonCode::SelfExclusion,
        }
    }

    /// Whether it cannot be judged without the applicant's income.
    pub const fn needs_income(&self) -> bool {
        match self {
            Self::AmountCap(cap) => cap.income_percent.is_some() || cap.bracket.is_some(),
            Self::ObligationRatio {
                if_income_is_stated, ..
            } => !*if_income_is_stated,
            Self::LenderCount { .. }
            | Self::AccountCount { .. }
            | Self::CoolingOff(_)
            | Self::Delinquency { .. }
            | Self::ConsecutiveIndebtedness(_)
            | Self::InstalmentPlan
            | Self::SelfExclusion => false,
        }
    }
}

impl IncomeBracket {
    /// Whether a gross annual income lies in it.
    pub fn holds(self, annual_income: i128) -> bool {
        self.from.is_none_or(|from| annual_income >= from.into())
            && self.below.is_none_or(|below| annual_income < below.into())
    }
}
