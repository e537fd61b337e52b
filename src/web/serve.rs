//! Serves the pages over connections that are handed over, HTTP/1.1, until told to stop.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use super::site::{Dashboard, Shown, routes};
use crate::domain::names::Fingerprint;

/// How long a request's head may take, and an idle connection stay open.
const HEAD_TIME_MAX: Duration = Duration::from_secs(15);
/// How long a connection stays open whatever it does: nobody keeps a place by reading slowly.
const CONNECTION_TIME_MAX: Duration = Duration::from_mins(10);
/// The most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The most headers of a request.
const HEADERS_MAX: usize = 64;

/// Serves connections, each with the certificate that its handshake verified, until they end or `stop`; requests in work are
/// finished. `secure` says that all of them are over TLS.
pub async fn serve<I>(
    dashboard: Dashboard,
    secure: bool,
    connections: impl Stream<Item = (I, Option<Fingerprint>)>,
    stop: CancellationToken,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = routes(dashboard, secure);
    let tasks = TaskTracker::new();
    let mut connections = std::pin::pin!(connections);
    while let Some((io, certificate)) = stop.run_until_cancelled(connections.next()).await.flatten() {
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Shown(certificate));
            router.clone().call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(io), service);
        let stop = stop.clone();
        tasks.spawn(tokio::time::timeout(CONNECTION_TIME_MAX, async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection of the dashboard broke off");
            }
        }));
    }
    tasks.close();
    tasks.wait().await;
}
