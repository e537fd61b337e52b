//! Searches everything that the service leaves behind for what it must not know or tell: identifiers, tokens, keys, and a
//! secret planted into each field of free text.
//!
//! The real program works over mutual TLS with its log at debug level; then its database, its log, its metrics and every
//! refusal that it sent are searched; on PostgreSQL also what that server was told, statement by statement.

use std::collections::BTreeSet;

use tallystick::domain::clock::{Clock as _, SystemClock};
use tallystick::domain::date::BusinessZone;
use tallystick::wire::pb;
use tonic::{Code, Response, Status};

use super::people::{Person, loan, mobile, national_id};
use super::process::{Service, Site};
use super::remains::{LOG_OF_POSTGRES, dump, on_disk, watched};
use super::search::{Needles, secret_keys};
use super::world::{Actor, enrol, question, request_id};

/// What a careless clerk might write into a field of free text, and what such a clerk might name an account.
fn planted() -> [(String, String); 3] {
    let mobile = |number| mobile(number).replace("+86 ", "").replace(' ', "");
    [
        (mobile(654_321), mobile(765_432)),
        (national_id(777_777), national_id(888_888)),
        (
            "zhang.san@mail.example".to_owned(),
            "li.si@post.example".to_owned(),
        ),
    ]
}

/// The needle of a secret that names an account.
const PLANTED_NAME: &str = "a secret planted as the name of an account";

/// Everything that callers were told when they were refused.
#[derive(Default)]
struct Heard(Vec<u8>);

impl Heard {
    /// The answer, or what was said instead of one.
    fn answer<T>(&mut self, answered: Result<Response<T>, Status>) -> Result<T, Code> {
        answered.map(Response::into_inner).map_err(|status| {
            self.0.extend(format!("{status:?}\n").into_bytes());
            self.0.extend(status.details());
            status.code()
        })
    }

    /// Must be refused as malformed.
    fn refused<T: std::fmt::Debug>(&mut self, field: &str, answered: Result<Response<T>, Status>) {
        let answered = self.answer(answered);
        assert_eq!(answered.expect_err(field), Code::InvalidArgument, "{field}");
    }
}

fn day() -> chrono::NaiveDate {
    BusinessZone::default().date_of(SystemClock.now())
}

fn report(position: pb::Position) -> pb::ReportPositionRequest {
    pb::ReportPositionRequest {
        position: Some(position),
        event: pb::EventType::Opened.into(),
        request_id: request_id(),
    }
}

async fn tokens(actor: &Actor, person: &Person) -> Vec<pb::SubjectToken> {
    let mut tokens = actor.tokens(person).await;
    for token in &mut tokens {
        token.verified_on = None;
    }
    tokens
}

/// Puts a secret into every field of free text, one after another.
async fn plant(
    bank: &Actor,
    operator: &Actor,
    tokens: &[pb::SubjectToken],
    (secret, name): (&str, &str),
    heard: &mut Heard,
) {
    let fields: [(&str, fn(&mut pb::Position) -> &mut String); 7] = [
        ("account_ref", |position| &mut position.account_ref),
        ("region_code", |position| &mut position.region_code),
        ("currency", |position| &mut position.currency),
        ("funding_group_ref", |position| &mut position.funding_group_ref),
        ("consent_reference", |position| &mut position.consent_reference),
        ("adverse_notice_reference", |position| {
            &mut position.adverse_notice_reference
        }),
        ("reservation_id", |position| &mut position.reservation_id),
    ];
    let (mut reporting, mut exposure, mut admin) = (
        bank.client.reporting(),
        bank.client.exposure(),
        operator.client.admin(),
    );
    for (field, of) in fields {
        let mut position = loan("PLANTED", tokens.to_vec(), day());
        let secret = if field == "account_ref" { name } else { secret };
        *of(&mut position) = format!("ref-{secret}");
        heard.refused(field, reporting.report_position(report(position)).await);
    }
    let mut named = report(loan("PLANTED", tokens.to_vec(), day()));
    named.request_id = secret.to_owned();
    heard.refused("request_id", reporting.report_position(named).await);
    let correction = pb::CorrectPositionRequest {
        position: Some(loan("A-1", tokens.to_vec(), day())),
        corrects_version: 1,
        reason: format!("told by {secret}"),
        request_id: request_id(),
    };
    heard.refused("reason", reporting.correct_position(correction).await);
    let mut asked = question(tokens.to_vec(), pb::Purpose::NewCredit);
    asked.consent.as_mut().expect("it has one").reference = format!("by {secret}");
    heard.refused("consent.reference", exposure.query_exposure(asked).await);
    let pages = pb::ListPositionsRequest {
        page_token: secret.to_owned(),
        ..pb::ListPositionsRequest::default()
    };
    heard.refused("page_token", reporting.list_positions(pages).await);
    let mut two = tokens.iter().cloned();
    let merge = pb::MergeSubjectsRequest {
        keep: two.next(),
        merge: two.next(),
        reason: format!("said {secret}"),
        request_id: request_id(),
    };
    heard.refused("reason", admin.merge_subjects(merge).await);
    let split = pb::SplitSubjectRequest {
        token: tokens.first().cloned(),
        reason: format!("said {secret}"),
        request_id: request_id(),
    };
    heard.refused("reason", admin.split_subject(split).await);
    // Names of accounts that are only looked for need not be judged, only kept quiet about.
    let account_ref = format!("ref-{name}");
    let got = reporting
        .get_position(pb::GetPositionRequest { account_ref })
        .await;
    heard.answer(got).expect_err("there is no such account");
}

/// Reports, looks, corrections, deletions and lists that are answered.
async fn trade(bank: &Actor, other: &Actor, people: &[Person], needles: &mut Needles) {
    for (number, person) in people.iter().enumerate() {
        let (own, theirs) = (tokens(bank, person).await, tokens(other, person).await);
        for (name, token) in [("bank-a's token", &own), ("bank-b's token", &theirs)] {
            for token in token {
                needles.bytes(name, &token.value);
            }
        }
        bank.report(loan(&format!("A-{number}"), own.clone(), day()))
            .await;
        other.query(theirs.clone()).await;
        other.look(theirs[..1].to_vec()).await;
        bank.query(own).await;
    }
    let mut reporting = bank.client.reporting();
    let listed = reporting
        .list_positions(pb::ListPositionsRequest::default())
        .await;
    assert_eq!(
        listed.expect("its own book").into_inner().positions.len(),
        people.len()
    );
    let deleted = reporting
        .delete_position(pb::DeletePositionRequest {
            account_ref: "A-0".to_owned(),
            reason: pb::DeletionReason::ReportedInError.into(),
            request_id: request_id(),
        })
        .await;
    deleted.expect("its own account");
}

/// Calls that are refused for all other reasons, with real tokens in them.
async fn annoy(bank: &Actor, operator: &Actor, tokens: &[pb::SubjectToken], heard: &mut Heard) {
    let mut reporting = bank.client.reporting();
    let mut stale = loan("A-1", tokens.to_vec(), day() - chrono::Days::new(1));
    stale.next_due_on = None;
    assert_eq!(
        heard.answer(reporting.report_position(report(stale)).await).err(),
        Some(Code::FailedPrecondition)
    );
    let mut wrong_type = tokens.to_vec();
    wrong_type[1].r#type = wrong_type[0].r#type;
    heard.refused(
        "tokens",
        reporting
            .report_position(report(loan("W-1", wrong_type, day())))
            .await,
    );
    let mut long = tokens.to_vec();
    long[0].value.push(0);
    heard.refused(
        "tokens",
        reporting.report_position(report(loan("W-2", long, day()))).await,
    );
    let asked = question(tokens.to_vec(), pb::Purpose::NewCredit);
    let refused = heard.answer(operator.client.exposure().query_exposure(asked).await);
    assert_eq!(refused.err(), Some(Code::PermissionDenied));
}

async fn member(site: &Site, service: &Service, operator: &Actor, name: &str) -> Actor {
    let credentials = site.authority.issue(name, 2048);
    enrol(
        &operator.client,
        name,
        pb::LenderGroup::Bank,
        pb::Role::Lender,
        &credentials,
    )
    .await;
    site.connect(service, &credentials, name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_identifier_token_key_or_planted_secret_is_in_the_database_the_logs_the_metrics_or_a_refusal() {
    let site = Site::on(watched().await);
    let service = site.start();
    let operator = site.connect(&service, &site.operator, "operator").await;
    let bank = member(&site, &service, &operator, "bank-a").await;
    let other = member(&site, &service, &operator, "bank-b").await;
    let people: Vec<Person> = (0..12)
        .map(|number| Person::number(number * 4_321 + 17))
        .collect();

    let (mut needles, mut heard) = (Needles::default(), Heard::default());
    for person in &people {
        needles.text("a mobile number as typed", &person.mobile);
        needles.text(
            "a mobile number",
            person.mobile.replace(' ', "").trim_start_matches("+86"),
        );
        needles.text("a national identity number", &person.national_id);
    }
    trade(&bank, &other, &people, &mut needles).await;
    let own = tokens(&bank, &people[1]).await;
    annoy(&bank, &operator, &own, &mut heard).await;
    for (secret, name) in planted() {
        needles.text("a planted secret", &secret);
        needles.text(PLANTED_NAME, &name);
        plant(&bank, &operator, &own, (&secret, &name), &mut heard).await;
    }
    let metrics = service.page("/metrics");
    let in_use = dump(&site.storage, &site.data()).await;
    for (name, key) in secret_keys(&site.data()) {
        needles.bytes(&name, &key);
    }
    let log = service.stop();
    let at_rest = dump(&site.storage, &site.data()).await;
    let on_disk = on_disk(&site.storage, &site.data()).await;

    // What must be there, so that the search is one.
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&in_use, "C-2026-TERMS-1") && holds(&at_rest, "bank-a"));
    for (place, bytes) in &on_disk {
        assert!(
            holds(bytes, "C-2026-TERMS-1") && holds(bytes, "bank-a"),
            "{place}"
        );
    }
    assert!(
        log.contains("DEBUG") && log.contains("QueryExposure"),
        "the log is at debug level"
    );
    assert!(metrics.contains("tallystick_"), "{metrics}");
    assert!(holds(&heard.0, "PII_IN_FREE_TEXT"));
    let said = [
        ("the database in use", in_use.as_slice()),
        ("the database at rest", &at_rest),
        ("the log", log.as_bytes()),
        ("the metrics", metrics.as_bytes()),
        ("a refusal", &heard.0),
    ];
    let kept = on_disk.iter().map(|(place, bytes)| (*place, bytes.as_slice()));
    for (place, bytes) in said.into_iter().chain(kept) {
        let found = needles.found_in(bytes);
        let expected = match place {
            // A name is looked for before it is judged, and this server logs the parameters of all statements, as no server
            // of a market should: then it has the names that were refused, and still no identifier, token or key of ours.
            LOG_OF_POSTGRES => BTreeSet::from([PLANTED_NAME]),
            _ => BTreeSet::new(),
        };
        assert_eq!(found, expected, "in {place}");
    }
}
