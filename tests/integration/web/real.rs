//! The dashboard over a real snapshot: what its pages show and let download is what the rpc answers.

use std::net::SocketAddr;

use tallystick::domain::clock::Clock as _;
use tallystick::domain::names::MemberId;
use tallystick::server::WebOptions;
use tallystick::statistics::protect::Budget;
use tallystick::web::Links;

use super::assert_holds;
use super::browser::Browser;
use crate::batches::upload::command::Program;
use crate::harness::{SeededEntropy, Storage};
use crate::proofs::people::{Person, days_ago, loan};
use crate::proofs::world::World;
use crate::statistics::published;

/// Borrowers of the market: enough that its totals may be told.
const BORROWERS: u32 = 60;

/// A market of three banks, whose disclosure control gets so little work that it hides what is not proved at once.
async fn world() -> World {
    let world = World::on(Storage::new().await, |setup| {
        setup.options.web = Some(WebOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            connections_max: 16,
            is_plain: true,
        });
        setup.protection = Budget::millions(1);
    })
    .await;
    let banks = world.banks(["bank-a", "bank-b", "bank-c"]).await;
    for number in 0..BORROWERS {
        let bank = &banks[usize::try_from(number % 3).unwrap()];
        let tokens = bank.strong(&Person::number(number)).await;
        let name = format!("loan-{number}");
        bank.report(loan(&name, tokens, days_ago(3))).await;
    }
    world
}

/// A browser without TLS that the operator's link let in.
async fn browser(world: &World) -> Browser {
    let operator = MemberId::parse("operator").unwrap();
    let links = Links::of(&world.data());
    let entropy = SeededEntropy::another();
    let secret = links
        .make(&operator, 15, world.clock.now(), entropy.as_ref())
        .unwrap();
    let mut browser = Browser::at(world.running().web_address.unwrap());
    let opened = browser.log_in(&secret).await;
    assert_eq!(opened.status, 303, "{opened:?}");
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_what_the_rpc_answers() {
    let world = world().await;
    let day = days_ago(1);
    let snapshot = published(&world, day).await;
    assert_eq!((snapshot.subjects, snapshot.members), (60, 3));
    let mut browser = browser(&world).await;
    let operator = &world.operator_credentials;
    let address = world.running().address;
    let program = Program::with(
        &operator.certificate,
        &operator.key,
        &world.authority.pem(),
        address,
    );
    let day = day.to_string();
    for (indicator, by, currency) in [
        ("multi_lender_rate", "", ""),
        ("multi_lender_histogram", "region", ""),
        ("delinquency", "product_type", ""),
        ("delinquency", "", "CNY"),
        ("vintage", "", "CNY"),
        ("blocked_stacking", "", ""),
    ] {
        let path =
            format!("/table.csv?indicator={indicator}&cut={by}&currency={currency}&from={day}&to={day}");
        let file = browser.get(&path).await;
        assert_eq!(file.status, 200, "{path}");
        let mut arguments = vec!["export", indicator, "--as-of", &day];
        arguments.extend(
            [("--by", by), ("--currency", currency)]
                .into_iter()
                .flat_map(|(name, value)| {
                    let given = [name, value];
                    given.into_iter().filter(move |_| !value.is_empty())
                }),
        );
        let told = program.run_in("stats", &arguments).await;
        assert_eq!(told.code, 0, "{told:?}");
        assert_eq!(file.body, told.output, "{path}");
    }
    let rate = browser
        .get(&format!(
            "/table.csv?indicator=multi_lender_rate&from={day}&to={day}"
        ))
        .await;
    assert!(rate.body.contains(",60,"), "{}", rate.body);
    let page = browser.get("/stacking").await;
    assert_eq!(page.status, 200);
    assert_holds(&page, &[&day, "<svg"]);
}
