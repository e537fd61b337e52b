//! Memory: what is held is bounded by the lists, whatever is scanned.

use super::super::ledger::SUBJECTS_WAITING;
use super::super::{Indicator, LENDERS_TOLD, Published, Scan};
use super::large_market;
use crate::domain::names::AccountNo;

#[test]
fn nothing_of_a_subject_is_held_for_long_after_it() {
    let market = large_market();
    let mut scan = Scan::new(market.terms.clone());
    for loans in &market.subjects {
        scan.add_subject(loans);
    }
    for looks in &market.looks {
        scan.add_looks(looks);
    }
    let held = scan.held();
    // The same debts of three times as many other people.
    for round in 1..=3 {
        for loans in &market.subjects {
            let mut loans = loans.clone();
            for loan in &mut loans {
                loan.account_no = AccountNo(loan.account_no.0 + round * 1_000_000);
            }
            scan.add_subject(&loans);
            assert!(scan.waiting() < SUBJECTS_WAITING, "{} wait", scan.waiting());
        }
        for looks in &market.looks {
            scan.add_looks(looks);
        }
    }
    assert_eq!(scan.held(), held);
}

#[test]
fn what_is_held_is_known_beforehand() {
    let market = large_market();
    let mut scan = Scan::new(market.terms.clone());
    for loans in &market.subjects {
        scan.add_subject(loans);
    }
    for looks in &market.looks {
        scan.add_looks(looks);
    }
    let [currencies, lenders] = [2, 16];
    let most = |table: Published| {
        let of = |in_currency: bool| {
            let indicator = table.indicator;
            let [parts, width] = [
                indicator.parts(in_currency).len(),
                indicator.cells_of_row(in_currency),
            ];
            // A sum, subjects and their largest two of a part; lenders told apart of a count, all of an amount.
            let of_part = 4 + if in_currency { lenders } else { LENDERS_TOLD };
            table.rows() * (parts * of_part + width * 3)
        };
        let tables = of(false) + currencies * of(true);
        match table.indicator {
            // One number for each number of lenders.
            Indicator::LendersPerSubject => tables + table.rows() * (lenders + 1),
            // Those of balances.
            Indicator::Concentration => 0,
            // Rows without the last axis, too.
            _ => tables + tables / 2,
        }
    };
    let most = Published::all().map(most).sum::<usize>() + 2 * lenders;
    assert!(scan.held() <= most, "{} held, at most {most}", scan.held());
}
