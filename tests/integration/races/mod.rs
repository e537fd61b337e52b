//! The race that the service exists for, as 64 lenders run it: real programs, real sockets, one borrower or two who borrow
//! together, rules that allow one lender. Whatever happens to the servers, one is told yes.
//!
//! A few times by default; `TALLYSTICK_TEST_RACES=1000` runs as many as were asked for once.

mod field;

use rand::RngExt as _;

use self::field::{Answer, Field, eligible};
use crate::harness::{Cluster, Storage};
use crate::proofs::kill::decided;
use crate::proofs::toil::seeded;

/// How often it is run.
const RACES: u32 = 12;
const RACES_VARIABLE: &str = "TALLYSTICK_TEST_RACES";
/// Of so many races, one is run into a kill.
const RACES_PER_KILL: u32 = 4;

fn races() -> u32 {
    std::env::var(RACES_VARIABLE).map_or(RACES, |text| text.parse().unwrap())
}

/// Everybody is answered, and one of them with yes.
fn one_may_lend(race: u32, answers: &[Answer]) {
    let decided = answers.iter().map(|answer| answer.as_ref().unwrap());
    let yes = decided.filter(|answer| eligible(answer)).count();
    assert_eq!(yes, 1, "race {race}: of {} who asked at once", answers.len());
}

async fn run(storage: Storage, servers: usize) {
    let field = Field::prepare(storage, servers, races()).await;
    let lenders = field.connect().await;
    for race in 0..races() {
        one_may_lend(race, &field.ask(&lenders, race).await);
    }
    println!("{} races, {servers} servers: one may lend in each", races());
}

/// In the middle of a race a server is killed; who got no answer asks again, and so does everybody else.
async fn run_and_kill(storage: Storage, servers: usize) {
    let kills = races().div_ceil(RACES_PER_KILL);
    let mut random = seeded();
    let mut field = Field::prepare(storage, servers, kills).await;
    let mut unanswered = 0;
    for race in 0..kills {
        let lenders = field.connect().await;
        let heard = random.random_range(0..field::LENDERS);
        let before = field.ask_and_kill(&lenders, race, heard).await;
        drop(lenders);
        // Where another server goes on, what was left at the killed one is asked there at once.
        if servers == 1 {
            decided(field.storage()).await;
            field.restart();
        }
        let lenders = field.connect().await;
        let after = field.ask(&lenders, race).await;
        for (before, after) in before.iter().zip(&after) {
            match before {
                Ok(told) => assert_eq!(told, after.as_ref().unwrap(), "race {race}: the same request"),
                Err(_) => unanswered += 1,
            }
        }
        one_may_lend(race, &after);
        field.still_holds(&lenders, &after).await;
        if servers > 1 {
            field.restart();
        }
    }
    println!(
        "{kills} kills, {servers} servers: one may lend after each; {unanswered} calls were left without an answer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_lenders_at_once_one_may_lend_on_sqlite() {
    run(Storage::File, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_lenders_at_once_one_may_lend_on_postgres() {
    run(Storage::postgres(Cluster::shared()).await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_lenders_at_two_servers_at_once_one_may_lend() {
    run(Storage::postgres(Cluster::shared()).await, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_lets_no_second_lender_in_on_sqlite() {
    run_and_kill(Storage::File, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_lets_no_second_lender_in_on_postgres() {
    run_and_kill(Storage::postgres(Cluster::shared()).await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_of_one_of_two_servers_lets_no_second_lender_in() {
    run_and_kill(Storage::postgres(Cluster::shared()).await, 2).await;
}
