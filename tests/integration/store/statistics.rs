//! Snapshots: asked for, taken up by one at a time, counted as of a date, published and compared, on any engine.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::date::BusinessZone;
use tallystick::domain::names::MemberId;
use tallystick::domain::position::{DeletionReason, LiabilityRole};
use tallystick::domain::statistics::{
    Indicator, Published, Shown, ShownRow, ShownStatistics, ShownTable, Snapshot, SnapshotKey, SnapshotState,
    Statistics, Terms,
};
use tallystick::domain::unit::{Action, Administration, Outcome};
use tallystick::store::audit_log::LeaseHolder;
use tallystick::store::statistics_book::{SnapshotLease, SnapshotTask};

use super::engine::Engine;
use super::market::{Loan, Market, OPERATOR, account, administer, day, national_id, today};

const ME: LeaseHolder = LeaseHolder([1; 16]);
const OTHER: LeaseHolder = LeaseHolder([2; 16]);
const DAY: i64 = 86_400;

fn february() -> NaiveDate {
    day(2026, 2, 28)
}

fn march() -> NaiveDate {
    day(2026, 3, 31)
}

fn key(as_of: NaiveDate, version: u32) -> SnapshotKey {
    SnapshotKey { as_of, version }
}

/// A lease of a minute from now.
fn lease(market: &Market<'_>, holder: LeaseHolder) -> SnapshotLease {
    let now = market.engine.clock().now();
    SnapshotLease {
        holder,
        now,
        until: now.plus_seconds(60),
    }
}

pub async fn ask(market: &Market<'_>, as_of: NaiveDate) -> Snapshot {
    match market.accept(OPERATOR, Action::Snapshot { as_of }).await {
        Outcome::Snapshot(snapshot) => *snapshot,
        other => panic!("{other:?}"),
    }
}

async fn take(market: &Market<'_>, holder: LeaseHolder) -> Option<SnapshotTask> {
    market.store.take_snapshot(lease(market, holder)).await.unwrap()
}

/// Counts what waits, and gives the raw figures.
pub async fn count(market: &Market<'_>) -> (SnapshotTask, Statistics) {
    let task = take(market, ME).await.unwrap();
    let terms = Terms {
        as_of: task.key.as_of,
        previous: task.previous.map(|previous| previous.as_of),
        zone: BusinessZone::default(),
        lowest_edges: BTreeMap::new(),
    };
    let counted = market.store.count_market(task, terms).await.unwrap();
    (task, counted)
}

/// Something to publish: one table of counts, one of amounts.
fn published(as_of: NaiveDate) -> ShownStatistics {
    let rate = Published {
        indicator: Indicator::MultiLenderRate,
        cuts: &[],
    };
    let flow = Published {
        indicator: Indicator::Flow,
        cuts: &[],
    };
    let row = |values: Vec<Shown>| ShownRow {
        places: vec![],
        values,
    };
    let values = |published: Published, has_currency: bool| {
        let columns = published.shown_columns(has_currency).len();
        let mut values = vec![Shown::Hidden; columns];
        values[0] = if has_currency {
            Shown::Amount(12_345)
        } else {
            Shown::Count(100)
        };
        values
    };
    ShownStatistics {
        as_of,
        subjects: 100,
        positions: 120,
        lenders: 3,
        tables: vec![
            ShownTable {
                published: rate,
                currency: None,
                members: Vec::new(),
                rows: vec![row(values(rate, false))],
            },
            ShownTable {
                published: flow,
                currency: Some(Loan::new("any", &[]).facts().currency),
                members: Vec::new(),
                rows: vec![row(values(flow, true))],
            },
            ShownTable {
                published: Published::BY_MEMBER[1],
                currency: None,
                members: ["east-bank", "fast-cash"]
                    .map(|id| MemberId::parse(id).unwrap())
                    .to_vec(),
                rows: vec![
                    ShownRow {
                        places: vec![1],
                        values: vec![Shown::Count(90); 6],
                    },
                    ShownRow {
                        places: vec![0],
                        values: vec![Shown::Nothing; 6],
                    },
                ],
            },
        ],
    }
}

pub async fn publish(market: &Market<'_>, key: SnapshotKey) -> bool {
    let shown = published(key.as_of);
    market
        .store
        .publish_snapshot(key, ME, &shown, [7; 32])
        .await
        .unwrap()
}

fn amounts(statistics: &Statistics, indicator: Indicator) -> BTreeMap<&'static str, i128> {
    let table = statistics.tables.iter().find(|table| {
        table.published.indicator == indicator && table.published.cuts.is_empty() && table.currency.is_some()
    });
    let table = table.unwrap();
    let names = table.columns().iter().map(|column| column.name);
    names.zip(table.rows[0].values.iter().copied()).collect()
}

pub async fn a_snapshot_is_asked_for_once_while_it_is_under_way(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let first = ask(&market, february()).await;
    assert_eq!(
        (first.key, first.state),
        (key(february(), 1), SnapshotState::Computing)
    );
    assert_eq!(ask(&market, february()).await, first, "it is the same one");
    assert_eq!(
        ask(&market, day(2026, 1, 31)).await.key.version,
        1,
        "another date"
    );
    assert!(
        !market
            .store
            .schedule_snapshot(february(), first.created_at)
            .await
            .unwrap()
    );
    assert!(
        market
            .store
            .schedule_snapshot(day(2025, 12, 31), first.created_at)
            .await
            .unwrap()
    );
    for _ in 0..3 {
        let (task, _) = count(&market).await;
        assert!(publish(&market, task.key).await);
    }
    assert_eq!(take(&market, ME).await, None, "nothing waits");
    assert_eq!(
        ask(&market, february()).await.key,
        key(february(), 2),
        "the next version"
    );
    let listed = market.store.list_snapshots(None, 10).await.unwrap();
    let keys: Vec<SnapshotKey> = listed.iter().map(|snapshot| snapshot.key).collect();
    let expected = [
        key(february(), 2),
        key(february(), 1),
        key(day(2026, 1, 31), 1),
        key(day(2025, 12, 31), 1),
    ];
    assert_eq!(keys, expected);
    let behind = market.store.list_snapshots(Some(expected[1]), 1).await.unwrap();
    assert_eq!(behind[0].key, expected[2]);
}

pub async fn one_works_at_a_time_and_what_is_left_is_taken_up(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    ask(&market, february()).await;
    ask(&market, day(2026, 1, 31)).await;
    let first = take(&market, OTHER).await.unwrap();
    assert_eq!(
        (first.key, first.tries),
        (key(february(), 1), 1),
        "what waits longest"
    );
    assert_eq!(take(&market, ME).await, None, "somebody works");
    let held = market
        .store
        .hold_snapshot(first.key, lease(&market, OTHER), SnapshotState::Protecting);
    assert!(held.await.unwrap());
    let found = market
        .store
        .find_snapshot(february(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.state, SnapshotState::Protecting);
    market.wait(61);
    market.restart().await;
    let again = take(&market, ME).await.unwrap();
    assert_eq!((again.key, again.tries), (first.key, 2), "its lease is over");
    let held = market
        .store
        .hold_snapshot(first.key, lease(&market, OTHER), SnapshotState::Computing);
    assert!(!held.await.unwrap(), "it is somebody else's");
    let shown = published(february());
    let late = market.store.publish_snapshot(first.key, OTHER, &shown, [7; 32]);
    assert!(!late.await.unwrap(), "nor can it be published by who lost it");
    assert!(publish(&market, first.key).await);
    assert!(!publish(&market, first.key).await, "once");
}

pub async fn what_fails_again_and_again_is_given_up(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    ask(&market, february()).await;
    for tries in 1..=5 {
        assert_eq!(take(&market, ME).await.unwrap().tries, tries);
    }
    assert_eq!(take(&market, ME).await, None);
    let found = market
        .store
        .find_snapshot(february(), Some(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.state, found.head), (SnapshotState::Failed, None));
    assert_eq!(
        ask(&market, february()).await.key.version,
        2,
        "it can be asked for anew"
    );
}

pub async fn what_is_published_comes_back_as_it_was(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    ask(&market, february()).await;
    let (task, _) = count(&market).await;
    let shown = published(february());
    let [counts, flow, of_members] = &shown.tables[..] else {
        panic!("three tables");
    };
    let before = market.store.published_statistics(task.key).await.unwrap();
    assert_eq!(before, None, "nothing of it is readable before");
    assert!(publish(&market, task.key).await);
    let back = market.store.published_statistics(task.key).await.unwrap();
    assert_eq!(back.as_ref(), Some(&shown));
    let head = market
        .store
        .find_snapshot(february(), None)
        .await
        .unwrap()
        .unwrap()
        .head
        .unwrap();
    assert_eq!(
        (head.subjects, head.positions, head.lenders, head.digest),
        (100, 120, 3, [7; 32])
    );
    let keys = market
        .store
        .published_snapshots(day(2025, 1, 1), february(), 10)
        .await
        .unwrap();
    assert_eq!(keys, vec![task.key]);
    for table in [counts, flow, of_members] {
        let found = market
            .store
            .find_tables(&keys, table.published, table.currency)
            .await
            .unwrap();
        assert_eq!(found, vec![(task.key, table.clone())]);
    }
    let absent = market
        .store
        .find_tables(&keys, flow.published, None)
        .await
        .unwrap();
    assert_eq!(absent, vec![]);
    let currencies = market.store.snapshot_currencies(task.key).await.unwrap();
    assert_eq!(currencies, vec![flow.currency.unwrap()]);
}

pub async fn a_market_is_counted_as_of_its_date(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let [ann, bob] = [[national_id(1)], [national_id(2)]];
    let of_ann = Loan::new("ann-1", &ann).owing(50_000);
    market.report(market.a, &of_ann).await;
    market
        .report(market.b, &Loan::new("ann-2", &ann).owing(30_000))
        .await;
    let joint = Loan::new("joint", &bob)
        .also(LiabilityRole::Joint, &ann)
        .owing(20_000);
    market.report(market.c, &joint).await;
    market
        .report(market.c, &Loan::new("gone", &bob).owing(10_000))
        .await;
    let gone = Action::Delete {
        account_ref: account("gone"),
        reason: DeletionReason::ReportedInError,
    };
    market.accept(market.c, gone).await;
    // What was reported for a later day was not so on the date.
    market
        .report(market.a, &of_ann.owing(45_000).said(today(), 2).past_due(2))
        .await;
    market
        .report(market.b, &Loan::new("later", &bob).owing(99_000).said(today(), 1))
        .await;
    ask(&market, february()).await;
    let (task, counted) = count(&market).await;
    assert_eq!(task.previous, None);
    assert_eq!((counted.subjects, counted.positions, counted.lenders), (2, 3, 3));
    let late = amounts(&counted, Indicator::Delinquency);
    assert_eq!((late["balance"], late["balance_dpd_31_plus"]), (100_000, 0));
    let owed = amounts(&counted, Indicator::ExposurePerSubject);
    assert_eq!(owed["exposure"], 120_000, "a joint loan is owed by each of them");
    // Counted once more, it is the same to the byte.
    assert!(publish(&market, task.key).await);
    ask(&market, february()).await;
    let (_, again) = count(&market).await;
    assert_eq!(again.encode(), counted.encode());
}

pub async fn a_month_is_compared_with_what_was_kept_of_the_one_before(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let people: Vec<_> = (1..=4).map(|person| [national_id(person)]).collect();
    let loans: Vec<Loan> = people
        .iter()
        .zip(["paid", "late", "moved", "same"])
        .map(|(person, name)| Loan::new(name, person).owing(10_000))
        .collect();
    for (loan, days) in loans.iter().zip([0, 10, 0, 0]) {
        let loan = loan.clone();
        let loan = if days > 0 { loan.past_due(days) } else { loan };
        market.report(market.a, &loan).await;
    }
    ask(&market, february()).await;
    let (task, _) = count(&market).await;
    assert!(publish(&market, task.key).await);
    market.restart().await;

    market.wait(30 * DAY);
    let [paid, late, ..] = &loans[..] else {
        panic!("four loans");
    };
    let said = day(2026, 3, 30);
    market
        .report(market.a, &paid.clone().said(said, 2).closed())
        .await;
    market
        .report(market.a, &late.clone().said(said, 2).past_due(40))
        .await;
    let fifth = [national_id(5)];
    let new = Loan::new("new", &fifth)
        .with(|facts| facts.opened_on = day(2026, 3, 10))
        .owing(7_000);
    market.report(market.b, &new.said(said, 1)).await;
    // The third and the fifth turn out to be one person: an account moves to another subject.
    let one = Administration::MergeSubjects {
        keep: fifth[0].clone(),
        merge: people[2][0].clone(),
        reason: "one person".to_owned(),
    };
    market.accept(OPERATOR, administer(one)).await;

    ask(&market, march()).await;
    let (task, counted) = count(&market).await;
    assert_eq!(task.previous, Some(key(february(), 1)));
    let flow = amounts(&counted, Indicator::Flow);
    assert_eq!(
        (flow["opening"], flow["repayments"], flow["withdrawals"]),
        (40_000, 10_000 + flow["originations"] - 7_000, 0)
    );
    assert_eq!((flow["arrivals"], flow["closing"]), (0, 37_000));
    let vintage = counted
        .tables
        .iter()
        .find(|table| table.published.indicator == Indicator::Vintage && table.currency.is_some());
    let ever_31: i128 = vintage
        .unwrap()
        .rows
        .iter()
        .map(|row| row.values[1])
        .max()
        .unwrap();
    assert_eq!(ever_31, 10_000);

    // A later version of the month is compared with the same one, and an earlier version is not kept.
    assert!(publish(&market, task.key).await);
    ask(&market, march()).await;
    let (second, again) = count(&market).await;
    assert_eq!((second.key.version, second.previous), (2, task.previous));
    assert_eq!(again.encode(), counted.encode());
    assert!(publish(&market, second.key).await);
    ask(&market, day(2026, 4, 1)).await;
    let (april, _) = count(&market).await;
    assert_eq!(april.previous, Some(second.key));
}

pub async fn a_broken_off_count_leaves_nothing_behind(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let ann = [national_id(1)];
    market
        .report(market.a, &Loan::new("ann-1", &ann).owing(50_000))
        .await;
    ask(&market, february()).await;
    let (first, _) = count(&market).await;
    // Nobody published it: the next one begins anew and keeps each position once.
    let (second, counted) = count(&market).await;
    assert_eq!((first.key, second.tries), (second.key, 2));
    assert_eq!(counted.positions, 1);
    assert!(publish(&market, second.key).await);
    ask(&market, march()).await;
    let (_, counted) = count(&market).await;
    assert_eq!(amounts(&counted, Indicator::Flow)["opening"], 50_000);
}

/// More than SQLite reads at once, so that both of its threads read and count.
const PEOPLE: u32 = 900;

pub async fn many_people_are_counted_each_once(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let mut owed = 0;
    for person in 1..=PEOPLE {
        let of = [national_id(person)];
        let loan = Loan::new(&format!("loan-{person}"), &of).owing(1_000 + i64::from(person));
        owed += 1_000 + i128::from(person);
        let lender = [market.a, market.b, market.c][usize::try_from(person % 3).unwrap()];
        market.report(lender, &loan).await;
    }
    ask(&market, february()).await;
    let (first, counted) = count(&market).await;
    let people = u64::from(PEOPLE);
    assert_eq!(
        (counted.subjects, counted.positions, counted.lenders),
        (people, people, 3)
    );
    assert_eq!(amounts(&counted, Indicator::Delinquency)["balance"], owed);
    assert!(publish(&market, first.key).await);
    market.restart().await;

    // Everybody is where the month before left them, whoever reads whom.
    market.wait(30 * DAY);
    ask(&market, march()).await;
    let (second, counted) = count(&market).await;
    assert_eq!(second.previous, Some(first.key));
    let flow = amounts(&counted, Indicator::Flow);
    assert_eq!(
        (flow["opening"], flow["closing"], flow["arrivals"]),
        (owed, owed, 0)
    );
}
