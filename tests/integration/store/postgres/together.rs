//! Promises that hold whichever server is asked: one answer a day, one deed a request, one quota.

use tallystick::domain::names::MemberNo;
use tallystick::domain::unit::{Accepted, Action};
use tallystick::domain::violation::Code;
use tallystick::store::{ApplyError, Store as _};

use super::servers::{ONE_WRITER, Servers, THREE_WRITERS, query, requested, write};
use crate::store::market::{Loan, answer_of, national_id, refusal, today, version};

/// People that a case tries: some of them meet in the middle of a group, some between groups.
const PEOPLE: u32 = 30;

#[tokio::test]
async fn the_first_answer_of_a_day_is_the_answer_of_every_server() {
    for (off, writers) in [(&[0, 0][..], ONE_WRITER), (&[0, 2, -3], THREE_WRITERS)] {
        let servers = Servers::start(off, writers).await;
        let [a, b, c] = servers.lenders;
        for person in 1..=PEOPLE {
            let tokens = [national_id(person)];
            let loan = Loan::new(&format!("A{person}"), &tokens);
            servers.accept(0, a, loan.report()).await;
            let another = Loan::new(&format!("C{person}"), &tokens);
            // Half of them see the other loan, the others do not: all see the same.
            let mut writes: Vec<_> = (0..off.len())
                .map(|server| (server, write(b, query(&tokens))))
                .collect();
            writes.insert(1, (1, write(c, another.report())));
            let mut figures = Vec::new();
            for (place, done) in servers.at_once(writes).await.into_iter().enumerate() {
                let outcome = done.unwrap().outcome;
                if place == 1 {
                    assert_eq!(version(&outcome), 1);
                } else {
                    figures.push(answer_of(outcome).figures);
                }
            }
            for server in 0..off.len() {
                figures.push(servers.query(server, b, &tokens).await.figures);
            }
            assert!(figures.iter().all(|told| *told == figures[0]), "{figures:?}");
        }
    }
}

#[tokio::test]
async fn a_request_sent_to_every_server_at_once_is_done_once_and_answered_alike() {
    let servers = Servers::start(&[0, 0, 5], THREE_WRITERS).await;
    let [a, b, _] = servers.lenders;
    let entries = "SELECT count(*) FROM audit_opening";
    let before = servers.count(entries).await;
    for person in 1..=PEOPLE {
        let tokens = [national_id(person)];
        let loan = Loan::new(&format!("A{person}"), &tokens);
        // Unknown at first; then reported, asked about, reported anew.
        let later = loan.clone().owing(5_000).said(today(), 2);
        let deeds: [(MemberNo, Action); 4] = [
            (b, query(&tokens)),
            (a, loan.report()),
            (b, query(&tokens)),
            (a, later.report()),
        ];
        for (step, (member, action)) in (0_u64..).zip(deeds) {
            let id = u64::from(person) * 10 + step;
            let everywhere = (0..3).map(|server| (server, requested(member, id, 1, action.clone())));
            let answers: Vec<Accepted> = servers
                .at_once(everywhere.collect())
                .await
                .into_iter()
                .map(Result::unwrap)
                .collect();
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
            for server in &servers.stores {
                let another = requested(member, id, 2, action.clone());
                assert_eq!(refusal(server.apply(another).await), Code::RequestIdReused);
            }
        }
    }
    assert_eq!(servers.count(entries).await - before, i64::from(PEOPLE) * 4);
    let looks = servers.stores[0].holdings().await.unwrap().inquiries;
    assert_eq!(looks, u64::from(PEOPLE) * 2);
}

#[tokio::test]
async fn of_two_requests_under_one_name_one_is_done_and_the_other_refused() {
    let servers = Servers::start(&[0, -4], THREE_WRITERS).await;
    let [a, ..] = servers.lenders;
    for person in 1..=PEOPLE {
        let both = [0, 1].map(|server: u8| {
            let who = [national_id(2 * person + u32::from(server))];
            let loan = Loan::new(&format!("A{person}-{server}"), &who);
            let sent = requested(a, u64::from(person), server, loan.report());
            (usize::from(server), sent)
        });
        let done = servers.at_once(both.into()).await;
        let (accepted, refused): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
        assert_eq!((accepted.len(), refused.len()), (1, 1));
        for other in refused {
            assert_eq!(refusal(other), Code::RequestIdReused);
        }
    }
}

#[tokio::test]
async fn a_quota_holds_exactly_whichever_servers_charge_it() {
    let servers = Servers::start(&[0, 1, -1], THREE_WRITERS).await;
    let member = servers.enrol("lender-d", 100).await;
    let charges = (0..120).map(|at| (at % 3, write(member, Action::ChargeEvaluations { count: 3 })));
    let done = servers.at_once(charges.collect()).await;
    assert_eq!(accepted(&done, Code::QuotaExceeded), 33);
    for server in &servers.stores {
        assert_eq!(server.evaluations_used(member, today()).await.unwrap(), 99);
    }
    let last = servers.at_once(
        (0..3)
            .map(|at| (at, write(member, Action::ChargeEvaluations { count: 1 })))
            .collect(),
    );
    assert_eq!(accepted(&last.await, Code::QuotaExceeded), 1);
}

#[tokio::test]
async fn subjects_created_at_several_servers_are_held_against_one_count_of_evaluations() {
    let servers = Servers::start(&[0, 1, -1], THREE_WRITERS).await;
    let member = servers.enrol("lender-d", 100).await;
    servers
        .accept(0, member, Action::ChargeEvaluations { count: 20 })
        .await;
    // The same and other unknown people at each server; who is known already costs nothing.
    let looks = (0..90).map(|at| {
        let person = u32::try_from(at / 2).unwrap();
        (at % 3, write(member, query(&[national_id(person)])))
    });
    let done = servers.at_once(looks.collect()).await;
    accepted(&done, Code::TokensNotEvaluated);
    let created = servers
        .count("SELECT sum(subjects)::bigint FROM subject_creation")
        .await;
    assert_eq!(created, 20);
    assert_eq!(servers.count("SELECT count(*) FROM subject_token").await, 20);
    // What the other evaluations of a day allow, at another server than counted them.
    servers
        .accept(1, member, Action::ChargeEvaluations { count: 1 })
        .await;
    servers.query(2, member, &[national_id(1_000)]).await;
    let one_more = servers.stores[0].apply(write(member, query(&[national_id(1_001)])));
    assert_eq!(refusal(one_more.await), Code::TokensNotEvaluated);
}

/// How many were accepted; all others must have been refused for this.
fn accepted(done: &[Result<Accepted, ApplyError>], code: Code) -> usize {
    let refused = done.iter().filter(|answer| match answer {
        Ok(_) => false,
        Err(ApplyError::Refused(refused)) => {
            assert_eq!(refused.violations[0].code, code);
            true
        }
        Err(error) => panic!("{error:?}"),
    });
    done.len() - refused.count()
}
