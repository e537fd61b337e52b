//! Who gets in and who does not.

use std::net::SocketAddr;

use tallystick::domain::clock::{Clock as _, SystemClock};
use tallystick::domain::member::{MemberState, Role};
use tallystick::domain::names::MemberId;
use tallystick::domain::unit::MemberUpdate;
use tallystick::server::{ServeError, WebOptions};
use tallystick::wire::convert::member::member_update_to_wire;

use super::{Browser, assert_holds, invented, link, logged_in, web_options};
use crate::harness::{TestCa, TestServer, logged};

/// Suspends a member through the operator's own rpc.
async fn suspend(server: &TestServer, member_id: &str) {
    let update = MemberUpdate {
        member_id: MemberId::parse(member_id).unwrap(),
        display_name: None,
        lender_group: None,
        roles: None,
        state: Some(MemberState::Suspended),
        rule_packs: None,
        evaluations_per_day: None,
    };
    let operator = server.operator().client().await;
    let request = member_update_to_wire(&update);
    operator.admin().update_member(request).await.unwrap();
}

#[tokio::test]
async fn nobody_sees_anything_but_the_login_and_the_stylesheet() {
    let server = invented().await;
    let mut browser = Browser::of(&server);
    let files = [
        "/table.csv?indicator=vintage&from=2026-02-28&to=2026-02-28",
        "/quality.csv",
        "/conduct.csv",
    ];
    for path in super::PATHS.into_iter().chain(files).chain(["/nowhere"]) {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(
            !answer.body.contains("<svg") && !answer.body.contains("East Bank"),
            "{path}"
        );
    }
    assert_eq!(browser.get("/assets/dashboard.css").await.status, 200);
    assert_eq!(browser.get("/login").await.status, 401);
    assert_eq!(browser.post("/", "").await.status, 405);
}

#[tokio::test]
async fn a_link_shows_a_button_and_works_once() {
    let server = invented().await;
    server.enrol("watchdog", &[Role::Regulator]).await;
    let secret = link(&server, "watchdog");
    let mut browser = Browser::of(&server);
    // What looks at links in messages spends none.
    for _ in 0..2 {
        let shown = browser.get(&format!("/login?link={secret}")).await;
        assert_eq!(shown.status, 200);
        assert_holds(&shown, &["method=\"post\"", &secret, "<button"]);
    }
    let opened = browser.log_in(&secret).await;
    assert_eq!((opened.status, opened.header("location")), (303, "/"));
    let cookie = opened.header("set-cookie");
    assert!(cookie.starts_with("__Host-tallystick-session="), "{cookie}");
    for flag in [
        "; Path=/",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Secure",
        "; Max-Age=28800",
    ] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let page = browser.get("/").await;
    assert_eq!(page.status, 200);
    assert_holds(&page, &["watchdog", "<svg"]);
    for again in [&mut Browser::of(&server), &mut browser] {
        let refused = again.log_in(&secret).await;
        assert_eq!(refused.status, 403);
        assert!(refused.headers("set-cookie").is_empty());
    }
    assert!(!logged().contains(&secret), "a secret is in the log");
    let (_, session) = &browser.cookies[0];
    assert!(!logged().contains(session.as_str()), "a session is in the log");
}

#[tokio::test]
async fn links_that_are_late_forged_or_of_somebody_else_open_nothing() {
    let server = invented().await;
    server.enrol("watchdog", &[Role::Regulator]).await;
    server.enrol("lender-a", &[Role::Lender]).await;
    let mut browser = Browser::of(&server);
    let mut refused = async |secret: &str, status: u16| {
        let answer = browser.log_in(secret).await;
        assert_eq!(answer.status, status, "{secret}");
        assert!(answer.headers("set-cookie").is_empty(), "{secret}");
    };
    let good = link(&server, "watchdog");
    refused("", 403).await;
    refused(&good[1..], 403).await;
    refused(
        &format!("{}{}", &good[..42], if good.ends_with('A') { "B" } else { "A" }),
        403,
    )
    .await;
    refused("../../../../../../../../../../../etc/passwd.", 403).await;
    refused(&"a".repeat(2_000), 413).await;
    refused(&link(&server, "lender-a"), 403).await;
    refused(&link(&server, "never-enrolled"), 403).await;
    let late = link(&server, "watchdog");
    server.clock.advance_seconds(901);
    refused(&late, 403).await;
    suspend(&server, "watchdog").await;
    refused(&link(&server, "watchdog"), 403).await;
}

#[tokio::test]
async fn a_login_from_another_sites_page_is_refused_and_spends_nothing() {
    let server = invented().await;
    let secret = link(&server, "operator");
    let mut browser = Browser::of(&server);
    for (extra, status) in [
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\n", 403),
        ("Sec-Fetch-Site: same-origin\r\n", 303),
    ] {
        extra.clone_into(&mut browser.extra);
        assert_eq!(browser.log_in(&secret).await.status, status, "{extra}");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_hours_its_logout_or_its_member() {
    let server = invented().await;
    server.enrol("watchdog", &[Role::Regulator]).await;
    let mut timed = logged_in(&server).await;
    server.clock.advance_seconds(8 * 3_600);
    assert_eq!(timed.get("/").await.status, 200);
    server.clock.advance_seconds(1);
    assert_eq!(timed.get("/").await.status, 401);

    let mut left = logged_in(&server).await;
    let kept = left.cookies.clone();
    assert_eq!(left.post("/logout", "").await.status, 303);
    left.cookies = kept;
    assert_eq!(left.get("/").await.status, 401);

    let mut suspended = Browser::of(&server);
    let opened = suspended.log_in(&link(&server, "watchdog")).await;
    assert_eq!((opened.status, suspended.get("/").await.status), (303, 200));
    suspend(&server, "watchdog").await;
    let refused = suspended.get("/stacking").await;
    assert_eq!(refused.status, 403);
    assert_holds(&refused, &["MEMBER_SUSPENDED"]);
}

#[tokio::test]
async fn a_certificate_is_judged_as_the_rpcs_judge_it() {
    let server = invented().await;
    let regulator = server.enrol("watchdog", &[Role::Regulator]).await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let stranger = server.ca.client("stranger");
    for (credentials, status, text) in [
        (&regulator.credentials, 200, "watchdog"),
        (&server.operator().credentials, 200, "<svg"),
        (&lender.credentials, 403, "ROLE_MISSING"),
        (&stranger, 403, "CERTIFICATE_UNKNOWN"),
    ] {
        let answer = Browser::with(&server, credentials).get("/").await;
        assert_eq!(answer.status, status);
        assert_holds(&answer, &[text]);
    }
    let foreign = Browser::with(&server, &TestCa::new().client("watchdog"));
    let refused = foreign
        .exchange(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    assert!(refused.is_err(), "{refused:?}");
    suspend(&server, "watchdog").await;
    let refused = Browser::with(&server, &regulator.credentials).get("/").await;
    assert_eq!(refused.status, 403);
    assert_holds(&refused, &["MEMBER_SUSPENDED"]);
}

#[tokio::test]
async fn a_certificate_that_may_not_look_is_not_helped_by_a_session() {
    let server = invented().await;
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let mut browser = Browser::with(&server, &lender.credentials);
    browser.log_in(&link(&server, "operator")).await;
    assert_eq!(browser.get("/").await.status, 403);
}

#[tokio::test]
async fn without_tls_the_dashboard_listens_on_loopback_and_its_cookie_is_plain() {
    let server = TestServer::start_with(|setup| {
        setup.options.tls = None;
        setup.first_operators.clear();
        setup.options.web = Some(web_options());
    })
    .await;
    let mut browser = Browser::plain(&server);
    let opened = browser.log_in(&link(&server, "operator")).await;
    let cookie = opened.header("set-cookie");
    assert!(
        cookie.starts_with("tallystick-session=") && !cookie.contains("Secure"),
        "{cookie}"
    );
    let page = browser.get("/").await;
    assert_holds(&page, &["No statistics are published yet."]);
    assert!(page.headers("strict-transport-security").is_empty());

    let refused = TestServer::try_start_with(|setup| {
        setup.options.tls = None;
        setup.options.web = Some(WebOptions {
            listen: SocketAddr::from(([0, 0, 0, 0], 0)),
            connections_max: 16,
            is_plain: false,
        });
    })
    .await;
    let error = refused.err().unwrap().downcast::<ServeError>().unwrap();
    assert!(matches!(error, ServeError::NotLoopback { .. }), "{error}");
}

#[tokio::test]
async fn the_operators_command_makes_a_link_that_opens_the_dashboard() {
    let server = invented().await;
    server.clock.set(SystemClock.now());
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_tallystick"))
        .args([
            "web",
            "link",
            "--member",
            "operator",
            "--minutes",
            "5",
            "--data-dir",
        ])
        .arg(server.folder().join("data"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&made.stdout);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let secret = told
        .trim()
        .strip_prefix("https://127.0.0.1:50053/login?link=")
        .unwrap();
    let mut browser = Browser::of(&server);
    assert_eq!(browser.log_in(secret).await.status, 303);
    assert_eq!(browser.get("/").await.status, 200);
}
