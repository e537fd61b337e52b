//! The invariants of the exposure answer over the wire, on random markets: each case a fresh person in one service.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tallystick::wire::pb;

use super::people::{Person, days_ago, loan, owing, past_due, today, wire};
use super::world::{Actor, World};

/// Random markets of each test.
const CASES: u32 = 12;
/// Makes them; printed by a failing assertion through the case's number.
const SEED: u64 = 20_260_615;

/// A loan without its lender and its borrower.
#[derive(Clone, Copy, Debug)]
struct Draw {
    lender: usize,
    opened_days_ago: u64,
    owed: i64,
    past_due: u32,
}

impl Draw {
    fn of(random: &mut ChaCha8Rng, lenders: usize) -> Self {
        Self {
            lender: random.random_range(0..lenders),
            opened_days_ago: random.random_range(1..300),
            owed: random.random_range(1..90_000_000),
            past_due: [0, 0, 0, 5, 35, 95][random.random_range(0..6)],
        }
    }

    fn position(self, account_ref: &str, tokens: Vec<pb::SubjectToken>) -> pb::Position {
        let mut position = owing(loan(account_ref, tokens, today()), self.owed);
        position.opened_on = wire(days_ago(self.opened_days_ago));
        let days = u32::try_from(self.opened_days_ago)
            .expect("small")
            .min(self.past_due);
        if days > 0 {
            position = past_due(position, days, 1 + self.owed / 2, today());
        }
        position
    }
}

/// Five banks that lend and a sixth that asks.
async fn market() -> (World, Vec<Actor>, Actor) {
    let world = World::start().await;
    let mut banks = Vec::from(
        world
            .banks(["bank-a", "bank-b", "bank-c", "bank-d", "bank-e", "bank-f"])
            .await,
    );
    let asker = banks.pop().expect("six banks");
    (world, banks, asker)
}

async fn lend(banks: &[Actor], person: &Person, case: u32, draws: &[(usize, Draw)]) {
    for (number, draw) in draws {
        let bank = &banks[draw.lender];
        let tokens = bank.strong(person).await;
        bank.report(draw.position(&format!("I-{case}-{number}-{:x}", draw.owed), tokens))
            .await;
    }
}

fn draws(random: &mut ChaCha8Rng, lenders: usize) -> Vec<(usize, Draw)> {
    let count = random.random_range(1..7);
    (0..count)
        .map(|number| (number, Draw::of(random, lenders)))
        .collect()
}

/// What is told of others.
fn told(answer: pb::ExposureAnswer) -> (i32, Option<pb::OthersExposure>, Vec<pb::StackingSignal>) {
    (answer.state, answer.others, answer.signals)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_caller_does_with_its_own_positions_changes_what_is_told_of_others() {
    let (_world, banks, asker) = market().await;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for case in 0..CASES {
        let person = Person::number(case);
        let draws = draws(&mut random, banks.len());
        lend(&banks, &person, case, &draws).await;
        let tokens = asker.strong(&person).await;
        let before = asker.look(tokens.clone()).await;
        let own = Draw::of(&mut random, 1).position(&format!("OWN-{case}"), tokens.clone());
        asker.report(own.clone()).await;
        if random.next_u32() % 2 == 0 {
            let mut changed = own;
            changed.sequence = 2;
            changed.outstanding_total += 17;
            asker.report(changed).await;
        } else {
            let deleted = pb::DeletePositionRequest {
                account_ref: own.account_ref,
                reason: pb::DeletionReason::ReportedInError.into(),
                request_id: super::world::request_id(),
            };
            asker
                .client
                .reporting()
                .delete_position(deleted)
                .await
                .expect("its own account");
        }
        // The soft and the hard answer of a day are frozen apart: a difference would show.
        let after = asker.query(tokens).await;
        assert_eq!(told(before), told(after), "case {case} of seed {SEED}: {draws:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_reports_on_different_accounts_does_not_matter() {
    let (_world, banks, asker) = market().await;
    let mut random = ChaCha8Rng::seed_from_u64(SEED + 1);
    for case in 0..CASES {
        let forwards = draws(&mut random, banks.len());
        let mut shuffled = forwards.clone();
        for place in 0..shuffled.len() {
            shuffled.swap(place, random.random_range(0..forwards.len()));
        }
        let (one, other) = (Person::number(case * 2), Person::number(case * 2 + 1));
        lend(&banks, &one, case * 2, &forwards).await;
        lend(&banks, &other, case * 2 + 1, &shuffled).await;
        let of_one = asker.query(asker.strong(&one).await).await;
        let of_other = asker.query(asker.strong(&other).await).await;
        assert_eq!(
            told(of_one),
            told(of_other),
            "case {case} of seed {SEED}: {forwards:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_changes_nothing() {
    let (_world, banks, asker) = market().await;
    let mut random = ChaCha8Rng::seed_from_u64(SEED + 2);
    for case in 0..CASES {
        let person = Person::number(case);
        let draws = draws(&mut random, banks.len());
        lend(&banks, &person, case, &draws).await;
        let before = asker.look(asker.strong(&person).await).await;
        // The same pairs with the same content, under other names of requests and in another order.
        let backwards: Vec<(usize, Draw)> = draws.iter().rev().copied().collect();
        lend(&banks, &person, case, &backwards).await;
        let after = asker.query(asker.strong(&person).await).await;
        assert_eq!(told(before), told(after), "case {case} of seed {SEED}: {draws:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mobile_alone_never_shows_what_no_query_with_the_strong_identifier_would() {
    let (_world, banks, asker) = market().await;
    let mut random = ChaCha8Rng::seed_from_u64(SEED + 3);
    for case in 0..CASES {
        let person = Person::number(case);
        let draws = draws(&mut random, banks.len());
        for (number, draw) in &draws {
            let bank = &banks[draw.lender];
            let tokens = match random.random_range(0..3) {
                0 => bank.strong(&person).await,
                1 => bank.weak(&person).await,
                _ => bank.tokens(&person).await,
            };
            bank.report(draw.position(&format!("M-{case}-{number}"), tokens))
                .await;
        }
        let by_mobile = asker.look(asker.weak(&person).await).await;
        let by_both = asker.query(asker.tokens(&person).await).await;
        let (less, more) = (
            by_mobile.others.expect("one person"),
            by_both.others.expect("one person"),
        );
        assert!(
            less.active_accounts <= more.active_accounts,
            "case {case} of seed {SEED}: {draws:?}"
        );
        assert!(
            less.active_lenders <= more.active_lenders,
            "case {case} of seed {SEED}: {draws:?}"
        );
        assert!(
            less.worst_bucket_now <= more.worst_bucket_now,
            "case {case} of seed {SEED}: {draws:?}"
        );
        let owed = |others: &pb::OthersExposure| others.outstanding.expect("always there").up_to;
        // Coarse edges of few lenders may lie above the fine ones of many.
        if (less.active_lenders > 2) == (more.active_lenders > 2) {
            assert!(
                owed(&less) <= owed(&more),
                "case {case} of seed {SEED}: {draws:?}"
            );
        }
    }
}
