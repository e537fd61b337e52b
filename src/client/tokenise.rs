//! From identifiers to tokens: looked up in the member's cache, or blinded here, evaluated there, verified and unblinded
//! here, and kept.
//!
//! Made for slices of some thousands. An identifier that stands in a slice twice is evaluated once. The curve's work is
//! spread over the cores by having several chunks on the way; how many is bounded, and so is the memory. What was
//! evaluated is kept chunk by chunk, so that a refusal in the middle loses nothing that was paid for.

use std::panic::resume_unwind;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::evaluate::{Evaluator, Question, RemoteEvaluator, evaluate_patiently};
use super::{Client, ClientError, ServiceKeys, TokenCache};
use crate::domain::clock::SharedEntropy;
use crate::domain::token::IdentifierType;
use crate::identity::normalise::NormalisedIdentifier;
use crate::identity::oprf::{ELEMENTS_MAX, client};
use crate::identity::token::SubjectToken;

/// Most chunks on the way at once, however many cores there are: the service has other members too.
pub const CHUNKS_IN_FLIGHT_MAX: usize = 16;
/// Smaller chunks are not worth a call; the proof costs as much for a hundred elements as for ten.
const CHUNK_MIN: usize = 128;

/// What making tokens took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Identifiers that stood in the same slice before.
    pub repeated: usize,
    /// Identifiers whose token was in the cache.
    pub hits: usize,
    /// Identifiers that were evaluated, each charged to the quota.
    pub evaluated: usize,
    /// Of those, how many could not be kept in the cache because it failed: they will be evaluated again.
    pub unkept: usize,
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.repeated += more.repeated;
        self.hits += more.hits;
        self.evaluated += more.evaluated;
        self.unkept += more.unkept;
    }
}

/// Tokens in the order of their identifiers, and what they took.
#[derive(Debug, Clone)]
pub struct Tokenised {
    /// One for each identifier.
    pub tokens: Vec<SubjectToken>,
    /// What this slice took.
    pub counts: Counts,
}

/// Makes tokens in bulk.
pub struct Tokeniser<E = RemoteEvaluator> {
    evaluator: E,
    cache: Option<TokenCache>,
    entropy: SharedEntropy,
    keys: Option<ServiceKeys>,
    in_flight: usize,
    totals: Counts,
}

impl<E: Evaluator> Tokeniser<E> {
    /// With a cache, or without: then every slice is evaluated anew.
    pub fn new(evaluator: E, cache: Option<TokenCache>, entropy: SharedEntropy) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            evaluator,
            cache,
            entropy,
            keys: None,
            // Two for each core: while one is at the service the other computes.
            in_flight: (cores * 2).min(CHUNKS_IN_FLIGHT_MAX),
            totals: Counts::default(),
        }
    }

    /// What all slices so far took, those that failed included.
    pub fn totals(&self) -> Counts {
        self.totals
    }

    /// Tokens of identifiers, in their order. Each distinct one that the cache lacks costs one evaluation.
    ///
    /// When this fails, what was evaluated before and beside the failure is in the cache, and the same slice may be given
    /// again. Dropping the future loses the chunks that are on the way.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] when a proof of the service does not hold; [`ClientError::Refused`] with `retry_after`
    /// when the quota is used up; [`ClientError::Cache`] when the cache cannot be read: nothing was evaluated then.
    pub async fn tokenise(&mut self, identifiers: &[NormalisedIdentifier]) -> Result<Tokenised, ClientError> {
        if identifiers.is_empty() {
            return Ok(Tokenised {
                tokens: Vec::new(),
                counts: Counts::default(),
            });
        }
        let mut counts = Counts::default();
        let made = self.make(identifiers, &mut counts).await;
        self.totals.add(counts);
        if made.is_err() {
            // It may be that the keys changed: the next slice asks for them again.
            self.keys = None;
        }
        Ok(Tokenised {
            tokens: made?,
            counts,
        })
    }

    async fn make(
        &mut self,
        identifiers: &[NormalisedIdentifier],
        counts: &mut Counts,
    ) -> Result<Vec<SubjectToken>, ClientError> {
        let keys = self.service_keys().await?;
        let Distinct { identifiers, places } = distinct(identifiers);
        if identifiers
            .iter()
            .any(|one| keys.newest(one.identifier_type()).is_none())
        {
            return Err(ClientError::NoKey);
        }
        counts.repeated = places.len() - identifiers.len();
        let identifiers = Arc::new(identifiers);
        let mut tokens = self.look_up(&identifiers, &keys).await?;
        counts.hits = tokens.iter().flatten().count();
        self.make_missing(&identifiers, &mut tokens, &keys, counts)
            .await?;
        places
            .into_iter()
            .map(|place| tokens.get(place).cloned().flatten())
            .map(|token| token.ok_or(ClientError::Malformed { what: "token" }))
            .collect()
    }

    /// Asked once, and again after a failure.
    async fn service_keys(&mut self) -> Result<ServiceKeys, ClientError> {
        if let Some(keys) = &self.keys {
            return Ok(keys.clone());
        }
        let keys = self.evaluator.service_keys().await?;
        self.keys = Some(keys.clone());
        Ok(keys)
    }

    async fn look_up(
        &self,
        identifiers: &Arc<Vec<NormalisedIdentifier>>,
        keys: &ServiceKeys,
    ) -> Result<Vec<Option<SubjectToken>>, ClientError> {
        let Some(cache) = self.cache.clone() else {
            return Ok(vec![None; identifiers.len()]);
        };
        let (identifiers, keys) = (Arc::clone(identifiers), keys.clone());
        Ok(blocking(move || cache.find(&identifiers, &keys)).await?)
    }

    /// Evaluates what has no token yet, several chunks at a time. After a failure no chunk is begun, and those on the way,
    /// which are paid for, are waited for and kept.
    async fn make_missing(
        &self,
        identifiers: &[NormalisedIdentifier],
        tokens: &mut [Option<SubjectToken>],
        keys: &ServiceKeys,
        counts: &mut Counts,
    ) -> Result<(), ClientError> {
        let mut waiting = self.chunks(identifiers, tokens).into_iter();
        let mut flying = FuturesUnordered::new();
        let mut failure = None;
        loop {
            while failure.is_none() && flying.len() < self.in_flight {
                let Some(places) = waiting.next() else { break };
                let chunk = places
                    .iter()
                    .filter_map(|place| identifiers.get(*place).cloned())
                    .collect();
                flying.push(async { (self.evaluate_and_keep(chunk, keys).await, places) });
            }
            let Some((made, places)) = flying.next().await else {
                break;
            };
            match made {
                Ok((made, is_kept)) => {
                    counts.evaluated += made.len();
                    counts.unkept += if is_kept { 0 } else { made.len() };
                    for (place, token) in places.into_iter().zip(made) {
                        if let Some(slot) = tokens.get_mut(place) {
                            *slot = Some(token);
                        }
                    }
                }
                Err(error) => failure = Some(graver(failure, error)),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// The places that lack a token, in chunks of one type. Small enough that every chunk in flight has one when there
    /// are few, so that all cores work; never larger than the service takes.
    fn chunks(
        &self,
        identifiers: &[NormalisedIdentifier],
        tokens: &[Option<SubjectToken>],
    ) -> Vec<Vec<usize>> {
        let missing: Vec<(usize, IdentifierType)> = identifiers
            .iter()
            .zip(tokens)
            .enumerate()
            .filter(|(_, (_, token))| token.is_none())
            .map(|(place, (identifier, _))| (place, identifier.identifier_type()))
            .collect();
        let size = missing
            .len()
            .div_ceil(self.in_flight)
            .clamp(CHUNK_MIN, ELEMENTS_MAX);
        let mut chunks = Vec::new();
        for identifier_type in IdentifierType::ALL {
            let of_type: Vec<usize> = missing
                .iter()
                .filter(|(_, kind)| *kind == identifier_type)
                .map(|(place, _)| *place)
                .collect();
            chunks.extend(of_type.chunks(size).map(<[usize]>::to_vec));
        }
        chunks
    }

    /// Tokens of 1 to 1,000 identifiers of one type, and whether the cache, if there is one, has them now.
    async fn evaluate_and_keep(
        &self,
        chunk: Vec<NormalisedIdentifier>,
        keys: &ServiceKeys,
    ) -> Result<(Vec<SubjectToken>, bool), ClientError> {
        let entropy = Arc::clone(&self.entropy);
        let (chunk, blinded) = blocking(move || {
            let blinded = client::blind(&chunk, &*entropy);
            (chunk, blinded)
        })
        .await;
        let blinded = blinded?;
        let identifier_type = blinded.identifier_type();
        let (version, key) = keys.newest(identifier_type).ok_or(ClientError::NoKey)?;
        let question = Question {
            identifier_type,
            key_version: version,
            elements: blinded.elements().to_vec(),
        };
        let evaluated = evaluate_patiently(&self.evaluator, &question, &*self.entropy).await?;
        let (cache, keys) = (self.cache.clone(), keys.clone());
        blocking(move || {
            let tokens = client::finish(&blinded, key, version, &evaluated.elements, &evaluated.proof)?;
            let is_kept = cache.is_none_or(|cache| keep(&cache, chunk, &tokens, &keys));
            Ok((tokens, is_kept))
        })
        .await
    }
}

/// Whether tokens are in the cache now. A cache that fails here stops nobody: the tokens are in hand.
fn keep(
    cache: &TokenCache,
    identifiers: Vec<NormalisedIdentifier>,
    tokens: &[SubjectToken],
    keys: &ServiceKeys,
) -> bool {
    let entries: Vec<_> = identifiers.into_iter().zip(tokens.iter().cloned()).collect();
    match cache.keep(&entries, keys) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "tokens could not be kept in the cache and will be evaluated again");
            false
        }
    }
}

/// Which of two failures to tell: a service that cannot be trusted before one that refuses.
fn graver(first: Option<ClientError>, second: ClientError) -> ClientError {
    match (first, second) {
        (None, second) => second,
        (Some(ClientError::Protocol(first)), _) => ClientError::Protocol(first),
        (Some(_), ClientError::Protocol(second)) => ClientError::Protocol(second),
        (Some(first), _) => first,
    }
}

/// A slice without repetitions.
struct Distinct {
    /// Each identifier once, in the order of first appearance.
    identifiers: Vec<NormalisedIdentifier>,
    /// For each place of the slice, where its identifier is among them.
    places: Vec<usize>,
}

/// Finds repetitions by sorting: no hash or copy of an identifier is made for it.
fn distinct(slice: &[NormalisedIdentifier]) -> Distinct {
    fn order(one: &NormalisedIdentifier) -> impl Ord + '_ {
        (one.identifier_type(), one.country(), one.expose_value())
    }
    let mut sorted: Vec<(usize, &NormalisedIdentifier)> = slice.iter().enumerate().collect();
    // Stable: of equal ones the first of the slice comes first.
    sorted.sort_by(|(_, a), (_, b)| order(a).cmp(&order(b)));
    let mut first_of: Vec<usize> = (0..slice.len()).collect();
    for pair in sorted.windows(2) {
        if let [(before, a), (place, b)] = *pair
            && a == b
        {
            first_of[place] = first_of[before];
        }
    }
    let mut identifiers = Vec::new();
    let mut places: Vec<usize> = Vec::with_capacity(slice.len());
    for (place, identifier) in slice.iter().enumerate() {
        if first_of[place] == place {
            places.push(identifiers.len());
            identifiers.push(identifier.clone());
        } else {
            places.push(places[first_of[place]]);
        }
    }
    Distinct { identifiers, places }
}

/// Runs work of milliseconds away from the threads that serve connections.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Not begun because the runtime shuts down, and this future with it.
            Err(_) => std::future::pending().await,
        },
    }
}

impl Client {
    /// A tokeniser of this connection for slices of identifiers, with the member's cache if it has one.
    pub fn tokeniser(&self, cache: Option<TokenCache>) -> Tokeniser {
        let evaluator = RemoteEvaluator::new(self.channel.clone());
        let mut tokeniser = Tokeniser::new(evaluator, cache, Arc::clone(&self.entropy));
        tokeniser.keys.clone_from(&self.keys);
        tokeniser
    }

    /// Tokens of identifiers, in their order. Each distinct one costs one evaluation of the member's quota.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] when the service's proof does not hold: then there are no tokens at all;
    /// [`ClientError::Refused`] when the quota is used up.
    pub async fn tokenise(
        &mut self,
        identifiers: &[NormalisedIdentifier],
    ) -> Result<Vec<SubjectToken>, ClientError> {
        let mut tokeniser = self.tokeniser(None);
        let made = tokeniser.tokenise(identifiers).await;
        self.keys = tokeniser.keys;
        Ok(made?.tokens)
    }
}
