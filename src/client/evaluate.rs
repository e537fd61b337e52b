//! The service's part in making tokens, as the client sees it: keys, evaluations, and what is worth asking again.

use std::future::Future;
use std::time::Duration;

use tonic::Code;
use tonic::transport::Channel;

use super::{ClientError, MESSAGE_BYTES_MAX, Refusal, ServiceKeys};
use crate::domain::clock::Entropy;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::normalise::RULES_VERSION;
use crate::identity::oprf::SUITE;
use crate::identity::oprf::algebra::PublicKey;
use crate::identity::token::ELEMENT_BYTES;
use crate::wire::convert::code::{Coded, code_to_wire};
use crate::wire::pb;
use pb::token_service_client::TokenServiceClient;

/// How often one evaluation is asked for before its refusal stands.
pub const ATTEMPTS_MAX: u32 = 5;
/// The pause after the first refusal; doubled after each further one.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// Longest pause. A service that wants a longer one is refused to the caller, who can tell a person.
pub const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Blinded elements of one type for one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The type of all identifiers.
    pub identifier_type: IdentifierType,
    /// The key version to evaluate under.
    pub key_version: KeyVersion,
    /// The elements: they tell nothing about the identifiers.
    pub elements: Vec<[u8; ELEMENT_BYTES]>,
}

/// What came back, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// The evaluated elements, in the order of the question.
    pub elements: Vec<Vec<u8>>,
    /// One proof over all of them.
    pub proof: Vec<u8>,
}

/// Who evaluates: the service, or a test in its place.
pub trait Evaluator: Send + Sync {
    /// The member's public keys of every live version.
    fn service_keys(&self) -> impl Future<Output = Result<ServiceKeys, ClientError>> + Send;

    /// Evaluates under the member's key. What was answered was charged to the quota; what failed may have been.
    fn evaluate(&self, question: &Question) -> impl Future<Output = Result<Evaluated, ClientError>> + Send;

    /// Lets time pass before the same is asked again.
    fn pause(&self, pause: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(pause)
    }
}

/// The service over its connection.
#[derive(Clone)]
pub struct RemoteEvaluator(Channel);

crate::redacted_debug!(RemoteEvaluator);

impl RemoteEvaluator {
    pub(super) fn new(channel: Channel) -> Self {
        Self(channel)
    }

    fn stub(&self) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.0.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

impl Evaluator for RemoteEvaluator {
    async fn service_keys(&self) -> Result<ServiceKeys, ClientError> {
        let response = self.stub().get_token_keys(pb::GetTokenKeysRequest {}).await?;
        keys_from_wire(&response.into_inner())
    }

    async fn evaluate(&self, question: &Question) -> Result<Evaluated, ClientError> {
        let request = pb::EvaluateBlindedRequest {
            key_version: u32::from(question.key_version.0),
            blinded_elements: question.elements.iter().map(|element| element.to_vec()).collect(),
            r#type: code_to_wire(Some(question.identifier_type)),
        };
        let response = self.stub().evaluate_blinded(request).await?.into_inner();
        Ok(Evaluated {
            elements: response.evaluated_elements,
            proof: response.proof,
        })
    }
}

/// Keys that have no end planned: what is made or kept under them is good for more than tonight.
fn keys_from_wire(response: &pb::GetTokenKeysResponse) -> Result<ServiceKeys, ClientError> {
    // Other rules would make other tokens of the same people: nobody would match.
    if response.suite != SUITE || response.normalisation_version != RULES_VERSION {
        return Err(ClientError::Rules {
            suite: response.suite.clone(),
            given: response.normalisation_version,
        });
    }
    response
        .keys
        .iter()
        .filter(|key| key.retired_from.is_none())
        .map(|offered| {
            let malformed = |what| ClientError::Malformed { what };
            let kind = IdentifierType::from_number(offered.r#type).ok_or(malformed("type of a key"))?;
            let version = KeyVersion::of(offered.version).ok_or(malformed("version of a key"))?;
            let key = PublicKey::parse(&offered.public_key).map_err(|_| malformed("public key"))?;
            Ok((kind, version, key))
        })
        .collect()
}

/// Asks until the service answers, refuses for good, or was asked [`ATTEMPTS_MAX`] times.
pub(super) async fn evaluate_patiently(
    evaluator: &impl Evaluator,
    question: &Question,
    entropy: &dyn Entropy,
) -> Result<Evaluated, ClientError> {
    let mut attempt = 1;
    loop {
        let refused = match evaluator.evaluate(question).await {
            Ok(evaluated) => return Ok(evaluated),
            Err(refused) => refused,
        };
        let mut jitter = [0];
        entropy.fill(&mut jitter);
        let ClientError::Refused(refusal) = &refused else {
            return Err(refused);
        };
        let Some(pause) = pause_after(refusal, attempt, jitter[0]) else {
            return Err(refused);
        };
        tracing::info!(attempt, code = ?refusal.code, reason = refusal.reason, "evaluation refused, asked again");
        evaluator.pause(pause).await;
        attempt += 1;
    }
}

/// How long to wait after the `attempt`th refusal; `None` when it stands.
///
/// Half of the pause is fixed and half is chance (`jitter`), so that members whom one failure stopped do not come back
/// in one wave.
fn pause_after(refusal: &Refusal, attempt: u32, jitter: u8) -> Option<Duration> {
    if attempt >= ATTEMPTS_MAX || !is_passing(refusal) {
        return None;
    }
    let whole = PAUSE_FIRST.saturating_mul(1 << (attempt - 1));
    let backoff = whole / 2 + whole / 2 * u32::from(jitter) / u32::from(u8::MAX);
    let pause = backoff.max(refusal.retry_after.unwrap_or_default());
    (pause <= PAUSE_MAX).then_some(pause)
}

/// Whether the same question may be answered in a moment.
fn is_passing(refusal: &Refusal) -> bool {
    match refusal.code {
        Code::Unavailable | Code::Aborted => true,
        // A used-up quota is not busy: it comes back tomorrow.
        Code::ResourceExhausted => matches!(refusal.reason.as_str(), "MEMBER_BUSY" | "SERVICE_BUSY"),
        // The service always gives a reason: without one the connection broke before or while it spoke.
        Code::Unknown | Code::Cancelled => refusal.reason.is_empty(),
        Code::Ok
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss
        | Code::Unauthenticated => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: Code, reason: &str) -> Refusal {
        Refusal {
            reason: reason.to_owned(),
            ..Refusal::of_code(code)
        }
    }

    #[test]
    fn only_what_passes_is_asked_again() {
        for (code, reason, passing) in [
            (Code::Unavailable, "STORE_UNAVAILABLE", true),
            (Code::Unavailable, "", true),
            (Code::Aborted, "STORE_CONFLICT", true),
            (Code::ResourceExhausted, "MEMBER_BUSY", true),
            (Code::ResourceExhausted, "SERVICE_BUSY", true),
            (Code::ResourceExhausted, "QUOTA_EXCEEDED", false),
            (Code::ResourceExhausted, "MESSAGE_TOO_LARGE", false),
            (Code::Unknown, "", true),
            (Code::Cancelled, "", true),
            (Code::Unknown, "SOMETHING", false),
            (Code::FailedPrecondition, "KEY_VERSION_RETIRED", false),
            (Code::Internal, "INTERNAL", false),
            (Code::PermissionDenied, "MEMBER_SUSPENDED", false),
        ] {
            assert_eq!(is_passing(&refusal(code, reason)), passing, "{code:?} {reason}");
        }
    }

    #[test]
    fn pauses_double_with_jitter_and_end() {
        let unavailable = refusal(Code::Unavailable, "");
        let pauses = |jitter| -> Vec<Option<u128>> {
            (1..=ATTEMPTS_MAX)
                .map(|attempt| pause_after(&unavailable, attempt, jitter).map(|pause| pause.as_millis()))
                .collect()
        };
        assert_eq!(pauses(0), [Some(125), Some(250), Some(500), Some(1_000), None]);
        assert_eq!(
            pauses(u8::MAX),
            [Some(250), Some(500), Some(1_000), Some(2_000), None]
        );
    }

    #[test]
    fn the_services_own_pause_is_kept_unless_it_is_too_long() {
        let asks_for = |pause: Duration| {
            let refusal = Refusal {
                retry_after: Some(pause),
                ..refusal(Code::Unavailable, "STORE_UNAVAILABLE")
            };
            pause_after(&refusal, 1, 0)
        };
        let step = Duration::from_millis(1);
        let below = PAUSE_MAX.checked_sub(step).unwrap();
        assert_eq!(asks_for(Duration::from_secs(3)), Some(Duration::from_secs(3)));
        assert_eq!(asks_for(below), Some(below));
        assert_eq!(asks_for(PAUSE_MAX), Some(PAUSE_MAX));
        assert_eq!(asks_for(PAUSE_MAX + step), None);
    }

    #[test]
    fn a_service_of_other_rules_is_not_asked_for_tokens() {
        let good = pb::GetTokenKeysResponse {
            keys: Vec::new(),
            suite: SUITE.to_owned(),
            normalisation_version: RULES_VERSION,
        };
        assert!(keys_from_wire(&good).is_ok());
        for other in [
            pb::GetTokenKeysResponse {
                suite: "P256-SHA256".to_owned(),
                ..good.clone()
            },
            pb::GetTokenKeysResponse {
                normalisation_version: RULES_VERSION + 1,
                ..good
            },
        ] {
            assert!(matches!(keys_from_wire(&other), Err(ClientError::Rules { .. })));
        }
    }
}
