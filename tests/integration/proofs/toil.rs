//! A market at work while something is destroyed under it, and the account that is taken of it afterwards: everything
//! that was acknowledged is there, nothing is there by half, and the audit log knows of every unit of work exactly once.
//!
//! Each lender has several lines of work, each with accounts of its own, and remembers what it sent and what it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::future::join_all;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tallystick::audit::{CheckpointKey, Origin};
use tallystick::client::Refusal;
use tallystick::domain::clock::{Clock, Entropy as _, SystemClock};
use tallystick::domain::date::{BusinessZone, Timestamp};
use tallystick::identity::entropy::SystemEntropy;
use tallystick::identity::keys::{self, Halves, KeyCommands};
use tallystick::ledger::{self, Sequencer, SequencerOptions};
use tallystick::store::audit_log::LeaseHolder;
use tallystick::store::{Holdings, Store};
use tallystick::wire::pb;

use super::authority::Credentials;
use super::people::{Person, loan, owing};
use super::process::{Service, Site};
use super::world::{Actor, enrol, question, request_id};

/// Lenders that work at once.
const LENDERS: usize = 3;
/// Calls that each of them has in work.
const CALLS_IN_WORK: usize = 4;
/// Accounts of each call's line of work.
const ACCOUNTS: u64 = 6;
/// Borrowers.
const PEOPLE: u32 = 8;

pub type Tokens = Vec<Vec<pb::SubjectToken>>;

/// One account as its lender knows it: the sequence that was acknowledged, and the one that was sent.
#[derive(Default, Clone)]
struct Account {
    acknowledged: u64,
    sent: u64,
    last: Option<(pb::ReportPositionRequest, pb::ReportPositionResponse)>,
}

/// A call that was made and not answered: whether it was done, nobody knows.
#[derive(Clone)]
pub enum Task {
    /// The next report of an account.
    Report(Box<pb::ReportPositionRequest>),
    /// An inquiry.
    Query(Box<pb::QueryExposureRequest>),
}

/// What one line of work knows.
#[derive(Default)]
pub struct Line {
    accounts: BTreeMap<String, Account>,
    answers: Vec<(pb::QueryExposureRequest, pb::ExposureAnswer)>,
    queries_sent: u64,
    queries_acknowledged: u64,
}

/// The report of a sequence: each says another amount, about two people.
fn report(account_ref: &str, sequence: u64, tokens: &Tokens, of: usize) -> pb::ReportPositionRequest {
    let day = BusinessZone::default().date_of(SystemClock.now());
    let amount = 100_000 + i64::try_from(sequence).expect("small");
    let mut position = owing(loan(account_ref, tokens[of].clone(), day), amount);
    position.liabilities.push(pb::Liability {
        role: pb::LiabilityRole::Joint.into(),
        tokens: tokens[(of + 1) % tokens.len()].clone(),
    });
    position.sequence = sequence;
    pb::ReportPositionRequest {
        position: Some(position),
        event: pb::EventType::Payment.into(),
        request_id: request_id(),
    }
}

/// A line of work and all that it works with.
pub struct Worker {
    actor: Actor,
    line: Arc<Mutex<Line>>,
    name: String,
    tokens: Arc<Tokens>,
    random: ChaCha8Rng,
}

impl Worker {
    /// The next thing to do, which is noted as sent.
    pub fn next(&mut self) -> Task {
        let random = &mut self.random;
        let mut line = self.line.lock().expect("nobody panics");
        if random.random_range(0..3) == 0 {
            let person = random.random_range(0..self.tokens.len());
            line.queries_sent += 1;
            let request = question(self.tokens[person].clone(), pb::Purpose::NewCredit);
            return Task::Query(Box::new(request));
        }
        let number = random.random_range(0..ACCOUNTS);
        let account_ref = format!("{}-{number}", self.name);
        let account = line.accounts.entry(account_ref.clone()).or_default();
        account.sent = account.acknowledged + 1;
        let of = usize::try_from(number).expect("small");
        Task::Report(Box::new(report(&account_ref, account.sent, &self.tokens, of)))
    }

    /// Does it, or learns that it was done before; notes what was acknowledged.
    pub async fn attempt(&self, task: &Task) -> Result<(), Refusal> {
        match task {
            Task::Query(request) => {
                let answer = self.actor.try_ask(request.as_ref().clone()).await?;
                let mut line = self.line.lock().expect("nobody panics");
                line.queries_acknowledged += 1;
                line.answers.push((request.as_ref().clone(), answer));
            }
            Task::Report(request) => {
                let mut reporting = self.actor.client.reporting();
                let answered = reporting.report_position(request.as_ref().clone()).await;
                let response = answered.map_err(Refusal::from)?.into_inner();
                let position = request.position.as_ref().expect("it has one");
                let mut line = self.line.lock().expect("nobody panics");
                let account = line.accounts.get_mut(&position.account_ref);
                let account = account.expect("it was noted when it was sent");
                account.acknowledged = account.sent;
                account.last = Some((request.as_ref().clone(), response));
            }
        }
        Ok(())
    }

    /// Reads something of its own.
    pub async fn look_up(&self) -> Result<(), Refusal> {
        let mut reporting = self.actor.client.reporting();
        let listed = reporting
            .list_positions(pb::ListPositionsRequest::default())
            .await;
        listed.map(drop).map_err(Refusal::from)
    }
}

/// A worker for each line of work, on the connections of their lenders.
pub fn workers(actors: &[Actor], lenders: &[Lender], random: &mut ChaCha8Rng) -> Vec<Worker> {
    let mut workers = Vec::new();
    for (actor, lender) in actors.iter().zip(lenders) {
        for (number, line) in lender.lines.iter().enumerate() {
            let actor = Actor {
                member_id: lender.name.clone(),
                client: actor.client.clone(),
            };
            workers.push(Worker {
                actor,
                line: line.clone(),
                name: format!("K-{number}"),
                tokens: lender.tokens.clone(),
                random: ChaCha8Rng::seed_from_u64(random.random()),
            });
        }
    }
    workers
}

/// Holds what the service says now against what its lender knows, and goes on from there.
async fn check(actor: &Actor, line: &Mutex<Line>, tokens: &Tokens) {
    let (accounts, answers) = {
        let mut line = line.lock().expect("nobody panics");
        (line.accounts.clone(), std::mem::take(&mut line.answers))
    };
    for (request, answer) in answers {
        let again = actor.try_ask(request).await.expect("a replay is answered");
        assert_eq!(again, answer, "an acknowledged inquiry is lost");
    }
    for (account_ref, mut account) in accounts {
        let found = actor
            .client
            .reporting()
            .get_position(pb::GetPositionRequest {
                account_ref: account_ref.clone(),
            })
            .await;
        let on_file = match found {
            Ok(response) => {
                let response = response.into_inner();
                let position = response.position.expect("a position");
                let of: usize = account_ref
                    .rsplit('-')
                    .next()
                    .and_then(|tail| tail.parse().ok())
                    .expect("numbered");
                let sent = report(&account_ref, position.sequence, tokens, of).position;
                // The day may have changed since it was reported.
                let expected = pb::Position {
                    opened_on: position.opened_on,
                    matures_on: position.matures_on,
                    next_due_on: position.next_due_on,
                    as_of: position.as_of,
                    ..sent.expect("a position")
                };
                assert_eq!(position, expected, "{account_ref} is on file by half");
                assert_eq!(response.version, position.sequence, "{account_ref}");
                versions(actor, &account_ref, response.version).await;
                position.sequence
            }
            Err(status) => {
                assert_eq!(Refusal::from(status).reason, "ACCOUNT_UNKNOWN");
                0
            }
        };
        assert!(
            on_file == account.acknowledged || on_file == account.sent,
            "{account_ref}: {on_file} on file, {} acknowledged, {} sent",
            account.acknowledged,
            account.sent
        );
        if let Some((request, response)) = &account.last {
            let again = actor.client.reporting().report_position(request.clone()).await;
            assert_eq!(&again.expect("a replay is answered").into_inner(), response);
        }
        account.acknowledged = on_file;
        account.sent = on_file;
        line.lock()
            .expect("nobody panics")
            .accounts
            .insert(account_ref, account);
    }
}

/// Every version is there, each once.
async fn versions(actor: &Actor, account_ref: &str, version: u64) {
    let listed = actor
        .client
        .reporting()
        .list_position_versions(pb::ListPositionVersionsRequest {
            account_ref: account_ref.to_owned(),
            page_size: 1_000,
            ..pb::ListPositionVersionsRequest::default()
        })
        .await
        .expect("an account that is there has versions");
    let listed: Vec<(u64, u64)> = listed
        .into_inner()
        .versions
        .iter()
        .map(|version| (version.version, version.sequence))
        .collect();
    let expected: Vec<(u64, u64)> = (1..=version).rev().map(|version| (version, version)).collect();
    assert_eq!(listed, expected, "{account_ref}");
}

/// A lender with its tokens and its lines of work.
pub struct Lender {
    name: String,
    credentials: Credentials,
    tokens: Arc<Tokens>,
    lines: Vec<Arc<Mutex<Line>>>,
}

/// Enrols everybody at a site, whose service has stopped again afterwards. What is on file then.
pub async fn enrolled(site: &Site) -> (Vec<Lender>, Holdings) {
    let service = site.start();
    let operator = site.connect(&service, &site.operator, "operator").await;
    let mut lenders = Vec::new();
    for number in 0..LENDERS {
        let name = format!("bank-{number}");
        let credentials = site.authority.issue(&name, 2048);
        enrol(
            &operator.client,
            &name,
            pb::LenderGroup::Bank,
            pb::Role::Lender,
            &credentials,
        )
        .await;
        let actor = site.connect(&service, &credentials, &name).await;
        let mut tokens = Vec::new();
        for number in 0..PEOPLE {
            let mut person = actor.tokens(&Person::number(number)).await;
            for token in &mut person {
                token.verified_on = None;
            }
            tokens.push(person);
        }
        lenders.push(Lender {
            name,
            credentials,
            tokens: Arc::new(tokens),
            lines: (0..CALLS_IN_WORK).map(|_| Arc::default()).collect(),
        });
    }
    service.stop();
    let holdings = site.store().await.holdings().await;
    (lenders, holdings.expect("it can be read"))
}

/// Connects everybody and holds the service against what they know.
pub async fn check_all(site: &Site, service: &Service, lenders: &[Lender]) -> Vec<Actor> {
    join_all(lenders.iter().map(async |lender| {
        let actor = site.connect(service, &lender.credentials, &lender.name).await;
        join_all(
            lender
                .lines
                .iter()
                .map(|line| check(&actor, line, &lender.tokens)),
        )
        .await;
        actor
    }))
    .await
}

/// Randomness whose seed is told.
pub fn seeded() -> ChaCha8Rng {
    let mut seed = [0; 8];
    SystemEntropy.fill(&mut seed);
    let seed = u64::from_le_bytes(seed);
    println!("seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

/// When all services have ended: every unit of work that was acknowledged is counted once, and the whole log is verified.
/// `before` is what was on file when only the members were.
pub async fn settle(site: &Site, lenders: &[Lender], before: &Holdings) {
    let store = site.store().await;
    let holdings = store.holdings().await.expect("it can be read");
    let lines = lenders
        .iter()
        .flat_map(|lender| &lender.lines)
        .map(|line| line.lock().expect("nobody panics"));
    let (mut reports, mut acknowledged, mut sent) = (0, 0, 0);
    for line in lines {
        reports += line
            .accounts
            .values()
            .map(|account| account.acknowledged)
            .sum::<u64>();
        acknowledged += line.queries_acknowledged;
        sent += line.queries_sent;
    }
    println!(
        "{reports} reports, {acknowledged} of {sent} inquiries acknowledged, {} on file",
        holdings.inquiries
    );
    assert!(
        (acknowledged..=sent).contains(&holdings.inquiries),
        "{acknowledged} {} {sent}",
        holdings.inquiries
    );
    assert_eq!(
        entries(&holdings),
        entries(before) + reports + holdings.inquiries,
        "one audit entry a unit of work"
    );
    audit(site, store).await;
}

fn entries(holdings: &Holdings) -> u64 {
    holdings.audit_leaves + holdings.audit_waiting
}

/// The system's time a day on: no lease of a killed process lasts so long.
struct Tomorrow;

impl Clock for Tomorrow {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(86_400)
    }
}

/// Sequences what the killed services left waiting, and verifies the whole log.
async fn audit(site: &Site, store: Arc<dyn Store>) {
    let keys = keys::open(
        &site.data(),
        Halves::Ledger,
        &KeyCommands::default(),
        false,
        &SystemEntropy,
    );
    let keys = keys
        .expect("the keys are there")
        .ledger
        .expect("the ledger half was asked for");
    let origin = Origin::parse("tallystick.example/log").expect("the default name of a log");
    let key = || CheckpointKey::from_seed(origin.clone(), keys.checkpoint_seed());
    let holder = LeaseHolder([9; 16]);
    let sequencer = Sequencer::new(
        store.clone(),
        key(),
        Arc::new(Tomorrow),
        holder,
        SequencerOptions::default(),
    );
    sequencer.sequence_waiting().await.expect("the log goes on");
    let report = ledger::verify(&*store, key().verifier(), &[], |_, _| {})
        .await
        .expect("it can be read");
    assert!(report.is_sound(), "{:?}", report.differences);
    let holdings = store.holdings().await.expect("it can be read");
    assert_eq!(
        (holdings.audit_waiting, report.leaves),
        (0, holdings.audit_leaves)
    );
    assert_eq!(report.openings, report.leaves);
}
