//! Small markets to the end: every order of everything that a few members can do before and after reservations run out, on the
//! real decisions, by a model checker. What the random interleavings (`races`) try by chance is here tried out.
//!
//! Time moves by quarters of an hour, longer than any decision; all that happens within one happens at the same instant.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use stateright::{Checker as _, HasDiscoveries, Model, Property};

use super::market::{Market, Rows, Wanted, lenders};
use crate::domain::date::Timestamp;
use crate::domain::names::{MemberNo, ReservationId};
use crate::domain::reservation::{Eligibility, ReleaseReason, ReservationState};
use crate::domain::rules::{Lifetime, RulePack};
use crate::domain::testing::now;
use crate::domain::unit::rows::ReservationRow;

const QUARTER_SECONDS: i64 = 15 * 60;
/// How often a quarter passes: a reservation lasts one, extended or checked again two at most. More with the variable.
const QUARTERS: u8 = 1;
const QUARTERS_VARIABLE: &str = "TALLYSTICK_TEST_QUARTERS";
const AMOUNT: i64 = 100_000;
/// Makes everybody known, and does nothing else.
const HERALD: i64 = 64;

/// A small market: whom each member's application is about, member 1 first.
struct World {
    applications: &'static [&'static [u8]],
    /// Reservations of a member, live or ended.
    reservations: usize,
    maximum: u32,
    quarters: u8,
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Check(i64),
    Extend(i64, ReservationId),
    Release(i64, ReservationId),
    Confirm(i64, ReservationId),
    /// A report of a new loan that names no reservation, whether there is one or not.
    Report(i64),
    Wait,
}

#[derive(Clone, PartialEq)]
struct State {
    quarter: u8,
    rows: Rows,
    /// Members whose loan was recorded, by what they were told.
    lent: BTreeSet<i64>,
    /// What came of the last step against the rules.
    wrong: Option<&'static str>,
}

impl State {
    /// Just after the quarter struck.
    fn at(&self) -> Timestamp {
        let quarters = i64::from(self.quarter);
        now().plus_seconds(quarters * QUARTER_SECONDS).next()
    }

    fn reservations(&self) -> impl Iterator<Item = &ReservationRow> {
        self.rows.subjects.values().flat_map(|rows| &rows.reservations)
    }

    fn reserved_by(&self, member: i64) -> BTreeSet<ReservationId> {
        let own = self
            .reservations()
            .filter(|row| row.member_no == MemberNo(member));
        own.map(|row| row.reservation_id).collect()
    }

    /// For each person: who holds room or a loan; `in_order`: without loans that were confirmed late or never reserved.
    fn lenders(&self, in_order: bool) -> impl Iterator<Item = BTreeSet<MemberNo>> {
        let at = self.at();
        self.rows.subjects.values().map(move |rows| {
            let held = rows.reservations.iter().filter(|row| row.is_live(at));
            let reserved = |account| {
                let mut all = rows.reservations.iter();
                all.any(|row| row.account_no == Some(account) && !row.late)
            };
            let loans = rows.positions.keys();
            let loans = loans.filter(|(_, account)| !in_order || reserved(*account));
            let held = held.map(|row| row.member_no);
            held.chain(loans.map(|(member, _)| *member)).collect()
        })
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "quarter {}, lent by {:?}: {:?}",
            self.quarter, self.lent, self.wrong
        )
    }
}

impl Hash for State {
    /// Everything that later decisions hang on.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.quarter, &self.lent, self.wrong).hash(hasher);
        for (subject, rows) in &self.rows.subjects {
            let reserved = rows.reservations.iter().map(|row| {
                let state = (
                    row.state == ReservationState::Active,
                    row.state == ReservationState::Released,
                );
                let ended = (state, row.account_no.map(|no| no.0), row.late);
                let ends = (row.expires_at, row.expires_at_most, row.extensions);
                (row.member_no.0, row.reservation_id.0, ended, ends)
            });
            let applied = rows.applications.iter().map(|row| {
                let tries: Vec<_> = row
                    .tries
                    .iter()
                    .map(|tried| (tried.amount, tried.allowed))
                    .collect();
                (row.member_no.0, row.application_id.as_str(), tries)
            });
            let owed = rows
                .positions
                .keys()
                .map(|(member, account)| (member.0, account.0));
            // Rows of a subject have no order.
            (subject.0, reserved.collect::<BTreeSet<_>>()).hash(hasher);
            (applied.collect::<BTreeSet<_>>(), owed.collect::<Vec<_>>()).hash(hasher);
        }
    }
}

impl World {
    fn pack(&self) -> RulePack {
        RulePack {
            lifetime: Lifetime {
                default_minutes: 15,
                maximum_minutes: 30,
            },
            ..lenders(self.maximum)
        }
    }

    fn members(&self) -> impl Iterator<Item = i64> {
        (1..).take(self.applications.len())
    }

    fn people(&self, member: i64) -> &'static [u8] {
        self.applications[usize::try_from(member).unwrap() - 1]
    }

    /// The market of a state. Names and numbers of a member are its own, whatever the others did before.
    fn market(&self, state: &State, member: i64) -> Market {
        let reserved = u32::try_from(state.reserved_by(member).len()).unwrap();
        let made = u32::try_from(member).unwrap() * 1_000 + reserved * 10;
        // The first tick comes to the instant of the state.
        let at = Timestamp::from_micros(state.at().micros() - 1);
        Market::with(self.pack(), state.rows.clone(), at, made)
    }

    /// Whether the application may be told yes: counted from the rows.
    fn is_allowed(&self, state: &State, member: i64) -> bool {
        let people = usize::try_from(self.maximum).unwrap();
        let about =
            |rows: &BTreeSet<MemberNo>| rows.iter().filter(|other| **other != MemberNo(member)).count();
        let numbers = state.rows.subjects.keys();
        let lenders = numbers.zip(state.lenders(false));
        let concerned = lenders.filter(|(subject, _)| {
            let person = Self::person(state, **subject);
            self.people(member).contains(&person)
        });
        concerned
            .map(|(_, others)| about(&others))
            .all(|others| others < people)
    }

    /// People became known in the order of their numbers.
    fn person(state: &State, subject: crate::domain::names::SubjectId) -> u8 {
        let place = state.rows.subjects.keys().position(|known| *known == subject);
        u8::try_from(place.unwrap() + 1).unwrap()
    }

    fn check(&self, state: &State, member: i64) -> Option<State> {
        let mut market = self.market(state, member);
        let wanted = Wanted {
            people: self.people(member).to_vec(),
            ..Wanted::new("a", AMOUNT)
        };
        let (ruling, held) = market.check(member, &wanted).ok()?;
        let told = ruling.eligibility == Eligibility::Eligible;
        let mut next = state.after(market);
        next.wrong = match (told, self.is_allowed(state, member)) {
            (true, false) => Some("told yes where the rules say no"),
            (false, true) => Some("told no where the rules say yes"),
            _ if told != held.is_some() => Some("a yes without room, or room without a yes"),
            _ => None,
        };
        Some(next)
    }

    fn confirm(&self, state: &State, member: i64, id: ReservationId) -> Option<State> {
        let mut market = self.market(state, member);
        let before = market.reservation(member, id).state_at(state.at());
        let loan = ("L-1", self.people(member));
        let confirmed = market.confirm_of(member, id, loan, AMOUNT);
        let mut next = state.after(market);
        let open = matches!(before, ReservationState::Active | ReservationState::Expired);
        next.wrong = match confirmed {
            Ok((_, late)) if late == (before == ReservationState::Expired) => None,
            Ok(_) => Some("late is what ran out before"),
            Err(_) if open => Some("a loan that was paid out was not recorded"),
            Err(_) => return None,
        };
        next.lent.insert(member);
        Some(next)
    }

    fn report(&self, state: &State, member: i64) -> State {
        let mut market = self.market(state, member);
        let reported = market.report_new(member, "L-1", AMOUNT, self.people(member));
        let mut next = state.after(market);
        next.wrong = reported.err().map(|_| "a loan that was made was not recorded");
        next.lent.insert(member);
        next
    }
}

impl State {
    fn after(&self, market: Market) -> Self {
        Self {
            rows: market.rows(),
            wrong: None,
            ..self.clone()
        }
    }
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let mut market = Market::new(self.pack());
        let people: BTreeSet<u8> = self.applications.iter().copied().flatten().copied().collect();
        for person in people {
            let wanted = Wanted {
                people: vec![person],
                ..Wanted::new("z", AMOUNT)
            };
            let (_, held) = market.check(HERALD, &wanted).unwrap();
            let id = held.unwrap().reservation_id;
            market.release(HERALD, id, ReleaseReason::Error).unwrap();
            // Forgotten: what is left of the herald is that the people are known.
            for rows in market.set.subjects.values_mut() {
                rows.reservations.clear();
                rows.applications.clear();
            }
        }
        vec![State {
            quarter: 0,
            rows: market.rows(),
            lent: BTreeSet::new(),
            wrong: None,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.wrong.is_some() {
            return;
        }
        for member in self.members() {
            let reserved = state.reserved_by(member);
            let live = state
                .reservations()
                .any(|row| row.member_no == MemberNo(member) && row.is_live(state.at()));
            if live || reserved.len() < self.reservations {
                steps.push(Step::Check(member));
            }
            for id in reserved {
                steps.extend([Step::Extend(member, id), Step::Release(member, id)]);
                if !state.lent.contains(&member) {
                    steps.push(Step::Confirm(member, id));
                }
            }
            if !state.lent.contains(&member) {
                steps.push(Step::Report(member));
            }
        }
        if state.quarter < self.quarters {
            steps.push(Step::Wait);
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        match step {
            Step::Check(member) => self.check(state, member),
            Step::Extend(member, id) => {
                let mut market = self.market(state, member);
                market.extend(member, id, 15).ok()?;
                Some(state.after(market))
            }
            Step::Release(member, id) => {
                let mut market = self.market(state, member);
                market.release(member, id, ReleaseReason::Withdrawn).ok()?;
                Some(state.after(market))
            }
            Step::Confirm(member, id) => self.confirm(state, member, id),
            Step::Report(member) => Some(self.report(state, member)),
            Step::Wait => Some(State {
                quarter: state.quarter + 1,
                ..state.clone()
            }),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("every answer is that of the rules", |_, state: &State| {
                state.wrong.is_none()
            }),
            Property::always(
                "no more hold room or a loan in order than the rules allow",
                |world: &Self, state: &State| {
                    let maximum = usize::try_from(world.maximum).unwrap();
                    state.lenders(true).all(|lenders| lenders.len() <= maximum)
                },
            ),
            Property::always("no loan is lost, nor made up", |world: &Self, state: &State| {
                let recorded = state.rows.accounts.keys().map(|(member, _)| member.0);
                let concerns = |member: i64| {
                    let held = state
                        .rows
                        .subjects
                        .values()
                        .flat_map(|rows| rows.positions.keys());
                    held.filter(|(other, _)| other.0 == member).count() == world.people(member).len()
                };
                recorded.eq(state.lent.iter().copied()) && state.lent.iter().all(|member| concerns(*member))
            }),
            Property::sometimes("a loan is confirmed late", |_, state: &State| {
                state.reservations().any(|row| row.late)
            }),
            Property::sometimes(
                "with loans out of order more lend than the rules allow",
                |world: &Self, state: &State| {
                    let maximum = usize::try_from(world.maximum).unwrap();
                    state.lenders(false).any(|lenders| lenders.len() > maximum)
                },
            ),
        ]
    }
}

/// Tries everything out.
fn try_out(applications: &'static [&'static [u8]], reservations: usize) {
    let quarters = std::env::var(QUARTERS_VARIABLE).map_or(QUARTERS, |text| text.parse().unwrap());
    let world = World {
        applications,
        reservations,
        maximum: 1,
        quarters,
    };
    let checked = world
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    println!("{} states", checked.unique_state_count());
    checked.assert_properties();
}

#[test]
fn in_every_order_of_three_members_one_may_lend() {
    try_out(&[&[1], &[1], &[1]], 1);
}

#[test]
fn in_every_order_of_joint_borrowers_and_one_of_them_one_may_lend() {
    try_out(&[&[1, 2], &[2]], 2);
}
