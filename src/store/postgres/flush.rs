//! Writes what a group decided: changes of a kind go together, in one statement for any number of rows.
//!
//! Decisions give changes one after another, each seeing those before it. What counts at the end is the last state of each
//! row, so changes are first drawn together by key; a change that moves rows by anything but their key first has all before
//! it written. Rows are written in the order of their keys, so that groups of several servers meet in the same order.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use super::cells::Arrays;
use super::changes::{
    COUNT_CONDUCT, COUNT_REPORTS, INSERT_INQUIRIES, INSERT_MISSING, INSERT_OPENINGS, INSERT_REQUESTS,
    INSERT_RESULTS, INSERT_TOKENS, INSERT_WAITING, MEND_RESULTS, PUT_ACCOUNTS, PUT_BATCHES, PUT_FROZEN,
    PUT_HISTORY, PUT_LINKS, PUT_PAST_VERSIONS, PUT_POSITIONS, REMOVE_HISTORY, REMOVE_POSITIONS,
};
use super::counts::Counts;
use super::failure::{Failure, Outcome};
use super::moves;
use super::offline::OfflineCodes;
use super::reservations::Reservations;
use super::statement::{Session, Statement, in_one_go};
use crate::audit::Opening;
use crate::domain::batch::{BatchId, BatchNo, RecordResult};
use crate::domain::date::Timestamp;
use crate::domain::inquiry::Consent;
use crate::domain::names::{AccountNo, AccountRef, MemberNo, Sha256, SubjectId};
use crate::domain::token::{Pseudonym, TokenRow};
use crate::domain::unit::rows::{
    AccountRow, BatchRow, FrozenRow, HistoryRow, InquiryRow, LinkRow, PastVersion, PositionRow,
};
use crate::domain::unit::{Accepted, Change, RequestName};
use crate::store::columns::Sink as _;
use crate::store::{group, rows};

/// Counters of a member's day of each kind: groups that are written at once mostly have different ones, and do not wait for each other.
const DAY_SLOTS: i64 = 16;

/// Writes the changes of a group in order, then its audit entries from the number `first_entry` on.
pub(super) async fn write_down<'a>(
    session: &'a Session,
    changes: &'a [Change],
    openings: &'a [(Opening, [u8; 32])],
    first_entry: i64,
) -> Outcome<()> {
    let mut pending = Pending::default();
    for change in changes {
        if !pending.take(change) {
            in_one_go(std::mem::take(&mut pending).statements(session)).await?;
            moves::carry_out(session, change).await?;
        }
    }
    let mut statements = pending.statements(session);
    let numbered = || (first_entry..).zip(openings);
    let waiting = Arrays::of(numbered(), |(entry, (_, leaf)), sink| {
        sink.number(entry).bytes(&leaf[..]);
    });
    let contents = Arrays::of(numbered(), |(entry, (opening, _)), sink| {
        sink.number(entry)
            .bytes(&opening.salt[..])
            .bytes(&opening.bytes[..]);
    });
    statements.push(put(session, INSERT_WAITING, waiting).boxed_local());
    statements.push(put(session, INSERT_OPENINGS, contents).boxed_local());
    // Last, once and always in this order: everybody who reports or looks for a member writes these rows, so they are held
    // for as short as can be and never while another kind of row is waited for.
    let slot = first_entry.rem_euclid(DAY_SLOTS);
    let tallies = group::tallies(changes);
    if !tallies.is_empty() {
        let counted = Arrays::of(tallies, |(key, tally), sink| {
            rows::member::put_report_day(key, slot, &tally, sink);
        });
        statements.push(put(session, COUNT_REPORTS, counted).boxed_local());
    }
    let tallies = group::day_tallies(changes);
    if !tallies.is_empty() {
        let counted = Arrays::of(tallies, |(key, tally), sink| {
            rows::conduct::put_day(key, slot, &tally, sink);
        });
        statements.push(put(session, COUNT_CONDUCT, counted).boxed_local());
    }
    in_one_go(statements).await
}

/// The last state of a row.
enum Net<T> {
    Put(T),
    /// `sure`: it was on file before the group.
    Removed {
        sure: bool,
    },
}

type PositionKey = (SubjectId, MemberNo, AccountNo);
type HistoryKey = (SubjectId, AccountNo, u64);
type FrozenKey = (SubjectId, NaiveDate, MemberNo, bool, bool);

/// Changes drawn together by key.
#[derive(Default)]
struct Pending<'a> {
    tokens: BTreeMap<&'a Pseudonym, TokenRow>,
    accounts: BTreeMap<(MemberNo, &'a AccountRef), &'a AccountRow>,
    positions: BTreeMap<PositionKey, Net<&'a PositionRow>>,
    past_versions: BTreeMap<(MemberNo, AccountNo, u64), &'a PastVersion>,
    history: BTreeMap<HistoryKey, Net<&'a HistoryRow>>,
    inquiries: Vec<(&'a InquiryRow, &'a Consent)>,
    frozen: BTreeMap<FrozenKey, &'a FrozenRow>,
    links: BTreeMap<(SubjectId, SubjectId, MemberNo), LinkRow>,
    requests: BTreeMap<&'a RequestName, (&'a Sha256, Timestamp, &'a Accepted)>,
    counts: Counts<'a>,
    batches: Batches<'a>,
    reservations: Reservations<'a>,
    offline: OfflineCodes<'a>,
}

/// What became of batches.
#[derive(Default)]
struct Batches<'a> {
    rows: BTreeMap<(MemberNo, &'a BatchId), &'a BatchRow>,
    results: Vec<(MemberNo, BatchNo, &'a RecordResult, Timestamp)>,
    mended: BTreeMap<(MemberNo, BatchNo, &'a AccountRef), Timestamp>,
    missing: Vec<(MemberNo, BatchNo, &'a AccountRef)>,
}

impl<'a> Pending<'a> {
    /// Takes a change; false if it has to be carried out by itself.
    fn take(&mut self, change: &'a Change) -> bool {
        match change {
            Change::InsertToken(pseudonym, row) => {
                self.tokens.insert(pseudonym, *row);
            }
            Change::PutAccount(row) => {
                self.accounts.insert((row.member_no, &row.account_ref), row);
            }
            Change::PutPosition(row) => {
                let key = (row.subject_id, row.member_no, row.account_no);
                self.positions.insert(key, Net::Put(row));
            }
            Change::RemovePosition(subject, member, account) => {
                remove(&mut self.positions, (*subject, *member, *account));
            }
            Change::PutPastVersion(past) => {
                let key = (past.member_no, past.account_no, past.version.number);
                self.past_versions.insert(key, past);
            }
            Change::PutHistory(row) => {
                let key = (row.subject_id, row.account_no, row.version);
                self.history.insert(key, Net::Put(row));
            }
            Change::RemoveHistory(subject, account, version) => {
                remove(&mut self.history, (*subject, *account, *version));
            }
            // Looks that are decided carry their consent; only loaded ones do not, and those are never inserted.
            Change::InsertInquiry(row) => self
                .inquiries
                .extend(row.consent.as_ref().map(|consent| (&**row, consent))),
            Change::PutFrozen(row) => {
                let key = (row.subject_id, row.day, row.member_no, row.hard, row.with_strong);
                self.frozen.insert(key, row);
            }
            Change::PutLink(link) => self.take_link(*link),
            Change::InsertRequest {
                name,
                body,
                at,
                accepted,
            } => {
                self.requests.insert(name, (body, *at, accepted));
            }
            Change::PutBatch(_)
            | Change::InsertResult(..)
            | Change::MendResults { .. }
            | Change::InsertMissing(..) => self.batches.take(change),
            Change::PutApplication(_) | Change::PutReservation(_) | Change::InsertRuling(_) => {
                self.reservations.take(change);
            }
            Change::InsertOfflineSeries(_) | Change::InsertOfflineUse(_) => self.offline.take(change),
            Change::PutGrant(..)
            | Change::PutLatestAsOf(..)
            | Change::PutLatestBatch(..)
            | Change::CountSubjectCreated(..)
            | Change::CountEvaluations { .. } => self.counts.take(change),
            // Added up over the whole group.
            Change::CountReport { .. } | Change::CountConduct(..) => {}
            Change::MoveToken(..)
            | Change::MoveTokens(..)
            | Change::ForgetTokens(..)
            | Change::MoveHolder { .. }
            | Change::MoveInquiries(..)
            | Change::DropFrozen(_)
            | Change::MoveLinks(..)
            | Change::RemoveReservation(..)
            | Change::MoveReservations(..)
            | Change::PutMember(_)
            | Change::PutProposal(..)
            | Change::RemoveProposal(..)
            | Change::InsertSnapshot(_) => return false,
        }
        true
    }

    fn take_link(&mut self, link: LinkRow) {
        let key = (link.mobile_subject, link.subject_id, link.member_no);
        let known = self.links.entry(key).or_insert(link);
        known.last_seen = known.last_seen.max(link.last_seen);
    }

    /// All statements that are needed.
    fn statements(self, session: &'a Session) -> Vec<LocalBoxFuture<'a, Outcome<()>>> {
        let mut to_run = ToRun {
            session,
            statements: Vec::new(),
        };
        let (puts, removals) = split(self.positions);
        let (history, history_removals) = split(self.history);
        to_run.put(INSERT_TOKENS, self.tokens, |(pseudonym, row), sink| {
            rows::subject::put_token(pseudonym, row, sink);
        });
        to_run.claim(
            PUT_ACCOUNTS,
            self.accounts.into_values(),
            rows::subject::put_account,
        );
        to_run.put(PUT_POSITIONS, puts, rows::put_position);
        to_run.put(
            PUT_PAST_VERSIONS,
            self.past_versions.into_values(),
            rows::put_past_version,
        );
        to_run.put(PUT_HISTORY, history, rows::subject::put_history);
        to_run.put(INSERT_INQUIRIES, self.inquiries, |(row, consent), sink| {
            rows::subject::put_inquiry(row, consent, sink);
        });
        to_run.put(PUT_FROZEN, self.frozen.into_values(), rows::subject::put_frozen);
        to_run.put(PUT_LINKS, self.links.into_values(), |link, sink| {
            rows::subject::put_link(&link, sink);
        });
        to_run.put(
            INSERT_REQUESTS,
            self.requests,
            |(name, (body, at, accepted)), sink| {
                rows::subject::put_request(name, body, at, accepted, sink);
            },
        );
        self.counts.add_to(&mut to_run);
        self.batches.add_to(&mut to_run);
        self.reservations.add_to(&mut to_run);
        self.offline.add_to(&mut to_run);
        to_run.remove(REMOVE_POSITIONS, removals, |(subject, member, account), sink| {
            sink.number(subject.0).number(member.0).number(account.0);
        });
        to_run.remove(
            REMOVE_HISTORY,
            history_removals,
            |(subject, account, version), sink| {
                sink.number(subject.0).number(account.0).count(version);
            },
        );
        to_run.statements
    }
}

impl<'a> Batches<'a> {
    /// Takes what became of a batch.
    fn take(&mut self, change: &'a Change) {
        match change {
            Change::PutBatch(row) => {
                self.rows
                    .insert((row.batch.member_no, &row.batch.header.batch_id), row);
            }
            Change::InsertResult(member, batch, result, at) => {
                self.results.push((*member, *batch, result, *at));
            }
            Change::MendResults {
                member_no,
                batch_no,
                account_ref,
                at,
            } => {
                self.mended
                    .entry((*member_no, *batch_no, account_ref))
                    .or_insert(*at);
            }
            Change::InsertMissing(member, batch, account_ref) => {
                self.missing.push((*member, *batch, account_ref));
            }
            _ => {}
        }
    }

    fn add_to(self, to_run: &mut ToRun<'a>) {
        to_run.claim(PUT_BATCHES, self.rows.into_values(), rows::batch::put_batch);
        to_run.put(
            INSERT_RESULTS,
            self.results,
            |(member, batch, result, at), sink| {
                rows::batch::put_result(member, batch, result, at, sink);
            },
        );
        to_run.change(
            MEND_RESULTS,
            self.mended,
            |((member, batch, account_ref), at), sink| {
                sink.number(member.0)
                    .number(batch.0)
                    .text(account_ref.as_str())
                    .instant(at);
            },
        );
        to_run.put(
            INSERT_MISSING,
            self.missing,
            |(member, batch, account_ref), sink| {
                sink.number(member.0).number(batch.0).text(account_ref.as_str());
            },
        );
    }
}

/// Statements that wait to be sent together.
pub(super) struct ToRun<'s> {
    session: &'s Session,
    statements: Vec<LocalBoxFuture<'s, Outcome<()>>>,
}

impl<'s> ToRun<'s> {
    /// Puts a row for each item.
    pub(super) fn put<T>(
        &mut self,
        statement: Statement,
        items: impl IntoIterator<Item = T>,
        cells: impl FnMut(T, &mut Arrays<'s>),
    ) {
        let session = self.session;
        self.add(Arrays::of(items, cells), |rows| put(session, statement, rows));
    }

    /// Puts a row for each item; somebody else may have taken a key meanwhile.
    pub(super) fn claim<T>(
        &mut self,
        statement: Statement,
        items: impl IntoIterator<Item = T>,
        cells: impl FnMut(T, &mut Arrays<'s>),
    ) {
        let session = self.session;
        self.add(Arrays::of(items, cells), |rows| claim(session, statement, rows));
    }

    /// Removes the rows of keys, of which so many are on file for sure.
    fn remove<K>(
        &mut self,
        statement: Statement,
        (sure, keys): (usize, Vec<K>),
        cells: impl FnMut(K, &mut Arrays<'s>),
    ) {
        let session = self.session;
        self.add(Arrays::of(keys, cells), |rows| {
            take_away(session, statement, rows, sure)
        });
    }

    /// Changes any number of rows of these keys.
    fn change<T>(
        &mut self,
        statement: Statement,
        items: impl IntoIterator<Item = T>,
        cells: impl FnMut(T, &mut Arrays<'s>),
    ) {
        let session = self.session;
        self.add(Arrays::of(items, cells), |rows| async move {
            statement.run(session, &rows.bound()).await.map(drop)
        });
    }

    /// Adds what is to be done with rows, if there are any.
    fn add<W: Future<Output = Outcome<()>> + 's>(
        &mut self,
        rows: Arrays<'s>,
        write: impl FnOnce(Arrays<'s>) -> W,
    ) {
        if !rows.is_empty() {
            self.statements.push(write(rows).boxed_local());
        }
    }
}

fn remove<K: Ord, T>(rows: &mut BTreeMap<K, Net<T>>, key: K) {
    // A row that this group put may have been on file before or not.
    let sure = !rows.contains_key(&key);
    rows.insert(key, Net::Removed { sure });
}

/// Rows to put, and keys to remove with how many of them are on file for sure.
fn split<K, T>(rows: BTreeMap<K, Net<T>>) -> (Vec<T>, (usize, Vec<K>)) {
    let (mut puts, mut sure_of, mut removals) = (Vec::new(), 0, Vec::new());
    for (key, net) in rows {
        match net {
            Net::Put(row) => puts.push(row),
            Net::Removed { sure } => {
                sure_of += usize::from(sure);
                removals.push(key);
            }
        }
    }
    (puts, (sure_of, removals))
}

/// Writes a row for each row given.
async fn put(session: &Session, statement: Statement, arrays: Arrays<'_>) -> Outcome<()> {
    statement
        .run_exactly(session, arrays.rows(), &arrays.bound())
        .await
}

/// Writes a row for each row given, unless a key is somebody else's by now: then the group is decided again.
async fn claim(session: &Session, statement: Statement, arrays: Arrays<'_>) -> Outcome<()> {
    let written = statement.all(session, &arrays.bound(), |_| Ok(())).await?;
    match written.len() == arrays.rows() {
        true => Ok(()),
        false => Err(Failure::Moved(BTreeSet::new())),
    }
}

/// Removes the rows of these keys, of which so many are on file for sure.
async fn take_away(session: &Session, statement: Statement, keys: Arrays<'_>, sure: usize) -> Outcome<()> {
    let removed = statement.run(session, &keys.bound()).await?;
    match usize::try_from(removed) {
        Ok(rows) if (sure..=keys.rows()).contains(&rows) => Ok(()),
        Ok(_) | Err(_) => Err(statement.unexpected(removed)),
    }
}
