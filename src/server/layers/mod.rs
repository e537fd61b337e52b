//! The gate in front of every service: names the call, knows its caller, asks for its right, bounds it, records it.
//!
//! One layer and one future for all of it, each concern in a file of its own: a layer each would cost more than an empty
//! rpc does. Invariant: a request that reaches a service carries a [`Session`].

mod body;
mod call_id;
mod deadline;
mod in_flight;
mod session;

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::{Either, Ready, ready};
use http::{HeaderMap, Request, Response};
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use self::body::{Answer, Record};
use self::call_id::CallIds;
use self::in_flight::InFlight;
use self::session::Proof;
use super::connection::Peer;
use super::metric::{self, CallMeter};
use super::{Limits, status};
use crate::domain::clock::{Entropy, SharedClock};
use crate::domain::names::MemberId;
use crate::members::{AuthError, Permission, Registry, Shape};

pub use self::call_id::{CallId, HEADER as REQUEST_ID_HEADER};
pub use self::in_flight::Full;
pub use self::session::Session;

/// The metadata in which a caller without TLS names the member it plays. Development only.
pub const MEMBER_HEADER: &str = "x-tallystick-member";

/// Whether callers without a certificate are taken at their word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Certificates alone.
    Certificates,
    /// `x-tallystick-member`, for development on a loopback address.
    Words,
}

/// What all calls share.
pub struct Edge {
    registry: Arc<Registry>,
    clock: SharedClock,
    limits: Limits,
    trust: Trust,
    ids: CallIds,
    in_flight: Arc<InFlight>,
    meter: CallMeter,
}

impl Edge {
    /// The edge in front of a register.
    pub fn new(
        registry: Arc<Registry>,
        clock: SharedClock,
        entropy: &dyn Entropy,
        limits: Limits,
        trust: Trust,
    ) -> Arc<Self> {
        Arc::new(Self {
            registry,
            clock,
            limits,
            trust,
            ids: CallIds::new(entropy),
            in_flight: InFlight::new(
                limits.requests_in_flight_max,
                limits.requests_in_flight_per_member_max,
            ),
            meter: CallMeter::default(),
        })
    }

    /// Lets a call in, or says why not.
    fn admit<B>(self: &Arc<Self>, call: CallId, request: &mut Request<B>) -> Result<Record, Status> {
        let path = request.uri().path();
        let permission = Permission::of(path);
        let proof = self
            .proof(request)
            .map_err(|error| Self::turn_away(call, permission, None, error))?;
        let caller = proof
            .judge(&self.registry)
            .map_err(|error| Self::turn_away(call, permission, Some(&proof), error))?;
        let Some(permission) = permission else {
            metric::refused("RPC_UNKNOWN");
            return Err(status::unknown_rpc(&call));
        };
        if !permission.allows(&caller) {
            return Err(Self::turn_away(
                call,
                Some(permission),
                Some(&proof),
                AuthError::RoleMissing,
            ));
        }
        let place = self.in_flight.enter(caller.member_no()).map_err(|full| {
            metric::refused(match full {
                Full::Service { .. } => "SERVICE_BUSY",
                Full::Member { .. } => "MEMBER_BUSY",
            });
            status::full(&call, full)
        })?;
        let record = Record::new(Arc::clone(self), call, permission, Arc::clone(&caller), place);
        let (registry, clock) = (Arc::clone(&self.registry), Arc::clone(&self.clock));
        request.extensions_mut().insert(Session {
            call,
            proof,
            caller,
            permission,
            registry,
            clock,
        });
        Ok(record)
    }

    fn proof<B>(&self, request: &Request<B>) -> Result<Proof, AuthError> {
        let certificate = request
            .extensions()
            .get::<Peer>()
            .and_then(|peer| peer.certificate);
        match (certificate, self.trust) {
            (Some(fingerprint), Trust::Certificates | Trust::Words) => Ok(Proof::Certificate(fingerprint)),
            (None, Trust::Certificates) => Err(AuthError::CertificateMissing),
            (None, Trust::Words) => {
                let named = request
                    .headers()
                    .get(MEMBER_HEADER)
                    .ok_or(AuthError::CertificateMissing)?;
                let member_id = named.to_str().ok().and_then(MemberId::parse);
                member_id.map(Proof::Word).ok_or(AuthError::CertificateUnknown)
            }
        }
    }

    /// Refuses a caller: the operator sees who and why, the caller what to do.
    fn turn_away(
        call: CallId,
        permission: Option<&Permission>,
        proof: Option<&Proof>,
        error: AuthError,
    ) -> Status {
        metric::refused(error.reason());
        let rpc = permission.map_or("unknown", Permission::path);
        let who = match proof {
            Some(Proof::Certificate(fingerprint)) => format!("certificate {fingerprint}"),
            Some(Proof::Word(member_id)) => format!("member {member_id} by its word"),
            None => "nobody".to_owned(),
        };
        tracing::warn!(request_id = %call, rpc, who, reason = error.reason(), "a call is refused");
        status::unauthorised(&call, error)
    }
}

/// Puts services behind the gate.
#[derive(Clone)]
pub struct GateLayer(Arc<Edge>);

impl GateLayer {
    /// The gate of an edge.
    pub fn new(edge: Arc<Edge>) -> Self {
        Self(edge)
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            inner,
            edge: Arc::clone(&self.0),
        }
    }
}

/// Services behind the gate.
#[derive(Clone)]
pub struct Gate<S> {
    inner: S,
    edge: Arc<Edge>,
}

type Answered = Result<Response<Body>, Infallible>;

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<Ready<Answered>, Pin<Box<dyn Future<Output = Answered> + Send>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let call = self.edge.ids.next();
        match self.edge.admit(call, &mut request) {
            Err(status) => Either::Left(ready(Ok(named(call, status.into_http())))),
            Ok(record) => {
                let allowed =
                    deadline::allowance(request.headers(), record.permission.shape(), &self.edge.limits);
                // Set now, so that ours strikes before the transport's, which knows no reason.
                let deadline = Instant::now() + allowed;
                Either::Right(Box::pin(answer(self.inner.call(request), record, deadline)))
            }
        }
    }
}

async fn answer<F>(work: F, mut record: Record, deadline: Instant) -> Answered
where
    F: Future<Output = Answered> + Send,
{
    let call = record.call;
    let mut response = match timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(_panic)) => status::panicked(&call).into_http(),
        Err(_elapsed) => status::late(&call).into_http(),
    };
    status::dress(
        &call,
        response.headers_mut(),
        record.edge.limits.message_bytes_max,
    );
    record.note(response.headers());
    let timer = match record.permission.shape() {
        Shape::Unary | Shape::Lengthy => None,
        Shape::Streaming => Some(Box::pin(tokio::time::sleep_until(deadline))),
    };
    let response = response.map(|body| Body::new(Answer::new(body, record, timer)));
    Ok(named(call, response))
}

fn named(call: CallId, mut response: Response<Body>) -> Response<Body> {
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(REQUEST_ID_HEADER, call.header());
    response
}

/// A call's id for tests of what carries one.
#[cfg(test)]
pub(super) fn call_ids_for_tests(entropy: &dyn Entropy) -> CallId {
    CallIds::new(entropy).next()
}

#[cfg(test)]
mod tests;
