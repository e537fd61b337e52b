//! Without TLS: on a loopback address, for development, and never elsewhere.

use std::net::SocketAddr;

use tallystick::wire::pb;
use tonic::{Code, Request};

use crate::harness::{TestServer, reason};

#[tokio::test]
async fn callers_are_who_they_say_and_nobody_without_a_word() {
    let server = TestServer::start_with(|setup| setup.options.tls = None).await;
    let client = server.operator().client().await;
    let call = async |word: Option<&str>| {
        let mut request = Request::new(pb::ListMembersRequest::default());
        if let Some(word) = word {
            request
                .metadata_mut()
                .insert("x-tallystick-member", word.parse().unwrap());
        }
        client.admin().list_members(request).await
    };
    assert_eq!(
        call(Some("operator")).await.unwrap().into_inner().members.len(),
        1
    );
    for (word, expected) in [
        (None, "CERTIFICATE_MISSING"),
        (Some("nobody"), "CERTIFICATE_UNKNOWN"),
        (Some("No!"), "CERTIFICATE_UNKNOWN"),
    ] {
        let status = call(word).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unauthenticated, expected),
            "{word:?}"
        );
    }
}

#[tokio::test]
async fn word_counts_for_nothing_over_tls() {
    let server = TestServer::start().await;
    let stranger = server.actor(server.ca.client("stranger")).client().await;
    let mut request = Request::new(pb::ListMembersRequest::default());
    request
        .metadata_mut()
        .insert("x-tallystick-member", "operator".parse().unwrap());
    let status = stranger.admin().list_members(request).await.unwrap_err();
    assert_eq!(reason(&status), "CERTIFICATE_UNKNOWN");
}

#[tokio::test]
async fn service_without_tls_refuses_every_other_address() {
    let result = TestServer::try_start_with(|setup| {
        setup.options.tls = None;
        setup.options.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    })
    .await;
    let error = format!("{:#}", result.err().unwrap());
    assert!(
        error.contains("loopback") && error.contains("tallystick certs init"),
        "{error}"
    );
}
