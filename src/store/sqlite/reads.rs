//! Reads that answer no decision: a member's own book, the register, what the database holds.

use std::collections::BTreeMap;

use rusqlite::params;

use super::failure::{Outcome, corrupt};
use super::load;
use super::statement::{Prepares, Statement};
use crate::domain::names::{AccountNo, AccountRef, MemberNo, TokenId};
use crate::domain::position::AccountStatus;
use crate::domain::token::Pseudonym;
use crate::domain::unit::rows::{AccountRow, PositionRow};
use crate::store::columns::Columns;
use crate::store::rows::{self, position_columns, version_columns};
use crate::store::{Holdings, KeyChecks, StoredPosition, StoredVersion, versions_page};

pub(super) const CURRENT_POSITION: Statement = Statement {
    sql: concat!(
        "-- current_position
        SELECT ",
        position_columns!(),
        version_columns!(),
        "
        FROM position
        WHERE subject_id = ?1 AND member_no = ?2 AND account_no = ?3"
    ),
    parameters: 3,
};
const ACCOUNTS_OF_MEMBER: Statement = Statement {
    sql: "-- accounts_of_member
        SELECT a.member_no, a.account_ref, a.account_no, a.holder, a.versions_made, a.is_open, a.carried_by, a.token_digests
        FROM account a
        JOIN position p
            ON p.subject_id = a.holder AND p.member_no = a.member_no AND p.account_no = a.account_no
        WHERE a.member_no = ?1
            AND a.account_no < ?2
            AND p.deleted IS NULL
            AND (?3 = 0 OR p.status <> ?4)
        ORDER BY a.account_no DESC
        LIMIT ?5",
    parameters: 5,
};
const SEALED_TOKEN: Statement = Statement {
    sql: "-- sealed_token
        SELECT identifier_type, key_version, sealed
        FROM subject_token
        WHERE token_id = ?1",
    parameters: 1,
};
const SCHEMA_VERSION: Statement = Statement {
    sql: "-- schema_version
        SELECT coalesce(max(version), 0)
        FROM schema_migration",
    parameters: 0,
};
const COUNT_ACCOUNTS: Statement = Statement {
    sql: "-- count_accounts
        SELECT count(*) FROM account",
    parameters: 0,
};
const COUNT_TOKENS: Statement = Statement {
    sql: "-- count_tokens
        SELECT count(*) FROM subject_token",
    parameters: 0,
};
const COUNT_INQUIRIES: Statement = Statement {
    sql: "-- count_inquiries
        SELECT count(*) FROM inquiry",
    parameters: 0,
};
const COUNT_LEAVES: Statement = Statement {
    sql: "-- count_leaves
        SELECT tree_size FROM audit_head WHERE singleton = 1",
    parameters: 0,
};
const COUNT_WAITING: Statement = Statement {
    sql: "-- count_waiting
        SELECT count(*) FROM audit_waiting",
    parameters: 0,
};
const EVALUATIONS_USED: Statement = Statement {
    sql: "-- evaluations_used
        SELECT from_quota
        FROM evaluation_usage
        WHERE member_no = ?1 AND day = ?2",
    parameters: 2,
};
const KEY_CHECKS: Statement = Statement {
    sql: "-- key_checks
        SELECT key_name, check_value
        FROM key_check
        ORDER BY key_name",
    parameters: 0,
};
const PUT_KEY_CHECK: Statement = Statement {
    sql: "-- put_key_check
        INSERT INTO key_check (key_name, check_value)
        VALUES (?1, ?2)",
    parameters: 2,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 12] = [
    CURRENT_POSITION,
    ACCOUNTS_OF_MEMBER,
    SEALED_TOKEN,
    SCHEMA_VERSION,
    COUNT_ACCOUNTS,
    COUNT_TOKENS,
    COUNT_INQUIRIES,
    COUNT_LEAVES,
    COUNT_WAITING,
    EVALUATIONS_USED,
    KEY_CHECKS,
    PUT_KEY_CHECK,
];

/// The current version of an account, which must be there.
pub(super) fn current_row(connection: &impl Prepares, account: &AccountRow) -> Outcome<PositionRow> {
    let key = params![account.holder.0, account.member_no.0, account.account_no.0];
    CURRENT_POSITION
        .find(connection, key, |row| {
            rows::position(&mut Columns::new(row, "position"))
        })?
        .ok_or_else(|| corrupt("account", account.account_no.0))
}

/// An account by name, with its current version.
pub(super) fn find_position(
    connection: &impl Prepares,
    member_no: MemberNo,
    account_ref: &AccountRef,
) -> Outcome<Option<StoredPosition>> {
    let Some(account) = load::find_account(connection, member_no, account_ref)? else {
        return Ok(None);
    };
    let row = current_row(connection, &account)?;
    Ok(Some(StoredPosition { account, row }))
}

/// A page of a member's accounts, newest first.
pub(super) fn list_positions(
    connection: &impl Prepares,
    member_no: MemberNo,
    before: Option<AccountNo>,
    limit: u32,
    open_only: bool,
) -> Outcome<Vec<StoredPosition>> {
    let before = before.map_or(i64::MAX, |account| account.0);
    let closed = AccountStatus::Closed.code();
    let page = params![member_no.0, before, open_only, closed, limit];
    let accounts = ACCOUNTS_OF_MEMBER.all(connection, page, |row| {
        rows::subject::account(&mut Columns::new(row, "account"))
    })?;
    accounts
        .into_iter()
        .map(|account| {
            Ok(StoredPosition {
                row: current_row(connection, &account)?,
                account,
            })
        })
        .collect()
}

/// A page of an account's versions, newest number first.
pub(super) fn list_versions(
    connection: &impl Prepares,
    member_no: MemberNo,
    account_ref: &AccountRef,
    before: Option<u64>,
    limit: usize,
) -> Outcome<Option<Vec<StoredVersion>>> {
    let Some(found) = find_position(connection, member_no, account_ref)? else {
        return Ok(None);
    };
    let past = load::past_versions(connection, found.account.account_no)?;
    Ok(Some(versions_page(found, past, before, limit)))
}

/// Sealed pseudonyms by token number; every one must be on file.
pub(super) fn sealed_tokens(
    connection: &impl Prepares,
    tokens: &[TokenId],
) -> Outcome<BTreeMap<TokenId, Pseudonym>> {
    tokens
        .iter()
        .map(|token| {
            let found = SEALED_TOKEN.find(connection, params![token.0], |row| {
                rows::subject::pseudonym(&mut Columns::new(row, "subject_token"))
            })?;
            Ok((*token, found.ok_or_else(|| corrupt("subject_token", token.0))?))
        })
        .collect()
}

/// Token evaluations charged to a member's quota of a day.
pub(super) fn evaluations_used(connection: &impl Prepares, member_no: MemberNo, day: i32) -> Outcome<u64> {
    let used = EVALUATIONS_USED.find(connection, params![member_no.0, day], |row| {
        Columns::new(row, "evaluation_usage").count()
    })?;
    Ok(used.unwrap_or(0))
}

/// What the database holds.
pub(super) fn holdings(connection: &impl Prepares) -> Outcome<Holdings> {
    let count =
        |statement: Statement| statement.get(connection, [], |row| Columns::new(row, "count").count::<u64>());
    Ok(Holdings {
        schema_version: SCHEMA_VERSION.get(connection, [], |row| Ok(row.get(0)?))?,
        accounts: count(COUNT_ACCOUNTS)?,
        tokens: count(COUNT_TOKENS)?,
        inquiries: count(COUNT_INQUIRIES)?,
        audit_leaves: count(COUNT_LEAVES)?,
        audit_waiting: count(COUNT_WAITING)?,
    })
}

/// Check values of keys that ever served.
pub(super) fn key_checks(connection: &impl Prepares) -> Outcome<KeyChecks> {
    let checks = KEY_CHECKS.all(connection, [], |row| {
        let mut columns = Columns::new(row, "key_check");
        Ok((columns.text()?, columns.bytes()?))
    })?;
    Ok(checks.into_iter().collect())
}

/// Adds check values of keys that never served.
pub(super) fn put_key_checks(connection: &impl Prepares, checks: &KeyChecks) -> Outcome<()> {
    checks
        .iter()
        .try_for_each(|(name, value)| PUT_KEY_CHECK.run_one(connection, params![name, value]))
}
