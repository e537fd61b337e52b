//! The register of members, evaluations and what two operators sign.

use tallystick::domain::clock::Clock as _;
use tallystick::domain::date::{Timestamp, days_after};
use tallystick::domain::member::{Certificate, LenderGroup, Member, MemberState, Role};
use tallystick::domain::names::{Fingerprint, MemberId, MemberNo};
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::domain::unit::{Action, Administration, MemberUpdate, NewMember, Outcome, Write};
use tallystick::domain::violation::Code;
use tallystick::store::ApplyError;

use super::engine::{Engine, ManualClock};
use super::market::{Loan, Market, OPERATOR, administer, national_id, newcomer, refusal, request, today};

async fn member(market: &Market<'_>, name: &str) -> Member {
    let members = market.store.members().await.unwrap();
    let found = members
        .into_iter()
        .find(|member| member.member_id.as_str() == name);
    found.expect("the member is on file")
}

fn name(text: &str) -> MemberId {
    MemberId::parse(text).expect("a member id")
}

fn update(member_id: &str) -> MemberUpdate {
    MemberUpdate {
        member_id: name(member_id),
        display_name: None,
        lender_group: None,
        roles: None,
        state: None,
        rule_packs: None,
        evaluations_per_day: None,
    }
}

fn certificate(number: u8) -> Certificate {
    Certificate {
        fingerprint: Fingerprint([number; 32]),
        not_after: ManualClock::START.plus_seconds(86_400),
        revoked_at: None,
    }
}

pub async fn members_come_back_as_they_were_enrolled(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let groups = [
        LenderGroup::Bank,
        LenderGroup::ConsumerFinance,
        LenderGroup::OnlineMicroloan,
        LenderGroup::Microloan,
        LenderGroup::AutoLeasing,
        LenderGroup::Other,
    ];
    let mut enrolled = Vec::new();
    for (number, lender_group) in (10_u8..).zip(groups) {
        let new = NewMember {
            lender_group,
            roles: vec![Role::Lender, Role::Regulator, Role::Operator, Role::Collector],
            certificates: vec![certificate(number), certificate(number + 100)],
            rule_packs: vec!["one".to_owned(), "two".to_owned()],
            ..newcomer(&format!("member-{number}"))
        };
        match market
            .accept(OPERATOR, administer(Administration::CreateMember(new)))
            .await
        {
            Outcome::Member(member) => enrolled.push(*member),
            other => panic!("enrolled as {other:?}"),
        }
    }
    market.restart().await;
    let members = market.store.members().await.unwrap();
    assert_eq!(members[3..], enrolled[..]);
    assert!(members[0].certificates.is_empty());
    for state in [MemberState::Suspended, MemberState::Active, MemberState::Left] {
        let change = MemberUpdate {
            state: Some(state),
            rule_packs: Some(Vec::new()),
            display_name: Some("李氏小额贷款".to_owned()),
            ..update("member-12")
        };
        let changed = market
            .accept(OPERATOR, administer(Administration::UpdateMember(change)))
            .await;
        let stored = member(&market, "member-12").await;
        assert_eq!(changed, Outcome::Member(Box::new(stored)));
    }
}

pub async fn each_change_of_the_register_raises_its_generation(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let mut last = market.store.registry_generation().await.unwrap();
    let member_id = name("lender-a");
    let changes = [
        Administration::CreateMember(newcomer("lender-d")),
        Administration::UpdateMember(update("lender-d")),
        Administration::AddCertificate {
            member_id: member_id.clone(),
            certificate: certificate(9),
        },
        Administration::RevokeCertificate {
            member_id,
            fingerprint: Fingerprint([9; 32]),
        },
    ];
    for change in changes {
        market.accept(OPERATOR, administer(change)).await;
        let generation = market.store.registry_generation().await.unwrap();
        assert!(generation > last);
        last = generation;
    }
    market.report(market.a, &Loan::new("A1", &[national_id(1)])).await;
    assert_eq!(
        market.store.registry_generation().await.unwrap(),
        last,
        "reports are no change of it"
    );
}

pub async fn a_revoked_certificate_stays_revoked(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let revoke = administer(Administration::RevokeCertificate {
        member_id: name("lender-a"),
        fingerprint: Fingerprint([9; 32]),
    });
    assert_eq!(
        market.refuse(OPERATOR, revoke.clone()).await,
        Code::CertificateUnknown
    );
    let add = administer(Administration::AddCertificate {
        member_id: name("lender-a"),
        certificate: certificate(9),
    });
    market.accept(OPERATOR, add.clone()).await;
    market.accept(OPERATOR, revoke.clone()).await;
    market.restart().await;
    let first = member(&market, "lender-a").await.certificates[0].revoked_at;
    assert!(first.is_some());
    market.wait(60);
    market.accept(OPERATOR, revoke).await;
    assert_eq!(
        member(&market, "lender-a").await.certificates[0].revoked_at,
        first
    );
    assert_eq!(market.refuse(OPERATOR, add).await, Code::CertificateTaken);
}

pub async fn evaluations_are_counted_by_member_and_day(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let tomorrow = days_after(today(), 1);
    market.wait(86_400);
    market
        .accept(market.a, Action::ChargeEvaluations { count: 30 })
        .await;
    market.restart().await;
    market
        .accept(market.a, Action::ChargeEvaluations { count: 40 })
        .await;
    for (member, day, used) in [
        (market.a, today(), 100),
        (market.a, tomorrow, 70),
        (market.b, tomorrow, 0),
        (MemberNo(999), tomorrow, 0),
    ] {
        let found = market.store.evaluations_used(member, day).await.unwrap();
        assert_eq!(found, used, "{member:?} {day}");
    }
    let Err(ApplyError::Refused(refused)) = market
        .apply(market.a, Action::ChargeEvaluations { count: 31 })
        .await
    else {
        panic!("the quota is 100");
    };
    assert_eq!(refused.violations[0].code, Code::QuotaExceeded);
    let midnight = MarketRules::default().zone.start_of(days_after(today(), 2));
    assert_eq!(refused.retry_at, Some(midnight));
    market
        .accept(market.a, Action::ChargeEvaluations { count: 30 })
        .await;
}

pub async fn grants_are_used_up_after_the_quota(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    let grant = |evaluations, days: i64| {
        administer(Administration::GrantEvaluations {
            member_id: name("lender-a"),
            evaluations,
            expires_at: ManualClock::START.plus_seconds(days * 86_400),
            reason: "first load".to_owned(),
        })
    };
    market.accept(OPERATOR, grant(50, 3)).await;
    market.accept(OPERATOR, grant(5, 1)).await;
    market.restart().await;
    let charge = |count| Action::ChargeEvaluations { count };
    assert_eq!(market.refuse(market.a, charge(56)).await, Code::QuotaExceeded);
    market.accept(market.a, charge(10)).await;
    market.restart().await;
    // The grant that ends first is used first, so 45 are left of the other.
    market.wait(2 * 86_400);
    assert_eq!(market.refuse(market.a, charge(146)).await, Code::QuotaExceeded);
    market.accept(market.a, charge(145)).await;
    assert_eq!(market.refuse(market.a, charge(1)).await, Code::QuotaExceeded);
    let day = days_after(today(), 2);
    assert_eq!(market.store.evaluations_used(market.a, day).await.unwrap(), 100);
}

fn by_operator(market: &Market<'_>, number: u8, body: u8, action: Action) -> Write {
    let operator = MemberNo(1_000 + i64::from(number));
    Write {
        certificate: Fingerprint([number; 32]),
        ..market.requested(operator, request(1, body), action)
    }
}

/// A proposal of a member, or its signature, under its own request id.
fn enrolment(market: &Market<'_>, operator: u8, id: u8, new: NewMember) -> Write {
    let action = administer(Administration::CreateMember(new));
    let write = by_operator(market, operator, id, action);
    Write {
        request: Some(request(id, id)),
        ..write
    }
}

pub async fn a_signature_enrols_what_was_signed(engine: &dyn Engine) {
    let market = Market::with_rules(engine, MarketRules::default()).await;
    let greedy = NewMember {
        evaluations_per_day: 1_000_000,
        ..newcomer("lender-d")
    };
    let modest = newcomer("lender-d");
    let proposed = market.store.apply(enrolment(&market, 1, 1, greedy.clone())).await;
    assert!(proposed.is_ok());
    // The same operator cannot put a second face on what waits.
    for other in [
        modest,
        NewMember {
            rule_packs: Vec::new(),
            ..greedy
        },
    ] {
        let again = market.store.apply(enrolment(&market, 1, 2, other)).await;
        assert_eq!(refusal(again), Code::MemberExists);
    }
    assert_eq!(member(&market, "lender-d").await.state, MemberState::Proposed);
}

pub async fn a_signature_enrols_nobody_who_was_changed_or_withdrawn_since(engine: &dyn Engine) {
    let market = Market::with_rules(engine, MarketRules::default()).await;
    let changes = [
        Administration::AddCertificate {
            member_id: name("lender-d"),
            certificate: certificate(9),
        },
        Administration::UpdateMember(MemberUpdate {
            display_name: Some("Somebody else".to_owned()),
            ..update("lender-e")
        }),
        Administration::UpdateMember(MemberUpdate {
            state: Some(MemberState::Left),
            ..update("lender-f")
        }),
    ];
    for ((id, member_id), change) in (1_u8..).zip(["lender-d", "lender-e", "lender-f"]).zip(changes) {
        let proposed = market
            .store
            .apply(enrolment(&market, 1, id, newcomer(member_id)))
            .await;
        assert!(proposed.is_ok());
        market.accept(OPERATOR, administer(change)).await;
        let signed = market
            .store
            .apply(enrolment(&market, 2, id, newcomer(member_id)))
            .await;
        assert_eq!(refusal(signed), Code::MemberExists, "{member_id}");
        assert_ne!(member(&market, member_id).await.state, MemberState::Active);
    }
}

pub async fn grants_add_up_without_end(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    for _ in 0..3 {
        let grant = Administration::GrantEvaluations {
            member_id: name("lender-a"),
            evaluations: i64::MAX.unsigned_abs(),
            expires_at: Timestamp::from_micros(i64::MAX),
            reason: "first load".to_owned(),
        };
        market.accept(OPERATOR, administer(grant)).await;
    }
    market
        .accept(market.a, Action::ChargeEvaluations { count: 1_000 })
        .await;
}

fn a_grant() -> Action {
    administer(Administration::GrantEvaluations {
        member_id: name("lender-a"),
        evaluations: 10,
        expires_at: Timestamp::from_micros(i64::MAX),
        reason: "first load".to_owned(),
    })
}

pub async fn a_proposal_waits_for_a_second_operator_across_a_restart(engine: &dyn Engine) {
    let mut market = Market::with_rules(engine, MarketRules::default()).await;
    let charge = Action::ChargeEvaluations { count: 10 };
    for attempt in 0..2 {
        let proposed = market
            .store
            .apply(by_operator(&market, 1, 1, a_grant()))
            .await
            .unwrap();
        assert_eq!(
            proposed.outcome,
            Outcome::Approved { done: false },
            "attempt {attempt}"
        );
        assert_eq!(market.refuse(market.a, charge.clone()).await, Code::QuotaExceeded);
        market.restart().await;
    }
    let other = by_operator(&market, 2, 2, a_grant());
    assert_eq!(refusal(market.store.apply(other).await), Code::RequestIdReused);
    let signed = market
        .store
        .apply(by_operator(&market, 2, 1, a_grant()))
        .await
        .unwrap();
    assert_eq!(signed.outcome, Outcome::Approved { done: true });
    market.accept(market.a, charge.clone()).await;
    assert_eq!(
        market.refuse(market.a, charge).await,
        Code::QuotaExceeded,
        "granted once"
    );
}

pub async fn a_signed_proposal_is_replayed_to_both_operators(engine: &dyn Engine) {
    let mut market = Market::with_rules(engine, MarketRules::default()).await;
    market
        .store
        .apply(by_operator(&market, 1, 1, a_grant()))
        .await
        .unwrap();
    let signed = market
        .store
        .apply(by_operator(&market, 2, 1, a_grant()))
        .await
        .unwrap();
    for operator in [1, 2, 1] {
        let again = by_operator(&market, operator, 1, a_grant());
        assert_eq!(
            market.store.apply(again).await.unwrap(),
            signed,
            "operator {operator}"
        );
        market.restart().await;
    }
    market
        .accept(market.a, Action::ChargeEvaluations { count: 10 })
        .await;
    let more = Action::ChargeEvaluations { count: 1 };
    assert_eq!(
        market.refuse(market.a, more).await,
        Code::QuotaExceeded,
        "granted once"
    );
}

pub async fn suspended_members_no_longer_count_for_coverage(engine: &dyn Engine) {
    let mut market = Market::on(engine).await;
    market.report(market.b, &Loan::new("B1", &[national_id(1)])).await;
    let coverage = market
        .query(market.a, &[national_id(1)])
        .await
        .figures
        .coverage_percent;
    assert_eq!(coverage, 50, "C never reported");
    market.restart().await;
    let coverage = market
        .query(market.a, &[national_id(2)])
        .await
        .figures
        .coverage_percent;
    assert_eq!(coverage, 50);
    let change = MemberUpdate {
        state: Some(MemberState::Suspended),
        ..update("lender-c")
    };
    market
        .accept(OPERATOR, administer(Administration::UpdateMember(change)))
        .await;
    let coverage = market
        .query(market.a, &[national_id(3)])
        .await
        .figures
        .coverage_percent;
    assert_eq!(coverage, 100);
    market.restart().await;
    let coverage = market
        .query(market.a, &[national_id(4)])
        .await
        .figures
        .coverage_percent;
    assert_eq!(coverage, 100);
}

pub async fn a_grant_that_would_have_ended_already_is_refused(engine: &dyn Engine) {
    let market = Market::on(engine).await;
    let late = Administration::GrantEvaluations {
        member_id: name("lender-a"),
        evaluations: 5,
        expires_at: engine.clock().now(),
        reason: "too late".to_owned(),
    };
    assert_eq!(market.refuse(OPERATOR, administer(late)).await, Code::DateOrder);
}

pub async fn one_of_two_operators_takes_roles_away_and_gives_none(engine: &dyn Engine) {
    let market = Market::with_rules(engine, MarketRules::default()).await;
    let with_roles = |roles: &[Role]| {
        let roles = Some(roles.to_vec());
        administer(Administration::UpdateMember(MemberUpdate {
            roles,
            ..update("lender-a")
        }))
    };
    let more = with_roles(&[Role::Lender, Role::Regulator]);
    assert_eq!(market.refuse(OPERATOR, more).await, Code::SecondOperatorRequired);
    market.accept(OPERATOR, with_roles(&[Role::Lender])).await;
}
