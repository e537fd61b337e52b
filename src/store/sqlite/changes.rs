//! The statements that write: one for each kind of change, and those of the audit entries and of expiry.

use super::statement::Statement;
use crate::store::rows::batch::batch_columns;
use crate::store::rows::{account_columns, position_columns, version_columns};

macro_rules! statements {
    ($(const $name:ident($parameters:literal) = $sql:expr;)+) => {
        $(pub(super) const $name: Statement = Statement { sql: $sql, parameters: $parameters };)+

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
    const PUT_ACCOUNT(8) = concat!("-- put_account
        INSERT INTO account (", account_columns!(), ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (member_no, account_ref) DO UPDATE SET
            holder = excluded.holder,
            versions_made = excluded.versions_made,
            is_open = excluded.is_open,
            carried_by = excluded.carried_by,
            token_digests = excluded.token_digests");
    const FORGET_TOKENS(2) = "-- forget_tokens
        UPDATE account
        SET token_digests = NULL
        WHERE member_no = ?1 AND account_no = ?2";
    const MOVE_HOLDER(4) = "-- move_holder
        UPDATE account
        SET holder = ?4
        WHERE member_no = ?1 AND account_no = ?2 AND holder = ?3";
    const PUT_POSITION(58) = concat!("-- put_position
        INSERT OR REPLACE INTO position (", position_columns!(), version_columns!(), ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43,
            ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52, ?53, ?54, ?55, ?56, ?57, ?58)");
    const REMOVE_POSITION(3) = "-- remove_position
        DELETE FROM position
        WHERE subject_id = ?1 AND member_no = ?2 AND account_no = ?3";
    const PUT_PAST_VERSION(51) = concat!("-- put_past_version
        INSERT OR REPLACE INTO past_version (account_no, member_no, corrected_by, ", version_columns!(), ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43,
            ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51)");
    const PUT_HISTORY(7) = "-- put_history
        INSERT OR REPLACE INTO position_history (subject_id, account_no, version, member_no, as_of, days_past_due,
            next_due_on)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    const REMOVE_HISTORY(3) = "-- remove_history
        DELETE FROM position_history
        WHERE subject_id = ?1 AND account_no = ?2 AND version = ?3";
    const INSERT_INQUIRY(15) = "-- insert_inquiry
        INSERT INTO inquiry (subject_id, inquired_at, answer_id, member_no, kind, purpose, with_strong, counted,
            consent_reference, consent_purposes, consent_granted_on, consent_expires_on, consent_text_sha256, finding,
            burden)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    // A look that met both subjects is one look once they are one. What the rules said stands with one of them only.
    const MOVE_INQUIRIES(2) = "-- move_inquiries
        UPDATE OR REPLACE inquiry
        SET subject_id = ?2,
            finding = coalesce(finding, (
                SELECT other.finding
                FROM inquiry other
                WHERE other.subject_id = ?2 AND other.inquired_at = inquiry.inquired_at
                    AND other.answer_id = inquiry.answer_id)),
            burden = coalesce(burden, (
                SELECT other.burden
                FROM inquiry other
                WHERE other.subject_id = ?2 AND other.inquired_at = inquiry.inquired_at
                    AND other.answer_id = inquiry.answer_id))
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
    const PUT_BATCH(25) = concat!("-- put_batch
        INSERT OR REPLACE INTO batch (", batch_columns!(), ")
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25)");
    const INSERT_RESULT(8) = "-- insert_result
        INSERT INTO batch_result (member_no, batch_no, record_number, account_ref, violations, warnings, rejected,
            created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    const MEND_RESULTS(4) = "-- mend_results
        UPDATE batch_result
        SET mended_at = ?4
        WHERE member_no = ?1 AND batch_no <= ?2 AND account_ref = ?3 AND rejected = 1 AND mended_at IS NULL";
    const INSERT_MISSING(3) = "-- insert_missing
        INSERT INTO batch_missing (member_no, batch_no, account_ref)
        VALUES (?1, ?2, ?3)";
    const COUNT_REPORTS(9) = "-- count_reports
        INSERT INTO report_day (member_no, day, slot, reports, late, optional_fields, optional_filled, contradictions,
            contradictions_rejected)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (member_no, day, slot) DO UPDATE SET
            reports = reports + excluded.reports,
            late = late + excluded.late,
            optional_fields = optional_fields + excluded.optional_fields,
            optional_filled = optional_filled + excluded.optional_filled,
            contradictions = contradictions + excluded.contradictions,
            contradictions_rejected = contradictions_rejected + excluded.contradictions_rejected";
    const COUNT_CONDUCT(6) = "-- count_conduct
        INSERT INTO conduct_day (member_no, day, slot, hard_looks, reserved, confirmed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (member_no, day, slot) DO UPDATE SET
            hard_looks = hard_looks + excluded.hard_looks,
            reserved = reserved + excluded.reserved,
            confirmed = confirmed + excluded.confirmed";
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
