//! One pass over the market: the positions of one subject after the other go into cells, a few subjects at a time, and nothing
//! of a subject is kept.
//!
//! Tables of subjects count every subject with own debt once, under the region, lender group and product of the active
//! position that it opened last. Tables of positions count every account once, with its primary, under its own. So a sum over
//! a cut is the table without it. Amounts are counted with the primary too, but for what a subject owes in all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::axis::{
    Axis, bucket_place, few_lenders_place, group_place, lenders_place, months_on_book, origination_place,
    place_of, product_place, rate_place,
};
use super::cells::Cut;
use super::flow::{Flow, fate_place};
use super::indicator::Indicator;
use super::ledger::Ledger;
use super::loan::{Loan, Standing};
use super::spread::LenderNumbers;
use super::stacking::{Days, distinct, lenders_in_a_span, openings, same_day};
use super::table::Statistics;
use super::told::Told;
use crate::domain::currency::Currency;
use crate::domain::date::{BusinessZone, Timestamp, days_after, days_before};
use crate::domain::exposure::BandSeries;
use crate::domain::exposure::band::LOWEST_EDGE_UNITS;
use crate::domain::names::MemberNo;

/// Days past due from which a subject counts as late in the policy curve, and the longer of a vintage's.
const LATE_DAYS: u32 = 31;
/// Before the parts of delinquency that are formally overdue: of these none is 0 days late.
const LATE_STEPS: usize = 4;

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
    pub(super) lender_numbers: LenderNumbers,
    pub(super) ledger: Ledger,
    pub(super) subjects: u64,
    pub(super) positions: u64,
    pub(super) active_lenders: BTreeSet<MemberNo>,
    /// Where the loans of the subject in hand are counted; kept so that nothing is allocated for it.
    places: Vec<Place>,
}

/// Where a loan is counted.
#[derive(Debug, Clone, Copy)]
struct Place {
    cut: Cut,
    /// The number of its lender.
    lender: u32,
    /// The number of its currency.
    currency: usize,
}

impl Scan {
    /// Begins a snapshot.
    pub fn new(terms: Terms) -> Self {
        Self {
            days: Days::until(terms.as_of),
            terms,
            bands: BTreeMap::new(),
            lender_numbers: LenderNumbers::default(),
            ledger: Ledger::default(),
            subjects: 0,
            positions: 0,
            active_lenders: BTreeSet::new(),
            places: Vec::new(),
        }
    }

    /// Adds a subject: all its own-debt positions, of any status, and those that were active at the snapshot before and count
    /// no longer. Each subject is to be added once, in any order.
    pub fn add_subject(&mut self, loans: &[Loan<'_>]) {
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        places.extend(loans.iter().map(|loan| self.place_of(loan)));
        self.add_placed(loans, &places);
        self.ledger.end_subject();
        self.places = places;
    }

    fn add_placed(&mut self, loans: &[Loan<'_>], places: &[Place]) {
        let placed = || loans.iter().zip(places);
        for (loan, place) in placed().filter(|(loan, _)| loan.is_primary) {
            self.add_position(loan, place);
        }
        let latest = placed()
            .filter(|(loan, _)| loan.now.is_some() && loan.opened_on <= self.terms.as_of)
            .max_by_key(|(loan, _)| {
                (
                    loan.active().is_some(),
                    loan.opened_on,
                    loan.member_no,
                    loan.account_no,
                )
            });
        let Some((latest, place)) = latest else { return };
        self.add_openings(loans, place.cut);
        if latest.active().is_some() {
            self.add_debtor(loans, places, place.cut);
        }
    }

    /// Adds what another one counted of other subjects, on the same terms.
    pub fn merge(&mut self, mut other: Self) {
        other.ledger.fill();
        self.lender_numbers.merge(&other.lender_numbers);
        self.ledger.merge(&other.ledger);
        self.subjects += other.subjects;
        self.positions += other.positions;
        self.active_lenders.extend(&other.active_lenders);
    }

    /// How many numbers are held: what memory is for.
    #[cfg(test)]
    pub(super) fn held(&mut self) -> usize {
        self.ledger.fill();
        self.ledger.held() + self.lender_numbers.held() + self.active_lenders.len()
    }

    /// How many subjects wait to be added to the tables.
    #[cfg(test)]
    pub(super) const fn waiting(&self) -> u16 {
        self.ledger.waiting()
    }

    /// Ends the snapshot.
    pub fn finish(mut self) -> Statistics {
        self.ledger.end();
        Statistics::of(&self)
    }

    /// The place of an amount among the fine bands of its currency.
    fn band_place(&mut self, currency: Currency, amount: i128) -> usize {
        let bands = self.bands.entry(currency);
        bands.or_insert_with(|| self.terms.bands(currency)).place(amount)
    }

    fn place_of(&mut self, loan: &Loan<'_>) -> Place {
        let currency = self.ledger.currency(loan.currency);
        let amount_band = self.band_place(loan.currency, loan.granted.into());
        let cut = Cut::default()
            .with(Axis::Region, loan.region.place())
            .with(Axis::LenderGroup, group_place(loan.lender_group))
            .with(Axis::ProductType, product_place(loan.product_type))
            .with(Axis::AmountBand, amount_band)
            .with(Axis::RateBand, rate_place(loan.annual_percentage_rate_bp));
        let lender = self.ledger.lender(loan.member_no);
        Place {
            cut,
            lender,
            currency,
        }
    }

    /// Tables of subjects with active debt.
    fn add_debtor(&mut self, loans: &[Loan<'_>], places: &[Place], cut: Cut) {
        let placed = || loans.iter().zip(places);
        let active = || placed().filter_map(|(loan, place)| Some((loan, loan.active()?, place)));
        let lenders = distinct(active().map(|(loan, _, _)| loan.member_no));
        let is_late = active().any(|(_, now, _)| now.days_past_due >= LATE_DAYS);
        let told: Told = active().map(|(_, _, place)| place.lender).collect();
        self.subjects += 1;
        self.lender_numbers.add(cut, lenders);
        let [one, few] = [[lenders_place(lenders)], [few_lenders_place(lenders)]];
        let mut count = |indicator, own: &[usize], part| {
            self.ledger.count(indicator, cut, own, part, told);
        };
        count(Indicator::MultiLenderHistogram, &one, 0);
        let rates = [2, 3, 5].into_iter().filter(|least| lenders >= *least);
        count(Indicator::MultiLenderRate, &[], rates.count());
        count(Indicator::DelinquencyByLenders, &few, is_late.into());
        count(Indicator::LendersPerSubject, &[], 0);
        for (currency, exposure) in exposures(active().map(|(loan, now, _)| (loan, now))) {
            let band = [self.band_place(currency, exposure)];
            let of_currency = active().filter(|(loan, _, _)| loan.currency == currency);
            self.add_debts(of_currency, cut, [one, few, band]);
        }
    }

    /// The amounts that a subject owes in a currency.
    fn add_debts<'l, 'a: 'l>(
        &mut self,
        active: impl Iterator<Item = (&'l Loan<'a>, Standing, &'l Place)>,
        cut: Cut,
        [one, few, band]: [[usize; 1]; 3],
    ) {
        let mut currency = None;
        // By part: accounts of which nothing is owed, and what is; what the primary owes of it, in time and late.
        let (mut owed, mut of_primary) = ([0, 0], [0, 0]);
        for (loan, now, place) in active {
            currency = Some(place.currency);
            let amount = now.outstanding_total;
            let mut share = |indicator, own: &[usize], part, amount| {
                let table = (indicator, place.currency);
                self.ledger.share(table, cut, own, (part, amount), place.lender);
            };
            // Who owes nothing is one of the subjects with an account in the currency all the same.
            let (part, at_least_one) = if amount == 0 { (0, 1) } else { (1, amount) };
            share(Indicator::ExposureDistribution, &band, part, at_least_one);
            share(Indicator::ExposurePerSubject, &[], part, at_least_one);
            owed[part] += i128::from(at_least_one);
            if loan.is_primary {
                let part = usize::from(now.days_past_due >= LATE_DAYS);
                share(Indicator::MultiLenderHistogram, &one, 0, amount);
                share(Indicator::DelinquencyByLenders, &few, part, amount);
                of_primary[part] += i128::from(amount);
            }
        }
        let Some(currency) = currency else { return };
        let mut total = |indicator, own: &[usize], part, amount| {
            self.ledger.total((indicator, currency), cut, own, (part, amount));
        };
        for (part, amount) in owed.into_iter().enumerate() {
            total(Indicator::ExposureDistribution, &band, part, amount);
            total(Indicator::ExposurePerSubject, &[], part, amount);
        }
        total(Indicator::MultiLenderHistogram, &one, 0, of_primary.iter().sum());
        for (part, amount) in of_primary.into_iter().enumerate() {
            total(Indicator::DelinquencyByLenders, &few, part, amount);
        }
    }

    /// Tables of openings: of the subject for spans, of positions for days.
    fn add_openings(&mut self, loans: &[Loan<'_>], cut: Cut) {
        let openings = openings(loans, self.days);
        if openings.is_empty() {
            return;
        }
        let lenders = lenders_in_a_span(&openings, self.days);
        let opened_at = openings.iter().map(|loan| self.ledger.lender(loan.member_no));
        let told: Told = opened_at.collect();
        let steps = [2, 3].into_iter().filter(|least| lenders >= *least);
        self.ledger
            .count(Indicator::NewStacking, cut, &[], steps.count(), told);
        for (loan, is_stacked) in same_day(&openings, self.days) {
            if loan.is_primary {
                let Place { cut, lender, .. } = self.place_of(loan);
                let mut count = |indicator, is_so: bool| {
                    let lenders = Told::only(lender);
                    self.ledger.count(indicator, cut, &[], is_so.into(), lenders);
                };
                count(Indicator::SameDayStacking, is_stacked);
                count(Indicator::UncheckedLoans, !loan.was_checked);
            }
        }
    }

    /// Tables of positions.
    fn add_position(&mut self, loan: &Loan<'_>, place: &Place) {
        self.add_change(loan, place);
        self.add_vintage(loan, place);
        let Some(now) = loan.active() else { return };
        self.positions += 1;
        self.active_lenders.insert(loan.member_no);
        let is_formal = now.days_past_due > loan.grace_days;
        let lateness = late_part(now.days_past_due, is_formal);
        let Place {
            cut,
            lender,
            currency,
        } = *place;
        let mut add = |indicator, part| {
            let table = (indicator, currency);
            let amount = (part, now.outstanding_total);
            let lenders = Told::only(lender);
            self.ledger.count(indicator, cut, &[], part, lenders);
            self.ledger.amount(table, cut, &[], amount, lender);
        };
        add(Indicator::Delinquency, lateness);
        add(Indicator::Restructuring, loan.is_restructured.into());
    }

    /// What became of it since the snapshot before.
    fn add_change(&mut self, loan: &Loan<'_>, place: &Place) {
        let Place {
            cut,
            lender,
            currency,
        } = *place;
        let flow = Flow::of(loan, self.terms.since());
        for amount in flow.columns().into_iter().enumerate() {
            if amount.1 != 0 {
                let table = (Indicator::Flow, currency);
                self.ledger.amount(table, cut, &[], amount, lender);
            }
        }
        let Some(before) = loan.past.before.filter(Standing::is_active) else {
            return;
        };
        let own = [bucket_place(before.days_past_due), fate_place(loan.now)];
        let indicator = Indicator::RollRate;
        let balance = (0, before.outstanding_total);
        self.ledger.count(indicator, cut, &own, 0, Told::only(lender));
        self.ledger
            .amount((indicator, currency), cut, &own, balance, lender);
    }

    /// What it adds to its month of origination: itself to the first month on book, and to later ones whether it was ever so
    /// late by then.
    fn add_vintage(&mut self, loan: &Loan<'_>, place: &Place) {
        let Place {
            cut,
            lender,
            currency,
        } = *place;
        let age = months_on_book(loan.opened_on, self.terms.as_of);
        let Some(origination) = origination_place(age).filter(|_| loan.now.is_some()) else {
            return;
        };
        let marks = [loan.past.first_31, loan.past.first_91].map(|first| {
            let first = first.filter(|first| first.on <= self.terms.as_of)?;
            let month = months_on_book(loan.opened_on, first.on).max(1);
            Some((place_of(month) - 1, first.outstanding_total))
        });
        let lenders = Told::only(lender);
        let (table, in_currency) = (Indicator::Vintage, (Indicator::Vintage, currency));
        let (own, part) = ([origination, 0], usize::from(marks[0].is_none()));
        self.ledger.count(table, cut, &own, part, lenders);
        let granted = (0, loan.granted);
        self.ledger.amount(in_currency, cut, &own, granted, lender);
        let Some(first) = marks.iter().flatten().map(|(month, _)| *month).min() else {
            return;
        };
        for month in first..place_of(age) {
            let own = [origination, month];
            let late = marks.map(|mark| mark.filter(|(since, _)| *since <= month));
            let is_new = late.map(|mark| mark.is_some_and(|(since, _)| since == month));
            if let Some(part) = vintage_part(late.map(|mark| mark.is_some()), is_new) {
                self.ledger.count(table, cut, &own, part, lenders);
            }
            for ((mark, is_new), part) in late.into_iter().zip(is_new).zip([1, 3]) {
                let owed = mark.map_or(0, |(_, owed)| owed);
                let amount = (part + usize::from(is_new), owed);
                self.ledger.amount(in_currency, cut, &own, amount, lender);
            }
        }
    }
}

/// The part of a row of delinquency: the step that it reaches, with what is formally overdue after what is not.
fn late_part(days_past_due: u32, is_formal: bool) -> usize {
    let steps = [1, 31, 61, 91].into_iter().filter(|step| days_past_due >= *step);
    let step = steps.count();
    if is_formal { LATE_STEPS + step } else { step }
}

/// The part of a month of a vintage: whether it was ever late by 31 and by 91 days, and whether for the first time.
const fn vintage_part(late: [bool; 2], is_new: [bool; 2]) -> Option<usize> {
    match (late, is_new) {
        ([false, false], _) => None,
        ([true, false], [false, _]) => Some(2),
        ([true, false], [true, _]) => Some(3),
        ([false, true], [_, false]) => Some(4),
        ([false, true], [_, true]) => Some(5),
        ([true, true], [false, false]) => Some(6),
        ([true, true], [true, false]) => Some(7),
        ([true, true], [false, true]) => Some(8),
        ([true, true], [true, true]) => Some(9),
    }
}

/// What a subject owes in each currency, however it is liable.
fn exposures<'l, 'a: 'l>(active: impl Iterator<Item = (&'l Loan<'a>, Standing)>) -> Vec<(Currency, i128)> {
    let mut exposures: Vec<(Currency, i128)> = Vec::new();
    for (loan, now) in active {
        let owed = i128::from(now.outstanding_total);
        match exposures.iter_mut().find(|(known, _)| *known == loan.currency) {
            Some((_, exposure)) => *exposure += owed,
            None => exposures.push((loan.currency, owed)),
        }
    }
    exposures
}
