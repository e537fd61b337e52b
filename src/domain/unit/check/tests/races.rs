//! Random interleavings of everything that members do, against a model that only counts: no limit is ever exceeded, and no
//! loan that was confirmed is lost.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::market::{Market, Wanted, cap, lenders};
use crate::domain::date::Timestamp;
use crate::domain::names::ReservationId;
use crate::domain::reservation::{Eligibility, ReleaseReason};

/// Interleavings of each kind of pack.
const RUNS: u64 = 10_000;
const STEPS: u32 = 14;
const MEMBERS: i64 = 4;
const APPLICATIONS: [&str; 3] = ["a", "b", "c"];

/// What a member holds, as the model sees it.
#[derive(Debug, Clone, Copy)]
struct Room {
    member: i64,
    application: &'static str,
    amount: i64,
    expires_at: Timestamp,
}

/// Reservations and loans, by plain lists.
#[derive(Debug, Default)]
struct Model {
    held: BTreeMap<ReservationId, Room>,
    /// Account, member, amount.
    loans: Vec<(String, i64, i64)>,
}

impl Model {
    fn live(&self, at: Timestamp) -> impl Iterator<Item = (&ReservationId, &Room)> {
        self.held.iter().filter(move |(_, room)| room.expires_at > at)
    }

    fn lenders_but(&self, member: i64, at: Timestamp) -> usize {
        let lending = self.loans.iter().map(|(_, member, _)| *member);
        let all: BTreeSet<i64> = lending
            .chain(self.live(at).map(|(_, room)| room.member))
            .collect();
        all.iter().filter(|other| **other != member).count()
    }

    /// An application is over with its loan.
    fn end(&mut self, loan: Room) {
        self.held
            .retain(|_, room| (room.member, room.application) != (loan.member, loan.application));
    }

    /// Owed and held, but for one application.
    fn total_but(&self, member: i64, application: &str, at: Timestamp) -> i64 {
        let owed: i64 = self.loans.iter().map(|(_, _, amount)| amount).sum();
        let held: i64 = self
            .live(at)
            .filter(|(_, room)| (room.member, room.application) != (member, application))
            .map(|(_, room)| room.amount)
            .sum();
        owed + held
    }
}

/// Runs an interleaving; `allows` says what the pack allows by the model.
///
/// `exact`: and what it allows is always told.
fn run(seed: u64, mut market: Market, exact: bool, allows: impl Fn(&Model, i64, &Wanted, Timestamp) -> bool) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut model = Model::default();
    for number in 0..STEPS {
        let member = random.random_range(1..=MEMBERS);
        let known: Vec<(ReservationId, Room)> = model.held.iter().map(|(id, room)| (*id, *room)).collect();
        let picked = (!known.is_empty()).then(|| known[random.random_range(0..known.len())]);
        match (random.random_range(0..10), picked) {
            (0..=3, _) | (_, None) => {
                let application = APPLICATIONS[random.random_range(0..APPLICATIONS.len())];
                let wanted = Wanted::new(application, random.random_range(1..=3) * 300_000);
                check((&mut market, &mut model), member, &wanted, exact, &allows);
            }
            (4, Some((id, room))) => {
                let minutes = random.random_range(1..=40);
                if let Ok(extended) = market.extend(room.member, id, minutes) {
                    assert!(room.expires_at > market.at, "what ran out is not extended");
                    model.held.get_mut(&id).unwrap().expires_at = extended.expires_at;
                }
            }
            (5, Some((id, room))) => {
                if market.release(room.member, id, ReleaseReason::Withdrawn).is_ok() {
                    assert!(room.expires_at > market.at);
                    model.held.remove(&id);
                }
            }
            (6 | 7, Some((id, room))) => {
                let account = format!("L-{number}");
                let (_, late) = market.confirm(room.member, id, &account, room.amount).unwrap();
                assert_eq!(late, room.expires_at <= market.at, "seed {seed}");
                model.end(room);
                model.loans.push((account, room.member, room.amount));
            }
            (8, Some((_, room))) => report(&mut market, &mut model, number, room),
            _ => market.at = market.at.plus_seconds(60 * random.random_range(1..=25)),
        }
        keeps(&market, &model, seed);
    }
}

fn check(
    (market, model): (&mut Market, &mut Model),
    member: i64,
    wanted: &Wanted,
    exact: bool,
    allows: &impl Fn(&Model, i64, &Wanted, Timestamp) -> bool,
) {
    let Ok((ruling, reservation)) = market.check(member, wanted) else {
        return;
    };
    let allowed = allows(model, member, wanted, market.at);
    let eligible = ruling.eligibility == Eligibility::Eligible;
    // Where a limit of amounts hides what others are owed, it may refuse what fits.
    assert!(!exact || eligible == allowed, "{ruling:?} {model:?}");
    assert!(
        !eligible || allowed,
        "told yes against the rules: {ruling:?} {model:?}"
    );
    assert_eq!(eligible, reservation.is_some());
    if let Some(reservation) = reservation {
        let at = market.at;
        let replaced = |room: &Room| {
            room.expires_at > at && (room.member, room.application) == (member, wanted.application)
        };
        model.held.retain(|_, room| !replaced(room));
        let room = Room {
            member,
            application: wanted.application,
            amount: reservation.amount,
            expires_at: reservation.expires_at,
        };
        model.held.insert(reservation.reservation_id, room);
    }
}

/// A new loan that names nothing: the smallest that fits is consumed, if one is alive.
fn report(market: &mut Market, model: &mut Model, number: u32, room: Room) {
    let account = format!("L-{number}");
    market.report(room.member, &account, room.amount, None).unwrap();
    let at = market.at;
    let fitting = model
        .live(at)
        .filter(|(_, held)| held.member == room.member && held.amount >= room.amount)
        .map(|(id, held)| (held.amount, *id))
        .min();
    if let Some((amount, _)) = fitting {
        let rows = market.live();
        let still = |id: &ReservationId| rows.iter().any(|row| row.reservation_id == *id);
        let gone: Vec<ReservationId> = model
            .live(at)
            .map(|(id, _)| *id)
            .filter(|id| !still(id))
            .collect();
        assert_eq!(gone.len(), 1, "one reservation became the loan");
        assert_eq!(model.held[&gone[0]].amount, amount, "the smallest that fits");
        let consumed = model.held[&gone[0]];
        model.end(consumed);
    }
    model.loans.push((account, room.member, room.amount));
}

/// What is on file is what the model says.
fn keeps(market: &Market, model: &Model, seed: u64) {
    let on_file: BTreeSet<ReservationId> = market.live().iter().map(|row| row.reservation_id).collect();
    let held: BTreeSet<ReservationId> = model.live(market.at).map(|(id, _)| *id).collect();
    assert_eq!(on_file, held, "seed {seed}");
    let positions = market.set.subjects.values().map(|rows| rows.positions.len());
    assert_eq!(
        positions.sum::<usize>(),
        model.loans.len(),
        "seed {seed}: no loan is lost"
    );
}

#[test]
fn no_interleaving_lets_more_lend_than_the_pack_allows() {
    for seed in 0..RUNS {
        let maximum = u32::try_from(seed % 3).unwrap() + 1;
        run(
            seed,
            Market::new(lenders(maximum)),
            true,
            |model, member, _, at| model.lenders_but(member, at) < usize::try_from(maximum).unwrap(),
        );
    }
}

#[test]
fn no_interleaving_lends_more_than_the_pack_allows() {
    for seed in 0..RUNS {
        let maximum = 1_000_000 + 500_000 * i64::try_from(seed % 3).unwrap();
        run(
            seed,
            Market::new(cap(maximum)),
            false,
            |model, member, wanted, at| {
                model.total_but(member, wanted.application, at) + wanted.amount <= maximum
            },
        );
    }
}
