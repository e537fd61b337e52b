//! Reads the looks of a month at which rules were asked, for a snapshot.

use rusqlite::{Connection, params};

use super::failure::Outcome;
use super::statement::Statement;
use crate::domain::date::Timestamp;
use crate::store::columns::Columns;
use crate::store::market::LookRow;
use crate::store::rows::statistics::{self as rows, judged_columns};

/// In the order of subjects, by the key: an index by time would have to be kept with every look, for one reader a month.
const JUDGED_LOOKS: Statement = Statement {
    sql: concat!(
        "-- judged_looks
        SELECT ",
        judged_columns!(),
        "
        FROM inquiry
        WHERE finding IS NOT NULL AND inquired_at >= ?1 AND inquired_at < ?2
        ORDER BY subject_id, inquired_at, answer_id"
    ),
    parameters: 2,
};

/// The statements of this file.
#[cfg(test)]
pub(super) const CATALOGUE: [Statement; 1] = [JUDGED_LOOKS];

/// Gives each look from one instant up to another.
pub(super) fn each(
    connection: &Connection,
    [from, until]: [Timestamp; 2],
    mut take: impl FnMut(&LookRow),
) -> Outcome<()> {
    let of = params![from.micros(), until.micros()];
    // A list of nothing takes no memory: each row is counted as it comes.
    JUDGED_LOOKS.all(connection, of, |row| {
        take(&rows::judged_look(&mut Columns::new(row, "inquiry"))?);
        Ok(())
    })?;
    Ok(())
}
