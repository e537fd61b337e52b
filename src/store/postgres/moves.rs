//! Changes that move whatever belongs to a subject or account, and the rest that is rare: merges, splits, the register.
//!
//! Each runs by itself, after everything that was decided before it was written.

use super::failure::{Failure, Outcome};
use super::statement::{Session, Statement, statements};
use super::{members, reservations, statistics};
use crate::domain::names::SubjectId;
use crate::domain::unit::Change;

statements! {
    const MOVE_TOKEN(2) = "-- move_token
        UPDATE subject_token
        SET subject_id = $2::bigint
        WHERE token_id = $1::bigint";
    const MOVE_TOKENS(2) = "-- move_tokens
        UPDATE subject_token
        SET subject_id = $2::bigint
        WHERE subject_id = $1::bigint";
    const FORGET_TOKENS(2) = "-- forget_tokens
        UPDATE account
        SET token_digests = NULL
        WHERE member_no = $1::bigint AND account_no = $2::bigint";
    const MOVE_HOLDER(4) = "-- move_holder
        UPDATE account
        SET holder = $4::bigint
        WHERE member_no = $1::bigint AND account_no = $2::bigint AND holder = $3::bigint";
    /// A look that met both subjects is one look once they are one; what the rules said stands with one of them only. Copied and removed, because the column
    /// that a table is distributed by cannot be updated.
    const COPY_INQUIRIES(2) = "-- copy_inquiries
        INSERT INTO inquiry (subject_id, inquired_at, answer_id, member_no, kind, purpose, with_strong, counted,
            consent_reference, consent_purposes, consent_granted_on, consent_expires_on, consent_text_sha256, finding,
            burden)
        SELECT $2::bigint, i.inquired_at, i.answer_id, i.member_no, i.kind, i.purpose, i.with_strong, i.counted,
            i.consent_reference, i.consent_purposes, i.consent_granted_on, i.consent_expires_on, i.consent_text_sha256,
            i.finding, i.burden
        FROM inquiry i
        WHERE i.subject_id = $1::bigint
        ON CONFLICT (subject_id, inquired_at, answer_id) DO UPDATE SET
            with_strong = excluded.with_strong,
            counted = excluded.counted,
            finding = coalesce(excluded.finding, inquiry.finding),
            burden = coalesce(excluded.burden, inquiry.burden)";
    const REMOVE_INQUIRIES(1) = "-- remove_inquiries
        DELETE FROM inquiry
        WHERE subject_id = $1::bigint";
    const DROP_FROZEN(1) = "-- drop_frozen
        DELETE FROM frozen_answer
        WHERE subject_id = $1::bigint";
    const COPY_LINKS(2) = "-- copy_links
        INSERT INTO mobile_link (mobile_subject, subject_id, member_no, last_seen)
        SELECT l.mobile_subject, $2::bigint, l.member_no, l.last_seen
        FROM mobile_link l
        WHERE l.subject_id = $1::bigint
        ON CONFLICT (mobile_subject, subject_id, member_no) DO UPDATE SET
            last_seen = greatest(mobile_link.last_seen, excluded.last_seen)";
    const REMOVE_LINKS(1) = "-- remove_links
        DELETE FROM mobile_link
        WHERE subject_id = $1::bigint";
    const PUT_PROPOSAL(5) = "-- put_proposal
        INSERT INTO proposal (rpc, request_id, body_sha256, proposed_by, proposed_at)
        VALUES ($1, $2, $3, $4, $5)";
    const REMOVE_PROPOSAL(2) = "-- remove_proposal
        DELETE FROM proposal
        WHERE rpc = $1 AND request_id = $2";
}

/// Carries out a change that [`flush`](super::flush) does not write with others.
pub(super) async fn carry_out(session: &Session, change: &Change) -> Outcome<()> {
    match change {
        Change::MoveToken(token, subject) => {
            MOVE_TOKEN.run_exactly(session, 1, &[&token.0, &subject.0]).await
        }
        Change::MoveTokens(from, to) => any(MOVE_TOKENS.run(session, &[&from.0, &to.0]).await),
        Change::ForgetTokens(member, account) => {
            FORGET_TOKENS
                .run_exactly(session, 1, &[&member.0, &account.0])
                .await
        }
        Change::MoveHolder {
            member_no,
            account_no,
            from,
            to,
        } => {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&member_no.0, &account_no.0, &from.0, &to.0];
            any(MOVE_HOLDER.run(session, &key).await)
        }
        Change::MoveInquiries(from, to) => {
            move_rows(session, (COPY_INQUIRIES, REMOVE_INQUIRIES), *from, *to).await
        }
        Change::MoveLinks(from, to) => move_rows(session, (COPY_LINKS, REMOVE_LINKS), *from, *to).await,
        Change::RemoveReservation(subject, member, id) => {
            reservations::remove(session, *subject, *member, *id).await
        }
        Change::MoveReservations(from, to) => reservations::move_all(session, *from, *to).await,
        Change::DropFrozen(subject) => any(DROP_FROZEN.run(session, &[&subject.0]).await),
        Change::PutMember(member) => members::put(session, member).await,
        Change::InsertSnapshot(snapshot) => statistics::insert(session, snapshot).await,
        Change::PutProposal(rpc, id, row) => {
            let (rpc, at) = (rpc.as_str(), row.proposed_at.micros());
            let cells: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                [&rpc, &&id.0[..], &&row.body.0[..], &&row.proposed_by.0[..], &at];
            PUT_PROPOSAL.run_exactly(session, 1, &cells).await
        }
        Change::RemoveProposal(rpc, id) => {
            REMOVE_PROPOSAL
                .run_exactly(session, 1, &[&rpc.as_str(), &&id.0[..]])
                .await
        }
        other => Err(Failure::Unexpected(format!("{other:?} is written with others"))),
    }
}

async fn move_rows(
    session: &Session,
    (copy, remove): (Statement, Statement),
    from: SubjectId,
    to: SubjectId,
) -> Outcome<()> {
    copy.run(session, &[&from.0, &to.0]).await?;
    any(remove.run(session, &[&from.0]).await)
}

fn any(written: Outcome<u64>) -> Outcome<()> {
    written.map(drop)
}
