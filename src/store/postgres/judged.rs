//! Reads the looks of a month at which rules were asked, for a snapshot: part by part of the subjects.

use super::failure::Outcome;
use super::statement::{Bound, Session, Statement, statements};
use crate::domain::date::Timestamp;
use crate::store::columns::Columns;
use crate::store::market::LookRow;
use crate::store::rows::statistics::{self as rows, judged_columns};

statements! {
    rare
    /// Of everybody, part by part of the subjects: no distribution column helps. By the key: an index by time would have to
    /// be kept with every look, for one reader a month.
    const JUDGED_LOOKS(4) = concat!("-- judged_looks
        SELECT ", judged_columns!(), "
        FROM inquiry
        WHERE subject_id > $1::bigint AND subject_id <= $2::bigint
            AND inquired_at >= $3::bigint AND inquired_at < $4::bigint AND finding IS NOT NULL
        ORDER BY subject_id, inquired_at, answer_id");
}

/// Numbers whose looks are read at once: subjects, tokens and accounts share them, and few are checked in a month.
const SPAN: i64 = 262_144;

/// Gives each look from one instant up to another, of subjects up to a number.
pub(super) async fn each(
    session: &Session,
    last: i64,
    [from, until]: [Timestamp; 2],
    mut take: impl FnMut(&LookRow),
) -> Outcome<()> {
    let (from, until) = (from.micros(), until.micros());
    let mut after = 0;
    while after < last {
        let to = after.saturating_add(SPAN).min(last);
        let of: Bound<'_> = &[&after, &to, &from, &until];
        let looks = JUDGED_LOOKS.all(session, of, |row| {
            rows::judged_look(&mut Columns::new(row, "inquiry"))
        });
        looks.await?.iter().for_each(&mut take);
        after = to;
    }
    Ok(())
}
