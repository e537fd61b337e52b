//! Markets drawn from a seed: lenders of different size, provinces of different size, people who borrow of several.

use chrono::NaiveDate;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, days_after, days_before};
use crate::domain::member::LenderGroup;
use crate::domain::names::{AccountNo, MemberNo};
use crate::domain::position::{AccountStatus, ClosureReason, ProductType};
use crate::domain::rules::{Burden, Finding, Judged};
use crate::domain::statistics::{
    FirstLate, JudgedLook, Loan, Past, Region, Scan, Standing, Statistics, Terms,
};

/// Provinces, the largest first: about so many of a thousand people live there.
const REGIONS: [(&str, u32); 35] = [
    ("440000", 90),
    ("370000", 72),
    ("410000", 70),
    ("320000", 60),
    ("510000", 59),
    ("130000", 53),
    ("430000", 47),
    ("340000", 43),
    ("330000", 46),
    ("420000", 41),
    ("450000", 35),
    ("530000", 33),
    ("360000", 32),
    ("210000", 30),
    ("350000", 29),
    ("610000", 28),
    ("520000", 27),
    ("140000", 25),
    ("500000", 23),
    ("230000", 22),
    ("650000", 18),
    ("310000", 18),
    ("620000", 18),
    ("220000", 17),
    ("150000", 17),
    ("110000", 15),
    ("120000", 10),
    ("460000", 7),
    ("640000", 5),
    ("630000", 4),
    ("540000", 2),
    ("810000", 1),
    ("820000", 1),
    ("710000", 1),
    ("XX", 1),
];

/// The positions and looks of every subject, and what the snapshot is of.
#[derive(Debug, Clone)]
pub struct Market {
    pub terms: Terms,
    pub subjects: Vec<Vec<Loan<'static>>>,
    pub looks: Vec<Vec<JudgedLook>>,
}

impl Market {
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

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The group of a lender: few banks, many small ones.
pub fn group_of(lender: i64) -> LenderGroup {
    let all = LenderGroup::ALL;
    all[usize::try_from(lender).unwrap() % all.len()]
}

/// A market of so many people and lenders.
pub fn generated(subjects: usize, lenders: i64, seed: u64) -> Market {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let as_of = date("2026-03-31");
    let mut account = 0;
    let all: u32 = REGIONS.iter().map(|(_, share)| share).sum();
    let looks = looked_at(subjects, lenders, seed);
    let subjects = (0..subjects)
        .map(|_| {
            let mut draw = random.random_range(0..all);
            let region = REGIONS.iter().find(|(_, share)| {
                let is_here = draw < *share;
                draw = draw.wrapping_sub(if is_here { 0 } else { *share });
                is_here
            });
            let loans = match random.random_range(0..100) {
                0..55 => 1,
                55..80 => 2,
                80..92 => 3,
                92..97 => 4,
                97..99 => 6,
                _ => 12,
            };
            let has_trouble = random.random_range(0..100) < 12;
            (0..loans)
                .map(|_| {
                    account += 1;
                    loan(
                        &mut random,
                        as_of,
                        region.unwrap().0,
                        lenders,
                        account,
                        has_trouble,
                    )
                })
                .collect()
        })
        .collect();
    Market {
        terms: Terms {
            as_of,
            previous: Some(date("2026-02-28")),
            zone: BusinessZone::default(),
            lowest_edges: [].into(),
        },
        subjects,
        looks,
    }
}

/// Checks of people, by chance of its own: what is drawn for loans stays as it is.
fn looked_at(subjects: usize, lenders: i64, seed: u64) -> Vec<Vec<JudgedLook>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 1_000_000);
    let findings = Finding::ALL.len();
    let mut look = |most: usize| {
        let lender = random
            .random_range(0..lenders)
            .min(random.random_range(0..lenders));
        // Most are allowed; what is seldom refused is refused of few.
        let finding = (0..3).fold(most, |finding, _| finding.min(random.random_range(0..findings)));
        let has_income = finding != 1 && finding < 10 && random.random_range(0..3) > 0;
        let burden = random.random_range(0..4).min(random.random_range(0..4));
        JudgedLook {
            member_no: MemberNo(lender + 1),
            lender_group: group_of(lender),
            judged: Judged {
                finding: Finding::ALL[finding],
                burden: has_income.then(|| Burden::ALL[burden]),
            },
        }
    };
    let number = |subject: usize| [0, 0, 1, 0, 3, 1, 0, 2][subject % 8];
    (0..subjects)
        .map(|subject| (0..number(subject)).map(|_| look(findings)).collect())
        .collect()
}

fn loan(
    random: &mut ChaCha8Rng,
    as_of: NaiveDate,
    region: &str,
    lenders: i64,
    account: i64,
    has_trouble: bool,
) -> Loan<'static> {
    // Small numbers are large lenders.
    let lender = random
        .random_range(0..lenders)
        .min(random.random_range(0..lenders));
    let products = ProductType::ALL.len();
    let product = random
        .random_range(0..products)
        .min(random.random_range(0..products));
    let opened_on = days_before(as_of, random.random_range(0..900));
    let granted = 100_000 * random.random_range(1_i64..40) * random.random_range(1_i64..10);
    let days_past_due = if has_trouble {
        random.random_range(0..200)
    } else {
        0
    };
    let outstanding_total = granted * random.random_range(5..100) / 100;
    let closed = random.random_range(0..100) < 10;
    let standing = |days_past_due: u32, outstanding_total: i64| Standing {
        status: AccountStatus::Open,
        closure_reason: None,
        outstanding_total,
        days_past_due,
    };
    let now = if closed {
        Standing {
            status: AccountStatus::Closed,
            closure_reason: Some(ClosureReason::PaidAsAgreed),
            outstanding_total: 0,
            days_past_due: 0,
        }
    } else {
        standing(days_past_due, outstanding_total)
    };
    let was_there = opened_on < days_before(as_of, 31);
    let late = |least: u32| {
        (days_past_due >= least).then(|| FirstLate {
            on: days_before(as_of, days_past_due - least)
                .max(days_after(opened_on, 1))
                .min(as_of),
            outstanding_total,
        })
    };
    Loan {
        member_no: MemberNo(lender + 1),
        lender_group: group_of(lender),
        account_no: AccountNo(account),
        is_primary: random.random_range(0..100) < 97,
        region: Region::of(region),
        product_type: ProductType::ALL[product],
        currency: Currency::CNY,
        opened_on,
        is_revolving: product == 0,
        granted,
        annual_percentage_rate_bp: random.random_range(0..8) * 450,
        grace_days: 3,
        is_restructured: has_trouble && random.random_range(0..3) == 0,
        was_checked: account % 9 != 0,
        funding_group_ref: None,
        now: Some(now),
        past: Past {
            before: was_there
                .then(|| standing(days_past_due.saturating_sub(31), outstanding_total * 21 / 20)),
            first_31: late(31),
            first_91: late(91),
        },
    }
}
