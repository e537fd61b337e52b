//! Valid values for tests, here and elsewhere: each test changes only what it is about.

use chrono::NaiveDate;

use crate::domain::currency::Currency;
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::{AccountRef, Sha256, TokenId};
use crate::domain::position::{
    AccountStatus, AccountType, Facts, FundingRole, GuaranteeType, Liability, LiabilityRole, LoanPurpose,
    OverdueAmounts, Position, ProductType, RepaymentFrequency, ReportOrder,
};
use crate::domain::token::{IdentifierType, Presented, TokenRef};

/// The civil date `text`.
///
/// # Panics
/// When it is none.
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// The day on which samples are valid.
pub fn today() -> NaiveDate {
    date("2026-06-15")
}

/// The token of one number and type.
pub fn token(identifier_type: IdentifierType, number: i64) -> Presented<TokenRef> {
    Presented {
        token: TokenRef {
            identifier_type,
            token_id: TokenId(number),
        },
        verified_on: None,
    }
}

/// A liability named by a national identity number.
pub fn liability(role: LiabilityRole, number: i64) -> Liability<TokenRef> {
    Liability {
        role,
        tokens: vec![token(IdentifierType::NationalId, number)],
    }
}

/// A loan of 10,000 yuan, half repaid, current.
pub fn facts() -> Facts {
    Facts {
        account_type: AccountType::NonRevolving,
        product_type: ProductType::CashInstalment,
        loan_purpose: LoanPurpose::Consumption,
        guarantee_type: GuaranteeType::Unsecured,
        funding_role: FundingRole::Own,
        region_code: "CN-44".to_owned(),
        currency: Currency::CNY,
        opened_on: date("2026-01-10"),
        matures_on: Some(date("2027-01-10")),
        closed_on: None,
        original_amount: 1_000_000,
        credit_limit: 0,
        outstanding_principal: 500_000,
        outstanding_total: 505_000,
        scheduled_payment: 90_000,
        repayment_frequency: RepaymentFrequency::Month,
        next_due_on: Some(date("2026-07-10")),
        remaining_terms: 7,
        annual_percentage_rate_bp: 1_800,
        status: AccountStatus::Open,
        closure_reason: None,
        days_past_due: 0,
        grace_days: 3,
        overdue: OverdueAmounts::default(),
        first_delinquent_on: None,
        asset_classification: None,
        collection_stage: None,
        extension_count: 0,
        restructure_count: 0,
        hardship_code: None,
        last_payment_on: Some(date("2026-06-10")),
        last_payment_amount: 90_000,
        funding_group_ref: None,
        consent_reference: "consent-0001".to_owned(),
        adverse_notice_reference: None,
        adverse_notice_sent_on: None,
        reservation_id: None,
    }
}

/// The loan of [`facts`], reported for yesterday, of one borrower.
pub fn position() -> Position<TokenRef> {
    Position {
        account_ref: AccountRef::parse("A-1").expect("a reference"),
        liabilities: vec![liability(LiabilityRole::Primary, 1)],
        facts: facts(),
        order: ReportOrder {
            as_of: date("2026-06-14"),
            sequence: 1,
        },
    }
}

/// The same, late by `days`, with everything that this asks for.
pub fn late_position(days: u32) -> Position<TokenRef> {
    let mut position = position();
    let facts = &mut position.facts;
    facts.days_past_due = days;
    facts.overdue.principal = 90_000;
    facts.last_payment_on = Some(date("2026-02-10"));
    facts.first_delinquent_on = Some(date("2026-03-11"));
    facts.adverse_notice_reference = Some("notice-0001".to_owned());
    facts.adverse_notice_sent_on = Some(date("2026-03-20"));
    position
}

/// A consent to new credit and review, valid on [`today`].
pub fn consent() -> Consent {
    Consent {
        reference: "consent-0001".to_owned(),
        purposes: vec![Purpose::NewCredit, Purpose::AccountReview],
        granted_on: date("2026-06-01"),
        expires_on: date("2026-06-30"),
        text_sha256: Sha256([7; 32]),
    }
}
