//! Writes the changes of a group, in order, inside its transaction. One statement for each kind of change; each says how
//! many rows it expects.

use rusqlite::{Connection, ToSql, params};

use super::failure::Outcome;
use super::load::{identifier_code, look_code};
use super::members;
use super::rows::{VERSION_COLUMNS, version_columns};
use super::statement::Statement;
use crate::audit::Opening;
use crate::domain::date::{Timestamp, to_epoch_days};
use crate::domain::names::{AccountNo, MemberNo, RequestId, Sha256, SubjectId};
use crate::domain::token::{Pseudonym, TokenRow};
use crate::domain::unit::rows::{
    AccountRow, FrozenRow, HistoryRow, InquiryRow, LinkRow, PastVersion, PositionRow, ProposalRow, Version,
};
use crate::domain::unit::working_set::RequestName;
use crate::domain::unit::{Accepted, Change, Rpc};
use crate::store::codec;

macro_rules! statements {
    ($(const $name:ident($parameters:literal) = $sql:expr;)+) => {
        $(const $name: Statement = Statement { sql: $sql, parameters: $parameters };)+

        #[cfg(test)]
        /// The statements of this file.
        pub(super) const CATALOGUE: &[Statement] = &[$($name),+];
    };
}

statements! {
    const INSERT_TOKEN(5) = "-- insert_token
        INSERT INTO subject_token (token_id, sealed, key_version, identifier_type, subject_id)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    const MOVE_TOKEN(2) = "-- move_token
        UPDATE subject_token
        SET subject_id = ?2
        WHERE token_id = ?1";
    const MOVE_TOKENS(2) = "-- move_tokens
        UPDATE subject_token
        SET subject_id = ?2
        WHERE subject_id = ?1";
    const PUT_ACCOUNT(5) = "-- put_account
        INSERT INTO account (member_no, account_ref, account_no, holder, versions_made)
        VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (member_no, account_ref) DO UPDATE SET
            holder = excluded.holder,
            versions_made = excluded.versions_made";
    const MOVE_HOLDER(4) = "-- move_holder
        UPDATE account
        SET holder = ?4
        WHERE member_no = ?1 AND account_no = ?2 AND holder = ?3";
    const PUT_POSITION(57) = concat!("-- put_position
        INSERT OR REPLACE INTO position (subject_id, member_no, account_no, role, first_received_at, last_received_at,
            deleted, disputed, suppressed, missing_batches, ", version_columns!(), ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43,
            ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52, ?53, ?54, ?55, ?56, ?57)");
    const REMOVE_POSITION(3) = "-- remove_position
        DELETE FROM position
        WHERE subject_id = ?1 AND member_no = ?2 AND account_no = ?3";
    const PUT_PAST_VERSION(50) = concat!("-- put_past_version
        INSERT OR REPLACE INTO past_version (account_no, member_no, corrected_by, ", version_columns!(), ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43,
            ?44, ?45, ?46, ?47, ?48, ?49, ?50)");
    const PUT_HISTORY(7) = "-- put_history
        INSERT OR REPLACE INTO position_history (subject_id, account_no, version, member_no, as_of, days_past_due,
            next_due_on)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    const REMOVE_HISTORY(3) = "-- remove_history
        DELETE FROM position_history
        WHERE subject_id = ?1 AND account_no = ?2 AND version = ?3";
    const INSERT_INQUIRY(13) = "-- insert_inquiry
        INSERT INTO inquiry (subject_id, inquired_at, answer_id, member_no, kind, purpose, with_strong, counted,
            consent_reference, consent_purposes, consent_granted_on, consent_expires_on, consent_text_sha256)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    // A look that met both subjects in one conflict is one look once they are one.
    const MOVE_INQUIRIES(2) = "-- move_inquiries
        UPDATE OR REPLACE inquiry
        SET subject_id = ?2
        WHERE subject_id = ?1";
    const PUT_FROZEN(6) = "-- put_frozen
        INSERT OR REPLACE INTO frozen_answer (subject_id, day, member_no, hard, with_strong, figures)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    const DROP_FROZEN(1) = "-- drop_frozen
        DELETE FROM frozen_answer
        WHERE subject_id = ?1";
    const PUT_LINK(4) = "-- put_link
        INSERT INTO mobile_link (mobile_subject, subject_id, member_no, last_seen)
        VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (mobile_subject, subject_id, member_no) DO UPDATE SET
            last_seen = max(last_seen, excluded.last_seen)";
    const COPY_LINKS(2) = "-- copy_links
        INSERT INTO mobile_link (mobile_subject, subject_id, member_no, last_seen)
        SELECT mobile_subject, ?2, member_no, last_seen
        FROM mobile_link
        WHERE subject_id = ?1
        ON CONFLICT (mobile_subject, subject_id, member_no) DO UPDATE SET
            last_seen = max(last_seen, excluded.last_seen)";
    const REMOVE_LINKS(1) = "-- remove_links
        DELETE FROM mobile_link
        WHERE subject_id = ?1";
    const INSERT_REQUEST(6) = "-- insert_request
        INSERT INTO request (member_no, rpc, request_id, body_sha256, created_at, accepted)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    const COUNT_SUBJECT_CREATED(2) = "-- count_subject_created
        INSERT INTO subject_creation (member_no, day, subjects)
        VALUES (?1, ?2, 1)
        ON CONFLICT (member_no, day) DO UPDATE SET
            subjects = subjects + 1";
    const COUNT_EVALUATIONS(4) = "-- count_evaluations
        INSERT INTO evaluation_usage (member_no, day, evaluations, from_quota)
        VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (member_no, day) DO UPDATE SET
            evaluations = evaluations + excluded.evaluations,
            from_quota = from_quota + excluded.from_quota";
    const COUNT_EVALUATIONS_EVER(2) = "-- count_evaluations_ever
        INSERT INTO member_activity (member_no, latest_as_of, evaluations_ever)
        VALUES (?1, NULL, ?2)
        ON CONFLICT (member_no) DO UPDATE SET
            evaluations_ever = evaluations_ever + excluded.evaluations_ever";
    const PUT_GRANT(4) = "-- put_grant
        INSERT INTO evaluation_grant (member_no, grant_no, remaining, expires_at)
        VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (member_no, grant_no) DO UPDATE SET
            remaining = excluded.remaining";
    const PUT_PROPOSAL(5) = "-- put_proposal
        INSERT INTO proposal (rpc, request_id, body_sha256, proposed_by, proposed_at)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    const REMOVE_PROPOSAL(2) = "-- remove_proposal
        DELETE FROM proposal
        WHERE rpc = ?1 AND request_id = ?2";
    const INSERT_WAITING(2) = "-- insert_waiting
        INSERT INTO audit_waiting (entry_id, leaf_hash)
        VALUES (?1, ?2)";
    const INSERT_OPENING(3) = "-- insert_opening
        INSERT INTO audit_opening (entry_id, salt, content)
        VALUES (?1, ?2, ?3)";
    const PUT_NEXT_NUMBER(1) = "-- put_next_number
        UPDATE number_source
        SET next_number = ?1
        WHERE singleton = 1";
    const PUT_NEXT_ENTRY(1) = "-- put_next_entry
        UPDATE audit_head
        SET next_entry = ?1
        WHERE singleton = 1";
    const EXPIRE_REQUESTS(2) = "-- expire_requests
        DELETE FROM request
        WHERE (member_no, rpc, request_id) IN (
            SELECT member_no, rpc, request_id
            FROM request
            WHERE created_at < ?1
            ORDER BY created_at
            LIMIT ?2)";
    const EXPIRE_FROZEN(2) = "-- expire_frozen
        DELETE FROM frozen_answer
        WHERE (subject_id, day, member_no, hard, with_strong) IN (
            SELECT subject_id, day, member_no, hard, with_strong
            FROM frozen_answer
            WHERE day < ?1
            ORDER BY day
            LIMIT ?2)";
}

/// Writes one change.
pub(super) fn change(connection: &Connection, change: &Change) -> Outcome<()> {
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
    connection: &Connection,
    entry_id: i64,
    opening: &Opening,
    leaf: &[u8; 32],
) -> Outcome<()> {
    INSERT_WAITING.run_one(connection, params![entry_id, leaf])?;
    INSERT_OPENING.run_one(connection, params![entry_id, opening.salt, opening.bytes])
}

/// Writes the marks above which numbers were never given.
pub(super) fn next_numbers(connection: &Connection, next_number: i64, next_entry: i64) -> Outcome<()> {
    PUT_NEXT_NUMBER.run_one(connection, params![next_number])?;
    PUT_NEXT_ENTRY.run_one(connection, params![next_entry])
}

/// Removes up to `limit` requests older than an instant and frozen answers of days before `today`; tells how many.
pub(super) fn expire(
    connection: &Connection,
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

/// Numbers of the domain fit: parsing bounds them.
fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn insert_token(connection: &Connection, pseudonym: &Pseudonym, row: TokenRow) -> Outcome<()> {
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

fn put_account(connection: &Connection, account: &AccountRow) -> Outcome<()> {
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
    connection: &Connection,
    subject: SubjectId,
    member: MemberNo,
    account: AccountNo,
) -> Outcome<()> {
    REMOVE_POSITION.run_one(connection, params![subject.0, member.0, account.0])
}

fn put_position(connection: &Connection, row: &PositionRow) -> Outcome<()> {
    let unless_of_version = |at: Timestamp| (at != row.version.received_at).then(|| at.micros());
    let first_received_at = unless_of_version(row.first_received_at);
    let last_received_at = unless_of_version(row.last_received_at);
    let deleted = row.deleted.map(crate::domain::position::DeletionReason::code);
    let role = row.role.code();
    let version = VersionParameters::of(&row.version);
    let mut parameters: Vec<&dyn ToSql> = Vec::with_capacity(10 + VERSION_COLUMNS);
    parameters.extend([
        &row.subject_id.0 as &dyn ToSql,
        &row.member_no.0,
        &row.account_no.0,
        &role,
        &first_received_at,
        &last_received_at,
        &deleted,
        &row.disputed,
        &row.suppressed,
        &row.missing_batches,
    ]);
    version.push_to(&mut parameters);
    PUT_POSITION.run_one(connection, &parameters[..])
}

fn put_past_version(connection: &Connection, past: &PastVersion) -> Outcome<()> {
    let corrected_by = past.corrected_by.map(whole);
    let version = VersionParameters::of(&past.version);
    let mut parameters: Vec<&dyn ToSql> = Vec::with_capacity(3 + VERSION_COLUMNS);
    parameters.extend([&past.account_no.0 as &dyn ToSql, &past.member_no.0, &corrected_by]);
    version.push_to(&mut parameters);
    PUT_PAST_VERSION.run_one(connection, &parameters[..])
}

/// Columns of a version that need converting; the rest is bound as it is.
struct VersionParameters<'a> {
    version: &'a Version,
    numbers: [i64; 2],
    received_at: i64,
    liabilities: Vec<u8>,
    codes: [Option<i32>; 12],
    dates: [Option<i32>; 8],
}

impl<'a> VersionParameters<'a> {
    fn of(version: &'a Version) -> Self {
        let facts = &version.facts;
        let day = |date: chrono::NaiveDate| to_epoch_days(date);
        Self {
            version,
            numbers: [whole(version.number), whole(version.order.sequence)],
            received_at: version.received_at.micros(),
            liabilities: codec::encode(&version.liabilities),
            codes: [
                version.event.map(|code| code.code()),
                Some(facts.account_type.code()),
                Some(facts.product_type.code()),
                Some(facts.loan_purpose.code()),
                Some(facts.guarantee_type.code()),
                Some(facts.funding_role.code()),
                Some(facts.repayment_frequency.code()),
                Some(facts.status.code()),
                facts.closure_reason.map(|code| code.code()),
                facts.asset_classification.map(|code| code.code()),
                facts.collection_stage.map(|code| code.code()),
                facts.hardship_code.map(|code| code.code()),
            ],
            dates: [
                Some(day(version.order.as_of)),
                Some(day(facts.opened_on)),
                facts.matures_on.map(day),
                facts.closed_on.map(day),
                facts.next_due_on.map(day),
                facts.first_delinquent_on.map(day),
                facts.last_payment_on.map(day),
                facts.adverse_notice_sent_on.map(day),
            ],
        }
    }

    /// In the order of [`version_columns`].
    fn push_to<'b>(&'b self, parameters: &mut Vec<&'b dyn ToSql>) {
        let facts = &self.version.facts;
        let [number, sequence] = &self.numbers;
        let [
            event,
            account,
            product,
            purpose,
            guarantee,
            funding,
            frequency,
            status,
            closure,
            class,
            stage,
            hardship,
        ] = &self.codes;
        let [
            as_of,
            opened,
            matures,
            closed,
            next_due,
            delinquent,
            last_payment,
            notice,
        ] = &self.dates;
        parameters.extend([
            number as &dyn ToSql,
            event,
            &self.received_at,
            &self.version.correction_reason,
            &self.liabilities,
            as_of,
            sequence,
            account,
            product,
            purpose,
            guarantee,
            funding,
            &facts.region_code,
        ]);
        // A currency is text of three letters; bound through a reference that lives as long as the facts.
        parameters.extend([
            &facts.currency as &dyn ToSql,
            opened,
            matures,
            closed,
            &facts.original_amount,
            &facts.credit_limit,
            &facts.outstanding_principal,
            &facts.outstanding_total,
            &facts.scheduled_payment,
            frequency,
            next_due,
            &facts.remaining_terms,
            &facts.annual_percentage_rate_bp,
            status,
            closure,
            &facts.days_past_due,
            &facts.grace_days,
        ]);
        parameters.extend([
            &facts.overdue.principal as &dyn ToSql,
            &facts.overdue.interest,
            &facts.overdue.penalty,
            &facts.overdue.fees,
            delinquent,
            class,
            stage,
            &facts.extension_count,
            &facts.restructure_count,
            hardship,
            last_payment,
            &facts.last_payment_amount,
            &facts.funding_group_ref,
            &facts.consent_reference,
            &facts.adverse_notice_reference,
            notice,
            &facts.reservation_id,
        ]);
    }
}

impl ToSql for crate::domain::currency::Currency {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

fn put_history(connection: &Connection, row: &HistoryRow) -> Outcome<()> {
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

fn insert_inquiry(connection: &Connection, row: &InquiryRow) -> Outcome<()> {
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

fn put_frozen(connection: &Connection, row: &FrozenRow) -> Outcome<()> {
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

fn put_link(connection: &Connection, link: &LinkRow) -> Outcome<()> {
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

fn move_links(connection: &Connection, from: SubjectId, to: SubjectId) -> Outcome<()> {
    COPY_LINKS.run(connection, params![from.0, to.0])?;
    any(REMOVE_LINKS.run(connection, params![from.0]))
}

fn insert_request(
    connection: &Connection,
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

fn put_proposal(connection: &Connection, rpc: Rpc, id: RequestId, row: &ProposalRow) -> Outcome<()> {
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
