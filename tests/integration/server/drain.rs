//! Stopping: no new calls, those in work are finished, but not for ever.

use std::time::{Duration, Instant};

use tallystick::domain::member::Role;
use tallystick::server::Limits;
use tallystick::wire::pb;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::harness::{TestServer, eventually};

#[tokio::test]
async fn call_in_work_is_finished_and_new_connections_are_refused() {
    let server = TestServer::start_limited(Limits {
        drain_ms_max: 60_000,
        ..Limits::default()
    })
    .await;
    let mut exposure = server
        .enrol("lender-a", &[Role::Lender])
        .await
        .client()
        .await
        .exposure();
    let (messages, stream) = mpsc::unbounded_channel();
    messages.send(pb::ReviewPortfolioRequest::default()).unwrap();
    let mut answers = exposure
        .review_portfolio(UnboundedReceiverStream::new(stream))
        .await
        .unwrap()
        .into_inner();
    answers.message().await.unwrap();
    let address = server.address();
    server.ask_to_stop();
    eventually("nobody listens any more", || async {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    messages.send(pb::ReviewPortfolioRequest::default()).unwrap();
    assert!(
        answers.message().await.unwrap().is_some(),
        "the open call still works"
    );
    drop(messages);
    assert!(answers.message().await.unwrap().is_none(), "and ends in peace");
    drop((answers, exposure));
    let (ended, _folder) = tokio::time::timeout(Duration::from_secs(30), server.ended())
        .await
        .unwrap();
    ended.unwrap();
}

#[tokio::test]
async fn call_that_never_ends_does_not_keep_the_service_from_stopping() {
    let server = TestServer::start_limited(Limits {
        drain_ms_max: 300,
        ..Limits::default()
    })
    .await;
    let mut exposure = server
        .enrol("lender-a", &[Role::Lender])
        .await
        .client()
        .await
        .exposure();
    let (_messages, stream) = mpsc::unbounded_channel::<pb::ReviewPortfolioRequest>();
    let _answers = exposure
        .review_portfolio(UnboundedReceiverStream::new(stream))
        .await
        .unwrap()
        .into_inner();
    let began = Instant::now();
    server.ask_to_stop();
    let (ended, _folder) = tokio::time::timeout(Duration::from_secs(30), server.ended())
        .await
        .unwrap();
    ended.unwrap();
    assert!(
        began.elapsed() >= Duration::from_millis(300),
        "it was given its time"
    );
}
