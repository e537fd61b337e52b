//! What asking rule packs came to: checks of the month, and loans of outages that were judged when they were back-filled.
//!
//! A look is counted once, with the subject that it is kept with. It says which lender asked and nothing of the loan, so that
//! its tables are cut by the lender's group alone.

use super::axis::{Axis, burden_place, finding_place, group_place};
use super::cells::Cut;
use super::indicator::Indicator;
use super::scan::Scan;
use super::told::Told;
use crate::domain::member::LenderGroup;
use crate::domain::names::MemberNo;
use crate::domain::rules::{Finding, Judged};

/// A look of the month at which a rule pack was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedLook {
    /// Who asked.
    pub member_no: MemberNo,
    /// What kind of lender that is.
    pub lender_group: LenderGroup,
    /// What it came to.
    pub judged: Judged,
}

impl Scan {
    /// Adds the looks of a subject at which rules were asked, of the snapshot's month: all of them at once, in any order. Of
    /// its positions they are apart: no cell has both.
    pub fn add_looks(&mut self, looks: &[JudgedLook]) {
        for look in looks {
            self.add_look(look);
        }
        self.ledger.end_subject();
    }

    fn add_look(&mut self, look: &JudgedLook) {
        let cut = Cut::default().with(Axis::LenderGroup, group_place(look.lender_group));
        let lenders = Told::only(self.ledger.lender(look.member_no));
        let mut count = |indicator, own: &[usize], part| {
            self.ledger.count(indicator, cut, own, part, lenders);
        };
        if let Some(place) = finding_place(look.judged.finding) {
            count(Indicator::BlockedStacking, &[place], 0);
            if let Some(burden) = look.judged.burden {
                count(Indicator::DstiDistribution, &[burden_place(burden)], 0);
            }
        } else {
            let is_over = look.judged.finding == Finding::MadeOverLimit;
            count(Indicator::UncheckedLoans, &[], 2 + usize::from(is_over));
        }
    }
}
