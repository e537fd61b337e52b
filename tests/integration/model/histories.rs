//! Histories of a small market, said relative to their own time, so that they stay meaningful when they are shrunk.

use chrono::{Datelike, NaiveDate};
use tallystick::domain::currency::Currency;
use tallystick::domain::position::{
    AccountStatus, AccountType, ClosureReason, Facts, FundingRole, GuaranteeType, LiabilityRole, LoanPurpose,
    OverdueAmounts, ProductType, RepaymentFrequency,
};
use tallystick::domain::token::IdentifierType;

use super::calendar::shift;
use super::{Identity, Liable, Member, Shown};

/// Numbers of mobiles that circulate.
pub const MOBILES: usize = 3;
/// A whole history.
#[derive(Debug, Clone)]
pub struct History {
    /// Members that act.
    pub members: Vec<Member>,
    /// Further active banks that never do.
    pub silent_banks: usize,
    /// How many people there are.
    pub people: usize,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub struct Step {
    /// Minutes since the step before.
    pub pause: i64,
    /// Index of the member that acts, to be wrapped.
    pub member: usize,
    /// What it does.
    pub deed: Deed,
}

/// What a member does.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Reports an account, `lag` days late; with the pair of the report before when `reuses_pair`.
    Report { told: Told, lag: i64, reuses_pair: bool },
    /// Repeats its latest statement on an account with a later pair, or exactly.
    Repeat { account: usize, lag: i64, exactly: bool },
    /// Corrects a version of an account.
    Correct {
        told: Told,
        version: u64,
        keeps_pair: bool,
    },
    /// Deletes an account.
    Delete { account: usize },
    /// Asks about somebody.
    Look {
        who: Who,
        hard: bool,
        review: bool,
        currency: Currency,
    },
}

/// What is said about an account.
#[derive(Debug, Clone)]
pub struct Told {
    /// The account.
    pub account: usize,
    pub primary: Who,
    pub further: Vec<(LiabilityRole, Who)>,
    pub money: Money,
    pub dates: Dates,
    pub status: (AccountStatus, Option<ClosureReason>),
    pub days_past_due: u32,
    pub funding_group: Option<usize>,
}

/// How somebody is named.
#[derive(Debug, Clone)]
pub struct Who {
    /// The person; without one, whoever the account belongs to.
    pub person: Option<usize>,
    pub kind: Kind,
    pub mobile: Option<usize>,
    /// Days since the last proof of control of the mobile.
    pub proof_age: Option<i64>,
}

/// Which identities somebody shows.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    National,
    Passport,
    Both,
    /// A passport of the next person: two people taken for one.
    Mixed,
    Enterprise,
    MobileOnly,
}

#[derive(Debug, Clone)]
pub struct Money {
    pub currency: Currency,
    pub outstanding: i64,
    pub granted: i64,
    pub payment: i64,
    pub frequency: RepaymentFrequency,
    pub guarantee: GuaranteeType,
    pub restructured: u32,
    pub grace_days: u32,
}

#[derive(Debug, Clone)]
pub struct Dates {
    pub opened_weeks_ago: i64,
    pub next_due_in: Option<i64>,
    pub matures_in: Option<i64>,
}

impl Who {
    /// The identities shown on a day, in the order of their types.
    pub fn shown(&self, fallback: usize, people: usize, today: NaiveDate) -> Vec<Shown> {
        let person = self.person.unwrap_or(fallback) % people;
        let strong: &[(IdentifierType, usize)] = match self.kind {
            Kind::National => &[(IdentifierType::NationalId, 0)],
            Kind::Passport => &[(IdentifierType::Passport, 0)],
            Kind::Both => &[(IdentifierType::NationalId, 0), (IdentifierType::Passport, 0)],
            Kind::Mixed => &[(IdentifierType::NationalId, 0), (IdentifierType::Passport, 1)],
            Kind::Enterprise => &[(IdentifierType::EnterpriseCode, 0)],
            Kind::MobileOnly => &[],
        };
        let named = |kind: IdentifierType, number: usize| Identity {
            kind,
            text: format!("{} {number}", kind.as_str()),
        };
        let mut shown: Vec<Shown> = strong
            .iter()
            .map(|(kind, offset)| Shown {
                identity: named(*kind, (person + offset) % people.max(2)),
                verified_on: None,
            })
            .collect();
        if self.mobile.is_some() || shown.is_empty() {
            shown.push(Shown {
                identity: named(IdentifierType::Mobile, self.mobile.unwrap_or(person % MOBILES)),
                verified_on: self.proof_age.map(|age| shift(today, -age)),
            });
        }
        shown
    }
}

impl Told {
    /// Everyone liable, as said on a day.
    pub fn liable(&self, people: usize, today: NaiveDate) -> Vec<Liable> {
        let mut liable = vec![Liable {
            role: LiabilityRole::Primary,
            shown: self.primary.shown(self.account, people, today),
        }];
        liable.extend(self.further.iter().map(|(role, who)| Liable {
            role: *role,
            shown: who.shown(self.account + 1, people, today),
        }));
        liable
    }

    /// The facts, as said on a day. Accounts of one number are of one type, so that loans can be told apart and joined.
    pub fn facts(&self, today: NaiveDate) -> Facts {
        let (money, dates) = (&self.money, &self.dates);
        // On the Mondays of weeks, so that loans of several lenders may be one.
        let week = i64::from(today.weekday().num_days_from_monday());
        let opened_on = shift(today, -week - 7 * dates.opened_weeks_ago);
        let types = [
            AccountType::NonRevolving,
            AccountType::Revolving,
            AccountType::CreditCard,
        ];
        Facts {
            account_type: types[self.account % types.len()],
            product_type: ProductType::CashInstalment,
            loan_purpose: LoanPurpose::Consumption,
            guarantee_type: money.guarantee,
            funding_role: FundingRole::Own,
            region_code: "CN-44".to_owned(),
            currency: money.currency,
            opened_on,
            matures_on: dates.matures_in.map(|days| shift(today, days)),
            closed_on: None,
            original_amount: money.granted,
            credit_limit: money.granted,
            outstanding_principal: 0,
            outstanding_total: money.outstanding,
            scheduled_payment: money.payment,
            repayment_frequency: money.frequency,
            next_due_on: dates.next_due_in.map(|days| shift(today, days)),
            remaining_terms: 1,
            annual_percentage_rate_bp: 1_800,
            status: self.status.0,
            closure_reason: self.status.1,
            days_past_due: self.days_past_due,
            grace_days: money.grace_days,
            overdue: OverdueAmounts {
                principal: i64::from(self.days_past_due) * 10_007,
                interest: i64::from(self.days_past_due),
                ..OverdueAmounts::default()
            },
            first_delinquent_on: None,
            asset_classification: None,
            collection_stage: None,
            extension_count: 0,
            restructure_count: money.restructured,
            hardship_code: None,
            last_payment_on: None,
            last_payment_amount: 0,
            funding_group_ref: self.funding_group.map(|group| format!("group-{group}")),
            consent_reference: "consent".to_owned(),
            adverse_notice_reference: None,
            adverse_notice_sent_on: None,
            reservation_id: None,
        }
    }
}
