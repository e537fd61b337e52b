//! Batches: what decisions need of them, and what members read.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::Outcome;
use super::find::{FIND_BATCHES, LAST_FULLS, NEWEST_BATCHES};
use super::locks::batch_names;
use super::statement::{Session, Statement};
use crate::domain::batch::{BatchId, BatchNo, BatchState, BatchType, RecordResult};
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::token::TokenDigests;
use crate::domain::unit::Keys;
use crate::domain::unit::rows::{BatchRow, LastFull};
use crate::domain::unit::working_set::BatchName;
use crate::store::StoreError;
use crate::store::batch_book::{BatchBook, Uncarried, VISITED_MAX};
use crate::store::columns::{Columns, whole};
use crate::store::rows;
use crate::store::rows::batch::batch_columns;

const BATCHES_OF_MEMBER: Statement = Statement {
    sql: concat!(
        "-- batches_of_member
        SELECT ",
        batch_columns!(),
        "
        FROM batch
        WHERE member_no = $1::bigint AND batch_no < $2::bigint
        ORDER BY batch_no DESC
        LIMIT $3::bigint"
    ),
    parameters: 3,
};
const RESULTS_OF_BATCH: Statement = Statement {
    sql: "-- results_of_batch
        SELECT record_number, account_ref, violations, warnings
        FROM batch_result
        WHERE member_no = $1::bigint AND batch_no = $2::bigint AND record_number > $3::bigint
        ORDER BY record_number
        LIMIT $4::bigint",
    parameters: 4,
};
const MISSING_OF_BATCH: Statement = Statement {
    sql: "-- missing_of_batch
        SELECT account_ref
        FROM batch_missing
        WHERE member_no = $1::bigint AND batch_no = $2::bigint AND account_ref > $3
        ORDER BY account_ref
        LIMIT $4::bigint",
    parameters: 4,
};
/// In whatever order the database keeps names: it is only gone through once.
const UNCARRIED: Statement = Statement {
    sql: "-- uncarried
        SELECT account_ref, (is_open = 1 AND carried_by < $2::bigint)::int::bigint
        FROM account
        WHERE member_no = $1::bigint AND account_ref > $3
        ORDER BY account_ref
        LIMIT $4::bigint",
    parameters: 4,
};

const DIGESTS_OF_ACCOUNTS: Statement = Statement {
    sql: "-- digests_of_accounts
        SELECT account_ref, token_digests
        FROM account
        WHERE member_no = $1::bigint AND account_ref = ANY($2::text[])",
    parameters: 2,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: &[Statement] = &[
    BATCHES_OF_MEMBER,
    RESULTS_OF_BATCH,
    MISSING_OF_BATCH,
    UNCARRIED,
    DIGESTS_OF_ACCOUNTS,
];

/// What units of work need of batches.
pub(super) struct Loaded {
    /// Those named.
    pub batches: BTreeMap<BatchName, BatchRow>,
    /// Latest full submissions.
    pub last_full: BTreeMap<MemberNo, LastFull>,
    /// Greatest numbers.
    pub newest: BTreeMap<MemberNo, BatchNo>,
}

/// The batches that `keys` name, and the latest full submissions they ask for.
pub(super) async fn load(session: &Session, keys: &Keys) -> Outcome<Loaded> {
    let batches = async {
        if keys.batches.is_empty() {
            Ok(Vec::new())
        } else {
            let names = batch_names(&keys.batches);
            FIND_BATCHES.all(session, &names.bound(), batch).await
        }
    };
    let members: Vec<i64> = keys.last_full.iter().map(|member| member.0).collect();
    let (full, completed) = (
        i64::from(BatchType::Full.code()),
        i64::from(BatchState::Completed.code()),
    );
    let last = async {
        if members.is_empty() {
            Ok(Vec::new())
        } else {
            LAST_FULLS
                .all(session, &[&members, &full, &completed], |row| {
                    let mut columns = Columns::new(row, "batch");
                    let member_no = MemberNo(columns.number()?);
                    Ok((member_no, rows::batch::last_full(&mut columns)?))
                })
                .await
        }
    };
    let openers: Vec<i64> = keys.newest_batch.iter().map(|member| member.0).collect();
    let newest = async {
        if openers.is_empty() {
            Ok(Vec::new())
        } else {
            NEWEST_BATCHES
                .all(session, &[&openers], |row| {
                    let mut columns = Columns::new(row, "batch");
                    Ok((MemberNo(columns.number()?), BatchNo(columns.number()?)))
                })
                .await
        }
    };
    let (batches, last, newest) = futures::join!(batches, last, newest);
    let named = batches?
        .into_iter()
        .map(|row| ((row.batch.member_no, row.batch.header.batch_id.clone()), row));
    Ok(Loaded {
        batches: named.collect(),
        last_full: last?.into_iter().collect(),
        newest: newest?.into_iter().collect(),
    })
}

fn batch(row: &Row) -> Outcome<BatchRow> {
    rows::batch::batch(&mut Columns::new(row, "batch"))
}

async fn find(session: &Session, member_no: MemberNo, batch_id: &BatchId) -> Outcome<Option<BatchRow>> {
    let (members, names) = ([member_no.0], [batch_id.as_str()]);
    FIND_BATCHES
        .find(session, &[&members.as_slice(), &names.as_slice()], batch)
        .await
}

async fn list(
    session: &Session,
    member_no: MemberNo,
    before: Option<BatchNo>,
    limit: u32,
) -> Outcome<Vec<BatchRow>> {
    let before = before.map_or(i64::MAX, |batch| batch.0);
    BATCHES_OF_MEMBER
        .all(session, &[&member_no.0, &before, &i64::from(limit)], batch)
        .await
}

async fn results(
    session: &Session,
    member_no: MemberNo,
    batch_no: BatchNo,
    after: u64,
    limit: u32,
) -> Outcome<Vec<RecordResult>> {
    let (after, limit) = (whole(after), i64::from(limit));
    RESULTS_OF_BATCH
        .all(session, &[&member_no.0, &batch_no.0, &after, &limit], |row| {
            rows::batch::result(&mut Columns::new(row, "batch_result"))
        })
        .await
}

async fn missing(
    session: &Session,
    (member_no, batch_no): (MemberNo, BatchNo),
    after: Option<AccountRef>,
    limit: u32,
) -> Outcome<Vec<AccountRef>> {
    let after = after.as_ref().map_or("", AccountRef::as_str);
    MISSING_OF_BATCH
        .all(
            session,
            &[&member_no.0, &batch_no.0, &after, &i64::from(limit)],
            |row| Columns::new(row, "batch_missing").parsed(AccountRef::parse),
        )
        .await
}

async fn uncarried(
    session: &Session,
    (member_no, batch_no): (MemberNo, BatchNo),
    after: Option<AccountRef>,
    limit: u32,
) -> Outcome<Uncarried> {
    let after = after.as_ref().map_or("", AccountRef::as_str);
    let visited = UNCARRIED
        .all(
            session,
            &[&member_no.0, &batch_no.0, &after, &i64::from(VISITED_MAX)],
            |row| {
                let mut columns = Columns::new(row, "account");
                Ok((columns.parsed(AccountRef::parse)?, columns.number()? == 1))
            },
        )
        .await?;
    Ok(Uncarried::among(visited, limit))
}

/// Whether accounts are recognised by the digests of their tokens, in their order.
async fn recognise(
    session: &Session,
    member_no: MemberNo,
    asked: &[(AccountRef, TokenDigests)],
) -> Outcome<Vec<bool>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = asked
        .iter()
        .map(|(account_ref, _)| account_ref.as_str())
        .collect();
    let found = DIGESTS_OF_ACCOUNTS
        .all(session, &[&member_no.0, &names], |row| {
            let mut columns = Columns::new(row, "account");
            let name = columns.parsed(AccountRef::parse)?;
            Ok((name, columns.optional_blob()?.map(<[u8]>::to_vec)))
        })
        .await?;
    let found: BTreeMap<AccountRef, Option<TokenDigests>> = found.into_iter().collect();
    let known = |(account_ref, digests): &(AccountRef, TokenDigests)| {
        found
            .get(account_ref)
            .is_some_and(|known| known.as_ref() == Some(digests))
    };
    Ok(asked.iter().map(known).collect())
}

#[async_trait]
impl BatchBook for PostgresStore {
    async fn find_batch(
        &self,
        member_no: MemberNo,
        batch_id: &BatchId,
    ) -> Result<Option<BatchRow>, StoreError> {
        let batch_id = Arc::new(batch_id.clone());
        self.aside
            .read(move |session| {
                let batch_id = batch_id.clone();
                async move { find(session, member_no, &batch_id).await }.boxed()
            })
            .await
    }

    async fn list_batches(
        &self,
        member_no: MemberNo,
        before: Option<BatchNo>,
        limit: u32,
    ) -> Result<Vec<BatchRow>, StoreError> {
        self.aside
            .read(move |session| list(session, member_no, before, limit).boxed())
            .await
    }

    async fn list_results(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: u64,
        limit: u32,
    ) -> Result<Vec<RecordResult>, StoreError> {
        self.aside
            .read(move |session| results(session, member_no, batch_no, after, limit).boxed())
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
        self.aside
            .read(move |session| missing(session, (member_no, batch_no), after.clone(), limit).boxed())
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
        self.aside
            .read(move |session| uncarried(session, (member_no, batch_no), after.clone(), limit).boxed())
            .await
    }

    async fn recognise(
        &self,
        member_no: MemberNo,
        accounts: Vec<(AccountRef, TokenDigests)>,
    ) -> Result<Vec<bool>, StoreError> {
        let accounts = Arc::new(accounts);
        self.aside
            .read(move |session| {
                let accounts = accounts.clone();
                async move { recognise(session, member_no, &accounts).await }.boxed()
            })
            .await
    }
}
