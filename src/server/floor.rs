//! The floor under the edge, for `tallystick bench`: the transport's own server with the same mutual TLS, no layers, and
//! services that do nothing.
//!
//! `grpc.health.v1.Health/Check` is its empty call; [`EMPTY_STREAM`] sends every empty message back. Serves no data.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::StreamExt as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::transport::server::ServerTlsConfig;
use tonic::transport::{Certificate, Identity};
use tonic::{Request, Response, Status, Streaming};
use tonic_health::server::{HealthReporter, HealthService};
use tonic_prost::ProstCodec;

use super::ServeError;

/// Path of the stream of empty messages.
pub const EMPTY_STREAM: &str = "/tallystick.floor.Empty/Stream";

/// The PEM texts of a mutual TLS server.
pub struct Pem {
    /// The server's chain.
    pub certificate: Vec<u8>,
    /// Its key.
    pub key: Vec<u8>,
    /// Authority of clients.
    pub client_ca: Vec<u8>,
}

crate::redacted_debug!(Pem);

/// Serves the empty services until `stop`.
///
/// # Errors
/// [`ServeError::Transport`].
pub async fn serve(listener: TcpListener, pem: Pem, stop: CancellationToken) -> Result<(), ServeError> {
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(&pem.certificate, &pem.key))
        .client_ca_root(Certificate::from_pem(&pem.client_ca));
    let health = HealthService::from_health_reporter(HealthReporter::new());
    let incoming = TcpListenerStream::new(listener).map(|accepted| {
        accepted.inspect(|io| {
            // As the product does; a socket that cannot be set so still works.
            let _ = io.set_nodelay(true);
        })
    });
    tonic::transport::Server::builder()
        .tls_config(tls)?
        .add_service(tonic_health::pb::health_server::HealthServer::new(health))
        .add_service(Empty)
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await
        .map_err(ServeError::from)
}

type Messages = Pin<Box<dyn futures::Stream<Item = Result<(), Status>> + Send>>;

#[derive(Clone)]
struct Empty;

impl NamedService for Empty {
    const NAME: &'static str = "tallystick.floor.Empty";
}

impl tower::Service<http::Request<Body>> for Empty {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<(), ()>::default());
            Ok(grpc.streaming(Echo, request).await)
        })
    }
}

struct Echo;

impl StreamingService<()> for Echo {
    type Response = ();
    type ResponseStream = Messages;
    type Future = Ready<Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Streaming<()>>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner().boxed())))
    }
}
