//! Small markets and large ones, drawn at random: loans that lie close to every edge that a definition has.

use proptest::collection::{SizeRange, vec};
use proptest::option::{of as maybe, weighted};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{FirstLate, JudgedLook, Loan, Past, Region, Scan, Standing, Statistics, Terms};
use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, days_after, days_before};
use crate::domain::member::LenderGroup;
use crate::domain::names::{AccountNo, MemberNo};
use crate::domain::position::{AccountStatus, ClosureReason, ProductType};
use crate::domain::rules::{Burden, Finding, Judged};
use crate::domain::validation::samples::date;

/// The positions and looks of every subject, and what the snapshot is of.
#[derive(Debug, Clone)]
pub struct Market {
    pub terms: Terms,
    pub subjects: Vec<Vec<Loan<'static>>>,
    pub looks: Vec<Vec<JudgedLook>>,
}

impl Market {
    /// Its statistics.
    pub fn statistics(&self) -> Statistics {
        let mut scan = Scan::new(self.terms.clone());
        for loans in &self.subjects {
            scan.add_subject(loans);
        }
        for looks in &self.looks {
            scan.add_looks(looks);
        }
        scan.finish()
    }
}

/// A snapshot of a date without one before it.
pub fn terms(as_of: &str) -> Terms {
    Terms {
        as_of: date(as_of),
        previous: None,
        zone: BusinessZone::default(),
        lowest_edges: [].into(),
    }
}

/// An active, current loan of 1,000 yuan of a member of its own number's group, opened long ago; 800 yuan are owed, and
/// were at the snapshot before.
pub fn loan(member_no: i64) -> Loan<'static> {
    let standing = Standing {
        status: AccountStatus::Open,
        closure_reason: None,
        outstanding_total: 80_000,
        days_past_due: 0,
    };
    Loan {
        member_no: MemberNo(member_no),
        lender_group: group_of(member_no),
        account_no: AccountNo(member_no),
        is_primary: true,
        region: Region::of("CN-44"),
        product_type: ProductType::CashInstalment,
        currency: Currency::CNY,
        opened_on: date("2020-05-05"),
        is_revolving: false,
        granted: 100_000,
        annual_percentage_rate_bp: 1_800,
        grace_days: 3,
        is_restructured: false,
        was_checked: true,
        funding_group_ref: None,
        now: Some(standing),
        past: Past {
            before: Some(standing),
            first_31: None,
            first_91: None,
        },
    }
}

fn group_of(member_no: i64) -> LenderGroup {
    match member_no % 6 {
        0 => LenderGroup::Bank,
        1 => LenderGroup::ConsumerFinance,
        2 => LenderGroup::OnlineMicroloan,
        3 => LenderGroup::Microloan,
        4 => LenderGroup::AutoLeasing,
        _ => LenderGroup::Other,
    }
}

/// A standing of any kind, mostly active.
fn standing() -> impl Strategy<Value = Standing> {
    let status = prop_oneof![
        8 => Just(AccountStatus::Open),
        1 => Just(AccountStatus::PendingDisbursement),
        1 => Just(AccountStatus::BadDebt),
        1 => Just(AccountStatus::LegalAction),
        1 => Just(AccountStatus::TransferredOut),
        4 => Just(AccountStatus::Closed),
    ];
    let days = prop_oneof![
        3 => Just(0_u32),
        2 => select(vec![1_u32, 3, 4, 30, 31, 60, 61, 90, 91, 120, 121, 150, 151, 180, 181]),
        1 => 0_u32..400,
    ];
    let owed = prop_oneof![1 => Just(0_i64), 2 => select(vec![1_i64, 100_000, 100_001, 100_000_001]), 4 => 0_i64..3_000_000];
    (status, select(ClosureReason::ALL), days, owed).prop_map(|(status, reason, days_past_due, owed)| {
        Standing {
            status,
            closure_reason: (status == AccountStatus::Closed).then_some(reason),
            outstanding_total: owed,
            days_past_due,
        }
    })
}

/// A first time of being late some days after an opening.
fn first_late() -> impl Strategy<Value = Option<(u32, i64)>> {
    weighted(0.3, (31_u32..800, 0_i64..500_000))
}

/// A loan whose opening lies some days before the snapshot's.
fn any_loan(as_of: &'static str) -> impl Strategy<Value = Loan<'static>> {
    let days = prop_oneof![3 => 0_u32..75, 2 => 0_u32..800, 1 => 800_u32..2_000];
    let place = (
        1_i64..16,
        weighted(0.85, Just(())),
        select(vec!["CN-44", "440300", "CN-BJ", "GB-ENG", "650000"]),
        select(ProductType::ALL),
        weighted(0.1, Just("together")),
        weighted(0.1, Just(())),
    );
    let amounts = (
        days,
        any::<bool>(),
        0_i64..3_000_000,
        select(vec![0_u32, 1, 600, 601, 1_800, 2_400, 3_600, 3_601]),
        select(vec![0_u32, 3, 30]),
        any::<bool>(),
        any::<bool>(),
    );
    let past = (
        weighted(0.9, standing()),
        maybe(standing()),
        first_late(),
        first_late(),
    );
    (place, amounts, past).prop_map(move |(place, amounts, past)| {
        let (member_no, primary, region, product_type, funding_group_ref, foreign) = place;
        let (days_ago, is_revolving, granted, rate, grace_days, is_restructured, was_checked) = amounts;
        let (now, before, first_31, first_91) = past;
        let (opened_on, end) = (days_before(date(as_of), days_ago), date(as_of));
        let late = |first: Option<(u32, i64)>| {
            let first = first.map(|(days, outstanding_total)| FirstLate {
                on: days_after(opened_on, days),
                outstanding_total,
            });
            first.filter(|first| first.on <= end)
        };
        // Who is 91 days late was 31 days late no later.
        let first_91 = late(first_91);
        let first_31 = match (late(first_31), first_91) {
            (Some(first), Some(longer)) if first.on > longer.on => Some(longer),
            (first, longer) => first.or(longer),
        };
        Loan {
            is_primary: primary.is_some(),
            region: Region::of(region),
            product_type,
            currency: foreign.map_or(Currency::CNY, |()| Currency::parse("USD").expect("a currency")),
            opened_on,
            is_revolving,
            granted,
            annual_percentage_rate_bp: rate,
            grace_days,
            is_restructured,
            was_checked,
            funding_group_ref,
            now,
            past: Past {
                before,
                first_31,
                first_91,
            },
            ..loan(member_no)
        }
    })
}

/// A look of any lender that came to anything.
fn any_look() -> impl Strategy<Value = JudgedLook> {
    let judged = (select(Finding::ALL), maybe(select(Burden::ALL)));
    (1_i64..16, judged).prop_map(|(member_no, (finding, burden))| look(member_no, finding, burden))
}

/// A look of a member of its own number's group.
pub fn look(member_no: i64, finding: Finding, burden: Option<Burden>) -> JudgedLook {
    JudgedLook {
        member_no: MemberNo(member_no),
        lender_group: group_of(member_no),
        judged: Judged { finding, burden },
    }
}

/// A market of so many subjects; accounts are numbered over all of it.
pub fn market(subjects: impl Into<SizeRange>) -> impl Strategy<Value = Market> {
    let subjects = subjects.into();
    let dates = [
        ("2026-03-31", Some("2026-02-28")),
        ("2024-02-29", Some("2024-01-31")),
        ("2026-06-15", None),
        ("2026-01-31", Some("2025-12-31")),
    ];
    select(dates.to_vec()).prop_flat_map(move |(as_of, previous)| {
        let loans = vec(vec(any_loan(as_of), 0..18), subjects.clone());
        let looks = vec(vec(any_look(), 0..4), subjects.clone());
        (loans, looks).prop_map(move |(mut subjects, looks)| {
            for (loan, number) in subjects.iter_mut().flatten().zip(1..) {
                loan.account_no = AccountNo(number);
            }
            Market {
                terms: Terms {
                    previous: previous.map(date),
                    ..terms(as_of)
                },
                subjects,
                looks,
            }
        })
    })
}
