//! What every store must do, whichever engine it is: cases are functions over an [`engine::Engine`], listed once and run on all.
//!
//! An engine implements it and has one module in [`conformance`]. Cases know no SQL; what only one engine can be asked (its
//! files, its connections) is tested in a module of its own name.

#![allow(
    clippy::unwrap_used,
    reason = "a case that cannot go on stops; helpers are not marked as tests"
)]

mod audit;
mod batches;
mod books;
mod conduct;
mod copy;
mod engine;
mod judged;
mod judgements;
mod looks;
pub mod market;
mod members;
mod offline;
mod postgres;
pub mod random;
mod recognised;
mod register;
mod reservations;
mod schemas;
mod sqlite;
mod statistics;
mod subjects;
mod units;

pub use postgres::migrated;

/// Runs each case on each engine, on a database of its own.
macro_rules! conformance {
    ($($module:ident { $($case:ident),+ $(,)? })+) => {
        mod on_sqlite {
            $(mod $module {
                $(#[tokio::test]
                async fn $case() {
                    super::super::$module::$case(&super::super::sqlite::Sqlite::new()).await;
                })+
            })+
        }
        mod on_postgres {
            $(mod $module {
                $(#[tokio::test]
                async fn $case() {
                    super::super::$module::$case(&super::super::postgres::Postgres::new().await).await;
                })+
            })+
        }
    };
}

conformance! {
    units {
        writes_sent_together_are_decided_in_order,
        a_refused_write_leaves_no_trace_and_spoils_nobody,
        a_replayed_request_gets_its_stored_answer_and_writes_nothing,
        a_request_sent_twice_at_once_is_done_once,
        a_request_id_used_for_another_body_is_refused,
        a_request_id_belongs_to_one_member_and_one_rpc,
        every_accepted_write_has_an_entry_that_opens_its_receipt,
        instants_grow_even_when_the_clock_stands_or_steps_back,
        what_was_acknowledged_is_there_after_a_restart,
        readers_and_writers_do_not_disturb_each_other,
        requests_are_forgotten_after_seven_days_and_not_before,
    }
    books {
        a_position_comes_back_as_it_was_reported,
        every_optional_fact_comes_back_present_and_absent,
        an_unchanged_report_advances_in_place,
        a_changed_report_keeps_the_version_before,
        a_corrected_version_stays_readable_and_names_its_successor,
        a_deleted_account_is_found_and_not_listed,
        accounts_are_listed_newest_first_in_pages,
        closed_accounts_are_left_out_when_only_open_ones_are_asked_for,
        versions_are_listed_newest_first_in_pages,
        nobody_sees_the_accounts_of_another,
        sealed_tokens_are_shown_as_they_came,
    }
    reservations {
        of_all_who_check_at_once_one_may_lend,
        joint_borrowers_in_either_order_never_wait_for_each_other,
        what_is_reserved_shows_with_everybody_at_once,
        a_reservation_is_confirmed_extended_and_released,
        a_report_of_a_new_loan_consumes_what_it_fits,
        a_ruling_is_explained_to_whom_it_was_given,
        an_application_keeps_its_terms_over_a_restart,
        reservations_follow_a_merge_and_hold_a_subject,
        a_joint_reservation_is_no_loan_of_one_of_them,
        what_was_confirmed_is_reported_at_night_as_it_is,
    }
    offline {
        a_member_has_so_many_unexpired_codes_and_no_more,
        a_code_serves_one_loan_and_the_loan_is_judged,
        a_loan_is_recorded_late_and_known_already,
        a_code_is_used_within_its_life,
        of_two_who_use_a_code_at_once_one_does,
        joint_borrowers_are_judged_together,
        what_is_on_file_stays_and_is_of_the_same_people,
        an_account_is_judged_once_whatever_codes_are_named,
        a_member_can_ask_for_what_it_was_told_and_no_more,
    }
    statistics {
        a_snapshot_is_asked_for_once_while_it_is_under_way,
        one_works_at_a_time_and_what_is_left_is_taken_up,
        what_fails_again_and_again_is_given_up,
        what_is_published_comes_back_as_it_was,
        a_market_is_counted_as_of_its_date,
        a_month_is_compared_with_what_was_kept_of_the_one_before,
        a_broken_off_count_leaves_nothing_behind,
        many_people_are_counted_each_once,
    }
    judged {
        checks_are_counted_once_under_their_first_reason,
        a_check_belongs_to_the_civil_day_on_which_it_was_made,
        loans_that_nobody_checked_are_counted_and_those_of_outages,
    }
    subjects {
        tokens_of_one_person_meet_in_one_subject,
        positions_of_an_absorbed_subject_are_found_under_the_one_that_stays,
        a_mobile_links_and_the_latest_sighting_counts,
        links_of_an_absorbed_subject_move_along,
        a_merge_moves_positions_looks_and_accounts,
        a_merge_of_two_subjects_met_in_one_conflict_keeps_the_look,
        a_split_moves_the_positions_reported_under_the_token,
        an_account_that_gains_a_strong_token_moves_with_its_history,
        a_correction_to_another_person_moves_all_versions,
        everyone_liable_has_the_position_and_loses_it_when_left_out,
    }
    looks {
        a_look_is_counted_for_the_others_of_the_same_group,
        the_first_answer_of_a_day_is_frozen_across_a_restart,
        a_frozen_answer_ends_with_the_day,
        a_member_looks_at_one_subject_so_often_a_day_and_no_more,
        a_merge_drops_frozen_answers,
        a_second_review_of_a_day_is_refused,
        subjects_created_by_looks_are_held_against_evaluations,
        a_conflict_is_recorded_and_not_counted,
    }
    register {
        members_come_back_as_they_were_enrolled,
        each_change_of_the_register_raises_its_generation,
        a_revoked_certificate_stays_revoked,
        evaluations_are_counted_by_member_and_day,
        grants_are_used_up_after_the_quota,
        a_proposal_waits_for_a_second_operator_across_a_restart,
        a_signed_proposal_is_replayed_to_both_operators,
        a_signature_enrols_what_was_signed,
        a_signature_enrols_nobody_who_was_changed_or_withdrawn_since,
        grants_add_up_without_end,
        a_grant_that_would_have_ended_already_is_refused,
        one_of_two_operators_takes_roles_away_and_gives_none,
        suspended_members_no_longer_count_for_coverage,
    }
    batches {
        each_record_of_a_batch_has_a_fate_of_its_own,
        a_stream_that_was_taken_over_changes_nothing,
        a_batch_resumes_behind_what_is_durable_and_nowhere_else,
        a_batch_sent_again_changes_nothing,
        batches_are_listed_newest_first_and_each_member_sees_its_own,
    }
    recognised {
        accounts_are_recognised_by_the_digests_of_their_tokens,
        accounts_of_merged_people_are_recognised_no_more,
        accounts_that_name_two_people_since_a_split_are_looked_up_each_time,
    }
    judgements {
        a_dry_run_keeps_its_results_and_changes_no_position,
        a_correction_of_a_batch_names_its_version_by_the_pair,
        a_full_batch_lists_what_it_did_not_carry_and_marks_it_after_two,
        an_implausible_size_is_held_until_it_is_confirmed,
        a_batch_whose_totals_disagree_fails_and_counts_for_nothing,
        too_many_rejects_stop_a_batch_from_record_ten_thousand_on,
        what_a_batch_sends_again_is_mended_and_stays_readable,
    }
    members {
        reports_are_counted_on_the_day_of_their_receipt,
        counts_of_many_reports_at_once_add_up,
        batches_of_a_month_are_told_by_their_dates,
        rejects_that_stay_open_grow_old,
        a_reject_that_was_sent_again_and_rejected_again_is_mended_as_well,
        a_book_is_summed_up_as_it_was_on_each_date,
        each_version_counts_from_its_first_date_on,
        a_book_of_many_pages_is_summed_up_whole,
    }
    conduct {
        a_month_shows_what_came_of_looks_and_of_room,
        what_came_of_looks_follows_a_merge,
        limits_of_a_day_are_kept_over_a_restart_and_end_with_it,
        subjects_of_many_lives_of_a_server_are_all_walked,
    }
    audit {
        entries_wait_in_order_until_they_are_in_the_tree,
        an_append_of_another_size_is_a_conflict_and_changes_nothing,
        an_entry_is_sequenced_once,
        the_head_survives_a_restart,
        nodes_and_leaves_are_read_by_range,
        checkpoints_are_read_above_a_size,
        the_lease_has_one_holder_at_a_time,
    }
    random {
        random_markets_answer_as_rows_in_memory_do,
    }
}
