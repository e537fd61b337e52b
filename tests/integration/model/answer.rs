//! The figures of an answer, one by one as the table of the semantics lists them (2).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use tallystick::domain::currency::Currency;
use tallystick::domain::date::Timestamp;
use tallystick::domain::exposure::{
    AmountBand, DelinquencyBucket, Figures, MatchLevel, OthersExposure, SubjectState,
};
use tallystick::domain::member::LenderGroup;
use tallystick::domain::position::{
    AccountStatus, AccountType, ClosureReason, Facts, GuaranteeType, RepaymentFrequency,
};

use super::loans::{Loan, Rows};
use super::resolution::One;
use super::{MemberName, Model, calendar};

/// Fine edges in units of a currency.
const FINE: [i128; 10] = [
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
];
/// Coarse edges in units of a currency.
const COARSE: [i128; 5] = [2_000, 10_000, 50_000, 200_000, 1_000_000];

impl Model {
    /// The figures that `caller` gets about one person.
    pub(super) fn figures(
        &self,
        caller: MemberName,
        currency: Currency,
        now: i64,
        one: &One,
        rows: &Rows<'_>,
    ) -> Figures {
        let found = !rows.loans.is_empty() || !rows.looks.is_empty();
        let level = match (one.strong, one.only_link || rows.joined) {
            (true, true) => MatchLevel::StrongAndMobile,
            (true, false) => MatchLevel::Strong,
            (false, _) => MatchLevel::MobileOnly,
        };
        Figures {
            as_of: Timestamp::from_micros(now),
            state: if found {
                SubjectState::Found
            } else {
                SubjectState::NoRecord
            },
            match_level: if found { level } else { MatchLevel::None },
            coverage_percent: self.coverage(caller, calendar::day_of(now)),
            currency,
            others: Some(self.others(caller, currency, now, rows)),
            signals: self.signals(caller, currency, now, rows, one.shared || rows.left_out),
        }
    }

    /// Percent of the other active lenders whose latest report is for the day before yesterday or later.
    pub(super) fn coverage(&self, caller: MemberName, today: NaiveDate) -> u32 {
        let lenders: Vec<MemberName> = self
            .members
            .iter()
            .filter(|(name, member)| **name != caller && member.active && member.lender)
            .map(|(name, _)| *name)
            .collect();
        let reported = |lender: &&MemberName| {
            let accounts = self.accounts.iter().filter(|((by, _), _)| by == *lender);
            let versions = accounts.flat_map(|(_, account)| &account.versions);
            let mut dates = versions.flat_map(|version| &version.pairs).map(|pair| pair.0);
            dates.any(|as_of| as_of >= calendar::shift(today, -2))
        };
        let covered = lenders.iter().filter(reported).count();
        match lenders.len() {
            0 => 100,
            all => u32::try_from(covered * 100 / all).expect("a percentage"),
        }
    }

    fn others(&self, caller: MemberName, currency: Currency, now: i64, rows: &Rows<'_>) -> OthersExposure {
        let today = calendar::day_of(now);
        let accounts = rows.of_others(caller, true);
        let active: Vec<&Vec<Loan>> = accounts.iter().filter(|account| is_active(account)).collect();
        let loans: Vec<Loan> = active_loans(&accounts);
        let lenders: BTreeSet<MemberName> = loans.iter().map(|loan| loan.member).collect();
        let guaranteed = rows.of_others(caller, false);
        let guarantees = active_loans(&guaranteed);
        let band = |part: &dyn Fn(&Facts) -> i128| band(&loans, currency, part);
        let late = |facts: &Facts| facts.days_past_due > 0;
        OthersExposure {
            active_lenders: shown(lenders.len()),
            active_accounts: shown(active.len()),
            active_lenders_by_group: self.by_group(&lenders),
            reserving_lenders: 0,
            reserved_amount: AmountBand::default(),
            outstanding: band(&|facts| facts.outstanding_total.into()),
            outstanding_unsecured: band(&|facts| match facts.guarantee_type == GuaranteeType::Unsecured {
                true => facts.outstanding_total.into(),
                false => 0,
            }),
            credit_limit: band(&|facts| {
                if revolves(facts) {
                    facts.credit_limit.into()
                } else {
                    0
                }
            }),
            monthly_obligation: band(&|facts| monthly(facts, today)),
            other_currency_accounts: count(&accounts, |facts| facts.currency != currency),
            worst_bucket_now: bucket(loans.iter().map(|loan| loan.facts().days_past_due).max()),
            worst_bucket_24_months: worst_ever(&accounts, today),
            past_due_accounts: count(&accounts, late),
            formal_overdue_accounts: count(&accounts, |facts| facts.days_past_due > facts.grace_days),
            overdue_amount: band(&|facts| {
                let split = facts.overdue;
                i128::from(split.principal + split.interest + split.penalty + split.fees)
            }),
            months_since_past_due: months_since(&accounts, count(&accounts, late) > 0, today),
            bad_debt_accounts: count_any(&accounts, |facts| {
                let written_off = facts.closure_reason == Some(ClosureReason::WrittenOff);
                facts.status == AccountStatus::BadDebt
                    || (facts.status == AccountStatus::Closed && written_off)
            }),
            legal_action_accounts: count_any(&accounts, |facts| facts.status == AccountStatus::LegalAction),
            restructured_accounts: count(&accounts, |facts| {
                facts.extension_count + facts.restructure_count > 0
            }),
            // No history here disputes a position or carries a batch.
            disputed_items: 0,
            disputed_items_matter: false,
            unconfirmed_accounts: 0,
            velocity: super::velocity::windows(caller, currency, now, rows),
            oldest_open_month: active
                .iter()
                .map(|account| account[0].facts().opened_on)
                .min()
                .map(|day| (day.year(), day.month())),
            guaranteed_accounts: shown(guaranteed.iter().filter(|account| is_active(account)).count()),
            guaranteed_amount: self::band(&guarantees, currency, &|facts| facts.outstanding_total.into()),
        }
    }

    fn by_group(&self, lenders: &BTreeSet<MemberName>) -> Vec<(LenderGroup, u32)> {
        let mut counts = BTreeMap::new();
        for lender in lenders {
            let group = self.members[lender].group;
            let members = self.members.values();
            let size = members
                .filter(|member| member.active && member.lender && member.group == group)
                .count();
            let name = if size < 5 { LenderGroup::Other } else { group };
            *counts.entry(name).or_insert(0_usize) += 1;
        }
        if lenders.len() <= 2 {
            return Vec::new();
        }
        counts
            .into_iter()
            .map(|(group, count)| (group, shown(count)))
            .collect()
    }
}

/// Exact to 9; 10 stands for more.
pub fn shown(count: usize) -> u32 {
    u32::try_from(count.min(10)).expect("at most 10")
}

fn is_active(account: &[Loan<'_>]) -> bool {
    account.iter().any(Loan::is_active)
}

fn active_loans<'a>(accounts: &[Vec<Loan<'a>>]) -> Vec<Loan<'a>> {
    let all = accounts.iter().flatten();
    all.filter(|loan| loan.is_active()).copied().collect()
}

/// Accounts of which an active position is such.
fn count(accounts: &[Vec<Loan<'_>>], is: impl Fn(&Facts) -> bool) -> u32 {
    let such = |loan: &Loan| loan.is_active() && is(loan.facts());
    shown(accounts.iter().filter(|account| account.iter().any(such)).count())
}

/// Accounts of which any position is such, closed ones too.
fn count_any(accounts: &[Vec<Loan<'_>>], is: impl Fn(&Facts) -> bool) -> u32 {
    let such = |loan: &Loan| is(loan.facts());
    shown(accounts.iter().filter(|account| account.iter().any(such)).count())
}

/// The band of a sum over positions in a currency.
pub fn band(loans: &[Loan<'_>], currency: Currency, part: &dyn Fn(&Facts) -> i128) -> AmountBand {
    let (mut sum, mut contributors) = (0, BTreeSet::new());
    for loan in loans.iter().filter(|loan| loan.facts().currency == currency) {
        let amount = part(loan.facts());
        sum += amount;
        if amount > 0 {
            contributors.insert(loan.member);
        }
    }
    let unit = if currency.as_str() == "JPY" { 1 } else { 100 };
    let edges: &[i128] = if contributors.len() > 2 { &FINE } else { &COARSE };
    let edge = edges.iter().map(|edge| edge * unit).find(|edge| sum <= *edge);
    let last = 1_000_000 * unit;
    AmountBand {
        up_to: match sum {
            0 => 0,
            _ => i64::try_from(edge.unwrap_or(last)).expect("an edge"),
        },
        open_ended: edge.is_none(),
    }
}

/// Whether an account has a limit.
pub fn revolves(facts: &Facts) -> bool {
    facts.account_type == AccountType::Revolving || facts.account_type == AccountType::CreditCard
}

/// What a position costs in a month.
pub fn monthly(facts: &Facts, today: NaiveDate) -> i128 {
    let (times, over) = match facts.repayment_frequency {
        RepaymentFrequency::Day => (30, 1),
        RepaymentFrequency::Week => (30, 7),
        RepaymentFrequency::Fortnight => (30, 14),
        RepaymentFrequency::Month | RepaymentFrequency::Irregular => (1, 1),
        RepaymentFrequency::Quarter => (1, 3),
        RepaymentFrequency::HalfYear => (1, 6),
        RepaymentFrequency::Year => (1, 12),
        RepaymentFrequency::Single => {
            let soon = facts
                .matures_on
                .is_some_and(|day| day <= calendar::shift(today, 30));
            return if soon { facts.outstanding_total.into() } else { 0 };
        }
    };
    let total = i128::from(facts.scheduled_payment) * times;
    let whole = total / over;
    if whole * over == total { whole } else { whole + 1 }
}

fn bucket(days: Option<u32>) -> DelinquencyBucket {
    let step = days.unwrap_or(0).div_ceil(30).min(7);
    DelinquencyBucket::ALL[usize::try_from(step).expect("at most 7")]
}

fn worst_ever(accounts: &[Vec<Loan<'_>>], today: NaiveDate) -> DelinquencyBucket {
    let since = calendar::months_before(today, 24);
    let mut days = Vec::new();
    for loan in accounts.iter().flatten() {
        let versions = loan.account.standing();
        days.extend(
            versions
                .filter(|version| version.pair().0 > since)
                .map(|version| version.facts.days_past_due),
        );
    }
    bucket(days.into_iter().max())
}

fn months_since(accounts: &[Vec<Loan<'_>>], past_due_now: bool, today: NaiveDate) -> u32 {
    if past_due_now {
        return 0;
    }
    let versions = accounts.iter().flatten().flat_map(|loan| loan.account.standing());
    let late = versions.filter(|version| version.facts.days_past_due > 0);
    let Some(last) = late.map(|version| version.pair().0).max() else {
        return 24;
    };
    let mut months = 0;
    for candidate in 1..=24 {
        if last <= calendar::months_before(today, candidate) {
            months = candidate;
        }
    }
    u32::try_from(months).expect("at most 24")
}
