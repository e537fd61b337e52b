//! The register is the authority: what it says holds for the next call of an open connection and of an open stream.

use tallystick::domain::member::{MemberState, Role};
use tallystick::domain::names::MemberId;
use tallystick::domain::unit::MemberUpdate;
use tallystick::wire::convert::member::member_update_to_wire;
use tallystick::wire::pb;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;

use crate::harness::{Actor, TestServer, instant, knock, reason};

const KEYS: &str = "/tallystick.v1.TokenService/GetTokenKeys";

async fn revoke(server: &TestServer, name: &str, actor: &Actor) {
    let request = pb::RevokeCertificateRequest {
        member_id: name.to_owned(),
        fingerprint: actor.credentials.registered().fingerprint.0.to_vec(),
    };
    server
        .operator()
        .client()
        .await
        .admin()
        .revoke_certificate(request)
        .await
        .unwrap();
}

async fn set_state(server: &TestServer, name: &str, state: MemberState) {
    let update = MemberUpdate {
        member_id: MemberId::parse(name).unwrap(),
        display_name: None,
        lender_group: None,
        roles: None,
        state: Some(state),
        rule_packs: None,
        evaluations_per_day: None,
    };
    let request = member_update_to_wire(&update);
    server
        .operator()
        .client()
        .await
        .admin()
        .update_member(request)
        .await
        .unwrap();
}

#[tokio::test]
async fn revoked_certificate_is_refused_on_the_next_call_of_its_open_connection() {
    let server = TestServer::start().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let channel = lender.channel();
    knock(channel.clone(), KEYS).await.unwrap();
    revoke(&server, "lender-a", &lender).await;
    let status = knock(channel, KEYS).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "CERTIFICATE_REVOKED")
    );
}

#[tokio::test]
async fn suspended_member_is_refused_until_it_is_resumed() {
    let server = TestServer::start().await;
    let channel = server.enrol("lender-a", &[Role::Lender]).await.channel();
    knock(channel.clone(), KEYS).await.unwrap();
    set_state(&server, "lender-a", MemberState::Suspended).await;
    let status = knock(channel.clone(), KEYS).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "MEMBER_SUSPENDED")
    );
    set_state(&server, "lender-a", MemberState::Active).await;
    knock(channel, KEYS).await.unwrap();
}

#[tokio::test]
async fn open_stream_ends_within_a_few_messages_of_a_revocation() {
    let server = TestServer::start().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let (messages, stream) = mpsc::unbounded_channel();
    let mut exposure = lender.client().await.exposure();
    // Empty messages are refused one by one, which is answer enough here.
    messages.send(pb::ReviewPortfolioRequest::default()).unwrap();
    let answers = exposure
        .review_portfolio(UnboundedReceiverStream::new(stream))
        .await
        .unwrap();
    let mut answers = answers.into_inner();
    assert!(answers.message().await.unwrap().is_some());
    revoke(&server, "lender-a", &lender).await;
    for _ in 0..64 {
        messages.send(pb::ReviewPortfolioRequest::default()).unwrap();
    }
    let mut answered = 0;
    let status = loop {
        match answers.message().await {
            Ok(Some(_)) => answered += 1,
            Ok(None) => panic!("the stream ended as if nothing had happened"),
            Err(status) => break status,
        }
    };
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "CERTIFICATE_REVOKED")
    );
    assert!(answered < 17, "{answered} more messages were answered");
}

#[tokio::test]
async fn certificate_that_expires_while_its_connection_is_open_is_refused() {
    let server = TestServer::start().await;
    let channel = server.enrol("lender-a", &[Role::Lender]).await.channel();
    knock(channel.clone(), KEYS).await.unwrap();
    server.clock.set(instant(2100, 1, 2));
    let status = knock(channel, KEYS).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unauthenticated, "CERTIFICATE_EXPIRED")
    );
}

#[tokio::test]
async fn certificate_of_the_authority_that_nobody_registered_is_refused() {
    let server = TestServer::start().await;
    let stranger = server.actor(server.ca.client("stranger"));
    let status = knock(stranger.channel(), KEYS).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unauthenticated, "CERTIFICATE_UNKNOWN")
    );
    let status = knock(stranger.channel(), "/grpc.health.v1.Health/Check")
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "health is for members too");
}

#[tokio::test]
async fn added_certificate_speaks_at_once() {
    let server = TestServer::start().await;
    server.enrol("lender-a", &[Role::Lender]).await;
    let second = server.actor(server.ca.client("lender-a-2"));
    assert!(knock(second.channel(), KEYS).await.is_err());
    let request = pb::AddCertificateRequest {
        member_id: "lender-a".to_owned(),
        certificate: second.credentials.certificate.clone().into_bytes(),
    };
    server
        .operator()
        .client()
        .await
        .admin()
        .add_certificate(request)
        .await
        .unwrap();
    knock(second.channel(), KEYS).await.unwrap();
}
