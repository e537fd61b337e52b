//! A minute of mixed load at two servers of one database, over midnight, and every answer as the models give it.
//!
//! Clients of six lenders report (new, changed, repeated), correct, delete, query, review, have tokens evaluated, and
//! repeat requests at either service; operators merge and split people of every fourth village. The second service's clock
//! is ahead. Afterwards all deeds are put in order (`verdict` says which, and why it is legitimate) and done again, one
//! after another, by two judges: the naive model, where nobody merges, and the domain's rules on rows in memory. Each
//! answer must be theirs in every field, each refusal theirs in every code, and the book at the end that of the rules.
//!
//! What has no order under concurrency is settled before: who the members are, that each has reported (coverage), and who
//! is known (`village`). Counts of evaluations are compared in sum.
//!
//! `TALLYSTICK_LOAD_SECONDS` sets another duration than a minute.

mod client;
mod judge;
mod life;
mod verdict;
mod village;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tallystick::client::Client;
use tallystick::domain::clock::Clock;
use tallystick::domain::date::Timestamp;
use tallystick::domain::names::RequestId;
use tallystick::store::Store;
use tallystick::wire::pb;

use self::client::{Record, Tokens};
use self::judge::Judge;
use self::life::Life;
use self::verdict::{Instants, divergences};
use self::village::{VILLAGES, identifiers, is_operated, settlement};
use super::{Node, Site};
use crate::harness::{Credentials, eventually};

const SECONDS_VARIABLE: &str = "TALLYSTICK_LOAD_SECONDS";
const SECONDS: u64 = 60;
const LENDERS: usize = 6;
const CLIENTS: usize = 64;
/// Of which so many are the operator's.
const OPERATORS: usize = 2;
/// Midnight between the two days of the load, in Shanghai.
const MIDNIGHT: Timestamp = Timestamp::from_micros(1_772_467_200_000_000);

/// A clock that goes.
struct GoingClock {
    begin: Timestamp,
    since: Instant,
}

impl Clock for GoingClock {
    fn now(&self) -> Timestamp {
        let micros = i64::try_from(self.since.elapsed().as_micros()).expect("a test ends");
        Timestamp::from_micros(self.begin.micros() + micros)
    }
}

/// Somebody who takes part.
struct Member {
    number: i64,
    credentials: Credentials,
    tokens: Arc<Tokens>,
}

/// The market before the load.
struct Ready {
    site: Site,
    nodes: [Node; 2],
    operator: Member,
    lenders: Vec<Member>,
    /// The settlement of all villages.
    records: Vec<Record>,
}

async fn prepare(seconds: u64) -> Ready {
    let site = Site::new().await;
    let half = i64::try_from(seconds / 2).unwrap();
    let clock = |ahead| {
        Arc::new(GoingClock {
            begin: MIDNIGHT.plus_seconds(ahead - half),
            since: Instant::now(),
        })
    };
    let first = site.start_at(None, clock(0)).await.unwrap();
    let second = site.start_at(Some(&first.keys()), clock(2)).await.unwrap();
    let operator = member(&site, &first, "operator", site.operator(&first).credentials).await;
    let mut lenders = Vec::new();
    for number in 0..LENDERS {
        let name = format!("lender-{number}");
        let credentials = site.enrol(&first, &name).await;
        lenders.push(member(&site, &first, &name, credentials).await);
    }
    let mut lives = Vec::new();
    for lender in &lenders {
        let services = connect(&site, [&first, &second], lender).await;
        lives.push(Life::new(lender, services, 0));
    }
    for village in 0..VILLAGES {
        for (deed, life) in settlement(village, LENDERS).into_iter().zip(&mut lives) {
            life.act(village, deed, false).await;
        }
    }
    let settled = lives.iter().all(|life| life.faults.is_empty());
    let records: Vec<Record> = lives.into_iter().flat_map(|life| life.records).collect();
    assert!(
        settled && records.iter().all(|one| !one.told.is_refusal()),
        "{:?}",
        records[0]
    );
    Ready {
        site,
        nodes: [first, second],
        operator,
        lenders,
        records,
    }
}

/// A member with a token of everybody: more than looks may make known.
async fn member(site: &Site, node: &Node, name: &str, credentials: Credentials) -> Member {
    let (names, known): (Vec<_>, Vec<_>) = identifiers(VILLAGES).into_iter().unzip();
    let mut client = site.actor(node, credentials.clone()).client().await;
    let evaluated = client.tokenise(&known).await.unwrap();
    let register = node.running.store.members().await.unwrap();
    let found = register.iter().find(|member| member.member_id.as_str() == name);
    Member {
        number: found.unwrap().member_no.0,
        credentials,
        tokens: Arc::new(names.into_iter().zip(evaluated).collect()),
    }
}

/// Both services once they know a member.
async fn connect(site: &Site, nodes: [&Node; 2], member: &Member) -> [Client; 2] {
    let [first, second] = nodes.map(|node| site.actor(node, member.credentials.clone()));
    let clients = [first.client().await, second.client().await];
    for client in &clients {
        eventually("the member is known", async || {
            let keys = client.tokens().get_token_keys(pb::GetTokenKeysRequest {}).await;
            keys.is_ok()
        })
        .await;
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_two_servers_under_load_is_the_models() {
    let seconds = std::env::var(SECONDS_VARIABLE).map_or(SECONDS, |text| text.parse().unwrap());
    let ready = prepare(seconds).await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let is_operator = number < OPERATORS;
        let member = match is_operator {
            true => &ready.operator,
            false => &ready.lenders[number % LENDERS],
        };
        let [first, second] = &ready.nodes;
        let services = connect(&ready.site, [first, second], member).await;
        let life = Life::new(member, services, u64::try_from(number).unwrap() + 1);
        clients.push((is_operator, life));
    }
    let until = Instant::now() + Duration::from_secs(seconds);
    let lives = clients.into_iter().map(|(is_operator, life)| {
        tokio::spawn(async move {
            match is_operator {
                true => life.operate(until).await,
                false => life.lend(until).await,
            }
        })
    });
    let lives: Vec<Life> = join_all(lives).await.into_iter().map(Result::unwrap).collect();
    judge(ready, lives).await;
}

/// How often what was done, and how often it was refused.
#[derive(Debug, Default)]
struct Tally {
    deeds: BTreeMap<&'static str, (u64, u64)>,
    repeated: u64,
    evaluated: BTreeMap<i64, u64>,
}

impl Tally {
    fn count(&mut self, life: &Life) {
        *self.evaluated.entry(life.member).or_default() += life.evaluated;
        self.repeated += life.repeated;
        for record in &life.records {
            let (all, refused) = self.deeds.entry(record.deed.kind()).or_default();
            *all += 1;
            *refused += u64::from(record.told.is_refusal());
        }
    }

    /// Whether every kind of deed was done, and some refused.
    fn shows_something(&self) -> bool {
        let done = self.deeds.values().filter(|(all, refused)| all > refused);
        let refused = self.deeds.values().filter(|(_, refused)| *refused > 0);
        (done.count(), self.repeated > 10) == (7, true) && refused.count() > 1
    }
}

async fn judge(ready: Ready, lives: Vec<Life>) {
    let mut wrong: Vec<String> = Vec::new();
    let mut tally = Tally::default();
    let mut villages: Vec<Vec<Record>> = (0..VILLAGES).map(|_| Vec::new()).collect();
    for record in ready.records {
        villages[record.village].push(record);
    }
    for life in lives {
        tally.count(&life);
        wrong.extend(life.faults);
        for record in life.records {
            villages[record.village].push(record);
        }
    }
    let instants = instants(&ready.site).await;
    let store = &ready.nodes[0].running.store;
    let register = store.members().await.unwrap();
    for (number, records) in villages.into_iter().enumerate() {
        let mut judge = Judge::new(&register, is_operated(number));
        let found = divergences(records, &instants, &mut judge);
        wrong.extend(found.into_iter().map(|what| format!("village {number}: {what}")));
        wrong.extend(other_books(store.as_ref(), &judge).await);
    }
    wrong.extend(other_counts(&ready.site, &tally.evaluated, ready.operator.tokens.len()).await);
    println!("{tally:?}, {} divergences", wrong.len());
    let told: Vec<&String> = wrong.iter().take(5).collect();
    assert!(wrong.is_empty(), "{} divergences: {told:#?}", wrong.len());
    assert!(tally.shows_something(), "{tally:?}");
}

/// When each request was decided.
async fn instants(site: &Site) -> Instants {
    let database = site.database().connect().await;
    let rows = database
        .query("SELECT request_id, created_at FROM request", &[])
        .await
        .unwrap();
    let of_row = |row: &tokio_postgres::Row| {
        let id: [u8; 16] = row.get::<_, &[u8]>(0).try_into().unwrap();
        (RequestId(id), Timestamp::from_micros(row.get(1)))
    };
    rows.iter().map(of_row).collect()
}

/// Accounts that are not on file as the rules left them.
async fn other_books(store: &dyn Store, judge: &Judge) -> Vec<String> {
    let rows = judge.rows();
    let mut other = Vec::new();
    for ((member, name), known) in &rows.accounts {
        let wanted = &rows.subjects[&known.holder].positions[&(*member, known.account_no)];
        let found = store.find_position(*member, name).await.unwrap();
        let same = found.as_ref().is_some_and(|stored| {
            let (row, version) = (&stored.row, &stored.row.version);
            let facts = (version.number, version.order, &version.facts, version.received_at);
            let marks = (row.deleted, row.first_received_at, row.last_received_at, row.role);
            let wanted_facts = (
                wanted.version.number,
                wanted.version.order,
                &wanted.version.facts,
                wanted.version.received_at,
            );
            let wanted_marks = (
                wanted.deleted,
                wanted.first_received_at,
                wanted.last_received_at,
                wanted.role,
            );
            (facts, marks, stored.account.versions_made) == (wanted_facts, wanted_marks, known.versions_made)
        });
        if !same {
            other.push(format!("on file: {found:?}; by the rules: {wanted:?}"));
        }
    }
    other
}

/// Members whose evaluations do not add up: one of each token before the load, and what they had during it.
async fn other_counts(site: &Site, evaluated: &BTreeMap<i64, u64>, before: usize) -> Vec<String> {
    let database = site.database().connect().await;
    let sum = "SELECT sum(evaluations)::bigint FROM evaluation_usage WHERE member_no = $1";
    let mut other = Vec::new();
    for (member, during) in evaluated {
        let counted: i64 = database.query_one(sum, &[member]).await.unwrap().get(0);
        let wanted = i64::try_from(*during).unwrap() + i64::try_from(before).unwrap();
        if counted != wanted {
            other.push(format!(
                "member {member} had {wanted} evaluations, {counted} are counted"
            ));
        }
    }
    other
}
