//! Writes the changes of a group, in order, inside its transaction. One statement for each kind of change; each says how
//! many rows it expects.

use rusqlite::params;

use super::changes::{
    COPY_LINKS, COUNT_EVALUATIONS, COUNT_EVALUATIONS_EVER, COUNT_SUBJECT_CREATED, DROP_FROZEN, EXPIRE_FROZEN,
    EXPIRE_REQUESTS, INSERT_INQUIRY, INSERT_OPENING, INSERT_REQUEST, INSERT_TOKEN, INSERT_WAITING,
    MOVE_HOLDER, MOVE_INQUIRIES, MOVE_TOKEN, MOVE_TOKENS, PUT_ACCOUNT, PUT_FROZEN, PUT_GRANT, PUT_HISTORY,
    PUT_LINK, PUT_NEXT_ENTRY, PUT_NEXT_NUMBER, PUT_PAST_VERSION, PUT_POSITION, PUT_PROPOSAL, REMOVE_HISTORY,
    REMOVE_LINKS, REMOVE_POSITION, REMOVE_PROPOSAL,
};
use super::failure::Outcome;
use super::load::{identifier_code, look_code};
use super::members;
use super::parameters::{Parameters, whole};
use super::statement::Prepares;
use crate::audit::Opening;
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::names::{AccountNo, MemberNo, RequestId, Sha256, SubjectId};
use crate::domain::position::DeletionReason;
use crate::domain::token::{Pseudonym, TokenRow};
use crate::domain::unit::rows::{
    AccountRow, FrozenRow, HistoryRow, InquiryRow, LinkRow, PastVersion, PositionRow, ProposalRow,
};
use crate::domain::unit::working_set::RequestName;
use crate::domain::unit::{Accepted, Change, Rpc};
use crate::store::codec;

/// Writes one change.
pub(super) fn change(connection: &impl Prepares, change: &Change) -> Outcome<()> {
    match change {
        Change::InsertToken(pseudonym, row) => insert_token(connection, pseudonym, *row),
        Change::MoveToken(token, subject) => MOVE_TOKEN.run_one(connection, params![token.0, subject.0]),
        Change::MoveTokens(from, to) => any(MOVE_TOKENS.run(connection, params![from.0, to.0])),
        Change::PutAccount(account) => put_account(connection, account),
        Change::MoveHolder {
            member_no,
            account_no,
            from,
            to,
        } => any(MOVE_HOLDER.run(connection, params![member_no.0, account_no.0, from.0, to.0])),
        Change::PutPosition(row) => put_position(connection, row),
        Change::RemovePosition(subject, member, account) => {
            remove_position(connection, *subject, *member, *account)
        }
        Change::PutPastVersion(past) => put_past_version(connection, past),
        Change::PutHistory(row) => put_history(connection, row),
        Change::RemoveHistory(subject, account, version) => {
            REMOVE_HISTORY.run_one(connection, params![subject.0, account.0, whole(*version)])
        }
        Change::InsertInquiry(row) => insert_inquiry(connection, row),
        Change::MoveInquiries(from, to) => any(MOVE_INQUIRIES.run(connection, params![from.0, to.0])),
        Change::PutFrozen(row) => put_frozen(connection, row),
        Change::DropFrozen(subject) => any(DROP_FROZEN.run(connection, params![subject.0])),
        Change::PutLink(link) => put_link(connection, link),
        Change::MoveLinks(from, to) => move_links(connection, *from, *to),
        Change::InsertRequest {
            name,
            body,
            at,
            accepted,
        } => insert_request(connection, name, *body, *at, accepted),
        Change::PutLatestAsOf(member, as_of) => members::put_latest_as_of(connection, *member, *as_of),
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
        Change::PutGrant(member, grant) => {
            let left = params![
                member.0,
                grant.grant_no,
                whole(grant.remaining),
                grant.expires_at.micros()
            ];
            PUT_GRANT.run_one(connection, left)
        }
        Change::PutMember(member) => members::put(connection, member),
        Change::PutProposal(rpc, request_id, row) => put_proposal(connection, *rpc, *request_id, row),
        Change::RemoveProposal(rpc, id) => REMOVE_PROPOSAL.run_one(connection, params![rpc.as_str(), id.0]),
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

/// Removes up to `limit` requests older than an instant and frozen answers of days before `today`; tells how many.
pub(super) fn expire(
    connection: &impl Prepares,
    requests_before: Timestamp,
    today: chrono::NaiveDate,
    limit: u32,
) -> Outcome<usize> {
    let requests = EXPIRE_REQUESTS.run(connection, params![requests_before.micros(), limit])?;
    let frozen = EXPIRE_FROZEN.run(connection, params![to_epoch_days(today), limit])?;
    Ok(requests + frozen)
}

fn any(written: Outcome<usize>) -> Outcome<()> {
    written.map(|_| ())
}

fn insert_token(connection: &impl Prepares, pseudonym: &Pseudonym, row: TokenRow) -> Outcome<()> {
    INSERT_TOKEN.run_one(
        connection,
        params![
            row.token_id.0,
            pseudonym.sealed,
            pseudonym.key_version.0,
            identifier_code(row.identifier_type),
            row.subject_id.0
        ],
    )
}

fn put_account(connection: &impl Prepares, account: &AccountRow) -> Outcome<()> {
    PUT_ACCOUNT.run_one(
        connection,
        params![
            account.member_no.0,
            account.account_ref.as_str(),
            account.account_no.0,
            account.holder.0,
            whole(account.versions_made)
        ],
    )
}

fn remove_position(
    connection: &impl Prepares,
    subject: SubjectId,
    member: MemberNo,
    account: AccountNo,
) -> Outcome<()> {
    REMOVE_POSITION.run_one(connection, params![subject.0, member.0, account.0])
}

fn put_position(connection: &impl Prepares, row: &PositionRow) -> Outcome<()> {
    let unless_of_version = |at: Timestamp| (at != row.version.received_at).then_some(at);
    let mut parameters = Parameters::with_room(10);
    parameters
        .number(row.subject_id.0)
        .number(row.member_no.0)
        .number(row.account_no.0)
        .number(row.role.code())
        .optional_instant(unless_of_version(row.first_received_at))
        .optional_instant(unless_of_version(row.last_received_at))
        .optional(row.deleted.map(DeletionReason::code))
        .number(row.disputed)
        .number(row.suppressed)
        .number(row.missing_batches)
        .version(&row.version);
    PUT_POSITION.run_one(connection, parameters.bound())
}

fn put_past_version(connection: &impl Prepares, past: &PastVersion) -> Outcome<()> {
    let mut parameters = Parameters::with_room(3);
    parameters
        .number(past.account_no.0)
        .number(past.member_no.0)
        .optional(past.corrected_by.map(whole))
        .version(&past.version);
    PUT_PAST_VERSION.run_one(connection, parameters.bound())
}

fn put_history(connection: &impl Prepares, row: &HistoryRow) -> Outcome<()> {
    PUT_HISTORY.run_one(
        connection,
        params![
            row.subject_id.0,
            row.account_no.0,
            whole(row.version),
            row.member_no.0,
            to_epoch_days(row.as_of),
            row.days_past_due,
            row.next_due_on.map(to_epoch_days)
        ],
    )
}

fn insert_inquiry(connection: &impl Prepares, row: &InquiryRow) -> Outcome<()> {
    // Looks that are decided carry their consent; only loaded ones do not, and those are never inserted.
    let Some(consent) = &row.consent else {
        return Ok(());
    };
    let purposes: Vec<String> = consent
        .purposes
        .iter()
        .map(|purpose| purpose.code().to_string())
        .collect();
    INSERT_INQUIRY.run_one(
        connection,
        params![
            row.subject_id.0,
            row.inquired_at.micros(),
            row.answer_id.0,
            row.member_no.0,
            look_code(row.kind),
            row.purpose.code(),
            row.with_strong,
            row.counted,
            consent.reference,
            purposes.join(","),
            to_epoch_days(consent.granted_on),
            to_epoch_days(consent.expires_on),
            consent.text_sha256.0
        ],
    )
}

fn put_frozen(connection: &impl Prepares, row: &FrozenRow) -> Outcome<()> {
    PUT_FROZEN.run_one(
        connection,
        params![
            row.subject_id.0,
            to_epoch_days(row.day),
            row.member_no.0,
            row.hard,
            row.with_strong,
            codec::encode(&row.figures)
        ],
    )
}

fn put_link(connection: &impl Prepares, link: &LinkRow) -> Outcome<()> {
    PUT_LINK.run_one(
        connection,
        params![
            link.mobile_subject.0,
            link.subject_id.0,
            link.member_no.0,
            to_epoch_days(link.last_seen)
        ],
    )
}

fn move_links(connection: &impl Prepares, from: SubjectId, to: SubjectId) -> Outcome<()> {
    COPY_LINKS.run(connection, params![from.0, to.0])?;
    any(REMOVE_LINKS.run(connection, params![from.0]))
}

fn insert_request(
    connection: &impl Prepares,
    name: &RequestName,
    body: Sha256,
    at: Timestamp,
    accepted: &Accepted,
) -> Outcome<()> {
    let (member, rpc, id) = name;
    INSERT_REQUEST.run_one(
        connection,
        params![
            member.0,
            rpc.as_str(),
            id.0,
            body.0,
            at.micros(),
            codec::encode(accepted)
        ],
    )
}

fn put_proposal(connection: &impl Prepares, rpc: Rpc, id: RequestId, row: &ProposalRow) -> Outcome<()> {
    PUT_PROPOSAL.run_one(
        connection,
        params![
            rpc.as_str(),
            id.0,
            row.body.0,
            row.proposed_by.0,
            row.proposed_at.micros()
        ],
    )
}
