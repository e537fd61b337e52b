//! Decisions about one subject have one order, whatever the clocks of the servers say.

use tallystick::domain::date::Timestamp;
use tallystick::domain::names::MemberNo;
use tallystick::domain::unit::Outcome;

use super::servers::{ONE_WRITER, Servers, THREE_WRITERS, query, write};
use crate::store::market::{Loan, answer_of, national_id};

/// Clocks that are off by more than anything takes.
const APART: &[i64] = &[0, 7, -9];

fn received_at(outcome: &Outcome) -> Timestamp {
    match outcome {
        Outcome::Recorded { received_at, .. } => *received_at,
        other => panic!("not recorded: {other:?}"),
    }
}

#[tokio::test]
async fn what_one_server_acknowledged_the_next_query_at_another_sees() {
    let servers = Servers::start(APART, ONE_WRITER).await;
    let [a, b, c] = servers.lenders;
    for person in 1..=40 {
        let tokens = [national_id(person)];
        let mut last = Timestamp::from_micros(0);
        for (step, member) in [a, c].into_iter().enumerate() {
            let server = (usize::try_from(person).unwrap() + step) % 3;
            let loan = Loan::new(&format!("L{person}"), &tokens);
            let reported = received_at(&servers.accept(server, member, loan.report()).await);
            assert!(reported > last, "person {person}: {reported:?} after {last:?}");
            last = reported;
        }
        let next = (usize::try_from(person).unwrap() + 2) % 3;
        let answer = servers.query(next, b, &tokens).await;
        assert!(answer.answered_at > last);
        assert_eq!(answer.figures.others.unwrap().active_accounts, 2);
    }
}

#[tokio::test]
async fn instants_of_a_subject_grow_when_the_servers_take_turns() {
    let servers = Servers::start(APART, ONE_WRITER).await;
    let [a, ..] = servers.lenders;
    let mut last = Timestamp::from_micros(0);
    // The clock ahead first, so that all others are behind what was given.
    for turn in 0..30 {
        let loan = Loan::new(&format!("A{turn}"), &[national_id(1)]);
        let at = received_at(&servers.accept((turn + 1) % 3, a, loan.report()).await);
        assert!(at > last, "turn {turn}: {at:?} after {last:?}");
        last = at;
    }
}

#[tokio::test]
async fn each_look_at_a_subject_counts_exactly_those_with_an_earlier_instant() {
    for writers in [ONE_WRITER, THREE_WRITERS] {
        let servers = Servers::start(APART, writers).await;
        let mut members: Vec<MemberNo> = servers.lenders.to_vec();
        for number in 0..6 {
            let member = servers.enrol(&format!("lender-{number}"), 0).await;
            members.push(member);
        }
        for person in 1..=20 {
            let tokens = [national_id(person)];
            // Somebody who reports makes the subject known: the newly enrolled may not create any.
            let loan = Loan::new(&format!("A{person}"), &tokens);
            servers.accept(0, members[0], loan.report()).await;
            let looks = members.iter().enumerate();
            let looks = looks.map(|(at, member)| (at % 3, write(*member, query(&tokens))));
            let mut answers: Vec<_> = servers
                .at_once(looks.collect())
                .await
                .into_iter()
                .map(|done| answer_of(done.unwrap().outcome))
                .collect();
            answers.sort_by_key(|answer| answer.answered_at);
            // A window of an hour: however far apart the clocks are, all looks lie in it.
            let seen: Vec<u32> = answers
                .into_iter()
                .map(|answer| answer.figures.others.unwrap().velocity[0].hard_inquiries)
                .collect();
            assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8], "person {person}");
        }
    }
}

#[tokio::test]
async fn no_two_decisions_about_a_subject_share_an_instant() {
    let servers = Servers::start(APART, THREE_WRITERS).await;
    let reports = (0..120).map(|at| {
        let loan = Loan::new(&format!("L{at}"), &[national_id(1)]);
        (at % 3, write(servers.lenders[at % 2], loan.report()))
    });
    let done = servers.at_once(reports.collect()).await;
    let mut instants: Vec<Timestamp> = done
        .into_iter()
        .map(|done| received_at(&done.unwrap().outcome))
        .collect();
    instants.sort();
    instants.dedup();
    assert_eq!(instants.len(), 120);
    // The last of them is what the lock row says: nobody is given one before it.
    let touched = servers.count("SELECT max(touched) FROM subject_lock").await;
    assert!(touched >= instants[119].micros());
    let answer = servers.query(2, servers.lenders[2], &[national_id(1)]).await;
    assert!(answer.answered_at > instants[119]);
}
