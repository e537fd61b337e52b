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
use super::flow::{Flow, fate_place};
use super::indicator::Indicator;
use super::loan::{FirstLate, Loan, Standing};
use super::spread::{Books, LenderNumbers};
use super::stacking::{Days, distinct, lenders_in_a_span, openings, same_day};
use super::table::Statistics;
use crate::domain::currency::Currency;
use crate::domain::date::days_before;
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
    /// The operator's lowest edges of amount bands, in units of each currency.
    pub lowest_edges: BTreeMap<Currency, i64>,
}

impl Terms {
    /// The day since whose end positions count as new.
    fn since(&self) -> NaiveDate {
        self.previous
            .unwrap_or_else(|| days_before(Days::until(self.as_of).first, 1))
    }

    /// The bands of a currency.
    fn bands(&self, currency: Currency) -> BandSeries {
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
            subjects: 0,
            positions: 0,
            lenders: BTreeSet::new(),
        }
    }

    /// Adds a subject: all its own-debt positions, of any status, and those that were active at the snapshot before and count
    /// no longer. Each subject is to be added once, in any order.
    pub fn add_subject(&mut self, loans: &[Loan<'_>]) {
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
        let [one, few] = [[lenders_place(lenders)], [few_lenders_place(lenders)]];
        let at_least = |least: usize| i128::from(lenders >= least);
        let cells = &mut self.cells;
        cells.count(Indicator::MultiLenderHistogram, cut, &one, &[1]);
        let rates = [1, at_least(2), at_least(3), at_least(5)];
        cells.count(Indicator::MultiLenderRate, cut, &[], &rates);
        let late = [1, is_late.into()];
        cells.count(Indicator::DelinquencyByLenders, cut, &few, &late);
        for (currency, debt) in debts(active()) {
            let band = [self.band_place(currency, debt.exposure)];
            let mut add = |indicator, own: &[usize], amounts: &[i128]| {
                self.cells.amount(indicator, currency, cut, own, amounts);
            };
            add(Indicator::MultiLenderHistogram, &one, &[debt.balance]);
            let late = [debt.balance, debt.late_balance];
            add(Indicator::DelinquencyByLenders, &few, &late);
            add(Indicator::ExposureDistribution, &band, &[1, debt.exposure]);
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
        for (loan, is_stacked) in same_day(&openings, self.days) {
            if loan.is_primary {
                let cut = self.cut_of(loan);
                let counts = [1, is_stacked.into()];
                self.cells.count(Indicator::SameDayStacking, &cut, &[], &counts);
            }
        }
    }

    /// Tables of positions.
    fn add_position(&mut self, loan: &Loan<'_>, cut: &Cut) {
        self.add_change(loan, cut);
        self.add_vintage(loan, cut);
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
        let cells = &mut self.cells;
        cells.count(Indicator::Delinquency, cut, &[], &late);
        cells.count(Indicator::Restructuring, cut, &[], &restructured);
        let late = late.map(|is_late| is_late * balance);
        cells.amount(Indicator::Delinquency, currency, cut, &[], &late);
        let restructured = restructured.map(|is_counted| is_counted * balance);
        cells.amount(Indicator::Restructuring, currency, cut, &[], &restructured);
    }

    /// What became of it since the snapshot before.
    fn add_change(&mut self, loan: &Loan<'_>, cut: &Cut) {
        let flow = Flow::of(loan, self.terms.since());
        let columns = flow.columns();
        if columns.iter().any(|amount| *amount != 0) {
            self.cells
                .amount(Indicator::Flow, loan.currency, cut, &[], &columns);
        }
        let Some(before) = loan.past.before.filter(Standing::is_active) else {
            return;
        };
        let own = [bucket_place(before.days_past_due), fate_place(loan.now)];
        let balance = before.outstanding_total.into();
        self.cells.count(Indicator::RollRate, cut, &own, &[1]);
        self.cells
            .amount(Indicator::RollRate, loan.currency, cut, &own, &[balance]);
    }

    /// What it adds to its month of origination: itself to the first month on book, and to later ones what is new in them;
    /// the finished table cumulates.
    fn add_vintage(&mut self, loan: &Loan<'_>, cut: &Cut) {
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
        if let Some(first) = loan.past.first_31.filter(until) {
            let owed = first.outstanding_total.into();
            add(months_on_book(loan.opened_on, first.on), [0, 1, 0], [0, owed, 0]);
        }
        if let Some(first) = loan.past.first_91.filter(until) {
            let owed = first.outstanding_total.into();
            add(months_on_book(loan.opened_on, first.on), [0, 0, 1], [0, 0, owed]);
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
