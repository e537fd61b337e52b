//! Fills a working set: what the keys of a group name, in the two stages that the domain asks for.
//!
//! Every statement runs once for each key, whether it finds anything or not: NO_RECORD and FOUND run the same ones.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use chrono::NaiveDate;
use rusqlite::{Row, params};

use super::failure::{Outcome, corrupt};
use super::reads::CURRENT_POSITION;
use super::statement::{Prepares, Statement};
use super::{offline, reservations, statistics, usage};
use crate::domain::date::to_epoch_days;
use crate::domain::names::{AccountNo, AccountRef, MemberNo, SubjectId};
use crate::domain::token::{IdentifierType, Pseudonym, TokenRef, TokenRow};
use crate::domain::unit::rows::{AccountRow, LinkRow, PastVersion, PositionRow};
use crate::domain::unit::working_set::{RequestName, SubjectRows};
use crate::domain::unit::{Keys, WorkingSet};
use crate::store::columns::Columns;
use crate::store::rows::{self, account_columns, position_columns, version_columns};

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
    sql: concat!(
        "-- find_account
        SELECT ",
        account_columns!(),
        "
        FROM account
        WHERE member_no = ?1 AND account_ref = ?2"
    ),
    parameters: 2,
};
pub(super) const FIND_REQUEST: Statement = Statement {
    sql: "-- find_request
        SELECT member_no, rpc, request_id, body_sha256, accepted
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
        SELECT ",
        position_columns!(),
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
        SELECT subject_id, day, member_no, hard, with_strong, figures
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
    let reading = Reading {
        connection,
        today,
        looks: keys.looks,
    };
    let mut subjects = BTreeSet::new();
    load_tokens(&reading, keys, set, &mut subjects)?;
    subjects.extend(reservations::subjects(connection, keys)?);
    load_accounts(&reading, keys, set, &mut subjects)?;
    for name in &keys.requests {
        set.requests
            .extend(FIND_REQUEST.find(connection, request_key(name), |row| {
                rows::subject::request(&mut Columns::new(row, "request"))
            })?);
    }
    for member_no in &keys.usage {
        set.usage
            .insert(*member_no, usage::of_member(connection, *member_no, today)?);
    }
    super::batches::load(connection, keys, set)?;
    offline::load(connection, keys, today, set)?;
    statistics::load(connection, keys, set)?;
    if keys.register {
        usage::load_register(connection, today, set)?;
    }
    for subject in subjects {
        reading.fill(subject, set)?;
    }
    // Behind all that need everything of a subject.
    for name in &keys.recognised {
        load_recognised(connection, name, set)?;
    }
    check_holders(set)
}

/// How rows of subjects are read for a group.
struct Reading<'c, C> {
    connection: &'c C,
    today: NaiveDate,
    looks: bool,
}

impl<C: Prepares> Reading<'_, C> {
    /// Reads a subject's rows unless they are there.
    fn fill(&self, subject: SubjectId, set: &mut WorkingSet) -> Outcome<()> {
        if let Entry::Vacant(place) = set.subjects.entry(subject) {
            place.insert(self.subject_rows(subject)?);
        }
        Ok(())
    }

    fn subject_rows(&self, subject: SubjectId) -> Outcome<SubjectRows> {
        let key = params![subject.0];
        let positions = POSITIONS_OF_SUBJECT.all(self.connection, key, |row| {
            rows::position(&mut Columns::new(row, "position"))
        })?;
        let history = HISTORY_OF_SUBJECT.all(self.connection, key, |row| {
            rows::subject::history(&mut Columns::new(row, "position_history"))
        })?;
        let mut found = SubjectRows {
            positions: positions
                .into_iter()
                .map(|row: PositionRow| ((row.member_no, row.account_no), row))
                .collect(),
            history,
            ..SubjectRows::default()
        };
        found.reservations = reservations::reservations_of(self.connection, subject)?;
        if self.looks {
            found.applications = reservations::applications_of(self.connection, subject)?;
            found.inquiries = INQUIRIES_OF_SUBJECT.all(self.connection, key, |row| {
                rows::subject::inquiry(&mut Columns::new(row, "inquiry"))
            })?;
            let today = params![subject.0, to_epoch_days(self.today)];
            found.frozen = FROZEN_OF_SUBJECT.all(self.connection, today, |row| {
                rows::subject::frozen(&mut Columns::new(row, "frozen_answer"))
            })?;
        }
        Ok(found)
    }
}

fn load_tokens(
    reading: &Reading<'_, impl Prepares>,
    keys: &Keys,
    set: &mut WorkingSet,
    subjects: &mut BTreeSet<SubjectId>,
) -> Outcome<()> {
    let connection = reading.connection;
    for pseudonym in &keys.pseudonyms {
        let found = FIND_TOKEN.find(connection, params![pseudonym.sealed], |row| token(row, pseudonym))?;
        let Some(row) = found else {
            read_nobody(reading, pseudonym.identifier_type)?;
            continue;
        };
        set.tokens.insert(pseudonym.clone(), row);
        subjects.insert(row.subject_id);
        if !row.identifier_type.is_strong() {
            let links = links_of(connection, row.subject_id)?;
            subjects.extend(links.iter().map(|link| link.subject_id));
            set.links.insert(row.subject_id, links);
        }
    }
    Ok(())
}

fn links_of(connection: &impl Prepares, mobile: SubjectId) -> Outcome<Vec<LinkRow>> {
    LINKS_OF_MOBILE.all(connection, params![mobile.0], |row| {
        rows::subject::link(&mut Columns::new(row, "mobile_link"))
    })
}

/// Reads for an unknown token what would be read for a known one, and finds nothing.
fn read_nobody(reading: &Reading<'_, impl Prepares>, kind: IdentifierType) -> Outcome<()> {
    if !kind.is_strong() {
        links_of(reading.connection, NOBODY)?;
    }
    reading.subject_rows(NOBODY).map(drop)
}

fn load_accounts(
    reading: &Reading<'_, impl Prepares>,
    keys: &Keys,
    set: &mut WorkingSet,
    subjects: &mut BTreeSet<SubjectId>,
) -> Outcome<()> {
    let connection = reading.connection;
    for (member_no, account_ref) in &keys.accounts {
        let Some(account) = find_account(connection, *member_no, account_ref)? else {
            continue;
        };
        reading.fill(account.holder, set)?;
        let liable = liable(connection, set, &account)?;
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
        rows::subject::account(&mut Columns::new(row, "account"))
    })
}

/// All past versions of an account, oldest number first.
pub(super) fn past_versions(connection: &impl Prepares, account_no: AccountNo) -> Outcome<Vec<PastVersion>> {
    VERSIONS_OF_ACCOUNT.all(connection, params![account_no.0], |row| {
        rows::past_version(&mut Columns::new(row, "past_version"))
    })
}

/// At least the subjects of the account's position rows: its holder and those whom its tokens mean now.
fn liable(
    connection: &impl Prepares,
    set: &WorkingSet,
    account: &AccountRow,
) -> Outcome<BTreeSet<SubjectId>> {
    let mut liable = BTreeSet::from([account.holder]);
    let rows = set.subjects.get(&account.holder);
    let row = rows.and_then(|rows| rows.positions.get(&(account.member_no, account.account_no)));
    let row = row.ok_or_else(|| corrupt("account", account.account_no.0))?;
    for liability in row.version.liabilities.iter().skip(1) {
        for shown in &liability.tokens {
            let token_id = shown.token.token_id.0;
            let subject = SUBJECT_OF_TOKEN.get(connection, params![token_id], |row| Ok(row.get(0)?))?;
            liable.insert(SubjectId(subject));
        }
    }
    Ok(liable)
}

/// Reads an account whose tokens were recognised: its own rows and whom its tokens mean.
fn load_recognised(
    connection: &impl Prepares,
    name: &(MemberNo, AccountRef),
    set: &mut WorkingSet,
) -> Outcome<()> {
    let account = match set.accounts.get(name) {
        Some(account) => account.clone(),
        None => match find_account(connection, name.0, &name.1)? {
            Some(account) => account,
            None => return Ok(()),
        },
    };
    own_row(connection, &account, account.holder, set)?;
    let mut liable = resolve_tokens(connection, set, &account)?;
    for subject in &liable {
        own_row(connection, &account, *subject, set)?;
    }
    liable.insert(account.holder);
    set.liable.entry(account.account_no).or_insert(liable);
    set.accounts.insert(name.clone(), account);
    Ok(())
}

/// Reads the row of an account that concerns a subject, unless it is there.
fn own_row(
    connection: &impl Prepares,
    account: &AccountRow,
    subject: SubjectId,
    set: &mut WorkingSet,
) -> Outcome<()> {
    let key = (account.member_no, account.account_no);
    if let Entry::Vacant(place) = set.subjects.entry(subject).or_default().positions.entry(key) {
        let found = CURRENT_POSITION.find(connection, params![subject.0, key.0.0, key.1.0], |row| {
            rows::position(&mut Columns::new(row, "position"))
        })?;
        found.map(|row| place.insert(row));
    }
    Ok(())
}

/// Whom the tokens of an account mean that was recognised by them: its holder apart. Strong tokens of the primary liability
/// mean the holder: a merge or split would have made them unrecognised.
fn resolve_tokens(
    connection: &impl Prepares,
    set: &mut WorkingSet,
    account: &AccountRow,
) -> Outcome<BTreeSet<SubjectId>> {
    let rows = set.subjects.get(&account.holder);
    let row = rows.and_then(|rows| rows.positions.get(&(account.member_no, account.account_no)));
    let row = row.ok_or_else(|| corrupt("account", account.account_no.0))?;
    let tokens: Vec<(usize, TokenRef)> = row
        .version
        .liabilities
        .iter()
        .enumerate()
        .flat_map(|(place, liability)| liability.tokens.iter().map(move |shown| (place, shown.token)))
        .collect();
    let mut others = BTreeSet::new();
    for (place, token) in tokens {
        let is_strong = token.identifier_type.is_strong();
        if place == 0 && is_strong {
            set.known_tokens.insert(token.token_id, account.holder);
            continue;
        }
        let subject = SUBJECT_OF_TOKEN.get(connection, params![token.token_id.0], |row| Ok(row.get(0)?))?;
        let subject = SubjectId(subject);
        set.known_tokens.insert(token.token_id, subject);
        if place > 0 {
            others.insert(subject);
        }
        if !is_strong && !set.links.contains_key(&subject) {
            set.links.insert(subject, links_of(connection, subject)?);
        }
    }
    Ok(others)
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

fn request_key(name: &RequestName) -> (i64, &'static str, [u8; 16]) {
    (name.0.0, name.1.as_str(), name.2.0)
}

fn token(row: &Row<'_>, pseudonym: &Pseudonym) -> Outcome<TokenRow> {
    let mut columns = Columns::new(row, "subject_token");
    let token = rows::subject::token(&mut columns)?;
    if token.identifier_type == pseudonym.identifier_type {
        Ok(token)
    } else {
        Err(columns.corrupt())
    }
}
