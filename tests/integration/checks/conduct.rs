//! How members behave, as operator and regulator see it, and what members are refused for.

use tallystick::domain::conduct::{DayLimits, Thresholds};
use tallystick::wire::pb;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{application, check};
use crate::batches::upload::command::Program;
use crate::harness::{Storage, reason};
use crate::proofs::people::Person;
use crate::proofs::world::{Actor, World, days, question, refusal};

/// One look is enough to say something.
fn strict() -> Thresholds {
    Thresholds {
        sample_min: 1,
        ..Thresholds::default()
    }
}

fn asked(member_id: &str, month: i32) -> pb::GetConductRequest {
    pb::GetConductRequest {
        member_id: member_id.to_owned(),
        year: 2026,
        month,
        ..pb::GetConductRequest::default()
    }
}

async fn conduct(actor: &Actor, request: pb::GetConductRequest) -> Result<pb::GetConductResponse, Status> {
    let answer = actor.client.admin().get_conduct(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn world(limits: DayLimits) -> World {
    let change = |setup: &mut tallystick::cli::service::Setup| {
        setup.rules.conduct = strict();
        setup.rules.day_limits = limits;
    };
    World::on(Storage::new().await, change).await
}

#[tokio::test(flavor = "multi_thread")]
async fn supervisors_see_who_fishes_and_no_lender_does() {
    let world = world(DayLimits::default()).await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let regulator = world
        .member("regulator", pb::LenderGroup::Other, pb::Role::Regulator)
        .await;
    let (first, second) = (Person::number(1), Person::number(2));
    bank.query(bank.strong(&first).await).await;
    other.query(other.strong(&first).await).await;
    let request = application(&other, "app-1", &first).await;
    check(&other, request).await.unwrap();
    other.query(other.strong(&second).await).await;
    world.clock.advance(days(33));
    let seen = conduct(&regulator, asked("", 6)).await.unwrap();
    assert_eq!(conduct(&world.operator, asked("", 6)).await.unwrap(), seen);
    let names: Vec<&str> = seen
        .members
        .iter()
        .map(|member| member.member_id.as_str())
        .collect();
    assert_eq!(names, ["regulator", "bank-b", "bank-a", "operator"]);
    let fisher = pb::MemberConduct {
        member_id: "bank-a".to_owned(),
        looks: 1,
        hard_queries: 1,
        judged_queries: 1,
        unfollowed_queries: 1,
        unfollowed_bp: 10_000,
        strangers: 1,
        strangers_bp: 10_000,
        evaluations: 1,
        alerts: [
            pb::ConductAlert::Fishing,
            pb::ConductAlert::LooksWithoutLoans,
            pb::ConductAlert::TokenEnumeration,
        ]
        .map(i32::from)
        .to_vec(),
        ..pb::MemberConduct::default()
    };
    assert_eq!(seen.members[2], fisher);
    let lends = &seen.members[1];
    assert_eq!(
        (lends.hard_queries, lends.checks, lends.unfollowed_bp),
        (2, 1, 5_000)
    );
    assert_eq!((lends.reservations_lapsed, lends.lapsed_bp), (1, 10_000));
    let one = conduct(&regulator, asked("bank-b", 6)).await.unwrap();
    assert_eq!(
        (one.members.as_slice(), one.next_page_token.as_str()),
        (&seen.members[1..2], "")
    );
    assert_eq!(
        conduct(&regulator, asked("bank-a", 7)).await.unwrap().members[0].looks,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_know_is_told_so_and_what_is_wrong_by_field() {
    let world = world(DayLimits::default()).await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let regulator = world
        .member("regulator", pb::LenderGroup::Other, pb::Role::Regulator)
        .await;
    for lender in [&bank, &other] {
        let refused = refusal(conduct(lender, asked("bank-a", 6)).await);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::PermissionDenied, "ROLE_MISSING")
        );
    }
    for (member_id, month, code, expected) in [
        ("nobody", 6, Code::NotFound, "MEMBER_UNKNOWN"),
        ("No!", 6, Code::InvalidArgument, "FORMAT"),
        ("", 13, Code::InvalidArgument, "FORMAT"),
        ("", 7, Code::InvalidArgument, "DATE_IN_FUTURE"),
    ] {
        let refused = refusal(conduct(&regulator, asked(member_id, month)).await);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (code, expected),
            "{member_id} {month}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conduct_comes_in_pages_that_belong_to_their_question() {
    let world = world(DayLimits::default()).await;
    world.banks(["bank-a", "bank-b", "bank-c"]).await;
    let mut names = Vec::new();
    let mut request = pb::GetConductRequest {
        page_size: 2,
        ..asked("", 6)
    };
    loop {
        let page = conduct(&world.operator, request.clone()).await.unwrap();
        names.extend(page.members.into_iter().map(|member| member.member_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        let other = pb::GetConductRequest {
            month: 5,
            ..request.clone()
        };
        assert_eq!(
            refusal(conduct(&world.operator, other).await).reason,
            "PAGE_TOKEN"
        );
    }
    assert_eq!(names, ["bank-c", "bank-b", "bank-a", "operator"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_too_much_is_told_when_the_next_day_begins() {
    let limits = DayLimits {
        hard_looks: 2,
        ..DayLimits::default()
    };
    let world = world(limits).await;
    let [bank] = world.banks(["bank-a"]).await;
    let tokens = bank.strong(&Person::number(1)).await;
    let ask = |purpose| {
        let mut exposure = bank.client.exposure();
        let request = question(tokens.clone(), purpose);
        async move { exposure.query_exposure(request).await }
    };
    for _ in 0..2 {
        ask(pb::Purpose::NewCredit).await.unwrap();
    }
    let status = ask(pb::Purpose::NewCredit).await.unwrap_err();
    let told = (status.code(), reason(&status));
    assert_eq!(told, (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
    let details = status.get_error_details();
    assert_eq!(
        details.bad_request().unwrap().field_violations[0].field,
        "purpose"
    );
    // From noon until midnight, but for the instants that the calls before took.
    let delay = details.retry_info().unwrap().retry_delay.unwrap();
    assert_eq!(delay.as_secs().div_ceil(60), 12 * 60, "{delay:?}");
    ask(pb::Purpose::AccountReview).await.unwrap();
    world.clock.advance(delay);
    ask(pb::Purpose::NewCredit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_shows_conduct_as_a_table_and_as_json() {
    let world = world(DayLimits::default()).await;
    let [bank] = world.banks(["bank-a"]).await;
    bank.query(bank.strong(&Person::number(1)).await).await;
    let shown = &world.operator_credentials;
    let authority = world.authority.pem();
    let address = world.running().address;
    let program = Program::with(&shown.certificate, &shown.key, &authority, address);
    let asked = |arguments: &[&'static str]| {
        let arguments = [&["conduct", "--month", "2026-06"], arguments].concat();
        let program = &program;
        async move { program.run_in("member", &arguments).await }
    };
    let done = asked(&["bank-a", "--output", "json"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["hardQueries"], "1");
    let done = asked(&[]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.output.contains("bank-a") && done.output.contains("operator"),
        "{done:?}"
    );
    let done = asked(&["nobody"]).await;
    assert!(
        done.code != 0 && done.errors.contains("no member of this name"),
        "{done:?}"
    );
}
