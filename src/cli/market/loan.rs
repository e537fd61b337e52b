//! Invented loans: terms by product, payment behaviour by how many lenders the borrower has.

use chrono::{Datelike, NaiveDate};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::person::account_ref;
use crate::domain::currency::Currency;
use crate::domain::date::{days_after, days_before};
use crate::domain::position::{
    AccountStatus, AccountType, Facts, FundingRole, GuaranteeType, LoanPurpose, OverdueAmounts, ProductType,
    RepaymentFrequency,
};

/// What a lender of the market lends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the products'")]
pub enum LoanKind {
    CreditCard,
    ConsumptionInstalment,
    CashInstalment,
    PersonalBusiness,
    Auto,
    Payday,
}

/// On what terms a kind of loan is lent.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "fields are the contract's, where they say nothing else"
)]
pub struct Terms {
    pub account_type: AccountType,
    pub product_type: ProductType,
    pub loan_purpose: LoanPurpose,
    pub guarantee_type: GuaranteeType,
    /// Hundreds of yuan.
    pub amount: std::ops::Range<i64>,
    /// Months; 0 is a single payment after `days`.
    pub months: u32,
    pub days: u32,
    pub rate_bp: u32,
}

impl LoanKind {
    /// Its terms.
    pub const fn terms(self) -> Terms {
        use AccountType::{CreditCard as Card, NonRevolving};
        use LoanPurpose::{BusinessOperation, Consumption, Vehicle};
        match self {
            Self::CreditCard => Terms {
                account_type: Card,
                product_type: ProductType::CreditCard,
                loan_purpose: Consumption,
                guarantee_type: GuaranteeType::Unsecured,
                amount: 50..800,
                months: 0,
                days: 0,
                rate_bp: 1_800,
            },
            Self::ConsumptionInstalment => Terms {
                account_type: NonRevolving,
                product_type: ProductType::ConsumptionInstalment,
                loan_purpose: Consumption,
                guarantee_type: GuaranteeType::Unsecured,
                amount: 20..300,
                months: 12,
                days: 360,
                rate_bp: 2_160,
            },
            Self::CashInstalment => Terms {
                account_type: NonRevolving,
                product_type: ProductType::CashInstalment,
                loan_purpose: Consumption,
                guarantee_type: GuaranteeType::Unsecured,
                amount: 10..200,
                months: 12,
                days: 360,
                rate_bp: 2_390,
            },
            Self::PersonalBusiness => Terms {
                account_type: NonRevolving,
                product_type: ProductType::PersonalBusiness,
                loan_purpose: BusinessOperation,
                guarantee_type: GuaranteeType::Mortgage,
                amount: 300..5_000,
                months: 36,
                days: 1_095,
                rate_bp: 1_100,
            },
            Self::Auto => Terms {
                account_type: NonRevolving,
                product_type: ProductType::Auto,
                loan_purpose: Vehicle,
                guarantee_type: GuaranteeType::Pledge,
                amount: 500..2_500,
                months: 36,
                days: 1_095,
                rate_bp: 700,
            },
            Self::Payday => Terms {
                account_type: NonRevolving,
                product_type: ProductType::Payday,
                loan_purpose: Consumption,
                guarantee_type: GuaranteeType::Unsecured,
                amount: 5..50,
                months: 0,
                days: 30,
                rate_bp: 2_390,
            },
        }
    }
}

/// An invented loan.
#[derive(Debug, Clone)]
pub struct Loan {
    /// Names nobody.
    pub account_ref: String,
    /// What would be reported, but for the region.
    pub facts: Facts,
}

impl Loan {
    /// Draws a loan of a borrower with so many lenders.
    pub fn draw(random: &mut ChaCha8Rng, kind: LoanKind, today: NaiveDate, lenders: usize) -> Self {
        let terms = kind.terms();
        let amount = random.random_range(terms.amount.clone()) * 10_000;
        let age_max = if terms.days == 0 { 720 } else { terms.days.min(720) };
        let age = random.random_range(1..age_max);
        let mut loan = Self::opened(random, kind, days_before(today, age), amount, today);
        if random.random_range(0..100) < 3 + 4 * lenders {
            loan.fall_behind(random, today, age);
        }
        loan
    }

    /// A loan of `amount` minor units opened on a day, paid as agreed until `today`.
    pub fn opened(
        random: &mut ChaCha8Rng,
        kind: LoanKind,
        opened_on: NaiveDate,
        amount: i64,
        today: NaiveDate,
    ) -> Self {
        let terms = kind.terms();
        let revolving = terms.account_type.is_revolving();
        let elapsed = u32::try_from((today - opened_on).num_days()).unwrap_or(0) / 30;
        let left = terms.months.saturating_sub(elapsed).max(1);
        let outstanding = if revolving {
            amount * random.random_range(5..70) / 100
        } else if terms.months == 0 {
            amount
        } else {
            amount * i64::from(left) / i64::from(terms.months)
        };
        let scheduled = if revolving {
            outstanding / 10
        } else if terms.months == 0 {
            amount
        } else {
            amount / i64::from(terms.months)
        };
        let frequency = if terms.months == 0 && !revolving {
            RepaymentFrequency::Single
        } else {
            RepaymentFrequency::Month
        };
        let matures_on = (terms.days > 0).then(|| days_after(opened_on, terms.days));
        let facts = Facts {
            account_type: terms.account_type,
            product_type: terms.product_type,
            loan_purpose: terms.loan_purpose,
            guarantee_type: terms.guarantee_type,
            funding_role: FundingRole::Own,
            region_code: "CN-SH".to_owned(),
            currency: Currency::CNY,
            opened_on,
            matures_on,
            closed_on: None,
            original_amount: if revolving { 0 } else { amount },
            credit_limit: if revolving { amount } else { 0 },
            outstanding_principal: outstanding,
            outstanding_total: outstanding,
            scheduled_payment: scheduled,
            repayment_frequency: frequency,
            next_due_on: matures_on.map_or(Some(next_month(today)), |end| Some(end.min(next_month(today)))),
            remaining_terms: left,
            annual_percentage_rate_bp: terms.rate_bp,
            status: AccountStatus::Open,
            closure_reason: None,
            days_past_due: 0,
            grace_days: 30,
            overdue: OverdueAmounts::default(),
            first_delinquent_on: None,
            asset_classification: None,
            collection_stage: None,
            extension_count: 0,
            restructure_count: 0,
            hardship_code: None,
            last_payment_on: None,
            last_payment_amount: 0,
            funding_group_ref: None,
            consent_reference: "C-2026-TERMS-1".to_owned(),
            adverse_notice_reference: None,
            adverse_notice_sent_on: None,
            reservation_id: None,
        };
        Self {
            account_ref: account_ref(random),
            facts,
        }
    }

    /// Lets the borrower miss payments for a while.
    fn fall_behind(&mut self, random: &mut ChaCha8Rng, today: NaiveDate, age: u32) {
        let longest = age.clamp(2, 200);
        let days = random.random_range(1..longest);
        self.past_due(days, today);
    }

    /// Makes the loan `days` past due on `today`.
    pub fn past_due(&mut self, days: u32, today: NaiveDate) {
        let facts = &mut self.facts;
        let instalments = i64::from(days / 30 + 1);
        let due = facts
            .scheduled_payment
            .saturating_mul(instalments)
            .min(facts.outstanding_principal)
            .max(100);
        facts.days_past_due = days;
        facts.overdue = OverdueAmounts {
            principal: due,
            interest: due / 50,
            penalty: due / 100,
            fees: 0,
        };
        facts.outstanding_principal = facts.outstanding_principal.max(due);
        facts.outstanding_total = facts.outstanding_principal + due / 50 + due / 100;
        facts.first_delinquent_on = Some(days_before(today, days));
        if days > facts.grace_days {
            facts.adverse_notice_reference = Some("N-2026-1".to_owned());
            facts.adverse_notice_sent_on = Some(days_before(today, 1));
        }
    }
}

/// The 10th of the next month.
fn next_month(today: NaiveDate) -> NaiveDate {
    let (year, month) = if today.month() == 12 {
        (today.year() + 1, 1)
    } else {
        (today.year(), today.month() + 1)
    };
    NaiveDate::from_ymd_opt(year, month, 10).unwrap_or(today)
}
