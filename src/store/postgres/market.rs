//! Counts the market for a snapshot: all positions in the order of subjects, part by part of their numbers, from one state.
//!
//! Folded here and not in SQL: one pass serves every table, both engines count with the same code, and nothing is sorted
//! or held that grows with the market. While one part is counted the next one is on its way.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use tokio::sync::mpsc;
use tokio_postgres::Row;

use super::PostgresStore;
use super::conduct::LAST_NUMBER;
use super::failure::{Failure, Outcome};
use super::statement::{Bound, Session, Statement, statements};
use super::{judged, members, statistics};
use crate::domain::date::to_epoch_days;
use crate::domain::names::{AccountNo, MemberNo};
use crate::domain::statistics::{Scan, SnapshotKey, Statistics, Terms};
use crate::store::StoreError;
use crate::store::columns::{Columns, Corrupt};
use crate::store::market::{Helper, InForce, LoanRow, MarketCount};
use crate::store::rows::statistics::{self as rows, market_columns, market_version_columns};
use crate::store::statistics_book::SnapshotTask;

statements! {
    rare
    /// Of everybody, part by part of the subjects: no distribution column helps.
    const MARKET(3) = concat!("-- market
        SELECT ", market_columns!("$3::bigint"), market_version_columns!(), "
        FROM position
        WHERE subject_id > $1::bigint AND subject_id <= $2::bigint
        ORDER BY subject_id, member_no, account_no");
    const MARKET_OF_SUBJECTS(2) = concat!("-- market_of_subjects
        SELECT ", market_columns!("$2::bigint"), market_version_columns!(), "
        FROM position
        WHERE subject_id = ANY($1::bigint[])
        ORDER BY subject_id, member_no, account_no");
    /// Of accounts whose current version begins later.
    const PAST_OF_ACCOUNTS(3) = concat!("-- past_of_accounts
        SELECT DISTINCT ON (account_no) member_no, account_no, ", market_version_columns!(), "
        FROM past_version
        WHERE member_no = ANY($1::bigint[]) AND account_no = ANY($2::bigint[]) AND corrected_by IS NULL
            AND coalesce(first_as_of, as_of) <= $3::bigint
        ORDER BY account_no, coalesce(first_as_of, as_of) DESC, as_of DESC, sequence DESC");
    const FIND_PART(3) = "-- find_part
        SELECT entries
        FROM snapshot_carry
        WHERE as_of = $1::bigint AND version = $2::bigint AND part = $3::bigint";
}

/// Numbers whose positions are read at once: subjects, tokens and accounts share them.
const SPAN: i64 = 65_536;
/// Subjects that are read once more at once.
const AGAIN: usize = 1_024;
/// Parts that wait to be written.
const PARTS_WAITING: usize = 2;

/// What a pass gives while it runs.
enum Given {
    /// It begins, perhaps anew.
    Begun,
    /// A part to be kept.
    Part(Vec<u8>),
}

/// Counts, and keeps what the next snapshot needs, part by part.
pub(super) async fn count(
    store: &PostgresStore,
    task: SnapshotTask,
    terms: Terms,
) -> Result<Statistics, StoreError> {
    let (give, given) = mpsc::channel(PARTS_WAITING);
    let counted = store.counting.read_at_length(move |session| {
        let (terms, give) = (terms.clone(), give.clone());
        async move { Pass::begin(session, task, terms, give).await?.run().await }.boxed()
    });
    // Both are driven until the pass has ended or what it gives cannot be kept.
    let (statistics, ()) = futures::try_join!(counted, keep(store, task.key, given))?;
    Ok(statistics)
}

/// Writes what a pass gives, until it ends.
async fn keep(
    store: &PostgresStore,
    key: SnapshotKey,
    mut given: mpsc::Receiver<Given>,
) -> Result<(), StoreError> {
    let mut number = 0;
    while let Some(given) = given.recv().await {
        match given {
            Given::Begun => {
                number = 0;
                store
                    .aside
                    .write(move |session| statistics::drop_parts(session, key).boxed())
                    .await?;
            }
            Given::Part(part) => {
                let part = std::sync::Arc::new(part);
                store
                    .aside
                    .write(move |session| {
                        let part = part.clone();
                        async move { statistics::put_part(session, key, number, &part).await }.boxed()
                    })
                    .await?;
                number += 1;
            }
        }
    }
    Ok(())
}

/// A pass over the market.
struct Pass<'s> {
    session: &'s Session,
    count: MarketCount,
    helper: Helper,
    previous: Option<SnapshotKey>,
    /// The next part of the snapshot before.
    next_part: i64,
    give: mpsc::Sender<Given>,
}

impl<'s> Pass<'s> {
    async fn begin(
        session: &'s Session,
        task: SnapshotTask,
        terms: Terms,
        give: mpsc::Sender<Given>,
    ) -> Outcome<Self> {
        let members = members::all(session).await?;
        let groups: BTreeMap<_, _> = members
            .into_iter()
            .map(|member| (member.member_no, member.lender_group))
            .collect();
        let pass = Self {
            session,
            helper: Helper::begin(Scan::new(terms.clone())),
            count: MarketCount::new(terms, groups, task.previous.is_some()),
            previous: task.previous,
            next_part: 0,
            give,
        };
        pass.give(Given::Begun).await?;
        Ok(pass)
    }

    async fn run(mut self) -> Outcome<Statistics> {
        let last = LAST_NUMBER
            .get(self.session, &[], |row| {
                Columns::new(row, "number_source").number()
            })
            .await?;
        let since = i64::from(to_epoch_days(self.count.month_begin()));
        let mut until = SPAN.min(last);
        let mut rows = span(self.session, 0, until, since).await?;
        while !rows.is_empty() || until < last {
            let next = until.saturating_add(SPAN).min(last);
            // The next part is asked for before this one is counted.
            let session = self.session;
            let (following, counted) = futures::join!(span(session, until, next, since), self.take(rows));
            counted?;
            rows = following?;
            until = next;
        }
        while self.count.wants_more_parts() {
            self.push_part().await?;
        }
        let again = self.count.end_pass();
        for subjects in again.chunks(AGAIN) {
            let subjects: Vec<i64> = subjects.iter().map(|subject| subject.0).collect();
            let of: Bound<'_> = &[&subjects, &since];
            let rows = MARKET_OF_SUBJECTS.all(self.session, of, loan).await?;
            self.take(rows).await?;
        }
        let month = self.count.month();
        judged::each(self.session, last, month, |look| self.count.add_look(look)).await?;
        let Self {
            mut count,
            mut helper,
            give,
            ..
        } = self;
        count.join(&mut helper);
        let (statistics, rest) = count.finish();
        give.send(Given::Part(rest))
            .await
            .map_err(|_| Failure::Conflict)?;
        Ok(statistics)
    }

    /// Counts rows, in the order of subjects.
    async fn take(&mut self, rows: Vec<LoanRow>) -> Outcome<()> {
        let past = self.past(&rows).await?;
        let as_of = self.count.as_of();
        for row in rows {
            while self.count.wants_part(row.subject_id) {
                self.push_part().await?;
            }
            let account_no = row.version.loan.account_no;
            if row.version.begins_on <= as_of {
                self.count.add(row);
            } else if let Some(version) = past.get(&account_no) {
                // Joint borrowers have the account, too.
                let version = version.clone();
                self.count.add(LoanRow { version, ..row });
            }
            self.count.count_full(&mut self.helper);
            while let Some(part) = self.count.take_part() {
                self.give(Given::Part(part)).await?;
            }
        }
        Ok(())
    }

    /// The versions in force of accounts whose current one begins later.
    async fn past(&self, rows: &[LoanRow]) -> Outcome<BTreeMap<AccountNo, InForce>> {
        let as_of = self.count.as_of();
        let later = rows.iter().filter(|row| row.version.begins_on > as_of);
        let (members, accounts): (Vec<i64>, Vec<i64>) = later
            .map(|row| (row.version.loan.member_no.0, row.version.loan.account_no.0))
            .unzip();
        if accounts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let as_of = i64::from(to_epoch_days(as_of));
        let cells: Bound<'_> = &[&members, &accounts, &as_of];
        let found = PAST_OF_ACCOUNTS.all(self.session, cells, |row| {
            let mut columns = Columns::new(row, "past_version");
            let (member_no, account_no) = (MemberNo(columns.number()?), AccountNo(columns.number()?));
            Ok((account_no, rows::in_force(&mut columns, member_no, account_no)?))
        });
        Ok(found.await?.into_iter().collect())
    }

    async fn push_part(&mut self) -> Outcome<()> {
        let part = match self.previous {
            Some(key) => {
                let (as_of, version) = (i64::from(to_epoch_days(key.as_of)), i64::from(key.version));
                let of: Bound<'_> = &[&as_of, &version, &self.next_part];
                FIND_PART
                    .find(self.session, of, |row| {
                        Ok(Columns::new(row, "snapshot_carry").blob()?.to_vec())
                    })
                    .await?
            }
            None => None,
        };
        self.next_part += 1;
        if self.count.push_part(part.as_deref()) {
            return Ok(());
        }
        Err(Corrupt::of("snapshot_carry", self.next_part - 1).into())
    }

    async fn give(&self, given: Given) -> Outcome<()> {
        self.give.send(given).await.map_err(|_| Failure::Conflict)
    }
}

fn loan(row: &Row) -> Outcome<LoanRow> {
    rows::loan(&mut Columns::new(row, "position"))
}

/// Positions of subjects above one number and up to another; those opened since a day are told whether they were checked.
async fn span(session: &Session, after: i64, until: i64, since: i64) -> Outcome<Vec<LoanRow>> {
    if after == until {
        return Ok(Vec::new());
    }
    MARKET.all(session, &[&after, &until, &since], loan).await
}
