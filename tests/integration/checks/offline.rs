//! Offline codes as members, operator and regulator use them: over mutual TLS, and with the program.

use std::time::Duration;

use tallystick::audit::{VerifierKey, verify_offline_code};
use tallystick::cli::output::to_json;
use tallystick::domain::clock::{Clock as _, SystemClock};
use tallystick::domain::date::BusinessZone;
use tallystick::domain::member::Role;
use tallystick::wire::convert::date::timestamp_to_wire;
use tallystick::wire::pb;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::world;
use crate::batches::upload::command::Program;
use crate::harness::{TestServer, reason};
use crate::proofs::people::{Person, consent, loan, today, wire};
use crate::proofs::world::{Actor, World, days, request_id};

async fn issue(actor: &Actor, count: u32) -> Result<pb::IssueOfflineCodesResponse, Status> {
    let request = pb::IssueOfflineCodesRequest {
        count,
        request_id: request_id(),
    };
    let answer = actor.client.exposure().issue_offline_codes(request).await;
    answer.map(tonic::Response::into_inner)
}

/// The back-fill of a loan that was granted just now.
async fn made(
    world: &World,
    actor: &Actor,
    code: &str,
    account_ref: &str,
    person: &Person,
) -> pb::BackfillOfflineCodeRequest {
    let mut position = loan(account_ref, actor.strong(person).await, today());
    position.opened_on = wire(today());
    pb::BackfillOfflineCodeRequest {
        code: code.to_owned(),
        used_at: Some(timestamp_to_wire(world.clock.now())),
        consent: Some(consent(today())),
        position: Some(position),
        request_id: request_id(),
        ..pb::BackfillOfflineCodeRequest::default()
    }
}

async fn backfill(
    actor: &Actor,
    request: pb::BackfillOfflineCodeRequest,
) -> Result<pb::BackfillOfflineCodeResponse, Status> {
    let answer = actor.client.exposure().backfill_offline_code(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn uses(actor: &Actor, request: pb::ListOfflineUsesRequest) -> Result<Vec<pb::OfflineUse>, Status> {
    let answer = actor.client.exposure().list_offline_uses(request).await;
    answer.map(|answer| answer.into_inner().uses)
}

#[tokio::test(flavor = "multi_thread")]
async fn loans_of_an_outage_are_back_filled_and_those_over_a_limit_listed() {
    let (world, _packs) = world().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let regulator = world
        .member("regulator", pb::LenderGroup::Other, pb::Role::Regulator)
        .await;
    let person = Person::number(1);
    let (ours, theirs) = (issue(&bank, 2).await.unwrap(), issue(&other, 1).await.unwrap());
    let key = VerifierKey::parse(&ours.verifier_key).unwrap();
    assert_eq!(ours.verifier_key, world.running().verifier, "the key of the log");
    for code in ours.codes.iter().chain(&theirs.codes) {
        verify_offline_code(&code.code, &key).unwrap();
        assert!(code.code.len() <= 256);
    }
    let first = made(&world, &bank, &ours.codes[0].code, "L-1", &person).await;
    let second = made(&world, &other, &theirs.codes[0].code, "M-1", &person).await;
    world.clock.advance(Duration::from_hours(1));
    let filled = backfill(&bank, first.clone()).await.unwrap();
    assert_eq!(
        (filled.version, filled.late, filled.over_limit.len()),
        (1, false, 0)
    );
    assert_eq!(
        backfill(&bank, first).await.unwrap(),
        filled,
        "repeated, the same answer"
    );
    world.clock.advance(days(1));
    let filled = backfill(&other, second).await.unwrap();
    assert!(filled.late);
    assert_eq!(filled.over_limit[0].code, "LENDER_COUNT");

    let all = uses(&regulator, pb::ListOfflineUsesRequest::default())
        .await
        .unwrap();
    let names: Vec<&str> = all.iter().map(|row| row.member_id.as_str()).collect();
    assert_eq!(names, ["bank-b", "bank-a"]);
    assert!(
        all.iter().all(|row| row.account_ref.is_empty()),
        "nobody else's account is named"
    );
    assert_eq!(all[0].rule_pack, "cn-consortium 7");
    let over = pb::ListOfflineUsesRequest {
        over_limit_only: true,
        ..pb::ListOfflineUsesRequest::default()
    };
    assert_eq!(uses(&world.operator, over.clone()).await.unwrap(), all[..1]);
    assert_eq!(uses(&bank, over).await.unwrap(), [], "a lender sees its own");
    let own = uses(&bank, pb::ListOfflineUsesRequest::default()).await.unwrap();
    assert_eq!((own.len(), own[0].account_ref.as_str()), (1, "L-1"));
    let anothers = pb::ListOfflineUsesRequest {
        member_id: "bank-b".to_owned(),
        ..pb::ListOfflineUsesRequest::default()
    };
    let status = uses(&bank, anothers).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let page = |page_token: String| pb::ListOfflineUsesRequest {
        page_size: 1,
        page_token,
        ..pb::ListOfflineUsesRequest::default()
    };
    let mut exposure = regulator.client.exposure();
    let first = exposure
        .list_offline_uses(page(String::new()))
        .await
        .unwrap()
        .into_inner();
    let second = exposure
        .list_offline_uses(page(first.next_page_token))
        .await
        .unwrap();
    assert_eq!([first.uses, second.into_inner().uses].concat(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_code_is_told() {
    let (world, _packs) = world().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let (ours, theirs) = (issue(&bank, 1).await.unwrap(), issue(&other, 1).await.unwrap());
    let (code, anothers) = (&ours.codes[0].code, &theirs.codes[0].code);
    let person = Person::number(1);
    let forged = code.replace(".0.", ".1.");
    for wrong in [anothers.as_str(), &forged, "TSO1", &"x".repeat(10_000)] {
        let status = backfill(&bank, made(&world, &bank, wrong, "L-1", &person).await)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::NotFound, "OFFLINE_CODE_UNKNOWN")
        );
    }
    let mut request = made(&world, &bank, code, "L-1", &person).await;
    request.rule_pack = "us-fl".to_owned();
    let status = backfill(&bank, request).await.unwrap_err();
    assert_eq!(reason(&status), "RULE_PACK_UNKNOWN");
    let mut request = made(&world, &bank, code, "L-1", &person).await;
    request.consent.as_mut().unwrap().purposes.clear();
    let status = backfill(&bank, request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let mut request = made(&world, &bank, code, "L-1", &person).await;
    request.used_at = Some(timestamp_to_wire(world.clock.now().plus_seconds(60)));
    let status = backfill(&bank, request).await.unwrap_err();
    assert_eq!(reason(&status), "OFFLINE_CODE_PERIOD");
    // None of these used it.
    let request = made(&world, &bank, code, "L-1", &person).await;
    backfill(&bank, request).await.unwrap();
    let status = backfill(&bank, made(&world, &bank, code, "L-2", &person).await)
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "OFFLINE_CODE_USED")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_too_many_codes_is_told_when_there_are_more() {
    let change = |setup: &mut tallystick::cli::service::Setup| setup.rules.offline_codes = 10;
    let world = World::on(crate::harness::Storage::new().await, change).await;
    let [bank] = world.banks(["bank-a"]).await;
    issue(&bank, 10).await.unwrap();
    let status = issue(&bank, 1).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "QUOTA_EXCEEDED")
    );
    let details = status.get_error_details();
    let delay = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(delay > days(30) && delay <= days(31), "{delay:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_gets_through_an_outage_with_the_program() {
    let server = TestServer::start().await;
    server.clock.set(SystemClock.now());
    let lender = server.enrol("lender-a", &[Role::Lender]).await;
    let program = Program::of(&server, &lender);
    let offline = |arguments: Vec<String>| {
        let program = &program;
        async move {
            let arguments = arguments.iter().map(String::as_str);
            let arguments: Vec<&str> = ["offline"].into_iter().chain(arguments).collect();
            program.run_plain(&arguments).await
        }
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let codes = program.path("codes.txt");
    let issued = offline(words(&format!("issue --count 3 --file {codes}"))).await;
    assert_eq!(issued.code, 0, "{issued:?}");
    let again = offline(words(&format!("issue --count 3 --file {codes}"))).await;
    assert!(again.code != 0 && again.errors.contains("new file"), "{again:?}");
    let text = std::fs::read_to_string(&codes).unwrap();
    let code = text.lines().last().unwrap().to_owned();

    // Without the service, and without its flags.
    let verify = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tallystick"));
        command
            .args(["offline", "verify"])
            .args(arguments)
            .output()
            .unwrap()
    };
    let checked = verify(&["--file", &codes]);
    let said = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(
        (checked.status.code(), said.matches("valid until").count()),
        (Some(0), 3),
        "{said}"
    );
    let verifier = text.lines().next().unwrap().strip_prefix("# verifier ").unwrap();
    let forged = code.replace(".2.", ".1.");
    let checked = verify(&["--verifier", verifier, &code, &forged]);
    let said = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert!(said.contains("not valid: the signature does not hold"), "{said}");

    let day = BusinessZone::default().date_of(SystemClock.now());
    let mut position = loan("L-1", Vec::new(), day);
    position.opened_on = wire(day);
    position.liabilities.clear();
    std::fs::write(program.path("loan.json"), to_json(&position, "Position").unwrap()).unwrap();
    std::fs::write(program.path("agreed.txt"), "I agree.").unwrap();
    server.clock.set(SystemClock.now().plus_seconds(2));
    let used_at = chrono::DateTime::from_timestamp_micros(server.clock.now().micros()).unwrap();
    let filled = offline(words(&format!(
        "backfill --code {code} --used-at {} --position {} --consent C-17 --consent-text {} --consent-from {day} --national-id \
         11010519491231002X --output json",
        used_at.format("%Y-%m-%dT%H:%M:%SZ"),
        program.path("loan.json"),
        program.path("agreed.txt"),
    )))
    .await;
    assert_eq!(
        (filled.code, &filled.json()["version"]),
        (0, &"1".into()),
        "{filled:?}"
    );
    let listed = offline(words("list")).await;
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.output.contains("L-1"), "{listed:?}");
}
