//! What is kept of a check for statistics: one word, with the one who would owe first.

use super::market::{Market, Wanted, lenders, pack};
use crate::domain::names::SubjectId;
use crate::domain::rules::{Burden, Condition, Finding, Judged};

/// What is kept of the last check, with whom.
fn kept(market: &Market) -> Vec<(SubjectId, Option<Judged>)> {
    let rows = market.set.subjects.iter().flat_map(|(subject, rows)| {
        let looks = rows.inquiries.iter();
        looks.map(move |look| (look.inquired_at, *subject, look.judged))
    });
    let rows: Vec<_> = rows.collect();
    let last = rows.iter().map(|(at, ..)| *at).max();
    rows.into_iter()
        .filter(|(at, ..)| Some(*at) == last)
        .map(|(_, subject, judged)| (subject, judged))
        .collect()
}

fn finding(market: &mut Market, member: i64, wanted: &Wanted) -> Finding {
    market.check(member, wanted).unwrap();
    let kept: Vec<Judged> = kept(market)
        .into_iter()
        .filter_map(|(_, judged)| judged)
        .collect();
    assert_eq!(kept.len(), 1, "a check is kept once");
    kept[0].finding
}

#[test]
fn only_what_others_hold_reserved_is_told_from_what_they_lent() {
    let mut market = Market::new(lenders(1));
    let wanted = |application| Wanted::new(application, 100_000);
    assert_eq!(finding(&mut market, 1, &wanted("a")), Finding::Eligible);
    assert_eq!(finding(&mut market, 2, &wanted("a")), Finding::Reserved);
    market.report(1, "lent", 100_000, None).unwrap();
    assert_eq!(finding(&mut market, 3, &wanted("a")), Finding::LenderCount);
}

#[test]
fn a_reservation_beside_another_reason_is_not_what_stands_in_the_way() {
    let late = Condition::Delinquency {
        days_past_due_above: 0,
        overdue_amount_above: None,
    };
    let ratio = Condition::ObligationRatio {
        maximum_percent: 50,
        if_income_is_stated: true,
    };
    let mut market = Market::new(pack(vec![late, Condition::LenderCount { maximum: 1 }, ratio]));
    assert_eq!(
        finding(&mut market, 1, &Wanted::new("a", 100_000)),
        Finding::Eligible
    );
    let too_much = Wanted {
        monthly_payment: 60_000,
        monthly_income: Some(100_000),
        ..Wanted::new("a", 100_000)
    };
    // Too many lenders comes first in the pack, and the payment would be too large all the same.
    assert_eq!(finding(&mut market, 2, &too_much), Finding::LenderCount);
}

#[test]
fn a_check_is_kept_with_its_first_borrower_whoever_has_the_smaller_number() {
    let mut market = Market::new(lenders(9));
    market.report_new(9, "known", 1_000, &[2]).unwrap();
    for people in [vec![1, 2], vec![2, 1]] {
        let wanted = Wanted {
            people: people.clone(),
            monthly_payment: 400,
            monthly_income: Some(1_000),
            ..Wanted::new(if people[0] == 1 { "a" } else { "b" }, 100_000)
        };
        market.check(1, &wanted).unwrap();
        let kept = kept(&market);
        assert_eq!(kept.len(), 2, "both are looked at");
        let of_first: Vec<SubjectId> = kept
            .iter()
            .filter(|(_, judged)| judged.is_some())
            .map(|(subject, _)| *subject)
            .collect();
        let smaller = kept.iter().map(|(subject, _)| *subject).min();
        // The second one was on file before the first.
        assert_eq!(of_first == Vec::from_iter(smaller), people[0] == 2);
    }
}

#[test]
fn a_burden_is_kept_where_an_income_was_stated() {
    let mut market = Market::new(lenders(9));
    let stated = |application, payment, income| Wanted {
        monthly_payment: payment,
        monthly_income: income,
        ..Wanted::new(application, 100_000)
    };
    let mut burden = |member, wanted: &Wanted| {
        market.check(member, wanted).unwrap();
        kept(&market)[0].1.unwrap().burden
    };
    assert_eq!(burden(1, &stated("a", 200, Some(1_000))), Some(Burden::Below30));
    assert_eq!(burden(2, &stated("a", 200, None)), None);
    // What the first two hold is due as well.
    assert_eq!(burden(3, &stated("a", 400, Some(1_000))), Some(Burden::UpTo80));
    assert_eq!(burden(4, &stated("a", 1, Some(1_000))), Some(Burden::Above80));
}

#[test]
fn who_is_not_known_well_enough_is_left_to_a_person() {
    let mut market = Market::new(lenders(9));
    let wanted = Wanted {
        by_mobile: true,
        monthly_income: Some(1_000),
        ..Wanted::new("a", 100_000)
    };
    assert_eq!(finding(&mut market, 1, &wanted), Finding::Refer);
    assert_eq!(kept(&market)[0].1.unwrap().burden, None, "nothing was judged");
}
