//! Who races: servers as processes, 64 lenders spread over them, and what each of them asks in each race.

use futures::StreamExt as _;
use futures::future::join_all;
use tallystick::domain::date::days_after;
use tallystick::wire::pb;
use tokio::sync::mpsc;
use tonic::{Response, Status};

use crate::checks::ONE_AT_A_TIME;
use crate::harness::Storage;
use crate::proofs::authority::Credentials;
use crate::proofs::people::{Person, consent, today, wire};
use crate::proofs::process::{Service, Site};
use crate::proofs::world::{Actor, enrol, request_id, token_to_wire};

/// How many ask at once.
pub const LENDERS: usize = 64;
/// Lenders whose requests are made at once, and identifiers of one call: so that a slow machine keeps the deadline.
const LENDERS_PREPARED_AT_ONCE: usize = 4;
const IDENTIFIERS_AT_ONCE: usize = 100;

/// What a lender is told, or that it is told nothing.
pub type Answer = Result<pb::CheckAndReserveResponse, Status>;

/// Everything that a race needs.
pub struct Field {
    site: Site,
    services: Vec<Service>,
    servers: usize,
    credentials: Vec<Credentials>,
    /// By race and lender; asked again, a request is the same.
    requests: Vec<Vec<pb::CheckAndReserveRequest>>,
}

impl Field {
    /// Starts servers, enrols lenders and prepares what they ask in so many races.
    pub async fn prepare(storage: Storage, servers: usize, races: u32) -> Self {
        let site = Site::on(storage);
        site.judge_by(ONE_AT_A_TIME);
        site.whisper();
        let mut field = Self {
            services: (0..servers).map(|_| site.start()).collect(),
            site,
            servers,
            credentials: Vec::new(),
            requests: Vec::new(),
        };
        let operator = field
            .site
            .connect(&field.services[0], &field.site.operator, "operator")
            .await;
        for number in 0..LENDERS {
            let name = format!("lender-{number}");
            let credentials = field.site.authority.issue(&name, 2048);
            let group = pb::LenderGroup::OnlineMicroloan;
            enrol(&operator.client, &name, group, pb::Role::Lender, &credentials).await;
            field.credentials.push(credentials);
        }
        // Servers learn of members from the database, each in its own time: those that start now know them all.
        field.services.clear();
        field.restart();
        let lenders = field.connect().await;
        let prepared = lenders.iter().enumerate();
        let prepared = prepared.map(|(number, lender)| applications(lender, races, number % 4 > 1));
        let asked: Vec<_> = futures::stream::iter(prepared)
            .buffered(LENDERS_PREPARED_AT_ONCE)
            .collect()
            .await;
        let mut by_lender: Vec<_> = asked.into_iter().map(Vec::into_iter).collect();
        field.requests = (0..races)
            .map(|_| by_lender.iter_mut().map(|own| own.next().unwrap()).collect())
            .collect();
        field
    }

    pub fn storage(&self) -> &Storage {
        &self.site.storage
    }

    /// Starts what is not running.
    pub fn restart(&mut self) {
        while self.services.len() < self.servers {
            self.services.push(self.site.start());
        }
    }

    /// Connects every lender to one of the servers that run.
    pub async fn connect(&self) -> Vec<Actor> {
        let connecting = self.credentials.iter().enumerate().map(|(number, credentials)| {
            let service = &self.services[number % self.services.len()];
            self.site.connect(service, credentials, "lender")
        });
        join_all(connecting).await
    }

    /// All ask at once.
    pub async fn ask(&self, lenders: &[Actor], race: u32) -> Vec<Answer> {
        join_all(self.asking(lenders, race)).await
    }

    fn asking(
        &self,
        lenders: &[Actor],
        race: u32,
    ) -> impl Iterator<Item = impl Future<Output = Answer> + Send + use<>> {
        let requests = &self.requests[usize::try_from(race).unwrap()];
        lenders.iter().zip(requests).map(asks)
    }

    /// The same, and when so many were answered, a server is killed.
    pub async fn ask_and_kill(&mut self, lenders: &[Actor], race: u32, heard: usize) -> Vec<Answer> {
        let (told, mut hears) = mpsc::channel(LENDERS);
        let asking: Vec<_> = self
            .asking(lenders, race)
            .map(|answer| {
                let told = told.clone();
                tokio::spawn(async move {
                    let answer = answer.await;
                    // Whoever kills does not listen any more.
                    let _ = told.send(()).await;
                    answer
                })
            })
            .collect();
        drop(told);
        for _ in 0..heard {
            hears.recv().await.unwrap();
        }
        self.services.remove(0).kill();
        drop(hears);
        let answers = join_all(asking).await;
        answers.into_iter().map(Result::unwrap).collect()
    }

    /// The one that may lend holds its room, whatever became of the servers.
    pub async fn still_holds(&self, lenders: &[Actor], answers: &[Answer]) {
        for (lender, answer) in lenders.iter().zip(answers) {
            let Some(reservation) = &answer.as_ref().unwrap().reservation else {
                continue;
            };
            let request = pb::GetReservationRequest {
                reservation_id: reservation.reservation_id.clone(),
            };
            let mut exposure = lender.client.exposure();
            let found = exposure.get_reservation(request).await.unwrap().into_inner();
            assert_eq!(found.reservation.as_ref(), Some(reservation));
        }
    }
}

fn asks(
    (lender, request): (&Actor, &pb::CheckAndReserveRequest),
) -> impl Future<Output = Answer> + Send + use<> {
    let (mut exposure, request) = (lender.client.exposure(), request.clone());
    async move {
        exposure
            .check_and_reserve(request)
            .await
            .map(Response::into_inner)
    }
}

/// Whether the answer is yes: then room is held, and else none.
pub fn eligible(answer: &pb::CheckAndReserveResponse) -> bool {
    let eligibility = answer.decision.as_ref().unwrap().eligibility();
    let yes = eligibility == pb::Eligibility::Eligible;
    assert!(yes || eligibility == pb::Eligibility::Ineligible, "{answer:?}");
    assert_eq!(answer.reservation.is_some(), yes);
    yes
}

/// What a lender asks: of somebody new in each race, in every other one of two people together; `turned`: the
/// other way round.
async fn applications(lender: &Actor, races: u32, turned: bool) -> Vec<pb::CheckAndReserveRequest> {
    let people: Vec<Person> = (0..2 * races).map(Person::number).collect();
    let mut identifiers = Vec::new();
    for person in &people {
        identifiers.extend(person.identifiers().into_iter().take(1));
    }
    let mut tokens = Vec::new();
    for some in identifiers.chunks(IDENTIFIERS_AT_ONCE) {
        tokens.extend(lender.tokenise(some).await);
    }
    let mut asked = Vec::new();
    for (race, pair) in (0..races).zip(tokens.chunks(2)) {
        let mut borrowers: Vec<_> = pair.iter().map(token_to_wire).collect();
        borrowers.truncate(if race % 2 == 1 { 2 } else { 1 });
        if turned {
            borrowers.reverse();
        }
        asked.push(application(race, borrowers));
    }
    asked
}

fn application(race: u32, borrowers: Vec<pb::SubjectToken>) -> pb::CheckAndReserveRequest {
    let roles = [pb::LiabilityRole::Primary, pb::LiabilityRole::Joint];
    let liabilities = borrowers
        .into_iter()
        .zip(roles)
        .map(|(token, role)| pb::Liability {
            role: role.into(),
            tokens: vec![token],
        });
    let mut consent = consent(today());
    consent.expires_on = wire(days_after(today(), 3_000));
    pb::CheckAndReserveRequest {
        liabilities: liabilities.collect(),
        consent: Some(consent),
        application_id: format!("race-{race}"),
        product_type: pb::ProductType::CashInstalment.into(),
        currency: "CNY".to_owned(),
        amount: 500_000,
        term_days: 90,
        monthly_payment: 170_000,
        request_id: request_id(),
        purpose: pb::Purpose::NewCredit.into(),
        ..pb::CheckAndReserveRequest::default()
    }
}
