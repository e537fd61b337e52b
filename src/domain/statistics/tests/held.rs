//! Memory: what is held is bounded by the lists, whatever is scanned.

use super::super::{Indicator, Published, Scan};
use super::large_market;
use crate::domain::names::AccountNo;

#[test]
fn nothing_of_a_subject_is_held_after_it() {
    let market = large_market();
    let mut scan = Scan::new(market.terms.clone());
    for loans in &market.subjects {
        scan.add_subject(loans);
    }
    for looks in &market.looks {
        scan.add_looks(looks);
    }
    let held = (scan.held(), scan.ledger.held());
    // The same debts of three times as many other people.
    for round in 1..=3 {
        for loans in &market.subjects {
            let mut loans = loans.clone();
            for loan in &mut loans {
                loan.account_no = AccountNo(loan.account_no.0 + round * 1_000_000);
            }
            scan.add_subject(&loans);
        }
        for looks in &market.looks {
            scan.add_looks(looks);
        }
    }
    assert_eq!((scan.held(), scan.ledger.held()), held);
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
        let rows = table.rows();
        match table.indicator {
            // One number for each number of lenders, and one for each lender and currency.
            Indicator::LendersPerSubject => rows * (lenders + 1),
            Indicator::Concentration => rows * lenders * currencies,
            indicator => rows * (indicator.counts().len() + currencies * indicator.amounts().len()),
        }
    };
    let most = Published::all().map(most).sum::<usize>() + lenders;
    assert!(scan.held() <= most, "{} held, at most {most}", scan.held());
}
