//! A member as a whole: how well it reported in a month, and its book on a date.
//!
//! Accounts and past versions lie by member and positions by subject: a book is walked page by page, all from one state, and
//! joined here, so that each statement goes to the nodes of its keys and nothing grows with the book.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures::FutureExt as _;

use super::PostgresStore;
use super::cells::Arrays;
use super::conduct;
use super::failure::Outcome;
use super::statement::{Session, Statement};
use crate::domain::batch::BatchState;
use crate::domain::conduct::{ConductFacts, Period};
use crate::domain::date::{BusinessZone, Timestamp, to_epoch_days};
use crate::domain::names::MemberNo;
use crate::domain::quality::{MENDED_HOURS_MAX, Month, MonthFacts};
use crate::domain::reconciliation::{BookEntry, Reconciliation};
use crate::store::StoreError;
use crate::store::columns::{Columns, Sink as _};
use crate::store::member_book::MemberBook;
use crate::store::rows;
use crate::store::rows::member::book_columns;

/// Accounts of a book that are read at once.
const PAGE_ACCOUNTS: i64 = 1_024;

const REPORTED: Statement = Statement {
    sql: "-- reported
        SELECT coalesce(sum(reports), 0)::bigint, coalesce(sum(late), 0)::bigint,
            coalesce(sum(optional_fields), 0)::bigint, coalesce(sum(optional_filled), 0)::bigint,
            coalesce(sum(contradictions), 0)::bigint, coalesce(sum(contradictions_rejected), 0)::bigint
        FROM report_day
        WHERE member_no = $1::bigint AND day >= $2::bigint AND day < $3::bigint",
    parameters: 3,
};
const BATCH_DATES: Statement = Statement {
    sql: "-- batch_dates
        SELECT as_of, max(CASE WHEN resends_no IS NULL THEN 1 ELSE 0 END),
            min(CASE WHEN resends_no IS NULL AND state IN ($4::bigint, $5::bigint) THEN finished_at END),
            sum(accepted)::bigint, sum(rejected)::bigint
        FROM batch
        WHERE member_no = $1::bigint AND started_at >= $2::bigint AND started_at < $3::bigint AND dry_run = 0
        GROUP BY as_of
        ORDER BY as_of",
    parameters: 5,
};
const REJECT_AGES: Statement = Statement {
    sql: "-- reject_ages
        SELECT greatest(least((coalesce(r.mended_at, $4::bigint) - r.created_at) / 3600000000, $5::bigint), 0) AS hours,
            count(*)
        FROM batch b
        JOIN batch_result r ON r.member_no = b.member_no AND r.batch_no = b.batch_no
        WHERE b.member_no = $1::bigint AND r.member_no = $1::bigint
            AND b.started_at >= $2::bigint AND b.started_at < $3::bigint AND b.dry_run = 0
            AND r.rejected = 1 AND r.account_ref IS NOT NULL
        GROUP BY hours
        ORDER BY hours",
    parameters: 5,
};
const BOOK_ACCOUNTS: Statement = Statement {
    sql: "-- book_accounts
        SELECT account_no, holder
        FROM account
        WHERE member_no = $1::bigint AND account_no > $2::bigint
        ORDER BY account_no
        LIMIT $3::bigint",
    parameters: 3,
};
const BOOK_POSITIONS: Statement = Statement {
    sql: concat!("-- book_positions
        SELECT account_no, coalesce(first_as_of, as_of), ", book_columns!(), "
        FROM position
        WHERE subject_id = ANY($1::bigint[]) AND deleted IS NULL
            AND (subject_id, member_no, account_no) IN (
                SELECT k.subject_id, k.member_no, k.account_no
                FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (subject_id, member_no, account_no))"),
    parameters: 3,
};
const PAST_IN_FORCE: Statement = Statement {
    sql: concat!(
        "-- past_in_force
        SELECT DISTINCT ON (account_no) ",
        book_columns!(),
        "
        FROM past_version
        WHERE member_no = $1::bigint AND account_no = ANY($2::bigint[]) AND corrected_by IS NULL
            AND coalesce(first_as_of, as_of) <= $3::bigint
        ORDER BY account_no, coalesce(first_as_of, as_of) DESC, as_of DESC, sequence DESC"
    ),
    parameters: 3,
};

#[cfg(test)]
/// The statements of this file.
pub(super) const CATALOGUE: &[Statement] = &[
    REPORTED,
    BATCH_DATES,
    REJECT_AGES,
    BOOK_ACCOUNTS,
    BOOK_POSITIONS,
    PAST_IN_FORCE,
];

async fn quality_facts(
    session: &Session,
    member_no: MemberNo,
    month: Month,
    zone: BusinessZone,
    now: Timestamp,
) -> Outcome<MonthFacts> {
    let (days, instants) = (month.days(), month.instants(zone));
    let (from, until) = (instants.start.micros(), instants.end.micros());
    let (first, next) = (
        i64::from(to_epoch_days(days.start)),
        i64::from(to_epoch_days(days.end)),
    );
    let completed = i64::from(BatchState::Completed.code());
    let held = i64::from(BatchState::Held.code());
    let (now, hours_max) = (now.micros(), i64::from(MENDED_HOURS_MAX));
    Ok(MonthFacts {
        reports: REPORTED
            .get(session, &[&member_no.0, &first, &next], |row| {
                rows::member::tally(&mut Columns::new(row, "report_day"))
            })
            .await?,
        batches: BATCH_DATES
            .all(
                session,
                &[&member_no.0, &from, &until, &completed, &held],
                |row| rows::member::batch_date(&mut Columns::new(row, "batch")),
            )
            .await?,
        rejects: REJECT_AGES
            .all(session, &[&member_no.0, &from, &until, &now, &hours_max], |row| {
                rows::member::rejects_of_age(&mut Columns::new(row, "batch_result"))
            })
            .await?,
    })
}

async fn reconciliation(session: &Session, member_no: MemberNo, as_of: NaiveDate) -> Outcome<Reconciliation> {
    let mut book = Reconciliation::default();
    let mut after = i64::MIN;
    loop {
        let page = BOOK_ACCOUNTS
            .all(session, &[&member_no.0, &after, &PAGE_ACCOUNTS], |row| {
                let mut columns = Columns::new(row, "account");
                Ok((columns.number()?, columns.number()?))
            })
            .await?;
        let Some((last, _)) = page.last() else {
            return Ok(book);
        };
        after = *last;
        let later = add_current(session, member_no, &page, as_of, &mut book).await?;
        if !later.is_empty() {
            let day = i64::from(to_epoch_days(as_of));
            let past = PAST_IN_FORCE
                .all(session, &[&member_no.0, &later, &day], |row| {
                    rows::member::book_entry(&mut Columns::new(row, "past_version"))
                })
                .await?;
            for entry in past {
                book.add(entry);
            }
        }
    }
}

/// Adds the current versions that are in force, and tells the accounts whose current version begins later.
async fn add_current(
    session: &Session,
    member_no: MemberNo,
    accounts: &[(i64, i64)],
    as_of: NaiveDate,
    book: &mut Reconciliation,
) -> Outcome<Vec<i64>> {
    let keys = Arrays::of(accounts, |(account_no, holder), sink| {
        sink.number(*holder).number(member_no.0).number(*account_no);
    });
    let current: Vec<(i64, NaiveDate, BookEntry)> = BOOK_POSITIONS
        .all(session, &keys.bound(), |row| {
            let mut columns = Columns::new(row, "position");
            Ok((
                columns.number()?,
                columns.date()?,
                rows::member::book_entry(&mut columns)?,
            ))
        })
        .await?;
    let mut later = Vec::new();
    for (account_no, begins_on, entry) in current {
        if begins_on <= as_of {
            book.add(entry);
        } else {
            later.push(account_no);
        }
    }
    Ok(later)
}

#[async_trait]
impl MemberBook for PostgresStore {
    async fn quality_facts(
        &self,
        member_no: MemberNo,
        month: Month,
        zone: BusinessZone,
        now: Timestamp,
    ) -> Result<MonthFacts, StoreError> {
        self.aside
            // A month of a member may hold millions of rejected records.
            .read_at_length(move |session| quality_facts(session, member_no, month, zone, now).boxed())
            .await
    }

    async fn reconciliation(
        &self,
        member_no: MemberNo,
        as_of: NaiveDate,
    ) -> Result<Reconciliation, StoreError> {
        self.aside
            .read_at_length(move |session| reconciliation(session, member_no, as_of).boxed())
            .await
    }

    async fn conduct(
        &self,
        period: Period,
        members: RangeInclusive<MemberNo>,
    ) -> Result<BTreeMap<MemberNo, ConductFacts>, StoreError> {
        self.aside
            .read_at_length(move |session| conduct::of_members(session, period, members.clone()).boxed())
            .await
    }
}
