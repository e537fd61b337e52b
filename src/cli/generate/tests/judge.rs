//! A service in memory: the reader of files, the edge and the domain, one behind the other as an upload meets them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::cli::generate::months::Month;
use crate::domain::batch::{
    BatchHeader, BatchId, BatchRecord, BatchTrailer, BatchType, ControlTotals, PositionRecord, RecordResult,
};
use crate::domain::date::{BusinessZone, Timestamp, days_after};
use crate::domain::names::{Fingerprint, MemberId, MemberNo};
use crate::domain::token::{IdentifierType, KeyVersion, Pseudonym, Token};
use crate::domain::unit::batch::{BatchStep, BatchWork, Item, ItemAct};
use crate::domain::unit::rows::{BatchPhase, BatchRow};
use crate::domain::unit::working_set::{Network, Numbers};
use crate::domain::unit::{Action, Correction, Outcome, Report, WorkingSet, Write, decide};
use crate::domain::violation::Violation;
use crate::identity::named::Named;
use crate::import::table::open;
use crate::import::{Circumstances, FileRecord};
use crate::wire::convert::batch::{Asks, SentRecord, read_record, record_to_wire};
use crate::wire::convert::{ReadToken, Reading, TokenFault, WireToken};

/// What became of a file.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Row by row: the fate with the codes of violations and warnings, and words for a failed assertion.
    pub fates: Vec<([String; 3], String)>,
    pub accepted: u64,
    pub rejected: u64,
    pub superseded: u64,
    pub warnings: u64,
    pub totals: ControlTotals,
    /// Open accounts that the file did not carry.
    pub missing: Vec<String>,
}

/// All that is on file, of all members.
pub(super) struct Service {
    set: WorkingSet,
    now: Timestamp,
}

struct Counter(i64);

impl Numbers for Counter {
    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

impl Service {
    pub fn new() -> Self {
        Self {
            set: WorkingSet::new(Arc::default(), Network::default(), Box::new(Counter(0))),
            now: Timestamp::from_micros(0),
        }
    }

    /// Takes a member's file on the day after the month-end.
    pub fn upload(&mut self, member: u64, month: Month, file: &Path) -> Judged {
        let today = days_after(month.end, 1);
        let start = BusinessZone::default().start_of(today);
        self.now = self.now.max(start);
        let circumstances = Circumstances {
            today,
            default_calling_code: None,
        };
        let mut reader = open(file, None, None, &circumstances).expect("a file").reader;
        let parser = reader.parser();
        let mut fates = Vec::new();
        let mut sent = Vec::new();
        while let Some(raw) = reader.next().expect("whole") {
            match parser.parse(&raw) {
                Ok(record) => {
                    sent.push(item(record, today));
                    fates.push(None);
                }
                Err(unreadable) => {
                    fates.push(Some(told("unreadable", &unreadable.violations, &[])));
                }
            }
        }
        let mut judged = self.take(member, month, sent);
        let mut of_sent = std::mem::take(&mut judged.fates).into_iter();
        judged.fates = fates
            .into_iter()
            .map(|fate| fate.unwrap_or_else(|| of_sent.next().expect("one for each record sent")))
            .collect();
        judged
    }

    fn take(&mut self, member: u64, month: Month, items: Vec<Item>) -> Judged {
        let member_no = MemberNo(i64::try_from(member).expect("few") + 1);
        let batch_id = BatchId::parse(&format!("full-{}", month.end)).expect("a name");
        let header = BatchHeader {
            batch_id: batch_id.clone(),
            batch_type: BatchType::Full,
            as_of: month.end,
            dry_run: false,
            content_sha256: crate::domain::names::Sha256([0; 32]),
            resends: None,
            resume_from: 0,
        };
        let mut row = self.step(member_no, &batch_id, 0, BatchStep::Open(header)).0;
        let mut fates = Vec::new();
        for item in items {
            let before = row.batch.counts;
            let step = BatchStep::Chunk {
                after: before.received,
                items: vec![item],
            };
            let (next, results) = self.step(member_no, &batch_id, row.epoch, step);
            let counts = next.batch.counts;
            let fate = if counts.rejected > before.rejected {
                "rejected"
            } else if counts.superseded > before.superseded {
                "superseded"
            } else {
                "accepted"
            };
            fates.push(fate_of(fate, results.first()));
            row = next;
        }
        let trailer = BatchTrailer {
            record_count: row.batch.counts.received,
            totals: row.totals.clone(),
        };
        row = self
            .step(member_no, &batch_id, row.epoch, BatchStep::Close(trailer))
            .0;
        assert_eq!(row.phase, BatchPhase::Listing, "{:?}", row.batch.failures);
        let accounts = self.set.accounts.values();
        let missing = accounts
            .filter(|account| account.member_no == member_no && account.is_open)
            .filter(|account| account.carried_by < row.batch.batch_no)
            .map(|account| account.account_ref.as_str().to_owned())
            .collect();
        let counts = row.batch.counts;
        Judged {
            fates,
            accepted: counts.accepted,
            rejected: counts.rejected,
            superseded: counts.superseded,
            warnings: counts.warnings,
            totals: row.totals,
            missing,
        }
    }

    fn step(
        &mut self,
        member_no: MemberNo,
        batch_id: &BatchId,
        epoch: u64,
        step: BatchStep,
    ) -> (BatchRow, Vec<RecordResult>) {
        let work = BatchWork {
            batch_id: batch_id.clone(),
            epoch,
            step,
        };
        let write = Write {
            member_no,
            member_id: MemberId::parse("member").expect("a name"),
            certificate: Fingerprint([0; 32]),
            request: None,
            salt: [0; 32],
            action: Action::Batch(Box::new(work)),
        };
        self.now = self.now.next();
        let decision = decide(&mut self.set, &write, self.now).expect("the stream is right");
        self.set.changes.clear();
        match decision.outcome {
            Outcome::Batch(taken) => (taken.row, taken.results),
            other => panic!("{other:?}"),
        }
    }
}

fn fate_of(fate: &str, result: Option<&RecordResult>) -> ([String; 3], String) {
    match (fate, result) {
        // The service tells nothing of a record that it passed over; the truth file says why.
        ("superseded", _) => (
            [fate.to_owned(), "STALE_SEQUENCE".to_owned(), String::new()],
            String::new(),
        ),
        (_, None) => ([fate.to_owned(), String::new(), String::new()], String::new()),
        (_, Some(result)) => told(fate, &result.violations, &result.warnings),
    }
}

fn told(fate: &str, violations: &[Violation], warnings: &[Violation]) -> ([String; 3], String) {
    let codes = |list: &[Violation]| {
        let codes: BTreeSet<&str> = list.iter().map(|broken| broken.code.as_str()).collect();
        codes.into_iter().collect::<Vec<_>>().join(";")
    };
    let words: Vec<String> = violations
        .iter()
        .chain(warnings)
        .map(|broken| format!("{} {}", broken.field, broken.description))
        .collect();
    (
        [fate.to_owned(), codes(violations), codes(warnings)],
        words.join("; "),
    )
}

/// A token without any secret: a hash of what it was made of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hashed {
    identifier_type: IdentifierType,
    value: [u8; 32],
}

impl Token for Hashed {
    fn identifier_type(&self) -> IdentifierType {
        self.identifier_type
    }
}

impl WireToken for Hashed {
    fn key_version(&self) -> KeyVersion {
        KeyVersion(1)
    }

    fn value(&self) -> &[u8; 32] {
        &self.value
    }
}

struct Hashes;

impl ReadToken for Hashes {
    type Token = Hashed;

    fn read_token(
        &self,
        identifier_type: IdentifierType,
        _: KeyVersion,
        value: &[u8],
    ) -> Result<Hashed, TokenFault> {
        let value = value.try_into().map_err(|_| TokenFault::Invalid)?;
        Ok(Hashed {
            identifier_type,
            value,
        })
    }
}

fn tokenise(named: &Named) -> Hashed {
    match named {
        Named::Identifier(identifier) => Hashed {
            identifier_type: identifier.identifier_type(),
            value: Sha256::digest(identifier.oprf_input().as_slice()).into(),
        },
        Named::Token(_) => panic!("no kept token can be read"),
    }
}

/// A record as the service has it: sent, read at the edge and under pseudonyms.
fn item(record: FileRecord, today: NaiveDate) -> Item {
    let tokenised = match record {
        BatchRecord::Position(record) => BatchRecord::Position(PositionRecord {
            position: record
                .position
                .try_map_tokens(|named| Ok::<_, std::convert::Infallible>(tokenise(&named)))
                .expect("never refused"),
            event: record.event,
            correction_reason: record.correction_reason,
        }),
        BatchRecord::Deletion { account_ref, reason } => BatchRecord::Deletion { account_ref, reason },
    };
    let reading = Reading {
        tokens: &Hashes,
        today,
    };
    let sent: SentRecord<Hashed> = read_record(&record_to_wire(&tokenised), &reading);
    let act = match sent.asks {
        Asks::Unreadable(violations) => ItemAct::Unreadable(violations),
        Asks::Delete(reason) => ItemAct::Delete(reason),
        Asks::Position {
            position,
            event,
            findings,
            correction_reason,
        } => {
            let report = Report {
                position: position
                    .try_map_tokens(|token| Ok::<_, std::convert::Infallible>(pseudonym(token)))
                    .expect("never refused")
                    .into(),
                event,
                violations: findings.violations,
                warnings: findings.warnings,
                token_digests: None,
            };
            match correction_reason {
                None => ItemAct::Report(Box::new(report)),
                Some(reason) => ItemAct::Correct(Box::new(Correction {
                    report,
                    corrects_version: 0,
                    reason,
                })),
            }
        }
    };
    Item {
        account_ref: sent.account_ref,
        amounts: sent.amounts,
        act,
    }
}

fn pseudonym(token: Hashed) -> Pseudonym {
    let mut sealed = [0; 48];
    sealed[..32].copy_from_slice(&token.value);
    Pseudonym {
        identifier_type: token.identifier_type,
        key_version: KeyVersion(1),
        sealed,
    }
}
