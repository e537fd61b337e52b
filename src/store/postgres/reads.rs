//! Reads that answer no decision: a member's own book, the register, what the database holds.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::cells::Arrays;
use super::failure::Outcome;
use super::find::FIND_ACCOUNTS;
use super::statement::{Session, Statement};
use crate::domain::names::{AccountNo, AccountRef, MemberNo, SubjectId, TokenId};
use crate::domain::position::AccountStatus;
use crate::domain::token::Pseudonym;
use crate::domain::unit::rows::{AccountRow, PastVersion, PositionRow};
use crate::store::columns::{Columns, Corrupt, Sink as _};
use crate::store::rows::{self, account_columns, position_columns, version_columns};
use crate::store::{Holdings, StoredPosition, StoredVersion, versions_page};

pub(super) const CURRENT_POSITIONS: Statement = Statement {
    sql: concat!(
        "-- current_positions
        SELECT ",
        position_columns!(),
        version_columns!(),
        "
        FROM position
        WHERE subject_id = ANY($1::bigint[])
            AND (subject_id, member_no, account_no) IN (
                SELECT k.subject_id, k.member_no, k.account_no
                FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (subject_id, member_no, account_no))"
    ),
    parameters: 3,
};
const ACCOUNTS_OF_MEMBER: Statement = Statement {
    sql: concat!(
        "-- accounts_of_member
        SELECT ",
        account_columns!(),
        "
        FROM account
        WHERE member_no = $1::bigint AND account_no < $2::bigint
        ORDER BY account_no DESC
        LIMIT $3::bigint"
    ),
    parameters: 3,
};
const VERSIONS_OF_ACCOUNT: Statement = Statement {
    sql: concat!(
        "-- versions_of_account
        SELECT account_no, member_no, corrected_by, ",
        version_columns!(),
        "
        FROM past_version
        WHERE member_no = $1::bigint AND account_no = $2::bigint
        ORDER BY version"
    ),
    parameters: 2,
};
const SEALED_TOKENS: Statement = Statement {
    sql: "-- sealed_tokens
        SELECT token_id, identifier_type, key_version, sealed
        FROM subject_token
        WHERE token_id = ANY($1::bigint[])",
    parameters: 1,
};
const HOLDINGS: Statement = Statement {
    sql: "-- holdings
        SELECT
            (SELECT coalesce(max(version), 0) FROM schema_migration),
            (SELECT count(*) FROM account),
            (SELECT count(*) FROM subject_token),
            (SELECT count(*) FROM inquiry),
            (SELECT tree_size FROM audit_head WHERE singleton = 1),
            (SELECT count(*) FROM audit_waiting)",
    parameters: 0,
};
const EVALUATIONS_USED: Statement = Statement {
    sql: "-- evaluations_used
        SELECT from_quota
        FROM evaluation_usage
        WHERE member_no = $1::bigint AND day = $2::bigint",
    parameters: 2,
};
/// Writes a row that is nobody's, to see whether anything can be written; to be rolled back.
const TOUCH_NOBODY: Statement = Statement {
    sql: "-- touch_nobody
        INSERT INTO subject_lock (subject_id, touched)
        VALUES (0, 0)
        ON CONFLICT (subject_id) DO UPDATE SET
            touched = excluded.touched",
    parameters: 0,
};
/// Settings under which a crash of the database's machine may lose what was acknowledged.
const WEAK_SETTINGS: Statement = Statement {
    sql: "-- weak_settings
        SELECT name, setting
        FROM pg_settings
        WHERE (name IN ('fsync', 'full_page_writes') AND setting = 'off')
            OR (name = 'synchronous_commit' AND reset_val = 'off')
        ORDER BY name",
    parameters: 0,
};
/// Settings under which the database's log holds what statements are about: parameters are logged with them.
const TALKATIVE_SETTINGS: Statement = Statement {
    sql: "-- talkative_settings
        SELECT name, setting
        FROM pg_settings
        WHERE (name = 'log_parameter_max_length_on_error' AND setting <> '0')
            OR (((name = 'log_statement' AND setting IN ('mod', 'all'))
                    OR (name IN ('log_min_duration_statement', 'log_min_duration_sample') AND setting <> '-1'))
                AND coalesce(current_setting('log_parameter_max_length', true), '-1') <> '0')
        ORDER BY name",
    parameters: 0,
};
const KEY_CHECKS: Statement = Statement {
    sql: "-- key_checks
        SELECT key_name, check_value
        FROM key_check
        ORDER BY key_name",
    parameters: 0,
};
const REMOVE_KEY_CHECK: Statement = Statement {
    sql: "-- remove_key_check
        DELETE FROM key_check
        WHERE key_name = $1",
    parameters: 1,
};
const PUT_KEY_CHECKS: Statement = Statement {
    sql: "-- put_key_checks
        INSERT INTO key_check (key_name, check_value)
        SELECT k.key_name, k.check_value
        FROM unnest($1::text[], $2::bytea[]) AS k (key_name, check_value)
        RETURNING key_name",
    parameters: 2,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: &[Statement] = &[
    CURRENT_POSITIONS,
    ACCOUNTS_OF_MEMBER,
    VERSIONS_OF_ACCOUNT,
    SEALED_TOKENS,
    HOLDINGS,
    EVALUATIONS_USED,
    TOUCH_NOBODY,
    WEAK_SETTINGS,
    TALKATIVE_SETTINGS,
    KEY_CHECKS,
    REMOVE_KEY_CHECK,
    PUT_KEY_CHECKS,
];

/// An account by name, with its current version.
pub(super) async fn find_position(
    session: &Session,
    member_no: MemberNo,
    account_ref: &AccountRef,
) -> Outcome<Option<StoredPosition>> {
    let found = FIND_ACCOUNTS
        .find(
            session,
            &[&[member_no.0].as_slice(), &[account_ref.as_str()].as_slice()],
            account,
        )
        .await?;
    let Some(account) = found else {
        return Ok(None);
    };
    let positions = with_positions(session, vec![account]).await?;
    Ok(positions.into_iter().next())
}

/// A page of a member's accounts, newest first.
pub(super) async fn list_positions(
    session: &Session,
    member_no: MemberNo,
    before: Option<AccountNo>,
    limit: u32,
    open_only: bool,
) -> Outcome<Vec<StoredPosition>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut before = before.map_or(i64::MAX, |account| account.0);
    let mut page = Vec::new();
    // Accounts lie by member and positions by subject, so what does not belong on the page is only seen here.
    while page.len() < limit {
        let wanted = i64::try_from(limit - page.len()).unwrap_or(i64::MAX);
        let accounts = ACCOUNTS_OF_MEMBER
            .all(session, &[&member_no.0, &before, &wanted], account)
            .await?;
        let Some(last) = accounts.last() else {
            break;
        };
        before = last.account_no.0;
        let listed = |row: &PositionRow| {
            row.deleted.is_none() && !(open_only && row.version.facts.status == AccountStatus::Closed)
        };
        let positions = with_positions(session, accounts).await?;
        page.extend(positions.into_iter().filter(|stored| listed(&stored.row)));
    }
    Ok(page)
}

/// A page of an account's versions, newest number first.
pub(super) async fn list_versions(
    session: &Session,
    member_no: MemberNo,
    account_ref: &AccountRef,
    before: Option<u64>,
    limit: usize,
) -> Outcome<Option<Vec<StoredVersion>>> {
    let Some(found) = find_position(session, member_no, account_ref).await? else {
        return Ok(None);
    };
    let past: Vec<PastVersion> = VERSIONS_OF_ACCOUNT
        .all(session, &[&member_no.0, &found.account.account_no.0], |row| {
            rows::past_version(&mut Columns::new(row, "past_version"))
        })
        .await?;
    Ok(Some(versions_page(found, past, before, limit)))
}

/// Sealed pseudonyms by token number; every one must be on file.
pub(super) async fn sealed_tokens(
    session: &Session,
    tokens: &[TokenId],
) -> Outcome<BTreeMap<TokenId, Pseudonym>> {
    let numbers: Vec<i64> = tokens.iter().map(|token| token.0).collect();
    let found = SEALED_TOKENS
        .all(session, &[&numbers], |row| {
            let mut columns = Columns::new(row, "subject_token");
            Ok((
                TokenId(columns.number()?),
                rows::subject::pseudonym(&mut columns)?,
            ))
        })
        .await?;
    let found: BTreeMap<TokenId, Pseudonym> = found.into_iter().collect();
    match tokens.iter().find(|token| !found.contains_key(token)) {
        Some(missing) => Err(Corrupt::of("subject_token", missing.0).into()),
        None => Ok(found),
    }
}

/// Token evaluations charged to a member's quota of a day.
pub(super) async fn evaluations_used(session: &Session, member_no: MemberNo, day: i64) -> Outcome<u64> {
    let used = EVALUATIONS_USED
        .find(session, &[&member_no.0, &day], |row| {
            Columns::new(row, "evaluation_usage").count()
        })
        .await?;
    Ok(used.unwrap_or(0))
}

/// What the database holds.
pub(super) async fn holdings(session: &Session) -> Outcome<Holdings> {
    HOLDINGS
        .get(session, &[], |row| {
            let mut columns = Columns::new(row, "holdings");
            Ok(Holdings {
                schema_version: columns.number()?,
                accounts: columns.count()?,
                tokens: columns.count()?,
                inquiries: columns.count()?,
                audit_leaves: columns.count()?,
                audit_waiting: columns.count()?,
            })
        })
        .await
}

/// Whether something can be written; nothing stays.
pub(super) async fn try_to_write(session: &Session) -> Outcome<()> {
    TOUCH_NOBODY.run_exactly(session, 1, &[]).await
}

/// What makes commits less durable than they look, each with the way out.
pub(super) async fn weak_settings(session: &Session) -> Outcome<Vec<String>> {
    WEAK_SETTINGS
        .all(session, &[], |row| {
            let mut columns = Columns::new(row, "pg_settings");
            let (name, setting) = (columns.text()?, columns.text()?);
            Ok(format!("{name} is {setting} at the database: turn it on, or a crash there loses what was acknowledged"))
        })
        .await
}

/// What makes the database's log a copy of the market, each with the way out.
pub(super) async fn talkative_settings(session: &Session) -> Outcome<Vec<String>> {
    TALKATIVE_SETTINGS
        .all(session, &[], |row| {
            let mut columns = Columns::new(row, "pg_settings");
            let (name, setting) = (columns.text()?, columns.text()?);
            Ok(format!(
                "{name} is {setting} at the database: its log then holds what statements are about, and nothing erases it \
                 there; set log_parameter_max_length and log_parameter_max_length_on_error to 0"
            ))
        })
        .await
}

/// Check values of keys that ever served.
pub(super) async fn key_checks(session: &Session) -> Outcome<BTreeMap<String, [u8; 32]>> {
    let checks = KEY_CHECKS
        .all(session, &[], |row| {
            let mut columns = Columns::new(row, "key_check");
            Ok((columns.text()?, columns.bytes()?))
        })
        .await?;
    Ok(checks.into_iter().collect())
}

/// Adds check values of keys that never served.
pub(super) async fn put_key_checks(session: &Session, checks: &BTreeMap<String, [u8; 32]>) -> Outcome<()> {
    let rows = Arrays::of(checks, |(name, value), sink| {
        sink.text(name).bytes(&value[..]);
    });
    PUT_KEY_CHECKS
        .run_exactly(session, rows.rows(), &rows.bound())
        .await
}

/// Takes a value away.
pub(super) async fn remove_key_check(session: &Session, name: &str) -> Outcome<()> {
    REMOVE_KEY_CHECK.run_exactly(session, 1, &[&name]).await
}

fn account(row: &Row) -> Outcome<AccountRow> {
    rows::subject::account(&mut Columns::new(row, "account"))
}

/// Accounts with their current versions, which must be there.
async fn with_positions(session: &Session, accounts: Vec<AccountRow>) -> Outcome<Vec<StoredPosition>> {
    let keys = Arrays::of(&accounts, |account, sink| {
        sink.number(account.holder.0)
            .number(account.member_no.0)
            .number(account.account_no.0);
    });
    let found = CURRENT_POSITIONS
        .all(session, &keys.bound(), |row| {
            rows::position(&mut Columns::new(row, "position"))
        })
        .await?;
    let mut found: BTreeMap<(SubjectId, MemberNo, AccountNo), PositionRow> = found
        .into_iter()
        .map(|row| ((row.subject_id, row.member_no, row.account_no), row))
        .collect();
    let stored = accounts.into_iter().map(|account| {
        let key = (account.holder, account.member_no, account.account_no);
        match found.remove(&key) {
            Some(row) => Ok(StoredPosition { account, row }),
            None => Err(Corrupt::of("account", account.account_no.0).into()),
        }
    });
    stored.collect()
}
