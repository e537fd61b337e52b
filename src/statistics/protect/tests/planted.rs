//! Secrets planted in a market, each of a kind.

use super::attack::{Attack, secrets};
use super::market::{Market, generated};
use super::*;
use crate::domain::position::ProductType;
use crate::domain::rules::{Finding, Judged};
use crate::domain::statistics::{JudgedLook, Kind, Loan, Region, Shown};

/// A market in which so many subjects live in a province where nobody else does.
fn with_island(people: usize) -> Market {
    let mut market = generated(600, 9, 5);
    let island = Region::of("710000");
    for loan in market
        .subjects
        .iter_mut()
        .flatten()
        .filter(|loan| loan.region == island)
    {
        loan.region = Region::of("440000");
    }
    let borrowers = market.subjects.iter_mut().filter(|loans| {
        let active = loans
            .iter()
            .any(|loan| loan.now.is_some_and(|now| now.is_active()));
        active && loans.len() == 1
    });
    for loan in borrowers.take(people).flatten() {
        loan.region = island;
    }
    market
}

fn shown_of<'s>(
    shown: &'s ShownStatistics,
    indicator: Indicator,
    cuts: &[Axis],
    places: &[usize],
) -> &'s [Shown] {
    let table = shown
        .tables
        .iter()
        .find(|table| table.published.indicator == indicator && table.published.cuts == cuts);
    let row = table.unwrap().rows.iter().find(|row| row.places == places);
    &row.unwrap().values
}

#[test]
fn nine_people_of_a_province_are_hidden_and_a_tenth_shows_them() {
    let island = Region::of("710000").place();
    for (people, is_hidden) in [(9, true), (10, false)] {
        let market = with_island(people);
        let (statistics, shown) = first(&market);
        let row = shown_of(&shown, Indicator::MultiLenderRate, &[Axis::Region], &[island]);
        assert_eq!(row[0] == Shown::Hidden, is_hidden, "{people}: {row:?}");
        assert_withstands(&statistics, &shown);
        let secrets = secrets(&statistics, &shown);
        let planted = secrets.iter().filter(|secret| {
            secret.key.0 == Indicator::MultiLenderRate
                && secret.key.2 == [island]
                && secret.key.3 == "subjects"
        });
        let planted: Vec<_> = planted.cloned().collect();
        assert_eq!(planted.len(), usize::from(is_hidden));
        assert!(Attack::of(&shown).learned(&planted).is_empty());
    }
}

/// A market in which one lender holds most of the balance of a product.
fn dominated() -> Market {
    let mut market = generated(300, 9, 6);
    let owed = |loan: &mut Loan<'static>| {
        if let Some(now) = &mut loan.now {
            now.outstanding_total *= 1_000;
        }
    };
    market
        .subjects
        .iter_mut()
        .flatten()
        .filter(|loan| loan.product_type == ProductType::ALL[1] && loan.member_no.0 == 1)
        .for_each(owed);
    market
}

#[test]
fn an_amount_that_one_lender_dominates_is_hidden_and_its_count_is_not() {
    let (_, shown) = first(&dominated());
    let tables = shown.tables.iter().filter(|table| {
        table.published.indicator == Indicator::Delinquency && table.published.cuts == [Axis::ProductType]
    });
    for table in tables {
        let row = table.rows.iter().find(|row| row.places == [1]).unwrap();
        assert_eq!(
            row.values[0] == Shown::Hidden,
            table.currency.is_some(),
            "{row:?}"
        );
    }
    of_a_margin_and_its_total_no_amount_is_hidden_alone(&shown);
}

fn of_a_margin_and_its_total_no_amount_is_hidden_alone(shown: &ShownStatistics) {
    let tables = || shown.tables.iter().filter(|table| table.currency.is_some());
    for table in tables().filter(|table| table.published.indicator.axes().is_empty()) {
        let [_] = table.published.cuts else { continue };
        let mut totals = tables();
        let total = totals.find(|total| {
            total.published.indicator == table.published.indicator && total.published.cuts.is_empty()
        });
        let rows = || table.rows.iter().chain(&total.unwrap().rows);
        for (number, column) in table.columns().iter().enumerate() {
            let of = &table.published.indicator.amounts()[column.column];
            let hidden = rows().filter(|row| row.values[number] == Shown::Hidden).count();
            let is_sum = column.of.is_none() && of.kind == Kind::Amount;
            assert!(!is_sum || hidden != 1, "{:?} {}", table.published, column.name);
        }
    }
}

#[test]
fn sixty_refusals_of_three_people_are_hidden() {
    let mut market = generated(600, 9, 5);
    let other = Finding::OtherReason;
    for look in market.looks.iter_mut().flatten() {
        if look.judged.finding == other {
            look.judged.finding = Finding::LenderCount;
        }
    }
    let all = market.looks.iter().flatten();
    let refused: Vec<JudgedLook> = all
        .take(20)
        .map(|look| JudgedLook {
            judged: Judged {
                finding: other,
                burden: None,
            },
            ..*look
        })
        .collect();
    for looks in market.looks.iter_mut().take(3) {
        looks.extend(&refused);
    }
    let (statistics, shown) = first(&market);
    let place = 9;
    let raw = statistics
        .tables
        .iter()
        .find(|table| table.published.indicator == Indicator::BlockedStacking);
    let raw = &raw.unwrap().rows[place];
    assert_eq!((raw.values[0], raw.contributors[0].subjects), (60, 3));
    assert!(raw.contributors[0].lenders >= 3, "of lenders there are enough");
    let row = shown_of(&shown, Indicator::BlockedStacking, &[], &[place]);
    assert_eq!(row[0], Shown::Hidden);
    assert_withstands(&statistics, &shown);
}
