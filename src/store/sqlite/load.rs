//! Fills a working set: what the keys of a group name, in the two stages that the domain asks for.
//!
//! Every statement runs once for each key, whether it finds anything or not: NO_RECORD and FOUND run the same ones.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rusqlite::{Row, params};

use super::failure::{Outcome, corrupt};
use super::rows::{self, Columns, version_columns};
use super::statement::{Prepares, Statement};
use super::usage;
use crate::domain::date::to_epoch_days;
use crate::domain::inquiry::Purpose;
use crate::domain::names::{AccountNo, AccountRef, AnswerId, MemberNo, Sha256, SubjectId, TokenId};
use crate::domain::token::{IdentifierType, Pseudonym, TokenRow};
use crate::domain::unit::rows::{
    AccountRow, FrozenRow, HistoryRow, InquiryRow, LinkRow, LookKind, PositionRow,
};
use crate::domain::unit::working_set::{RequestName, SubjectRows};
use crate::domain::unit::{Keys, WorkingSet};

/// A subject that cannot be: numbers begin at 1.
const NOBODY: SubjectId = SubjectId(0);

pub(super) const FIND_TOKEN: Statement = Statement {
    sql: "-- find_token
        SELECT token_id, identifier_type, subject_id
        FROM subject_token
        WHERE substr(sealed, 1, 16) = substr(?1, 1, 16) AND sealed = ?1",
    parameters: 1,
};
const SUBJECT_OF_TOKEN: Statement = Statement {
    sql: "-- subject_of_token
        SELECT subject_id
        FROM subject_token
        WHERE token_id = ?1",
    parameters: 1,
};
pub(super) const FIND_ACCOUNT: Statement = Statement {
    sql: "-- find_account
        SELECT account_no, holder, versions_made
        FROM account
        WHERE member_no = ?1 AND account_ref = ?2",
    parameters: 2,
};
pub(super) const FIND_REQUEST: Statement = Statement {
    sql: "-- find_request
        SELECT member_no, body_sha256, accepted
        FROM request
        WHERE member_no = ?1 AND rpc = ?2 AND request_id = ?3",
    parameters: 3,
};
const LINKS_OF_MOBILE: Statement = Statement {
    sql: "-- links_of_mobile
        SELECT mobile_subject, subject_id, member_no, last_seen
        FROM mobile_link
        WHERE mobile_subject = ?1
        ORDER BY subject_id, member_no",
    parameters: 1,
};
pub(super) const POSITIONS_OF_SUBJECT: Statement = Statement {
    sql: concat!(
        "-- positions_of_subject
        SELECT subject_id, member_no, account_no, role, first_received_at, last_received_at, deleted, disputed, \
         suppressed, missing_batches, ",
        version_columns!(),
        "
        FROM position
        WHERE subject_id = ?1
        ORDER BY member_no, account_no"
    ),
    parameters: 1,
};
pub(super) const HISTORY_OF_SUBJECT: Statement = Statement {
    sql: "-- history_of_subject
        SELECT subject_id, account_no, version, member_no, as_of, days_past_due, next_due_on
        FROM position_history
        WHERE subject_id = ?1
        ORDER BY account_no, version",
    parameters: 1,
};
pub(super) const INQUIRIES_OF_SUBJECT: Statement = Statement {
    sql: "-- inquiries_of_subject
        SELECT subject_id, inquired_at, answer_id, member_no, kind, purpose, with_strong, counted
        FROM inquiry
        WHERE subject_id = ?1
        ORDER BY inquired_at, answer_id",
    parameters: 1,
};
pub(super) const FROZEN_OF_SUBJECT: Statement = Statement {
    sql: "-- frozen_of_subject
        SELECT subject_id, member_no, hard, with_strong, figures
        FROM frozen_answer
        WHERE subject_id = ?1 AND day = ?2
        ORDER BY member_no, hard, with_strong",
    parameters: 2,
};
const VERSIONS_OF_ACCOUNT: Statement = Statement {
    sql: concat!(
        "-- versions_of_account
        SELECT account_no, member_no, corrected_by, ",
        version_columns!(),
        "
        FROM past_version
        WHERE account_no = ?1
        ORDER BY version"
    ),
    parameters: 1,
};
/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: [Statement; 10] = [
    FIND_TOKEN,
    SUBJECT_OF_TOKEN,
    FIND_ACCOUNT,
    FIND_REQUEST,
    LINKS_OF_MOBILE,
    POSITIONS_OF_SUBJECT,
    HISTORY_OF_SUBJECT,
    INQUIRIES_OF_SUBJECT,
    FROZEN_OF_SUBJECT,
    VERSIONS_OF_ACCOUNT,
];

/// Loads what `keys` name, as of the civil day `today`.
pub(super) fn load(
    connection: &impl Prepares,
    keys: &Keys,
    today: NaiveDate,
    set: &mut WorkingSet,
) -> Outcome<()> {
    let mut subjects = BTreeSet::new();
    load_tokens(connection, keys, today, set, &mut subjects)?;
    load_accounts(connection, keys, set, &mut subjects)?;
    for name in &keys.requests {
        if let Some(found) = FIND_REQUEST.find(connection, request_key(name), request)? {
            set.requests.insert(*name, found);
        }
    }
    for member_no in &keys.usage {
        set.usage
            .insert(*member_no, usage::of_member(connection, *member_no, today)?);
    }
    if keys.register {
        usage::load_register(connection, today, set)?;
    }
    for subject in subjects {
        set.subjects
            .insert(subject, subject_rows(connection, subject, today)?);
    }
    check_holders(set)
}

fn load_tokens(
    connection: &impl Prepares,
    keys: &Keys,
    today: NaiveDate,
    set: &mut WorkingSet,
    subjects: &mut BTreeSet<SubjectId>,
) -> Outcome<()> {
    for pseudonym in &keys.pseudonyms {
        let found = FIND_TOKEN.find(connection, params![pseudonym.sealed], |row| token(row, pseudonym))?;
        let Some(row) = found else {
            read_nobody(connection, pseudonym.identifier_type, today)?;
            continue;
        };
        set.tokens.insert(pseudonym.clone(), row);
        subjects.insert(row.subject_id);
        if !row.identifier_type.is_strong() {
            let links = LINKS_OF_MOBILE.all(connection, params![row.subject_id.0], link)?;
            subjects.extend(links.iter().map(|link| link.subject_id));
            set.links.insert(row.subject_id, links);
        }
    }
    Ok(())
}

/// Reads for an unknown token what would be read for a known one, and finds nothing.
fn read_nobody(connection: &impl Prepares, kind: IdentifierType, today: NaiveDate) -> Outcome<()> {
    if !kind.is_strong() {
        LINKS_OF_MOBILE.all(connection, params![NOBODY.0], link)?;
    }
    subject_rows(connection, NOBODY, today).map(drop)
}

fn load_accounts(
    connection: &impl Prepares,
    keys: &Keys,
    set: &mut WorkingSet,
    subjects: &mut BTreeSet<SubjectId>,
) -> Outcome<()> {
    for (member_no, account_ref) in &keys.accounts {
        let Some(account) = find_account(connection, *member_no, account_ref)? else {
            continue;
        };
        let liable = liable(connection, &account)?;
        subjects.extend(liable.iter().copied());
        set.liable.insert(account.account_no, liable);
        if keys.versions.contains(&(*member_no, account_ref.clone())) {
            set.past_versions
                .insert(account.account_no, past_versions(connection, account.account_no)?);
        }
        set.accounts.insert((*member_no, account_ref.clone()), account);
    }
    Ok(())
}

/// An account by its member's name of it.
pub(super) fn find_account(
    connection: &impl Prepares,
    member_no: MemberNo,
    account_ref: &AccountRef,
) -> Outcome<Option<AccountRow>> {
    FIND_ACCOUNT.find(connection, params![member_no.0, account_ref.as_str()], |row| {
        let mut columns = Columns::new(row, "account");
        Ok(AccountRow {
            member_no,
            account_ref: account_ref.clone(),
            account_no: AccountNo(columns.take()?),
            holder: SubjectId(columns.take()?),
            versions_made: columns.count()?,
        })
    })
}

/// All past versions of an account, oldest number first.
pub(super) fn past_versions(
    connection: &impl Prepares,
    account_no: AccountNo,
) -> Outcome<Vec<crate::domain::unit::rows::PastVersion>> {
    VERSIONS_OF_ACCOUNT.all(connection, params![account_no.0], |row| {
        rows::past_version(&mut Columns::new(row, "past_version"))
    })
}

/// At least the subjects of the account's position rows: its holder and those whom its tokens mean now.
fn liable(connection: &impl Prepares, account: &AccountRow) -> Outcome<BTreeSet<SubjectId>> {
    let mut liable = BTreeSet::from([account.holder]);
    let row = super::reads::current_row(connection, account)?;
    for liability in row.version.liabilities.iter().skip(1) {
        for shown in &liability.tokens {
            let token_id = shown.token.token_id.0;
            let subject = SUBJECT_OF_TOKEN.get(connection, params![token_id], |row| Ok(row.get(0)?))?;
            liable.insert(SubjectId(subject));
        }
    }
    Ok(liable)
}

/// Every account that was loaded must have its current version.
fn check_holders(set: &WorkingSet) -> Outcome<()> {
    for account in set.accounts.values() {
        let rows = set.subjects.get(&account.holder);
        let key = (account.member_no, account.account_no);
        if !rows.is_some_and(|rows| rows.positions.contains_key(&key)) {
            return Err(corrupt("account", account.account_no.0));
        }
    }
    Ok(())
}

fn subject_rows(connection: &impl Prepares, subject: SubjectId, today: NaiveDate) -> Outcome<SubjectRows> {
    let key = params![subject.0];
    let positions = POSITIONS_OF_SUBJECT.all(connection, key, |row| {
        rows::position(&mut Columns::new(row, "position"))
    })?;
    Ok(SubjectRows {
        positions: positions
            .into_iter()
            .map(|row: PositionRow| ((row.member_no, row.account_no), row))
            .collect(),
        history: HISTORY_OF_SUBJECT.all(connection, key, history)?,
        inquiries: INQUIRIES_OF_SUBJECT.all(connection, key, inquiry)?,
        frozen: FROZEN_OF_SUBJECT.all(connection, params![subject.0, to_epoch_days(today)], |row| {
            frozen(row, today)
        })?,
    })
}

fn request_key(name: &RequestName) -> (i64, &'static str, [u8; 16]) {
    (name.0.0, name.1.as_str(), name.2.0)
}

fn request(row: &Row<'_>) -> Outcome<(Sha256, crate::domain::unit::Accepted)> {
    let mut columns = Columns::new(row, "request");
    let _: i64 = columns.take()?;
    Ok((Sha256(columns.bytes()?), columns.decoded()?))
}

fn token(row: &Row<'_>, pseudonym: &Pseudonym) -> Outcome<TokenRow> {
    let mut columns = Columns::new(row, "subject_token");
    let token_id = TokenId(columns.take()?);
    let identifier_type = columns.code(identifier_type)?;
    if identifier_type != pseudonym.identifier_type {
        return Err(columns.corrupt());
    }
    Ok(TokenRow {
        token_id,
        identifier_type,
        subject_id: SubjectId(columns.take()?),
    })
}

/// The stored number of an identifier's type: the contract's.
pub(super) const fn identifier_code(identifier_type: IdentifierType) -> i32 {
    match identifier_type {
        IdentifierType::Mobile => 1,
        IdentifierType::NationalId => 2,
        IdentifierType::Passport => 3,
        IdentifierType::EnterpriseCode => 4,
    }
}

/// Inverse of [`identifier_code`].
pub(super) fn identifier_type(code: i32) -> Option<IdentifierType> {
    IdentifierType::ALL
        .into_iter()
        .find(|candidate| identifier_code(*candidate) == code)
}

fn link(row: &Row<'_>) -> Outcome<LinkRow> {
    let mut columns = Columns::new(row, "mobile_link");
    Ok(LinkRow {
        mobile_subject: SubjectId(columns.take()?),
        subject_id: SubjectId(columns.take()?),
        member_no: MemberNo(columns.take()?),
        last_seen: columns.date()?,
    })
}

fn history(row: &Row<'_>) -> Outcome<HistoryRow> {
    let mut columns = Columns::new(row, "position_history");
    Ok(HistoryRow {
        subject_id: SubjectId(columns.take()?),
        account_no: AccountNo(columns.take()?),
        version: columns.count()?,
        member_no: MemberNo(columns.take()?),
        as_of: columns.date()?,
        days_past_due: columns.count()?,
        next_due_on: columns.optional_date()?,
    })
}

fn inquiry(row: &Row<'_>) -> Outcome<InquiryRow> {
    let mut columns = Columns::new(row, "inquiry");
    Ok(InquiryRow {
        subject_id: SubjectId(columns.take()?),
        inquired_at: columns.instant()?,
        answer_id: AnswerId(columns.bytes()?),
        member_no: MemberNo(columns.take()?),
        kind: columns.code(look_kind)?,
        purpose: columns.code(Purpose::from_code)?,
        with_strong: columns.flag()?,
        counted: columns.flag()?,
        consent: None,
    })
}

/// The stored number of a look's kind.
pub(super) const fn look_code(kind: LookKind) -> i32 {
    match kind {
        LookKind::Query => 1,
        LookKind::Review => 2,
    }
}

fn look_kind(code: i32) -> Option<LookKind> {
    [LookKind::Query, LookKind::Review]
        .into_iter()
        .find(|kind| look_code(*kind) == code)
}

fn frozen(row: &Row<'_>, day: NaiveDate) -> Outcome<FrozenRow> {
    let mut columns = Columns::new(row, "frozen_answer");
    Ok(FrozenRow {
        subject_id: SubjectId(columns.take()?),
        member_no: MemberNo(columns.take()?),
        day,
        hard: columns.flag()?,
        with_strong: columns.flag()?,
        figures: columns.decoded()?,
    })
}
