//! Batches: what decisions need of them, and what members read.

use async_trait::async_trait;
use rusqlite::params;

use super::SqliteStore;
use super::failure::Outcome;
use super::statement::{Prepares, Statement};
use crate::domain::batch::{BatchId, BatchNo, BatchState, BatchType, RecordResult};
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::token::TokenDigests;
use crate::domain::unit::rows::BatchRow;
use crate::domain::unit::{Keys, WorkingSet};
use crate::store::StoreError;
use crate::store::batch_book::{BatchBook, Uncarried, VISITED_MAX};
use crate::store::columns::{Columns, whole};
use crate::store::rows;
use crate::store::rows::batch::batch_columns;

const FIND_BATCH: Statement = Statement {
    sql: concat!(
        "-- find_batch
        SELECT ",
        batch_columns!(),
        "
        FROM batch
        WHERE member_no = ?1 AND batch_id = ?2"
    ),
    parameters: 2,
};
const LAST_FULL: Statement = Statement {
    sql: "-- last_full
        SELECT as_of, active
        FROM batch
        WHERE member_no = ?1 AND batch_type = ?2 AND state = ?3 AND dry_run = 0
        ORDER BY as_of DESC, batch_no DESC
        LIMIT 1",
    parameters: 3,
};
const NEWEST_BATCH: Statement = Statement {
    sql: "-- newest_batch
        SELECT batch_no
        FROM batch
        WHERE member_no = ?1
        ORDER BY batch_no DESC
        LIMIT 1",
    parameters: 1,
};
const BATCHES_OF_MEMBER: Statement = Statement {
    sql: concat!(
        "-- batches_of_member
        SELECT ",
        batch_columns!(),
        "
        FROM batch
        WHERE member_no = ?1 AND batch_no < ?2
        ORDER BY batch_no DESC
        LIMIT ?3"
    ),
    parameters: 3,
};
const RESULTS_OF_BATCH: Statement = Statement {
    sql: "-- results_of_batch
        SELECT record_number, account_ref, violations, warnings
        FROM batch_result
        WHERE member_no = ?1 AND batch_no = ?2 AND record_number > ?3
        ORDER BY record_number
        LIMIT ?4",
    parameters: 4,
};
const MISSING_OF_BATCH: Statement = Statement {
    sql: "-- missing_of_batch
        SELECT account_ref
        FROM batch_missing
        WHERE member_no = ?1 AND batch_no = ?2 AND account_ref > ?3
        ORDER BY account_ref
        LIMIT ?4",
    parameters: 4,
};
const UNCARRIED: Statement = Statement {
    sql: "-- uncarried
        SELECT account_ref, is_open = 1 AND carried_by < ?2
        FROM account
        WHERE member_no = ?1 AND account_ref > ?3
        ORDER BY account_ref
        LIMIT ?4",
    parameters: 4,
};
const DIGESTS_OF_ACCOUNT: Statement = Statement {
    sql: "-- digests_of_account
        SELECT token_digests
        FROM account
        WHERE member_no = ?1 AND account_ref = ?2",
    parameters: 2,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 8] = [
    FIND_BATCH,
    LAST_FULL,
    NEWEST_BATCH,
    BATCHES_OF_MEMBER,
    RESULTS_OF_BATCH,
    MISSING_OF_BATCH,
    UNCARRIED,
    DIGESTS_OF_ACCOUNT,
];

/// Loads the batches that `keys` name.
pub(super) fn load(connection: &impl Prepares, keys: &Keys, set: &mut WorkingSet) -> Outcome<()> {
    for (member_no, batch_id) in &keys.batches {
        if let Some(row) = find(connection, *member_no, batch_id)? {
            set.batches.insert((*member_no, batch_id.clone()), row);
        }
    }
    for member_no in &keys.last_full {
        let completed = params![member_no.0, BatchType::Full.code(), BatchState::Completed.code()];
        let found = LAST_FULL.find(connection, completed, |row| {
            rows::batch::last_full(&mut Columns::new(row, "batch"))
        })?;
        set.last_full.extend(found.map(|last| (*member_no, last)));
    }
    for member_no in &keys.newest_batch {
        let found = NEWEST_BATCH.find(connection, params![member_no.0], |row| {
            Ok(BatchNo(Columns::new(row, "batch").number()?))
        })?;
        set.newest_batch.extend(found.map(|newest| (*member_no, newest)));
    }
    Ok(())
}

/// A batch by its member's name of it.
fn find(connection: &impl Prepares, member_no: MemberNo, batch_id: &BatchId) -> Outcome<Option<BatchRow>> {
    FIND_BATCH.find(connection, params![member_no.0, batch_id.as_str()], |row| {
        rows::batch::batch(&mut Columns::new(row, "batch"))
    })
}

/// A page of a member's batches, newest first.
fn list(
    connection: &impl Prepares,
    member_no: MemberNo,
    before: Option<BatchNo>,
    limit: u32,
) -> Outcome<Vec<BatchRow>> {
    let before = before.map_or(i64::MAX, |batch| batch.0);
    BATCHES_OF_MEMBER.all(connection, params![member_no.0, before, limit], |row| {
        rows::batch::batch(&mut Columns::new(row, "batch"))
    })
}

/// A page of a batch's results, in order.
fn results(
    connection: &impl Prepares,
    member_no: MemberNo,
    batch_no: BatchNo,
    after: u64,
    limit: u32,
) -> Outcome<Vec<RecordResult>> {
    let page = params![member_no.0, batch_no.0, whole(after), limit];
    RESULTS_OF_BATCH.all(connection, page, |row| {
        rows::batch::result(&mut Columns::new(row, "batch_result"))
    })
}

/// A page of accounts that are listed as missing from a batch, in order.
fn missing(
    connection: &impl Prepares,
    member_no: MemberNo,
    batch_no: BatchNo,
    after: Option<&AccountRef>,
    limit: u32,
) -> Outcome<Vec<AccountRef>> {
    let after = after.map_or("", AccountRef::as_str);
    MISSING_OF_BATCH.all(
        connection,
        params![member_no.0, batch_no.0, after, limit],
        |row| Columns::new(row, "batch_missing").parsed(AccountRef::parse),
    )
}

/// A page of accounts that a batch did not carry, in order.
fn uncarried(
    connection: &impl Prepares,
    member_no: MemberNo,
    batch_no: BatchNo,
    after: Option<&AccountRef>,
    limit: u32,
) -> Outcome<Uncarried> {
    let after = after.map_or("", AccountRef::as_str);
    let visited = UNCARRIED.all(
        connection,
        params![member_no.0, batch_no.0, after, VISITED_MAX],
        |row| {
            let mut columns = Columns::new(row, "account");
            Ok((columns.parsed(AccountRef::parse)?, columns.number()? == 1))
        },
    )?;
    Ok(Uncarried::among(visited, limit))
}

/// Whether accounts are recognised by the digests of their tokens, in their order.
fn recognise(
    connection: &impl Prepares,
    member_no: MemberNo,
    accounts: &[(AccountRef, TokenDigests)],
) -> Outcome<Vec<bool>> {
    let known = |(account_ref, digests): &(AccountRef, TokenDigests)| {
        let found =
            DIGESTS_OF_ACCOUNT.find(connection, params![member_no.0, account_ref.as_str()], |row| {
                Ok(Columns::new(row, "account").optional_blob()? == Some(digests.as_slice()))
            })?;
        Ok(found.unwrap_or(false))
    };
    accounts.iter().map(known).collect()
}

#[async_trait]
impl BatchBook for SqliteStore {
    async fn find_batch(
        &self,
        member_no: MemberNo,
        batch_id: &BatchId,
    ) -> Result<Option<BatchRow>, StoreError> {
        let batch_id = batch_id.clone();
        self.read(move |connection| find(connection, member_no, &batch_id))
            .await
    }

    async fn list_batches(
        &self,
        member_no: MemberNo,
        before: Option<BatchNo>,
        limit: u32,
    ) -> Result<Vec<BatchRow>, StoreError> {
        self.read(move |connection| list(connection, member_no, before, limit))
            .await
    }

    async fn list_results(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: u64,
        limit: u32,
    ) -> Result<Vec<RecordResult>, StoreError> {
        self.read(move |connection| results(connection, member_no, batch_no, after, limit))
            .await
    }

    async fn list_missing(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: Option<&AccountRef>,
        limit: u32,
    ) -> Result<Vec<AccountRef>, StoreError> {
        let after = after.cloned();
        self.read(move |connection| missing(connection, member_no, batch_no, after.as_ref(), limit))
            .await
    }

    async fn uncarried(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: Option<&AccountRef>,
        limit: u32,
    ) -> Result<Uncarried, StoreError> {
        let after = after.cloned();
        self.read(move |connection| uncarried(connection, member_no, batch_no, after.as_ref(), limit))
            .await
    }

    async fn recognise(
        &self,
        member_no: MemberNo,
        accounts: Vec<(AccountRef, TokenDigests)>,
    ) -> Result<Vec<bool>, StoreError> {
        self.read(move |connection| recognise(connection, member_no, &accounts))
            .await
    }
}
