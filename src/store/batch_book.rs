//! What is read of batches: where they stand, what became of their records, what they did not carry.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::batch::{BatchId, BatchNo, RecordResult};
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::token::TokenDigests;
use crate::domain::unit::rows::BatchRow;

/// The batches of a database. All methods may be called at once; each sees what was committed when it starts.
#[async_trait]
pub trait BatchBook: Send + Sync + 'static {
    /// A member's batch by its name; `None` when it has none of this name.
    async fn find_batch(
        &self,
        member_no: MemberNo,
        batch_id: &BatchId,
    ) -> Result<Option<BatchRow>, StoreError>;

    /// Up to `limit` batches of a member, newest first, with numbers below `before`.
    async fn list_batches(
        &self,
        member_no: MemberNo,
        before: Option<BatchNo>,
        limit: u32,
    ) -> Result<Vec<BatchRow>, StoreError>;

    /// Up to `limit` results of a batch in the order of their records, behind record `after`.
    async fn list_results(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: u64,
        limit: u32,
    ) -> Result<Vec<RecordResult>, StoreError>;

    /// Up to `limit` accounts that a batch did not carry, ascending, behind `after`.
    async fn list_missing(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: Option<&AccountRef>,
        limit: u32,
    ) -> Result<Vec<AccountRef>, StoreError>;

    /// Up to `limit` open accounts of a member that neither this FULL batch nor a later one carried, ascending, behind
    /// `after`.
    async fn uncarried(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: Option<&AccountRef>,
        limit: u32,
    ) -> Result<Vec<AccountRef>, StoreError>;

    /// For each account, in their order, whether the tokens of its current version are those of these digests: a report of
    /// it need not map them again.
    async fn recognise(
        &self,
        member_no: MemberNo,
        accounts: Vec<(AccountRef, TokenDigests)>,
    ) -> Result<Vec<bool>, StoreError>;
}
