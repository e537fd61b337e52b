//! Random markets: a store that loads and writes rows group by group must answer as the same rules do on rows that never
//! leave memory. Finds keys that are not loaded and changes that are not written.

use std::sync::Arc;

use futures::future::join_all;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::date::{Timestamp, days_after};
use tallystick::domain::inquiry::Purpose;
use tallystick::domain::names::MemberNo;
use tallystick::domain::position::{DeletionReason, LiabilityRole};
use tallystick::domain::token::Pseudonym;
use tallystick::domain::unit::rows::{LookKind, PositionRow, Version};
use tallystick::domain::unit::working_set::{MarketRules, Network, Numbers};
use tallystick::domain::unit::{Action, Administration, Outcome, Refused, WorkingSet, Write, decide};
use tallystick::store::ApplyError;

use super::engine::{Engine, ManualClock};
use super::market::{
    Loan, Market, OPERATOR, account, administer, look, mobile, national_id, newcomer, one_operator, passport,
    today,
};

/// Markets tried, each from its own seed; the variable sets another number.
const SEEDS: u64 = 12;
const SEEDS_VARIABLE: &str = "TALLYSTICK_TEST_SEEDS";
/// Groups of writes in a market.
const GROUPS: u64 = 60;
/// Names of accounts that each lender uses.
const ACCOUNTS: u64 = 5;

/// Numbers that look random and are the same every time (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    pub fn small(&mut self, end: u32) -> u32 {
        u32::try_from(self.below(u64::from(end))).unwrap()
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

struct Counter(i64);

impl Numbers for Counter {
    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0 - 1
    }
}

/// The rules on rows in memory.
struct Model {
    set: WorkingSet,
    last: Timestamp,
    day: chrono::NaiveDate,
}

impl Model {
    fn new(rules: MarketRules) -> Self {
        let numbers = Box::new(Counter(1));
        Self {
            set: WorkingSet::new(Arc::new(rules), Network::default(), numbers),
            last: ManualClock::START.plus_seconds(-1),
            day: today(),
        }
    }

    /// Decides a write at the instant that a store gives it.
    fn decide(&mut self, write: &Write, now: Timestamp) -> Result<Outcome, Refused> {
        self.last = now.max(self.last.next());
        let day = self.set.rules.zone.date_of(self.last);
        if day != self.day {
            // What "today" means of usage is for the engine to load.
            self.day = day;
            self.set.network_evaluations_today = 0;
            for usage in self.set.usage.values_mut() {
                usage.evaluations_today = 0;
            }
        }
        decide(&mut self.set, write, self.last).map(|decision| decision.outcome)
    }
}

pub async fn random_markets_answer_as_rows_in_memory_do(engine: &dyn Engine) {
    // One database holds all markets in turn, each with its own people and accounts.
    let mut market = Market::on(engine).await;
    let mut model = Model::new(one_operator());
    for (number, name) in (0_i64..).zip(["lender-a", "lender-b", "lender-c"]) {
        let enrolment = administer(Administration::CreateMember(newcomer(name)));
        let write = market.write(OPERATOR, enrolment);
        model.decide(&write, ManualClock::START.plus_seconds(-1)).unwrap();
        assert_eq!(
            [market.a, market.b, market.c][usize::try_from(number).unwrap()],
            MemberNo(number + 1)
        );
    }
    for member in [market.a, market.b, market.c] {
        let write = market.write(member, Action::ChargeEvaluations { count: 100 });
        model.decide(&write, ManualClock::START.plus_seconds(-1)).unwrap();
    }
    let seeds = std::env::var(SEEDS_VARIABLE).map_or(SEEDS, |text| text.parse().unwrap());
    for seed in 0..seeds {
        let mut dice = Dice(seed);
        for group in 0..GROUPS {
            play(&mut market, &mut model, &mut dice, seed, group).await;
        }
    }
    compare_books(&market, &model).await;
}

/// One group, sent at once; every answer must be the model's.
async fn play(market: &mut Market<'_>, model: &mut Model, dice: &mut Dice, seed: u64, group: u64) {
    if dice.one_in(15) {
        market.restart().await;
    }
    let step = match dice.below(12) {
        0 => 86_400,
        1 => 40 * 86_400,
        2 => 7_200,
        _ => 1,
    };
    market.wait(step);
    let now = market.engine.clock().now();
    let size = 1 + dice.below(5);
    let writes: Vec<Write> = (0..size).map(|_| any_write(market, dice, seed, group)).collect();
    let wanted: Vec<Result<Outcome, Refused>> = writes.iter().map(|write| model.decide(write, now)).collect();
    let done = join_all(writes.iter().map(|write| market.store.apply(write.clone()))).await;
    for ((write, wanted), done) in writes.iter().zip(wanted).zip(done) {
        let done = match done {
            Ok(accepted) => Ok(accepted.outcome),
            Err(ApplyError::Refused(refused)) => Err(refused),
            Err(ApplyError::Store(error)) => {
                panic!("seed {seed}, group {group}: {error:?} on {:?}", write.action)
            }
        };
        assert_eq!(done, wanted, "seed {seed}, group {group}: {:?}", write.action);
    }
}

fn any_write(market: &Market<'_>, dice: &mut Dice, seed: u64, group: u64) -> Write {
    let member = [market.a, market.b, market.c][usize::try_from(dice.below(3)).unwrap()];
    let name = account(&format!("S{seed}-{}", dice.below(ACCOUNTS)));
    let action = match dice.below(20) {
        0..=8 => any_loan(dice, seed, group, name.as_str()).report(),
        9..=10 => any_loan(dice, seed, group, name.as_str()).correct(1 + dice.below(4)),
        11 => Action::Delete {
            account_ref: name,
            reason: DeletionReason::Fraud,
        },
        12..=15 => any_look(dice, seed, LookKind::Query),
        16 => any_look(dice, seed, LookKind::Review),
        17 => Action::ChargeEvaluations {
            count: 1 + dice.small(60),
        },
        18 => administer(Administration::MergeSubjects {
            keep: any_strong(dice, seed),
            merge: any_strong(dice, seed),
            reason: "same person".to_owned(),
        }),
        _ => administer(Administration::SplitSubject {
            token: any_strong(dice, seed),
            reason: "two people".to_owned(),
        }),
    };
    let member = if matches!(action, Action::Administer(_)) {
        OPERATOR
    } else {
        member
    };
    market.write(member, action)
}

fn person(dice: &mut Dice, seed: u64) -> u32 {
    u32::try_from(seed * 100).unwrap() + dice.small(4)
}

fn any_strong(dice: &mut Dice, seed: u64) -> Pseudonym {
    let person = person(dice, seed);
    if dice.one_in(3) {
        passport(person)
    } else {
        national_id(person)
    }
}

/// One to three tokens, in type order, not always of one person.
fn any_tokens(dice: &mut Dice, seed: u64) -> Vec<Pseudonym> {
    let mut tokens = Vec::new();
    if dice.below(4) > 0 {
        tokens.push(national_id(person(dice, seed)));
    }
    if dice.one_in(4) {
        tokens.push(passport(person(dice, seed)));
    }
    if tokens.is_empty() || dice.one_in(3) {
        tokens.push(mobile(person(dice, seed)));
    }
    tokens
}

fn any_loan(dice: &mut Dice, seed: u64, group: u64, name: &str) -> Loan {
    let sequence = if dice.one_in(4) {
        1 + dice.below(3)
    } else {
        group + 2
    };
    let as_of = days_after(today(), u32::try_from(group / 10).unwrap());
    let mut loan = Loan::new(name, &any_tokens(dice, seed)).said(as_of, sequence);
    if dice.one_in(4) {
        loan = loan.also(LiabilityRole::Guarantor, &any_tokens(dice, seed));
    }
    if dice.one_in(2) {
        loan = loan.owing(100_000 * i64::from(dice.small(9)));
    }
    if dice.one_in(4) {
        loan = loan.past_due(1 + dice.small(200));
    }
    loan
}

fn any_look(dice: &mut Dice, seed: u64, kind: LookKind) -> Action {
    let purpose = if dice.one_in(3) {
        Purpose::AccountReview
    } else {
        Purpose::NewCredit
    };
    let answer = dice.below(u64::MAX);
    look(kind, &any_tokens(dice, seed), purpose, answer)
}

/// Everything a version says but the numbers of its tokens, which depend on when numbers were taken.
fn told(version: &Version) -> impl PartialEq + std::fmt::Debug + use<'_> {
    let roles: Vec<_> = version
        .liabilities
        .iter()
        .map(|liability| (liability.role, liability.tokens.len()))
        .collect();
    let version = (
        version.number,
        version.received_at,
        &version.facts,
        version.order,
        version.event,
    );
    (roles, version)
}

fn told_of_row(row: &PositionRow) -> impl PartialEq + std::fmt::Debug + use<'_> {
    let marks = (row.role, row.deleted, row.first_received_at, row.last_received_at);
    (marks, told(&row.version))
}

/// Every account and every version of it, as the model has them.
async fn compare_books(market: &Market<'_>, model: &Model) {
    let set = &model.set;
    assert!(
        set.accounts.len() > 50,
        "a market of {} accounts shows little",
        set.accounts.len()
    );
    for ((member, name), known) in &set.accounts {
        let stored = market
            .store
            .find_position(*member, name)
            .await
            .unwrap()
            .expect("on file");
        let row = &set.subjects[&known.holder].positions[&(*member, known.account_no)];
        assert_eq!(told_of_row(&stored.row), told_of_row(row), "{member:?} {name:?}");
        assert_eq!(stored.account.versions_made, known.versions_made);
        let versions = market
            .store
            .list_versions(*member, name, None, 1_000)
            .await
            .unwrap()
            .unwrap();
        let past = set
            .past_versions
            .get(&known.account_no)
            .map_or(&[][..], Vec::as_slice);
        assert_eq!(versions.len(), past.len() + 1, "{member:?} {name:?}");
        for version in past {
            let stored = versions
                .iter()
                .find(|stored| stored.past.version.number == version.version.number);
            let stored = stored.expect("on file");
            assert_eq!(stored.past.corrected_by, version.corrected_by);
            assert_eq!(told(&stored.past.version), told(&version.version));
        }
    }
}
