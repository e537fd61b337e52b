//! A disk that is full or fails: refused cleanly, nothing by half, and work goes on when there is space again.
//!
//! Each test is about one engine. The embedded one writes in our process, whose files can be kept from growing. PostgreSQL
//! writes in processes of its own, and says by a code that a row found no room: here a trigger says it, because no user
//! but root can fill a disk of its own. A disk without room for its write-ahead log ends PostgreSQL itself: that is
//! `outage`.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use tallystick::cli::place::Place;
use tallystick::cli::service;
use tallystick::client::Refusal;
use tallystick::domain::clock::{Clock as _, SystemClock};
use tallystick::domain::date::BusinessZone;
use tallystick::wire::pb;
use tonic::Code;

use super::people::{Person, loan, today};
use super::process::Site;
use super::world::{Actor, World, enrol, question, refusal, request_id, setup};
use crate::harness::{Cluster, Storage};

fn assert_no_space(refused: &Refusal) {
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::Unavailable, "STORE_DISK")
    );
    assert!(
        refused.retry_after.is_some_and(|after| after > Duration::ZERO),
        "it says when to come back"
    );
    assert!(
        refused.message.contains("nothing was done"),
        "{}",
        refused.message
    );
    assert!(
        !refused.message.contains('/'),
        "no path is told: {}",
        refused.message
    );
}

async fn sequence_on_file(actor: &Actor, account_ref: &str) -> Option<u64> {
    let found = actor
        .client
        .reporting()
        .get_position(pb::GetPositionRequest {
            account_ref: account_ref.to_owned(),
        })
        .await;
    match found {
        Ok(response) => response.into_inner().position.map(|position| position.sequence),
        Err(status) => {
            assert_eq!(Refusal::from(status).reason, "ACCOUNT_UNKNOWN");
            None
        }
    }
}

/// On a disk that is spoiled in between: what is sent then is refused, kept by nobody, and taken when it is mended. There
/// is an account A-1 before.
async fn refused_until_mended(
    bank: &Actor,
    tokens: &[pb::SubjectToken],
    day: NaiveDate,
    spoil: impl AsyncFnOnce(),
    mend: impl AsyncFnOnce(),
) {
    spoil().await;
    let name = request_id();
    let refused = bank
        .try_report_as(loan("A-2", tokens.to_vec(), day), name.clone())
        .await;
    assert_no_space(&refused.expect_err("it cannot be kept"));
    let asked = question(tokens.to_vec(), pb::Purpose::NewCredit);
    assert_no_space(&refusal(bank.client.exposure().query_exposure(asked).await));
    assert_eq!(sequence_on_file(bank, "A-2").await, None, "refused and stored");
    assert_eq!(sequence_on_file(bank, "A-1").await, Some(1), "reads go on");

    mend().await;
    let response = bank.try_report_as(loan("A-2", tokens.to_vec(), day), name).await;
    assert_eq!(response.expect("there is space again").version, 1);
    let answer = bank.query(tokens.to_vec()).await;
    let own = answer.own.expect("the own part is there");
    assert_eq!(
        (own.active_accounts, own.hard_inquiries_360_days),
        (2, 0),
        "the refused inquiry left no trace"
    );
    assert_eq!(answer.coverage_percent, 100, "the network is known as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_what_it_cannot_keep_and_keeps_what_it_acknowledged() {
    // Room for the schema, the members and some loans: pages of 4 KiB.
    let mut world = World::on(Storage::File, |setup| {
        if let Place::Embedded(_, options) = &mut setup.place {
            options.pages_max = Some(110);
        }
    })
    .await;
    let credentials = world.authority.issue("bank-a", 2048);
    let lender = pb::Role::Lender;
    enrol(
        &world.operator.client,
        "bank-a",
        pb::LenderGroup::Bank,
        lender,
        &credentials,
    )
    .await;
    let bank = Actor::connect(
        world.running().address.port(),
        &world.authority,
        &credentials,
        "bank-a",
    )
    .await;
    let tokens = bank.strong(&Person::number(1)).await;
    let mut kept = 0;
    let refused = loop {
        match bank
            .try_report(loan(&format!("A-{kept}"), tokens.clone(), today()))
            .await
        {
            Ok(_) => kept += 1,
            Err(refused) => break refused,
        }
        assert!(kept < 5_000, "the disk is never full");
    };
    assert_no_space(&refused);
    assert!(kept > 0, "there was room for nothing at all");
    assert_eq!(
        sequence_on_file(&bank, &format!("A-{kept}")).await,
        None,
        "refused and stored"
    );
    assert_eq!(sequence_on_file(&bank, "A-0").await, Some(1), "reads go on");

    world.stop().await;
    let tls = world.authority.equip(world.folder.path());
    let roomy = setup(
        &world.data(),
        &world.storage,
        tls,
        world.clock.clone(),
        &world.operator_credentials,
    );
    let running = service::start(roomy, futures::stream::pending())
        .await
        .expect("it starts again");
    let bank = Actor::connect(running.address.port(), &world.authority, &credentials, "bank-a").await;
    for number in 0..kept {
        assert_eq!(
            sequence_on_file(&bank, &format!("A-{number}")).await,
            Some(1),
            "A-{number} of {kept}"
        );
    }
    bank.report(loan(&format!("A-{kept}"), tokens, today())).await;
    running.stop();
    running.ended().await.expect("the service ends in peace");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_disk_refuses_and_work_goes_on_when_it_is_mended() {
    let site = Site::on(Storage::File);
    let service = site.start_where_files_may_be_refused();
    let operator = site.connect(&service, &site.operator, "operator").await;
    let credentials = Arc::new(site.authority.issue("bank-a", 2048));
    enrol(
        &operator.client,
        "bank-a",
        pb::LenderGroup::Bank,
        pb::Role::Lender,
        &credentials,
    )
    .await;
    let bank = site.connect(&service, &credentials, "bank-a").await;
    let mut tokens = bank.strong(&Person::number(1)).await;
    tokens[0].verified_on = None;
    let day = BusinessZone::default().date_of(SystemClock.now());
    bank.report(loan("A-1", tokens.clone(), day)).await;

    let log = site.data().join("tallystick.db-wal");
    let bytes = std::fs::metadata(log)
        .expect("the write-ahead log is there")
        .len();
    refused_until_mended(
        &bank,
        &tokens,
        day,
        async || service.limit_files(Some(bytes)),
        async || service.limit_files(None),
    )
    .await;

    service.kill();
    let service = site.start();
    let bank = site.connect(&service, &credentials, "bank-a").await;
    for account_ref in ["A-1", "A-2"] {
        assert_eq!(
            sequence_on_file(&bank, account_ref).await,
            Some(1),
            "{account_ref}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_of_postgres_without_room_refuses_and_work_goes_on_when_there_is_some() {
    // disk_full and io_error, as PostgreSQL says them of a file that cannot grow.
    for code in ["53100", "58030"] {
        let world = World::on(Storage::postgres(Cluster::shared()).await, |_| {}).await;
        let Storage::Postgres(database) = &world.storage else {
            unreachable!("it was asked for");
        };
        let behind = database.connect().await;
        let [bank] = world.banks(["bank-a"]).await;
        let tokens = bank.strong(&Person::number(1)).await;
        bank.report(loan("A-1", tokens.clone(), today())).await;
        let function = format!(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'could not extend file \"base/1/2\"' USING ERRCODE = '{code}';
            END $$"
        );
        behind.batch_execute(&function).await.expect("it is ours");
        let spoil = "CREATE TRIGGER no_room BEFORE INSERT ON audit_opening EXECUTE FUNCTION no_room()";
        let mend = "DROP TRIGGER no_room ON audit_opening";
        let run = async |sql: &str| behind.batch_execute(sql).await.expect("it is ours");
        refused_until_mended(
            &bank,
            &tokens,
            today(),
            async || run(spoil).await,
            async || {
                run(mend).await;
            },
        )
        .await;
    }
}
