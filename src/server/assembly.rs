//! Puts the service together and runs it: ports bound first, then served until told to stop, then drained.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::IntervalStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::server::Connected as _;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::grpc;
use super::http::{self, RenderMetrics};
use super::layers::{Edge, GateLayer, Trust};
use super::tls::{Tls, TlsError, TlsFiles, Whose};
use super::{Limits, Market, accept};
use crate::domain::clock::{SharedClock, SharedEntropy};
use crate::exposure::Exposure;
use crate::members::Members;
use crate::reporting::Reporting;
use crate::statistics::Window;
use crate::store::Store;
use crate::subjects::Evaluator;
use crate::web::{self, Dashboard};

/// How the service is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address of the gRPC service; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address of metrics and health; port 0 takes a free one.
    pub http_listen: SocketAddr,
    /// The dashboard; `None`: there is none.
    pub web: Option<WebOptions>,
    /// Certificates; `None` serves without TLS, on a loopback address only.
    pub tls: Option<TlsFiles>,
    /// Limits of the edge.
    pub limits: Limits,
    /// Time between looks at the TLS files.
    pub tls_reload_interval: Duration,
    /// Time between looks at the register's generation: other servers' changes are seen within it.
    pub registry_interval: Duration,
}

/// How the dashboard is to be run.
#[derive(Debug, Clone, Copy)]
pub struct WebOptions {
    /// Its address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Open connections, those in their handshake included.
    pub connections_max: u32,
    /// Without TLS though the service has it, on a loopback address only: for a demonstration, whose authority no browser
    /// knows.
    pub is_plain: bool,
}

/// The rooms behind the edge.
pub struct Rooms {
    /// The market's database, for readiness.
    pub store: Arc<dyn Store>,
    /// Members, and who calls.
    pub members: Arc<Members>,
    /// The token side.
    pub evaluator: Arc<Evaluator>,
    /// Positions.
    pub reporting: Reporting,
    /// Answers.
    pub exposure: Exposure,
    /// Statistics.
    pub window: Window,
    /// What requests are read against.
    pub market: Arc<Market>,
    /// Time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// Writes the metrics.
    pub metrics: RenderMetrics,
}

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A port.
    #[error(
        "{address} cannot be listened on ({reason}): stop what uses it, or choose another with `{flag} ADDRESS`"
    )]
    Port {
        /// The address.
        address: SocketAddr,
        /// The flag that chooses it.
        flag: &'static str,
        /// The system's word for it.
        reason: std::io::Error,
    },
    /// Without TLS for the world.
    #[error(
        "without TLS the service listens on a loopback address only, not on {address}: run `tallystick certs init certs`"
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// Reflection.
    #[error("the contract's descriptors cannot be served: the program was built wrongly")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport.
    #[error("the transport failed")]
    Transport(#[from] tonic::transport::Error),
    /// The HTTP port.
    #[error("metrics and health failed")]
    Http(#[source] std::io::Error),
}

/// The service with its ports bound.
pub struct Server {
    options: Options,
    rooms: Rooms,
    dashboard: Dashboard,
    tls: Option<Arc<Tls>>,
    grpc: TcpListener,
    http: TcpListener,
    web: Option<TcpListener>,
    address: SocketAddr,
    http_address: SocketAddr,
    web_address: Option<SocketAddr>,
}

impl Server {
    /// Reads the certificates and binds the ports. Nothing is served yet.
    pub async fn bind(options: Options, rooms: Rooms, dashboard: Dashboard) -> Result<Self, ServeError> {
        let plain_web = options
            .web
            .filter(|web| web.is_plain || options.tls.is_none())
            .map(|web| web.listen);
        let plain_grpc = options.tls.is_none().then_some(options.listen);
        let mut plain = plain_grpc.into_iter().chain(plain_web);
        if let Some(address) = plain.find(|address| !address.ip().is_loopback()) {
            return Err(ServeError::NotLoopback { address });
        }
        let tls = options.tls.clone().map(Tls::load).transpose()?;
        let (grpc, address) = listen(options.listen, "--listen").await?;
        let (http, http_address) = listen(options.http_listen, "--http").await?;
        let (web, web_address) = match options.web {
            Some(web) => listen(web.listen, "--web")
                .await
                .map(|(web, bound)| (Some(web), Some(bound)))?,
            None => (None, None),
        };
        Ok(Self {
            options,
            rooms,
            dashboard,
            tls,
            grpc,
            http,
            web,
            address,
            http_address,
            web_address,
        })
    }

    /// Where the gRPC service listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics and health listen.
    pub const fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Where the dashboard listens; `None` without one.
    pub const fn web_address(&self) -> Option<SocketAddr> {
        self.web_address
    }

    /// The certificates in use; `None` without TLS.
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    /// Serves until `stop`, then gives calls in work their time. `reloads` asks for a look at the certificates (SIGHUP).
    pub async fn run(
        self,
        stop: CancellationToken,
        reloads: impl Stream<Item = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let Self {
            options,
            rooms,
            dashboard,
            tls,
            grpc,
            http,
            web,
            ..
        } = self;
        let limits = options.limits;
        let registry = Arc::clone(rooms.members.registry());
        let trust = if tls.is_some() {
            Trust::Certificates
        } else {
            Trust::Words
        };
        let edge = Edge::new(
            Arc::clone(&registry),
            Arc::clone(&rooms.clock),
            rooms.entropy.as_ref(),
            limits,
            trust,
        );
        let end = CancellationToken::new();
        let _end = end.clone().drop_guard();
        spawn_until(&end, registry.follow(ticks(options.registry_interval)));
        if let Some(tls) = &tls {
            let looks = futures::stream::select(ticks(options.tls_reload_interval), reloads);
            spawn_until(&end, Arc::clone(tls).follow(looks));
        }
        let (store, metrics) = (Arc::clone(&rooms.store), Arc::clone(&rooms.metrics));
        let pages = http::serve(http, store, metrics, stop.clone(), end.clone());
        spawn_until(&end, async move {
            if let Err(error) = pages.await {
                tracing::error!(%error, "metrics and health are not served any more");
            }
        });
        let looked_at = look(web, dashboard, tls.clone(), &options, &stop);
        let health = HealthReporter::new();
        let routes = grpc::routes(rooms, &limits, &health)?;
        grpc::announce(&health, ServingStatus::Serving).await;
        let incoming = accept::connections(grpc, (tls, Whose::Members), limits, stop.clone());
        let serving = serve(routes, edge, &limits, incoming, stop.clone());
        let served = drain(serving, &health, &limits, &stop).await;
        // However it ended: nobody looks at a service that has.
        stop.cancel();
        if tokio::time::timeout(limits.drain(), looked_at).await.is_err() {
            tracing::warn!("pages were still being made when their time was over; they are cut off");
        }
        served
    }
}

/// Serves the dashboard, if there is one, until `stop` and the end of what is in work then.
fn look(
    listener: Option<TcpListener>,
    dashboard: Dashboard,
    tls: Option<Arc<Tls>>,
    options: &Options,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let Some((listener, web)) = listener.zip(options.web) else {
        return tokio::spawn(async {});
    };
    let limits = Limits {
        connections_max: web.connections_max,
        ..options.limits
    };
    let tls = tls.filter(|_| !web.is_plain);
    let secure = tls.is_some();
    let incoming = accept::connections(listener, (tls, Whose::Browsers), limits, stop.clone());
    let incoming = incoming.map(|accepted| {
        let Ok(connection) = accepted;
        let certificate = connection.connect_info().certificate;
        (connection, certificate)
    });
    tokio::spawn(web::serve(dashboard, secure, incoming, stop.clone()))
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |reason| ServeError::Port {
        address,
        flag,
        reason,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn ticks(every: Duration) -> impl Stream<Item = ()> + Send {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    IntervalStream::new(interval).map(|_| ())
}

fn spawn_until(end: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    let end = end.clone();
    tokio::spawn(async move { end.run_until_cancelled(work).await });
}

async fn serve(
    routes: Routes,
    edge: Arc<Edge>,
    limits: &Limits,
    incoming: impl Stream<Item = Result<super::connection::Connection, std::convert::Infallible>>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    tonic::transport::Server::builder()
        .layer(GateLayer::new(edge))
        .max_concurrent_streams(limits.streams_per_connection_max)
        .http2_max_header_list_size(limits.header_bytes_max)
        .http2_keepalive_interval(Some(limits.keepalive()))
        .http2_keepalive_timeout(Some(limits.keepalive()))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await
        .map_err(ServeError::from)
}

/// Serves until told to stop and a bounded time longer.
async fn drain(
    serving: impl Future<Output = Result<(), ServeError>>,
    health: &HealthReporter,
    limits: &Limits,
    stop: &CancellationToken,
) -> Result<(), ServeError> {
    let too_late = async {
        stop.cancelled().await;
        tracing::info!(
            drain_ms_max = limits.drain_ms_max,
            "stopping: no new calls, those in work are finished"
        );
        grpc::announce(health, ServingStatus::NotServing).await;
        tokio::time::sleep(limits.drain()).await;
    };
    tokio::select! {
        served = serving => served,
        () = too_late => {
            tracing::warn!("calls were still in work when their time was over; they are cut off");
            Ok(())
        }
    }
}
