//! Writes the changes of a group, in order, inside its transaction. One statement for each kind of change; each says how
//! many rows it expects.

use rusqlite::params;

use super::changes::{
    COPY_LINKS, COUNT_CONDUCT, COUNT_EVALUATIONS, COUNT_EVALUATIONS_EVER, COUNT_REPORTS,
    COUNT_SUBJECT_CREATED, DROP_FROZEN, EXPIRE_FROZEN, EXPIRE_REQUESTS, FORGET_TOKENS, INSERT_INQUIRY,
    INSERT_MISSING, INSERT_OPENING, INSERT_REQUEST, INSERT_RESULT, INSERT_TOKEN, INSERT_WAITING,
    MEND_RESULTS, MOVE_HOLDER, MOVE_INQUIRIES, MOVE_TOKEN, MOVE_TOKENS, PUT_ACCOUNT, PUT_BATCH, PUT_FROZEN,
    PUT_GRANT, PUT_HISTORY, PUT_LINK, PUT_NEXT_ENTRY, PUT_NEXT_NUMBER, PUT_PAST_VERSION, PUT_POSITION,
    PUT_PROPOSAL, REMOVE_HISTORY, REMOVE_LINKS, REMOVE_POSITION, REMOVE_PROPOSAL,
};
use super::failure::Outcome;
use super::parameters::Parameters;
use super::statement::{Prepares, Statement};
use super::{members, offline, reservations, statistics};
use crate::audit::Opening;
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::names::SubjectId;
use crate::domain::unit::Change;
use crate::domain::unit::rows::InquiryRow;
use crate::store::REQUEST_KEPT_SECONDS;
use crate::store::columns::whole;
use crate::store::group;
use crate::store::rows;

/// Writes all changes of a group, what is only counted once for all.
pub(super) fn changes(connection: &impl Prepares, changes: &[Change]) -> Outcome<()> {
    changes.iter().try_for_each(|one| change(connection, one))?;
    // One writer needs one slot.
    group::tallies(changes).iter().try_for_each(|(key, tally)| {
        put(connection, COUNT_REPORTS, |sink| {
            rows::member::put_report_day(*key, 0, tally, sink);
        })
    })?;
    group::day_tallies(changes).iter().try_for_each(|(key, tally)| {
        put(connection, COUNT_CONDUCT, |sink| {
            rows::conduct::put_day(*key, 0, tally, sink);
        })
    })
}

/// Writes one change.
fn change(connection: &impl Prepares, change: &Change) -> Outcome<()> {
    match change {
        Change::InsertToken(pseudonym, row) => put(connection, INSERT_TOKEN, |sink| {
            rows::subject::put_token(pseudonym, *row, sink);
        }),
        Change::MoveToken(token, subject) => MOVE_TOKEN.run_one(connection, params![token.0, subject.0]),
        Change::MoveTokens(from, to) => any(MOVE_TOKENS.run(connection, params![from.0, to.0])),
        Change::PutAccount(account) => put(connection, PUT_ACCOUNT, |sink| {
            rows::subject::put_account(account, sink);
        }),
        Change::ForgetTokens(member, account) => {
            FORGET_TOKENS.run_one(connection, params![member.0, account.0])
        }
        Change::MoveHolder {
            member_no,
            account_no,
            from,
            to,
        } => any(MOVE_HOLDER.run(connection, params![member_no.0, account_no.0, from.0, to.0])),
        Change::PutPosition(row) => put(connection, PUT_POSITION, |sink| rows::put_position(row, sink)),
        Change::RemovePosition(subject, member, account) => {
            REMOVE_POSITION.run_one(connection, params![subject.0, member.0, account.0])
        }
        Change::PutPastVersion(past) => put(connection, PUT_PAST_VERSION, |sink| {
            rows::put_past_version(past, sink);
        }),
        Change::PutHistory(row) => put(connection, PUT_HISTORY, |sink| {
            rows::subject::put_history(row, sink);
        }),
        Change::RemoveHistory(subject, account, version) => {
            REMOVE_HISTORY.run_one(connection, params![subject.0, account.0, whole(*version)])
        }
        Change::InsertInquiry(row) => insert_inquiry(connection, row),
        Change::MoveInquiries(from, to) => any(MOVE_INQUIRIES.run(connection, params![from.0, to.0])),
        Change::PutFrozen(row) => put(connection, PUT_FROZEN, |sink| {
            rows::subject::put_frozen(row, sink);
        }),
        Change::DropFrozen(subject) => any(DROP_FROZEN.run(connection, params![subject.0])),
        Change::PutLink(link) => put(connection, PUT_LINK, |sink| rows::subject::put_link(link, sink)),
        Change::MoveLinks(from, to) => move_links(connection, *from, *to),
        Change::InsertRequest {
            name,
            body,
            at,
            accepted,
        } => put(connection, INSERT_REQUEST, |sink| {
            rows::subject::put_request(name, body, *at, accepted, sink);
        }),
        Change::PutLatestAsOf(member, as_of) => members::put_latest_as_of(connection, *member, *as_of),
        Change::PutLatestBatch(member, latest) => members::put_latest_batch(connection, *member, *latest),
        Change::PutBatch(_)
        | Change::InsertResult(..)
        | Change::MendResults { .. }
        | Change::InsertMissing(..) => batch_change(connection, change),
        Change::PutApplication(_)
        | Change::PutReservation(_)
        | Change::RemoveReservation(..)
        | Change::MoveReservations(..)
        | Change::InsertRuling(_) => reservations::change(connection, change),
        Change::InsertOfflineSeries(_) | Change::InsertOfflineUse(_) => offline::change(connection, change),
        Change::InsertSnapshot(snapshot) => statistics::insert(connection, snapshot),
        // Added up over the group.
        Change::CountReport { .. } | Change::CountConduct(..) => Ok(()),
        Change::CountSubjectCreated(..) | Change::CountEvaluations { .. } => count_change(connection, change),
        Change::PutGrant(..)
        | Change::PutMember(_)
        | Change::PutProposal(..)
        | Change::RemoveProposal(..) => register_change(connection, change),
    }
}

/// Writes what became of the register.
fn register_change(connection: &impl Prepares, change: &Change) -> Outcome<()> {
    match change {
        Change::PutGrant(member, grant) => put(connection, PUT_GRANT, |sink| {
            rows::register::put_grant(*member, grant, sink);
        }),
        Change::PutMember(member) => members::put(connection, member),
        Change::PutProposal(rpc, id, row) => put(connection, PUT_PROPOSAL, |sink| {
            rows::register::put_proposal(*rpc, id, row, sink);
        }),
        Change::RemoveProposal(rpc, id) => REMOVE_PROPOSAL.run_one(connection, params![rpc.as_str(), id.0]),
        _ => Ok(()),
    }
}

/// Writes what became of a batch.
fn batch_change(connection: &impl Prepares, change: &Change) -> Outcome<()> {
    match change {
        Change::PutBatch(row) => put(connection, PUT_BATCH, |sink| rows::batch::put_batch(row, sink)),
        Change::InsertResult(member, batch, result, at) => put(connection, INSERT_RESULT, |sink| {
            rows::batch::put_result(*member, *batch, result, *at, sink);
        }),
        Change::MendResults {
            member_no,
            batch_no,
            account_ref,
            at,
        } => any(MEND_RESULTS.run(
            connection,
            params![member_no.0, batch_no.0, account_ref.as_str(), at.micros()],
        )),
        Change::InsertMissing(member, batch, account_ref) => {
            INSERT_MISSING.run_one(connection, params![member.0, batch.0, account_ref.as_str()])
        }
        _ => Ok(()),
    }
}

/// Adds to what is counted of a member.
fn count_change(connection: &impl Prepares, change: &Change) -> Outcome<()> {
    match change {
        Change::CountSubjectCreated(member, day) => {
            COUNT_SUBJECT_CREATED.run_one(connection, params![member.0, to_epoch_days(*day)])
        }
        Change::CountEvaluations {
            member_no,
            day,
            count,
            from_quota,
        } => {
            let day = to_epoch_days(*day);
            let charged = params![member_no.0, day, whole(*count), whole(*from_quota)];
            COUNT_EVALUATIONS.run_one(connection, charged)?;
            COUNT_EVALUATIONS_EVER.run_one(connection, params![member_no.0, whole(*count)])
        }
        _ => Ok(()),
    }
}

/// Writes the audit entry of a unit of work.
pub(super) fn opening(
    connection: &impl Prepares,
    entry_id: i64,
    opening: &Opening,
    leaf: &[u8; 32],
) -> Outcome<()> {
    INSERT_WAITING.run_one(connection, params![entry_id, leaf])?;
    INSERT_OPENING.run_one(connection, params![entry_id, opening.salt, opening.bytes])
}

/// Writes the marks above which numbers were never given.
pub(super) fn next_numbers(connection: &impl Prepares, next_number: i64, next_entry: i64) -> Outcome<()> {
    PUT_NEXT_NUMBER.run_one(connection, params![next_number])?;
    PUT_NEXT_ENTRY.run_one(connection, params![next_entry])
}

/// Removes up to `limit` rows of each table that are past their time, frozen answers of days before `today` among them; tells
/// how many.
pub(super) fn expire(
    connection: &impl Prepares,
    now: Timestamp,
    today: chrono::NaiveDate,
    limit: u32,
) -> Outcome<usize> {
    let requests_before = now.plus_seconds(-REQUEST_KEPT_SECONDS).micros();
    let requests = EXPIRE_REQUESTS.run(connection, params![requests_before, limit])?;
    let frozen = EXPIRE_FROZEN.run(connection, params![to_epoch_days(today), limit])?;
    let held = reservations::expire(connection, now, limit)? + offline::expire(connection, now, limit)?;
    Ok(requests + frozen + held)
}

fn any(written: Outcome<usize>) -> Outcome<()> {
    written.map(|_| ())
}

fn move_links(connection: &impl Prepares, from: SubjectId, to: SubjectId) -> Outcome<()> {
    COPY_LINKS.run(connection, params![from.0, to.0])?;
    any(REMOVE_LINKS.run(connection, params![from.0]))
}

fn insert_inquiry(connection: &impl Prepares, row: &InquiryRow) -> Outcome<()> {
    // Looks that are decided carry their consent; only loaded ones do not, and those are never inserted.
    let Some(consent) = &row.consent else {
        return Ok(());
    };
    put(connection, INSERT_INQUIRY, |sink| {
        rows::subject::put_inquiry(row, consent, sink);
    })
}

/// Binds what a row consists of and writes exactly one row.
fn put<'a>(
    connection: &impl Prepares,
    statement: Statement,
    cells: impl FnOnce(&mut Parameters<'a>),
) -> Outcome<()> {
    statement.run_one(connection, Parameters::of(cells).bound())
}
