//! A member as a whole: what is counted of its reports, and its book on a date.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures::future::join_all;
use tallystick::domain::batch::{Batch, BatchHeader, BatchType};
use tallystick::domain::clock::Clock as _;
use tallystick::domain::currency::Currency;
use tallystick::domain::date::{BusinessZone, Timestamp, days_after, days_before};
use tallystick::domain::names::MemberNo;
use tallystick::domain::position::{AccountStatus, DeletionReason, LiabilityRole};
use tallystick::domain::quality::{Month, MonthFacts, ReportTally};
use tallystick::domain::reconciliation::{BookEntry, Reconciliation};
use tallystick::domain::unit::Action;
use tallystick::domain::violation::Code;
use tallystick::store::ApplyError;

use super::batches::{header, item, unreadable, upload};
use super::engine::Engine;
use super::market::{Loan, Market, account, day, mobile, national_id, today, version};
use super::random::Dice;

const DAY_SECONDS: i64 = 86_400;

async fn facts(market: &Market<'_>, member_no: MemberNo, month: u32) -> MonthFacts {
    let (zone, now) = (BusinessZone::default(), market.engine.clock().now());
    let month = Month::of(2026, month).unwrap();
    let facts = market.store.quality_facts(member_no, month, zone, now).await;
    facts.unwrap()
}

fn tally(reports: u64, late: u64, contradictions: u64) -> ReportTally {
    // A loan of these tests has five optional fields; it is not classified and was never paid.
    ReportTally {
        reports,
        late,
        optional_fields: 5 * reports,
        optional_filled: 3 * reports,
        contradictions,
        contradictions_rejected: 0,
    }
}

pub async fn reports_are_counted_on_the_day_of_their_receipt(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1)]);
    market.report(market.a, &loan).await;
    // Said again in the same words, and with a pair that is taken: neither is a report.
    market.report(market.a, &loan).await;
    let other = loan.clone().owing(5);
    assert_eq!(market.refuse(market.a, other.report()).await, Code::PairReused);
    market.restart().await;
    // In place, then as new versions, the second of which is past due for as many days as before without a payment.
    let old = days_before(today(), 1);
    market.report(market.a, &loan.clone().said(old, 2)).await;
    let past_due = loan.clone().past_due(1);
    market.report(market.a, &past_due.clone().said(today(), 3)).await;
    market.wait(3 * DAY_SECONDS);
    let still = past_due.clone().owing(7).said(days_after(today(), 2), 4);
    market.report(market.a, &still).await;
    market.report(market.a, &Loan::new("A2", &[national_id(1)])).await;
    market.report(market.b, &Loan::new("B1", &[national_id(1)])).await;
    // A correction is no report.
    market.accept(market.a, still.owing(8).correct(3)).await;
    let march = facts(&market, market.a, 3).await;
    assert_eq!(march.reports, tally(5, 1, 1));
    assert_eq!((march.batches, march.rejects), (vec![], vec![]));
    assert_eq!(facts(&market, market.b, 3).await.reports, tally(1, 1, 0));
    assert_eq!(facts(&market, market.a, 2).await, MonthFacts::default());
    assert_eq!(facts(&market, market.c, 3).await, MonthFacts::default());
}

pub async fn counts_of_many_reports_at_once_add_up(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    for round in 0..3 {
        let loans = (0..40).map(|number| {
            let token = if number % 2 == 0 {
                mobile(number)
            } else {
                national_id(number)
            };
            Loan::new(&format!("A{round}-{number}"), &[token])
        });
        let writes: Vec<_> = loans.map(|loan| market.write(market.a, loan.report())).collect();
        let done = join_all(writes.into_iter().map(|write| market.store.apply(write))).await;
        assert!(done.iter().all(Result::is_ok));
    }
    // Next month's are another month's.
    market.wait(30 * DAY_SECONDS);
    market
        .report(market.a, &Loan::new("late", &[national_id(1)]))
        .await;
    let expected = ReportTally {
        // The proof of a mobile is one more.
        optional_fields: 120 * 5 + 60,
        ..tally(120, 0, 0)
    };
    assert_eq!(facts(&market, market.a, 3).await.reports, expected);
    assert_eq!(facts(&market, market.a, 4).await.reports, tally(1, 1, 0));
}

fn named(name: &str, resends: Option<&Batch>) -> BatchHeader {
    BatchHeader {
        resends: resends.map(|batch| batch.header.batch_id.clone()),
        ..header(name, BatchType::Incremental)
    }
}

/// The day before today at these hours, as batches that describe it are judged.
fn noon_plus(seconds: i64) -> Timestamp {
    super::engine::ManualClock::START.plus_seconds(seconds)
}

pub async fn batches_of_a_month_are_told_by_their_dates(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let good = item(&Loan::new("good", &[national_id(1)]));
    let jump = Loan::new("good", &[national_id(1)]).said(today(), 2).past_due(90);
    let first = upload(
        &market,
        named("n-1", None),
        &[
            good,
            item(&jump),
            unreadable("broken"),
            unreadable("never mended"),
        ],
    )
    .await;
    let rehearsal = BatchHeader {
        dry_run: true,
        ..named("rehearsal", None)
    };
    upload(&market, rehearsal, &[item(&jump), unreadable("broken")]).await;
    market.wait(30 * 3_600 + 1);
    let mended = jump.clone().past_due(2);
    let fixed = item(&Loan::new("broken", &[national_id(2)]));
    upload(&market, named("n-2", Some(&first)), &[item(&mended), fixed]).await;
    market.wait(3_600);
    let another = BatchHeader {
        as_of: today(),
        ..named("n-3", None)
    };
    let last = item(&Loan::new("last", &[national_id(3)]));
    upload(&market, another, &[last]).await;
    market.restart().await;
    let found = facts(&market, market.a, 3).await;
    let told: Vec<(NaiveDate, bool, bool, u64, u64)> = found
        .batches
        .iter()
        .map(|batch| {
            let judged = batch.judged_at.map(|at| at < noon_plus(3_600));
            let (as_of, submits) = (batch.as_of, batch.submits);
            (
                as_of,
                submits,
                judged == Some(true),
                batch.accepted,
                batch.rejected,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (days_before(today(), 1), true, true, 3, 3),
            (today(), true, false, 1, 0)
        ],
        "what sends rejects again changes nothing about when its date was submitted"
    );
    // The jump and one of the unreadable records were mended after 30 hours; the other, whose name could not be read, is
    // nobody's.
    assert_eq!(found.rejects, [(30, 2)]);
    let expected = ReportTally {
        contradictions_rejected: 1,
        ..tally(4, 2, 0)
    };
    assert_eq!(found.reports, expected);
    assert_eq!(facts(&market, market.a, 2).await, MonthFacts::default());
    assert_eq!(facts(&market, market.b, 3).await, MonthFacts::default());
}

pub async fn rejects_that_stay_open_grow_old(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    upload(&market, named("n-1", None), &[unreadable("broken")]).await;
    // A store's instants run a little ahead of a clock that stands.
    market.wait(1);
    for (hours, expected) in [(0, 0), (23, 23), (1, 24), (215, 239), (1, 240), (1_000, 240)] {
        market.wait(hours * 3_600);
        assert_eq!(facts(&market, market.a, 3).await.rejects, [(expected, 1)]);
    }
}

pub async fn a_reject_that_was_sent_again_and_rejected_again_is_mended_as_well(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let first = upload(&market, named("n-1", None), &[unreadable("broken")]).await;
    market.wait(10 * 3_600 + 1);
    let second = upload(&market, named("n-2", Some(&first)), &[unreadable("broken")]).await;
    market.wait(10 * 3_600 + 1);
    let fixed = item(&Loan::new("broken", &[national_id(1)]));
    upload(&market, named("n-3", Some(&second)), &[fixed]).await;
    market.wait(100 * 3_600);
    assert_eq!(facts(&market, market.a, 3).await.rejects, [(10, 1), (20, 1)]);
}

/// A version as the test remembers it.
#[derive(Debug, Clone)]
struct Remembered {
    number: u64,
    first: NaiveDate,
    pair: (NaiveDate, u64),
    corrected: bool,
    entry: BookEntry,
}

/// The book as whoever sent everything has it.
#[derive(Debug, Default)]
struct OwnBook {
    accounts: BTreeMap<String, (bool, Vec<Remembered>)>,
}

fn entry(loan: &Loan) -> BookEntry {
    let facts = loan.facts();
    BookEntry {
        status: facts.status,
        currency: facts.currency,
        outstanding_total: facts.outstanding_total,
        overdue_total: facts.overdue.total().unwrap(),
    }
}

impl OwnBook {
    fn reported(&mut self, loan: &Loan, number: u64) {
        let position = loan.position();
        let pair = (position.order.as_of, position.order.sequence);
        let (_, versions) = self
            .accounts
            .entry(position.account_ref.as_str().to_owned())
            .or_default();
        match versions.iter_mut().find(|known| known.number == number) {
            // Advanced in place, or a replay.
            Some(known) => known.pair = known.pair.max(pair),
            None => versions.push(Remembered {
                number,
                first: pair.0,
                pair,
                corrected: false,
                entry: entry(loan),
            }),
        }
    }

    fn corrected(&mut self, loan: &Loan, target: u64, number: u64) {
        let (deleted, versions) = self
            .accounts
            .get_mut(loan.position().account_ref.as_str())
            .unwrap();
        let current = versions
            .iter()
            .filter(|known| !known.corrected)
            .max_by_key(|known| known.pair);
        if current.unwrap().number == target {
            *deleted = false;
        }
        let known = versions.iter_mut().find(|known| known.number == target).unwrap();
        known.corrected = true;
        let instead = Remembered {
            number,
            corrected: false,
            entry: entry(loan),
            ..known.clone()
        };
        versions.push(instead);
    }

    fn on(&self, as_of: NaiveDate) -> Reconciliation {
        let mut book = Reconciliation::default();
        for (deleted, versions) in self.accounts.values() {
            let in_force = versions
                .iter()
                .filter(|known| !deleted && !known.corrected && known.first <= as_of)
                .max_by_key(|known| (known.first, known.pair));
            if let Some(known) = in_force {
                book.add(known.entry);
            }
        }
        book
    }
}

fn any_loan(dice: &mut Dice, name: &str, step: u32) -> Loan {
    let person = 1 + dice.small(6);
    let mut loan =
        Loan::new(name, &[national_id(person)]).said(days_after(today(), step / 4), u64::from(step + 2));
    if dice.one_in(3) {
        loan = loan.also(LiabilityRole::Guarantor, &[national_id(10 + dice.small(6))]);
    }
    if dice.one_in(2) {
        loan = loan.owing(1_000 * i64::from(dice.small(900)));
    }
    if dice.one_in(3) {
        loan = loan.past_due(1 + dice.small(5));
    }
    if dice.one_in(3) {
        loan = loan.with(|facts| facts.currency = Currency::parse("USD").unwrap());
    }
    if dice.one_in(4) {
        loan = loan.with(|facts| facts.status = AccountStatus::LegalAction);
    }
    if dice.one_in(9) {
        loan = loan.closed();
    }
    loan
}

/// One change of a book, as the market takes it and as the test remembers it.
async fn change(market: &Market<'_>, own: &mut OwnBook, dice: &mut Dice, step: u32) {
    let name = format!("A{}", dice.below(9));
    let mut loan = any_loan(dice, &name, step);
    let known = own.accounts.get(&name).map_or(&[][..], |(_, versions)| versions);
    match dice.below(10) {
        0 => {
            let account_ref = account(&name);
            let reason = DeletionReason::ReportedInError;
            let deletion = Action::Delete { account_ref, reason };
            if market.apply(market.a, deletion).await.is_ok() {
                own.accounts.get_mut(&name).unwrap().0 = true;
            }
        }
        1..=3 if !known.is_empty() => {
            let target = &known[usize::try_from(dice.below(u64::try_from(known.len()).unwrap())).unwrap()];
            loan = loan.said(target.pair.0, target.pair.1);
            let target = target.number;
            if let Some(number) = accepted(market.apply(market.a, loan.correct(target)).await) {
                own.corrected(&loan, target, number);
            }
        }
        // Said again in the same words, a day later: an advance in place, if nothing else came between.
        4..=5 => {
            if let Some(number) = accepted(market.apply(market.a, loan.report()).await) {
                own.reported(&loan, number);
            }
            let again = loan
                .clone()
                .said(days_after(loan.position().order.as_of, 1), u64::from(step + 2));
            if let Some(number) = accepted(market.apply(market.a, again.report()).await) {
                own.reported(&again, number);
            }
        }
        _ => {
            if let Some(number) = accepted(market.apply(market.a, loan.report()).await) {
                own.reported(&loan, number);
            }
        }
    }
}

/// The version of what was accepted; refusals are none of this test's business.
fn accepted(answer: Result<tallystick::domain::unit::Accepted, ApplyError>) -> Option<u64> {
    match answer {
        Ok(accepted) => Some(version(&accepted.outcome)),
        Err(ApplyError::Refused(_)) => None,
        Err(error @ ApplyError::Store(_)) => panic!("{error:?}"),
    }
}

pub async fn a_book_is_summed_up_as_it_was_on_each_date(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    // Each seed has a book of its own: another member's.
    for (seed, member_no) in (0..).zip([market.a, market.b, market.c]) {
        market.a = member_no;
        let (mut own, mut dice) = (OwnBook::default(), Dice(seed));
        for step in 0..48 {
            change(&market, &mut own, &mut dice, step).await;
        }
        assert!(own.accounts.values().any(|(deleted, _)| *deleted), "seed {seed}");
        assert!(
            own.accounts
                .values()
                .flat_map(|(_, versions)| versions)
                .any(|known| known.corrected),
            "seed {seed}"
        );
        for ago in 0..16 {
            let as_of = days_before(days_after(today(), 13), ago);
            let found = market.store.reconciliation(market.a, as_of).await.unwrap();
            assert_eq!(found, own.on(as_of), "seed {seed}, {as_of}");
            assert!(ago > 11 || !found.0.is_empty());
        }
    }
}

pub async fn each_version_counts_from_its_first_date_on(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let loan = Loan::new("A1", &[national_id(1), mobile(1)])
        .also(LiabilityRole::Joint, &[national_id(2)])
        .owing(500);
    market
        .report(market.a, &loan.clone().said(day(2026, 2, 10), 1))
        .await;
    market
        .report(market.a, &loan.clone().said(day(2026, 2, 20), 2))
        .await;
    market
        .report(market.a, &loan.clone().said(day(2026, 2, 25), 3).owing(400))
        .await;
    market
        .report(market.a, &loan.clone().said(day(2026, 2, 25), 4).owing(300))
        .await;
    // The first version was wrong all along: what replaces it begins where that began.
    market
        .accept(market.a, loan.said(day(2026, 2, 20), 2).owing(450).correct(1))
        .await;
    for (as_of, expected) in [
        (day(2026, 2, 9), None),
        (day(2026, 2, 10), Some(450)),
        (day(2026, 2, 24), Some(450)),
        (day(2026, 2, 25), Some(300)),
        (today(), Some(300)),
    ] {
        let book = market.store.reconciliation(market.a, as_of).await.unwrap();
        let lines: Vec<(u64, i64)> = book
            .0
            .values()
            .map(|line| (line.accounts, line.sums.outstanding_total))
            .collect();
        let expected: Vec<(u64, i64)> = expected.map(|owed| (1, owed)).into_iter().collect();
        assert_eq!(lines, expected, "{as_of}");
    }
    let other = market.store.reconciliation(market.b, today()).await.unwrap();
    assert_eq!(other, Reconciliation::default(), "a book is its member's");
}

pub async fn a_book_of_many_pages_is_summed_up_whole(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    // More than an engine reads at once, the first of them said again later.
    let accounts = 1_100_u32;
    let loans =
        (0..accounts).map(|number| Loan::new(&format!("A{number}"), &[national_id(number)]).owing(1_000));
    let writes: Vec<_> = loans.map(|loan| market.write(market.a, loan.report())).collect();
    let done = join_all(writes.into_iter().map(|write| market.store.apply(write))).await;
    assert!(done.iter().all(Result::is_ok));
    let later = Loan::new("A0", &[national_id(0)]).said(today(), 2).owing(1);
    market.report(market.a, &later).await;
    for (as_of, owed) in [(days_before(today(), 1), 1_100_000), (today(), 1_099_001)] {
        let book = market.store.reconciliation(market.a, as_of).await.unwrap();
        let line = book.0[&(AccountStatus::Open, Currency::CNY)];
        assert_eq!((line.accounts, line.sums.outstanding_total), (1_100, owed));
    }
}
