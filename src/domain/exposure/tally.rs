//! Counts and amounts of everybody but the caller.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::accounts::{Account, Entry, Rows};
use super::answer::Asked;
use super::{AmountBand, COUNT_EXACT_MAX, DelinquencyBucket, OthersExposure, velocity};
use crate::domain::currency::Currency;
use crate::domain::date::{days_after, months_before};
use crate::domain::member::{LenderGroup, MemberState};
use crate::domain::names::MemberNo;
use crate::domain::position::{AccountStatus, ClosureReason, Facts, GuaranteeType, RepaymentFrequency};
use crate::domain::unit::rows::PositionRow;

/// Fewest active members of a group that is shown by name (domain.md P5).
const GROUP_MEMBERS_MIN: usize = 5;
/// Most active lenders for which no split by group is shown (domain.md P4).
const UNSPLIT_LENDERS_MAX: usize = 2;
/// Months of the delinquency look-back.
const DELINQUENCY_MONTHS: u32 = 24;
/// Consecutive FULL batches without a position after which it is unconfirmed.
const MISSING_BATCHES_UNCONFIRMED: u32 = 2;

/// A sum with the members whose part in it is greater than zero.
#[derive(Debug, Default)]
pub(super) struct Amount {
    total: i128,
    contributors: Vec<MemberNo>,
}

impl Amount {
    pub fn add(&mut self, member_no: MemberNo, amount: i128) {
        if amount > 0 {
            self.total += amount;
            if !self.contributors.contains(&member_no) {
                self.contributors.push(member_no);
            }
        }
    }

    pub fn total(&self) -> i128 {
        self.total
    }

    pub fn band(&self, asked: &Asked<'_>) -> AmountBand {
        asked
            .rules
            .bands(asked.currency)
            .band(self.total, self.contributors.len())
    }

    /// The sum of `part` over positions in a currency.
    pub fn over<'a>(
        entries: impl Iterator<Item = &'a Entry<'a>>,
        currency: Currency,
        part: impl Fn(&Facts) -> i128,
    ) -> Self {
        let mut amount = Self::default();
        for entry in entries.filter(|entry| entry.row.version.facts.currency == currency) {
            amount.add(entry.row.member_no, part(&entry.row.version.facts));
        }
        amount
    }
}

/// Exact to 9; 10 stands for 10 and more.
pub(super) fn capped(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).min(COUNT_EXACT_MAX + 1)
}

/// Everybody but the caller; `accounts` is their own debt.
pub(super) fn others(asked: &Asked<'_>, rows: &Rows<'_>, accounts: &[Account<'_>]) -> OthersExposure {
    let active: Vec<&Account> = accounts.iter().filter(|account| account.is_active()).collect();
    let active_entries = || {
        active
            .iter()
            .flat_map(|account| account.entries())
            .filter(|entry| entry.is_active())
    };
    let today = asked.today();
    let sum =
        |part: &dyn Fn(&Facts) -> i128| Amount::over(active_entries(), asked.currency, part).band(asked);
    let count_active = |holds: &dyn Fn(&PositionRow) -> bool| {
        capped(active.iter().filter(|account| account.any_active(holds)).count())
    };
    let count_all =
        |holds: &dyn Fn(&Entry) -> bool| capped(accounts.iter().filter(|account| account.any(holds)).count());
    let lenders: BTreeSet<MemberNo> = active_entries().map(|entry| entry.row.member_no).collect();
    let contingent = Contingent::of(asked, rows);
    OthersExposure {
        active_lenders: capped(lenders.len()),
        active_accounts: capped(active.len()),
        active_lenders_by_group: by_group(asked, &lenders),
        reserving_lenders: 0,
        reserved_amount: AmountBand::default(),
        outstanding: sum(&|facts| i128::from(facts.outstanding_total)),
        outstanding_unsecured: sum(&|facts| match facts.guarantee_type {
            GuaranteeType::Unsecured => i128::from(facts.outstanding_total),
            _ => 0,
        }),
        credit_limit: sum(&|facts| match facts.account_type.is_revolving() {
            true => i128::from(facts.credit_limit),
            false => 0,
        }),
        monthly_obligation: sum(&|facts| monthly_obligation(facts, today)),
        other_currency_accounts: count_active(&|row| row.version.facts.currency != asked.currency),
        worst_bucket_now: worst_bucket_now(active_entries()),
        worst_bucket_24_months: worst_bucket_ever(accounts, months_before(today, DELINQUENCY_MONTHS)),
        past_due_accounts: count_active(&|row| row.version.facts.days_past_due > 0),
        formal_overdue_accounts: count_active(&|row| {
            row.version.facts.days_past_due > row.version.facts.grace_days
        }),
        overdue_amount: sum(&|facts| facts.overdue.total().map_or(i128::from(i64::MAX), i128::from)),
        months_since_past_due: months_since_past_due(accounts, today),
        bad_debt_accounts: count_all(&|entry| is_bad_debt(&entry.row.version.facts)),
        legal_action_accounts: count_all(&|entry| {
            entry.row.version.facts.status == AccountStatus::LegalAction
        }),
        restructured_accounts: count_active(&|row| {
            row.version.facts.extension_count > 0 || row.version.facts.restructure_count > 0
        }),
        disputed_items: disputed(asked, rows),
        disputed_items_matter: disputed_items_matter(&active, &lenders),
        unconfirmed_accounts: capped(
            active
                .iter()
                .filter(|account| account.any_active(is_unconfirmed))
                .count()
                + contingent.unconfirmed,
        ),
        velocity: velocity::windows(asked, rows, accounts),
        oldest_open_month: active
            .iter()
            .map(|account| account.opened_on())
            .min()
            .map(|day| (day.year(), day.month())),
        guaranteed_accounts: contingent.accounts,
        guaranteed_amount: contingent.amount,
    }
}

struct Contingent {
    accounts: u32,
    amount: AmountBand,
    unconfirmed: usize,
}

impl Contingent {
    fn of(asked: &Asked<'_>, rows: &Rows<'_>) -> Self {
        let mut accounts = rows.contingent_of_others(asked.caller);
        accounts.retain(Account::is_active);
        let entries = accounts
            .iter()
            .flat_map(Account::entries)
            .filter(|entry| entry.is_active());
        let total = |facts: &Facts| i128::from(facts.outstanding_total);
        Self {
            accounts: capped(accounts.len()),
            amount: Amount::over(entries, asked.currency, total).band(asked),
            unconfirmed: accounts
                .iter()
                .filter(|account| account.any_active(is_unconfirmed))
                .count(),
        }
    }
}

fn is_unconfirmed(row: &PositionRow) -> bool {
    row.missing_batches >= MISSING_BATCHES_UNCONFIRMED
}

fn is_bad_debt(facts: &Facts) -> bool {
    facts.status == AccountStatus::BadDebt || facts.closure_reason == Some(ClosureReason::WrittenOff)
}

/// A group with fewer than five active members in the network counts as OTHER.
fn by_group(asked: &Asked<'_>, lenders: &BTreeSet<MemberNo>) -> Vec<(LenderGroup, u32)> {
    if lenders.len() <= UNSPLIT_LENDERS_MAX {
        return Vec::new();
    }
    let network = &asked.network.members;
    let active_in = |group: LenderGroup| {
        let active = network
            .values()
            .filter(|standing| standing.state == MemberState::Active);
        active
            .filter(|standing| standing.is_lender && standing.lender_group == group)
            .count()
    };
    let mut counts: BTreeMap<LenderGroup, usize> = BTreeMap::new();
    for lender in lenders {
        let group = network
            .get(lender)
            .map_or(LenderGroup::Other, |standing| standing.lender_group);
        let shown = if active_in(group) < GROUP_MEMBERS_MIN {
            LenderGroup::Other
        } else {
            group
        };
        *counts.entry(shown).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(group, count)| (group, capped(count)))
        .collect()
}

/// What a position costs in a month of 30 days, rounded up to the minor unit.
pub(super) fn monthly_obligation(facts: &Facts, today: NaiveDate) -> i128 {
    let payment = i128::from(facts.scheduled_payment);
    let share = |times: i128, over: i128| (payment * times + over - 1) / over;
    match facts.repayment_frequency {
        RepaymentFrequency::Day => share(30, 1),
        RepaymentFrequency::Week => share(30, 7),
        RepaymentFrequency::Fortnight => share(30, 14),
        RepaymentFrequency::Month | RepaymentFrequency::Irregular => payment,
        RepaymentFrequency::Quarter => share(1, 3),
        RepaymentFrequency::HalfYear => share(1, 6),
        RepaymentFrequency::Year => share(1, 12),
        RepaymentFrequency::Single => match facts.matures_on {
            Some(day) if day <= days_after(today, 30) => i128::from(facts.outstanding_total),
            Some(_) | None => 0,
        },
    }
}

/// As reported, never extrapolated.
fn worst_bucket_now<'a>(active: impl Iterator<Item = &'a Entry<'a>>) -> DelinquencyBucket {
    DelinquencyBucket::of(
        active
            .map(|entry| entry.row.version.facts.days_past_due)
            .max()
            .unwrap_or(0),
    )
}

/// Versions of an account that were never corrected: (as_of, days past due), past and current.
fn versions<'a>(entry: &Entry<'a>) -> impl Iterator<Item = (NaiveDate, u32)> + use<'a> {
    let current = &entry.row.version;
    let past = entry.history().map(|past| (past.as_of, past.days_past_due));
    past.chain([(current.order.as_of, current.facts.days_past_due)])
}

fn worst_bucket_ever(accounts: &[Account<'_>], since: NaiveDate) -> DelinquencyBucket {
    let all = accounts.iter().flat_map(Account::entries).flat_map(versions);
    let worst = all
        .filter(|(as_of, _)| *as_of > since)
        .map(|(_, days)| days)
        .max();
    DelinquencyBucket::of(worst.unwrap_or(0))
}

fn months_since_past_due(accounts: &[Account<'_>], today: NaiveDate) -> u32 {
    if accounts
        .iter()
        .any(|account| account.any_active(|row| row.version.facts.days_past_due > 0))
    {
        return 0;
    }
    let all = accounts.iter().flat_map(Account::entries).flat_map(versions);
    let last = all.filter(|(_, days)| *days > 0).map(|(as_of, _)| as_of).max();
    last.map_or(DELINQUENCY_MONTHS, |last| {
        (0..=DELINQUENCY_MONTHS)
            .rev()
            .find(|months| last <= months_before(today, *months))
            .unwrap_or(0)
    })
}

fn disputed(asked: &Asked<'_>, rows: &Rows<'_>) -> u32 {
    let others = rows
        .entries
        .iter()
        .filter(|entry| entry.row.member_no != asked.caller);
    capped(others.filter(|entry| entry.row.disputed).count())
}

/// Whether the worst bucket or the number of active lenders, as shown, differ without the disputed positions.
fn disputed_items_matter(active: &[&Account<'_>], lenders: &BTreeSet<MemberNo>) -> bool {
    let entries = || {
        active
            .iter()
            .flat_map(|account| account.entries())
            .filter(|entry| entry.is_active())
    };
    let undisputed = || entries().filter(|entry| !entry.row.disputed);
    let left: BTreeSet<MemberNo> = undisputed().map(|entry| entry.row.member_no).collect();
    worst_bucket_now(entries()) != worst_bucket_now(undisputed())
        || capped(lenders.len()) != capped(left.len())
}
