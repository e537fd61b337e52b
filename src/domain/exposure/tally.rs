//! Counts and amounts of everybody but the caller: the field table of the semantics (2), in one pass over the accounts.

use chrono::{Datelike, NaiveDate};

use super::accounts::{Account, Rows, any_active, is_active, opened_on};
use super::amount::{Amount, capped};
use super::answer::Asked;
use super::delinquency::Lateness;
use super::groups::by_group;
use super::obligation::monthly_obligation;
use super::{DelinquencyBucket, OthersExposure, velocity};
use crate::domain::names::MemberNo;
use crate::domain::position::{AccountStatus, ClosureReason, Facts, GuaranteeType};
use crate::domain::unit::rows::PositionRow;

/// Consecutive FULL batches without a position after which it is unconfirmed.
const MISSING_BATCHES_UNCONFIRMED: u32 = 2;

/// Everybody but the caller.
pub(super) fn others(asked: &Asked<'_>, rows: &Rows<'_>) -> OthersExposure {
    let mut tally = Tally::default();
    for account in rows.own_debt() {
        tally.add_own_debt(asked, rows.today, account);
    }
    for account in rows.contingent() {
        tally.add_contingent(asked, account);
    }
    for reservation in rows.reservations() {
        tally.reserving_lenders.push(reservation.member_no);
        if reservation.currency == asked.currency {
            tally
                .reserved
                .add(reservation.member_no, i128::from(reservation.amount));
        }
    }
    let (lenders, undisputed) = (distinct(tally.lenders), distinct(tally.undisputed_lenders));
    let worst_now = DelinquencyBucket::of(tally.days_past_due);
    let lateness = Lateness::of(rows);
    OthersExposure {
        active_lenders: capped(lenders.len()),
        active_accounts: capped(tally.active),
        active_lenders_by_group: by_group(asked, &lenders),
        reserving_lenders: capped(distinct(tally.reserving_lenders).len()),
        reserved_amount: tally.reserved.band(rows.bands),
        outstanding: tally.outstanding.band(rows.bands),
        outstanding_unsecured: tally.outstanding_unsecured.band(rows.bands),
        credit_limit: tally.credit_limit.band(rows.bands),
        monthly_obligation: tally.monthly_obligation.band(rows.bands),
        other_currency_accounts: capped(tally.other_currency),
        worst_bucket_now: worst_now,
        worst_bucket_24_months: lateness.worst_bucket,
        past_due_accounts: capped(tally.past_due),
        formal_overdue_accounts: capped(tally.formal_overdue),
        overdue_amount: tally.overdue.band(rows.bands),
        months_since_past_due: lateness.months_since,
        bad_debt_accounts: capped(tally.bad_debt),
        legal_action_accounts: capped(tally.legal_action),
        restructured_accounts: capped(tally.restructured),
        disputed_items: capped(rows.of_others().filter(|row| row.disputed).count()),
        disputed_items_matter: worst_now != DelinquencyBucket::of(tally.undisputed_days_past_due)
            || capped(lenders.len()) != capped(undisputed.len()),
        unconfirmed_accounts: capped(tally.unconfirmed),
        velocity: velocity::windows(asked, rows),
        oldest_open_month: tally.oldest.map(|day| (day.year(), day.month())),
        guaranteed_accounts: capped(tally.guaranteed),
        guaranteed_amount: tally.guaranteed_amount.band(rows.bands),
    }
}

/// Sums over accounts, exact: only [`others`] shows them.
#[derive(Default)]
struct Tally {
    active: usize,
    other_currency: usize,
    past_due: usize,
    formal_overdue: usize,
    bad_debt: usize,
    legal_action: usize,
    restructured: usize,
    unconfirmed: usize,
    guaranteed: usize,
    outstanding: Amount,
    outstanding_unsecured: Amount,
    credit_limit: Amount,
    monthly_obligation: Amount,
    overdue: Amount,
    guaranteed_amount: Amount,
    oldest: Option<NaiveDate>,
    /// The largest of active positions, of all and of those without a dispute.
    days_past_due: u32,
    undisputed_days_past_due: u32,
    /// One entry for each active position.
    lenders: Vec<MemberNo>,
    undisputed_lenders: Vec<MemberNo>,
    /// One entry for each live reservation.
    reserving_lenders: Vec<MemberNo>,
    reserved: Amount,
}

impl Tally {
    fn add_own_debt(&mut self, asked: &Asked<'_>, today: NaiveDate, account: Account<'_, '_>) {
        self.bad_debt += usize::from(account.iter().any(|row| is_bad_debt(&row.version.facts)));
        let is_legal = |row: &&PositionRow| row.version.facts.status == AccountStatus::LegalAction;
        self.legal_action += usize::from(account.iter().any(is_legal));
        let any =
            |holds: fn(&Facts) -> bool| usize::from(any_active(account, |row| holds(&row.version.facts)));
        if any(|_| true) == 0 {
            return;
        }
        self.active += 1;
        self.past_due += any(|facts| facts.days_past_due > 0);
        self.formal_overdue += any(|facts| facts.days_past_due > facts.grace_days);
        self.restructured += any(|facts| facts.extension_count > 0 || facts.restructure_count > 0);
        self.other_currency += usize::from(any_active(account, |row| {
            row.version.facts.currency != asked.currency
        }));
        self.unconfirmed += usize::from(any_active(account, is_unconfirmed));
        let opened_on = opened_on(account);
        self.oldest = Some(self.oldest.map_or(opened_on, |oldest| oldest.min(opened_on)));
        for row in account.iter().filter(|row| is_active(row)) {
            self.add_position(asked, today, row);
        }
    }

    fn add_position(&mut self, asked: &Asked<'_>, today: NaiveDate, row: &PositionRow) {
        let facts = &row.version.facts;
        self.lenders.push(row.member_no);
        self.days_past_due = self.days_past_due.max(facts.days_past_due);
        if !row.disputed {
            self.undisputed_lenders.push(row.member_no);
            self.undisputed_days_past_due = self.undisputed_days_past_due.max(facts.days_past_due);
        }
        if facts.currency != asked.currency {
            return;
        }
        let outstanding = i128::from(facts.outstanding_total);
        self.outstanding.add(row.member_no, outstanding);
        if facts.guarantee_type == GuaranteeType::Unsecured {
            self.outstanding_unsecured.add(row.member_no, outstanding);
        }
        if facts.account_type.is_revolving() {
            self.credit_limit
                .add(row.member_no, i128::from(facts.credit_limit));
        }
        let obligation = monthly_obligation(facts, today);
        self.monthly_obligation.add(row.member_no, obligation);
        let overdue = facts.overdue.total().unwrap_or(i64::MAX);
        self.overdue.add(row.member_no, i128::from(overdue));
    }

    fn add_contingent(&mut self, asked: &Asked<'_>, account: Account<'_, '_>) {
        self.guaranteed += usize::from(any_active(account, |_| true));
        self.unconfirmed += usize::from(any_active(account, is_unconfirmed));
        for row in account.iter().filter(|row| is_active(row)) {
            self.guaranteed_amount
                .add_from(row, asked.currency, |facts| i128::from(facts.outstanding_total));
        }
    }
}

fn distinct(mut members: Vec<MemberNo>) -> Vec<MemberNo> {
    members.sort_unstable();
    members.dedup();
    members
}

fn is_unconfirmed(row: &PositionRow) -> bool {
    row.missing_batches >= MISSING_BATCHES_UNCONFIRMED
}

fn is_bad_debt(facts: &Facts) -> bool {
    facts.status == AccountStatus::BadDebt || facts.closure_reason == Some(ClosureReason::WrittenOff)
}
