//! Who is meant: tokens, links, absorption, merge, split, and rows that move with their subject.

use tallystick::domain::exposure::{DelinquencyBucket, MatchLevel, SubjectState};
use tallystick::domain::position::{DeletionReason, LiabilityRole};
use tallystick::domain::token::Pseudonym;
use tallystick::domain::unit::{Action, Administration, Outcome};

use super::engine::Engine;
use super::market::{Loan, Market, OPERATOR, account, administer, mobile, national_id, passport, today};

async fn merge(market: &Market<'_>, keep: &Pseudonym, absorbed: &Pseudonym) {
    let merger = administer(Administration::MergeSubjects {
        keep: keep.clone(),
        merge: absorbed.clone(),
        reason: "same person".to_owned(),
    });
    assert_eq!(
        market.accept(OPERATOR, merger).await,
        Outcome::Approved { done: true }
    );
}

fn delete(name: &str) -> Action {
    Action::Delete {
        account_ref: account(name),
        reason: DeletionReason::ReportedInError,
    }
}

pub async fn tokens_of_one_person_meet_in_one_subject(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    market.restart().await;
    market
        .report(market.b, &Loan::new("B1", &[national_id(1), passport(1)]))
        .await;
    market.restart().await;
    assert_eq!(market.accounts_seen(market.c, &[passport(1)]).await, 2);
    assert_eq!(market.accounts_seen(market.c, &[national_id(2)]).await, 0);
}

pub async fn positions_of_an_absorbed_subject_are_found_under_the_one_that_stays(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    let lost = Loan::new("B1", &[passport(1)]);
    market.report(market.b, &lost).await;
    market.query(market.b, &[passport(1)]).await;
    market.accept(market.b, delete("B1")).await;
    // A deleted position does not hold the passport's subject: it is absorbed with all it has.
    market
        .report(market.c, &Loan::new("C1", &[national_id(1), passport(1)]))
        .await;
    market.restart().await;
    let stored = market
        .store
        .find_position(market.b, &account("B1"))
        .await
        .unwrap()
        .unwrap();
    let kept = market
        .store
        .find_position(market.a, &account("A1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.account.holder, kept.account.holder);
    market.accept(market.b, lost.correct(1)).await;
    assert_eq!(
        market.accounts_seen(market.a, &[passport(1)]).await,
        2,
        "B1 and C1"
    );
    let answer = market.query(market.c, &[national_id(1)]).await;
    let hour = &answer.figures.others.unwrap().velocity[0];
    assert_eq!(hour.inquiring_lenders, 2, "B's look moved along, and A's counts");
}

pub async fn a_mobile_links_and_the_latest_sighting_counts(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market
        .report(market.a, &Loan::new("A1", &[national_id(1), mobile(1)]))
        .await;
    market.report(market.a, &Loan::new("A2", &[national_id(1)])).await;
    market.restart().await;
    let answer = market.query(market.b, &[mobile(1)]).await;
    assert_eq!(answer.figures.match_level, MatchLevel::MobileOnly);
    assert_eq!(answer.figures.others.unwrap().active_accounts, 2);
    // 200 days later the number belongs to somebody else.
    market.wait(200 * 86_400);
    market
        .report(market.c, &Loan::new("C1", &[national_id(2), mobile(1)]))
        .await;
    market.restart().await;
    assert_eq!(market.accounts_seen(market.b, &[mobile(1)]).await, 1);
    // The first lender reports the number again: now it is shared.
    let again = Loan::new("A1", &[national_id(1), mobile(1)]).said(today(), 2);
    market.report(market.a, &again).await;
    market.restart().await;
    market.wait(86_400);
    let answer = market.query(market.b, &[mobile(1)]).await;
    assert_eq!(answer.figures.state, SubjectState::IdentityConflict);
}

pub async fn links_of_an_absorbed_subject_move_along(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market
        .report(market.a, &Loan::new("A1", &[national_id(1), mobile(1)]))
        .await;
    market
        .report(market.b, &Loan::new("B1", &[national_id(2), mobile(1)]))
        .await;
    // Both subjects have a link of the same member, the later of which must win.
    market.wait(86_400);
    market
        .report(market.a, &Loan::new("A2", &[national_id(2), mobile(1)]))
        .await;
    let answer = market.query(market.c, &[mobile(1)]).await;
    assert_eq!(answer.figures.state, SubjectState::IdentityConflict);
    market.restart().await;
    merge(&market, &national_id(1), &national_id(2)).await;
    market.restart().await;
    assert_eq!(market.accounts_seen(market.c, &[mobile(1)]).await, 3);
    // 180 days after the first sighting only the later one still makes the link current.
    market.wait(179 * 86_400 + 3_600);
    market
        .report(market.b, &Loan::new("B2", &[national_id(3), mobile(1)]))
        .await;
    let answer = market.query(market.c, &[mobile(1)]).await;
    assert_eq!(
        answer.figures.state,
        SubjectState::IdentityConflict,
        "both are current"
    );
}

pub async fn a_merge_moves_positions_looks_and_accounts(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let own = Loan::new("B1", &[national_id(2)]);
    let both = Loan::new("A2", &[national_id(1)]).also(LiabilityRole::Guarantor, &[national_id(2)]);
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    market.report(market.a, &both).await;
    market.report(market.b, &own.clone().past_due(40)).await;
    market.report(market.b, &own.clone().said(today(), 2)).await;
    market.query(market.b, &[national_id(2)]).await;
    market.restart().await;
    merge(&market, &national_id(1), &national_id(2)).await;
    market.restart().await;
    let answer = market.query(market.c, &[national_id(1)]).await;
    let others = answer.figures.others.unwrap();
    assert_eq!(others.active_accounts, 3);
    assert_eq!(
        others.guaranteed_accounts, 0,
        "who is liable twice is liable as a borrower"
    );
    assert_eq!(
        others.worst_bucket_24_months,
        DelinquencyBucket::of(40),
        "history moved"
    );
    assert_eq!(others.velocity[0].inquiring_lenders, 1, "the look moved");
    let versions = market
        .store
        .list_versions(market.b, &account("B1"), None, 10)
        .await;
    assert_eq!(versions.unwrap().unwrap().len(), 2);
    assert_eq!(market.report(market.b, &own.said(today(), 3).owing(1)).await, 3);
}

pub async fn a_merge_of_two_subjects_met_in_one_conflict_keeps_the_look(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    market.report(market.b, &Loan::new("B1", &[passport(1)])).await;
    let answer = market.query(market.c, &[national_id(1), passport(1)]).await;
    assert_eq!(answer.figures.state, SubjectState::IdentityConflict);
    let before = market.store.holdings().await.unwrap().inquiries;
    assert_eq!(before, 2, "recorded under each");
    merge(&market, &national_id(1), &passport(1)).await;
    assert_eq!(
        market.store.holdings().await.unwrap().inquiries,
        1,
        "one look at one subject"
    );
    assert_eq!(market.accounts_seen(market.c, &[passport(1)]).await, 2);
}

pub async fn a_split_moves_the_positions_reported_under_the_token(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let moving = Loan::new("A1", &[national_id(1), passport(1)]).past_due(40);
    market.report(market.a, &moving).await;
    let current = Loan::new("A1", &[national_id(1), passport(1)]).said(today(), 2);
    market.report(market.a, &current).await;
    market.report(market.b, &Loan::new("B1", &[national_id(1)])).await;
    market.restart().await;
    let split = administer(Administration::SplitSubject {
        token: passport(1),
        reason: "two people".to_owned(),
    });
    market.accept(OPERATOR, split).await;
    market.restart().await;
    let answer = market
        .query(market.c, &[passport(1)])
        .await
        .figures
        .others
        .unwrap();
    assert_eq!(answer.active_accounts, 1);
    assert_eq!(answer.worst_bucket_24_months, DelinquencyBucket::of(40));
    let answer = market
        .query(market.c, &[national_id(1)])
        .await
        .figures
        .others
        .unwrap();
    assert_eq!(answer.active_accounts, 1);
    assert_eq!(answer.worst_bucket_24_months, DelinquencyBucket::M0);
    let found = market
        .store
        .find_position(market.a, &account("A1"))
        .await
        .unwrap();
    assert_eq!(found.unwrap().row.version.number, 2);
    market.accept(market.a, delete("A1")).await;
}

pub async fn an_account_that_gains_a_strong_token_moves_with_its_history(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let weak = Loan::new("A1", &[mobile(1)]);
    market.report(market.a, &weak.clone().past_due(40)).await;
    market.report(market.a, &weak.said(today(), 2)).await;
    market.restart().await;
    let strong = Loan::new("A1", &[national_id(1), mobile(1)]).said(today(), 3);
    assert_eq!(market.report(market.a, &strong).await, 3);
    market.restart().await;
    let answer = market
        .query(market.b, &[national_id(1)])
        .await
        .figures
        .others
        .unwrap();
    assert_eq!(answer.active_accounts, 1);
    assert_eq!(answer.worst_bucket_24_months, DelinquencyBucket::of(40));
}

pub async fn a_correction_to_another_person_moves_all_versions(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market
        .report(market.a, &Loan::new("A1", &[national_id(1)]).past_due(40))
        .await;
    market
        .report(market.a, &Loan::new("A1", &[national_id(1)]).said(today(), 2))
        .await;
    market.restart().await;
    let corrected = Loan::new("A1", &[national_id(2)]).said(today(), 2);
    market.accept(market.a, corrected.correct(2)).await;
    market.restart().await;
    let answer = market
        .query(market.b, &[national_id(2)])
        .await
        .figures
        .others
        .unwrap();
    assert_eq!(answer.active_accounts, 1);
    assert_eq!(answer.worst_bucket_24_months, DelinquencyBucket::of(40));
    let answer = market.query(market.b, &[national_id(1)]).await;
    assert_eq!(answer.figures.state, SubjectState::NoRecord);
}

pub async fn everyone_liable_has_the_position_and_loses_it_when_left_out(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let primary = Loan::new("A1", &[national_id(1)]);
    let three = primary
        .clone()
        .also(LiabilityRole::Joint, &[national_id(2)])
        .also(LiabilityRole::Guarantor, &[national_id(3)]);
    market.report(market.a, &three).await;
    market.restart().await;
    for (person, own, guaranteed) in [(1, 1, 0), (2, 1, 0), (3, 0, 1)] {
        let others = market
            .query(market.b, &[national_id(person)])
            .await
            .figures
            .others
            .unwrap();
        assert_eq!(
            (others.active_accounts, others.guaranteed_accounts),
            (own, guaranteed),
            "{person}"
        );
    }
    let two = primary
        .said(today(), 2)
        .also(LiabilityRole::Joint, &[national_id(3)]);
    market.report(market.a, &two).await;
    market.restart().await;
    for (person, own, guaranteed) in [(1, 1, 0), (2, 0, 0), (3, 1, 0)] {
        let others = market
            .query(market.c, &[national_id(person)])
            .await
            .figures
            .others
            .unwrap();
        assert_eq!(
            (others.active_accounts, others.guaranteed_accounts),
            (own, guaranteed),
            "{person}"
        );
    }
    market.accept(market.a, delete("A1")).await;
    market.wait(86_400);
    for person in [1, 2, 3] {
        assert_eq!(
            market.accounts_seen(market.c, &[national_id(person)]).await,
            0,
            "{person}"
        );
    }
}
