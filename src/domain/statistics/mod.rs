//! What the regulator reads of the market, reckoned from its positions: indicators as tables of integers.
//!
//! Knows no store and protects nothing: tables that leave the house go through disclosure control first. Everything is one
//! fold over subjects ([`Scan`]) whose memory is bounded by the fixed list of cells ([`Published`]), and by lenders where
//! shares of lenders are asked for. Numbers are numerators and denominators, never ratios, so that what adds up adds up
//! to the unit.

mod axis;
mod cells;
mod columns;
mod contributors;
mod describe;
mod flow;
mod grid;
mod indicator;
mod judged;
mod ledger;
mod loan;
mod region;
mod scan;
mod schedule;
mod shown;
mod snapshot;
mod spread;
mod stacking;
mod sums;
mod table;
mod tally;
mod told;

pub use axis::{Axis, VINTAGE_MONTHS};
pub use columns::{Column, Kind, Share};
pub use contributors::{Contributors, Difference, LENDERS_TOLD};
pub use indicator::{CELLS_MAX, Indicator, LENDERS_LISTED_MAX, Published, TABLES_MAX};
pub use judged::JudgedLook;
pub use loan::{FirstLate, Loan, Past, Standing};
pub use region::Region;
pub use scan::{Scan, Terms};
pub use schedule::Schedule;
pub use shown::{Shown, ShownColumn, ShownKind, ShownRow, ShownStatistics, ShownTable};
pub use snapshot::{Snapshot, SnapshotHead, SnapshotKey, SnapshotState};
pub use table::{Row, Statistics, Table};

#[cfg(test)]
mod tests;
