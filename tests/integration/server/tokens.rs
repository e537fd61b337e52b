//! Evaluations over the wire: what is charged, what is refused before it costs anything.

use tallystick::domain::member::Role;
use tallystick::wire::pb;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::harness::{TestServer, reason};

fn element() -> Vec<u8> {
    curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED
        .0
        .to_vec()
}

fn batch(elements: Vec<Vec<u8>>) -> pb::EvaluateBlindedRequest {
    pb::EvaluateBlindedRequest {
        key_version: 1,
        blinded_elements: elements,
        r#type: pb::IdentifierType::Mobile.into(),
    }
}

#[tokio::test]
async fn keys_are_published_for_each_type_and_batches_evaluated_in_order() {
    let server = TestServer::start().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await.client().await;
    let keys = lender
        .tokens()
        .get_token_keys(pb::GetTokenKeysRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (keys.suite.as_str(), keys.normalisation_version, keys.keys.len()),
        ("ristretto255-SHA512", 1, 4)
    );
    for size in [1, 9] {
        let answer = lender
            .tokens()
            .evaluate_blinded(batch(vec![element(); size]))
            .await
            .unwrap()
            .into_inner();
        assert_eq!((answer.evaluated_elements.len(), answer.proof.len()), (size, 64));
        assert!(
            answer
                .evaluated_elements
                .iter()
                .all(|evaluated| *evaluated == answer.evaluated_elements[0])
        );
        assert_ne!(answer.evaluated_elements[0], element());
    }
}

#[tokio::test]
async fn quota_stops_a_member_until_the_next_day_and_nothing_malformed_is_charged() {
    let server = TestServer::start().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await.client().await;
    let malformed = [
        (batch(vec![]), "FIELD_REQUIRED"),
        (batch(vec![vec![0; 32]]), "TOKEN_INVALID"),
        (batch(vec![element(), vec![1; 31]]), "TOKEN_INVALID"),
        (
            pb::EvaluateBlindedRequest {
                key_version: 9,
                ..batch(vec![element()])
            },
            "KEY_VERSION_UNKNOWN",
        ),
        (
            pb::EvaluateBlindedRequest {
                r#type: 0,
                ..batch(vec![element()])
            },
            "FIELD_REQUIRED",
        ),
    ];
    for (request, expected) in malformed {
        let status = lender.tokens().evaluate_blinded(request).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, expected)
        );
    }
    // The harness enrols members with 10,000 a day.
    for _ in 0..10 {
        lender
            .tokens()
            .evaluate_blinded(batch(vec![element(); 1_000]))
            .await
            .unwrap();
    }
    let status = lender
        .tokens()
        .evaluate_blinded(batch(vec![element()]))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "QUOTA_EXCEEDED")
    );
    let delay = status
        .get_error_details()
        .retry_info()
        .and_then(|info| info.retry_delay)
        .unwrap();
    // Noon UTC is eight in the evening in Shanghai: four hours are left of the day.
    assert!(delay.as_secs().abs_diff(4 * 3_600) <= 1, "{delay:?}");
    server.clock.advance_seconds(4 * 3_600 + 1);
    lender
        .tokens()
        .evaluate_blinded(batch(vec![element()]))
        .await
        .unwrap();
}
