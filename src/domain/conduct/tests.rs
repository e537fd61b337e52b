//! What is folded, and what alerts come of it.
#![allow(clippy::unwrap_used, reason = "helpers are not marked as tests")]

use proptest::prelude::*;

use super::*;
use crate::domain::validation::samples::date;

const A: MemberNo = MemberNo(1);
const B: MemberNo = MemberNo(2);

fn at(day: &str, hour: u32) -> Timestamp {
    BusinessZone::default().hour_of(date(day), hour)
}

/// March, asked about long after.
fn march() -> Period {
    Period {
        month: Month::of(2026, 3).unwrap(),
        zone: BusinessZone::default(),
        now: at("2026-06-15", 12),
    }
}

fn query(subject: i64, member_no: MemberNo, at: Timestamp) -> LookRow {
    LookRow {
        subject_id: SubjectId(subject),
        member_no,
        at,
        kind: LookKind::Query,
        purpose: Purpose::NewCredit,
        is_customer: false,
    }
}

fn check(subject: i64, member_no: MemberNo, at: Timestamp) -> LookRow {
    LookRow {
        kind: LookKind::Check,
        ..query(subject, member_no, at)
    }
}

fn held(number: u8, created_at: Timestamp) -> HeldRow {
    HeldRow {
        subject_id: SubjectId(1),
        member_no: A,
        reservation_id: ReservationId([number; 16]),
        borrowers: 1,
        created_at,
        expires_at: created_at.plus_seconds(1_800),
        state: ReservationState::Active,
        ended_at: None,
        given_up: false,
        late: false,
    }
}

fn opened(subject: i64, day: &str) -> OpenedRow {
    OpenedRow {
        subject_id: SubjectId(subject),
        member_no: A,
        opened_on: date(day),
        is_primary: true,
    }
}

fn folded(period: Period, rows: &ConductRows) -> ConductFacts {
    let mut tally = Tally::new(period);
    tally.add(rows);
    tally.finish().remove(&A).unwrap_or_default()
}

#[test]
fn a_query_is_followed_by_a_check_or_an_account_within_thirty_days() {
    let asked = query(1, A, at("2026-03-10", 12));
    let with = |looks: Vec<LookRow>, opened: Vec<OpenedRow>| {
        let looks = [asked].into_iter().chain(looks).collect();
        let rows = ConductRows {
            looks,
            opened,
            ..ConductRows::default()
        };
        let facts = folded(march(), &rows);
        assert_eq!((facts.hard_queries, facts.judged_queries), (1, 1));
        facts.unfollowed_queries == 0
    };
    assert!(!with(vec![], vec![]));
    for (checked, followed) in [
        (check(1, A, asked.at), false),
        (check(1, A, asked.at.next()), true),
        (check(1, A, at("2026-04-09", 23)), true),
        (check(1, A, at("2026-04-10", 0)), false),
        (check(1, B, asked.at.next()), false),
        (check(2, A, asked.at.next()), false),
        (query(1, B, asked.at.next()), false),
    ] {
        assert_eq!(with(vec![checked], vec![]), followed, "{checked:?}");
    }
    let others = OpenedRow {
        member_no: B,
        ..opened(1, "2026-03-10")
    };
    let guaranteed = OpenedRow {
        is_primary: false,
        ..opened(1, "2026-03-10")
    };
    for (account, followed) in [
        (opened(1, "2026-03-09"), false),
        (opened(1, "2026-03-10"), true),
        (opened(1, "2026-04-09"), true),
        (opened(1, "2026-04-10"), false),
        (opened(2, "2026-03-10"), false),
        (others, false),
        (guaranteed, true),
    ] {
        assert_eq!(with(vec![], vec![account]), followed, "{account:?}");
    }
}

#[test]
fn a_query_is_judged_when_its_time_is_over_and_the_loan_was_to_be_reported() {
    let rows = ConductRows {
        looks: vec![query(1, A, at("2026-03-10", 12))],
        ..ConductRows::default()
    };
    for (now, judged) in [("2026-04-11", 0), ("2026-04-12", 1)] {
        let period = Period {
            now: at(now, 0),
            ..march()
        };
        let facts = folded(period, &rows);
        let found = (facts.hard_queries, facts.judged_queries, facts.unfollowed_queries);
        assert_eq!(found, (1, judged, judged), "{now}");
    }
}

#[test]
fn reviews_and_soft_looks_are_looks_and_no_hard_queries() {
    let of = |kind, purpose| LookRow {
        kind,
        purpose,
        ..query(1, A, at("2026-03-10", 12))
    };
    let customer = LookRow {
        is_customer: true,
        ..of(LookKind::Query, Purpose::LimitIncrease)
    };
    let rows = ConductRows {
        looks: vec![
            of(LookKind::Review, Purpose::AccountReview),
            of(LookKind::Review, Purpose::LimitIncrease),
            of(LookKind::Query, Purpose::Quotation),
            of(LookKind::Query, Purpose::GuaranteeReview),
            customer,
            query(1, A, at("2026-02-28", 23)),
            query(1, A, at("2026-04-01", 0)),
        ],
        ..ConductRows::default()
    };
    let facts = folded(march(), &rows);
    let found = (
        facts.looks,
        facts.hard_queries,
        facts.judged_queries,
        facts.unfollowed_queries,
    );
    assert_eq!(found, (5, 2, 2, 1));
}

#[test]
fn a_reservation_counts_once_by_what_became_of_it() {
    let made = at("2026-03-10", 12);
    let ended = |number, state, given_up, late| HeldRow {
        state,
        given_up,
        late,
        ended_at: Some(made.plus_seconds(60)),
        ..held(number, made)
    };
    let joint = HeldRow {
        borrowers: 2,
        ..held(9, made)
    };
    let second = HeldRow {
        subject_id: SubjectId(2),
        ..joint
    };
    let mut tally = Tally::new(march());
    tally.add(&ConductRows {
        held: vec![
            ended(1, ReservationState::Confirmed, false, false),
            ended(2, ReservationState::Confirmed, false, true),
            ended(3, ReservationState::Released, true, false),
            // Held again for what became a loan by a report that came late.
            ended(4, ReservationState::Released, false, false),
            held(5, made),
            HeldRow {
                expires_at: march().now,
                ..held(6, made)
            },
            HeldRow {
                expires_at: march().now.next(),
                ..held(7, made)
            },
            held(8, at("2026-02-28", 23)),
            joint,
        ],
        ..ConductRows::default()
    });
    tally.add(&ConductRows {
        held: vec![second],
        ..ConductRows::default()
    });
    let fates = tally.finish()[&A].reservations;
    let expected = ReservationFates {
        confirmed: 1,
        late: 1,
        released: 1,
        lapsed: 3,
        live: 1,
    };
    assert_eq!((fates, fates.ended()), (expected, 6));
}

#[test]
fn a_check_within_a_day_of_giving_up_room_holds_it_in_turns() {
    let released = |given_up| HeldRow {
        state: ReservationState::Released,
        given_up,
        ended_at: Some(at("2026-02-28", 20)),
        ..held(1, at("2026-02-28", 19))
    };
    let turns = |held: HeldRow, look: LookRow| {
        let rows = ConductRows {
            looks: vec![look],
            held: vec![held],
            ..ConductRows::default()
        };
        folded(march(), &rows).checks_in_turn
    };
    let morning = at("2026-03-01", 8);
    assert_eq!(turns(released(true), check(1, A, morning)), 1);
    assert_eq!(turns(released(true), check(1, A, at("2026-03-01", 20))), 1);
    assert_eq!(turns(released(true), check(1, A, at("2026-03-01", 20).next())), 0);
    assert_eq!(turns(released(true), check(2, A, morning)), 0);
    assert_eq!(turns(released(true), query(1, A, morning)), 0);
    assert_eq!(turns(released(false), check(1, A, morning)), 0);
}

#[test]
fn shares_are_rounded_down_and_nothing_of_nothing() {
    for (part, of, share) in [
        (0, 0, 0),
        (0, 3, 0),
        (1, 3, 3_333),
        (2, 3, 6_666),
        (3, 3, 10_000),
        (u64::MAX, u64::MAX, 10_000),
    ] {
        assert_eq!(basis_points(part, of), share, "{part} of {of}");
    }
    let facts = ConductFacts {
        hard_queries: 7,
        checks: 3,
        loans_opened: 3,
        ..ConductFacts::default()
    };
    assert_eq!(facts.hundredth_looks_per_loan(), Some(333));
    assert_eq!(ConductFacts::default().hundredth_looks_per_loan(), None);
}

/// Changes the figure that an alert is about to so much.
type Change = fn(&mut ConductFacts, u64);

#[test]
fn an_alert_is_raised_above_its_threshold_and_from_a_sample_on() {
    let ended = |part: u64, of: u64, late: bool| ReservationFates {
        confirmed: of - part,
        late: if late { part } else { 0 },
        lapsed: if late { 0 } else { part },
        ..ReservationFates::default()
    };
    let facts_of = |alert: ConductAlert, part: u64, of: u64| {
        let mut facts = ConductFacts::default();
        let change: Change = match alert {
            ConductAlert::Fishing => |facts, part| facts.unfollowed_queries = part,
            ConductAlert::LooksWithoutLoans => |facts, _| facts.loans_opened = 2,
            ConductAlert::LapsedReservations | ConductAlert::LateConfirmations => |_, _| {},
            ConductAlert::RoomInTurns => |facts, part| facts.checks_in_turn = part,
            ConductAlert::TokenEnumeration => |facts, part| facts.strangers = part,
        };
        change(&mut facts, part);
        match alert {
            ConductAlert::Fishing => facts.judged_queries = of,
            ConductAlert::LooksWithoutLoans => facts.hard_queries = part,
            ConductAlert::LapsedReservations => facts.reservations = ended(part, of, false),
            ConductAlert::LateConfirmations => facts.reservations = ended(part, of, true),
            ConductAlert::RoomInTurns => {
                facts.checks = of;
                facts.loans_opened = of;
            }
            ConductAlert::TokenEnumeration => facts.looks = of,
        }
        facts
    };
    for (alert, at, of) in [
        (ConductAlert::Fishing, 100, 200),
        (ConductAlert::LooksWithoutLoans, 100, 0),
        (ConductAlert::LapsedReservations, 100, 200),
        (ConductAlert::LateConfirmations, 10, 200),
        (ConductAlert::RoomInTurns, 20, 200),
        (ConductAlert::TokenEnumeration, 160, 200),
    ] {
        let thresholds = Thresholds::default();
        let raised = |part: u64| facts_of(alert, part, of).alerts(&thresholds);
        assert_eq!(raised(at - 1), [], "{alert:?} below");
        assert_eq!(raised(at), [], "{alert:?} at");
        assert_eq!(raised(at + 1), [alert], "{alert:?} above");
        let sample_min = match alert {
            ConductAlert::LooksWithoutLoans => at + 1,
            _ => of,
        };
        for (sample_min, expected) in [(sample_min, vec![alert]), (sample_min + 1, vec![])] {
            let thresholds = Thresholds {
                sample_min,
                ..Thresholds::default()
            };
            let found = facts_of(alert, at + 1, of).alerts(&thresholds);
            assert_eq!(found, expected, "{alert:?} of a sample of {sample_min}");
        }
    }
}

/// The figures again, row by row and from the words of the contract.
fn model(period: &Period, rows: &ConductRows, member: MemberNo) -> ConductFacts {
    let day = |at: Timestamp| period.zone.date_of(at);
    let in_month = |date: NaiveDate| period.month.days().contains(&date);
    let mut facts = ConductFacts::default();
    for look in rows.looks.iter().filter(|look| look.member_no == member) {
        if !in_month(day(look.at)) {
            continue;
        }
        facts.looks += 1;
        if look.kind == LookKind::Check {
            facts.checks += 1;
            let turns = rows.held.iter().any(|held| {
                let ended = held.ended_at.map(Timestamp::micros);
                (held.subject_id, held.member_no) == (look.subject_id, member)
                    && held.given_up
                    && ended.is_some_and(|ended| (0..=86_400_000_000).contains(&(look.at.micros() - ended)))
            });
            facts.checks_in_turn += u64::from(turns);
        }
        if look.kind == LookKind::Query && look.purpose.is_hard() {
            facts.hard_queries += 1;
            let later = |date: NaiveDate| (date - day(look.at)).num_days();
            if later(day(period.now)) <= 32 {
                continue;
            }
            facts.judged_queries += 1;
            let checks = rows.looks.iter().filter(|other| other.kind == LookKind::Check);
            let checked = checks
                .filter(|other| (other.subject_id, other.member_no) == (look.subject_id, member))
                .any(|other| other.at > look.at && later(day(other.at)) <= 30);
            let opened = rows.opened.iter().any(|opened| {
                (opened.subject_id, opened.member_no) == (look.subject_id, member)
                    && (0..=30).contains(&later(opened.opened_on))
            });
            facts.unfollowed_queries += u64::from(!checked && !opened && !look.is_customer);
        }
    }
    let loans = rows.opened.iter().filter(|opened| opened.member_no == member);
    let loans = loans.filter(|opened| opened.is_primary && in_month(opened.opened_on));
    facts.loans_opened = u64::try_from(loans.count()).unwrap();
    facts
}

fn instants() -> impl Strategy<Value = Timestamp> {
    // From the middle of February to the middle of May, in quarters of an hour so that edges meet.
    (0..90 * 96_i64).prop_map(|quarters| at("2026-02-15", 0).plus_seconds(quarters * 900))
}

fn looks() -> impl Strategy<Value = LookRow> {
    let kinds = prop::sample::select(vec![LookKind::Query, LookKind::Review, LookKind::Check]);
    let purposes = prop::sample::select(Purpose::ALL);
    (1..4_i64, 1..3_i64, instants(), kinds, purposes, any::<bool>()).prop_map(
        |(subject, member, at, kind, purpose, is_customer)| LookRow {
            kind,
            purpose,
            is_customer: is_customer && purpose == Purpose::LimitIncrease,
            ..query(subject, MemberNo(member), at)
        },
    )
}

fn helds() -> impl Strategy<Value = HeldRow> {
    (
        1..4_i64,
        1..3_i64,
        instants(),
        0..40_000_i64,
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(|(subject, member, made, seconds, number, given_up)| HeldRow {
            subject_id: SubjectId(subject),
            member_no: MemberNo(member),
            state: ReservationState::Released,
            ended_at: Some(made.plus_seconds(seconds)),
            given_up,
            ..held(number, made)
        })
}

fn openeds() -> impl Strategy<Value = OpenedRow> {
    (1..4_i64, 1..3_i64, instants(), any::<bool>()).prop_map(|(subject, member, at, is_primary)| OpenedRow {
        subject_id: SubjectId(subject),
        member_no: MemberNo(member),
        opened_on: BusinessZone::default().date_of(at),
        is_primary,
    })
}

fn part(rows: &ConductRows, of: impl Fn(SubjectId) -> bool) -> ConductRows {
    ConductRows {
        looks: rows
            .looks
            .iter()
            .copied()
            .filter(|row| of(row.subject_id))
            .collect(),
        held: rows
            .held
            .iter()
            .copied()
            .filter(|row| of(row.subject_id))
            .collect(),
        opened: rows
            .opened
            .iter()
            .copied()
            .filter(|row| of(row.subject_id))
            .collect(),
    }
}

proptest! {
    #[test]
    fn the_fold_says_what_the_rows_say_one_by_one_however_subjects_come(
        looks in prop::collection::vec(looks(), 0..40),
        held in prop::collection::vec(helds(), 0..10),
        opened in prop::collection::vec(openeds(), 0..10),
        age in 0..70_i64,
        split in 1..4_i64,
    ) {
        let rows = ConductRows { looks, held, opened };
        let period = Period { now: at("2026-04-01", 0).plus_seconds(age * 86_400), ..march() };
        let mut tally = Tally::new(period);
        tally.add(&part(&rows, |subject| subject.0 >= split));
        tally.add(&part(&rows, |subject| subject.0 < split));
        let found = tally.finish();
        for member in [A, B] {
            let mut facts = found.get(&member).copied().unwrap_or_default();
            let made = rows.held.iter().filter(|held| {
                held.member_no == member && held.given_up
                    && period.month.days().contains(&period.zone.date_of(held.created_at))
            });
            prop_assert_eq!(facts.reservations.released, u64::try_from(made.count()).unwrap());
            facts.reservations = ReservationFates::default();
            prop_assert_eq!(facts, model(&period, &rows, member));
        }
    }
}
