//! Messages and their bounds; what goes over the wire is in tests/integration/batches.

use super::message::{MESSAGE_BYTES_MAX, MESSAGE_RECORDS_MAX, Tally, pack};
use super::*;
use crate::domain::batch::PositionRecord;
use crate::domain::names::AccountRef;
use crate::domain::position::{DeletionReason, OverdueAmounts};
use crate::domain::token::IdentifierType;
use crate::domain::validation::samples;
use crate::wire::Message as _;
use pb::upload_batch_request::Part;

fn token(number: i64) -> SubjectToken {
    let scalar = curve25519_dalek::Scalar::from(number.unsigned_abs() + 2);
    let bytes = curve25519_dalek::RistrettoPoint::mul_base(&scalar).compress();
    SubjectToken::parse(IdentifierType::NationalId, 1, bytes.as_bytes()).expect("an element")
}

fn position() -> BatchRecord<SubjectToken> {
    let position = samples::position().try_map_tokens(|known| Ok::<_, ()>(token(known.token_id.0)));
    BatchRecord::Position(PositionRecord {
        position: position.expect("never refused"),
        event: None,
        correction_reason: None,
    })
}

fn deletion() -> BatchRecord<SubjectToken> {
    BatchRecord::Deletion {
        account_ref: AccountRef::parse("L-1").expect("letters"),
        reason: DeletionReason::Fraud,
    }
}

/// Records of each message.
fn sizes(records: &[BatchRecord<SubjectToken>]) -> Vec<usize> {
    pack(records)
        .map(|message| match message.part {
            Some(Part::Records(records)) => records.records.len(),
            other => panic!("no records: {other:?}"),
        })
        .collect()
}

#[test]
fn a_message_holds_no_more_records_than_its_bound() {
    for (count, expected) in [
        (0, vec![]),
        (1, vec![1]),
        (MESSAGE_RECORDS_MAX - 1, vec![MESSAGE_RECORDS_MAX - 1]),
        (MESSAGE_RECORDS_MAX, vec![MESSAGE_RECORDS_MAX]),
        (MESSAGE_RECORDS_MAX + 1, vec![MESSAGE_RECORDS_MAX, 1]),
    ] {
        assert_eq!(sizes(&vec![deletion(); count]), expected, "{count}");
    }
}

#[test]
fn a_message_stays_below_its_bytes_and_nothing_is_lost() {
    let mut long = position();
    if let BatchRecord::Position(record) = &mut long {
        // Longer than any file's: what bounds a message must hold whatever comes.
        record.correction_reason = Some("x".repeat(8_000));
    }
    let records = vec![long; 600];
    let messages: Vec<_> = pack(&records).collect();
    assert!(messages.len() > 1);
    assert!(
        messages
            .iter()
            .all(|message| message.encoded_len() <= MESSAGE_BYTES_MAX)
    );
    assert_eq!(sizes(&records).iter().sum::<usize>(), records.len());
}

#[test]
fn totals_count_every_position_and_no_deletion() {
    let mut tally = Tally::default();
    let mut overdue = position();
    if let BatchRecord::Position(record) = &mut overdue {
        record.position.facts.overdue = OverdueAmounts {
            principal: 1,
            interest: 2,
            penalty: 3,
            fees: 4,
        };
    }
    let BatchRecord::Position(sample) = position() else {
        panic!("a position");
    };
    for record in [position(), deletion(), overdue] {
        tally.add(amounts_of(&record));
    }
    assert_eq!(tally.records(), 3);
    let Some(Part::Trailer(trailer)) = tally.trailer().part else {
        panic!("a trailer");
    };
    assert_eq!(trailer.record_count, 3);
    let [total] = trailer.totals.as_slice() else {
        panic!("one currency");
    };
    let before: i64 = sample.position.facts.overdue.total().expect("small");
    assert_eq!(
        (total.outstanding_total, total.overdue_total),
        (2 * sample.position.facts.outstanding_total, before + 10)
    );
}
