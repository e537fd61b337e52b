//! One pass over the market: the positions of one subject after the other go into cells, and nothing of a subject is kept.
//!
//! Tables of subjects count every subject with own debt once, under the region, lender group and product of the active
//! position that it opened last. Tables of positions count every account once, with its primary, under its own. So a sum over
//! a cut is the table without it. Amounts are counted with the primary too, but for what a subject owes in all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::axis::{
    bucket_place, few_lenders_place, group_place, lenders_place, months_on_book, origination_place, place_of,
    product_place, rate_place,
};
use super::cells::{Cells, Cut};
use super::contributors::{LENDERS_TOLD, Ledger};
use super::flow::{Flow, fate_place};
use super::indicator::Indicator;
use super::loan::{FirstLate, Loan, Standing};
use super::spread::{Books, LenderNumbers};
use super::stacking::{Days, distinct, lenders_in_a_span, openings, same_day};
use super::table::Statistics;
use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, Timestamp, days_after, days_before};
use crate::domain::exposure::BandSeries;
use crate::domain::exposure::band::LOWEST_EDGE_UNITS;
use crate::domain::names::MemberNo;

/// Days past due from which a subject counts as late in the policy curve, and the longer of a vintage's.
const LATE_DAYS: u32 = 31;

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its date.
    pub as_of: NaiveDate,
    /// The date of the snapshot before, with which balances are compared; without one, flows are those of the month so far.
    pub previous: Option<NaiveDate>,
    /// Where its days begin and end.
    pub zone: BusinessZone,
    /// The operator's lowest edges of amount bands, in units of each currency.
    pub lowest_edges: BTreeMap<Currency, i64>,
}

impl Terms {
    /// The first day of its month.
    pub fn month_begin(&self) -> NaiveDate {
        Days::until(self.as_of).first
    }

    /// When its month begins, and when its date is over.
    pub fn month(&self) -> [Timestamp; 2] {
        let end = days_after(self.as_of, 1);
        [self.month_begin(), end].map(|day| self.zone.start_of(day))
    }

    /// The day since whose end positions count as new.
    fn since(&self) -> NaiveDate {
        self.previous
            .unwrap_or_else(|| days_before(self.month_begin(), 1))
    }

    /// The bands of a currency.
    pub(super) fn bands(&self, currency: Currency) -> BandSeries {
        let lowest = self.lowest_edges.get(&currency).copied();
        BandSeries::new(currency, lowest.unwrap_or(LOWEST_EDGE_UNITS))
    }
}

/// A snapshot in the making.
#[derive(Debug)]
pub struct Scan {
    pub(super) terms: Terms,
    days: Days,
    /// Bands of the currencies met so far.
    bands: BTreeMap<Currency, BandSeries>,
    pub(super) cells: Cells,
    pub(super) lender_numbers: LenderNumbers,
    pub(super) books: Books,
    pub(super) ledger: Ledger,
    pub(super) subjects: u64,
    pub(super) positions: u64,
    pub(super) lenders: BTreeSet<MemberNo>,
}

impl Scan {
    /// Begins a snapshot.
    pub fn new(terms: Terms) -> Self {
        Self {
            days: Days::until(terms.as_of),
            terms,
            bands: BTreeMap::new(),
            cells: Cells::default(),
            lender_numbers: LenderNumbers::default(),
            books: Books::default(),
            ledger: Ledger::default(),
            subjects: 0,
            positions: 0,
            lenders: BTreeSet::new(),
        }
    }

    /// Adds a subject: all its own-debt positions, of any status, and those that were active at the snapshot before and count
    /// no longer. Each subject is to be added once, in any order.
    pub fn add_subject(&mut self, loans: &[Loan<'_>]) {
        self.ledger.begin_subject();
        for loan in loans.iter().filter(|loan| loan.is_primary) {
            let cut = self.cut_of(loan);
            self.add_position(loan, &cut);
        }
        let latest = loans
            .iter()
            .filter(|loan| loan.now.is_some() && loan.opened_on <= self.terms.as_of)
            .max_by_key(|loan| {
                (
                    loan.active().is_some(),
                    loan.opened_on,
                    loan.member_no,
                    loan.account_no,
                )
            });
        let Some(latest) = latest else { return };
        let cut = self.cut_of(latest);
        self.add_openings(loans, &cut);
        if latest.active().is_some() {
            self.add_debtor(loans, &cut);
        }
    }

    /// How many numbers are held: what memory is for.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.cells.held() + self.lender_numbers.held() + self.books.held() + self.lenders.len()
    }

    /// Ends the snapshot.
    pub fn finish(self) -> Statistics {
        Statistics::of(&self)
    }

    /// The place of an amount among the fine bands of its currency.
    fn band_place(&mut self, currency: Currency, amount: i128) -> usize {
        let bands = self.bands.entry(currency);
        bands.or_insert_with(|| self.terms.bands(currency)).place(amount)
    }

    fn cut_of(&mut self, loan: &Loan<'_>) -> Cut {
        Cut {
            region: loan.region.place(),
            lender_group: group_place(loan.lender_group),
            product_type: product_place(loan.product_type),
            amount_band: self.band_place(loan.currency, loan.granted.into()),
            rate_band: rate_place(loan.annual_percentage_rate_bp),
        }
    }

    /// Tables of subjects with active debt.
    fn add_debtor(&mut self, loans: &[Loan<'_>], cut: &Cut) {
        let active = || loans.iter().filter_map(|loan| Some((loan, loan.active()?)));
        let lenders = distinct(active().map(|(loan, _)| loan.member_no));
        let is_late = active().any(|(_, now)| now.days_past_due >= LATE_DAYS);
        self.subjects += 1;
        self.lender_numbers.add(cut, lenders);
        let told = self.told(active().map(|(loan, _)| loan.member_no));
        let [one, few] = [[lenders_place(lenders)], [few_lenders_place(lenders)]];
        let at_least = |least: usize| i128::from(lenders >= least);
        let mut count = |indicator, own: &[usize], counts: &[i128]| {
            self.cells.count(indicator, cut, own, counts);
            self.ledger.add((indicator, None), cut, own, counts, &told);
        };
        count(Indicator::MultiLenderHistogram, &one, &[1]);
        let rates = [1, at_least(2), at_least(3), at_least(5)];
        count(Indicator::MultiLenderRate, &[], &rates);
        count(Indicator::DelinquencyByLenders, &few, &[1, is_late.into()]);
        let number = i128::try_from(lenders).unwrap_or(i128::MAX);
        let table = (Indicator::LendersPerSubject, None);
        self.ledger.add(table, cut, &[], &[1, number], &told);
        for (currency, debt) in debts(active()) {
            let band = [self.band_place(currency, debt.exposure)];
            let mut add = |indicator, own: &[usize], amounts: &[i128]| {
                self.cells.amount(indicator, currency, cut, own, amounts);
            };
            add(Indicator::MultiLenderHistogram, &one, &[debt.balance]);
            let late = [debt.balance, debt.late_balance];
            add(Indicator::DelinquencyByLenders, &few, &late);
            add(Indicator::ExposureDistribution, &band, &[1, debt.exposure]);
            for (loan, now) in active().filter(|(loan, _)| loan.currency == currency) {
                self.add_debt_behind(loan, now, cut, [one, few, band]);
            }
        }
    }

    /// The part of a loan in the amounts of its subject, for those who stand behind them.
    fn add_debt_behind(&mut self, loan: &Loan<'_>, now: Standing, cut: &Cut, places: [[usize; 1]; 3]) {
        let [one, few, band] = places;
        let lender = [self.ledger.lender(loan.member_no)];
        let mut behind = |indicator, own: &[usize], amounts: &[i128]| {
            let table = (indicator, Some(loan.currency));
            self.ledger.add(table, cut, own, amounts, &lender);
        };
        let outstanding: i128 = now.outstanding_total.into();
        behind(Indicator::ExposureDistribution, &band, &[1, outstanding]);
        behind(Indicator::ExposurePerSubject, &[], &[1, outstanding]);
        if loan.is_primary {
            behind(Indicator::MultiLenderHistogram, &one, &[outstanding]);
            let late = outstanding * i128::from(now.days_past_due >= LATE_DAYS);
            behind(Indicator::DelinquencyByLenders, &few, &[outstanding, late]);
        }
    }

    /// Tables of openings: of the subject for spans, of positions for days.
    fn add_openings(&mut self, loans: &[Loan<'_>], cut: &Cut) {
        let openings = openings(loans, self.days);
        if openings.is_empty() {
            return;
        }
        let lenders = lenders_in_a_span(&openings, self.days);
        let subjects = [1, (lenders >= 2).into(), (lenders >= 3).into()];
        self.cells.count(Indicator::NewStacking, cut, &[], &subjects);
        let told = self.told(openings.iter().map(|loan| loan.member_no));
        let table = (Indicator::NewStacking, None);
        self.ledger.add(table, cut, &[], &subjects, &told);
        for (loan, is_stacked) in same_day(&openings, self.days) {
            if loan.is_primary {
                let cut = self.cut_of(loan);
                let lender = [self.ledger.lender(loan.member_no)];
                let mut count = |indicator, counts: &[i128]| {
                    self.cells.count(indicator, &cut, &[], counts);
                    self.ledger.add((indicator, None), &cut, &[], counts, &lender);
                };
                count(Indicator::SameDayStacking, &[1, is_stacked.into()]);
                let is_unchecked = i128::from(!loan.was_checked);
                count(Indicator::UncheckedLoans, &[1, is_unchecked, 0, 0]);
            }
        }
    }

    /// As many different lenders as are told apart.
    fn told(&mut self, members: impl Iterator<Item = MemberNo>) -> Vec<usize> {
        let mut told = Vec::with_capacity(LENDERS_TOLD);
        for member_no in members {
            let number = self.ledger.lender(member_no);
            if told.len() < LENDERS_TOLD && !told.contains(&number) {
                told.push(number);
            }
        }
        told
    }

    /// Tables of positions.
    fn add_position(&mut self, loan: &Loan<'_>, cut: &Cut) {
        let lender = [self.ledger.lender(loan.member_no)];
        self.add_change(loan, cut, &lender);
        self.add_vintage(loan, cut, &lender);
        let Some(now) = loan.active() else { return };
        let currency = loan.currency;
        let balance: i128 = now.outstanding_total.into();
        self.positions += 1;
        self.lenders.insert(loan.member_no);
        self.books.add(currency, cut, loan.member_no, balance);
        let is_late = |days: u32| i128::from(now.days_past_due >= days);
        let is_formal = i128::from(now.days_past_due > loan.grace_days);
        let late = [1, is_late(1), is_late(31), is_late(61), is_late(91), is_formal];
        let restructured = [1, loan.is_restructured.into()];
        let mut add = |indicator, counts: &[i128], amounts: &[i128]| {
            self.cells.count(indicator, cut, &[], counts);
            self.cells.amount(indicator, currency, cut, &[], amounts);
            self.ledger.add((indicator, None), cut, &[], counts, &lender);
            let table = (indicator, Some(currency));
            self.ledger.add(table, cut, &[], amounts, &lender);
        };
        let late_balance = late.map(|is_late| is_late * balance);
        add(Indicator::Delinquency, &late, &late_balance);
        let restructured_balance = restructured.map(|is_counted| is_counted * balance);
        add(Indicator::Restructuring, &restructured, &restructured_balance);
    }

    /// What became of it since the snapshot before.
    fn add_change(&mut self, loan: &Loan<'_>, cut: &Cut, lender: &[usize]) {
        let currency = loan.currency;
        let flow = Flow::of(loan, self.terms.since());
        let columns = flow.columns();
        if columns.iter().any(|amount| *amount != 0) {
            self.cells.amount(Indicator::Flow, currency, cut, &[], &columns);
            let table = (Indicator::Flow, Some(currency));
            self.ledger.add(table, cut, &[], &columns, lender);
        }
        let Some(before) = loan.past.before.filter(Standing::is_active) else {
            return;
        };
        let own = [bucket_place(before.days_past_due), fate_place(loan.now)];
        let balance = before.outstanding_total.into();
        let indicator = Indicator::RollRate;
        self.cells.count(indicator, cut, &own, &[1]);
        self.cells.amount(indicator, currency, cut, &own, &[balance]);
        self.ledger.add((indicator, None), cut, &own, &[1], lender);
        let table = (indicator, Some(currency));
        self.ledger.add(table, cut, &own, &[balance], lender);
    }

    /// What it adds to its month of origination: itself to the first month on book, and to later ones what is new in them;
    /// the finished table cumulates.
    fn add_vintage(&mut self, loan: &Loan<'_>, cut: &Cut, lender: &[usize]) {
        let age = months_on_book(loan.opened_on, self.terms.as_of);
        let Some(origination) = origination_place(age).filter(|_| loan.now.is_some()) else {
            return;
        };
        let mut add = |months_on_book: u32, counts: [i128; 3], amounts: [i128; 3]| {
            let own = [origination, place_of(months_on_book.max(1) - 1)];
            self.cells.count(Indicator::Vintage, cut, &own, &counts);
            self.cells
                .amount(Indicator::Vintage, loan.currency, cut, &own, &amounts);
        };
        add(1, [1, 0, 0], [loan.granted.into(), 0, 0]);
        let until = |first: &FirstLate| first.on <= self.terms.as_of;
        let first_31 = loan.past.first_31.filter(until);
        let first_91 = loan.past.first_91.filter(until);
        let months = |first: FirstLate| months_on_book(loan.opened_on, first.on).max(1);
        if let Some(first) = first_31 {
            let owed = first.outstanding_total.into();
            add(months(first), [0, 1, 0], [0, owed, 0]);
        }
        if let Some(first) = first_91 {
            let owed = first.outstanding_total.into();
            add(months(first), [0, 0, 1], [0, 0, owed]);
        }
        let late = [first_31, first_91].map(|first| {
            first.map(|first| (place_of(months(first)) - 1, i128::from(first.outstanding_total)))
        });
        let at = (origination, place_of(age));
        self.add_vintage_behind(loan, cut, lender, at, late);
    }

    /// Those who stand behind a vintage: of what cumulates, in every month on book from the first on.
    fn add_vintage_behind(
        &mut self,
        loan: &Loan<'_>,
        cut: &Cut,
        lender: &[usize],
        (origination, age): (usize, usize),
        late: [Option<(usize, i128)>; 2],
    ) {
        let [counts, amounts] = [None, Some(loan.currency)].map(|currency| (Indicator::Vintage, currency));
        let never = i128::from(late[0].is_none());
        let ledger = &mut self.ledger;
        ledger.add_cells(counts, cut, &[origination, 0], [(0, 1), (3, never)], lender);
        let granted = [(0, loan.granted.into())];
        ledger.add_cells(amounts, cut, &[origination, 0], granted, lender);
        let Some(first) = late.iter().flatten().map(|(month, _)| *month).min() else {
            return;
        };
        for month in first..age {
            let own = [origination, month];
            let [(ever_31, new_31, owed_31), (ever_91, new_91, owed_91)] = late.map(|late| {
                let (since, owed) = late.unwrap_or((usize::MAX, 0));
                (i128::from(since <= month), i128::from(since == month), owed)
            });
            let cells = [
                (1, ever_31),
                (2, ever_91),
                (4, ever_31 - ever_91),
                (5, new_31),
                (6, new_91),
            ];
            ledger.add_cells(counts, cut, &own, cells, lender);
            let cells = [
                (1, ever_31 * owed_31),
                (2, ever_91 * owed_91),
                (3, new_31 * owed_31),
                (4, new_91 * owed_91),
            ];
            ledger.add_cells(amounts, cut, &own, cells, lender);
        }
    }
}

/// What a subject owes in one currency.
#[derive(Debug, Clone, Copy, Default)]
struct Debt {
    /// In all, however it is liable.
    exposure: i128,
    /// Of accounts of which it is the primary.
    balance: i128,
    /// Of these, late by 31 days or more.
    late_balance: i128,
}

fn debts<'l, 'a: 'l>(active: impl Iterator<Item = (&'l Loan<'a>, Standing)>) -> BTreeMap<Currency, Debt> {
    let mut debts: BTreeMap<Currency, Debt> = BTreeMap::new();
    for (loan, now) in active {
        let outstanding: i128 = now.outstanding_total.into();
        let debt = debts.entry(loan.currency).or_default();
        debt.exposure += outstanding;
        if loan.is_primary {
            debt.balance += outstanding;
            debt.late_balance += if now.days_past_due >= LATE_DAYS {
                outstanding
            } else {
                0
            };
        }
    }
    debts
}
