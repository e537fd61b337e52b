//! The statements that find what a group concerns, many keys at once. Each names the column its table is distributed by.

use super::statement::{Statement, statements};
use crate::store::rows::batch::batch_columns;
use crate::store::rows::{position_columns, version_columns};

statements! {
    const FIND_TOKENS(1) = "-- find_tokens
        SELECT token_id, identifier_type, subject_id, sealed
        FROM subject_token
        WHERE sealed = ANY($1::bytea[])";
    const FIND_ACCOUNTS(2) = "-- find_accounts
        SELECT a.member_no, a.account_ref, a.account_no, a.holder, a.versions_made, a.is_open, a.carried_by, a.token_digests
        FROM unnest($1::bigint[], $2::text[]) AS k (member_no, account_ref)
        JOIN account a ON a.member_no = k.member_no AND a.account_ref = k.account_ref
        WHERE a.member_no = ANY($1::bigint[])";
    const FIND_REQUESTS(3) = "-- find_requests
        SELECT r.member_no, r.rpc, r.request_id, r.body_sha256, r.accepted
        FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS k (member_no, rpc, request_id)
        JOIN request r ON r.member_no = k.member_no AND r.rpc = k.rpc AND r.request_id = k.request_id
        WHERE r.member_no = ANY($1::bigint[])";
    const LINKS_OF_MOBILES(1) = "-- links_of_mobiles
        SELECT mobile_subject, subject_id, member_no, last_seen
        FROM mobile_link
        WHERE mobile_subject = ANY($1::bigint[])
        ORDER BY mobile_subject, subject_id, member_no";
    /// Who is liable for accounts, by their holders: all accounts of these, which are few, so that no join is planned for
    /// whatever size the table once had.
    const LIABILITIES(1) = "-- liabilities
        SELECT subject_id, member_no, account_no, liabilities
        FROM position
        WHERE subject_id = ANY($1::bigint[])";
    /// Cold: only for someone liable whom the report no longer names. The one search that no distribution column helps.
    const SUBJECTS_OF_TOKENS(1) = "-- subjects_of_tokens
        SELECT token_id, subject_id
        FROM subject_token
        WHERE token_id = ANY($1::bigint[])";
    const POSITIONS_OF_SUBJECTS(1) = concat!("-- positions_of_subjects
        SELECT ", position_columns!(), version_columns!(), "
        FROM position
        WHERE subject_id = ANY($1::bigint[])");
    const HISTORY_OF_SUBJECTS(1) = "-- history_of_subjects
        SELECT subject_id, account_no, version, member_no, as_of, days_past_due, next_due_on
        FROM position_history
        WHERE subject_id = ANY($1::bigint[])
        ORDER BY subject_id, account_no, version";
    const INQUIRIES_OF_SUBJECTS(1) = "-- inquiries_of_subjects
        SELECT subject_id, inquired_at, answer_id, member_no, kind, purpose, with_strong, counted
        FROM inquiry
        WHERE subject_id = ANY($1::bigint[])
        ORDER BY subject_id, inquired_at, answer_id";
    /// `+ 0` keeps the day from its index: a plan made while the table was empty would read everybody's answers of the day.
    const FROZEN_OF_SUBJECTS(2) = "-- frozen_of_subjects
        SELECT subject_id, day, member_no, hard, with_strong, figures
        FROM frozen_answer
        WHERE subject_id = ANY($1::bigint[]) AND day + 0 = $2::bigint
        ORDER BY subject_id, member_no, hard, with_strong";
    const VERSIONS_OF_ACCOUNTS(2) = concat!("-- versions_of_accounts
        SELECT account_no, member_no, corrected_by, ", version_columns!(), "
        FROM past_version
        WHERE member_no = ANY($1::bigint[]) AND account_no = ANY($2::bigint[])
        ORDER BY account_no, version");
    /// Instants of a group lie above what any decision on its subjects was ever given. Where that may be nearer than the
    /// longest group is long, what comes back lies above the group's end and tells how near. The length is written out
    /// because Citus takes no parameter behind ON CONFLICT unless every other one stands there too.
    const LOCK_SUBJECTS(2) = "-- lock_subjects
        INSERT INTO subject_lock (subject_id, touched)
        SELECT k.subject_id, $2::bigint
        FROM unnest($1::bigint[]) AS k (subject_id)
        ORDER BY k.subject_id
        ON CONFLICT (subject_id) DO UPDATE SET
            touched = greatest(subject_lock.touched + 512, excluded.touched)
        RETURNING touched";
    const TOUCH_SUBJECTS(2) = "-- touch_subjects
        INSERT INTO subject_lock (subject_id, touched)
        SELECT k.subject_id, $2::bigint
        FROM unnest($1::bigint[]) AS k (subject_id)
        ORDER BY k.subject_id
        ON CONFLICT (subject_id) DO UPDATE SET
            touched = excluded.touched";
    const LOCK_MEMBERS(1) = "-- lock_members
        INSERT INTO member_activity (member_no, latest_as_of, evaluations_ever)
        SELECT k.member_no, NULL, 0
        FROM unnest($1::bigint[]) AS k (member_no)
        ORDER BY k.member_no
        ON CONFLICT (member_no) DO UPDATE SET
            evaluations_ever = member_activity.evaluations_ever";
    /// Streams of one batch take turns.
    const LOCK_BATCHES(2) = "-- lock_batches
        UPDATE batch b
        SET epoch = b.epoch
        FROM unnest($1::bigint[], $2::text[]) AS k (member_no, batch_id)
        WHERE b.member_no = k.member_no AND b.batch_id = k.batch_id AND b.member_no = ANY($1::bigint[])";
    const FIND_BATCHES(2) = concat!("-- find_batches
        SELECT ", batch_columns!(), "
        FROM batch
        WHERE member_no = ANY($1::bigint[])
            AND (member_no, batch_id) IN (
                SELECT k.member_no, k.batch_id
                FROM unnest($1::bigint[], $2::text[]) AS k (member_no, batch_id))");
    const LAST_FULLS(3) = "-- last_fulls
        SELECT DISTINCT ON (member_no) member_no, as_of, active
        FROM batch
        WHERE member_no = ANY($1::bigint[]) AND batch_type = $2::bigint AND state = $3::bigint AND dry_run = 0
        ORDER BY member_no, as_of DESC, batch_no DESC";
    const NEWEST_BATCHES(1) = "-- newest_batches
        SELECT member_no, max(batch_no)
        FROM batch
        WHERE member_no = ANY($1::bigint[])
        GROUP BY member_no";
    const LOCK_REGISTER(0) = "-- lock_register
        UPDATE registry_generation
        SET generation = generation
        WHERE singleton = 1";
    /// Whether a group whose COMMIT was never answered was committed: only it knows the salt.
    const WAS_COMMITTED(2) = "-- was_committed
        SELECT entry_id
        FROM audit_opening
        WHERE entry_id = $1::bigint AND salt = $2::bytea";
}
