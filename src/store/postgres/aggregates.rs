//! What somebody would write at a prompt to get the regulator's indicators: the floor under a snapshot's raw figures, for
//! `tallystick bench`.

use std::hint::black_box;

use super::failure::Outcome;
use super::statement::Session;
use crate::store::floor::ScanGoal;

/// What a snapshot is held against.
pub(super) const GOAL: ScanGoal = ScanGoal {
    of: "one plain aggregate for each indicator",
    text: "≤ 1.5",
};

/// Reads them one after another.
pub(super) async fn read(session: &Session) -> Outcome<()> {
    for sql in AGGREGATES {
        black_box(session.client().query(*sql, &[]).await?);
    }
    Ok(())
}

macro_rules! of_active {
    ($select:literal) => {
        concat!(
            $select,
            " FROM position WHERE status IN (1, 2, 3, 4) AND deleted IS NULL AND suppressed = 0"
        )
    };
}

/// One for each indicator, without any cut: what somebody would write at a prompt.
const AGGREGATES: &[&str] = &[
    // Histogram, rates and lenders of a subject.
    concat!("SELECT lenders, count(*), sum(owed) FROM (",
        of_active!("SELECT subject_id, count(DISTINCT member_no) AS lenders, sum(outstanding_total) AS owed"),
        " GROUP BY subject_id) s GROUP BY lenders"),
    concat!("SELECT count(*), count(*) FILTER (WHERE lenders >= 2), count(*) FILTER (WHERE lenders >= 3) FROM (",
        of_active!("SELECT subject_id, count(DISTINCT member_no) AS lenders"), " GROUP BY subject_id) s"),
    concat!("SELECT avg(lenders), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY lenders) FROM (",
        of_active!("SELECT subject_id, count(DISTINCT member_no) AS lenders"), " GROUP BY subject_id) s"),
    // What subjects owe.
    concat!("SELECT currency, width_bucket(owed, 0, 100000000, 10), count(*), sum(owed) FROM (",
        of_active!("SELECT subject_id, currency, sum(outstanding_total) AS owed"),
        " GROUP BY subject_id, currency) s GROUP BY 1, 2"),
    concat!("SELECT currency, count(*), avg(owed), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY owed) FROM (",
        of_active!("SELECT subject_id, currency, sum(outstanding_total) AS owed"),
        " GROUP BY subject_id, currency) s GROUP BY currency"),
    // Openings.
    "SELECT lenders, count(*) FROM (SELECT subject_id, count(DISTINCT member_no) AS lenders FROM position
        WHERE opened_on > (SELECT max(as_of) - 30 FROM position) GROUP BY subject_id) s GROUP BY lenders",
    "SELECT count(*), sum(openings) FROM (SELECT subject_id, opened_on, count(DISTINCT member_no) AS openings FROM position
        WHERE opened_on > (SELECT max(as_of) - 30 FROM position) GROUP BY subject_id, opened_on) s WHERE openings > 1",
    // Delinquency, also by lenders.
    of_active!("SELECT count(*), sum(outstanding_total), count(*) FILTER (WHERE days_past_due >= 31),
        sum(outstanding_total) FILTER (WHERE days_past_due >= 31), count(*) FILTER (WHERE days_past_due >= 91)"),
    concat!("SELECT lenders, count(*), count(*) FILTER (WHERE late >= 31) FROM (",
        of_active!("SELECT subject_id, count(DISTINCT member_no) AS lenders, max(days_past_due) AS late"),
        " GROUP BY subject_id) s GROUP BY lenders"),
    // Buckets, vintages, flow, restructuring, concentration.
    concat!(of_active!("SELECT least((days_past_due + 29) / 30, 7), count(*), sum(outstanding_total)"), " GROUP BY 1"),
    "SELECT opened_on / 30, count(*), sum(original_amount), sum(outstanding_total) FILTER (WHERE days_past_due >= 31)
        FROM position GROUP BY 1",
    "SELECT status, currency, sum(original_amount), sum(outstanding_total) FROM position GROUP BY 1, 2",
    of_active!("SELECT count(*) FILTER (WHERE extension_count + restructure_count > 0), sum(outstanding_total)"),
    concat!(of_active!("SELECT member_no, sum(outstanding_total)"), " GROUP BY member_no"),
];
