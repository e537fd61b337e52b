//! Batches: records as if reported alone, streams that take over, the judgement of the whole, what was not carried.

use chrono::NaiveDate;
use tallystick::domain::batch::{
    Batch, BatchHeader, BatchId, BatchState, BatchTrailer, BatchType, ControlTotals, RecordResult,
};
use tallystick::domain::date::days_before;
use tallystick::domain::names::{AccountRef, MemberNo, Sha256};
use tallystick::domain::position::DeletionReason;
use tallystick::domain::unit::batch::Amounts;
use tallystick::domain::unit::rows::{BatchPhase, BatchRow};
use tallystick::domain::unit::{Action, BatchStep, BatchTaken, BatchWork, Item, ItemAct, Outcome};
use tallystick::domain::violation::{Code, Violation};
use tallystick::store::batch_book::Uncarried;

use super::engine::Engine;
use super::market::{Loan, Market, account, national_id, refusal, today};

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

fn amounts(loan: &Loan) -> Amounts {
    let facts = loan.facts();
    let overdue = facts.overdue;
    Amounts {
        currency: facts.currency,
        outstanding_total: facts.outstanding_total,
        overdue: [overdue.principal, overdue.interest, overdue.penalty, overdue.fees],
    }
}

pub fn item(loan: &Loan) -> Item {
    let Action::Report(report) = loan.report() else {
        panic!("a loan is reported");
    };
    Item {
        account_ref: Some(loan.position().account_ref.clone()),
        amounts: Some(amounts(loan)),
        act: ItemAct::Report(report),
    }
}

pub fn correction(loan: &Loan) -> Item {
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

pub fn deletion(name: &str, reason: DeletionReason) -> Item {
    Item {
        account_ref: Some(account(name)),
        amounts: None,
        act: ItemAct::Delete(reason),
    }
}

/// A stream of a batch.
pub struct Stream<'m, 'e> {
    market: &'m Market<'e>,
    member_no: MemberNo,
    pub row: BatchRow,
}

impl<'m, 'e> Stream<'m, 'e> {
    pub async fn open(market: &'m Market<'e>, header: BatchHeader) -> Self {
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

    pub fn chunk(&self, items: &[Item]) -> Action {
        self.step(BatchStep::Chunk {
            after: self.row.batch.counts.received,
            items: items.to_vec(),
        })
    }

    pub async fn send(&mut self, items: &[Item]) -> Vec<RecordResult> {
        let taken = taken(self.market.accept(self.member_no, self.chunk(items)).await);
        self.row = taken.row;
        taken.results
    }

    /// Closes it with totals that agree, and does what is left to do.
    pub async fn close(self) -> Batch {
        let trailer = BatchTrailer {
            record_count: self.row.batch.counts.received,
            totals: self.row.totals.clone(),
        };
        self.close_with(trailer).await
    }

    pub async fn close_with(mut self, trailer: BatchTrailer) -> Batch {
        let step = self.step(BatchStep::Close(trailer));
        self.row = taken(self.market.accept(self.member_no, step).await).row;
        self.finish().await
    }

    pub async fn confirm(mut self) -> Batch {
        let step = work(&self.row.batch.header.batch_id, 0, BatchStep::Confirm);
        self.row = taken(self.market.accept(self.member_no, step).await).row;
        self.finish().await
    }

    async fn finish(mut self) -> Batch {
        loop {
            let (batch_no, after) = (self.row.batch.batch_no, self.row.listed_to.clone());
            let store = &self.market.store;
            let next = match self.row.phase {
                BatchPhase::Listing => {
                    let next = store.uncarried(self.member_no, batch_no, after.as_ref(), 2).await;
                    next.unwrap()
                }
                BatchPhase::Marking => {
                    let page = store
                        .list_missing(self.member_no, batch_no, after.as_ref(), 2)
                        .await;
                    let accounts = page.unwrap();
                    Uncarried {
                        reached: accounts.last().cloned(),
                        last: accounts.len() < 2,
                        accounts,
                    }
                }
                BatchPhase::Records | BatchPhase::Judged => return self.row.batch,
            };
            let step = self.step(BatchStep::Proceed {
                after,
                page: next.accounts,
                reached: next.reached,
                last: next.last,
            });
            self.row = taken(self.market.accept(self.member_no, step).await).row;
        }
    }
}

pub fn work(batch_id: &BatchId, epoch: u64, step: BatchStep) -> Action {
    Action::Batch(Box::new(BatchWork {
        batch_id: batch_id.clone(),
        epoch,
        step,
    }))
}

pub fn taken(outcome: Outcome) -> BatchTaken {
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

pub fn book(names: &[&str], as_of: NaiveDate) -> Vec<Item> {
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
