//! Loans that were made unchecked: judged exactly for supervisors, by the band for their lender.

use super::market::{Market, cap, lenders, presented, pseudonym};
use crate::domain::exposure::BandSeries;
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::offline::OverLimit;
use crate::domain::rules::{ReasonCode, RulePack};
use crate::domain::token::IdentifierType;
use crate::domain::unit::check::{Made, judge_made};

/// Judges a loan of person 1 that is on file.
fn judged(market: &Market, member: i64, account: &str, pack: &RulePack) -> OverLimit {
    let name = (MemberNo(member), AccountRef::parse(account).unwrap());
    let account = &market.set.accounts[&name];
    let positions = &market.set.subjects[&account.holder].positions;
    let facts = &positions[&(MemberNo(member), account.account_no)].version.facts;
    let made = Made {
        account_no: account.account_no,
        facts,
        pack,
        monthly_income: None,
    };
    let borrowers = [vec![presented(pseudonym(IdentifierType::NationalId, 1))]];
    judge_made(&market.set, MemberNo(member), &borrowers, &made, market.at)
}

#[test]
fn a_loan_does_not_speak_against_itself() {
    let mut market = Market::new(lenders(1));
    market.report(1, "L-1", 500_000, None).unwrap();
    let alone = judged(&market, 1, "L-1", &lenders(1));
    assert_eq!((alone.exact, alone.told), (vec![], vec![]));
    assert_eq!(
        judged(&market, 1, "L-1", &lenders(0)).exact,
        [ReasonCode::LenderCount]
    );
    market.report(2, "M-1", 500_000, None).unwrap();
    assert_eq!(
        judged(&market, 2, "M-1", &lenders(1)).exact,
        [ReasonCode::LenderCount]
    );
    assert!(judged(&market, 2, "M-1", &lenders(2)).exact.is_empty());
}

#[test]
fn its_lender_learns_no_more_than_the_band_of_what_others_are_owed() {
    // Whatever others are owed within one band, the lender of a loan is told the same under every limit.
    let bands = BandSeries::new(crate::domain::currency::Currency::CNY, 1_000);
    let told = |others: i64, limit: i64| {
        let pack = cap(limit);
        let mut market = Market::new(cap(limit));
        market.report(2, "M-1", others, None).unwrap();
        market.report(1, "L-1", 1_500_000, None).unwrap();
        judged(&market, 1, "L-1", &pack)
    };
    let (low, high) = (1_000_001, 2_000_000);
    assert_eq!(bands.band(low.into(), 1), bands.band(high.into(), 1), "one band");
    let mut differ = 0;
    for limit in (2_000_000..6_000_000).step_by(50_000) {
        let (least, most) = (told(low, limit), told(high, limit));
        assert_eq!(least.told, most.told, "{limit}");
        differ += usize::from(least.exact != most.exact);
    }
    assert!(differ > 0, "supervisors see what the lender does not");
}

#[test]
fn where_nobody_else_is_owed_it_is_told_exactly() {
    let mut market = Market::new(cap(1));
    market.report(1, "L-1", 1_500_000, None).unwrap();
    for (limit, broken) in [(1_500_000, vec![]), (1_499_999, vec![ReasonCode::AmountCap])] {
        let found = judged(&market, 1, "L-1", &cap(limit));
        assert_eq!((&found.exact, &found.told), (&broken, &broken));
        assert_eq!(found.rule_pack, Some(("test".to_owned(), 1)));
    }
}
