//! What the pages hold.

use tallystick::domain::currency::Currency;
use tallystick::domain::member::{LenderGroup, Role};
use tallystick::domain::statistics::{Axis, Indicator, Published};
use tallystick::web::{InventedMarket, Window as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Browser, PATHS, assert_holds, invented, last, logged_in, web_options};
use crate::harness::{TestServer, eventually};

#[tokio::test]
async fn every_page_carries_its_headers() {
    let server = invented().await;
    let mut browser = logged_in(&server).await;
    for path in PATHS
        .into_iter()
        .chain(["/nowhere", "/assets/dashboard.css", "/?as_of=never"])
    {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
        if !path.starts_with("/assets") {
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
}

#[tokio::test]
async fn every_page_has_charts_with_titles_tables_and_hatching_in_each_language() {
    let server = invented().await;
    let mut browser = logged_in(&server).await;
    for (language, tag, table) in [
        ("en", "lang=\"en\"", "The figures as a table"),
        ("zh", "lang=\"zh-Hans\"", "数据表"),
    ] {
        for path in PATHS {
            let page = browser.get(&format!("{path}?lang={language}")).await;
            assert_eq!(page.status, 200, "{path}");
            assert_holds(&page, &[tag, "<h1>", "aria-current=\"page\"", "class=\"skip\""]);
            if path != "/definitions" {
                assert_holds(
                    &page,
                    &[
                        "<svg",
                        "role=\"img\"",
                        "class=\"title\"",
                        table,
                        "<caption>",
                        "scope=\"col\"",
                    ],
                );
                assert_holds(&page, &["/definitions#", ".csv?"]);
            }
            assert_harmless(&page.body);
        }
        for path in ["/stacking", "/delinquency"] {
            let page = browser.get(&format!("{path}?lang={language}")).await;
            assert_holds(&page, &["-hatch)\"", "<td class=\"hidden\">c</td>"]);
        }
        let page = browser.get(&format!("/definitions?lang={language}")).await;
        for indicator in Indicator::ALL {
            assert_holds(&page, &[&format!("id=\"{}\"", indicator.name())]);
        }
    }
}

/// No script, no style of an element's own, nothing of another host.
#[track_caller]
fn assert_harmless(body: &str) {
    for text in [
        "<script",
        "javascript:",
        " style=",
        "onload=",
        "<iframe",
        "@import",
        "<b onmouseover",
    ] {
        assert!(!body.contains(text), "{text}");
    }
    let known = "http://www.w3.org/2000/svg";
    let urls = body.matches("://").count();
    assert_eq!(urls, body.matches(known).count(), "something of another host");
}

#[tokio::test]
async fn names_of_members_are_escaped_wherever_they_stand() {
    let server = invented().await;
    let mut browser = logged_in(&server).await;
    for path in ["/quality", "/conduct"] {
        let page = browser.get(path).await;
        assert_holds(
            &page,
            &[
                "&#60;b onmouseover=alert(1)&#62;Zebra",
                "&lt;b onmouseover=alert(1)&gt;Zeb",
            ],
        );
        assert_harmless(&page.body);
    }
    let page = browser.get("/?as_of=%22%3E%3Cscript%3E&currency=%3Cb%3E").await;
    assert_eq!(page.status, 400);
    assert_harmless(&page.body);
}

#[tokio::test]
async fn downloads_hold_exactly_the_tables_that_are_shown() {
    let server = invented().await;
    let mut browser = logged_in(&server).await;
    let market = InventedMarket::until(last());
    for (published, currency) in
        Published::every().flat_map(|published| [(published, None), (published, Some(Currency::CNY))])
    {
        if published.shown_columns(currency.is_some()).is_empty() {
            continue;
        }
        let cut: Vec<&str> = published.cuts.iter().map(|axis: &Axis| axis.name()).collect();
        let money = if currency.is_some() { "&currency=CNY" } else { "" };
        let path = format!(
            "/table.csv?indicator={}&cut={}{money}&from=2026-01-01&to=2026-02-28",
            published.indicator.name(),
            cut.join(",")
        );
        let file = browser.get(&path).await;
        assert_eq!(file.status, 200, "{path}");
        assert!(file.header("content-type").starts_with("text/csv"));
        let from = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let tables = market.series(published, currency, from, last()).await.unwrap();
        assert!(!tables.is_empty());
        let mut expected = Vec::new();
        for (key, table) in &tables {
            for row in &table.rows {
                let keys = table.keys(row, key.as_of);
                let values = row.values.iter().map(|value| value.encode().into_owned());
                let head = [
                    key.as_of.to_string(),
                    "1".to_owned(),
                    currency.map_or(String::new(), |it| it.to_string()),
                ];
                let line: Vec<String> = head
                    .into_iter()
                    .chain(keys.into_iter().map(String::from))
                    .chain(values)
                    .collect();
                expected.push(line.join(","));
            }
        }
        let body = file.body.strip_suffix("\r\n").unwrap();
        let lines: Vec<&str> = body.split("\r\n").skip(1).collect();
        assert_eq!(lines, expected, "{path}");
    }
}

#[tokio::test]
async fn the_table_of_a_page_has_a_row_for_each_line_of_its_download() {
    let server = invented().await;
    let mut browser = logged_in(&server).await;
    let page = browser.get("/concentration").await;
    let section = page.body.split("<section id=\"largest\"").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    let href = section
        .split("href=\"/table.csv")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let file = browser
        .get(&format!("/table.csv{}", href.replace("&#38;", "&")))
        .await;
    let lines = file.body.lines().count();
    assert_eq!(lines, section.matches("<tr>").count());
    assert!(lines > 12, "{lines}");
}

#[tokio::test]
async fn a_date_a_currency_a_month_are_chosen_or_refused() {
    let server = invented().await;
    let mut browser = logged_in(&server).await;
    for (path, status) in [
        ("/?as_of=2025-12-28", 200),
        ("/?as_of=2025-12-27", 404),
        ("/?as_of=2025-13-01", 400),
        ("/?currency=JPY", 200),
        ("/?currency=yen", 400),
        ("/quality?month=2026-02", 200),
        ("/quality?month=2019-02", 404),
        ("/conduct?month=soon", 400),
        ("/table.csv?indicator=income&from=2026-01-01&to=2026-02-28", 400),
        ("/table.csv", 400),
        ("/nowhere", 404),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    }
    let page = browser.get("/?as_of=2025-12-28").await;
    assert_holds(
        &page,
        &[
            "<option value=\"2025-12-28\" selected>",
            "/stacking?as_of=2025-12-28",
        ],
    );
}

#[tokio::test]
async fn language_and_theme_are_remembered() {
    let server = invented().await;
    let mut browser = logged_in(&server).await;
    "Accept-Language: zh-CN,zh;q=0.9\r\n".clone_into(&mut browser.extra);
    assert_holds(
        &browser.get("/").await,
        &["lang=\"zh-Hans\"", "data-theme=\"auto\"", "市场总览"],
    );
    let page = browser.get("/?lang=en&theme=dark").await;
    assert_holds(&page, &["lang=\"en\"", "data-theme=\"dark\""]);
    assert_eq!(page.headers("set-cookie").len(), 2);
    assert_holds(
        &browser.get("/stacking").await,
        &["lang=\"en\"", "data-theme=\"dark\"", "Stacking"],
    );
}

#[tokio::test]
async fn the_rooms_are_shown_when_nothing_is_invented() {
    let server = TestServer::start_with(|setup| setup.options.web = Some(web_options())).await;
    server
        .enrol_in("lender-a", &[Role::Lender], LenderGroup::Bank)
        .await;
    let mut browser = logged_in(&server).await;
    for path in ["/quality", "/conduct"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200);
        assert_holds(&page, &["lender-a"]);
    }
    let file = browser.get("/quality.csv").await;
    let head =
        "month,member_id,lender_group,score,timeliness,accept_rate,completeness,consistency,reject_ageing";
    assert_eq!(file.body, format!("{head}\r\n2026-03,lender-a,BANK,0,0,,,,\r\n"));
    assert_holds(&browser.get("/conduct.csv").await, &["2026-03,lender-a,0,0,"]);
}

#[tokio::test]
async fn requests_beyond_the_limits_are_refused_and_others_served() {
    let server = invented().await;
    let browser = Browser::of(&server);
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(20_000));
    let answer = browser.exchange(long.as_bytes()).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    let many: Vec<String> = (0..100).map(|number| format!("X-{number}: 1\r\n")).collect();
    let many = many.concat();
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    let answer = browser.exchange(many.as_bytes()).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 431"), "{answer:?}");
    assert_eq!(Browser::of(&server).get("/assets/icon.svg").await.status, 200);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_free_places_taken_again() {
    let server = invented().await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(TcpStream::connect(server.web_address()).await.unwrap());
    }
    let full = async || {
        let browser = Browser::of(&server);
        let request = b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        browser.exchange(request).await.is_err()
    };
    eventually("the seventeenth is closed", full).await;
    open.clear();
    eventually("a place is free", async || !full().await).await;
}

#[tokio::test]
async fn an_idle_browser_does_not_hold_the_service_when_it_stops() {
    let server = TestServer::start_with(|setup| {
        setup.options.tls = None;
        setup.first_operators.clear();
        setup.options.limits.drain_ms_max = 600_000;
        setup.options.web = Some(web_options());
    })
    .await;
    let mut idle = TcpStream::connect(server.web_address()).await.unwrap();
    idle.write_all(b"GET /assets/icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    server.ask_to_stop();
    let (ended, _folder) = server.ended().await;
    ended.unwrap();
}
