use super::*;

fn reason(place: usize, retry_on: Option<&str>) -> Reason {
    Reason {
        code: ReasonCode::CoolingOff,
        rule_id: format!("rule-{place}"),
        place,
        retry_on: retry_on.map(day),
    }
}

#[test]
fn every_rule_is_asked_and_reasons_come_in_the_order_of_the_pack() {
    let cap = Condition::AmountCap(AmountCap {
        maximum: Some(500),
        income_percent: None,
        bracket: None,
        extent: Extent::Total,
    });
    let accounts = Condition::AccountCount {
        maximum: 9,
        window: None,
        count_rescinded: false,
    };
    let pack = pack(vec![cap, accounts, Condition::LenderCount { maximum: 1 }]);
    let verdict = evaluate(&pack, &application(), &standing(vec![loan(2)]));
    let told: Vec<_> = verdict
        .reasons
        .iter()
        .map(|reason| (reason.code, reason.place))
        .collect();
    assert_eq!(told, [(ReasonCode::AmountCap, 0), (ReasonCode::LenderCount, 2)]);
    assert_eq!(verdict.reasons[1].rule_id, "rule-2");
}

#[test]
fn the_whole_has_a_day_only_if_every_reason_has_one() {
    let of = |reasons| Verdict {
        reasons,
        ..Verdict::default()
    };
    let (early, late) = (Some("2026-07-01"), Some("2026-08-01"));
    assert_eq!(of(vec![]).retry_on(), None);
    assert_eq!(
        of(vec![reason(0, late), reason(1, early)]).retry_on(),
        Some(day("2026-08-01"))
    );
    assert_eq!(of(vec![reason(0, late), reason(1, None)]).retry_on(), None);
}

#[test]
fn two_subjects_are_allowed_what_both_are() {
    let one = Verdict {
        reasons: vec![reason(0, Some("2026-07-01")), reason(2, Some("2026-07-01"))],
        room: Some(10),
        payment_room: None,
        others_owe: false,
        limits: Vec::new(),
    };
    let another = Verdict {
        reasons: vec![reason(1, None), reason(2, Some("2026-07-03"))],
        room: Some(7),
        payment_room: Some(3),
        others_owe: true,
        limits: Vec::new(),
    };
    let both = one.join(another);
    assert_eq!(
        both,
        Verdict {
            reasons: vec![
                reason(0, Some("2026-07-01")),
                reason(1, None),
                reason(2, Some("2026-07-03")),
            ],
            room: Some(7),
            payment_room: Some(3),
            others_owe: true,
            limits: Vec::new(),
        }
    );
    assert_eq!(both.retry_on(), None);
}
