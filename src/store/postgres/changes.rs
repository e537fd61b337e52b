//! The statements that write what a group decided: one for each kind of row, for any number of rows.
//!
//! A key that must be new is inserted without ON CONFLICT: if another server was faster, the group is decided again. Where
//! that can be, the statement returns something, because else Citus does not tell a key that is taken as such. Of a key that
//! may be there, the whole row is replaced. Conflict targets are whole primary keys, which begin with the column that the
//! table is distributed by.

use super::statement::{Statement, statements};

/// Inserts rows given as one array a column, or replaces those of the same key.
macro_rules! upsert {
    ($name:literal into $table:ident
        key { $($knumber:literal $key:ident $ktype:ident),+ }
        set { $($set:tt)+ }
    ) => {
        upsert!($name into $table
            key { $($knumber $key $ktype),+ }
            set { $($set)+ }
            conflict ($($key),+)
        )
    };
    ($name:literal into $table:ident
        key { $($knumber:literal $key:ident $ktype:ident),+ }
        set { $number:literal $column:ident $type:ident $(, $mnumber:literal $more:ident $mtype:ident)* }
        conflict ($first:ident $(, $rest:ident)*)
    ) => {
        concat!(
            "-- ", $name, "\n        INSERT INTO ", stringify!($table), " (",
            $(stringify!($key), ", ",)+ stringify!($column) $(, ", ", stringify!($more))*,
            ")\n        SELECT ",
            $("k.", stringify!($key), ", ",)+ "k.", stringify!($column) $(, ", k.", stringify!($more))*,
            "\n        FROM unnest(",
            $("$", $knumber, "::", stringify!($ktype), "[], ",)+
            "$", $number, "::", stringify!($type), "[]" $(, ", $", $mnumber, "::", stringify!($mtype), "[]")*,
            ")\n            AS k (",
            $(stringify!($key), ", ",)+ stringify!($column) $(, ", ", stringify!($more))*,
            ")\n        ON CONFLICT (", stringify!($first) $(, ", ", stringify!($rest))*, ") DO UPDATE SET ",
            stringify!($column), " = excluded.", stringify!($column)
            $(, ", ", stringify!($more), " = excluded.", stringify!($more))*
        )
    };
}

/// Inserts rows given as one array a column, whose keys are new.
macro_rules! insert {
    ($name:literal into $table:ident { $number:literal $column:ident $type:ident $(, $mnumber:literal $more:ident $mtype:ident)* }) => {
        concat!(
            "-- ", $name, "\n        INSERT INTO ", stringify!($table), " (",
            stringify!($column) $(, ", ", stringify!($more))*,
            ")\n        SELECT k.", stringify!($column) $(, ", k.", stringify!($more))*,
            "\n        FROM unnest($", $number, "::", stringify!($type), "[]"
            $(, ", $", $mnumber, "::", stringify!($mtype), "[]")*,
            ")\n            AS k (", stringify!($column) $(, ", ", stringify!($more))*, ")"
        )
    };
}

statements! {
    const INSERT_TOKENS(5) = concat!(insert!("insert_tokens" into subject_token {
        1 token_id bigint, 2 sealed bytea, 3 key_version bigint, 4 identifier_type bigint, 5 subject_id bigint
    }), "
        RETURNING token_id");
    /// Not over another account of the same name: two servers may make it at once, about people who share no lock. What was
    /// written is returned, because Citus counts what was offered.
    const PUT_ACCOUNTS(8) = concat!(upsert!("put_accounts" into account
        key { 1 member_no bigint, 2 account_ref text }
        set {
            3 account_no bigint, 4 holder bigint, 5 versions_made bigint, 6 is_open bigint, 7 carried_by bigint,
            8 token_digests bytea
        }
    ), "
        WHERE account.account_no = excluded.account_no
        RETURNING account_no");
    const PUT_POSITIONS(58) = upsert!("put_positions" into position
        key {
            1 subject_id bigint, 2 member_no bigint, 3 account_no bigint
        }
        set {
            4 role bigint, 5 first_received_at bigint, 6 last_received_at bigint, 7 deleted bigint,
            8 disputed bigint, 9 suppressed bigint, 10 missing_batches bigint, 11 version bigint,
            12 event bigint, 13 received_at bigint, 14 correction_reason text, 15 liabilities bytea,
            16 as_of bigint, 17 sequence bigint, 18 account_type bigint, 19 product_type bigint,
            20 loan_purpose bigint, 21 guarantee_type bigint, 22 funding_role bigint, 23 region_code text,
            24 currency text, 25 opened_on bigint, 26 matures_on bigint, 27 closed_on bigint,
            28 original_amount bigint, 29 credit_limit bigint, 30 outstanding_principal bigint,
            31 outstanding_total bigint, 32 scheduled_payment bigint, 33 repayment_frequency bigint,
            34 next_due_on bigint, 35 remaining_terms bigint, 36 annual_percentage_rate_bp bigint,
            37 status bigint, 38 closure_reason bigint, 39 days_past_due bigint, 40 grace_days bigint,
            41 overdue_principal bigint, 42 overdue_interest bigint, 43 overdue_penalty bigint,
            44 overdue_fees bigint, 45 first_delinquent_on bigint, 46 asset_classification bigint,
            47 collection_stage bigint, 48 extension_count bigint, 49 restructure_count bigint,
            50 hardship_code bigint, 51 last_payment_on bigint, 52 last_payment_amount bigint,
            53 funding_group_ref text, 54 consent_reference text, 55 adverse_notice_reference text,
            56 adverse_notice_sent_on bigint, 57 reservation_id text,
            58 first_as_of bigint
        }
    );
    const REMOVE_POSITIONS(3) = "-- remove_positions
        DELETE FROM position
        WHERE subject_id = ANY($1::bigint[])
            AND (subject_id, member_no, account_no) IN (
                SELECT k.subject_id, k.member_no, k.account_no
                FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (subject_id, member_no, account_no))";
    const PUT_PAST_VERSIONS(51) = upsert!("put_past_versions" into past_version
        key {
            1 account_no bigint, 2 member_no bigint
        }
        set {
            3 corrected_by bigint, 4 version bigint, 5 event bigint, 6 received_at bigint,
            7 correction_reason text, 8 liabilities bytea, 9 as_of bigint, 10 sequence bigint,
            11 account_type bigint, 12 product_type bigint, 13 loan_purpose bigint, 14 guarantee_type bigint,
            15 funding_role bigint, 16 region_code text, 17 currency text, 18 opened_on bigint,
            19 matures_on bigint, 20 closed_on bigint, 21 original_amount bigint, 22 credit_limit bigint,
            23 outstanding_principal bigint, 24 outstanding_total bigint, 25 scheduled_payment bigint,
            26 repayment_frequency bigint, 27 next_due_on bigint, 28 remaining_terms bigint,
            29 annual_percentage_rate_bp bigint, 30 status bigint, 31 closure_reason bigint,
            32 days_past_due bigint, 33 grace_days bigint, 34 overdue_principal bigint,
            35 overdue_interest bigint, 36 overdue_penalty bigint, 37 overdue_fees bigint,
            38 first_delinquent_on bigint, 39 asset_classification bigint, 40 collection_stage bigint,
            41 extension_count bigint, 42 restructure_count bigint, 43 hardship_code bigint,
            44 last_payment_on bigint, 45 last_payment_amount bigint, 46 funding_group_ref text,
            47 consent_reference text, 48 adverse_notice_reference text, 49 adverse_notice_sent_on bigint,
            50 reservation_id text, 51 first_as_of bigint
        }
        conflict (member_no, account_no, version)
    );
    const PUT_HISTORY(7) = upsert!("put_history" into position_history
        key { 1 subject_id bigint, 2 account_no bigint, 3 version bigint }
        set { 4 member_no bigint, 5 as_of bigint, 6 days_past_due bigint, 7 next_due_on bigint }
    );
    const REMOVE_HISTORY(3) = "-- remove_history
        DELETE FROM position_history
        WHERE subject_id = ANY($1::bigint[])
            AND (subject_id, account_no, version) IN (
                SELECT k.subject_id, k.account_no, k.version
                FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (subject_id, account_no, version))";
    const INSERT_INQUIRIES(15) = insert!("insert_inquiries" into inquiry {
        1 subject_id bigint, 2 inquired_at bigint, 3 answer_id bytea, 4 member_no bigint, 5 kind bigint,
        6 purpose bigint, 7 with_strong bigint, 8 counted bigint, 9 consent_reference text,
        10 consent_purposes text, 11 consent_granted_on bigint, 12 consent_expires_on bigint,
        13 consent_text_sha256 bytea, 14 finding bigint, 15 burden bigint
    });
    const PUT_FROZEN(6) = upsert!("put_frozen" into frozen_answer
        key { 1 subject_id bigint, 2 day bigint, 3 member_no bigint, 4 hard bigint, 5 with_strong bigint }
        set { 6 figures bytea }
    );
    const PUT_LINKS(4) = "-- put_links
        INSERT INTO mobile_link (mobile_subject, subject_id, member_no, last_seen)
        SELECT k.mobile_subject, k.subject_id, k.member_no, k.last_seen
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
            AS k (mobile_subject, subject_id, member_no, last_seen)
        ON CONFLICT (mobile_subject, subject_id, member_no) DO UPDATE SET
            last_seen = greatest(mobile_link.last_seen, excluded.last_seen)";
    const INSERT_REQUESTS(6) = concat!(insert!("insert_requests" into request {
        1 member_no bigint, 2 rpc text, 3 request_id bytea, 4 body_sha256 bytea, 5 created_at bigint, 6 accepted bytea
    }), "
        RETURNING member_no");
    const PUT_LATEST_AS_OF(2) = "-- put_latest_as_of
        INSERT INTO member_activity (member_no, latest_as_of, evaluations_ever)
        SELECT k.member_no, k.latest_as_of, 0
        FROM unnest($1::bigint[], $2::bigint[]) AS k (member_no, latest_as_of)
        ON CONFLICT (member_no) DO UPDATE SET
            latest_as_of = greatest(member_activity.latest_as_of, excluded.latest_as_of)";
    const PUT_LATEST_BATCHES(3) = "-- put_latest_batches
        INSERT INTO member_activity (member_no, latest_as_of, evaluations_ever, batch_as_of, batch_on)
        SELECT k.member_no, NULL, 0, k.batch_as_of, k.batch_on
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (member_no, batch_as_of, batch_on)
        ON CONFLICT (member_no) DO UPDATE SET
            batch_as_of = greatest(member_activity.batch_as_of, excluded.batch_as_of),
            batch_on = CASE
                WHEN excluded.batch_as_of >= coalesce(member_activity.batch_as_of, excluded.batch_as_of)
                    THEN excluded.batch_on
                ELSE member_activity.batch_on
            END";
    /// Not over another batch of the same name: two servers may open it at once.
    const PUT_BATCHES(25) = concat!(upsert!("put_batches" into batch
        key { 1 member_no bigint, 2 batch_id text }
        set {
            3 batch_no bigint, 4 epoch bigint, 5 batch_type bigint, 6 as_of bigint, 7 dry_run bigint, 8 resends text,
            9 resends_no bigint, 10 content_sha256 bytea, 11 state bigint, 12 phase bigint, 13 listed_to text,
            14 received bigint, 15 accepted bigint, 16 rejected bigint, 17 unchanged bigint, 18 superseded bigint,
            19 warnings bigint, 20 active bigint, 21 missing bigint, 22 totals bytea, 23 failures bytea,
            24 started_at bigint, 25 finished_at bigint
        }
    ), "
        WHERE batch.batch_no = excluded.batch_no
        RETURNING batch_no");
    const INSERT_RESULTS(8) = insert!("insert_results" into batch_result {
        1 member_no bigint, 2 batch_no bigint, 3 record_number bigint, 4 account_ref text, 5 violations bytea,
        6 warnings bytea, 7 rejected bigint, 8 created_at bigint
    });
    const MEND_RESULTS(4) = "-- mend_results
        UPDATE batch_result r
        SET mended_at = k.mended_at
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])
            AS k (member_no, batch_no, account_ref, mended_at)
        WHERE r.member_no = k.member_no AND r.account_ref = k.account_ref AND r.batch_no <= k.batch_no
            AND r.member_no = ANY($1::bigint[]) AND r.rejected = 1 AND r.mended_at IS NULL";
    const INSERT_MISSING(3) = insert!("insert_missing" into batch_missing {
        1 member_no bigint, 2 batch_no bigint, 3 account_ref text
    });
    const COUNT_REPORTS(9) = "-- count_reports
        INSERT INTO report_day (member_no, day, slot, reports, late, optional_fields, optional_filled, contradictions,
            contradictions_rejected)
        SELECT k.member_no, k.day, k.slot, k.reports, k.late, k.optional_fields, k.optional_filled, k.contradictions,
            k.contradictions_rejected
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::bigint[])
            AS k (member_no, day, slot, reports, late, optional_fields, optional_filled, contradictions,
                contradictions_rejected)
        ON CONFLICT (member_no, day, slot) DO UPDATE SET
            reports = report_day.reports + excluded.reports,
            late = report_day.late + excluded.late,
            optional_fields = report_day.optional_fields + excluded.optional_fields,
            optional_filled = report_day.optional_filled + excluded.optional_filled,
            contradictions = report_day.contradictions + excluded.contradictions,
            contradictions_rejected = report_day.contradictions_rejected + excluded.contradictions_rejected";
    const COUNT_CONDUCT(6) = "-- count_conduct
        INSERT INTO conduct_day (member_no, day, slot, hard_looks, reserved, confirmed)
        SELECT k.member_no, k.day, k.slot, k.hard_looks, k.reserved, k.confirmed
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
            AS k (member_no, day, slot, hard_looks, reserved, confirmed)
        ON CONFLICT (member_no, day, slot) DO UPDATE SET
            hard_looks = conduct_day.hard_looks + excluded.hard_looks,
            reserved = conduct_day.reserved + excluded.reserved,
            confirmed = conduct_day.confirmed + excluded.confirmed";
    const COUNT_SUBJECTS_CREATED(3) = "-- count_subjects_created
        INSERT INTO subject_creation (member_no, day, subjects)
        SELECT k.member_no, k.day, k.subjects
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (member_no, day, subjects)
        ON CONFLICT (member_no, day) DO UPDATE SET
            subjects = subject_creation.subjects + excluded.subjects";
    const COUNT_EVALUATIONS(4) = "-- count_evaluations
        INSERT INTO evaluation_usage (member_no, day, evaluations, from_quota)
        SELECT k.member_no, k.day, k.evaluations, k.from_quota
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
            AS k (member_no, day, evaluations, from_quota)
        ON CONFLICT (member_no, day) DO UPDATE SET
            evaluations = evaluation_usage.evaluations + excluded.evaluations,
            from_quota = evaluation_usage.from_quota + excluded.from_quota";
    const COUNT_EVALUATIONS_EVER(2) = "-- count_evaluations_ever
        INSERT INTO member_activity (member_no, latest_as_of, evaluations_ever)
        SELECT k.member_no, NULL, k.evaluations
        FROM unnest($1::bigint[], $2::bigint[]) AS k (member_no, evaluations)
        ON CONFLICT (member_no) DO UPDATE SET
            evaluations_ever = member_activity.evaluations_ever + excluded.evaluations_ever";
    const PUT_GRANTS(4) = upsert!("put_grants" into evaluation_grant
        key { 1 member_no bigint, 2 grant_no bigint }
        set { 3 remaining bigint, 4 expires_at bigint }
    );
    const INSERT_WAITING(2) = insert!("insert_waiting" into audit_waiting {
        1 entry_id bigint, 2 leaf_hash bytea
    });
    const INSERT_OPENINGS(3) = insert!("insert_openings" into audit_opening {
        1 entry_id bigint, 2 salt bytea, 3 content bytea
    });
}
