//! Checks and reservations: of all who ask at once as many may lend as the rules allow, on any engine.

use std::sync::Arc;

use futures::future::join_all;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::currency::Currency;
use tallystick::domain::date::{days_after, days_before};
use tallystick::domain::inquiry::{Consent, Purpose};
use tallystick::domain::names::{AnswerId, ApplicationId, MemberNo, ReservationId, Sha256};
use tallystick::domain::position::{LiabilityRole, ProductType};
use tallystick::domain::reservation::{Eligibility, ReleaseReason, Reservation, ReservationState, Ruled};
use tallystick::domain::rules::{Condition, Effective, Lifetime, ReasonCode, Rule, RulePack, Scope};
use tallystick::domain::token::{Presented, Pseudonym};
use tallystick::domain::unit::{Action, Administration, Check, Outcome, ReservationStep, ReservationWork};
use tallystick::domain::violation::Code;

use super::engine::Engine;
use super::market::{Loan, Market, OPERATOR, administer, national_id, newcomer, passport, today};

const RIVALS: u32 = 64;

/// So many lenders at once.
pub fn pack(maximum: u32) -> Arc<RulePack> {
    Arc::new(RulePack {
        name: "test".to_owned(),
        version: 1,
        title_en: String::new(),
        title_zh: String::new(),
        currency: Currency::CNY,
        effective: Effective {
            first_day: days_before(today(), 1),
            last_day: None,
        },
        lifetime: Lifetime {
            default_minutes: 30,
            maximum_minutes: 2_160,
        },
        rules: vec![Rule {
            id: "lenders".to_owned(),
            scope: Scope::default(),
            condition: Condition::LenderCount { maximum },
        }],
        sha256: Sha256([9; 32]),
    })
}

fn named(kind: u8, number: u32) -> [u8; 16] {
    let mut id = [kind; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id
}

/// A check of an application by number, for 5,000 yuan.
pub fn check(number: u32, maximum: u32, borrowers: &[&[Pseudonym]]) -> Action {
    let shown = |tokens: &&[Pseudonym]| {
        let tokens = tokens.iter().map(|token| Presented {
            token: token.clone(),
            verified_on: None,
        });
        tokens.collect()
    };
    Action::Check(Box::new(Check {
        answer_id: AnswerId(named(1, number)),
        reservation_id: ReservationId(named(2, number)),
        application_id: ApplicationId::parse(&format!("app-{number}")).unwrap(),
        borrowers: borrowers.iter().map(shown).collect(),
        purpose: Purpose::NewCredit,
        consent: Consent {
            reference: "consent-7".to_owned(),
            purposes: vec![Purpose::NewCredit],
            granted_on: days_before(today(), 1),
            expires_on: days_after(today(), 30),
            text_sha256: Sha256([7; 32]),
        },
        pack: pack(maximum),
        product_type: ProductType::CashInstalment,
        amount: 500_000,
        term_days: 90,
        monthly_payment: 170_000,
        monthly_income: Some(1_000_000),
        income_digest: Some(Sha256([8; 32])),
    }))
}

pub fn step(reservation_id: ReservationId, step: ReservationStep) -> Action {
    Action::Reserve(Box::new(ReservationWork { reservation_id, step }))
}

fn ruled(outcome: Outcome) -> (Ruled, Option<Reservation>) {
    match outcome {
        Outcome::Ruled { ruled, reservation } => (*ruled, reservation),
        other => panic!("{other:?}"),
    }
}

pub async fn held(market: &Market<'_>, member: MemberNo, action: Action) -> Reservation {
    ruled(market.accept(member, action).await)
        .1
        .expect("it may be made")
}

async fn rivals(market: &Market<'_>) -> Vec<MemberNo> {
    let mut rivals = Vec::new();
    for number in 0..RIVALS {
        let new = newcomer(&format!("rival-{number}"));
        let enrolment = administer(Administration::CreateMember(new));
        let Outcome::Member(member) = market.accept(OPERATOR, enrolment).await else {
            panic!("a rival is enrolled");
        };
        market
            .accept(member.member_no, Action::ChargeEvaluations { count: 100 })
            .await;
        rivals.push(member.member_no);
    }
    rivals
}

pub async fn of_all_who_check_at_once_one_may_lend(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let rivals = rivals(&market).await;
    for person in 0..4 {
        let borrower = [national_id(person)];
        let checks = rivals
            .iter()
            .map(|rival| market.apply(*rival, check(person, 1, &[&borrower])));
        let done = join_all(checks).await;
        let ruled: Vec<_> = done
            .into_iter()
            .map(|accepted| ruled(accepted.unwrap().outcome))
            .collect();
        let eligible = ruled
            .iter()
            .filter(|(ruled, _)| ruled.ruling.eligibility == Eligibility::Eligible);
        assert_eq!(eligible.count(), 1);
        assert_eq!(ruled.iter().filter(|(_, held)| held.is_some()).count(), 1);
    }
}

pub async fn joint_borrowers_in_either_order_never_wait_for_each_other(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let (one, other) = ([national_id(1)], [national_id(2)]);
    for round in 0..20 {
        let checks = (0..6).map(|number| {
            let borrowers: [&[Pseudonym]; 2] = match number % 2 {
                0 => [&one, &other],
                _ => [&other, &one],
            };
            let member = [market.a, market.b, market.c][usize::try_from(number / 2).unwrap()];
            market.apply(member, check(round * 2 + number % 2, 9, &borrowers))
        });
        for done in join_all(checks).await {
            if let Err(error) = done {
                let refused = format!("{error:?}");
                let limits = ["QuotaExceeded", "ReservationsUsedUp"];
                assert!(limits.iter().any(|limit| refused.contains(limit)), "{refused}");
            }
        }
        market.wait(86_400);
    }
}

pub async fn what_is_reserved_shows_with_everybody_at_once(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let borrower = [national_id(1)];
    let reservation = held(&market, market.a, check(1, 2, &[&borrower])).await;
    market.restart().await;
    let answer = market.query(market.b, &borrower).await;
    let others = answer.figures.others.unwrap();
    assert_eq!((others.reserving_lenders, others.active_lenders), (1, 0));
    assert_eq!(
        others.reserved_amount.up_to, 1_000_000,
        "a coarse edge: one lender"
    );
    let own = market.query(market.a, &borrower).await.figures.others.unwrap();
    assert_eq!(own.reserving_lenders, 0, "nobody sees its own among the others'");
    market.wait(30 * 60 + 1);
    let late = market.query(market.c, &borrower).await.figures.others.unwrap();
    assert_eq!((late.reserving_lenders, late.reserved_amount.up_to), (0, 0));
    let row = market
        .store
        .find_reservation(market.a, reservation.reservation_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state_at(engine.clock().now()), ReservationState::Expired);
}

pub async fn a_reservation_is_confirmed_extended_and_released(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let borrower = [national_id(1)];
    let first = held(&market, market.a, check(1, 9, &[&borrower]))
        .await
        .reservation_id;
    let second = held(&market, market.a, check(2, 9, &[&borrower]))
        .await
        .reservation_id;
    let extended = market
        .accept(market.a, step(first, ReservationStep::Extend { minutes: 60 }))
        .await;
    let Outcome::Reserved(extended) = extended else {
        panic!("{extended:?}");
    };
    assert_eq!(extended.expires_at, extended.created_at.plus_seconds(90 * 60));
    let release = || step(second, ReservationStep::Release(ReleaseReason::Withdrawn));
    assert_eq!(market.refuse(market.b, release()).await, Code::ReservationUnknown);
    market.accept(market.a, release()).await;
    assert_eq!(market.refuse(market.a, release()).await, Code::ReservationEnded);
    market.restart().await;
    let loan = Loan::new("A1", &borrower)
        .said(today(), 1)
        .with(|facts| {
            facts.opened_on = today();
            facts.original_amount = 500_000;
        })
        .owing(500_000);
    let Action::Report(report) = loan.report() else {
        panic!("a loan is reported");
    };
    let confirm = || step(first, ReservationStep::Confirm(report.clone()));
    let confirmed = market.accept(market.a, confirm()).await;
    let Outcome::Confirmed {
        reservation,
        late,
        version,
        ..
    } = confirmed
    else {
        panic!("{confirmed:?}");
    };
    assert_eq!(
        (reservation.state, late, version),
        (ReservationState::Confirmed, false, 1)
    );
    let again = market.accept(market.a, confirm()).await;
    assert!(
        matches!(again, Outcome::Confirmed { version: 1, .. }),
        "{again:?}"
    );
    let seen = market.query(market.b, &borrower).await.figures.others.unwrap();
    assert_eq!((seen.active_lenders, seen.reserving_lenders), (1, 0));
}

pub async fn a_report_of_a_new_loan_consumes_what_it_fits(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let borrower = [national_id(1)];
    let id = held(&market, market.a, check(1, 1, &[&borrower]))
        .await
        .reservation_id;
    let loan = Loan::new("A1", &borrower).said(today(), 1).with(|facts| {
        facts.opened_on = today();
        facts.original_amount = 400_000;
    });
    market.report(market.a, &loan.owing(400_000)).await;
    let row = market
        .store
        .find_reservation(market.a, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, ReservationState::Confirmed);
    assert!(row.account_no.is_some() && !row.late);
    assert!(
        market
            .store
            .find_reservation(market.b, id)
            .await
            .unwrap()
            .is_none()
    );
    let (other, _) = ruled(market.accept(market.b, check(1, 1, &[&borrower])).await);
    assert_eq!(
        other.ruling.reasons,
        [ReasonCode::LenderCount],
        "the loan counts on"
    );
    let named = Loan::new("A2", &borrower).said(today(), 1).with(|facts| {
        facts.opened_on = today();
        facts.reservation_id = Some(id.to_string());
    });
    assert_eq!(
        market.refuse(market.a, named.report()).await,
        Code::ReservationEnded
    );
}

pub async fn a_ruling_is_explained_to_whom_it_was_given(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let borrower = [national_id(1)];
    held(&market, market.a, check(1, 1, &[&borrower])).await;
    let (refused, none) = ruled(market.accept(market.b, check(2, 1, &[&borrower])).await);
    assert!(none.is_none());
    market.restart().await;
    let explained = market
        .store
        .find_ruling(market.b, refused.answer_id)
        .await
        .unwrap();
    assert_eq!(explained, Some(refused.clone()), "word for word");
    assert_eq!(
        market
            .store
            .find_ruling(market.a, refused.answer_id)
            .await
            .unwrap(),
        None
    );
}

pub async fn an_application_keeps_its_terms_over_a_restart(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let borrower = [national_id(1)];
    held(&market, market.a, check(1, 9, &[&borrower])).await;
    market.restart().await;
    let Action::Check(mut other) = check(1, 9, &[&borrower]) else {
        panic!("a check");
    };
    other.income_digest = Some(Sha256([1; 32]));
    let changed = Action::Check(other);
    assert_eq!(market.refuse(market.a, changed).await, Code::ApplicationChanged);
    let somebody_else = check(1, 9, &[&[national_id(2)]]);
    assert_eq!(
        market.refuse(market.a, somebody_else).await,
        Code::ApplicationChanged
    );
    // Thirty days after its last check it is forgotten, the hash of the income with it.
    market.wait(31 * 86_400);
    for _ in 0..3 {
        market.wait(61);
        market.query(market.b, &borrower).await;
    }
    let Action::Check(mut again) = check(1, 9, &[&[national_id(2)]]) else {
        panic!("a check");
    };
    again.answer_id = AnswerId(named(1, 2));
    again.reservation_id = ReservationId(named(2, 2));
    let again = ruled(market.accept(market.a, Action::Check(again)).await);
    assert_eq!(again.0.ruling.eligibility, Eligibility::Eligible);
}

pub async fn reservations_follow_a_merge_and_hold_a_subject(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let (one, other) = ([national_id(1)], [passport(2)]);
    let id = held(&market, market.a, check(1, 1, &[&one])).await.reservation_id;
    held(&market, market.b, check(2, 1, &[&other])).await;
    let both = Loan::new("C1", &[national_id(1), passport(2)]);
    assert_eq!(
        market.refuse(market.c, both.report()).await,
        Code::IdentityConflict,
        "both are held by reservations"
    );
    let merge = Administration::MergeSubjects {
        keep: passport(2),
        merge: national_id(1),
        reason: "one person".to_owned(),
    };
    market.accept(OPERATOR, administer(merge)).await;
    let seen = market.query(market.c, &one).await.figures.others.unwrap();
    assert_eq!(seen.reserving_lenders, 2, "both are of one person now");
    let extended = step(id, ReservationStep::Extend { minutes: 1 });
    market.accept(market.a, extended).await;
    let split = Administration::SplitSubject {
        token: national_id(1),
        reason: "two after all".to_owned(),
    };
    market.accept(OPERATOR, administer(split)).await;
    market.wait(1);
    let seen = market.query(market.c, &one).await.figures.others.unwrap();
    assert_eq!(
        seen.reserving_lenders, 1,
        "what was made with the number went with it"
    );
    let seen = market.query(market.c, &other).await.figures.others.unwrap();
    assert_eq!(seen.reserving_lenders, 1);
}

pub async fn a_joint_reservation_is_no_loan_of_one_of_them(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let (one, other) = ([national_id(1)], [national_id(2)]);
    let id = held(&market, market.a, check(1, 1, &[&one, &other]))
        .await
        .reservation_id;
    let alone = Loan::new("A1", &one).said(today(), 1).with(|facts| {
        facts.opened_on = today();
        facts.original_amount = 400_000;
    });
    market.report(market.a, &alone.owing(400_000)).await;
    let row = market
        .store
        .find_reservation(market.a, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, ReservationState::Active, "it is another loan");
    let (rival, _) = ruled(market.accept(market.b, check(2, 1, &[&other])).await);
    assert_eq!(rival.ruling.reasons, [ReasonCode::LenderCount]);
    let both = Loan::new("A2", &one)
        .said(today(), 1)
        .also(LiabilityRole::Joint, &other)
        .with(|facts| {
            facts.opened_on = today();
            facts.original_amount = 500_000;
        });
    let Action::Report(report) = both.owing(500_000).report() else {
        panic!("a loan is reported");
    };
    let confirmed = market
        .accept(market.a, step(id, ReservationStep::Confirm(report)))
        .await;
    assert!(
        matches!(confirmed, Outcome::Confirmed { late: false, .. }),
        "{confirmed:?}"
    );
}

pub async fn what_was_confirmed_is_reported_at_night_as_it_is(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let borrower = [national_id(1)];
    let id = held(&market, market.a, check(1, 1, &[&borrower]))
        .await
        .reservation_id;
    let loan = Loan::new("A1", &borrower)
        .said(today(), 1)
        .with(|facts| {
            facts.opened_on = today();
            facts.original_amount = 500_000;
        })
        .owing(500_000);
    let Action::Report(report) = loan.report() else {
        panic!("a loan is reported");
    };
    market
        .accept(market.a, step(id, ReservationStep::Confirm(report)))
        .await;
    // The same pair without the name of the reservation is the same content.
    assert_eq!(market.report(market.a, &loan).await, 1);
    assert_eq!(
        market.report(market.a, &loan.said(today(), 2)).await,
        1,
        "nor a new version"
    );
}
