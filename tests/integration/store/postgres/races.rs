//! Servers that meet in the same rows: unknown tokens, names of accounts, joint loans, merges and splits. Every write ends
//! as accepted or refused, never given up, and the book is consistent afterwards.

use tallystick::domain::date::days_before;
use tallystick::domain::inquiry::Purpose;
use tallystick::domain::position::{DeletionReason, LiabilityRole};
use tallystick::domain::token::Pseudonym;
use tallystick::domain::unit::rows::LookKind;
use tallystick::domain::unit::{Action, Administration, Write};
use tallystick::store::ApplyError;

use super::book::{Wanted, assert_consistent};
use super::servers::{ONE_WRITER, Servers, THREE_WRITERS, query, write};
use crate::store::market::{Loan, OPERATOR, account, administer, look, mobile, national_id, passport, today};
use crate::store::random::Dice;

const PEOPLE: u32 = 40;

#[tokio::test]
async fn a_person_unknown_to_all_becomes_one_subject_wherever_it_is_reported() {
    for writers in [ONE_WRITER, THREE_WRITERS] {
        let servers = Servers::start(&[0, 3, -2], writers).await;
        let [a, b, c] = servers.lenders;
        for person in 1..=PEOPLE {
            let shown: [Vec<Pseudonym>; 3] = [
                vec![national_id(person)],
                vec![national_id(person), mobile(person)],
                vec![national_id(person), passport(person), mobile(person)],
            ];
            let writes = shown.iter().zip([a, b, c]).enumerate();
            let writes = writes.map(|(server, (tokens, member))| {
                let loan = Loan::new(&format!("L{person}"), tokens);
                (server, write(member, loan.report()))
            });
            for done in servers.at_once(writes.collect()).await {
                done.unwrap();
            }
            for token in [national_id(person), passport(person), mobile(person)] {
                assert_eq!(servers.accounts_seen(1, b, &[token]).await, 2, "person {person}");
            }
        }
        assert_consistent(&servers, Wanted::All).await;
    }
}

#[tokio::test]
async fn a_name_of_an_account_is_taken_once_whoever_it_is_about() {
    for (writers, known) in [(ONE_WRITER, true), (THREE_WRITERS, true), (THREE_WRITERS, false)] {
        let servers = Servers::start(&[0, 1, -1], writers).await;
        let [a, _, c] = servers.lenders;
        for number in 0..PEOPLE {
            let people: Vec<u32> = (0..3).map(|server| 3 * number + server).collect();
            for person in people.iter().filter(|_| known) {
                servers.query(0, c, &[national_id(*person)]).await;
            }
            let writes = people.iter().enumerate().map(|(server, person)| {
                let loan = Loan::new(&format!("A{number}"), &[national_id(*person)]);
                (server, write(a, loan.report()))
            });
            let done = servers.at_once(writes.collect()).await;
            let accepted = done.iter().filter(|answer| is_accepted(answer)).count();
            assert_eq!(accepted, 1, "account {number}: {done:?}");
        }
        assert_consistent(&servers, Wanted::All).await;
    }
}

#[tokio::test]
async fn joint_loans_of_the_same_people_in_opposite_order_all_get_done() {
    for writers in [ONE_WRITER, THREE_WRITERS] {
        let servers = Servers::start(&[0, 0], writers).await;
        let [a, b, _] = servers.lenders;
        for round in 0..PEOPLE {
            // Unknown before the first round, known afterwards.
            let couple = [[national_id(1), mobile(1)], [national_id(2), mobile(2)]];
            let writes = (0..8).map(|number| {
                let (first, second) = (number % 2, (number + 1) % 2);
                let loan = Loan::new(&format!("L{round}-{number}"), &couple[first])
                    .also(LiabilityRole::Joint, &couple[second]);
                (first, write([a, b][number / 4], loan.report()))
            });
            for done in servers.at_once(writes.collect()).await {
                done.unwrap();
            }
        }
        assert_eq!(
            servers.count("SELECT count(*) FROM account").await,
            i64::from(PEOPLE) * 8
        );
        assert_consistent(&servers, Wanted::All).await;
    }
}

#[tokio::test]
async fn joint_loans_of_unknown_people_in_opposite_order_make_each_of_them_once() {
    let servers = Servers::start(&[0, 0], THREE_WRITERS).await;
    let [a, b, c] = servers.lenders;
    for round in 0..PEOPLE {
        let couple = [2 * round, 2 * round + 1].map(national_id);
        let loans = [[0, 1], [1, 0]].map(|[first, second]| {
            Loan::new(&format!("L{round}"), &[couple[first].clone()])
                .also(LiabilityRole::Joint, &[couple[second].clone()])
        });
        let writes = [(0, write(a, loans[0].report())), (1, write(b, loans[1].report()))];
        for done in servers.at_once(writes.into()).await {
            done.unwrap();
        }
        for person in couple {
            assert_eq!(servers.accounts_seen(0, c, &[person]).await, 2);
        }
    }
    assert_consistent(&servers, Wanted::All).await;
}

#[tokio::test]
async fn merges_among_reports_and_looks_leave_a_consistent_book() {
    for (seed, writers) in [(1, ONE_WRITER), (2, THREE_WRITERS)] {
        play(seed, writers, 40, Wanted::All).await;
    }
}

#[tokio::test]
async fn merges_and_splits_among_reports_and_looks_leave_a_consistent_book() {
    for (seed, writers) in [(3, ONE_WRITER), (4, THREE_WRITERS)] {
        play(seed, writers, 5, Wanted::AfterSplits).await;
    }
}

/// A market of so many people, each of whom is known by an anchor and by what may be split off.
async fn play(seed: u64, writers: usize, people: u32, wanted: Wanted) {
    let servers = Servers::start(&[0, 2, -2], writers).await;
    for person in 0..people {
        let tokens = [anchor(person), passport(person), mobile(person / 2)];
        let loan = Loan::new(&format!("first-{person}"), &tokens);
        servers.accept(0, servers.lenders[0], loan.report()).await;
    }
    let mut dice = Dice(seed);
    for round in 0..60 {
        let size = 6 + dice.below(10);
        let mut writes = Vec::new();
        for _ in 0..size {
            let server = usize::try_from(dice.below(3)).unwrap();
            let write = match dice.below(20) {
                0..=1 => write(OPERATOR, administer(merger(&mut dice, people))),
                2..=3 if wanted == Wanted::AfterSplits => {
                    write(OPERATOR, administer(split(&mut dice, people)))
                }
                _ => any_write(&servers, &mut dice, people, round),
            };
            writes.push((server, write));
        }
        for done in servers.at_once(writes).await {
            is_accepted(&done);
        }
        if round % 10 == 9 {
            assert_consistent(&servers, wanted).await;
        }
    }
    let corrected = "SELECT count(*) FROM past_version WHERE corrected_by IS NOT NULL";
    let corrected = servers.count(corrected).await;
    assert!(corrected > 3, "corrections were tried in vain: {corrected}");
}

/// What no split takes away.
fn anchor(person: u32) -> Pseudonym {
    national_id(person)
}

fn any_write(servers: &Servers, dice: &mut Dice, people: u32, round: u64) -> Write {
    let member = servers.lenders[usize::try_from(dice.below(3)).unwrap()];
    let name = format!("A{}", dice.below(6));
    let loan = |dice: &mut Dice| any_loan(dice, &name, people, round);
    let action = match dice.below(16) {
        0..=8 => loan(dice).report(),
        // Of the accounts that all have from the start: a correction carries the pair of its version, whichever that is.
        9..=11 => {
            let name = format!("first-{}", dice.small(people));
            let loan = any_loan(dice, &name, people, round).said(days_before(today(), 2), 1);
            return write(servers.lenders[0], loan.correct(1 + dice.below(4)));
        }
        12 => Action::Delete {
            account_ref: account(&name),
            reason: DeletionReason::Fraud,
        },
        13..=14 => query(&any_tokens(dice, people)),
        _ => {
            let tokens = any_tokens(dice, people);
            look(LookKind::Review, &tokens, Purpose::AccountReview, round)
        }
    };
    write(member, action)
}

fn split(dice: &mut Dice, people: u32) -> Administration {
    Administration::SplitSubject {
        token: passport(dice.small(people)),
        reason: "two people".to_owned(),
    }
}

fn merger(dice: &mut Dice, people: u32) -> Administration {
    let (keep, merge) = (dice.small(people), dice.small(people));
    Administration::MergeSubjects {
        keep: anchor(keep),
        merge: if dice.one_in(2) {
            anchor(merge)
        } else {
            passport(merge)
        },
        reason: "one person".to_owned(),
    }
}

fn any_tokens(dice: &mut Dice, people: u32) -> Vec<Pseudonym> {
    let person = dice.small(people);
    let mut tokens = Vec::new();
    if dice.below(4) > 0 {
        tokens.push(anchor(person));
    }
    if tokens.is_empty() || dice.one_in(3) {
        tokens.push(passport(person));
    }
    if dice.one_in(3) {
        tokens.push(mobile(dice.small(people) / 2));
    }
    tokens
}

fn any_loan(dice: &mut Dice, name: &str, people: u32, round: u64) -> Loan {
    let mut loan = Loan::new(name, &any_tokens(dice, people)).said(today(), round + 2);
    if dice.one_in(3) {
        loan = loan.also(LiabilityRole::Guarantor, &any_tokens(dice, people));
    }
    loan.owing(100_000 * i64::from(dice.small(9)))
}

/// Whether a write was done. One that was neither done nor refused fails the case.
fn is_accepted<T>(answer: &Result<T, ApplyError>) -> bool {
    match answer {
        Ok(_) => true,
        Err(ApplyError::Refused(_)) => false,
        Err(ApplyError::Store(error)) => panic!("given up: {error:?}"),
    }
}
