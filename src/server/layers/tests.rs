use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use hyper::body::{Body as HttpBody, Bytes, Frame};
use prost::Message as _;
use prost_types::FileDescriptorSet;

use tonic_types::StatusExt as _;
use tower::service_fn;

use super::*;
use crate::domain::clock::SystemClock;
use crate::domain::date::Timestamp;
use crate::domain::member::{Certificate, LenderGroup, Member, MemberState, Role};
use crate::domain::names::{Fingerprint, MemberNo};
use crate::domain::unit::{Accepted, Write};
use crate::identity::entropy::SystemEntropy;
use crate::members::{MemberRegister, PERMISSIONS};
use crate::store::{ApplyError, StoreError};
use crate::wire::pb;

/// Every rpc that is served: its path, and whether it streams.
fn rpcs() -> BTreeMap<String, bool> {
    let sets = [
        pb::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let mut found = BTreeMap::new();
    for file in sets
        .into_iter()
        .flat_map(|set| FileDescriptorSet::decode(set).unwrap().file)
    {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                found.insert(path, method.client_streaming() || method.server_streaming());
            }
        }
    }
    found
}

#[test]
fn every_rpc_of_the_contract_has_its_line_in_the_matrix_and_no_other_has() {
    let rpcs = rpcs();
    let lines: BTreeMap<String, bool> = PERMISSIONS
        .iter()
        .map(|permission| {
            (
                permission.path().to_owned(),
                permission.shape() == Shape::Streaming,
            )
        })
        .collect();
    assert!(rpcs.len() > 35);
    assert_eq!(lines, rpcs);
}

#[test]
fn matrix_is_what_the_operator_was_promised() {
    let promised = |path: &str| -> &[Role] {
        let (service, rpc) = path.trim_start_matches('/').split_once('/').unwrap();
        match (service.rsplit('.').next().unwrap(), rpc) {
            ("TokenService", _) => &[Role::Lender, Role::Operator],
            ("ReportingService", "GetDataQuality") | ("ExposureService", "ListOfflineUses") => {
                &[Role::Lender, Role::Regulator, Role::Operator]
            }
            ("ReportingService" | "ExposureService", _) => &[Role::Lender],
            ("AdminService", "GetConduct") => &[Role::Regulator, Role::Operator],
            ("AdminService", _) | ("StatisticsService", "CreateSnapshot") => &[Role::Operator],
            ("StatisticsService", _) => &[Role::Regulator, Role::Operator],
            ("Health" | "ServerReflection", _) => {
                &[Role::Lender, Role::Regulator, Role::Operator, Role::Collector]
            }
            (service, rpc) => panic!("{service}/{rpc} was promised to nobody"),
        }
    };
    for permission in &PERMISSIONS {
        assert_eq!(
            permission.roles(),
            promised(permission.path()),
            "{}",
            permission.path()
        );
    }
}

/// A register of one lender, by its word or by a certificate of ones.
struct OneLender;

#[async_trait]
impl MemberRegister for OneLender {
    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        let certificate = Certificate {
            fingerprint: Fingerprint([1; 32]),
            not_after: Timestamp::from_micros(i64::MAX),
            revoked_at: None,
        };
        Ok(vec![Member {
            member_no: MemberNo(1),
            member_id: MemberId::parse("lender-a").unwrap(),
            display_name: "Lender".to_owned(),
            lender_group: LenderGroup::Bank,
            roles: vec![Role::Lender],
            state: MemberState::Active,
            certificates: vec![certificate],
            created_at: Timestamp::from_micros(0),
            rule_packs: Vec::new(),
            evaluations_per_day: 0,
        }])
    }

    async fn generation(&self) -> Result<i64, StoreError> {
        Ok(1)
    }

    async fn apply(&self, _write: Write) -> Result<Accepted, ApplyError> {
        Err(StoreError::Unavailable.into())
    }
}

const UNARY: &str = "/tallystick.v1.TokenService/GetTokenKeys";
const STREAMING: &str = "/tallystick.v1.ExposureService/ReviewPortfolio";

async fn edge(limits: Limits) -> Arc<Edge> {
    let clock: SharedClock = Arc::new(SystemClock);
    let registry = Registry::load(Arc::new(OneLender), clock.clone()).await.unwrap();
    Edge::new(registry, clock, &SystemEntropy, limits, Trust::Words)
}

fn request(path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap();
    request
        .headers_mut()
        .insert(MEMBER_HEADER, "lender-a".parse().unwrap());
    request
}

/// Calls a service through the gate; the head and, read to its end, the trailers of the answer.
async fn call<F>(edge: &Arc<Edge>, path: &str, work: impl FnMut(Request<Body>) -> F) -> (HeaderMap, HeaderMap)
where
    F: Future<Output = Answered> + Send + 'static,
{
    let mut gate = GateLayer::new(edge.clone()).layer(service_fn(work));
    let response = gate.call(request(path)).await.unwrap();
    let (head, mut body) = response.into_parts();
    let mut trailers = HeaderMap::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(found) = frame.unwrap().into_trailers() {
            trailers = found;
        }
    }
    (head.headers, trailers)
}

fn reason_in(headers: &HeaderMap) -> String {
    let status = Status::from_header_map(headers).unwrap();
    status.get_error_details().error_info().unwrap().reason.clone()
}

fn nobody_is_in(edge: &Arc<Edge>) -> bool {
    // Every place is free when one member alone may take all of them at once.
    let all = (0..edge.limits.requests_in_flight_per_member_max)
        .map(|_| edge.in_flight.enter(MemberNo(1)))
        .collect::<Result<Vec<_>, _>>();
    all.is_ok()
}

/// A stream that panics when it is asked for more than one message, or never gives a second one.
struct Broken {
    panics: bool,
    given: bool,
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.given {
            self.given = true;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"message")))));
        }
        assert!(!self.panics, "a stream that panics");
        Poll::Pending
    }
}

#[tokio::test]
async fn panics_are_answered_internal_and_give_their_place_back() {
    let edge = edge(Limits {
        requests_in_flight_per_member_max: 1,
        ..Limits::default()
    })
    .await;
    let (head, _) = call(&edge, UNARY, |_| async { panic!("planted") }).await;
    assert_eq!(reason_in(&head), "INTERNAL");
    assert!(head.contains_key(REQUEST_ID_HEADER));
    assert!(nobody_is_in(&edge));
    let (_, trailers) = call(&edge, STREAMING, |_| {
        ready(Ok(Response::new(Body::new(Broken {
            panics: true,
            given: false,
        }))))
    })
    .await;
    assert_eq!(reason_in(&trailers), "INTERNAL");
    assert!(nobody_is_in(&edge));
}

#[tokio::test]
async fn work_above_its_time_is_given_up_and_gives_its_place_back() {
    let limits = Limits {
        requests_in_flight_per_member_max: 1,
        request_ms_max: 5,
        stream_ms_max: 5,
        ..Limits::default()
    };
    let edge = edge(limits).await;
    let (head, _) = call(&edge, UNARY, |_| std::future::pending()).await;
    assert_eq!(reason_in(&head), "DEADLINE_EXCEEDED");
    assert!(nobody_is_in(&edge));
    let (_, trailers) = call(&edge, STREAMING, |_| {
        ready(Ok(Response::new(Body::new(Broken {
            panics: false,
            given: false,
        }))))
    })
    .await;
    assert_eq!(reason_in(&trailers), "DEADLINE_EXCEEDED");
    assert!(nobody_is_in(&edge));
}

#[tokio::test]
async fn service_sees_the_caller_and_the_id_that_the_answer_carries() {
    let edge = edge(Limits::default()).await;
    let (seen, told) = std::sync::mpsc::channel();
    let (head, _) = call(&edge, UNARY, move |request| {
        let session = request.extensions().get::<Session>().unwrap().clone();
        seen.send((
            session.caller().member_id().as_str().to_owned(),
            session.call().to_string(),
        ))
        .unwrap();
        ready(Ok(Response::new(Body::empty())))
    })
    .await;
    let (member, call) = told.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(member, "lender-a");
    assert_eq!(head.get(REQUEST_ID_HEADER).unwrap(), call.as_str());
}
