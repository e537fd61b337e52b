//! Looks: counted, frozen for the day, refused.

use futures::future::join_all;
use tallystick::domain::exposure::SubjectState;
use tallystick::domain::inquiry::Purpose;
use tallystick::domain::unit::LOOKS_PER_SUBJECT_AND_DAY_MAX;
use tallystick::domain::unit::rows::LookKind;
use tallystick::domain::unit::{Action, Administration, Outcome};
use tallystick::domain::violation::Code;

use super::engine::Engine;
use super::market::{Loan, Market, OPERATOR, administer, answer_of, look, national_id, newcomer, passport};

pub async fn a_look_is_counted_for_the_others_of_the_same_group(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let person = [national_id(1)];
    let ask =
        |member, answer| market.apply(member, look(LookKind::Query, &person, Purpose::NewCredit, answer));
    let looks = [ask(market.a, 1), ask(market.b, 2), ask(market.c, 3)];
    let seen: Vec<u32> = join_all(looks)
        .await
        .into_iter()
        .map(|done| answer_of(done.unwrap().outcome).figures.others.unwrap().velocity[0].hard_inquiries)
        .collect();
    assert_eq!(seen, [0, 1, 2]);
}

pub async fn the_first_answer_of_a_day_is_frozen_across_a_restart(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    let first = market.query(market.b, &[national_id(1)]).await;
    market.report(market.c, &Loan::new("C1", &[national_id(1)])).await;
    for restarted in [false, true] {
        if restarted {
            market.restart().await;
        }
        market.wait(60);
        let again = market.query(market.b, &[national_id(1)]).await;
        assert_eq!(again.figures, first.figures);
        assert!(again.answered_at > first.answered_at);
    }
    let soft = look(LookKind::Query, &[national_id(1)], Purpose::AccountReview, 77);
    let soft = answer_of(market.accept(market.b, soft).await);
    assert_eq!(
        soft.figures.others.unwrap().active_accounts,
        2,
        "soft looks are frozen apart"
    );
}

pub async fn a_frozen_answer_ends_with_the_day(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    assert_eq!(market.accounts_seen(market.b, &[national_id(1)]).await, 1);
    market.report(market.c, &Loan::new("C1", &[national_id(1)])).await;
    // The clock starts at noon; 11:59 hours later the day is not over, and 1 minute after that it is.
    market.wait(11 * 3_600 + 59 * 60);
    assert_eq!(market.accounts_seen(market.b, &[national_id(1)]).await, 1);
    market.wait(60);
    assert_eq!(market.accounts_seen(market.b, &[national_id(1)]).await, 2);
}

pub async fn a_merge_drops_frozen_answers(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    market.report(market.c, &Loan::new("C1", &[passport(2)])).await;
    assert_eq!(market.accounts_seen(market.b, &[national_id(1)]).await, 1);
    assert_eq!(market.accounts_seen(market.b, &[passport(2)]).await, 1);
    let merger = administer(Administration::MergeSubjects {
        keep: national_id(1),
        merge: passport(2),
        reason: "same person".to_owned(),
    });
    market.accept(OPERATOR, merger).await;
    assert_eq!(market.accounts_seen(market.b, &[national_id(1)]).await, 2);
}

pub async fn a_second_review_of_a_day_is_refused(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    market.accept(market.b, market.review(&[national_id(1)])).await;
    let code = market.refuse(market.b, market.review(&[national_id(1)])).await;
    assert_eq!(code, Code::AlreadyReviewedToday);
    market.restart().await;
    let code = market.refuse(market.b, market.review(&[national_id(1)])).await;
    assert_eq!(code, Code::AlreadyReviewedToday);
    market.accept(market.c, market.review(&[national_id(1)])).await;
    market.wait(86_400);
    market.accept(market.b, market.review(&[national_id(1)])).await;
}

pub async fn subjects_created_by_looks_are_held_against_evaluations(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let enrolment = administer(Administration::CreateMember(newcomer("lender-d")));
    let Outcome::Member(member) = market.accept(OPERATOR, enrolment).await else {
        panic!("an enrolment gives a member");
    };
    let d = member.member_no;
    market.accept(d, Action::ChargeEvaluations { count: 2 }).await;
    let unknown = |person| look(LookKind::Query, &[national_id(person)], Purpose::NewCredit, 9);
    market.accept(d, unknown(1)).await;
    market.restart().await;
    market.accept(d, unknown(2)).await;
    assert_eq!(market.refuse(d, unknown(3)).await, Code::TokensNotEvaluated);
    market.accept(d, unknown(1)).await;
    market.wait(29 * 86_400);
    assert_eq!(market.refuse(d, unknown(3)).await, Code::TokensNotEvaluated);
    market.wait(86_400);
    market.accept(d, unknown(3)).await;
}

pub async fn a_conflict_is_recorded_and_not_counted(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    market.report(market.b, &Loan::new("B1", &[passport(1)])).await;
    let conflict = market.query(market.c, &[national_id(1), passport(1)]).await;
    assert_eq!(conflict.figures.state, SubjectState::IdentityConflict);
    assert_eq!(market.store.holdings().await.unwrap().inquiries, 2);
    market.restart().await;
    let others = market
        .query(market.b, &[national_id(1)])
        .await
        .figures
        .others
        .unwrap();
    assert_eq!(others.velocity[0].hard_inquiries, 0);
}

pub async fn a_member_looks_at_one_subject_so_often_a_day_and_no_more(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let ask = |member, answer| {
        market.apply(
            member,
            look(LookKind::Query, &[national_id(1)], Purpose::NewCredit, answer),
        )
    };
    let most = u64::try_from(LOOKS_PER_SUBJECT_AND_DAY_MAX).unwrap();
    for answer in 1..=most {
        ask(market.a, answer).await.unwrap();
    }
    let above = look(LookKind::Query, &[national_id(1)], Purpose::NewCredit, most + 1);
    assert_eq!(market.refuse(market.a, above).await, Code::QuotaExceeded);
    ask(market.b, most + 2).await.unwrap();
    // The clock starts at noon: the day is over 12 hours later.
    market.wait(12 * 3_600);
    ask(market.a, most + 3).await.unwrap();
}
