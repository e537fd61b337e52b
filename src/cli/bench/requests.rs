//! Requests made ahead. No caller asks about a subject twice: a repeated question gets the frozen answer of the day.

mod checks;

use std::ops::Range;

use anyhow::Context as _;
use chrono::NaiveDate;

use super::calls::BATCH_MESSAGE_RECORDS;
use super::ground::{CALLERS, Ground, KEY_VERSION};
use super::population::{DEEP_EVERY, account_ref, has_mobile, lender, letters, positions_of};
use crate::domain::batch::{
    BatchHeader, BatchId, BatchRecord, BatchTrailer, BatchType, ControlTotals, PositionRecord,
};
use crate::domain::clock::uuid_v4;
use crate::domain::currency::Currency;
use crate::domain::date::days_after;
use crate::domain::inquiry::{Consent, Inquiry, Purpose};
use crate::domain::names::{AccountRef, RequestId, Sha256};
use crate::domain::position::{EventType, Position, ReportOrder};
use crate::domain::token::Presented;
use crate::identity::entropy::SystemEntropy;
use crate::identity::token::SubjectToken;
use crate::store::floor::{Target, Work};
use crate::wire::convert::{batch, inquiry, report};
use crate::wire::pb;

/// Subjects are visited in steps of this prime, so that neighbours in time are no neighbours in the tables.
const STRIDE: u64 = 7_368_787;
/// Days that a consent is valid.
const CONSENT_DAYS: u32 = 30;

/// Which subjects are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Known by a resident number alone, with 1 to 4 positions.
    Plain,
    /// Known by a mobile number too.
    Mobile,
    /// With 200 positions.
    Deep,
}

impl Who {
    fn is(self, subject: u64) -> bool {
        match self {
            Self::Plain => !has_mobile(subject) && subject % DEEP_EVERY != DEEP_EVERY - 1,
            Self::Mobile => has_mobile(subject),
            Self::Deep => subject % DEEP_EVERY == DEEP_EVERY - 1,
        }
    }

    fn tokens(self) -> usize {
        match self {
            Self::Plain | Self::Deep => 1,
            Self::Mobile => 2,
        }
    }
}

/// How far a caller has come.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    plain: u64,
    mobile: u64,
    deep: u64,
    opened: u64,
    updated: u64,
    checked: u64,
}

/// Makes requests of callers.
pub(super) struct Requests<'a> {
    ground: &'a Ground,
    subjects: u64,
    cursors: Vec<Cursor>,
    /// Each caller's own accounts: subject and place.
    accounts: Vec<Vec<(u64, u64)>>,
    /// How many subjects everybody checked at once.
    crowded: u64,
}

impl<'a> Requests<'a> {
    /// Nobody has asked anything yet.
    pub fn new(ground: &'a Ground) -> Self {
        let subjects = ground.population.subjects();
        let mut accounts = vec![Vec::new(); CALLERS];
        for visit in 0..subjects {
            let subject = visit.wrapping_mul(STRIDE) % subjects;
            if !Who::Plain.is(subject) {
                continue;
            }
            for place in 0..positions_of(subject) {
                let caller = usize::try_from(lender(subject, place)).unwrap_or(usize::MAX);
                if let Some(own) = accounts.get_mut(caller) {
                    own.push((subject, place));
                }
            }
        }
        Self {
            ground,
            subjects,
            // One more than callers: the floors' own.
            cursors: vec![Cursor::default(); CALLERS + 1],
            accounts,
            crowded: 0,
        }
    }

    /// Up to `count` subjects that a caller has not asked about.
    fn subjects(&mut self, caller: usize, who: Who, count: usize) -> Vec<u64> {
        let subjects = self.subjects;
        let cursor = &mut self.cursors[caller];
        let cursor = match who {
            Who::Plain => &mut cursor.plain,
            Who::Mobile => &mut cursor.mobile,
            Who::Deep => &mut cursor.deep,
        };
        let caller = u64::try_from(caller).unwrap_or(0);
        if who == Who::Deep {
            // Few, and each caller begins with another: side by side they ask about different ones.
            let deep = subjects / DEEP_EVERY;
            let first = *cursor;
            *cursor = (first + u64::try_from(count).unwrap_or(deep)).min(deep);
            let nth = |number: u64| (number + caller * 5) % deep.max(1) * DEEP_EVERY + DEEP_EVERY - 1;
            return (first..*cursor).map(nth).collect();
        }
        visit(subjects, cursor, caller, who, count)
    }

    /// Queries of the first `callers`, up to `count` each.
    pub fn queries(
        &mut self,
        callers: usize,
        count: usize,
        who: Who,
    ) -> anyhow::Result<Vec<Vec<pb::QueryExposureRequest>>> {
        let asked = (0..callers)
            .map(|caller| self.subjects(caller, who, count))
            .collect::<Vec<_>>();
        each(&asked, |caller, subjects| {
            let inquiries = self.inquiries(caller, subjects, who, Purpose::NewCredit)?;
            let named = |asked: &Inquiry<SubjectToken>| inquiry::query_to_wire(asked, request_id());
            Ok(inquiries.iter().map(named).collect())
        })
    }

    /// Messages of a portfolio review of the first `callers`, up to `count` each.
    pub fn reviews(
        &mut self,
        callers: usize,
        count: usize,
    ) -> anyhow::Result<Vec<Vec<pb::ReviewPortfolioRequest>>> {
        let asked = (0..callers)
            .map(|caller| self.subjects(caller, Who::Plain, count))
            .collect::<Vec<_>>();
        each(&asked, |caller, subjects| {
            let inquiries = self.inquiries(caller, subjects, Who::Plain, Purpose::AccountReview)?;
            Ok(inquiries.iter().map(inquiry::review_to_wire).collect())
        })
    }

    /// Reports of new accounts of known subjects.
    pub fn openings(
        &mut self,
        callers: usize,
        count: usize,
    ) -> anyhow::Result<Vec<Vec<pb::ReportPositionRequest>>> {
        let asked: Vec<Vec<u64>> = (0..callers)
            .map(|caller| self.subjects(caller, Who::Plain, count))
            .collect();
        let first: Vec<u64> = self.cursors.iter().map(|cursor| cursor.opened).collect();
        for (cursor, asked) in self.cursors.iter_mut().zip(&asked) {
            cursor.opened += u64::try_from(asked.len())?;
        }
        each(&asked, |caller, subjects| {
            let tokens = self.tokens(caller, subjects, Who::Plain)?;
            let mut reports = Vec::with_capacity(subjects.len());
            for ((subject, tokens), number) in subjects.iter().zip(tokens).zip(first[caller]..) {
                let order = ReportOrder {
                    as_of: self.ground.population.today,
                    sequence: 1,
                };
                let position = self.ground.population.position(*subject, 0, tokens, order);
                let mut position = position.context("an account has no valid name")?;
                position.account_ref =
                    AccountRef::parse(&format!("N-{}-{caller}", letters(number))).context("no valid name")?;
                reports.push(report::report_to_wire(&position, EventType::Opened, request_id()));
            }
            Ok(reports)
        })
    }

    /// Reports that change known accounts: a payment more each time.
    pub fn updates(
        &mut self,
        callers: usize,
        count: usize,
    ) -> anyhow::Result<Vec<Vec<pb::ReportPositionRequest>>> {
        let asked = self.numbers(0..callers, count)?;
        each(&asked, |caller, numbers| {
            let changed = self.changed(caller, numbers)?;
            let reported = |position| report::report_to_wire(position, EventType::Payment, request_id());
            Ok(changed.iter().map(reported).collect())
        })
    }

    /// A batch of each of `callers`, of up to `count` known accounts, in the order of their names; by caller.
    pub fn batches(
        &mut self,
        callers: Range<usize>,
        count: usize,
    ) -> anyhow::Result<Vec<Vec<pb::UploadBatchRequest>>> {
        let asked = self.numbers(callers, count)?;
        let today = self.ground.population.today;
        each(&asked, |caller, numbers| {
            let mut changed = self.changed(caller, numbers)?;
            changed.sort_by(|a, b| (a.order, &a.account_ref).cmp(&(b.order, &b.account_ref)));
            let name = format!(
                "bench-{caller}-{}",
                letters(numbers.first().copied().unwrap_or(0))
            );
            batch_of(&name, today, changed)
        })
    }

    /// The next changes of each of `callers`; none of those before them.
    fn numbers(&mut self, callers: Range<usize>, count: usize) -> anyhow::Result<Vec<Vec<u64>>> {
        let mut asked = vec![Vec::new(); callers.start];
        for caller in callers {
            let first = self.cursors[caller].updated;
            self.cursors[caller].updated += u64::try_from(count)?;
            asked.push((first..self.cursors[caller].updated).collect::<Vec<u64>>());
        }
        Ok(asked)
    }

    /// How many accounts a caller has.
    pub fn own(&self, caller: usize) -> usize {
        self.accounts.get(caller).map_or(0, Vec::len)
    }

    fn changed(&self, caller: usize, numbers: &[u64]) -> anyhow::Result<Vec<Position<SubjectToken>>> {
        let accounts = &self.accounts[caller];
        let round = u64::try_from(accounts.len())?;
        anyhow::ensure!(round > 0, "a caller has no account: raise --positions");
        let own: Vec<(u64, u64, u64)> = numbers
            .iter()
            .filter_map(|number| {
                let (subject, place) = accounts.get(usize::try_from(number % round).ok()?)?;
                Some((*subject, *place, number / round))
            })
            .collect();
        let subjects: Vec<u64> = own.iter().map(|(subject, ..)| *subject).collect();
        let tokens = self.tokens(caller, &subjects, Who::Plain)?;
        let mut positions = Vec::with_capacity(own.len());
        for ((subject, place, earlier), tokens) in own.iter().zip(tokens) {
            let order = ReportOrder {
                as_of: self.ground.population.today,
                sequence: 2 + earlier,
            };
            let position = self.ground.population.position(*subject, *place, tokens, order);
            let mut position = position.context("an account has no valid name")?;
            position.facts.last_payment_on = Some(self.ground.population.today);
            position.facts.last_payment_amount = 10_000 + i64::try_from(*earlier)?;
            positions.push(position);
        }
        Ok(positions)
    }

    /// What the floors read and write: other subjects in the same disorder.
    pub fn targets(&mut self, work: Work, count: usize, who: Who) -> anyhow::Result<Vec<Target>> {
        if work == Work::Batch {
            return self.books(count);
        }
        let opened = self.cursors[CALLERS].opened;
        self.cursors[CALLERS].opened += u64::try_from(count)?;
        let subjects = self.subjects(CALLERS, who, count);
        self.cursors[CALLERS].plain %= self.subjects / 2;
        self.cursors[CALLERS].mobile %= self.subjects / 2;
        let asked = vec![subjects];
        let made = each(&asked, |_, subjects| {
            subjects
                .iter()
                .zip(opened..)
                .map(|(subject, number)| {
                    let lender = usize::try_from(lender(*subject, 0)).unwrap_or(0);
                    let (_, member_no) = self.ground.lenders[lender];
                    let account = match work {
                        Work::Query | Work::Review | Work::Batch => String::new(),
                        Work::Open | Work::Check => format!("N-{}-floor", letters(number)),
                        Work::Update => account_ref(*subject, 0),
                    };
                    Ok(Target::new(self.ground.pseudonyms(*subject)?, member_no, account))
                })
                .collect()
        })?;
        Ok(made.into_iter().flatten().collect())
    }

    /// What the floor of batches reads and writes: the books of whole lenders, as batches are, but of others than those that
    /// upload in the meantime, if there are so many.
    fn books(&self, count: usize) -> anyhow::Result<Vec<Target>> {
        let mut targets = Vec::with_capacity(count);
        for (accounts, (_, member_no)) in self.accounts.iter().zip(&self.ground.lenders).rev() {
            for (subject, place) in accounts.iter().take(count - targets.len()) {
                let tokens = self.ground.pseudonyms(*subject)?;
                targets.push(Target::new(tokens, *member_no, account_ref(*subject, *place)));
            }
        }
        Ok(targets)
    }

    /// Tokens of subjects as a caller knows them.
    pub fn tokens(
        &self,
        caller: usize,
        subjects: &[u64],
        who: Who,
    ) -> anyhow::Result<Vec<Vec<SubjectToken>>> {
        let mut identifiers = Vec::with_capacity(subjects.len() * who.tokens());
        for subject in subjects {
            identifiers.extend(
                self.ground
                    .population
                    .identifiers(*subject)?
                    .into_iter()
                    .take(who.tokens()),
            );
        }
        let (member_id, _) = &self.ground.lenders[caller];
        let tokens = self.ground.tokens.tokens(member_id, KEY_VERSION, &identifiers)?;
        Ok(tokens
            .chunks(who.tokens())
            .map(<[SubjectToken]>::to_vec)
            .collect())
    }

    fn inquiries(
        &self,
        caller: usize,
        subjects: &[u64],
        who: Who,
        purpose: Purpose,
    ) -> anyhow::Result<Vec<Inquiry<SubjectToken>>> {
        let today = self.ground.population.today;
        let consent = consent(purpose, today);
        let asked = self
            .tokens(caller, subjects, who)?
            .into_iter()
            .map(|tokens| Inquiry {
                tokens: tokens
                    .into_iter()
                    .map(|token| Presented {
                        token,
                        verified_on: None,
                    })
                    .collect(),
                purpose,
                consent: consent.clone(),
                currency: Currency::CNY,
            });
        Ok(asked.collect())
    }
}

/// Up to `count` subjects from where a caller's cursor stands.
fn visit(subjects: u64, cursor: &mut u64, caller: u64, who: Who, count: usize) -> Vec<u64> {
    let offset = caller * 997;
    let mut found = Vec::with_capacity(count);
    while found.len() < count && *cursor < subjects {
        let subject = (*cursor + offset).wrapping_mul(STRIDE) % subjects;
        *cursor += 1;
        if who.is(subject) {
            found.push(subject);
        }
    }
    found
}

/// Makes something for each caller, on all cores.
fn each<T: Send>(
    asked: &[Vec<u64>],
    make: impl Fn(usize, &[u64]) -> anyhow::Result<Vec<T>> + Sync,
) -> anyhow::Result<Vec<Vec<T>>> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut made: Vec<(usize, anyhow::Result<Vec<T>>)> = std::thread::scope(|scope| {
        let make = &make;
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let own = asked.iter().enumerate().skip(worker).step_by(workers);
                    own.map(|(caller, numbers)| (caller, make(caller, numbers)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    anyhow::ensure!(made.len() == asked.len(), "making requests failed");
    made.sort_by_key(|(caller, _)| *caller);
    made.into_iter().map(|(_, made)| made).collect()
}

/// The messages of a batch.
fn batch_of(
    name: &str,
    as_of: NaiveDate,
    positions: Vec<Position<SubjectToken>>,
) -> anyhow::Result<Vec<pb::UploadBatchRequest>> {
    use pb::upload_batch_request::Part;
    let header = BatchHeader {
        batch_id: BatchId::parse(name).context("a batch has no valid name")?,
        batch_type: BatchType::Incremental,
        as_of,
        dry_run: false,
        content_sha256: Sha256([7; 32]),
        resends: None,
        resume_from: 0,
    };
    let mut trailer = BatchTrailer {
        record_count: u64::try_from(positions.len())?,
        totals: ControlTotals::default(),
    };
    let mut records = Vec::with_capacity(positions.len());
    for position in positions {
        let (facts, overdue) = (&position.facts, position.facts.overdue);
        let parts = [overdue.principal, overdue.interest, overdue.penalty, overdue.fees];
        trailer.totals.add(facts.currency, facts.outstanding_total, parts);
        records.push(batch::record_to_wire(&BatchRecord::Position(PositionRecord {
            position,
            event: Some(EventType::Payment),
            correction_reason: None,
        })));
    }
    let size = usize::try_from(BATCH_MESSAGE_RECORDS)?;
    let mut parts = vec![Part::Header(batch::header_to_wire(&header))];
    parts.extend(records.chunks(size).map(|records| {
        Part::Records(pb::BatchRecords {
            records: records.to_vec(),
        })
    }));
    parts.push(Part::Trailer(batch::trailer_to_wire(&trailer)));
    let message = |part| pb::UploadBatchRequest { part: Some(part) };
    Ok(parts.into_iter().map(message).collect())
}

fn consent(purpose: Purpose, today: NaiveDate) -> Consent {
    Consent {
        reference: "C-2026-TERMS-1".to_owned(),
        purposes: vec![purpose],
        granted_on: today,
        expires_on: days_after(today, CONSENT_DAYS),
        text_sha256: Sha256([7; 32]),
    }
}

fn request_id() -> RequestId {
    RequestId(uuid_v4(&SystemEntropy))
}
