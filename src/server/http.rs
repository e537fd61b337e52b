//! Metrics, liveness and readiness over plain HTTP, on a loopback port of their own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// Writes the metrics as Prometheus reads them.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone)]
struct Shared {
    store: Arc<dyn Store>,
    metrics: RenderMetrics,
    stop: CancellationToken,
}

/// Serves until `stop` and a moment longer, so that readiness is seen to end.
pub async fn serve(
    listener: TcpListener,
    store: Arc<dyn Store>,
    metrics: RenderMetrics,
    stop: CancellationToken,
    end: CancellationToken,
) -> std::io::Result<()> {
    let pages = Router::new()
        .route("/metrics", get(show_metrics))
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(show_readiness))
        .with_state(Shared { store, metrics, stop });
    axum::serve(listener, pages)
        .with_graceful_shutdown(async move { end.cancelled().await })
        .await
}

async fn show_metrics(State(shared): State<Shared>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        (shared.metrics)(),
    )
}

/// Ready while the store can be read and written, and nobody asked the service to stop.
async fn show_readiness(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if shared.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match shared.store.check().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the store failed its check");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not available\n")
        }
    }
}
