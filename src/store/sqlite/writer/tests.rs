//! NO_RECORD and FOUND do the same work; chunks of batches take turns with calls.

use std::path::Path;
use std::sync::{Arc, mpsc};

use super::*;
use crate::domain::batch::{BatchHeader, BatchId, BatchType};
use crate::domain::clock::Clock;
use crate::domain::currency::Currency;
use crate::domain::date::{from_epoch_days, to_epoch_days};
use crate::domain::exposure::SubjectState;
use crate::domain::inquiry::{Consent, Inquiry, Purpose};
use crate::domain::names::{AnswerId, Fingerprint, MemberId, MemberNo, RequestId, Sha256};
use crate::domain::token::{IdentifierType, KeyVersion, Presented, Pseudonym};
use crate::domain::unit::rows::LookKind;
use crate::domain::unit::{Action, BatchStep, BatchWork, Item, ItemAct, Look, Outcome as Done, RequestKey};
use crate::store::sqlite::migrate;
use crate::store::sqlite::statement::RAN;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_781_496_000_000_000)
    }
}

fn writer() -> Writer {
    writer_on(Connection::open_in_memory().unwrap())
}

fn writer_on(mut connection: Connection) -> Writer {
    migrate::migrate_on(&mut connection, 0).unwrap();
    let evaluated = "INSERT INTO member_activity (member_no, evaluations_ever) VALUES (1, 1000), (2, 1000)";
    connection.execute(evaluated, []).unwrap();
    Writer::new(connection, Arc::new(Noon), Arc::new(MarketRules::default())).unwrap()
}

/// A look of a member at a person by national identity number and mobile.
fn look(member_no: i64, person: u8, number: u8, purpose: Purpose) -> Write {
    let today = MarketRules::default().zone.date_of(Noon.now());
    let token = |identifier_type, byte| Presented {
        token: Pseudonym {
            identifier_type,
            key_version: KeyVersion(1),
            sealed: [byte; 48],
        },
        verified_on: None,
    };
    let inquiry = Inquiry {
        tokens: vec![
            token(IdentifierType::NationalId, person),
            token(IdentifierType::Mobile, person + 100),
        ],
        purpose,
        consent: Consent {
            reference: "C-1".to_owned(),
            purposes: vec![purpose],
            granted_on: today,
            expires_on: from_epoch_days(to_epoch_days(today) + 1).unwrap(),
            text_sha256: Sha256([1; 32]),
        },
        currency: Currency::CNY,
    };
    let look = Look {
        kind: LookKind::Query,
        answer_id: AnswerId([number; 16]),
        inquiry,
    };
    let request = RequestKey {
        id: RequestId([number; 16]),
        body: Sha256([number; 32]),
    };
    write(member_no, number, Some(request), Action::Look(Box::new(look)))
}

fn write(member_no: i64, number: u8, request: Option<RequestKey>, action: Action) -> Write {
    Write {
        member_no: MemberNo(member_no),
        member_id: MemberId::parse("bank-a").unwrap(),
        certificate: Fingerprint([1; 32]),
        request,
        salt: [number; 32],
        action,
    }
}

/// The state that was answered, and the statements that it took.
fn answered(writer: &mut Writer, write: &Write) -> (SubjectState, Vec<&'static str>) {
    RAN.take();
    let mut answers = writer.try_group(&[write]).unwrap();
    let ran = RAN.take();
    match answers.pop().unwrap().unwrap().outcome {
        Done::Answered(answer) => (answer.figures.state, ran),
        other => panic!("a look is answered, not {other:?}"),
    }
}

#[test]
fn no_record_and_found_run_the_same_statements() {
    let mut writer = writer();
    // Two persons whose numbers are known: a soft look leaves no record, a hard one does.
    for (person, purpose) in [(1, Purpose::AccountReview), (2, Purpose::NewCredit)] {
        answered(&mut writer, &look(2, person, person, purpose));
    }
    let (known, of_known) = answered(&mut writer, &look(1, 1, 11, Purpose::NewCredit));
    let (found, of_found) = answered(&mut writer, &look(1, 2, 12, Purpose::NewCredit));
    let (unknown, of_unknown) = answered(&mut writer, &look(1, 3, 13, Purpose::NewCredit));
    assert_eq!(
        (known, found, unknown),
        (
            SubjectState::NoRecord,
            SubjectState::Found,
            SubjectState::NoRecord
        )
    );
    assert_eq!(of_known, of_found);
    assert!(of_found.len() > 15, "{of_found:?}");

    // Somebody who was never named gets a subject, so that the look can be counted: two rows, written, not read.
    let creating = ["insert_token", "count_subject_created"];
    let (created, mut rest): (Vec<_>, Vec<_>) =
        of_unknown.into_iter().partition(|name| creating.contains(name));
    assert_eq!(created.len(), 2, "{created:?}");
    let mut of_found = of_found;
    rest.sort_unstable();
    of_found.sort_unstable();
    assert_eq!(rest, of_found);
}

/// A step of a batch of member 1.
fn step(batch_id: &BatchId, number: u8, epoch: u64, step: BatchStep) -> Write {
    let work = BatchWork {
        batch_id: batch_id.clone(),
        epoch,
        step,
    };
    write(1, number, None, Action::Batch(Box::new(work)))
}

/// Begins a batch; gives a chunk of it, of records that cannot be read.
fn chunk(writer: &mut Writer, name: &str, number: u8) -> Write {
    let header = BatchHeader {
        batch_id: BatchId::parse(name).unwrap(),
        batch_type: BatchType::Incremental,
        as_of: MarketRules::default().zone.date_of(Noon.now()),
        dry_run: false,
        content_sha256: Sha256([number; 32]),
        resends: None,
        resume_from: 0,
    };
    let batch_id = header.batch_id.clone();
    let open = step(&batch_id, number + 100, 0, BatchStep::Open(header));
    let mut opened = writer.try_group(&[&open]).unwrap();
    let Done::Batch(opened) = opened.pop().unwrap().unwrap().outcome else {
        panic!("a batch is begun");
    };
    let unreadable = Item {
        account_ref: None,
        amounts: None,
        act: ItemAct::Unreadable(Vec::new()),
    };
    let items = vec![unreadable; 64];
    step(
        &batch_id,
        number,
        opened.row.epoch,
        BatchStep::Chunk { after: 0, items },
    )
}

/// The first byte of the salt of each write, in the order in which they were done.
fn done(path: &Path) -> Vec<u8> {
    let connection = Connection::open(path).unwrap();
    let mut openings = connection
        .prepare("SELECT salt FROM audit_opening ORDER BY entry_id")
        .unwrap();
    let salts = openings.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    salts.map(|salt| salt.unwrap()[0]).collect()
}

#[test]
fn whoever_asks_does_not_wait_for_chunks_that_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("market.db");
    let mut writer = writer_on(Connection::open(&path).unwrap());
    let writes = [
        chunk(&mut writer, "B1", 1),
        chunk(&mut writer, "B2", 2),
        look(2, 3, 3, Purpose::NewCredit),
    ];
    let (jobs, waiting) = mpsc::channel();
    let answers = writes.map(|write| {
        let (reply, answer) = oneshot::channel();
        jobs.send(Job::Apply(Box::new(write), reply)).unwrap();
        answer
    });
    jobs.send(Job::Stop).unwrap();
    writer.run(&waiting);
    for answer in answers {
        answer.blocking_recv().unwrap().unwrap();
    }
    assert_eq!(done(&path), [101, 102, 3, 1, 2]);
}
