//! Batches: records as if reported alone, streams that take over, the judgement of the whole, what was not carried.

use chrono::NaiveDate;
use tallystick::domain::batch::{
    Batch, BatchHeader, BatchId, BatchState, BatchTrailer, BatchType, ControlTotals, RecordResult, Sums,
};
use tallystick::domain::currency::Currency;
use tallystick::domain::date::days_before;
use tallystick::domain::names::{AccountRef, MemberNo, Sha256};
use tallystick::domain::position::{DeletionReason, LiabilityRole};
use tallystick::domain::unit::batch::{Amounts, Recognised};
use tallystick::domain::unit::rows::{BatchPhase, BatchRow};
use tallystick::domain::unit::{
    Action, Administration, BatchStep, BatchTaken, BatchWork, Item, ItemAct, Outcome,
};
use tallystick::domain::violation::{Code, Violation};

use super::engine::Engine;
use super::market::{Loan, Market, account, administer, mobile, national_id, refusal, today};

pub fn header(name: &str, batch_type: BatchType) -> BatchHeader {
    BatchHeader {
        batch_id: BatchId::parse(name).unwrap(),
        batch_type,
        as_of: days_before(today(), 1),
        dry_run: false,
        content_sha256: Sha256([7; 32]),
        resends: None,
        resume_from: 0,
    }
}

fn amounts(loan: &Loan) -> Option<Amounts> {
    let facts = loan.facts();
    let overdue = facts.overdue;
    Some(Amounts {
        currency: facts.currency,
        outstanding_total: facts.outstanding_total,
        overdue: [overdue.principal, overdue.interest, overdue.penalty, overdue.fees],
    })
}

pub fn item(loan: &Loan) -> Item {
    let Action::Report(report) = loan.report() else {
        panic!("a loan is reported");
    };
    Item {
        account_ref: Some(loan.position().account_ref.clone()),
        amounts: amounts(loan),
        act: ItemAct::Report(report),
    }
}

fn correction(loan: &Loan) -> Item {
    let Action::Correct(correction) = loan.correct(0) else {
        panic!("a loan is corrected");
    };
    Item {
        act: ItemAct::Correct(correction),
        ..item(loan)
    }
}

pub fn unreadable(name: &str) -> Item {
    Item {
        account_ref: AccountRef::parse(name),
        amounts: None,
        act: ItemAct::Unreadable(vec![Violation::new(
            Code::Format,
            "position.currency",
            "not a currency",
        )]),
    }
}

fn deletion(name: &str, reason: DeletionReason) -> Item {
    Item {
        account_ref: Some(account(name)),
        amounts: None,
        act: ItemAct::Delete(reason),
    }
}

/// A stream of a batch.
struct Stream<'m, 'e> {
    market: &'m Market<'e>,
    member_no: MemberNo,
    row: BatchRow,
}

impl<'m, 'e> Stream<'m, 'e> {
    async fn open(market: &'m Market<'e>, header: BatchHeader) -> Self {
        let member_no = market.a;
        let work = work(&header.batch_id, 0, BatchStep::Open(header.clone()));
        let row = taken(market.accept(member_no, work).await).row;
        Self {
            market,
            member_no,
            row,
        }
    }

    fn step(&self, step: BatchStep) -> Action {
        work(&self.row.batch.header.batch_id, self.row.epoch, step)
    }

    fn chunk(&self, items: &[Item]) -> Action {
        self.step(BatchStep::Chunk {
            after: self.row.batch.counts.received,
            items: items.to_vec(),
        })
    }

    async fn send(&mut self, items: &[Item]) -> Vec<RecordResult> {
        let taken = taken(self.market.accept(self.member_no, self.chunk(items)).await);
        self.row = taken.row;
        taken.results
    }

    /// Closes it with totals that agree, and does what is left to do.
    async fn close(self) -> Batch {
        let trailer = BatchTrailer {
            record_count: self.row.batch.counts.received,
            totals: self.row.totals.clone(),
        };
        self.close_with(trailer).await
    }

    async fn close_with(mut self, trailer: BatchTrailer) -> Batch {
        let step = self.step(BatchStep::Close(trailer));
        self.row = taken(self.market.accept(self.member_no, step).await).row;
        self.finish().await
    }

    async fn confirm(mut self) -> Batch {
        let step = work(&self.row.batch.header.batch_id, 0, BatchStep::Confirm);
        self.row = taken(self.market.accept(self.member_no, step).await).row;
        self.finish().await
    }

    async fn finish(mut self) -> Batch {
        loop {
            let (batch_no, after) = (self.row.batch.batch_no, self.row.listed_to.clone());
            let store = &self.market.store;
            let page = match self.row.phase {
                BatchPhase::Listing => store.uncarried(self.member_no, batch_no, after.as_ref(), 2).await,
                BatchPhase::Marking => {
                    store
                        .list_missing(self.member_no, batch_no, after.as_ref(), 2)
                        .await
                }
                BatchPhase::Records | BatchPhase::Judged => return self.row.batch,
            };
            let page = page.unwrap();
            let step = self.step(BatchStep::Proceed {
                after,
                last: page.len() < 2,
                page,
            });
            self.row = taken(self.market.accept(self.member_no, step).await).row;
        }
    }
}

fn work(batch_id: &BatchId, epoch: u64, step: BatchStep) -> Action {
    Action::Batch(Box::new(BatchWork {
        batch_id: batch_id.clone(),
        epoch,
        step,
    }))
}

fn taken(outcome: Outcome) -> BatchTaken {
    match outcome {
        Outcome::Batch(taken) => *taken,
        other => panic!("no step with a batch: {other:?}"),
    }
}

/// A whole batch of these records.
pub async fn upload(market: &Market<'_>, header: BatchHeader, items: &[Item]) -> Batch {
    let mut stream = Stream::open(market, header).await;
    for chunk in items.chunks(3) {
        stream.send(chunk).await;
    }
    stream.close().await
}

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

fn book(names: &[&str], as_of: NaiveDate) -> Vec<Item> {
    let people = (1..).zip(names);
    people
        .map(|(person, name)| item(&Loan::new(name, &[national_id(person)]).said(as_of, 1)))
        .collect()
}

pub async fn each_record_of_a_batch_has_a_fate_of_its_own(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let known = Loan::new("known", &[national_id(1)]);
    let newer = Loan::new("newer", &[national_id(2)]).said(today(), 1);
    market.report(market.a, &known).await;
    market.report(market.a, &newer).await;
    let mut stream = Stream::open(&market, header("n-1", BatchType::Incremental)).await;
    let results = stream
        .send(&[
            item(&Loan::new("fresh", &[national_id(3)])),
            item(&known),
            item(&known.clone().said(days_before(today(), 1), 1)),
            item(&newer.clone().said(days_before(today(), 2), 1)),
            item(&newer.clone().owing(1)),
            unreadable("broken"),
            item(&known.clone().said(today(), 2).owing(800_000)),
        ])
        .await;
    let rejected: Vec<(u64, Option<&str>, Code)> = results
        .iter()
        .map(|result| {
            let name = result.account_ref.as_ref().map(AccountRef::as_str);
            (result.record_number, name, result.violations[0].code)
        })
        .collect();
    assert_eq!(
        rejected,
        [
            (5, Some("newer"), Code::PairReused),
            (6, Some("broken"), Code::Format)
        ]
    );
    let batch = stream.close().await;
    let counts = batch.counts;
    assert_eq!((counts.received, counts.accepted, counts.rejected), (7, 4, 2));
    assert_eq!((counts.unchanged, counts.superseded), (2, 1));
    assert_eq!(batch.state, BatchState::Completed);
    market.restart().await;
    let kept = market
        .store
        .find_batch(market.a, &batch.header.batch_id)
        .await
        .unwrap();
    assert_eq!(kept.unwrap().batch, batch);
    let listed = market
        .store
        .list_results(market.a, batch.batch_no, 0, 10)
        .await
        .unwrap();
    assert_eq!(listed, results);
    let second = market
        .store
        .list_results(market.a, batch.batch_no, 5, 1)
        .await
        .unwrap();
    assert_eq!(second, results[1..]);
    let seen = market.accounts_seen(market.b, &[national_id(3)]).await;
    assert_eq!(seen, 1, "the query of somebody else sees what the batch carried");
}

pub async fn a_stream_that_was_taken_over_changes_nothing(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let mut first = Stream::open(&market, header("n-1", BatchType::Incremental)).await;
    first.send(&[item(&Loan::new("A1", &[national_id(1)]))]).await;
    let resumed = BatchHeader {
        resume_from: 1,
        ..header("n-1", BatchType::Incremental)
    };
    let mut second = Stream::open(&market, resumed).await;
    let late = first.chunk(&[item(&Loan::new("A2", &[national_id(2)]))]);
    assert_eq!(market.refuse(market.a, late).await, Code::BatchTakenOver);
    let trailer = BatchTrailer {
        record_count: 1,
        totals: ControlTotals::default(),
    };
    let late = first.step(BatchStep::Close(trailer));
    assert_eq!(market.refuse(market.a, late).await, Code::BatchTakenOver);
    second.send(&[item(&Loan::new("A3", &[national_id(3)]))]).await;
    let batch = second.close().await;
    assert_eq!((batch.counts.received, batch.counts.accepted), (2, 2));
    for (name, found) in [("A1", true), ("A2", false), ("A3", true)] {
        let position = market
            .store
            .find_position(market.a, &account(name))
            .await
            .unwrap();
        assert_eq!(position.is_some(), found, "{name}");
    }
}

pub async fn a_batch_resumes_behind_what_is_durable_and_nowhere_else(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let open = |header: BatchHeader| work(&header.batch_id.clone(), 0, BatchStep::Open(header));
    let at = |resume_from| BatchHeader {
        resume_from,
        ..header("n-1", BatchType::Full)
    };
    assert_eq!(
        refusal(market.apply(market.a, open(at(1))).await),
        Code::ResumePoint
    );
    let mut stream = Stream::open(&market, at(0)).await;
    let loans = book(&["A1", "A2", "A3"], days_before(today(), 1));
    stream.send(&loans).await;
    market.restart().await;
    for (wrong, code) in [
        (at(0), Code::ResumePoint),
        (at(2), Code::ResumePoint),
        (
            BatchHeader {
                batch_type: BatchType::Incremental,
                ..at(3)
            },
            Code::BatchIdReused,
        ),
        (
            BatchHeader {
                as_of: today(),
                ..at(3)
            },
            Code::BatchIdReused,
        ),
        (
            BatchHeader {
                dry_run: true,
                ..at(3)
            },
            Code::BatchIdReused,
        ),
        (
            BatchHeader {
                content_sha256: Sha256([8; 32]),
                ..at(3)
            },
            Code::BatchIdReused,
        ),
    ] {
        assert_eq!(refusal(market.apply(market.a, open(wrong)).await), code);
    }
    let batch = Stream::open(&market, at(3)).await.close().await;
    assert_eq!((batch.counts.received, batch.state), (3, BatchState::Completed));
    // Finished: any resume point gets the summary, and nothing more is taken.
    let again = Stream::open(&market, at(0)).await;
    assert_eq!(again.row.batch, batch);
    let more = again.chunk(&loans);
    assert_eq!(market.refuse(market.a, more).await, Code::BatchFinished);
}

pub async fn a_batch_sent_again_changes_nothing(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    let changed = loan.clone().said(days_before(today(), 1), 1).owing(800_000);
    let mended = loan.clone().owing(850_000);
    let gone = Loan::new("A2", &[national_id(2)]);
    let records = [
        item(&loan),
        item(&changed),
        correction(&mended),
        item(&gone),
        deletion("A2", DeletionReason::Fraud),
    ];
    let first = upload(&market, header("n-1", BatchType::Incremental), &records).await;
    assert_eq!((first.counts.accepted, first.counts.unchanged), (5, 0));
    let versions = async |name: &str| {
        let listed = market
            .store
            .list_versions(market.a, &account(name), None, 10)
            .await;
        listed.unwrap().unwrap()
    };
    let before = (versions("A1").await, versions("A2").await);
    assert_eq!(before.0.len(), 3);
    let second = upload(&market, header("n-2", BatchType::Incremental), &records).await;
    assert_eq!((versions("A1").await, versions("A2").await), before);
    // The first report is older than what is on file, the last account is gone.
    let counts = second.counts;
    assert_eq!((counts.superseded, counts.unchanged, counts.rejected), (1, 3, 1));
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

pub async fn batches_are_listed_newest_first_and_each_member_sees_its_own(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    for name in ["n-1", "n-2", "n-3"] {
        upload(&market, header(name, BatchType::Incremental), &[]).await;
    }
    let page = market.store.list_batches(market.a, None, 2).await.unwrap();
    let names: Vec<&str> = page
        .iter()
        .map(|row| row.batch.header.batch_id.as_str())
        .collect();
    assert_eq!(names, ["n-3", "n-2"]);
    let rest = market
        .store
        .list_batches(market.a, Some(page[1].batch.batch_no), 2)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert!(
        market
            .store
            .list_batches(market.b, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let foreign = market
        .store
        .find_batch(market.b, &page[0].batch.header.batch_id)
        .await
        .unwrap();
    assert_eq!(foreign, None);
}

/// What a report says of an account whose tokens were recognised.
fn recognised(loan: &Loan, digests: &[u8]) -> Item {
    let known = |token: tallystick::domain::token::Pseudonym| Ok::<_, ()>(token.identifier_type);
    Item {
        act: ItemAct::Recognised(Box::new(Recognised {
            position: loan.position().clone().try_map_tokens(known).unwrap(),
            event: None,
            violations: Vec::new(),
            warnings: Vec::new(),
            token_digests: digests.to_vec(),
        })),
        ..item(loan)
    }
}

pub async fn accounts_are_recognised_by_the_digests_of_their_tokens(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan =
        Loan::new("A1", &[national_id(1), mobile(1)]).also(LiabilityRole::Guarantor, &[national_id(2)]);
    let with_digests = |loan: &Loan, digests: &[u8]| {
        let Action::Report(mut report) = loan.report() else {
            panic!("a loan is reported");
        };
        report.token_digests = Some(digests.to_vec());
        Action::Report(report)
    };
    market.accept(market.a, with_digests(&loan, &[1; 32])).await;
    let known = async |name: &str, digests: &[u8]| {
        let asked = vec![(account("none"), vec![1; 32]), (account(name), digests.to_vec())];
        let known = market.store.recognise(market.a, asked).await.unwrap();
        assert!(!known[0]);
        known[1]
    };
    assert!(known("A1", &[1; 32]).await);
    assert!(!known("A1", &[2; 32]).await);
    assert!(!known("A2", &[1; 32]).await);
    // As if every token had been mapped: versions, links, everyone liable.
    let mut stream = Stream::open(&market, header("n-1", BatchType::Incremental)).await;
    let changed = loan.clone().said(days_before(today(), 1), 1).owing(800_000);
    stream.send(&[recognised(&changed, &[1; 32])]).await;
    assert_eq!(stream.row.batch.counts.accepted, 1);
    let found = market
        .store
        .find_position(market.a, &account("A1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            found.row.version.number,
            found.row.version.facts.outstanding_total
        ),
        (2, 800_000)
    );
    for person in [1, 2] {
        let answer = market
            .query(market.b, &[national_id(person)])
            .await
            .figures
            .others
            .unwrap();
        assert_eq!(answer.active_accounts + answer.guaranteed_accounts, 1, "{person}");
    }
    assert_eq!(market.accounts_seen(market.c, &[mobile(1)]).await, 1);
    // Another key version gives other tokens for the same people; what was prepared before is prepared again.
    let advanced = changed.clone().said(today(), 5);
    market.accept(market.a, with_digests(&advanced, &[3; 32])).await;
    assert!(!known("A1", &[1; 32]).await && known("A1", &[3; 32]).await);
    let stale = stream.chunk(&[
        item(&Loan::new("A2", &[national_id(3)])),
        recognised(&advanced, &[1; 32]),
    ]);
    assert_eq!(market.refuse(market.a, stale).await, Code::TokensChanged);
    let untouched = market
        .store
        .find_position(market.a, &account("A2"))
        .await
        .unwrap();
    assert_eq!(untouched, None, "nothing of the chunk was decided");
    // Whoever is merged is mapped again.
    market.report(market.b, &Loan::new("B1", &[national_id(7)])).await;
    let merge = administer(Administration::MergeSubjects {
        keep: national_id(7),
        merge: national_id(1),
        reason: "one person".to_owned(),
    });
    market.accept(super::market::OPERATOR, merge).await;
    assert!(!known("A1", &[3; 32]).await);
}
