//! Messages of a batch: as many records as fit, and the sums of all.

use crate::domain::batch::{BatchRecord, BatchTrailer, ControlTotals};
use crate::domain::unit::batch::Amounts;
use crate::identity::token::SubjectToken;
use crate::wire::convert::batch::{record_to_wire, trailer_to_wire};
use crate::wire::{Message as _, pb};
use pb::upload_batch_request::Part;

/// Most records of one message: two of the service's units of work, a quarter of what the contract allows, so that little is
/// sent twice after a break.
pub(super) const MESSAGE_RECORDS_MAX: usize = 256;
/// Most bytes of one message. A record has some hundred; one alone is never longer.
pub(super) const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes around each record of a message, and around the message itself, at most.
const FRAME_BYTES: usize = 8;

/// What a record adds to the control totals: nothing if it deletes.
pub fn amounts_of<T>(record: &BatchRecord<T>) -> Option<Amounts> {
    match record {
        BatchRecord::Position(record) => {
            let facts = &record.position.facts;
            let overdue = &facts.overdue;
            Some(Amounts {
                currency: facts.currency,
                outstanding_total: facts.outstanding_total,
                overdue: [overdue.principal, overdue.interest, overdue.penalty, overdue.fees],
            })
        }
        BatchRecord::Deletion { .. } => None,
    }
}

/// Counts what a batch carries.
#[derive(Debug, Default)]
pub(super) struct Tally {
    records: u64,
    totals: ControlTotals,
}

impl Tally {
    pub(super) fn add(&mut self, amounts: Option<Amounts>) {
        self.records += 1;
        if let Some(amounts) = amounts {
            self.totals
                .add(amounts.currency, amounts.outstanding_total, amounts.overdue);
        }
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    pub(super) fn trailer(self) -> pb::UploadBatchRequest {
        let trailer = trailer_to_wire(&BatchTrailer {
            record_count: self.records,
            totals: self.totals,
        });
        part(Part::Trailer(trailer))
    }
}

/// A message of one part.
pub(super) fn part(part: Part) -> pb::UploadBatchRequest {
    pb::UploadBatchRequest { part: Some(part) }
}

/// Parts records into messages within the bounds, in their order.
pub(super) fn pack<'a>(
    records: impl IntoIterator<Item = &'a BatchRecord<SubjectToken>>,
) -> impl Iterator<Item = pb::UploadBatchRequest> {
    let mut records = records.into_iter().map(record_to_wire).peekable();
    std::iter::from_fn(move || {
        let mut packed = Vec::new();
        let mut bytes = FRAME_BYTES;
        while packed.len() < MESSAGE_RECORDS_MAX
            && let Some(record) = records.next_if(|record| {
                bytes += record.encoded_len() + FRAME_BYTES;
                packed.is_empty() || bytes <= MESSAGE_BYTES_MAX
            })
        {
            packed.push(record);
        }
        let records = pb::BatchRecords { records: packed };
        (!records.records.is_empty()).then(|| part(Part::Records(records)))
    })
}
