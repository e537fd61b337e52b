//! What is counted, and what scores come of it.
#![allow(clippy::unwrap_used, reason = "helpers are not marked as tests")]

use proptest::prelude::*;

use super::*;
use crate::domain::validation::samples::{self, date};

fn zone() -> BusinessZone {
    BusinessZone::default()
}

fn violation(code: Code) -> Violation {
    Violation::new(code, "position", "wrong")
}

fn tally(position: &Position<crate::domain::token::TokenRef>) -> ReportTally {
    ReportTally::of_accepted(position, &[], date("2026-06-15"))
}

#[test]
fn a_report_is_late_from_the_third_civil_day_after_its_date_on() {
    let position = samples::position();
    for (received_on, late) in [
        ("2026-06-14", 0),
        ("2026-06-15", 0),
        ("2026-06-16", 0),
        ("2026-06-17", 1),
    ] {
        let tally = ReportTally::of_accepted(&position, &[], date(received_on));
        assert_eq!((tally.reports, tally.late), (1, late), "{received_on}");
    }
}

#[test]
fn optional_fields_count_where_they_apply_and_only_there() {
    type Change = fn(&mut Facts);
    // The sample has everything but a classification.
    let cases: [(&str, Change, (u64, u64)); 16] = [
        ("as it is", |_| {}, (5, 4)),
        (
            "classified",
            |facts| facts.asset_classification = Some(crate::domain::position::AssetClassification::Normal),
            (5, 5),
        ),
        (
            "without interest",
            |facts| facts.annual_percentage_rate_bp = 0,
            (5, 3),
        ),
        ("not paid", |facts| facts.last_payment_on = None, (5, 3)),
        ("no instalment", |facts| facts.scheduled_payment = 0, (5, 3)),
        ("nothing due", |facts| facts.next_due_on = None, (5, 3)),
        (
            "never repaid",
            |facts| facts.outstanding_principal = facts.original_amount,
            (4, 3),
        ),
        ("owes nothing", |facts| facts.outstanding_total = 0, (4, 3)),
        (
            "all at the end",
            |facts| facts.repayment_frequency = RepaymentFrequency::Single,
            (4, 3),
        ),
        (
            "matured yesterday",
            |facts| facts.matures_on = Some(date("2026-06-13")),
            (3, 2),
        ),
        (
            "matures today",
            |facts| facts.matures_on = Some(date("2026-06-14")),
            (5, 4),
        ),
        (
            "a card",
            |facts| facts.account_type = AccountType::CreditCard,
            (2, 1),
        ),
        (
            "collected",
            |facts| facts.account_type = AccountType::Collection,
            (1, 0),
        ),
        (
            "paid later",
            |facts| facts.product_type = ProductType::BuyNowPayLater,
            (4, 3),
        ),
        ("bad", |facts| facts.status = AccountStatus::BadDebt, (3, 2)),
        ("closed", |facts| facts.status = AccountStatus::Closed, (0, 0)),
    ];
    for (name, change, expected) in cases {
        let mut position = samples::position();
        change(&mut position.facts);
        let tally = tally(&position);
        assert_eq!((tally.optional_fields, tally.optional_filled), expected, "{name}");
    }
}

#[test]
fn the_proof_of_a_mobile_counts_and_that_of_a_document_does_not() {
    let mut position = samples::position();
    let mut mobile = samples::token(IdentifierType::Mobile, 7);
    position.liabilities[0].tokens.push(mobile.clone());
    assert_eq!(
        (tally(&position).optional_fields, tally(&position).optional_filled),
        (6, 4)
    );
    mobile.verified_on = Some(date("2026-06-01"));
    position.liabilities[0].tokens[1] = mobile;
    assert_eq!(
        (tally(&position).optional_fields, tally(&position).optional_filled),
        (6, 5)
    );
}

#[test]
fn a_position_contradicts_once_however_much_is_odd_about_it() {
    let contradicting = [violation(Code::ClassDpd), violation(Code::BalanceOverLimit)];
    let harmless = [violation(Code::Format)];
    let day = date("2026-06-15");
    for (warnings, expected) in [
        (&[&contradicting[..], &[][..]], 1),
        (&[&[][..], &contradicting[..]], 1),
        (&[&harmless[..], &[][..]], 0),
    ] {
        let tally = ReportTally::of_accepted(&samples::position(), warnings, day);
        assert_eq!(tally.contradictions, expected);
    }
}

#[test]
fn a_rejected_record_counts_only_for_what_is_on_file() {
    for (code, counts) in [
        (Code::DpdJump, true),
        (Code::DofdReaged, true),
        (Code::StatusTransition, true),
        (Code::IdentityChanged, true),
        (Code::AccountTypeChanged, true),
        (Code::TypeEventMismatch, true),
        (Code::ExtensionMonths, true),
        (Code::FieldRequired, false),
        (Code::PairReused, false),
        (Code::AccountDeleted, false),
    ] {
        let tally = ReportTally::of_rejected(&[violation(Code::Format), violation(code)]);
        let counted = tally.map(|tally| (tally.reports, tally.contradictions_rejected));
        assert_eq!(counted, counts.then_some((0, 1)), "{code:?}");
    }
}

#[test]
fn a_month_begins_and_ends_at_midnight_of_the_zone() {
    let month = Month::of(2026, 2).unwrap();
    assert_eq!(month.days(), date("2026-02-01")..date("2026-03-01"));
    let instants = month.instants(zone());
    assert_eq!(format!("{:?}", instants.start), "2026-01-31T16:00:00.000000Z");
    assert_eq!(format!("{:?}", instants.end), "2026-02-28T16:00:00.000000Z");
    for (year, number, there) in [
        (0, 1, false),
        (1, 1, true),
        (9999, 12, true),
        (10_000, 1, false),
        (2026, 0, false),
        (2026, 13, false),
    ] {
        assert_eq!(Month::of(year, number).is_some(), there, "{year}-{number}");
    }
}

/// A batch of 10 June, all of whose records were accepted.
fn batch(judged_at: Option<Timestamp>) -> BatchDate {
    BatchDate {
        as_of: date("2026-06-10"),
        submits: true,
        judged_at,
        accepted: 10,
        rejected: 0,
    }
}

fn deadline() -> Timestamp {
    zone().hour_of(date("2026-06-11"), 6)
}

fn scores(facts: &MonthFacts) -> Scores {
    Scores::of(facts, zone(), zone().start_of(date("2026-07-01")))
}

#[test]
fn a_batch_is_on_time_until_six_in_the_morning_after_its_date() {
    assert_eq!(format!("{:?}", deadline()), "2026-06-10T22:00:00.000000Z");
    for (judged_at, expected) in [
        (Some(deadline().plus_seconds(-60)), Some(100)),
        (Some(deadline()), Some(100)),
        (Some(deadline().next()), Some(0)),
        (Some(deadline().plus_seconds(60)), Some(0)),
        (None, Some(0)),
    ] {
        let facts = MonthFacts {
            batches: vec![batch(judged_at)],
            ..MonthFacts::default()
        };
        assert_eq!(scores(&facts).timeliness, expected, "{judged_at:?}");
    }
}

#[test]
fn a_batch_that_can_still_be_on_time_is_not_late() {
    let facts = MonthFacts {
        batches: vec![BatchDate {
            accepted: 0,
            ..batch(None)
        }],
        ..MonthFacts::default()
    };
    let at = |now| Scores::of(&facts, zone(), now);
    assert_eq!((at(deadline()).timeliness, at(deadline()).score), (None, 0));
    assert_eq!(at(deadline().next()).timeliness, Some(0));
}

#[test]
fn sending_rejects_again_is_no_late_submission() {
    let facts = MonthFacts {
        batches: vec![BatchDate {
            submits: false,
            ..batch(None)
        }],
        ..MonthFacts::default()
    };
    assert_eq!(scores(&facts).timeliness, None);
    assert_eq!(scores(&facts).accept_rate, Some(100));
}

#[test]
fn dates_and_reports_weigh_the_same_in_timeliness() {
    let reports = ReportTally {
        reports: 3,
        late: 1,
        ..ReportTally::default()
    };
    let mut facts = MonthFacts {
        reports,
        ..MonthFacts::default()
    };
    assert_eq!(scores(&facts).timeliness, Some(66));
    facts.batches = vec![batch(Some(deadline())), batch(None)];
    // (2/3 + 1/2) / 2 = 58.3 %.
    assert_eq!(scores(&facts).timeliness, Some(58));
}

#[test]
fn rejects_lose_their_score_between_a_day_and_ten() {
    for (hours, expected) in [
        (0, 100),
        (24, 100),
        (25, 99),
        (132, 50),
        (239, 0),
        (240, 0),
        (u32::MAX, 0),
    ] {
        assert_eq!(reject_ageing(&[(hours, 3)]), Some(expected), "{hours} hours");
    }
    assert_eq!(reject_ageing(&[(0, 3), (240, 1)]), Some(75));
    assert_eq!(reject_ageing(&[]), None);
}

#[test]
fn positions_rejected_for_contradictions_count_against_consistency() {
    for (reports, contradictions, contradictions_rejected, expected) in [
        (10, 0, 0, Some(100)),
        (10, 1, 0, Some(90)),
        (9, 0, 1, Some(90)),
        (8, 1, 2, Some(70)),
        (0, 0, 1, Some(0)),
    ] {
        let facts = MonthFacts {
            reports: ReportTally {
                reports,
                contradictions,
                contradictions_rejected,
                ..ReportTally::default()
            },
            batches: vec![batch(Some(deadline()))],
            rejects: Vec::new(),
        };
        assert_eq!(scores(&facts).consistency, expected);
    }
}

#[test]
fn a_month_without_any_submission_scores_nothing() {
    let expected = Scores {
        score: 0,
        timeliness: Some(0),
        accept_rate: None,
        completeness: None,
        consistency: None,
        reject_ageing: None,
    };
    assert_eq!(scores(&MonthFacts::default()), expected);
}

#[test]
fn parts_are_weighed_and_those_without_facts_left_out() {
    let mut facts = MonthFacts {
        reports: ReportTally {
            reports: 10,
            late: 2,
            optional_fields: 40,
            optional_filled: 20,
            contradictions: 3,
            contradictions_rejected: 0,
        },
        ..MonthFacts::default()
    };
    // (25 × 80 + 15 × 50 + 15 × 70) ÷ 55 = 69.09.
    assert_eq!(scores(&facts).score, 69);
    facts.batches = vec![BatchDate {
        rejected: 10,
        ..batch(Some(deadline()))
    }];
    facts.rejects = vec![(132, 10)];
    // (25 × 90 + 25 × 50 + 15 × 50 + 15 × 70 + 10 × 50) ÷ 90 = 64.4.
    assert_eq!(
        scores(&facts),
        Scores {
            score: 64,
            timeliness: Some(90),
            accept_rate: Some(50),
            completeness: Some(50),
            consistency: Some(70),
            reject_ageing: Some(50),
        }
    );
}

fn counts() -> impl Strategy<Value = (u64, u64)> {
    prop_oneof![0..20_u64, any::<u32>().prop_map(u64::from)].prop_flat_map(|of| (Just(of), 0..=of))
}

prop_compose! {
    fn facts()(
        (reports, late) in counts(),
        (optional_fields, optional_filled) in counts(),
        odd in any::<prop::sample::Index>(),
        contradictions_rejected in 0..5_u64,
        batches in prop::collection::vec((0..60_i64, any::<bool>(), 0..100_u64, 0..100_u64), 0..4),
        rejects in prop::collection::vec((0..300_u32, 1..9_u64), 0..4),
    ) -> MonthFacts {
        let contradictions = u64::try_from(odd.index(100)).unwrap() * reports / 100;
        let batches = batches.into_iter().map(|(hours, submits, accepted, rejected)| BatchDate {
            as_of: date("2026-06-10"),
            submits,
            judged_at: (hours > 0).then(|| zone().start_of(date("2026-06-10")).plus_seconds(hours * 3_600)),
            accepted,
            rejected,
        });
        MonthFacts {
            reports: ReportTally {
                reports, late, optional_fields, optional_filled, contradictions, contradictions_rejected,
            },
            batches: batches.collect(),
            rejects,
        }
    }
}

proptest! {
    #[test]
    fn scores_lie_between_none_and_all(facts in facts()) {
        for part in scores(&facts).parts().into_iter().flatten() {
            prop_assert!(part <= 100);
        }
    }

    #[test]
    fn the_score_lies_between_the_least_and_the_greatest_part(facts in facts()) {
        let scores = scores(&facts);
        let shown: Vec<u32> = scores.parts()[1..].iter().flatten().copied().collect();
        let least = shown.iter().min().copied().unwrap_or(0);
        let greatest = shown.iter().max().copied().unwrap_or(0);
        prop_assert!((least..=greatest).contains(&scores.score), "{scores:?}");
    }

    #[test]
    fn who_reports_better_never_scores_less(facts in facts(), which in 0..7_usize) {
        let mut better = facts.clone();
        let tally = &mut better.reports;
        match which {
            0 => tally.late = tally.late.saturating_sub(1),
            1 => tally.optional_filled = tally.optional_fields.min(tally.optional_filled + 1),
            2 => tally.contradictions = tally.contradictions.saturating_sub(1),
            3 => tally.contradictions_rejected = 0,
            4 => {
                for batch in &mut better.batches {
                    batch.accepted += batch.rejected;
                    batch.rejected = 0;
                }
            }
            5 => {
                for batch in &mut better.batches {
                    batch.judged_at = Some(batch.judged_at.map_or(deadline(), |at| at.min(deadline())));
                }
            }
            _ => {
                for (hours, _) in &mut better.rejects {
                    *hours /= 2;
                }
            }
        }
        let (before, after) = (scores(&facts), scores(&better));
        // What is no longer shown at all, such as a consistency of rejected records alone, cannot be compared.
        let comparable = before.parts().iter().zip(after.parts()).all(|(one, other)| one.is_some() == other.is_some());
        if comparable {
            for (one, other) in before.parts().into_iter().zip(after.parts()) {
                prop_assert!(other >= one, "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn counts_add_up_in_any_order(one in 0..1_000_u64, two in 0..1_000_u64) {
        let first = ReportTally { reports: one, late: two, ..ReportTally::default() };
        let second = ReportTally { reports: two, contradictions: one, ..ReportTally::default() };
        prop_assert_eq!(first.plus(second), second.plus(first));
        prop_assert_eq!(first.plus(second).reports, one + two);
        prop_assert_eq!(first.plus(ReportTally::default()), first);
    }
}
