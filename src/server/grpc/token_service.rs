//! TokenService: keys and blinded evaluations. Charged before the work is done, and nothing malformed is charged.

use std::sync::Arc;

use metrics::{counter, gauge};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, async_trait};

use crate::domain::date::Timestamp;
use crate::domain::token::KeyVersion;
use crate::domain::violation::{Code, Violation};
use crate::identity::oprf::SUITE;
use crate::identity::oprf::server::{BlindedBatch, EvaluateError};
use crate::members::Members;
use crate::server::assembly::Rooms;
use crate::server::layers::Session;
use crate::server::metric;
use crate::subjects::Evaluator;
use crate::wire::convert::Collector;
use crate::wire::convert::evaluation::{
    Evaluation, TokenKeyView, evaluated_to_wire, read_evaluation, refuse_element, token_key_to_wire,
};
use crate::wire::pb;
use crate::wire::pb::token_service_server::TokenService;

/// The normalisation rules that clients must apply: those of docs/members.md.
const NORMALISATION_VERSION: u32 = 1;
/// Batches evaluated at once: they are nothing but work for the processor.
const EVALUATING_MAX: usize = 2;
/// Up to this many elements are evaluated in place, in about half a millisecond.
const IN_PLACE_MAX: usize = 8;

pub(super) struct TokenApi {
    members: Arc<Members>,
    evaluator: Arc<Evaluator>,
    turns: Arc<Semaphore>,
}

impl TokenApi {
    pub(super) fn new(rooms: &Rooms) -> Self {
        Self {
            members: Arc::clone(&rooms.members),
            evaluator: Arc::clone(&rooms.evaluator),
            turns: Arc::new(Semaphore::new(EVALUATING_MAX)),
        }
    }

    /// What is wrong with an evaluation that parsed, before it costs anything.
    fn check(&self, asked: &Evaluation) -> Result<BlindedBatch, Vec<Violation>> {
        if !self.evaluator.has_version(asked.key_version) {
            return Err(vec![unknown_version(asked.key_version)]);
        }
        BlindedBatch::parse(&asked.blinded_elements).map_err(|error| violations_of(&error))
    }

    async fn evaluate(
        &self,
        session: &Session,
        asked: &Evaluation,
        batch: BlindedBatch,
    ) -> Result<pb::EvaluateBlindedResponse, Status> {
        let (evaluator, caller) = (Arc::clone(&self.evaluator), session.caller().clone());
        let (version, kind) = (asked.key_version, asked.identifier_type);
        let work = move || evaluator.evaluate(&caller, version, kind, &batch);
        let done = if asked.blinded_elements.len() <= IN_PLACE_MAX {
            work()
        } else {
            let turn = Arc::clone(&self.turns)
                .acquire_owned()
                .await
                .map_err(|error| session.internal(&error))?;
            let task = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                work()
            });
            task.await.map_err(|error| session.internal(&error))?
        };
        let evaluation = done.map_err(|error| session.invalid(violations_of(&error)))?;
        Ok(evaluated_to_wire(&evaluation.elements, &evaluation.proof))
    }
}

fn unknown_version(given: KeyVersion) -> Violation {
    let text = EvaluateError::KeyVersionUnknown { given }.to_string();
    Violation::new(Code::KeyVersionUnknown, "key_version", text)
}

fn violations_of(error: &EvaluateError) -> Vec<Violation> {
    match error {
        EvaluateError::BatchSize { .. } => {
            vec![Violation::new(
                Code::Format,
                "blinded_elements",
                error.to_string(),
            )]
        }
        EvaluateError::Element { index, .. } => {
            let mut out = Collector::default();
            refuse_element(*index, &mut out);
            out.into_violations()
        }
        EvaluateError::KeyVersionUnknown { given } => vec![unknown_version(*given)],
    }
}

#[async_trait]
impl TokenService for TokenApi {
    async fn get_token_keys(
        &self,
        request: Request<pb::GetTokenKeysRequest>,
    ) -> Result<Response<pb::GetTokenKeysResponse>, Status> {
        let session = Session::of(&request)?;
        let keys = self.evaluator.public_keys(session.caller().member_id());
        let views = keys.iter().map(|key| TokenKeyView {
            version: key.key_version,
            identifier_type: key.identifier_type,
            public_key: key.public_key.to_bytes(),
            // No rotation yet: a version is in use since ever and without an end.
            active_from: Timestamp::from_micros(0),
            retired_from: None,
        });
        Ok(Response::new(pb::GetTokenKeysResponse {
            keys: views.map(|view| token_key_to_wire(&view)).collect(),
            suite: SUITE.to_owned(),
            normalisation_version: NORMALISATION_VERSION,
        }))
    }

    async fn evaluate_blinded(
        &self,
        request: Request<pb::EvaluateBlindedRequest>,
    ) -> Result<Response<pb::EvaluateBlindedResponse>, Status> {
        let session = Session::of(&request)?;
        let asked = read_evaluation(request.get_ref()).map_err(|violations| session.invalid(violations))?;
        let batch = self
            .check(&asked)
            .map_err(|violations| session.invalid(violations))?;
        let count = u32::try_from(batch.count()).map_err(|error| session.internal(&error))?;
        let charged = self.members.charge_evaluations(session.caller(), count).await;
        let over_ceiling = charged.map_err(|error| session.unapplied(&error))?;
        counter!(metric::EVALUATIONS).increment(count.into());
        gauge!(metric::CEILING_EXCEEDED).set(if over_ceiling { 1.0 } else { 0.0 });
        if over_ceiling {
            tracing::error!(
                member = %session.caller().member_id(),
                "all members together are above the network's daily ceiling of token evaluations: find out who and why"
            );
        }
        self.evaluate(&session, &asked, batch).await.map(Response::new)
    }
}
