//! A member as a whole: how well it reported in a month, and its book on a date.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use chrono::NaiveDate;
use rusqlite::params;

use super::SqliteStore;
use super::conduct;
use super::failure::Outcome;
use super::statement::{Prepares, Statement};
use crate::domain::batch::BatchState;
use crate::domain::conduct::{ConductFacts, Period};
use crate::domain::date::{BusinessZone, Timestamp, to_epoch_days};
use crate::domain::names::MemberNo;
use crate::domain::quality::{MENDED_HOURS_MAX, Month, MonthFacts};
use crate::domain::reconciliation::Reconciliation;
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::member_book::MemberBook;
use crate::store::rows;

const REPORTED: Statement = Statement {
    sql: "-- reported
        SELECT coalesce(sum(reports), 0), coalesce(sum(late), 0), coalesce(sum(optional_fields), 0),
            coalesce(sum(optional_filled), 0), coalesce(sum(contradictions), 0),
            coalesce(sum(contradictions_rejected), 0)
        FROM report_day
        WHERE member_no = ?1 AND day >= ?2 AND day < ?3",
    parameters: 3,
};
const BATCH_DATES: Statement = Statement {
    sql: "-- batch_dates
        SELECT as_of, max(resends_no IS NULL),
            min(CASE WHEN resends_no IS NULL AND state IN (?4, ?5) THEN finished_at END),
            sum(accepted), sum(rejected)
        FROM batch
        WHERE member_no = ?1 AND started_at >= ?2 AND started_at < ?3 AND dry_run = 0
        GROUP BY as_of
        ORDER BY as_of",
    parameters: 5,
};
const REJECT_AGES: Statement = Statement {
    sql: "-- reject_ages
        SELECT max(min((coalesce(r.mended_at, ?4) - r.created_at) / 3600000000, ?5), 0) AS hours, count(*)
        FROM batch b
        JOIN batch_result r ON r.member_no = b.member_no AND r.batch_no = b.batch_no
        WHERE b.member_no = ?1 AND b.started_at >= ?2 AND b.started_at < ?3 AND b.dry_run = 0
            AND r.rejected = 1 AND r.account_ref IS NOT NULL
        GROUP BY hours
        ORDER BY hours",
    parameters: 5,
};
const CURRENT_IN_FORCE: Statement = Statement {
    sql: "-- current_in_force
        SELECT p.status, p.currency, p.outstanding_total, p.overdue_principal, p.overdue_interest, p.overdue_penalty,
            p.overdue_fees
        FROM account a
        JOIN position p
            ON p.subject_id = a.holder AND p.member_no = a.member_no AND p.account_no = a.account_no
        WHERE a.member_no = ?1 AND p.deleted IS NULL AND coalesce(p.first_as_of, p.as_of) <= ?2",
    parameters: 2,
};
/// Of accounts whose current version begins later.
const PAST_IN_FORCE: Statement = Statement {
    sql: "-- past_in_force
        SELECT v.status, v.currency, v.outstanding_total, v.overdue_principal, v.overdue_interest, v.overdue_penalty,
            v.overdue_fees
        FROM account a
        JOIN position p
            ON p.subject_id = a.holder AND p.member_no = a.member_no AND p.account_no = a.account_no
        JOIN past_version v
            ON v.account_no = a.account_no
            AND v.version = (
                SELECT w.version
                FROM past_version w
                WHERE w.account_no = a.account_no AND w.corrected_by IS NULL
                    AND coalesce(w.first_as_of, w.as_of) <= ?2
                ORDER BY coalesce(w.first_as_of, w.as_of) DESC, w.as_of DESC, w.sequence DESC
                LIMIT 1)
        WHERE a.member_no = ?1 AND p.deleted IS NULL AND coalesce(p.first_as_of, p.as_of) > ?2",
    parameters: 2,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: [Statement; 5] = [
    REPORTED,
    BATCH_DATES,
    REJECT_AGES,
    CURRENT_IN_FORCE,
    PAST_IN_FORCE,
];

fn quality_facts(
    connection: &impl Prepares,
    member_no: MemberNo,
    month: Month,
    zone: BusinessZone,
    now: Timestamp,
) -> Outcome<MonthFacts> {
    let (days, instants) = (month.days(), month.instants(zone));
    let (from, until) = (instants.start.micros(), instants.end.micros());
    let of_days = params![member_no.0, to_epoch_days(days.start), to_epoch_days(days.end)];
    let (completed, held) = (BatchState::Completed.code(), BatchState::Held.code());
    Ok(MonthFacts {
        reports: REPORTED.get(connection, of_days, |row| {
            rows::member::tally(&mut Columns::new(row, "report_day"))
        })?,
        batches: BATCH_DATES.all(
            connection,
            params![member_no.0, from, until, completed, held],
            |row| rows::member::batch_date(&mut Columns::new(row, "batch")),
        )?,
        rejects: REJECT_AGES.all(
            connection,
            params![member_no.0, from, until, now.micros(), MENDED_HOURS_MAX],
            |row| rows::member::rejects_of_age(&mut Columns::new(row, "batch_result")),
        )?,
    })
}

fn reconciliation(
    connection: &impl Prepares,
    member_no: MemberNo,
    as_of: NaiveDate,
) -> Outcome<Reconciliation> {
    let mut book = Reconciliation::default();
    for (statement, table) in [(CURRENT_IN_FORCE, "position"), (PAST_IN_FORCE, "past_version")] {
        // A list of nothing takes no memory: each row is added as it comes.
        statement.all(connection, params![member_no.0, to_epoch_days(as_of)], |row| {
            book.add(rows::member::book_entry(&mut Columns::new(row, table))?);
            Ok(())
        })?;
    }
    Ok(book)
}

#[async_trait]
impl MemberBook for SqliteStore {
    async fn quality_facts(
        &self,
        member_no: MemberNo,
        month: Month,
        zone: BusinessZone,
        now: Timestamp,
    ) -> Result<MonthFacts, StoreError> {
        self.read(move |connection| quality_facts(connection, member_no, month, zone, now))
            .await
    }

    async fn reconciliation(
        &self,
        member_no: MemberNo,
        as_of: NaiveDate,
    ) -> Result<Reconciliation, StoreError> {
        self.read(move |connection| reconciliation(connection, member_no, as_of))
            .await
    }

    async fn conduct(
        &self,
        period: Period,
        members: RangeInclusive<MemberNo>,
    ) -> Result<BTreeMap<MemberNo, ConductFacts>, StoreError> {
        self.read(move |connection| conduct::of_members(connection, period, &members))
            .await
    }
}
