//! Invented borrowers, their loans, and looks at them, in the words of the contract.
//!
//! Builders default everything except what a test is about.

use chrono::{Datelike as _, NaiveDate};
use tallystick::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};
use tallystick::wire::pb;

/// The day on which worlds with a clock of their own begin.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 15).expect("a real date")
}

/// A day before [`today`].
pub fn days_ago(days: u64) -> NaiveDate {
    today() - chrono::Days::new(days)
}

/// A date as the contract writes it.
pub fn wire(date: NaiveDate) -> Option<pb::Date> {
    let part = |number: u32| i32::try_from(number).expect("months and days are small");
    Some(pb::Date {
        year: date.year(),
        month: part(date.month()),
        day: part(date.day()),
    })
}

/// A borrower.
#[derive(Clone)]
pub struct Person {
    /// As a clerk would type it.
    pub mobile: String,
    /// GB 11643.
    pub national_id: String,
}

impl Person {
    /// The person of a number below 1,000,000: different numbers, different people.
    pub fn number(number: u32) -> Self {
        Self {
            mobile: mobile(number),
            national_id: national_id(number),
        }
    }

    /// Both identifiers, normalised: the national one first.
    pub fn identifiers(&self) -> Vec<NormalisedIdentifier> {
        vec![
            normalised(&Identifier::national_id(Country::CHINA, self.national_id.clone())),
            normalised(&Identifier::mobile(self.mobile.clone())),
        ]
    }
}

/// A mobile number, `+86 13x xxxx xxxx`.
pub fn mobile(number: u32) -> String {
    format!("+86 138 {:04} {:04}", 2_000 + number / 10_000, number % 10_000)
}

/// A resident number of somebody born in 1980 or later, with its check digit.
pub fn national_id(number: u32) -> String {
    let serial = number % 999 + 1;
    let (day, rest) = (number / 999 % 28 + 1, number / 999 / 28);
    let (month, year) = (rest % 12 + 1, 1980 + rest / 12);
    let body = format!("110105{year:04}{month:02}{day:02}{serial:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = b"10X98765432"[usize::try_from(sum % 11).expect("below 11")];
    format!("{body}{}", char::from(check))
}

/// The form that is hashed.
pub fn normalised(identifier: &Identifier) -> NormalisedIdentifier {
    identifier
        .normalise(&Rules::on(today()))
        .expect("the invented identifiers are valid")
        .identifier
}

/// A loan of 12 months over 12,000.00 opened 60 days before `day`, paid as agreed, 1,000.00 a month.
pub fn loan(account_ref: &str, tokens: Vec<pb::SubjectToken>, day: NaiveDate) -> pb::Position {
    let before = |days| wire(day - chrono::Days::new(days));
    let after = |days| wire(day + chrono::Days::new(days));
    pb::Position {
        account_ref: account_ref.to_owned(),
        liabilities: vec![pb::Liability {
            role: pb::LiabilityRole::Primary.into(),
            tokens,
        }],
        account_type: pb::AccountType::NonRevolving.into(),
        product_type: pb::ProductType::CashInstalment.into(),
        loan_purpose: pb::LoanPurpose::Consumption.into(),
        guarantee_type: pb::GuaranteeType::Unsecured.into(),
        funding_role: pb::FundingRole::Own.into(),
        region_code: "CN-BJ".to_owned(),
        currency: "CNY".to_owned(),
        opened_on: before(60),
        matures_on: after(305),
        original_amount: 1_200_000,
        outstanding_principal: 1_000_000,
        outstanding_total: 1_000_000,
        scheduled_payment: 100_000,
        repayment_frequency: pb::RepaymentFrequency::Month.into(),
        next_due_on: after(15),
        remaining_terms: 10,
        annual_percentage_rate_bp: 1_800,
        status: pb::AccountStatus::Open.into(),
        grace_days: 30,
        as_of: wire(day),
        sequence: 1,
        consent_reference: "C-2026-TERMS-1".to_owned(),
        ..pb::Position::default()
    }
}

/// Owes `amount` now.
pub fn owing(mut position: pb::Position, amount: i64) -> pb::Position {
    position.outstanding_principal = amount;
    position.outstanding_total = amount;
    position.original_amount = position.original_amount.max(amount);
    position
}

/// Is `days` past due with `amount` of principal, notified where that is due.
pub fn past_due(mut position: pb::Position, days: u32, amount: i64, day: NaiveDate) -> pb::Position {
    position.days_past_due = days;
    position.overdue = Some(pb::OverdueAmounts {
        principal: amount,
        ..pb::OverdueAmounts::default()
    });
    position.first_delinquent_on = wire(day - chrono::Days::new(days.into()));
    if days > position.grace_days {
        position.adverse_notice_reference = "N-2026-1".to_owned();
        position.adverse_notice_sent_on = wire(day - chrono::Days::new(1));
    }
    position
}

/// Consent to everything, granted a month before `day`.
pub fn consent(day: NaiveDate) -> pb::Consent {
    pb::Consent {
        reference: "Q-2026-1".to_owned(),
        purposes: [
            pb::Purpose::NewCredit,
            pb::Purpose::AccountReview,
            pb::Purpose::Quotation,
        ]
        .map(i32::from)
        .to_vec(),
        granted_on: wire(day - chrono::Days::new(30)),
        expires_on: wire(day + chrono::Days::new(30)),
        text_sha256: vec![7; 32],
    }
}
