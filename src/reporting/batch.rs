//! Batches: streams of records, each decided as if it were reported alone, and the judgement of the whole.
//!
//! What costs is done before the unit of work: tokens that are on file with their account are recognised by their digests
//! and never mapped again. Invariant: a chunk is applied only behind all chunks before it, by the stream that carries the
//! batch now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Reporting, refuse_version};
use crate::domain::batch::{BatchHeader, BatchId, BatchNo, BatchTrailer, RecordResult};
use crate::domain::caller::Caller;
use crate::domain::names::AccountRef;
use crate::domain::position::{DeletionReason, EventType, Liability, Position};
use crate::domain::token::{Pseudonym, Shown, TokenDigests};
use crate::domain::unit::batch::{Amounts, BatchStep, BatchWork, Item, ItemAct, Recognised};
use crate::domain::unit::rows::{BatchPhase, BatchRow};
use crate::domain::unit::{Action, BatchTaken, Correction, Outcome, Refused, Report, Write};
use crate::domain::validation::Findings;
use crate::domain::violation::{Code, Violation};
use crate::identity::token::SubjectToken;
use crate::store::batch_book::Uncarried;
use crate::store::{ApplyError, StoreError};

/// Records of one unit of work: less than ten milliseconds, so that nobody waits long behind an upload.
pub const CHUNK_RECORDS_MAX: usize = 128;
/// Accounts listed or marked in one unit of work.
const PAGE_ACCOUNTS: u32 = 256;

/// A record as a member stated it, read from the wire.
#[derive(Debug)]
pub struct StatedRecord {
    /// Its account, when that could be read.
    pub account_ref: Option<AccountRef>,
    /// Its amounts; none without a known currency.
    pub amounts: Option<Amounts>,
    /// What it asks.
    pub asks: Stated,
}

/// What a record asks.
#[derive(Debug)]
pub enum Stated {
    /// Nothing that can be represented: what is wrong with it.
    Unreadable(Vec<Violation>),
    /// To record or correct a position.
    Position {
        /// The position, under the member's own tokens.
        position: Box<Position<SubjectToken>>,
        /// What the member declares.
        event: Option<EventType>,
        /// What the message alone breaks, and what is odd about it.
        findings: Findings,
        /// Set for a correction.
        correction_reason: Option<String>,
    },
    /// To remove the account.
    Delete(DeletionReason),
}

/// What is known of a record's tokens before they are mapped.
#[derive(Debug, Clone)]
pub struct Recognition {
    /// Whether they are those on file with its account.
    pub is_known: bool,
    /// Recognise them; none when the record states no tokens.
    digests: Option<TokenDigests>,
}

impl Stated {
    /// Whether it is about a version of the past, whose tokens may be others.
    fn is_correction(&self) -> bool {
        match self {
            Self::Position {
                correction_reason, ..
            } => correction_reason.is_some(),
            Self::Unreadable(_) | Self::Delete(_) => false,
        }
    }
}

impl Reporting {
    /// Begins a stream of a batch, new or known. A known one is this stream's from now on, unless it was judged already.
    ///
    /// # Errors
    /// Refused when the header differs from the first one, resumes elsewhere than behind what is durable, or resends a
    /// batch that does not exist; or the store failed.
    pub async fn open_batch(&self, caller: &Caller, header: BatchHeader) -> Result<BatchRow, ApplyError> {
        let batch_id = header.batch_id.clone();
        let taken = self.step(caller, batch_id, 0, BatchStep::Open(header)).await?;
        Ok(taken.row)
    }

    /// Which of these records need no mapping, because their tokens are those on file with their account. An account that
    /// occurs twice is not recognised: its first record may change them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recognise(
        &self,
        caller: &Caller,
        records: &[StatedRecord],
    ) -> Result<Vec<Recognition>, ApplyError> {
        let mut recognitions = self.strangers(records);
        let mut times: BTreeMap<&AccountRef, u32> = BTreeMap::new();
        for account_ref in records.iter().filter_map(|record| record.account_ref.as_ref()) {
            *times.entry(account_ref).or_default() += 1;
        }
        let once = |record: &StatedRecord, recognition: &Recognition| {
            let account_ref = record.account_ref.as_ref()?;
            if record.asks.is_correction() || times.get(account_ref) != Some(&1) {
                return None;
            }
            Some((account_ref.clone(), recognition.digests.clone()?))
        };
        let (places, asked): (Vec<usize>, Vec<_>) = records
            .iter()
            .zip(&recognitions)
            .enumerate()
            .filter_map(|(place, (record, recognition))| Some((place, once(record, recognition)?)))
            .unzip();
        let found = self.store.recognise(caller.member_no(), asked).await?;
        for (place, known) in places.into_iter().zip(found) {
            recognitions[place].is_known = known;
        }
        Ok(recognitions)
    }

    /// The same without asking the store: none is recognised.
    pub fn strangers(&self, records: &[StatedRecord]) -> Vec<Recognition> {
        let stranger = |record| Recognition {
            is_known: false,
            digests: self.digests_of(record),
        };
        records.iter().map(stranger).collect()
    }

    /// Makes records fit to be decided: under pseudonyms, but for those that were recognised. Changes nothing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn prepare(
        &self,
        caller: &Arc<Caller>,
        records: Vec<StatedRecord>,
        recognitions: Vec<Recognition>,
    ) -> Result<Vec<Item>, ApplyError> {
        let strangers: Vec<SubjectToken> = records
            .iter()
            .zip(&recognitions)
            .filter(|(_, recognition)| !recognition.is_known)
            .flat_map(|(record, _)| tokens_of(record))
            .cloned()
            .collect();
        let mut mapped = self.map_aside(caller, strangers).await?.into_iter();
        let items = records.into_iter().zip(recognitions);
        items
            .map(|(record, recognition)| item(record, recognition, &mut mapped))
            .collect()
    }

    /// Takes the next records of a batch.
    ///
    /// # Errors
    /// Refused when another stream carries the batch now, or it takes no more; or the store failed.
    pub async fn take_chunk(
        &self,
        caller: &Caller,
        row: &BatchRow,
        items: Vec<Item>,
    ) -> Result<BatchTaken, ApplyError> {
        let after = row.batch.counts.received;
        let batch_id = row.batch.header.batch_id.clone();
        self.step(caller, batch_id, row.epoch, BatchStep::Chunk { after, items })
            .await
    }

    /// Judges a batch whose records were all sent: what it says of itself, its size, and what it did not carry.
    ///
    /// # Errors
    /// As [`Self::take_chunk`]. What was done before stays, and the next stream goes on from there.
    pub async fn close_batch(
        &self,
        caller: &Caller,
        row: &BatchRow,
        trailer: BatchTrailer,
    ) -> Result<BatchRow, ApplyError> {
        let batch_id = row.batch.header.batch_id.clone();
        let closed = self
            .step(caller, batch_id, row.epoch, BatchStep::Close(trailer))
            .await?;
        self.finish(caller, closed.row).await
    }

    /// Lets a batch that is held count after all.
    ///
    /// # Errors
    /// Refused when the caller has no such batch or it is not held; or the store failed.
    pub async fn confirm_batch(&self, caller: &Caller, batch_id: BatchId) -> Result<BatchRow, ApplyError> {
        let confirmed = self.step(caller, batch_id, 0, BatchStep::Confirm).await?;
        self.finish(caller, confirmed.row).await
    }

    /// Lists and marks what a FULL batch did not carry, page by page, until nothing is left to do.
    async fn finish(&self, caller: &Caller, mut row: BatchRow) -> Result<BatchRow, ApplyError> {
        loop {
            let (member_no, batch_no) = (row.batch.member_no, row.batch.batch_no);
            let after = row.listed_to.as_ref();
            let next = match row.phase {
                BatchPhase::Listing => self.next_uncarried(&row).await?,
                BatchPhase::Marking => {
                    let accounts = self
                        .store
                        .list_missing(member_no, batch_no, after, PAGE_ACCOUNTS)
                        .await?;
                    Uncarried {
                        reached: accounts.last().cloned(),
                        last: u32::try_from(accounts.len()).is_ok_and(|rows| rows < PAGE_ACCOUNTS),
                        accounts,
                    }
                }
                BatchPhase::Records | BatchPhase::Judged => return Ok(row),
            };
            let step = BatchStep::Proceed {
                after: after.cloned(),
                page: next.accounts,
                reached: next.reached,
                last: next.last,
            };
            let batch_id = row.batch.header.batch_id.clone();
            row = self.step(caller, batch_id, row.epoch, step).await?.row;
        }
    }

    /// The next page that is worth a unit of work: of a book that was carried whole there is none but the last.
    async fn next_uncarried(&self, row: &BatchRow) -> Result<Uncarried, StoreError> {
        let (member_no, batch_no) = (row.batch.member_no, row.batch.batch_no);
        let mut reached = row.listed_to.clone();
        loop {
            let mut next = self
                .store
                .uncarried(member_no, batch_no, reached.as_ref(), PAGE_ACCOUNTS)
                .await?;
            next.reached = next.reached.or(reached);
            if next.last || !next.accounts.is_empty() {
                return Ok(next);
            }
            reached = next.reached;
        }
    }

    async fn step(
        &self,
        caller: &Caller,
        batch_id: BatchId,
        epoch: u64,
        step: BatchStep,
    ) -> Result<BatchTaken, ApplyError> {
        let work = BatchWork {
            batch_id,
            epoch,
            step,
        };
        let write = Write::by(caller, None, &*self.entropy, Action::Batch(Box::new(work)));
        match self.store.apply(write).await?.outcome {
            Outcome::Batch(taken) => Ok(*taken),
            Outcome::Recorded { .. }
            | Outcome::Deleted
            | Outcome::Answered(_)
            | Outcome::Charged { .. }
            | Outcome::Member(_)
            | Outcome::Certificate(_)
            | Outcome::Approved { .. }
            | Outcome::Ruled { .. }
            | Outcome::Reserved(_)
            | Outcome::Confirmed { .. }
            | Outcome::CodesIssued { .. }
            | Outcome::Backfilled { .. }
            | Outcome::Snapshot(_) => Err(StoreError::Unavailable.into()),
        }
    }

    /// The caller's batch.
    ///
    /// # Errors
    /// Refused when the caller has no batch of this name; or the store failed.
    pub async fn find_batch(&self, caller: &Caller, batch_id: &BatchId) -> Result<BatchRow, ApplyError> {
        let found = self.store.find_batch(caller.member_no(), batch_id).await?;
        found.ok_or_else(|| unknown().into())
    }

    /// A page of the caller's batches, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_batches(
        &self,
        caller: &Caller,
        before: Option<BatchNo>,
        limit: u32,
    ) -> Result<Vec<BatchRow>, ApplyError> {
        Ok(self.store.list_batches(caller.member_no(), before, limit).await?)
    }

    /// A page of what was found about the records of a batch, in their order.
    ///
    /// # Errors
    /// As [`Self::find_batch`].
    pub async fn list_results(
        &self,
        caller: &Caller,
        batch_id: &BatchId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<RecordResult>, ApplyError> {
        let row = self.find_batch(caller, batch_id).await?;
        let (member_no, batch_no) = (row.batch.member_no, row.batch.batch_no);
        Ok(self.store.list_results(member_no, batch_no, after, limit).await?)
    }

    /// A page of the open accounts that a FULL batch did not carry, ascending.
    ///
    /// # Errors
    /// As [`Self::find_batch`].
    pub async fn list_missing(
        &self,
        caller: &Caller,
        batch_id: &BatchId,
        after: Option<&AccountRef>,
        limit: u32,
    ) -> Result<Vec<AccountRef>, ApplyError> {
        let row = self.find_batch(caller, batch_id).await?;
        let (member_no, batch_no) = (row.batch.member_no, row.batch.batch_no);
        Ok(self.store.list_missing(member_no, batch_no, after, limit).await?)
    }

    fn digests_of(&self, record: &StatedRecord) -> Option<TokenDigests> {
        match &record.asks {
            Stated::Position { position, .. } => Some(self.digests(&position.liabilities)),
            Stated::Unreadable(_) | Stated::Delete(_) => None,
        }
    }

    /// Recognises the tokens of everyone liable.
    pub(super) fn digests(&self, liabilities: &[Liability<SubjectToken>]) -> TokenDigests {
        let digests = liabilities.iter().map(|liability| {
            let tokens = liability.tokens.iter().map(|shown| &shown.token);
            self.tokens.token_digest(tokens)
        });
        digests.collect::<Vec<_>>().concat()
    }

    /// Maps tokens off the threads that serve calls: a chunk of strangers takes milliseconds.
    async fn map_aside(
        &self,
        caller: &Arc<Caller>,
        strangers: Vec<SubjectToken>,
    ) -> Result<Vec<Pseudonym>, ApplyError> {
        if strangers.is_empty() {
            return Ok(Vec::new());
        }
        let (tokens, caller) = (Arc::clone(&self.tokens), Arc::clone(caller));
        let mapping = tokio::task::spawn_blocking(move || {
            let strangers: Vec<&SubjectToken> = strangers.iter().collect();
            tokens.pseudonyms(&caller, &strangers)
        });
        let mapped = mapping.await.map_err(|_| StoreError::Unavailable)?;
        mapped.map_err(refuse_version)
    }
}

fn tokens_of(record: &StatedRecord) -> impl Iterator<Item = &SubjectToken> {
    let position = match &record.asks {
        Stated::Position { position, .. } => Some(position),
        Stated::Unreadable(_) | Stated::Delete(_) => None,
    };
    let liabilities = position.into_iter().flat_map(|position| &position.liabilities);
    liabilities
        .flat_map(|liability| &liability.tokens)
        .map(|shown| &shown.token)
}

/// A record as units of work see it: its tokens recognised, or the next that were mapped.
fn item(
    record: StatedRecord,
    recognition: Recognition,
    mapped: &mut impl Iterator<Item = Pseudonym>,
) -> Result<Item, ApplyError> {
    let act = match record.asks {
        Stated::Unreadable(violations) => ItemAct::Unreadable(violations),
        Stated::Delete(reason) => ItemAct::Delete(reason),
        Stated::Position {
            position,
            event,
            findings,
            correction_reason,
        } => match (correction_reason, recognition.digests) {
            (None, Some(token_digests)) if recognition.is_known => {
                let known = |token: SubjectToken| Ok::<_, StoreError>(token.identifier_type());
                ItemAct::Recognised(Box::new(Recognised {
                    position: position.try_map_tokens(known)?,
                    event,
                    violations: findings.violations,
                    warnings: findings.warnings,
                    token_digests,
                }))
            }
            (correction_reason, token_digests) => {
                // Each stranger was mapped: there is one for every token.
                let next = |_| mapped.next().map(Shown::Sealed).ok_or(StoreError::Unavailable);
                let report = Report {
                    position: position.try_map_tokens(next)?,
                    event,
                    violations: findings.violations,
                    warnings: findings.warnings,
                    token_digests,
                };
                match correction_reason {
                    None => ItemAct::Report(Box::new(report)),
                    Some(reason) => ItemAct::Correct(Box::new(Correction {
                        report,
                        // Found by the pair, where versions are at hand.
                        corrects_version: 0,
                        reason,
                    })),
                }
            }
        },
    };
    Ok(Item {
        account_ref: record.account_ref,
        amounts: record.amounts,
        act,
    })
}

fn unknown() -> Refused {
    Refused::because(Violation::new(
        Code::BatchUnknown,
        "batch_id",
        "you have no batch of this name: ListBatches shows those you have",
    ))
}
