//! Random histories of a small market: few people, shared and recycled numbers, people taken for one another, joint
//! loans, corrections, deletions, replays, pauses from minutes to more than a year.
//!
//! A history says everything relative to its own time, so that it stays meaningful when it is shrunk.

use chrono::NaiveDate;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tallystick::domain::currency::Currency;
use tallystick::domain::member::LenderGroup;
use tallystick::domain::position::{
    AccountStatus, AccountType, ClosureReason, Facts, FundingRole, GuaranteeType, LiabilityRole, LoanPurpose,
    OverdueAmounts, ProductType, RepaymentFrequency,
};
use tallystick::domain::token::IdentifierType;

use super::calendar::shift;
use super::{Identity, Liable, Member, Shown};

/// Numbers of mobiles that circulate.
const MOBILES: usize = 3;
/// Minutes of a day.
const DAY: i64 = 1_440;

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
    primary: Who,
    further: Vec<(LiabilityRole, Who)>,
    money: Money,
    dates: Dates,
    status: (AccountStatus, Option<ClosureReason>),
    days_past_due: u32,
    funding_group: Option<usize>,
}

/// How somebody is named.
#[derive(Debug, Clone)]
pub struct Who {
    /// The person; without one, whoever the account belongs to.
    person: Option<usize>,
    kind: Kind,
    mobile: Option<usize>,
    /// Days since the last proof of control of the mobile.
    proof_age: Option<i64>,
}

/// Which identities somebody shows.
#[derive(Debug, Clone, Copy)]
enum Kind {
    National,
    Passport,
    Both,
    /// A passport of the next person: two people taken for one.
    Mixed,
    Enterprise,
    MobileOnly,
}

#[derive(Debug, Clone)]
struct Money {
    currency: Currency,
    outstanding: i64,
    granted: i64,
    payment: i64,
    frequency: RepaymentFrequency,
    guarantee: GuaranteeType,
    restructured: u32,
    grace_days: u32,
}

#[derive(Debug, Clone)]
struct Dates {
    opened_weeks_ago: i64,
    next_due_in: Option<i64>,
    matures_in: Option<i64>,
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
        let week = today
            .signed_duration_since(NaiveDate::MIN)
            .num_days()
            .rem_euclid(7);
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

/// Histories of 3 to 6 members and 1 to 4 people.
pub fn history() -> impl Strategy<Value = History> {
    (
        prop::collection::vec(member(), 3..=6),
        0_usize..=5,
        1_usize..=4,
        prop::collection::vec(step(), 5..45),
    )
        .prop_map(|(members, silent_banks, people, steps)| History {
            members,
            silent_banks,
            people,
            steps,
        })
}

fn member() -> impl Strategy<Value = Member> {
    let group = select(vec![LenderGroup::Bank, LenderGroup::Bank, LenderGroup::Microloan]);
    let evaluated = prop_oneof![9 => Just(1_000_u64), 1 => 0_u64..3];
    let flags = (prop::bool::weighted(0.9), prop::bool::weighted(0.95));
    (group, flags, evaluated).prop_map(|(group, (active, lender), evaluated)| Member {
        group,
        active,
        lender,
        evaluated,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let pause = prop_oneof![
        8 => 0_i64..180,
        4 => 180_i64..2 * DAY,
        3 => 2 * DAY..10 * DAY,
        2 => 20 * DAY..70 * DAY,
        1 => 100 * DAY..200 * DAY,
        1 => 300 * DAY..400 * DAY,
    ];
    (pause, 0_usize..6, deed()).prop_map(|(pause, member, deed)| Step { pause, member, deed })
}

fn deed() -> impl Strategy<Value = Deed> {
    let lag = || prop_oneof![4 => 0_i64..4, 1 => 4_i64..60];
    let rarely = || prop::bool::weighted(0.05);
    let mostly = || prop::bool::weighted(0.95);
    prop_oneof![
        8 => (told(), lag(), rarely())
            .prop_map(|(told, lag, reuses_pair)| Deed::Report { told, lag, reuses_pair }),
        3 => (account(), lag(), prop::bool::weighted(0.25))
            .prop_map(|(account, lag, exactly)| Deed::Repeat { account, lag, exactly }),
        2 => (told(), 0_u64..8, mostly())
            .prop_map(|(told, version, keeps_pair)| Deed::Correct { told, version, keeps_pair }),
        1 => account().prop_map(|account| Deed::Delete { account }),
        10 => (who(), prop::bool::weighted(0.7), prop::bool::weighted(0.3), currency()).prop_map(
            |(who, hard, review, currency)| Deed::Look { who, hard: hard && !review, review, currency }
        ),
    ]
}

fn account() -> impl Strategy<Value = usize> {
    0_usize..4
}

fn currency() -> impl Strategy<Value = Currency> {
    let code = prop_oneof![8 => Just("CNY"), 1 => Just("USD"), 1 => Just("JPY")];
    code.prop_map(|code| Currency::parse(code).expect("listed"))
}

fn who() -> impl Strategy<Value = Who> {
    let person = prop_oneof![3 => Just(None), 2 => (0_usize..4).prop_map(Some)];
    let kind = prop_oneof![
        10 => Just(Kind::National),
        3 => Just(Kind::Passport),
        4 => Just(Kind::Both),
        1 => Just(Kind::Mixed),
        1 => Just(Kind::Enterprise),
        5 => Just(Kind::MobileOnly),
    ];
    let mobile = option::weighted(0.6, 0..MOBILES);
    let proof_age = option::weighted(0.8, prop_oneof![Just(0_i64), 1_i64..30, 100_i64..400]);
    (person, kind, mobile, proof_age).prop_map(|(person, kind, mobile, proof_age)| Who {
        person,
        kind,
        mobile,
        proof_age,
    })
}

fn told() -> impl Strategy<Value = Told> {
    let role = select(vec![
        LiabilityRole::Joint,
        LiabilityRole::Guarantor,
        LiabilityRole::Owner,
    ]);
    let further = prop_oneof![
        4 => Just(Vec::new()).boxed(),
        1 => prop::collection::vec((role, who()), 1..3).boxed(),
    ];
    let status = prop_oneof![
        12 => Just((AccountStatus::Open, None)),
        1 => Just((AccountStatus::PendingDisbursement, None)),
        1 => Just((AccountStatus::BadDebt, None)),
        1 => Just((AccountStatus::LegalAction, None)),
        1 => Just((AccountStatus::TransferredOut, None)),
        1 => Just((AccountStatus::Closed, Some(ClosureReason::PaidAsAgreed))),
        1 => Just((AccountStatus::Closed, Some(ClosureReason::WrittenOff))),
    ];
    let days_past_due = prop_oneof![5 => Just(0_u32), 2 => 1_u32..40, 1 => 40_u32..400];
    let funding_group = option::weighted(0.3, 0_usize..2);
    let said = (money(), dates(), status, days_past_due, funding_group);
    (account(), who(), further, said).prop_map(|(account, primary, further, said)| {
        let (money, dates, status, days_past_due, funding_group) = said;
        Told {
            account,
            primary,
            further,
            money,
            dates,
            status,
            days_past_due,
            funding_group,
        }
    })
}

fn money() -> impl Strategy<Value = Money> {
    let amount = || {
        select(vec![
            0_i64,
            1,
            13,
            99_999,
            100_000,
            100_001,
            333_333,
            1_000_000,
            7_654_321,
            150_000_000,
        ])
    };
    let guarantee = select(vec![GuaranteeType::Unsecured, GuaranteeType::Mortgage]);
    let frequency = select(RepaymentFrequency::ALL);
    let counts = (
        prop_oneof![4 => Just(0_u32), 1 => 1_u32..3],
        select(vec![0_u32, 3, 30]),
    );
    (
        currency(),
        amount(),
        amount(),
        amount(),
        frequency,
        guarantee,
        counts,
    )
        .prop_map(
            |(currency, outstanding, granted, payment, frequency, guarantee, (restructured, grace_days))| {
                Money {
                    currency,
                    outstanding,
                    granted,
                    payment,
                    frequency,
                    guarantee,
                    restructured,
                    grace_days,
                }
            },
        )
}

fn dates() -> impl Strategy<Value = Dates> {
    let opened_weeks_ago = prop_oneof![3 => Just(0_i64), 3 => 1_i64..6, 1 => 6_i64..120];
    let next_due_in = option::weighted(0.6, -5_i64..25);
    let matures_in = option::weighted(0.7, select(vec![-10_i64, 0, 29, 30, 31, 200]));
    (opened_weeks_ago, next_due_in, matures_in).prop_map(|(opened_weeks_ago, next_due_in, matures_in)| {
        Dates {
            opened_weeks_ago,
            next_due_in,
            matures_in,
        }
    })
}
