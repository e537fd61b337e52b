//! The regulator's window over real sockets: snapshots that are asked for, and what may be seen of them.

mod naive;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use tallystick::domain::statistics::Schedule;
use tallystick::wire::pb;
use tonic::{Code, Status};

use crate::batches::upload::command::Program;
use crate::harness::{Storage, eventually};
use crate::proofs::people::{Person, days_ago, loan, today, wire};
use crate::proofs::world::{Actor, World, refusal, request_id};

/// A market with a loan of somebody at each of two banks, and its regulator.
async fn world() -> (World, Actor) {
    let world = World::on(Storage::new().await, |_| ()).await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    for lender in [&bank, &other] {
        let tokens = lender.strong(&Person::number(1)).await;
        lender.report(loan("loan-1", tokens, days_ago(3))).await;
    }
    let regulator = world
        .member("regulator", pb::LenderGroup::Other, pb::Role::Regulator)
        .await;
    (world, regulator)
}

fn creation(as_of: NaiveDate) -> pb::CreateSnapshotRequest {
    pb::CreateSnapshotRequest {
        as_of: wire(as_of),
        request_id: request_id(),
    }
}

async fn create(actor: &Actor, request: pb::CreateSnapshotRequest) -> Result<pb::Snapshot, Status> {
    let created = actor.client.statistics().create_snapshot(request).await;
    created.map(|created| created.into_inner().snapshot.unwrap())
}

async fn get(actor: &Actor, as_of: NaiveDate, version: u32) -> Result<pb::Snapshot, Status> {
    let request = pb::GetSnapshotRequest {
        as_of: wire(as_of),
        version,
    };
    let found = actor.client.statistics().get_snapshot(request).await;
    found.map(|found| found.into_inner().snapshot.unwrap())
}

/// Asks for a snapshot and waits until it can be read.
pub async fn published(world: &World, as_of: NaiveDate) -> pb::Snapshot {
    let asked = create(&world.operator, creation(as_of)).await.unwrap();
    eventually("the snapshot is published", async || {
        let found = get(&world.operator, as_of, asked.version).await.unwrap();
        found.state() == pb::SnapshotState::Published
    })
    .await;
    get(&world.operator, as_of, asked.version).await.unwrap()
}

fn table(indicator: &str, as_of: NaiveDate) -> pb::GetIndicatorRequest {
    pb::GetIndicatorRequest {
        indicator: indicator.to_owned(),
        as_of: wire(as_of),
        ..pb::GetIndicatorRequest::default()
    }
}

async fn tables(actor: &Actor, request: pb::GetIndicatorRequest) -> Result<Vec<pb::IndicatorTable>, Status> {
    let found = actor.client.statistics().get_indicator(request).await;
    found.map(|found| found.into_inner().tables)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_asked_for_made_and_read_by_the_regulator() {
    let (world, regulator) = world().await;
    let yesterday = days_ago(1);
    let first = published(&world, yesterday).await;
    assert_eq!((first.version, first.members), (1, 2));
    assert_eq!(first.digest.len(), 32);
    let again = published(&world, yesterday).await;
    assert_eq!(again.version, 2);
    assert_eq!(again.digest, first.digest, "the same data, the same bytes");
    let listed = regulator
        .client
        .statistics()
        .list_snapshots(pb::ListSnapshotsRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.snapshots, [again, first]);
    let found = tables(&regulator, table("multi_lender_rate", yesterday))
        .await
        .unwrap();
    let [rate] = found.as_slice() else {
        panic!("one table: {found:?}");
    };
    assert_eq!((rate.version, rate.rows.len()), (2, 1));
    // One borrower is nobody's business.
    let hidden = pb::indicator_value::Value::Suppressed(pb::SuppressionReason::Confidential.into());
    let values = rate.rows[0].values.iter();
    assert!(
        values.into_iter().all(|value| value.value == Some(hidden)),
        "{rate:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn supervisors_see_by_name_how_members_reported_and_behaved() {
    use pb::indicator_value::Value;
    let (world, regulator) = world().await;
    let new_bank = world.lender("bank-c", pb::LenderGroup::Bank).await;
    let tokens = new_bank.strong(&Person::number(2)).await;
    let opened = pb::Position {
        opened_on: wire(days_ago(3)),
        ..loan("loan-2", tokens, days_ago(3))
    };
    new_bank.report(opened).await;
    let by_member = async |indicator: &str, currency: &str, day: NaiveDate| {
        let asked = pb::GetIndicatorRequest {
            dimensions: vec![pb::Dimension::Member.into()],
            currency: currency.to_owned(),
            ..table(indicator, day)
        };
        let mut found = tables(&regulator, asked).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].key_columns, ["member"]);
        found.remove(0)
    };
    let keys = |table: &pb::IndicatorTable| -> Vec<String> {
        let rows = table.rows.iter();
        rows.map(|row| row.keys.join("/")).collect()
    };
    // Everybody joined this month, which is told of in the next one, and of conduct in the one after that.
    published(&world, days_ago(1)).await;
    assert!(keys(&by_member("data_quality", "", days_ago(1)).await).is_empty());
    assert!(keys(&by_member("concentration", "CNY", days_ago(1)).await).is_empty());
    world.clock.advance(Duration::from_hours(24 * 90));
    let [july, august] =
        [(7, 31), (8, 31)].map(|(month, day)| NaiveDate::from_ymd_opt(2026, month, day).unwrap());
    published(&world, july).await;
    published(&world, august).await;
    let quality = by_member("data_quality", "", july).await;
    assert_eq!(keys(&quality), ["bank-a", "bank-b", "bank-c"]);
    let asked = pb::GetDataQualityRequest {
        member_id: "bank-a".to_owned(),
        year: 2026,
        month: 6,
    };
    let told = regulator.client.reporting().get_data_quality(asked).await;
    let told = told.unwrap().into_inner();
    let counted: Vec<Option<Value>> = quality.rows[0].values.iter().map(|value| value.value).collect();
    let part = |score: u32| Some(Value::Count(score.into()));
    // It sent no batch.
    let expected = [
        part(told.score),
        part(told.timeliness),
        None,
        part(told.completeness),
        part(told.consistency),
        None,
    ];
    assert!(told.score > 0);
    assert_eq!(counted, expected, "{quality:?}");
    assert!(keys(&by_member("conduct", "", july).await).is_empty());
    let conduct = by_member("conduct", "", august).await;
    assert_eq!(keys(&conduct), ["bank-a", "bank-b", "bank-c"]);
    let told = |row: usize| -> BTreeMap<&str, Option<Value>> {
        let cells = conduct.value_columns.iter().zip(&conduct.rows[row].values);
        cells.map(|(name, value)| (name.as_str(), value.value)).collect()
    };
    // One opened a loan in June; nobody looked at anybody, and a share of nothing is none.
    assert_eq!(told(2)["looks"], Some(Value::Count(0)));
    assert_eq!(told(2)["looks_per_loan"], Some(Value::Ratio(0.0)));
    assert_eq!(told(2)["rate_strangers"], None);
    assert_eq!(told(0)["looks_per_loan"], None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_answered_once_and_again_and_a_series_has_every_date() {
    let (world, regulator) = world().await;
    let request = creation(days_ago(1));
    let asked = create(&world.operator, request.clone()).await.unwrap();
    let same = create(&world.operator, request.clone()).await.unwrap();
    assert_eq!(same, asked);
    let other = pb::CreateSnapshotRequest {
        as_of: wire(days_ago(2)),
        ..request
    };
    assert_eq!(
        refusal(create(&world.operator, other).await).reason,
        "REQUEST_ID_REUSED"
    );
    published(&world, days_ago(2)).await;
    published(&world, days_ago(1)).await;
    let series = pb::GetIndicatorRequest {
        series_from: wire(days_ago(30)),
        ..table("delinquency", today())
    };
    let found = tables(&regulator, series).await.unwrap();
    let dates: Vec<Option<pb::Date>> = found.iter().map(|table| table.as_of).collect();
    assert_eq!(dates, [wire(days_ago(2)), wire(days_ago(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_and_what_is_wrong_is_told() {
    let (world, regulator) = world().await;
    let bank = world.lender("bank-c", pb::LenderGroup::Bank).await;
    let refused = [
        refusal(create(&bank, creation(days_ago(1))).await),
        refusal(create(&regulator, creation(days_ago(1))).await),
        refusal(tables(&bank, table("delinquency", days_ago(1))).await),
        refusal(get(&bank, days_ago(1), 0).await),
    ];
    for refused in refused {
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::PermissionDenied, "ROLE_MISSING")
        );
    }
    published(&world, days_ago(1)).await;
    let cases = [
        (
            table("fashion", days_ago(1)),
            Code::InvalidArgument,
            "INDICATOR_UNKNOWN",
        ),
        (
            table("delinquency", days_ago(9)),
            Code::NotFound,
            "SNAPSHOT_UNKNOWN",
        ),
        (
            pb::GetIndicatorRequest {
                currency: "EUR".to_owned(),
                ..table("delinquency", days_ago(1))
            },
            Code::NotFound,
            "SNAPSHOT_UNKNOWN",
        ),
        (
            pb::GetIndicatorRequest {
                dimensions: vec![1, 2],
                ..table("delinquency", days_ago(1))
            },
            Code::InvalidArgument,
            "INDICATOR_UNKNOWN",
        ),
    ];
    for (request, code, reason) in cases {
        let refused = refusal(tables(&regulator, request).await);
        assert_eq!((refused.code, refused.reason.as_str()), (code, reason));
    }
    let tomorrow = today() + chrono::Days::new(1);
    let refused = refusal(create(&world.operator, creation(tomorrow)).await);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::InvalidArgument, "DATE_IN_FUTURE")
    );
    assert_eq!(
        refusal(get(&regulator, days_ago(1), 7).await).reason,
        "SNAPSHOT_UNKNOWN"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_month_is_not_forgotten() {
    let world = World::on(Storage::new().await, |setup| setup.schedule = Schedule::MonthEnd).await;
    let end = NaiveDate::from_ymd_opt(2026, 5, 31).unwrap();
    eventually("the month's snapshot is there", async || {
        let found = get(&world.operator, end, 0).await;
        found.is_ok_and(|found| found.state() == pb::SnapshotState::Published)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_lists_shows_and_exports() {
    let (world, _) = world().await;
    let shown = &world.operator_credentials;
    let authority = world.authority.pem();
    let program = Program::with(
        &shown.certificate,
        &shown.key,
        &authority,
        world.running().address,
    );
    let asked = async |arguments: &[&str]| program.run_in("stats", arguments).await;
    let none = asked(&["show", "delinquency"]).await;
    assert!(
        none.code != 0 && none.errors.contains("no snapshot is published"),
        "{none:?}"
    );
    let day = days_ago(1).to_string();
    let created = asked(&["create", "--as-of", &day]).await;
    assert!(created.output.contains("version 1"), "{created:?}");
    published(&world, days_ago(1)).await;
    let listed = asked(&["list", "--output", "json"]).await;
    assert_eq!(listed.json()["snapshots"][0]["state"], "SNAPSHOT_STATE_PUBLISHED");
    let table = asked(&["show", "multi_lender_rate", "--as-of", &day]).await;
    assert_eq!(table.code, 0, "{table:?}");
    assert!(table.output.contains(&day), "{table:?}");
    let csv = asked(&["export", "multi_lender_rate", "--as-of", &day]).await;
    let lines: Vec<&str> = csv.output.lines().collect();
    assert!(
        lines[0].starts_with("as_of,version,currency,subjects,subjects_2_plus"),
        "{csv:?}"
    );
    assert!(lines[1].starts_with(&format!("{day},")), "{csv:?}");
    let file = program.path("chart.svg");
    let drawn = asked(&["export", "multi_lender_rate", "--form", "svg", "--to", &file]).await;
    assert_eq!(drawn.code, 0, "{drawn:?}");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("<svg"));
    let wrong = asked(&["show", "multi_lender_rate", "--by", "rate_band"]).await;
    assert!(
        wrong.code != 0 && wrong.errors.contains("region,product_type"),
        "{wrong:?}"
    );
    let named = asked(&["show", "conduct", "--by", "member", "--as-of", &day]).await;
    assert!(
        named.code == 0 && named.output.contains("Tokens evaluated"),
        "{named:?}"
    );
    let described = asked(&["indicators", "--lang", "zh"]).await;
    assert!(described.output.contains("多头借贷率"), "{described:?}");
}
