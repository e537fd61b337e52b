//! Random histories: few people, shared and recycled numbers, people taken for one another, joint loans, corrections,
//! deletions, replays, pauses from minutes to more than a year; and busy markets where all of it happens in days.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tallystick::domain::currency::Currency;
use tallystick::domain::member::LenderGroup;
use tallystick::domain::position::{
    AccountStatus, ClosureReason, GuaranteeType, LiabilityRole, RepaymentFrequency,
};

use super::Member;
use super::histories::{Dates, Deed, History, Kind, MOBILES, Money, Step, Told, Who};

/// Minutes of a day.
const DAY: i64 = 1_440;
/// Minutes that a pause of a busy market stays below.
const BUSY_PAUSE: i64 = 180;

/// Histories of 3 to 6 members and 1 to 4 people.
pub fn history() -> impl Strategy<Value = History> {
    (
        prop::collection::vec(member(), 3..=6),
        0_usize..=5,
        1_usize..=4,
        prop::bool::weighted(0.25),
        prop::collection::vec(step(), 5..45),
    )
        .prop_map(|(members, silent_banks, people, busy, mut steps)| {
            if busy {
                steps.iter_mut().for_each(hurry);
            }
            History {
                members,
                silent_banks,
                people,
                steps,
            }
        })
}

/// A step of a busy market: soon after the one before, about loans of this week and the last, half of them funded
/// together.
fn hurry(step: &mut Step) {
    step.pause %= BUSY_PAUSE;
    if let Deed::Report { told, .. } | Deed::Correct { told, .. } = &mut step.deed {
        told.dates.opened_weeks_ago %= 2;
        told.funding_group = (told.account % 2 == 0).then_some(0);
    }
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
        // The edges of what is current, recent or counted.
        1 => select(vec![7, 30, 60, 179, 180, 359, 360]).prop_map(|days| days * DAY),
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
        4 => (told(), 0_u64..8, mostly())
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
