//! Logging in with a one-time link, and out.
//!
//! Opening a link shows a button; only pressing it spends the link, so that whatever looks at addresses in messages does not.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::Site;
use super::frame::Visit;
use super::show::{Notice, notice, refused};
use crate::domain::names::MemberId;
use crate::members::AuthError;
use crate::web::login::{LinkError, Refusal, SESSION_HOURS_MAX, Viewer, is_secret};
use crate::web::names::Words;
use crate::web::request::Query;

const TITLE: Words = Words("Log in", "登录");
const PRESS: Words = Words(
    "Press the button to log in. The link works once.",
    "请点击按钮登录。该链接只能使用一次。",
);
const BROKEN: Words = Words(
    "This link opens nothing: it was used before, has run out, or was never made. Ask the operator for another.",
    "该链接无效:已被使用、已过期或从未生成。请向运营方索取新链接。",
);

/// Shows the button.
pub(in crate::web) async fn ask(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    let visit = Visit::of(&site, &parts.uri, &parts.headers);
    let secret = visit
        .query
        .find("link")
        .filter(|secret| is_secret(secret))
        .map(str::to_owned);
    let told = match (secret, visit.query.find("link")) {
        (None, None) => return refused(&visit, Refusal::Stranger),
        (None, Some(_)) => Notice::of(StatusCode::FORBIDDEN, TITLE, BROKEN),
        (Some(secret), _) => Notice {
            link: Some(secret),
            ..Notice::of(StatusCode::OK, TITLE, PRESS)
        },
    };
    notice(&visit, None, told)
}

/// Spends the link.
pub(in crate::web) async fn enter(
    State(site): State<Arc<Site>>,
    parts: Parts,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let visit = Visit::of(&site, &parts.uri, &parts.headers);
    let form = match read_form(&parts.headers, body) {
        Ok(form) => form,
        Err(told) => return notice(&visit, None, told),
    };
    let secret = form.find("link").unwrap_or("").to_owned();
    let (links, now) = (site.dashboard.links.clone(), site.dashboard.clock.now());
    let spent = tokio::task::spawn_blocking(move || links.spend(&secret, now)).await;
    let member_id = match spent {
        Ok(Ok(member_id)) => member_id,
        Ok(Err(error)) => return not_spent(&visit, &error),
        Err(_) => return notice(&visit, None, Notice::fault()),
    };
    open(&site, &visit, member_id)
}

/// Whether a form is one of ours: another site's page must not log anybody in.
fn read_form(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Query, Notice> {
    let foreign = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    if foreign {
        tracing::warn!("dashboard: a login from another site's page was refused");
        return Err(Notice::of(StatusCode::FORBIDDEN, TITLE, BROKEN));
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("");
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Notice::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, TITLE, BROKEN));
    }
    let body = body.map_err(|error| Notice::of(error.status(), TITLE, BROKEN))?;
    Ok(Query::parse(std::str::from_utf8(&body).ok()))
}

fn not_spent(visit: &Visit, error: &LinkError) -> Response {
    match error {
        LinkError::Unknown => tracing::warn!(reason = "unknown", "dashboard: a login link was refused"),
        LinkError::Expired => tracing::warn!(reason = "expired", "dashboard: a login link was refused"),
        LinkError::Folder { .. } | LinkError::TooMany => {
            tracing::error!(%error, "dashboard: login links do not work");
            return notice(visit, None, Notice::fault());
        }
    }
    notice(visit, None, Notice::of(StatusCode::FORBIDDEN, TITLE, BROKEN))
}

/// Opens the session, if the register says that the member may look.
fn open(site: &Site, visit: &Visit, member_id: MemberId) -> Response {
    let dashboard = &site.dashboard;
    if let Err(error) = Viewer::by_session(&dashboard.registry, &member_id) {
        log_refusal(error, Some(&member_id));
        return refused(visit, Refusal::Forbidden(error));
    }
    tracing::info!(
        member.id = member_id.as_str(),
        "dashboard: a login link opened a session"
    );
    if let Some(former) = &visit.session {
        site.sessions.close(former);
    }
    let name = site
        .sessions
        .open(member_id, dashboard.clock.now(), dashboard.entropy.as_ref());
    let cookie = cookie_of(site, &name, SESSION_HOURS_MAX * 3_600);
    (
        StatusCode::SEE_OTHER,
        [(LOCATION, HeaderValue::from_static("/"))],
        [(SET_COOKIE, cookie)],
    )
        .into_response()
}

/// Ends the session.
pub(in crate::web) async fn leave(State(site): State<Arc<Site>>, parts: Parts) -> Response {
    let visit = Visit::of(&site, &parts.uri, &parts.headers);
    if let Some(session) = &visit.session {
        site.sessions.close(session);
        tracing::info!("dashboard: a session was closed");
    }
    let cookie = cookie_of(&site, "", 0);
    let to = HeaderValue::from_static("/login");
    (StatusCode::SEE_OTHER, [(LOCATION, to)], [(SET_COOKIE, cookie)]).into_response()
}

fn cookie_of(site: &Site, value: &str, seconds: i64) -> HeaderValue {
    let secure = if site.secure { "; Secure" } else { "" };
    let name = site.session_cookie();
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut cookie = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    cookie.set_sensitive(true);
    cookie
}

/// Tells the operator's log who was refused and why.
pub(super) fn log_refusal(error: AuthError, member_id: Option<&MemberId>) {
    let member = member_id.map_or("", MemberId::as_str);
    tracing::warn!(
        reason = error.reason(),
        member.id = member,
        "dashboard: somebody was refused"
    );
}
