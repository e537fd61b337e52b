//! The pages' addresses, and what everybody must show to see them.

mod answer;
mod entry;
mod frame;
mod show;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use super::login::{Links, Sessions};
use super::pages::Section;
use super::supervision::Supervision;
use super::window::Window;
use crate::domain::clock::{SharedClock, SharedEntropy};
use crate::domain::date::BusinessZone;
use crate::domain::names::Fingerprint;
use crate::members::Registry;

/// The most bytes of a form: a link's secret and its name.
const FORM_BYTES_MAX: usize = 1_024;

/// What the dashboard looks at.
pub struct Dashboard {
    /// Statistics.
    pub window: Arc<dyn Window>,
    /// Members' quality and conduct.
    pub supervision: Arc<dyn Supervision>,
    /// Who may look.
    pub registry: Arc<Registry>,
    /// One-time links.
    pub links: Links,
    /// Time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// Where business days begin and end.
    pub zone: BusinessZone,
}

/// The dashboard at work.
pub(super) struct Site {
    dashboard: Dashboard,
    sessions: Sessions,
    /// Whether connections are over TLS.
    secure: bool,
}

/// The certificate that a connection's handshake verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown(pub Option<Fingerprint>);

/// Every address.
pub(super) fn routes(dashboard: Dashboard, secure: bool) -> Router {
    let site = Arc::new(Site {
        dashboard,
        sessions: Sessions::default(),
        secure,
    });
    let mut router = Router::new();
    for section in Section::ALL {
        router = router.route(section.path(), get(show::page));
    }
    router
        .route("/table.csv", get(show::table_file))
        .route("/quality.csv", get(show::quality_file))
        .route("/conduct.csv", get(show::conduct_file))
        .route("/login", get(entry::ask).post(entry::enter))
        .route("/logout", post(entry::leave))
        .route("/assets/dashboard.css", get(answer::stylesheet))
        .route("/assets/icon.svg", get(answer::icon))
        .fallback(show::nowhere)
        .method_not_allowed_fallback(show::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&site), answer::guard))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .with_state(site)
}
