//! What is read of batches: where they stand, what became of their records, what they did not carry.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::batch::{BatchId, BatchNo, RecordResult};
use crate::domain::names::{AccountRef, MemberNo};
use crate::domain::token::TokenDigests;
use crate::domain::unit::rows::BatchRow;

/// Accounts looked at in one statement for those that a batch did not carry: a book may hold millions, and a FULL batch
/// carries nearly all of them.
pub(super) const VISITED_MAX: u32 = 4_096;

/// The next accounts of a member that a FULL batch did not carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncarried {
    /// The accounts, ascending.
    pub accounts: Vec<AccountRef>,
    /// The last account that was looked at; `None` when there was none.
    pub reached: Option<AccountRef>,
    /// Whether there are none behind it.
    pub last: bool,
}

impl Uncarried {
    /// Of the next [`VISITED_MAX`] accounts, each with whether it is open and was not carried, up to `limit`.
    pub(super) fn among(visited: Vec<(AccountRef, bool)>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut last = u32::try_from(visited.len()).is_ok_and(|visited| visited < VISITED_MAX);
        let mut accounts = Vec::new();
        let mut reached = None;
        let mut visited = visited.into_iter();
        for (account_ref, uncarried) in visited.by_ref() {
            reached = Some(account_ref.clone());
            if uncarried {
                accounts.push(account_ref);
            }
            if accounts.len() >= limit {
                break;
            }
        }
        last &= visited.next().is_none();
        Self {
            accounts,
            reached,
            last,
        }
    }
}

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
    /// `after`; fewer, or none at all, when so many others lie between.
    async fn uncarried(
        &self,
        member_no: MemberNo,
        batch_no: BatchNo,
        after: Option<&AccountRef>,
        limit: u32,
    ) -> Result<Uncarried, StoreError>;

    /// For each account, in their order, whether the tokens of its current version are those of these digests: a report of
    /// it need not map them again.
    async fn recognise(
        &self,
        member_no: MemberNo,
        accounts: Vec<(AccountRef, TokenDigests)>,
    ) -> Result<Vec<bool>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visited(count: u32, uncarried: impl Fn(u32) -> bool) -> Vec<(AccountRef, bool)> {
        let name = |number| AccountRef::parse(&format!("L-{number:05}")).unwrap();
        (0..count)
            .map(|number| (name(number), uncarried(number)))
            .collect()
    }

    #[test]
    fn a_page_tells_how_far_it_came_and_whether_more_may_come() {
        type Case = (u32, fn(u32) -> bool, (usize, Option<u32>, bool));
        let cases: [Case; 7] = [
            (0, |_| true, (0, None, true)),
            (5, |_| false, (0, Some(4), true)),
            (5, |number| number == 1, (1, Some(4), true)),
            (5, |number| number > 2, (2, Some(4), true)),
            (5, |number| number < 2, (2, Some(1), false)),
            (VISITED_MAX, |_| false, (0, Some(VISITED_MAX - 1), false)),
            (VISITED_MAX, |_| true, (2, Some(1), false)),
        ];
        for (count, uncarried, expected) in cases {
            let page = Uncarried::among(visited(count, uncarried), 2);
            let reached = page
                .reached
                .map(|reached| reached.as_str()[2..].parse::<u32>().unwrap());
            assert_eq!((page.accounts.len(), reached, page.last), expected, "{count}");
        }
    }
}
