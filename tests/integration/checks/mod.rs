//! Checks and reservations as a member's engineer calls them: over mutual TLS, with good and bad input.

mod conduct;
mod offline;
mod rules;

use futures::future::join_all;
use tallystick::wire::pb;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::harness::{Storage, reason};
use crate::proofs::people::{Person, consent, loan, today, wire};
use crate::proofs::world::{Actor, World, request_id};

/// Rules of one lender at a time, in the place of a pack that lenders are assigned.
pub const ONE_AT_A_TIME: &str = r#"
name = "cn-consortium"
version = 7
status = "test"
sources = ["a test"]
currency = "CNY"
first_day = 2020-01-01
zone = "Asia/Shanghai"
title = { en = "One at a time", zh = "一次一家" }

[[rule]]
id = "one-lender"
kind = "lender-count"
maximum = 1

[[case]]
name = "a first loan is allowed"
now = 2026-03-10T09:30:00
product_type = "PAYDAY"
amount = "500.00"
refused_by = []
"#;

/// A market whose lenders are judged by a pack of the operator's own.
async fn world() -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.toml"), ONE_AT_A_TIME).unwrap();
    let packs = Some(folder.path().to_owned());
    let world = World::on(Storage::new().await, |setup| setup.rule_packs = packs).await;
    (world, folder)
}

/// An application of somebody for 12,000 yuan.
pub async fn application(actor: &Actor, name: &str, person: &Person) -> pb::CheckAndReserveRequest {
    pb::CheckAndReserveRequest {
        liabilities: vec![pb::Liability {
            role: pb::LiabilityRole::Primary.into(),
            tokens: actor.strong(person).await,
        }],
        consent: Some(consent(today())),
        application_id: name.to_owned(),
        product_type: pb::ProductType::CashInstalment.into(),
        currency: "CNY".to_owned(),
        amount: 1_200_000,
        term_days: 365,
        monthly_payment: 100_000,
        request_id: request_id(),
        purpose: pb::Purpose::NewCredit.into(),
        ..pb::CheckAndReserveRequest::default()
    }
}

async fn check(
    actor: &Actor,
    request: pb::CheckAndReserveRequest,
) -> Result<pb::CheckAndReserveResponse, Status> {
    let answer = actor.client.exposure().check_and_reserve(request).await;
    answer.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_platforms_at_once_one_lends() {
    let (world, _packs) = world().await;
    let names = [
        "lender-1", "lender-2", "lender-3", "lender-4", "lender-5", "lender-6", "lender-7", "lender-8",
    ];
    let lenders = world.banks(names).await;
    let person = Person::number(1);
    let mut asked = Vec::new();
    for lender in &lenders {
        asked.push(application(lender, "app-1", &person).await);
    }
    let checks = lenders
        .iter()
        .zip(asked)
        .map(|(lender, request)| check(lender, request));
    let answers: Vec<pb::CheckAndReserveResponse> =
        join_all(checks).await.into_iter().map(Result::unwrap).collect();
    let (yes, no): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.decision.as_ref().unwrap().eligibility() == pb::Eligibility::Eligible);
    assert_eq!((yes.len(), no.len()), (1, 7));
    assert_eq!(
        yes[0].reservation.as_ref().unwrap().state(),
        pb::ReservationState::Active
    );
    for refused in no {
        let decision = refused.decision.unwrap();
        assert_eq!(refused.reservation, None);
        assert_eq!(decision.rule_pack, "cn-consortium 7");
        assert_eq!(decision.reasons[0].code, "LENDER_COUNT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_lives_and_ends_as_its_member_says() {
    let (world, _packs) = world().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let person = Person::number(1);
    let request = application(&bank, "app-1", &person).await;
    let answer = check(&bank, request.clone()).await.unwrap();
    assert_eq!(
        check(&bank, request).await.unwrap(),
        answer,
        "repeated, it is the same answer"
    );
    let reservation = answer.reservation.unwrap();
    let mut exposure = bank.client.exposure();
    let extend = pb::ExtendReservationRequest {
        reservation_id: reservation.reservation_id.clone(),
        minutes: 10,
        request_id: request_id(),
    };
    let extended = exposure
        .extend_reservation(extend)
        .await
        .unwrap()
        .into_inner()
        .reservation
        .unwrap();
    let seconds = |reservation: &pb::Reservation| reservation.expires_at.unwrap().seconds;
    assert_eq!(seconds(&extended), seconds(&reservation) + 600);
    let get = |actor: &Actor| {
        let request = pb::GetReservationRequest {
            reservation_id: reservation.reservation_id.clone(),
        };
        let mut exposure = actor.client.exposure();
        async move { exposure.get_reservation(request).await }
    };
    assert_eq!(
        get(&bank).await.unwrap().into_inner().reservation.unwrap(),
        extended
    );
    let status = get(&other).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "RESERVATION_UNKNOWN")
    );
    let mut position = loan("L-1", bank.strong(&person).await, today());
    position.opened_on = wire(today());
    let confirm = pb::ConfirmReservationRequest {
        reservation_id: reservation.reservation_id.clone(),
        position: Some(position),
        request_id: request_id(),
    };
    let confirmed = exposure.confirm_reservation(confirm).await.unwrap().into_inner();
    assert_eq!((confirmed.late, confirmed.version), (false, 1));
    assert_eq!(
        confirmed.reservation.unwrap().state(),
        pb::ReservationState::Confirmed
    );
    let release = pb::ReleaseReservationRequest {
        reservation_id: reservation.reservation_id.clone(),
        reason: pb::ReleaseReason::Withdrawn.into(),
        request_id: request_id(),
    };
    let status = exposure.release_reservation(release).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "RESERVATION_ENDED")
    );
    let seen = other.look(other.strong(&person).await).await.others.unwrap();
    assert_eq!((seen.active_lenders, seen.reserving_lenders), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_explained_in_the_language_asked_for() {
    let (world, _packs) = world().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let person = Person::number(1);
    let asked = application(&bank, "app-1", &person).await;
    check(&bank, asked).await.unwrap();
    let asked = application(&other, "app-1", &person).await;
    let refused = check(&other, asked).await.unwrap();
    let explain = |actor: &Actor, language: Option<&'static str>| {
        let mut request = Request::new(pb::ExplainDecisionRequest {
            answer_id: refused.answer_id.clone(),
        });
        if let Some(language) = language {
            request
                .metadata_mut()
                .insert("accept-language", language.parse().unwrap());
        }
        let mut exposure = actor.client.exposure();
        async move { exposure.explain_decision(request).await }
    };
    let english = explain(&other, None).await.unwrap().into_inner();
    assert_eq!(english.decision, refused.decision, "word for word");
    assert_eq!(english.rule_pack_sha256.len(), 32);
    let chinese = explain(&other, Some("zh-CN,en;q=0.5"))
        .await
        .unwrap()
        .into_inner();
    let text = &chinese.decision.unwrap().reasons[0].description;
    assert!(text.contains("机构"), "{text}");
    let status = explain(&bank, None).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "ANSWER_UNKNOWN")
    );
}

/// What is done to a check, and the status, reason and field of its refusal.
type Wrong = (
    fn(&mut pb::CheckAndReserveRequest),
    Code,
    &'static str,
    &'static str,
);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_check_is_told_by_field() {
    let (world, _packs) = world().await;
    let [bank] = world.banks(["bank-a"]).await;
    let person = Person::number(1);
    let cases: [Wrong; 6] = [
        (
            |r| r.rule_pack = "us-fl".into(),
            Code::InvalidArgument,
            "RULE_PACK_UNKNOWN",
            "rule_pack",
        ),
        (
            |r| r.currency = "USD".into(),
            Code::InvalidArgument,
            "CURRENCY",
            "currency",
        ),
        (
            |r| r.amount = 0,
            Code::InvalidArgument,
            "FIELD_REQUIRED",
            "amount",
        ),
        (
            |r| r.consent.as_mut().unwrap().purposes.clear(),
            Code::PermissionDenied,
            "CONSENT_PURPOSE",
            "consent.purposes",
        ),
        (
            |r| r.purpose = pb::Purpose::AccountReview.into(),
            Code::InvalidArgument,
            "PURPOSE_NOT_ALLOWED",
            "purpose",
        ),
        (
            |r| r.liabilities[0].tokens[0].value = vec![0; 32],
            Code::InvalidArgument,
            "TOKEN_INVALID",
            "liabilities[0].tokens[0].value",
        ),
    ];
    for (change, code, reason_wanted, field) in cases {
        let mut request = application(&bank, "app-1", &person).await;
        change(&mut request);
        let status = check(&bank, request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (code, reason_wanted));
        let details = status.get_error_details();
        let fields = &details.bad_request().unwrap().field_violations;
        assert_eq!(fields[0].field, field);
    }
    // None of them counts: a first check is still a first one.
    let asked = application(&bank, "app-1", &person).await;
    let answer = check(&bank, asked).await.unwrap();
    assert_eq!(answer.decision.unwrap().eligibility(), pb::Eligibility::Eligible);
}
