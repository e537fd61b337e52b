//! Whoever varies amounts and payments learns no more than a band and one comparison (domain.md 4.3, P13).

use super::market::{Market, Wanted, cap, pack};
use crate::domain::date::BusinessZone;
use crate::domain::reservation::Ruling;
use crate::domain::rules::{Condition, RulePack};

/// What somebody else is owed, reserved by lender 2.
fn owing(pack: RulePack, owed: i64, payment: i64) -> Market {
    let mut market = Market::new(pack);
    let wanted = Wanted {
        monthly_payment: payment,
        monthly_income: Some(10_000_000),
        ..Wanted::new("others", owed)
    };
    let (_, held) = market.check(2, &wanted).unwrap();
    assert!(held.is_some(), "there is room for what is owed");
    market
}

/// Everything that an attacker gets to see of a ruling.
fn seen(ruling: &Result<Ruling, ()>) -> String {
    format!("{ruling:?}")
}

/// The first amount that is asked honestly, then a search among all others for as long as it is let: 1,000 calls. Halves
/// the range that it thinks possible with each answer.
fn attack(market: &mut Market, honest: i64, limit: i64) -> Vec<String> {
    let (mut low, mut high) = (0_i64, limit);
    let mut learned = Vec::new();
    let names: Vec<&'static str> = vec!["a", "b", "c", "d"];
    for call in 0..1_000_usize {
        let amount = match call {
            0 => honest,
            _ => i64::midpoint(low, high) + 1,
        };
        let ruling = market
            .check(
                1,
                &Wanted {
                    monthly_income: Some(10_000_000),
                    ..Wanted::new(names[call / 250], amount)
                },
            )
            .map(|(ruling, _)| ruling)
            .map_err(drop);
        match &ruling {
            Ok(ruling) if ruling.reasons.is_empty() => low = amount,
            Ok(_) => high = amount - 1,
            Err(()) => low = if low + 1 < high { low + 1 } else { 0 },
        }
        learned.push(seen(&ruling));
    }
    learned
}

#[test]
fn a_thousand_calls_tell_no_more_than_the_band_and_the_first_answer() {
    let limit = 20_000_000;
    // What one other lender is owed, in two bands: to 50,000.00 and to 200,000.00.
    let bands = [
        [1_000_001, 1_234_567, 2_345_678, 4_999_999, 5_000_000],
        [5_000_001, 7_777_777, 11_000_000, 14_999_999, 19_999_000],
    ];
    for owed in bands {
        for honest in [1_000, 5_000_000, 9_000_000, 15_500_000, 19_000_000] {
            let mut worlds: Vec<(bool, Vec<String>)> = Vec::new();
            for owed in owed {
                let mut market = owing(cap(limit), owed, 0);
                worlds.push((honest <= limit - owed, attack(&mut market, honest, limit)));
            }
            for (fits, learned) in &worlds {
                let alike = worlds.iter().find(|(other, _)| other == fits);
                let (_, alike) = alike.expect("it is one of them");
                let differs = learned.iter().zip(alike).position(|(one, other)| one != other);
                let tells = differs.map(|call| (call, &learned[call], &alike[call]));
                assert_eq!(tells, None, "an honest {honest}, which fits: {fits}");
            }
        }
    }
}

#[test]
fn the_attack_is_real_where_nothing_is_rounded() {
    // Nobody else owes anything, so that nothing is hidden: every amount gets its own exact answer.
    let mut market = Market::new(cap(20_000_000));
    let fits = |market: &mut Market, amount| {
        market
            .check(1, &Wanted::new("a", amount))
            .unwrap()
            .0
            .reasons
            .is_empty()
    };
    assert!(fits(&mut market, 19_999_999));
    assert!(!fits(&mut market, 20_000_001));
    assert!(fits(&mut market, 20_000_000));
}

#[test]
fn the_first_check_of_a_day_is_exact_whatever_was_asked_the_day_before() {
    let mut market = owing(cap(20_000_000), 2_345_678, 0);
    let room = 20_000_000 - 2_345_678;
    let check = |market: &mut Market, application, amount| {
        market
            .check(1, &Wanted::new(application, amount))
            .unwrap()
            .0
            .reasons
            .is_empty()
    };
    assert!(!check(&mut market, "a", room + 1));
    assert!(
        !check(&mut market, "a", room),
        "searched for: only up to the edge"
    );
    assert!(check(&mut market, "a", 15_000_000), "what the band leaves");
    market.extend_all(2, 24 * 60);
    market.tomorrow();
    assert!(check(&mut market, "b", room), "asked once: exact");
    assert!(check(&mut market, "b", room), "the same again");
    assert_eq!(market.set.rules.zone, BusinessZone::default());
}

#[test]
fn payments_are_guarded_like_amounts() {
    let ratio = || {
        pack(vec![Condition::ObligationRatio {
            maximum_percent: 50,
            if_income_is_stated: false,
        }])
    };
    let mut told = Vec::new();
    for payment in [300_000, 456_789, 999_999] {
        let mut market = owing(ratio(), 1_000, payment);
        let asked: Vec<bool> = [4_900_000, 4_500_000, 2_000_000]
            .into_iter()
            .map(|monthly_payment| {
                let wanted = Wanted {
                    monthly_payment,
                    monthly_income: Some(10_000_000),
                    ..Wanted::new("a", 1_000)
                };
                market.check(1, &wanted).unwrap().0.reasons.is_empty()
            })
            .collect();
        told.push(asked);
    }
    assert!(told.iter().all(|asked| *asked == told[0]), "{told:?}");
}

#[test]
fn what_is_offered_is_a_band_edge_and_fits() {
    for owed in [1, 99_999, 100_000, 3_333_333, 12_000_000, 19_999_999] {
        let mut market = owing(cap(20_000_000), owed, 0);
        let (ruling, _) = market.check(1, &Wanted::new("a", 20_000_001)).unwrap();
        let edge = ruling.max_additional_amount;
        assert!([0, 200_000, 1_000_000, 5_000_000].contains(&edge), "{edge}");
        assert!(edge <= 20_000_000 - owed);
        if edge > 0 {
            assert!(
                market
                    .check(1, &Wanted::new("a", edge))
                    .unwrap()
                    .0
                    .reasons
                    .is_empty(),
                "what is offered is granted"
            );
        }
    }
}
