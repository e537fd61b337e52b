//! Looks at which rules were asked, on their way into the count.

use super::MarketCount;
use crate::domain::names::{MemberNo, SubjectId};
use crate::domain::rules::Judged;
use crate::domain::statistics::JudgedLook;

/// A look of the month at which a rule pack was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct LookRow {
    /// With whom it is counted.
    pub subject_id: SubjectId,
    /// Who looked.
    pub member_no: MemberNo,
    /// What it came to.
    pub judged: Judged,
}

/// Looks of the subject in hand.
#[derive(Default)]
pub(super) struct Looks {
    subject_id: Option<SubjectId>,
    looks: Vec<JudgedLook>,
}

impl MarketCount {
    /// Takes a look, in the order of subjects; before, between or after rows of positions.
    pub fn add_look(&mut self, row: &LookRow) {
        if self.looks.subject_id != Some(row.subject_id) {
            self.end_looks();
            self.looks.subject_id = Some(row.subject_id);
        }
        let lender_group = self.group_of(row.member_no);
        self.looks.looks.push(JudgedLook {
            member_no: row.member_no,
            lender_group,
            judged: row.judged,
        });
    }

    /// Counts the looks in hand.
    pub(super) fn end_looks(&mut self) {
        if !self.looks.looks.is_empty() {
            self.scan.add_looks(&self.looks.looks);
            self.looks.looks.clear();
        }
    }
}
