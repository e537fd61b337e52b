//! Every limit of a call: below, at and above it.

use std::time::Duration;

use tallystick::domain::member::Role;
use tallystick::server::Limits;
use tallystick::wire::pb;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt as _;

use crate::harness::{Actor, TestServer, eventually, knock, reason};

const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// A call that stays in work until it is dropped.
struct Held {
    _messages: mpsc::UnboundedSender<pb::ReviewPortfolioRequest>,
    answers: Streaming<pb::ReviewPortfolioResponse>,
}

async fn hold(channel: Channel, timeout: Option<Duration>) -> Result<Held, Status> {
    let mut exposure = pb::exposure_service_client::ExposureServiceClient::new(channel);
    let (messages, stream) = mpsc::unbounded_channel();
    messages.send(pb::ReviewPortfolioRequest::default()).unwrap();
    let mut request = Request::new(UnboundedReceiverStream::new(stream));
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    let mut answers = exposure.review_portfolio(request).await?.into_inner();
    answers.message().await?;
    Ok(Held {
        _messages: messages,
        answers,
    })
}

async fn lender_of(server: &TestServer, name: &str) -> Actor {
    server.enrol(name, &[Role::Lender]).await
}

#[tokio::test]
async fn member_above_its_calls_in_work_is_told_to_wait() {
    let server = TestServer::start_limited(Limits {
        requests_in_flight_per_member_max: 2,
        ..Limits::default()
    })
    .await;
    let (lender, other) = (
        lender_of(&server, "lender-a").await,
        lender_of(&server, "lender-b").await,
    );
    let channel = lender.channel();
    let first = hold(channel.clone(), None).await.unwrap();
    let _second = hold(channel.clone(), None).await.unwrap();
    // A connection of its own does not help.
    let status = knock(lender.channel(), HEALTH).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "MEMBER_BUSY")
    );
    assert!(status.get_error_details().retry_info().is_some());
    knock(other.channel(), HEALTH).await.unwrap();
    drop(first);
    eventually("a place is free", || async {
        knock(channel.clone(), HEALTH).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn service_above_its_calls_in_work_tells_everybody_to_wait() {
    let server = TestServer::start_limited(Limits {
        requests_in_flight_max: 2,
        ..Limits::default()
    })
    .await;
    let (lender, other) = (
        lender_of(&server, "lender-a").await,
        lender_of(&server, "lender-b").await,
    );
    let _first = hold(lender.channel(), None).await.unwrap();
    let second = hold(lender.channel(), None).await.unwrap();
    let status = knock(other.channel(), HEALTH).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "SERVICE_BUSY")
    );
    drop(second);
    eventually("a place is free", || async {
        knock(other.channel(), HEALTH).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn streams_above_the_limit_of_a_connection_wait_for_one_to_end() {
    let server = TestServer::start_limited(Limits {
        streams_per_connection_max: 2,
        ..Limits::default()
    })
    .await;
    let lender = lender_of(&server, "lender-a").await;
    let channel = lender.channel();
    let first = hold(channel.clone(), None).await.unwrap();
    let _second = hold(channel.clone(), None).await.unwrap();
    let mut third = Box::pin(knock(channel.clone(), HEALTH));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), &mut third)
            .await
            .is_err()
    );
    knock(lender.channel(), HEALTH).await.unwrap();
    drop(first);
    third.await.unwrap();
}

#[tokio::test]
async fn messages_are_taken_up_to_their_limit() {
    let limits = Limits {
        message_bytes_max: 65_536,
        ..Limits::default()
    };
    let server = TestServer::start_limited(limits).await;
    let operator = server.operator().client().await;
    // One field of bytes: a tag, three bytes of length, the content.
    for (length, expected) in [
        (65_531, "FORMAT"),
        (65_532, "FORMAT"),
        (65_533, "MESSAGE_TOO_LARGE"),
    ] {
        let request = pb::AddCertificateRequest {
            member_id: String::new(),
            certificate: vec![7; length],
        };
        let status = operator.admin().add_certificate(request).await.unwrap_err();
        let found = reason(&status);
        if expected == "FORMAT" {
            assert_eq!(status.code(), Code::InvalidArgument, "{length}");
        } else {
            assert_eq!(
                (status.code(), found.as_str()),
                (Code::ResourceExhausted, expected),
                "{length}"
            );
            assert!(status.message().contains("65536"), "{}", status.message());
        }
    }
}

#[tokio::test]
async fn headers_above_their_limit_reach_nobody() {
    let server = TestServer::start_limited(Limits {
        header_bytes_max: 4_096,
        ..Limits::default()
    })
    .await;
    let mut tokens = lender_of(&server, "lender-a").await.client().await.tokens();
    for (length, fits) in [(1_000, true), (5_000, false)] {
        let mut request = Request::new(pb::GetTokenKeysRequest {});
        request
            .metadata_mut()
            .insert("x-long", "x".repeat(length).parse().unwrap());
        assert_eq!(tokens.get_token_keys(request).await.is_ok(), fits, "{length}");
    }
}

#[tokio::test]
async fn callers_deadline_ends_an_open_stream() {
    let server = TestServer::start().await;
    let lender = lender_of(&server, "lender-a").await;
    let mut held = hold(lender.channel(), Some(Duration::from_millis(700)))
        .await
        .unwrap();
    let status = held.answers.message().await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
    );
}

#[tokio::test]
async fn services_limit_ends_a_stream_whatever_its_caller_asked() {
    let server = TestServer::start_limited(Limits {
        stream_ms_max: 500,
        ..Limits::default()
    })
    .await;
    let lender = lender_of(&server, "lender-a").await;
    for timeout in [None, Some(Duration::from_hours(1))] {
        let mut held = hold(lender.channel(), timeout).await.unwrap();
        let status = held.answers.message().await.unwrap_err();
        assert_eq!(reason(&status), "DEADLINE_EXCEEDED");
    }
}

#[tokio::test]
async fn unary_call_above_its_time_is_given_up() {
    // A thousand evaluations take far longer than a millisecond.
    let server = TestServer::start_with(|setup| {
        setup.options.limits = Limits {
            request_ms_max: 1,
            ..Limits::default()
        };
    })
    .await;
    let lender = server.enrol_elsewhere("lender-a", &[Role::Lender]).await;
    eventually("the member is seen", || async {
        let answer = knock(lender.channel(), HEALTH).await;
        answer.map_or_else(|status| reason(&status) != "CERTIFICATE_UNKNOWN", |_| true)
    })
    .await;
    let element = curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED
        .0
        .to_vec();
    let request = pb::EvaluateBlindedRequest {
        key_version: 1,
        blinded_elements: vec![element; 1_000],
        r#type: pb::IdentifierType::Mobile.into(),
    };
    let status = lender
        .client()
        .await
        .tokens()
        .evaluate_blinded(request)
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
    );
}
