//! How well a member reports: what is counted of each report, and a month's scores from what was counted.
//!
//! Counting is done in the unit of work that accepts a report, so that it is never wrong by a report; scores are computed when
//! somebody asks. Parts of which a month shows nothing carry no weight: nobody is praised for what it did not do. Invariant:
//! every score lies between 0 and 100 and is rounded down.

use chrono::NaiveDate;

use super::date::{BusinessZone, Timestamp, days_after};
use super::position::{AccountStatus, AccountType, Facts, Position, ProductType, RepaymentFrequency};
use super::token::{IdentifierType, Token};
use super::violation::{Code, Violation};

/// Civil days after its as_of on which a report is still on time: those within which a lender covers the market.
pub const REPORT_DAYS_MAX: u32 = 2;
/// Hour of the day after its as_of, in the operator's zone, by which a batch has to be judged. Members cut off at 2.
pub const BATCH_HOUR_MAX: u32 = 6;
/// Whole hours after which a rejected record that was mended still has the full score.
pub const MENDED_HOURS_MIN: u32 = 24;
/// Whole hours after which a rejected record has none.
pub const MENDED_HOURS_MAX: u32 = 240;

/// What is counted of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportTally {
    /// Accepted positions.
    pub reports: u64,
    /// Of these, received later than they should be.
    pub late: u64,
    /// Optional fields that applied to them.
    pub optional_fields: u64,
    /// Of these, filled in.
    pub optional_filled: u64,
    /// Of the reports, those that contradict themselves or what was on file, and were accepted with a warning.
    pub contradictions: u64,
    /// Records of batches that were rejected because they contradict what is on file; not among the reports.
    pub contradictions_rejected: u64,
}

impl ReportTally {
    /// Of an accepted report that was received on a civil day.
    pub fn of_accepted<T: Token>(
        position: &Position<T>,
        warnings: &[&[Violation]],
        received_on: NaiveDate,
    ) -> Self {
        let mut tally = Self {
            reports: 1,
            late: u64::from(received_on > days_after(position.order.as_of, REPORT_DAYS_MAX)),
            contradictions: u64::from(warnings.iter().copied().flatten().any(is_contradiction)),
            ..Self::default()
        };
        let facts = optional_facts(&position.facts, position.order.as_of);
        let proofs = position
            .liabilities
            .iter()
            .flat_map(|liability| &liability.tokens)
            .filter(|shown| shown.token.identifier_type() == IdentifierType::Mobile)
            .map(|shown| shown.verified_on.is_some());
        for filled in facts.into_iter().flatten().chain(proofs) {
            tally.optional_fields += 1;
            tally.optional_filled += u64::from(filled);
        }
        tally
    }

    /// Of a rejected record; `None` when what is on file has no part in it.
    pub fn of_rejected(violations: &[Violation]) -> Option<Self> {
        violations.iter().any(is_contradiction).then(|| Self {
            contradictions_rejected: 1,
            ..Self::default()
        })
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            reports: self.reports.saturating_add(other.reports),
            late: self.late.saturating_add(other.late),
            optional_fields: self.optional_fields.saturating_add(other.optional_fields),
            optional_filled: self.optional_filled.saturating_add(other.optional_filled),
            contradictions: self.contradictions.saturating_add(other.contradictions),
            contradictions_rejected: self
                .contradictions_rejected
                .saturating_add(other.contradictions_rejected),
        }
    }
}

/// Whether it says that a position contradicts itself or what was on file, as opposed to being malformed.
fn is_contradiction(violation: &Violation) -> bool {
    matches!(
        violation.code,
        Code::ClassDpd
            | Code::BalanceOverLimit
            | Code::BalanceOverOriginal
            | Code::DpdJump
            | Code::DofdReaged
            | Code::StatusTransition
            | Code::IdentityChanged
            | Code::AccountTypeChanged
            | Code::TypeEventMismatch
            | Code::ExtensionMonths
    )
}

/// For each optional field of a position: whether it is filled in, or `None` where it does not apply. Numbers have no
/// absence on the wire: zero is taken for nothing where something must be.
fn optional_facts(facts: &Facts, as_of: NaiveDate) -> [Option<bool>; 5] {
    let is_lent = match facts.status {
        AccountStatus::Open | AccountStatus::BadDebt | AccountStatus::LegalAction => true,
        AccountStatus::PendingDisbursement | AccountStatus::TransferredOut | AccountStatus::Closed => false,
    };
    let by_schedule = facts.account_type == AccountType::NonRevolving;
    let matured = facts.matures_on.is_some_and(|matures_on| matures_on < as_of);
    let falls_due = facts.status == AccountStatus::Open && by_schedule && !matured;
    // Who collects does not lend, and paying later at the till often costs nothing.
    let bears_interest =
        facts.account_type != AccountType::Collection && facts.product_type != ProductType::BuyNowPayLater;
    // Payments show in the principal alone where it is lent once.
    let was_repaid = by_schedule && facts.outstanding_principal < facts.original_amount;
    let when = |applies: bool, filled: bool| applies.then_some(filled);
    [
        when(is_lent, facts.asset_classification.is_some()),
        when(is_lent && bears_interest, facts.annual_percentage_rate_bp > 0),
        when(
            falls_due && facts.repayment_frequency != RepaymentFrequency::Single,
            facts.scheduled_payment > 0,
        ),
        when(
            falls_due && facts.outstanding_total > 0,
            facts.next_due_on.is_some(),
        ),
        when(is_lent && was_repaid, facts.last_payment_on.is_some()),
    ]
}

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    first: NaiveDate,
    next: NaiveDate,
}

impl Month {
    /// A month of the years 1 to 9999; `None` when there is none.
    pub fn of(year: i32, month: u32) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(year, month, 1).filter(|_| (1..=9999).contains(&year))?;
        let next = first.checked_add_months(chrono::Months::new(1))?;
        Some(Self { first, next })
    }

    /// Its first day.
    pub const fn first(self) -> NaiveDate {
        self.first
    }

    /// Its days, without the end.
    pub const fn days(self) -> std::ops::Range<NaiveDate> {
        self.first..self.next
    }

    /// Its instants in a zone, without the end.
    pub fn instants(self, zone: BusinessZone) -> std::ops::Range<Timestamp> {
        zone.start_of(self.first)..zone.start_of(self.next)
    }
}

/// The batches of one business date that began in a month, rehearsals left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchDate {
    /// The date that they describe.
    pub as_of: NaiveDate,
    /// Whether any of them is a submission: does not only send rejected records again.
    pub submits: bool,
    /// When the first submission that did not fail was judged; `None`: none was.
    pub judged_at: Option<Timestamp>,
    /// Records accepted, unchanged ones included.
    pub accepted: u64,
    /// Records rejected.
    pub rejected: u64,
}

/// What a month shows of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthFacts {
    /// What it reported on its days, by either way.
    pub reports: ReportTally,
    /// Its batches, by their dates.
    pub batches: Vec<BatchDate>,
    /// Rejected records of these batches that name an account: how many at each age in whole hours, from the rejection to
    /// their being mended or until now.
    pub rejects: Vec<(u32, u64)>,
}

impl MonthFacts {
    /// Whether the member submitted nothing.
    pub fn is_silent(&self) -> bool {
        self.reports.reports == 0 && self.batches.is_empty()
    }
}

/// Scores of a member's month, 0 to 100; `None` of a part of which the month shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scores {
    /// All of it.
    pub score: u32,
    /// Reports and batches on time.
    pub timeliness: Option<u32>,
    /// Records accepted of those sent in batches.
    pub accept_rate: Option<u32>,
    /// Optional fields filled in where they apply.
    pub completeness: Option<u32>,
    /// Positions that contradict nothing.
    pub consistency: Option<u32>,
    /// How fast rejected records are mended.
    pub reject_ageing: Option<u32>,
}

/// Weights of the parts. The whole of the market's scale is 100: 10 belong to disputes, which do not exist yet.
const TIMELINESS: u32 = 25;
const ACCEPT_RATE: u32 = 25;
const COMPLETENESS: u32 = 15;
const CONSISTENCY: u32 = 15;
const REJECT_AGEING: u32 = 10;

impl Scores {
    /// The score, then its parts in the contract's order.
    pub const fn parts(&self) -> [Option<u32>; 6] {
        [
            Some(self.score),
            self.timeliness,
            self.accept_rate,
            self.completeness,
            self.consistency,
            self.reject_ageing,
        ]
    }

    /// Scores a month as it is now.
    pub fn of(facts: &MonthFacts, zone: BusinessZone, now: Timestamp) -> Self {
        let tally = &facts.reports;
        if facts.is_silent() {
            return Self::of_silence();
        }
        let accepted = sum(facts.batches.iter().map(|batch| batch.accepted));
        let rejected = sum(facts.batches.iter().map(|batch| batch.rejected));
        let sent = accepted.saturating_add(rejected);
        let judged = tally.reports.saturating_add(tally.contradictions_rejected);
        let sound = tally.reports.saturating_sub(tally.contradictions);
        let mut scores = Self {
            score: 0,
            timeliness: timeliness(facts, zone, now),
            accept_rate: percent(accepted.into(), sent.into()),
            completeness: percent(tally.optional_filled.into(), tally.optional_fields.into()),
            consistency: percent(sound.into(), judged.into()),
            reject_ageing: reject_ageing(&facts.rejects),
        };
        scores.score = scores.weighed();
        scores
    }

    /// A month without any submission.
    const fn of_silence() -> Self {
        Self {
            score: 0,
            timeliness: Some(0),
            accept_rate: None,
            completeness: None,
            consistency: None,
            reject_ageing: None,
        }
    }

    /// Whether nothing at all was submitted.
    pub fn is_silence(&self) -> bool {
        *self == Self::of_silence()
    }

    /// The mean of the parts that there are, by their weights.
    fn weighed(&self) -> u32 {
        let parts = [
            (TIMELINESS, self.timeliness),
            (ACCEPT_RATE, self.accept_rate),
            (COMPLETENESS, self.completeness),
            (CONSISTENCY, self.consistency),
            (REJECT_AGEING, self.reject_ageing),
        ];
        let shown = parts
            .into_iter()
            .filter_map(|(weight, part)| Some((weight, part?)));
        let (sum, weights) = shown.fold((0, 0), |(sum, weights), (weight, part)| {
            (sum + weight * part, weights + weight)
        });
        // No part at all: a batch of today that is still being sent.
        sum.checked_div(weights).unwrap_or(0)
    }
}

/// The share of reports on time, the share of dates whose batch was on time, or the mean of both.
fn timeliness(facts: &MonthFacts, zone: BusinessZone, now: Timestamp) -> Option<u32> {
    let (mut dates, mut in_time) = (0_u64, 0_u64);
    for batch in facts.batches.iter().filter(|batch| batch.submits) {
        let deadline = zone.hour_of(days_after(batch.as_of, 1), BATCH_HOUR_MAX);
        let arrived = batch.judged_at.is_some_and(|judged_at| judged_at <= deadline);
        // What can still come is not late yet.
        let decided = arrived || now > deadline;
        dates += u64::from(decided);
        in_time += u64::from(arrived);
    }
    let reports = u128::from(facts.reports.reports);
    let punctual = u128::from(facts.reports.reports.saturating_sub(facts.reports.late));
    let (dates, in_time) = (u128::from(dates), u128::from(in_time));
    match (reports, dates) {
        (_, 0) => percent(punctual, reports),
        (0, _) => percent(in_time, dates),
        // Dates are few, so that no product comes near the largest number.
        _ => percent(
            punctual
                .saturating_mul(dates)
                .saturating_add(in_time.saturating_mul(reports)),
            reports.saturating_mul(dates).saturating_mul(2),
        ),
    }
}

/// The mean over rejected records of what is left of their time: all of it for a day, nothing after ten.
fn reject_ageing(rejects: &[(u32, u64)]) -> Option<u32> {
    let (mut left, mut records) = (0_u128, 0_u128);
    for (hours, count) in rejects {
        let age = (*hours).clamp(MENDED_HOURS_MIN, MENDED_HOURS_MAX);
        left += u128::from(MENDED_HOURS_MAX - age) * u128::from(*count);
        records += u128::from(*count);
    }
    percent(left, records * u128::from(MENDED_HOURS_MAX - MENDED_HOURS_MIN))
}

/// A share in hundredths, rounded down; `None` of nothing.
fn percent(part: u128, of: u128) -> Option<u32> {
    let percent = part.min(of).saturating_mul(100).checked_div(of)?;
    Some(u32::try_from(percent).expect("a part is at most the whole"))
}

fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests;
