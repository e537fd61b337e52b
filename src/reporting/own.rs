//! A member's own book, under its own tokens again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Reporting;
use crate::domain::caller::Caller;
use crate::domain::names::{AccountNo, AccountRef, TokenId};
use crate::domain::position::Position;
use crate::domain::token::{Pseudonym, TokenRef};
use crate::domain::unit::Refused;
use crate::domain::unit::rows::Version;
use crate::domain::violation::{Code, Violation};
use crate::identity::token::SubjectToken;
use crate::store::{ApplyError, StoreError};

/// A member's own position as it stands.
#[derive(Debug)]
pub struct OwnPosition {
    /// The position.
    pub position: Position<SubjectToken>,
    /// Its version.
    pub version: u64,
    /// Where a list goes on after it.
    pub account_no: AccountNo,
}

/// A version of a member's own position.
#[derive(Debug)]
pub struct OwnVersion {
    /// The version without its liabilities, which are in the position.
    pub version: Arc<Version>,
    /// The position as it was.
    pub position: Position<SubjectToken>,
}

impl Reporting {
    /// The caller's own position.
    ///
    /// # Errors
    /// Refused when the caller has no such account or deleted it; or the store failed.
    pub async fn get(&self, caller: &Caller, account_ref: &AccountRef) -> Result<OwnPosition, ApplyError> {
        let found = self.store.find_position(caller.member_no(), account_ref).await?;
        let stored = found.ok_or_else(unknown)?;
        if stored.row.deleted.is_some() {
            return Err(deleted().into());
        }
        let tokens = self.own_tokens(caller, [&stored.row.version]).await?;
        Ok(OwnPosition {
            position: shown(account_ref, &stored.row.version, &tokens)?,
            version: stored.row.version.number,
            account_no: stored.account.account_no,
        })
    }

    /// A page of the caller's own book, newest account first, after `before`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(
        &self,
        caller: &Caller,
        before: Option<AccountNo>,
        limit: u32,
        open_only: bool,
    ) -> Result<Vec<OwnPosition>, ApplyError> {
        let page = self
            .store
            .list_positions(caller.member_no(), before, limit, open_only)
            .await?;
        let tokens = self
            .own_tokens(caller, page.iter().map(|stored| &stored.row.version))
            .await?;
        let shown = |stored: &crate::store::StoredPosition| {
            Ok(OwnPosition {
                position: shown(&stored.account.account_ref, &stored.row.version, &tokens)?,
                version: stored.row.version.number,
                account_no: stored.account.account_no,
            })
        };
        page.iter().map(shown).collect()
    }

    /// A page of everything ever accepted about one account, newest first, with numbers below `before`.
    ///
    /// # Errors
    /// Refused when the caller has no such account; or the store failed.
    pub async fn versions(
        &self,
        caller: &Caller,
        account_ref: &AccountRef,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<OwnVersion>, ApplyError> {
        let found = self
            .store
            .list_versions(caller.member_no(), account_ref, before, limit)
            .await?;
        let page = found.ok_or_else(unknown)?;
        let tokens = self
            .own_tokens(caller, page.iter().map(|stored| &stored.past.version))
            .await?;
        page.into_iter()
            .map(|stored| {
                let position = shown(account_ref, &stored.past.version, &tokens)?;
                Ok(OwnVersion {
                    version: stored.past.version,
                    position,
                })
            })
            .collect()
    }

    /// The caller's tokens of everyone named in some versions.
    async fn own_tokens<'a>(
        &self,
        caller: &Caller,
        versions: impl IntoIterator<Item = &'a Arc<Version>>,
    ) -> Result<OwnTokens, StoreError> {
        let mut wanted: Vec<TokenId> = versions
            .into_iter()
            .flat_map(|version| &version.liabilities)
            .flat_map(|liability| &liability.tokens)
            .map(|shown| shown.token.token_id)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let (names, pseudonyms): (Vec<TokenId>, Vec<Pseudonym>) =
            self.store.sealed_tokens(&wanted).await?.into_iter().unzip();
        let tokens = self
            .tokens
            .tokens(caller, &pseudonyms)
            .map_err(|_| corrupt(&names))?;
        Ok(names.into_iter().zip(tokens).collect())
    }
}

type OwnTokens = BTreeMap<TokenId, SubjectToken>;

fn shown(
    account_ref: &AccountRef,
    version: &Version,
    tokens: &OwnTokens,
) -> Result<Position<SubjectToken>, StoreError> {
    let stored = Position {
        account_ref: account_ref.clone(),
        liabilities: version.liabilities.clone(),
        facts: version.facts.clone(),
        order: version.order,
    };
    stored.try_map_tokens(|token: TokenRef| {
        tokens
            .get(&token.token_id)
            .cloned()
            .ok_or_else(|| corrupt(&[token.token_id]))
    })
}

/// Sealed under other keys than this server's, or damaged.
fn corrupt(tokens: &[TokenId]) -> StoreError {
    StoreError::Corrupt {
        table: "subject_token",
        key: format!("{tokens:?}"),
    }
}

fn unknown() -> Refused {
    Refused::because(Violation::new(
        Code::AccountUnknown,
        "account_ref",
        "you have no account of this name on file: report it first, or check the reference",
    ))
}

fn deleted() -> Refused {
    Refused::because(Violation::new(
        Code::AccountDeleted,
        "account_ref",
        "the account was deleted: ListPositionVersions shows its history, CorrectPosition of its last version restores it",
    ))
}
