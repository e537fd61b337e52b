//! The judgement of batches: totals, rejects, size, what was not carried, what is sent again.

use tallystick::domain::batch::{
    Batch, BatchHeader, BatchId, BatchState, BatchTrailer, BatchType, ControlTotals, Sums,
};
use tallystick::domain::currency::Currency;
use tallystick::domain::date::days_before;
use tallystick::domain::position::DeletionReason;
use tallystick::domain::unit::{Action, BatchStep, Item};
use tallystick::domain::violation::Code;

use super::batches::{Stream, book, correction, deletion, header, item, unreadable, upload, work};
use super::engine::Engine;
use super::market::{Loan, Market, account, national_id, today};

async fn missing(market: &Market<'_>, batch: &Batch) -> Vec<String> {
    let listed = market
        .store
        .list_missing(market.a, batch.batch_no, None, 100)
        .await;
    listed
        .unwrap()
        .iter()
        .map(|name| name.as_str().to_owned())
        .collect()
}

pub async fn a_full_batch_lists_what_it_did_not_carry_and_marks_it_after_two(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let day = |before| days_before(today(), before);
    let full = |name: &str, as_of| BatchHeader {
        as_of,
        ..header(name, BatchType::Full)
    };
    let names = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8"];
    let whole = upload(&market, full("n-1", day(3)), &book(&names, day(3))).await;
    assert_eq!((whole.missing, whole.state), (0, BatchState::Completed));
    // Opened behind the batch's date, closed, deleted: none of them is missing.
    let later = Loan::new("B1", &[national_id(21)]).with(|facts| facts.opened_on = today());
    market.report(market.a, &later.said(today(), 1)).await;
    market
        .report(market.a, &Loan::new("B2", &[national_id(22)]).closed())
        .await;
    market
        .report(market.a, &Loan::new("B3", &[national_id(23)]))
        .await;
    let delete = Action::Delete {
        account_ref: account("B3"),
        reason: DeletionReason::Fraud,
    };
    market.accept(market.a, delete).await;
    let unconfirmed = async |person| {
        let answer = market.query(market.c, &[national_id(person)]).await;
        answer.figures.others.unwrap().unconfirmed_accounts
    };
    let second = upload(&market, full("n-2", day(2)), &book(&names[..6], day(2))).await;
    assert_eq!(missing(&market, &second).await, ["A7", "A8"]);
    assert_eq!((second.missing, second.state), (2, BatchState::Completed));
    assert_eq!(unconfirmed(7).await, 0, "missing once");
    // An older book says nothing about today's, and a rejected record was carried all the same.
    let older = upload(&market, full("n-0", day(4)), &book(&names[..6], day(4))).await;
    assert_eq!((older.missing, older.state), (2, BatchState::Completed));
    let mut third = book(&names[..6], day(1));
    third.push(unreadable("A7"));
    market.wait(86_400);
    let third = upload(&market, full("n-3", day(1)), &third).await;
    assert_eq!(missing(&market, &third).await, ["A8"]);
    assert_eq!((unconfirmed(7).await, unconfirmed(8).await), (0, 1));
    let status = market
        .store
        .find_position(market.a, &account("A8"))
        .await
        .unwrap()
        .unwrap();
    assert!(
        status.row.version.facts.status.is_active(),
        "never closed silently"
    );
    market.wait(86_400);
    let fourth = upload(&market, full("n-4", today()), &book(&names, today())).await;
    assert_eq!(missing(&market, &fourth).await, ["B1"], "opened by now");
    assert_eq!(unconfirmed(8).await, 0);
}

pub async fn an_implausible_size_is_held_until_it_is_confirmed(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let names: Vec<String> = (0..10).map(|number| format!("A{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let day = |before| days_before(today(), before);
    let full = |name: &str, as_of| BatchHeader {
        as_of,
        ..header(name, BatchType::Full)
    };
    upload(&market, full("n-1", day(3)), &book(&names, day(3))).await;
    // Exactly 30 % apart is plausible.
    let same = upload(&market, full("n-2", day(2)), &book(&names[..7], day(2))).await;
    assert_eq!((same.state, same.missing), (BatchState::Completed, 3));
    let mut stream = Stream::open(&market, full("n-3", day(1))).await;
    stream.send(&book(&names[..4], day(1))).await;
    let held = stream.close().await;
    assert_eq!((held.state, held.missing), (BatchState::Held, 6));
    assert_eq!(held.failures[0].code, Code::FileCountSwing);
    market.restart().await;
    let marks = async |name: &str| {
        let found = market.store.find_position(market.a, &account(name)).await;
        found.unwrap().unwrap().row.missing_batches
    };
    assert_eq!((marks("A6").await, marks("A9").await), (0, 1), "not marked yet");
    let again = Stream::open(&market, full("n-3", day(1))).await;
    assert_eq!(again.row.batch, held);
    let confirmed = again.confirm().await;
    assert_eq!(
        (confirmed.state, confirmed.failures.len()),
        (BatchState::Completed, 0)
    );
    assert_eq!(
        (marks("A3").await, marks("A6").await, marks("A9").await),
        (0, 1, 2)
    );
    let once_more = Stream::open(&market, full("n-3", day(1))).await.confirm().await;
    assert_eq!(once_more, confirmed);
    assert_eq!(marks("A9").await, 2, "confirmed twice, marked once");
    let failed = work(&same.header.batch_id, 0, BatchStep::Confirm);
    assert!(market.apply(market.a, failed).await.is_ok());
    let unknown = work(&BatchId::parse("n-9").unwrap(), 0, BatchStep::Confirm);
    assert_eq!(market.refuse(market.a, unknown).await, Code::BatchUnknown);
}

pub async fn a_batch_whose_totals_disagree_fails_and_counts_for_nothing(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    // The batch's own date decides, not its records'.
    let old = days_before(today(), 40);
    let loan = Loan::new("A1", &[national_id(1)])
        .with(|facts| facts.opened_on = old)
        .said(old, 1);
    let coverage = async || {
        market
            .query(market.b, &[national_id(1)])
            .await
            .figures
            .coverage_percent
    };
    let mut stream = Stream::open(&market, header("n-1", BatchType::Full)).await;
    stream.send(&[item(&loan)]).await;
    let sums = Sums {
        outstanding_total: 900_001,
        overdue_total: 0,
    };
    let trailer = BatchTrailer {
        record_count: 2,
        totals: ControlTotals(
            [
                (Currency::CNY, sums),
                (Currency::parse("USD").unwrap(), Sums::default()),
            ]
            .into(),
        ),
    };
    let failed = stream.close_with(trailer).await;
    let failures: Vec<(Code, &str)> = failed
        .failures
        .iter()
        .map(|broken| (broken.code, broken.field.as_str()))
        .collect();
    assert_eq!(
        failures,
        [
            (Code::FileControlTotal, "trailer.record_count"),
            (Code::FileControlTotal, "trailer.totals.outstanding_total"),
        ]
    );
    assert_eq!((failed.state, failed.counts.accepted), (BatchState::Failed, 1));
    assert_eq!(coverage().await, 0);
    market.wait(86_400);
    let batch = upload(&market, header("n-2", BatchType::Incremental), &[item(&loan)]).await;
    assert_eq!(batch.state, BatchState::Completed);
    assert_eq!(
        coverage().await,
        50,
        "one of the two other lenders submitted for the day before"
    );
}

pub async fn too_many_rejects_stop_a_batch_from_record_ten_thousand_on(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let bad: Vec<Item> = (0..1_000).map(|_| unreadable("bad")).collect();
    let mut stream = Stream::open(&market, header("n-1", BatchType::Incremental)).await;
    for _ in 0..9 {
        stream.send(&bad).await;
    }
    stream.send(&bad[..999]).await;
    assert_eq!(stream.row.batch.state, BatchState::Receiving);
    stream.send(&bad[..1]).await;
    assert_eq!(stream.row.batch.state, BatchState::Failed);
    assert_eq!(stream.row.batch.failures[0].code, Code::FileRejectRate);
    let more = stream.chunk(&bad[..1]);
    assert_eq!(market.refuse(market.a, more).await, Code::BatchFinished);
}

pub async fn what_a_batch_sends_again_is_mended_and_stays_readable(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let batch = upload(
        &market,
        header("n-1", BatchType::Incremental),
        &[unreadable("A1"), unreadable("A2")],
    )
    .await;
    let unknown = BatchHeader {
        resends: BatchId::parse("n-7"),
        ..header("n-2", BatchType::Incremental)
    };
    let open = work(&unknown.batch_id, 0, BatchStep::Open(unknown.clone()));
    assert_eq!(market.refuse(market.a, open).await, Code::BatchUnknown);
    let again = BatchHeader {
        resends: BatchId::parse("n-1"),
        ..unknown
    };
    let second = upload(&market, again, &book(&["A1"], today())).await;
    assert_eq!(second.header.resends, BatchId::parse("n-1"));
    let listed = market
        .store
        .list_results(market.a, batch.batch_no, 0, 10)
        .await
        .unwrap();
    assert_eq!(listed.len(), 2);
}

pub async fn a_dry_run_keeps_its_results_and_changes_no_position(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let known = Loan::new("A1", &[national_id(1)]);
    market.report(market.a, &known).await;
    market.report(market.a, &Loan::new("A2", &[national_id(2)])).await;
    let before = market
        .store
        .find_position(market.a, &account("A1"))
        .await
        .unwrap();
    let dry = BatchHeader {
        dry_run: true,
        ..header("dry", BatchType::Full)
    };
    let mut stream = Stream::open(&market, dry).await;
    let results = stream
        .send(&[
            item(&known.clone().said(today(), 1).owing(1)),
            item(&known.clone().owing(1)),
            item(&Loan::new("new", &[national_id(3)])),
            unreadable("bad"),
        ])
        .await;
    let codes: Vec<Code> = results.iter().map(|result| result.violations[0].code).collect();
    assert_eq!(codes, [Code::PairReused, Code::Format]);
    let batch = stream.close().await;
    assert_eq!(
        (batch.counts.accepted, batch.state, batch.missing),
        (2, BatchState::Completed, 1)
    );
    let after = market
        .store
        .find_position(market.a, &account("A1"))
        .await
        .unwrap();
    assert_eq!(
        after.map(|found| found.row),
        before.map(|found| found.row),
        "nothing of it took effect"
    );
    assert_eq!(
        market
            .store
            .find_position(market.a, &account("new"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(market.accounts_seen(market.b, &[national_id(3)]).await, 0);
}

pub async fn a_correction_of_a_batch_names_its_version_by_the_pair(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    market.report(market.a, &loan).await;
    let mut stream = Stream::open(&market, header("n-1", BatchType::Incremental)).await;
    let results = stream
        .send(&[
            correction(&loan.clone().owing(500_000)),
            correction(&loan.clone().said(today(), 9)),
            correction(&Loan::new("A9", &[national_id(9)])),
            deletion("A9", DeletionReason::ReportedInError),
        ])
        .await;
    let codes: Vec<(u64, Code, &str)> = results
        .iter()
        .map(|result| {
            let first = &result.violations[0];
            (result.record_number, first.code, first.field.as_str())
        })
        .collect();
    assert_eq!(
        codes,
        [
            (2, Code::VersionUnknown, "position.sequence"),
            (3, Code::AccountUnknown, "position.account_ref"),
            (4, Code::AccountUnknown, "delete_account_ref"),
        ]
    );
    let found = market
        .store
        .find_position(market.a, &account("A1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.row.version.facts.outstanding_total, 500_000);
    assert_eq!(found.row.version.number, 2);
}
