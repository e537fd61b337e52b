use super::*;
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::exposure::{DelinquencyBucket, Figures, MatchLevel, SubjectState};
use crate::domain::names::AnswerId;
use crate::domain::validation::samples::date;
use crate::domain::violation::Code;

const RECEIPT: Receipt = Receipt {
    salt: [1; 32],
    leaf: [2; 32],
};

fn band(up_to: i64) -> AmountBand {
    AmountBand {
        up_to,
        open_ended: false,
    }
}

/// Every figure differs, so that none can be mistaken for another.
fn others() -> OthersExposure {
    OthersExposure {
        active_lenders: 1,
        active_accounts: 2,
        active_lenders_by_group: vec![(LenderGroup::Bank, 3), (LenderGroup::Other, 4)],
        reserving_lenders: 5,
        reserved_amount: band(6),
        outstanding: band(7),
        outstanding_unsecured: band(8),
        credit_limit: band(9),
        monthly_obligation: band(10),
        other_currency_accounts: 11,
        worst_bucket_now: DelinquencyBucket::M2,
        worst_bucket_24_months: DelinquencyBucket::M7,
        past_due_accounts: 12,
        formal_overdue_accounts: 13,
        overdue_amount: band(14),
        months_since_past_due: 15,
        bad_debt_accounts: 16,
        legal_action_accounts: 17,
        restructured_accounts: 18,
        disputed_items: 19,
        disputed_items_matter: true,
        unconfirmed_accounts: 20,
        velocity: Window::ALL
            .into_iter()
            .zip(100..)
            .map(|(window, figure)| WindowFigures {
                window,
                hard_inquiries: figure,
                inquiring_lenders: figure + 100,
                new_accounts: figure + 200,
                new_lenders: figure + 300,
                new_amount: AmountBand {
                    up_to: i64::from(figure),
                    open_ended: true,
                },
            })
            .collect(),
        oldest_open_month: Some((2024, 11)),
        guaranteed_accounts: 21,
        guaranteed_amount: band(22),
    }
}

fn answer() -> Answer {
    Answer {
        answer_id: AnswerId([0xAB; 16]),
        answered_at: Timestamp::from_micros(2_000_000),
        figures: Figures {
            as_of: Timestamp::from_micros(1_000_000),
            state: SubjectState::Found,
            match_level: MatchLevel::StrongAndMobile,
            coverage_percent: 87,
            currency: Currency::CNY,
            others: Some(others()),
            signals: SignalType::ALL.to_vec(),
        },
        own: Some(OwnExposure {
            active_accounts: 1,
            outstanding: 123_456,
            hard_inquiries_360_days: 3,
            last_report_on: Some(date("2026-06-14")),
        }),
    }
}

const fn wire_band(up_to: i64, open_ended: bool) -> pb::AmountBand {
    pb::AmountBand { up_to, open_ended }
}

#[test]
fn the_envelope_keeps_every_part() {
    let wire = answer_to_wire(&answer(), &RECEIPT);
    assert_eq!(wire.answer_id, "abababab-abab-abab-abab-abababababab");
    assert_eq!(wire.answered_at.unwrap().seconds, 2);
    assert_eq!(wire.figures_as_of.unwrap().seconds, 1);
    assert_eq!(wire.state(), pb::SubjectState::Found);
    assert_eq!(wire.match_level(), pb::MatchLevel::StrongAndMobile);
    assert_eq!((wire.currency.as_str(), wire.coverage_percent), ("CNY", 87));
    assert_eq!(
        (wire.audit_salt.as_slice(), wire.audit_leaf.as_slice()),
        ([1; 32].as_slice(), [2; 32].as_slice())
    );
    let own = wire.own.unwrap();
    assert_eq!(
        (own.active_accounts, own.outstanding, own.hard_inquiries_360_days),
        (1, 123_456, 3)
    );
    assert_eq!(own.last_report_on, Some(date_to_wire(date("2026-06-14"))));
}

#[test]
fn the_others_keep_every_figure() {
    let wire = answer_to_wire(&answer(), &RECEIPT).others.unwrap();
    let count = |group: pb::LenderGroup, lenders| pb::LenderGroupCount {
        group: group.into(),
        lenders,
    };
    let expected = pb::OthersExposure {
        active_lenders: 1,
        active_accounts: 2,
        active_lenders_by_group: vec![count(pb::LenderGroup::Bank, 3), count(pb::LenderGroup::Other, 4)],
        reserving_lenders: 5,
        reserved_amount: Some(wire_band(6, false)),
        outstanding: Some(wire_band(7, false)),
        outstanding_unsecured: Some(wire_band(8, false)),
        credit_limit: Some(wire_band(9, false)),
        monthly_obligation: Some(wire_band(10, false)),
        other_currency_accounts: 11,
        worst_bucket_now: pb::DelinquencyBucket::M2.into(),
        worst_bucket_24_months: pb::DelinquencyBucket::M7.into(),
        past_due_accounts: 12,
        formal_overdue_accounts: 13,
        overdue_amount: Some(wire_band(14, false)),
        months_since_past_due: 15,
        bad_debt_accounts: 16,
        legal_action_accounts: 17,
        restructured_accounts: 18,
        disputed_items: 19,
        disputed_items_matter: true,
        unconfirmed_accounts: 20,
        velocity: wire.velocity.clone(),
        oldest_open_month: Some(pb::Date {
            year: 2024,
            month: 11,
            day: 0,
        }),
        guaranteed_accounts: 21,
        guaranteed_amount: Some(wire_band(22, false)),
    };
    assert_eq!(wire, expected);
}

#[test]
fn windows_come_in_their_order_with_their_figures() {
    use pb::window_count::Window::{Days, Hours};
    let wire = answer_to_wire(&answer(), &RECEIPT).others.unwrap();
    let windows: Vec<_> = wire.velocity.iter().filter_map(|count| count.window).collect();
    assert_eq!(
        windows,
        [
            Hours(1),
            Hours(24),
            Days(7),
            Days(15),
            Days(30),
            Days(90),
            Days(180),
            Days(360)
        ]
    );
    let second = wire.velocity[1];
    assert_eq!((second.hard_inquiries, second.inquiring_lenders), (101, 201));
    assert_eq!((second.new_accounts, second.new_lenders), (301, 401));
    assert_eq!(second.new_amount, Some(wire_band(101, true)));
}

#[test]
fn bands_of_nothing_are_there() {
    let mut empty = answer();
    empty.figures.others.as_mut().unwrap().outstanding = AmountBand::default();
    let wire = answer_to_wire(&empty, &RECEIPT);
    assert_eq!(wire.others.unwrap().outstanding, Some(wire_band(0, false)));
}

#[test]
fn a_conflict_has_neither_part() {
    let mut conflict = answer();
    conflict.figures.others = None;
    conflict.own = None;
    let wire = answer_to_wire(&conflict, &RECEIPT);
    assert_eq!((wire.others, wire.own), (None, None));
}

#[test]
fn signals_are_plain_sentences_without_lender_amount_or_date() {
    let wire = answer_to_wire(&answer(), &RECEIPT).signals;
    assert_eq!(wire.len(), SignalType::ALL.len());
    for (signal, sent) in SignalType::ALL.iter().zip(&wire) {
        assert_eq!(sent.r#type, signal.code());
        let text = &sent.description;
        assert!(
            text.ends_with('.') && text.starts_with(|first: char| first.is_ascii_uppercase()),
            "{text}"
        );
        let mut numbers = text
            .split(|character: char| !character.is_ascii_digit())
            .filter(|part| !part.is_empty());
        assert!(
            numbers.all(|number| ["3", "7", "24", "30"].contains(&number)),
            "{text}"
        );
    }
}

#[test]
fn a_review_answers_each_request_by_its_number() {
    use pb::review_portfolio_response::Result::{Answer, Refusal};
    let answered = review_answer_to_wire(1, &answer(), &RECEIPT);
    let query = query_answer_to_wire(&answer(), &RECEIPT);
    assert_eq!(
        (answered.request_number, answered.result),
        (1, query.answer.map(Answer))
    );
    let violation = Violation::new(
        Code::AlreadyReviewedToday,
        "tokens",
        "reviewed today; ask tomorrow",
    );
    let refused = review_refusal_to_wire(2, &violation);
    assert_eq!(refused.request_number, 2);
    assert_eq!(refused.result, Some(Refusal(violation_to_wire(&violation))));
}
