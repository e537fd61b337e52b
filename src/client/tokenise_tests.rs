//! Slices against a service in this process: order, what is evaluated and what is not, refusals in the middle, retries.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tonic::Code;

use super::cache::tests::spoil;
use super::evaluate::ATTEMPTS_MAX;
use super::tokenise::CHUNKS_IN_FLIGHT_MAX;
use super::*;
use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::keys::{SecretSource, TokenKeys};
use crate::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};
use crate::identity::oprf::ELEMENTS_MAX;
use crate::identity::oprf::server::BlindedBatch;
use crate::identity::test_support::TestEntropy;

/// A service in this process, with a quota and with failures to come.
struct Service {
    keys: TokenKeys,
    member: MemberId,
    quota: usize,
    charged: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    /// Refusals given before the next answers, the last first.
    refusals: Mutex<Vec<Refusal>>,
    pauses: Mutex<Vec<Duration>>,
    /// Sizes of the questions that were answered.
    questions: Mutex<Vec<usize>>,
    lies: bool,
}

fn service() -> Service {
    Service {
        keys: TokenKeys::ephemeral(&TestEntropy::new(1)),
        member: MemberId::parse("bank-a").unwrap(),
        quota: usize::MAX,
        charged: AtomicUsize::new(0),
        in_flight: AtomicUsize::new(0),
        most_in_flight: AtomicUsize::new(0),
        refusals: Mutex::new(Vec::new()),
        pauses: Mutex::new(Vec::new()),
        questions: Mutex::new(Vec::new()),
        lies: false,
    }
}

impl Service {
    fn charged(&self) -> usize {
        self.charged.load(Ordering::SeqCst)
    }

    fn tokens(&self, identifiers: &[NormalisedIdentifier]) -> Vec<SubjectToken> {
        self.keys
            .tokens(&self.member, KeyVersion(1), identifiers)
            .unwrap()
    }

    fn charge(&self, elements: usize) -> Result<(), ClientError> {
        let charge = |charged| (charged + elements <= self.quota).then_some(charged + elements);
        let refused = self
            .charged
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, charge)
            .is_err();
        if refused {
            return Err(ClientError::Refused(Box::new(quota_exceeded())));
        }
        Ok(())
    }
}

impl Evaluator for &Service {
    async fn service_keys(&self) -> Result<ServiceKeys, ClientError> {
        let keys = self.keys.public_keys(&self.member).into_iter();
        Ok(keys
            .map(|key| (key.identifier_type, key.key_version, key.public_key))
            .collect())
    }

    async fn evaluate(&self, question: &Question) -> Result<Evaluated, ClientError> {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        // Others may begin before this one ends, as over a network.
        tokio::task::yield_now().await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        if let Some(refusal) = self.refusals.lock().unwrap().pop() {
            return Err(ClientError::Refused(Box::new(refusal)));
        }
        self.charge(question.elements.len())?;
        self.questions.lock().unwrap().push(question.elements.len());
        let batch = BlindedBatch::parse(&question.elements).unwrap();
        let evaluation = self
            .keys
            .evaluate(
                &self.member,
                question.key_version,
                question.identifier_type,
                &batch,
                &TestEntropy::new(5),
            )
            .unwrap();
        let mut elements: Vec<Vec<u8>> = evaluation.elements.iter().map(|one| one.to_vec()).collect();
        if self.lies {
            elements.reverse();
        }
        Ok(Evaluated {
            elements,
            proof: evaluation.proof.to_vec(),
        })
    }

    async fn pause(&self, pause: Duration) {
        self.pauses.lock().unwrap().push(pause);
    }
}

fn quota_exceeded() -> Refusal {
    Refusal {
        reason: "QUOTA_EXCEEDED".to_owned(),
        retry_after: Some(Duration::from_hours(2)),
        ..Refusal::of_code(Code::ResourceExhausted)
    }
}

fn identifiers(numbers: impl IntoIterator<Item = u32>) -> Vec<NormalisedIdentifier> {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
    let given = numbers.into_iter().map(|number| {
        if number % 3 == 0 {
            Identifier::passport(Country::CHINA, format!("E{number:08}"))
        } else {
            Identifier::mobile(format!("+86138{number:08}"))
        }
    });
    given
        .map(|one| one.normalise(&Rules::on(today)).unwrap().identifier)
        .collect()
}

fn entropy() -> SharedEntropy {
    Arc::new(TestEntropy::new(9))
}

fn tokeniser(service: &Service, cache: Option<TokenCache>) -> Tokeniser<&Service> {
    Tokeniser::new(service, cache, entropy())
}

fn cache(home: &TempDir) -> TokenCache {
    let secret = home.path().join("secret/cache.key");
    let key = if secret.exists() {
        CacheKey::read(&SecretSource::File(secret)).unwrap()
    } else {
        CacheKey::create(&secret, &*entropy()).unwrap()
    };
    TokenCache::open(&home.path().join("tokens.cache"), &key, entropy()).unwrap()
}

fn counts(repeated: usize, hits: usize, evaluated: usize) -> Counts {
    Counts {
        repeated,
        hits,
        evaluated,
        unkept: 0,
    }
}

fn refusal(error: ClientError) -> Refusal {
    match error {
        ClientError::Refused(refusal) => *refusal,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn repeated_identifiers_are_evaluated_once_and_tokens_keep_their_order() {
    let service = service();
    let slice = identifiers([5, 3, 5, 1, 9, 3, 5, 2]);
    let made = tokeniser(&service, None).tokenise(&slice).await.unwrap();
    assert!(made.tokens == service.tokens(&slice));
    assert_eq!(made.counts, counts(3, 0, 5));
    assert_eq!(service.charged(), 5);
}

#[tokio::test]
async fn an_empty_slice_asks_nobody() {
    let service = service();
    let made = tokeniser(&service, None).tokenise(&[]).await.unwrap();
    assert!(made.tokens.is_empty());
    assert_eq!((made.counts, service.charged()), (Counts::default(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_cache_has_costs_nothing_even_after_a_restart() {
    let (service, home) = (service(), tempfile::tempdir().unwrap());
    let mut first = tokeniser(&service, Some(cache(&home)));
    first.tokenise(&identifiers(0..40)).await.unwrap();
    let again = first.tokenise(&identifiers(20..60)).await.unwrap();
    assert_eq!(again.counts, counts(0, 20, 20));
    assert_eq!(first.totals(), counts(0, 20, 60));
    drop(first);
    let slice = identifiers((0..60).rev());
    let mut second = tokeniser(&service, Some(cache(&home)));
    let made = second.tokenise(&slice).await.unwrap();
    assert!(made.tokens == service.tokens(&slice));
    assert_eq!((made.counts, service.charged()), (counts(0, 60, 0), 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_go_in_bounded_chunks_of_one_type() {
    let service = service();
    let numbers = 17_000;
    let slice = identifiers(0..numbers);
    let mut tokeniser = tokeniser(&service, None);
    let made = tokeniser.tokenise(&slice).await.unwrap();
    assert_eq!(made.tokens.len(), slice.len());
    for place in [0, 1, 999, 1_000, 16_999] {
        assert!(made.tokens[place] == service.tokens(&slice[place..=place])[0]);
    }
    let questions = service.questions.lock().unwrap();
    assert!(questions.iter().all(|size| (1..=ELEMENTS_MAX).contains(size)));
    assert_eq!(questions.iter().sum::<usize>(), slice.len());
    let most = service.most_in_flight.load(Ordering::SeqCst);
    assert!((1..=CHUNKS_IN_FLIGHT_MAX).contains(&most), "{most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_up_quota_is_told_and_what_was_paid_for_is_not_paid_again() {
    let (mut service, home) = (service(), tempfile::tempdir().unwrap());
    service.quota = 700;
    let slice = identifiers(0..1_500);
    let mut tokeniser = tokeniser(&service, Some(cache(&home)));
    let refused = refusal(tokeniser.tokenise(&slice).await.unwrap_err());
    assert_eq!(refused, quota_exceeded());
    let paid = service.charged();
    assert!(paid > 0, "some chunks fit");
    assert_eq!(tokeniser.totals(), counts(0, 0, paid));
    assert!(service.pauses.lock().unwrap().is_empty(), "it is not asked again");
    drop(tokeniser);

    service.quota = usize::MAX;
    let mut tokeniser = self::tokeniser(&service, Some(cache(&home)));
    let made = tokeniser.tokenise(&slice).await.unwrap();
    assert_eq!(made.counts, counts(0, paid, slice.len() - paid));
    assert_eq!(service.charged(), slice.len());
    assert!(made.tokens == service.tokens(&slice));
}

#[tokio::test]
async fn a_service_that_is_away_for_a_moment_is_asked_again() {
    let service = service();
    let away = || Refusal::of_code(Code::Unavailable);
    *service.refusals.lock().unwrap() = vec![away(), away()];
    let slice = identifiers([1, 2]);
    let made = tokeniser(&service, None).tokenise(&slice).await.unwrap();
    assert!(made.tokens == service.tokens(&slice));
    assert_eq!(service.pauses.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_service_that_stays_away_is_told_after_the_last_attempt() {
    let service = service();
    let attempts = usize::try_from(ATTEMPTS_MAX).unwrap();
    *service.refusals.lock().unwrap() = vec![Refusal::of_code(Code::Unavailable); attempts];
    let error = tokeniser(&service, None)
        .tokenise(&identifiers([1]))
        .await
        .unwrap_err();
    assert_eq!(refusal(error).code, Code::Unavailable);
    assert_eq!(service.pauses.lock().unwrap().len(), attempts - 1);
    assert_eq!(service.charged(), 0);
    // One refusal less than attempts: the last attempt succeeds.
    *service.refusals.lock().unwrap() = vec![Refusal::of_code(Code::Unavailable); attempts - 1];
    tokeniser(&service, None)
        .tokenise(&identifiers([1]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_lie_gives_no_token_and_nothing_to_the_cache() {
    let (mut service, home) = (service(), tempfile::tempdir().unwrap());
    service.lies = true;
    let slice = identifiers([1, 2, 4]);
    let mut tokeniser = tokeniser(&service, Some(cache(&home)));
    let error = tokeniser.tokenise(&slice).await.unwrap_err();
    assert!(matches!(error, ClientError::Protocol(_)), "{error}");
    assert_eq!(tokeniser.totals(), Counts::default());
    let keys = (&service).service_keys().await.unwrap();
    drop(tokeniser);
    assert!(
        cache(&home)
            .find(&slice, &keys)
            .unwrap()
            .iter()
            .all(Option::is_none)
    );
}

#[tokio::test]
async fn a_type_without_a_key_is_refused_before_anything_is_paid() {
    struct MobilesOnly<'a>(&'a Service);
    impl Evaluator for MobilesOnly<'_> {
        async fn service_keys(&self) -> Result<ServiceKeys, ClientError> {
            let keys = self.0.keys.public_keys(&self.0.member).into_iter();
            Ok(keys
                .filter(|key| key.identifier_type == IdentifierType::Mobile)
                .map(|key| (key.identifier_type, key.key_version, key.public_key))
                .collect())
        }

        async fn evaluate(&self, question: &Question) -> Result<Evaluated, ClientError> {
            self.0.evaluate(question).await
        }
    }
    let service = service();
    let mut tokeniser = Tokeniser::new(MobilesOnly(&service), None, entropy());
    let error = tokeniser.tokenise(&identifiers([1, 2, 3])).await.unwrap_err();
    assert!(matches!(error, ClientError::NoKey), "{error}");
    assert_eq!(service.charged(), 0);
    tokeniser.tokenise(&identifiers([1, 2])).await.unwrap();
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_stops_nobody_and_one_that_cannot_be_read_is_told() {
    let (service, home) = (service(), tempfile::tempdir().unwrap());
    let path = home.path().join("tokens.cache");
    cache(&home);
    spoil(
        &path,
        "DROP TABLE entry; CREATE VIEW entry AS SELECT 1 AS place, x'' AS sealed WHERE 0",
    );
    let mut tokeniser = tokeniser(&service, Some(cache(&home)));
    let error = tokeniser.tokenise(&identifiers([1])).await.unwrap_err();
    assert!(matches!(error, ClientError::Cache(_)), "{error}");
    assert_eq!(service.charged(), 0, "it is told before anything is paid");
    drop(tokeniser);

    // A check that nothing passes: entries are looked up, and none can be kept.
    spoil(
        &path,
        "DROP VIEW entry; CREATE TABLE entry (place INTEGER PRIMARY KEY, sealed BLOB CHECK (0))",
    );
    let mut tokeniser = self::tokeniser(&service, Some(cache(&home)));
    let slice = identifiers([1, 2]);
    let made = tokeniser.tokenise(&slice).await.unwrap();
    assert!(made.tokens == service.tokens(&slice));
    assert_eq!((made.counts.evaluated, made.counts.unkept), (2, 2));
}
