//! What packs say: examples at every boundary, and everything against simple models.

mod amounts;
mod counts;
mod findings;
mod models;
mod periods;
mod reasons;
mod verdicts;

use chrono::NaiveDate;

use super::*;
use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, Timestamp, days_before};
use crate::domain::member::LenderGroup;
use crate::domain::names::{MemberNo, Sha256};
use crate::domain::position::ProductType;

/// Who applies in all tests.
const ME: MemberNo = MemberNo(1);

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn today() -> NaiveDate {
    day("2026-06-15")
}

fn ago(days: u32) -> NaiveDate {
    days_before(today(), days)
}

/// So many hours after today began.
fn at_hour(hour: u32) -> Timestamp {
    BusinessZone::default().hour_of(today(), hour)
}

/// A pack of some rules, all of them of every loan.
fn pack(conditions: Vec<Condition>) -> RulePack {
    let rules = conditions.into_iter().enumerate().map(|(place, condition)| Rule {
        id: format!("rule-{place}"),
        scope: Scope::default(),
        condition,
    });
    RulePack {
        name: "test".to_owned(),
        version: 1,
        title_en: "A test".to_owned(),
        title_zh: "测试".to_owned(),
        currency: Currency::CNY,
        effective: Effective {
            first_day: day("2026-01-01"),
            last_day: None,
        },
        lifetime: Lifetime {
            default_minutes: Lifetime::DEFAULT_MINUTES,
            maximum_minutes: Lifetime::MAXIMUM_MINUTES,
        },
        rules: rules.collect(),
        sha256: Sha256([0; 32]),
    }
}

/// The same pack with another scope.
fn scoped(mut pack: RulePack, scope: &Scope) -> RulePack {
    for rule in &mut pack.rules {
        rule.scope = scope.clone();
    }
    pack
}

fn application() -> Application {
    Application {
        lender: ME,
        lender_group: LenderGroup::OnlineMicroloan,
        product_type: ProductType::CashInstalment,
        amount: 100,
        monthly_payment: 10,
        term_days: 30,
        monthly_income: None,
    }
}

/// A loan of 1,000 that `lender` opened a while ago.
fn loan(lender: i64) -> Loan {
    Loan {
        lender: MemberNo(lender),
        lender_group: LenderGroup::OnlineMicroloan,
        application: None,
        held: Held::Position,
        product_type: ProductType::CashInstalment,
        unsecured: true,
        in_currency: true,
        principal: 1_000,
        monthly_obligation: 100,
        opened_on: ago(100),
        active: true,
        closed_on: None,
        closed_at: None,
        rescinded: false,
        days_past_due: 0,
        overdue: 0,
        in_plan: false,
    }
}

fn reservation(lender: i64) -> Loan {
    Loan {
        held: Held::Reservation,
        opened_on: today(),
        ..loan(lender)
    }
}

/// A loan that was open between two days.
fn closed(opened_days_ago: u32, closed_days_ago: u32) -> Loan {
    Loan {
        opened_on: ago(opened_days_ago),
        closed_on: Some(ago(closed_days_ago)),
        active: false,
        principal: 0,
        monthly_obligation: 0,
        ..loan(2)
    }
}

/// What is on file at noon.
fn standing(loans: Vec<Loan>) -> Standing {
    Standing {
        now: at_hour(12),
        zone: BusinessZone::default(),
        loans,
        self_excluded: false,
    }
}

/// What one condition says about a loan of 100 on top of these.
fn judged(condition: Condition, loans: Vec<Loan>) -> Verdict {
    evaluate(&pack(vec![condition]), &application(), &standing(loans))
}

fn allows(condition: Condition, loans: Vec<Loan>) -> bool {
    judged(condition, loans).is_eligible()
}
