//! Batches: what decisions need of them, and what members read.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use tokio_postgres::Row;

use super::PostgresStore;
use super::cells::Arrays;
use super::failure::Outcome;
use super::find::{FIND_ACCOUNTS, FIND_BATCHES, LAST_FULLS, LIABILITIES};
use super::load::batch_names;
use super::reads;
use super::statement::{Session, Statement};
use crate::domain::batch::{BatchId, BatchNo, BatchState, BatchType, RecordResult};
use crate::domain::names::{AccountNo, AccountRef, MemberNo, SubjectId, TokenId};
use crate::domain::position::Liability;
use crate::domain::token::{Presented, TokenDigests, TokenRef};
use crate::domain::unit::Keys;
use crate::domain::unit::rows::{AccountRow, BatchRow, LastFull};
use crate::domain::unit::working_set::BatchName;
use crate::store::StoreError;
use crate::store::batch_book::{BatchBook, SealedLiabilities};
use crate::store::columns::{Columns, Sink as _, whole};
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
        SELECT account_ref
        FROM account
        WHERE member_no = $1::bigint AND account_ref > $3 AND is_open = 1 AND carried_by < $2::bigint
        ORDER BY account_ref
        LIMIT $4::bigint",
    parameters: 4,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: &[Statement] =
    &[BATCHES_OF_MEMBER, RESULTS_OF_BATCH, MISSING_OF_BATCH, UNCARRIED];

type Loaded = (BTreeMap<BatchName, BatchRow>, BTreeMap<MemberNo, LastFull>);

/// The batches that `keys` name, and the latest full submissions they ask for.
pub(super) async fn load(session: &Session, keys: &Keys) -> Outcome<Loaded> {
    let batches = async {
        match keys.batches.is_empty() {
            true => Ok(Vec::new()),
            false => {
                let names = batch_names(&keys.batches);
                FIND_BATCHES.all(session, &names.bound(), batch).await
            }
        }
    };
    let members: Vec<i64> = keys.last_full.iter().map(|member| member.0).collect();
    let (full, completed) = (
        i64::from(BatchType::Full.code()),
        i64::from(BatchState::Completed.code()),
    );
    let last = async {
        match members.is_empty() {
            true => Ok(Vec::new()),
            false => {
                LAST_FULLS
                    .all(session, &[&members, &full, &completed], |row| {
                        let mut columns = Columns::new(row, "batch");
                        let member_no = MemberNo(columns.number()?);
                        Ok((member_no, rows::batch::last_full(&mut columns)?))
                    })
                    .await
            }
        }
    };
    let (batches, last) = futures::join!(batches, last);
    let named = batches?
        .into_iter()
        .map(|row| ((row.batch.member_no, row.batch.header.batch_id.clone()), row));
    Ok((named.collect(), last?.into_iter().collect()))
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

async fn accounts(
    session: &Session,
    statement: Statement,
    (member_no, batch_no): (MemberNo, BatchNo),
    after: Option<AccountRef>,
    limit: u32,
) -> Outcome<Vec<AccountRef>> {
    let after = after.as_ref().map_or("", AccountRef::as_str);
    statement
        .all(
            session,
            &[&member_no.0, &batch_no.0, &after, &i64::from(limit)],
            |row| Columns::new(row, "account").parsed(AccountRef::parse),
        )
        .await
}

/// The liable people of those accounts whose tokens are the same as on file.
async fn known_liabilities(
    session: &Session,
    member_no: MemberNo,
    asked: &[(AccountRef, TokenDigests)],
) -> Outcome<Vec<Option<SealedLiabilities>>> {
    let names = Arrays::of(asked, |(account_ref, _), sink| {
        sink.number(member_no.0).text(account_ref.as_str());
    });
    let found = FIND_ACCOUNTS
        .all(session, &names.bound(), |row| {
            rows::subject::account(&mut Columns::new(row, "account"))
        })
        .await?;
    let found: BTreeMap<AccountRef, AccountRow> = found
        .into_iter()
        .map(|account| (account.account_ref.clone(), account))
        .collect();
    let same = asked.iter().map(|(account_ref, digests)| {
        let account = found.get(account_ref)?;
        (account.token_digests.as_ref() == Some(digests)).then_some(account)
    });
    let same: Vec<Option<&AccountRow>> = same.collect();
    let mut wanted: BTreeMap<(SubjectId, MemberNo), Vec<AccountNo>> = BTreeMap::new();
    for account in same.iter().flatten() {
        let of_holder = wanted.entry((account.holder, account.member_no)).or_default();
        of_holder.push(account.account_no);
    }
    let stored = stored_liabilities(session, &wanted).await?;
    let numbers: Vec<TokenId> = stored
        .values()
        .flatten()
        .flat_map(|liability| &liability.tokens)
        .map(|shown| shown.token.token_id)
        .collect();
    let sealed = match numbers.is_empty() {
        true => BTreeMap::new(),
        false => reads::sealed_tokens(session, &numbers).await?,
    };
    let under_seal = |shown: &Presented<TokenRef>| {
        Some(Presented {
            token: sealed.get(&shown.token.token_id)?.clone(),
            verified_on: shown.verified_on,
        })
    };
    let liable = |account: &AccountRow| -> Option<SealedLiabilities> {
        let liabilities = stored.get(&account.account_no)?.iter().map(|liability| {
            Some(Liability {
                role: liability.role,
                tokens: liability.tokens.iter().map(under_seal).collect::<Option<_>>()?,
            })
        });
        liabilities.collect()
    };
    Ok(same.into_iter().map(|account| account.and_then(liable)).collect())
}

async fn stored_liabilities(
    session: &Session,
    wanted: &BTreeMap<(SubjectId, MemberNo), Vec<AccountNo>>,
) -> Outcome<BTreeMap<AccountNo, Vec<Liability<TokenRef>>>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut holders: Vec<i64> = wanted.keys().map(|(holder, _)| holder.0).collect();
    holders.dedup();
    let found = LIABILITIES
        .all(session, &[&holders], |row| {
            let mut columns = Columns::new(row, "position");
            let holder = (SubjectId(columns.number()?), MemberNo(columns.number()?));
            let account_no = AccountNo(columns.number()?);
            let asked = wanted
                .get(&holder)
                .is_some_and(|accounts| accounts.contains(&account_no));
            asked.then(|| Ok((account_no, columns.decoded()?))).transpose()
        })
        .await?;
    Ok(found.into_iter().flatten().collect())
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
            .read(move |session| {
                accounts(
                    session,
                    MISSING_OF_BATCH,
                    (member_no, batch_no),
                    after.clone(),
                    limit,
                )
                .boxed()
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
        self.aside
            .read(move |session| {
                accounts(session, UNCARRIED, (member_no, batch_no), after.clone(), limit).boxed()
            })
            .await
    }

    async fn known_liabilities(
        &self,
        member_no: MemberNo,
        accounts: Vec<(AccountRef, TokenDigests)>,
    ) -> Result<Vec<Option<SealedLiabilities>>, StoreError> {
        let accounts = Arc::new(accounts);
        self.aside
            .read(move |session| {
                let accounts = accounts.clone();
                async move { known_liabilities(session, member_no, &accounts).await }.boxed()
            })
            .await
    }
}
