//! How a member behaves: whom it looks at and never lends to, and what room it holds and never uses (domain.md 4.3, P9).
//!
//! Three limits of a civil day stop the crude; what is left shows in a month's figures, which are computed when somebody asks:
//! one walk over everybody's rows in the order of subjects, folded here. Shares are basis points, rounded down. Invariant:
//! figures name no subject, and each look and each reservation is counted once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::date::{BusinessZone, Timestamp, days_after};
use super::inquiry::Purpose;
use super::names::{MemberNo, ReservationId, SubjectId};
use super::position::coded_enum;
use super::quality::{Month, REPORT_DAYS_MAX};
use super::reservation::ReservationState;
use super::unit::rows::LookKind;

/// Civil days after a hard query within which something must come of it.
pub const FOLLOW_UP_DAYS: u32 = 30;
/// Hours after a release within which a check of the same person holds room in turns.
pub const TURN_HOURS: u32 = 24;
/// Months before this one that can be asked about: reservations of older ones are gone.
pub const MONTHS_BACK_MAX: u32 = 12;

/// What a member may do on one civil day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayLimits {
    /// People looked at with a hard purpose.
    pub hard_looks: u64,
    /// People looked at of whom nobody knew anything.
    pub strangers: u64,
    /// Reservations made beyond those that became loans.
    pub unused_reservations: u64,
}

impl Default for DayLimits {
    fn default() -> Self {
        Self {
            hard_looks: 500_000,
            strangers: 100_000,
            unused_reservations: 100_000,
        }
    }
}

/// What is counted of a member's civil day, for its limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayTally {
    /// People looked at with a hard purpose, portfolio reviews left out.
    pub hard_looks: u64,
    /// Reservations made.
    pub reserved: u64,
    /// Reservations that became loans, late ones too.
    pub confirmed: u64,
}

impl DayTally {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            hard_looks: self.hard_looks.saturating_add(other.hard_looks),
            reserved: self.reserved.saturating_add(other.reserved),
            confirmed: self.confirmed.saturating_add(other.confirmed),
        }
    }

    /// Reservations beyond those that became loans.
    pub const fn unused(&self) -> u64 {
        self.reserved.saturating_sub(self.confirmed)
    }
}

/// When a month's figures alert. A share alerts above its threshold, not at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Fewer looks, or ended reservations, say nothing.
    pub sample_min: u64,
    /// Hard queries that nothing came of, per hundred that can be judged.
    pub unfollowed_percent: u32,
    /// Hard looks for each loan opened.
    pub looks_per_loan: u64,
    /// Reservations that ran out, per hundred that ended.
    pub lapsed_percent: u32,
    /// Reservations confirmed after they had run out, per hundred that ended.
    pub late_percent: u32,
    /// Checks of somebody whose room the member gave up the day before, per hundred checks.
    pub turns_percent: u32,
    /// Looks that found nobody, per hundred looks.
    pub strangers_percent: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            sample_min: 100,
            unfollowed_percent: 50,
            looks_per_loan: 50,
            lapsed_percent: 50,
            late_percent: 5,
            turns_percent: 10,
            strangers_percent: 80,
        }
    }
}

coded_enum! {
    /// What a member's month gives reason to ask it about.
    ConductAlert {
        Fishing = 1, LooksWithoutLoans = 2, LapsedReservations = 3, LateConfirmations = 4, RoomInTurns = 5,
        TokenEnumeration = 6,
    }
}

/// What became of reservations that were made in a month, as of now. Each counts once, however many would owe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReservationFates {
    /// Became a loan in time.
    pub confirmed: u64,
    /// Became a loan after it had run out: a breach.
    pub late: u64,
    /// Given up.
    pub released: u64,
    /// Ran out.
    pub lapsed: u64,
    /// Still held.
    pub live: u64,
}

impl ReservationFates {
    /// Those that hold nothing any more.
    pub const fn ended(&self) -> u64 {
        self.confirmed
            .saturating_add(self.late)
            .saturating_add(self.released)
            .saturating_add(self.lapsed)
    }
}

/// What a month shows of a member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConductFacts {
    /// Looks of any kind, once for each person.
    pub looks: u64,
    /// Of these, queries with a hard purpose.
    pub hard_queries: u64,
    /// Of these, checks of applications.
    pub checks: u64,
    /// Hard queries whose time for something to come of them is over.
    pub judged_queries: u64,
    /// Of these, those that nothing came of.
    pub unfollowed_queries: u64,
    /// Checks of somebody whose room the member had given up a day before or less.
    pub checks_in_turn: u64,
    /// Loans opened.
    pub loans_opened: u64,
    /// Reservations made, by what became of them.
    pub reservations: ReservationFates,
    /// People looked at of whom nobody knew anything.
    pub strangers: u64,
    /// Tokens evaluated.
    pub evaluations: u64,
}

impl ConductFacts {
    /// Looks that tell others that somebody asked.
    pub const fn hard_looks(&self) -> u64 {
        self.hard_queries.saturating_add(self.checks)
    }

    /// Hard queries that nothing came of, of those that can be judged.
    pub fn unfollowed_bp(&self) -> u32 {
        basis_points(self.unfollowed_queries, self.judged_queries)
    }

    /// Reservations that ran out, of those that ended.
    pub fn lapsed_bp(&self) -> u32 {
        basis_points(self.reservations.lapsed, self.reservations.ended())
    }

    /// Looks that found nobody, of all looks.
    pub fn strangers_bp(&self) -> u32 {
        basis_points(self.strangers, self.looks)
    }

    /// Hard looks for each loan opened, in hundredths, rounded down; `None` when no loan was.
    pub fn hundredth_looks_per_loan(&self) -> Option<u64> {
        self.hard_looks()
            .saturating_mul(100)
            .checked_div(self.loans_opened)
    }

    /// What gives reason to ask, in the contract's order.
    pub fn alerts(&self, thresholds: &Thresholds) -> Vec<ConductAlert> {
        let share = |part: u64, of: u64, percent: u32| {
            of >= thresholds.sample_min && u128::from(part) * 100 > u128::from(of) * u128::from(percent)
        };
        let (hard, ended) = (self.hard_looks(), self.reservations.ended());
        let most = u128::from(self.loans_opened) * u128::from(thresholds.looks_per_loan);
        let alerts = [
            (
                ConductAlert::Fishing,
                share(
                    self.unfollowed_queries,
                    self.judged_queries,
                    thresholds.unfollowed_percent,
                ),
            ),
            (
                ConductAlert::LooksWithoutLoans,
                hard >= thresholds.sample_min && u128::from(hard) > most,
            ),
            (
                ConductAlert::LapsedReservations,
                share(self.reservations.lapsed, ended, thresholds.lapsed_percent),
            ),
            (
                ConductAlert::LateConfirmations,
                share(self.reservations.late, ended, thresholds.late_percent),
            ),
            (
                ConductAlert::RoomInTurns,
                share(self.checks_in_turn, self.checks, thresholds.turns_percent),
            ),
            (
                ConductAlert::TokenEnumeration,
                share(self.strangers, self.looks, thresholds.strangers_percent),
            ),
        ];
        alerts
            .into_iter()
            .filter_map(|(alert, raised)| raised.then_some(alert))
            .collect()
    }
}

/// A share in basis points, rounded down; nothing of nothing.
fn basis_points(part: u64, of: u64) -> u32 {
    let points = u128::from(part.min(of)) * 10_000;
    let points = points.checked_div(u128::from(of)).unwrap_or(0);
    u32::try_from(points).expect("a part is at most the whole")
}

/// Which month is asked about, and when.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// The month.
    pub month: Month,
    /// Where business days begin and end.
    pub zone: BusinessZone,
    /// Now.
    pub now: Timestamp,
}

impl Period {
    /// When looks of the month and the checks that may come of them happened, without the end.
    pub fn looks(&self) -> Range<Timestamp> {
        let days = self.month.days();
        self.zone.start_of(days.start)..self.zone.start_of(days_after(days.end, FOLLOW_UP_DAYS))
    }

    /// On which days loans of the month and those that may come of its looks were opened, without the end.
    pub fn openings(&self) -> Range<NaiveDate> {
        let days = self.month.days();
        days.start..days_after(days.end, FOLLOW_UP_DAYS)
    }

    /// When reservations of the month were made, without the end.
    pub fn reservations(&self) -> Range<Timestamp> {
        self.month.instants(self.zone)
    }

    /// When room was given up that a check of the month may take in turn.
    pub fn releases(&self) -> Range<Timestamp> {
        let month = self.month.instants(self.zone);
        month.start.hours_before(TURN_HOURS)..month.end
    }

    /// Whether all that may come of a look of a day has come, and was to be reported.
    fn is_over(&self, day: NaiveDate) -> bool {
        self.zone.date_of(self.now) > days_after(day, FOLLOW_UP_DAYS + REPORT_DAYS_MAX)
    }
}

/// A look, as far as conduct goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookRow {
    /// At whom.
    pub subject_id: SubjectId,
    /// By whom.
    pub member_no: MemberNo,
    /// When.
    pub at: Timestamp,
    /// By which rpc.
    pub kind: LookKind,
    /// Why.
    pub purpose: Purpose,
    /// Of a query about a higher limit: whether its member has an account with the subject now.
    pub is_customer: bool,
}

/// A reservation, as far as conduct goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldRow {
    /// Whom it concerns.
    pub subject_id: SubjectId,
    /// Whose.
    pub member_no: MemberNo,
    /// Its name.
    pub reservation_id: ReservationId,
    /// How many it concerned when it was made.
    pub borrowers: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Where it stands; never `Expired`.
    pub state: ReservationState,
    /// When it was confirmed or released.
    pub ended_at: Option<Timestamp>,
    /// Whether its member gave a reason to release it. One without was held for what became a loan otherwise, and does not
    /// count.
    pub given_up: bool,
    /// Whether it was confirmed after it had run out.
    pub late: bool,
}

/// A position that was not deleted, as far as conduct goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedRow {
    /// Whom it concerns.
    pub subject_id: SubjectId,
    /// Who reported it.
    pub member_no: MemberNo,
    /// When the account was opened.
    pub opened_on: NaiveDate,
    /// Whether the subject is its primary borrower: so each account counts once.
    pub is_primary: bool,
}

/// All rows of some subjects that a month's conduct needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConductRows {
    /// Looks within [`Period::looks`].
    pub looks: Vec<LookRow>,
    /// Reservations made within [`Period::reservations`], or ended within [`Period::releases`].
    pub held: Vec<HeldRow>,
    /// Positions opened within [`Period::openings`].
    pub opened: Vec<OpenedRow>,
}

/// What a member did with a subject.
#[derive(Default)]
struct Trail {
    checked: Vec<Timestamp>,
    released: Vec<Timestamp>,
    opened: Vec<NaiveDate>,
}

fn trails(rows: &ConductRows) -> BTreeMap<(SubjectId, MemberNo), Trail> {
    let mut trails: BTreeMap<_, Trail> = BTreeMap::new();
    for look in rows.looks.iter().filter(|look| look.kind == LookKind::Check) {
        let key = (look.subject_id, look.member_no);
        trails.entry(key).or_default().checked.push(look.at);
    }
    for held in rows.held.iter().filter(|held| held.given_up) {
        let key = (held.subject_id, held.member_no);
        trails.entry(key).or_default().released.extend(held.ended_at);
    }
    for opened in &rows.opened {
        let key = (opened.subject_id, opened.member_no);
        trails.entry(key).or_default().opened.push(opened.opened_on);
    }
    trails
}

/// Adds up a month over all subjects.
#[derive(Debug)]
pub struct Tally {
    period: Period,
    members: BTreeMap<MemberNo, ConductFacts>,
    /// Reservations of several people that were counted with one of them.
    joint: BTreeSet<(MemberNo, ReservationId)>,
}

impl Tally {
    /// Of nobody yet.
    pub const fn new(period: Period) -> Self {
        Self {
            period,
            members: BTreeMap::new(),
            joint: BTreeSet::new(),
        }
    }

    /// Adds some subjects. All rows of a subject come at once.
    pub fn add(&mut self, rows: &ConductRows) {
        let trails = trails(rows);
        let month = self.period.reservations();
        for look in rows.looks.iter().filter(|look| month.contains(&look.at)) {
            self.add_look(look, trails.get(&(look.subject_id, look.member_no)));
        }
        for held in rows.held.iter().filter(|held| month.contains(&held.created_at)) {
            self.add_reservation(held);
        }
        let days = self.period.month.days();
        for opened in &rows.opened {
            if opened.is_primary && days.contains(&opened.opened_on) {
                self.facts(opened.member_no).loans_opened += 1;
            }
        }
    }

    /// What came of it, member by member. Who did nothing is not in it.
    pub fn finish(self) -> BTreeMap<MemberNo, ConductFacts> {
        self.members
    }

    /// A member's figures so far.
    pub fn facts(&mut self, member_no: MemberNo) -> &mut ConductFacts {
        self.members.entry(member_no).or_default()
    }

    fn add_look(&mut self, look: &LookRow, trail: Option<&Trail>) {
        let day = self.period.zone.date_of(look.at);
        let over = self.period.is_over(day);
        let followed = look.is_customer || trail.is_some_and(|trail| self.is_followed(look, day, trail));
        let in_turn = trail.is_some_and(|trail| {
            let since = look.at.hours_before(TURN_HOURS);
            trail.released.iter().any(|at| since <= *at && *at <= look.at)
        });
        let facts = self.facts(look.member_no);
        facts.looks += 1;
        match look.kind {
            LookKind::Check => {
                facts.checks += 1;
                facts.checks_in_turn += u64::from(in_turn);
            }
            LookKind::Query if look.purpose.is_hard() => {
                facts.hard_queries += 1;
                facts.judged_queries += u64::from(over);
                facts.unfollowed_queries += u64::from(over && !followed);
            }
            // Of a loan that is made already: it neither follows nor needs to be followed.
            LookKind::Query | LookKind::Review | LookKind::Backfill => {}
        }
    }

    /// Whether an application was checked after a look, or an account opened on its day or later, within the days for it.
    fn is_followed(&self, look: &LookRow, day: NaiveDate, trail: &Trail) -> bool {
        let last = days_after(day, FOLLOW_UP_DAYS);
        let checked = trail
            .checked
            .iter()
            .any(|at| *at > look.at && self.period.zone.date_of(*at) <= last);
        checked || trail.opened.iter().any(|opened| (day..=last).contains(opened))
    }

    fn add_reservation(&mut self, held: &HeldRow) {
        if held.borrowers > 1 && !self.joint.insert((held.member_no, held.reservation_id)) {
            return;
        }
        let now = self.period.now;
        let fates = &mut self.facts(held.member_no).reservations;
        match held.state {
            ReservationState::Confirmed if held.late => fates.late += 1,
            ReservationState::Confirmed => fates.confirmed += 1,
            ReservationState::Released => fates.released += u64::from(held.given_up),
            ReservationState::Active if held.expires_at > now => fates.live += 1,
            ReservationState::Active | ReservationState::Expired => fates.lapsed += 1,
        }
    }
}

#[cfg(test)]
mod tests;
