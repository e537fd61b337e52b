//! Batches: what decisions need of them, and what members read.

use async_trait::async_trait;
use rusqlite::params;

use super::SqliteStore;
use super::failure::{Outcome, corrupt};
use super::load;
use super::reads::SEALED_TOKEN;
use super::statement::{Prepares, Statement};
use crate::domain::batch::{BatchId, BatchNo, BatchState, BatchType, RecordResult};
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::position::Liability;
use crate::domain::token::{Presented, TokenDigests, TokenRef};
use crate::domain::unit::rows::{AccountRow, BatchRow};
use crate::domain::unit::{Keys, WorkingSet};
use crate::store::StoreError;
use crate::store::batch_book::{BatchBook, SealedLiabilities};
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
        SELECT account_ref
        FROM account
        WHERE member_no = ?1 AND account_ref > ?3 AND is_open = 1 AND carried_by < ?2
        ORDER BY account_ref
        LIMIT ?4",
    parameters: 4,
};
const LIABILITIES: Statement = Statement {
    sql: "-- liabilities
        SELECT liabilities
        FROM position
        WHERE subject_id = ?1 AND member_no = ?2 AND account_no = ?3",
    parameters: 3,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 7] = [
    FIND_BATCH,
    LAST_FULL,
    BATCHES_OF_MEMBER,
    RESULTS_OF_BATCH,
    MISSING_OF_BATCH,
    UNCARRIED,
    LIABILITIES,
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

/// A page of accounts that a batch did not carry, in order.
fn accounts(
    connection: &impl Prepares,
    statement: Statement,
    member_no: MemberNo,
    batch_no: BatchNo,
    after: Option<&AccountRef>,
    limit: u32,
) -> Outcome<Vec<AccountRef>> {
    let after = after.map_or("", AccountRef::as_str);
    statement.all(
        connection,
        params![member_no.0, batch_no.0, after, limit],
        |row| Columns::new(row, "account").parsed(AccountRef::parse),
    )
}

/// The liable people of those accounts whose tokens are the same as on file, in the order of the accounts.
fn known_liabilities(
    connection: &impl Prepares,
    member_no: MemberNo,
    accounts: &[(AccountRef, TokenDigests)],
) -> Outcome<Vec<Option<SealedLiabilities>>> {
    accounts
        .iter()
        .map(|(account_ref, digests)| {
            let account = load::find_account(connection, member_no, account_ref)?;
            match account.filter(|account| account.token_digests.as_ref() == Some(digests)) {
                Some(account) => sealed_liabilities(connection, &account).map(Some),
                None => Ok(None),
            }
        })
        .collect()
}

fn sealed_liabilities(connection: &impl Prepares, account: &AccountRow) -> Outcome<SealedLiabilities> {
    let key = params![account.holder.0, account.member_no.0, account.account_no.0];
    let stored: Option<Vec<Liability<TokenRef>>> =
        LIABILITIES.find(connection, key, |row| Columns::new(row, "position").decoded())?;
    let stored = stored.ok_or_else(|| corrupt("account", account.account_no.0))?;
    stored
        .into_iter()
        .map(|liability| {
            let tokens = liability.tokens.into_iter().map(|shown| {
                let number = shown.token.token_id.0;
                let token = SEALED_TOKEN.find(connection, params![number], |row| {
                    rows::subject::pseudonym(&mut Columns::new(row, "subject_token"))
                })?;
                Ok(Presented {
                    token: token.ok_or_else(|| corrupt("subject_token", number))?,
                    verified_on: shown.verified_on,
                })
            });
            Ok(Liability {
                role: liability.role,
                tokens: tokens.collect::<Outcome<_>>()?,
            })
        })
        .collect()
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
        self.read(move |connection| {
            accounts(
                connection,
                MISSING_OF_BATCH,
                member_no,
                batch_no,
                after.as_ref(),
                limit,
            )
        })
        .await
    }

    async fn uncarried(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: Option<&AccountRef>,
        limit: u32,
    ) -> Result<Vec<AccountRef>, StoreError> {
        let after = after.cloned();
        self.read(move |connection| {
            accounts(connection, UNCARRIED, member_no, batch_no, after.as_ref(), limit)
        })
        .await
    }

    async fn known_liabilities(
        &self,
        member_no: MemberNo,
        accounts: Vec<(AccountRef, TokenDigests)>,
    ) -> Result<Vec<Option<SealedLiabilities>>, StoreError> {
        self.read(move |connection| known_liabilities(connection, member_no, &accounts))
            .await
    }
}
