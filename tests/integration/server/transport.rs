//! What every call has: an id of ours, a reason when it fails, health, reflection, pages for the operator.

use std::str::FromStr as _;

use tallystick::domain::member::Role;
use tallystick::wire::pb;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use crate::harness::{TestServer, knock, logged, metrics, reason};

#[tokio::test]
async fn calls_are_named_by_the_service_and_never_by_the_caller() {
    let server = TestServer::start().await;
    let mut tokens = server
        .enrol("lender-a", &[Role::Lender])
        .await
        .client()
        .await
        .tokens();
    let mut names = Vec::new();
    for _ in 0..2 {
        let mut request = Request::new(pb::GetTokenKeysRequest {});
        request
            .metadata_mut()
            .insert("x-request-id", "mine".parse().unwrap());
        let response = tokens.get_token_keys(request).await.unwrap();
        names.push(
            response
                .metadata()
                .get("x-request-id")
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(
        names
            .iter()
            .all(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
    );
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn refusals_carry_the_id_under_which_the_operator_finds_them() {
    let server = TestServer::start().await;
    let stranger = server.actor(server.ca.client("stranger"));
    let status = knock(stranger.channel(), "/grpc.health.v1.Health/Check")
        .await
        .unwrap_err();
    let id = status
        .get_error_details()
        .request_info()
        .unwrap()
        .request_id
        .clone();
    assert_eq!(status.metadata().get("x-request-id").unwrap(), id.as_str());
    let line = logged()
        .lines()
        .find(|line| line.contains(&id))
        .map(str::to_owned)
        .unwrap();
    assert!(line.contains("CERTIFICATE_UNKNOWN"), "{line}");
    let fingerprint = stranger.credentials.registered().fingerprint.to_string();
    assert!(
        line.contains(&fingerprint),
        "the operator needs it to register the certificate: {line}"
    );
}

#[tokio::test]
async fn unknown_rpcs_and_broken_messages_say_what_is_wrong() {
    let server = TestServer::start().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    for path in ["/tallystick.v1.TokenService/Nothing", "/nobody.Nothing/Nothing"] {
        let status = knock(lender.channel(), path).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unimplemented, "RPC_UNKNOWN"),
            "{path}"
        );
    }
    // A text where the contract has a message: read as what it is not.
    let mut grpc = tonic::client::Grpc::new(lender.channel());
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_str("/tallystick.v1.ReportingService/ReportPosition").unwrap();
    let message = pb::GetMemberRequest {
        member_id: "\u{7}\u{7}\u{7}".to_owned(),
    };
    let codec = ProstCodec::<pb::GetMemberRequest, pb::ReportPositionResponse>::default();
    let answer = grpc.unary(Request::new(message), path, codec).await;
    let status = answer.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "MESSAGE_MALFORMED")
    );
}

#[tokio::test]
async fn health_tells_of_each_service() {
    let server = TestServer::start().await;
    let mut health = HealthClient::new(server.operator().channel());
    let services = [
        "",
        "tallystick.v1.AdminService",
        "tallystick.v1.ExposureService",
        "tallystick.v1.ReportingService",
        "tallystick.v1.TokenService",
    ];
    for service in services {
        let answer = health
            .check(HealthCheckRequest {
                service: service.to_owned(),
            })
            .await
            .unwrap();
        assert_eq!(answer.into_inner().status, 1, "{service}");
    }
    let unknown = health
        .check(HealthCheckRequest {
            service: "nobody".to_owned(),
        })
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn both_reflections_list_the_contract() {
    use tonic_reflection::pb::{v1, v1alpha};
    let server = TestServer::start().await;
    let channel = server.operator().channel();
    let ask = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let answer = client
        .server_reflection_info(tokio_stream::once(ask))
        .await
        .unwrap()
        .into_inner()
        .message()
        .await;
    assert!(format!("{answer:?}").contains("tallystick.v1.ExposureService"));
    let ask = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let answer = client
        .server_reflection_info(tokio_stream::once(ask))
        .await
        .unwrap()
        .into_inner()
        .message()
        .await;
    assert!(format!("{answer:?}").contains("grpc.health.v1.Health"));
}

async fn page(server: &TestServer, path: &str) -> String {
    let mut stream = TcpStream::connect(server.http_address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn pages_tell_life_readiness_and_metrics() {
    let server = TestServer::start().await;
    server
        .operator()
        .client()
        .await
        .admin()
        .list_members(pb::ListMembersRequest::default())
        .await
        .unwrap();
    assert!(page(&server, "/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(page(&server, "/readyz").await.contains("ready"));
    let told = page(&server, "/metrics").await;
    assert!(
        told.contains(
            "tallystick_rpc_duration_seconds_bucket{rpc=\"tallystick.v1.AdminService/ListMembers\""
        )
    );
    assert!(metrics().contains("rpc=\"tallystick.v1.AdminService/ListMembers\",code=\"OK\"}"));
    assert!(page(&server, "/nothing").await.starts_with("HTTP/1.1 404"));
}
