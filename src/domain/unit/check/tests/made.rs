//! Loans that were made unchecked: judged exactly for supervisors, by the band for their lender.

use super::market::{Market, cap, lenders, pack, presented, pseudonym};
use crate::domain::date::{BusinessZone, Timestamp};
use crate::domain::exposure::BandSeries;
use crate::domain::member::LenderGroup;
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::offline::OverLimit;
use crate::domain::position::ProductType;
use crate::domain::rules::{
    Application, Condition, Held, Loan, Pause, ReasonCode, RulePack, Standing, evaluate,
};
use crate::domain::token::IdentifierType;
use crate::domain::unit::check::made::as_it_stood;
use crate::domain::unit::check::{Made, judge_made};
use crate::domain::validation::samples::date;

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
        granted_at: market.at,
    };
    let borrowers = [vec![presented(pseudonym(IdentifierType::NationalId, 1))]];
    judge_made(&market.set, MemberNo(member), &borrowers, &made)
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

/// Another lender's loan.
fn loan(opened_on: &str, closed_on: Option<&str>, received_at: Option<Timestamp>) -> Loan {
    Loan {
        lender: MemberNo(2),
        lender_group: LenderGroup::Bank,
        application: None,
        held: Held::Position,
        product_type: ProductType::CashInstalment,
        unsecured: true,
        in_currency: true,
        principal: 1,
        monthly_obligation: 0,
        opened_on: date(opened_on),
        active: closed_on.is_none(),
        closed_on: closed_on.map(date),
        closed_at: received_at,
        rescinded: false,
        days_past_due: 0,
        overdue: 0,
        in_plan: false,
    }
}

#[test]
fn a_loan_is_judged_as_things_stood_when_it_was_granted() {
    let zone = BusinessZone::default();
    let granted = zone.hour_of(date("2026-03-10"), 10);
    let told = |hour| Some(zone.hour_of(date("2026-03-11"), hour));
    let mut standing = Standing {
        now: granted,
        zone,
        loans: vec![
            loan("2026-03-09", None, None),
            loan("2026-03-10", None, None),
            loan("2026-03-11", None, None),
            loan("2026-01-01", Some("2026-03-09"), told(1)),
            loan("2026-01-01", Some("2026-03-10"), told(1)),
            loan("2026-01-01", Some("2026-03-11"), told(1)),
        ],
        self_excluded: false,
    };
    as_it_stood(&mut standing);
    let seen: Vec<_> = standing
        .loans
        .iter()
        .map(|loan| (loan.active, loan.closed_at))
        .collect();
    let (open, ended) = ((true, None), (false, Some(granted)));
    assert_eq!(
        seen,
        [open, open, ended, ended, open],
        "what came on a later day is not so yet"
    );
    let day = Condition::CoolingOff(Pause::Hours(24));
    let application = Application {
        lender: MemberNo(1),
        lender_group: LenderGroup::Bank,
        product_type: ProductType::CashInstalment,
        amount: 1,
        monthly_payment: 0,
        term_days: 30,
        monthly_income: None,
    };
    let verdict = evaluate(&pack(vec![day]), &application, &standing);
    assert_eq!(
        verdict.reasons[0].code,
        ReasonCode::CoolingOff,
        "late or not, the pause was broken"
    );
}
