//! Bad input over the wire: each gets its status, its reason and its field, and leaves what is on file as it was.

use tallystick::client::Refusal;
use tallystick::wire::pb;
use tonic::Code;

use super::people::{Person, days_ago, loan, past_due, today, wire};
use super::world::{Actor, World, question, refusal, request_id};

fn assert_refused(name: &str, refused: &Refusal, code: Code, reason: &str, field: &str) {
    let shown = refused
        .violations
        .iter()
        .map(|(field, reason, _)| (field.as_str(), reason.as_str()));
    let shown: Vec<(&str, &str)> = shown.collect();
    assert_eq!(refused.code, code, "{name}: {shown:?}");
    assert!(
        shown.contains(&(field, reason)),
        "{name}: {reason} at {field} is not among {shown:?}"
    );
    assert_eq!(
        refused.reason, shown[0].1,
        "{name}: the first violation names the refusal"
    );
    for (field, _, description) in &refused.violations {
        assert!(description.len() > 10, "{name}: {field} is not explained");
    }
    assert!(
        refused.request_id.is_some(),
        "{name}: the operator cannot find it"
    );
}

type Spoil = fn(&mut pb::Position);

/// What the message alone shows: how it is spoiled, the reason, the field.
const MALFORMED: [(Spoil, &str, &str); 26] = [
    (
        |p| p.account_ref.clear(),
        "FIELD_REQUIRED",
        "position.account_ref",
    ),
    (
        |p| p.account_ref = "x".repeat(61),
        "FORMAT",
        "position.account_ref",
    ),
    (
        |p| p.account_ref = "L-13812345678".into(),
        "PII_IN_FREE_TEXT",
        "position.account_ref",
    ),
    (
        |p| p.liabilities.clear(),
        "FIELD_REQUIRED",
        "position.liabilities",
    ),
    (
        |p| p.liabilities[0].tokens.clear(),
        "FIELD_REQUIRED",
        "position.liabilities[0].tokens",
    ),
    (
        |p| p.liabilities.push(p.liabilities[0].clone()),
        "LIABILITY_ROLES",
        "position.liabilities",
    ),
    (
        |p| p.liabilities[0].tokens[1] = p.liabilities[0].tokens[0].clone(),
        "TOKEN_TYPE_REPEATED",
        "position.liabilities[0].tokens[1].type",
    ),
    (
        |p| p.liabilities[0].tokens[0].value.truncate(31),
        "TOKEN_INVALID",
        "position.liabilities[0].tokens[0].value",
    ),
    (
        |p| p.liabilities[0].tokens[0].value = vec![0; 32],
        "TOKEN_INVALID",
        "position.liabilities[0].tokens[0].value",
    ),
    (
        |p| p.liabilities[0].tokens[0].value = vec![255; 32],
        "TOKEN_INVALID",
        "position.liabilities[0].tokens[0].value",
    ),
    (
        |p| p.liabilities[0].tokens[0].key_version = 9,
        "KEY_VERSION_UNKNOWN",
        "position.liabilities[0].tokens[0].key_version",
    ),
    (|p| p.status = 0, "FIELD_REQUIRED", "position.status"),
    (|p| p.status = 77, "ENUM_UNKNOWN", "position.status"),
    (|p| p.as_of = None, "FIELD_REQUIRED", "position.as_of"),
    (
        |p| p.as_of = wire(today() + chrono::Days::new(1)),
        "DATE_IN_FUTURE",
        "position.as_of",
    ),
    (
        |p| {
            p.opened_on = Some(pb::Date {
                year: 2026,
                month: 2,
                day: 30,
            })
        },
        "FORMAT",
        "position.opened_on",
    ),
    (
        |p| p.matures_on = wire(days_ago(90)),
        "DATE_ORDER",
        "position.matures_on",
    ),
    (
        |p| p.outstanding_total = -1,
        "AMOUNT_NEGATIVE",
        "position.outstanding_total",
    ),
    (
        |p| p.outstanding_total = 1_000_000_000_000_001,
        "AMOUNT_OVERFLOW",
        "position.outstanding_total",
    ),
    (|p| p.currency = "YUAN".into(), "CURRENCY", "position.currency"),
    (
        |p| p.days_past_due = 3,
        "DPD_AMOUNT_MISMATCH",
        "position.days_past_due",
    ),
    (
        |p| p.guarantee_type = pb::GuaranteeType::Guarantee.into(),
        "GUARANTOR_MISSING",
        "position.liabilities",
    ),
    (
        |p| p.status = pb::AccountStatus::BadDebt.into(),
        "BAD_DEBT_ZERO_OVERDUE",
        "position.overdue",
    ),
    (
        |p| p.consent_reference.clear(),
        "FIELD_REQUIRED",
        "position.consent_reference",
    ),
    (|p| p.sequence = 0, "FIELD_REQUIRED", "position.sequence"),
    (
        |p| {
            *p = past_due(p.clone(), 40, 1_000, today());
            p.adverse_notice_reference.clear();
            p.adverse_notice_sent_on = None;
        },
        "ADVERSE_WITHOUT_NOTICE",
        "position.adverse_notice_reference",
    ),
];

async fn nothing_on_file(actor: &Actor) {
    let listed = actor
        .client
        .reporting()
        .list_positions(pb::ListPositionsRequest::default())
        .await;
    assert_eq!(
        listed.expect("its own book").into_inner().positions,
        [],
        "refused and stored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_positions_are_refused_with_every_reason_and_its_field() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let tokens = bank.tokens(&Person::number(1)).await;
    for (number, (spoil, reason, field)) in MALFORMED.into_iter().enumerate() {
        let mut position = loan("A-1", tokens.clone(), today());
        spoil(&mut position);
        let name = format!("case {number}, {reason}");
        let refused = bank.try_report(position).await.expect_err(&name);
        assert_refused(&name, &refused, Code::InvalidArgument, reason, field);
    }
    for (name, reason) in [("", "FIELD_REQUIRED"), ("no-uuid", "FORMAT")] {
        let refused = bank
            .try_report_as(loan("A-1", tokens.clone(), today()), name.to_owned())
            .await;
        assert_refused(
            reason,
            &refused.expect_err(reason),
            Code::InvalidArgument,
            reason,
            "request_id",
        );
    }
    let mut many = loan("", tokens, today());
    (many.status, many.currency, many.outstanding_total) = (77, String::new(), -5);
    let refused = bank.try_report(many).await.expect_err("much is wrong");
    assert!(
        refused.violations.len() >= 4,
        "all at once: {:?}",
        refused.violations
    );
    nothing_on_file(&bank).await;
}

/// What contradicts the loan on file: how the next report is spoiled, the reason, the field.
const CONTRADICTORY: [(Spoil, &str, &str); 7] = [
    (
        |p| p.as_of = wire(days_ago(1)),
        "STALE_SEQUENCE",
        "position.sequence",
    ),
    (|p| p.sequence = 1, "STALE_SEQUENCE", "position.sequence"),
    (
        |p| (p.sequence, p.outstanding_total) = (2, 1),
        "PAIR_REUSED",
        "position.sequence",
    ),
    (
        |p| p.account_type = pb::AccountType::Collection.into(),
        "ACCOUNT_TYPE_CHANGED",
        "position.account_type",
    ),
    (
        |p| *p = past_due(p.clone(), 20, 1_000, today()),
        "DPD_JUMP",
        "position.days_past_due",
    ),
    (
        |p| p.extension_count = 1,
        "EXTENSION_MONTHS",
        "position.matures_on",
    ),
    (
        |p| p.liabilities[0].tokens.remove(0).value.clear(),
        "IDENTITY_CHANGED",
        "position.liabilities[0].tokens",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn contradictory_and_stale_reports_are_refused_and_what_is_on_file_stays() {
    let world = World::start().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let tokens = bank.tokens(&Person::number(1)).await;
    let mut stored = loan("A-1", tokens.clone(), today());
    stored.sequence = 2;
    bank.report(stored.clone()).await;
    for (number, (spoil, reason, field)) in CONTRADICTORY.into_iter().enumerate() {
        let mut position = stored.clone();
        position.sequence = 3;
        spoil(&mut position);
        let name = format!("case {number}, {reason}");
        let refused = bank.try_report(position).await.expect_err(&name);
        assert_refused(&name, &refused, Code::FailedPrecondition, reason, field);
    }
    assert_eq!(
        bank.report(stored.clone()).await.version,
        1,
        "a replay of the pair changes nothing"
    );
    let get = || pb::GetPositionRequest {
        account_ref: "A-1".to_owned(),
    };
    let found = bank
        .client
        .reporting()
        .get_position(get())
        .await
        .expect("its own")
        .into_inner();
    assert_eq!((found.version, found.position), (1, Some(stored)));
    let refused = refusal(other.client.reporting().get_position(get()).await);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::NotFound, "ACCOUNT_UNKNOWN")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_names_one_request_and_a_replay_gives_the_same_bytes() {
    let world = World::start().await;
    let [bank, other] = world.banks(["bank-a", "bank-b"]).await;
    let tokens = bank.tokens(&Person::number(1)).await;
    let name = request_id();
    let position = loan("A-1", tokens.clone(), today());
    let first = bank
        .try_report_as(position.clone(), name.clone())
        .await
        .expect("accepted");
    let again = bank
        .try_report_as(position.clone(), name.clone())
        .await
        .expect("a replay");
    assert_eq!(first, again);
    let mut changed = position;
    changed.sequence = 2;
    let refused = bank
        .try_report_as(changed, name.clone())
        .await
        .expect_err("another content");
    assert_refused(
        "reused",
        &refused,
        Code::AlreadyExists,
        "REQUEST_ID_REUSED",
        "request_id",
    );
    let theirs = loan("A-1", other.tokens(&Person::number(1)).await, today());
    other
        .try_report_as(theirs, name.clone())
        .await
        .expect("names are each member's own");

    let mut asked = question(tokens, pb::Purpose::NewCredit);
    asked.request_id = name;
    let first = bank
        .try_ask(asked.clone())
        .await
        .expect("names are each rpc's own");
    assert_eq!(bank.try_ask(asked).await.expect("a replay"), first);
    let later = bank.look(bank.tokens(&Person::number(1)).await).await;
    assert_eq!(
        later.own.expect("own").hard_inquiries_360_days,
        1,
        "a replay is not recorded again"
    );
}

type SpoilQuery = fn(&mut pb::QueryExposureRequest);

#[tokio::test(flavor = "multi_thread")]
async fn queries_without_consent_purpose_or_subject_are_refused() {
    let world = World::start().await;
    let [bank] = world.banks(["bank-a"]).await;
    let tokens = bank.tokens(&Person::number(1)).await;
    let cases: [(SpoilQuery, Code, &str, &str); 9] = [
        (
            |q| q.consent = None,
            Code::PermissionDenied,
            "CONSENT_MISSING",
            "consent",
        ),
        (
            |q| {
                q.consent
                    .iter_mut()
                    .for_each(|c| c.expires_on = wire(days_ago(1)))
            },
            Code::PermissionDenied,
            "CONSENT_EXPIRED",
            "consent.expires_on",
        ),
        (
            |q| q.consent.iter_mut().for_each(|c| c.purposes = vec![17]),
            Code::PermissionDenied,
            "CONSENT_PURPOSE",
            "consent.purposes",
        ),
        (
            |q| {
                q.consent
                    .iter_mut()
                    .for_each(|c| c.granted_on = wire(today() + chrono::Days::new(1)))
            },
            Code::InvalidArgument,
            "DATE_IN_FUTURE",
            "consent.granted_on",
        ),
        (
            |q| q.purpose = 0,
            Code::InvalidArgument,
            "FIELD_REQUIRED",
            "purpose",
        ),
        (
            |q| q.purpose = pb::Purpose::Reporting.into(),
            Code::InvalidArgument,
            "PURPOSE_NOT_ALLOWED",
            "purpose",
        ),
        (
            |q| q.tokens.clear(),
            Code::InvalidArgument,
            "FIELD_REQUIRED",
            "tokens",
        ),
        (
            |q| q.currency = "EURO".into(),
            Code::InvalidArgument,
            "CURRENCY",
            "currency",
        ),
        (
            |q| q.request_id.clear(),
            Code::InvalidArgument,
            "FIELD_REQUIRED",
            "request_id",
        ),
    ];
    for (spoil, code, reason, field) in cases {
        let mut asked = question(tokens.clone(), pb::Purpose::NewCredit);
        spoil(&mut asked);
        let refused = bank.try_ask(asked).await.expect_err(reason);
        assert_refused(reason, &refused, code, reason, field);
    }
    let answer = bank.look(tokens).await;
    assert_eq!(
        answer.own.expect("own").hard_inquiries_360_days,
        0,
        "a refused look is not recorded"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_names_nobody_and_invented_subjects_run_out() {
    let world = World::start().await;
    let [bank, thief] = world.banks(["bank-a", "bank-b"]).await;
    let stolen = bank.strong(&Person::number(1)).await;
    bank.report(loan("A-1", stolen.clone(), today())).await;
    // A member that evaluated nothing has nothing to ask about: what it shows was stolen.
    let refused = thief
        .try_query(stolen.clone(), pb::Purpose::NewCredit)
        .await
        .expect_err("stolen");
    assert_refused(
        "stolen",
        &refused,
        Code::FailedPrecondition,
        "TOKENS_NOT_EVALUATED",
        "tokens",
    );
    // One evaluation lets it look, and the stolen token is still nobody's.
    thief.strong(&Person::number(2)).await;
    let answer = thief.query(stolen).await;
    assert_eq!(answer.state(), pb::SubjectState::NoRecord);
    assert_eq!(answer.match_level(), pb::MatchLevel::None);
}
