//! The life of one client: deeds by chance, at either service, some of them sent to both at once or once more later.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tallystick::client::Client;
use tallystick::domain::names::RequestId;
use tallystick::wire::pb;

use super::Member;
use super::client::{Record, Tokens, Told, send, tick};
use super::village::{Deed, Memory, OPERATED, VILLAGES, any_administration, any_deed};
use crate::store::random::Dice;

/// One client's connections to both services, and what became of it.
pub struct Life {
    pub member: i64,
    /// What its member names people by: no other member's tokens name them.
    tokens: Arc<Tokens>,
    services: [Client; 2],
    dice: Dice,
    memory: Memory,
    pub records: Vec<Record>,
    /// Accepted requests, to be repeated.
    done: Vec<(Deed, RequestId, Told)>,
    pub repeated: u64,
    pub evaluated: u64,
    pub faults: Vec<String>,
}

impl Life {
    /// Before its first deed. The seed says what it will do.
    pub fn new(member: &Member, services: [Client; 2], seed: u64) -> Self {
        Self {
            member: member.number,
            tokens: member.tokens.clone(),
            services,
            dice: Dice(seed),
            memory: Memory::new(),
            records: Vec::new(),
            done: Vec::new(),
            repeated: 0,
            evaluated: 0,
            faults: Vec::new(),
        }
    }

    /// Does what lenders do.
    pub async fn lend(mut self, until: Instant) -> Self {
        while Instant::now() < until {
            match self.dice.below(40) {
                0 => self.evaluate().await,
                1..=3 => self.repeat().await,
                kind => {
                    let village = self.any_village();
                    let deed = any_deed(&mut self.dice, village, &self.memory);
                    self.act(village, deed, kind < 7).await;
                }
            }
        }
        self
    }

    /// Does what operators do.
    pub async fn operate(mut self, until: Instant) -> Self {
        let mut pauses = tokio::time::interval(Duration::from_millis(100));
        while Instant::now() < until {
            pauses.tick().await;
            let turn = self.dice.below(u64::try_from(VILLAGES / OPERATED).unwrap());
            let village = usize::try_from(turn).unwrap() * OPERATED + OPERATED - 1;
            let deed = any_administration(&mut self.dice, village);
            let twice = self.dice.one_in(5);
            self.act(village, deed, twice).await;
        }
        self
    }

    /// Some villages are busier than others.
    fn any_village(&mut self) -> usize {
        let all = u64::try_from(VILLAGES).unwrap();
        let end = 1 + self.dice.below(all);
        usize::try_from(self.dice.below(end)).unwrap()
    }

    /// Does a deed at one service, or at both at once.
    pub async fn act(&mut self, village: usize, deed: Deed, twice: bool) {
        let id = self.services[0].request_id();
        let is_review = matches!(deed, Deed::Look { review: true, .. });
        let first = usize::from(self.dice.one_in(2));
        let both = [first, 1 - first];
        let services = &both[..if twice && !is_review { 2 } else { 1 }];
        let sent = services.iter().map(async |service| {
            let begun = tick();
            let told = send(&self.services[*service], &self.tokens, &deed, id).await;
            (begun, told, tick())
        });
        for (begun, told, ended) in join_all(sent).await {
            let told = match told {
                Ok(told) => told,
                Err(fault) => {
                    self.faults.push(format!("{deed:?}: {fault}"));
                    continue;
                }
            };
            self.remember(&deed, id, &told, is_review);
            self.records.push(Record {
                village,
                member: self.member,
                deed: deed.clone(),
                request: (!is_review).then_some(id),
                begun,
                ended,
                told,
            });
        }
    }

    fn remember(&mut self, deed: &Deed, id: RequestId, told: &Told, is_review: bool) {
        if let (Deed::Report(said) | Deed::Correct(said, _), Told::Recorded(version)) = (deed, told) {
            self.memory.insert(said.account.clone(), (said.clone(), *version));
        }
        if !is_review && !told.is_refusal() {
            self.done.push((deed.clone(), id, told.clone()));
        }
    }

    /// Sends an accepted request once more, at either service: the same answer, to the last byte.
    async fn repeat(&mut self) {
        let Some(last) = u64::try_from(self.done.len()).unwrap().checked_sub(1) else {
            return;
        };
        let which = usize::try_from(self.dice.below(last + 1)).unwrap();
        let service = usize::from(self.dice.one_in(2));
        let (deed, id, told) = &self.done[which];
        let again = send(&self.services[service], &self.tokens, deed, *id).await;
        self.repeated += 1;
        if again.as_ref() != Ok(told) {
            self.faults
                .push(format!("{deed:?} was {told:?}, and repeated {again:?}"));
        }
    }

    async fn evaluate(&mut self) {
        let count = 1 + self.dice.below(3);
        let element = curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
        let request = pb::EvaluateBlindedRequest {
            key_version: 1,
            blinded_elements: (0..count).map(|_| element.0.to_vec()).collect(),
            r#type: pb::IdentifierType::Mobile.into(),
        };
        let service = usize::from(self.dice.one_in(2));
        match self.services[service].tokens().evaluate_blinded(request).await {
            Ok(_) => self.evaluated += count,
            Err(status) => self.faults.push(format!("{status:?}")),
        }
    }
}
