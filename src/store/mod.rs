//! What the rooms may ask of a database, whichever engine it is.
//!
//! A hot write is a value: it joins the next group, is decided by pure code on the rows it concerns, and is durable when
//! [`Store::apply`] returns. Reads see what was committed when they start. Invariant: nothing is acknowledged before it is
//! durable, and a refused write leaves no trace.

pub mod audit_log;
pub mod batch_book;
mod codec;
mod columns;
pub mod copy;
pub mod error;
pub mod floor;
mod group;
mod market;
pub mod member_book;
pub mod migrations;
pub mod offline_book;
pub mod postgres;
pub mod reservation_book;
mod rows;
pub mod sqlite;
pub mod statistics_book;

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::NaiveDate;

pub use audit_log::AuditLog;
pub use batch_book::BatchBook;
pub use error::StoreError;
pub use member_book::MemberBook;
pub use offline_book::OfflineBook;
pub use reservation_book::ReservationBook;
pub use statistics_book::StatisticsBook;

use crate::domain::member::Member;
use crate::domain::names::{AccountNo, AccountRef, MemberNo, TokenId};
use crate::domain::token::Pseudonym;
use crate::domain::unit::rows::{AccountRow, PastVersion, PositionRow};
use crate::domain::unit::{Accepted, Refused, Write};

/// Seconds for which a request id is remembered: 7 days.
const REQUEST_KEPT_SECONDS: i64 = 7 * 86_400;

/// A check value for each key, by the key's name: the same for the same key, and nothing about it.
pub type KeyChecks = BTreeMap<String, [u8; 32]>;

/// Among the key checks: a copy into the database has begun and is not whole.
pub const COPY_MARK: &str = "copy-under-way";

/// Why a unit of work was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The domain refused it: it left no trace.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account with its current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPosition {
    /// The account.
    pub account: AccountRow,
    /// Its current version, as it concerns the primary borrower.
    pub row: PositionRow,
}

/// A version of an account, current or past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVersion {
    /// The version.
    pub past: PastVersion,
    /// Whether it is the current one.
    pub current: bool,
}

/// What a database holds, for people who look after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// Version of the schema.
    pub schema_version: i64,
    /// Accounts on file.
    pub accounts: u64,
    /// Tokens on file.
    pub tokens: u64,
    /// Looks on file.
    pub inquiries: u64,
    /// Leaves of the audit tree.
    pub audit_leaves: u64,
    /// Audit entries that wait for the tree.
    pub audit_waiting: u64,
}

/// A database of the market. Object safe and shared; all methods may be called at once.
#[async_trait]
pub trait Store:
    AuditLog + BatchBook + MemberBook + OfflineBook + ReservationBook + StatisticsBook + Send + Sync + 'static
{
    /// Does a unit of work: decided in turn with all others, durable on return. A caller that goes away cancels nothing
    /// half-way.
    async fn apply(&self, write: Write) -> Result<Accepted, ApplyError>;

    /// The caller's own account with its current version, deleted ones too; `None` when it has none of this name.
    async fn find_position(
        &self,
        member_no: MemberNo,
        account_ref: &AccountRef,
    ) -> Result<Option<StoredPosition>, StoreError>;

    /// Up to `limit` accounts of a member that were not deleted, newest first, with numbers below `before`.
    async fn list_positions(
        &self,
        member_no: MemberNo,
        before: Option<AccountNo>,
        limit: u32,
        open_only: bool,
    ) -> Result<Vec<StoredPosition>, StoreError>;

    /// Up to `limit` versions of an account, newest first, with numbers below `before`; `None` when there is no such
    /// account.
    async fn list_versions(
        &self,
        member_no: MemberNo,
        account_ref: &AccountRef,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<Vec<StoredVersion>>, StoreError>;

    /// The sealed pseudonyms of tokens on file, to show a member its own tokens.
    async fn sealed_tokens(&self, tokens: &[TokenId]) -> Result<BTreeMap<TokenId, Pseudonym>, StoreError>;

    /// All members.
    async fn members(&self) -> Result<Vec<Member>, StoreError>;

    /// Grows with each change of members and certificates.
    async fn registry_generation(&self) -> Result<i64, StoreError>;

    /// Token evaluations of a member on a civil day that were charged to its quota.
    async fn evaluations_used(&self, member_no: MemberNo, day: NaiveDate) -> Result<u64, StoreError>;

    /// Check values of the keys that ever served on it.
    async fn key_checks(&self) -> Result<KeyChecks, StoreError>;

    /// Adds check values of keys that never served on it; durable on return.
    ///
    /// # Errors
    /// When one of them has a value already; then nothing is added.
    async fn put_key_checks(&self, checks: &KeyChecks) -> Result<(), StoreError>;

    /// What it holds.
    async fn holdings(&self) -> Result<Holdings, StoreError>;

    /// Whether it can be read and written now.
    async fn check(&self) -> Result<(), StoreError>;
}

/// A page of an account's versions, newest number first, from all of its past ones.
fn versions_page(
    found: StoredPosition,
    past: Vec<PastVersion>,
    before: Option<u64>,
    limit: usize,
) -> Vec<StoredVersion> {
    let current = PastVersion {
        member_no: found.account.member_no,
        account_no: found.account.account_no,
        corrected_by: None,
        version: found.row.version,
    };
    let mut versions: Vec<StoredVersion> = past
        .into_iter()
        .map(|past| StoredVersion { past, current: false })
        .chain([StoredVersion {
            past: current,
            current: true,
        }])
        .filter(|stored| before.is_none_or(|before| stored.past.version.number < before))
        .collect();
    versions.sort_by_key(|stored| std::cmp::Reverse(stored.past.version.number));
    versions.truncate(limit);
    versions
}
