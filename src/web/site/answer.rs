//! What every answer carries, and the files that anybody may have.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};

use super::Site;
use super::frame::Visit;
use super::show;

/// Nothing but our own stylesheet and pictures; no script at all, no frame, no form elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";
/// What browsers keep of an asset, seconds.
const ASSET: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// How long an answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

const ALWAYS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Bounds an answer's time and puts the headers on it, whatever it is.
pub(in crate::web) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let visit = Visit::of(&site, request.uri(), request.headers());
    let answered = tokio::time::timeout(ANSWER_TIME_MAX, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| {
        tracing::warn!(
            limit_ms = ANSWER_TIME_MAX.as_millis(),
            "a page of the dashboard took too long"
        );
        show::busy(&site, &visit)
    });
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if site.secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    for (name, value) in &visit.preference.remember {
        let flags = "Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict";
        let secure = if site.secure { "; Secure" } else { "" };
        if let Ok(cookie) = HeaderValue::try_from(format!("{name}={value}; {flags}{secure}")) {
            headers.append(SET_COOKIE, cookie);
        }
    }
    response
}

/// A page.
pub(super) fn html(status: StatusCode, text: String) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(CONTENT_TYPE, kind)], text).into_response()
}

/// A file to keep.
pub(super) fn csv(name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
    );
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(http::header::CONTENT_DISPOSITION, disposition);
    }
    response
}

pub(in crate::web) async fn stylesheet() -> Response {
    let text = include_str!("../../../templates/dashboard.css");
    (
        [(CONTENT_TYPE, "text/css; charset=utf-8")],
        [(CACHE_CONTROL, ASSET)],
        text,
    )
        .into_response()
}

pub(in crate::web) async fn icon() -> Response {
    let text = include_str!("../../../templates/icon.svg");
    ([(CONTENT_TYPE, "image/svg+xml")], [(CACHE_CONTROL, ASSET)], text).into_response()
}
