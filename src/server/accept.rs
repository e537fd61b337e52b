//! Takes connections in: a place for each, a handshake within its time, one slow client never keeping others waiting.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::tls::{Tls, Whose};
use super::{Limits, metric};

/// Connections that wait for the server to take them over: it does so at once.
const READY_MAX: usize = 64;
/// How long to wait when the system has no descriptor left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Connections as they become ready, until `stop`. The listener closes with it.
pub fn connections(
    listener: TcpListener,
    (tls, whose): (Option<Arc<Tls>>, Whose),
    limits: Limits,
    stop: CancellationToken,
) -> ReceiverStream<Result<Connection, Infallible>> {
    let (ready, taken) = mpsc::channel(READY_MAX);
    let places = usize::try_from(limits.connections_max).unwrap_or(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((io, address)) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        let welcome =
                            welcome(io, address, (tls.clone(), whose), limits, place, ready.clone());
                        tokio::spawn(welcome);
                    }
                    Err(_full) => {
                        failed("full");
                        tracing::warn!(
                            connections_max = limits.connections_max,
                            "a connection is closed: too many are open"
                        );
                    }
                },
                Err(error) => pause(&error).await,
            }
        }
    });
    ReceiverStream::new(taken)
}

async fn pause(error: &std::io::Error) {
    match error.kind() {
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused => {}
        _ => {
            tracing::error!(%error, "no connection can be accepted at the moment: raise the limit of open files (`ulimit -n`)");
            tokio::time::sleep(EXHAUSTED_PAUSE).await;
        }
    }
}

async fn welcome(
    io: TcpStream,
    address: SocketAddr,
    (tls, whose): (Option<Arc<Tls>>, Whose),
    limits: Limits,
    place: OwnedSemaphorePermit,
    ready: mpsc::Sender<Result<Connection, Infallible>>,
) {
    // Answers are small and awaited: Nagle's delay would only hold them back.
    let _ = io.set_nodelay(true);
    let connection = match tls {
        None => Connection::plain(io, address, place),
        Some(tls) => {
            let handshake = TlsAcceptor::from(tls.current(whose)).accept(io);
            match tokio::time::timeout(limits.handshake(), handshake).await {
                Ok(Ok(io)) => Connection::secure(io, address, place),
                Ok(Err(error)) => {
                    failed("refused");
                    tracing::info!(peer = %address, %error, "a TLS handshake failed");
                    return;
                }
                Err(_elapsed) => {
                    failed("slow");
                    tracing::info!(peer = %address, limit_ms = limits.handshake_ms_max, "a TLS handshake took too long");
                    return;
                }
            }
        }
    };
    let _ = ready.send(Ok(connection)).await;
}

fn failed(reason: &'static str) {
    counter!(metric::HANDSHAKES_FAILED, "reason" => reason).increment(1);
}
