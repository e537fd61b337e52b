//! The dashboard through real sockets, with and without TLS, over an invented market and over the rooms.
//!
//! What a browser makes of the pages is tested in `tests/browser`.

mod browser;
mod login;
mod pages;
mod real;

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::NaiveDate;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::names::MemberId;
use tallystick::server::WebOptions;
use tallystick::web::{InventedMarket, Links};

use self::browser::{Answer, Browser};
use crate::harness::{SeededEntropy, TestServer};

/// Where the pages are.
const PATHS: [&str; 8] = [
    "/",
    "/stacking",
    "/delinquency",
    "/vintages",
    "/concentration",
    "/quality",
    "/conduct",
    "/definitions",
];

fn last() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 2, 28).unwrap()
}

fn web_options() -> WebOptions {
    WebOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        connections_max: 16,
        is_plain: false,
    }
}

/// A service over TLS whose dashboard shows the invented market.
async fn invented() -> TestServer {
    TestServer::start_with(|setup| {
        setup.options.web = Some(web_options());
        let market = Arc::new(InventedMarket::until(last()));
        setup.shown.window = Some(market.clone());
        setup.shown.supervision = Some(market);
    })
    .await
}

/// The secret of a new link.
fn link(server: &TestServer, member: &str) -> String {
    let links = Links::of(&server.folder().join("data"));
    let member_id = MemberId::parse(member).unwrap();
    let entropy = SeededEntropy::another();
    let made = links.make(&member_id, 15, server.clock.now(), entropy.as_ref());
    made.unwrap().to_string()
}

/// A browser that logged in with a link of the operator.
async fn logged_in(server: &TestServer) -> Browser {
    let mut browser = Browser::of(server);
    let opened = browser.log_in(&link(server, "operator")).await;
    assert_eq!(opened.status, 303, "{opened:?}");
    browser
}

#[track_caller]
fn assert_holds(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(answer.body.contains(text), "{text} is not in {}", answer.body);
    }
}
